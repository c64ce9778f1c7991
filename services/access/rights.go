package access

// Right is permission for one sort of operation.
type Right string

// These are the rights.
const (
	ReadMe       Right = "me"            // see one's own account
	ReadLedger   Right = "read-ledger"   // ask the ledger, within one's scope
	ReadPolicies Right = "read-policies" // the policies adopted
	Write        Right = "write"         // write records, under one's own role
	AdoptPolicy  Right = "adopt-policy"  // adopt a policy
	Bring        Right = "bring"         // write records or a policy

	ReadCheckpoint Right = "checkpoint" // the newest checkpoint, which shows no record
	SealLedger     Right = "seal"       // sign a checkpoint now

	ReadAccounts    Right = "accounts-read"    // see the accounts, with their roles and scopes
	AddAccounts     Right = "accounts-add"     // add an account without any right
	BindAccounts    Right = "accounts-bind"    // give an account a role, a scope and rights
	DisableAccounts Right = "accounts-disable" // disable and enable an account

	SetPasswords Right = "passwords-set" // set the passwords of others
	ResetFactors Right = "factors-reset" // remove the second factors of others
	LinkAccounts Right = "accounts-link" // link others to an identity of single sign-on, and unlink them

	OwnTokens   Right = "tokens-own"     // make, list and revoke one's own
	OtherTokens Right = "tokens-service" // make, list and revoke the tokens of other accounts

	HandleNATSUsers Right = "nats-users"   // add, list and revoke the programs that read the alerts over NATS
	ReadFeed        Right = "feed-read"    // see the state of the alert feed
	RestateFeed     Right = "feed-restate" // have the feed publish every alert again

	ReadAccessLog      Right = "access-log"       // read all of the access log
	ReadAccessLogReads Right = "access-log-reads" // read who has read the ledger
)

// offices are the roles that ask the ledger and write to it. An auditor writes audit findings; the ledger itself says
// which kinds a role may write (R04-2).
var offices = []Role{STOffice, Finance, IndustryDept, LocalGov, Center, Auditor}

// Rights holds the roles that have each right. The owner of the directory has all rights. An account without a
// role has ReadMe alone.
var Rights = map[Right][]Role{
	ReadMe:       append(Roles(), ""),
	ReadLedger:   offices,
	ReadPolicies: append([]Role{SecAdmin}, offices...),
	Write:        offices,
	AdoptPolicy:  {SecAdmin},
	Bring:        append([]Role{SecAdmin}, offices...),

	ReadCheckpoint: append(Roles(), ""),
	SealLedger:     {SecAdmin},

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
