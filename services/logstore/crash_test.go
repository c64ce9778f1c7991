package logstore

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/events"
)

const crashDirVariable = "LOGSTORE_CRASH_DIR"

// TestMain runs the child of the crash test in place of the tests when it is asked to.
func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDirVariable); dir != "" {
		fmt.Fprintln(os.Stderr, crashChild(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// crashChild appends to four streams, each from where it stands, until it is killed, and prints each batch when it is
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
		name := events.StreamID(fmt.Sprintf("center-%02d", i))
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
		runAndKill(t, dir, 1+round*7, acknowledged)
		s := mustOpen(t, dir, Options{SegmentBytes: 16 << 10})
		total := 0
		for name, revision := range acknowledged {
			var n uint64
			for e, err := range s.ReadStream(t.Context(), name, 0) {
				if err != nil {
					t.Fatal(err)
				}
				if want := batch(fmt.Sprint(name, n/3*3), 3)[n%3]; e.ID != want.ID || e.Revision != n+1 {
					t.Fatalf("round %d: %s has %v at %d", round, name, e.ID, n+1)
				}
				n++
			}
			if n < revision || n%3 != 0 {
				t.Fatalf("round %d: of %d acknowledged events of %s %d are there", round, revision, name, n)
			}
			total += int(n)
		}
		if got := len(lines(t, s)); got < total {
			t.Fatalf("round %d: %d events, in streams %d", round, got, total)
		}
		mustClose(t, s)
	}
}

// runAndKill starts a child on the directory and kills it when it has acknowledged some batches.
func runAndKill(t *testing.T, dir string, batches int, acknowledged map[events.StreamID]uint64) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), exe)
	child.Env = append(os.Environ(), crashDirVariable+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	seen := 0
	for lines := bufio.NewScanner(out); lines.Scan(); seen++ { // to the end: what it acknowledged while dying counts too
		var name events.StreamID
		var revision uint64
		if _, err := fmt.Sscan(lines.Text(), &name, &revision); err == nil {
			acknowledged[name] = max(acknowledged[name], revision)
		}
		if seen >= batches {
			once.Do(func() { _ = child.Process.Kill() })
		}
	}
	_ = child.Wait()
	if seen < batches {
		t.Fatalf("the child ended by itself after %d batches", seen)
	}
}
