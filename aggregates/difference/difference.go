// Package difference computes the difference between two evaluations of one center: the alerts that moved, the money
// that moved, and the status. The effect of a record is the difference between the evaluations without it and with it,
// as of the same date.
package difference

import (
	"cmp"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// AlertID identifies an alert among the alerts of a center, whatever its state.
type AlertID struct {
	Code     aggregates.Code
	Key      string
	RaisedOn events.Date
}

// AlertIDOf returns the identity of an alert.
func AlertIDOf(a aggregates.Alert) AlertID { return AlertID{a.Code, a.Key, a.RaisedOn} }

// compareAlertIDs orders alerts as reports do. Alerts with the same identity are equal.
func compareAlertIDs(a, b aggregates.Alert) int {
	return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.RaisedOn, b.RaisedOn), cmp.Compare(a.Key, b.Key))
}

// MovedAlert is one alert whose state changed. The states are raised, cleared on a date, and withdrawn. Before or
// After is nil if the alert did not exist then.
type MovedAlert struct{ Before, After *aggregates.Alert }

// Either returns the alert after the change, or before it if the alert no longer exists.
func (m MovedAlert) Either() aggregates.Alert {
	if m.After != nil {
		return *m.After
	}
	return *m.Before
}

// Raised reports whether the alert is open after the change: it is new, or it was cleared before.
func (m MovedAlert) Raised() bool { return m.After != nil && m.After.Open() }

// Cleared reports whether the alert is cleared after the change: it was open before, or cleared on another date. An
// alert can be new and cleared at once, such as the alert about a listing that was recorded after its last day.
func (m MovedAlert) Cleared() bool { return m.After != nil && !m.After.Open() }

// Withdrawn reports whether the alert no longer exists, because the facts now known do not raise it.
func (m MovedAlert) Withdrawn() bool { return m.After == nil }

// Alerts lists the alerts that moved between two evaluations. Both arguments and the result are in the order of
// reports. An alert with another raising date is another alert: the first is withdrawn and the second raised.
func Alerts(before, after []aggregates.Alert) (moved []MovedAlert) {
	for len(before) > 0 || len(after) > 0 {
		if same(before, after) {
			before, after = before[1:], after[1:]
			continue
		}
		switch c := compare(before, after, compareAlertIDs); {
		case c < 0:
			moved, before = append(moved, MovedAlert{Before: &before[0]}), before[1:]
		case c > 0:
			moved, after = append(moved, MovedAlert{After: &after[0]}), after[1:]
		default:
			if before[0].ClearedOn != after[0].ClearedOn {
				moved = append(moved, MovedAlert{&before[0], &after[0]})
			}
			before, after = before[1:], after[1:]
		}
	}
	return moved
}

// MovedLine is one line of the execution report before and after. A side that lacks the line has it with zeros.
type MovedLine struct{ Before, After aggregates.Execution }

// Lines lists the lines of the execution report that differ. Both arguments and the result are ordered by year and
// scope.
func Lines(before, after []aggregates.Execution) (moved []MovedLine) {
	for len(before) > 0 || len(after) > 0 {
		if same(before, after) {
			before, after = before[1:], after[1:]
			continue
		}
		var m MovedLine
		switch c := compare(before, after, compareLines); {
		case c < 0:
			m = MovedLine{before[0], aggregates.Execution{Year: before[0].Year, Scope: before[0].Scope}}
			before = before[1:]
		case c > 0:
			m = MovedLine{aggregates.Execution{Year: after[0].Year, Scope: after[0].Scope}, after[0]}
			after = after[1:]
		default:
			m = MovedLine{before[0], after[0]}
			before, after = before[1:], after[1:]
		}
		if m.Before != m.After {
			moved = append(moved, m)
		}
	}
	return moved
}

func compareLines(a, b aggregates.Execution) int {
	return cmp.Or(cmp.Compare(a.Year, b.Year),
		cmp.Compare(slices.Index(aggregates.Scopes, a.Scope), slices.Index(aggregates.Scopes, b.Scope)))
}

// same reports whether two ordered lists begin with the same element, as they mostly do.
func same[T comparable](a, b []T) bool { return len(a) > 0 && len(b) > 0 && a[0] == b[0] }

// compare compares the first elements of two ordered lists. One list may be empty: an empty list comes last.
func compare[T any](a, b []T, order func(x, y T) int) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return order(a[0], b[0])
}

// Difference holds everything that differs between two evaluations.
type Difference struct {
	StatusBefore aggregates.Status
	Status       aggregates.Status
	Alerts       []MovedAlert
	Money        []MovedLine
}

// Of returns the difference of two evaluations.
func Of(before, after *aggregates.Evaluation) Difference {
	return Difference{before.Status, after.Status, Alerts(before.Alerts, after.Alerts),
		Lines(before.Executions, after.Executions)}
}

// IsZero reports whether the evaluations give the same answers.
func (d *Difference) IsZero() bool {
	return d.StatusBefore == d.Status && len(d.Alerts)+len(d.Money) == 0
}

// Raised lists the alerts that the difference raised.
func (d *Difference) Raised() []aggregates.Alert { return d.those(MovedAlert.Raised) }

// Cleared lists the alerts that the difference cleared.
func (d *Difference) Cleared() []aggregates.Alert { return d.those(MovedAlert.Cleared) }

// Withdrawn lists the alerts that the difference withdrew, in their state before.
func (d *Difference) Withdrawn() []aggregates.Alert { return d.those(MovedAlert.Withdrawn) }

func (d *Difference) those(are func(MovedAlert) bool) (list []aggregates.Alert) {
	for _, m := range d.Alerts {
		if are(m) {
			list = append(list, m.Either())
		}
	}
	return list
}
