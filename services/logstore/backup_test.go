package logstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/taizhang/taizhang/events/text"
)

// writeOn appends batches of twenty beside the test, a hundred for each call of more. The number of acknowledged
// events is at least 20. A log that grew without pause would outrun a reader that starts again and again.
func writeOn(t *testing.T, s *Store) (answered *atomic.Uint64, more, stop func()) {
	mustAppend(t, s, "policy", 0, batch("first", 20))
	answered = new(atomic.Uint64)
	answered.Store(20)
	rounds, done := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(done)
		n := uint64(1)
		for range rounds {
			for range 100 {
				if _, err := s.Append(context.Background(), "policy", 20*n, batch(fmt.Sprint(n), 20)); err != nil {
					t.Error(err)
					return
				}
				n++
				answered.Store(20 * n)
			}
		}
	}()
	more = func() {
		select {
		case rounds <- struct{}{}:
		default: // it is busy and will be
		}
	}
	stop = sync.OnceFunc(func() { close(rounds); <-done })
	t.Cleanup(stop)
	return answered, more, stop
}

func TestABackupUnderLoadIsAPrefixThatHoldsAllThatWasAnswered(t *testing.T) {
	dir, dest := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	s := mustOpen(t, dir, Options{SegmentBytes: 64 << 10})
	answered, more, stop := writeOn(t, s)
	var copies [][]string
	for len(copies) < 16 || len(copies[len(copies)-1]) == len(copies[0]) { // until something was appended meanwhile
		more()
		before := answered.Load()
		r, err := Backup(t.Context(), dir, dest)
		if err != nil || r.Records < before || r.Records%20 != 0 {
			t.Fatalf("%+v, %v; %d were answered before", r, err, before)
		}
		c := mustOpen(t, dest, Options{ReadOnly: true})
		copies = append(copies, lines(t, c))
		if n := len(copies[len(copies)-1]); uint64(n) != r.Records || c.Report().Torn != nil {
			t.Fatalf("the copy has %d events, the report says %+v", n, r)
		}
	}
	stop()
	want := lines(t, s)
	for _, got := range copies {
		if !slices.Equal(got, want[:len(got)]) {
			t.Fatal("a copy is not the beginning of the log")
		}
	}
	mustClose(t, s)
	back := filepath.Join(t.TempDir(), "back")
	if r, err := Restore(t.Context(), dest, back); err != nil || r.Records != uint64(len(copies[len(copies)-1])) {
		t.Fatalf("restored %+v, %v", r, err)
	}
	s = mustOpen(t, back, Options{})
	if got := lines(t, s); !slices.Equal(got, copies[len(copies)-1]) {
		t.Errorf("%d events came back of %d", len(got), len(copies[len(copies)-1]))
	}
	mustAppend(t, s, "policy", uint64(len(copies[len(copies)-1])), batch("on", 1))
}

// copies returns the files of a log in another directory, without the allocated room.
func copies(files map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for path, data := range files {
		out[strings.Replace(path, "log/", "copy/", 1)] = bytes.TrimRight(data, "\x00")
	}
	return out
}

// copyOn returns the segments of the copy on a disk.
func copyOn(d *disk) map[string][]byte {
	files := d.files()
	maps.DeleteFunc(files, func(path string, _ []byte) bool { return !strings.HasPrefix(path, "copy/segment-") })
	return files
}

// cutShort strikes each call of run in turn with each kind of blow, until there are no more calls. run makes the
// calls, and after gets the disk that is left.
func cutShort(t *testing.T, files map[string][]byte, run func(FS) error, after func(d *disk, what string)) {
	faults := 0
	for call := 1; ; call++ {
		for i, b := range append([]blow{{}}, errs...) {
			d := holding(files)
			d.rng = rand.New(rand.NewPCG(uint64(call), uint64(i)))
			b.call = call
			d.arm(b)
			err := run(d.start())
			_, struck := d.told()
			if struck == "" {
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%d faults", faults)
				return
			}
			what := fmt.Sprintf("call %d, %s %+v", call, struck, b)
			if err == nil && struck != "remove" {
				t.Fatalf("%s: nobody heard of it", what)
			}
			faults++
			d.arm(blow{})
			if l := losses[d.rng.IntN(len(losses))]; l.percent >= 0 {
				d.cut(l)
			}
			after(d, what)
		}
	}
}

func TestABackupCutShortAnywhereIsALogAndGoesOn(t *testing.T) {
	r := newRuin(t)
	files := maps.Clone(r.files)
	maps.Copy(files, copies(r.old[len(r.old)/2])) // it extends an earlier one
	run := func(fs FS) error {
		_, err := backup(t.Context(), fs, "log", "copy")
		return err
	}
	cutShort(t, files, run, func(d *disk, what string) {
		if was, err := verify(d.start(), "copy", nil); err != nil || len(was.Damages) > 0 || was.Torn != nil {
			t.Fatalf("%s: what is left: %+v, %v", what, was, err)
		}
		if err := run(d.start()); err != nil {
			t.Fatalf("%s: again: %v", what, err)
		}
		d.cut(loss{percent: 100})
		if !maps.EqualFunc(copyOn(d), copies(r.files), bytes.Equal) {
			t.Fatalf("%s: the copy is another", what)
		}
	})
}

func TestARestoreCutShortAnywhereIsNothingOrDoesNotOpen(t *testing.T) {
	r := newRuin(t)
	run := func(fs FS) error {
		_, err := restore(t.Context(), fs, "log", fs, "copy")
		return err
	}
	cutShort(t, r.files, run, func(d *disk, what string) {
		left := copyOn(d)
		_, err := verify(d.start(), "copy", nil)
		s, opened := Open("copy", Options{FS: d.start(), ReadOnly: true})
		var damage *DamageError
		if errors.Is(err, os.ErrNotExist) && len(left) == 0 {
			return // there is not even a directory
		}
		if whole := maps.EqualFunc(left, copies(r.files), bytes.Equal); err != nil ||
			len(left) > 0 && !whole && !errors.As(opened, &damage) {
			t.Fatalf("%s: it left %d files and opens: %v, %v", what, len(left), opened, err)
		}
		if opened == nil {
			mustClose(t, s)
		}
	})
}

// nthFails is a file system on which the n-th creation of a file, or sync of names, fails.
type nthFails struct {
	FS
	n int
}

func (f *nthFails) fail() error {
	if f.n--; f.n == 0 {
		return syscall.EIO
	}
	return nil
}

func (f *nthFails) Create(path string) (File, error) {
	if err := f.fail(); err != nil {
		return nil, err
	}
	return f.FS.Create(path)
}

func (f *nthFails) SyncDir(dir string) error { return errors.Join(f.fail(), f.FS.SyncDir(dir)) }

// A restore fails at each file, and the power fails at each call, even while the restore removes its files. It must
// never leave a shorter log.
func TestARestoreThatFailsLeavesNothing(t *testing.T) {
	r := newRuin(t)
	const times = 1 + 2*3 // a directory and three files
	for nth := 1; nth <= times; nth++ {
		for call, struck := 0, "none"; struck != ""; call++ {
			for try, l := range slices.Repeat(losses[1:], 8) {
				d := holding(r.files)
				d.rng = rand.New(rand.NewPCG(uint64(call), uint64(try)))
				fs := d.start()
				d.arm(blow{call: call})
				_, err := restore(t.Context(), fs, "log", &nthFails{FS: fs, n: nth}, "copy")
				if err == nil {
					t.Fatalf("time %d: nobody heard of it", nth)
				}
				if _, struck = d.told(); struck == "" && len(copyOn(d)) > 0 {
					t.Fatalf("time %d: it left %d files", nth, len(copyOn(d)))
				}
				if call == 0 {
					struck = "none"
				}
				d.arm(blow{})
				d.cut(l)
				if left := copyOn(d); len(left) > 0 && !maps.EqualFunc(left, copies(r.files), bytes.Equal) {
					if _, err := Open("copy", Options{FS: d.start(), ReadOnly: true}); !errors.As(err,
						new(*DamageError)) {
						t.Fatalf("time %d, call %d, %+v: it left %d files, and opens with %v", nth, call, l,
							len(left), err)
					}
				}
			}
		}
	}
}

// changingFS is a file system on which each file has other bytes from the second read on.
type changingFS struct{ FS }

func (f changingFS) Open(path string, write bool) (File, error) {
	file, err := f.FS.Open(path, write)
	return &changingFile{File: file}, err
}

type changingFile struct {
	File
	reads int
}

func (f *changingFile) ReadAt(b []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(b, at)
	if f.reads++; f.reads > 1 {
		b[n/2] ^= 1
	}
	return n, err
}

func TestABackupThatChangesAfterItWasCheckedIsNotRestored(t *testing.T) {
	d := holding(newRuin(t).files)
	fs := d.start()
	var damage *DamageError
	if _, err := restore(t.Context(), changingFS{fs}, "log", fs, "copy"); !errors.As(err, &damage) ||
		damage.Text().Zh == "" || len(copyOn(d)) > 0 {
		t.Errorf("got %v, and %d files", err, len(copyOn(d)))
	}
}

func TestABackupOfALogThatIsTornEndsAtItsLastCommit(t *testing.T) {
	r := newRuin(t)
	data := r.files[r.last()]
	for _, torn := range [][]byte{data[:len(data)-9], append(bytes.Clone(data), `{"position":`...), data} {
		torn = append(bytes.Clone(torn), make([]byte, 700)...) // the room set aside
		files := r.with(r.last(), torn)
		whole := r.with(r.last(), torn[:bytes.LastIndex(torn, []byte("\"}\n"))+3])
		d := holding(files)
		if _, err := backup(t.Context(), d.start(), "log", "copy"); err != nil ||
			!maps.EqualFunc(copyOn(d), copies(whole), bytes.Equal) {
			t.Errorf("the copy ends elsewhere: %v", err)
		}
		if got, err := unpack(t.Context(), packed(t, files)); err != nil ||
			!maps.EqualFunc(copyOn(got), copies(whole), bytes.Equal) {
			t.Errorf("the file ends elsewhere: %v", err)
		}
	}
}

func TestBackupAndRestoreOfDamageSayWhereItIs(t *testing.T) {
	r := newRuin(t)
	for path, data := range r.files {
		for at := 0; at < len(data)-1; at += 97 {
			changed := bytes.Clone(data)
			changed[at] ^= 1
			var damage *DamageError
			if _, err := backup(t.Context(), holding(r.with(path, changed)).start(), "log",
				"copy"); !errors.As(err, &damage) {
				t.Errorf("backup of %s changed at %d: %v", path, at, err)
			}
			d := holding(r.with(path, changed))
			fs := d.start()
			if _, err := restore(t.Context(), fs, "log", fs, "copy"); !errors.As(err, &damage) || len(copyOn(d)) > 0 {
				t.Errorf("restore of %s changed at %d: %v, %d files", path, at, err, len(copyOn(d)))
			}
			files := maps.Clone(r.files)
			for copied, data := range copies(r.with(path, changed)) {
				files[copied] = data
			}
			d = holding(files)
			var other *CopyError
			if _, err := backup(t.Context(), d.start(), "log", "copy"); !errors.As(err, &other) ||
				other.Text().Zh == "" {
				t.Errorf("backup over a copy whose %s was changed at %d: %v", path, at, err)
			}
			if !maps.EqualFunc(d.files(), files, bytes.Equal) {
				t.Errorf("backup over a copy whose %s was changed at %d changed it", path, at)
			}
		}
	}
}

func TestABackupThatEndsWithinACommitIsNotRestored(t *testing.T) {
	r := newRuin(t)
	data := r.files[r.last()]
	for _, end := range []int{len(data) - 1, len(data) - 9, len(data) - 60} {
		d := holding(r.with(r.last(), append(data[:end:end], 0)))
		fs := d.start()
		var damage *DamageError
		if _, err := restore(t.Context(), fs, "log", fs, "copy"); !errors.As(err, &damage) || len(copyOn(d)) > 0 {
			t.Errorf("cut %d bytes before its end: %v, %d files", len(data)-end, err, len(copyOn(d)))
		}
	}
}

func TestBackupAndRestoreTakeTheRightDirectoriesOnly(t *testing.T) {
	dir, none := t.TempDir(), filepath.Join(t.TempDir(), "none")
	small(t, dir)
	var file *FileError
	for name, do := range map[string]func(context.Context, string, string) (ScanReport, error){
		"backup": Backup, "restore": Restore} {
		for _, from := range []string{none, t.TempDir()} {
			if _, err := do(t.Context(), from, filepath.Join(none, "to")); !errors.As(err, &file) ||
				!errors.Is(err, syscall.ENOENT) {
				t.Errorf("%s from %s: %v", name, from, err)
			}
		}
	}
	busy := t.TempDir()
	s := mustOpen(t, busy, Options{})
	var locked *LockedError
	if _, err := Backup(t.Context(), dir, busy); !errors.As(err, &locked) {
		t.Errorf("backup to an open ledger: %v", err)
	}
	mustClose(t, s)
	full := t.TempDir()
	writeFile(t, filepath.Join(full, "notes.txt"), []byte("kept"))
	if _, err := Restore(t.Context(), dir, full); !errors.Is(err, ErrNotEmpty) ||
		!strings.Contains(err.Error(), "notes.txt") || !strings.Contains(text.Of(err).Zh, full) {
		t.Errorf("restore to a directory with a file: %v", err)
	}
	if all, err := os.ReadDir(full); err != nil || len(all) != 1 ||
		string(readFile(t, filepath.Join(full, "notes.txt"))) != "kept" {
		t.Errorf("restore to a directory with a file left %v, %v", all, err)
	}
	volume := t.TempDir()
	if err := os.Mkdir(filepath.Join(volume, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), dir, volume); err != nil {
		t.Errorf("restore to a file system of its own: %v", err)
	}
	var other *CopyError
	larger := t.TempDir()
	small(t, larger)
	s = mustOpen(t, larger, Options{SegmentBytes: segmentBytesMin})
	mustAppend(t, s, "policy", 5, batch("more", 60))
	mustClose(t, s)
	if _, err := Backup(t.Context(), dir, larger); !errors.As(err, &other) {
		t.Errorf("backup over a ledger that went on: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Backup(ctx, dir, filepath.Join(none, "b")); !errors.Is(err, context.Canceled) {
		t.Errorf("backup that is to end: %v", err)
	}
}
