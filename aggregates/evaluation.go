package aggregates

import (
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Status is how far a center has come (section 6): the furthest in this order, whatever the dates.
type Status string

// The statuses of a center.
const (
	Registered Status = "registered"
	Reviewed   Status = "reviewed" // preliminary review passed
	Approved   Status = "approved" // by the special meeting
	Active     Status = "active"   // plaque awarded
	Revoked    Status = "revoked"
)

// Scope is a set of sources of money that is reported together (section 8).
type Scope string

// The scopes, in the order of reports.
const (
	ProvinceScope Scope = "province" // the sources of OP-29
	CentralScope  Scope = "central"  // central-guidance
	FiscalScope   Scope = "fiscal"   // both
	LocalScope    Scope = "local"    // matching money
)

// Scopes lists the scopes in the order of reports.
var Scopes = []Scope{ProvinceScope, CentralScope, FiscalScope, LocalScope}

// Money is the figures of one fiscal year and scope (section 8), in fen.
type Money struct {
	GrantedFen    events.Fen
	CarriedInFen  events.Fen
	ReceivedFen   events.Fen
	SpentAllFen   events.Fen
	IneligibleFen events.Fen
}

// AvailableFen is what could be spent; ExecutedFen what was, rightly; BalanceFen what is left.
func (m Money) AvailableFen() events.Fen { return m.CarriedInFen + m.ReceivedFen }

// ExecutedFen is what was spent less the forbidden uses.
func (m Money) ExecutedFen() events.Fen { return m.SpentAllFen - m.IneligibleFen }

// BalanceFen is what is left of what was available.
func (m Money) BalanceFen() events.Fen { return m.AvailableFen() - m.SpentAllFen }

// IsZero reports that there is nothing to report.
func (m Money) IsZero() bool {
	return m.GrantedFen == 0 && m.CarriedInFen == 0 && m.ReceivedFen == 0 && m.SpentAllFen == 0
}

// Plus adds figures of another center of the same year and scope.
func (m Money) Plus(o Money) Money {
	return Money{m.GrantedFen + o.GrantedFen, m.CarriedInFen + o.CarriedInFen, m.ReceivedFen + o.ReceivedFen,
		m.SpentAllFen + o.SpentAllFen, m.IneligibleFen + o.IneligibleFen}
}

// Execution is one line of the execution report: a center's money in a fiscal year and scope. Low (R20-6) belongs to
// scope province alone.
type Execution struct {
	Year  int
	Scope Scope
	Money
	Low bool
}

// Severity is how grave an alert is.
type Severity string

// The severities.
const (
	Red    Severity = "red"
	Yellow Severity = "yellow"
	Blue   Severity = "blue"
)

// Code names a kind of alert, such as "AL-EXE-02".
type Code string

// Alert is one alert of section 9, identified by center, code, key and raising date. ClearedOn is none while it is
// open on the date asked about.
type Alert struct {
	Code      Code
	Key       string // "" for alerts of the center as a whole
	Severity  Severity
	RaisedOn  events.Date
	ClearedOn events.Date
}

// Open reports whether the alert is open on the date that it was evaluated for.
func (a Alert) Open() bool { return a.ClearedOn == 0 }

// Evaluation is everything the ledger answers about one center as of a date. Alerts are ordered by code, raising
// date and key, executions by year and scope.
type Evaluation struct {
	On         events.Date
	Status     Status // "" when the center was not yet registered
	Events     int    // with on <= On, not voided
	Executions []Execution
	Alerts     []Alert
}

// Explanation says why an alert exists: the policy and rules, the figures, the events it follows from, and what ends
// it.
type Explanation struct {
	Alert
	Policy  *policy.Policy // in force for the fact behind it
	Rules   []events.RuleID
	Figures []Figure
	Because []uuid.UUID // ids of the events it follows from, in order
	Reason  text.Text   // of a break of the ledger's integrity: what cannot be right
	Cleared text.Text   // what cleared it, or would
}
