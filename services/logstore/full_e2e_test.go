//go:build e2e

package logstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/taizhang/taizhang/events"
)

// These tests fill real file systems of a few megabytes, on a loop device. They need root, loop devices, and mkfs.ext4
// and mkfs.ext2 of e2fsprogs, and fail without them.

const (
	aloneVariable = "LOGSTORE_ALONE"
	diskBytes     = 16 << 20
)

func TestAFullFileSystemIsToldAndLosesNothing(t *testing.T) {
	alone(t, func() { fillUp(t, mounted(t, "ext4")) })
}

// alone runs a test in a separate process, whose mounts end with it.
func alone(t *testing.T, test func()) {
	if os.Getenv(aloneVariable) != "" {
		test()
		return
	}
	child := exec.CommandContext(t.Context(), "unshare", "--mount", "--propagation=private", os.Args[0], "-test.v",
		"-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), aloneVariable+"=1")
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
}

// mounted returns the directory of a new file system of a kind.
func mounted(t *testing.T, kind string) string {
	dir := t.TempDir()
	mount(t, kind, newImage(t, kind), dir)
	t.Cleanup(func() { command(t, "umount", dir) })
	return dir
}

func newImage(t *testing.T, kind string) string {
	image := filepath.Join(t.TempDir(), "image")
	writeFile(t, image, nil)
	if err := os.Truncate(image, diskBytes); err != nil {
		t.Fatal(err)
	}
	command(t, "mkfs."+kind, "-q", "-F", "-m", "0", image)
	return image
}

// mount mounts an image with a journal that is written only after ten minutes, so that unsynced data does not reach
// the image during a test.
func mount(t *testing.T, kind, image, dir string) {
	options := "loop"
	if kind != "ext2" {
		options += ",commit=600"
	}
	command(t, "mount", "-t", kind, "-o", options, image, dir)
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// ballast writes a file of a number of bytes, or until the disk is full.
func ballast(t *testing.T, path string, bytes int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 1<<10); bytes > 0 && err == nil; bytes -= len(block) {
		_, err = f.Write(block)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

// writers append to one stream each. The test knows the number of acknowledged events of each.
type writers struct {
	*testing.T
	done [8]uint64
}

func (w *writers) stream(i int) events.StreamID {
	return events.StreamID(fmt.Sprintf("center-ZJ-%02d", i))
}

// batch returns the next events for a stream that has a number of events.
func (w *writers) batch(i int, at uint64) []events.Proposed {
	return batch(fmt.Sprint(i, "/", at), 1+int(at)%12)
}

// fill appends until every writer got a clear error that the disk is full and that its batch was not stored.
func (w *writers) fill(s *Store) {
	w.Helper()
	before := w.done
	var all sync.WaitGroup
	for i := range w.done {
		all.Go(func() {
			for {
				b := w.batch(i, w.done[i])
				if _, err := s.Append(context.Background(), w.stream(i), w.done[i], b); err != nil {
					w.refused(err)
					return
				}
				w.done[i] += uint64(len(b))
			}
		})
	}
	all.Wait()
	if before == w.done {
		w.Error("no room was made")
	}
}

func (w *writers) refused(err error) {
	w.Helper()
	var file *FileError
	var latched *FailedError
	if !errors.As(err, &file) || !file.Full() || !errors.Is(err, syscall.ENOSPC) || errors.As(err, &latched) ||
		errors.Is(err, events.ErrUnknown) {
		w.Errorf("an append to a full disk answers %v", err)
	}
}

// holds checks that a log has exactly the acknowledged events.
func (w *writers) holds(dir string) {
	w.Helper()
	if r, err := Verify(dir, nil); err != nil || len(r.Damages) > 0 || r.Torn != nil {
		w.Errorf("verify: %+v, %v", r, err)
	}
	s, err := Open(dir, Options{ReadOnly: true})
	if err != nil {
		w.Fatal(err)
	}
	w.holdsIn(s)
	mustClose(w.T, s)
}

func (w *writers) holdsIn(s *Store) {
	w.Helper()
	for i, done := range w.done {
		var got, want []string
		for e, err := range s.ReadStream(context.Background(), w.stream(i), 0) {
			if err != nil {
				w.Fatal(err)
			}
			got = append(got, e.ID.String()+string(e.Body))
		}
		for uint64(len(want)) < done {
			for _, e := range w.batch(i, uint64(len(want))) {
				want = append(want, e.ID.String()+e.Body.String())
			}
		}
		if !slices.Equal(got, want) {
			w.Errorf("%s has %d events, %d were acknowledged", w.stream(i), len(got), len(want))
		}
	}
}

// fillUp fills the file system of a directory in several ways.
func fillUp(t *testing.T, dir string) {
	path := func(name string) string { return filepath.Join(dir, name) }
	remove := func(name string) {
		if err := os.Remove(path(name)); err != nil {
			t.Fatal(err)
		}
	}
	w := &writers{T: t}
	ballast(t, path("ballast"), 1<<20)
	ballast(t, path("more ballast"), 10<<20)
	opts := Options{SegmentBytes: 256 << 10}
	s := mustOpen(t, path("log"), opts)
	mustAppend(t, s, "policy", 0, batch("first", 100))
	w.backups(path("log"), dir)
	w.fill(s)
	w.holdsIn(s)
	w.holds(path("log"))

	remove("ballast") // there is room again, and the store goes on
	w.fill(s)
	w.holdsIn(s)

	ballast(t, path("last ballast"), diskBytes) // now there is none at all
	_, err := s.Append(t.Context(), "policy", 100, batch("second", 100))
	w.refused(err)
	w.holds(path("log"))
	w.fullBackups(path)
	mustClose(t, s)
	w.holds(path("log"))
	if s, err := Open(path("new"), opts); !full(err) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a new log on a full disk: %v, %v", s, err)
	}

	s = mustOpen(t, path("log"), opts) // to write, though nothing can be written
	w.holdsIn(s)
	_, err = s.Append(t.Context(), "policy", 100, batch("second", 100))
	w.refused(err)
	remove("more ballast")
	mustAppend(t, s, "policy", 100, batch("second", 100))
	w.backups(path("log"), dir)
	w.fill(s)
	mustClose(t, s)
	w.holds(path("log"))

	remove("last ballast") // which may have found less room than a segment takes
	remove("copy.tar")
	s = mustOpen(t, path("new"), opts)
	mustAppend(t, s, "policy", 0, batch("first", 100))
	t.Logf("of each writer were acknowledged %v", w.done)
}

// backups backs the log up to a file and a directory, and restores it from both.
func (w *writers) backups(log, to string) {
	w.Helper()
	file, dir := filepath.Join(to, "copy.tar"), filepath.Join(to, "copy")
	back := []string{filepath.Join(w.TempDir(), "back"), filepath.Join(w.TempDir(), "back")}
	w.works(BackupFile(w.Context(), log, file))
	w.works(Backup(w.Context(), log, dir))
	w.works(RestoreFile(w.Context(), file, back[0]))
	w.works(Restore(w.Context(), dir, back[1]))
	for _, dir := range back {
		w.holds(dir)
	}
}

func (w *writers) works(_ ScanReport, err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// refusesCopy checks the error of a backup or restore without room.
func (w *writers) refusesCopy(_ ScanReport, err error) {
	w.Helper()
	room := &RoomError{}
	if !errors.As(err, &room) || !errors.Is(err, syscall.ENOSPC) {
		w.Errorf("a copy onto a full disk answers %v", err)
	}
}

// fullBackups makes copies on a full disk. Existing files must stay, and no others be left.
func (w *writers) fullBackups(path func(string) string) {
	w.Helper()
	was := readFile(w, path("copy.tar"))
	w.refusesCopy(BackupFile(w.Context(), path("log"), path("copy.tar")))
	w.refusesCopy(BackupFile(w.Context(), path("log"), path("second.tar")))
	w.refusesCopy(Backup(w.Context(), path("log"), path("copy")))
	w.refusesCopy(RestoreFile(w.Context(), path("copy.tar"), path("again")))
	if !slices.Equal(readFile(w, path("copy.tar")), was) {
		w.Error("the earlier backup is another")
	}
	if r, err := RestoreFile(w.Context(), path("copy.tar"), filepath.Join(w.TempDir(), "back")); err != nil ||
		r.Records != 100 {
		w.Errorf("of the earlier backup comes back %+v, %v", r, err)
	}
	if r, err := Verify(path("copy"), nil); err != nil || len(r.Damages) > 0 || r.Torn != nil || r.Records < 100 {
		w.Errorf("of the earlier directory is left %+v, %v", r, err)
	}
	for _, name := range []string{"second.tar", "copy.tar.partial", "second.tar.partial", "copy/" + freshName} {
		if _, err := os.Stat(path(name)); !errors.Is(err, os.ErrNotExist) {
			w.Errorf("%s was left: %v", name, err)
		}
	}
}
