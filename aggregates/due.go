package aggregates

import (
	"math/bits"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Foreseen lists the alerts that will be raised after one date and by another if nothing happens but that time goes by:
// only what had happened by the first date counts, under the policies adopted. One that time will end again within those
// days is there too, with the day it ends.
func (c *Center) Foreseen(t policy.Timeline, on, until events.Date) []Alert {
	var list []Alert
	for _, a := range c.knownOn(on, until).Evaluate(t, until).Alerts {
		if a.RaisedOn > on {
			list = append(list, a)
		}
	}
	return list
}

// OpensWithReceipt lists the alerts AL-EXE-05 that the next receipt would raise from the day after a date to another, if
// nothing else happens: about the grants announced ahead of a year after one that is low by then. Each has the first
// such day as its raising date. While nobody has deferred or released the year, the money is paid in the ordinary way.
func (c *Center) OpensWithReceipt(t policy.Timeline, on, until events.Date) (list []Alert) {
	if !c.Registered() || c.ix.registered.on > on || t.Reading(until) == nil {
		return nil
	}
	v := c.knownOn(on, until).view(t, until)
	if v.revokedOn != 0 { // it is owed nothing more
		return nil
	}
	var m *money
	for _, f := range v.fundOrder {
		first := max(on, events.YearEnd(f.what.fiscalYear-1)) + 1
		if first > until || !f.what.announcedAhead() || v.wordRev(f.what.fiscalYear, until) != 0 || len(f.what.paidInItsYear(until)) > 0 || v.outstandingFen(f.what) <= 0 {
			continue
		}
		if m == nil {
			m = v.money()
		}
		if m.low(f.what.fiscalYear - 1) {
			list = append(list, Alert{Code: "AL-EXE-05", Key: f.what.id, Severity: alertRows["AL-EXE-05"].Severity, RaisedOn: first})
		}
	}
	return list
}

// Shortfall is what a center must still spend in a year so that the year does not become low (R20-6).
type Shortfall struct {
	Year       int
	Province   Money // of the sources of the rate; what was granted is left out
	LowPercent int   // the rate below which a year is low
	ToSpendFen events.Fen
}

// Shortfall says what must still be spent rightly, from a date to the end of its year, so that low(Y) does not hold on
// Y-12-31 if nothing else happens: the smallest such amount. It is false when the year would not be low: nothing to
// spend, the rate reached, most of the money received late, or no policy in force.
func (c *Center) Shortfall(t policy.Timeline, on events.Date) (Shortfall, bool) {
	year := on.Year()
	end := events.YearEnd(year)
	p := t.At(end)
	if !c.Registered() || c.ix.registered.on > on || p == nil {
		return Shortfall{}, false
	}
	m := c.knownOn(on, end).view(t, end).money()
	if !m.low(year) {
		return Shortfall{}, false
	}
	s := Shortfall{Year: year, Province: m.ends[year-m.first].province, LowPercent: p.Parameters.LowRatePercent.Value}
	s.ToSpendFen = shareUp(s.Province.AvailableFen(), s.LowPercent) - s.Province.ExecutedFen()
	return s, true
}

// shareUp is so many percent, at most 100, of an amount that is not negative, rounded up to a whole fen.
func shareUp(v events.Fen, percent int) events.Fen {
	hi, lo := bits.Mul64(uint64(v), uint64(percent))
	lo, carry := bits.Add64(lo, 99, 0)
	share, _ := bits.Div64(hi+carry, lo, 100)
	return events.Fen(share)
}
