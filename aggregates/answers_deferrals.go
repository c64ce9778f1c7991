package aggregates

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// DeferralState is the stage of the deferral of an allocation.
type DeferralState string

// The states of a deferral.
const (
	DeferralExpected  DeferralState = "expected"      // the year before is not over; it would be low if it were
	DeferralUndecided DeferralState = "to-be-decided" // AL-EXE-02 is open
	DeferralOverdue   DeferralState = "overdue"       // AL-EXE-04 is open too
	DeferralDecided   DeferralState = "deferred"
	DeferralReleased  DeferralState = "released"
)

// Deferral holds the answers to R20-6 and R20-7 about the allocation of one fiscal year to one center.
type Deferral struct {
	FiscalYear int
	State      DeferralState
	Low        bool // the year before is over and was low
	// the money of the year before in scope province, on its last day or, if that is to come, on the date of the
	// question
	Before   Money
	DecideBy events.Date // the last day on which a decision is in time; none unless the year before is low

	DeferredOn, ReleasedOn events.Date // the latest deferral, and the release if no deferral is later
	Deferred, Released     RecordRef   // zero if the date is none

	HeldBackFen events.Fen        // construction grants that are due but may not be made
	Made        []GrantAllTheSame // the grants for which AL-EXE-03 is open

	AheadFen         events.Fen // net grants of the fiscal year announced before it (提前下达)
	AheadReceivedFen events.Fen // receipts of these grants since the year before ended, recoveries not subtracted
}

// GrantAllTheSame is a grant made although the allocation was to be deferred.
type GrantAllTheSame struct {
	Grant  string
	On     events.Date
	NetFen events.Fen
}

// MadeFen returns the sum of the grants made although the allocation was to be deferred.
func (d *Deferral) MadeFen() (sum events.Fen) {
	for _, g := range d.Made {
		sum += g.NetFen
	}
	return sum
}

// Deferrals lists the fiscal years that are to be deferred or were deferred, as of the date of the center's
// evaluation: the years after a low year and the years with an allocation.deferred. If expected is true, it also lists
// the year after a year that would be low if it ended on the date.
func (c *Center) Deferrals(t policy.Timeline, e *Evaluation, expected bool) []Deferral {
	if e.Status == "" || t.Reading(e.On) == nil {
		return nil
	}
	v := c.view(t, e.On)
	years := v.deferralYears(e)
	expected = expected && e.Status != Revoked && e.On < events.YearEnd(e.On.Year()) &&
		!slices.Contains(years, e.On.Year()+1)
	if len(years) == 0 && !expected {
		return nil
	}
	m := v.money()
	var list []Deferral
	for _, fiscalYear := range years {
		list = append(list, v.deferral(m, e, fiscalYear))
	}
	if expected {
		list = append(list, m.expectedDeferral()...)
	}
	for i := range list {
		v.ahead(&list[i])
	}
	return list
}

// ahead sums the money of the fiscal year that was announced ahead.
func (v *view) ahead(d *Deferral) {
	for f := range v.fundsUpTo(v.on) {
		if f.fiscalYear == d.FiscalYear && f.announcedAhead() {
			d.AheadFen += f.netFenOn(v.on)
			d.AheadReceivedFen += f.paidInItsYearFen(v.on)
		}
	}
}

// deferralYears lists, in order, the fiscal years after a low one and those with an allocation.deferred.
func (v *view) deferralYears(e *Evaluation) []int {
	var years []int
	for _, x := range e.Executions {
		if x.Low {
			years = append(years, x.Year+1)
		}
	}
	for fiscalYear, words := range v.words {
		deferred := words.upTo(v.on).first(func(deferred bool) bool { return deferred })
		if deferred != nil && !slices.Contains(years, fiscalYear) {
			years = append(years, fiscalYear)
		}
	}
	slices.Sort(years)
	return years
}

// deferral returns the answers about one fiscal year.
func (v *view) deferral(m *money, e *Evaluation, fiscalYear int) Deferral {
	before := fiscalYear - 1
	d := Deferral{FiscalYear: fiscalYear, Low: m.low(before), Before: m.before(before)}
	if d.Low {
		d.DecideBy = events.YearEnd(before) + events.Date(v.t.At(events.YearEnd(before)).Parameters.DeferralDays.Value)
	}
	d.State = DeferralUndecided
	if openAlert(e, "AL-EXE-04", yearKey(before)) != nil {
		d.State = DeferralOverdue
	}
	for _, w := range v.words[fiscalYear].upTo(v.on) {
		if w.what {
			d.State, d.DeferredOn, d.Deferred = DeferralDecided, w.on, v.c.ref(w.place)
			d.ReleasedOn, d.Released = 0, RecordRef{}
		} else {
			d.State, d.ReleasedOn, d.Released = DeferralReleased, w.on, v.c.ref(w.place)
		}
	}
	if d.State != DeferralReleased && v.revokedOn == 0 {
		for _, due := range v.entitlements() {
			if due.Year == before {
				d.HeldBackFen += due.OutstandingFen
			}
		}
	}
	for f := range v.fundsUpTo(v.on) {
		if !f.match && f.fiscalYear == fiscalYear && openAlert(e, "AL-EXE-03", f.id) != nil {
			d.Made = append(d.Made, GrantAllTheSame{Grant: f.id, On: f.on, NetFen: f.netFenOn(v.on)})
		}
	}
	return d
}

// before returns the money of a year in scope province at its end, or as far as it is counted. If no policy judged the
// year, the policy that Timeline.Reading returns is used.
func (m *money) before(year int) Money {
	i := year - m.first
	if i < 0 || i >= len(m.years) {
		return Money{}
	}
	if end := events.YearEnd(year); end <= m.v.on && m.v.t.At(end) != nil {
		return m.ends[i].province
	}
	return m.years[i].sum(m.v.sourcesOf(m.v.t.Reading(m.v.on), ProvinceScope))
}

// expectedDeferral examines the year that is not over as if it ended on the view's date.
func (m *money) expectedDeferral() []Deferral {
	last := len(m.years) - 1
	m.examineYear(last, m.v.on)
	if !m.ends[last].low {
		return nil
	}
	return []Deferral{{FiscalYear: m.first + last + 1, State: DeferralExpected, Before: m.ends[last].province}}
}
