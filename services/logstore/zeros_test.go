package logstore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/taizhang/taizhang/events"
)

// cannot holds the errors of file systems that cannot allocate, as osFile returns them.
var cannot = []error{syscall.EOPNOTSUPP, syscall.ENOSYS, errors.Join(errors.ErrUnsupported, syscall.EINVAL)}

// The operating system returns EINVAL, as it also does for a size of zero.
func TestThatAFileCannotBeAllocatedIsHeardHoweverItIsSaid(t *testing.T) {
	f, err := osFS{}.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Allocate(0); !errors.Is(err, errors.ErrUnsupported) || !errors.Is(err, syscall.EINVAL) {
		t.Errorf("got %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, says := range cannot {
		if !errors.Is(says, errors.ErrUnsupported) {
			t.Errorf("%v is not heard", says)
		}
	}
}

// The test checks the size of the room after each append.
func TestWhereRoomIsMadeOfZerosItGrowsLittleByLittle(t *testing.T) {
	const segmentBytes = 1 << 20
	for _, says := range cannot {
		dir := t.TempDir()
		fs := &faultFS{calm: true, unsupported: says}
		opts := Options{FS: fs, SegmentBytes: segmentBytes}
		s := mustOpen(t, dir, opts)
		n, rooms := uint64(0), []int64(nil)
		grow := func(until int) {
			for int(s.writer.active.number) < until {
				mustAppend(t, s, "policy", n, batch(fmt.Sprint(n), 5))
				n += 5
				g := s.writer.active
				info, err := os.Stat(filepath.Join(dir, g.name))
				if err != nil || info.Size() != g.size || g.size > segmentBytes || g.end > g.size {
					t.Fatalf("%v; the file has %d bytes, the segment %d, the commits %d", err, info.Size(),
						g.size, g.end)
				}
				if room := g.size - g.end; g.size < segmentBytes && !slices.Contains(rooms, room) {
					rooms = append(rooms, room)
				}
			}
		}
		mustAppend(t, s, "policy", 0, batch("first", 1))
		if g := s.writer.active; g.size-g.end > segmentBytes/zerosFirst {
			t.Errorf("%v: the first record has %d bytes of room", says, g.size-g.end)
		}
		n = 1
		grow(3)
		if most := slices.Max(rooms); most > segmentBytes/zerosMost || most < segmentBytes/zerosMost/2 {
			t.Errorf("%v: room is up to %d bytes", says, most)
		}
		want := lines(t, s)
		mustClose(t, s)
		if data := readFile(t, last(t, dir)); bytes.IndexByte(data, 0) >= 0 {
			t.Errorf("%v: Close left room", says)
		}
		s = mustOpen(t, dir, opts)
		if got := lines(t, s); !slices.Equal(got, want) {
			t.Errorf("%v: %d events of %d came back", says, len(got), len(want))
		}
		mustAppend(t, s, "policy", n, batch("again", 1))
		if g := s.writer.active; g.size-g.end > segmentBytes/zerosFirst {
			t.Errorf("%v: the first record after it was opened has %d bytes of room", says, g.size-g.end)
		}
		mustClose(t, s)
		if r, err := Verify(dir, nil); err != nil || r.Torn != nil || len(r.Damages) > 0 || r.Records != n+1 {
			t.Errorf("%v: %+v, %v", says, r, err)
		}
	}
}

// The disk becomes full in each of the calls that write zeros, with a part of the zeros written: in a growing segment
// and in a new one.
func TestADiskThatIsFullAmidTheZerosIsToldAndDoesNoHarm(t *testing.T) {
	for _, plan := range []fault{{op: "write", short: true, stored: true}, {op: "sync"}, {op: "sync", stored: true}} {
		for _, grows := range []bool{true, false} {
			dir := t.TempDir()
			fs := &faultFS{unsupported: syscall.EOPNOTSUPP}
			s := mustOpen(t, dir, Options{FS: fs, SegmentBytes: 64 << 10})
			g := s.writer.active
			n := uint64(0)
			for ; g.end < 10<<10 || !grows && g.end < 40<<10; n += 10 {
				mustAppend(t, s, "policy", n, batch(fmt.Sprint(n), 10))
			}
			large := batch("large", 200)
			for try := range 3 {
				plan := plan
				plan.err = syscall.ENOSPC
				if plan.op == "sync" && !grows && g.size > g.end {
					plan.after = 1 // the first ends the segment before
				}
				fs.arm(&plan)
				_, err := s.Append(t.Context(), "policy", n, large)
				var latched *FailedError
				if !full(err) || errors.As(err, &latched) || errors.Is(err, events.ErrUnknown) {
					t.Errorf("%s of a segment that grows (%v), try %d: %v", plan.op, grows, try, err)
				}
				names, err := fs.List(dir)
				if err != nil || len(names) != 1 {
					t.Errorf("%s: there are %q, %v", plan.op, names, err)
				}
				if data := readFile(t, last(t, dir)); int64(len(data)) != g.end || g.size != g.end {
					t.Errorf("%s: a file of %d bytes (%d) is left, of which the commits end at %d", plan.op, len(data),
						g.size, g.end)
				}
				if r, err := Verify(dir, nil); err != nil || r.Torn != nil || len(r.Damages) > 0 || r.Records != n {
					t.Errorf("%s: meanwhile %+v, %v", plan.op, r, err)
				}
			}
			mustAppend(t, s, "policy", n, large)
			if (s.writer.active == g) != grows {
				t.Errorf("it is in segment %d", s.writer.active.number)
			}
			mustClose(t, s)
			if r, err := Verify(dir, nil); err != nil || r.Torn != nil || len(r.Damages) > 0 || r.Records != n+200 {
				t.Errorf("%s: in the end %+v, %v", plan.op, r, err)
			}
		}
	}
}

func TestALogThatCannotBeMadeIsNamedWhenItIsOpened(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	fs := &unwritableFS{}
	for _, dir := range []string{none, filepath.Join(none, "deep", "log"), filepath.Dir(none)} {
		_, err := Open(dir, Options{FS: fs, Late: true})
		var file *FileError
		if !errors.As(err, &file) || !errors.Is(err, syscall.EROFS) || file.Path != filepath.Dir(none) ||
			file.Text().Zh == "" {
			t.Errorf("%s: %v", dir, err)
		}
		if s, err := Open(dir, Options{FS: fs, Late: true, ReadOnly: true}); err == nil {
			mustClose(t, s)
		} else if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("read-only: %v", err)
		}
	}
	if os.Geteuid() == 0 {
		return // for whom no directory is read-only
	}
	locked := filepath.Join(t.TempDir(), "locked")
	if err := os.Mkdir(locked, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(locked, "log"), Options{Late: true}); !errors.Is(err, syscall.EACCES) {
		t.Errorf("in a directory that is not the user's: %v", err)
	}
}

// unwritableFS is a file system on which nothing can be changed.
type unwritableFS struct{ osFS }

func (f *unwritableFS) Writable(dir string) error {
	if err := f.osFS.Writable(dir); err != nil {
		return err
	}
	return os.NewSyscallError("access", syscall.EROFS)
}
