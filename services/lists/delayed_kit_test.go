package lists_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/simulator"
	"github.com/taizhang/taizhang/services/table"
)

// The lists for finance are recomputed here from the lines of a history by plain loops that share no code with the
// product: dates are texts, money is int64, an event is what encoding/json reads.

// plainEvent is one line of a history.
type plainEvent struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Center string `json:"center"`
	On     string `json:"on"`
	Doc    string `json:"doc"`
	Data   struct {
		Name, Region                           *string
		LocalGov                               string
		Year, FiscalYear, ForYear              int
		Grade                                  string
		SupportYears                           []int
		Grant, Match, Category, Source, DueOn  string
		AmountFen                              int64
		Voucher, Payee, Use, EconCode, Summary string
		Lines                                  []plainLine
		Event                                  string
	} `json:"data"`
}

type plainLine struct {
	Grant     string
	AmountFen int64
}

// plainHistory is a ledger with the lines from which it was made.
type plainHistory struct {
	desk   *lists.Books
	lines  []plainEvent
	events []plainEvent // those of the lines that stand
}

// financeDays are the days on which the lists are asked: quiet days, year-ends, and days around a deadline.
var financeDays = map[bool][]string{
	false: {"2023-12-31", "2024-06-30", "2025-01-31", "2025-03-15", "2025-12-31", "2026-01-30", "2026-01-31",
		"2026-08-31", "2026-10-31"},
	true: {"2025-01-31", "2026-01-31", "2026-10-31"},
}[underRace]

// simulatedSeeds are the seeds of the simulated provinces.
var simulatedSeeds = map[bool][]uint64{false: {1, 2, 3}, true: {1}}[underRace]

// financeOnce keeps the histories, because making them takes seconds.
var financeOnce struct {
	sync.Mutex
	all map[string]*plainHistory
}

// financeHistories returns the histories under testdata and some simulated provinces.
func financeHistories(t *testing.T) map[string]*plainHistory {
	t.Helper()
	financeOnce.Lock()
	defer financeOnce.Unlock()
	if financeOnce.all != nil {
		return financeOnce.all
	}
	all := map[string]*plainHistory{
		"ahead":         plain(t, historyText(t, aheadHistory)),
		"edges":         plain(t, historyText(t, edgesHistory)),
		"zhejiang-2026": plain(t, historyText(t, provinceHistory)),
	}
	for _, seed := range simulatedSeeds {
		var b bytes.Buffer
		cfg := simulator.Scenario{Seed: seed, Centers: 30, From: events.MustDate("2024-01-01"),
			To: events.MustDate("2026-10-31"), VouchersPerYear: 30}
		for rec, err := range simulator.Records(cfg) {
			if err != nil {
				t.Fatal(err)
			}
			line, err := events.EncodeRecord(rec)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(append(line, '\n'))
		}
		all["simulated "+string('0'+rune(seed))] = plain(t, b.Bytes())
	}
	financeOnce.all = all
	return all
}

// The histories of the repository.
const (
	aheadHistory    = "ahead/history.jsonl"
	edgesHistory    = "edges/history.jsonl"
	provinceHistory = "zhejiang-2026/history.jsonl.gz"
)

// historyText returns the text of a history under testdata, unpacked.
func historyText(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "aggregates", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if text, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return text
}

// plain imports a history and keeps its lines.
func plain(t testing.TB, text []byte) *plainHistory {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.jsonl")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), memstore.New(func() time.Time { return time.Unix(1_800_000_000, 0) }),
		ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	report, err := l.Import(t.Context(), ledger.ImportConfig{
		Files: ledgertest.Files(t, path), Account: ledger.Writer{Name: "importer", MayRecord: true}})
	if err != nil || report.Refused > 0 {
		t.Fatal(report, err)
	}
	h := &plainHistory{desk: &lists.Books{Ledger: l, Register: l.Register()}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var e plainEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		h.lines = append(h.lines, e)
	}
	h.events = standing(h.lines)
	return h
}

// standing returns the events that are not voided, in the order (on, position).
func standing(lines []plainEvent) []plainEvent {
	voided := map[string]bool{}
	for _, e := range lines {
		if e.Kind == "entry.voided" {
			voided[e.Center+e.Data.Event] = true
		}
	}
	es := slices.DeleteFunc(slices.Clone(lines), func(e plainEvent) bool {
		return e.Kind == "entry.voided" ||
			voided[e.Center+e.ID]
	})
	slices.SortStableFunc(es, func(a, b plainEvent) int { return strings.Compare(a.On, b.On) })
	return es
}

// byCenter returns the events up to a day, center by center.
func (h *plainHistory) byCenter(on string) map[string][]plainEvent {
	all := map[string][]plainEvent{}
	for _, e := range h.events {
		if e.On <= on {
			all[e.Center] = append(all[e.Center], e)
		}
	}
	return all
}

// ask asks a list and returns its CSV rows by column, and its table.
func (h *plainHistory) ask(t testing.TB, list, on string, params ...string) ([]map[string]string, *table.Table) {
	t.Helper()
	q := lists.Question{List: list, On: events.MustDate(on), Params: map[string]string{}}
	for i := 0; i < len(params); i += 2 {
		q.Params[params[i]] = params[i+1]
	}
	table, err := h.desk.Ask(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := table.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows, table
}

// sameRows compares the named columns of rows with expected lines, in any order.
func sameRows(t *testing.T, rows []map[string]string, columns string, want []string) {
	t.Helper()
	var got []string
	for _, row := range rows {
		var line []string
		for _, name := range strings.Fields(columns) {
			value, ok := row[name]
			if !ok {
				t.Fatalf("there is no column %s", name)
			}
			line = append(line, value)
		}
		got = append(got, strings.Join(line, "|"))
	}
	slices.Sort(got)
	slices.Sort(want)
	if slices.Equal(got, want) {
		return
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("not expected: %s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("missing:      %s", line)
		}
	}
	if !t.Failed() {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
}

// sumsUp checks that the totals are the sums of their columns.
func sumsUp(t *testing.T, table *table.Table, columns ...string) {
	t.Helper()
	for i, c := range table.Columns {
		if !slices.Contains(columns, c.Name) {
			continue
		}
		var sum events.Fen
		for _, row := range table.Rows {
			sum += row[i].Data.(events.Fen)
		}
		if table.Totals[0][i].Data != sum {
			t.Errorf("the total of %s is %v, want %d", c.Name, table.Totals[0][i].Data, sum)
		}
	}
}

func plainDay(t *testing.T, on string, days int) string {
	t.Helper()
	d, err := time.Parse("2006-01-02", on)
	if err != nil {
		t.Fatal(err)
	}
	return d.AddDate(0, 0, days).Format("2006-01-02")
}

func plainDays(t *testing.T, from, to string) int {
	t.Helper()
	a, err := time.Parse("2006-01-02", from)
	if err != nil {
		t.Fatal(err)
	}
	b, err := time.Parse("2006-01-02", to)
	if err != nil {
		t.Fatal(err)
	}
	return int(b.Sub(a).Hours() / 24)
}
