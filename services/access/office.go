package access

import (
	"context"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// AccountDesk is the counter of the accounts, for one principal. An act that it answers is durable. What he may not do is
// text.Forbidden; a name that is not there text.NotFound; a value that cannot be right text.Invalid with the name of its
// parameter. After text.Stopped no act is done until the access log is opened again.
type AccountDesk interface {
	// Me returns who asks.
	Me(ctx context.Context) (*Me, error)
	// AddAccount adds an account. Only the owner may bind it in the same step; it is then two acts.
	AddAccount(ctx context.Context, r NewAccount) (*Account, error)
	// Bind binds an account to a role, a scope and rights, in place of what it was bound to.
	Bind(ctx context.Context, name string, b Binding) (*Account, error)
	// Disable ends all that an account can do, its tokens too, until it is enabled again.
	Disable(ctx context.Context, name string) (*Account, error)
	Enable(ctx context.Context, name string) (*Account, error)
	// Accounts lists all accounts by name.
	Accounts(ctx context.Context) (Accounts, error)
	Account(ctx context.Context, name string) (*Account, error)
	// SetPassword sets the password of another, who has to change it when he signs in. His sessions end.
	SetPassword(ctx context.Context, name string, r NewPassword) (*Account, error)
	// ResetFactor takes the second factor from another, who lost it. His sessions end.
	ResetFactor(ctx context.Context, name string) (*Account, error)
	// Link lets another sign in as who he is to an issuer of single sign-on. An identity is linked to one account at most.
	Link(ctx context.Context, name string, id Identity) (*Account, error)
	// Unlink ends that, and the sessions that began so.
	Unlink(ctx context.Context, name string, id Identity) (*Account, error)
	// AddToken makes a token. Its answer is the only one that ever shows it.
	AddToken(ctx context.Context, r NewToken) (*MadeToken, error)
	// Tokens lists the tokens of an account, or for "" all that the principal may see, in the order in which they were made.
	Tokens(ctx context.Context, account string) (Tokens, error)
	RevokeToken(ctx context.Context, id string) (*Token, error)
	// AddNATSUser lets a program read the alerts over NATS. A user of that name is replaced; one that is the same already stays
	// as it is. The ledger must have the centers of its filter. It does not wait for the server of NATS.
	AddNATSUser(ctx context.Context, r NewNATSUser) (*NATSUser, error)
	// RevokeNATSUser ends that. A user that is revoked already stays as it is.
	RevokeNATSUser(ctx context.Context, name string) (*NATSUser, error)
	// NATSUsers lists by name the users that may read today; the log has those that are revoked.
	NATSUsers(ctx context.Context) (NATSUsers, error)
	// Log calls each with the entries of the access log and of the ledger's own writes, in the order of time. An error of each
	// ends it.
	Log(ctx context.Context, q LogQuestion, each func(*LogEntry) error) error
}

// Me is who asks, and what he may do.
type Me struct {
	Account string   `json:"account"`
	Owner   bool     `json:"owner"`
	Binding          // of an account that is bound to nothing, the role is ""
	Rights  []Right  `json:"rights"`
	Token   string   `json:"token"` // the id of the token shown; "" for none
	May     []string `json:"may"`   // the acts that it was made for, or of a session whose code is fresh

	Session       *Session   `json:"session,omitzero"` // missing without one
	Factor        bool       `json:"factor"`           // whether there is a second factor
	RecoveryCodes int        `json:"recoveryCodes"`    // that were not used yet
	Identities    []Identity `json:"identities"`       // of single sign-on
}

// Binding is what an account is bound to: one role, the scope that the role asks for, and the right to record.
type Binding struct {
	Role        Role            `json:"role"`
	Center      events.CenterID `json:"center"`      // of the role center: its own, which may be registered later
	Region      string          `json:"region"`      // of the role local-gov: the beginning of a region, 2, 4 or 6 digits
	Departments []string        `json:"departments"` // of the role industry-dept: names
	MayRecord   bool            `json:"mayRecord"`   // record mode, and recording for another office
}

// NewAccount asks for an account. Its binding is empty unless the owner asks.
type NewAccount struct {
	Account string `json:"account"`
	Binding
}

// Account is an account.
type Account struct {
	Account string `json:"account"`
	Binding
	Disabled   bool        `json:"disabled"`
	AddedAt    string      `json:"addedAt"` // RFC 3339, as all instants here
	AddedBy    string      `json:"addedBy"`
	BoundAt    string      `json:"boundAt,omitzero"` // "" if it was never bound
	BoundBy    string      `json:"boundBy,omitzero"`
	DisabledAt string      `json:"disabledAt,omitzero"` // "" if it is not disabled
	DisabledBy string      `json:"disabledBy,omitzero"`
	Tokens     int         `json:"tokens"` // that are valid
	Password   bool        `json:"hasPassword"`
	Factor     bool        `json:"factor"`              // whether there is a second factor
	Identities []Identity  `json:"identities"`          // of single sign-on
	SignedInAt string      `json:"signedInAt,omitzero"` // the last time; "" for never
	Warnings   []text.Text `json:"warnings,omitempty"`  // of Bind: what may be a mistake
}

// Accounts are all accounts, by name.
type Accounts []Account

// NewToken asks for a token.
type NewToken struct {
	Account string   `json:"account"` // "" for one's own
	Name    string   `json:"name"`    // what it is for
	Days    int      `json:"days"`    // until it expires: at most TokenDaysMax, or MayDaysMax with May; 0 for the default, or for MayDaysMax
	May     []string `json:"may"`     // of Mays
}

// How long a token is good for, in days.
const (
	TokenDaysMax     = 365
	TokenDaysDefault = 90
	MayDaysMax       = 30 // of a token that was made for acts of Mays
)

// Token is a token, without what proves it.
type Token struct {
	ID        string   `json:"id"`
	Account   string   `json:"account"`
	Name      string   `json:"name"`
	State     string   `json:"state"` // TokenValid, TokenExpired, TokenRevoked or TokenVoid
	May       []string `json:"may"`
	AddedAt   string   `json:"addedAt"`
	AddedBy   string   `json:"addedBy"`
	ExpiresAt string   `json:"expiresAt"`
	RevokedAt string   `json:"revokedAt,omitzero"` // "" if it is not revoked
	RevokedBy string   `json:"revokedBy,omitzero"`
}

// The states of a token. Those of a disabled account are valid again when the account is enabled.
const (
	TokenValid   = "valid"
	TokenExpired = "expired"
	TokenRevoked = "revoked"
	TokenVoid    = "void" // since then the role of the account changed, or the access log was restored from a backup
)

// Tokens are tokens in the order in which they were made.
type Tokens []Token

// MadeToken is a token that was made just now.
type MadeToken struct {
	Secret string `json:"secret"` // the token itself
	Token
}

// NATSFilter selects the alerts that a program gets. An empty list selects all.
type NATSFilter struct {
	Centers    []string `json:"centers"`    // ids, of centers that the ledger has
	Severities []string `json:"severities"` // red, yellow or blue
	Families   []string `json:"families"`   // of the codes: EXE for AL-EXE-02
}

// NewNATSUser asks that a program may read the alerts over NATS.
type NewNATSUser struct {
	Name   string     `json:"name"`
	Key    string     `json:"key"` // its public nkey, which begins with U
	Filter NATSFilter `json:"filter"`
}

// NATSUser is a program that may read the alerts over NATS.
type NATSUser struct {
	Name      string     `json:"name"`
	Key       string     `json:"key"`
	Filter    NATSFilter `json:"filter"`  // each list sorted, and each once
	AddedAt   string     `json:"addedAt"` // of the key and the filter that it has now
	AddedBy   string     `json:"addedBy"`
	RevokedAt string     `json:"revokedAt,omitzero"` // "" if it is not revoked
	RevokedBy string     `json:"revokedBy,omitzero"`

	Server        string      `json:"server,omitzero"`        // of an act: the URL where the user connects
	Configuration string      `json:"configuration,omitzero"` // of an act: what the operator of a server of NATS elsewhere has to put there
	Warnings      []text.Text `json:"warnings,omitempty"`     // of an act: the server of NATS does not know of it yet
}

// NATSUsers are users of NATS by name.
type NATSUsers []NATSUser

// NATSUsersMax is how many users of NATS there may be at a time.
const NATSUsersMax = 200

// LogQuestion asks for entries of the access log. Its zero value asks for all.
type LogQuestion struct {
	Account string `json:"account,omitzero"`
	From    string `json:"from,omitzero"` // a date YYYY-MM-DD
	To      string `json:"to,omitzero"`   // a date, which counts
	Kind    string `json:"kind,omitzero"` // of EntryKinds
	Center  string `json:"center,omitzero"`
	Limit   int    `json:"limit,omitzero"` // the newest so many, at most LogLimitMax; 0 for all
}

// LogLimitMax is the largest limit of a LogQuestion.
const LogLimitMax = 10_000

// The kinds of entries.
const (
	LogRead   = "read"   // a read or export of the ledger's records: money and history
	LogWrite  = "write"  // a record in the ledger
	LogDenied = "denied" // what was asked and not given
	LogAct    = "act"    // an act on accounts, tokens, users of NATS or the alert feed
	LogLogin  = "login"  // a session or a code, or an attempt that failed
)

// EntryKinds lists the kinds of entries.
func EntryKinds() []string { return []string{LogRead, LogWrite, LogDenied, LogAct, LogLogin} }

// LogEntry is one entry of the access log, or one write of the ledger.
type LogEntry struct {
	At       string          `json:"at"` // RFC 3339; of a count, the first of them
	Kind     string          `json:"kind"`
	Account  string          `json:"account"` // "" for one that is not known
	Verb     string          `json:"verb"`    // what was done or asked: for a write the kind of the record
	Object   string          `json:"object"`  // what it was about: for a write the id of the record
	Center   events.CenterID `json:"center"`
	Outcome  string          `json:"outcome"`
	Source   string          `json:"source"`   // where it came from; "" for a write
	Count    int             `json:"count"`    // how often within the minute
	Position uint64          `json:"position"` // of a write, its place in the ledger; else 0
}
