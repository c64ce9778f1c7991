package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// A window is what the second pass holds before it writes: its records are grouped by center, each group is one
// append, and several are in flight so that the store may sync them together.
const (
	windowRecords  = 4096
	windowBytes    = 16 << 20
	windowInFlight = 16
)

// writer is the second pass: it takes the good lines again and writes them window by window.
type writer struct {
	im     *importer
	kept   map[events.StreamID]*batch // by stream, for the copies that run ahead
	window []*window
	held   map[events.StreamID]*window
	count  int
	bytes  int64
}

// window is the records of one stream in the present window, and the line of each.
type window struct {
	*batch
	lines []spot
}

func newWriter(im *importer) *writer {
	return &writer{im: im, kept: map[events.StreamID]*batch{}, held: map[events.StreamID]*window{}}
}

// take adds one line to the window and writes the window when it is full. A policy judges what follows it, so it is
// a window of its own.
func (w *writer) take(ctx context.Context, ln *line) error {
	if bad := w.im.bad; len(bad) > 0 && bad[0] == ln.spot {
		w.im.bad = bad[1:]
		return nil
	}
	if len(ln.problems) > 0 {
		return w.changed(ln.spot, ln.problems)
	}
	alone := ln.rec.Kind == events.KindPolicyAdopted
	if alone || w.count >= windowRecords || w.bytes >= windowBytes {
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	w.hold(ln)
	if alone {
		return w.flush(ctx)
	}
	return nil
}

func (w *writer) hold(ln *line) {
	s := ln.rec.Stream()
	b := w.kept[s]
	if b == nil {
		b = &batch{account: w.im.Account}
		w.kept[s] = b
	}
	group := w.held[s]
	if group == nil {
		b.recs = b.recs[:0]
		group = &window{batch: b}
		w.held[s] = group
		w.window = append(w.window, group)
	}
	b.recs = append(b.recs, ln.rec)
	group.lines = append(group.lines, ln.spot)
	w.count++
	w.bytes += ln.end - ln.offset
}

// flush writes the window and waits until all of it is durable.
func (w *writer) flush(ctx context.Context) error {
	var mu sync.Mutex
	var failed error
	var wg sync.WaitGroup
	free := make(chan struct{}, windowInFlight)
	for _, group := range w.window {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			results, err := w.im.l.write(ctx, group.batch)
			mu.Lock()
			defer mu.Unlock()
			for _, r := range results {
				if r.Repeated {
					w.im.report.Repeated++
				} else {
					w.im.report.Accepted++
				}
			}
			var refused *aggregates.Refusal
			if errors.As(err, &refused) {
				err = w.changed(group.lines[len(results)], err)
			}
			if failed == nil {
				failed = err
			}
		})
	}
	wg.Wait()
	w.window, w.count, w.bytes = nil, 0, 0
	clear(w.held)
	return failed
}

// changed says that a record that was good in the first pass is not any more.
func (w *writer) changed(at spot, cause error) error {
	return fmt.Errorf("ledger: import %s: line %d was good and is not any more; the file or the ledger was changed meanwhile: %w", w.im.Files[at.file], at.line, cause)
}
