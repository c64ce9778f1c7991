package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// The sums of grants, receipts and uses of a year must equal its execution, source by source.
func TestAYearAddsUpToItsExecution(t *testing.T) {
	for _, h := range histories {
		for id, c := range readHistory(t, h.file) {
			for _, day := range []string{"2025-06-30", "2025-12-31", "2026-08-31"} {
				e := c.Evaluate(draft, date(day))
				for year := 2024; year <= e.On.Year(); year++ {
					if a := c.Annual(draft, e, year); a != nil {
						addsUp(t, h.file+" "+string(id)+" as of "+day, a)
					}
				}
			}
		}
	}
}

func addsUp(t *testing.T, name string, a *aggregates.Annual) {
	t.Helper()
	var funds, receipts, uses, want [2]aggregates.Money // of subsidies and of matches
	side := func(s events.Source) int {
		if s == events.Local {
			return 1
		}
		return 0
	}
	for _, x := range a.Executions {
		switch x.Scope {
		case aggregates.FiscalScope:
			want[0] = x.Money
		case aggregates.LocalScope:
			want[1] = x.Money
		}
	}
	var balance [2]events.Fen
	for _, f := range a.Funds {
		i := side(f.Source)
		if f.FiscalYear == a.Year {
			funds[i].GrantedFen += f.NetFen
		}
		funds[i].ReceivedFen += f.ReceivedFen
		funds[i].SpentAllFen += f.SpentFen
		balance[i] += f.BalanceFen
	}
	for _, r := range a.Receipts {
		receipts[side(r.Source)].ReceivedFen += r.AmountFen
	}
	for _, u := range a.Uses {
		uses[0].SpentAllFen += u.FiscalFen
		uses[1].SpentAllFen += u.LocalFen
		if u.Class == policy.Forbidden {
			uses[0].IneligibleFen += u.FiscalFen
			uses[1].IneligibleFen += u.LocalFen
		}
	}
	for i, w := range want {
		if funds[i].GrantedFen != w.GrantedFen || funds[i].ReceivedFen != w.ReceivedFen ||
			funds[i].SpentAllFen != w.SpentAllFen || balance[i] != w.BalanceFen() {
			t.Errorf("%s, %d: the grants say %+v and %d left, the execution %+v", name, a.Year, funds[i],
				balance[i], w)
		}
		if uses[i].IneligibleFen != w.IneligibleFen {
			t.Errorf("%s, %d: forbidden uses are %d, ineligible %d", name, a.Year, uses[i].IneligibleFen,
				w.IneligibleFen)
		}
		if receipts[i].ReceivedFen != w.ReceivedFen || uses[i].SpentAllFen != w.SpentAllFen {
			t.Errorf("%s, %d: the receipts say %+v, the uses %+v, the execution %+v", name, a.Year, receipts[i],
				uses[i], w)
		}
	}
}
