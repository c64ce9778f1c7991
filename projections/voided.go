package projections

import (
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// ReversedFen returns the amount of the voucher that a reversal of a center reverses, and whether the event is a
// reversal.
func (r *Register) ReversedFen(id events.CenterID, reversal uuid.UUID) (fen events.Fen, ok bool) {
	r.with(id, func(c *center, _ policy.Timeline) { fen, ok = c.state.ReversedFen(reversal) })
	return fen, ok
}

// Voided returns the id of the entry.voided record that voids an event of a center, if it is among the first `known`
// events of the center. An adopted policy is never voided, and neither is a voiding.
func (r *Register) Voided(id events.CenterID, event uuid.UUID, known uint64) (by uuid.UUID, ok bool) {
	r.with(id, func(c *center, _ policy.Timeline) {
		by, ok = c.state.Voided(event)
		ok = ok && c.state.Has(by) <= known
	})
	return by, ok
}
