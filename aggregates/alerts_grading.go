package aggregates

import (
	"fmt"
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// spell is a span of days in which the grade of a year has one outcome. Grades are read at the end of a day, so a
// grade that was replaced on its own day has no spell.
type spell struct {
	place   // of the decision that began it
	grade   string
	outcome policy.Outcome
	until   place // of the decision that ended it, or none
}

// gradeSpells returns the spells of a year's grade, in order, up to the view's date. A revision to another grade of
// the same outcome continues the spell.
func (v *view) gradeSpells(year int) []spell {
	if s, ok := v.spells[year]; ok {
		return s
	}
	var spells []spell
	given := v.gradings[year].upTo(v.on)
	for i, g := range given {
		if i+1 < len(given) && given[i+1].on == g.on {
			continue
		}
		outcome := v.t.Reading(g.on).Outcome(g.what)
		if n := len(spells); n > 0 {
			if spells[n-1].outcome == outcome {
				spells[n-1].grade = g.what
				continue
			}
			spells[n-1].until = g.place
		}
		spells = append(spells, spell{place: g.place, grade: g.what, outcome: outcome})
	}
	if v.spells == nil {
		v.spells = map[int][]spell{}
	}
	v.spells[year] = spells
	return spells
}

// outcomeOn returns the outcome of the latest grade of a year on or before a date, or "" if there is no grade.
func (v *view) outcomeOn(year int, d events.Date) policy.Outcome {
	g := v.gradings[year].last(d)
	if g == nil {
		return ""
	}
	return v.t.Reading(g.on).Outcome(g.what)
}

func (v *view) failedOn(year int, d events.Date) bool { return v.outcomeOn(year, d) == policy.Fail }

// gradedYears lists the years with a grade by the view's date.
func (v *view) gradedYears() []int {
	var years []int
	for year, given := range v.gradings {
		if len(given.upTo(v.on)) > 0 {
			years = append(years, year)
		}
	}
	slices.Sort(years)
	return years
}

// decided returns the decision on a year's grade by the view's date.
func (v *view) decided(year int) *dated[*events.GradeDecided] {
	return v.decisions.upTo(v.on).first(func(g *events.GradeDecided) bool { return g.Year == year })
}

// gradingAlerts raises AL-EVL-01 to 03.
func (v *view) gradingAlerts() {
	v.activeYears(func(year int) {
		if p := v.t.At(events.YearEnd(year)); p != nil {
			due := p.Parameters.GradeDue.Value.In(year + 1)
			if x := v.raise(p, "AL-EVL-01", yearKey(year), due+1, v.decided(year).at(), v.plaque().rev); x != nil {
				x.say("%d 年度考核评价等级最迟应于 %v 评定，逾期",
					"the grade of %d was to be decided by %v and is overdue", year, due)
				x.show(countFigure("year", year), dateFigure("dueOn", due), dateFigure("plaqueOn", v.plaqueOn()))
			}
		}
	})
	for _, g := range v.decisions.upTo(v.on) {
		p := v.t.At(g.on)
		if p == nil {
			continue
		}
		if lack := lackingInGrading(p, g.what); lack != nil {
			if x := v.raise(p, "AL-EVL-02", yearKey(g.what.Year), g.on, place{}, g.rev); x != nil {
				x.say("%d 年度等级评定（%v）参与不全：%s",
					"the grading of %d, decided on %v, lacks a participant or a review: %s", g.what.Year, g.on,
					reasons(lack))
				v.showDecision(x, g)
				x.show(reviewFigures(g.what.ExpertReviews, g.what.ThirdPartyReviews)...)
				for _, b := range lack {
					x.showNew(b.Figures...)
				}
			}
		}
		if len(v.taskBooks.upTo(g.on)) == 0 {
			if x := v.raise(p, "AL-EVL-03", yearKey(g.what.Year), g.on, v.taskBooks.upTo(v.on).first(always).at(),
				g.rev); x != nil {
				x.say("%d 年度等级于 %v 评定，当日及此前没有备案的建设任务书",
					"the grade of %d was decided on %v with no task book filed on or before that day",
					g.what.Year, g.on)
				v.showDecision(x, g)
			}
		}
	}
}

// showDecision adds the figures of a decision on a grade.
func (v *view) showDecision(x *Explanation, g dated[*events.GradeDecided]) {
	x.show(countFigure("year", g.what.Year), v.gradeFigure("grade", g.what.Grade, g.on), dateFigure("decidedOn", g.on))
}

// gradeFigure returns the figure of a grade that was given on a day.
func (v *view) gradeFigure(name, grade string, on events.Date) Figure {
	return wordFigure(name, grade, v.t.GradeName(grade, on))
}

// lackingInGrading lists the participants and reviews that a grading lacks (R16-2).
func lackingInGrading(p *policy.Policy, g *events.GradeDecided) []Breach {
	var found []Breach
	if lack := absent(p.Parameters.GradingParticipants.Value, g.Participants); len(lack) > 0 {
		list := absentFigure(events.KindGradeDecided, lack)
		found = append(found, breach("R16-2", text.Say("缺少参加单位：%s", "participants are missing: %s", list.Word),
			list)...)
	}
	if g.ExpertReviews < 1 || g.ThirdPartyReviews < 1 {
		found = append(found, tooFewReviews("R16-2", g.ExpertReviews, g.ThirdPartyReviews)...)
	}
	return found
}

// failureAlerts raises the alerts that follow from a failed year: AL-RCT-01 and 02, AL-ITV-01, AL-REV-01 and 03.
func (v *view) failureAlerts() {
	for _, year := range v.gradedYears() {
		for _, s := range v.gradeSpells(year) {
			if s.outcome == policy.Fail {
				v.rectification(year, s)
				v.revocationDue(year, s)
			}
		}
	}
}

func (v *view) rectification(year int, s spell) {
	order := v.orders[year] // of no date if there is none
	if order.on > v.on {
		order = dated[*events.RectificationOrdered]{}
	}
	if p := v.t.At(s.on); p != nil {
		days := p.Parameters.RectificationOrderDays.Value
		if x := v.overdue(p, "AL-RCT-01", yearKey(year), s.place, days, soonest(s.until, order.place)); x != nil {
			x.say("%d 年度于 %v 评为“%s”，应在其后 %d 天内（%v 止）责令限期整改，逾期",
				"the grade of %d became %[3]s on %[2]v; rectification was to be ordered within %[4]d days, by "+
					"%[5]v, and is overdue",
				year, s.on, v.t.GradeName(s.grade, s.on), days, s.on+events.Date(days))
			v.showFailure(x, year, s.on)
		}
		days = p.Parameters.InterviewDays.Value
		held := v.interviews[year].upTo(v.on).first(always)
		if x := v.overdue(p, "AL-ITV-01", yearKey(year), s.place, days, soonest(s.until, held.at())); x != nil {
			x.say("%d 年度于 %v 评为“%s”，应在其后 %d 天内（%v 止）约谈主要负责人，逾期",
				"the grade of %d became %[3]s on %[2]v; the principal was to be interviewed within %[4]d days, by "+
					"%[5]v, and the interview is overdue",
				year, s.on, v.t.GradeName(s.grade, s.on), days, s.on+events.Date(days))
			v.showFailure(x, year, s.on)
		}
	}
	if order.on == 0 {
		return
	}
	p := v.t.At(order.on)
	if p == nil {
		return
	}
	due := order.what.DueOn
	if due == 0 {
		due = order.on + events.Date(p.Parameters.RectificationTermDays.Value)
	}
	raisedOn := max(due+1, s.on, order.on)
	if s.until.on != 0 && s.until.on <= raisedOn { // grades are read at the end of the day
		return
	}
	accepted := v.acceptances[year].upTo(v.on).first(always)
	if x := v.raise(p, "AL-RCT-02", yearKey(year), raisedOn, soonest(s.until, accepted.at()), s.rev,
		order.rev); x != nil {
		x.say("%d 年度的整改（%v 责令）最迟应于 %v 完成，未按期通过验收",
			"the rectification for %d, ordered on %v, was due by %v and was not accepted by then", year, order.on, due)
		v.showFailure(x, year, raisedOn)
		x.show(dateFigure("orderedOn", order.on), dateFigure("dueOn", due))
		if order.what.DueOn == 0 {
			x.show(countFigure("term", p.Parameters.RectificationTermDays.Value))
		}
	}
}

// showFailure adds the figures of the grade of a year at the end of a day.
func (v *view) showFailure(x *Explanation, year int, d events.Date) {
	g := v.gradings[year].last(d)
	x.show(countFigure("year", year), v.gradeFigure("grade", g.what, g.on), dateFigure("decidedOn", g.on))
}

// revocationDue looks back from a failed year. If the years before it failed too, revocation is due (R18-3,
// AL-REV-01). If one active year among them is not graded, a human must rule (OP-25, AL-REV-03). The number of failed
// years is that of the policy in force on the day on which all of them are failed.
func (v *view) revocationDue(year int, s spell) {
	for _, n := range v.failuresToRevoke() {
		raise := func(code Code, gap int, since, cleared place) {
			if p := v.t.At(since.on); p != nil && p.Parameters.FailuresToRevoke.Value == n {
				if x := v.raise(p, code, yearKey(year), since.on, cleared, since.rev, s.rev); x != nil {
					v.explainFailures(x, year, n, gap)
				}
			}
		}
		v.failedTogether(year-1, year-n+1, 0, s, s.until, func(since, until place) {
			if v.revokedOn == 0 || v.revokedOn > since.on {
				raise("AL-REV-01", 0, since, soonest(until, v.revocations.upTo(v.on).first(always).at()))
			}
		})
		for gap := year - n + 1; gap < year; gap++ {
			graded := v.gradings[gap].upTo(v.on).first(always)
			if !v.activeIn(gap) || graded != nil && graded.on <= s.on {
				continue
			}
			v.failedTogether(year-1, year-n, gap, s, s.until, func(since, until place) {
				raise("AL-REV-03", gap, since, soonest(until, graded.at()))
			})
		}
	}
}

// explainFailures says which years were failed: n of them down from a year, leaving out the year gap (0 for none).
func (v *view) explainFailures(x *Explanation, year, n, gap int) {
	var list []text.Text
	first := year - n + 1
	if gap != 0 {
		first--
	}
	for y := year; y >= first; y-- {
		if y == gap {
			continue
		}
		g, name := v.gradings[y].last(x.RaisedOn), "grade"
		if y < year {
			name = fmt.Sprintf("grade%d", y-year)
		}
		word := v.t.GradeName(g.what, g.on)
		list = append(list, text.Say("%d 年度“%s”（%v 评定）", "%[2]s for %[1]d (decided on %[3]v)", y, word, g.on))
		x.show(wordFigure("grade", g.what, word).of(name, text.Say("%d 年度等级", "grade of %d", y)),
			dateFigure("decidedOn", g.on).of("decidedOn"+name[len("grade"):],
				text.Say("%d 年度等级评定日期", "grade of %d decided on", y)))
	}
	x.show(countFigure("failures", n))
	graded := joined(list, "、", ", ")
	if gap == 0 {
		x.say("连续 %d 年评价不合格，应取消资格：%s",
			"%d consecutive years failed, so that the qualification is to be revoked: %s", n, graded)
		return
	}
	x.show(countFigure("ungraded", gap))
	x.say("%s，其间 %d 年度未评定等级，是否应取消资格须人工认定",
		"%s, and %d between them has no grade: it must be ruled whether the qualification is to be revoked",
		graded, gap)
}

// failuresToRevoke lists the numbers of failures that the adopted policies require, each number once.
func (v *view) failuresToRevoke() []int {
	var numbers []int
	for _, p := range v.t.Adopted() {
		if n := p.Parameters.FailuresToRevoke.Value; !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// failedTogether yields each span of days in which several years were failed at once: a later year, failed by the
// spell s until a place, and the years from year down to first, except the year gap (0 for none). It yields the place
// of the decision that completed the span, and that of the decision that ended it.
func (v *view) failedTogether(year, first, gap int, s spell, until place, yield func(since, until place)) {
	if year < first {
		yield(s.place, until)
		return
	}
	if year == gap {
		v.failedTogether(year-1, first, gap, s, until, yield)
		return
	}
	for _, o := range v.gradeSpells(year) {
		if o.outcome != policy.Fail {
			continue
		}
		later, end := s, soonest(until, o.until)
		if o.on > s.on {
			later = o
		}
		if end.on == 0 || end.on > later.on {
			v.failedTogether(year-1, first, gap, later, end, yield)
		}
	}
}
