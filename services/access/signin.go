package access

import (
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
func (e *ThrottledError) ErrorCode() text.Code { return text.Unavailable }

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
		return text.Say("请先登记第二因素（动态验证码）", "enrol a second factor first: an app that shows codes")
	}
	return text.Say("请先输入动态验证码；输入后十分钟内有效", "show a code of the second factor first; it counts for ten minutes")
}

// Error implements error, in English.
func (e *MoreProofError) Error() string { return e.Text().En }

// ErrorCode returns text.MoreProof.
func (e *MoreProofError) ErrorCode() text.Code { return text.MoreProof }

// HasAccounts reports whether there is any account.
func (a *Access) HasAccounts() bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return len(a.state.accounts) > 0
}

// proofs fills in what proves an account.
func (a *Access) proofs(me *Me) {
	me.Identities = []Identity{}
	a.mu.RLock()
	defer a.mu.RUnlock()
	held := a.state.accounts[me.Account]
	if held == nil {
		return
	}
	me.Identities = append(me.Identities, held.identities...)
	if me.Factor = held.factor != nil; me.Factor {
		me.RecoveryCodes = len(held.factor.recovery)
	}
}
