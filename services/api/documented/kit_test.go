package documented

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/taizhang/taizhang/docs"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/access/accesstest"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/sealing"
)

// The two centers of the ledger. The accounts with a scope see the first alone.
const (
	home    = "ZJ-0001"
	foreign = "ZJ-0002"
	nowhere = "ZJ-0009" // a center that the ledger has not
)

func TestMain(m *testing.M) {
	accesstest.CheapPasswords()
	os.Exit(m.Run())
}

// world is a server over real HTTP, with a ledger of two centers and accounts of every role.
type world struct {
	t        testing.TB
	url      string
	addr     string
	document *openapi3.T
	office   access.AccountDesk // of the owner
	access   *access.Access
	desk     desk.Local
	tokens   map[access.Role]string // of an account of each role, in the scope of home
	token    map[string]string      // of the accounts of special states
	clock    *atomic.Int64          // how far the clock is put back
	log      *lockedBuffer
	client   *http.Client
	serial   atomic.Int64
	imports  map[access.Role]string // an import of an account of each role, once there is one
	alert    [3]string              // code, key and raisedOn of an alert of home
	record   string                 // the id of a record of home
	// puts what foreign has in the place of what home has, but for the name of the center
	others   *strings.Replacer
	schemas  map[string]*jsonschema.Schema
	compiler *jsonschema.Compiler
}

// at is the present of the tests, so that they do not depend on the day.
var at = time.Date(2026, 10, 31, 9, 0, 0, 0, events.Shanghai)

// newWorld starts a server.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, tokens: map[access.Role]string{}, token: map[string]string{}, imports: map[access.Role]string{},
		clock: new(atomic.Int64), log: new(lockedBuffer)}
	var err error
	if w.document, err = openapi3.NewLoader().LoadFromData(docs.OpenAPI); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return at.Add(-time.Duration(w.clock.Load())) }
	open := func(name string) *logstore.Store {
		store, err := logstore.Open(filepath.Join(t.TempDir(), name),
			logstore.Options{SegmentBytes: 1 << 20, Clock: now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
		return store
	}
	store := open("ledger")
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	root := func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
		return seal.Root(ctx, store, position, see)
	}
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), w.log, zap.DebugLevel))
	sealed := t.TempDir()
	seals := sealing.New(sealed, l, store)
	w.desk = desk.Local{LocalConfig: desk.LocalConfig{
		Ledger: l, Root: root, Seals: seals, Account: ledger.Writer{Name: "seed", MayRecord: true}, Now: now, Version: "v1",
		Spool: t.TempDir()}}
	w.access, err = access.Open(t.Context(),
		access.AccountsConfig{Store: open("access"), Ledger: l, Now: now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.access.Close(); err != nil {
			t.Error(err)
		}
	})
	w.seed()
	if _, err := seals.Begin(t.Context(), sealing.Beginning{Origin: "taizhang.zj/2026"}); err != nil {
		t.Fatal(err)
	}
	w.accounts()
	w.compile()
	server := api.New(api.ServerConfig{Desk: w.desk, Access: w.access, Now: now, Log: log, Build: "v1",
		Document: docs.OpenAPI, Spool: t.TempDir()})
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	w.url, w.addr = listening.URL, listening.Listener.Addr().String()
	w.client = listening.Client()
	return w
}

// lives holds the records of the two centers: money, a voucher for a forbidden use, so that there is an alert, and
// an assignment to an office.
var lives = map[string][]string{
	home: {
		registered("甲中心", "330106", "91330106MAC1K2L32C"),
		assigned("330106", "省经信厅"),
		`"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财科教〔2025〕1号","data":{"grant":"G1","category":"other","source":"province-other","fiscalYear":2025,"amountFen":200000}`,
		`"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{"grant":"G1","amountFen":100000}`,
		`"kind":"funds.spent","on":"2025-06-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V1","payee":"乙","use":"pilot","lines":[{"grant":"G1","amountFen":40000}],"summary":"中试"}`,
		`"kind":"funds.spent","on":"2025-06-02","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V2","payee":"=cmd|'/c calc'!A1","use":"fine","lines":[{"grant":"G1","amountFen":1000}],"summary":"<script>alert(1)</script>"}`,
	},
	foreign: {
		registered("乙中心", "330203", "91330203MA2B3C4D59"),
		assigned("330203", "省卫健委"),
		`"kind":"subsidy.granted","on":"2025-02-02","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财科教〔2025〕2号","data":{"grant":"FREMD-JF","category":"other","source":"province-other","fiscalYear":2025,"amountFen":7654321}`,
		`"kind":"subsidy.received","on":"2025-03-02","by":{"role":"finance","actor":"f-1"},"data":{"grant":"FREMD-JF","amountFen":7654321}`,
		`"kind":"funds.spent","on":"2025-06-03","by":{"role":"center","actor":"fremd-1"},"data":{"voucher":"FREMD-PZ","payee":"丙公司","use":"fine","lines":[{"grant":"FREMD-JF","amountFen":765432}],"summary":"罚款"}`,
	},
}

func registered(name, region, uscc string) string {
	return fmt.Sprintf(
		`"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":%q,"uscc":%q,"leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":%q,"foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`, name, uscc, region)
}

func assigned(region, department string) string {
	return fmt.Sprintf(
		`"kind":"center.assigned","on":"2025-01-11","by":{"role":"st-office","actor":"k-1"},"data":{"industryDept":%q,"localGov":%q}`, department, region)
}

// line returns a record of a center in the interchange form. Its id follows from its content.
func line(center, tail string) string {
	return fmt.Sprintf(`{"id":"%s","center":"%s",%s}`, uuid.NewSHA1(uuid.NameSpaceOID, []byte(center+tail)),
		center, tail)
}

// seed writes the lives of the centers.
func (w *world) seed() {
	w.t.Helper()
	alerts := map[string]desk.Alert{}
	for _, center := range []string{home, foreign} {
		for _, tail := range lives[center] {
			var d desk.Draft
			if err := json.Unmarshal([]byte(line(center, tail)), &d); err != nil {
				w.t.Fatal(err)
			}
			if _, err := w.desk.Record(w.t.Context(), d); err != nil {
				w.t.Fatal(err)
			}
		}
		c, err := w.desk.Center(w.t.Context(), desk.When{}, center)
		if err != nil || len(c.Alerts) == 0 {
			w.t.Fatal("a center has no alert: ", err)
		}
		alerts[center] = c.Alerts[0]
	}
	a, b := alerts[home], alerts[foreign]
	w.record = idOf(line(home, lives[home][4]))
	w.alert = [3]string{string(a.Code), a.Key, a.RaisedOn.String()}
	w.others = strings.NewReplacer(w.record, idOf(line(foreign, lives[foreign][4])), a.Key, b.Key, a.RaisedOn.String(),
		b.RaisedOn.String())
}

func idOf(line string) string { return line[len(`{"id":"`):][:36] }

// bindings are the scopes of the accounts: they see home alone.
var bindings = map[access.Role]access.Binding{
	access.Center:       {Center: home},
	access.LocalGov:     {Region: "3301"},
	access.IndustryDept: {Departments: []string{"省经信厅"}},
}

// elsewhere are the scopes of accounts that see foreign alone.
var elsewhere = map[access.Role]access.Binding{
	access.Center:       {Center: foreign},
	access.LocalGov:     {Region: "3302"},
	access.IndustryDept: {Departments: []string{"省卫健委"}},
}

// accounts makes an account with a token of every role, and those of other states.
func (w *world) accounts() {
	w.t.Helper()
	w.office = w.access.Desk(access.Local("root", "local"))
	for _, role := range access.Roles() {
		w.tokens[role] = w.account("in-"+string(role), role, bindings[role], 0)
		if b, scoped := elsewhere[role]; scoped {
			w.token["foreign "+string(role)] = w.account("out-"+string(role), role, b, 0)
		}
	}
	w.account("signs-in", access.Finance, access.Binding{}, 0)
	if _, err := w.office.SetPassword(w.t.Context(), "signs-in", access.NewPassword{Password: password}); err != nil {
		w.t.Fatal(err)
	}
	good := w.account("other", access.Finance, access.Binding{}, 0)
	last := "0"
	if strings.HasSuffix(good, last) {
		last = "1"
	}
	w.token["mistyped"] = good[:len(good)-1] + last
	w.token["wrong"] = "tz_" + strings.Repeat("A", 49)
	w.token["no token"] = ""
	w.clock.Store(int64(48 * time.Hour))
	w.token["expired"] = w.account("expired", access.Finance, access.Binding{}, 1)
	w.clock.Store(0)
	revoked, err := w.office.AddToken(w.t.Context(), access.NewToken{Account: "other", Name: "revoked"})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.office.RevokeToken(w.t.Context(), revoked.ID); err != nil {
		w.t.Fatal(err)
	}
	w.token["revoked"] = revoked.Secret
	w.token["disabled"] = w.account("disabled", access.Finance, access.Binding{}, 0)
	if _, err := w.office.Disable(w.t.Context(), "disabled"); err != nil {
		w.t.Fatal(err)
	}
}

// acts are what the tokens are made for.
var acts = map[access.Role][]string{
	access.STOffice: {access.MayRevoke},
	access.SecAdmin: {access.MayPolicy, access.MayAccounts},
	access.SysAdmin: {access.MayAccounts},
}

// account makes an account with a token for everything that needs one made for it.
func (w *world) account(name string, role access.Role, b access.Binding, days int) string {
	w.t.Helper()
	b.Role = role
	if _, err := w.office.AddAccount(w.t.Context(), access.NewAccount{Account: name, Binding: b}); err != nil {
		w.t.Fatal(err)
	}
	var may []string
	if days == 0 {
		may = acts[role]
	}
	made, err := w.office.AddToken(w.t.Context(), access.NewToken{Account: name, Name: "test", Days: days, May: may})
	if err != nil {
		w.t.Fatal(err)
	}
	return made.Secret
}

// operation is an operation of the document.
type operation struct {
	*openapi3.Operation
	method, path string
}

// operations lists the operations of the document by their names.
func (w *world) operations() (all []operation) {
	for path, item := range w.document.Paths.Map() {
		for method, op := range item.Operations() {
			all = append(all, operation{op, method, path})
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.OperationID, b.OperationID) })
	return all
}

// isOpen reports whether an operation needs no token.
func (op *operation) isOpen() bool { return op.Security != nil && len(*op.Security) == 0 }

// roles are the roles that may ask an operation.
func (op *operation) roles() (roles []access.Role) {
	list, _ := op.Extensions["x-roles"].([]any)
	for _, r := range list {
		roles = append(roles, access.Role(r.(string)))
	}
	return roles
}

// answer is the answer to a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request and reads the answer.
func (w *world) send(method, target, token string, header map[string]string, body io.Reader) answer {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, w.url+target, body)
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	resp, err := w.client.Do(r)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, target, err)
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if resp.Header.Get("Content-Type") == "text/event-stream" {
		a.body = make([]byte, 1<<16)
		n, _ := resp.Body.Read(a.body) // a stream goes on
		a.body = a.body[:n]
		return a
	}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		w.t.Fatalf("%s %s: %v", method, target, err)
	}
	return a
}

// do asks an operation.
func (w *world) do(op operation, token string, q ask) answer {
	w.t.Helper()
	header := map[string]string{}
	for name, value := range q.header {
		header[name] = value
	}
	var body io.Reader
	if q.body != "" {
		body = strings.NewReader(q.body)
		header["Content-Type"] = q.media
	}
	return w.send(op.method, target(op, q), token, header, body)
}

// target returns the path and query of a request.
func target(op operation, q ask) string {
	path := op.path
	for name, value := range q.path {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	if len(q.query) > 0 {
		path += "?" + q.query.Encode()
	}
	return path
}

// lockedBuffer keeps what is logged.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) Sync() error { return nil }

// String returns all that was logged.
func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
