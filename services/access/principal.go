package access

import (
	"slices"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
)

// Role is the one role of an account. "" is an account that is bound to none yet and has no right.
type Role string

// The roles: those of the Measures, which write under their own name, and the three administrators. SecAdmin writes policies as
// the role "admin" of the ledger.
const (
	STOffice     = Role(events.STOffice)
	Finance      = Role(events.Finance)
	IndustryDept = Role(events.IndustryDept)
	LocalGov     = Role(events.LocalGov)
	Center       = Role(events.CenterRole)
	Auditor      = Role(events.Auditor)
	SecAdmin     = Role("secadmin")
	SysAdmin     = Role("sysadmin")
	LogAdmin     = Role("logadmin")
)

// Roles lists all roles.
func Roles() []Role {
	return []Role{STOffice, Finance, IndustryDept, LocalGov, Center, Auditor, SecAdmin, SysAdmin, LogAdmin}
}

// Ledger returns the role under which an account writes to the ledger, or "" if it writes nothing.
func (r Role) Ledger() events.Role {
	switch r {
	case SecAdmin:
		return events.Admin
	case SysAdmin, LogAdmin:
		return ""
	}
	return events.Role(r)
}

// IsAdministrator reports whether the role is one of the three administrators.
func (r Role) IsAdministrator() bool { return r == SecAdmin || r == SysAdmin || r == LogAdmin }

// Principal is who asks: an account as it was when the request was authenticated, and by what.
type Principal struct {
	Account     string   // its name; "local:<user>" for the owner
	Role        Role     // "" for an account that is bound to none, and for the owner
	Center      string   // of the role center: its own center
	Region      string   // of the role local-gov: the beginning of a region, 2, 4 or 6 digits
	Departments []string // of the role industry-dept: the names of its departments
	MayRecord   bool     // may record what was decided outside the system, or by another office

	Owner   bool     // who owns the directory of the ledger, on the machine itself: he may do everything
	Source  string   // where he asks from: an address, "local" or "socket"
	TokenID string   // of the token that he showed; "" if he showed none
	May     []string // the acts of Mays that the token is good for, or the session while its code is fresh

	SessionID string    // of the session that he showed; "" for none
	Needs     []string  // what the session needs first; until then it is good for nothing else
	Identity  Identity  // of single sign-on, if a bearer token of an issuer proves him
	Until     time.Time // when that expires
	hasFactor bool
}

// Local returns the principal of a user of the machine who owns the directory of the ledger.
func Local(user, source string) Principal {
	return Principal{Account: desk.LocalPrefix + user, MayRecord: true, Owner: true, Source: source}
}

// The acts that need more than a token: one that was made for them. A token is good for none of them unless it says so.
const (
	MayRecord   = "record"   // record mode
	MayPolicy   = "policy"   // adopting a policy
	MayAccounts = "accounts" // acts on accounts, on tokens of others and on users of NATS
	MayRevoke   = "revoke"   // recording that a qualification is revoked
)

// Mays lists the acts that a token can be made for.
func Mays() []string { return []string{MayRecord, MayPolicy, MayAccounts, MayRevoke} }

// may reports whether the principal showed what such an act needs.
func (p *Principal) may(act string) bool { return p.Owner || slices.Contains(p.May, act) }

// Can reports whether the principal may use a right of his role now. In a session that needs something first, he can only see who
// he is.
func (p *Principal) Can(right Right) bool {
	return p.Owner || slices.Contains(Rights[right], p.Role) && (len(p.Needs) == 0 || right == ReadMe)
}

// Lacks returns why the principal cannot use a right: a MoreProofError if his session needs something first, else text.Forbidden.
// It is nil if he can.
func (p *Principal) Lacks(right Right) error {
	switch {
	case p.Can(right):
		return nil
	case len(p.Needs) > 0:
		return &MoreProofError{p.Needs}
	}
	return text.Errorf(text.Forbidden, "此账号无权进行这项操作（%s）", "this account has no right to do this (%s)", right)
}

// lacksProof returns a MoreProofError if the principal could do an act of Mays once he shows a code in his session, else nil.
func (p *Principal) lacksProof(act string) error {
	switch {
	case p.SessionID == "" || p.may(act) || !mayBeGiven(p.Role, p.MayRecord, act):
		return nil
	case len(p.Needs) > 0:
		return &MoreProofError{p.Needs}
	case p.hasFactor:
		return &MoreProofError{[]string{NeedCode}}
	}
	return &MoreProofError{[]string{NeedFactor}}
}

// ledgerAccount is the principal as the ledger knows him.
func (p *Principal) ledgerAccount() ledger.Writer {
	return ledger.Writer{Name: p.Account, MayRecord: p.MayRecord && p.may(MayRecord)}
}
