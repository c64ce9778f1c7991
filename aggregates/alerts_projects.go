package aggregates

import (
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// project returns a project approved on or before a date, or nil.
func (v *view) project(id string, d events.Date) *events.ProjectApproved {
	if p := v.projects.find(id); p != nil && p.on <= d {
		return p.what
	}
	return nil
}

// wrongReferenceGrade returns the reasons why the grade that R17-2 requires is missing on a date.
func (v *view) wrongReferenceGrade(p *policy.Policy, fiscalYear int, on events.Date) []Breach {
	year := fiscalYear - p.Parameters.ReferenceGradeYearsBack.Value
	switch v.outcomeOn(year, on) {
	case policy.Top, policy.Pass:
		return nil
	case policy.Fail:
		return breach("R17-2", text.Say("%d 年度评价为“%s”", "the grade of %d is %s", year, p.Called(policy.Fail)))
	}
	return breach("R17-2", text.Say("%d 年度尚无评价等级", "there is no grade of %d", year))
}

// wrongApproval returns the reasons why a project may not be supported on a date (R17-2).
func (v *view) wrongApproval(project string, on events.Date) []Breach {
	switch a := v.project(project, on); {
	case a == nil && project == "":
		return breach("R17-2", text.Say("没有写明项目", "no project is named"))
	case a == nil:
		return breach("R17-2", text.Say("项目 %s 尚未立项", "project %s is not approved", project))
	case !a.Eligible:
		return breach("R17-2", text.Say("项目 %s 不符合条件", "project %s is not eligible", project))
	}
	return nil
}

// projectAlerts raises AL-PRJ-01 to 04.
func (v *view) projectAlerts() {
	type of struct {
		fiscalYear int
		source     events.Source
	}
	sums := map[of]events.Fen{}  // net project grants, in order
	reached := map[int]warning{} // by fiscal year: where the grants of the program reached the warning share
	for _, a := range v.allocation.upTo(v.on) {
		f := v.fundAt(a.what.fund)
		if f.category != events.ProjectMoney {
			continue
		}
		sums[of{f.fiscalYear, f.source}] += a.what.deltaFen
		sumFen := sums[of{f.fiscalYear, f.source}]
		reading := v.t.Reading(a.on)
		counted := f.source == reading.Parameters.ProjectSource.Value
		if counted {
			v.projectWarning(reading, f.fiscalYear, sumFen, a.place, reached)
		}
		p := v.t.At(f.on)
		if a.what.deltaFen < 0 || p == nil {
			continue
		}
		gone := v.fullyReversed(f)
		if limit := p.Parameters.ProjectCapFen.Value; counted && sumFen > limit {
			if x := v.raise(p, "AL-PRJ-01", f.id, f.on, gone, f.rev); x != nil {
				x.say("%v 下达项目经费 %s（%s）后，%d 财政年度合计 %s，超过上限 %s",
					"with the project grant %[2]s of %[1]v, %[3]s, those of fiscal year %[4]d sum to %[5]s, above "+
						"the cap of %[6]s",
					f.on, f.id, yuan(f.amountFen), f.fiscalYear, yuan(sumFen), yuan(limit))
				v.showProjectGrant(x, f)
				x.show(sumFigures(sumFen, limit)...)
				v.follows(x, v.allocated(a.place, func(o *fund) bool {
					return o.category == f.category && o.source == f.source && o.fiscalYear == f.fiscalYear
				})...)
			}
		}
		noGrade, noProject := v.wrongReferenceGrade(p, f.fiscalYear, f.on), v.wrongApproval(f.project, f.on)
		if noGrade != nil || noProject != nil {
			if x := v.raise(p, "AL-PRJ-02", f.id, f.on, gone, f.rev); x != nil {
				v.explainUnfounded(x, p, f, append(noGrade, noProject...))
			}
		}
		if approved := v.project(f.project, v.on); !counted || approved == nil || !approved.MajorPilotVerification {
			if x := v.raise(p, "AL-PRJ-04", f.id, f.on, gone, f.rev); x != nil {
				v.explainOtherProject(x, p, f)
			}
		}
	}
	for year, since := range reached {
		if x := v.raise(v.t.At(since.on), "AL-PRJ-03", yearKey(year), since.on, place{on: events.YearEnd(year)},
			since.rev); x != nil {
			v.explainWarning(x, year, since)
		}
	}
}

// showProjectGrant adds the figures of a project grant.
func (v *view) showProjectGrant(x *Explanation, f *fund) {
	x.show(fenFigure("amount", f.amountFen),
		dateFigure("grantedOn", f.on).labelled(text.Say("下达日期", "granted on")),
		countFigure("fiscalYear", f.fiscalYear))
}

// showProject adds the figures of the project that a grant names, as approved by a date.
func (v *view) showProject(x *Explanation, f *fund, d events.Date) *events.ProjectApproved {
	if f.project == "" {
		x.show(wordFigure("project", "none", text.Say("未写明", "not named")))
		return nil
	}
	x.show(NewFigure("project", f.project))
	a := v.projects.find(f.project)
	if a == nil || a.on > d {
		x.show(wordFigure("approvedOn", "none", text.Say("未立项", "not approved")))
		return nil
	}
	x.show(dateFigure("approvedOn", a.on))
	return a.what
}

// explainUnfounded says what AL-PRJ-02 is about: a grant without the grade or the project that it requires.
func (v *view) explainUnfounded(x *Explanation, p *policy.Policy, f *fund, wrong []Breach) {
	x.say("%v 下达的项目经费 %s（%s）缺少依据：%s",
		"the project grant %[2]s of %[1]v, %[3]s, lacks its grounds: %[4]s", f.on, f.id, yuan(f.amountFen),
		reasons(wrong))
	v.showProjectGrant(x, f)
	year := f.fiscalYear - p.Parameters.ReferenceGradeYearsBack.Value
	x.show(countFigure("gradeYear", year), v.gradeOrNone(year, f.on), v.gradesCalled(p, policy.Top, policy.Pass))
	if a := v.showProject(x, f, f.on); a != nil {
		x.show(yesNoFigure("eligible", a.Eligible))
	}
}

// explainOtherProject says what AL-PRJ-04 is about: a grant of another source, or for no major pilot verification.
func (v *view) explainOtherProject(x *Explanation, p *policy.Policy, f *fund) {
	var wrong []text.Text
	wanted := p.Parameters.ProjectSource.Value
	if f.source != v.t.Reading(f.on).Parameters.ProjectSource.Value {
		wrong = append(wrong, text.Say("来源“%s”不是“%s”", "the source is “%s”, not “%s”", f.source.Title(),
			wanted.Title()))
	}
	a := v.project(f.project, v.on)
	switch {
	case f.project == "":
		wrong = append(wrong, text.Say("没有写明项目", "no project is named"))
	case a == nil:
		wrong = append(wrong, text.Say("项目 %s 尚未立项", "project %s is not approved", f.project))
	case !a.MajorPilotVerification:
		wrong = append(wrong, text.Say("项目 %s 不是重大中试验证项目", "project %s is not a major pilot verification",
			f.project))
	}
	x.say("%v 下达的项目经费 %s（%s）来源或项目不符：%s",
		"the project grant %[2]s of %[1]v, %[3]s, is of the wrong source or project: %[4]s",
		f.on, f.id, yuan(f.amountFen), joined(wrong, "；", "; "))
	v.showProjectGrant(x, f)
	x.show(sourceFigures(f.source, wanted)...)
	if v.showProject(x, f, v.on) != nil {
		x.show(yesNoFigure("majorPilotVerification", a.MajorPilotVerification))
	}
}

// warning is the place where the project grants of a fiscal year reached the warning share of the cap, and their sum
// then.
type warning struct {
	place
	sumFen events.Fen
}

// explainWarning says what AL-PRJ-03 is about.
func (v *view) explainWarning(x *Explanation, year int, since warning) {
	reading := v.t.Reading(since.on).Parameters
	limit, share := reading.ProjectCapFen.Value, reading.ProjectWarningPercent.Value
	x.say("%d 财政年度项目经费于 %v 合计 %s，达到上限 %s的 %d%%",
		"the project grants of fiscal year %d summed to %[3]s on %[2]v, %[5]d%% or more of the cap of %[4]s",
		year, since.on, yuan(since.sumFen), yuan(limit), share)
	x.show(countFigure("fiscalYear", year), fenFigure("sum", since.sumFen), fenFigure("limit", limit),
		countFigure("warning", share),
		fenFigure("warningFrom", (limit*events.Fen(share)+99)/100))
}

// projectWarning raises AL-PRJ-03. The alert begins when the sum of a fiscal year reaches the warning share of the
// cap, and ends when the sum falls below it.
func (v *view) projectWarning(p *policy.Policy, year int, sumFen events.Fen, at place, reached map[int]warning) {
	above := int64(sumFen)*100 >= int64(p.Parameters.ProjectCapFen.Value)*int64(
		p.Parameters.ProjectWarningPercent.Value)
	since, was := reached[year]
	switch {
	case above && !was:
		reached[year] = warning{at, sumFen}
	case !above && was:
		x := v.raise(v.t.At(since.on), "AL-PRJ-03", yearKey(year), since.on,
			soonest(at, place{on: events.YearEnd(year)}), since.rev, at.rev)
		if x != nil {
			v.explainWarning(x, year, since)
		}
		delete(reached, year)
	}
}
