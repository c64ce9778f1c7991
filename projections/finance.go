package projections

import (
	"sync"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Office is an office that must act. For a local government it has the region too.
type Office struct {
	Role   events.Role
	Region string // the GB/T 2260 code of a local government, or ""
}

// Delay is money that a center is owed, with the office that owes it.
type Delay struct {
	Center events.CenterID
	Name   string
	Office Office
	aggregates.Delay
}

// Delays lists the money owed to a center as of a date.
func (r *Register) Delays(id events.CenterID, on events.Date) (list []Delay) {
	r.with(id, func(c *center, t policy.Timeline) {
		// computed at most once, because it reads the whole history
		localGov := sync.OnceValue(func() string { return c.state.LocalGov(on) })
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

// Deferral is the allocation of one fiscal year to one center that is deferred or is to be deferred.
type Deferral struct {
	Center events.CenterID
	Name   string
	Status aggregates.Status
	aggregates.Deferral
}

// Deferrals lists the allocations to a center that are deferred or are to be deferred as of a date, of one fiscal
// year, or of all years for 0. For the year after the year of the date, it lists the center if its rate is low so far.
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

// Unspent is the money left of one grant or match of a center.
type Unspent struct {
	Center events.CenterID
	Name   string
	Region string
	aggregates.Unspent
}

// Unspent lists the money that a center has left as of a date, of one scope, or of all scopes for "".
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

// Movements lists the amounts that each record moves in the money of a center in a fiscal year and scope; see
// aggregates.Center.
func (r *Register) Movements(id events.CenterID, on events.Date, year int,
	scope aggregates.Scope) (list []aggregates.Movement) {
	r.with(id, func(c *center, t policy.Timeline) { list = c.state.Movements(t, on, year, scope) })
	return list
}

// MovementsAhead does the same as Movements, also for a fiscal year that has not begun on the date.
func (r *Register) MovementsAhead(id events.CenterID, on events.Date, year int,
	scope aggregates.Scope) (list []aggregates.Movement) {
	r.with(id, func(c *center, t policy.Timeline) { list = c.state.MovementsAhead(t, on, year, scope) })
	return list
}
