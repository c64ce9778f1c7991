package logstore

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync/atomic"
	"time"

	"github.com/taizhang/taizhang/events"
)

// groupBytesMax is the size at which a commit accepts no further batch. A single batch may be larger.
const groupBytesMax = 1 << 20

// request is an append that waits for the writer. The writer claims it to write it, or the caller claims it when it
// stops waiting. Whoever claims it first decides.
type request struct {
	stream   events.StreamID
	expected uint64
	batch    []events.Proposed
	copies   []events.Stored // the events of a Copy, instead of the fields above
	claimed  atomic.Bool
	places   []events.Place
	err      error
	done     chan struct{} // closed when places and err are set
}

func (r *request) claim() bool { return r.claimed.CompareAndSwap(false, true) }

func (r *request) answer(places []events.Place, err error) {
	r.places, r.err = places, err
	close(r.done)
}

// writer holds the state that only the writing goroutine uses.
type writer struct {
	active     *segment
	chain      uint32
	recordedAt time.Time
	failed     error // the reason why appends are refused from now on
	zeros      int64 // the size of the last zeros that were written beyond the needed room
	// streams of the current commit; after a failure, the streams with an append of unknown outcome
	streams map[events.StreamID]bool

	// The current commit.
	group []*request
	bytes []byte
	ends  []int // the ends of the lines in bytes
}

// Append implements events.Store. If ctx ends before the writer claims the batch, Append returns. After that it waits
// for the sync.
func (s *Store) Append(ctx context.Context, name events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	if err := events.CheckBatch(name, batch); err != nil {
		return nil, fmt.Errorf("logstore: append to %s: %w", name, err)
	}
	if err := s.ended(ctx); err != nil {
		return nil, err
	}
	if s.opts.ReadOnly {
		return nil, ErrReadOnly
	}
	if _, positions, _ := s.now(name); expected < uint64(len(positions)) {
		// stored events never change, so the request need not wait for the writer
		return s.settle(name, expected, batch)
	}
	r := &request{stream: name, expected: expected, batch: batch, done: make(chan struct{})}
	if err := s.wait(ctx, r); err != nil {
		return nil, err
	}
	return r.places, r.err
}

// wait sends a request to the writer and waits until it is done. It returns an error if the writer did not claim it.
func (s *Store) wait(ctx context.Context, r *request) error {
	select {
	case s.queue <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stop:
		return events.ErrClosed
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.claim() {
			return ctx.Err()
		}
		<-r.done
	case <-s.stopped:
		if r.claim() {
			return events.ErrClosed
		}
		<-r.done
	}
	return nil
}

// settle returns the result of an append that is not at the end of its stream. It returns the places if the batch
// repeats the stored events, a conflict if it does not, and events.ErrUnknown if the stored events cannot be read.
func (s *Store) settle(name events.StreamID, expected uint64, batch []events.Proposed) ([]events.Place, error) {
	now, positions, _ := s.now(name)
	actual := uint64(len(positions))
	conflict := &events.ConflictError{Stream: name, Expected: expected, Actual: actual}
	if expected >= actual || uint64(len(batch)) > actual-expected {
		return nil, conflict
	}
	places := make([]events.Place, len(batch))
	r := reader{store: s, view: now, parser: events.NewLineParser()}
	for i := range batch {
		was, err := r.at(positions[expected+uint64(i)])
		if err != nil { // the batch may be stored already
			if closed := s.ended(context.Background()); closed != nil {
				return nil, closed
			}
			return nil, fmt.Errorf("logstore: append to %s: %w", name, &events.UnknownError{Cause: err})
		}
		if was.ID != batch[i].ID || was.Kind != batch[i].Kind || string(was.Body) != batch[i].Body.String() {
			return nil, conflict
		}
		places[i] = was.Place
	}
	return places, nil
}

// write is the writing goroutine. It gathers the waiting requests into one commit, makes the commit durable, and
// acknowledges the requests.
func (s *Store) write() {
	defer close(s.stopped)
	for r := s.next(); r != nil; {
		r = s.gather(r)
		s.commit()
		if r == nil {
			r = s.next()
		}
	}
}

// next waits for a request and returns it, or nil if the store is closing.
func (s *Store) next() *request {
	select {
	case <-s.stop:
		return nil
	default:
	}
	select {
	case r := <-s.queue:
		return r
	case <-s.stop:
		return nil
	}
}

// gather adds r and other waiting requests to the current commit, at most one batch of each stream. It returns the
// request that must wait for the next commit, or nil.
func (s *Store) gather(r *request) *request {
	w := &s.writer
	for {
		if w.failed == nil && (w.streams[r.stream] || r.copies != nil && len(w.group) > 0) {
			return r
		}
		if r.claim() {
			s.take(r)
		}
		if len(w.bytes) >= groupBytesMax || r.copies != nil {
			return nil
		}
		select {
		case r = <-s.queue:
		default:
			return nil
		}
	}
}

// take adds the request to the current commit, or finishes it at once.
func (s *Store) take(r *request) {
	w := &s.writer
	if w.failed != nil {
		r.answer(nil, &FailedError{Cause: w.failed, doubt: w.streams[r.stream]})
		return
	}
	if r.copies != nil {
		s.takeCopies(r)
		return
	}
	if _, positions, _ := s.now(r.stream); r.expected != uint64(len(positions)) {
		r.answer(s.settle(r.stream, r.expected, r.batch))
		return
	}
	if len(w.group) == 0 {
		now := s.opts.Clock().UTC().Truncate(time.Microsecond)
		if now.Year() > events.LineYearMax {
			r.answer(nil, fmt.Errorf("logstore: append to %s: the clock says year %d", r.stream, now.Year()))
			return
		}
		if now.After(w.recordedAt) {
			w.recordedAt = now
		}
	}
	position := uint64(len(s.view.offsets) + len(w.ends))
	r.places = make([]events.Place, len(r.batch))
	for i := range r.batch {
		r.places[i] = events.Place{Position: position + uint64(i) + 1, Revision: r.expected + uint64(i) + 1,
			RecordedAt: w.recordedAt}
		w.bytes = append(events.AppendLine(w.bytes, r.places[i], r.stream, &r.batch[i]), '\n')
		w.ends = append(w.ends, len(w.bytes))
	}
	w.group = append(w.group, r)
	w.streams[r.stream] = true
}

// commit makes the current commit durable, then visible, and acknowledges its requests.
func (s *Store) commit() {
	w := &s.writer
	if len(w.group) == 0 {
		return
	}
	records := w.bytes
	chain := crc32.Update(w.chain, castagnoli, records)
	w.bytes = appendCommit(w.bytes, len(w.ends), chain)
	if err := s.makeRoom(int64(len(w.bytes))); err != nil {
		s.refuse(err)
		return
	}
	g := w.active
	if _, err := g.file.WriteAt(w.bytes, g.end); err != nil {
		s.fail(fileError("write", s.dir, g.name, err))
		return
	}
	laid := make(chan []uint32, 1)
	go func() { laid <- sumsOf(records, w.ends) }() // the processors are idle while the disk syncs
	begun := time.Now()
	err := g.file.Sync()
	sums := <-laid
	if err != nil {
		s.fail(fileError("sync", s.dir, g.name, err))
		return
	}
	s.opts.Synced(time.Since(begun))
	w.chain = chain
	s.publish(sums)
	for _, r := range w.group {
		r.answer(r.places, nil)
	}
	w.reset()
}

// sumsOf returns the checksums of lines that end at ends, without their newlines.
func sumsOf(lines []byte, ends []int) []uint32 {
	sums, start := make([]uint32, len(ends)), 0
	for i, end := range ends {
		sums[i], start = crc32.Checksum(lines[start:end-1], castagnoli), end
	}
	return sums
}

// publish makes the durable commit visible to readers. sums are the checksums of its lines.
func (s *Store) publish(sums []uint32) {
	w := &s.writer
	g := w.active
	s.mu.Lock()
	defer s.mu.Unlock()
	start := 0
	for _, end := range w.ends {
		s.view.offsets = append(s.view.offsets, s.view.end+int64(start))
		start = end
	}
	s.view.sums = append(s.view.sums, sums...)
	for _, r := range w.group {
		if r.copies != nil {
			for i := range r.copies {
				held := s.held(r.copies[i].Stream)
				held.positions = append(held.positions, r.copies[i].Position)
			}
			continue
		}
		held := s.held(r.stream)
		held.positions = slices.Grow(held.positions, len(r.places))
		for _, p := range r.places {
			held.positions = append(held.positions, p.Position)
		}
	}
	g.lastCommit = g.end
	g.end += int64(len(w.bytes))
	s.view.end = g.base + g.end
	close(s.changed)
	s.changed = make(chan struct{})
}

// held returns the stream with a name, and makes it if it is new. The caller has locked s.mu.
func (s *Store) held(name events.StreamID) *stream {
	held := s.streams[name]
	if held == nil {
		held = &stream{}
		s.streams[name] = held
	}
	return held
}

// makeRoom makes sure that the active segment durably has room for a commit of n bytes; see scan.tail.
func (s *Store) makeRoom(n int64) error {
	g := s.writer.active
	if g == nil {
		if err := s.makeLate(); err != nil {
			return err
		}
		return s.extend(n)
	}
	if g.end+n <= g.size {
		return nil
	}
	// Close trimmed the segment, or room is made in small steps
	if g.size < s.opts.SegmentBytes && g.end+n <= s.opts.SegmentBytes {
		err := s.setAside(g, g.end+n)
		if err == nil {
			err = g.file.Sync()
		}
		if err == nil {
			return nil
		}
		if err := s.trim(); err != nil { // frees the allocated room
			return err
		}
		return fileError(opAllocate, s.dir, g.name, err)
	}
	if err := s.trim(); err != nil {
		return err
	}
	return s.extend(n)
}

// extend begins a new segment with room for a commit of n bytes and makes it the active one.
func (s *Store) extend(n int64) error {
	if err := s.begin(n); err != nil {
		return err
	}
	s.writer.active = s.view.segments[len(s.view.segments)-1]
	s.mu.Lock()
	s.view.end = s.writer.active.base + s.writer.active.end
	s.mu.Unlock()
	return nil
}

// refuse fails the requests of the current commit, of which no byte was written. If only the allocation of room
// failed, later appends work again when there is room. After any other error the store must be opened again, because
// the content of the disk is unknown.
func (s *Store) refuse(err error) {
	w := &s.writer
	var file *FileError
	noRoom := errors.As(err, &file) && (file.Op == opAllocate || file.Op == opCreate) && file.Full()
	if len(s.view.segments) > 0 && !noRoom { // without a log nothing can be damaged, and the next append begins a log
		w.failed = err
		err = &FailedError{Cause: err}
	}
	for _, r := range w.group {
		r.answer(nil, err)
	}
	w.reset()
}

// fail fails the requests of the current commit, which may have been written in part, and ends all writing.
func (s *Store) fail(err error) {
	w := &s.writer
	w.failed = err
	for _, r := range w.group {
		r.answer(nil, &FailedError{Cause: err, doubt: true})
	}
	w.group, w.bytes, w.ends = nil, nil, nil // keep w.streams: the outcome of appends to these streams is unknown
}

func (w *writer) reset() {
	clear(w.group)
	clear(w.streams)
	w.group, w.ends = w.group[:0], w.ends[:0]
	if w.bytes = w.bytes[:0]; cap(w.bytes) > 4*groupBytesMax {
		w.bytes = nil // frees the memory of a large batch
	}
}
