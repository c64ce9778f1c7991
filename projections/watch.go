package projections

import (
	"context"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// Watch finds the centers whose alerts may have changed, from one look to the next. It is for one goroutine.
type Watch struct {
	register *Register
	on       events.Date
	seen     map[events.CenterID]Mark // nil before the first look
	breaks   int                      // of the streams that belong to no center, at the last look
}

// Watch returns a Watch that has not looked yet.
func (r *Register) Watch() *Watch { return &Watch{register: r} }

// Seen is a center, or for "" the policies, as a Watch saw it.
type Seen struct {
	Center   events.CenterID
	On       events.Date
	Alerts   []aggregates.Alert // all of them, in the order of reports; the caller must not change them
	register *Register
}

// Explain explains all alerts of Seen. It is for the caller of Look, before take returns.
func (s *Seen) Explain() []aggregates.Explanation {
	return s.register.Explain(s.Center, s.On, "", "", 0)
}

// Look calls take for each center that may have changed since the last look, and for the policies; the first look, and the first
// one as of another date, calls it for all of them. It may call it more than once for a center: the last call counts, and then
// everything that take was told, in this look and before, is as of the position that Look returns. Writers wait during the calls
// for centers that change while Look works, so take should be short. After an error the next look is a first one.
func (w *Watch) Look(ctx context.Context, on events.Date, take func(*Seen)) (position uint64, err error) {
	if w.seen == nil || w.on != on {
		w.on, w.seen, w.breaks = on, map[events.CenterID]Mark{}, -1
	}
	look := func() {
		if err = w.look(ctx, on, take); err != nil {
			w.seen = nil
		}
	}
	look() // ahead, so that little is left to do while writers wait
	if err == nil {
		w.register.Exactly(func(p uint64) {
			position = p
			look()
		})
	}
	return position, err
}

// Forget makes the next look call take for a center although it has not changed.
func (w *Watch) Forget(center events.CenterID) {
	if center == "" {
		w.breaks = -1
	}
	delete(w.seen, center)
}

func (w *Watch) look(ctx context.Context, on events.Date, take func(*Seen)) error {
	r := w.register
	for _, mark := range r.Marks("") {
		if w.seen[mark.Center] == mark {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if e := r.Evaluation(mark.Center, on); e != nil {
			take(&Seen{mark.Center, on, e.Alerts, r})
		}
		w.seen[mark.Center] = mark // if it changed meanwhile, it is seen again
	}
	var found []aggregates.Alert
	breaks := 0
	for _, s := range r.Streams("") {
		b := r.Breaks(s)
		breaks += len(b)
		found = append(found, integrityAlerts(b, on)...)
	}
	if breaks != w.breaks {
		take(&Seen{"", on, found, r})
		w.breaks = breaks
	}
	return nil
}
