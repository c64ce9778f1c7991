package access

// Right is one thing that can be done.
type Right string

// The rights.
const (
	ReadMe       Right = "me"            // who one is
	ReadLedger   Right = "read-ledger"   // ask the ledger, within one's scope
	ReadPolicies Right = "read-policies" // the policies adopted
	Write        Right = "write"         // bring records, under one's own role
	AdoptPolicy  Right = "adopt-policy"  // bring a policy
	Bring        Right = "bring"         // bring records or a policy

	ReadAccounts    Right = "accounts-read"    // the accounts, with their roles and scopes
	AddAccounts     Right = "accounts-add"     // an account without any right
	BindAccounts    Right = "accounts-bind"    // to a role, a scope and rights
	DisableAccounts Right = "accounts-disable" // and enable again

	SetPasswords Right = "passwords-set" // of others
	ResetFactors Right = "factors-reset" // the second factors of others
	LinkAccounts Right = "accounts-link" // link others to who they are to an issuer of single sign-on, and end that

	OwnTokens   Right = "tokens-own"     // make, list and revoke one's own
	OtherTokens Right = "tokens-service" // make, list and revoke those of other accounts

	HandleNATSUsers Right = "nats-users"   // add, list and revoke the programs that read the alerts over NATS
	ReadFeed        Right = "feed-read"    // how the alert feed does
	RestateFeed     Right = "feed-restate" // have it state every alert again

	ReadAccessLog      Right = "access-log"       // all of the access log
	ReadAccessLogReads Right = "access-log-reads" // who read the ledger
)

// offices are the roles that ask the ledger and write to it. An auditor writes audit findings; the ledger itself says which kinds
// a role may write (R04-2).
var offices = []Role{STOffice, Finance, IndustryDept, LocalGov, Center, Auditor}

// Rights says which roles have a right. The owner of the directory has all. An account that is bound to no role has ReadMe alone.
var Rights = map[Right][]Role{
	ReadMe:       append(Roles(), ""),
	ReadLedger:   offices,
	ReadPolicies: append([]Role{SecAdmin}, offices...),
	Write:        offices,
	AdoptPolicy:  {SecAdmin},
	Bring:        append([]Role{SecAdmin}, offices...),

	ReadAccounts:    {SecAdmin, SysAdmin},
	AddAccounts:     {SysAdmin},
	BindAccounts:    {SecAdmin},
	DisableAccounts: {SysAdmin},

	SetPasswords: {SysAdmin},
	ResetFactors: {SecAdmin},
	LinkAccounts: {SysAdmin},

	OwnTokens:   Roles(),
	OtherTokens: {SecAdmin},

	HandleNATSUsers: {SecAdmin},
	ReadFeed:        Roles(),
	RestateFeed:     {SecAdmin, SysAdmin},

	ReadAccessLog:      {LogAdmin},
	ReadAccessLogReads: {LogAdmin, Auditor},
}
