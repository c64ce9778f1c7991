package logstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events/text"
)

func TestTheEndOfALogIsThatOfItsLastCommit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	if _, err := ReadEnd(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	clock := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	opts := Options{SegmentBytes: segmentBytesMin,
		Clock: func() time.Time { clock = clock.Add(time.Second); return clock }}
	s := mustOpen(t, dir, opts)
	if end, err := ReadEnd(dir); err != nil || end.Segments != 1 || end.Position != 0 || !end.RecordedAt.IsZero() {
		t.Errorf("an empty log: %+v, %v", end, err)
	}
	for n, k := uint64(0), 1; n < 300; k++ {
		b := batch(fmt.Sprint("b", k), k%9+1)
		mustAppend(t, s, "policy", n, b)
		n += uint64(len(b))
		end, err := ReadEnd(dir) // while the writer has room set aside
		if err != nil || end.Position != n || !end.RecordedAt.Equal(clock) {
			t.Fatalf("after %d: %+v, %v", n, end, err)
		}
		if at, err := RecordedAt(dir, n); err != nil || !at.Equal(clock) {
			t.Errorf("the last of %d was recorded at %v, %v; expected %v", n, at, err, clock)
		}
	}
	mustClose(t, s)
	end, err := ReadEnd(dir)
	report, failed := Verify(dir, nil)
	if err != nil || failed != nil || end.Segments != report.Segments || end.Segments < 2 ||
		end.Bytes != report.Bytes || end.Position != report.Records {
		t.Errorf("%+v, %v; verify %+v, %v", end, err, report, failed)
	}
	file := filepath.Join(t.TempDir(), "copy.tar")
	if _, err := BackupFile(t.Context(), dir, file); err != nil {
		t.Fatal(err)
	}
	if of, err := ReadEnd(file); err != nil || of != end {
		t.Errorf("the backup ends as %+v, %v, the log as %+v", of, err, end)
	}
	if at, err := RecordedAt(dir, end.Position+1); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a position that is not there: %v, %v", at, err)
	}
	last := filepath.Join(dir, segmentName(uint64(end.Segments)))
	appendTo(t, last, `{"position":9999,"stream":"pol`) // a commit that is being written
	if torn, err := ReadEnd(dir); err != nil || torn != end {
		t.Errorf("with a torn commit: %+v, %v", torn, err)
	}
}

func appendTo(t *testing.T, file, data string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(data)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestAnEndThatIsNoneOfThisProgramIsDamage(t *testing.T) {
	for name, c := range map[string]struct{ first, says string }{
		"a newer format": {`{"taizhang":"segment","format":2,"segment":1,"position":1,"chain":"00000000"}` + "\n",
			"its format is version 2, of a newer program; this program reads version 1"},
		"another file": {"hello\n", "the first line must be"},
		"nothing":      {"", "the first line must be"},
	} {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, segmentName(1)), []byte(c.first))
		var damage *DamageError
		if _, err := ReadEnd(dir); !errors.As(err, &damage) || !strings.Contains(text.Of(err).En, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir() // of a restore that was cut short
	writeFile(t, filepath.Join(dir, segmentName(2)), []byte("x\n"))
	if _, err := ReadEnd(dir); err == nil || !strings.Contains(text.Of(err).En, "the file is missing") {
		t.Errorf("without a first segment: %v", err)
	}
}

func TestAProbeOfADirectoryLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b]*")
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, ".taizhang-probe-1234"), nil) // of a probe that was killed
	report, err := Probe(dir)
	if err != nil || len(report.Syncs) < probesMin || report.Median() <= 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v was left, %v", left, err)
	}
	if _, err := Probe(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}

// The test fills a real file system, if it may mount one.
func TestAProbeOfAFullDiskIsToldAndLeavesNothing(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no file system could be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, 0) })
	writeFile(t, filepath.Join(disk, "ballast"), make([]byte, 32<<10))
	var file *FileError
	if report, err := Probe(disk); !errors.As(err, &file) || !file.Full() {
		t.Errorf("%+v, %v", report, err)
	}
	if left, err := os.ReadDir(disk); err != nil || len(left) != 1 {
		t.Errorf("%v was left, %v", left, err)
	}
}
