package memstore

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/taizhang/taizhang/events"
)

// Store is an events.Store in memory. Its events are lost when it is closed.
type Store struct {
	clock func() time.Time

	mu      sync.Mutex
	all     []events.Stored // at index position-1; its elements never change
	streams map[events.StreamID][]uint64
	changed chan struct{} // closed and replaced at each append and at Close
	closed  bool
}

// New returns an empty store that stamps events with the clock.
func New(clock func() time.Time) *Store {
	return &Store{clock: clock, streams: map[events.StreamID][]uint64{}, changed: make(chan struct{})}
}

// Append implements events.Store.
func (s *Store) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	if err := events.CheckBatch(stream, batch); err != nil {
		return nil, fmt.Errorf("memstore: append to %s: %w", stream, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, events.ErrClosed
	}
	held := s.streams[stream]
	if actual := uint64(len(held)); expected != actual {
		if expected < actual && uint64(len(batch)) <= actual-expected {
			if places := s.repeated(held[expected:], batch); places != nil {
				return places, nil
			}
		}
		return nil, &events.ConflictError{Stream: stream, Expected: expected, Actual: actual}
	}
	at := s.clock().UTC().Truncate(time.Microsecond)
	if n := len(s.all); n > 0 && at.Before(s.all[n-1].RecordedAt) {
		at = s.all[n-1].RecordedAt
	}
	places := make([]events.Place, len(batch))
	for i, p := range batch {
		places[i] = events.Place{Position: uint64(len(s.all)) + 1, Revision: expected + uint64(i) + 1, RecordedAt: at}
		s.all = append(s.all, events.NewStored(nil,
			events.Stored{Place: places[i], Stream: stream, ID: p.ID, Kind: p.Kind, Body: []byte(p.Body.String())}))
		s.streams[stream] = append(s.streams[stream], places[i].Position)
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return places, nil
}

// repeated returns the places of the batch if these positions hold it, and nil otherwise.
func (s *Store) repeated(positions []uint64, batch []events.Proposed) []events.Place {
	places := make([]events.Place, len(batch))
	for i, p := range batch {
		was := &s.all[positions[i]-1]
		if was.ID != p.ID || was.Kind != p.Kind || string(was.Body) != p.Body.String() {
			return nil
		}
		places[i] = was.Place
	}
	return places
}

// ReadStream implements events.Store.
func (s *Store) ReadStream(ctx context.Context, stream events.StreamID, after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		s.mu.Lock()
		held, all := s.streams[stream], s.all
		s.mu.Unlock()
		for _, position := range held[min(after, uint64(len(held))):] {
			if !s.step(ctx, yield, &all[position-1]) {
				return
			}
		}
		s.finish(ctx, yield)
	}
}

// ReadAll implements events.Store.
func (s *Store) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		all, _ := s.snapshot()
		for i := after; i < uint64(len(all)); i++ {
			if !s.step(ctx, yield, &all[i]) {
				return
			}
		}
		s.finish(ctx, yield)
	}
}

// Subscribe implements events.Store.
func (s *Store) Subscribe(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		for {
			all, changed := s.snapshot()
			for ; after < uint64(len(all)); after++ {
				if !s.step(ctx, yield, &all[after]) {
					return
				}
			}
			if !s.finish(ctx, yield) {
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
	}
}

// step yields one event, or the error with which the read ends. It reports whether the read continues.
func (s *Store) step(ctx context.Context, yield func(events.Stored, error) bool, e *events.Stored) bool {
	return s.finish(ctx, yield) && yield(*e, nil)
}

// finish yields the error with which the read ends if ctx ended or the store closed. It reports whether the read
// continues.
func (s *Store) finish(ctx context.Context, yield func(events.Stored, error) bool) bool {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	err := ctx.Err()
	if closed {
		err = events.ErrClosed
	}
	if err != nil {
		yield(events.Stored{}, err)
	}
	return err == nil
}

func (s *Store) snapshot() ([]events.Stored, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all, s.changed
}

// Close implements events.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return events.ErrClosed
	}
	s.closed = true
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}
