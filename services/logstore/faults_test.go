package logstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/taizhang/taizhang/events"
)

// faultFS is the operating system's file system with planned faults. A fault strikes after a number of operations of
// its kind, and the operation may be done nevertheless.
type faultFS struct {
	osFS
	mu   sync.Mutex
	hook func(op string)
	plan *fault
	calm bool // syncs do nothing, for tests that make many and are not about them

	unsupported error // the error of a file system that cannot allocate; nil if it can
}

// fault is one planned failure. Short is for writes.
type fault struct {
	op     string
	after  int // operations of the kind that still work
	err    error
	stored bool // fails, but does the operation
	short  bool // does half of the operation
}

func (f *faultFS) before(hook func(op string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

func (f *faultFS) arm(plan *fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan = plan
}

// do runs an operation, or fails it once if its fault is due.
func (f *faultFS) do(op string, run func() error) error {
	f.mu.Lock()
	hook, plan, strikes := f.hook, f.plan, false
	if plan != nil && plan.op == op {
		if plan.after--; plan.after < 0 {
			strikes, f.plan = true, nil
		}
	}
	f.mu.Unlock()
	if hook != nil {
		hook(op)
	}
	if !strikes {
		if f.calm && strings.HasPrefix(op, "sync") {
			return nil
		}
		return run()
	}
	if plan.stored {
		if err := run(); err != nil {
			return err
		}
	}
	return plan.err
}

func (f *faultFS) Create(path string) (file File, err error) {
	err = f.do("create", func() error { file, err = f.osFS.Create(path); return err })
	if err != nil {
		return nil, err
	}
	return &faultFile{file, f}, nil
}

func (f *faultFS) Open(path string, write bool) (file File, err error) {
	op := "open"
	if write {
		op = "open for writing"
	}
	err = f.do(op, func() error { file, err = f.osFS.Open(path, write); return err })
	if err != nil {
		return nil, err
	}
	return &faultFile{file, f}, nil
}

func (f *faultFS) Rename(from, to string) error {
	return f.do("rename", func() error { return f.osFS.Rename(from, to) })
}

func (f *faultFS) SyncDir(dir string) error {
	return f.do("sync directory", func() error { return f.osFS.SyncDir(dir) })
}

type faultFile struct {
	File
	fs *faultFS
}

func (f *faultFile) WriteAt(b []byte, at int64) (n int, err error) {
	f.fs.mu.Lock()
	if plan := f.fs.plan; plan != nil && plan.short && plan.after == 0 { // it strikes now
		b = b[:len(b)/2]
	}
	f.fs.mu.Unlock()
	failed := f.fs.do("write", func() error {
		n, err = f.File.WriteAt(b, at)
		return err
	})
	return n, failed
}

func (f *faultFile) Sync() error { return f.fs.do("sync", f.File.Sync) }
func (f *faultFile) Allocate(size int64) error {
	return f.fs.do("allocate", func() error {
		if f.fs.unsupported != nil {
			return f.fs.unsupported
		}
		return f.File.Allocate(size)
	})
}
func (f *faultFile) Truncate(size int64) error {
	return f.fs.do("truncate", func() error { return f.File.Truncate(size) })
}

// full reports whether the error is a FileError because of missing room.
func full(err error) bool {
	var file *FileError
	return errors.As(err, &file) && file.Full()
}

func TestWhateverFailsAnAppendIsThereWholeOrNotAndTheAnswerSaysWhich(t *testing.T) {
	for _, op := range []string{"write", "sync", "allocate", "truncate", "create", "rename", "sync directory"} {
		for _, err := range []error{syscall.EIO, syscall.ENOSPC} {
			for _, how := range []fault{{}, {stored: true}, {stored: true, short: true}} {
				if how.short && op != "write" {
					continue
				}
				for after := range 4 {
					plan := how
					plan.op, plan.err, plan.after = op, err, after
					t.Run(fmt.Sprintf("%s fails after %d, %v, stored %v, short %v", op, after, err, how.stored,
						how.short), func(t *testing.T) {
						failAndSettle(t, plan, nil)
						if op != "allocate" {
							failAndSettle(t, plan, syscall.EOPNOTSUPP)
						}
					})
				}
			}
		}
	}
}

// failAndSettle appends until the fault strikes, checks the error, opens the store again as after a crash, and
// settles the append by repeating it.
func failAndSettle(t *testing.T, plan fault, unsupported error) {
	dir, fs := t.TempDir(), &faultFS{calm: true, unsupported: unsupported}
	s := mustOpen(t, dir, Options{FS: fs, SegmentBytes: segmentBytesMin})
	mustAppend(t, s, "policy", 0, batch("first", 1))
	fs.arm(&plan)
	revision, failed := uint64(0), error(nil)
	for failed == nil {
		if revision > 1000 {
			t.Fatal("the fault never struck")
		}
		if _, failed = s.Append(t.Context(), "center-ZJ-0007", revision,
			batch(fmt.Sprint(revision), 4)); failed == nil {
			revision += 4
		}
	}
	doubt := batch(fmt.Sprint(revision), 4)
	acknowledged := lines(t, s)
	var latched *FailedError
	if errors.As(failed, &latched) {
		if strings.Contains(latched.Text().Zh, "尚不确定") != errors.Is(failed, events.ErrUnknown) {
			t.Errorf("%v is told as %v", failed, latched.Text())
		}
		_, err := s.Append(t.Context(), "policy", 1, batch("other", 1))
		if !errors.As(err, &latched) || errors.Is(err, events.ErrUnknown) {
			t.Errorf("after %v an append to another stream answered %v", failed, err)
		}
		_, err = s.Append(t.Context(), "center-ZJ-0007", revision, doubt)
		if !errors.As(err, &latched) || errors.Is(err, events.ErrUnknown) != errors.Is(failed, events.ErrUnknown) {
			t.Errorf("after %v its repeat answered %v", failed, err)
		}
	} else if !full(failed) {
		t.Errorf("it failed with %v and goes on", failed)
	} else if mustAppend(t, s, "policy", 1, batch("other", 1)); len(lines(t, s)) != len(acknowledged)+1 {
		t.Error("the append after a full disk was lost")
	} else {
		acknowledged = lines(t, s)
	}
	mustClose(t, s)
	if data := readFile(t, last(t, dir)); errors.Is(failed, events.ErrUnknown) && data[len(data)-1] != 0 {
		t.Error("Close left the log as if nothing had happened")
	}

	s = mustOpen(t, dir, Options{FS: fs, SegmentBytes: segmentBytesMin})
	got := lines(t, s)
	stored := len(got) - len(acknowledged)
	if stored != 0 && stored != 4 || !slices.Equal(got[:len(acknowledged)], acknowledged) {
		t.Fatalf("of %d acknowledged events and 4 in doubt %d are there", len(acknowledged), len(got))
	}
	if stored == 4 && !errors.Is(failed, events.ErrUnknown) {
		t.Errorf("it was stored, but the answer was %v", failed)
	}
	mustAppend(t, s, "center-ZJ-0007", revision, doubt)
	if got := lines(t, s); len(got) != len(acknowledged)+4 {
		t.Errorf("settling left %d events, want %d", len(got), len(acknowledged)+4)
	}
	mustClose(t, s)
	if r, err := Verify(dir, nil); err != nil || r.Torn != nil || len(r.Damages) > 0 {
		t.Errorf("afterwards: %+v, %v", r, err)
	}
}

func TestAStoreThatCannotBeOpenedForWritingSaysSoAndIsNotChanged(t *testing.T) {
	dir := t.TempDir()
	want := small(t, dir)
	for _, op := range []string{"open for writing", "open"} {
		fs := &faultFS{}
		fs.arm(&fault{op: op, err: syscall.EROFS})
		_, err := Open(dir, Options{FS: fs})
		var file *FileError
		if !errors.As(err, &file) || !errors.Is(err, syscall.EROFS) || file.Text().Zh == "" {
			t.Errorf("%s: got %v", op, err)
		}
	}
	fs := &faultFS{}
	fs.arm(&fault{op: "create", err: syscall.EROFS})
	if _, err := Open(t.TempDir(), Options{FS: fs}); !errors.Is(err, syscall.EROFS) {
		t.Errorf("new store: got %v", err)
	}
	if got := lines(t, mustOpen(t, dir, Options{ReadOnly: true})); !slices.Equal(got, want) {
		t.Errorf("it has %d events, not %d", len(got), len(want))
	}
}

func TestADiskWithoutRoomForAnotherFileDoesNoHarm(t *testing.T) {
	fs := &faultFS{}
	s := mustOpen(t, t.TempDir(), Options{FS: fs, SegmentBytes: segmentBytesMin})
	for n, failed := uint64(0), error(nil); ; n++ {
		fs.arm(&fault{op: "create", err: syscall.ENOSPC})
		if _, failed = s.Append(t.Context(), "policy", n, batch(fmt.Sprint(n), 1)); failed == nil {
			continue
		}
		if !full(failed) || errors.Is(failed, events.ErrUnknown) {
			t.Fatalf("append %d answered %v", n, failed)
		}
		fs.arm(nil)
		mustAppend(t, s, "policy", n, batch(fmt.Sprint(n), 1))
		return
	}
}

func TestADiskThatStaysFullIsToldToEachAppendAndDoesNoHarm(t *testing.T) {
	dir, fs := t.TempDir(), &faultFS{}
	want := small(t, dir)
	s := mustOpen(t, dir, Options{FS: fs, SegmentBytes: 64 << 10}) // which has no room set aside yet
	for range 3 {
		fs.arm(&fault{op: "allocate", err: syscall.ENOSPC})
		if _, err := s.Append(t.Context(), "policy", 5, batch("more", 1)); !full(err) ||
			errors.Is(err, events.ErrUnknown) {
			t.Errorf("got %v", err)
		}
		if r, err := Verify(dir, nil); err != nil || len(r.Damages) > 0 || r.Torn != nil ||
			r.Records != uint64(len(want)) {
			t.Errorf("meanwhile %+v, %v", r, err)
		}
	}
	mustAppend(t, s, "policy", 5, batch("more", 1))
}

// The test fills a real file system of 256 KiB if the tests may mount one, and always a simulated one.
func TestAFullDiskLosesNothing(t *testing.T) {
	disks := map[string]FS{"one that says so": &fullFS{room: 256 << 10}}
	dirs := map[string]string{"one that says so": t.TempDir()}
	for name, fs := range map[string]FS{
		"a mounted one": osFS{}, "a mounted one that cannot allocate": &faultFS{unsupported: syscall.EOPNOTSUPP}} {
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
			t.Logf("no file system could be mounted: %v", err)
			break
		}
		t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
		disks[name], dirs[name] = fs, dir
	}
	for name, fs := range disks {
		t.Run(name, func(t *testing.T) {
			opts := Options{FS: fs, SegmentBytes: 64 << 10}
			s := mustOpen(t, dirs[name], opts)
			n, failed := uint64(0), error(nil)
			for ; failed == nil; n++ {
				_, failed = s.Append(t.Context(), "policy", 10*n, batch(fmt.Sprint(n), 10))
			}
			if n--; !full(failed) || errors.Is(failed, events.ErrUnknown) || n < 50 {
				t.Fatalf("append %d answered %v", n, failed)
			}
			if got := lines(t, s); uint64(len(got)) != 10*n {
				t.Fatalf("%d events of %d are there", len(got), 10*n)
			}
			mustClose(t, s)
			s = mustOpen(t, dirs[name], opts)
			if got := lines(t, s); uint64(len(got)) != 10*n {
				t.Fatalf("opened again, %d events of %d are there", len(got), 10*n)
			}
			mustClose(t, s)
		})
	}
}

// The test uses a real read-only file system if the tests may mount one. A simulated one is in
// TestAStoreThatCannotBeOpenedForWritingSaysSoAndIsNotChanged.
func TestAReadOnlyDiskIsNamedAndCanStillBeRead(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Logf("no file system could be mounted: %v", err)
		return
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	want := small(t, dir)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "new")} {
		_, err := Open(path, Options{})
		var file *FileError
		if !errors.As(err, &file) || !errors.Is(err, syscall.EROFS) {
			t.Errorf("open %s: %v", path, err)
		}
	}
	s := mustOpen(t, dir, Options{ReadOnly: true})
	if got := lines(t, s); !slices.Equal(got, want) {
		t.Errorf("it has %d events, not %d", len(got), len(want))
	}
	mustClose(t, s)
}

// fullFS has room for a number of bytes of allocated files.
type fullFS struct {
	osFS
	room int64
}

func (f *fullFS) Create(path string) (File, error) {
	file, err := f.osFS.Create(path)
	return &fullFile{File: file, fs: f}, err
}

type fullFile struct {
	File
	fs *fullFS
}

func (f *fullFile) Allocate(size int64) error {
	if f.fs.room < size {
		return os.NewSyscallError("fallocate", syscall.ENOSPC)
	}
	f.fs.room -= size
	return f.File.Allocate(size)
}
