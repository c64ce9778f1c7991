package projections

import (
	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Chapter is one event of a center's history with what moved, as the ledger stood right after it. AsOf is the day that
// the answers are of: the latest date of an event so far. So a term that ran out before an event is not its doing.
type Chapter struct {
	Event    events.Recorded
	Broken   string // why the event cannot be right, if it cannot
	AsOf     events.Date
	Adopted  []*policy.Policy      // since the chapter before
	ByPolicy difference.Difference // what they did to the answers as of the day of the chapter before
	Lapsed   difference.Difference // what time alone did since that day
	Moved    difference.Difference // what the event did
	State    *aggregates.Evaluation
}

// Story replays one center up to a date. It is handed the policies and the events of the center in the order of the ledger.
type Story struct {
	on       events.Date
	center   *aggregates.Center
	timeline policy.Timeline
	adopted  []*policy.Policy // since the last chapter
	asOf     events.Date
	state    *aggregates.Evaluation
}

// NewStory returns the story of a center before its first event, to be told up to a date.
func NewStory(id events.CenterID, on events.Date) *Story {
	return &Story{on: on, center: aggregates.NewCenter(id), state: &aggregates.Evaluation{}}
}

// Adopt lets a policy judge what follows.
func (s *Story) Adopt(p *policy.Policy) {
	s.timeline = s.timeline.With(p)
	s.adopted = append(s.adopted, p)
}

// Next lets one more event count and returns its chapter. It returns nil for an event after the date of the story, which
// changes no answer by then; a voiding has a chapter whatever its date, for it counts from the start.
func (s *Story) Next(rec *events.Recorded) *Chapter {
	next := *rec
	next.Revision = s.center.Revision() + 1 // fewer than the stream's after an event that could not be applied
	if rec.On > s.on && rec.Kind != events.KindEntryVoided {
		if err := s.center.Apply(&next); err != nil {
			return s.Unreadable(*rec, err)
		}
		return nil
	}
	c := s.until(min(rec.On, s.on))
	c.Event = *rec
	if err := s.center.Apply(&next); err != nil {
		c.Broken = err.Error()
	}
	after := s.center.Evaluate(s.timeline, s.asOf)
	c.Moved, c.State = difference.Of(s.state, after), after
	s.state = after
	return c
}

// Unreadable returns the chapter of an event that counts for nothing, of which rec holds what is known.
func (s *Story) Unreadable(rec events.Recorded, cause error) *Chapter {
	c := s.until(s.asOf)
	c.Event, c.Broken = rec, cause.Error()
	return c
}

// End returns what policies and time alone did from the last event to the date of the story. It has no event.
func (s *Story) End() *Chapter { return s.until(s.on) }

// until begins a chapter: first the policies adopted count, then time passes to a day.
func (s *Story) until(day events.Date) *Chapter {
	c := &Chapter{Adopted: s.adopted}
	if len(s.adopted) > 0 && s.asOf > 0 {
		c.ByPolicy = s.reach(s.asOf)
	}
	s.adopted = nil
	if day > s.asOf {
		c.Lapsed = s.reach(day)
	}
	c.AsOf, c.State = s.asOf, s.state
	return c
}

// reach evaluates the center as of a day and returns what that changes.
func (s *Story) reach(day events.Date) difference.Difference {
	before := s.state
	s.asOf, s.state = day, s.center.Evaluate(s.timeline, day)
	return difference.Of(before, s.state)
}
