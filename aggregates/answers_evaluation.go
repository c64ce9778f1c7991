package aggregates

import (
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Status is the stage that a center has reached (section 6): the last stage in the order below, whatever the dates.
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

// Money holds the figures of one fiscal year and scope (section 8), in fen.
type Money struct {
	GrantedFen    events.Fen
	CarriedInFen  events.Fen
	ReceivedFen   events.Fen
	SpentAllFen   events.Fen
	IneligibleFen events.Fen
}

// AvailableFen returns the money that could be spent: carried in and received.
func (m Money) AvailableFen() events.Fen { return m.CarriedInFen + m.ReceivedFen }

// ExecutedFen returns the money that was spent, less the spending on forbidden uses.
func (m Money) ExecutedFen() events.Fen { return m.SpentAllFen - m.IneligibleFen }

// BalanceFen returns the available money less all spending.
func (m Money) BalanceFen() events.Fen { return m.AvailableFen() - m.SpentAllFen }

// IsZero reports whether no money was granted, carried in, received or spent.
func (m Money) IsZero() bool {
	return m.GrantedFen == 0 && m.CarriedInFen == 0 && m.ReceivedFen == 0 && m.SpentAllFen == 0
}

// Plus returns the sum of the figures and those of another center for the same year and scope.
func (m Money) Plus(o Money) Money {
	return Money{m.GrantedFen + o.GrantedFen, m.CarriedInFen + o.CarriedInFen, m.ReceivedFen + o.ReceivedFen,
		m.SpentAllFen + o.SpentAllFen, m.IneligibleFen + o.IneligibleFen}
}

// Minus returns the difference between the figures and those of the same line as of another date or point.
func (m Money) Minus(o Money) Money {
	return Money{m.GrantedFen - o.GrantedFen, m.CarriedInFen - o.CarriedInFen, m.ReceivedFen - o.ReceivedFen,
		m.SpentAllFen - o.SpentAllFen, m.IneligibleFen - o.IneligibleFen}
}

// Execution is one line of the execution report: the money of a center in a fiscal year and scope. Low (R20-6) is set
// only in the scope province.
type Execution struct {
	Year  int
	Scope Scope
	Money
	Low bool
}

// Severity is the severity of an alert.
type Severity string

// The severities.
const (
	Red    Severity = "red"
	Yellow Severity = "yellow"
	Blue   Severity = "blue"
)

// Code is the code of a kind of alert, such as "AL-EXE-02".
type Code string

// Alert is one alert of section 9, identified by center, code, key and raising date. ClearedOn is none if the alert is
// open on the date of the evaluation.
type Alert struct {
	Code      Code
	Key       string // "" for alerts of the center as a whole
	Severity  Severity
	RaisedOn  events.Date
	ClearedOn events.Date
}

// Open reports whether the alert is open on the date of the evaluation.
func (a Alert) Open() bool { return a.ClearedOn == 0 }

// Evaluation holds all answers about one center as of a date. Alerts are in the order of code, raising date and key,
// executions in the order of year and scope.
type Evaluation struct {
	On         events.Date
	Status     Status // "" when the center was not yet registered
	Events     int    // the number of events with on <= On that are not voided
	Executions []Execution
	Alerts     []Alert
}

// Explanation holds the reasons for an alert: the policy and rules, the figures, the events from which it follows, and
// the event that clears it.
type Explanation struct {
	Alert
	Policy  *policy.Policy // the policy in force for the fact behind the alert
	Rules   []events.RuleID
	Figures []Figure
	Because []uuid.UUID // the ids of the events from which it follows, in order
	Reason  text.Text   // what happened, in a sentence: which case of the condition it is, and the deciding figures
	Cleared text.Text   // what clears an alert of this code
	// Voucher is the revision of the voucher that the alert is about, or 0. The payee and the summary of a voucher are
	// in its record alone: a center does not keep them.
	Voucher uint64
	// ClearedBy is the id of the event that cleared the alert. It is uuid.Nil if the alert is open, or if time alone
	// cleared it.
	ClearedBy uuid.UUID
}
