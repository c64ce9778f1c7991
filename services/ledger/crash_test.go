package ledger_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/logstore"
)

// The variables that make this binary import the file into the directory instead of running the tests.
const (
	crashDir  = "TAIZHANG_CRASH_DIR"
	crashFile = "TAIZHANG_CRASH_FILE"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := importTelling(dir, os.Getenv(crashFile)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if what := os.Getenv(measureWhat); what != "" {
		if err := measure(what, os.Getenv(measureDir), os.Getenv(measureFile)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// telling prints when each append begins and when it is acknowledged.
type telling struct{ events.Store }

func (s telling) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	fmt.Printf("begin %s %d\n", stream, expected)
	places, err := s.Store.Append(ctx, stream, expected, batch)
	if err == nil {
		fmt.Printf("durable %s %d\n", stream, places[len(places)-1].Revision)
	}
	return places, err
}

func importTelling(dir, file string) error {
	store, err := logstore.Open(dir, logstore.Options{SegmentBytes: 1 << 20})
	if err != nil {
		return err
	}
	l, err := ledger.Open(context.Background(), telling{store}, ledger.Config{})
	if err != nil {
		return err
	}
	files, err := ledgertest.Open(file)
	if err != nil {
		return err
	}
	if _, err = l.Import(context.Background(), ledger.ImportConfig{Files: files, Account: importer}); err != nil {
		return err
	}
	return store.Close()
}

// killedAt runs the import in another process and kills it after a number of lines. It returns the events
// acknowledged as durable. finished is true if the import had ended before.
func killedAt(t *testing.T, dir, file string, lines int) (durable map[events.StreamID]uint64, finished bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir, crashFile+"="+file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	durable = map[events.StreamID]uint64{}
	said := bufio.NewScanner(out)
	for n := 0; said.Scan(); {
		var word string
		var stream events.StreamID
		var revision uint64
		if _, err := fmt.Sscan(said.Text(), &word, &stream, &revision); err != nil {
			t.Fatalf("said %q: %v", said.Text(), err)
		}
		if word == "durable" {
			durable[stream] = max(durable[stream], revision)
		}
		if n++; n == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil && !strings.Contains(err.Error(), "killed") {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return durable, cmd.ProcessState.Success()
}

func TestAnImportKilledAtAnyMomentLosesNothingAnsweredAndIsFinishedByRunningItAgain(t *testing.T) {
	const total = 6000
	file := simulated(t, total, 12)
	dir := t.TempDir()
	for lines, finished := 1, false; !finished; lines += 2 {
		var durable map[events.StreamID]uint64
		durable, finished = killedAt(t, dir, file, lines)
		store, err := logstore.Open(dir, logstore.Options{SegmentBytes: 1 << 20})
		if err != nil {
			t.Fatalf("killed at line %d: %v", lines, err)
		}
		l := open(t, store)
		for stream, revision := range durable {
			if got := l.Register().Revision(stream); got < revision {
				t.Errorf("killed at line %d: %s was durable at revision %d and is at %d", lines, stream, revision, got)
			}
		}
		if _, found := checks(t, l); len(found) > 0 {
			t.Errorf("killed at line %d: found %+v", lines, found)
		}
		if n := count(t, store); finished && n != total+1 {
			t.Errorf("finished with %d events of %d", n, total+1)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
