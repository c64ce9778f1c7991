package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/logstore"
)

// config returns what is known before an examination of a good machine.
func config(dir string) Config {
	return Config{Dir: dir, Now: time.Now(), MemoryBytes: 8 << 30, Connections: 100, Build: "v1",
		AccessDir: filepath.Join(dir, "access"), Program: "taizhang", Prefix: "--",
		Quote: func(s string) string { return "'" + s + "'" }}
}

// examined is the result of an examination in a test.
type examined struct {
	*Examined
	t *testing.T
}

// examine examines everything or some parts, and checks what holds for every result.
func examine(t *testing.T, c Config, parts ...func(*examination)) examined {
	t.Helper()
	x := begin(t.Context(), c)
	if len(parts) == 0 {
		parts = looks
	}
	for _, look := range parts {
		look(x)
	}
	e := x.end()
	worst := -1
	for _, f := range e.Findings {
		for _, said := range []string{f.Found.Zh, f.Found.En, f.Do.Zh, f.Do.En, strings.Join(f.Commands, "\n")} {
			if strings.Contains(said, "%!") {
				t.Errorf("%s: %q is badly formatted", f.Topic, said)
			}
		}
		if f.Found.Zh == "" || f.Found.En == "" || !Topics.Has(f.Topic) || !States.Has(f.State) {
			t.Errorf("a finding says nothing: %+v", f)
		}
		if (f.State == Wrong || f.State == Warning) && f.Do == (text.Text{}) {
			t.Errorf("%s: %q, and nothing to do", f.Topic, f.Found.En)
		}
		if rank(f.State) < worst {
			t.Errorf("%s: %q is not among those of its state", f.Topic, f.Found.En)
		}
		worst = rank(f.State)
	}
	return examined{e, t}
}

// says checks that there is a finding of a state that contains some words.
func (e examined) says(topic Topic, state State, words string) *Diagnosis {
	e.t.Helper()
	var others []string
	for _, f := range e.Findings {
		if f.Topic != topic {
			continue
		}
		if f.State == state && strings.Contains(f.Found.En, words) {
			return f
		}
		others = append(others, string(f.State)+": "+f.Found.En)
	}
	e.t.Errorf("%s: expected %s with %q, got\n%s", topic, state, words, strings.Join(others, "\n"))
	return &Diagnosis{}
}

// begun makes a ledger with some records, the last of them of a time, and returns its directory.
func begun(t *testing.T, records int, at time.Time) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ledger")
	extend(t, dir, 0, records, at)
	return dir
}

// extend adds records to a ledger that has a number of them.
func extend(t *testing.T, dir string, has, more int, at time.Time) {
	t.Helper()
	s, err := logstore.Open(dir, logstore.Options{SegmentBytes: 64 << 10, Clock: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	batch := make([]events.Proposed, more)
	for i := range batch {
		batch[i] = events.Proposed{ID: uuid.New(), Kind: "center.registered", Body: events.MustObject(`{"name":"甲"}`)}
	}
	if _, err := s.Append(t.Context(), "center-ZJ-0001", uint64(has), batch); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, content string, mode os.FileMode) string {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), mode),
		os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
	return path
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// mounted mounts a file system in memory, if the test may.
func mounted(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("no file system could be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	return dir
}

func TestADirectoryThatIsNotThereIsExaminedAndNothingIsLeft(t *testing.T) {
	parent := t.TempDir()
	e := examined{Examine(t.Context(), config(filepath.Join(parent, "none", "ledger"))), t}
	e.says(Ledger, NotExamined, "there is no directory")
	e.says(Service, NotExamined, "no process serves")
	e.says(Proofs, NotExamined, "no checkpoints")
	e.says(Backup, NotExamined, "no backup is named")
	e.says(Clock, NotExamined, "the kernel")
	e.says(TimeZone, OK, "Beijing time")
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("%v was left, %v", left, err)
	}
	if e.Dir == "" || len(e.Table("zh").Rows) != len(e.Findings) {
		t.Errorf("the table differs from the findings: %+v", e.Table("zh"))
	}
}

func TestALedgerIsDescribedWithoutReadingAllOfIt(t *testing.T) {
	now := time.Now()
	dir := begun(t, 7, now.Add(-time.Hour))
	before := names(t, dir)
	c := config(dir)
	e := examine(t, c, (*examination).ledger)
	e.says(Ledger, OK, "7 records, ")
	e.says(LastRecord, OK, "position 7")
	if after := names(t, dir); after != before {
		t.Errorf("the directory had %s, and has %s", before, after)
	}
	c.LockedBy, c.IsCopy = 4711, true
	e = examine(t, c, (*examination).ledger)
	e.says(Ledger, Warning, "a copy of the record in a cluster, 7 records")
	e.says(Ledger, Warning, "process 4711 has it open")
	e.says(Ledger, Warning, "a server that starts, or an import")
	c.LockedBy = 0
	write(t, filepath.Join(dir, "spool", "1"), "x", 0o600)
	examine(t, c, (*examination).ledger).says(Ledger, OK, "an import was cut short")
}

func names(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range list {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestARecordFromTheFutureIsWrong(t *testing.T) {
	dir := begun(t, 1, time.Now().Add(3*time.Hour))
	f := examine(t, config(dir), (*examination).ledger).says(LastRecord, Wrong, "after the clock")
	if !strings.Contains(f.Found.En, "2 hours") || !strings.Contains(f.Found.Zh, "2 小时") {
		t.Errorf("got %+v", f.Found)
	}
}

func TestAFileADamagedLogAndHalfARestoreAreWrong(t *testing.T) {
	examine(t, config(write(t, filepath.Join(t.TempDir(), "file"), "x", 0o600)),
		(*examination).ledger).says(Ledger, Wrong, "is not a directory")
	empty := t.TempDir()
	examine(t, config(empty), (*examination).ledger).says(Ledger, NotExamined, "holds no ledger yet")

	dir := begun(t, 3, time.Now())
	first := filepath.Join(dir, "segment-000001.log")
	if err := os.Rename(first, filepath.Join(dir, "segment-000002.log")); err != nil {
		t.Fatal(err)
	}
	f := examine(t, config(dir), (*examination).ledger).says(Ledger, Wrong, "a restore was cut short")
	if len(f.Commands) == 0 || f.Commands[0] != "taizhang restore FILE" {
		t.Errorf("got %q", f.Commands)
	}
	c := config(dir)
	c.Backup = filepath.Join(t.TempDir(), "ledger.tar")
	c.AccessBackup = write(t, filepath.Join(filepath.Dir(c.Backup), "ledger.access.tar"), "", 0o600)
	f = examine(t, c, (*examination).ledger).says(Ledger, Wrong, "a restore was cut short")
	want := "taizhang restore '" + c.Backup + "' --access '" + c.AccessBackup + "'"
	if !slices.Equal(f.Commands, []string{want}) {
		t.Errorf("got %q, expected %q", f.Commands, want)
	}
	write(t, first, `{"taizhang":"segment","format":9,"segment":1,"position":1,"chain":"00000000"}`+"\n", 0o600)
	left := filepath.Join(dir, "access.partial")
	write(t, filepath.Join(left, "segment-000001.log"), "", 0o600)
	e := examine(t, config(dir), (*examination).ledger)
	e.says(Ledger, Wrong, "its format is version 9, of a newer program")
	e.says(Ledger, Warning, left+" holds accounts that a restore left")
	write(t, first, "hello\n", 0o600)
	f = examine(t, config(dir), (*examination).ledger).says(Ledger, Wrong, "is damaged at byte 0")
	if len(f.Commands) == 0 || f.Commands[0] != "taizhang check" {
		t.Errorf("got %q", f.Commands)
	}
}

func TestARestoreWhoseAccountsAreNotInTheirPlaceWasCutShort(t *testing.T) {
	c := config(begun(t, 3, time.Now()))
	left := filepath.Join(c.Dir, "access.partial")
	write(t, filepath.Join(left, "segment-000001.log"), "", 0o600)
	f := examine(t, c, (*examination).ledger).says(Ledger, Wrong, "its accounts are still in "+left)
	if !slices.Equal(f.Commands, []string{"taizhang restore FILE --access FILE"}) {
		t.Errorf("got %q", f.Commands)
	}
	write(t, filepath.Join(c.AccessDir, "segment-000001.log"), "", 0o600)
	f = examine(t, c, (*examination).ledger).says(Ledger, Warning, left+" holds accounts that a restore left")
	if !slices.Equal(f.Commands, []string{"rm -r '" + left + "'"}) {
		t.Errorf("got %q", f.Commands)
	}
}

func TestTheProcessThatServesTheLedgerIsAsked(t *testing.T) {
	c := config(begun(t, 1, time.Now()))
	served := func(change func(*Served)) examined {
		c.Served = &Served{Process: os.Getpid(), UID: uint32(os.Getuid()), Build: "v1", Position: 1}
		change(c.Served)
		return examine(t, c, (*examination).ledger, (*examination).service, (*examination).feed,
			(*examination).openFiles)
	}
	state := func(f FeedState) examined {
		f.Title = text.Say("状态", "its state")
		return served(func(s *Served) { s.Feed = &f })
	}
	e := served(func(*Served) {})
	e.says(Ledger, OK, "served by process")
	e.says(Service, OK, "is ready, at position 1")
	e.says(Feed, NotExamined, "did not say")
	e.says(OpenFiles, OK, "the limit of the server")
	e = served(func(s *Served) {
		s.Build, s.Reasons = "v0", []text.Text{text.Say("甲", "first"), text.Say("乙", "second")}
	})
	e.says(Service, Wrong, "is not ready: first; second")
	e.says(Service, Warning, "is of version v0, this program of v1")
	state(FeedState{IsOff: true, Reason: text.Say("关", "it is off")}).says(Feed, NotExamined, "its state: it is off")
	state(FeedState{IsPublishing: true}).says(Feed, OK, "its state")
	state(FeedState{Seconds: 3}).says(Feed, Warning, "nothing published for 3 seconds")
	f := state(FeedState{Seconds: 60, Behind: 5}).says(Feed, Wrong, "behind by 5 positions for 60 seconds")
	if !slices.Equal(f.Commands, []string{"taizhang feed status"}) {
		t.Errorf("got %q", f.Commands)
	}
	state(FeedState{Seconds: 60, Behind: 5, IsPublishing: true}).says(Feed, Wrong, "behind by 5 positions")

	c.Served, c.Unreachable = nil, os.ErrPermission
	e = examine(t, c, (*examination).ledger, (*examination).service, (*examination).feed, (*examination).openFiles)
	e.says(Service, NotExamined, "not permitted")
	e.says(Ledger, OK, "whether a process serves it cannot be found out")
	c.Unreachable = context.DeadlineExceeded
	examine(t, c, (*examination).service).says(Service, Wrong, "cannot be asked on the socket: no answer")
}

func TestWrongSettingsAreAFinding(t *testing.T) {
	c := config(t.TempDir())
	c.Wrong, c.From = text.Errorf(text.Invalid, "第 3 行", "line 3"), "a b.conf"
	f := examine(t, c, (*examination).settings).says(Settings, Wrong, "line 3")
	if len(f.Commands) != 1 || f.Commands[0] != "taizhang serve --check-config --config 'a b.conf'" {
		t.Errorf("got %q", f.Commands)
	}
}

func TestWhatMayNotBeReadIsNotExamined(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything; the test of the command runs it as another user")
	}
	dir := begun(t, 1, time.Now())
	chmod(t, dir, 0)
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	e := examine(t, config(dir))
	e.says(Ledger, NotExamined, "not permitted")
	e.says(Sync, NotExamined, "not permitted")
}
