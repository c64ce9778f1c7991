package lists_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
)

const spendingColumns = "on voucher use grant amountFen forbidden reversedOn payee summary doc id"

func TestSpendingIsWhatAPlainReadingOfTheRecordsSays(t *testing.T) {
	t.Parallel()
	for name, h := range financeHistories(t) {
		for _, on := range []string{"2025-03-15", "2026-08-31"} {
			t.Run(name+" as of "+on, func(t *testing.T) {
				for center, es := range h.byCenter(on) {
					rows, table := h.ask(t, "spending", on, "center", center)
					sameRows(t, rows, spendingColumns, plainSpending(es))
					var sum events.Fen
					for _, r := range rows {
						if r["reversedOn"] == "" {
							sum += fen(r["amountFen"])
						}
					}
					if table.Totals[0][4].Data != sum {
						t.Errorf("%s: the total is %v, want %d", center, table.Totals[0][4].Data, sum)
					}
					if !slices.IsSortedFunc(rows, func(a, b map[string]string) int {
						return strings.Compare(a["on"], b["on"])
					}) {
						t.Errorf("%s: not in the order of dates", center)
					}
				}
			})
		}
	}
}

// The subtotals must equal the sums of the lines, and the sum of the vouchers that are not reversed must equal the
// execution of all years. A count and an amount in one row are of the same vouchers.
func TestSubtotalsOfSpendingAgreeWithLinesAndExecution(t *testing.T) {
	t.Parallel()
	const on = "2026-08-31"
	for name, h := range financeHistories(t) {
		t.Run(name, func(t *testing.T) {
			reversed := 0
			for center := range h.byCenter(on) {
				var spent, ineligible events.Fen
				for x := range h.desk.Register.Executions(events.MustDate(on), projections.ExecutionFilter{}) {
					if x.Group == center && (x.Scope == aggregates.FiscalScope || x.Scope == aggregates.LocalScope) {
						spent, ineligible = spent+x.SpentAllFen, ineligible+x.IneligibleFen
					}
				}
				lines, _ := h.ask(t, "spending", on, "center", center)
				standing, reversedOnes := map[string]bool{}, map[string]bool{}
				for _, r := range lines {
					if r["reversedOn"] == "" {
						standing[r["id"]] = true
					} else {
						reversedOnes[r["id"]] = true
					}
				}
				reversed += len(reversedOnes)
				for _, by := range []string{"use", "grant"} {
					sums, ids, vouchers := map[string][3]events.Fen{}, map[string]bool{}, map[string][2]int{}
					for _, r := range lines {
						s := sums[r[by]]
						switch {
						case r["reversedOn"] != "":
							s[2] += fen(r["amountFen"])
						case r["forbidden"] == "yes":
							s[1] += fen(r["amountFen"])
							fallthrough
						default:
							s[0] += fen(r["amountFen"])
						}
						sums[r[by]] = s
						if key := r[by] + r["id"]; !ids[key] {
							ids[key] = true
							n := vouchers[r[by]]
							if r["reversedOn"] == "" {
								n[0]++
							} else {
								n[1]++
							}
							vouchers[r[by]] = n
						}
					}
					var want []string
					for key, s := range sums {
						want = append(want, fmt.Sprintf("%s|%d|%d|%d|%d|%d", key, vouchers[key][0], s[0], s[1], s[2],
							vouchers[key][1]))
					}
					rows, table := h.ask(t, "spending", on, "center", center, "by", by)
					sameRows(t, rows, by+" vouchers amountFen forbiddenFen reversedFen vouchersReversed", want)
					if table.Totals[0][2].Data != spent || table.Totals[0][3].Data != ineligible {
						t.Errorf("%s by %s: %v, of it forbidden %v; the execution says %d and %d", center, by,
							table.Totals[0][2].Data, table.Totals[0][3].Data, spent, ineligible)
					}
					if table.Totals[0][1].Data != int64(len(standing)) ||
						table.Totals[0][5].Data != int64(len(reversedOnes)) {
						t.Errorf("%s by %s: %v vouchers, %v reversed; expected %d and %d", center, by,
							table.Totals[0][1].Data, table.Totals[0][5].Data, len(standing), len(reversedOnes))
					}
				}
			}
			if reversed == 0 && name != "ahead" {
				t.Error("no voucher is reversed, which shows nothing")
			}
		})
	}
}

func TestSpendingIsFiltered(t *testing.T) {
	t.Parallel()
	const on = "2026-08-31"
	h := financeHistories(t)["zhejiang-2026"]
	center, all := "", []map[string]string(nil)
	for id := range h.byCenter(on) {
		if rows, _ := h.ask(t, "spending", on, "center", id); len(rows) > len(all) {
			center, all = id, rows
		}
	}
	totals := map[string]events.Fen{} // by voucher
	for _, r := range all {
		totals[r["voucher"]] += fen(r["amountFen"])
	}
	middle := all[len(all)/2]
	payee := string([]rune(middle["payee"])[1:3])
	for _, f := range []struct {
		params []string
		passes func(map[string]string) bool
	}{
		{[]string{"from", middle["on"]}, func(r map[string]string) bool { return r["on"] >= middle["on"] }},
		{[]string{"to", middle["on"]}, func(r map[string]string) bool { return r["on"] <= middle["on"] }},
		{[]string{"use", middle["use"]}, func(r map[string]string) bool { return r["use"] == middle["use"] }},
		{[]string{"grant", middle["grant"]}, func(r map[string]string) bool { return r["grant"] == middle["grant"] }},
		{[]string{"payee", payee}, func(r map[string]string) bool { return strings.Contains(r["payee"], payee) }},
		{[]string{"min", "5000"}, func(r map[string]string) bool { return totals[r["voucher"]] >= 500000 }},
		{[]string{"max", "5000", "use", "pilot"}, func(r map[string]string) bool {
			return totals[r["voucher"]] <= 500000 && r["use"] == "pilot"
		}},
	} {
		rows, _ := h.ask(t, "spending", on, append(f.params, "center", center)...)
		var want []string
		for _, r := range all {
			if f.passes(r) {
				want = append(want, r["voucher"]+"|"+r["grant"]+"|"+r["amountFen"])
			}
		}
		if len(want) == 0 || len(want) == len(all) {
			t.Errorf("%v: the filter takes %d of %d lines, which shows nothing", f.params, len(want), len(all))
		}
		sameRows(t, rows, "voucher grant amountFen", want)
	}
}

func TestAFilterThatNothingCanPassIsAnError(t *testing.T) {
	t.Parallel()
	h := financeHistories(t)["edges"]
	center := h.events[0].Center
	for _, c := range []struct {
		params map[string]string
		want   string
	}{
		{map[string]string{"use": "travel"}, `use: there is no use "travel"`},
		{map[string]string{"grant": "G-none"}, `has no grant or match "G-none"`},
		{map[string]string{"from": "2026-02-01", "to": "2026-01-01"}, "to: is before from"},
		{map[string]string{"min": "2", "max": "1.99"}, "max: is less than min"},
	} {
		c.params["center"] = center
		if _, err := h.desk.Ask(t.Context(), lists.Question{List: "spending", On: events.MustDate("2026-08-31"),
			Params: c.params}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.params, err, c.want)
		}
	}
}

// An answer as known earlier must not show later vouchers, reversals, rulings and voidings.
func TestSpendingAsKnownEarlierEndsAtItsPosition(t *testing.T) {
	t.Parallel()
	for name, position := range map[string]uint64{"edges": 3000, "zhejiang-2026": 9000} {
		t.Run(name, func(t *testing.T) {
			h := financeHistories(t)[name]
			earlier, err := h.desk.Ledger.KnownAt(t.Context(), ledger.Point{Position: position})
			if err != nil {
				t.Fatal(err)
			}
			known := map[string]bool{}
			for s, err := range h.desk.Ledger.ReadAll(t.Context(), 0) {
				if err != nil {
					t.Fatal(err)
				}
				known[strings.TrimPrefix(string(s.Stream), "center-")+s.ID.String()] = s.Position <= position
			}
			then := &plainHistory{desk: &lists.Books{Ledger: h.desk.Ledger, Register: earlier}}
			then.events = standing(slices.DeleteFunc(slices.Clone(h.lines),
				func(e plainEvent) bool { return !known[e.Center+e.ID] }))
			lines := 0
			for center, es := range then.byCenter("2026-08-31") {
				rows, _ := then.ask(t, "spending", "2026-08-31", "center", center)
				sameRows(t, rows, spendingColumns, plainSpending(es))
				lines += len(rows)
			}
			if lines < 100 {
				t.Errorf("only %d lines", lines)
			}
		})
	}
}

// plainUse returns the use as which a voucher counts, and whether it is forbidden on money of a source.
func plainUse(v plainEvent, ruled map[string]string, source string) (use string, forbidden bool) {
	never := []string{"sponsorship", "donation", "investment", "fine", "debt-repayment"}
	use, code := v.Data.Use, v.Data.EconCode
	if r, ok := ruled[v.Data.Voucher]; ok {
		use, code = r, ""
	}
	among := func(prefixes string) bool {
		return code != "" && slices.ContainsFunc(strings.Fields(prefixes),
			func(p string) bool { return strings.HasPrefix(code, p) })
	}
	switch {
	case slices.Contains(never, use):
		return use, true
	case use == "capital-construction", among("309 31001 31005 31009 31010 31011 31012"):
		return "capital-construction", source != "local"
	case among("307 311 31201 31203 31205 39906"):
		return use, true
	case among("31006 31204 31299 30213 31013"):
		return "other", false
	}
	return use, false
}

func plainSpending(es []plainEvent) (rows []string) {
	funds, ruled, reversed := plainFunds(es), map[string]string{}, map[string]string{}
	for _, e := range es {
		switch e.Kind {
		case "use.ruled":
			ruled[e.Data.Voucher] = e.Data.Use
		case "spending.reversed":
			reversed[e.Data.Voucher] = e.On
		}
	}
	for _, e := range es {
		if e.Kind != "funds.spent" {
			continue
		}
		for _, l := range e.Data.Lines {
			use, forbidden := plainUse(e, ruled, funds[l.Grant].Data.Source)
			yes := ""
			if forbidden {
				yes = "yes"
			}
			rows = append(rows, fmt.Sprintf("%s|%s|%s|%s|%d|%s|%s|%s|%s|%s|%s", e.On, e.Data.Voucher, use, l.Grant,
				l.AmountFen, yes, reversed[e.Data.Voucher],
				e.Data.Payee, e.Data.Summary, e.Doc, e.ID))
		}
	}
	return rows
}
