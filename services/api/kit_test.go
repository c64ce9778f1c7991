package api_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/access/accesstest"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/seal"
)

func TestMain(m *testing.M) {
	accesstest.CheapPasswords()
	os.Exit(m.Run())
}

// now is the present of the tests.
var now = time.Date(2026, 11, 1, 12, 0, 0, 0, events.Shanghai)

// served is a server of the API over an embedded ledger and its accounts, on a real socket.
type served struct {
	*httptest.Server                  // asks for tokens
	owner            *httptest.Server // the same, for the owner of the machine
	ledger           *ledger.Ledger
	access           *access.Access
	answers          *answers.Kept
	api              *api.Server
	desk             desk.Local
	clock            *clock
	spool            string
	recorded         []*desk.RecordAnswer // by small
}

// clock is the clock of a test. It stands still unless the test moves it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}

// serve serves an empty ledger whose records are recorded from 2026-10-01 on, a second apart.
func serve(t testing.TB) *served {
	t.Helper()
	at := time.Date(2026, 10, 1, 0, 0, 0, 0, events.Shanghai)
	return serveAt(t, &clock{at: now}, func() time.Time { at = at.Add(time.Second); return at })
}

// live serves an empty ledger whose records are recorded at the present time, a microsecond apart.
func live(t testing.TB) *served {
	t.Helper()
	c := &clock{at: now}
	return serveAt(t, c, func() time.Time { c.move(time.Microsecond); return c.now() })
}

// serveAt serves an empty ledger with a clock for requests and one for recording.
func serveAt(t testing.TB, c *clock, recorded func() time.Time) *served {
	t.Helper()
	return serveStore(t, c, openStore(t, recorded))
}

// serveStore serves the empty ledger of a store with a clock.
func serveStore(t testing.TB, c *clock, store events.Store) *served {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	a, err := access.Open(t.Context(), access.AccountsConfig{Store: openStore(t, time.Now), Ledger: l, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	root := func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
		return seal.Root(ctx, store, position, see)
	}
	x := &served{ledger: l, access: a, clock: c, spool: t.TempDir()}
	x.desk = desk.Local{LocalConfig: desk.LocalConfig{
		Ledger: l, Root: root, Now: c.now, Version: "v1", Spool: t.TempDir(),
		Account: ledger.Writer{Name: "kit", MayRecord: true}}}
	x.answers = answers.New(answers.Config{Desk: x.desk, Access: a, Now: c.now})
	x.api = api.New(api.ServerConfig{Desk: x.desk, Access: a, Answers: x.answers, Now: c.now, Log: zap.NewNop(),
		Build: "v1", Document: []byte(`{"openapi":"3.1.0"}`), Spool: x.spool, Hosts: []string{"ledger.example"}})
	t.Cleanup(func() {
		if err := x.api.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	x.Server = httptest.NewServer(x.api)
	t.Cleanup(x.Close)
	x.owner = httptest.NewUnstartedServer(x.api)
	x.owner.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return api.AsOwner(ctx, access.Local("kit", "socket"))
	}
	x.owner.Start()
	t.Cleanup(x.owner.Close)
	t.Cleanup(x.api.Stop)
	return x
}

func openStore(t testing.TB, clock func() time.Time) events.Store {
	t.Helper()
	store, err := logstore.Open(t.TempDir(), logstore.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// These are records of a center.
const (
	registered = `"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`
	granted    = `"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财科教〔2025〕1号","data":{"grant":"G1","category":"other","source":"province-other","fiscalYear":2025,"amountFen":100000}`
	received   = `"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{"grant":"G1","amountFen":100000}`
	spent      = `"kind":"funds.spent","on":"2025-06-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V1","payee":"乙","use":"pilot","lines":[{"grant":"G1","amountFen":40000}],"summary":"中试"}`
	fined      = `"kind":"funds.spent","on":"2025-06-02","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V2","payee":"乙","use":"fine","lines":[{"grant":"G1","amountFen":1000}],"summary":"罚款"}`
)

// record records for a center; the id of the record follows from the center and its content.
func (x *served) record(t testing.TB, center, tail string) *desk.RecordAnswer {
	t.Helper()
	var d desk.Draft
	line := fmt.Sprintf(`{"id":"%s","center":"%s",%s}`, uuid.NewSHA1(uuid.NameSpaceOID, []byte(center+tail)),
		center, tail)
	if err := json.Unmarshal([]byte(line), &d); err != nil {
		t.Fatal(err)
	}
	r, err := x.desk.Record(context.Background(), d)
	if err != nil {
		t.Fatalf("%s: %v", tail, err)
	}
	return r
}

// small serves a ledger of one center.
func small(t testing.TB) *served {
	t.Helper()
	x := serve(t)
	for _, tail := range []string{registered, granted, received, spent, fined} {
		x.recorded = append(x.recorded, x.record(t, "ZJ-0001", tail))
	}
	return x
}

// reply is an answer with its whole body.
type reply struct {
	*http.Response
	body string
}

// ask sends a request of the owner. head holds names and values of its headers in turn.
func (x *served) ask(t testing.TB, method, path, body string, head ...string) reply {
	t.Helper()
	return send(t, x.owner.Client(), x.owner.URL, method, path, body, head...)
}

// get sends a GET of the owner.
func (x *served) get(t testing.TB, path string, head ...string) reply {
	t.Helper()
	return x.ask(t, http.MethodGet, path, "", head...)
}

func send(t testing.TB, c *http.Client, base, method, path, body string, head ...string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return reply{answer, string(content)}
}

// problem checks that the reply is a problem of a sort.
func (r reply) problem(t testing.TB, status int, slug string) (p api.ProblemDetails) {
	t.Helper()
	if r.StatusCode != status || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("expected the problem %d %s, got %d %s: %.300s", status, slug, r.StatusCode,
			r.Header.Get("Content-Type"), r.body)
	}
	if err := json.Unmarshal([]byte(r.body), &p); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
	if p.Type != "/problems/"+slug || p.Status != status || p.RequestID == "" ||
		p.RequestID != r.Header.Get("X-Request-Id") || p.Detail == "" || p.Text.Zh == "" || p.Text.En == "" ||
		p.Title == "" {
		t.Fatalf("expected a whole problem %s, got %s", slug, r.body)
	}
	return p
}

// ok checks that the reply is no problem.
func (r reply) ok(t testing.TB) reply {
	t.Helper()
	if r.StatusCode != http.StatusOK {
		t.Fatalf("expected 200, got %d: %.500s", r.StatusCode, r.body)
	}
	return r
}

// into decodes a JSON answer.
func into[T any](t testing.TB, r reply) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.ok(t).body), &v); err != nil {
		t.Fatalf("%v in %.300s", err, r.body)
	}
	return v
}

// several serves a ledger of some centers, beginning with ZJ-0001.
func several(t testing.TB, centers int) *served {
	t.Helper()
	x := serve(t)
	for i := range centers {
		x.record(t, fmt.Sprintf("ZJ-%04d", i+1), registered)
	}
	return x
}
