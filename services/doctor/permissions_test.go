package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestWrongModesAndOwnersAreDetected(t *testing.T) {
	dir := begun(t, 1, time.Now())
	chmod(t, filepath.Dir(dir), 0o700)
	chmod(t, dir, 0o750)
	segment := filepath.Join(dir, "segment-000001.log")
	write(t, filepath.Join(dir, "access", "segment-000001.log"), "", 0o640)
	examine(t, config(dir), (*examination).permissions, (*examination).secrets).says(Permissions, OK,
		"nobody else may write")

	chmod(t, filepath.Join(dir, "access"), 0o750)
	f := examine(t, config(dir), (*examination).permissions, (*examination).secrets).says(Permissions, Wrong,
		"holds accounts or the feed")
	if f.About != filepath.Join(dir, "access") || f.Commands[0] != "chmod go-rwx '"+f.About+"'" {
		t.Errorf("got %+v", f)
	}
	chmod(t, segment, 0o646)
	chmod(t, filepath.Join(dir, "access", "segment-000001.log"), 0o602)
	examine(t, config(dir), (*examination).permissions, (*examination).secrets).says(Permissions, Wrong,
		"segment-000001.log and 1 more")
	chmod(t, dir, 0o755)
	examine(t, config(dir), (*examination).permissions, (*examination).secrets).says(Permissions, Warning,
		"any user of this machine may read the ledger (mode 0755)")
	chmod(t, dir, 0o770)
	examine(t, config(dir), (*examination).permissions, (*examination).secrets).says(Permissions, Warning,
		"the group may write")
	chmod(t, filepath.Dir(dir), 0o777)
	examine(t, config(dir), (*examination).permissions, (*examination).secrets).says(Permissions, Wrong,
		"replace the directory of the ledger")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	f = examine(t, config(link), (*examination).permissions).says(Permissions, Wrong, "segment-000001.log and 1 more")
	if f.Commands[0] != "chmod -R o-w '"+dir+"'" {
		t.Errorf("got %+v", f)
	}
	examine(t, config(link), (*examination).permissions).says(Permissions, Wrong,
		"replace the directory of the ledger")
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(segment, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	examine(t, config(dir), (*examination).permissions, (*examination).secrets).says(Permissions, Wrong,
		"segment-000001.log is not of the user root")
}

func TestTheLostAndFoundOfAFileSystemIsOfRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("the test gives files to somebody else")
	}
	dir := begun(t, 1, time.Now())
	lost := filepath.Join(dir, "lost+found")
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o700), os.Mkdir(lost, 0o700), os.Chown(dir, 65534, 65534),
		os.Chown(filepath.Join(dir, "segment-000001.log"), 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	examine(t, config(dir), (*examination).permissions).says(Permissions, OK, "2 files and directories")
	if err := os.Chown(lost, 1, 1); err != nil {
		t.Fatal(err)
	}
	examine(t, config(dir), (*examination).permissions).says(Permissions, Wrong, lost+" is not of the user")
}

func TestASecretThatOthersCanReadIsWrong(t *testing.T) {
	dir := t.TempDir()
	c := config(dir)
	good := write(t, filepath.Join(dir, "tls.key"), "x", 0o600)
	bad := write(t, filepath.Join(dir, "oidc.secret"), "x", 0o644)
	c.From = write(t, filepath.Join(dir, "taizhang.conf"), "", 0o646)
	c.Serving = Serving{TLSKey: good, Secrets: []string{"", bad, filepath.Join(dir, "none")}}
	e := examine(t, c, (*examination).permissions, (*examination).secrets)
	e.says(Secrets, OK, "may read "+good)
	e.says(Secrets, Wrong, "others may read it (mode 0644)")
	e.says(Secrets, Wrong, "none: it is not there")
	e.says(Secrets, Wrong, "the file of settings")
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(dir, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	e = examine(t, c, (*examination).permissions, (*examination).secrets)
	group := "chown root:" + groupName(65534) + " '"
	f := e.says(Secrets, Wrong, "who runs the server, cannot read it")
	if want := []string{group + good + "'", "chmod 0640 '" + good + "'"}; !slices.Equal(f.Commands, want) {
		t.Errorf("got %q, expected %q", f.Commands, want)
	}
	f = e.says(Secrets, Wrong, "others may read it (mode 0644)")
	if want := []string{group + bad + "'", "chmod 0640 '" + bad + "'"}; !slices.Equal(f.Commands, want) {
		t.Errorf("got %q, expected %q", f.Commands, want)
	}
	// What root owns, the group of the user who runs the server may read.
	if err := errors.Join(os.Chown(good, 0, 65534), os.Chmod(good, 0o640)); err != nil {
		t.Fatal(err)
	}
	examine(t, c, (*examination).permissions, (*examination).secrets).says(Secrets, OK, "may read it")
	if err := os.Chown(good, 0, 1); err != nil {
		t.Fatal(err)
	}
	examine(t, c, (*examination).permissions, (*examination).secrets).says(Secrets, Wrong, good+" is of root")
}
