package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/seal"
)

// startWitness starts a process that serves a witness, and returns it with its URL.
func startWitness(t testing.TB, dir string) (p *exec.Cmd, url string) {
	t.Helper()
	p = exec.Command("taizhang", "witness", "serve", "--dir", dir, "--listen", "127.0.0.1:0", "--lang", "en")
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill(); _ = p.Wait() }) // it may have ended
	said, err := bufio.NewReader(out).ReadString('\n')
	if url = regexp.MustCompile(`http://[^ ,]+`).FindString(said); url == "" {
		t.Fatalf("the witness said %q, %v", said, err)
	}
	return p, url
}

// typed runs the program and returns its standard output. It must succeed.
func typed(t *testing.T, args ...string) string {
	t.Helper()
	out, errOut, code := taizhang(t, args...)
	if code != 0 {
		t.Fatalf("taizhang %s: %d\n%s", strings.Join(args, " "), code, errOut)
	}
	return strings.TrimSpace(out)
}

// newestCheckpoint returns the newest checkpoint beside a ledger.
func newestCheckpoint(t testing.TB, dir string) *seal.Signed {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "seal", "checkpoints"))
	if err != nil {
		t.Fatal(err)
	}
	newest := 0
	for _, e := range entries {
		size, err := strconv.Atoi(e.Name())
		if err == nil { // otherwise it is being written
			newest = max(newest, size)
		}
	}
	content, err := os.ReadFile(filepath.Join(dir, "seal", "checkpoints", strconv.Itoa(newest)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := seal.ParseSigned(content)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAServedLedgerIsCosignedByTwoOfThreeWitnesses serves a ledger whose policy names three witnesses, each a process
// of its own. One of them ends before the ledger does.
func TestAServedLedgerIsCosignedByTwoOfThreeWitnesses(t *testing.T) {
	work := t.TempDir()
	dir := filepath.Join(work, "data")
	typed(t, "--data", dir, "import", "testdata/small.jsonl")
	log := typed(t, "--data", dir, "seal", "init", "taizhang.zj/2026")
	policy := "log " + log + " https://ledger.example\n"
	var witnesses []*exec.Cmd
	for i := range 3 {
		w := filepath.Join(work, fmt.Sprint("w", i))
		key := typed(t, "witness", "init", fmt.Sprintf("w%d.example/1", i), "--dir", w)
		typed(t, "witness", "trust", log, "--dir", w)
		p, url := startWitness(t, w)
		witnesses = append(witnesses, p)
		policy += fmt.Sprintf("witness w%d %s %s\n", i, key, url)
	}
	policy += "group two 2 w0 w1 w2\nquorum two\n"
	trust, err := seal.ParsePolicy([]byte(policy))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "seal", "policy.txt"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	begun := newestCheckpoint(t, dir).Size

	p := startServe(t, dir)
	late := time.After(serveWait)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, cosigned := trust.Quorum(newestCheckpoint(t, dir)); len(cosigned) == 3 {
			break
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("not cosigned by all three\n%s", p.log)
		}
	}
	if _, metrics := p.owner("/metrics"); !strings.Contains(metrics, "\ntaizhang_checkpoint_cosignatures 3\n") ||
		!strings.Contains(metrics, "\ntaizhang_checkpoint_quorum_met 1\n") {
		t.Error("the metrics do not have the cosignatures")
	}
	trial := func(name string) {
		typed(t, "--data", dir, "record", "trial.recorded", "--center", "ZJ-0001", "--on", "2025-12-01", "--role",
			"center", "--actor", "c-1", "--data", `{"trial":"`+name+`","onProductionLine":false}`)
	}
	trial("T-0")
	if out := typed(t, "--data", dir, "seal"); !strings.HasPrefix(out, fmt.Sprintf("sealed %d records:", begun+2)) {
		t.Errorf("beside the server, seal says\n%s", out)
	}
	if code := endOf(t, witnesses[1], syscall.SIGTERM); code != 0 {
		t.Errorf("the witness ended with %d", code)
	}
	stops := 0
	both := func() bool {
		met, cosigned := trust.Quorum(newestCheckpoint(t, dir))
		return met && len(cosigned) == 2
	}
	for stops == 0 || stops < 3 && !both() { // a stop gives witnesses 2 s, which may be too short on a busy machine
		if stops > 0 {
			p = startServe(t, dir)
		}
		stops++
		trial(fmt.Sprint("T-", stops))
		if code := p.end(syscall.SIGTERM); code != 0 {
			t.Errorf("the server ended with %d\n%s", code, p.log)
		}
		if newest := newestCheckpoint(t, dir); newest.Size != begun+3+uint64(stops) {
			t.Errorf("after the stop %d records are sealed\n%s", newest.Size, p.log)
		}
	}
	if !both() {
		t.Errorf("the two witnesses that run have cosigned at none of %d stops\n%s", stops, p.log)
	}
	if out := typed(t, "--data", dir, "check"); !strings.Contains(out, fmt.Sprintf("checkpoints: %d, each compared", stops+2)) {
		t.Errorf("check says\n%s", out)
	}
}

// endOf sends a signal to a process and returns its exit code.
func endOf(t testing.TB, p *exec.Cmd, signal os.Signal) int {
	t.Helper()
	if err := p.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait() // the code says it
	return p.ProcessState.ExitCode()
}
