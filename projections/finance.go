package projections

import (
	"cmp"
	"slices"
	"sync"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Office is who is responsible for a payment: the Department of Finance or a local government.
type Office struct {
	Role   events.Role
	Region string // GB/T 2260, of a local government
}

// Delay is money that a center is owed, and by whom.
type Delay struct {
	Center events.CenterID
	Name   string
	Office Office
	aggregates.Delay
}

// Delays lists the money owed as of a date, of one center or (for "") of all, the oldest first and of one day the
// largest.
func (r *Register) Delays(on events.Date, of events.CenterID) []Delay {
	var list []Delay
	r.each(of, func(c *center, t policy.Timeline) {
		localGov := sync.OnceValue(func() string { return c.state.LocalGov(on) }) // it looks through the whole history
		for _, d := range c.state.Delays(t, c.evaluate(t, on)) {
			office := Office{Role: aggregates.Office(d.What.Alert())}
			if office.Role == events.LocalGov {
				office.Region = localGov()
			}
			list = append(list, Delay{c.state.ID(), c.state.Facts(on).Name, office, d})
		}
	})
	slices.SortStableFunc(list, func(a, b Delay) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(b.OutstandingFen, a.OutstandingFen))
	})
	return list
}

// Deferral is the allocation of one fiscal year to one center, deferred or to be so.
type Deferral struct {
	Center events.CenterID
	Name   string
	Status aggregates.Status
	aggregates.Deferral
}

// Deferrals lists the allocations deferred or to be so as of a date by fiscal year and center; of one fiscal year, or
// (for 0) of all. Asked for the year after the date's own it lists the centers whose rate is low so far.
func (r *Register) Deferrals(on events.Date, fiscalYear int) []Deferral {
	var list []Deferral
	r.each("", func(c *center, t policy.Timeline) {
		e := c.evaluate(t, on)
		for _, d := range c.state.Deferrals(t, e, fiscalYear == on.Year()+1) {
			if fiscalYear == 0 || d.FiscalYear == fiscalYear {
				list = append(list, Deferral{c.state.ID(), c.state.Facts(on).Name, e.Status, d})
			}
		}
	})
	slices.SortStableFunc(list, func(a, b Deferral) int { return cmp.Compare(a.FiscalYear, b.FiscalYear) })
	return list
}

// Unspent is what is left of one grant or match of a center.
type Unspent struct {
	Center events.CenterID
	Name   string
	Region string
	aggregates.Unspent
}

// Unspent lists the money left as of a date, of one center or (for "") of all, and of one scope or all, the largest
// balance first.
func (r *Register) Unspent(on events.Date, of events.CenterID, scope aggregates.Scope) []Unspent {
	var list []Unspent
	r.each(of, func(c *center, t policy.Timeline) {
		facts := c.state.Facts(on)
		for _, u := range c.state.Unspent(t, on, scope) {
			list = append(list, Unspent{c.state.ID(), facts.Name, facts.Region, u})
		}
	})
	slices.SortStableFunc(list, func(a, b Unspent) int { return cmp.Compare(b.BalanceFen(), a.BalanceFen()) })
	return list
}

// Spending lists the vouchers of a center as of a date; see aggregates.Center.
func (r *Register) Spending(id events.CenterID, on events.Date) (list []aggregates.Spending) {
	r.with(id, func(c *center, t policy.Timeline) { list = c.state.Spending(t, on) })
	return list
}

// Movements lists what each record moves in the money of a center, fiscal year and scope; see aggregates.Center.
func (r *Register) Movements(id events.CenterID, on events.Date, year int, scope aggregates.Scope) (list []aggregates.Movement) {
	r.with(id, func(c *center, t policy.Timeline) { list = c.state.Movements(t, on, year, scope) })
	return list
}
