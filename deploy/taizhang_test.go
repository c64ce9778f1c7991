package deploy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// builds is the directory of the program that the tests run.
var builds string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if builds, err = os.MkdirTemp("", "taizhang-deploy-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(builds)
		return m.Run()
	}())
}

// built builds the program as it is shipped, once for all tests.
var built = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(builds, "taizhang")
	cmd := exec.Command("release/binary.sh", "0.0.0", runtime.GOARCH, binary)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build taizhang: %w\n%s", err, out)
	}
	return binary, nil
})

// taizhang returns the path of the static binary.
func taizhang(t *testing.T) string {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// run runs a verb of the program in English and returns what it printed on standard output.
func run(t *testing.T, args ...string) string {
	t.Helper()
	return runWith(t, taizhang(t), args...)
}

// runWith does the same with another binary.
func runWith(t *testing.T, binary string, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"--lang", "en"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("taizhang %q: %v\n%s", args, err, stderr.Bytes())
	}
	return string(out)
}

// server is a running `taizhang serve`.
type server struct {
	dir                string // of the ledger
	url, admin, alerts string // addresses; alerts is "" if it publishes none
	process            *os.Process

	stopped chan error // the end of the process; closed then
}

var servingLine = regexp.MustCompile(
	`^serving the ledger .* on (https?://\S+?), health and metrics on (http://\S+?)` +
		`(?:, alerts over NATS on (\S+?))?(?:,| and on the socket )`)

// startWait bounds how long a server may take to become ready, to stop, and to go on when another of its cluster died.
const startWait = 90 * time.Second

// serve runs `taizhang serve` on the ledger in dir until the test ends, on free ports of loopback unless flags say
// otherwise, and returns when it is ready.
func serve(t *testing.T, dir string, flags ...string) *server {
	t.Helper()
	return serveWith(t, taizhang(t), dir, flags...)
}

// serveWith does the same with another binary.
func serveWith(t *testing.T, binary, dir string, flags ...string) *server {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"--lang", "en", "serve", "--data", dir, "--listen", "127.0.0.1:0",
		"--admin-listen", "127.0.0.1:0", "--nats-listen", "127.0.0.1:0"}, flags...)...)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{dir: dir, process: cmd.Process, stopped: make(chan error, 1)}
	addresses := make(chan []string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if m := servingLine.FindStringSubmatch(lines.Text()); m != nil {
				addresses <- m
			}
		}
		_, _ = io.Copy(io.Discard, out) // a line that is too long for the scanner must not stop the server
		s.stopped <- cmd.Wait()
		close(s.stopped)
	}()
	t.Cleanup(func() {
		s.stop(t)
		if t.Failed() {
			content, _ := os.ReadFile(log.Name())
			t.Logf("log of the server on %s:\n%s", dir, content)
		}
		_ = log.Close()
	})
	select {
	case m := <-addresses:
		s.url, s.admin, s.alerts = m[1], m[2], m[3]
	case err := <-s.stopped:
		content, _ := os.ReadFile(log.Name())
		t.Fatalf("the server ended: %v\n%s", err, content)
	case <-time.After(startWait):
		t.Fatal("the server does not say that it serves")
	}
	await(t, "the server is ready", func() bool {
		answer, err := http.Get(s.admin + "/readyz")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return s
}

// stop ends the server as a supervisor does, and waits for it.
func (s *server) stop(t *testing.T) {
	t.Helper()
	_ = s.process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-s.stopped:
	case <-time.After(startWait):
		_ = s.process.Kill()
		t.Error("the server did not stop")
	}
}

// await waits until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(startWait); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %s in vain: %s", startWait, what)
		}
	}
}

func TestTheProgramServesAndStops(t *testing.T) {
	s := serve(t, filepath.Join(t.TempDir(), "ledger"))
	if out := run(t, "--data", s.dir, "feed", "status"); out == "" {
		t.Error("the server beside does not answer")
	}
	s.stop(t)
	if _, err := http.Get(s.admin + "/livez"); err == nil {
		t.Error("a server that was stopped answers")
	}
}

// secrets makes the files of secrets that deploy/compose gives to the containers, in a directory of their own.
func secrets(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "secrets")
	cmd := exec.Command("compose/secrets.sh", "ledger.example.cn", "taizhang.taizhang.svc")
	cmd.Env = append(os.Environ(), "SECRETS="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("compose/secrets.sh: %v\n%s", err, out)
	}
	return dir
}

// recipe returns the commands in the comment at the head of a file, without the remarks behind them.
func recipe(content string) (commands []string) {
	goesOn := false
	for line := range strings.Lines(content) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		command, ok := strings.CutPrefix(line, "#   ")
		if !ok {
			continue
		}
		command, _, _ = strings.Cut(command, " # ")
		command, more := strings.CutSuffix(strings.TrimSpace(command), "\\")
		if goesOn {
			commands[len(commands)-1] += command
		} else {
			commands = append(commands, command)
		}
		goesOn = more
	}
	return commands
}

// restoreFaults returns what is wrong with the commands of a recipe that restore a backup. ledger is the directory of
// the ledger, which is not empty then.
func restoreFaults(commands []string, ledger string) (faults []string) {
	restores := false
	for _, command := range commands {
		if !strings.Contains(command, " restore ") {
			continue
		}
		restores = true
		if !strings.Contains(command, " --data ") || strings.Contains(command, " --data "+ledger+" ") {
			faults = append(faults, "this restores over the ledger: "+command)
		}
	}
	if !restores {
		faults = append(faults, "no command restores a backup")
	}
	return faults
}
