package access

import (
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// The kinds of the facts of signing in. Names and forms are for ever, as those of the other facts. What proves somebody stands in
// them as a hash, but for the secret of a second factor.
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

// How a session begins.
const (
	byPassword = "password"
	bySSO      = "sso"
)

// The sorts of codes.
const (
	codeShown     = "code"     // of the second factor
	recoveryShown = "recovery" // one of the recovery codes
)

// setPassword is the body of password.set. All sessions of the account are over then, and its browsers are forgotten.
type setPassword struct {
	Account   string `json:"account"`
	Hash      string `json:"hash"`      // $argon2id$…, a PHC string
	Temporary bool   `json:"temporary"` // another set it; it has to be changed when somebody signs in with it
	whoActs
}

// shownCode is a code that counts with the fact that it stands in, and never again.
type shownCode struct {
	Factor   string `json:"factor"`   // codeShown or recoveryShown; "" for none
	Step     int64  `json:"step"`     // of the code, in steps of 30 s since 1970; else 0
	Recovery string `json:"recovery"` // SHA-256 of the recovery code, in hexadecimal; else ""
}

// begunSession is the body of session.begun.
type begunSession struct {
	Account string    `json:"account"`
	Session uuid.UUID `json:"session"`
	How     string    `json:"how"`
	shownCode
	Device string `json:"device"` // SHA-256 of what the browser was given; "" if it was known, or if the session needs something yet
	whoActs
}

// endedSession is the body of session.ended.
type endedSession struct {
	Account string    `json:"account"`
	Session uuid.UUID `json:"session"`
	whoActs
}

// shownFactor is the body of factor.shown: a code was shown in a session that goes on.
type shownFactor struct {
	Account string    `json:"account"`
	Session uuid.UUID `json:"session"`
	shownCode
	Device string `json:"device"` // as that of session.begun
	whoActs
}

// enrolledFactor is the body of factor.enrolled. It replaces the factor before it. factor.reset is an onAccount. All sessions of
// the account are over then.
type enrolledFactor struct {
	Account  string   `json:"account"`
	Secret   string   `json:"secret"`   // base32
	Recovery []string `json:"recovery"` // SHA-256 of each recovery code, in hexadecimal
	Step     int64    `json:"step"`     // of the code that confirmed it
	whoActs
}

// linkedAccount is the body of account.linked and account.unlinked.
type linkedAccount struct {
	Account string `json:"account"`
	Identity
	whoActs
}
