package projections

import (
	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// Annual answers about one year of a center as of a date; nil for one that is not registered by then, or only after the year.
func (r *Register) Annual(id events.CenterID, on events.Date, year int) *aggregates.Annual {
	c, timeline := r.find(id)
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Annual(timeline, c.evaluate(timeline, on), year)
}
