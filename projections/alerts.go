package projections

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Center is one line of the register of centers, as of a date.
type Center struct {
	ID     events.CenterID
	Status aggregates.Status
	Events int // the number of events on or before the date that are not voided
	Name   string
	Region string // GB/T 2260
	Open   map[aggregates.Severity]int
}

// Alert is an alert with the center that it is about. Breaks of a stream that belongs to no center are about
// the center "".
type Alert struct {
	Center events.CenterID
	aggregates.Alert
}

// AlertFilter selects alerts. A zero member selects all alerts, but without All only alerts that are open on the date
// are selected.
type AlertFilter struct {
	All      bool
	Severity aggregates.Severity
	Code     aggregates.Code
	Center   events.CenterID
}

func (f AlertFilter) takes(a aggregates.Alert) bool {
	return (f.All || a.Open()) && (f.Severity == "" || a.Severity == f.Severity) && (f.Code == "" || a.Code == f.Code)
}

// Evaluation returns all answers about a center as of a date, including the alerts of its breaks. It returns nil if no
// event of the center was ever recorded. The caller must not change the result. The register keeps the last evaluation
// of each center.
func (r *Register) Evaluation(id events.CenterID, on events.Date) (e *aggregates.Evaluation) {
	r.with(id, func(c *center, t policy.Timeline) { e = c.evaluate(t, on) })
	return e
}

// evaluate is Evaluation for a caller that has the lock of the center.
func (c *center) evaluate(timeline policy.Timeline, on events.Date) *aggregates.Evaluation {
	of := basis{on: on, changes: c.changes, policies: len(timeline.Adopted())}
	if c.last != nil && c.lastOf == of {
		return c.last
	}
	c.last, c.lastOf = c.state.Evaluate(timeline, on), of
	if found := integrityAlerts(c.breaks, on); len(found) > 0 {
		c.last.Alerts = append(c.last.Alerts, found...)
		slices.SortFunc(c.last.Alerts, aggregates.CompareAlerts)
	}
	return c.last
}

// Centers lists the centers registered by a date, in the order of their ids.
func (r *Register) Centers(on events.Date) []Center {
	var list []Center
	r.each("", func(c *center, t policy.Timeline) {
		e := c.evaluate(t, on)
		if e.Status == "" {
			return
		}
		facts := c.state.Facts(on)
		line := Center{ID: c.state.ID(), Status: e.Status, Events: e.Events, Name: facts.Name, Region: facts.Region, Open: map[aggregates.Severity]int{}}
		for _, a := range e.Alerts {
			if a.Open() {
				line.Open[a.Severity]++
			}
		}
		list = append(list, line)
	})
	return list
}

// Alerts lists the alerts as of a date in the order of center, code, raising date and key.
func (r *Register) Alerts(on events.Date, f AlertFilter) []Alert {
	var list []Alert
	take := func(id events.CenterID, found []aggregates.Alert) {
		for _, a := range found {
			if f.takes(a) {
				list = append(list, Alert{id, a})
			}
		}
	}
	if f.Center == "" {
		for _, s := range r.Streams("") {
			take("", integrityAlerts(r.Breaks(s), on))
		}
	}
	r.each(f.Center, func(c *center, t policy.Timeline) { take(c.state.ID(), c.evaluate(t, on).Alerts) })
	return list
}

// Explain explains the alerts of a center with this code as of a date. It explains only those with this key, unless it
// is "", and with this raising date, unless it is zero.
func (r *Register) Explain(id events.CenterID, on events.Date, code aggregates.Code, key string, raisedOn events.Date) (list []aggregates.Explanation) {
	if code == aggregates.LedgerBroken {
		return r.explainBreaks(id, on, key, raisedOn)
	}
	r.with(id, func(c *center, t policy.Timeline) { list = c.state.Explain(t, on, code, key, raisedOn) })
	return list
}

func (r *Register) explainBreaks(id events.CenterID, on events.Date, key string, raisedOn events.Date) (list []aggregates.Explanation) {
	for _, s := range r.Streams(id) {
		for _, b := range r.Breaks(s) {
			for _, a := range integrityAlerts([]Break{b}, on) {
				if (key == "" || key == a.Key) && (raisedOn == 0 || raisedOn == a.RaisedOn) {
					list = append(list, b.explain(a))
				}
			}
		}
	}
	return list
}
