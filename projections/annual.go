package projections

import (
	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Annual returns the figures of one year of a center as of a date. It returns nil for a center that was not registered
// by the date or by the end of the year.
func (r *Register) Annual(id events.CenterID, on events.Date, year int) (a *aggregates.Annual) {
	r.with(id, func(c *center, t policy.Timeline) { a = c.state.Annual(t, c.evaluate(t, on), year) })
	return a
}
