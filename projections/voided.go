package projections

import (
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// Voided returns the id of the entry.voided that leaves an event of a center out, if one does. A policy that was adopted
// is never voided.
func (r *Register) Voided(id events.CenterID, event uuid.UUID) (by uuid.UUID, ok bool) {
	c, _ := r.find(id)
	if c == nil {
		return uuid.Nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Voided(event)
}
