package aggregates

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
)

// Ahead lists the money of a fiscal year that has not begun on the date of the evaluation, or of all such years for
// 0. The evaluation is that of the center under the same policies. The figures are those of section 8: granted is the
// money announced ahead (提前下达), carried in is the money left so far, and nothing is received or spent yet. A year
// without grants has lines only if it is asked for by number. The evaluation itself ends with the year of its date.
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
