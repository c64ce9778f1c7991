package logstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/taizhang/taizhang/events"
)

// groupBytesMax is when a commit takes no further batches in; one batch may be larger.
const groupBytesMax = 1 << 20

// request is an append that waits for the writer. Whoever claims it first, the writer or the caller who gives up
// waiting, decides what becomes of it.
type request struct {
	stream   events.StreamID
	expected uint64
	batch    []events.Proposed
	copies   []events.Stored // of Copy, instead of all of the above
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

// writer is what only the writing goroutine touches.
type writer struct {
	active     *segment
	chain      uint32
	recordedAt time.Time
	failed     error                    // why no append is taken any more
	streams    map[events.StreamID]bool // of the commit at hand, and after failed those in doubt

	// The commit at hand.
	group []*request
	bytes []byte
	ends  []int // of the lines in bytes
}

// Append implements events.Store. It honours ctx until the writer takes the batch up; then it waits for the sync.
func (s *Store) Append(ctx context.Context, name events.StreamID, expected uint64, batch []events.Proposed) ([]events.Place, error) {
	if err := checkBatch(name, batch); err != nil {
		return nil, fmt.Errorf("logstore: append to %s: %w", name, err)
	}
	if err := s.ended(ctx); err != nil {
		return nil, err
	}
	if s.opts.ReadOnly {
		return nil, ErrReadOnly
	}
	if _, positions, _ := s.now(name); expected < uint64(len(positions)) {
		return s.settle(name, expected, batch) // what is there stays: no need to wait in the queue
	}
	r := &request{stream: name, expected: expected, batch: batch, done: make(chan struct{})}
	if err := s.wait(ctx, r); err != nil {
		return nil, err
	}
	return r.places, r.err
}

// checkBatch does what events.CheckBatch does, on several goroutines for a long batch: reading the bodies is most of
// what appending it costs the processor.
func checkBatch(name events.StreamID, batch []events.Proposed) error {
	const each = 250 // events that are worth a goroutine
	if len(batch) <= each {
		return events.CheckBatch(name, batch)
	}
	if err := events.CheckFrame(name, batch); err != nil {
		return err
	}
	found := make([]error, (len(batch)+each-1)/each)
	var parts sync.WaitGroup
	for n := range found {
		parts.Go(func() { found[n] = events.CheckEvents(batch, n*each, min((n+1)*each, len(batch))) })
	}
	parts.Wait()
	return cmp.Or(found...)
}

// wait hands a request to the writer and waits for its answer; an error says that nobody took it up.
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

// settle answers an append that is not at the end of its stream: with its places if it is a repeat of what is there,
// with a conflict if it is not, and with events.ErrUnknown if what is there cannot be read.
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
		if err != nil { // it may be there already
			if closed := s.ended(context.Background()); closed != nil {
				return nil, closed
			}
			return nil, fmt.Errorf("logstore: append to %s: %w", name, &events.UnknownError{Cause: err})
		}
		if was.ID != batch[i].ID || was.Kind != batch[i].Kind || !bytes.Equal(was.Body, batch[i].Body) {
			return nil, conflict
		}
		places[i] = was.Place
	}
	return places, nil
}

// write is the writing goroutine: it gathers what waits into one commit, makes it durable, and answers.
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

// next waits for a request; there is none once the store is closing.
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

// gather takes r and what else waits into the commit at hand, at most one batch of each stream. It returns the request
// that must wait for the next commit.
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

// take adds the request to the commit at hand or answers it at once.
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
		r.places[i] = events.Place{Position: position + uint64(i) + 1, Revision: r.expected + uint64(i) + 1, RecordedAt: w.recordedAt}
		w.bytes = append(events.AppendLine(w.bytes, r.places[i], r.stream, &r.batch[i]), '\n')
		w.ends = append(w.ends, len(w.bytes))
	}
	w.group = append(w.group, r)
	w.streams[r.stream] = true
}

// commit makes the commit at hand durable, then visible, and answers its requests.
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
	if err := g.file.Sync(); err != nil {
		s.fail(fileError("sync", s.dir, g.name, err))
		return
	}
	w.chain = chain
	s.publish(records)
	for _, r := range w.group {
		r.answer(r.places, nil)
	}
	w.reset()
}

// publish shows readers the commit that was made durable.
func (s *Store) publish(records []byte) {
	w := &s.writer
	g := w.active
	s.mu.Lock()
	defer s.mu.Unlock()
	start := 0
	for _, end := range w.ends {
		s.view.offsets = append(s.view.offsets, s.view.end+int64(start))
		s.view.sums = append(s.view.sums, crc32.Checksum(records[start:end-1], castagnoli))
		start = end
	}
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

// held returns the stream of a name, made if it is new; s.mu is locked.
func (s *Store) held(name events.StreamID) *stream {
	held := s.streams[name]
	if held == nil {
		held = &stream{}
		s.streams[name] = held
	}
	return held
}

// makeRoom sees to it that the active segment has room for a commit of n bytes, durably: see scan.tail.
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
	if g.size == g.end && g.end+n <= s.opts.SegmentBytes { // as Close left it
		g.size = s.opts.SegmentBytes
		if err := g.file.Allocate(g.size); err != nil {
			if err := s.trim(); err != nil { // gives back what could be had
				return err
			}
			return fileError(opAllocate, s.dir, g.name, err)
		}
		return fileError("sync", s.dir, g.name, g.file.Sync())
	}
	if err := s.trim(); err != nil {
		return err
	}
	return s.extend(n)
}

// extend goes on in a new segment with room for a commit of n bytes.
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

// refuse answers the commit at hand, of which nothing was written. If only room could not be set aside the store goes
// on, and appends work when there is some; after anything else what is on disk is learned by opening it again.
func (s *Store) refuse(err error) {
	w := &s.writer
	var file *FileError
	noRoom := errors.As(err, &file) && (file.Op == opAllocate || file.Op == opCreate) && file.Full()
	if len(s.view.segments) > 0 && !noRoom { // without a log nothing is in doubt, and the next append begins one
		w.failed = err
		err = &FailedError{Cause: err}
	}
	for _, r := range w.group {
		r.answer(nil, err)
	}
	w.reset()
}

// fail answers the commit at hand, of which anything may have been written, and ends all writing.
func (s *Store) fail(err error) {
	w := &s.writer
	w.failed = err
	for _, r := range w.group {
		r.answer(nil, &FailedError{Cause: err, doubt: true})
	}
	w.group, w.bytes, w.ends = nil, nil, nil // streams stay: they are in doubt
}

func (w *writer) reset() {
	clear(w.group)
	clear(w.streams)
	w.group, w.ends = w.group[:0], w.ends[:0]
	if w.bytes = w.bytes[:0]; cap(w.bytes) > 4*groupBytesMax {
		w.bytes = nil // one large batch shall not hold its memory for ever
	}
}
