package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// A window is the part of the spool that an import reads before it writes. Its events are grouped by stream, and each
// group is one append. Several appends are in flight at a time, so that the store can sync them together.
const (
	windowRecords  = 32 << 10
	windowBytes    = 32 << 20
	windowInFlight = 256
)

// writing is the second part of an import. It appends the spooled events, window by window, at the revisions at which
// they were judged. They are applied like the records of any writer.
type writing struct {
	l        *Ledger
	account  Writer
	checks   *checks
	timeline policy.Timeline    // the policies that judged the next window
	accepted atomic.Int64       // events stored
	repeated atomic.Int64       // events that somebody else stored meanwhile
	wrote    func(accepted int) // called after each window

	window []*group
	held   map[events.StreamID]*group
	count  int
	bytes  int
}

// group holds the events of one stream in the present window.
type group struct {
	stream events.StreamID
	trial  *trial
	batch  []events.Proposed
	sheets []bool // for each event, whether it is made from a sheet
}

// errMoved is the error that the ledger changed after the records of an import were judged, so that they must be
// judged again.
var errMoved = text.Errorf(text.Conflict, "导入期间另有写入；请再导入一次，已入账的会跳过",
	"somebody else wrote to the ledger meanwhile; run the import again, it passes over what is there already")

// all appends all events of the spool, in windows. A policy judges the records after it, so it has a window of its
// own. Even after an error, the stored events are applied before all returns.
func (w *writing) all(ctx context.Context) error {
	for _, t := range w.checks.trials {
		t.copied = nil // all records are judged; free the trials before the records are applied
	}
	if err := w.l.begin(ctx, ""); err != nil {
		if conflicts(err) {
			err = cmp.Or(w.l.catchUp(ctx, events.PolicyStream), error(errMoved))
		}
		return err
	}
	w.held = map[events.StreamID]*group{}
	for e, err := range w.checks.spool.all() {
		if err != nil {
			return err
		}
		judges := e.Stream == events.PolicyStream
		if judges || w.count >= windowRecords || w.bytes >= windowBytes {
			if err := w.flush(ctx); err != nil {
				return err
			}
		}
		if err := w.hold(e); err != nil {
			return err
		}
		if judges {
			if err := w.flush(ctx); err != nil {
				return err
			}
			w.timeline = w.l.register.Timeline()
		}
	}
	return w.flush(ctx)
}

func (w *writing) hold(e spooled) error {
	body, err := events.ParseObject(e.Body)
	if err != nil {
		return fmt.Errorf("ledger: read the spool: %w", err)
	}
	g := w.held[e.Stream]
	if g == nil {
		g = &group{stream: e.Stream, trial: w.checks.trials[e.Stream]}
		w.held[e.Stream] = g
		w.window = append(w.window, g)
	}
	g.batch = append(g.batch, events.Proposed{ID: e.ID, Kind: e.Kind, Body: body})
	g.sheets = append(g.sheets, e.file == len(w.checks.cfg.Files))
	w.count++
	w.bytes += len(e.Body)
	return nil
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
			// keep the error that stopped the other appends
			if err != nil && (failed == nil || errors.Is(err, events.ErrUnknown)) {
				failed = err
			}
		})
	}
	wg.Wait()
	w.wrote(int(w.accepted.Load()))
	w.window, w.count, w.bytes = nil, 0, 0
	clear(w.held)
	return failed
}

// append appends one group at the revision at which it was judged, in as few appends as the limits of the store
// allow.
func (w *writing) append(ctx context.Context, g *group) error {
	unlock, err := w.l.lock(ctx, g.stream)
	if err != nil {
		return err
	}
	defer unlock()
	for rest, sheets := g.batch, g.sheets; len(rest) > 0; {
		if w.l.stopped.Load() {
			return ErrStopped
		}
		n := w.l.fitting(rest)
		if g.trial.moved {
			n = (n + 1) / 2 // records that are judged again may need more bytes
		}
		records, err := decodeProposed(g.stream, rest[:n])
		switch {
		case err != nil:
		case g.trial.moved:
			err = w.judgeAgain(ctx, g, records, sheets[:n])
		default:
			err = w.appendBatch(ctx, g, rest[:n], records)
			if g.trial.moved = conflicts(err); g.trial.moved {
				if n, err = 0, w.l.catchUp(ctx, g.stream); err == nil && g.stream == events.PolicyStream {
					err = errMoved // the later records were judged without the policy of the other writer
				}
			}
		}
		if err != nil {
			return err
		}
		rest, sheets = rest[n:], sheets[n:]
	}
	return nil
}

// decodeProposed returns events as they will be read back.
func decodeProposed(s events.StreamID, batch []events.Proposed) ([]events.Recorded, error) {
	records := make([]events.Recorded, len(batch))
	var body []byte
	for i, p := range batch {
		body = append(body[:0], p.Body.String()...)
		var err error
		if records[i], err = events.DecodeEvent(events.Stored{
			Stream: s, ID: p.ID, Kind: p.Kind, Body: body}); err != nil {
			return nil, fmt.Errorf("ledger: read the spool: %w", err)
		}
	}
	return records, nil
}

// judgeAgain judges records of a stream to which somebody else wrote, and appends those that are still missing. It
// returns errMoved if one of them is refused, or if yet another process writes.
func (w *writing) judgeAgain(ctx context.Context, g *group, records []events.Recorded, sheets []bool) error {
	again := make([]*events.Record, len(records))
	for i := range records {
		again[i] = &records[i].Record
	}
	answer, err := (&batch{l: w.l, stream: g.stream, records: again, account: w.account, sheets: sheets}).written(ctx)
	switch {
	case conflicts(err):
		if err := w.l.catchUp(ctx, g.stream); err != nil {
			return err
		}
		return errMoved
	case isRefusal(err):
		return errMoved
	case err != nil:
		return err
	}
	for _, r := range answer.Results {
		if r.Repeated {
			w.repeated.Add(1)
		} else {
			w.accepted.Add(1)
		}
	}
	return nil
}

// appendBatch appends one batch and waits until it is applied.
func (w *writing) appendBatch(ctx context.Context, g *group, batch []events.Proposed,
	records []events.Recorded) error {
	places, err := w.l.append(ctx, g.stream, g.trial.known+g.trial.written, batch, records)
	g.trial.written += uint64(len(places))
	w.accepted.Add(int64(len(places)))
	return err
}

// fitting returns the number of events of a batch that the store accepts in one append. It is at least one; the store
// may refuse that one.
func (l *Ledger) fitting(batch []events.Proposed) (n int) {
	bytesMax := events.BatchBytesMax
	if limited, ok := l.store.(events.Limited); ok {
		bytesMax = min(bytesMax, limited.AppendBytesMax())
	}
	for bytes := 0; n < min(len(batch), events.BatchMax); n++ {
		if bytes += len(batch[n].Body.String()) + 2*len(batch[n].Kind); bytes > bytesMax && n > 0 {
			break
		}
	}
	return n
}
