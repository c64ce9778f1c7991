package client_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/api/client"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/sealing"
)

// now is when the tests ask.
var now = time.Date(2026, 11, 1, 12, 0, 0, 0, events.Shanghai)

// served is a server of the API over an embedded ledger and its accounts, on a real socket.
type served struct {
	*httptest.Server // for the owner of the machine
	api              *api.Server
	access           *access.Access
	desk             *desk.Local
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

// serve serves an empty ledger.
func serve(t testing.TB) *served {
	t.Helper()
	at := time.Date(2026, 10, 1, 0, 0, 0, 0, events.Shanghai)
	return serveOver(t, openStore(t, func() time.Time { at = at.Add(time.Second); return at }))
}

// serveOver serves the ledger of a store.
func serveOver(t testing.TB, store events.Store) *served {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	clock := func() time.Time { return now }
	a, err := access.Open(t.Context(), access.AccountsConfig{Store: openStore(t, time.Now), Ledger: l, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	root := func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
		return seal.Root(ctx, store, position, see)
	}
	seals := sealing.New(t.TempDir(), l, store)
	x := &served{access: a, desk: &desk.Local{
		LocalConfig: desk.LocalConfig{Ledger: l, Root: root, Seals: seals, Now: clock, Version: "v1", Spool: t.TempDir(),
			Account: ledger.Writer{Name: "local:kit", MayRecord: true}}}}
	x.api = api.New(api.ServerConfig{Desk: *x.desk, Access: a, Now: clock, Build: "v1",
		Document: []byte(`{"openapi":"3.1.0"}`), Spool: t.TempDir()})
	x.Server = httptest.NewUnstartedServer(x.api)
	x.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return api.AsOwner(ctx, access.Local("kit", "socket"))
	}
	x.Start()
	t.Cleanup(x.Close)
	return x
}

// The life of a center.
const (
	registered = `"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`
	granted    = `"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财科教〔2025〕1号","data":{"grant":"G1","category":"other","source":"province-other","fiscalYear":2025,"amountFen":100000}`
	received   = `"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{"grant":"G1","amountFen":100000}`
	spent      = `"kind":"funds.spent","on":"2025-06-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V1","payee":"乙","use":"pilot","lines":[{"grant":"G1","amountFen":40000}],"summary":"中试"}`
	fined      = `"kind":"funds.spent","on":"2025-06-02","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V2","payee":"乙","use":"fine","lines":[{"grant":"G1","amountFen":1000}],"summary":"罚款"}`
	overspent  = `"kind":"funds.spent","on":"2025-06-03","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V3","payee":"乙","use":"pilot","lines":[{"grant":"G1","amountFen":900000}],"summary":"中试"}`
	reversed   = `"kind":"spending.reversed","on":"2025-07-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V2","reversalVoucher":"R2","reason":"误付"}`
)

// line is a record in the interchange form; its id follows from the center and its content.
func line(center, tail string) string {
	return fmt.Sprintf(`{"id":"%s","center":"%s",%s}`, uuid.NewSHA1(uuid.NameSpaceOID, []byte(center+tail)),
		center, tail)
}

func draft(center, tail string) (d desk.Draft) {
	if err := json.Unmarshal([]byte(line(center, tail)), &d); err != nil {
		panic(err) // the lines are those of the tests
	}
	return d
}

// small serves a ledger of one center with the built-in policy.
func small(t testing.TB) *served {
	t.Helper()
	x := serve(t)
	for _, tail := range []string{registered, granted, received, spent, fined} {
		if _, err := x.desk.Record(t.Context(), draft("ZJ-0001", tail)); err != nil {
			t.Fatalf("%s: %v", tail, err)
		}
	}
	return x
}

// ask returns a client of an address, patient for a moment.
func ask(t testing.TB, o client.ClientOptions) *client.Client {
	t.Helper()
	c, err := client.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// upload is a file of some content.
func upload(name, content string) desk.Upload {
	return desk.Upload{Name: name, Content: readerAt(content), Bytes: int64(len(content))}
}

// handled is a server that answers as a function says.
func handled(t testing.TB, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s
}
