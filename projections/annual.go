package projections

import (
	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Annual answers about one year of a center as of a date; nil for one that is not registered by then, or only after the year.
func (r *Register) Annual(id events.CenterID, on events.Date, year int) (a *aggregates.Annual) {
	r.with(id, func(c *center, t policy.Timeline) { a = c.state.Annual(t, c.evaluate(t, on), year) })
	return a
}
