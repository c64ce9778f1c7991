package access

import (
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// These are the kinds of facts about signing in. They and the JSON of their bodies never change. They contain
// hashes of secrets; only the secret of a second factor is stored itself.
const (
	passwordSet     events.Kind = "password.set"
	sessionBegun    events.Kind = "session.begun"
	sessionEnded    events.Kind = "session.ended"
	factorShown     events.Kind = "factor.shown"
	factorEnrolled  events.Kind = "factor.enrolled"
	factorReset     events.Kind = "factor.reset"
	accountLinked   events.Kind = "account.linked"
	accountUnlinked events.Kind = "account.unlinked"
)

// These are the ways in which a session begins.
const (
	byPassword = "password"
	bySSO      = "sso"
)

// These are the sorts of codes.
const (
	codeShown     = "code"     // of the second factor
	recoveryShown = "recovery" // one of the recovery codes
)

// setPassword is the body of password.set. It ends all sessions of the account and forgets its browsers.
type setPassword struct {
	Account   string `json:"account"`
	Hash      string `json:"hash"`      // $argon2id$…, a PHC string
	Temporary bool   `json:"temporary"` // another person set it; it must be changed at the next sign-in
	whoActs
}

// shownCode is a code that was used in this fact. It cannot be used again.
type shownCode struct {
	Factor   string `json:"factor"`   // codeShown or recoveryShown; "" for none
	Step     int64  `json:"step"`     // the time step of the code, in steps of 30 s since 1970; else 0
	Recovery string `json:"recovery"` // SHA-256 of the recovery code, in hexadecimal; else ""
}

// begunSession is the body of session.begun.
type begunSession struct {
	Account string    `json:"account"`
	Session uuid.UUID `json:"session"`
	How     string    `json:"how"`
	shownCode
	// SHA-256 of the secret given to the browser; "" if it had one, or if the session still needs something
	Device string `json:"device"`
	whoActs
}

// endedSession is the body of session.ended.
type endedSession struct {
	Account string    `json:"account"`
	Session uuid.UUID `json:"session"`
	whoActs
}

// shownFactor is the body of factor.shown: a code was shown in a session, which goes on.
type shownFactor struct {
	Account string    `json:"account"`
	Session uuid.UUID `json:"session"`
	shownCode
	Device string `json:"device"` // see begunSession
	whoActs
}

// enrolledFactor is the body of factor.enrolled. It replaces an earlier factor and ends all sessions of the
// account. The body of factor.reset is an onAccount.
type enrolledFactor struct {
	Account  string   `json:"account"`
	Secret   string   `json:"secret"`   // base32
	Recovery []string `json:"recovery"` // SHA-256 of each recovery code, in hexadecimal
	Step     int64    `json:"step"`     // the time step of the code that confirmed it
	whoActs
}

// linkedAccount is the body of account.linked and account.unlinked.
type linkedAccount struct {
	Account string `json:"account"`
	Identity
	whoActs
}
