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
	register  *Register
	on        events.Date
	seen      map[events.CenterID]Mark // of each center when take was last called for it; nil before the first look
	since     uint64                   // changes of the register that are looked at; see changedSince
	policies  int                      // adopted policies at the last look
	forgotten []events.CenterID
	breaks    int // of the streams that belong to no center, at the last look
}

// Watch returns a Watch that has not looked yet. The register should see all centers: a Watch does not notice that a
// center is not seen any more.
func (r *Register) Watch() *Watch { return &Watch{register: r} }

// Seen is a center, or for "" the policies, as a Watch saw it.
type Seen struct {
	Center   events.CenterID
	On       events.Date
	Alerts   []aggregates.Alert // all of them, in the order of aggregates.CompareAlerts; the caller must not change them
	register *Register
}

// Explain explains the alerts of Seen, one by one in the same order. It is for the caller of Look, before take returns:
// outside of Exactly, events that are applied meanwhile may already show.
func (s *Seen) Explain() []aggregates.Explanation {
	return s.register.Explain(s.Center, s.On, "", "", 0)
}

// ExplainEach explains some alerts of Seen, as Explain does all. The explanation of an alert is nil if an event that was applied
// meanwhile took the alert away.
func (s *Seen) ExplainEach(alerts []aggregates.Alert) []*aggregates.Explanation {
	list := make([]*aggregates.Explanation, len(alerts))
	explain := func(find func(a aggregates.Alert) []aggregates.Explanation) {
		for i, a := range alerts {
			found := find(a)
			if n := slices.IndexFunc(found, func(x aggregates.Explanation) bool { return x.Key == a.Key }); n >= 0 { // no key is every key
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

// lookAheadMax is how often Look works ahead, while events are applied, so that few centers are left for the moment in
// which writers wait. Under load nearly as many change again each time.
const lookAheadMax = 3

// Look calls take for each center that may have changed since the last look, and for the policies if they have other
// breaks than then. The first look, and the first one as of another date, calls it for all of them. Look may call take
// more than once for a center: the last call counts. After Look everything that take was told, in this look and before,
// is as of the position that Look returns. Writers wait during the last calls, of the centers that changed while Look
// worked, so take should be short. take must not call Exactly or use the Watch. After an error the next look is a first
// one.
func (w *Watch) Look(ctx context.Context, on events.Date, take func(*Seen)) (position uint64, err error) {
	if w.seen == nil || w.on != on {
		*w = Watch{register: w.register, on: on, seen: map[events.CenterID]Mark{}, policies: -1, breaks: -1}
	}
	for n, before, i := 0, math.MaxInt, 0; i < lookAheadMax; i++ {
		if n, err = w.look(ctx, take); err != nil || n == 0 || n >= before { // no fewer changed meanwhile: waiting does not help
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
	if _, ok := w.seen[center]; ok { // else the next look calls take for it anyway
		delete(w.seen, center)
		w.forgotten = append(w.forgotten, center)
	}
}

// look calls take for what changed since the last call of look, and returns how many centers that were.
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
