package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// applyWait is how long a writer waits until what the store holds is applied. Applying takes microseconds.
const applyWait = 30 * time.Second

// applier applies every event of the store to the register, in the order of positions, whoever wrote it. The order is that
// of a subscription, so nothing is assumed about gaps between positions. A record of this ledger is announced before it
// is appended, which saves decoding it again.
type applier struct {
	register *projections.Register
	log      *zap.Logger
	stopped  *atomic.Bool // of the ledger: set when the store cannot be followed
	cancel   context.CancelFunc
	done     chan struct{} // closed when nothing is applied any more
	err      error         // why; set before done is closed

	mu        sync.Mutex
	announced map[announcement]*announced
	position  uint64        // of the last event applied
	moved     chan struct{} // closed at the next event applied; nil if nobody waits for one
}

// announcement identifies a record that is being appended: an id is unique within its stream.
type announcement struct {
	stream events.StreamID
	id     uuid.UUID
}

// announced is a record that is being appended, as it will be read back. Err says why it could not be applied; it is set
// before applied is closed.
type announced struct {
	record  *events.Record
	entry   events.Entry
	body    []byte
	applied chan struct{}
	err     error
}

func (own *announced) key() announcement { return announcement{own.record.Stream(), own.record.ID} }

// startApplier follows the store from where the register is, until close is called or the store closes.
func (l *Ledger) startApplier(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.applier = &applier{register: l.register, log: l.log, stopped: &l.stopped, cancel: cancel, done: make(chan struct{}),
		announced: map[announcement]*announced{}, position: l.register.Position()}
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
	key := announcement{stored.Stream, stored.ID}
	a.mu.Lock()
	own := a.announced[key]
	a.mu.Unlock()
	var err error
	if own != nil && own.record.Kind == stored.Kind && bytes.Equal(own.body, stored.Body) {
		err = a.register.Apply(&events.Recorded{Record: *own.record, Revision: stored.Revision, Position: stored.Position,
			RecordedAt: stored.RecordedAt, Entry: own.entry})
	} else if rec, unread := events.DecodeEvent(*stored); unread != nil {
		err = fmt.Errorf("ledger: read event: %w", unread)
		a.register.ApplyBroken(*stored, unread)
	} else {
		err = a.register.Apply(&rec)
	}
	if err != nil {
		a.log.Error("event breaks the ledger's integrity", zap.Uint64("position", stored.Position), zap.Error(err))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.position = stored.Position
	if own := a.announced[key]; own != nil { // maybe announced meanwhile, by who appends what another writer did too
		delete(a.announced, key)
		own.err = err
		close(own.applied)
	}
	if a.moved != nil {
		close(a.moved)
		a.moved = nil
	}
}

// passed reports whether what lies at a position is applied.
func (a *applier) passed(position uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.position >= position
}

// announce says that records will be appended, unless nothing is applied any more. Who announces them waits for them or
// withdraws them.
func (a *applier) announce(all ...*announced) error {
	select {
	case <-a.done:
		return errClosed
	default:
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, own := range all {
		own.applied = make(chan struct{})
		a.announced[own.key()] = own
	}
	return nil
}

// withdraw says that records were not appended, or that nobody waits for them.
func (a *applier) withdraw(all ...*announced) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, own := range all {
		if a.announced[own.key()] == own {
			delete(a.announced, own.key())
		}
	}
}

// wait waits until announced records are applied, of which the last lies at a position, and returns why one could not be.
func (a *applier) wait(position uint64, all ...*announced) error {
	// Another writer may have appended the same, and it was applied before it was announced.
	defer a.withdraw(all...)
	if !a.passed(position) {
		late := time.NewTimer(applyWait)
		defer late.Stop()
		select {
		case <-all[len(all)-1].applied:
		case <-a.done:
			if !a.passed(position) {
				return a.ended()
			}
		case <-late.C:
			return errLate
		}
	}
	for _, own := range all {
		if own.err != nil {
			return own.err
		}
	}
	return nil
}

// reaches waits until a revision of a stream is applied.
func (a *applier) reaches(ctx context.Context, s events.StreamID, revision uint64) error {
	ctx, cancel := context.WithTimeoutCause(ctx, applyWait, errLate)
	defer cancel()
	for {
		a.mu.Lock()
		if a.moved == nil {
			a.moved = make(chan struct{})
		}
		moved := a.moved
		a.mu.Unlock()
		if a.register.Revision(s) >= revision {
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
