package ledger

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// ErrStopped is the error that an append ended with an unknown outcome: the ledger accepts no more writes until it is
// opened again.
var ErrStopped = text.Errorf(text.Stopped, "有一次写入的结果不明，台账不再接受记录；请重新打开",
	"the outcome of a write is unknown, and nothing more is written until the ledger is opened again")

// errReadOnly is the error of a write to a ledger that was opened read-only.
var errReadOnly = text.Errorf(text.Unavailable, "台账以只读方式打开，没有写入",
	"the ledger is open for reading only, and nothing was written")

// Writer is the account that writes. MayRecord is its right to record a decision that was taken outside the system
// (record mode).
type Writer struct {
	Name      string
	MayRecord bool

	// Check returns the reasons why the account may not write a record. Check is nil if the account may write every
	// record. It is called before the stream of the record is looked up, so that its answer does not show whether the
	// center exists.
	Check func(*events.Record) []aggregates.Breach
}

// checked returns the reasons why the account may not write a record.
func (a *Writer) checked(rec *events.Record) []aggregates.Breach {
	if why := aggregates.TakenFromNobody(rec); why != nil || a.Check == nil {
		return why
	}
	return a.Check(rec)
}

// Config holds the parameters of Open.
type Config struct {
	// Notice is called with what the operator should find in a log, possibly on several goroutines; nil for none.
	Notice   func(Notice)
	ReadOnly bool // refuse every write
}

// Ledger is an open ledger. It may be used by several goroutines.
type Ledger struct {
	store    events.Store
	register *projections.Register
	applier  *applier // nil if the ledger is read-only
	pasts    *pasts
	notices  notices
	readOnly bool
	stopped  atomic.Bool

	mu    sync.Mutex
	locks map[events.StreamID]*streamLock
}

// StoreOpener opens a store. Meanwhile it passes every event of the store, in order, to replay. If replay fails, it
// fails with that error.
type StoreOpener func(replay func(events.Stored) error) (events.Store, error)

// Open opens a ledger over an open store and reads all of its events. The caller closes the ledger first and then the
// store. An empty ledger judges under the built-in policy; the adoption of that policy precedes the first record that
// is accepted.
func Open(ctx context.Context, store events.Store, cfg Config) (*Ledger, error) {
	return OpenFrom(ctx, func(replay func(events.Stored) error) (events.Store, error) {
		return store, feedFrom(store.ReadAll(ctx, 0), replay)
	}, cfg)
}

// OpenFrom does the same as Open for a store that is read while it is opened, so that it is read only once. The
// caller closes the ledger first and then the store, also if OpenFrom fails after source succeeded.
func OpenFrom(ctx context.Context, source StoreOpener, cfg Config) (*Ledger, error) {
	defer collectRarely()()
	var store events.Store
	register, err := rebuild(ctx, func(replay func(events.Stored) error) (err error) {
		store, err = source(replay)
		return err
	}, cfg.Notice)
	if err != nil {
		return nil, fmt.Errorf("ledger: open: %w", err)
	}
	l := &Ledger{store: store, register: register, notices: cfg.Notice, readOnly: cfg.ReadOnly,
		locks: map[events.StreamID]*streamLock{}}
	l.pasts = newPasts(l.replayed)
	if !cfg.ReadOnly {
		l.startApplier(ctx)
	}
	l.notices.say(Information, "ledger open", position(register.Position()),
		Field{"centers", len(register.IDs())})
	return l, nil
}

// Close stops following the store and building past read models, and returns when nothing is applied any more. No
// write may be in progress. The store stays open.
func (l *Ledger) Close() {
	l.pasts.close()
	if l.applier != nil {
		l.applier.close()
	}
}

// ReadOnly reports whether the ledger refuses every write. Its read models then stay as they were when it was opened.
func (l *Ledger) ReadOnly() bool { return l.readOnly }

// Stopped reports whether the outcome of a write is unknown. Then every write fails with ErrStopped.
func (l *Ledger) Stopped() bool { return l.stopped.Load() }

// Register returns the current read models. They follow every write.
func (l *Ledger) Register() *projections.Register { return l.register }

// ReadStream yields the stored events of a stream after a revision, as events.Store does.
func (l *Ledger) ReadStream(ctx context.Context, s events.StreamID, after uint64) iter.Seq2[events.Stored, error] {
	return l.store.ReadStream(ctx, s, after)
}

// ReadAll yields the stored events after a position, as events.Store does.
func (l *Ledger) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return l.store.ReadAll(ctx, after)
}

// Evaluate evaluates every center of a register as of a date, on all processors. Later questions about all centers as
// of that date find the evaluations done.
func Evaluate(ctx context.Context, r *projections.Register, on events.Date) error {
	chunks := func(yield func([]events.CenterID, error) bool) {
		for ids := range slices.Chunk(r.IDs(), evaluateChunk) {
			if !yield(ids, nil) {
				return
			}
		}
	}
	evaluate := func(ids []events.CenterID) struct{} {
		for _, id := range ids {
			r.Evaluation(id, on)
		}
		return struct{}{}
	}
	return inOrder(ctx, chunks, evaluate, func(struct{}) error { return nil })
}

// evaluateChunk is the number of centers that one goroutine evaluates at a time.
const evaluateChunk = 16

// streamLock is the lock of one stream. It exists while somebody holds the lock or waits for it.
type streamLock struct {
	held  chan struct{} // has room for one element: the holder of the lock
	users int           // the number of goroutines that hold it or wait for it; protected by Ledger.mu
}

// unheld keeps unused locks for reuse.
var unheld = sync.Pool{New: func() any { return &streamLock{held: make(chan struct{}, 1)} }}

// lock waits for the lock of a stream and returns the function that releases it. If ctx ends first, it returns the
// error of ctx.
func (l *Ledger) lock(ctx context.Context, s events.StreamID) (unlock func(), err error) {
	l.mu.Lock()
	m := l.locks[s]
	if m == nil {
		m = unheld.Get().(*streamLock)
		l.locks[s] = m
	}
	m.users++
	l.mu.Unlock()
	select {
	case m.held <- struct{}{}:
		return func() { <-m.held; l.unused(s, m) }, nil
	case <-ctx.Done():
		l.unused(s, m)
		return nil, ctx.Err()
	}
}

// unused decrements the users of a lock, and removes the lock after its last user.
func (l *Ledger) unused(s events.StreamID, m *streamLock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m.users--; m.users == 0 {
		delete(l.locks, s)
		unheld.Put(m)
	}
}
