package main

import (
	"context"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// chapter is one event of a center's history with what it changed, as the ledger stood right after it. The day it is
// told as of is the latest on so far, so that a term that ran out before the event shows as lapsed, not as its doing.
type chapter struct {
	rec    events.Recorded
	broken string // why the event cannot be right, if it cannot
	asOf   events.Date
	lapsed changes // what time alone did since the chapter before
	change changes
	state  *aggregates.Evaluation
}

// changes is the difference of two evaluations.
type changes struct {
	statusBefore aggregates.Status
	status       aggregates.Status
	opened       []aggregates.Alert
	cleared      []aggregates.Alert
	withdrawn    []aggregates.Alert // a later fact shows that it never was
	money        []aggregates.Execution
}

// recordedOnly says whether the event is of those that auditors ask for: record mode and voidings.
func (c *chapter) recordedOnly() bool {
	return c.rec.Mode == events.Recording || c.rec.Kind == events.KindEntryVoided
}

// storyteller replays one center.
type storyteller struct {
	on       events.Date
	center   *aggregates.Center
	timeline policy.Timeline
	adopted  []adopted // not yet in force where the story is
	asOf     events.Date
	state    *aggregates.Evaluation
}

type adopted struct {
	position uint64
	policy   *policy.Policy
}

// story hands over the chapters of a center in the order of the ledger. Every event takes part, for a voiding counts
// whatever its date; those after the date asked about are not told, but for voidings. The end is what time alone did
// from the last of them to the date asked about.
func (s *session) story(ctx context.Context, id events.CenterID, tell func(*chapter) error) (end *chapter, err error) {
	t := &storyteller{on: s.on, center: aggregates.NewCenter(id), state: &aggregates.Evaluation{}}
	for stored, err := range s.store.ReadStream(ctx, events.PolicyStream, 0) {
		if err != nil {
			return nil, err
		}
		rec, err := events.DecodeEvent(stored)
		if err != nil {
			continue // an alert of the ledger's integrity says so
		}
		if data, ok := rec.Data.(*events.PolicyAdopted); ok {
			if p, problems := policy.Parse([]byte(data.Text)); len(problems) == 0 {
				t.adopted = append(t.adopted, adopted{rec.Position, p})
			}
		}
	}
	for stored, err := range s.store.ReadStream(ctx, id.Stream(), 0) {
		if err != nil {
			return nil, err
		}
		if !s.knownAt.Knows(stored.Place) {
			break
		}
		c := t.next(stored)
		if c.rec.On > s.on && c.rec.Kind != events.KindEntryVoided {
			continue
		}
		if err := tell(c); err != nil {
			return nil, err
		}
	}
	return t.until(s.on), nil
}

// until lets time pass to a day.
func (t *storyteller) until(day events.Date) *chapter {
	c := &chapter{}
	if day > t.asOf {
		t.asOf = day
		before := t.center.Evaluate(t.timeline, day)
		c.lapsed = compare(t.state, before)
		t.state = before
	}
	c.asOf, c.state = t.asOf, t.state
	return c
}

// next applies one event and compares before and after.
func (t *storyteller) next(stored events.Stored) *chapter {
	rec, err := events.DecodeEvent(stored)
	if err != nil {
		return &chapter{rec: events.Recorded{Record: events.Record{ID: stored.ID, Kind: stored.Kind}, Revision: stored.Revision,
			Position: stored.Position, RecordedAt: stored.RecordedAt}, broken: err.Error(), asOf: t.asOf, state: t.state}
	}
	for len(t.adopted) > 0 && t.adopted[0].position < stored.Position {
		t.timeline = t.timeline.With(t.adopted[0].policy)
		t.adopted = t.adopted[1:]
	}
	c := t.until(min(rec.On, t.on))
	c.rec = rec
	next := rec
	next.Revision = t.center.Revision() + 1 // fewer than the stream's after an event that could not be applied
	if err := t.center.Apply(&next); err != nil {
		c.broken = err.Error()
	}
	after := t.center.Evaluate(t.timeline, t.asOf)
	c.change, c.state = compare(t.state, after), after
	t.state = after
	return c
}

func compare(before, after *aggregates.Evaluation) changes {
	c := changes{statusBefore: before.Status, status: after.Status}
	for _, a := range after.Alerts {
		was, there := sameAlert(before.Alerts, a)
		switch {
		case !there:
			c.opened = append(c.opened, a)
		case was.Open() && !a.Open():
			c.cleared = append(c.cleared, a)
		case !was.Open() && a.Open():
			c.opened = append(c.opened, a)
		}
	}
	for _, a := range before.Alerts {
		if _, there := sameAlert(after.Alerts, a); !there {
			c.withdrawn = append(c.withdrawn, a)
		}
	}
	c.money = moneyChanges(before.Executions, after.Executions)
	return c
}

func sameAlert(list []aggregates.Alert, a aggregates.Alert) (aggregates.Alert, bool) {
	i := slices.IndexFunc(list, func(b aggregates.Alert) bool { return a.Code == b.Code && a.Key == b.Key && a.RaisedOn == b.RaisedOn })
	if i < 0 {
		return a, false
	}
	return list[i], true
}

// moneyChanges lists what an event did to granted, received, spent and ineligible money, leaving out the sum of two
// scopes and what follows for later years.
func moneyChanges(before, after []aggregates.Execution) (list []aggregates.Execution) {
	for _, x := range after {
		if x.Scope == aggregates.FiscalScope {
			continue
		}
		d := x
		d.CarriedInFen = 0
		for _, was := range before {
			if was.Year == x.Year && was.Scope == x.Scope {
				d.GrantedFen -= was.GrantedFen
				d.ReceivedFen -= was.ReceivedFen
				d.SpentAllFen -= was.SpentAllFen
				d.IneligibleFen -= was.IneligibleFen
			}
		}
		if !d.IsZero() || d.IneligibleFen != 0 {
			list = append(list, d)
		}
	}
	return list
}
