package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/doctor"
	"github.com/taizhang/taizhang/services/listen"
	"github.com/taizhang/taizhang/services/listen/listentest"
)

// doctored runs doctor in the form for programs.
func doctored(t *testing.T, run func(args ...string) string, args ...string) *doctor.Examined {
	t.Helper()
	e := &doctor.Examined{}
	if err := json.Unmarshal([]byte(run(append(args, "--output", "json")...)), e); err != nil {
		t.Fatal(err)
	}
	return e
}

// says reports whether there is a finding on a topic that contains some words.
func says(e *doctor.Examined, topic doctor.Topic, state doctor.State, words string) bool {
	return slices.ContainsFunc(e.Findings, func(f *doctor.Diagnosis) bool {
		return f.Topic == topic && f.State == state && strings.Contains(f.Found.En, words)
	})
}

func TestDoctorAsksTheServerAndFindsItsPorts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	var addresses []string
	for range 3 {
		addresses = append(addresses, listentest.FreeAddress(t))
	}
	settings := []string{"--listen", addresses[0], "--nats-listen", addresses[1]}
	p := startServe(t, dir, settings...)
	run := func(args ...string) string {
		out, errOut, _ := taizhang(t, append([]string{"doctor", "--data", dir, "--lang", "en"}, args...)...)
		if errOut != "" {
			t.Fatal(errOut)
		}
		return out
	}
	var e *doctor.Examined
	eventually(t, "the feed publishes", func() bool {
		e = doctored(t, run, append(settings, "--admin-listen", addresses[2])...)
		return says(e, doctor.Feed, doctor.OK, "publishing")
	})
	for topic, words := range map[doctor.Topic]string{doctor.Service: "is ready, at position 0",
		doctor.Ledger: "served by process", doctor.OpenFiles: "the limit of the server"} {
		if !says(e, topic, doctor.OK, words) {
			t.Errorf("%s does not say %q", topic, words)
		}
	}
	if !says(e, doctor.Ports, doctor.OK, "nats-listen "+addresses[1]+": of the server") ||
		!says(e, doctor.Ports, doctor.Warning, "admin-listen "+addresses[2]+": the server, process") {
		t.Errorf("the ports are not told apart:\n%s", run(settings...))
	}
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %s", code, p.log)
	}
	if e = doctored(t, run, settings...); !says(e, doctor.Service, doctor.NotExamined, "no process serves") ||
		!says(e, doctor.Ports, doctor.OK, ": free") {
		t.Errorf("after the end:\n%s", run(settings...))
	}
}

// The program runs as a user who may read nothing of the ledger and not ask its server.
func TestDoctorNeedsNoRights(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("the test runs as root, to run the program as somebody else")
	}
	dir := filepath.Join(t.TempDir(), "ledger")
	mustRun(t, "--data", dir, "import", filepath.Join("testdata", "small.jsonl"))
	path, err := exec.LookPath("taizhang")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Open(path) // nobody may look into the directory of the program
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for open := filepath.Dir(dir); open != "/" && open != os.TempDir(); open = filepath.Dir(open) {
		if err := os.Chmod(open, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		args = append([]string{"doctor", "--data", dir, "--listen", "127.0.0.1:0", "--nats-listen", "off"}, args...)
		c := &exec.Cmd{Path: "/proc/self/fd/3", Args: append([]string{"taizhang"}, args...)}
		var out, errOut bytes.Buffer
		c.Stdout, c.Stderr, c.Dir, c.Env = &out, &errOut, "/", []string{"LANG=en_US.UTF-8"}
		c.ExtraFiles = []*os.File{program}
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		var exit *exec.ExitError
		if err := c.Run(); err != nil && !errors.As(err, &exit) || errOut.Len() > 0 {
			t.Fatalf("%v\n%s", err, &errOut)
		}
		return out.String()
	}
	startServe(t, dir)
	for _, topic := range []doctor.Topic{doctor.Ledger, doctor.Service, doctor.Sync, doctor.Reserve,
		doctor.Permissions} {
		if e := doctored(t, run); !says(e, topic, doctor.NotExamined, "not permitted") ||
			says(e, topic, doctor.Wrong, "") {
			t.Errorf("%s is not left out:\n%s", topic, run("--output", "table"))
		}
	}
	low := []string{"--listen", "127.0.0.1:443"} // the user who serves may be permitted
	if e := doctored(t, run, low...); says(e, doctor.Ports, doctor.Wrong, "") {
		t.Errorf("a low port is wrong:\n%s", run(low...))
	}
}

func TestDoctorSaysThatAServerHangs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	socket, err := listen.OpenSocket(dir) // it takes connections and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	doctorPatience = 20 * time.Millisecond
	t.Cleanup(func() { doctorPatience = 5 * time.Second })
	out, errOut, code := taizhang(t, "doctor", "--data", dir, "--lang", "en", "--listen", "127.0.0.1:0",
		"--nats-listen", "off")
	if code != 1 || errOut != "" || !strings.Contains(out, "cannot be asked on the socket: no answer") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
}
