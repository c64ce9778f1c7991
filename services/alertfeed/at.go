package alertfeed

import (
	"cmp"
	"time"

	"github.com/taizhang/taizhang/events"
)

// At is the state of the ledger that a message is based on: all records up to a position, judged as of a date.
type At struct {
	// the instant at which the epoch of the access log began, RFC 3339 in UTC with microseconds; a restored ledger
	// has a later one
	Epoch string `json:"epoch"`
	// the instant at which all alerts were last restated: microseconds since 1970 by the clock of the server
	Generation uint64      `json:"generation"`
	Engine     int         `json:"engine"`   // the version of the judgement; see aggregates.Engine
	Position   uint64      `json:"position"` // the position of the last record that is included
	Date       events.Date `json:"date"`     // in Shanghai
}

// life compares the parts of two Ats that must be equal before their positions and dates can be compared.
func (a At) life(b At) int {
	return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Generation, b.Generation),
		cmp.Compare(a.Engine, b.Engine))
}

// Precedes reports whether a belongs to an earlier restatement of all alerts than b: its epoch is earlier, or its
// generation within the same epoch.
func (a At) Precedes(b At) bool {
	return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Generation, b.Generation)) < 0
}

// Later reports whether a includes more than b. Either its epoch, generation and engine are later, compared in
// this order. Or they are equal, neither its position nor its date is less than that of b, and one of them is
// greater.
func (a At) Later(b At) bool {
	if c := a.life(b); c != 0 {
		return c > 0
	}
	return a != b && a.Position >= b.Position && a.Date >= b.Date
}

// Behind reports whether b includes something that a does not. Each of two Ats may be behind the other: one has
// the greater position, the other the later date.
func (a At) Behind(b At) bool { return a != b && !a.Later(b) }

// epochLayout is the form of an epoch. Epochs in it sort as text in the order of their instants.
const epochLayout = "2006-01-02T15:04:05.000000Z"

// isWhole reports whether a has an epoch and a date, which every message must have.
func (a At) isWhole() bool {
	begun, err := time.Parse(epochLayout, a.Epoch)
	return err == nil && begun.Format(epochLayout) == a.Epoch && a.Date != 0
}
