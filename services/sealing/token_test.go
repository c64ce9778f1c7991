package sealing_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/taizhang/taizhang/events/text"
)

// TestATimeStampOfACheckpointIsKeptWithWhatItStamps gets tokens of an authority of OpenSSL.
func TestATimeStampOfACheckpointIsKeptWithWhatItStamps(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("there is no openssl")
	}
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command("openssl", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v %s", args, err, out)
		}
	}
	write := func(name, content string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("tsa.cnf", `[tsa]
default_tsa = one
[one]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
`)
	write("serial", "01\n")
	run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=tsa",
		"-keyout", "tsa.key", "-out", "tsa.pem", "-addext", "extendedKeyUsage=critical,timeStamping")
	stamp := func(path string) []byte {
		t.Helper()
		run("ts", "-query", "-data", path, "-sha256", "-cert", "-out", "q.tsq")
		run("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q.tsq", "-out", "r.tsr")
		token, err := os.ReadFile(filepath.Join(dir, "r.tsr"))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	k := newKit(t, t.TempDir(), 3)
	k.begin()
	s, err := k.Newest()
	if err != nil {
		t.Fatal(err)
	}
	path := k.path("checkpoints", "5")
	note, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	token := stamp(path)
	witness := k.policy("a")[0]
	if _, err := k.add("a.cosig", []byte(s.Cosign(witness, start).String())); err != nil { // it changes the file
		t.Fatal(err)
	}
	for i, isNew := range []bool{true, false} {
		added, err := k.add("r.tsr", token)
		if err != nil || added.New != isNew || added.Size != 5 || added.At.IsZero() {
			t.Fatalf("%d: added %+v, %v", i, added, err)
		}
	}
	if _, err := k.add("r.tsr", stamp(path)); err != nil {
		t.Fatal(err)
	}
	_, err = k.add("r.tsr", stamp(write("other", "5\n")))
	refused(t, err, text.Invalid, "stamps no checkpoint here")
	list, err := k.Timestamps()
	if err != nil || len(list) != 2 || list[0].Size != 5 || list[0].N != 1 || list[1].N != 2 ||
		string(list[0].Note) != string(note) || len(list[1].Note) <= len(note) {
		t.Errorf("the time stamps are %+v, %v", list, err)
	}
}
