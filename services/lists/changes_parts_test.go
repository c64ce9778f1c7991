package lists_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
)

// parts holds the reported amount, the corrections since, and the movements since.
type parts [3]int64

var partNames = [...]string{"reported", "corrected", "happened"}

// partsCenters lists the centers of each history whose figures are compared; "" means all together.
var partsCenters = map[string][]string{edgesHistory: {""}, provinceHistory: {"ZJ-0001", "ZJ-0007", "ZJ-0018"}}

// partsOf computes the parts of every figure from three reports, by center, year, scope and figure, of one center or
// of all for "".
func partsOf(t *testing.T, of string, then, corrected, now published) map[string]parts {
	lines := maps.Clone(then.execution)
	maps.Copy(lines, corrected.execution)
	maps.Copy(lines, now.execution)
	all := map[string]parts{}
	for key := range lines {
		if center, _, _ := strings.Cut(key, " "); of != "" && of != center {
			continue
		}
		for _, f := range moneyFigures {
			a, b, c := plainFen(t, then.execution[key][f+"Fen"]), plainFen(t, corrected.execution[key][f+"Fen"]),
				plainFen(t, now.execution[key][f+"Fen"])
			all[key+" "+f] = parts{a, b - a, c - b}
		}
	}
	return all
}

// partsAgree compares the parts of figures, and the records of each part, with the reports as of the two dates.
func (g *growing) partsAgree(t *testing.T, center, since, from, on string, then, corrected, now published) {
	t.Helper()
	centers, lines, moved := partsOf(t, center, then, corrected, now), map[string]parts{}, map[string]bool{}
	for key, p := range centers {
		_, line, _ := strings.Cut(key, " ")
		sum := lines[line]
		for i := range p {
			sum[i] += p[i]
		}
		lines[line] = sum
		moved[line] = moved[line] || p[1] != 0 || p[2] != 0
	}
	// want returns the rows of the lines that moved, each under the words before its year.
	want := func(all map[string]parts) (rows []string) {
		for key, p := range all {
			f := strings.Fields(key)
			if moved[strings.Join(f[len(f)-3:], " ")] && p != (parts{}) {
				rows = append(rows, fmt.Sprintf("%s|%d|%d|%d|%d", strings.Join(f, "|"), p[0], p[1], p[2],
					p[0]+p[1]+p[2]))
			}
		}
		return rows
	}
	const columns = "fiscalYear scope figure reportedFen correctedFen happenedFen nowFen"
	ask := func(params ...string) []map[string]string {
		rows, _ := g.ask(t, "changes", on,
			append([]string{"since", since, "from-as-of", from, "center", center}, params...)...)
		return rows
	}
	rows := ask()
	sameRows(t, rows, "center "+columns, want(centers))
	sameRows(t, ask("by", "total"), columns, want(lines))
	city := map[string]string{}
	for _, r := range rows {
		city[r["center"]] = r["city"]
	}
	cities := map[string]parts{}
	for key, p := range centers {
		center, line, _ := strings.Cut(key, " ")
		sum := cities[city[center]+" "+line]
		for i := range p {
			sum[i] += p[i]
		}
		cities[city[center]+" "+line] = sum
	}
	sameRows(t, ask("by", "city"), "city "+columns, want(cities))

	sums := map[string]parts{}
	for i, show := range []string{"reported", "records"} {
		for _, r := range ask("show", show) {
			key := strings.Join([]string{r["center"], r["fiscalYear"], r["scope"], r["figure"]}, " ")
			p, part := sums[key], slices.Index(partNames[:], r["part"])
			if r["id"] == "" || r["position"] == "0" || (part == 0) != (i == 0) {
				t.Errorf("a record of no part: %v", r)
			}
			p[part] += plainFen(t, r["amountFen"])
			sums[key] = p
		}
	}
	if len(sums) == 0 {
		t.Error("no record was seen, which shows nothing")
	}
	for key, p := range centers {
		if sums[key] != p {
			t.Errorf("%s: the records sum to %v, want %v", key, sums[key], p)
		}
	}
}

// reportedInMarch returns a ledger and the position at which its year 2025 was reported in March 2026. Later records
// follow.
func reportedInMarch(t *testing.T) (g *growing, since string) {
	g = storyOf(t)
	since = fmt.Sprint(g.l.Register().Position())
	g.now = time.Date(2026, 6, 10, 2, 0, 0, 0, time.UTC)
	g.tell(t,
		storySpent(3, "2025-12-30", "V3", "equipment", 5_000),
		`{"id":"00000000-0000-4000-8000-000000000021","kind":"use.ruled","center":"ZJ-0001","on":"2025-12-31","by":{"role":"finance","actor":"f"},"data":{"voucher":"V1","use":"fine"}}`,
		`{"id":"00000000-0000-4000-8000-000000000022","kind":"entry.voided","center":"ZJ-0001","on":"2026-06-01","by":{"role":"center","actor":"c"},"data":{"event":"00000000-0000-4000-8000-000000000012","reason":"误录"}}`,
		storyRecovered, storySpent(4, "2026-05-05", "V4", "pilot", 700))
	return g, since
}

// The test follows the balance from the report of March to June.
func TestAFigureIsWhatWasReportedCorrectedAndHappened(t *testing.T) {
	g, since := reportedInMarch(t)
	rows, table := g.ask(t, "changes", "2026-06-30", "since", since, "from-as-of", "2025-12-31", "scope", "province",
		"figure", "executed", "by", "city")
	sameRows(t, rows, "city fiscalYear reportedFen correctedFen happenedFen nowFen",
		[]string{"330100|2025|61000|-56000|0|5000", "330100|2026|0|0|700|700"})
	if got := table.Rows[0][0].Shown.Zh; got != "杭州市" || len(table.Totals) != 2 {
		t.Errorf("got %s, %v", got, table.Totals)
	}
	rows, table = g.ask(t, "changes", "2026-06-30", "since", since, "from-as-of", "2025-12-31", "scope", "province",
		"figure", "balance", "show", "records")
	sameRows(t, rows, "fiscalYear part amountFen position kind subject why doc", []string{
		"2025|corrected|-5000|7|funds.spent|V3|back-dated|",
		"2025|corrected|31000|9|entry.voided|00000000-0000-4000-8000-000000000012|voided|",
		"2026|happened|100000|4|subsidy.received|G1|year-begun|",
		"2026|happened|-30000|5|funds.spent|V1|year-begun|",
		"2026|happened|-5000|7|funds.spent|V3|year-begun|",
		"2026|happened|-500|10|funds.recovered|G1|record-mode|浙财科教〔2026〕3号",
		"2026|happened|-700|11|funds.spent|V4|new|",
	})
	var totals []string
	for _, row := range table.Totals {
		totals = append(totals, fmt.Sprint(row[2].Data, row[5].Data, row[6].Data))
	}
	if want := []string{"2025corrected26000", "2026happened63800"}; !slices.Equal(totals, want) {
		t.Errorf("totals %v, want %v", totals, want)
	}
	rows, _ = g.ask(t, "changes", "2026-06-30", "since", since, "from-as-of", "2025-12-31", "scope", "province",
		"figure", "balance", "show", "reported")
	sameRows(t, rows, "fiscalYear part amountFen position why",
		[]string{"2025|reported|100000|4|", "2025|reported|-30000|5|", "2025|reported|-31000|6|"})
}

// The test adopts a policy under which the source of the grant belongs to no scope from September on.
func TestASourceThatLeavesAScopeIsNoLossOfAFigure(t *testing.T) {
	g := storyOf(t)
	body := strings.NewReplacer(`"version": "2"`, `"version": "3"`, `"effectiveFrom": "2024-01-01"`,
		`"effectiveFrom": "2025-09-01"`).Replace(string(policy.Builtin().Text()))
	i := strings.Index(body, `"rateSources"`)
	body = body[:i] + strings.Replace(body[i:], `, "province-other"`, ``, 1)
	p, problems := policy.Parse([]byte(body))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if _, err := g.l.Record(t.Context(), ledger.Adoption(p),
		ledger.Writer{Name: "admin", MayRecord: true}); err != nil {
		t.Fatal(err)
	}
	ask := func(show string) []map[string]string {
		rows, _ := g.ask(t, "changes", "2025-12-31", "since", "6", "from-as-of", "2025-06-30", "scope", "province",
			"figure", "received", "show", show)
		return rows
	}
	sameRows(t, ask("figures"), "reportedFen correctedFen happenedFen nowFen", []string{"100000|0|-100000|0"})
	sameRows(t, ask("records"), "part subject why amountFen", []string{"happened|G1|policy|-100000"})
}

func TestWhatDoesNotFitAComparisonWithAReport(t *testing.T) {
	g, since := reportedInMarch(t)
	for _, c := range []struct{ params, param string }{
		{"from-as-of=2025-12-31;show=alerts", "show"}, {"from-as-of=2026-07-01", "from-as-of"},
		{"from-as-of=2025-13-01", "from-as-of"}, {"by=city", "by"}, {"show=reported", "show"},
		{"from-as-of=2025-12-31;by=city;show=records", "by"}, {"from-as-of=2025-12-31;figure=rate", "figure"},
	} {
		q := lists.Question{List: "changes", On: events.MustDate("2026-06-30"),
			Params: map[string]string{"since": since}}
		for p := range strings.SplitSeq(c.params, ";") {
			name, value, _ := strings.Cut(p, "=")
			q.Params[name] = value
		}
		_, err := g.desk.Ask(t.Context(), q)
		var bad *text.Error
		if !errors.As(err, &bad) || bad.Param != c.param || bad.Code != text.Invalid {
			t.Errorf("%s: got %v", c.params, err)
		}
	}
}
