package aggregates

import (
	"cmp"
	"iter"
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Annual holds the figures of one fiscal year of a center as of a date, for the yearly report.
type Annual struct {
	Year       int
	Executions []Execution // by scope
	Funds      []AnnualFund
	Receipts   []Receipt // of the year, in order
	Uses       []UseSum  // of the year, in the order of the policy
	Grade      string    // of the year as of the date, or ""
	GradeOn    events.Date
	Deferral   AnnualDeferral // of the allocation of the next year
	Alerts     []Alert        // open on a day of the year, or about the year
}

// AnnualFund is a grant or a match that belongs to the year, or whose money moved in the year or was left at its end.
type AnnualFund struct {
	Grant       string // or the match
	Source      events.Source
	Category    string // "" for a match
	FiscalYear  int
	On          events.Date
	NetFen      events.Fen // less reversals
	ReceivedFen events.Fen // in the year, less recoveries
	SpentFen    events.Fen // in the year, less reversals
	BalanceFen  events.Fen // at the year's end, or on the date if that is earlier
}

// Receipt is money received. A recovery is a receipt with a negative amount.
type Receipt struct {
	On        events.Date
	Grant     string // or the match
	Source    events.Source
	AmountFen events.Fen
}

// UseSum is the spending of the year on one use, less reversals, as ruled by the date. One use may have several
// classes: an economic code can forbid it, and capital construction is forbidden only on subsidies.
type UseSum struct {
	Use       events.Use
	Class     policy.Class
	FiscalFen events.Fen // from subsidies
	LocalFen  events.Fen // from matches
}

// AnnualDeferral is the state of the allocation of the next fiscal year (R20-6, R20-7).
type AnnualDeferral struct {
	State   DeferralState // "" if the allocation was not and need not be deferred
	On      events.Date   // the date of the latest deferral or release, if there is any
	Running bool          // the year is not over
	Revoked bool          // the qualification was revoked before the next year ended
}

// Annual returns the figures of one year. The evaluation is that of the center under the same policies. The result is
// nil if the center was not registered by the date of the evaluation or by the end of the year, or if no policy is
// adopted.
func (c *Center) Annual(t policy.Timeline, e *Evaluation, year int) *Annual {
	if e.Status == "" || c.ix.registered.on > events.YearEnd(year) || t.Reading(e.On) == nil {
		return nil
	}
	deferral := c.annualDeferral(t, e, year)
	v := c.view(t, e.On)
	a := &Annual{Year: year, Uses: v.usesIn(year), Receipts: v.receivedIn(year), Deferral: deferral}
	a.Funds = v.fundsIn(year, a.Receipts)
	for _, x := range e.Executions {
		if x.Year == year {
			a.Executions = append(a.Executions, x)
		}
	}
	if g := v.gradings[year].last(e.On); g != nil {
		a.Grade, a.GradeOn = g.what, g.on
	}
	a.Deferral.Revoked = v.revokedOn != 0 && v.revokedOn <= events.YearEnd(year+1)
	first, last := events.DateOf(year, 1, 1), events.YearEnd(year)
	for _, x := range e.Alerts {
		if x.RaisedOn <= last && (x.Open() || x.ClearedOn >= first) || x.Key == yearKey(year) {
			a.Alerts = append(a.Alerts, x)
		}
	}
	return a
}

// annualDeferral returns the state of the allocation of the year after a year, without Revoked.
func (c *Center) annualDeferral(t policy.Timeline, e *Evaluation, year int) AnnualDeferral {
	a := AnnualDeferral{Running: e.On < events.YearEnd(year)}
	for _, d := range c.Deferrals(t, e, a.Running) {
		if d.FiscalYear == year+1 {
			a.State, a.On = d.State, cmp.Or(d.ReleasedOn, d.DeferredOn)
		}
	}
	return a
}

// fundsIn lists the grants and matches of a year. The receipts are those of the year.
func (v *view) fundsIn(year int, receipts []Receipt) (list []AnnualFund) {
	received := map[string]events.Fen{}
	for _, r := range receipts {
		received[r.Grant] += r.AmountFen
	}
	for f := range v.fundsUpTo(v.on) {
		x := AnnualFund{Grant: f.id, Source: f.source, Category: f.category, FiscalYear: f.fiscalYear, On: f.on,
			NetFen: f.amountFen, ReceivedFen: received[f.id]}
		for _, r := range f.reversed.upTo(v.on) {
			x.NetFen -= r.what
		}
		moved, movedFen := false, events.Fen(0)
		for m := range f.movesUpTo(min(v.on, events.YearEnd(year))) {
			x.BalanceFen += m.deltaFen
			if m.on.Year() == year {
				moved, movedFen = true, movedFen+m.deltaFen
			}
		}
		x.SpentFen = x.ReceivedFen - movedFen // movedFen is receipts less recoveries and spending
		if x.FiscalYear == year || moved || x.BalanceFen != 0 {
			list = append(list, x)
		}
	}
	return list
}

// inYear yields the movements of a year up to the view's date.
func (v *view) inYear(year int) iter.Seq[dated[flow]] {
	return func(yield func(dated[flow]) bool) {
		for part := range v.flows.between(events.DateOf(year, 1, 1), min(v.on, events.YearEnd(year))) {
			for _, f := range part {
				if !yield(f) {
					return
				}
			}
		}
	}
}

func (v *view) receivedIn(year int) (list []Receipt) {
	for f := range v.inYear(year) {
		if f.what.what == receiptFlow || f.what.what == recoveryFlow {
			r := v.receipts[f.what.number-1]
			of := v.fundAt(r.fund)
			list = append(list, Receipt{f.on, of.id, of.source, r.deltaFen})
		}
	}
	return list
}

func (v *view) usesIn(year int) []UseSum {
	var list []UseSum
	for f := range v.inYear(year) {
		sign := events.Fen(1)
		switch f.what.what {
		case spendingFlow:
		case reversalFlow:
			sign = -1
		default:
			continue
		}
		s := v.voucher(f.what.number)
		st := v.standingOf(s)
		if ruling := v.rulingsOn(f.what.number, v.on).last(v.on); ruling != nil {
			st = v.ruled(ruling.place, ruling.what)
		}
		for _, l := range v.declared.linesOf(s) {
			from := v.fundOf(l)
			class := st.On(from.source)
			i := slices.IndexFunc(list, func(u UseSum) bool { return u.Use == st.Use && u.Class == class })
			if i < 0 {
				i = len(list)
				list = append(list, UseSum{Use: st.Use, Class: class})
			}
			if from.match {
				list[i].LocalFen += sign * l.amountFen
			} else {
				list[i].FiscalFen += sign * l.amountFen
			}
		}
	}
	SortUses(list, v.t.Reading(v.on))
	return slices.DeleteFunc(list, func(u UseSum) bool { return u.FiscalFen == 0 && u.LocalFen == 0 })
}

// SortUses sorts the sums by use in the order of a policy, and the sums of one use by class.
func SortUses(list []UseSum, p *policy.Policy) {
	row := func(u events.Use) int {
		return slices.IndexFunc(p.Uses, func(r policy.UseRow) bool { return r.Use == u })
	}
	classes := []policy.Class{policy.Main, policy.Plain, policy.Review, policy.Forbidden}
	slices.SortStableFunc(list, func(a, b UseSum) int {
		return cmp.Or(cmp.Compare(row(a.Use), row(b.Use)),
			cmp.Compare(slices.Index(classes, a.Class), slices.Index(classes, b.Class)))
	})
}
