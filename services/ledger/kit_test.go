package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/simulator"
	"github.com/taizhang/taizhang/services/simulator/simulatortest"
)

var (
	clerk    = ledger.Writer{Name: "clerk"}
	importer = ledger.Writer{Name: "importer", MayRecord: true}
)

// ticking returns a clock that advances a second at each call.
func ticking() func() time.Time {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	return func() time.Time { now = now.Add(time.Second); return now }
}

func open(t testing.TB, store events.Store) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func newLedger(t testing.TB) (*ledger.Ledger, *memstore.Store) {
	t.Helper()
	store := memstore.New(ticking())
	return open(t, store), store
}

// record returns a record of ZJ-0001 from the tail of its JSON: `"kind":…,"on":…,"by":…,"data":…`. Its id follows
// from name.
func record(t testing.TB, name, tail string) *events.Record {
	t.Helper()
	rec, problems := events.DecodeRecord([]byte(line(name, tail)))
	if len(problems) > 0 {
		t.Fatalf("%s: %v", name, problems)
	}
	return rec
}

func idOf(name string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)) }

func line(name, tail string) string {
	return fmt.Sprintf(`{"id":"%s","center":"ZJ-0001",%s}`, idOf(name), tail)
}

// The life of a center in a few lines.
const (
	registered = `"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`
	granted    = `"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财科教〔2025〕1号","data":{"grant":"G1","category":"other","source":"province-other","fiscalYear":2025,"amountFen":100000}`
	received   = `"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{"grant":"G1","amountFen":100000}`
	spent      = `"kind":"funds.spent","on":"2025-06-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V1","payee":"乙","use":"pilot","lines":[{"grant":"G1","amountFen":40000}],"summary":"中试"}`
	fined      = `"kind":"funds.spent","on":"2025-06-02","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V2","payee":"乙","use":"fine","lines":[{"grant":"G1","amountFen":1000}],"summary":"罚款"}`
	overspent  = `"kind":"funds.spent","on":"2025-06-03","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V3","payee":"乙","use":"pilot","lines":[{"grant":"G1","amountFen":900000}],"summary":"中试"}`
	orphaned   = `"kind":"spending.reversed","on":"2025-07-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V9","reversalVoucher":"R9","reason":"错"}`
)

func write(t testing.TB, l *ledger.Ledger, name, tail string) ledger.Result {
	t.Helper()
	result, err := l.Record(t.Context(), record(t, name, tail), importer)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return result
}

// secondPolicy returns the built-in policy as version 3.
func secondPolicy(t testing.TB) *policy.Policy {
	t.Helper()
	p, problems := policy.Parse(bytes.Replace(policy.Builtin().Text(), []byte(`"version": "2"`),
		[]byte(`"version": "3"`), 1))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

// refusal returns the refusal in an error, or fails the test.
func refusal(t testing.TB, err error) *aggregates.Refusal {
	t.Helper()
	var refused *aggregates.Refusal
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a refusal", err)
	}
	return refused
}

func file(t testing.TB, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// testdata returns the path of a history under testdata.
func testdata(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join("..", "..", "aggregates", "testdata", name, "history.jsonl")
}

// simulated writes a simulated history with a number of records to a file.
func simulated(t testing.TB, records, centers int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "simulated.jsonl")
	simulatortest.History(t, path, simulator.Scenario{Seed: 3, Centers: centers, From: events.MustDate("2024-01-01"),
		To:              events.MustDate("2026-10-31"),
		VouchersPerYear: 2 * records / centers}, records)
	return path
}

func imports(t testing.TB, l *ledger.Ledger, cfg ledger.ImportConfig) (ledger.ImportReport, []ledger.BadRecord) {
	t.Helper()
	var bad []ledger.BadRecord
	cfg.Account = importer
	cfg.Bad = func(b ledger.BadRecord) { bad = append(bad, b) }
	report, err := l.Import(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return report, bad
}

// answers returns all answers of a register on a few dates, to compare two registers.
func answers(r *projections.Register) string {
	var b strings.Builder
	for _, on := range []string{"2024-12-31", "2025-07-15", "2025-12-31", "2026-10-31"} {
		d := events.MustDate(on)
		fmt.Fprintf(&b, "%+v\n%+v\n%+v\n", slices.Collect(r.Centers(d)),
			slices.Collect(r.Alerts(d, projections.AlertFilter{All: true})),
			slices.Collect(r.Executions(d, projections.ExecutionFilter{})))
	}
	return b.String()
}

func count(t testing.TB, store events.Store) (n int) {
	t.Helper()
	for _, err := range store.ReadAll(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}
