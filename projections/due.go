package projections

import (
	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// Foreseen lists the alerts of a center that will be raised after one date and by another if nothing is done; see
// aggregates.Center.
func (r *Register) Foreseen(id events.CenterID, on, until events.Date) []aggregates.Alert {
	c, timeline := r.find(id)
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Foreseen(timeline, on, until)
}

// Shortfall says what a center must still spend in the year of a date; see aggregates.Center.
func (r *Register) Shortfall(id events.CenterID, on events.Date) (aggregates.Shortfall, bool) {
	c, timeline := r.find(id)
	if c == nil {
		return aggregates.Shortfall{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Shortfall(timeline, on)
}
