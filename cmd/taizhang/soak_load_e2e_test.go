//go:build e2e

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
)

// The load of an office that serves a province: many centers, each with an account and a few records a second among
// them all.
const (
	soakCenters   = 300
	soakWriters   = 8
	soakReaders   = 4
	soakRate      = 400 // records a second that the writers send together
	soakBatchMax  = 50
	soakImportMax = 400
	spentFen      = 100 // of each voucher
)

// fate is the known outcome of a record that was made.
type fate byte

const (
	forbidden fate = iota // nobody may write it: a server was asked about it, or had a reason against it
	sent                  // and not answered: it is there once or not at all
	acked                 // acknowledged: it is there once
)

// soakLoad is a mixed load on a server that is killed and started again.
type soakLoad struct {
	t       testing.TB
	url     atomic.Pointer[string] // of the server now
	client  *http.Client
	centers []string     // tokens, by the number of the center
	office  string       // token of an office that may import records of centers
	auditor string       // token
	gate    sync.RWMutex // read by each request; written while the server is measured
	turn    atomic.Int64 // of all writers together

	mu    sync.Mutex
	fates map[string]fate
	lines map[string]string // of the records that are sent and not answered
	count map[string]int    // answers, by what was asked
}

// newSoakLoad makes a ledger of soakCenters centers with money to spend, an account for each, and a load for it.
func newSoakLoad(t testing.TB, dir string) *soakLoad {
	t.Helper()
	l := &soakLoad{t: t, client: &http.Client{Timeout: serveWait, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		fates: map[string]fate{}, lines: map[string]string{}, count: map[string]int{}}
	t.Cleanup(l.client.CloseIdleConnections)
	small, err := os.ReadFile(filepath.Join("testdata", "small.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	registered, _, _ := strings.Cut(string(small), "\n")
	var lines strings.Builder
	add := func(line, center string) {
		id := uuid.NewString()
		l.fates[id] = acked
		head, tail, _ := strings.Cut(line, `"id":"`)
		lines.WriteString(head + `"id":"` + id + strings.ReplaceAll(tail[len(id):], "ZJ-0001", center) + "\n")
	}
	for i := range soakCenters {
		center := soakCenter(i)
		add(registered, center)
		add(
			`{"id":"11111111-0000-4000-8000-000000000003","kind":"subsidy.granted","center":"ZJ-0001","on":"2025-02-01","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财科教〔2025〕1号","data":{"grant":"G1","category":"other","source":"province-other","fiscalYear":2025,"amountFen":9000000000}}`, center)
		add(
			`{"id":"11111111-0000-4000-8000-000000000004","kind":"subsidy.received","center":"ZJ-0001","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{"grant":"G1","amountFen":9000000000}}`, center)
	}
	file := filepath.Join(t.TempDir(), "centers.jsonl")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	runs(t, dir, "import", file)
	a, _ := servedApp(dir)
	x, err := a.openServed(t.Context(), &serveOptions{}, api.NewMetrics("test"))
	if err != nil {
		t.Fatal(err)
	}
	account := func(name string, binding access.Binding, may ...string) string {
		office := x.access.Desk(access.Local("test", "local"))
		if _, err := office.AddAccount(t.Context(), access.NewAccount{Account: name, Binding: binding}); err != nil {
			t.Fatal(err)
		}
		made, err := office.AddToken(t.Context(), access.NewToken{Account: name, Name: "load", May: may})
		if err != nil {
			t.Fatal(err)
		}
		return made.Secret
	}
	for i := range soakCenters {
		l.centers = append(l.centers,
			account(strings.ToLower(soakCenter(i)),
				access.Binding{Role: access.Center, Center: events.CenterID(soakCenter(i))}))
	}
	l.office = account("office", access.Binding{Role: access.STOffice, MayRecord: true}, access.MayRecord)
	l.auditor = account("auditor", access.Binding{Role: access.Auditor})
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	return l
}

// recordID returns the id of a record of a center, as exported or as stored, or "" for one of another stream.
func recordID(line string) string {
	_, rest, found := strings.Cut(line, `"id":"`)
	if id, _, _ := strings.Cut(rest, `"`); found && (strings.Contains(line, `"center":"ZJ-`) ||
		strings.Contains(line, `"stream":"center-ZJ-`)) {
		return id
	}
	return ""
}

func soakCenter(i int) string { return fmt.Sprintf("ZJ-%04d", i+1) }

// runs runs a verb on the files of a ledger and returns its output.
func runs(t testing.TB, dir string, args ...string) string {
	t.Helper()
	var out, errOut strings.Builder
	a := newApp(args, &out, &errOut, func(string) string { return "" })
	root := a.root()
	root.SetArgs(append([]string{"--data", dir, "--lang", "en"}, args...))
	if code := a.exitCode(context.Background(), root.ExecuteContext(context.Background())); code != 0 {
		t.Fatalf("%v: exit %d: %.2000s%s", args, code, out.String(), errOut.String())
	}
	return out.String()
}

// ask sends a request and returns the status and the body, or an error if the answer was not complete.
func (l *soakLoad) ask(ctx context.Context, method, path, token, media, body string) (int, string, error) {
	l.gate.RLock()
	defer l.gate.RUnlock()
	r, err := http.NewRequestWithContext(ctx, method, *l.url.Load()+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", media)
	}
	answer, err := l.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, "", err
	}
	return answer.StatusCode, string(content), nil
}

// records makes n records of a center and returns their ids and their lines.
func (l *soakLoad) records(center, n int, f fate) (ids []string, body string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		id := uuid.NewString()
		kind, data := "trial.recorded", fmt.Sprintf(`{"trial":"%s","onProductionLine":false}`, id)
		if rand.IntN(2) == 0 {
			kind, data = "funds.spent",
				fmt.Sprintf(
					`{"voucher":"%s","payee":"乙","use":"pilot","lines":[{"grant":"G1","amountFen":%d}],"summary":"中试"}`, id, spentFen)
		}
		line := fmt.Sprintf(
			`{"id":"%s","kind":"%s","center":"%s","on":"2025-06-01","by":{"role":"center","actor":"%s"},"data":%s}`+
				"\n",
			id, kind, soakCenter(center), strings.ToLower(soakCenter(center)), data)
		ids, body = append(ids, id), body+line
		if l.fates[id] = f; f == sent {
			l.lines[id] = line
		}
	}
	return ids, body
}

// settle marks records as acknowledged.
func (l *soakLoad) settle(ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		l.fates[id] = acked
		delete(l.lines, id)
	}
}

// tally counts a request or an event.
func (l *soakLoad) tally(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count[what]++
}

// answered counts an answer, and fails the test unless its status is one of may. A busy server answers 503.
func (l *soakLoad) answered(what string, status int, body string, may ...int) bool {
	l.tally(what)
	for _, x := range may {
		if status == x {
			return true
		}
	}
	if status != http.StatusServiceUnavailable {
		l.t.Errorf("%s is answered with %d %.500s", what, status, body)
	}
	return false
}

const linesMedia = "application/jsonl"

// write sends records to random centers until ctx ends: single ones or batches, and sometimes forbidden ones.
func (l *soakLoad) write(ctx context.Context) {
	next := time.Now()
	for ctx.Err() == nil && !l.t.Failed() {
		center, n, token := rand.IntN(soakCenters), 1, ""
		if token = l.centers[center]; rand.IntN(4) == 0 {
			n = 1 + rand.IntN(soakBatchMax)
		}
		next = next.Add(time.Duration(n) * time.Second * soakWriters / soakRate)
		if !l.rest(ctx, time.Until(next)) {
			return
		}
		if time.Since(next) > time.Second { // a server that was down is not to be overrun when it is back
			next = time.Now()
		}
		switch l.turn.Add(1) % 40 { // so that each comes up in a short run
		case 0:
			_, body := l.records(center, n, forbidden)
			if status, said, err := l.ask(ctx, http.MethodPost, "/v1/records", "tz_nonsense", linesMedia,
				body); err == nil {
				l.answered("a bad token", status, said, http.StatusUnauthorized)
			}
		case 1:
			_, body := l.records(center, n, forbidden)
			other := (center + 1) % soakCenters
			// who acts, not the center
			body = strings.ReplaceAll(body, strings.ToLower(soakCenter(center)), strings.ToLower(soakCenter(other)))
			if status, said, err := l.ask(ctx, http.MethodPost, "/v1/records", l.centers[other], linesMedia,
				body); err == nil {
				l.answered("a record of another center", status, said, http.StatusNotFound)
			}
		case 2:
			_, body := l.records(center, n, forbidden)
			if status, said, err := l.ask(ctx, http.MethodPost, "/v1/try", token, linesMedia, body); err == nil {
				l.answered("a try", status, said, http.StatusOK)
			}
		case 3:
			_, body := l.records(center, n, forbidden)
			if status, said, err := l.ask(ctx, http.MethodPost, "/v1/records?dryRun=true", token, linesMedia,
				body); err == nil {
				l.answered("a dry run", status, said, http.StatusOK)
			}
		case 4: // a batch with one bad record is refused whole
			_, body := l.records(center, n, forbidden)
			ids, bad := l.records(center, 1, forbidden)
			bad += strings.Replace(bad, ids[0], uuid.NewString(), 1) // the same trial or voucher again
			if status, said, err := l.ask(ctx, http.MethodPost, "/v1/records", token, linesMedia,
				body+bad); err == nil {
				l.answered("a batch with a bad record", status, said, http.StatusUnprocessableEntity)
			}
		case 5: // a client that goes away
			ids, body := l.records(center, n, sent)
			short, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(3000))*time.Microsecond)
			l.tally("a hasty write")
			if status, said, err := l.ask(short, http.MethodPost, "/v1/records", token, linesMedia,
				body); err == nil && l.answered("a hasty write that was answered", status, said, http.StatusCreated) {
				l.settle(ids)
			}
			cancel()
		default:
			ids, body := l.records(center, n, sent)
			if !l.bring(ctx, "a write", "/v1/records", token, body) {
				continue // it stays unanswered until the end
			}
			l.settle(ids)
			if rand.IntN(10) == 0 {
				l.readBack(ctx, center, ids[0], body)
			}
		}
	}
}

// rest waits, and reports whether ctx is still valid.
func (l *soakLoad) rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// bring posts records and reports whether they were acknowledged. Half of the clients give up if the server is down,
// the others send again until it is back.
func (l *soakLoad) bring(ctx context.Context, what, path, token, body string) bool {
	insists := rand.IntN(2) == 0
	for deadline := time.Now().Add(serveWait); ; {
		status, said, err := l.ask(ctx, http.MethodPost, path, token, linesMedia, body)
		if err == nil && l.answered(what, status, said, http.StatusCreated, http.StatusOK) {
			return true
		}
		if !insists || l.t.Failed() || !l.rest(ctx, 20*time.Millisecond) {
			return false
		}
		if time.Now().After(deadline) {
			l.t.Errorf("%s is not acknowledged: %d %v", what, status, err)
			return false
		}
	}
}

// readBack reads an acknowledged record and sends it again: the server must have it, also after a restart.
func (l *soakLoad) readBack(ctx context.Context, center int, id, body string) {
	if status, said, err := l.ask(ctx, http.MethodGet, "/v1/centers/"+soakCenter(center)+"/records/"+id,
		l.centers[center], "", ""); err == nil {
		l.answered("an acknowledged record", status, said, http.StatusOK)
	}
	if status, said, err := l.ask(ctx, http.MethodPost, "/v1/records", l.centers[center], linesMedia,
		body); err == nil {
		l.answered("a repeat", status, said, http.StatusOK)
	}
}

// importFiles imports files with records of many centers, one of them bad, until ctx ends. It repeats an import that
// a killed server forgot.
func (l *soakLoad) importFiles(ctx context.Context) {
	for l.rest(ctx, time.Second) && !l.t.Failed() {
		var ids []string
		var body strings.Builder
		for range 1 + rand.IntN(soakImportMax) {
			id, line := l.records(rand.IntN(soakCenters), 1, sent)
			ids = append(ids, id[0])
			body.WriteString(line)
		}
		_, bad := l.records(0, 1, forbidden)
		body.WriteString(strings.Replace(bad, "2025-06-01", "2025-13-01", 1))
		for ctx.Err() == nil && !l.t.Failed() && !l.imported(ctx, body.String(), len(ids)) {
			l.rest(ctx, 50*time.Millisecond)
		}
		if ctx.Err() == nil {
			l.settle(ids)
		}
	}
}

// imported imports a file and reports whether the import completed.
func (l *soakLoad) imported(ctx context.Context, body string, good int) bool {
	status, said, err := l.ask(ctx, http.MethodPost, "/v1/imports?acceptGood=true&name=soak.jsonl", l.office,
		linesMedia, body)
	if err != nil || !l.answered("an upload", status, said, http.StatusAccepted) {
		return false
	}
	var state api.ImportState
	for {
		if err := json.Unmarshal([]byte(said), &state); err != nil {
			l.t.Errorf("%v in %s", err, said)
			return false
		}
		switch state.State {
		case "done":
			if r := state.Result; r.Accepted+r.Repeated != good || r.Refused != 1 {
				l.t.Errorf("an import of %d good records and a bad one: %.500s", good, said)
			}
			return !l.t.Failed()
		case "failed":
			if state.Problem.Status != http.StatusServiceUnavailable {
				l.t.Errorf("an import failed: %.500s", said)
			}
			return false
		}
		if status, said, err = l.ask(ctx, http.MethodGet, "/v1/imports/"+state.ID+"?wait=1", l.office, "",
			""); err != nil || status == http.StatusNotFound ||
			!l.answered("an import", status, said, http.StatusOK) {
			return false
		}
	}
}

// read asks what offices, auditors and centers ask until ctx ends.
func (l *soakLoad) read(ctx context.Context) {
	for i := 0; l.rest(ctx, 50*time.Millisecond) && !l.t.Failed(); i++ {
		center := rand.IntN(soakCenters)
		one := "/v1/centers/" + soakCenter(center)
		path := []string{"/v1/centers?limit=10", one, "/v1/alerts?limit=10", "/v1/execution?limit=10",
			one + "/history", "/v1/me"}[i%6]
		token := []string{l.office, l.auditor, l.centers[center]}[rand.IntN(3)]
		switch i % 200 {
		case 50:
			path, token = "/v1/export", l.auditor
		case 100:
			path, token = "/v1/execution?format=csv", l.office
		case 150:
			path, token = "/v1/alerts?format=xlsx", l.auditor
		}
		if status, said, err := l.ask(ctx, http.MethodGet, path, token, "", ""); err == nil {
			l.answered("a read", status, said, http.StatusOK)
		}
	}
}

// follow reads a stream, and resumes it whenever it ends, until it has the last position. It returns the id of each
// record. After a reset it reads the missing records from the events.
func (l *soakLoad) follow(ctx context.Context, last *atomic.Uint64) (ids []string) {
	at := uint64(0)
	record := func(position uint64, line string) {
		if position <= at {
			l.t.Errorf("a stream that is at position %d gives position %d", at, position)
		}
		at = position
		if id := recordID(line); id != "" {
			ids = append(ids, id)
		}
	}
	missed := func(upTo uint64) error {
		for at < upTo {
			status, page, err := l.ask(ctx, http.MethodGet, fmt.Sprintf("/v1/events?limit=1000&after=%d", at),
				l.auditor, "", "")
			if err != nil || status != http.StatusOK {
				return fmt.Errorf("events are answered with %d, %w", status, err)
			}
			for line := range strings.Lines(page) {
				var stored struct{ Position uint64 }
				if err := json.Unmarshal([]byte(line), &stored, json.MatchCaseInsensitiveNames(true)); err != nil {
					return err
				}
				if stored.Position > upTo { // the stream gives the rest
					break
				}
				record(stored.Position, line)
			}
		}
		return nil
	}
	for !l.t.Failed() && (last.Load() == 0 || at < last.Load()) && l.rest(ctx, 20*time.Millisecond) {
		if err := l.stream(ctx, last, &at, record, missed); err != nil && !errors.Is(err, io.EOF) &&
			!errors.Is(err, io.ErrUnexpectedEOF) {
			l.tally("a cut stream")
		}
	}
	return ids
}

// stream reads one stream until it ends.
func (l *soakLoad) stream(ctx context.Context, last *atomic.Uint64, at *uint64, record func(uint64, string),
	missed func(uint64) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, *l.url.Load()+"/v1/stream", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+l.auditor)
	r.Header.Set("Last-Event-ID", strconv.FormatUint(*at, 10))
	answer, err := (&http.Client{Transport: l.client.Transport}).Do(r) // without a limit on the whole
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("a stream is answered with %d", answer.StatusCode)
	}
	lines, event, id := bufio.NewReader(answer.Body), "", uint64(0)
	for last.Load() == 0 || *at < last.Load() {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch {
		case name == "event":
			event = value
		case name == "id":
			if id, err = strconv.ParseUint(value, 10, 64); err != nil {
				return err
			}
		case name == "data" && event == "record":
			record(id, value)
		case name == "data" && event == "reset":
			if err := missed(id); err != nil {
				return err
			}
		}
	}
	return nil
}
