package access

import (
	"slices"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
)

// Role is the role of an account: that of an office, or that of an administrator. An account that is not bound has
// the role "" and no rights.
type Role string

// These are the roles: those of the Measures, which write under their own name, and the three administrators.
// SecAdmin writes policies under the ledger's role "admin".
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

// Roles returns all roles.
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

// Principal is the account behind a request, as it was at authentication, with the proof that was shown.
type Principal struct {
	Account     string   // its name; "local:<user>" for the owner
	Role        Role     // "" for an account that is not bound, and for the owner
	Center      string   // for the role center: its center
	Region      string   // for the role local-gov: the first 2, 4 or 6 digits of a region
	Departments []string // for the role industry-dept: the names of its departments
	MayRecord   bool     // may record what was decided outside the system, or by another office

	Owner   bool     // he owns the directory of the ledger, on the machine itself, and may do everything
	Source  string   // an address, "local" or "socket"
	TokenID string   // the id of the token that was shown; "" for none
	May     []string // the acts of Mays that the token, or the session with a fresh code, is good for

	SessionID string    // the id of the session that was shown; "" for none
	Needs     []string  // what the session must do first; until then it is good for nothing else
	Identity  Identity  // an identity of single sign-on, if a bearer token of an issuer proves it
	Until     time.Time // when the bearer token expires
	hasFactor bool
}

// Local returns the principal of the user of the machine who owns the directory of the ledger.
func Local(user, source string) Principal {
	return Principal{Account: desk.LocalPrefix + user, MayRecord: true, Owner: true, Source: source}
}

// These are the acts that need more proof than a plain token: a token made for the act, or a session with a fresh
// code.
const (
	MayRecord   = "record"   // record mode
	MayPolicy   = "policy"   // adopting a policy
	MayAccounts = "accounts" // acts on accounts, on tokens of others and on users of NATS
	MayRevoke   = "revoke"   // recording that a qualification is revoked
)

// Mays returns the acts that a token can be made for.
func Mays() []string { return []string{MayRecord, MayPolicy, MayAccounts, MayRevoke} }

// may reports whether the principal has shown the proof for an act of Mays.
func (p *Principal) may(act string) bool { return p.Owner || slices.Contains(p.May, act) }

// Can reports whether the principal may use a right of his role now. While his session needs something first, he
// may only use ReadMe.
func (p *Principal) Can(right Right) bool {
	return p.Owner || slices.Contains(Rights[right], p.Role) && (len(p.Needs) == 0 || right == ReadMe)
}

// Lacks returns nil if the principal may use a right. Otherwise it returns a MoreProofError if his session needs
// something first, or text.Forbidden.
func (p *Principal) Lacks(right Right) error {
	switch {
	case p.Can(right):
		return nil
	case len(p.Needs) > 0:
		return &MoreProofError{p.Needs}
	}
	return &text.Error{Code: text.Forbidden, What: text.Text{
		Zh: "此账号无权进行这项操作", En: "this account has no right to do this (" + string(right) + ")"}}
}

// lacksProof returns a MoreProofError if a code shown in the session would allow an act of Mays, else nil.
func (p *Principal) lacksProof(act string) error {
	switch {
	case p.SessionID == "" || p.may(act) || !MayBeGiven(p.Role, p.MayRecord, act):
		return nil
	case len(p.Needs) > 0:
		return &MoreProofError{p.Needs}
	case p.hasFactor:
		return &MoreProofError{[]string{NeedCode}}
	}
	return &MoreProofError{[]string{NeedFactor}}
}

// ledgerAccount returns the principal in the form that the ledger needs.
func (p *Principal) ledgerAccount() ledger.Writer {
	return ledger.Writer{Name: p.Account, MayRecord: p.MayRecord && p.may(MayRecord)}
}
