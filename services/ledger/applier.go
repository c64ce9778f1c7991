package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// applyWait is how long a writer waits until what the store holds is applied. Applying takes microseconds.
const applyWait = 30 * time.Second

// applier applies every event of the store to the register, in the order of positions, whoever wrote it. The order is that
// of a subscription, so nothing is assumed about gaps between positions. Records of this ledger are announced before they
// are appended, which saves decoding them again.
type applier struct {
	register *projections.Register
	log      *zap.Logger
	stopped  *atomic.Bool // of the ledger: set when the store cannot be followed
	cancel   context.CancelFunc
	done     chan struct{} // closed when nothing is applied any more
	err      error         // why; set before done is closed

	position atomic.Uint64 // of the last event applied, when those who wait for it were woken

	mu        sync.Mutex
	announced map[events.StreamID]*announced
	moved     chan struct{} // closed at the next event applied; nil if nobody waits for one
}

// announced is a batch that is being appended, and its records as they will be read back. Who appends it has the lock of
// the stream, so that there is at most one for each.
type announced struct {
	stream  events.StreamID
	batch   []events.Proposed
	records []events.Recorded // without places
	next    int               // of the batch, to be applied; only the applier touches it
	err     error             // the first reason why one could not be applied; set before applied is closed
	applied chan struct{}     // closed when the last one is applied
}

// find returns which record of the batch an event is, by its id, or -1.
func (own *announced) find(stored *events.Stored) int {
	for i := own.next; i < len(own.batch); i++ {
		if own.batch[i].ID == stored.ID {
			return i
		}
	}
	return -1
}

// startApplier follows the store from where the register is, until close is called or the store closes.
func (l *Ledger) startApplier(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.applier = &applier{register: l.register, log: l.log, stopped: &l.stopped, cancel: cancel, done: make(chan struct{}),
		announced: map[events.StreamID]*announced{}}
	l.applier.position.Store(l.register.Position())
	go l.applier.follow(ctx, l.store)
}

// close ends applying and waits until it has ended.
func (a *applier) close() {
	a.cancel()
	<-a.done
}

func (a *applier) follow(ctx context.Context, store events.Store) {
	defer close(a.done)
	for stored, err := range store.Subscribe(ctx, a.register.Position()) {
		if err != nil {
			if a.err = err; ctx.Err() == nil && !errors.Is(err, events.ErrClosed) {
				a.stopped.Store(true)
				a.log.Error("the store is followed no more", zap.Error(err))
			}
			return
		}
		a.apply(&stored)
	}
	a.err = events.ErrClosed
}

// apply applies one event and wakes those who wait for it.
func (a *applier) apply(stored *events.Stored) {
	rec, err := a.read(stored)
	if err != nil {
		a.register.ApplyBroken(*stored, err)
		err = fmt.Errorf("ledger: read event: %w", err)
	} else {
		err = a.register.Apply(rec)
	}
	if err != nil {
		a.log.Error("event breaks the ledger's integrity", zap.Uint64("position", stored.Position), zap.Error(err))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	own := a.announced[stored.Stream] // maybe announced meanwhile, by who appends what another writer did too
	if own != nil && own.noted(stored, err) {
		delete(a.announced, stored.Stream)
	}
	a.position.Store(stored.Position)
	if a.moved != nil {
		close(a.moved)
		a.moved = nil
	}
}

// read returns an event decoded, as it was announced if it is one of this ledger.
func (a *applier) read(stored *events.Stored) (*events.Recorded, error) {
	a.mu.Lock()
	own := a.announced[stored.Stream]
	a.mu.Unlock()
	if own != nil {
		if i := own.find(stored); i >= 0 && own.batch[i].Kind == stored.Kind && own.batch[i].Body.String() == string(stored.Body) {
			rec := &own.records[i]
			rec.Position, rec.Revision, rec.RecordedAt = stored.Position, stored.Revision, stored.RecordedAt
			return rec, nil
		}
	}
	rec, err := events.DecodeEvent(*stored)
	return &rec, err
}

// noted takes note that an event was applied, or why it was not, and reports whether it was the last one of the batch.
func (own *announced) noted(stored *events.Stored, err error) bool {
	i := own.find(stored)
	if i < 0 {
		return false
	}
	own.err, own.next = cmp.Or(own.err, err), i+1
	if own.next < len(own.batch) {
		return false
	}
	close(own.applied)
	return true
}

// announce says that a batch will be appended, unless nothing is applied any more. Who announces it waits for it or
// withdraws it.
func (a *applier) announce(s events.StreamID, batch []events.Proposed, records []events.Recorded) (*announced, error) {
	select {
	case <-a.done:
		return nil, errClosed
	default:
	}
	own := &announced{stream: s, batch: batch, records: records, applied: make(chan struct{})}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.announced[s] = own
	return own, nil
}

// withdraw says that a batch was not appended, or that nobody waits for it any more.
func (a *applier) withdraw(own *announced) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.announced[own.stream] == own {
		delete(a.announced, own.stream)
	}
}

// wait waits until an announced batch is applied, whose last record lies at a position, and returns why one could not be.
func (a *applier) wait(own *announced, position uint64) error {
	if a.position.Load() < position {
		late := time.NewTimer(applyWait)
		defer late.Stop()
		select {
		case <-own.applied:
		case <-a.done:
			if a.position.Load() < position {
				return a.ended()
			}
		case <-late.C:
			return errLate
		}
	}
	select {
	case <-own.applied:
	default: // it was applied before it was announced, for another writer appended the same
		a.withdraw(own)
	}
	return own.err
}

// reaches waits until a revision of a stream is applied.
func (a *applier) reaches(ctx context.Context, s events.StreamID, revision uint64) error {
	ctx, cancel := context.WithTimeoutCause(ctx, applyWait, errLate)
	defer cancel()
	return a.await(ctx, func() bool { return a.register.Revision(s) >= revision })
}

// await waits until reached returns true, which it asks anew after each event that is applied.
func (a *applier) await(ctx context.Context, reached func() bool) error {
	for {
		a.mu.Lock()
		if a.moved == nil {
			a.moved = make(chan struct{})
		}
		moved := a.moved
		a.mu.Unlock()
		if reached() {
			return nil
		}
		select {
		case <-moved:
		case <-a.done:
			return a.ended()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// errLate is why a writer stops waiting.
var errLate = text.Errorf(text.Unavailable, "已写入的记录 %d 秒内仍未计入台账", "what was written was not applied within %d seconds", int(applyWait.Seconds()))

// errClosed is why a ledger that follows its store no more appends nothing.
var errClosed = text.Errorf(text.Unavailable, "台账已关闭，没有写入；请重新打开", "the ledger is closed, and nothing was written; open it again")

// ended returns why nothing is applied any more, once done is closed.
func (a *applier) ended() error { return fmt.Errorf("ledger: follow the store: %w", a.err) }
