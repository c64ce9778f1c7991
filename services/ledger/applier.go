package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// applyWait is the maximum time for which a writer waits until the stored events are applied. Applying takes
// microseconds.
const applyWait = 30 * time.Second

// applier applies every event of the store to the register, in the order of positions, whoever wrote it. It reads a
// subscription, so gaps between positions do not matter. Batches of this ledger are announced before they are
// appended, so that their events need not be decoded again.
type applier struct {
	register *projections.Register
	notices  notices
	stopped  *atomic.Bool // of the ledger: set when the store cannot be followed
	cancel   context.CancelFunc
	done     chan struct{} // closed when nothing is applied any more
	err      error         // the reason; set before done is closed

	position atomic.Uint64 // the position of the last event applied whose waiters were woken

	mu        sync.Mutex
	announced map[events.StreamID]*announced
	moved     chan struct{} // closed at the next event applied; nil if nobody waits for one
}

// announced is a batch that is being appended, with its records as they will be read back. The writer has locked the
// stream, so a stream has at most one.
type announced struct {
	stream  events.StreamID
	batch   []events.Proposed
	records []events.Recorded // without places
	next    int               // the index of the next record to be applied; used by the applier alone
	err     error             // the first error of applying a record; set before applied is closed
	applied chan struct{}     // closed when the last record is applied
}

// find returns the index in the batch of the record with the id of an event, or -1.
func (own *announced) find(stored *events.Stored) int {
	for i := own.next; i < len(own.batch); i++ {
		if own.batch[i].ID == stored.ID {
			return i
		}
	}
	return -1
}

// startApplier follows the store from the position of the register until close is called or the store closes.
func (l *Ledger) startApplier(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.applier = &applier{register: l.register, notices: l.notices, stopped: &l.stopped, cancel: cancel,
		done:      make(chan struct{}),
		announced: map[events.StreamID]*announced{}}
	l.applier.position.Store(l.register.Position())
	go l.applier.follow(ctx, l.store)
}

// close stops applying and waits until it has stopped.
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
				a.notices.say(Failed, "the store is followed no more", reason(err))
			}
			return
		}
		a.apply(&stored)
	}
	a.err = events.ErrClosed
}

// apply applies one event and wakes the callers that wait for it.
func (a *applier) apply(stored *events.Stored) {
	rec, err := a.read(stored)
	if err != nil {
		a.register.ApplyBroken(*stored, err)
		err = fmt.Errorf("ledger: read event: %w", err)
	} else {
		err = a.register.Apply(rec)
	}
	if err != nil {
		a.notices.say(Failed, "event breaks the ledger's integrity", position(stored.Position), reason(err))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	own := a.announced[stored.Stream] // may belong to a writer that appends the same events as another writer
	if own != nil && own.noted(stored, err) {
		delete(a.announced, stored.Stream)
	}
	a.position.Store(stored.Position)
	if a.moved != nil {
		close(a.moved)
		a.moved = nil
	}
}

// read returns the decoded event: the announced record if this ledger wrote the event.
func (a *applier) read(stored *events.Stored) (*events.Recorded, error) {
	a.mu.Lock()
	own := a.announced[stored.Stream]
	a.mu.Unlock()
	if own != nil {
		if i := own.find(stored); i >= 0 && own.batch[i].Kind == stored.Kind &&
			own.batch[i].Body.String() == string(stored.Body) {
			rec := &own.records[i]
			rec.Position, rec.Revision, rec.RecordedAt = stored.Position, stored.Revision, stored.RecordedAt
			return rec, nil
		}
	}
	rec, err := events.DecodeEvent(*stored)
	return &rec, err
}

// noted stores the outcome of applying one event of the batch, and reports whether it was the last event of the
// batch.
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

// announce registers a batch that will be appended. It returns an error if nothing is applied any more. The caller
// must then call wait or withdraw.
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

// withdraw removes an announced batch, because it was not appended or nobody waits for it any more.
func (a *applier) withdraw(own *announced) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.announced[own.stream] == own {
		delete(a.announced, own.stream)
	}
}

// wait waits until an announced batch is applied. position is that of its last record. It returns the first error of
// applying it.
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
	default: // another writer appended the same event, which was applied before the batch was announced
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

// await waits until reached returns true. It calls reached after each event that is applied.
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

// errLate is the error of a writer that waited longer than applyWait.
var errLate = text.Errorf(text.Unavailable, "已写入的记录 %d 秒内仍未计入台账",
	"what was written was not applied within %d seconds", int(applyWait.Seconds()))

// errClosed is the error of an append to a ledger that is closed.
var errClosed = text.Errorf(text.Unavailable, "台账已关闭，没有写入；请重新打开",
	"the ledger is closed, and nothing was written; open it again")

// ended returns the reason why nothing is applied any more. Call it only when done is closed.
func (a *applier) ended() error { return fmt.Errorf("ledger: follow the store: %w", a.err) }
