package replica

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/logstore"
)

const (
	// appendWait is the maximum time for which an append that the origin acknowledged waits for the copy.
	appendWait = 30 * time.Second
	// closeWait is the maximum time for which Close waits for running appends.
	closeWait = 10 * time.Second
	// copiesMax is the maximum number of events that wait to be copied, and that are made durable together.
	copiesMax = 4096
)

// ReplicaConfig holds the parameters of Open. All members except Log, Clock and Late are required.
type ReplicaConfig struct {
	Record events.Store              // Close closes it
	Dir    string                    // the directory of the copy
	Replay func(events.Stored) error // called with every event that Open finds or copies, in order
	Log    *zap.Logger               // nil for none
	Clock  func() time.Time          // the time of faults; nil for time.Now
	// how long Open waits for an event that a late node of a cluster does not have yet; 0 for 5 s
	Late time.Duration
}

// Store is an open replica.
type Store struct {
	record events.Store
	local  *logstore.Store
	log    *zap.Logger
	clock  func() time.Time
	late   time.Duration
	cancel context.CancelFunc
	done   chan struct{} // closed when nothing is copied any more
	closed sync.Once

	mu         sync.Mutex
	closing    bool
	appending  sync.WaitGroup             // not added to once closing is set
	revisions  map[events.StreamID]uint64 // of the copy
	position   uint64                     // of the copy's last event
	last       events.StreamID            // of the copy's last event
	recordedAt time.Time
	ended      error         // the reason why nothing is copied any more
	changed    chan struct{} // closed and replaced after each copy
}

// Open opens the copy, replays it, and catches up with the origin. It returns an error if the origin cannot be
// reached. If the origin cannot be right, Open returns no error but replays an event with a Fault.
func Open(ctx context.Context, cfg ReplicaConfig) (*Store, error) {
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Late == 0 {
		cfg.Late = 5 * time.Second
	}
	s := &Store{record: cfg.Record, log: cfg.Log, clock: cfg.Clock, late: cfg.Late, done: make(chan struct{}),
		revisions: map[events.StreamID]uint64{}, changed: make(chan struct{})}
	err := mark(cfg.Dir)
	if err != nil {
		return nil, err
	}
	s.local, err = logstore.Open(cfg.Dir, logstore.Options{Replay: func(e events.Stored) error {
		s.note(&e)
		return cfg.Replay(e)
	}})
	if err != nil {
		return nil, err
	}
	after, err := s.resume(ctx)
	if err == nil {
		after, err = s.catchUp(ctx, after, cfg.Replay)
	}
	var broken *BrokenError
	if errors.As(err, &broken) {
		s.end(broken)
		close(s.done)
		if err = cfg.Replay(s.fault(broken)); err == nil {
			return s, nil
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("replica: open: %w", err), s.local.Close())
	}
	following, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	go s.follow(following, after)
	return s, nil
}

// note stores the place of the last event, which the next event must follow.
func (s *Store) note(e *events.Stored) {
	s.revisions[e.Stream], s.position, s.recordedAt, s.last = e.Revision, e.Position, e.RecordedAt, e.Stream
}

// catchUp copies and replays the events of the origin after a position, up to its end.
func (s *Store) catchUp(ctx context.Context, after uint64, replay func(events.Stored) error) (uint64, error) {
	var batch []events.Stored
	flush := func() error {
		if err := s.copy(ctx, batch); err != nil {
			return err
		}
		for i := range batch {
			if err := replay(batch[i]); err != nil {
				return err
			}
		}
		batch = batch[:0]
		return nil
	}
	for e, err := range s.record.ReadAll(ctx, after) {
		if err != nil {
			return after, errors.Join(flush(), broken(err))
		}
		after = e.Position
		e.Body = append([]byte(nil), e.Body...)
		if batch = append(batch, e); len(batch) == copiesMax {
			if err := flush(); err != nil {
				return after, err
			}
		}
	}
	return after, flush()
}

// copy appends events of the origin to the copy, and sets their places in the copy.
func (s *Store) copy(ctx context.Context, batch []events.Stored) error {
	position, recordedAt, revisions := s.position, s.recordedAt, map[events.StreamID]uint64{}
	for i := range batch {
		e := &batch[i]
		before, known := revisions[e.Stream]
		if !known {
			before = s.revisions[e.Stream]
		}
		if e.Revision != before+1 {
			if i > 0 {
				if err := s.copy(ctx, batch[:i]); err != nil { // the events before it are right
					return err
				}
			}
			return &BrokenError{e.Stream,
				text.Say("第 %d 条之后是第 %d 条", "event %d is followed by event %d", before, e.Revision)}
		}
		if e.RecordedAt.After(recordedAt) {
			recordedAt = e.RecordedAt
		}
		position++
		revisions[e.Stream] = e.Revision
		e.Position, e.RecordedAt, e.Bytes = position, recordedAt, nil
	}
	if err := s.local.Copy(ctx, batch); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range batch {
		s.note(&batch[i])
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// follow copies new events of the origin as they arrive.
func (s *Store) follow(ctx context.Context, after uint64) {
	defer close(s.done)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type arrival struct {
		event events.Stored
		err   error
	}
	arrivals := make(chan arrival, copiesMax)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		for e, err := range s.record.Subscribe(ctx, after) {
			e.Body = append([]byte(nil), e.Body...)
			select {
			case arrivals <- arrival{e, err}:
			case <-ctx.Done():
				return
			}
		}
	})
	var batch []events.Stored
	for {
		batch = batch[:0]
		var err error
		select {
		case a := <-arrivals:
			for more := true; more; {
				if err = a.err; err == nil {
					batch = append(batch, a.event)
				}
				if more = err == nil && len(batch) < copiesMax; more {
					select {
					case a = <-arrivals:
					default:
						more = false
					}
				}
			}
		case <-ctx.Done():
			err = ctx.Err()
		}
		if len(batch) > 0 {
			if failed := s.copy(ctx, batch); failed != nil {
				err = failed
			}
		}
		if err != nil {
			s.end(broken(err))
			return
		}
	}
}

// end stores the reason why nothing is copied any more.
func (s *Store) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = err
	if !errors.Is(err, context.Canceled) {
		s.log.Error("the record is followed no more", zap.Error(err))
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// reaches waits until the copy has a revision of a stream.
func (s *Store) reaches(ctx context.Context, stream events.StreamID, revision uint64) error {
	ctx, cancel := context.WithTimeout(ctx, appendWait)
	defer cancel()
	for {
		s.mu.Lock()
		at, ended, changed := s.revisions[stream], s.ended, s.changed
		s.mu.Unlock()
		if at >= revision {
			return nil
		}
		if ended != nil {
			return ended
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errNotCopied is the error of an append that the origin acknowledged and the copy does not have in time.
var errNotCopied = text.Errorf(text.Unavailable, "集群已有这条记录，本地副本还没有",
	"the record has it, the local copy has not")

// errNotSeen is the error of an append with a conflict whose other event the copy does not have in time.
var errNotSeen = text.Errorf(text.Unavailable, "集群中另有写入先到，本地副本还没有它；没有写入，请稍后再试",
	"another write came first in the record, and the local copy has not got it; nothing was written, try again later")

// Append implements events.Store: it appends to the origin. If it returns without an error, the copy has the batch
// too, and the places are those of the copy. If the origin acknowledges the append but the copy does not have it in
// time, the error is an *events.UnknownError; the batch is stored.
func (s *Store) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.appending.Done()
	_, err := s.record.Append(ctx, stream, expected, batch)
	var conflict *events.ConflictError
	if errors.As(err, &conflict) { // the caller must see the other event before it judges again
		if late := s.reaches(ctx, stream, conflict.Actual); late != nil {
			// if a break caused the delay, report the break instead
			return nil, fmt.Errorf("replica: append to %s: %w: %w", stream, late, errNotSeen)
		}
	}
	if err != nil {
		return nil, err
	}
	wait := context.WithoutCancel(ctx)
	if err := s.reaches(wait, stream, expected+uint64(len(batch))); err != nil {
		return nil, fmt.Errorf("replica: append to %s: %w", stream,
			&events.UnknownError{Cause: fmt.Errorf("%w: %w", errNotCopied, err)})
	}
	places := make([]events.Place, 0, len(batch))
	for e, err := range s.local.ReadStream(wait, stream, expected) {
		if err != nil {
			return nil, fmt.Errorf("replica: append to %s: %w", stream, &events.UnknownError{Cause: err})
		}
		if places = append(places, e.Place); len(places) == len(batch) {
			break
		}
	}
	return places, nil
}

// AppendBytesMax implements events.Limited with the limit of the origin.
func (s *Store) AppendBytesMax() int {
	if limited, ok := s.record.(events.Limited); ok {
		return limited.AppendBytesMax()
	}
	return events.BatchBytesMax
}

// begin registers an append, or returns the reason why appends are refused.
func (s *Store) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
		return events.ErrClosed
	case s.ended != nil:
		return fmt.Errorf("replica: append: %w", s.ended)
	}
	s.appending.Add(1)
	return nil
}

// ReadStream implements events.Store, from the copy.
func (s *Store) ReadStream(ctx context.Context, stream events.StreamID, after uint64) iter.Seq2[events.Stored, error] {
	return s.local.ReadStream(ctx, stream, after)
}

// ReadAll implements events.Store, from the copy.
func (s *Store) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return s.local.ReadAll(ctx, after)
}

// Subscribe implements events.Store, from the copy.
func (s *Store) Subscribe(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return s.local.Subscribe(ctx, after)
}

// Close implements events.Store. It closes the origin too. It waits up to closeWait for running appends.
func (s *Store) Close() error {
	err := events.ErrClosed
	s.closed.Do(func() {
		s.mu.Lock()
		s.closing = true
		s.mu.Unlock()
		answered := make(chan struct{})
		go func() {
			s.appending.Wait()
			close(answered)
		}()
		select {
		case <-answered:
		case <-time.After(closeWait):
		}
		if s.cancel != nil {
			s.cancel()
		}
		<-s.done
		err = errors.Join(s.record.Close(), s.local.Close())
	})
	return err
}
