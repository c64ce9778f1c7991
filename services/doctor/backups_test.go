package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/logstore"
)

// backedUp makes a backup of a ledger in a file, and sets its age.
func backedUp(t *testing.T, dir string, age time.Duration) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ledger.tar")
	if _, err := logstore.BackupFile(t.Context(), dir, file); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-age)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAnOldBackupIsDetected(t *testing.T) {
	dir := begun(t, 3, time.Now().Add(-time.Hour))
	for age, state := range map[time.Duration]State{time.Hour: OK, 25 * time.Hour: OK, 27 * time.Hour: Warning,
		9 * 24 * time.Hour: Wrong, -time.Hour: Warning} {
		c := config(dir)
		c.Backup = backedUp(t, dir, age)
		f := examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, state, "as far as the ledger")
		if state == Wrong && (len(f.Commands) == 0 || f.Commands[0] != "taizhang backup '"+c.Backup+"'") {
			t.Errorf("got %q", f.Commands)
		}
	}
}

func TestABackupThatLacksRecordsOrHasMoreIsDetected(t *testing.T) {
	dir := begun(t, 3, time.Now().Add(-time.Hour))
	c := config(dir)
	c.Backup = backedUp(t, dir, time.Minute)
	extend(t, dir, 3, 2, time.Now().Add(-time.Minute))
	examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, OK,
		"up to position 3, and the ledger has 2 more")
	c.Dir = begun(t, 1, time.Now())
	examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, Wrong,
		"has 3 records, 2 more than the ledger")
	c.Dir = t.TempDir()
	s, err := logstore.Open(c.Dir, logstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, Wrong,
		"has 3 records, 3 more than the ledger")
	c.Dir = t.TempDir()
	examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, OK, "up to position 3")
	c.Dir = dir // the end of the ledger was read before the backup was made
	isOlder := func(x *examination) { x.events = 2 }
	examine(t, c, (*examination).ledger, isOlder, (*examination).backup).says(Backup, OK,
		"and the ledger has 2 more")
}

func TestABackupInADirectoryIsAsOldAsWhatItLacks(t *testing.T) {
	dir, old := begun(t, 3, time.Now().Add(-100*time.Hour)), time.Now().Add(-99*time.Hour)
	c := config(dir)
	c.Backup = filepath.Join(t.TempDir(), "copy")
	if _, err := logstore.Backup(t.Context(), dir, c.Backup); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(c.Backup, "*"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range append(names, c.Backup) { // nothing was recorded since, and so nothing written
		if err := os.Chtimes(name, old, old); err != nil {
			t.Fatal(err)
		}
	}
	examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, OK, "as far as the ledger")
	isElsewhere := func(x *examination) { x.events = 5 }
	examine(t, c, (*examination).ledger, isElsewhere, (*examination).backup).says(Backup, NotExamined,
		"2 more; the time of the first of them cannot be read")
	extend(t, dir, 3, 1, time.Now().Add(-3*time.Hour-time.Minute))
	examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, OK,
		"and the ledger has 1 more, the first of them for 3 hours")
	dir = begun(t, 3, time.Now().Add(-100*time.Hour))
	extend(t, dir, 3, 2, time.Now().Add(-30*time.Hour-time.Minute))
	extend(t, dir, 5, 2, time.Now())
	c.Dir = dir
	examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, Warning,
		"and the ledger has 4 more, the first of them for 30 hours")
}

func TestWhatIsNoBackupOrIsNotThereIsWrong(t *testing.T) {
	dir := begun(t, 3, time.Now())
	c := config(dir)
	c.Backup = filepath.Join(t.TempDir(), "deep", "none.tar")
	examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, Wrong, "there is no backup")
	c.Backup = write(t, filepath.Join(t.TempDir(), "x.tar"), "hello", 0o600)
	examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, Wrong, "this is no backup of a ledger")
	c.Backup = t.TempDir()
	examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, Wrong, "there is no backup")
}

func TestThePlaceOfABackupIsLookedAt(t *testing.T) {
	dir := begun(t, 3, time.Now())
	c := config(dir)
	c.Backup = backedUp(t, dir, time.Minute)
	if m, err := mountOf(dir); err != nil || m.kind != "tmpfs" {
		examine(t, c, (*examination).ledger, (*examination).backup).
			says(Backup, Warning, "one broken disk takes both")
	}
	disk := mounted(t, "size=8m")
	c.Backup = filepath.Join(disk, "ledger.tar")
	if _, err := logstore.BackupFile(t.Context(), dir, c.Backup); err != nil {
		t.Fatal(err)
	}
	examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, Wrong,
		"is lost when the machine restarts")
	c.Backup = mounted(t, "size=8m") // the directory itself is mounted
	if _, err := logstore.Backup(t.Context(), dir, c.Backup); err != nil {
		t.Fatal(err)
	}
	examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, Wrong,
		"is lost when the machine restarts")
}

func TestTheAccountsAndAnUnfinishedRunBelongToABackup(t *testing.T) {
	dir := begun(t, 3, time.Now())
	write(t, filepath.Join(dir, "access", "segment-000001.log"), "", 0o600)
	c := config(dir)
	c.Backup = backedUp(t, dir, time.Minute)
	c.AccessBackup = strings.TrimSuffix(c.Backup, ".tar") + ".access.tar"
	examine(t, c, (*examination).ledger, (*examination).backup).says(Backup, Warning, "the ledger has accounts")
	write(t, c.AccessBackup, "", 0o640)
	write(t, filepath.Join(c.Backup+".partial", "backup.part"), "", 0o640)
	e := examine(t, c, (*examination).ledger, (*examination).backup)
	e.says(Backup, Wrong, "holds the accounts, and others may read it")
	e.says(Backup, Warning, "a backup is being made, or was cut short")
}
