package projections

import (
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

// Delays lists the money owed to a center as of a date.
func (r *Register) Delays(id events.CenterID, on events.Date) (list []Delay) {
	r.with(id, func(c *center, t policy.Timeline) {
		localGov := sync.OnceValue(func() string { return c.state.LocalGov(on) }) // it looks through the whole history
		for _, d := range c.state.Delays(t, c.evaluate(t, on)) {
			office := Office{Role: aggregates.Office(d.What.Alert())}
			if office.Role == events.LocalGov {
				office.Region = localGov()
			}
			list = append(list, Delay{c.state.ID(), c.state.Facts(on).Name, office, d})
		}
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

// Deferrals lists the allocations to a center that are deferred or to be so as of a date: of one fiscal year, or (for 0) of
// all. Asked for the year after the date's own it lists the center if its rate is low so far.
func (r *Register) Deferrals(id events.CenterID, on events.Date, fiscalYear int) (list []Deferral) {
	r.with(id, func(c *center, t policy.Timeline) {
		e := c.evaluate(t, on)
		for _, d := range c.state.Deferrals(t, e, fiscalYear == on.Year()+1) {
			if fiscalYear == 0 || d.FiscalYear == fiscalYear {
				list = append(list, Deferral{c.state.ID(), c.state.Facts(on).Name, e.Status, d})
			}
		}
	})
	return list
}

// Unspent is what is left of one grant or match of a center.
type Unspent struct {
	Center events.CenterID
	Name   string
	Region string
	aggregates.Unspent
}

// Unspent lists the money that a center has left as of a date, of one scope or (for "") of all.
func (r *Register) Unspent(id events.CenterID, on events.Date, scope aggregates.Scope) (list []Unspent) {
	r.with(id, func(c *center, t policy.Timeline) {
		facts := c.state.Facts(on)
		for _, u := range c.state.Unspent(t, on, scope) {
			list = append(list, Unspent{c.state.ID(), facts.Name, facts.Region, u})
		}
	})
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
