package alertfeed

import (
	"cmp"
	"time"

	"github.com/taizhang/taizhang/events"
)

// At is what a message knows: the ledger up to a position, judged as of a date.
type At struct {
	Epoch      string      `json:"epoch"`      // the instant at which the access log began to live, RFC 3339 in UTC with microseconds: a restored ledger has a later one
	Generation uint64      `json:"generation"` // when everything was last stated again: microseconds since 1970 by the clock of the server
	Engine     int         `json:"engine"`     // the version of the judgement; see aggregates.Engine
	Position   uint64      `json:"position"`   // of the last record that the message knows
	Date       events.Date `json:"date"`       // in Shanghai
}

// life compares what two messages must share for their positions and dates to mean the same.
func (a At) life(b At) int {
	return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.Engine, b.Engine))
}

// Precedes reports whether a is of an earlier statement of all alerts than b: its epoch is earlier, or its generation within the same
// epoch.
func (a At) Precedes(b At) bool {
	return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Generation, b.Generation)) < 0
}

// Later reports whether a knows more than b: its epoch, generation and engine are later, in this order; or they are the same,
// neither the position nor the date is less, and one of them is greater.
func (a At) Later(b At) bool {
	if c := a.life(b); c != 0 {
		return c > 0
	}
	return a != b && a.Position >= b.Position && a.Date >= b.Date
}

// Behind reports whether b knows something that a does not. Of two, both may be behind the other: one has the greater position,
// one the later date.
func (a At) Behind(b At) bool { return a != b && !a.Later(b) }

// epochLayout is how an epoch is written. As texts, two epochs are in the order of their instants.
const epochLayout = "2006-01-02T15:04:05.000000Z"

// isWhole reports whether a has an epoch and a date, as every message has.
func (a At) isWhole() bool {
	begun, err := time.Parse(epochLayout, a.Epoch)
	return err == nil && begun.Format(epochLayout) == a.Epoch && a.Date != 0
}
