package projections

import (
	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Foreseen returns the alerts of a center that will be raised after the date on and not after until if nothing is
// done. It also returns the alerts that the next receipt of money announced ahead would raise. See aggregates.Center.
func (r *Register) Foreseen(id events.CenterID, on, until events.Date) (byTime, withReceipt []aggregates.Alert) {
	r.with(id, func(c *center, t policy.Timeline) {
		byTime, withReceipt = c.state.Foreseen(t, on, until), c.state.OpensWithReceipt(t, on, until)
	})
	return byTime, withReceipt
}

// Office returns the office that must act on an alert of a center, as of a date.
func (r *Register) Office(id events.CenterID, code aggregates.Code, on events.Date) Office {
	o := Office{Role: aggregates.Office(code)}
	if o.Role == events.LocalGov {
		r.with(id, func(c *center, _ policy.Timeline) { o.Region = c.state.LocalGov(on) })
	}
	return o
}

// Shortfall returns the amount that a center must still spend in the year of a date; see aggregates.Center.
func (r *Register) Shortfall(id events.CenterID, on events.Date) (s aggregates.Shortfall, ok bool) {
	r.with(id, func(c *center, t policy.Timeline) { s, ok = c.state.Shortfall(t, on) })
	return s, ok
}
