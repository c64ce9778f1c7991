package aggregates

import (
	"fmt"
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// fullyReversedOn returns the first day, by the view's date, on which the reversals of a grant reach its amount.
func (v *view) fullyReversedOn(f *fund) events.Date {
	left := f.amountFen
	for _, r := range f.reversed.upTo(v.on) {
		if left -= r.what; left <= 0 {
			return r.on
		}
	}
	return 0
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

// wrongConstruction lists the conditions of R17-1 that a construction grant on a date breaks; sumFen is the net
// construction grants for its year with this one.
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

// grantAlerts are AL-AWD-01 and 02 and AL-EXE-03.
func (v *view) grantAlerts(m *money) {
	sums := map[int]events.Fen{} // net construction grants by year supported, in order
	for _, a := range v.allocation.upTo(v.on) {
		f := a.what.fund
		isGrant := a.what.deltaFen > 0
		if f.category == events.Construction {
			sums[f.forYear] += a.what.deltaFen
		}
		if !isGrant {
			continue
		}
		p := v.t.At(f.on)
		if p == nil {
			continue
		}
		if f.category == events.Construction {
			if wrong := v.wrongConstruction(p, f.source, f.forYear, f.on, sums[f.forYear]); wrong != nil {
				if x := v.raise(p, "AL-AWD-01", f.id, f.on, v.fullyReversedOn(f), f.rev); x != nil {
					x.follows(v.c, v.allocated(a.place, func(o *fund) bool { return o.category == f.category && o.forYear == f.forYear })...)
					for _, b := range wrong {
						x.Figures = append(append(x.Figures, reasonFigure(b.Reason)), b.Figures...)
					}
				}
			}
		}
		if y := f.fiscalYear - 1; f.on > events.YearEnd(y) && m.low(y) && !v.released(f.fiscalYear, f.on) {
			if x := v.raise(p, "AL-EXE-03", f.id, f.on, v.fullyReversedOn(f), f.rev); x != nil {
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

// allocated lists the revisions of the grants for which ok holds, and of their reversals, up to a place in order.
func (v *view) allocated(last place, ok func(*fund) bool) []uint32 {
	var revisions []uint32
	for _, a := range v.allocation {
		if ok(a.what.fund) && !last.before(a.place) {
			revisions = append(revisions, a.rev)
		}
	}
	return revisions
}

// released says whether the latest word on a fiscal year, at the end of a day, is deferral.released; deferred whether
// it is allocation.deferred.
func (v *view) released(fiscalYear int, d events.Date) bool {
	w := v.words[fiscalYear].last(d)
	return w != nil && !w.what
}

func (v *view) deferred(fiscalYear int, d events.Date) bool {
	w := v.words[fiscalYear].last(d)
	return w != nil && w.what
}

// constructionDue is AL-AWD-02 for one spell of an excellent grade: due from g + n + 1, and again from each release of
// a deferral after that, unless deferred on the day.
func (v *view) constructionDue(year int, s spell) {
	p := v.t.At(s.on)
	if p == nil {
		return
	}
	due := s.on + events.Date(p.Parameters.ConstructionDays.Value) + 1
	if !v.supportYear(year, due) {
		return
	}
	reachedOn := v.constructionReachedOn(year, p.Parameters.ConstructionFen.Value)
	raise := func(on, deferredAgain events.Date) {
		if x := v.raise(p, "AL-AWD-02", yearKey(year), on, earliest(s.until, reachedOn, deferredAgain), s.rev); x != nil {
			x.Figures = []Figure{{"subsidy", text.Say("应补助", "subsidy due"), fmt.Sprint(int64(p.Parameters.ConstructionFen.Value)), "fen"}}
		}
	}
	since, deferred := due, v.deferred(year+1, due)
	for _, w := range v.words[year+1].upTo(v.on).from(due + 1) { // read at the end of its day
		is := v.deferred(year+1, w.on)
		switch {
		case is && !deferred:
			raise(since, w.on)
		case !is && deferred:
			since = w.on
		}
		deferred = is
	}
	if !deferred {
		raise(since, 0)
	}
}

// constructionReachedOn returns the first day on which the net construction grants for a year reach an amount.
func (v *view) constructionReachedOn(year int, amountFen events.Fen) events.Date {
	for _, a := range v.allocation.upTo(v.on) {
		if f := a.what.fund; f.category == events.Construction && f.forYear == year {
			if amountFen -= a.what.deltaFen; amountFen <= 0 {
				return a.on
			}
		}
	}
	return 0
}

// receiptAlerts are AL-FND-01 and AL-MAT-01: money promised and not there in time.
func (v *view) receiptAlerts() {
	for _, f := range v.fundOrder.upTo(v.on) {
		p := v.t.At(f.on)
		switch {
		case p == nil:
		case !f.what.match:
			if x := v.overdue(p, "AL-FND-01", f.what.id, f.place, p.Parameters.DisbursementDays.Value, v.receivedInFullOn(f.what)); x != nil {
				x.Figures = append(x.Figures, v.receiptFigures(f.what)...)
			}
		case f.what.dueOn != 0:
			if x := v.raise(p, "AL-MAT-01", f.what.id, f.what.dueOn+1, v.receivedInFullOn(f.what), f.rev); x != nil {
				x.Figures = v.receiptFigures(f.what)
			}
		}
	}
}

// receivedInFullOn returns the first day, by the view's date, on which the receipts (not less recoveries) reach what
// is then the net grant or match.
func (v *view) receivedInFullOn(f *fund) events.Date {
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
			return at.on
		}
	}
	return 0
}

func (v *view) receiptFigures(f *fund) []Figure {
	var received, net = events.Fen(0), f.amountFen
	for _, r := range f.receipts.upTo(v.on) {
		received += r.what
	}
	for _, r := range f.reversed.upTo(v.on) {
		net -= r.what
	}
	return []Figure{
		{"net", text.Say("净额", "net"), fmt.Sprint(int64(net)), "fen"},
		{"received", text.Say("已到账", "received"), fmt.Sprint(int64(received)), "fen"},
	}
}

// revocationAlerts are AL-REV-02: money after the day of revocation.
func (v *view) revocationAlerts() {
	if v.revokedOn == 0 {
		return
	}
	after := v.revokedOn + 1
	revocation := v.revocations[0].rev
	raise := func(id string, at place) { v.raise(v.t.At(at.on), "AL-REV-02", id, at.on, 0, revocation, at.rev) }
	for _, f := range v.fundOrder.upTo(v.on) {
		if f.what.match {
			continue
		}
		if f.on >= after {
			raise(f.what.id, f.place)
		}
		for _, r := range f.what.receipts.upTo(v.on).from(after) {
			raise(f.what.id, r.place)
		}
	}
	for _, s := range v.spending(after) {
		raise(v.declared.nameOf(s), s.place)
	}
}
