package aggregates

import (
	"cmp"
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Movement holds the amounts that one record moves in the money of a fiscal year and scope.
type Movement struct {
	From RecordRef
	Money
	// Classifies is true if the record decides whether spending of the year is eligible, even if none of it is
	// ineligible.
	Classifies bool
}

// Behind reports whether a figure follows from the record, even if the record does not change it: spending on a
// forbidden use is both spent and ineligible, so the executed amount stays the same.
func (m *Movement) Behind(figure func(Money) events.Fen) bool {
	moves := func(part Money) bool { return figure(part) != 0 }
	return moves(Money{GrantedFen: m.GrantedFen}) || moves(Money{CarriedInFen: m.CarriedInFen}) ||
		moves(Money{ReceivedFen: m.ReceivedFen}) || moves(Money{SpentAllFen: m.SpentAllFen}) ||
		m.Classifies && moves(Money{IneligibleFen: 1})
}

// Movements lists the amounts that each record moves in the money of a fiscal year and scope as of a date, in the
// order of recording. The sum of the movements is the money that Evaluate returns, because the same code counts the
// records: one by one here, and all together there.
func (c *Center) Movements(t policy.Timeline, on events.Date, year int, scope Scope) []Movement {
	if year > on.Year() {
		return nil
	}
	return c.MovementsAhead(t, on, year, scope)
}

// MovementsAhead does the same as Movements, also for a fiscal year that has not begun on the date. The sum is then
// the money that Ahead returns.
func (c *Center) MovementsAhead(t policy.Timeline, on events.Date, year int, scope Scope) []Movement {
	if !c.Registered() || c.ix.registered.on > on || t.Reading(on) == nil {
		return nil
	}
	v := c.view(t, on)
	m := v.noMoney()
	n := year - m.first + 1
	if n < 1 {
		return nil
	}
	if ahead := n - len(m.years); ahead > 0 {
		m.years = append(m.years, make([]yearMoney, ahead)...)
	}
	sources := v.sourcesIn(year, scope)
	var list []Movement
	take := func(at place) {
		for i := 1; i < n; i++ {
			m.carry(&m.years[i-1], &m.years[i])
		}
		x := Movement{c.ref(at), m.years[n-1].sum(sources), m.years[n-1].classifiedAny(sources)}
		if x.Classifies || x.Money != (Money{}) {
			list = append(list, x)
		}
		clear(m.years)
	}
	for at, a := range v.granted() {
		m.grant(a)
		take(at)
	}
	for part := range v.flows.between(0, on) {
		for i := range part {
			m.count(&m.years[part[i].on.Year()-m.first], &part[i])
			take(part[i].place)
		}
	}
	slices.SortFunc(list, func(a, b Movement) int { return cmp.Compare(a.From.Revision, b.From.Revision) })
	return list
}

// classifiedAny reports whether spending from any source of a scope was classified.
func (y *yearMoney) classifiedAny(scope sourceSet) bool {
	for s, in := range scope {
		if in && y.classified[s] {
			return true
		}
	}
	return false
}
