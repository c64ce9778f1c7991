package lists_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/simulator"
)

// plainReceiptDue lists the grants that are not received in full after 60 days and not deferred (AL-FND-01), and the
// matches past their due date (AL-MAT-01), that will raise alerts within a number of days. It leaves out those that
// are late already.
func plainReceiptDue(t *testing.T, es []plainEvent, on string, days int) (due []string) {
	type promise struct {
		event plainEvent
		short int64 // running, until it was first made good
		code  string
		late  string
		good  bool
	}
	var list []*promise
	byName := map[string]*promise{}
	revoked, effective := false, "2024-01-01"
	for _, e := range es {
		switch e.Kind {
		case "qualification.revoked":
			revoked = true
		case "subsidy.granted":
			p := &promise{event: e, short: e.Data.AmountFen, code: "AL-FND-01", late: plainDay(t, e.On, 61)}
			byName[e.Data.Grant] = p
			list = append(list, p)
		case "matching.committed":
			if e.Data.DueOn != "" {
				p := &promise{event: e, short: e.Data.AmountFen, code: "AL-MAT-01", late: plainDay(t, e.Data.DueOn, 1)}
				byName[e.Data.Match] = p
				list = append(list, p)
			}
		case "subsidy.received", "matching.received", "subsidy.reversed":
			if p := byName[e.Data.Grant+e.Data.Match]; p != nil {
				p.short -= e.Data.AmountFen
				p.good = p.good || p.short <= 0
			}
		}
	}
	for _, p := range list {
		if p.code == "AL-FND-01" && plainWord(es, p.event.Data.FiscalYear, on) == "allocation.deferred" {
			continue // nothing but a release makes it late
		}
		if !p.good && !revoked && p.event.On >= effective && p.late > on && p.late <= plainDay(t, on, days) {
			due = append(due, strings.Join([]string{p.event.Center, p.code, p.event.Data.Grant + p.event.Data.Match,
				p.late, fmt.Sprint(plainDays(t, on, p.late))}, "|"))
		}
	}
	return due
}

func TestDueListsMoneyThatIsAboutToBeLate(t *testing.T) {
	t.Parallel()
	found := 0
	for name, h := range financeHistories(t) {
		for _, on := range financeDays {
			for _, days := range []int{7, 30, 90} {
				t.Run(fmt.Sprint(name, " as of ", on, " within ", days), func(t *testing.T) {
					rows, _ := h.ask(t, "due", on, "within", fmt.Sprint(days, "d"))
					rows = slices.DeleteFunc(rows, func(r map[string]string) bool {
						return r["code"] != "AL-FND-01" && r["code"] != "AL-MAT-01"
					})
					var want []string
					for _, es := range h.byCenter(on) {
						want = append(want, plainReceiptDue(t, es, on, days)...)
					}
					sameRows(t, rows, "center code key raisedOn daysLeft", want)
					found += len(want)
				})
			}
		}
	}
	if found == 0 {
		t.Error("nothing was due")
	}
}

// plainPaymentsToCome lists the grants announced ahead whose fiscal year follows a year that will be low, without
// receipts in their year, and with no deferral or release: the next receipt raises AL-EXE-05.
func plainPaymentsToCome(t *testing.T, es []plainEvent, on string, days int) (due []string) {
	for id, f := range plainFunds(es) {
		end := fmt.Sprint(f.Data.FiscalYear-1, "-12-31")
		first := plainDay(t, max(on, end), 1)
		left := f.Data.AmountFen - f.reversed - f.received
		paid := slices.ContainsFunc(f.receipts, func(r plainLine) bool { return r.Grant > end }) // its date
		if f.Kind != "subsidy.granted" || f.On > end || first > plainDay(t, on, days) || left <= 0 || paid ||
			plainRevoked(es) || plainWord(es, f.Data.FiscalYear, on) != "" ||
			!plainProvince(es, f.Data.FiscalYear-1, end).low(f.Data.FiscalYear-1, end) {
			continue
		}
		due = append(due, strings.Join([]string{
			"finance", f.Center, id, "red", first, fmt.Sprint(plainDays(t, on, first)), "subsidy.received"}, "|"))
	}
	return due
}

func TestDueListsMoneyAnnouncedAheadThatIsNotToBePaid(t *testing.T) {
	t.Parallel()
	found := 0
	for name, h := range financeHistories(t) {
		for _, on := range append(financeDays, "2024-12-10", "2025-12-30") {
			for _, days := range []int{1, 30, 90} {
				t.Run(fmt.Sprint(name, " as of ", on, " within ", days), func(t *testing.T) {
					rows, _ := h.ask(t, "due", on, "within", fmt.Sprint(days, "d"))
					rows = slices.DeleteFunc(rows, func(r map[string]string) bool { return r["code"] != "AL-EXE-05" })
					var want []string
					for _, es := range h.byCenter(on) {
						want = append(want, plainPaymentsToCome(t, es, on, days)...)
					}
					sameRows(t, rows, "office center key severity raisedOn daysLeft opensWith", want)
					found += len(want)
				})
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d payments to come were met", found)
	}
}

// The test asks a ledger without further records again at a later date.
func TestWhatWasDueOpensWhenNothingIsDone(t *testing.T) {
	t.Parallel()
	for name, h := range financeHistories(t) {
		const on, later = "2026-10-31", "2026-12-30"
		due, _ := h.ask(t, "due", on, "within", "60")
		var want []string
		alerts, _ := h.ask(t, "alerts", later, "all", "true")
		for _, a := range alerts {
			if a["raisedOn"] > on {
				want = append(want, strings.Join([]string{
					a["center"], a["code"], a["key"], a["severity"], a["raisedOn"]}, "|"))
			}
		}
		due = slices.DeleteFunc(due, func(r map[string]string) bool { return r["opensWith"] != "" })
		t.Run(name, func(t *testing.T) { sameRows(t, due, "center code key severity raisedOn", want) })
	}
}

func TestDueIsOrderedByOfficeAndDate(t *testing.T) {
	t.Parallel()
	offices := []string{"st-office", "finance", "local-gov", "center"}
	all := 0
	for _, h := range financeHistories(t) {
		rows, table := h.ask(t, "due", "2026-08-31", "within", "200d")
		if !slices.IsSortedFunc(rows, func(a, b map[string]string) int {
			if i, j := slices.Index(offices, a["office"]), slices.Index(offices, b["office"]); i != j {
				return i - j
			}
			return strings.Compare(a["raisedOn"], b["raisedOn"])
		}) {
			t.Error("not in order")
		}
		parts := 0
		for _, office := range offices {
			one, _ := h.ask(t, "due", "2026-08-31", "within", "200d", "office", office)
			parts += len(one)
		}
		if parts != len(table.Rows) {
			t.Errorf("%d rows by office, %d in all", parts, len(table.Rows))
		}
		all += parts
	}
	if all == 0 {
		t.Error("nothing was due")
	}
}

// The values of --office must match the offices in the catalog.
func TestTimeAloneConcernsTheOfficesOfTheList(t *testing.T) {
	l := lists.Find("due")
	for _, p := range l.Params {
		if p.Name != "office" {
			continue
		}
		for _, row := range aggregates.AlertCatalog {
			if office := string(aggregates.Office(row.Code)); row.Code != aggregates.LedgerBroken &&
				!p.Values.Has(office) {
				t.Errorf("%s is for %s", row.Code, office)
			}
		}
	}
}

// plainShortfall computes the shortfall of a year in fen from the events up to a day: 60 % of the available money of
// the two provincial sources, rounded up, less the executed money. It is zero if most of the money came after 1
// October.
func plainShortfall(es []plainEvent, on string) (short, balance int64) {
	year := on[:4]
	source, uses, econ := map[string]string{}, map[string]string{}, map[string]string{}
	vouchers := map[string]plainEvent{}
	var available, late, spent, ineligible int64
	province := func(grant string) bool {
		return source[grant] == "major-program" ||
			source[grant] == "province-other"
	}
	spend := func(v plainEvent, in string, sign int64) {
		for _, l := range v.Data.Lines {
			if !province(l.Grant) {
				continue
			}
			if in < year {
				available -= sign * l.AmountFen
				continue
			}
			spent += sign * l.AmountFen
		}
	}
	reversed := map[string]string{}
	for _, e := range es {
		d := e.Data
		switch e.Kind {
		case "subsidy.granted":
			source[d.Grant] = d.Source
		case "subsidy.received", "funds.recovered":
			if !province(d.Grant) {
				continue
			}
			sign := int64(1)
			if e.Kind == "funds.recovered" {
				sign = -1
			} else if e.On > year+"-10-01" {
				late += d.AmountFen
			}
			available += sign * d.AmountFen
		case "funds.spent":
			vouchers[d.Voucher], uses[d.Voucher], econ[d.Voucher] = e, d.Use, d.EconCode
			spend(e, e.On[:4], 1)
		case "spending.reversed":
			reversed[d.Voucher] = e.On[:4]
			spend(vouchers[d.Voucher], e.On[:4], -1)
		case "use.ruled":
			uses[d.Voucher], econ[d.Voucher] = d.Use, ""
		}
	}
	for name, v := range vouchers {
		if !plainForbidden(uses[name], econ[name]) {
			continue
		}
		for _, l := range v.Data.Lines {
			if province(l.Grant) && v.On[:4] == year {
				ineligible += l.AmountFen
			}
			if province(l.Grant) && reversed[name] == year {
				ineligible -= l.AmountFen
			}
		}
	}
	executed := spent - ineligible
	if available <= 0 || late*2 > available || executed*100 >= available*60 {
		return 0, 0
	}
	return (available*60+99)/100 - executed, available - spent
}

// plainForbidden reports whether article 20 forbids a use and code on subsidies (section 4).
func plainForbidden(use, econ string) bool {
	forbidden := []string{"capital-construction", "sponsorship", "donation", "investment", "fine", "debt-repayment"}
	if slices.Contains(forbidden, use) {
		return true
	}
	for _, prefix := range []string{"309", "31001", "31005", "31009", "31010", "31011", "31012", "307", "311", "31201",
		"31203", "31205", "39906"} {
		if strings.HasPrefix(econ, prefix) {
			return true
		}
	}
	return false
}

func TestMoneyStillToBeSpentIsRecomputed(t *testing.T) {
	t.Parallel()
	found := 0
	for name, h := range financeHistories(t) {
		for _, on := range []string{"2024-12-31", "2025-01-31", "2025-09-30", "2025-11-15", "2025-12-31",
			"2026-10-31"} {
			t.Run(name+" as of "+on, func(t *testing.T) {
				rows, table := h.ask(t, "due", on, "spend", "true")
				var want []string
				for id, es := range h.byCenter(on) {
					if short, balance := plainShortfall(es, on); short > 0 {
						beyond := ""
						if short > balance {
							beyond = "yes"
						}
						want = append(want, fmt.Sprintf("%s|%s|%d|%d|%s|%d", id, on[:4], short, balance, beyond,
							plainDays(t, on, on[:4]+"-12-31")))
					}
				}
				sameRows(t, rows, "center fiscalYear toSpendFen balanceFen beyond daysLeft", want)
				if len(rows) > 0 {
					sumsUp(t, table, "toSpendFen", "availableFen", "executedFen", "balanceFen")
				}
				found += len(want)
			})
		}
	}
	if found == 0 {
		t.Error("no center has anything to spend")
	}
}

func TestSpendingToBeDoneHasNoOffice(t *testing.T) {
	t.Parallel()
	h := financeHistories(t)["edges"]
	for _, params := range []map[string]string{
		{"spend": "true", "office": "finance"}, {"spend": "true", "within": "7d"}} {
		var bad *text.Error
		if _, err := h.desk.Ask(t.Context(),
			lists.Question{List: "due", On: events.MustDate("2026-10-31"), Params: params}); !errors.As(err, &bad) {
			t.Errorf("%v: %v", params, err)
		}
	}
}

// simulatedLines returns a simulated history with n records, and a center for every 500.
func simulatedLines(t testing.TB, n int) (lines []string) {
	t.Helper()
	cfg := simulator.Scenario{Seed: 3, Centers: n / 500, From: events.MustDate("2024-01-01"),
		To: events.MustDate("2026-10-31"), VouchersPerYear: 400}
	for rec, err := range simulator.Records(cfg) {
		if err != nil {
			t.Fatal(err)
		}
		line, err := events.EncodeRecord(rec)
		if err != nil {
			t.Fatal(err)
		}
		if lines = append(lines, string(bytes.TrimSpace(line))); len(lines) == n {
			break
		}
	}
	return lines
}

func BenchmarkDue(b *testing.B) {
	for _, n := range []int{25_000, 100_000} {
		g := newGrowing(b)
		lines := simulatedLines(b, n)
		g.tell(b, lines...)
		for _, c := range []struct {
			name, on string
			params   map[string]string
		}{
			{"today", "2026-10-31", map[string]string{"within": "30d"}},
			{"in the past", "2025-10-31", map[string]string{"within": "30d"}},
			{"to spend", "2026-10-31", map[string]string{"spend": "true"}},
			{"to spend in the past", "2025-10-31", map[string]string{"spend": "true"}},
		} {
			b.Run(fmt.Sprint(c.name, " of ", len(lines)), func(b *testing.B) {
				for b.Loop() {
					if _, err := g.desk.Ask(b.Context(),
						lists.Question{List: "due", On: events.MustDate(c.on), Params: c.params}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(lines)), "ns/record")
			})
		}
	}
}
