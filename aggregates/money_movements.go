package aggregates

import (
	"cmp"
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Movement is what one record moves in the money of a fiscal year and scope.
type Movement struct {
	From RecordRef
	Money
	// Classifies says that the record decides what of spending in the year is ineligible, even if none of it is.
	Classifies bool
}

// Behind reports whether a figure follows from the record. What the record moves in it may cancel out: spending for a
// forbidden use is both spent and ineligible, so that it leaves what was executed as it was.
func (m *Movement) Behind(figure func(Money) events.Fen) bool {
	moves := func(part Money) bool { return figure(part) != 0 }
	return moves(Money{GrantedFen: m.GrantedFen}) || moves(Money{CarriedInFen: m.CarriedInFen}) ||
		moves(Money{ReceivedFen: m.ReceivedFen}) || moves(Money{SpentAllFen: m.SpentAllFen}) ||
		m.Classifies && moves(Money{IneligibleFen: 1})
}

// Movements lists what each record moves in the money of a fiscal year and scope as of a date, in the order of recording.
// The movements sum to the money that Evaluate answers, because each record is counted alone by what counts it there
// among the others.
func (c *Center) Movements(t policy.Timeline, on events.Date, year int, scope Scope) []Movement {
	if !c.Registered() || c.ix.registered.on > on || t.Reading(on) == nil {
		return nil
	}
	v := c.view(t, on)
	m := v.noMoney()
	n := year - m.first + 1
	if n < 1 || n > len(m.years) {
		return nil
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
	flows := v.flows.upTo(on)
	for i := range flows {
		m.count(&m.years[flows[i].on.Year()-m.first], &flows[i])
		take(flows[i].place)
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
