package projections

import (
	"iter"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// CenterLine is one line of the register of centers, as of a date.
type CenterLine struct {
	ID     events.CenterID
	Status aggregates.Status
	Events int // the number of events on or before the date that are not voided
	Name   string
	Region string // GB/T 2260
	Open   map[aggregates.Severity]int
}

// Alert is an alert with its center. The center is "" for the break of a stream that belongs to no center.
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
// event of the center was ever recorded. The caller must not change the result. The register keeps the last
// evaluations of each center, as of up to four dates.
func (r *Register) Evaluation(id events.CenterID, on events.Date) (e *aggregates.Evaluation) {
	r.with(id, func(c *center, t policy.Timeline) { e = c.evaluate(t, on) })
	return e
}

// Center returns the line of a center as of a date. ok is false if it was not registered by then.
func (r *Register) Center(id events.CenterID, on events.Date) (line CenterLine, ok bool) {
	r.with(id, func(c *center, t policy.Timeline) {
		e := c.evaluate(t, on)
		if ok = e.Status != ""; !ok {
			return
		}
		facts := c.state.Facts(on)
		line = CenterLine{ID: id, Status: e.Status, Events: e.Events, Name: facts.Name, Region: facts.Region,
			Open: map[aggregates.Severity]int{}}
		for _, a := range e.Alerts {
			if a.Open() {
				line.Open[a.Severity]++
			}
		}
	})
	return line, ok
}

// Centers yields the centers registered by a date, in the order of their ids.
func (r *Register) Centers(on events.Date) iter.Seq[CenterLine] {
	return func(yield func(CenterLine) bool) {
		for _, id := range r.IDs() {
			if line, ok := r.Center(id, on); ok && !yield(line) {
				return
			}
		}
	}
}

// Alerts yields the alerts as of a date in the order of center, code, raising date and key.
func (r *Register) Alerts(on events.Date, f AlertFilter) iter.Seq[Alert] {
	ids := []events.CenterID{f.Center}
	if f.Center == "" {
		ids = append(ids, r.IDs()...)
	}
	return func(yield func(Alert) bool) {
		for _, id := range ids {
			for a := range r.AlertsOf(id, on, f) {
				if !yield(a) {
					return
				}
			}
		}
	}
}

// AlertsOf yields the alerts of one center, or of the streams that belong to no center for "", as Alerts does.
func (r *Register) AlertsOf(id events.CenterID, on events.Date, f AlertFilter) iter.Seq[Alert] {
	var found []aggregates.Alert
	if id == "" {
		found = alertsOf(r.broken(on))
	} else if e := r.Evaluation(id, on); e != nil {
		found = e.Alerts
	}
	return func(yield func(Alert) bool) {
		for _, a := range found {
			if f.takes(a) && !yield(Alert{id, a}) {
				return
			}
		}
	}
}

// Explain explains the alerts of a center with this code as of a date, or all alerts of Evaluation for "". It explains
// only those with this key, unless it is "", and with this raising date, unless it is zero. For the center "" it
// explains the breaks of the streams that belong to no center. The explanations are in the order of
// aggregates.CompareAlerts.
func (r *Register) Explain(id events.CenterID, on events.Date, code aggregates.Code, key string,
	raisedOn events.Date) (list []aggregates.Explanation) {
	if id == "" {
		return withBroken(nil, r.broken(on), code, key, raisedOn)
	}
	r.with(id, func(c *center, t policy.Timeline) { list = c.explain(t, on, code, key, raisedOn) })
	return list
}

// explain does the same as Explain. The caller has locked the center.
func (c *center) explain(t policy.Timeline, on events.Date, code aggregates.Code, key string,
	raisedOn events.Date) (list []aggregates.Explanation) {
	if code != aggregates.LedgerBroken {
		list = c.state.Explain(t, on, code, key, raisedOn)
	}
	return withBroken(list, explainBreaks(c.breaks, on), code, key, raisedOn)
}

// withBroken appends the explanations of breaks that have the code, key and raising date asked for.
func withBroken(list, broken []aggregates.Explanation, code aggregates.Code, key string,
	raisedOn events.Date) []aggregates.Explanation {
	found := len(list)
	for _, x := range broken {
		if (code == "" || code == x.Code) && (key == "" || key == x.Key) && (raisedOn == 0 || raisedOn == x.RaisedOn) {
			list = append(list, x)
		}
	}
	if len(list) > found {
		slices.SortFunc(list, compareExplanations)
	}
	return list
}

// broken explains the breaks of the streams that belong to no center, in the order of aggregates.CompareAlerts.
func (r *Register) broken(on events.Date) (list []aggregates.Explanation) {
	for _, s := range r.Streams("") {
		list = append(list, explainBreaks(r.Breaks(s), on)...)
	}
	slices.SortFunc(list, compareExplanations)
	return list
}

func compareExplanations(a, b aggregates.Explanation) int {
	return aggregates.CompareAlerts(a.Alert, b.Alert)
}

// alertsOf returns the alerts of some explanations.
func alertsOf(list []aggregates.Explanation) []aggregates.Alert {
	alerts := make([]aggregates.Alert, len(list))
	for i := range list {
		alerts[i] = list[i].Alert
	}
	return alerts
}
