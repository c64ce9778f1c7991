package logstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"github.com/taizhang/taizhang/events"
)

const (
	crashDirVariable = "LOGSTORE_CRASH_DIR"
	backupToVariable = "LOGSTORE_BACKUP_TO" // then the child makes a backup of the directory
)

// TestMain runs the child of a crash test instead of the tests if the environment asks for it.
func TestMain(m *testing.M) {
	if dir, to := os.Getenv(crashDirVariable), os.Getenv(backupToVariable); to != "" {
		if err := backupChild(dir, to); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	} else if dir != "" {
		fmt.Fprintln(os.Stderr, crashChild(dir))
		os.Exit(1)
	}
	debug.SetGCPercent(400) // logs of a test are small, and thousands are copied
	os.Exit(m.Run())
}

// crashChild appends to four streams, each from its end, until it is killed. It prints each batch when it is
// acknowledged.
func crashChild(dir string) error {
	s, err := Open(dir, Options{SegmentBytes: 16 << 10})
	if err != nil {
		return err
	}
	if _, err = os.Stdout.WriteString("open\n"); err != nil {
		return err
	}
	failed := make(chan error)
	for i := range 4 {
		name := events.StreamID(fmt.Sprintf("center-ZJ-%02d", i))
		_, held, _ := s.now(name)
		go func() {
			for n := uint64(len(held)); ; n += 3 {
				if _, err := s.Append(context.Background(), name, n, batch(fmt.Sprint(name, n), 3)); err != nil {
					failed <- err
					return
				}
				if _, err := os.Stdout.WriteString(fmt.Sprintln(name, n+3)); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}

func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	dir := t.TempDir()
	acknowledged := map[events.StreamID]uint64{}
	for round := range 25 {
		runAndKill(t, dir, 1+round*7, acknowledged, nil)
		checkAcknowledged(t, dir, acknowledged)
	}
}

// The test suspends the child at random times under load. While it is suspended, its log can be read and verified,
// and nobody else can write to it.
func TestAProcessThatIsStoppedAndGoesOnLosesNothing(t *testing.T) {
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(1, 5))
	acknowledged := map[events.StreamID]uint64{}
	for range 6 {
		runAndKill(t, dir, 200, acknowledged, func(child *exec.Cmd) (enough bool) {
			if rng.IntN(10) > 0 {
				return false
			}
			signal(t, child, syscall.SIGSTOP)
			var is syscall.WaitStatus
			if _, err := syscall.Wait4(child.Process.Pid, &is, syscall.WUNTRACED, nil); err != nil || !is.Stopped() {
				t.Fatalf("the child is not stopped: %v, %v", is, err)
			}
			lookAtStopped(t, dir)
			if rng.IntN(20) == 0 {
				return true // it is killed as it stands
			}
			signal(t, child, syscall.SIGCONT)
			return false
		})
		checkAcknowledged(t, dir, acknowledged)
	}
}

func lookAtStopped(t *testing.T, dir string) {
	t.Helper()
	var locked *LockedError
	if _, err := Open(dir, Options{}); !errors.As(err, &locked) {
		t.Errorf("opened beside a process that is stopped: %v", err)
	}
	r, err := Verify(dir, nil)
	if err != nil || len(r.Damages) > 0 || r.Records%3 != 0 {
		t.Errorf("verified beside a process that is stopped: %+v, %v", r, err)
	}
	s := mustOpen(t, dir, Options{ReadOnly: true})
	if n := len(lines(t, s)); uint64(n) != r.Records {
		t.Errorf("%d events are read, %d verified", n, r.Records)
	}
	mustClose(t, s)
}

func TestASecondProcessLeavesTheDirectoryToTheFirst(t *testing.T) {
	dir := t.TempDir()
	acknowledged := map[events.StreamID]uint64{}
	tried := false
	runAndKill(t, dir, 50, acknowledged, func(*exec.Cmd) (enough bool) {
		if tried {
			return false
		}
		tried = true
		second := child(t, dir)
		second.Stderr = nil
		out, err := second.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !strings.Contains(string(out), "in use by another process") {
			t.Errorf("the second process ended with %v: %s", err, out)
		}
		return false
	})
	checkAcknowledged(t, dir, acknowledged)
}

func signal(t *testing.T, child *exec.Cmd, s os.Signal) {
	t.Helper()
	if err := child.Process.Signal(s); err != nil {
		t.Error(err)
	}
}

// checkAcknowledged opens the log of a killed child. It must have all acknowledged batches, and only whole batches.
func checkAcknowledged(t *testing.T, dir string, acknowledged map[events.StreamID]uint64) {
	t.Helper()
	s := mustOpen(t, dir, Options{SegmentBytes: 16 << 10})
	total := 0
	for name, revision := range acknowledged {
		var n uint64
		for e, err := range s.ReadStream(t.Context(), name, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if want := batch(fmt.Sprint(name, n/3*3), 3)[n%3]; e.ID != want.ID || e.Revision != n+1 {
				t.Fatalf("%s has %v at %d", name, e.ID, n+1)
			}
			n++
		}
		if n < revision || n%3 != 0 {
			t.Fatalf("of %d acknowledged events of %s %d are there", revision, name, n)
		}
		total += int(n)
	}
	if got := len(lines(t, s)); got < total {
		t.Fatalf("%d events, in streams %d", got, total)
	}
	mustClose(t, s)
}

func child(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), exe)
	child.Env = append(os.Environ(), crashDirVariable+"="+dir)
	child.Stderr = os.Stderr
	return child
}

// runAndKill starts a child on the directory and kills it when it has acknowledged a number of batches. After each
// batch it calls during, unless nil, which may end the run early.
func runAndKill(t *testing.T, dir string, batches int, acknowledged map[events.StreamID]uint64,
	during func(*exec.Cmd) (enough bool)) {
	t.Helper()
	child := child(t, dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for lines := bufio.NewScanner(out); lines.Scan(); seen++ {
		// to the end: what it acknowledged while dying counts too
		var name events.StreamID
		var revision uint64
		if _, err := fmt.Sscan(lines.Text(), &name, &revision); err == nil {
			acknowledged[name] = max(acknowledged[name], revision)
		}
		if 0 < seen && seen < batches && during != nil && during(child) {
			batches = seen
		}
		if seen == batches {
			_ = child.Process.Kill()
		}
	}
	_ = child.Wait()
	if seen < batches {
		t.Fatalf("the child ended by itself after %d batches", seen)
	}
}
