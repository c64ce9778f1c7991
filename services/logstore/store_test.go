package logstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/storetest"
)

func TestLogstoreKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) events.Store {
		return mustOpen(t, t.TempDir(), Options{Clock: storetest.UnsteadyClock(), SegmentBytes: 1 << 20})
	})
}

func TestLogstoreOfManySmallSegmentsKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) events.Store {
		return mustOpen(t, t.TempDir(), Options{Clock: storetest.UnsteadyClock(), SegmentBytes: 16 << 10})
	})
}

func TestLogstoreThatIsMadeLateKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) events.Store {
		return mustOpen(t, filepath.Join(t.TempDir(), "a", "b"),
			Options{Clock: storetest.UnsteadyClock(), SegmentBytes: 1 << 20, Late: true})
	})
}

func TestAStoreThatIsMadeLateLeavesNothingBeforeItsFirstAppend(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	one := mustOpen(t, dir, Options{Late: true})
	two := mustOpen(t, dir, Options{Late: true})
	if err := mustOpen(t, dir, Options{Late: true}).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Append(t.Context(), "policy", 3, batch("x", 1)); err == nil {
		t.Error("an append at revision 3 was made")
	}
	if _, err := os.Stat(filepath.Dir(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a directory is there: %v", err)
	}
	mustAppend(t, one, "policy", 0, batch("x", 1))
	var locked *LockedError
	if _, err := two.Append(t.Context(), "policy", 0, batch("x", 1)); !errors.As(err, &locked) ||
		errors.Is(err, events.ErrUnknown) {
		t.Errorf("the other, beside it: %v", err)
	}
	mustAppend(t, one, "policy", 1, batch("y", 2))
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Append(t.Context(), "policy", 0, batch("x", 1)); !errors.As(err, &locked) {
		t.Errorf("the other, after it: %v", err)
	}
	again := mustOpen(t, dir, Options{Late: true})
	mustAppend(t, again, "policy", 3, batch("z", 1))
}

func mustOpen(t testing.TB, dir string, opts Options) *Store {
	t.Helper()
	s, err := Open(dir, opts)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// batch returns n events whose ids and bodies of about 100 bytes follow from the seed.
func batch(seed string, n int) []events.Proposed {
	out := make([]events.Proposed, n)
	for i := range out {
		name := fmt.Sprintf("%s/%d", seed, i)
		out[i] = events.Proposed{ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)), Kind: "funds.spent",
			Body: events.MustObject(fmt.Sprintf(`{"on":"2026-11-23","note":"支出 %s%s"}`, name,
				strings.Repeat(".", 60)))}
	}
	return out
}

func mustAppend(t testing.TB, s events.Store, to events.StreamID, expected uint64,
	b []events.Proposed) []events.Place {
	t.Helper()
	places, err := s.Append(context.Background(), to, expected, b)
	if err != nil {
		t.Fatalf("append %d events to %s at %d: %v", len(b), to, expected, err)
	}
	return places
}

// lines returns the bytes of all events of the store.
func lines(t testing.TB, s events.Store) (out []string) {
	t.Helper()
	for e, err := range s.ReadAll(context.Background(), 0) {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		out = append(out, string(e.Bytes))
	}
	return out
}

// small writes a closed log of two segments and several commits, and returns its lines.
func small(t *testing.T, dir string) []string {
	t.Helper()
	s := mustOpen(t, dir, Options{Clock: storetest.UnsteadyClock(), FS: &faultFS{calm: true},
		SegmentBytes: segmentBytesMin})
	for i := range uint64(5) {
		mustAppend(t, s, "center-ZJ-0007", 3*i, batch(fmt.Sprint("a", i), 3))
		mustAppend(t, s, "policy", i, batch(fmt.Sprint("p", i), 1))
	}
	want := lines(t, s)
	mustClose(t, s)
	return want
}

func last(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "segment-*.log"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no segments: %v", err)
	}
	return slices.Max(names)
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAReopenedStoreHandsOutTheSameBytesAndGoesOn(t *testing.T) {
	dir := t.TempDir()
	want := small(t, dir)
	var replayed []string
	s := mustOpen(t, dir, Options{SegmentBytes: segmentBytesMin, Replay: func(e events.Stored) error {
		replayed = append(replayed, string(e.Bytes))
		return nil
	}})
	if got := lines(t, s); !slices.Equal(got, want) || !slices.Equal(replayed, want) {
		t.Fatalf("read %d events, replayed %d, want %d", len(got), len(replayed), len(want))
	}
	if r := s.Report(); r.Records != 20 || r.Commits != 10 || r.Segments < 2 || r.Torn != nil {
		t.Errorf("report %+v", r)
	}
	if again := mustAppend(t, s, "center-ZJ-0007", 3, batch("a1", 3)); again[0].Position != 5 ||
		again[0].Revision != 4 {
		t.Errorf("the repeat answered %+v", again[0])
	}
	if place := mustAppend(t, s, "policy", 5, batch("new", 1))[0]; place.Position != 21 || place.Revision != 6 {
		t.Errorf("the next event came to lie at %+v", place)
	}
}

func TestRecordedAtDoesNotDecreaseOverARestart(t *testing.T) {
	dir, at := t.TempDir(), time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	s := mustOpen(t, dir, Options{Clock: func() time.Time { return at }})
	mustAppend(t, s, "policy", 0, batch("a", 1))
	mustClose(t, s)
	s = mustOpen(t, dir, Options{Clock: func() time.Time { return at.Add(-time.Hour) }})
	if got := mustAppend(t, s, "policy", 1, batch("b", 1))[0].RecordedAt; got != at {
		t.Errorf("recordedAt is %v, before it was %v", got, at)
	}
}

func TestAClockOutsideTheCalendarIsNotWrittenDown(t *testing.T) {
	at := time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	s := mustOpen(t, t.TempDir(), Options{Clock: func() time.Time { return at }})
	if _, err := s.Append(t.Context(), "policy", 0, batch("a", 1)); err == nil || errors.Is(err, events.ErrUnknown) {
		t.Errorf("in the year 10000: %v", err)
	}
	at = time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)
	if got := mustAppend(t, s, "policy", 0, batch("a", 1))[0].RecordedAt; got != time.Unix(0, 0).UTC() {
		t.Errorf("before 1970: %v", got)
	}
}

func TestVerifyAndReadOnlySayThatThereIsNoSuchDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	var file *FileError
	if _, err := Verify(dir, nil); !errors.As(err, &file) || !errors.Is(err, syscall.ENOENT) {
		t.Errorf("verify: %v", err)
	}
	if _, err := Open(dir, Options{ReadOnly: true}); !errors.As(err, &file) || !errors.Is(err, syscall.ENOENT) {
		t.Errorf("open: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
}

func TestTheLinesOfALogAreDrawnAsTheyAre(t *testing.T) {
	dir, at := t.TempDir(), time.Date(2026, 11, 23, 11, 17, 46, 123456789, time.UTC)
	s := mustOpen(t, dir, Options{Clock: func() time.Time { return at }})
	mustAppend(t, s, "policy", 0,
		[]events.Proposed{{ID: uuid.MustParse("0191d3f0-0000-7000-8000-0000000000ab"), Kind: "policy.adopted",
			Body: events.MustObject(`{"version":1}`)}})
	mustClose(t, s)
	const want = `{"taizhang":"segment","format":1,"segment":1,"position":1,"chain":"00000000"}
{"position":1,"stream":"policy","revision":1,"recordedAt":"2026-11-23T11:17:46.123456Z","id":"0191d3f0-0000-7000-8000-0000000000ab","kind":"policy.adopted","event":{"version":1}}
{"commit":1,"crc32c":"654488e4"}
`
	if got := string(readFile(t, last(t, dir))); got != want {
		t.Errorf("the log is\n%s\nand should be\n%s", got, want)
	}
}

func TestASegmentIsWholeLinesAndWithinItsSize(t *testing.T) {
	dir := t.TempDir()
	small(t, dir)
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(names) < 2 {
		t.Fatalf("%d segments", len(names))
	}
	for _, name := range names {
		data := readFile(t, name)
		if len(data) > segmentBytesMin || bytes.IndexByte(data, 0) >= 0 || data[len(data)-1] != '\n' {
			t.Errorf("%s has %d bytes and ends in %q", name, len(data), data[len(data)-1])
		}
	}
}

func TestABatchLargerThanASegmentHasItsOwn(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{SegmentBytes: segmentBytesMin})
	mustAppend(t, s, "policy", 0, batch("a", 1))
	mustAppend(t, s, "policy", 1, batch("large", 200))
	mustAppend(t, s, "policy", 201, batch("b", 1))
	want := lines(t, s)
	mustClose(t, s)
	if got := lines(t, mustOpen(t, dir, Options{})); !slices.Equal(got, want) || len(got) != 202 {
		t.Errorf("%d events of %d came back", len(got), len(want))
	}
}

func TestRoomForASegmentIsSetAsideOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{SegmentBytes: 1 << 20})
	mustAppend(t, s, "policy", 0, batch("a", 1))
	for _, when := range []string{"new", "opened again"} {
		var is syscall.Stat_t
		if err := syscall.Stat(last(t, dir), &is); err != nil || is.Size != 1<<20 || is.Blocks*512 < 1<<20 {
			t.Errorf("%s: %d bytes in %d blocks, %v", when, is.Size, is.Blocks, err)
		}
		mustClose(t, s)
		s = mustOpen(t, dir, Options{SegmentBytes: 1 << 20})
		mustAppend(t, s, "policy", 1, batch("b", 1))
	}
}

func TestASegmentIsFilledToItsLastByte(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{SegmentBytes: segmentBytesMin})
	b := batch("a", 1)
	b[0].Body = events.MustObject(`{}`)
	line := append(events.AppendLine(nil, events.Place{Position: 1, Revision: 1}, "policy", &b[0]), '\n')
	room := segmentBytesMin - int(s.writer.active.end) - len(appendCommit(line, 1, 0))
	b[0].Body = events.MustObject(`{"":"` + strings.Repeat("x", room-len(`"":""`)) + `"}`)
	mustAppend(t, s, "policy", 0, b)
	if g := s.writer.active; g.number != 1 || g.end != segmentBytesMin {
		t.Errorf("segment %d ends at %d", g.number, g.end)
	}
	mustAppend(t, s, "policy", 1, batch("b", 1))
	want := lines(t, s)
	mustClose(t, s)
	s = mustOpen(t, dir, Options{SegmentBytes: segmentBytesMin})
	if got := lines(t, s); !slices.Equal(got, want) || s.Report().Segments != 2 {
		t.Errorf("%d events of %d came back, %+v", len(got), len(want), s.Report())
	}
}

func TestASecondProcessIsToldThatTheDirectoryIsInUse(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{})
	mustAppend(t, s, "policy", 0, batch("a", 2))
	_, err := Open(dir, Options{})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Dir != dir || locked.Text().Zh == "" {
		t.Fatalf("got %v", err)
	}
	if r, err := Verify(dir, nil); err != nil || r.Records != 2 || r.Torn != nil || len(r.Damages) != 0 {
		t.Errorf("verified beside the writer: %+v, %v", r, err)
	}
	reader := mustOpen(t, dir, Options{ReadOnly: true})
	if got := lines(t, reader); len(got) != 2 {
		t.Errorf("read beside the writer: %d events", len(got))
	}
	if _, err := reader.Append(t.Context(), "policy", 2, batch("b", 1)); !errors.Is(err, ErrReadOnly) {
		t.Errorf("append to a read-only store: %v", err)
	}
	mustClose(t, s)
	mustClose(t, mustOpen(t, dir, Options{}))
}

func TestADirectoryThatWasTakenAwayIsNotLocked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	for name, instead := range map[string]func() error{"another": func() error { return os.Mkdir(dir, 0o750) },
		"none": func() error { return nil }} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			t.Fatal(err)
		}
		d, err := os.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Remove(dir), instead()); err != nil {
			t.Fatal(err)
		}
		if err := stillNamed(d); !errors.As(err, new(*LockedError)) {
			t.Errorf("%s is there: %v", name, err)
		}
		_ = d.Close()
	}
}

func TestWhatKeepsADirectoryFromBeingLookedAtIsNotTakenForALock(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "parent")
	dir := filepath.Join(parent, "log")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	d, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := errors.Join(os.RemoveAll(parent), os.WriteFile(parent, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := stillNamed(d); !errors.Is(err, syscall.ENOTDIR) || errors.As(err, new(*LockedError)) {
		t.Errorf("got %v", err)
	}
}

// The message gives the cause after the advice, so that the advice to enter the record again does not read as advice
// about the cause.
func TestAFailedWriteSaysWhatItsCauseIs(t *testing.T) {
	for _, doubt := range []bool{false, true} {
		text := (&FailedError{Cause: &FileError{Op: "write", Path: "x.log", Err: syscall.ENOSPC}, doubt: doubt}).Text()
		if !strings.Contains(text.Zh, "。原因：台账文件 x.log") ||
			!strings.Contains(text.En, ". The cause: ledger file x.log") {
			t.Errorf("in doubt %v, it says %q", doubt, text)
		}
	}
}

// A repeat reads the stored events while Close closes the files.
func TestARepeatOfAClosedStoreIsAnsweredThatItIsClosed(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Options{})
	mustAppend(t, s, "policy", 0, batch("a", 2))
	mustClose(t, s)
	if _, err := s.settle("policy", 0, batch("a", 2)); !errors.Is(err, events.ErrClosed) ||
		errors.Is(err, events.ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestInADirectoryThatIsGoneNothingIsMade(t *testing.T) {
	cwd := t.TempDir()
	t.Chdir(cwd)
	if err := os.Remove(cwd); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{".", "log", "deep/log"} {
		if _, err := Open(dir, Options{}); !errors.Is(err, syscall.ENOENT) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestVerifyBesideABusyWriterFindsNothingWrong(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{SegmentBytes: 64 << 10})
	answered, more, _ := writeOn(t, s)
	for range 30 {
		more()
		before := answered.Load()
		r, err := Verify(dir, nil)
		if err != nil || len(r.Damages) > 0 || r.Records < before || r.Records%20 != 0 {
			t.Errorf("%+v, %v after %d records", r, err, before)
		}
	}
}

func TestAReplayThatFailsEndsOpen(t *testing.T) {
	dir := t.TempDir()
	small(t, dir)
	stop := errors.New("enough")
	if _, err := Open(dir, Options{Replay: func(events.Stored) error { return stop }}); !errors.Is(err, stop) {
		t.Fatalf("got %v", err)
	}
	mustOpen(t, dir, Options{}) // the lock was given back
}

func TestOpenSaysClearlyWhereItCannotWrite(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "file"), nil)
	for path, want := range map[string]syscall.Errno{
		filepath.Join(dir, "file"):          syscall.ENOTDIR,
		filepath.Join(dir, "file", "below"): syscall.ENOTDIR,
		"/proc/taizhang":                    syscall.ENOENT, // a directory nobody can write to, not even root
	} {
		_, err := Open(path, Options{})
		var file *FileError
		if !errors.As(err, &file) || !errors.Is(err, want) || file.Text().Zh == "" ||
			!strings.Contains(file.Text().En, path) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

func TestARequestThatWaitsHonoursItsContext(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	fs := &faultFS{}
	s := mustOpen(t, t.TempDir(), Options{FS: fs})
	fs.before(func(op string) {
		if op == "sync" {
			started <- struct{}{}
			<-release
		}
	})
	first := make(chan error)
	taken, cancelTaken := context.WithCancel(t.Context())
	go func() {
		_, err := s.Append(taken, "policy", 0, batch("a", 1))
		first <- err
	}()
	<-started
	cancelTaken()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	second := make(chan error)
	ctx2, cancel2 := context.WithCancel(t.Context())
	go func() {
		_, err := s.Append(ctx2, "center-ZJ-0007", 0, batch("b", 1))
		second <- err
	}()
	cancel2()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("the waiting append answered %v", err)
	}
	if _, err := s.Append(ctx, "policy", 0, batch("c", 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("the late append answered %v", err)
	}
	fs.before(nil)
	close(release)
	if err := <-first; err != nil {
		t.Errorf("the append that was under way when its context ended: %v", err)
	}
	if got := lines(t, s); len(got) != 1 {
		t.Errorf("%d events were appended", len(got))
	}
}
