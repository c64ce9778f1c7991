package projections

import (
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Voided returns the id of the entry.voided that leaves an event of a center out, if one does. A policy that was adopted
// is never voided.
func (r *Register) Voided(id events.CenterID, event uuid.UUID) (by uuid.UUID, ok bool) {
	r.with(id, func(c *center, _ policy.Timeline) { by, ok = c.state.Voided(event) })
	return by, ok
}
