package events

import (
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events/text"
)

// CenterID is the id of a center, such as "ZJ-0007". Its stream is "center-ZJ-0007".
type CenterID string

// Kind is the kind of an event, such as "subsidy.granted".
type Kind string

// Role is the role of an office of article 4, such as "finance".
type Role string

// The roles of section 3.
const (
	STOffice     Role = "st-office"
	Finance      Role = "finance"
	IndustryDept Role = "industry-dept"
	LocalGov     Role = "local-gov"
	CenterRole   Role = "center"
	Auditor      Role = "auditor"
	Admin        Role = "admin"
	Program      Role = "program" // the ledger itself: no account has it
)

// Mode decides what happens to a decision that breaks a rule: Enforce refuses it, Recording stores it.
type Mode string

// Enforce refuses a decision that breaks a rule. Recording stores the decision, which was made outside the system,
// with the rules that it breaks.
const (
	Enforce   Mode = "enforce"
	Recording Mode = "record"
)

// RuleID is the id of a rule of the Measures, such as "R06-2b".
type RuleID string

// Fen is an amount of money in 分; 100 fen are one yuan.
type Fen int64

// By is the role and the person that make the statement of a record.
type By struct {
	Role  Role   `json:"role"`
	Actor string `json:"actor"`
}

// Evidence is a file that is stored elsewhere. Its SHA-256 in lower-case hexadecimal proves its content.
type Evidence struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Record is one event as it is exchanged. ID is the idempotency key within the center. Center is empty for
// a kind whose catalog entry names a stream. On is the day it happened.
type Record struct {
	ID       uuid.UUID
	Kind     Kind
	Center   CenterID
	On       Date
	By       By
	Mode     Mode
	Doc      string
	Evidence []Evidence
	Note     string
	Data     Payload
}

// Stream returns the stream of the record.
func (r *Record) Stream() StreamID {
	if entry := Lookup(r.Kind); entry != nil && entry.Stream != "" {
		return entry.Stream
	}
	return r.Center.Stream()
}

// PolicyRef is a reference to the policy that judged an event. The zero value means that none was in force (OP-01).
type PolicyRef struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

// Recorded is a record as the ledger stores it. Revision counts from 1 within the stream. Position is strictly
// increasing in the whole ledger. RecordedAt never decreases.
type Recorded struct {
	Record
	Revision   uint64
	Position   uint64
	RecordedAt time.Time
	Entry
}

// Entry holds the values that the ledger adds to a record when it accepts it.
type Entry struct {
	EnteredBy string      `json:"enteredBy"`
	Policy    PolicyRef   `json:"policy,omitzero"`
	Breaks    []RuleID    `json:"breaks,omitempty"`   // record mode: the rules it breaks
	Warnings  []text.Text `json:"warnings,omitempty"` // a doubtful USCC or document number
}
