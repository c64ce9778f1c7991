package aggregates

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// fullyReversed returns the place, by the view's date, of the reversal with which the reversals of a grant reach its
// amount.
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
func (v *view) wrongConstruction(p *policy.Policy, source events.Source, forYear int, on events.Date,
	sumFen events.Fen) []Breach {
	var found []Breach
	add := func(reason text.Text, figures ...Figure) {
		found = append(found, breach("R17-1", reason, figures...)...)
	}
	if wanted := p.Parameters.ConstructionSource.Value; source != wanted {
		add(text.Say("来源“%s”不是“%s”", "the source is “%s”, not “%s”", source.Title(), wanted.Title()))
	}
	if !v.supportYear(forYear, on) {
		add(text.Say("%d 不是支持建设年度", "%d is not a support year", forYear))
	}
	if v.outcomeOn(forYear, on) != policy.Top {
		add(text.Say("%d 年度评价不是“%s”", "the grade of %d is not %s", forYear, p.Called(policy.Top)))
	}
	if limit := p.Parameters.ConstructionFen.Value; sumFen > limit {
		add(text.Say("%d 年度建设经费（净额）连同本笔共 %s，超过上限 %s",
			"construction grants for %d, net and with this one, are %s, above the cap of %s", forYear,
			yuan(sumFen), yuan(limit)), sumFigures(sumFen, limit)...)
	}
	return found
}

// sumFigures returns the figures of a sum and its limit.
func sumFigures(sumFen, limitFen events.Fen) []Figure {
	figures := []Figure{fenFigure("sum", sumFen), fenFigure("limit", limitFen)}
	if sumFen > limitFen {
		figures = append(figures, fenFigure("over", sumFen-limitFen))
	}
	return figures
}

// sourceFigures returns the figures of the source of a grant and of the source that the Measures require.
func sourceFigures(source, wanted events.Source) []Figure {
	return []Figure{wordFigure("source", string(source), source.Title()),
		wordFigure("sourceWanted", string(wanted), wanted.Title())}
}

// explainConstruction says which conditions of R17-1 a construction grant breaks, with all that they compare.
func (v *view) explainConstruction(x *Explanation, p *policy.Policy, f *fund, sumFen events.Fen, wrong []Breach) {
	x.say("%v 下达的建设运行经费 %s（%s）不合条件：%s",
		"the construction grant %[2]s of %[1]v, %[3]s, breaks its conditions: %[4]s", f.on, f.id, yuan(f.amountFen),
		reasons(wrong))
	x.show(fenFigure("amount", f.amountFen),
		dateFigure("grantedOn", f.on).labelled(text.Say("下达日期", "granted on")), countFigure("forYear", f.forYear))
	x.show(sourceFigures(f.source, p.Parameters.ConstructionSource.Value)...)
	x.show(v.supportYears(f.on), v.gradeOrNone(f.forYear, f.on), v.gradesCalled(p, policy.Top))
	x.show(sumFigures(sumFen, p.Parameters.ConstructionFen.Value)...)
}

// supportYears returns the figure of the support years of the task book in force on a date.
func (v *view) supportYears(on events.Date) Figure {
	b := v.taskBookOn(on)
	if b == nil {
		return wordFigure("supportYears", "none", text.Say("没有备案的任务书", "no task book on file"))
	}
	if len(b.SupportYears) == 0 {
		return wordFigure("supportYears", "none", text.Say("无", "none"))
	}
	years := make([]string, len(b.SupportYears))
	for i, year := range b.SupportYears {
		years[i] = yearKey(year)
	}
	return wordsFigure("supportYears", years, text.Same)
}

// gradeOrNone returns the figure of the grade of a year on a date.
func (v *view) gradeOrNone(year int, on events.Date) Figure {
	label := text.Say("%d 年度等级", "grade of %d", year)
	if g := v.gradings[year].last(on); g != nil {
		return v.gradeFigure("grade", g.what, g.on).labelled(label)
	}
	return wordFigure("grade", "none", text.Say("尚无", "none")).labelled(label)
}

// gradesCalled returns the figure of the grades that a condition requires, those with some outcomes.
func (v *view) gradesCalled(p *policy.Policy, outcomes ...policy.Outcome) Figure {
	var grades []string
	for _, g := range p.Grades {
		if slices.Contains(outcomes, g.Outcome) {
			grades = append(grades, g.Name)
		}
	}
	return wordsFigure("gradeWanted", grades,
		func(g string) text.Text { name, _ := p.GradeNames().Name(g); return name })
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
					v.follows(x, v.allocated(a.place,
						func(o *fund) bool { return o.category == f.category && o.forYear == f.forYear })...)
					v.explainConstruction(x, p, f, sums[f.forYear], wrong)
				}
			}
		}
		if y := f.fiscalYear - 1; f.on > events.YearEnd(y) && m.low(y) && !v.released(f.fiscalYear, f.on) {
			if x := v.raise(p, "AL-EXE-03", f.id, f.on, v.fullyReversed(f), f.rev); x != nil {
				x.say("%s；%v 仍下达 %d 财政年度经费 %s（%s），%s",
					"%s; on %v the grant %[4]s of fiscal year %[3]d, %[5]s, was made all the same, and %[6]s",
					m.lowWords(y), f.on, f.fiscalYear, f.id, yuan(f.amountFen), v.notReleasedWords(f.fiscalYear, f.on))
				x.show(m.lowFigures(y)...)
				x.show(fenFigure("amount", f.amountFen),
					dateFigure("grantedOn", f.on).labelled(text.Say("下达日期", "granted on")),
					countFigure("fiscalYear", f.fiscalYear))
				v.showWord(x, f.fiscalYear, f.on)
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
		if x := v.raise(v.t.At(r.on), "AL-EXE-05", f.id, r.on, v.fullyReversed(f), f.rev, r.rev,
			v.wordRev(f.fiscalYear, r.on)); x != nil {
			x.say("%s；提前下达的 %d 财政年度经费 %s 仍于 %v 到账 %s，%s",
				"%s; of the grant %[3]s, announced ahead for fiscal year %[2]d, %[5]s was received on %[4]v all the "+
					"same, and %[6]s",
				m.lowWords(f.fiscalYear-1), f.fiscalYear, f.id, r.on, yuan(r.what),
				v.notReleasedWords(f.fiscalYear, r.on))
			x.show(m.lowFigures(f.fiscalYear - 1)...)
			x.show(countFigure("fiscalYear", f.fiscalYear), dateFigure("announcedOn", f.on),
				fenFigure("net", f.netFenOn(v.on)).labelled(text.Say("提前下达净额", "announced ahead, net")),
				dateFigure("paidOn", r.on),
				fenFigure("received", f.paidInItsYearFen(v.on)).labelled(
					text.Say("年末后已到账", "received since the year's end")))
			v.showWord(x, f.fiscalYear, r.on)
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

// notReleasedWords says why a fiscal year was not released at the end of a day.
func (v *view) notReleasedWords(fiscalYear int, d events.Date) text.Text {
	if v.deferred(fiscalYear, d) {
		return text.Say("当日延后安排尚未解除", "the deferral had not been released")
	}
	return text.Say("当日尚未决定延后安排", "no deferral had been decided")
}

// showWord adds the figures of the latest word on a fiscal year at the end of a day.
func (v *view) showWord(x *Explanation, fiscalYear int, d events.Date) {
	label := text.Say("%d 财政年度延后安排", "deferral of fiscal year %d", fiscalYear)
	w := v.words[fiscalYear].last(d)
	switch {
	case w == nil:
		x.show(wordFigure("word", "none", text.Say("未作决定", "not decided")).labelled(label))
		return
	case w.what:
		x.show(wordFigure("word", "deferred", text.Say("已决定延后", "deferred")).labelled(label))
	default:
		x.show(wordFigure("word", "released", text.Say("已解除", "released")).labelled(label))
	}
	x.show(dateFigure("wordOn", w.on))
}

// restWhileDeferred yields each span of days, from a due date on, in which the fiscal year is not deferred. AL-AWD-02
// and AL-FND-01 rest while the year is deferred, and are raised again on the day of the release. released is the
// revision of the release that begins the span, or 0 for the first span. deferred is the place of the deferral that
// ends the span, or none.
func (v *view) restWhileDeferred(fiscalYear int, due events.Date,
	yield func(since events.Date, released uint32, deferred place)) {
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
		if x := v.raise(p, "AL-AWD-02", yearKey(year), since, soonest(s.until, reached, deferred), s.rev,
			released); x != nil {
			v.explainConstructionDue(x, p, year, s, released)
		}
	})
}

// explainConstructionDue says how much of the construction subsidy for a year is missing on the day that shortOn
// gives.
func (v *view) explainConstructionDue(x *Explanation, p *policy.Policy, year int, s spell, released uint32) {
	days, subsidyFen := p.Parameters.ConstructionDays.Value, p.Parameters.ConstructionFen.Value
	on := v.shortOn(x)
	var grantedFen events.Fen
	for _, a := range v.allocation.upTo(on) {
		if f := v.fundAt(a.what.fund); f.category == events.Construction && f.forYear == year {
			grantedFen += a.what.deltaFen
		}
	}
	g := v.gradings[year].last(x.RaisedOn)
	x.say("%d 年度于 %v 评为“%s”，建设补助 %s应在其后 %d 天内（%v 止）足额下达，截至 %v 已下达 %s",
		"the grade of %d became %[3]s on %[2]v; the construction subsidy of %[4]s was to be granted within %[5]d "+
			"days, by %[6]v, and %[8]s was granted up to %[7]v",
		year, s.on, v.t.GradeName(g.what, g.on), yuan(subsidyFen), days, s.on+events.Date(days), on, yuan(grantedFen))
	x.show(countFigure("year", year), v.gradeFigure("grade", g.what, g.on))
	x.show(termFigures(s.on, days)...)
	x.show(v.supportYears(s.on+events.Date(days)+1), fenFigure("subsidy", subsidyFen),
		fenFigure("granted", grantedFen), fenFigure("short", max(0, subsidyFen-grantedFen)))
	if released != 0 {
		x.show(dateFigure("releasedOn", x.RaisedOn))
	}
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
				on := v.shortOn(x)
				x.say("配套资金 %s（%v 承诺 %s）最迟应于 %v 到账，截至 %v 已到账 %s",
					"the matching money %s, %[3]s promised on %[2]v, was due by %[4]v, and %[6]s was received up to "+
						"%[5]v",
					f.id, f.on, yuan(f.amountFen), f.dueOn, on, yuan(f.receivedFenOn(on)))
				x.show(countFigure("fiscalYear", f.fiscalYear), dateFigure("dueOn", f.dueOn))
				x.show(f.receiptFigures(on)...)
			}
		}
	}
}

// disbursementDue raises AL-FND-01 for one grant. It is due from its day + n + 1, and rests while its fiscal year is
// deferred.
func (v *view) disbursementDue(p *policy.Policy, f *fund) {
	days := p.Parameters.DisbursementDays.Value
	received := v.receivedInFull(f)
	v.restWhileDeferred(f.fiscalYear, f.on+events.Date(days)+1,
		func(since events.Date, released uint32, deferred place) {
			if x := v.raise(p, "AL-FND-01", f.id, since, soonest(received, deferred), f.rev, released); x != nil {
				on := v.shortOn(x)
				x.say("%v 下达的经费 %s（净额 %s）应在其后 %d 天内（%v 止）到账，截至 %v 已到账 %s",
					"the grant %[2]s of %[1]v, %[3]s net, was to be received within %[4]d days, by %[5]v, and %[7]s "+
						"was "+
						"received up to %[6]v",
					f.on, f.id, yuan(f.netFenOn(on)), days, f.on+events.Date(days), on, yuan(f.receivedFenOn(on)))
				x.show(countFigure("fiscalYear", f.fiscalYear))
				x.show(termFigures(f.on, days)...)
				x.show(f.receiptFigures(on)...)
				if released != 0 {
					x.show(dateFigure("releasedOn", since))
				}
			}
		})
}

// receivedInFull returns the place, by the view's date, of the receipt or reversal with which the receipts first reach
// the net amount of the grant or match on that day. Recoveries are not subtracted from the receipts.
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

// shortOn returns the day of the figures of an alert about missing money. While the alert is open that is the view's
// date, so that they say what is missing now. Once it is cleared that is the day before it was raised, on which the
// money was surely missing: what cleared the alert can be of the day on which it was raised.
func (v *view) shortOn(x *Explanation) events.Date {
	if x.Open() {
		return v.on
	}
	return x.RaisedOn - 1
}

// receivedFenOn returns the sum of the receipts of a fund by a date. Recoveries are not subtracted.
func (f *fund) receivedFenOn(on events.Date) (sum events.Fen) {
	for _, r := range f.receipts.upTo(on) {
		sum += r.what
	}
	return sum
}

func (f *fund) receiptFigures(on events.Date) []Figure {
	netFen, receivedFen := f.netFenOn(on), f.receivedFenOn(on)
	return []Figure{fenFigure("net", netFen), fenFigure("received", receivedFen),
		fenFigure("short", max(0, netFen-receivedFen))}
}

// revocationAlerts raises AL-REV-02: money was granted, received or spent after the day of revocation.
func (v *view) revocationAlerts() {
	if v.revokedOn == 0 {
		return
	}
	after := v.revokedOn + 1
	revocation := v.revocations[0].rev
	raise := func(id string, kind events.Kind, at place, amountFen events.Fen) *Explanation {
		x := v.raise(v.t.At(at.on), "AL-REV-02", id, at.on, place{}, revocation, at.rev)
		if x != nil {
			x.say("资格已于 %v 取消，其后 %v 又有“%s”%s，金额 %s",
				"the qualification was revoked on %v, and “%[3]s” %[4]s of %[5]s is dated %[2]v", v.revokedOn, at.on,
				kind.Title(), id, yuan(amountFen))
			x.show(dateFigure("revokedOn", v.revokedOn), wordFigure("movement", string(kind), kind.Title()),
				dateFigure("movedOn", at.on), fenFigure("amount", amountFen))
		}
		return x
	}
	for f := range v.fundsUpTo(v.on) {
		if f.match {
			continue
		}
		if f.on >= after {
			raise(f.id, events.KindSubsidyGranted, f.place, f.amountFen)
		}
		for _, r := range f.receipts.upTo(v.on).from(after) {
			raise(f.id, events.KindSubsidyReceived, r.place, r.what)
		}
	}
	for _, s := range v.spending(after) {
		if x := raise(v.declared.nameOf(s), events.KindFundsSpent, s.place, v.declared.amountFen(s)); x != nil {
			v.showVoucher(x, s)
		}
	}
}
