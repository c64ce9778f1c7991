package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWrongModesAndOwnersAreSaid(t *testing.T) {
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
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(segment, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	examine(t, config(dir), (*examination).permissions, (*examination).secrets).says(Permissions, Wrong,
		"segment-000001.log is not of the user root")
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
	examine(t, c, (*examination).permissions, (*examination).secrets).says(Secrets, Wrong,
		"who runs the server, cannot read it")
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
