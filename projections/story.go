package projections

import (
	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Chapter is one event of the history of a center, with the answers that moved. AsOf is the day of the answers: the
// latest date of the events so far. So the end of a term before an event is not counted as an effect of the event.
type Chapter struct {
	Event    events.Recorded
	Broken   string // why the event cannot be right, or ""
	AsOf     events.Date
	Adopted  []*policy.Policy      // the policies adopted since the chapter before
	ByPolicy difference.Difference // the effect of these policies on the answers as of the day of the chapter before
	Lapsed   difference.Difference // the effect of time alone since that day
	Moved    difference.Difference // the effect of the event
	State    *aggregates.Evaluation
}

// Story replays one center up to a date. Its caller passes it the policies and the events of the center in the order
// of the ledger.
type Story struct {
	on       events.Date
	center   *aggregates.Center
	timeline policy.Timeline
	adopted  []*policy.Policy // since the last chapter
	asOf     events.Date
	state    *aggregates.Evaluation
}

// NewStory returns the story of a center up to a date, before its first event.
func NewStory(id events.CenterID, on events.Date) *Story {
	return &Story{on: on, center: aggregates.NewCenter(id), state: &aggregates.Evaluation{}}
}

// Adopt adds a policy. It judges from the next chapter on.
func (s *Story) Adopt(p *policy.Policy) {
	s.timeline = s.timeline.With(p)
	s.adopted = append(s.adopted, p)
}

// Next applies one more event and returns its chapter. It returns nil for an event after the date of the story,
// because such an event changes no answer as of that date. A voiding has a chapter whatever its date, because it takes
// effect from the start.
func (s *Story) Next(rec *events.Recorded) *Chapter {
	next := *rec
	// the center may have fewer events than the stream, because some could not be applied
	next.Revision = s.center.Revision() + 1
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

// Unreadable returns the chapter of an event that cannot be applied. rec has the parts of the event that are known.
func (s *Story) Unreadable(rec events.Recorded, cause error) *Chapter {
	c := s.until(s.asOf)
	c.Event, c.Broken = rec, cause.Error()
	return c
}

// End returns a chapter without an event: the effects of policies and of time between the last event and the date of
// the story.
func (s *Story) End() *Chapter { return s.until(s.on) }

// until begins a chapter. It applies the adopted policies first and then lets time pass to a day.
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

// reach evaluates the center as of a day and returns the difference from the evaluation before.
func (s *Story) reach(day events.Date) difference.Difference {
	before := s.state
	s.asOf, s.state = day, s.center.Evaluate(s.timeline, day)
	return difference.Of(before, s.state)
}
