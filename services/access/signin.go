package access

import (
	"context"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// Credentials are what somebody signs in with.
type Credentials struct {
	Account, Password string

	Code   string // of the second factor, or a recovery code; "" to be asked for it afterwards
	Device string // what the browser was given when somebody signed in with it before; "" for none
	Source string // the address that it comes from
}

// SignedIn is a session that began or changed. Its secret is a new one each time its power grows, so that a secret that was known
// before is good for nothing after.
type SignedIn struct {
	Secret  string // proves the session: 256 random bits, base64url without padding
	Device  string // what the browser is to keep, to be known again; "" to leave what it has
	Session Session
}

// Session is a session as it is answered.
type Session struct {
	Account     string   `json:"account"`
	Needs       []string `json:"needs"`             // what must be done first, in this order; until then the session is good for nothing else
	BegunAt     string   `json:"begunAt"`           // RFC 3339, as all instants here
	EndsAt      string   `json:"endsAt"`            // at the latest, however much it is used
	IdleMinutes int      `json:"idleMinutes"`       // after so many minutes without a request it ends
	FactorAt    string   `json:"factorAt,omitzero"` // when a code was last shown; "" for never
}

// What a session may need before it is good for anything else.
const (
	NeedCode     = "code"     // show a code of the second factor
	NeedPassword = "password" // change the password: another set it, or it has expired
	NeedFactor   = "factor"   // enrol a second factor
)

// Needs lists what a session may need, in the order in which it is done.
func Needs() []string { return []string{NeedCode, NeedPassword, NeedFactor} }

// Identity is who somebody is to an issuer of single sign-on.
type Identity struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// NewPassword asks for the password of an account.
type NewPassword struct {
	Password string `json:"password"`
}

// NewFactor is a second factor that is not confirmed yet. Nothing shows it again.
type NewFactor struct {
	Account string `json:"account"`
	Secret  string `json:"secret"` // base32
	URL     string `json:"url"`    // otpauth://…
}

// Enrolled is a second factor that was confirmed just now. Nothing shows its recovery codes again.
type Enrolled struct {
	SignedIn
	RecoveryCodes []string
}

// How long sessions last.
const (
	IdleDefault = 30 * time.Minute
	IdleMin     = 5 * time.Minute
	IdleMax     = 60 * time.Minute

	sessionMax  = 12 * time.Hour
	needsMax    = 10 * time.Minute // a session that needs something
	freshMax    = 10 * time.Minute // how long a code counts for the acts that want one
	sessionsMax = 3                // of an account that need nothing, and as many that need something
	missesMax   = 5                // wrong codes and passwords in one session
)

// errNotRight is the answer to everybody who does not get in, whatever is wrong.
var errNotRight = text.Errorf(text.Unauthenticated, "账号、密码或验证码不正确", "the name, the password or the code is not right")

// ThrottledError says that there were too many attempts. It is the same for names that exist and names that do not.
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

// MoreProofError says that a session must prove more before it may do what was asked.
type MoreProofError struct {
	Needs []string // of Needs: what to do first
}

// Text returns the message for a user.
func (e *MoreProofError) Text() text.Text {
	switch e.Needs[0] {
	case NeedPassword:
		return text.Say("请先修改密码", "change the password first")
	case NeedFactor:
		return text.Say("请先启用动态验证码", "enrol a second factor first: an app that shows codes")
	}
	return text.Say("请先输入动态验证码；输入后十分钟内有效", "show a code of the second factor first; it counts for ten minutes")
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

// proofs fills in what proves a principal.
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

// The verb, the outcomes and the reasons of an attempt to sign in that failed, as the access log has them.
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

// refuse notes why an attempt was not even made, and returns it. name is that of an account, or "".
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

// SignIn begins a session of who shows the name and the password of an account. Everybody who does not get in has the same
// text.Unauthenticated, after the same work; too many attempts are a ThrottledError, and text.Unavailable says that too many sign
// in at once. The beginning of the session is durable on return.
func (a *Access) SignIn(ctx context.Context, c Credentials) (*SignedIn, error) {
	typed, source := strings.ToLower(strings.TrimSpace(c.Account)), clean(c.Source)
	now := a.Now()
	a.mu.RLock()
	held := a.state.accounts[typed]
	name, hash, isDisabled, known := "", "", false, secretHash{} // name stays "" for what is no account: people type passwords there
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

// begins begins a session of an account whose password has the hash, or says why not.
func (a *Access) begins(ctx context.Context, held *account, hash string, known secretHash, c *Credentials) (e *entry, why string, err error) {
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

// knows returns the browser that has a secret, if it is known to any account; else zero.
func (s *state) knows(secret string, now time.Time) secretHash {
	for _, held := range s.accounts {
		if hash := held.knows(secret, now); hash != (secretHash{}) {
			return hash
		}
	}
	return secretHash{}
}

// knows returns the browser that has a secret, if it is known to the account; else zero.
func (a *account) knows(secret string, now time.Time) secretHash {
	hash, ok := hashSecret(secret)
	for _, d := range a.devices {
		if ok && d.hash == hash && now.Before(d.at.AddDate(0, 0, deviceDaysMax)) {
			return hash
		}
	}
	return secretHash{}
}
