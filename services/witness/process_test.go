package witness_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/witness"
)

// processVariable names the directory of a witness to the test binary that serves it as a process of its own.
const processVariable = "TAIZHANG_TEST_WITNESS"

// runProcess serves a witness until it is killed. It prints its address.
func runProcess(dir string) {
	w, err := witness.Open(dir, time.Now)
	if err == nil {
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err == nil {
			fmt.Printf("http://%v\n", l.Addr())
			err = w.Server(zap.NewNop()).Serve(l)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// process is a witness in a process of its own. It is asked with some patience.
type process struct {
	*exec.Cmd
	at       seal.Witness
	patience time.Duration
	ended    sync.Once
}

// stop stops the process, which keeps its connections and answers nobody. Nothing is worth waiting for then.
func (p *process) stop(t testing.TB) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	p.patience = time.Second
}

// goOn ends what stop did.
func (p *process) goOn(t testing.TB) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	p.patience = time.Minute
}

// start starts a process that serves a witness.
func start(t testing.TB, dir, name string, key seal.Key) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0]), patience: time.Minute}
	p.Env, p.Stderr = append(os.Environ(), processVariable+"="+dir), os.Stderr
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p.at = seal.Witness{Name: name, Key: key, URL: strings.TrimSpace(url)}
	return p
}

// kill ends the process as kill -9 does, once, and returns when it has ended.
func (p *process) kill() {
	p.ended.Do(func() { _ = p.Process.Kill(); _ = p.Wait() })
}

// create makes a witness that trusts a ledger, which nobody has open.
func create(t testing.TB, h *history, name string) (dir string, key seal.Key) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "w")
	key, err := witness.Create(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := witness.Open(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Trust(h.signer.Key), w.Close()); err != nil {
		t.Fatal(err)
	}
	return dir, key
}

// TestAWitnessKilledAtAnyTimeNeverContradictsItself lets two forks of a ledger ask a witness that is killed again and
// again: all checkpoints that it cosigned, whichever of its processes did, lie on one history.
func TestAWitnessKilledAtAnyTimeNeverContradictsItself(t *testing.T) {
	const most, lives = 300, 6
	trunk := newHistory(t).grow(3, "record")
	dir, key := create(t, trunk, "witness.example/w1")
	forks := []*history{trunk.branch().grow(most, "one"), trunk.branch().grow(most, "two")}
	cosigned := make([][]uint64, len(forks))
	for range lives {
		p := start(t, dir, "w1", key)
		ended := time.AfterFunc(time.Duration(10+rand.IntN(60))*time.Millisecond, p.kill)
		var asking sync.WaitGroup
		for i, fork := range forks {
			asking.Go(func() {
				client := &http.Client{Transport: &http.Transport{}}
				defer client.CloseIdleConnections()
				for size := uint64(2); size < most; size++ {
					_, err := witness.Ask(t.Context(), client, p.at, 0,
						func(old uint64) (*seal.Request, error) { return fork.request(old, size), nil })
					if text.CodeOf(err) == text.Unavailable {
						return // it was killed
					}
					if err == nil {
						cosigned[i] = append(cosigned[i], size)
					}
				}
			})
		}
		asking.Wait()
		ended.Stop()
		p.kill()
	}
	trunkSize := uint64(3)
	if one, two := len(cosigned[0]), len(cosigned[1]); one+two == 0 {
		t.Error("nothing was cosigned")
	}
	for _, size := range cosigned[0] {
		for _, other := range cosigned[1] {
			if size > trunkSize && other > trunkSize {
				t.Fatalf("cosigned %d records of one history and %d of another", size, other)
			}
		}
	}
}

// TestTwoOfThreeWitnesses asks three processes, of which one is each time not right.
func TestTwoOfThreeWitnesses(t *testing.T) {
	h := newHistory(t).grow(40, "record")
	var processes []*process
	var dirs []string
	policy := fmt.Sprintf("log %s https://ledger.example\n", h.signer.Key)
	for i := range 3 {
		name := fmt.Sprintf("w%d", i+1)
		dir, key := create(t, h, "witness.example/"+name)
		p := start(t, dir, name, key)
		processes, dirs = append(processes, p), append(dirs, dir)
		policy += fmt.Sprintf("witness %s %s %s\n", name, key, p.at.URL)
	}
	trust, err := seal.ParsePolicy([]byte(policy + "group g 2 w1 w2 w3\nquorum g\n"))
	if err != nil {
		t.Fatal(err)
	}
	last := map[string]uint64{} // the newest size that each cosigned
	ask := func(h *history, size uint64) (signed *seal.Signed, failed map[string]error) {
		signed, failed = h.checkpoint(size), map[string]error{}
		for _, p := range processes {
			ctx, cancel := context.WithTimeout(t.Context(), p.patience)
			line, err := witness.Ask(ctx, http.DefaultClient, p.at, last[p.at.Name],
				func(old uint64) (*seal.Request, error) { return h.request(old, size), nil })
			cancel()
			if err != nil {
				failed[p.at.Name] = err
				continue
			}
			signed.Add(line)
			last[p.at.Name] = size
		}
		return signed, failed
	}
	expect := func(what string, signed *seal.Signed, failed map[string]error, met bool, says ...string) {
		t.Helper()
		if got, _ := trust.Quorum(signed); got != met {
			t.Errorf("%s: the quorum is met: %t", what, got)
		}
		if len(failed) != len(says)/2 {
			t.Errorf("%s: failed %v", what, failed)
		}
		for i := 0; i < len(says); i += 2 {
			if err := failed[says[i]]; err == nil || !strings.Contains(err.Error(), says[i+1]) {
				t.Errorf("%s: %s: expected %q, got %v", what, says[i], says[i+1], err)
			}
		}
	}
	signed, failed := ask(h, 10)
	expect("all are well", signed, failed, true)

	old := filepath.Join(t.TempDir(), "old")
	if err := os.CopyFS(old, os.DirFS(filepath.Join(dirs[2], "heads"))); err != nil {
		t.Fatal(err)
	}
	processes[0].kill()
	signed, failed = ask(h, 20)
	expect("one is down", signed, failed, true, "w1", "cannot be reached")

	processes[0] = start(t, dirs[0], "w1", processes[0].at.Key)
	processes[2].kill()
	if err := errors.Join(os.RemoveAll(filepath.Join(dirs[2], "heads")),
		os.CopyFS(filepath.Join(dirs[2], "heads"), os.DirFS(old))); err != nil {
		t.Fatal(err)
	}
	processes[2] = start(t, dirs[2], "w3", processes[2].at.Key)
	signed, failed = ask(h, 30)
	expect("one was rolled back", signed, failed, true, "w3", "it knows 10 records, but cosigned a checkpoint of 20")

	processes[1].stop(t)
	signed, failed = ask(h, 35)
	expect("one is late and one was rolled back", signed, failed, false, "w2", "did not answer in time",
		"w3", "lost its state")
	processes[1].goOn(t) // it finds the request, which it may take or not, and is asked again
	signed, failed = ask(h, 35)
	expect("the late one comes", signed, failed, true, "w3", "lost its state")

	signed, failed = ask(h.other(40), 40)
	expect("the ledger forked", signed, failed, false, "w1", "does not show that", "w2", "does not show that",
		"w3", "lost its state")
}
