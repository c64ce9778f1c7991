package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
)

// load writes to a server and reads from it, over HTTP with tokens.
type load struct {
	t      testing.TB
	url    atomic.Pointer[string] // of the server now
	tokens []string               // of writers, each of a center
	client *http.Client
	onLine bool         // the trials raise alerts
	most   atomic.Int64 // the number of acknowledged records at which writers wait; 0 for none

	mu    sync.Mutex
	acked map[string]bool // ids of records that were acknowledged
	tried map[string]bool // ids of records that were sent at all
}

// newLoad makes a ledger of two centers, each with an account, and a load for it.
func newLoad(t testing.TB, dir string) *load {
	t.Helper()
	l := &load{t: t, acked: map[string]bool{}, tried: map[string]bool{},
		client: &http.Client{Timeout: serveWait, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	t.Cleanup(l.client.CloseIdleConnections)
	a, _ := servedApp(dir)
	args := []string{"--data", dir, "import", filepath.Join("testdata", "small.jsonl")}
	root := a.root()
	root.SetArgs(args)
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	x, err := a.openServed(t.Context(), &serveOptions{}, api.NewMetrics("test"))
	if err != nil {
		t.Fatal(err)
	}
	office := x.access.Desk(access.Local("test", "local"))
	for _, center := range []string{"ZJ-0001", "ZJ-0002"} {
		name := strings.ToLower(center)
		made := &access.MadeToken{}
		if _, err = office.AddAccount(t.Context(),
			access.NewAccount{Account: name,
				Binding: access.Binding{Role: access.Center, Center: events.CenterID(center)}}); err == nil {
			made, err = office.AddToken(t.Context(), access.NewToken{Account: name, Name: "load"})
		}
		if err != nil {
			t.Fatal(err)
		}
		l.tokens = append(l.tokens, made.Secret)
	}
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	return l
}

// post sends a record of a writer and returns the status, or an error if there was no answer.
func (l *load) post(writer int, id string) (int, error) {
	center := fmt.Sprintf("ZJ-%04d", writer%len(l.tokens)+1)
	body := fmt.Sprintf(
		`{"id":"%s","kind":"trial.recorded","center":"%s","on":"2026-10-31","data":{"trial":"%s","onProductionLine":%v}}`, id, center, id, l.onLine)
	r, err := http.NewRequest(http.MethodPost, *l.url.Load()+"/v1/records", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+l.tokens[writer%len(l.tokens)])
	r.Header.Set("Content-Type", "application/json")
	answer, err := l.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	if answer.StatusCode >= 300 && answer.StatusCode != http.StatusServiceUnavailable {
		l.t.Errorf("a record is answered with %d %s", answer.StatusCode, content)
	}
	return answer.StatusCode, nil
}

// write sends records of a writer until ctx ends. With insist it sends each record again until it is acknowledged, as
// a client does; otherwise it ends at the first record that is not acknowledged.
func (l *load) write(ctx context.Context, writer int, insist bool) {
	for ctx.Err() == nil {
		if most := l.most.Load(); most > 0 && int64(l.ackedCount()) >= most {
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
			}
			continue
		}
		id := uuid.NewString()
		l.mu.Lock()
		l.tried[id] = true
		l.mu.Unlock()
		for deadline := time.Now().Add(serveWait); ; {
			status, err := l.post(writer, id)
			if err == nil && status < 300 {
				l.mu.Lock()
				l.acked[id] = true
				l.mu.Unlock()
				break
			}
			if !insist || l.t.Failed() {
				return
			}
			if time.Now().After(deadline) {
				l.t.Errorf("a record is not acknowledged: %d %v", status, err)
				return
			}
			select { // a client that is refused waits before it tries again
			case <-time.After(20 * time.Millisecond):
			case <-l.t.Context().Done():
				return
			}
		}
	}
}

func (l *load) ackedCount() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// check compares the ledger with the sent records: each acknowledged record must be there once, no record that was
// not sent may be there, and the check of the ledger must pass.
func (l *load) check(dir string) {
	l.t.Helper()
	var out, errOut strings.Builder
	run := func(args ...string) string {
		out.Reset()
		errOut.Reset()
		a := newApp(args, &out, &errOut, func(string) string { return "" })
		root := a.root()
		root.SetArgs(append([]string{"--data", dir}, args...))
		if code := a.exitCode(context.Background(), root.ExecuteContext(context.Background())); code != 0 {
			l.t.Fatalf("%v: exit %d: %s%s", args, code, out.String(), errOut.String())
		}
		return out.String()
	}
	there := map[string]int{}
	for line := range strings.Lines(run("export")) {
		if _, rest, ok := strings.Cut(line, `"trial":"`); ok {
			id, _, _ := strings.Cut(rest, `"`)
			there[id]++
		}
	}
	for id := range l.acked {
		if there[id] != 1 {
			l.t.Errorf("the record %s was acknowledged and is there %d times", id, there[id])
		}
	}
	for id, n := range there {
		if !l.tried[id] || n != 1 {
			l.t.Errorf("the record %s is there %d times; sent: %v", id, n, l.tried[id])
		}
	}
	if said := run("check"); !strings.Contains(said, "The ledger is sound.") {
		l.t.Errorf("check says %s", said)
	}
}

func TestAServerThatIsToldToStopUnderLoadKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := newLoad(t, dir)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		p := startServe(t, dir)
		l.url.Store(&p.url)
		before := l.ackedCount()
		var writers sync.WaitGroup
		for i := range 4 {
			writers.Go(func() { l.write(t.Context(), i, false) })
		}
		for deadline := time.Now().Add(serveWait); l.ackedCount() < before+50; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) || t.Failed() {
				t.Fatalf("only %d records were acknowledged\n%s", l.ackedCount(), p.log)
			}
		}
		if code, want := p.end(signal),
			map[syscall.Signal]int{syscall.SIGTERM: 0, syscall.SIGKILL: -1}[signal]; code != want {
			t.Errorf("after %v: exit %d, expected %d\n%s", signal, code, want, p.log)
		}
		writers.Wait()
	}
	l.check(dir)
}
