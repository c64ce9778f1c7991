package access

import (
	"context"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// Credentials are the name, password and code that somebody signs in with.
type Credentials struct {
	Account, Password string

	Code   string // of the second factor, or a recovery code; "" to show it later
	Device string // the secret that the browser was given at an earlier sign-in; "" for none
	Source string // the address of the browser
}

// SignedIn is a session that began or gained rights. It then has a new secret, so that a secret seen before is
// useless.
type SignedIn struct {
	Secret  string // proves the session: 256 random bits, base64url without padding
	Device  string // what the browser is to keep so that it is known next time; "" to keep what it has
	Session Session
}

// Session is a session as answers show it.
type Session struct {
	Account string `json:"account"`
	// what must be done first, in this order; until then the session is good for nothing else
	Needs       []string `json:"needs"`
	BegunAt     string   `json:"begunAt"`           // RFC 3339, as all instants here
	EndsAt      string   `json:"endsAt"`            // the latest end, however much it is used
	IdleMinutes int      `json:"idleMinutes"`       // it ends after this many minutes without a request
	FactorAt    string   `json:"factorAt,omitzero"` // when a code was last shown; "" for never
}

// These are the things that a session may need first.
const (
	NeedCode     = "code"     // show a code of the second factor
	NeedPassword = "password" // change the password: another person set it, or it has expired
	NeedFactor   = "factor"   // enrol a second factor
)

// Needs returns the things that a session may need first, in the order in which they are done.
func Needs() []string { return []string{NeedCode, NeedPassword, NeedFactor} }

// Identity is a person's identity at an issuer of single sign-on.
type Identity struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// NewPassword is a request to set the password of an account.
type NewPassword struct {
	Password string `json:"password"`
}

// NewFactor is a second factor that is not confirmed yet. It is shown only once.
type NewFactor struct {
	Account string `json:"account"`
	Secret  string `json:"secret"` // base32
	URL     string `json:"url"`    // otpauth://…
}

// Enrolled is a second factor that was just confirmed. Its recovery codes are shown only once.
type Enrolled struct {
	SignedIn
	RecoveryCodes []string
}

// These limits say how long sessions last.
const (
	IdleDefault = 30 * time.Minute
	IdleMin     = 5 * time.Minute
	IdleMax     = 60 * time.Minute

	sessionMax  = 12 * time.Hour
	needsMax    = 10 * time.Minute // while a session needs something
	freshMax    = 10 * time.Minute // how long a code counts for the acts that need one
	sessionsMax = 3                // sessions of one account that need nothing, and as many that need something
	missesMax   = 5                // wrong codes and passwords in one session
)

// errNotRight is returned for every failed sign-in, whatever the reason.
var errNotRight = text.Errorf(text.Unauthenticated, "账号、密码或验证码不正确",
	"the name, the password or the code is not right")

// ThrottledError reports too many failed attempts. It is the same for names that exist and names that do not.
type ThrottledError struct {
	After time.Duration // when the next attempt may be made
}

// Text returns the message for a user.
func (e *ThrottledError) Text() text.Text {
	minutes := int((e.After + time.Minute - 1) / time.Minute)
	return text.Say("失败次数过多，请 %d 分钟后再试", "there were too many failures; try again in %d min", minutes)
}

// Error implements error, in English.
func (e *ThrottledError) Error() string { return e.Text().En }

// ErrorCode returns text.Unavailable.
func (e *ThrottledError) ErrorCode() text.ErrorCode { return text.Unavailable }

// MoreProofError reports that a session must prove more before it may do an act.
type MoreProofError struct {
	Needs []string // values of Needs: what to do first
}

// Text returns the message for a user.
func (e *MoreProofError) Text() text.Text {
	switch e.Needs[0] {
	case NeedPassword:
		return text.Say("请先修改密码", "change the password first")
	case NeedFactor:
		return text.Say("请先启用动态验证码", "enrol a second factor first: an app that shows codes")
	}
	return text.Say("请先输入动态验证码；输入后十分钟内有效",
		"show a code of the second factor first; it counts for ten minutes")
}

// Error implements error, in English.
func (e *MoreProofError) Error() string { return e.Text().En }

// ErrorCode returns text.MoreProof.
func (e *MoreProofError) ErrorCode() text.ErrorCode { return text.MoreProof }

// HasAccounts reports whether there is any account.
func (a *Access) HasAccounts() bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return len(a.state.accounts) > 0
}

// proofs adds to me the proof that the principal has shown.
func (a *Access) proofs(p *Principal, me *Me) {
	me.Identities = []Identity{}
	a.mu.RLock()
	defer a.mu.RUnlock()
	held := a.state.accounts[me.Account]
	if held == nil {
		return
	}
	me.Identities = append(me.Identities, held.identities...)
	if x := a.state.sessionOf(p, a.Now()); x != nil {
		session := x.shown()
		me.Session = &session
	}
	if me.Factor = held.factor != nil; me.Factor {
		me.RecoveryCodes = len(held.factor.recovery)
	}
}

// These are the verb, outcomes and reasons in the access log of a sign-in that failed.
const (
	verbSignIn       = "sign-in"
	outcomeRefused   = "refused"
	outcomeThrottled = "throttled"
	outcomeBusy      = "busy"

	whyUnknown    = "unknown name"
	whyDisabled   = "disabled"
	whyNoPassword = "no password"
	whyPassword   = "wrong password"
	whyCode       = "wrong code"
)

// refuse notes why an attempt was rejected before it was made, and returns why. name is the name of an account, or
// "".
func (a *Access) refuse(name, source string, why error) error {
	outcome := ""
	switch _, isThrottled := why.(*ThrottledError); {
	case isThrottled:
		outcome = outcomeThrottled
	case why == errBusy:
		outcome = outcomeBusy
	default:
		return why
	}
	a.noteAsked(LogLogin, &Principal{Account: name, Source: source}, verbSignIn, "", "", outcome)
	return why
}

// SignIn begins a session for the name and password of an account. Every failure returns the same
// text.Unauthenticated, after the same work. Too many attempts return a ThrottledError, too many requests at once
// text.Unavailable. The beginning of the session is durable on return.
func (a *Access) SignIn(ctx context.Context, c Credentials) (*SignedIn, error) {
	typed, source := strings.ToLower(strings.TrimSpace(c.Account)), clean(c.Source)
	now := a.Now()
	a.mu.RLock()
	held := a.state.accounts[typed]
	// name stays "" if no such account exists: people type passwords there
	name, hash, isDisabled, known := "", "", false, secretHash{}
	if held != nil {
		name, hash, isDisabled, known = held.name, held.current(), held.isDisabled, held.knows(c.Device, now)
	}
	a.mu.RUnlock()
	try, lane, who := a.attempts(typed, known, source), a.hasher.strangers, Network(source)
	if known != (secretHash{}) {
		lane, who = a.hasher.others, name
	}
	if err := try.mayBegin(); err != nil {
		return nil, a.refuse(name, source, err)
	}
	isRight := false
	err := lane.do(ctx, who, func() error {
		if err := try.begin(); err != nil {
			return err
		}
		isRight = a.hasher.matches(c.Password, hash)
		return nil
	})
	if err != nil {
		return nil, a.refuse(name, source, err)
	}
	var e *entry
	why := ""
	switch {
	case held == nil:
		why = whyUnknown
	case isDisabled:
		why = whyDisabled
	case hash == "":
		why = whyNoPassword
	case !isRight:
		why = whyPassword
	default:
		e, why, err = a.begins(ctx, held, hash, known, &c)
	}
	if why != "" {
		a.noteAsked(LogLogin, &Principal{Account: name, Source: source}, verbSignIn, why, "", outcomeRefused)
		return nil, errNotRight
	}
	try.giveBack()
	if err != nil {
		return nil, err
	}
	return e.signedIn(), nil
}

// begins begins a session of an account if hash is still its password, or returns an error.
func (a *Access) begins(ctx context.Context, held *account, hash string, known secretHash, c *Credentials) (e *entry,
	why string, err error) {
	source := clean(c.Source)
	err = a.actThen(ctx, accountsStream, func(s *state) ([]fact, error) {
		var shown shownCode
		switch {
		case held.isDisabled:
			why = whyDisabled
			return nil, nil
		case held.current() != hash:
			why = whyPassword
			return nil, nil
		}
		if held.factor != nil && c.Code != "" {
			var ok bool
			if shown, ok = held.factor.check(c.Code, a.Now()); !ok {
				why = whyCode
				return nil, nil
			}
		}
		needs := a.needsOf(held, byPassword, shown.Factor != "")
		e = a.enters(held, byPassword, shown, needs, known, s.knows(c.Device, a.Now()), source)
		return append(a.crowded(held, needs, source), e.fact), nil
	}, func(s *state) { s.admit(e.session) })
	return e, why, err
}

// knows returns the hash of a browser's secret if any account knows the browser, else zero.
func (s *state) knows(secret string, now time.Time) secretHash {
	for _, held := range s.accounts {
		if hash := held.knows(secret, now); hash != (secretHash{}) {
			return hash
		}
	}
	return secretHash{}
}

// knows returns the hash of a browser's secret if the account knows the browser, else zero.
func (a *account) knows(secret string, now time.Time) secretHash {
	hash, ok := hashSecret(secret)
	for _, d := range a.devices {
		if ok && d.hash == hash && now.Before(d.at.AddDate(0, 0, deviceDaysMax)) {
			return hash
		}
	}
	return secretHash{}
}
