package projections

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Later is one event that was recorded after a point: an event of a center, or a policy that was adopted.
type Later struct {
	Position uint64
	ID       uuid.UUID
	Timeline *policy.Timeline // the policies once a policy was adopted; nil for an event of the center
}

// Changes holds the figures and alerts that some later events moved in a center, as of a date.
type Changes struct {
	Money  []difference.MovedLine  // by year and scope
	Alerts []difference.MovedAlert // by the order of reports
	Steps  []Step                  // the events that moved anything, in order
}

// Step holds the figures and alerts that one later event moved. Later is the index of the event.
type Step struct {
	Later  int
	Money  []difference.MovedLine
	Alerts []difference.MovedAlert
}

// Changes returns the figures and alerts of a center, as of a date, that later events moved, in all and event by
// event. The later events are in order. It evaluates the center after each event that can move an answer. Only the
// first `known` events of the center count; see Counts. It returns early when ctx ends. Events may be applied to the
// center meanwhile.
func (r *Register) Changes(ctx context.Context, id events.CenterID, on events.Date, before policy.Timeline,
	later []Later, known uint64) (Changes, error) {
	w := &walk{on: on, timeline: before, later: later}
	if !r.with(id, func(c *center, _ policy.Timeline) { w.begin(c, known) }) || w.replay == nil {
		return Changes{}, nil
	}
	return w.run(ctx)
}

// walk replays the later events of a center one by one.
type walk struct {
	replay   *aggregates.Replay
	breaks   []Break
	on       events.Date
	timeline policy.Timeline
	later    []Later
	effects  []effect // the effect of each later event
}

// effect is the effect of one later event on the center.
type effect uint8

const (
	aside  effect = iota // it is no event of the center's history: an adoption, or a break
	counts               // it counts, and moves no answer as of the date
	moves                // it counts, and may move an answer as of the date
)

// begin copies the center as it was before the first later event, if any later event can move an answer. The events
// that count have consecutive revisions. A break may have the id of an earlier event.
func (w *walk) begin(c *center, known uint64) {
	revisions, last := make([]uint64, len(w.later)), uint64(0)
	for i, l := range w.later {
		if l.Timeline == nil {
			revisions[i] = c.state.Has(l.ID)
		}
		last = max(last, revisions[i])
	}
	w.effects = make([]effect, len(w.later))
	since, any := last, false
	for i, rev := range slices.Backward(revisions) {
		if rev == 0 || rev != since {
			any = true
			continue
		}
		since--
		w.effects[i] = counts
		if c.state.Moves(rev, w.on) {
			w.effects[i], any = moves, true
		}
	}
	if last == 0 {
		since = known
	}
	if any {
		w.replay, w.breaks = c.state.Replay(since), slices.Clone(c.breaks)
	}
}

// answers holds the answers that a later event can change.
type answers struct {
	money  []aggregates.Execution
	alerts []aggregates.Alert
}

// answer evaluates the center in its current state, with the breaks up to a position.
func (w *walk) answer(position uint64) answers {
	e := w.replay.Evaluate(w.timeline, w.on)
	n := 0
	for n < len(w.breaks) && w.breaks[n].Position <= position {
		n++
	}
	if found := integrityAlerts(w.breaks[:n], w.on); len(found) > 0 {
		e.Alerts = append(e.Alerts, found...)
		slices.SortFunc(e.Alerts, aggregates.CompareAlerts)
	}
	return answers{e.Executions, e.Alerts}
}

func (w *walk) run(ctx context.Context) (all Changes, err error) {
	first := w.answer(w.later[0].Position - 1)
	was := first
	for i, l := range w.later {
		if err := ctx.Err(); err != nil {
			return Changes{}, err
		}
		if !w.next(i) {
			continue
		}
		is := w.answer(l.Position)
		if s := (Step{i, difference.Lines(was.money, is.money), difference.Alerts(was.alerts, is.alerts)}); len(
			s.Money)+len(s.Alerts) > 0 {
			all.Steps = append(all.Steps, s)
		}
		was = is
	}
	all.Money, all.Alerts = difference.Lines(first.money, was.money), difference.Alerts(first.alerts, was.alerts)
	return all, nil
}

// next applies one more event and reports whether it can move an answer.
func (w *walk) next(i int) bool {
	if t := w.later[i].Timeline; t != nil {
		w.timeline = *t
	}
	if w.effects[i] != aside {
		w.replay.Next()
	}
	return w.effects[i] != counts
}
