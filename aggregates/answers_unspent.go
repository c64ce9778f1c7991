package aggregates

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Unspent is the money left of one grant or match as of a date, by the year in which it was received. Spending and
// recoveries use the oldest receipts first, so the money left is from the latest receipts.
type Unspent struct {
	Grant       string // or the match
	Source      events.Source
	FiscalYear  int
	ReceivedFen events.Fen // less recoveries
	SpentFen    events.Fen // less reversals
	AgedFen
}

// AgedFen is money left by its age in calendar years.
type AgedFen struct {
	ThisYearFen events.Fen // received in the year of the date
	LastYearFen events.Fen // received in the year before: carried over once
	EarlierFen  events.Fen // carried over twice and more
	// OverdrawnFen is spending beyond the money received. It is zero or negative, and it has no age.
	OverdrawnFen events.Fen
}

// BalanceFen returns the money left.
func (a AgedFen) BalanceFen() events.Fen {
	return a.ThisYearFen + a.LastYearFen + a.EarlierFen + a.OverdrawnFen
}

// Plus returns the sum of the money and that of another grant.
func (a AgedFen) Plus(o AgedFen) AgedFen {
	return AgedFen{a.ThisYearFen + o.ThisYearFen, a.LastYearFen + o.LastYearFen, a.EarlierFen + o.EarlierFen,
		a.OverdrawnFen + o.OverdrawnFen}
}

// Unspent lists the grants and matches of a scope ("" for all) that have a balance as of a date, in the order in which
// they were made. The sum of their balances is the balance of the execution report for the year of the date.
func (c *Center) Unspent(t policy.Timeline, on events.Date, scope Scope) (list []Unspent) {
	p := t.Reading(on)
	if !c.Registered() || c.ix.registered.on > on || p == nil {
		return nil
	}
	all := sources[:]
	if scope != "" {
		all = SourcesOf(p, scope)
	}
	for f := range c.ix.fundsUpTo(on) {
		if !slices.Contains(all, f.source) {
			continue
		}
		if u := f.unspent(on); u.BalanceFen() != 0 {
			list = append(list, u)
		}
	}
	return list
}

func (f *fund) unspent(on events.Date) Unspent {
	u := Unspent{Grant: f.id, Source: f.source, FiscalYear: f.fiscalYear}
	var leftFen events.Fen
	for m := range f.movesUpTo(on) {
		leftFen += m.deltaFen
		if m.spender == 0 && m.deltaFen < 0 { // a recovery
			u.ReceivedFen += m.deltaFen
		}
	}
	year := on.Year()
	var inFen [3]events.Fen // index: the number of years carried over, at most 2
	for _, r := range f.receipts.upTo(on) {
		inFen[min(year-r.on.Year(), 2)] += r.what
		u.ReceivedFen += r.what
	}
	u.SpentFen = u.ReceivedFen - leftFen
	if leftFen < 0 {
		u.OverdrawnFen = leftFen
		return u
	}
	for years, of := range []*events.Fen{&u.ThisYearFen, &u.LastYearFen, &u.EarlierFen} {
		*of = min(leftFen, inFen[years])
		leftFen -= *of
	}
	return u
}

// Spending is one voucher as of a date.
type Spending struct {
	Voucher    string
	On         events.Date
	Use        events.Use  // as ruled by the date
	ReversedOn events.Date // none if it stands
	Lines      []SpendingLine
	From       RecordRef
}

// SpendingLine is the part of a voucher that is paid from one grant or match.
type SpendingLine struct {
	Grant     string
	AmountFen events.Fen
	Forbidden bool // by article 20
}

// AmountFen returns the amount of the voucher, paid from all grants and matches together.
func (s *Spending) AmountFen() (sum events.Fen) {
	for _, l := range s.Lines {
		sum += l.AmountFen
	}
	return sum
}

// Spending lists the vouchers of the center as of a date, reversed ones too, in order.
func (c *Center) Spending(t policy.Timeline, on events.Date) []Spending {
	if !c.Registered() || c.ix.registered.on > on || t.Reading(on) == nil {
		return nil
	}
	v := c.view(t, on)
	var list []Spending
	for n, s := range v.spending(0) {
		st := v.standingOf(s)
		if ruling := v.rulingsOn(n, on).last(on); ruling != nil {
			st = v.ruled(ruling.place, ruling.what)
		}
		x := Spending{Voucher: v.declared.nameOf(s), On: s.on, Use: st.Use, ReversedOn: s.reversedBy(on),
			From: c.ref(s.place)}
		for _, l := range v.declared.linesOf(s) {
			f := v.fundOf(l)
			x.Lines = append(x.Lines, SpendingLine{f.id, l.amountFen, st.On(f.source) == policy.Forbidden})
		}
		list = append(list, x)
	}
	return list
}
