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

// Changes is what some later events moved in a center, as of a date.
type Changes struct {
	Money  []difference.Money // by year and scope
	Alerts []difference.Alert // by the order of reports
	Steps  []Step             // those that moved anything, in order
}

// Step is what one of the later events moved, by its index.
type Step struct {
	Later  int
	Money  []difference.Money
	Alerts []difference.Alert
}

// Changes returns what later events of a center, given in order, moved in its answers as of a date, and which of them
// moved what: it evaluates the center after each that can move an answer. Only the first `known` events of the center
// count; see Counts. It ends early when ctx does. The center may go on meanwhile.
func (r *Register) Changes(ctx context.Context, id events.CenterID, on events.Date, before policy.Timeline, later []Later, known uint64) (Changes, error) {
	w := &walk{on: on, timeline: before, later: later}
	if !r.with(id, func(c *center, _ policy.Timeline) { w.begin(c, known) }) || w.replay == nil {
		return Changes{}, nil
	}
	return w.run(ctx)
}

// walk goes through the later events of a center.
type walk struct {
	replay   *aggregates.Replay
	breaks   []Break
	on       events.Date
	timeline policy.Timeline
	later    []Later
	effects  []effect // of the later events
}

// effect is what one of the later events does to the center.
type effect uint8

const (
	aside  effect = iota // it never counted: an adoption, or a break
	counts               // it counts, and moves no answer as of the date
	moves                // it counts, and may move one
)

// begin copies the center as it was before the first of the later events, if any of them can move an answer. Those that
// count have revisions that follow one another; a break may have the id of an earlier event.
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

// answers is what can change.
type answers struct {
	money  []aggregates.Execution
	alerts []aggregates.Alert
}

// answer evaluates the center as it stands, with the breaks up to a position.
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
		if s := (Step{i, difference.Lines(was.money, is.money), difference.Alerts(was.alerts, is.alerts)}); len(s.Money)+len(s.Alerts) > 0 {
			all.Steps = append(all.Steps, s)
		}
		was = is
	}
	all.Money, all.Alerts = difference.Lines(first.money, was.money), difference.Alerts(first.alerts, was.alerts)
	return all, nil
}

// next lets one more event count and says whether it can move an answer.
func (w *walk) next(i int) bool {
	if t := w.later[i].Timeline; t != nil {
		w.timeline = *t
	}
	if w.effects[i] != aside {
		w.replay.Next()
	}
	return w.effects[i] != counts
}
