package projections

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// datesMax is the number of dates whose evaluations a center keeps.
const datesMax = 4

// dated is the last evaluation of a center as of one date.
type dated struct {
	basis
	// nil if it is out of date; the basis stays, as a trace that somebody follows the center as of the date
	evaluation *aggregates.Evaluation
}

// basis holds the inputs of an evaluation. An evaluation with an equal basis is still right.
type basis struct {
	on       events.Date
	changes  int
	policies int
}

// evaluations holds the last evaluations of a center, at most datesMax, each as of another date. The one that was used
// last comes first.
type evaluations struct {
	list  []dated
	again events.Date // the date as of which somebody follows the center, such as the feed of alerts, or none
}

// evaluate does the same as Evaluation. The caller has locked the center.
func (c *center) evaluate(timeline policy.Timeline, on events.Date) *aggregates.Evaluation {
	of := basis{on: on, changes: c.changes, policies: len(timeline.Adopted())}
	d := c.kept.find(on)
	if d.evaluation != nil && d.basis == of {
		return d.evaluation
	}
	c.kept.outdated(of)
	if c.kept.follows(on, d.basis) {
		d.evaluation = c.state.EvaluateAgain(timeline, on)
	} else {
		d.evaluation = c.state.Evaluate(timeline, on)
	}
	d.basis = of
	if found := integrityAlerts(c.breaks, on); len(found) > 0 {
		d.evaluation.Alerts = slices.Concat(d.evaluation.Alerts, found)
		slices.SortFunc(d.evaluation.Alerts, aggregates.CompareAlerts)
	}
	return d.evaluation
}

// find returns the evaluation as of a date and moves it to the front. If there is none, it adds one with the zero
// basis. If there are datesMax already, the new one replaces the one that was used least recently.
func (e *evaluations) find(on events.Date) *dated {
	at := slices.IndexFunc(e.list, func(d dated) bool { return d.on == on })
	if at < 0 {
		if len(e.list) < datesMax {
			e.list = append(e.list, dated{})
		}
		at = len(e.list) - 1
		e.list[at] = dated{}
	}
	if at > 0 {
		found := e.list[at]
		copy(e.list[1:], e.list[:at])
		e.list[0] = found
	}
	return &e.list[0]
}

// outdated removes the evaluations whose events or policies differ from those of a basis.
func (e *evaluations) outdated(now basis) {
	for i := range e.list {
		if d := &e.list[i]; d.changes != now.changes || d.policies != now.policies {
			d.evaluation = nil
		}
	}
}

// follows reports whether somebody follows the center as of a date. before is the basis of the last evaluation as of
// that date. Only one date is followed at a time. Another date replaces it when it is used twice while the first is
// not.
func (e *evaluations) follows(on events.Date, before basis) bool {
	switch {
	case e.again == on:
		return true
	case before.on != on: // asked for the first time
		return false
	}
	for _, d := range e.list {
		if d.on == e.again && d.changes >= before.changes && d.policies >= before.policies {
			return false
		}
	}
	e.again = on
	return true
}
