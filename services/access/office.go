package access

import (
	"context"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// AccountDesk is the counter for acts on accounts, for one principal. An act is durable before its answer. Errors:
// text.Forbidden for an act that he may not do; text.NotFound for a name that does not exist; text.Invalid, with
// the name of the parameter, for a wrong value. After text.Stopped every act fails until the access log is opened
// again.
type AccountDesk interface {
	// Me returns the principal's own account and rights.
	Me(ctx context.Context) (*Me, error)
	// AddAccount adds an account. Only the owner may bind it at the same time; that makes two acts.
	AddAccount(ctx context.Context, r NewAccount) (*Account, error)
	// Bind gives an account a role, a scope and rights, which replace those that it had.
	Bind(ctx context.Context, name string, b Binding) (*Account, error)
	// Disable ends all that an account can do, its tokens too, until it is enabled again.
	Disable(ctx context.Context, name string) (*Account, error)
	Enable(ctx context.Context, name string) (*Account, error)
	// Accounts lists all accounts by name.
	Accounts(ctx context.Context) (Accounts, error)
	Account(ctx context.Context, name string) (*Account, error)
	// SetPassword sets the password of another account, whose holder has to change it at the next sign-in. Its
	// sessions end.
	SetPassword(ctx context.Context, name string, r NewPassword) (*Account, error)
	// ResetFactor removes the second factor of another account, whose holder lost it. Its sessions end.
	ResetFactor(ctx context.Context, name string) (*Account, error)
	// Link lets the holder of an identity at an issuer of single sign-on sign in to another account. An identity
	// is linked to at most one account.
	Link(ctx context.Context, name string, id Identity) (*Account, error)
	// Unlink removes such a link. The sessions that began with it end.
	Unlink(ctx context.Context, name string, id Identity) (*Account, error)
	// AddToken makes a token. Only this answer contains the secret of the token.
	AddToken(ctx context.Context, r NewToken) (*MadeToken, error)
	// Tokens lists the tokens of an account in the order in which they were made; for "" all that the principal
	// may see.
	Tokens(ctx context.Context, account string) (Tokens, error)
	RevokeToken(ctx context.Context, id string) (*Token, error)
	// AddNATSUser lets a program read the alerts over NATS. It replaces a user of the same name; adding an equal
	// one changes nothing. The ledger must have the centers of the filter. It does not wait for the NATS server.
	AddNATSUser(ctx context.Context, r NewNATSUser) (*NATSUser, error)
	// RevokeNATSUser takes the right to read from a program. Revoking a revoked user changes nothing.
	RevokeNATSUser(ctx context.Context, name string) (*NATSUser, error)
	// NATSUsers lists the users that may read now, by name. Revoked users are in the access log.
	NATSUsers(ctx context.Context) (NATSUsers, error)
	// Log calls each with the entries of the access log and the writes of the ledger, in the order of time. It
	// ends with the first error of each.
	Log(ctx context.Context, q LogQuestion, each func(*LogEntry) error) error
}

// Me is an account as its own holder sees it, with what he may do.
type Me struct {
	Account string   `json:"account"`
	Owner   bool     `json:"owner"`
	Binding          // the role is "" if the account is not bound
	Rights  []Right  `json:"rights"`
	Token   string   `json:"token"` // the id of the token of the request; "" for none
	May     []string `json:"may"`   // the acts of Mays that the token was made for, or of a session with a fresh code

	Session       *Session   `json:"session,omitzero"` // left out if the request has no session
	Factor        bool       `json:"factor"`           // whether there is a second factor
	RecoveryCodes int        `json:"recoveryCodes"`    // the number of recovery codes that are not used
	Identities    []Identity `json:"identities"`       // identities of single sign-on
}

// Binding is the role of an account, the scope that this role needs, and the right to record.
type Binding struct {
	Role Role `json:"role"`
	// for the role center: its center, which need not be registered yet
	Center      events.CenterID `json:"center"`
	Region      string          `json:"region"`      // for the role local-gov: the first 2, 4 or 6 digits of a region
	Departments []string        `json:"departments"` // for the role industry-dept: names
	MayRecord   bool            `json:"mayRecord"`   // may use record mode, and record for another office
}

// NewAccount is a request to add an account. Its binding is empty unless the owner asks.
type NewAccount struct {
	Account string `json:"account"`
	Binding
}

// Check returns a *text.Error with text.Invalid if the name or the binding is not valid. It writes the binding in its
// usual form.
func (r *NewAccount) Check() error {
	if !validAccount(r.Account) {
		return text.Errorf(text.Invalid,
			"%q 应为 2 至 32 个小写字母、数字、点、下划线或连字符，以字母开头，不以 local 开头，也不是 taizhang",
			"%q must be 2 to 32 small letters, digits, dots, underscores or hyphens, begin with a letter and not "+
				"with local, and not be taizhang", clean(r.Account)).Of("account")
	}
	if r.Binding.isNone() {
		return nil
	}
	return r.Binding.check()
}

// Account is an account as answers show it.
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
	Tokens     int         `json:"tokens"` // the number of valid tokens
	Password   bool        `json:"hasPassword"`
	Factor     bool        `json:"factor"`              // whether there is a second factor
	Identities []Identity  `json:"identities"`          // identities of single sign-on
	SignedInAt string      `json:"signedInAt,omitzero"` // the last time; "" for never
	Warnings   []text.Text `json:"warnings,omitempty"`  // in the answer of Bind: possible mistakes
}

// Accounts are all accounts, by name.
type Accounts []Account

// NewToken is a request to make a token.
type NewToken struct {
	Account string `json:"account"` // "" for one's own
	Name    string `json:"name"`    // the purpose
	// until it expires: at most TokenDaysMax, or MayDaysMax with May; 0 for the default, or for MayDaysMax
	Days int      `json:"days"`
	May  []string `json:"may"` // values of Mays
}

// These constants say for how many days a token is valid.
const (
	TokenDaysMax     = 365
	TokenDaysDefault = 90
	MayDaysMax       = 30 // of a token made for acts of Mays
)

// Token is a token as answers show it, without its secret.
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

// These are the states of a token. The tokens of a disabled account are valid again once the account is enabled.
const (
	TokenValid   = "valid"
	TokenExpired = "expired"
	TokenRevoked = "revoked"
	// the role of the account changed after it was made, or the access log was restored from a backup
	TokenVoid = "void"
)

// Tokens are tokens in the order in which they were made.
type Tokens []Token

// MadeToken is a new token with its secret.
type MadeToken struct {
	Secret string `json:"secret"` // the token itself
	Token
}

// NATSFilter selects the alerts that a program gets. An empty list selects all.
type NATSFilter struct {
	Centers    []string `json:"centers"`    // ids, of centers that the ledger has
	Severities []string `json:"severities"` // red, yellow or blue
	Families   []string `json:"families"`   // of the codes: EXE for AL-EXE-02

	Checkpoints bool `json:"checkpoints,omitzero"` // also the signed checkpoints of the ledger
}

// NewNATSUser is a request to let a program read the alerts over NATS.
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
	AddedAt   string     `json:"addedAt"` // when it got its present key and filter
	AddedBy   string     `json:"addedBy"`
	RevokedAt string     `json:"revokedAt,omitzero"` // "" if it is not revoked
	RevokedBy string     `json:"revokedBy,omitzero"`

	// in the answer to an act: the URL where the user connects
	Server string `json:"server,omitzero"`
	// in the answer to an act: what to add to the configuration of a NATS server elsewhere
	Configuration string `json:"configuration,omitzero"`
	// in the answer to an act: the NATS server does not know the user yet
	Warnings []text.Text `json:"warnings,omitempty"`
}

// NATSUsers are users of NATS by name.
type NATSUsers []NATSUser

// NATSUsersMax is how many users of NATS there may be at a time.
const NATSUsersMax = 200

// LogQuestion selects entries of the access log. Its zero value selects all.
type LogQuestion struct {
	Account string `json:"account,omitzero"`
	From    string `json:"from,omitzero"` // a date YYYY-MM-DD
	To      string `json:"to,omitzero"`   // a date YYYY-MM-DD, included
	Kind    string `json:"kind,omitzero"` // one of EntryKinds
	Center  string `json:"center,omitzero"`
	Limit   int    `json:"limit,omitzero"` // only the newest ones, at most LogLimitMax; 0 for all
}

// LogLimitMax is the largest limit of a LogQuestion.
const LogLimitMax = 10_000

// These are the kinds of log entries.
const (
	LogRead   = "read"   // a read or export of the ledger's records: money and history
	LogWrite  = "write"  // a record in the ledger
	LogDenied = "denied" // a request that was refused
	LogAct    = "act"    // an act on accounts, tokens, users of NATS or the alert feed
	LogLogin  = "login"  // a sign-in or a code, or an attempt that failed
)

// EntryKinds lists the kinds of entries.
func EntryKinds() []string { return LogKinds.Codes() }

// LogEntry is one entry of the access log, or one write of the ledger.
type LogEntry struct {
	At       string          `json:"at"` // RFC 3339; if Count is above 1, the time of the first
	Kind     string          `json:"kind"`
	Account  string          `json:"account"` // "" for an unknown account
	Verb     string          `json:"verb"`    // what was done or asked; for a write the kind of the record
	Object   string          `json:"object"`  // the thing it was about; for a write the id of the record
	Center   events.CenterID `json:"center"`
	Outcome  string          `json:"outcome"`
	Source   string          `json:"source"`   // the address it came from; "" for a write
	Count    int             `json:"count"`    // how often it happened within the minute
	Position uint64          `json:"position"` // the position of a write in the ledger, else 0
}
