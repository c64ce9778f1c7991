package lists_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
)

// traced lists the centers and days of each history whose figures are traced. No centers means all.
var traced = map[string]struct{ centers, days []string }{
	"edges":         {nil, []string{"2025-06-30"}},
	"ahead":         {nil, []string{"2024-12-31", "2025-06-30"}},
	"zhejiang-2026": {[]string{"ZJ-0001"}, []string{"2026-08-31"}},
	"simulated 1":   {[]string{"ZJ-0003", "ZJ-0011"}, []string{"2026-10-31"}},
}

// The test traces every figure of the execution report, and figures that the report leaves out.
func TestTheRecordsOfAFigureSumToIt(t *testing.T) {
	for name, h := range financeHistories(t) {
		for _, day := range traced[name].days {
			h.tracesSumUp(t, name, day, traced[name].centers)
		}
	}
	h := financeHistories(t)["ahead"]
	known, err := h.desk.Ledger.KnownAt(t.Context(), ledger.Point{Position: uint64(len(h.lines) / 2)})
	if err != nil {
		t.Fatal(err)
	}
	then := &plainHistory{desk: &lists.Books{Ledger: h.desk.Ledger, Register: known}}
	then.events = standing(slices.DeleteFunc(slices.Clone(h.lines), func(e plainEvent) bool {
		return known.Has(events.CenterID(e.Center).Stream(), uuid.MustParse(e.ID)) == 0
	}))
	then.tracesSumUp(t, "ahead as known then", "2025-06-30", nil)
}

func (h *plainHistory) tracesSumUp(t *testing.T, name, day string, centers []string) {
	t.Helper()
	counts, figures := map[string]bool{}, map[string]string{}
	for _, e := range h.events {
		counts[e.Center+" "+e.ID] = e.On <= day
		if centers == nil || slices.Contains(centers, e.Center) {
			for _, scope := range aggregates.Scopes {
				figures[fmt.Sprintf("%s %d %s", e.Center, events.MustDate(e.On).Year(), scope)] = ""
			}
		}
	}
	lines, _ := h.ask(t, "execution", day)
	ahead := map[string]bool{} // the years that have not begun, and whether there is money for them
	seen := 0
	for line := range figures {
		of := strings.Fields(line)
		if _, asked := ahead[of[1]]; of[1] > day[:4] && !asked {
			next, _ := h.ask(t, "execution", day, "year", of[1])
			lines, ahead[of[1]] = append(lines, next...), len(next) > 0
		}
		if of[1] > day[:4] && !ahead[of[1]] {
			continue
		}
		i := slices.IndexFunc(lines, func(r map[string]string) bool {
			return r["center"] == of[0] && r["fiscalYear"] == of[1] && r["scope"] == of[2]
		})
		for _, figure := range moneyFigures {
			var want, sum int64
			if i >= 0 {
				want = plainFen(t, lines[i][figure+"Fen"])
			}
			rows, table := h.ask(t, "trace", day, "center", of[0], "year", of[1], "scope", of[2], "figure", figure)
			for _, r := range rows {
				sum += plainFen(t, r["amountFen"])
				seen++
				if !counts[of[0]+" "+r["id"]] || r["amountFen"] == "0" ||
					(r["fiscalYear"] < of[1]) != (r["part"] == "carriedIn") || r["fiscalYear"] > of[1] {
					t.Errorf("%s as of %s: %s %s has %v", name, day, line, figure, r)
				}
			}
			if sum != want {
				t.Errorf("%s as of %s: the records of %s %s sum to %d, want %d", name, day, line, figure, sum, want)
			}
			if n := len(table.Totals); (n > 0) != (len(rows) > 0) ||
				n > 0 && table.Totals[n-1][5].Data != events.Fen(want) {
				t.Errorf("%s as of %s: the totals of %s %s are %v, want %d", name, day, line, figure,
					table.Totals, want)
			}
		}
	}
	if seen == 0 {
		t.Errorf("%s as of %s: no record was seen, which shows nothing", name, day)
	}
}

func TestWhatAFigureIsMadeOf(t *testing.T) {
	g, since := reportedInMarch(t)
	for _, c := range []struct {
		year, figure string
		want, notes  []string
	}{
		{"2025", "executed", []string{"spentAll|2025|2025-06-01|funds.spent|V1|30000|乙|中试",
			"spentAll|2025|2025-12-30|funds.spent|V3|5000|乙|中试",
			"ineligible|2025|2025-12-31|use.ruled|V1 fine|-30000||"},
			[]string{"executed = spent - ineligible; what is subtracted is listed as negative."}},
		{"2026", "available", []string{"carriedIn|2025|2025-03-01|subsidy.received|G1|100000||",
			"carriedIn|2025|2025-06-01|funds.spent|V1|-30000|乙|中试",
			"carriedIn|2025|2025-12-30|funds.spent|V3|-5000|乙|中试",
			"received|2026|2026-02-20|funds.recovered|G1|-500||结余"},
			[]string{"available = carried in + received.",
				"Carried in is what was received less what was spent in the years before, listed year by year."}},
		{"2026", "granted", nil, nil},
	} {
		rows, table := g.ask(t, "trace", "2026-06-30", "center", "ZJ-0001", "year", c.year, "scope", "province",
			"figure", c.figure)
		sameRows(t, rows, "part fiscalYear on kind subject amountFen payee summary", c.want)
		var notes []string
		for _, n := range table.Notes {
			notes = append(notes, n.En)
		}
		if !slices.Equal(notes, c.notes) {
			t.Errorf("%s %s: notes %q", c.year, c.figure, notes)
		}
	}
	known, err := ledger.ParsePoint(since)
	if err != nil {
		t.Fatal(err)
	}
	register, err := g.l.KnownAt(t.Context(), known)
	if err != nil {
		t.Fatal(err)
	}
	g.desk = &lists.Books{Ledger: g.l, Register: register}
	rows, _ := g.ask(t, "trace", "2025-12-31", "center", "ZJ-0001", "year", "2025", "scope", "province", "figure",
		"spentAll")
	sameRows(t, rows, "subject amountFen", []string{"V1|30000", "V2|31000"})
}

// The test pays a voucher from two sources.
func TestAVoucherOfTwoScopesCountsInEachWithItsPart(t *testing.T) {
	g := storyOf(t)
	central := strings.NewReplacer("0000000002", "0000000032", "0000000003", "0000000033", "G1", "G2",
		"province-other", "central-guidance")
	g.tell(t, central.Replace(storyGranted), central.Replace(storyReceived),
		strings.Replace(storySpent(7, "2025-08-01", "V7", "pilot", 400), `[{`, `[{"grant":"G2","amountFen":25},{`, 1))
	for scope, want := range map[string]string{"central": "25", "province": "400", "fiscal": "425"} {
		rows, table := g.ask(t, "trace", "2025-12-31", "center", "ZJ-0001", "year", "2025", "scope", scope, "figure",
			"spentAll")
		i := slices.IndexFunc(rows, func(r map[string]string) bool { return r["subject"] == "V7" })
		if i < 0 || rows[i]["amountFen"] != want || (len(table.Notes) > 0) != (scope != "fiscal") {
			t.Errorf("%s: %v, %v", scope, rows, table.Notes)
		}
	}
}

func TestAFigureThatIsNoSumOfRecordsIsNotTraced(t *testing.T) {
	for figure, says := range map[string]string{
		"rate": "executed and for available", "ratePercent": "executed and for available",
		"low": "rate on 31 December", "moon": "must be one of", "": "must be given"} {
		q := lists.Question{List: "trace",
			Params: map[string]string{"center": "ZJ-0001", "year": "2025", "scope": "province", "figure": figure}}
		_, _, err := q.Read()
		var bad *text.Error
		if !errors.As(err, &bad) || bad.Param != "figure" || !strings.Contains(bad.What.En, says) {
			t.Errorf("%q: got %v", figure, err)
		}
	}
}
