package aggregates

import (
	"fmt"

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
		fail := p.Called(policy.Fail)
		return breach("R17-2", text.Text{Zh: fmt.Sprintf("%d 年度评价为“%s”", year, fail.Zh), En: fmt.Sprintf("the grade of %d is %s", year, fail.En)})
	}
	return breach("R17-2", text.Say("%d 年度尚无评价等级", "there is no grade of %d", year))
}

// wrongApproval returns the reasons why a project may not be supported on a date (R17-2).
func (v *view) wrongApproval(project string, on events.Date) []Breach {
	switch a := v.project(project, on); {
	case a == nil:
		return breach("R17-2", text.Say("项目 %q 尚未立项", "project %q is not approved", project))
	case !a.Eligible:
		return breach("R17-2", text.Say("项目 %q 不符合条件", "project %q is not eligible", project))
	}
	return nil
}

// projectAlerts raises AL-PRJ-01 to 04.
func (v *view) projectAlerts() {
	type of struct {
		fiscalYear int
		source     events.Source
	}
	sums := map[of]events.Fen{} // net project grants, in order
	reached := map[int]place{}  // by fiscal year: where the grants of the program reached the warning share
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
				x.Figures = sumFigures(sumFen, limit)
				v.follows(x, v.allocated(a.place, func(o *fund) bool {
					return o.category == f.category && o.source == f.source && o.fiscalYear == f.fiscalYear
				})...)
			}
		}
		wrong := v.wrongReferenceGrade(p, f.fiscalYear, f.on)
		if wrong == nil {
			wrong = v.wrongApproval(f.project, f.on)
		}
		if wrong != nil {
			if x := v.raise(p, "AL-PRJ-02", f.id, f.on, gone, f.rev); x != nil {
				x.Figures = []Figure{reasonFigure(wrong[0].Reason)}
			}
		}
		if approved := v.project(f.project, v.on); !counted || approved == nil || !approved.MajorPilotVerification {
			v.raise(p, "AL-PRJ-04", f.id, f.on, gone, f.rev)
		}
	}
	for year, since := range reached {
		v.raise(v.t.At(since.on), "AL-PRJ-03", yearKey(year), since.on, place{on: events.YearEnd(year)}, since.rev)
	}
}

// projectWarning raises AL-PRJ-03. The alert begins when the sum of a fiscal year reaches the warning share of the
// cap, and ends when the sum falls below it.
func (v *view) projectWarning(p *policy.Policy, year int, sumFen events.Fen, at place, reached map[int]place) {
	above := int64(sumFen)*100 >= int64(p.Parameters.ProjectCapFen.Value)*int64(p.Parameters.ProjectWarningPercent.Value)
	since, was := reached[year]
	switch {
	case above && !was:
		reached[year] = at
	case !above && was:
		v.raise(v.t.At(since.on), "AL-PRJ-03", yearKey(year), since.on, soonest(at, place{on: events.YearEnd(year)}), since.rev, at.rev)
		delete(reached, year)
	}
}
