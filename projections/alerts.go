package projections

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Center is one line of the register.
type Center struct {
	ID     events.CenterID
	Status aggregates.Status
	Events int // with on not after the date, not voided
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

// AlertFilter selects alerts; zero members select all. Without All only those open on the date are taken.
type AlertFilter struct {
	All      bool
	Severity aggregates.Severity
	Code     aggregates.Code
	Center   events.CenterID
}

func (f AlertFilter) takes(a aggregates.Alert) bool {
	return (f.All || a.Open()) && (f.Severity == "" || a.Severity == f.Severity) && (f.Code == "" || a.Code == f.Code)
}

// Evaluation answers everything about a center as of a date, breaks of its integrity included, or nil if nothing of
// it was ever recorded. It must not be changed. The last answer of each center is kept.
func (r *Register) Evaluation(id events.CenterID, on events.Date) (e *aggregates.Evaluation) {
	r.with(id, func(c *center, t policy.Timeline) { e = c.evaluate(t, on) })
	return e
}

// evaluate is Evaluation for one that holds the center's lock.
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

// Alerts lists the alerts as of a date by center, code, raising date and key.
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

// Explain explains the alerts of a center with this code (and key, and raising date, unless "" and none) as of a
// date.
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
