package signin

import (
	"errors"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

// SignIn signs in with a password and a code of the second factor ("" to show it later). The browser gets the
// cookies of the new session and of a known browser. The session that it had before ends.
func (g *Gate) SignIn(w http.ResponseWriter, r *http.Request, account, password,
	code string) (*access.Session, error) {
	signed, err := g.Access.SignIn(r.Context(), access.Credentials{
		Account: account, Password: password, Code: code, Device: g.Cookie(r, deviceCookie), Source: g.Source(r)})
	return g.began(w, r, byPassword, signed, err)
}

// ShowCode checks a code of the second factor, or a recovery code, in the session of a principal. The session gets
// a new cookie.
func (g *Gate) ShowCode(w http.ResponseWriter, r *http.Request, p access.Principal,
	code string) (*access.Session, error) {
	signed, err := g.Access.ShowCode(r.Context(), p, code, g.Cookie(r, deviceCookie))
	g.count(byCode, err)
	return g.changed(w, r, signed, err)
}

// ChangePassword changes the password of a principal. His other sessions end; this one gets a new cookie.
func (g *Gate) ChangePassword(w http.ResponseWriter, r *http.Request, p access.Principal, current,
	password string) (*access.Session, error) {
	signed, err := g.Access.ChangePassword(r.Context(), p, current, password)
	return g.changed(w, r, signed, err)
}

// ConfirmFactor enrols the second factor that the principal began to enrol. His other sessions end; this one gets
// a new cookie. The recovery codes are in this answer alone.
func (g *Gate) ConfirmFactor(w http.ResponseWriter, r *http.Request, p access.Principal,
	code string) (s *access.Session, recoveryCodes []string, err error) {
	enrolled, err := g.Access.ConfirmFactor(r.Context(), p, code)
	if err != nil {
		return nil, nil, err
	}
	s, err = g.changed(w, r, &enrolled.SignedIn, nil)
	return s, enrolled.RecoveryCodes, err
}

// SignOut ends the session of a principal and deletes its cookie in the browser.
func (g *Gate) SignOut(w http.ResponseWriter, r *http.Request, p access.Principal) error {
	if err := g.Access.SignOut(r.Context(), p); err != nil {
		return err
	}
	g.forget(w, r, sessionCookie)
	return nil
}

// began sets the cookies of a new session, and ends the session that the browser had.
func (g *Gate) began(w http.ResponseWriter, r *http.Request, how string, signed *access.SignedIn,
	err error) (*access.Session, error) {
	g.count(how, err)
	if err != nil {
		return nil, err
	}
	if before := g.Cookie(r, sessionCookie); before != "" {
		if p, err := g.Access.AuthenticateSession(before, g.Source(r), "sign in again"); err == nil {
			_ = g.Access.SignOut(r.Context(), p) // if this fails, the session expires
		}
	}
	return g.changed(w, r, signed, nil)
}

// changed sets the cookies of a session that has a new secret.
func (g *Gate) changed(w http.ResponseWriter, r *http.Request, signed *access.SignedIn,
	err error) (*access.Session, error) {
	if err != nil {
		return nil, err
	}
	g.Keep(w, r, sessionCookie, signed.Secret, 0)
	if signed.Device != "" {
		g.Keep(w, r, deviceCookie, signed.Device, deviceAge)
	}
	return &signed.Session, nil
}

// These are the ways to sign in and their results, as labels of a metric.
const (
	byPassword = "password"
	byCode     = "code" // a code of the second factor, in a session
	bySSO      = "sso"

	outcomeAccepted  = "accepted"
	outcomeRefused   = "refused"
	outcomeThrottled = "throttled"
	outcomeBusy      = "busy"
	outcomeFailed    = "failed"
)

func newSignIns() *prometheus.CounterVec {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "taizhang_sign_ins_total", Help: "Attempts to sign in, by what was shown and by outcome."},
		[]string{"how", "outcome"})
	for _, how := range []string{byPassword, byCode, bySSO} {
		for _, outcome := range []string{outcomeAccepted, outcomeRefused, outcomeThrottled, outcomeBusy,
			outcomeFailed} {
			counter.WithLabelValues(how, outcome)
		}
	}
	return counter
}

// Metric returns the counter of attempts to sign in, for the metrics of the process.
func (g *Gate) Metric() prometheus.Collector { return g.signIns }

// count counts an attempt to sign in.
func (g *Gate) count(how string, err error) {
	var throttled *access.ThrottledError
	outcome := outcomeFailed
	switch code := text.CodeOf(err); {
	case err == nil:
		outcome = outcomeAccepted
	case errors.As(err, &throttled):
		outcome = outcomeThrottled
	case code == text.Unauthenticated, code == text.Invalid: // a wrong code in a session is text.Invalid
		outcome = outcomeRefused
	case code == text.Unavailable:
		outcome = outcomeBusy
	}
	g.signIns.WithLabelValues(how, outcome).Inc()
}
