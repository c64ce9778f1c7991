package lists_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

func TestUnspentMoneyIsOfTheReceiptsThatSpendingHasNotReached(t *testing.T) {
	t.Parallel()
	for name, h := range financeHistories(t) {
		for _, on := range financeDays {
			t.Run(name+" as of "+on, func(t *testing.T) {
				rows, table := h.ask(t, "ageing", on)
				sameRows(t, rows, "center grant source fiscalYear receivedFen thisYearFen lastYearFen earlierFen "+
					"overdrawnFen balanceFen", h.plainAges(on))
				sumsUp(t, table, "thisYearFen", "lastYearFen", "earlierFen", "overdrawnFen", "balanceFen")
				for i, r := range rows {
					received, spent, balance := fen(r["receivedFen"]), fen(r["spentFen"]), fen(r["balanceFen"])
					if received-spent != balance || i > 0 && balance > fen(rows[i-1]["balanceFen"]) {
						t.Errorf("%v: received less spent is not the balance, or it is larger than the one before", r)
					}
				}
			})
		}
	}
}

func TestUnspentMoneyOfAScopeIsTheBalanceOfItsExecution(t *testing.T) {
	t.Parallel()
	for name, h := range financeHistories(t) {
		for _, on := range financeDays {
			for _, scope := range aggregates.Scopes {
				t.Run(fmt.Sprintf("%s %s as of %s", name, scope, on), func(t *testing.T) {
					day := events.MustDate(on)
					balances := map[string]events.Fen{}
					for l := range h.desk.Register.Executions(day, projections.ExecutionFilter{
						Year: day.Year(), Scope: scope}) {
						if l.BalanceFen() != 0 {
							balances[l.Group] = l.BalanceFen()
						}
					}
					rows, table := h.ask(t, "ageing", on, "by", "center", "scope", string(scope))
					got := map[string]events.Fen{}
					for _, r := range rows {
						if fen(r["balanceFen"]) != 0 {
							got[r["center"]] = fen(r["balanceFen"])
						}
					}
					if fmt.Sprint(got) != fmt.Sprint(balances) {
						t.Errorf("balances %v, want %v", got, balances)
					}
					_, byRegion := h.ask(t, "ageing", on, "by", "region", "scope", string(scope))
					last, lastOf := len(table.Totals[0])-1, len(byRegion.Totals[0])-1
					if table.Totals[0][last].Data != byRegion.Totals[0][lastOf].Data {
						t.Errorf("by region the total is %v, by center %v", byRegion.Totals[0][lastOf].Data,
							table.Totals[0][last].Data)
					}
				})
			}
		}
	}
}

func TestUnspentMoneyOfOneCenter(t *testing.T) {
	t.Parallel()
	h := financeHistories(t)["edges"]
	rows, _ := h.ask(t, "ageing", "2026-10-31")
	one := rows[0]["center"]
	want := 0
	for _, r := range rows {
		if r["center"] == one {
			want++
		}
	}
	if of, _ := h.ask(t, "ageing", "2026-10-31", "center", one); len(of) != want {
		t.Errorf("%d grants of %s, want %d", len(of), one, want)
	}
}

func fen(text string) events.Fen {
	n, _ := strconv.ParseInt(text, 10, 64)
	return events.Fen(n)
}

// plainAges subtracts spending and recoveries from the receipts one after another.
func (h *plainHistory) plainAges(on string) (rows []string) {
	year, _ := strconv.Atoi(on[:4])
	for center, es := range h.byCenter(on) {
		for id, f := range plainFunds(es) {
			queue, taken := slices.Clone(f.receipts), f.moved
			for i := range queue {
				take := max(0, min(taken, queue[i].AmountFen))
				queue[i].AmountFen -= take
				taken -= take
			}
			var ages [3]int64
			for _, r := range queue {
				at, _ := strconv.Atoi(r.Grant[:4]) // the date
				ages[min(2, year-at)] += r.AmountFen
			}
			if balance := f.received - f.moved; balance != 0 {
				rows = append(rows, fmt.Sprintf("%s|%s|%s|%d|%d|%d|%d|%d|%d|%d", center, id, f.Data.Source,
					f.Data.FiscalYear, f.received-f.recovered, ages[0], ages[1], ages[2], -taken, balance))
			}
		}
	}
	return rows
}
