package signin

import (
	"errors"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

// SignIn signs in with a password, and with a code of the second factor or "". The browser gets the cookie of a new session, and
// that of a known browser; the session that it had before ends.
func (g *Gate) SignIn(w http.ResponseWriter, r *http.Request, account, password, code string) (*access.Session, error) {
	signed, err := g.Access.SignIn(r.Context(), access.Credentials{Account: account, Password: password, Code: code, Device: g.cookie(r, deviceCookie), Source: g.Source(r)})
	return g.began(w, r, byPassword, signed, err)
}

// ShowCode shows a code of the second factor, or a recovery code, in the session of a principal, which gets a new cookie.
func (g *Gate) ShowCode(w http.ResponseWriter, r *http.Request, p access.Principal, code string) (*access.Session, error) {
	signed, err := g.Access.ShowCode(r.Context(), p, code, g.cookie(r, deviceCookie))
	g.count(byCode, err)
	return g.changed(w, r, signed, err)
}

// ChangePassword changes the password of a principal, whose other sessions end. His own gets a new cookie.
func (g *Gate) ChangePassword(w http.ResponseWriter, r *http.Request, p access.Principal, current, password string) (*access.Session, error) {
	signed, err := g.Access.ChangePassword(r.Context(), p, current, password)
	return g.changed(w, r, signed, err)
}

// ConfirmFactor enrols the second factor that the principal began to enrol. His other sessions end, and his own gets a new cookie.
// The recovery codes are never shown again.
func (g *Gate) ConfirmFactor(w http.ResponseWriter, r *http.Request, p access.Principal, code string) (s *access.Session, recoveryCodes []string, err error) {
	enrolled, err := g.Access.ConfirmFactor(r.Context(), p, code)
	if err != nil {
		return nil, nil, err
	}
	s, err = g.changed(w, r, &enrolled.SignedIn, nil)
	return s, enrolled.RecoveryCodes, err
}

// SignOut ends the session of a principal, and the browser drops its cookie.
func (g *Gate) SignOut(w http.ResponseWriter, r *http.Request, p access.Principal) error {
	if err := g.Access.SignOut(r.Context(), p); err != nil {
		return err
	}
	g.forget(w, r, sessionCookie)
	return nil
}

// began gives the browser the cookies of a session that began, and ends the one that it had.
func (g *Gate) began(w http.ResponseWriter, r *http.Request, how string, signed *access.SignedIn, err error) (*access.Session, error) {
	g.count(how, err)
	if err != nil {
		return nil, err
	}
	if before := g.cookie(r, sessionCookie); before != "" {
		if p, err := g.Access.AuthenticateSession(before, g.Source(r), "sign in again"); err == nil {
			_ = g.Access.SignOut(r.Context(), p) // it ends by itself otherwise
		}
	}
	return g.changed(w, r, signed, nil)
}

// changed gives the browser the cookies of a session whose secret is new.
func (g *Gate) changed(w http.ResponseWriter, r *http.Request, signed *access.SignedIn, err error) (*access.Session, error) {
	if err != nil {
		return nil, err
	}
	g.keep(w, r, sessionCookie, signed.Secret, 0)
	if signed.Device != "" {
		g.keep(w, r, deviceCookie, signed.Device, deviceAge)
	}
	return &signed.Session, nil
}

// How somebody signs in, and how that ends, as labels of a metric.
const (
	byPassword = "password"
	byCode     = "code" // the second factor, in a session
	bySSO      = "sso"

	outcomeAccepted  = "accepted"
	outcomeRefused   = "refused"
	outcomeThrottled = "throttled"
	outcomeBusy      = "busy"
	outcomeFailed    = "failed"
)

func newSignIns() *prometheus.CounterVec {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "taizhang_sign_ins_total", Help: "Attempts to sign in, by what was shown and by outcome."}, []string{"how", "outcome"})
	for _, how := range []string{byPassword, byCode, bySSO} {
		for _, outcome := range []string{outcomeAccepted, outcomeRefused, outcomeThrottled, outcomeBusy, outcomeFailed} {
			counter.WithLabelValues(how, outcome)
		}
	}
	return counter
}

// Metric returns the number of attempts to sign in, for the metrics of the process.
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
