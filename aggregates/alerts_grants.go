package aggregates

import (
	"fmt"
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// fullyReversed returns the place, by the view's date, of the reversal with which the reversals of a grant reach its amount.
func (v *view) fullyReversed(f *fund) place {
	left := f.amountFen
	for _, r := range f.reversed.upTo(v.on) {
		if left -= r.what; left <= 0 {
			return r.place
		}
	}
	return place{}
}

// taskBookOn returns the latest task book filed on or before a date, or nil.
func (v *view) taskBookOn(d events.Date) *events.TaskBookFiled {
	if b := v.taskBooks.last(min(d, v.on)); b != nil {
		return b.what
	}
	return nil
}

func (v *view) supportYear(year int, d events.Date) bool {
	b := v.taskBookOn(d)
	return b != nil && slices.Contains(b.SupportYears, year)
}

// wrongConstruction lists the conditions of R17-1 that a construction grant on a date breaks. sumFen is the sum of the
// net construction grants for its year, this grant included.
func (v *view) wrongConstruction(p *policy.Policy, source events.Source, forYear int, on events.Date, sumFen events.Fen) []Breach {
	var found []Breach
	add := func(reason text.Text, figures ...Figure) {
		found = append(found, breach("R17-1", reason, figures...)...)
	}
	if source != p.Parameters.ConstructionSource.Value {
		add(text.Say("来源 %s 不是 %s", "the source %s is not %s", source, p.Parameters.ConstructionSource.Value))
	}
	if !v.supportYear(forYear, on) {
		add(text.Say("%d 不是支持建设年度", "%d is not a support year", forYear))
	}
	if v.outcomeOn(forYear, on) != policy.Top {
		top := p.Called(policy.Top)
		add(text.Text{Zh: fmt.Sprintf("%d 年度评价不是“%s”", forYear, top.Zh), En: fmt.Sprintf("the grade of %d is not %s", forYear, top.En)})
	}
	if limit := p.Parameters.ConstructionFen.Value; sumFen > limit {
		add(text.Say("%d 年度建设经费合计 %s 元，超过 %s 元", "construction grants for %d sum to %s yuan, above %s", forYear, events.FormatYuan(sumFen), events.FormatYuan(limit)), sumFigures(sumFen, limit)...)
	}
	return found
}

func sumFigures(sumFen, limitFen events.Fen) []Figure {
	return []Figure{
		{"sum", text.Say("合计", "sum"), fmt.Sprint(int64(sumFen)), "fen"},
		{"limit", text.Say("上限", "limit"), fmt.Sprint(int64(limitFen)), "fen"},
	}
}

// grantAlerts raises AL-AWD-01 and 02, AL-EXE-03 and AL-EXE-05.
func (v *view) grantAlerts(m *money) {
	sums := map[int]events.Fen{} // net construction grants by year supported, in order
	for _, a := range v.allocation.upTo(v.on) {
		f := v.fundAt(a.what.fund)
		isGrant := a.what.deltaFen > 0
		if f.category == events.Construction {
			sums[f.forYear] += a.what.deltaFen
		}
		if !isGrant {
			continue
		}
		v.paidAllTheSame(m, f)
		p := v.t.At(f.on)
		if p == nil {
			continue
		}
		if f.category == events.Construction {
			if wrong := v.wrongConstruction(p, f.source, f.forYear, f.on, sums[f.forYear]); wrong != nil {
				if x := v.raise(p, "AL-AWD-01", f.id, f.on, v.fullyReversed(f), f.rev); x != nil {
					v.follows(x, v.allocated(a.place, func(o *fund) bool { return o.category == f.category && o.forYear == f.forYear })...)
					for _, b := range wrong {
						x.Figures = append(append(x.Figures, reasonFigure(b.Reason)), b.Figures...)
					}
				}
			}
		}
		if y := f.fiscalYear - 1; f.on > events.YearEnd(y) && m.low(y) && !v.released(f.fiscalYear, f.on) {
			if x := v.raise(p, "AL-EXE-03", f.id, f.on, v.fullyReversed(f), f.rev); x != nil {
				x.Figures = m.rateFigures(y)
			}
		}
	}
	for _, year := range v.gradedYears() {
		for _, s := range v.gradeSpells(year) {
			if s.outcome == policy.Top {
				v.constructionDue(year, s)
			}
		}
	}
}

// paidAllTheSame raises AL-EXE-05: a grant was announced ahead, the year before its fiscal year ended low, and the
// grant was paid although the deferral was not released. The first such receipt raises the alert and is its fact,
// whatever the date of the grant.
func (v *view) paidAllTheSame(m *money, f *fund) {
	if !f.announcedAhead() || !m.low(f.fiscalYear-1) {
		return
	}
	for _, r := range f.paidInItsYear(v.on) {
		if v.released(f.fiscalYear, r.on) {
			continue
		}
		if x := v.raise(v.t.At(r.on), "AL-EXE-05", f.id, r.on, v.fullyReversed(f), f.rev, r.rev, v.wordRev(f.fiscalYear, r.on)); x != nil {
			x.Figures = append(m.rateFigures(f.fiscalYear-1),
				Figure{"net", text.Say("提前下达净额", "announced ahead, net"), fmt.Sprint(int64(f.netFenOn(v.on))), "fen"},
				Figure{"received", text.Say("年末后已到账", "received since the year's end"), fmt.Sprint(int64(f.paidInItsYearFen(v.on))), "fen"})
		}
		return
	}
}

// announcedAhead reports whether a grant was announced ahead of its fiscal year (提前下达): in the year before it.
func (f *fund) announcedAhead() bool { return !f.match && f.on <= events.YearEnd(f.fiscalYear-1) }

// netFenOn returns the amount of a grant less its reversals by a date.
func (f *fund) netFenOn(on events.Date) events.Fen {
	netFen := f.amountFen
	for _, r := range f.reversed.upTo(on) {
		netFen -= r.what
	}
	return netFen
}

// paidInItsYear returns the receipts of a grant announced ahead from the start of its fiscal year to a date.
func (f *fund) paidInItsYear(on events.Date) series[events.Fen] {
	return f.receipts.upTo(on).from(events.YearEnd(f.fiscalYear-1) + 1)
}

// paidInItsYearFen returns the sum of the receipts of paidInItsYear. Recoveries are not subtracted.
func (f *fund) paidInItsYearFen(on events.Date) (sum events.Fen) {
	for _, r := range f.paidInItsYear(on) {
		sum += r.what
	}
	return sum
}

// allocated lists the revisions of the grants for which ok holds, and of their reversals, up to a place in order.
func (v *view) allocated(last place, ok func(*fund) bool) []uint32 {
	var revisions []uint32
	for _, a := range v.allocation {
		if ok(v.fundAt(a.what.fund)) && !last.before(a.place) {
			revisions = append(revisions, a.rev)
		}
	}
	return revisions
}

// released reports whether the latest decision about the allocations of a fiscal year, at the end of a day, is a
// deferral.released. The other possible decision is an allocation.deferred.
func (v *view) released(fiscalYear int, d events.Date) bool {
	w := v.words[fiscalYear].last(d)
	return w != nil && !w.what
}

func (v *view) deferred(fiscalYear int, d events.Date) bool {
	w := v.words[fiscalYear].last(d)
	return w != nil && w.what
}

// wordRev returns the revision of the latest deferral or release of a fiscal year at the end of a day, or 0 without
// one.
func (v *view) wordRev(fiscalYear int, d events.Date) uint32 {
	if w := v.words[fiscalYear].last(d); w != nil {
		return w.rev
	}
	return 0
}

// restWhileDeferred yields each span of days, from a due date on, in which the fiscal year is not deferred. AL-AWD-02
// and AL-FND-01 rest while the year is deferred, and are raised again on the day of the release. released is the
// revision of the release that begins the span, or 0 for the first span. deferred is the place of the deferral that ends
// the span, or none.
func (v *view) restWhileDeferred(fiscalYear int, due events.Date, yield func(since events.Date, released uint32, deferred place)) {
	since, released, rests := due, uint32(0), v.deferred(fiscalYear, due)
	for _, w := range v.words[fiscalYear].upTo(v.on).from(due + 1) {
		is := v.deferred(fiscalYear, w.on) // at the end of the day
		switch {
		case is && !rests:
			yield(since, released, place{w.on, v.wordRev(fiscalYear, w.on)})
		case !is && rests:
			since, released = w.on, v.wordRev(fiscalYear, w.on)
		}
		rests = is
	}
	if !rests {
		yield(since, released, place{})
	}
}

// constructionDue raises AL-AWD-02 for one spell of an excellent grade. It is due from g + n + 1, and rests while the
// next fiscal year is deferred.
func (v *view) constructionDue(year int, s spell) {
	p := v.t.At(s.on)
	if p == nil {
		return
	}
	due := s.on + events.Date(p.Parameters.ConstructionDays.Value) + 1
	if !v.supportYear(year, due) {
		return
	}
	reached := v.constructionReached(year, p.Parameters.ConstructionFen.Value)
	v.restWhileDeferred(year+1, due, func(since events.Date, released uint32, deferred place) {
		if x := v.raise(p, "AL-AWD-02", yearKey(year), since, soonest(s.until, reached, deferred), s.rev, released); x != nil {
			x.Figures = []Figure{{"subsidy", text.Say("应补助", "subsidy due"), fmt.Sprint(int64(p.Parameters.ConstructionFen.Value)), "fen"}}
		}
	})
}

// constructionReached returns the place of the grant with which the net construction grants for a year first reach an
// amount.
func (v *view) constructionReached(year int, amountFen events.Fen) place {
	for _, a := range v.allocation.upTo(v.on) {
		if f := v.fundAt(a.what.fund); f.category == events.Construction && f.forYear == year {
			if amountFen -= a.what.deltaFen; amountFen <= 0 {
				return a.place
			}
		}
	}
	return place{}
}

// receiptAlerts raises AL-FND-01 and AL-MAT-01: promised money was not received in time.
func (v *view) receiptAlerts() {
	for f := range v.fundsUpTo(v.on) {
		p := v.t.At(f.on)
		switch {
		case p == nil:
		case !f.match:
			v.disbursementDue(p, f)
		case f.dueOn != 0:
			if x := v.raise(p, "AL-MAT-01", f.id, f.dueOn+1, v.receivedInFull(f), f.rev); x != nil {
				x.Figures = v.receiptFigures(f)
			}
		}
	}
}

// disbursementDue raises AL-FND-01 for one grant. It is due from its day + n + 1, and rests while its fiscal year is
// deferred.
func (v *view) disbursementDue(p *policy.Policy, f *fund) {
	days := p.Parameters.DisbursementDays.Value
	received := v.receivedInFull(f)
	v.restWhileDeferred(f.fiscalYear, f.on+events.Date(days)+1, func(since events.Date, released uint32, deferred place) {
		if x := v.raise(p, "AL-FND-01", f.id, since, soonest(received, deferred), f.rev, released); x != nil {
			x.Figures = append(termFigures(f.on, days), v.receiptFigures(f)...)
		}
	})
}

// receivedInFull returns the place, by the view's date, of the receipt or reversal with which the receipts first reach the
// net amount of the grant or match on that day. Recoveries are not subtracted from the receipts.
func (v *view) receivedInFull(f *fund) place {
	receipts, reversals := f.receipts.upTo(v.on), f.reversed.upTo(v.on)
	shortFen := f.amountFen
	for len(receipts) > 0 || len(reversals) > 0 {
		var at dated[events.Fen]
		if len(reversals) == 0 || len(receipts) > 0 && receipts[0].before(reversals[0].place) {
			at, receipts = receipts[0], receipts[1:]
		} else {
			at, reversals = reversals[0], reversals[1:]
		}
		if shortFen -= at.what; shortFen <= 0 {
			return at.place
		}
	}
	return place{}
}

func (v *view) receiptFigures(f *fund) []Figure {
	var received events.Fen
	for _, r := range f.receipts.upTo(v.on) {
		received += r.what
	}
	return []Figure{
		{"net", text.Say("净额", "net"), fmt.Sprint(int64(f.netFenOn(v.on))), "fen"},
		{"received", text.Say("已到账", "received"), fmt.Sprint(int64(received)), "fen"},
	}
}

// revocationAlerts raises AL-REV-02: money was granted, received or spent after the day of revocation.
func (v *view) revocationAlerts() {
	if v.revokedOn == 0 {
		return
	}
	after := v.revokedOn + 1
	revocation := v.revocations[0].rev
	raise := func(id string, at place) { v.raise(v.t.At(at.on), "AL-REV-02", id, at.on, place{}, revocation, at.rev) }
	for f := range v.fundsUpTo(v.on) {
		if f.match {
			continue
		}
		if f.on >= after {
			raise(f.id, f.place)
		}
		for _, r := range f.receipts.upTo(v.on).from(after) {
			raise(f.id, r.place)
		}
	}
	for _, s := range v.spending(after) {
		raise(v.declared.nameOf(s), s.place)
	}
}
