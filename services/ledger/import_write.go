package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// A window is what an import holds of the spool before it writes: its events are grouped by stream, each group is one
// append, and several are in flight so that the store may sync them together.
const (
	windowRecords  = 32 << 10
	windowBytes    = 32 << 20
	windowInFlight = 256
)

// writing is the second part of an import: what was laid by is appended, window by window, at the revisions that it was
// judged at. The centers that ran ahead take the place of the ledger's own when all is stored.
type writing struct {
	l        *Ledger
	checks   *checks
	timeline policy.Timeline // that the next window was judged by
	account  Account
	accepted int                // events stored
	wrote    func(accepted int) // called after each window

	window []*group
	held   map[events.StreamID]*group
	count  int
	bytes  int
}

// group is the events of one stream in the present window.
type group struct {
	stream events.StreamID
	trial  *trial
	batch  []events.Proposed
}

// errMoved says that what an import judged by is not what the ledger holds any more.
var errMoved = text.Errorf(text.Conflict, "导入期间另有写入；请再导入一次，已入账的会跳过", "somebody else wrote to the ledger meanwhile; run the import again, it passes over what is there already")

// all appends everything in the spool. Whatever ends it, the ledger's read models are what is stored.
func (w *writing) all(ctx context.Context) error {
	err := w.eachWindow(ctx)
	for id, t := range w.checks.trials {
		if len(t.laid) == 0 || err == nil && w.l.register.TakeOver(t.center, t.known, t.last) {
			continue
		}
		if _, failed := w.l.reload(context.WithoutCancel(ctx), id.Stream()); failed != nil {
			w.l.stopped.Store(true)
			return errors.Join(err, fmt.Errorf("%w: %w", ErrStopped, failed))
		}
	}
	return err
}

// eachWindow gathers windows and writes them. A policy judges what follows it, so it is a window of its own.
func (w *writing) eachWindow(ctx context.Context) error {
	w.held = map[events.StreamID]*group{}
	for e, err := range w.checks.spool.all() {
		if err != nil {
			return err
		}
		adoption := e.Kind == events.KindPolicyAdopted
		if adoption || w.count >= windowRecords || w.bytes >= windowBytes {
			if err := w.flush(ctx); err != nil {
				return err
			}
		}
		if adoption {
			if err := w.adopt(ctx, e); err != nil {
				return err
			}
			continue
		}
		w.hold(e)
	}
	return w.flush(ctx)
}

func (w *writing) adopt(ctx context.Context, e spooled) error {
	adoption, err := events.DecodeEvent(e.Stored)
	if err != nil {
		return fmt.Errorf("ledger: read what is laid by: %w", err)
	}
	if _, err := w.l.Record(ctx, &adoption.Record, w.account); err != nil {
		return fmt.Errorf("ledger: import: %w", err)
	}
	w.timeline = w.l.register.Timeline()
	w.accepted++
	w.wrote(w.accepted)
	return nil
}

func (w *writing) hold(e spooled) {
	g := w.held[e.Stream]
	if g == nil {
		id, _ := e.Stream.Center()
		g = &group{stream: e.Stream, trial: w.checks.trials[id]}
		w.held[e.Stream] = g
		w.window = append(w.window, g)
	}
	g.batch = append(g.batch, events.Proposed{ID: e.ID, Kind: e.Kind, Body: e.Body})
	w.count++
	w.bytes += len(e.Body)
}

// flush writes the window and waits until all of it is durable.
func (w *writing) flush(ctx context.Context) error {
	if !sameTimeline(w.timeline, w.l.register.Timeline()) {
		return errMoved
	}
	var mu sync.Mutex
	var failed error
	var wg sync.WaitGroup
	free := make(chan struct{}, windowInFlight)
	for _, g := range w.window {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			err := w.append(ctx, g)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				w.accepted += len(g.batch)
			} else if failed == nil || errors.Is(err, events.ErrUnknown) { // which is why others were stopped
				failed = err
			}
		})
	}
	wg.Wait()
	w.wrote(w.accepted)
	w.window, w.count, w.bytes = nil, 0, 0
	clear(w.held)
	return failed
}

// append appends one group at the revision that it was judged at, in as few appends as the store takes it.
func (w *writing) append(ctx context.Context, g *group) error {
	defer w.l.lock(g.stream)()
	for rest := g.batch; len(rest) > 0; {
		if w.l.stopped.Load() {
			return ErrStopped
		}
		n := w.fitting(rest)
		expected := max(g.trial.last.Revision, g.trial.known)
		places, err := w.l.store.Append(ctx, g.stream, expected, rest[:n])
		if err != nil {
			var conflict *events.ConflictError
			if errors.As(err, &conflict) {
				err = errMoved
			}
			return w.l.appendFailed(g.stream, err)
		}
		g.trial.last, rest = places[n-1], rest[n:]
	}
	return nil
}

// fitting returns how many events of a batch the store takes in one append: at least one, which it may refuse.
func (w *writing) fitting(batch []events.Proposed) (n int) {
	bytesMax := events.BatchBytesMax
	if limited, ok := w.l.store.(events.Limited); ok {
		bytesMax = min(bytesMax, limited.AppendBytesMax())
	}
	for bytes := 0; n < min(len(batch), events.BatchMax); n++ {
		if bytes += len(batch[n].Body) + 2*len(batch[n].Kind); bytes > bytesMax && n > 0 {
			break
		}
	}
	return n
}
