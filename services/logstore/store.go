package logstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/taizhang/taizhang/events"
)

// Options holds the options of Open. A ledger uses the zero value.
type Options struct {
	Clock        func() time.Time // stamps events; time.Now if nil
	SegmentBytes int64            // set aside for each segment, 4 KiB to 1 GiB; 32 MiB if 0
	Late         bool             // if there is no log yet, the first append makes and locks the directory
	// change nothing and take no lock; the store shows the log as of Open, and another process may be writing
	ReadOnly bool
	// called with every event in order during Open; an event is valid until the call returns; an error ends Open
	Replay func(events.Stored) error
	Synced func(took time.Duration) // called by the writer after it synced a commit; may be nil
	FS     FS                       // the operating system's if nil
}

const (
	segmentBytesDefault = 32 << 20
	segmentBytesMin     = 4 << 10
	queueMax            = 256 // appends waiting for the writer
	opCreate            = "create"
	opAllocate          = "set room aside"
	freshName           = "segment.new" // the name of a segment until all of it is durable

	// Room of zeros grows from one part of Options.SegmentBytes to another, and is written in pieces.
	zerosFirst     = 512
	zerosMost      = 8
	zerosPieceMost = 256 << 10
)

// Store is an events.Store in a directory. Beside the errors of the contract, its methods fail with *LockedError,
// *FileError, *DamageError and *FailedError, each of which has a Text for users.
type Store struct {
	opts   Options
	dir    string
	lock   io.Closer
	report ScanReport

	queue   chan *request
	stop    chan struct{} // closed by Close
	stopped chan struct{} // closed when the writer has ended
	closing sync.Once

	mu      sync.RWMutex // guards the fields below; only the writer changes them, with mu locked
	view    view
	streams map[events.StreamID]*stream
	changed chan struct{} // closed and replaced after each commit

	writer writer
}

// view is a snapshot of the log. The data to which it refers never changes.
type view struct {
	segments []*segment
	offsets  []int64
	sums     []uint32
	end      int64 // of the last commit
}

// Open opens the store in the directory, which it creates if needed (see Options.Late). It reads and checks all of the
// log and passes every event to opts.Replay. The caller must Close the store.
func Open(dir string, opts Options) (*Store, error) {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Synced == nil {
		opts.Synced = func(time.Duration) {}
	}
	if opts.FS == nil {
		opts.FS = osFS{}
	}
	if opts.SegmentBytes == 0 {
		opts.SegmentBytes = segmentBytesDefault
	}
	if opts.SegmentBytes < segmentBytesMin || opts.SegmentBytes > segmentBytesMax {
		return nil, fmt.Errorf("logstore: open %s: %d bytes a segment are not between %d and %d", dir,
			opts.SegmentBytes, segmentBytesMin, segmentBytesMax)
	}
	s := &Store{opts: opts, dir: dir, queue: make(chan *request, queueMax), stop: make(chan struct{}),
		stopped: make(chan struct{}), changed: make(chan struct{})}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.release())
	}
	go s.write()
	return s, nil
}

func (s *Store) open() (err error) {
	writing := !s.opts.ReadOnly
	w := newScan(s.opts.FS, s.dir, s.opts.Replay)
	w.unlocked = !writing
	if writing && s.opts.Late {
		names, err := w.names()
		if errors.Is(err, os.ErrNotExist) || err == nil && len(names) == 0 {
			s.streams, s.writer = w.streams, w.writer()
			return s.mayMake()
		}
		if err != nil {
			return err
		}
	}
	if writing {
		if err := s.makeDir(); err != nil {
			return err
		}
	}
	last, err := w.walk(writing)
	s.view.segments = w.segments // also on failure, for release
	if err != nil {
		return err
	}
	s.report, s.streams, s.writer = w.report, w.streams, w.writer()
	if n := len(w.segments); n == 0 && writing {
		if err := s.begin(0); err != nil {
			return err
		}
	} else if n > 0 && writing {
		if err := s.recover(w.segments[n-1], last); err != nil {
			return err
		}
	}
	s.view.offsets, s.view.sums = w.offsets, w.sums
	if n := len(s.view.segments); n > 0 {
		s.writer.active = s.view.segments[n-1]
		s.view.end = s.writer.active.base + s.writer.active.end
	}
	return nil
}

// writer returns the writer that continues where the scan ended.
func (w *scan) writer() writer {
	return writer{chain: w.chain, recordedAt: w.recordedAt, streams: map[events.StreamID]bool{}}
}

// makeDir makes the directory, if it does not exist, and locks it.
func (s *Store) makeDir() (err error) {
	if err := makeDir(s.opts.FS, s.dir); err != nil {
		return fileError("create directory", s.dir, "", err)
	}
	if s.lock, err = s.opts.FS.Lock(s.dir); err != nil {
		var locked *LockedError
		if errors.As(err, &locked) {
			return locked
		}
		return fileError("lock directory", s.dir, "", err)
	}
	return nil
}

// mayMake returns an error if makeLate is certain to fail.
func (s *Store) mayMake() error {
	for dir := s.dir; ; dir = filepath.Dir(dir) {
		if err := s.opts.FS.Writable(dir); !errors.Is(err, os.ErrNotExist) || dir == filepath.Dir(dir) {
			return fileError(opCreate, dir, "", err)
		}
	}
}

// makeLate makes the directory at the first append (Options.Late). If another process began a log there meanwhile, it
// fails, because this store has not read that log.
func (s *Store) makeLate() error {
	if s.lock == nil {
		if err := s.makeDir(); err != nil {
			return err
		}
	}
	names, err := newScan(s.opts.FS, s.dir, nil).names()
	if err == nil && len(names) > 0 {
		err = errors.Join(&LockedError{Dir: s.dir}, s.lock.Close())
		s.lock = nil
	}
	return err
}

// recover removes the bytes after the last commit of the last segment. It syncs that commit, the size of the segment
// and its name once more: their syncs may have failed or be missing, and then reads return bytes that the disk does
// not have. It does so even if no bytes follow the commit, because a Close or a recovery may have been interrupted.
func (s *Store) recover(g *segment, data []byte) error {
	if g.size > g.end {
		if err := g.file.Truncate(g.end); err != nil {
			return fileError("truncate", s.dir, g.name, err)
		}
	}
	if _, err := g.file.WriteAt(data[g.lastCommit:g.end], g.lastCommit); err != nil {
		return fileError("write", s.dir, g.name, err)
	}
	if err := g.file.Sync(); err != nil {
		return fileError("sync", s.dir, g.name, err)
	}
	if err := s.opts.FS.SyncDir(s.dir); err != nil {
		return fileError("sync directory", s.dir, "", err)
	}
	g.size = g.end
	return nil
}

// begin adds a segment with room for a commit of room bytes. The file appears under its name when its header is
// durable, so that a crash leaves no incomplete segment.
func (s *Store) begin(room int64) error {
	number, base := uint64(len(s.view.segments))+1, s.view.end
	g := &segment{number: number, name: segmentName(number), base: base}
	header := appendHeader(nil, number, uint64(len(s.view.offsets))+1, s.writer.chain)
	g.end = int64(len(header))
	fs, fresh := s.opts.FS, filepath.Join(s.dir, freshName)
	var err error
	if g.file, err = fs.Create(fresh); err != nil {
		return fileError(opCreate, s.dir, g.name, err)
	}
	step := func(op string, do func() error) {
		if err == nil {
			err = fileError(op, s.dir, g.name, do())
		}
	}
	step(opAllocate, func() error { return s.setAside(g, g.end+room) })
	step("write header", func() error { _, err := g.file.WriteAt(header, 0); return err })
	step(opAllocate, g.file.Sync) // some file systems report only now that they are full
	step("rename", func() error { return fs.Rename(fresh, filepath.Join(s.dir, g.name)) })
	if err != nil {
		_ = g.file.Close()
		_ = fs.Remove(fresh) // free the room; a later segment replaces the file in any case
		return err
	}
	step("sync directory", func() error { return fs.SyncDir(s.dir) })
	s.mu.Lock()
	s.view.segments = append(s.view.segments[:number-1:number-1], g)
	s.mu.Unlock()
	return err
}

// setAside makes a segment longer by at least need bytes, and sets g.size, also if it fails half way. The new bytes
// are zeros. On a file system that can allocate them this takes no time, so the whole segment is allocated at once.
// On any other, zeros are written; the room beyond need is small at first and doubles each time.
func (s *Store) setAside(g *segment, need int64) error {
	was, all := g.size, max(s.opts.SegmentBytes, need)
	g.size = all
	err := g.file.Allocate(all)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	w := &s.writer
	more := min(max(2*w.zeros, s.opts.SegmentBytes/zerosFirst), s.opts.SegmentBytes/zerosMost)
	w.zeros = 0 // if there is no room, the next attempt begins small
	g.size = min(all, need+more)
	for zeros := make([]byte, min(g.size-was, zerosPieceMost)); was < g.size; was += int64(len(zeros)) {
		zeros = zeros[:min(int64(len(zeros)), g.size-was)]
		if _, err := g.file.WriteAt(zeros, was); err != nil {
			return err
		}
	}
	w.zeros = more
	return nil
}

// Report returns the report of Open.
func (s *Store) Report() ScanReport { return s.report }

// ReadStream implements events.Store.
func (s *Store) ReadStream(ctx context.Context, name events.StreamID, after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		now, positions, _ := s.now(name)
		r := reader{store: s, view: now, parser: events.NewLineParser()}
		for _, position := range positions[min(after, uint64(len(positions))):] {
			if !r.step(ctx, position, yield) {
				return
			}
		}
		if err := s.ended(ctx); err != nil {
			yield(events.Stored{}, err)
		}
	}
}

// ReadAll implements events.Store.
func (s *Store) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return s.read(ctx, after, false)
}

// Subscribe implements events.Store.
func (s *Store) Subscribe(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return s.read(ctx, after, true)
}

func (s *Store) read(ctx context.Context, after uint64, wait bool) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		r := reader{store: s, parser: events.NewLineParser()}
		for position := after; ; {
			var changed <-chan struct{}
			r.view, _, changed = s.now("")
			for position < uint64(len(r.view.offsets)) {
				position++
				if !r.step(ctx, position, yield) {
					return
				}
			}
			if err := s.ended(ctx); err != nil {
				yield(events.Stored{}, err)
				return
			}
			if !wait {
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
			case <-s.stop:
			}
		}
	}
}

// now returns a snapshot of the log and of a stream, and a channel that is closed at the next change.
func (s *Store) now(name events.StreamID) (view, []uint64, <-chan struct{}) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var positions []uint64
	if held := s.streams[name]; held != nil {
		positions = held.positions
	}
	return s.view, positions, s.changed
}

// ended returns the error with which a read must end if the store was closed or its context has ended, or else nil.
func (s *Store) ended(ctx context.Context) error {
	select {
	case <-s.stop:
		return events.ErrClosed
	default:
		return ctx.Err()
	}
}

// Close implements events.Store. It waits for the current commit, fails the waiting appends with ErrClosed, and frees
// the allocated room.
func (s *Store) Close() error {
	err := events.ErrClosed
	s.closing.Do(func() {
		close(s.stop)
		<-s.stopped
		err = nil
		if s.writer.active != nil && !s.opts.ReadOnly && s.writer.failed == nil {
			err = s.trim()
		}
		err = errors.Join(err, s.release())
	})
	return err
}

// trim ends the active segment at its last commit.
func (s *Store) trim() error {
	g := s.writer.active
	if g.size == g.end {
		return nil
	}
	if err := g.file.Truncate(g.end); err != nil {
		return fileError("truncate", s.dir, g.name, err)
	}
	g.size = g.end
	return fileError("sync", s.dir, g.name, g.file.Sync())
}

func (s *Store) release() error {
	var all []error
	for _, g := range s.view.segments {
		all = append(all, fileError("close", s.dir, g.name, g.file.Close()))
	}
	if s.lock != nil {
		all = append(all, fileError("unlock", s.dir, "", s.lock.Close()))
	}
	return errors.Join(all...)
}
