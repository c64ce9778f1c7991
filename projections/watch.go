package projections

import (
	"context"
	"math"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Watch finds the centers whose alerts may have changed, from one look to the next. It is for one goroutine.
type Watch struct {
	register *Register
	on       events.Date
	// the mark of each center when take was last called for it; nil before the first look
	seen      map[events.CenterID]Mark
	since     uint64 // the number of changes of the register up to the last look; see changedSince
	policies  int    // adopted policies at the last look
	forgotten []events.CenterID
	breaks    int // of the streams that belong to no center, at the last look
}

// Watch returns a Watch that has not looked yet. The register should show all centers: a Watch does not notice
// that a center left the scope.
func (r *Register) Watch() *Watch { return &Watch{register: r} }

// Seen is the state of a center in a look, or of the policies for "".
type Seen struct {
	Center events.CenterID
	On     events.Date
	// all of them, in the order of aggregates.CompareAlerts; the caller must not change them
	Alerts   []aggregates.Alert
	register *Register
}

// Explain explains the alerts of Seen, one by one in the same order. Call it in take. If Look called
// take outside of Exactly, the explanations may include events that were applied meanwhile.
func (s *Seen) Explain() []aggregates.Explanation {
	return s.register.Explain(s.Center, s.On, "", "", 0)
}

// ExplainEach explains some alerts of Seen, like Explain. The explanation of an alert is nil if an event that was
// applied meanwhile withdrew the alert.
func (s *Seen) ExplainEach(alerts []aggregates.Alert) []*aggregates.Explanation {
	list := make([]*aggregates.Explanation, len(alerts))
	explain := func(find func(a aggregates.Alert) []aggregates.Explanation) {
		for i, a := range alerts {
			found := find(a)
			// Explain takes the key "" for all keys
			if n := slices.IndexFunc(found, func(x aggregates.Explanation) bool { return x.Key == a.Key }); n >= 0 {
				list[i] = &found[n]
			}
		}
	}
	if s.Center == "" {
		explain(func(a aggregates.Alert) []aggregates.Explanation {
			return s.register.Explain("", s.On, a.Code, a.Key, a.RaisedOn)
		})
		return list
	}
	s.register.with(s.Center, func(c *center, t policy.Timeline) {
		explain(func(a aggregates.Alert) []aggregates.Explanation {
			return c.explain(t, s.On, a.Code, a.Key, a.RaisedOn)
		})
	})
	return list
}

// Responsible returns the local government and the department that are responsible for the center; see
// Register.Responsible. Both are "" for the policies.
func (s *Seen) Responsible() (localGov, industryDept string) {
	localGov, industryDept, _ = s.register.Responsible(s.Center, s.On)
	return localGov, industryDept
}

// lookAheadMax is the maximum number of passes that Look makes while events are applied, so that few centers remain
// for the last pass, during which writers wait. Under load, more passes do not help: nearly as many centers change
// meanwhile.
const lookAheadMax = 3

// Look calls take for each center that may have changed since the last look, and for the policies if their breaks have
// changed. The first look, and the first look as of another date, calls take for all of them. Look may call take more
// than once for a center; the last call counts. When Look returns, the last calls of all looks together show the
// register at the position that Look returns. Writers wait during the last calls, which are for the centers that
// changed while Look worked, so take should be short. take must not call Exactly or use the Watch. After an error the
// next look starts again with all centers.
func (w *Watch) Look(ctx context.Context, on events.Date, take func(*Seen)) (position uint64, err error) {
	if w.seen == nil || w.on != on {
		*w = Watch{register: w.register, on: on, seen: map[events.CenterID]Mark{}, policies: -1, breaks: -1}
	}
	for n, before, i := 0, math.MaxInt, 0; i < lookAheadMax; i++ {
		// no fewer centers changed meanwhile, so another pass would not help
		if n, err = w.look(ctx, take); err != nil || n == 0 || n >= before {
			break
		}
		before = n
	}
	if err == nil {
		w.register.Exactly(func(p uint64) {
			position = p
			_, err = w.look(ctx, take)
		})
	}
	if err != nil {
		w.seen = nil
		return 0, err
	}
	return position, nil
}

// Forget makes the next look call take for a center, or for "" for the policies, although it has not changed.
func (w *Watch) Forget(center events.CenterID) {
	if center == "" {
		w.breaks = -1
		return
	}
	if _, ok := w.seen[center]; ok { // otherwise the next look calls take for it anyway
		delete(w.seen, center)
		w.forgotten = append(w.forgotten, center)
	}
}

// look calls take for each center that changed since the last call of look, and returns their number.
func (w *Watch) look(ctx context.Context, take func(*Seen)) (n int, err error) {
	r := w.register
	ids, since, policies := r.changedSince(w.since, w.policies)
	for _, id := range append(ids, w.forgotten...) {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		seen := Seen{Center: id, On: w.on, register: r}
		changed := false
		r.with(id, func(c *center, t policy.Timeline) {
			mark := Mark{id, c.changes, len(t.Adopted())}
			if changed = w.seen[id] != mark; changed {
				seen.Alerts, w.seen[id] = c.evaluate(t, w.on).Alerts, mark
			}
		})
		if changed {
			n++
			take(&seen)
		}
	}
	w.since, w.policies, w.forgotten = since, policies, nil
	breaks := 0
	for _, s := range r.Streams("") {
		breaks += len(r.Breaks(s))
	}
	if breaks != w.breaks {
		take(&Seen{"", w.on, alertsOf(r.broken(w.on)), r})
		w.breaks = breaks
	}
	return n, nil
}
