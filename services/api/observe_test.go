package api_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
)

// observed serves the ledger of small under another ServerConfig, with its log.
func observed(t *testing.T, x *served) (*api.Server, *observer.ObservedLogs) {
	t.Helper()
	core, logged := observer.New(zapcore.DebugLevel)
	return api.New(api.ServerConfig{Desk: x.desk, Access: x.access, Now: func() time.Time { return now },
		Log: zap.New(core), Build: "v1", Spool: t.TempDir(), Hosts: []string{"ledger.example"}}), logged
}

// asked answers a request within the test and returns the answer.
func asked(h http.Handler, method, url string, owner bool, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, url, nil)
	if owner {
		r = r.WithContext(api.AsOwner(r.Context(), access.Local("kit", "socket")))
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEveryDenialAndErrorIsOneLineThatSaysNothingOfWhatWasAskedFor(t *testing.T) {
	s, logged := observed(t, small(t))
	for _, x := range []struct {
		method, url string
		owner       bool
		status      int
		route       string
		account     string
	}{
		{http.MethodGet, "http://localhost/v1/centers/ZJ-0001", true, 200, "", ""},
		{http.MethodGet, "http://localhost/v1/centers/ZJ-SECRET", true, 404, "/v1/centers/{id}", "local:kit"},
		{http.MethodGet, "http://localhost/v1/centers/ZJ-0001?asOf=SECRET", true, 400, "/v1/centers/{id}",
			"local:kit"},
		{http.MethodGet, "http://localhost/v1/centers/ZJ-SECRET", false, 401, "/v1/centers/{id}", ""},
		{http.MethodGet, "http://localhost/SECRET", false, 404, "none", ""},
		{"SECRET", "http://localhost/v1/centers/ZJ-0001", false, 405, "none", ""},
		{http.MethodGet, "http://secret.example/v1/centers/ZJ-0001", false, 403, "none", ""},
	} {
		logged.TakeAll()
		w := asked(s, x.method, x.url, x.owner, "Authorization", "Bearer tz_SECRET")
		if w.Code != x.status {
			t.Errorf("%s %s: expected %d, got %d %s", x.method, x.url, x.status, w.Code, w.Body)
		}
		lines := logged.TakeAll()
		if x.status == http.StatusOK {
			if len(lines) != 0 {
				t.Errorf("a read has lines: %v", lines)
			}
			continue
		}
		if len(lines) != 1 {
			t.Fatalf("%s %s: expected one line, got %v", x.method, x.url, lines)
		}
		fields := lines[0].ContextMap()
		if fields["status"] != int64(x.status) || fields["route"] != x.route || fields["account"] != x.account ||
			fields["request"] != w.Header().Get("X-Request-Id") || fields["took"] == nil || fields["source"] == nil {
			t.Errorf("%s %s: got %v", x.method, x.url, fields)
		}
		if line := fmt.Sprint(lines[0].Message, fields); strings.Contains(strings.ToLower(line), "secret") {
			t.Errorf("the log repeats what was asked for: %s", line)
		}
	}
	metrics := asked(s.Admin(), http.MethodGet, "/metrics", false).Body.String()
	for _, line := range []string{
		`taizhang_http_requests_total{code="200",route="GET /v1/centers/{id}"} 1`,
		`taizhang_http_requests_total{code="404",route="GET /v1/centers/{id}"} 1`,
		`taizhang_http_requests_total{code="404",route="GET none"} 1`,
		`taizhang_http_requests_total{code="405",route="other none"} 1`,
		`taizhang_logins_total{outcome="refused"} 1`, `taizhang_open_alerts{severity="red"} 2`,
		`taizhang_build_info{version="v1"} 1`,
		`taizhang_unready{check="stopping"} 0`, `taizhang_unready{check="room"} 0`, `taizhang_imports 0`,
		`taizhang_ledger_position 6`, `taizhang_applied_position 6`, `taizhang_stopped 0`,
	} {
		if !strings.Contains(metrics, "\n"+line+"\n") {
			t.Errorf("the metrics do not say %s:\n%s", line, metrics)
		}
	}
	if strings.Contains(metrics, "ZJ-") || strings.Contains(strings.ToLower(metrics), "secret") {
		t.Error("a label of the metrics is what was asked for")
	}
}

func TestAServerIsAskedUnderItsOwnNamesAlone(t *testing.T) {
	s, _ := observed(t, small(t))
	for host, status := range map[string]int{
		"localhost": 401, "localhost:8080": 401, "LOCALHOST.": 401, "127.0.0.1:8080": 401, "[::1]:8080": 401,
		"[::1]": 401, "ledger.example": 401, "Ledger.Example:443": 401,
		"evil.example": 403, "localhost.evil.example": 403, "10.0.0.1": 403, "": 403,
		"127.0.0.1.evil.example:8080": 403,
	} {
		r := httptest.NewRequest(http.MethodGet, "/v1/centers/ZJ-0001", nil)
		r.Host = host
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != status {
			t.Errorf("%q: expected %d, got %d", host, status, w.Code)
		}
	}
	if w := asked(s, http.MethodGet, "http://whatever/v1/centers/ZJ-0001", true); w.Code != http.StatusOK {
		t.Errorf("the owner's socket has no name, got %d", w.Code)
	}
}

func TestTheSocketIsForTheOwnerAlone(t *testing.T) {
	s, _ := observed(t, small(t))
	for _, path := range []string{"/v1/centers/ZJ-0001", "/metrics", "/livez", "/readyz", "/healthz",
		"/debug/pprof/cmdline", "/debug/pprof/heap"} {
		if w := asked(s.Socket(), http.MethodGet, path, true); w.Code != http.StatusOK {
			t.Errorf("%s for the owner: got %d", path, w.Code)
		}
		if w := asked(s.Socket(), http.MethodGet, path, false); w.Code != http.StatusForbidden ||
			w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s for a stranger: got %d %s", path, w.Code, w.Body)
		}
		if w := asked(s, http.MethodGet, "http://localhost"+path, true); !strings.HasPrefix(path, "/v1") &&
			w.Code != http.StatusNotFound {
			t.Errorf("%s of the API: got %d", path, w.Code)
		}
		if w := asked(s.Admin(), http.MethodGet, path, false); strings.HasPrefix(path,
			"/debug") != (w.Code == http.StatusNotFound) && !strings.HasPrefix(path, "/v1") {
			t.Errorf("%s for an administrator: got %d", path, w.Code)
		}
	}
}

// hanging is a store whose appends hang until the channel is closed.
type hanging struct {
	events.Store
	until chan struct{}
}

func (h *hanging) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	<-h.until
	return h.Store.Append(ctx, stream, expected, batch)
}

func TestAServerWhoseWriteHangsIsNotAlive(t *testing.T) {
	metrics, until := api.NewMetrics("v1"), make(chan struct{})
	x := serveStore(t, &clock{at: now}, metrics.Store(&hanging{openStore(t, func() time.Time { return now }), until}))
	s := api.New(api.ServerConfig{Desk: x.desk, Access: x.access, Now: x.clock.now, Build: "v1", Spool: t.TempDir(),
		Metrics: metrics, WedgedAfter: time.Nanosecond})
	alive := func() *httptest.ResponseRecorder { return asked(s.Admin(), http.MethodGet, "/livez", false) }
	if w := alive(); w.Code != http.StatusOK || w.Body.String() != "ok\n" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	recorded := make(chan struct{})
	go func() {
		defer close(recorded)
		x.record(t, "ZJ-0001", registered)
	}()
	for deadline := time.Now().Add(time.Minute); alive().Code == http.StatusOK; {
		if time.Now().After(deadline) {
			t.Fatal("a hanging write does not show")
		}
	}
	if w := alive(); w.Code != http.StatusServiceUnavailable ||
		!strings.HasPrefix(w.Body.String(), "append: a write has not ended for ") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	close(until)
	<-recorded
	if w := alive(); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestAServerThatStopsIsNotReadyAndClosesWhenNothingIsUnderWay(t *testing.T) {
	s, _ := observed(t, small(t))
	if w := asked(s.Admin(), http.MethodGet, "/readyz", false); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	s.Stop()
	s.Stop()
	if w := asked(s.Admin(), http.MethodGet, "/readyz", false); w.Code != http.StatusServiceUnavailable ||
		!strings.Contains(w.Body.String(), `"check":"stopping"`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestAServerWithoutRoomOnTheDiskIsNotReady(t *testing.T) {
	x := small(t)
	s, logged := observed(t, x)
	defer api.NeedRoom(api.NeedRoom(1 << 62))
	if w := asked(s.Admin(), http.MethodGet, "/readyz", false); w.Code != http.StatusServiceUnavailable ||
		!strings.Contains(w.Body.String(), `"check":"room"`) ||
		!strings.Contains(w.Body.String(), "MiB are left on the disk") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	figure := func(name string) string {
		_, after, _ := strings.Cut(asked(s.Admin(), http.MethodGet, "/metrics", false).Body.String(), "\n"+name+" ")
		value, _, _ := strings.Cut(after, "\n")
		return value
	}
	if room, unready := figure("taizhang_room_bytes"), figure(`taizhang_unready{check="room"}`); room == "" ||
		room == "0" || room == "NaN" || unready != "1" {
		t.Errorf("the metrics say %q and %q", room, unready)
	}
	api.NeedRoom(0)
	if w := asked(s.Admin(), http.MethodGet, "/readyz", false); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if err := os.RemoveAll(x.desk.Spool); err != nil {
		t.Fatal(err)
	}
	if w := asked(s.Admin(), http.MethodGet, "/readyz", false); w.Code != http.StatusServiceUnavailable ||
		!strings.Contains(w.Body.String(), `"check":"room"`) || logged.Len() != 1 {
		t.Errorf("got %d %s, %d lines", w.Code, w.Body, logged.Len())
	}
	if room := figure("taizhang_room_bytes"); room != "NaN" {
		t.Errorf("the metrics say %q", room)
	}
}

func TestTheEndOfTheCertificateIsAMetric(t *testing.T) {
	x := small(t)
	if text := asked(x.api.Admin(), http.MethodGet, "/metrics", false).Body.String(); strings.Contains(text,
		"taizhang_certificate") {
		t.Errorf("without a certificate the metrics are\n%s", text)
	}
	s := api.New(api.ServerConfig{Desk: x.desk, Access: x.access, Now: x.clock.now, Build: "v1", Spool: t.TempDir(),
		CertificateEnd: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	if text := asked(s.Admin(), http.MethodGet, "/metrics", false).Body.String(); !strings.Contains(text,
		"\ntaizhang_certificate_end_timestamp_seconds 1.8e+09\n") {
		t.Errorf("the metrics are\n%s", text)
	}
}

func TestReasonsAgainstRecordsAreCountedByRule(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	bad := object("ZJ-0001", strings.Replace(granted, "100000", "-1", 1)) + "\n" +
		object("ZJ-0001", strings.Replace(spent, "center", "finance", 1)) + "\n"
	counted := func() map[string]string {
		rules := map[string]string{}
		for line := range strings.Lines(asked(x.api.Admin(), http.MethodGet, "/metrics", false).Body.String()) {
			if rest, ok := strings.CutPrefix(line, `taizhang_refusals_total{rule="`); ok {
				rule, n, _ := strings.Cut(strings.TrimSpace(rest), `"} `)
				rules[rule] = n
			}
		}
		return rules
	}
	if s := x.ended(t, x.ask(t, "POST", "/v1/imports?name=a.jsonl&dryRun=true", bad, "Content-Type",
		"application/jsonl")); s.BadTotal != 2 {
		t.Fatalf("got %+v", s)
	}
	if rules := counted(); len(rules) != 0 {
		t.Errorf("a dry run counts %v", rules)
	}
	s := x.ended(t, x.ask(t, "POST", "/v1/imports?name=a.jsonl", bad, "Content-Type", "application/jsonl"))
	if rules := counted(); s.BadTotal != 2 || !maps.Equal(rules, map[string]string{"": "1", "R04-2": "1"}) {
		t.Errorf("of %+v got %v", s.Bad, rules)
	}
}

func TestAServerWhoseRecordDoesNotAnswerIsNotReady(t *testing.T) {
	x := small(t)
	var away error
	s := api.New(api.ServerConfig{Desk: x.desk, Access: x.access, Now: func() time.Time { return now }, Build: "v1",
		Spool: t.TempDir(), Reach: func(ctx context.Context) error {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("the question has no deadline")
			}
			return away
		}})
	defer s.Stop()
	for _, away = range []error{nil, errors.New("no route")} {
		w := asked(s.Admin(), http.MethodGet, "/readyz", false)
		if (w.Code == http.StatusOK) != (away == nil) ||
			strings.Contains(w.Body.String(), `"check":"record"`) != (away != nil) {
			t.Errorf("%v: got %d %s", away, w.Code, w.Body)
		}
	}
}
