package aggregates

import (
	"math/bits"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Foreseen lists the alerts that will be raised after the date on and not after until if only time passes. Only events
// on or before the date on count, under the adopted policies. An alert that time alone clears again by until is listed
// too, with its clearing date.
func (c *Center) Foreseen(t policy.Timeline, on, until events.Date) []Alert {
	var list []Alert
	for _, a := range c.knownOn(on, until).Evaluate(t, until).Alerts {
		if a.RaisedOn > on {
			list = append(list, a)
		}
	}
	return list
}

// OpensWithReceipt lists the alerts AL-EXE-05 that the next receipt would raise after the date on and not after until,
// if nothing else happens. They are about grants announced ahead whose fiscal year follows a low year. Each alert has
// the first day on which a receipt raises it as its raising date. While nobody has deferred or released the year, the
// money is paid in the ordinary way.
func (c *Center) OpensWithReceipt(t policy.Timeline, on, until events.Date) (list []Alert) {
	if !c.Registered() || c.ix.registered.on > on || t.Reading(until) == nil {
		return nil
	}
	v := c.knownOn(on, until).view(t, until)
	if v.revokedOn != 0 { // a revoked center is owed nothing more
		return nil
	}
	var m *money
	for _, n := range v.fundOrder {
		f := v.fundAt(n.what)
		first := max(on, events.YearEnd(f.fiscalYear-1)) + 1
		if first > until || !f.announcedAhead() || v.wordRev(f.fiscalYear, until) != 0 ||
			len(f.paidInItsYear(until)) > 0 || v.outstandingFen(f) <= 0 {
			continue
		}
		if m == nil {
			m = v.money()
		}
		if m.low(f.fiscalYear - 1) {
			list = append(list, Alert{Code: "AL-EXE-05", Key: f.id, Severity: alertRows["AL-EXE-05"].Severity,
				RaisedOn: first})
		}
	}
	return list
}

// Shortfall is the amount that a center must still spend in a year so that the year does not become low (R20-6).
type Shortfall struct {
	Year       int
	Province   Money // the money of the sources of the rate, without GrantedFen
	LowPercent int   // the rate below which a year is low
	ToSpendFen events.Fen
}

// Shortfall returns the smallest amount that must still be spent on permitted uses, from a date to the end of its
// year, so that low(Y) does not hold on Y-12-31 if nothing else happens. It returns false if the year would not be low
// anyway: there is nothing to spend, the rate is reached, most of the money was received late, or no policy is in
// force.
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

// shareUp returns a percentage, at most 100, of an amount of zero or more, rounded up to a whole fen.
func shareUp(v events.Fen, percent int) events.Fen {
	hi, lo := bits.Mul64(uint64(v), uint64(percent))
	lo, carry := bits.Add64(lo, 99, 0)
	share, _ := bits.Div64(hi+carry, lo, 100)
	return events.Fen(share)
}
