package lists_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/table"
)

var historyEnd = events.MustDate("2026-10-31")

// edgesPath is a history under testdata with all special cases: reversals, voidings, back-dating, unusual texts.
var edgesPath = filepath.Join("..", "..", "aggregates", "testdata", "edges", "history.jsonl")

// provincePath returns the path of the history of a province over a few years, unpacked. With the race detector it
// skips the test, which asks about the province in one goroutine after an import that takes minutes then. The lists
// that use several goroutines are asked about the smaller histories.
func provincePath(t testing.TB) string {
	t.Helper()
	if underRace {
		t.Skip("the province is too large for the race detector")
	}
	return historyFile(t, string(historyText(t, provinceHistory)))
}

// deskOver opens a ledger over a store and returns its Books.
func deskOver(t testing.TB, store events.Store) *lists.Books {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return &lists.Books{Ledger: l, Register: l.Register(),
		Root: func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
			return seal.Root(ctx, store, position, see)
		}}
}

// historyDesk imports files into a new ledger in memory.
func historyDesk(t testing.TB, paths ...string) *lists.Books {
	t.Helper()
	d := deskOver(t, memstore.New(func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }))
	importInto(t, d, paths...)
	return d
}

func importInto(t testing.TB, d *lists.Books, paths ...string) {
	t.Helper()
	report, err := d.Ledger.Import(t.Context(), ledger.ImportConfig{
		Files: ledgertest.Files(t, paths...), Account: ledger.Writer{Name: "importer", MayRecord: true},
		Bad: func(b ledger.BadRecord) { t.Errorf("refused: %+v", b) }})
	if err != nil || report.Refused > 0 {
		t.Fatalf("import %v: %+v, %v", paths, report, err)
	}
}

// historyFile writes lines to a file.
func historyFile(t testing.TB, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A center that may spend, and what it spends.
const registeredTail = `"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`

// historyID returns the id of the record with a name.
func historyID(name string) string { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String() }

func historyLine(name, center, tail string) string {
	return fmt.Sprintf(`{"id":"%s","center":"%s",%s}`, historyID(name), center, tail)
}

func funded(center string) []string {
	return []string{historyLine("reg"+center, center, registeredTail),
		historyLine("grant"+center, center,
			`"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财科教〔2025〕1号","data":{"grant":"G1","category":"other","source":"province-other","fiscalYear":2025,"amountFen":100000000}`),
		historyLine("money"+center, center,
			`"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{"grant":"G1","amountFen":100000000}`)}
}

// spentLine returns a voucher. payee and summary are JSON texts without their quotes.
func spentLine(center, voucher, on, payee string, amountFen int, summary string) string {
	return historyLine(center+voucher, center,
		fmt.Sprintf(
			`"kind":"funds.spent","on":"%s","by":{"role":"center","actor":"c-1"},"data":{"voucher":"%s","payee":"%s","use":"pilot","lines":[{"grant":"G1","amountFen":%d}],"summary":"%s"}`,
			on, voucher, payee, amountFen, summary))
}

func reversedLine(center, voucher, on string) string {
	return historyLine(center+"R-"+voucher, center,
		fmt.Sprintf(
			`"kind":"spending.reversed","on":"%s","by":{"role":"center","actor":"c-1"},"data":{"voucher":"%s","reversalVoucher":"R-%[2]s","reason":"误付"}`, on, voucher))
}

// voidedLine returns a record that voids the record with a name.
func voidedLine(center, name string) string {
	return historyLine("void "+name, center,
		fmt.Sprintf(
			`"kind":"entry.voided","on":"2025-12-01","by":{"role":"center","actor":"c-1"},"data":{"event":"%s","reason":"误录"}`, historyID(name)))
}

// answered asks a list and returns its rows for programs, by column name.
func answered(t testing.TB, d *lists.Books, list, params string) (rows []map[string]string, table *table.Table) {
	t.Helper()
	q := lists.Question{List: list, On: historyEnd, Params: map[string]string{}}
	for _, p := range strings.Split(params, ";") {
		if name, value, ok := strings.Cut(p, "="); ok && name == "on" {
			q.On = events.MustDate(value)
		} else if ok {
			q.Params[name] = value
		}
	}
	table, err := d.Ask(t.Context(), q)
	if err != nil {
		t.Fatalf("%s %s: %v", list, params, err)
	}
	for _, row := range table.Rows {
		m := map[string]string{}
		for i, c := range table.Columns {
			m[c.Name] = row[i].CSV()
		}
		rows = append(rows, m)
	}
	return rows, table
}

func columnOf(rows []map[string]string, name string) (values []string) {
	for _, r := range rows {
		values = append(values, r[name])
	}
	return values
}

// plainRecord is a record as a program without this package reads it.
type plainRecord struct {
	ID, Kind, Center, On, Doc, Note, Mode string
	By                                    struct{ Role, Actor string }
	Evidence                              []struct{ Name, SHA256 string }
	Data                                  map[string]any
}

// plainRecords reads a history without code of the product.
func plainRecords(t testing.TB, path string) (list []plainRecord) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r plainRecord
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// amount returns the amount of the record in fen.
func (r *plainRecord) amount() (sum int64, ok bool) {
	if v, is := r.Data["amountFen"].(float64); is {
		return int64(v), true
	}
	lines, _ := r.Data["lines"].([]any)
	for _, l := range lines {
		sum += int64(l.(map[string]any)["amountFen"].(float64))
	}
	return sum, len(lines) > 0
}

// plainFold folds a text as the manual describes.
func plainFold(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= 0xFF01 && r <= 0xFF5E {
			r -= 0xFEE0
		}
		switch r {
		case '　':
			r = ' '
		case '[', '〔':
			r = '('
		case ']', '〕':
			r = ')'
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// plainVoided returns, by center and id, the records that an entry.voided names.
func plainVoided(list []plainRecord) map[string]bool {
	voided := map[string]bool{}
	for _, r := range list {
		if r.Kind == "entry.voided" {
			voided[r.Center+" "+r.Data["event"].(string)] = true
		}
	}
	return voided
}
