package lists_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/lists"
)

// growing is a ledger to which parts of a history are added, on a clock that the test sets.
type growing struct {
	*plainHistory
	l   *ledger.Ledger
	now time.Time
}

func newGrowing(t testing.TB) *growing {
	t.Helper()
	g := &growing{now: time.Date(2026, 3, 10, 2, 0, 0, 0, time.UTC)}
	l, err := ledger.Open(t.Context(), memstore.New(func() time.Time { return g.now }), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	g.l, g.plainHistory = l, &plainHistory{desk: &lists.Books{Ledger: l, Register: l.Register()}}
	return g
}

func (g *growing) tell(t testing.TB, lines ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "part.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := g.l.Import(t.Context(), ledger.ImportConfig{
		Files: ledgertest.Files(t, path), Account: ledger.Writer{Name: "importer", MayRecord: true},
		Bad: func(b ledger.BadRecord) { t.Errorf("line %d: %v", b.Line, b.Breaches) }})
	if err != nil || report.Refused > 0 {
		t.Fatal(report, err)
	}
}

// published holds the filed answers: the execution report by center, year and scope, and the alerts.
type published struct {
	execution map[string]map[string]string
	alerts    map[string]map[string]string
}

func (g *growing) publish(t *testing.T, on string) published {
	t.Helper()
	p := published{map[string]map[string]string{}, map[string]map[string]string{}}
	rows, _ := g.ask(t, "execution", on)
	for _, r := range rows {
		p.execution[r["center"]+" "+r["fiscalYear"]+" "+r["scope"]] = r
	}
	rows, _ = g.ask(t, "alerts", on, "all", "true")
	for _, r := range rows {
		p.alerts[r["center"]+" "+r["code"]+" "+r["key"]+" "+r["raisedOn"]] = r
	}
	return p
}

var moneyFigures = []string{"granted", "carriedIn", "received", "available", "spentAll", "ineligible",
	"executed", "balance"}

func plainFen(t *testing.T, s string) int64 {
	t.Helper()
	if s == "" {
		return 0
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

// figuresDiffer returns the rows that changes must have, from a comparison of two reports.
func figuresDiffer(before, after published) (want []string) {
	lines := maps.Clone(before.execution)
	maps.Copy(lines, after.execution)
	for key := range lines {
		b, a := before.execution[key], after.execution[key]
		for _, f := range moneyFigures {
			x, y := orZero(b[f+"Fen"]), orZero(a[f+"Fen"])
			if x != y || f == "executed" && b["low"] != a["low"] {
				want = append(want, strings.Join([]string{strings.ReplaceAll(key, " ", "|"), f, x, y, b["ratePercent"],
					a["ratePercent"], b["low"], a["low"]}, "|"))
			}
		}
	}
	return want
}

// alertsDiffer returns the alerts that appeared, disappeared or have another clearing date. An alert with another
// raising date counts as one that disappeared and one that appeared.
func alertsDiffer(before, after published) (want []string) {
	all := maps.Clone(before.alerts)
	maps.Copy(all, after.alerts)
	for key := range all {
		b, wasThere := before.alerts[key]
		a, isThere := after.alerts[key]
		if !wasThere || !isThere || b["clearedOn"] != a["clearedOn"] {
			want = append(want, fmt.Sprint(key, " ", wasThere, b["clearedOn"], " ", isThere, a["clearedOn"]))
		}
	}
	return want
}

// changesDays are the days of the reports: in the middle of a year, at its end, and one after most events.
var changesDays = map[bool][]string{false: {"2025-06-30", "2025-12-31", "2026-08-31"}, true: {"2025-12-31"}}[underRace]

// The test adds a history in two parts and compares the reports before and after the second.
func TestChangesAreTheDifferenceOfTheReportsThenAndNow(t *testing.T) {
	for _, name := range []string{edgesHistory, provinceHistory} {
		lines := strings.Split(strings.TrimSpace(string(historyText(t, name))), "\n")
		for _, cut := range []int{len(lines) / 2, len(lines) * 19 / 20} {
			t.Run(fmt.Sprint(filepath.Dir(name), " after ", cut), func(t *testing.T) {
				t.Parallel()
				g := newGrowing(t)
				g.tell(t, lines[:cut]...)
				since, days := fmt.Sprint(g.l.Register().Position()), changesDays
				if len(lines)-cut > 5000 { // each is replayed
					days = days[len(days)-1:]
				}
				then := map[string]published{}
				for _, on := range days {
					then[on] = g.publish(t, on)
				}
				g.now = g.now.AddDate(0, 1, 0)
				g.tell(t, lines[cut:]...)
				now := map[string]published{}
				for _, on := range days {
					now[on] = g.publish(t, on)
					g.agrees(t, since, on, then[on], now[on])
				}
				if from, on := days[0], days[len(days)-1]; from != on && cut > len(lines)/2 {
					for _, center := range partsCenters[name] {
						g.partsAgree(t, center, since, from, on, then[from], now[from], now[on])
					}
				}
			})
		}
	}
}

func (g *growing) agrees(t *testing.T, since, on string, before, after published) {
	t.Helper()
	rows, _ := g.ask(t, "changes", on, "since", since)
	want := figuresDiffer(before, after)
	sameRows(t, rows,
		"center fiscalYear scope figure beforeFen afterFen ratePercentBefore ratePercentAfter lowBefore lowAfter",
		want)
	g.recordsSumUp(t, since, on, rows)

	var got []string
	rows, _ = g.ask(t, "changes", on, "since", since, "show", "alerts")
	for _, r := range rows {
		name := r["center"] + " " + r["code"] + " " + r["key"] + " "
		b, a := r["raisedOnBefore"], r["raisedOn"]
		if b == a {
			got = append(got, fmt.Sprint(name, b, " ", true, r["clearedOnBefore"], " ", true, r["clearedOn"]))
			continue
		}
		if b != "" {
			got = append(got, fmt.Sprint(name, b, " ", true, r["clearedOnBefore"], " ", false))
		}
		if a != "" {
			got = append(got, fmt.Sprint(name, a, " ", false, " ", true, r["clearedOn"]))
		}
		if r["id"] == "" && r["records"] == "1" {
			t.Errorf("%s: no record moved it", name)
		}
	}
	expected := alertsDiffer(before, after)
	slices.Sort(got)
	slices.Sort(expected)
	if !slices.Equal(got, expected) {
		t.Errorf("as of %s: alerts\n%s\nwant\n%s", on, strings.Join(got, "\n"), strings.Join(expected, "\n"))
	}
}

// recordsSumUp checks that the amounts that the records moved add up from the old figure to the new one.
func (g *growing) recordsSumUp(t *testing.T, since, on string, figures []map[string]string) {
	t.Helper()
	name := func(r map[string]string) string {
		return r["center"] + " " + r["fiscalYear"] + " " + r["scope"] + " " + r["figure"]
	}
	at, sum := map[string]int64{}, map[string]int64{}
	for _, r := range figures {
		at[name(r)] = plainFen(t, r["beforeFen"])
	}
	rows, _ := g.ask(t, "changes", on, "since", since, "show", "records")
	for _, r := range rows {
		b, a, d := plainFen(t, r["beforeFen"]), plainFen(t, r["afterFen"]), plainFen(t, r["differenceFen"])
		if at[name(r)] != b || a-b != d {
			t.Errorf("%s at %s goes from %d to %d by %d, it was %d", name(r), r["position"], b, a, d, at[name(r)])
		}
		at[name(r)] = a
		sum[name(r)] += d
	}
	for _, r := range figures {
		if at[name(r)] != plainFen(t, r["afterFen"]) || sum[name(r)] != plainFen(t, r["differenceFen"]) {
			t.Errorf("%s: the records lead to %d by %d, want %s by %s", name(r), at[name(r)], sum[name(r)],
				r["afterFen"], r["differenceFen"])
		}
	}
}

// The records of a center up to its report in March, and later ones.
const (
	storyRegistered = `{"id":"00000000-0000-4000-8000-000000000001","kind":"center.registered","center":"ZJ-0001","on":"2025-01-10","by":{"role":"center","actor":"c"},"data":{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}}`
	storyGranted    = `{"id":"00000000-0000-4000-8000-000000000002","kind":"subsidy.granted","center":"ZJ-0001","on":"2025-02-01","by":{"role":"finance","actor":"f"},"mode":"record","doc":"浙财科教〔2025〕1号","data":{"grant":"G1","category":"other","source":"province-other","fiscalYear":2025,"amountFen":100000}}`
	storyReceived   = `{"id":"00000000-0000-4000-8000-000000000003","kind":"subsidy.received","center":"ZJ-0001","on":"2025-03-01","by":{"role":"finance","actor":"f"},"data":{"grant":"G1","amountFen":100000}}`
	storyRecovered  = `{"id":"00000000-0000-4000-8000-000000000009","kind":"funds.recovered","center":"ZJ-0001","on":"2026-02-20","by":{"role":"finance","actor":"f"},"mode":"record","doc":"浙财科教〔2026〕3号","data":{"grant":"G1","amountFen":500,"reason":"结余"}}`
)

func storySpent(n int, on, voucher, use string, fen int) string {
	return fmt.Sprintf(
		`{"id":"00000000-0000-4000-8000-00000000001%d","kind":"funds.spent","center":"ZJ-0001","on":"%s","by":{"role":"center","actor":"c"},"data":{"voucher":"%s","payee":"乙","use":"%s","lines":[{"grant":"G1","amountFen":%d}],"summary":"中试"}}`, n, on, voucher, use, fen)
}

func storyOf(t testing.TB) *growing {
	t.Helper()
	g := newGrowing(t)
	g.tell(t, storyRegistered, storyGranted, storyReceived, storySpent(1, "2025-06-01", "V1", "pilot", 30_000),
		storySpent(2, "2025-07-01", "V2", "pilot", 31_000))
	return g
}

// The test asks in June about a figure reported in March.
func TestWhyAFigureIsNotWhatWasReported(t *testing.T) {
	g := storyOf(t)
	g.now = time.Date(2026, 6, 10, 2, 0, 0, 0, time.UTC)
	g.tell(t,
		storySpent(3, "2025-12-30", "V3", "equipment", 5_000),
		`{"id":"00000000-0000-4000-8000-000000000021","kind":"use.ruled","center":"ZJ-0001","on":"2025-12-31","by":{"role":"finance","actor":"f"},"data":{"voucher":"V1","use":"fine"}}`,
		`{"id":"00000000-0000-4000-8000-000000000022","kind":"entry.voided","center":"ZJ-0001","on":"2026-06-01","by":{"role":"center","actor":"c"},"data":{"event":"00000000-0000-4000-8000-000000000012","reason":"误录"}}`,
		storyRecovered, storySpent(4, "2026-05-05", "V4", "pilot", 700))
	const march = "2026-03-15T00:00:00+08:00"

	rows, table := g.ask(t, "changes", "2025-12-31", "since", march, "show", "records", "figure", "executed", "scope",
		"province")
	sameRows(t, rows,
		"fiscalYear beforeFen afterFen differenceFen ratePercentAfter lowBefore lowAfter position kind subject why",
		[]string{
			"2025|61000|66000|5000|66.00|||7|funds.spent|V3|back-dated",
			"2025|66000|36000|-30000|36.00||yes|8|use.ruled|V1 fine|back-dated ruled",
			"2025|36000|5000|-31000|5.00|yes|yes|9|entry.voided|00000000-0000-4000-8000-000000000012|voided",
		})
	sumsUp(t, table, "differenceFen")

	rows, _ = g.ask(t, "changes", "2025-12-31", "since", march, "figure", "executed", "scope", "province", "year",
		"2025", "center", "ZJ-0001")
	sameRows(t, rows, "beforeFen afterFen differenceFen records position lastPosition why id",
		[]string{"61000|5000|-56000|3|7|9|back-dated ruled voided|"})

	rows, _ = g.ask(t, "changes", "2025-12-31", "since", "6", "show", "alerts")
	sameRows(t, rows, "code key severity change raisedOnBefore clearedOnBefore raisedOn clearedOn position", []string{
		"AL-EXE-02|2025|red|appeared|||2025-12-31||8",
		"AL-USE-01|V1|red|appeared|||2025-12-31||8",
		"AL-USE-03|2025|yellow|appeared|||2025-12-31||9",
		"AL-EXE-01|2025-03|yellow|changed|2025-03-31|2025-07-31|2025-03-31|2025-12-31|9",
		"AL-EXE-01|2025-10|yellow|disappeared|2025-10-31|2025-12-31|||9",
	})

	rows, _ = g.ask(t, "changes", "2026-06-30", "since", march, "show", "records", "year", "2026", "scope", "province",
		"figure", "balance")
	sameRows(t, rows, "differenceFen position why doc",
		[]string{"-5000|7|back-dated|", "31000|9|voided|", "-500|10|back-dated record-mode|浙财科教〔2026〕3号",
			"-700|11|new|"})
}

// TestChangesByAPolicy adopts a policy under which a rate that was high enough is low.
func TestChangesByAPolicy(t *testing.T) {
	g := storyOf(t)
	text := strings.Replace(string(policy.Builtin().Text()), `"version": "2"`, `"version": "3"`, 1)
	i := strings.Index(text, `"lowRatePercent"`)
	text = text[:i] + strings.Replace(text[i:], `"value": 60`, `"value": 70`, 1)
	p, problems := policy.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if _, err := g.l.Record(t.Context(), ledger.Adoption(p),
		ledger.Writer{Name: "admin", MayRecord: true}); err != nil {
		t.Fatal(err)
	}
	rows, _ := g.ask(t, "changes", "2026-01-15", "since", "6")
	sameRows(t, rows, "figure differenceFen lowBefore lowAfter position kind subject why", []string{
		"executed|0||yes|7|policy.adopted|" + p.ID + "@3|policy",
	})
	rows, _ = g.ask(t, "changes", "2026-01-15", "since", "6", "show", "alerts", "center", "ZJ-0001")
	sameRows(t, rows, "code change why position", []string{"AL-EXE-02|appeared|policy|7"})
}

func TestNothingChangedSinceNow(t *testing.T) {
	g := storyOf(t)
	for _, since := range []string{"6", "2026-03-10T10:00:00+08:00", "2030-01-01T00:00:00Z"} {
		for _, show := range []string{"figures", "records", "alerts"} {
			if rows, _ := g.ask(t, "changes", "2026-06-30", "since", since, "show", show); len(rows) > 0 {
				t.Errorf("since %s: %d rows", since, len(rows))
			}
		}
	}
	if rows, _ := g.ask(t, "changes", "2026-06-30", "since", "2026-03-10T09:59:59+08:00"); len(rows) == 0 {
		t.Error("nothing changed since before anything was known")
	}
}

// The test asks a register as of a point in between.
func TestChangesUpToAnEarlierPoint(t *testing.T) {
	g := storyOf(t)
	reg, err := g.l.KnownAt(t.Context(), ledger.Point{Position: 5})
	if err != nil {
		t.Fatal(err)
	}
	g.desk = &lists.Books{Ledger: g.l, Register: reg}
	rows, _ := g.ask(t, "changes", "2026-06-30", "since", "4", "year", "2025", "scope", "province", "figure",
		"spentAll")
	sameRows(t, rows, "beforeFen afterFen position", []string{"0|30000|5"})
	var bad *text.Error
	_, err = g.desk.Ask(t.Context(),
		lists.Question{List: "changes", On: events.MustDate("2026-06-30"), Params: map[string]string{"since": "6"}})
	if !errors.As(err, &bad) || bad.Param != "since" {
		t.Errorf("a point after what is known: %v", err)
	}
}

// The test adds thousands of payments to a center, with a ruling among them, and asks for the effect of each.
func TestEachOfManyRecordsIsFound(t *testing.T) {
	g := storyOf(t)
	since := fmt.Sprint(g.l.Register().Position())
	g.now = g.now.AddDate(0, 2, 0)
	const vouchers = 3000
	g.tell(t, payments(vouchers)...)
	rows, _ := g.ask(t, "changes", "2026-06-30", "since", since, "show", "records", "scope", "province", "figure",
		"executed", "year", "2026")
	ruled := 0
	for _, r := range rows {
		want := "1"
		if r["why"] == "ruled" {
			ruled, want = ruled+1, "-1"
		}
		if r["records"] != "1" || r["differenceFen"] != want {
			t.Errorf("got %v, want a difference of %s", r, want)
		}
	}
	if len(rows) != vouchers+1 || ruled != 1 {
		t.Errorf("%d rows, %d rulings", len(rows), ruled)
	}
}

// payments returns vouchers of one fen, and in their middle a ruling on one of them.
func payments(n int) (lines []string) {
	for i := range n {
		lines = append(lines, strings.Replace(storySpent(0, "2026-04-01", fmt.Sprint("N", i), "pilot", 1),
			"000000000010", fmt.Sprintf("%012d", 1000+i), 1))
	}
	return slices.Insert(lines, n/2,
		`{"id":"00000000-0000-4000-8000-000000000021","kind":"use.ruled","center":"ZJ-0001","on":"2026-04-02","by":{"role":"finance","actor":"f"},"data":{"voucher":"N1","use":"fine"}}`)
}

func TestChangesEndWhenTheCallerDoes(t *testing.T) {
	g := storyOf(t)
	since := fmt.Sprint(g.l.Register().Position())
	g.tell(t, payments(10)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := g.desk.Ask(ctx,
		lists.Question{List: "changes", On: events.MustDate("2026-06-30"), Params: map[string]string{"since": since}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// BenchmarkChangesOfOneCenter measures the worst case: all later records belong to one center.
func BenchmarkChangesOfOneCenter(b *testing.B) {
	for _, n := range []int{1000, 5000} {
		g := storyOf(b)
		since := fmt.Sprint(g.l.Register().Position())
		g.tell(b, payments(n)...)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				q := lists.Question{List: "changes", On: events.MustDate("2026-10-31"),
					Params: map[string]string{"since": since}}
				if _, err := g.desk.Ask(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkChanges(b *testing.B) {
	for _, n := range []int{25_000, 100_000} {
		g, since := newGrowing(b), map[string]string{}
		lines := simulatedLines(b, n)
		g.tell(b, lines[:len(lines)*99/100]...)
		since["the last hundredth"] = fmt.Sprint(g.l.Register().Position())
		g.tell(b, lines[len(lines)*99/100:]...)
		since["all"] = "1"
		for _, name := range slices.Sorted(maps.Keys(since)) {
			b.Run(fmt.Sprint(name, " of ", len(lines)), func(b *testing.B) {
				for b.Loop() {
					q := lists.Question{List: "changes", On: events.MustDate("2026-10-31"),
						Params: map[string]string{"since": since[name]}}
					if _, err := g.desk.Ask(b.Context(), q); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(lines)), "ns/record")
			})
		}
	}
}
