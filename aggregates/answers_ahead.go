package aggregates

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
)

// Ahead lists the money as of the date of the evaluation, which is that of the center under the same policies, of a fiscal
// year that has not begun by then, or of all such years for 0. The figures are those of section 8: granted is what was
// announced ahead (提前下达), carried in is what is left so far, and nothing is received or spent yet. Of a year for which
// nothing is granted, there are lines only if it is asked for. The evaluation itself ends with the year of its date.
func (c *Center) Ahead(t policy.Timeline, e *Evaluation, year int) []Execution {
	p := t.Reading(e.On)
	if e.Status == "" || p == nil {
		return nil
	}
	years := map[int]*yearMoney{}
	if year > e.On.Year() {
		years[year] = &yearMoney{}
	}
	v := c.view(t, e.On)
	for _, a := range v.granted() {
		f := v.fundAt(a.fund)
		if f.fiscalYear <= e.On.Year() || year != 0 && f.fiscalYear != year {
			continue
		}
		if years[f.fiscalYear] == nil {
			years[f.fiscalYear] = &yearMoney{}
		}
		years[f.fiscalYear].granted[f.sourceAt] += a.deltaFen
	}
	var list []Execution
	for y, granted := range years {
		for _, scope := range Scopes {
			m := granted.sum(setOf(SourcesOf(p, scope)))
			for _, x := range e.Executions {
				if x.Year == e.On.Year() && x.Scope == scope {
					m.CarriedInFen = x.BalanceFen()
				}
			}
			if m.GrantedFen != 0 || year != 0 && m.CarriedInFen != 0 {
				list = append(list, Execution{Year: y, Scope: scope, Money: m})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Execution) int { return a.Year - b.Year })
	return list
}
