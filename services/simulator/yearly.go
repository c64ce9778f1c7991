package simulator

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
)

// fileTaskBook files a book for one, two or three years from a day (R10-2) and, near its end, the final report and
// perhaps the next book.
func (c *center) fileTaskBook(start events.Date) {
	if c.revokedOn != 0 {
		return
	}
	months := pick(c, []int{12, 24, 24, 36, 36, 36})
	end := start.AddMonths(months) - 1
	data := &events.TaskBookFiled{Version: fmt.Sprint(c.next("book")), PeriodStart: start, PeriodEnd: end}
	for y := start.Year(); y <= end.Year() && len(data.SupportYears) < 3; y++ {
		data.SupportYears = append(data.SupportYears, y)
		data.Targets = append(data.Targets,
			events.Target{Name: "概念验证项目数", Year: y, Value: number(c.between(5, 30)), Unit: "项"},
			events.Target{Name: "中试服务收入", Year: y, Value: number(c.between(80, 900)), Unit: "万元"})
	}
	if c.enter(events.KindTaskBookFiled, events.CenterRole, c.happened(max(c.plaqueOn, c.bookOn)), data) == nil {
		return
	}
	c.bookOn, c.supportYears = c.today, data.SupportYears
	c.at(end, func() {
		c.inTerm(15, 80, 95, 180, c.fileFinalReport)
		if c.active() && c.chance(.75) {
			c.after(5, 70, func() { c.fileTaskBook(end + 1) })
		}
	})
}

func number(n int) jsontext.Value { return jsontext.Value(fmt.Sprint(n)) }

func (c *center) fileFinalReport() {
	if c.active() {
		c.enter(events.KindFinalReportFiled, events.CenterRole, c.happened(c.bookOn), &events.FinalReportFiled{})
	}
}

// beginYear plans what a year brings to an active center and closes its money's year.
func (c *center) beginYear() {
	year := c.today.Year()
	low := c.closeAccounts()
	if !c.active() {
		return
	}
	c.use = c.real(c.profile.executionLo, c.profile.executionHi)
	c.at(events.DateOf(year+1, 1, c.between(2, 9)), c.beginYear)
	if low {
		c.inTerm(3, 24, 32, 60, func() { c.deferAllocations(year) })
	}
	c.reportOn(year - 1)
	if !c.chance(c.profile.tardy / 5) {
		c.inTerm(95, 240, 280, 335, func() { c.grade(year - 1) })
	}
	c.planMoney(year)
	if c.facts.PilotFunction {
		c.after(30, 300, c.runTrial)
	}
	if c.chance(.3) {
		c.after(20, 320, c.buyEquipment)
	}
	if c.chance(.12 + c.profile.slip*4) {
		c.after(60, 320, c.audit)
	}
}

// reportOn is the annual report of R16-1: self-evaluation, review, filing.
func (c *center) reportOn(year int) {
	if c.chance(c.profile.tardy / 4) {
		return
	}
	c.inTerm(8, 50, 70, 120, func() {
		on := c.happened(c.plaqueOn)
		c.enter(events.KindAnnualReportSubmitted, events.CenterRole, on,
			&events.AnnualReportSubmitted{Year: year, Parts: []string{"construction", "performance", "funds"}})
		reviewed := !c.chance(c.profile.tardy / 3)
		if reviewed {
			c.after(4, 14, func() {
				c.enter(events.KindAnnualReportReviewed, c.byDepartment(), c.today, &events.AnnualReportReviewed{
					Year: year, Passed: true})
			})
		}
		c.after(16, 27, func() {
			c.enter(events.KindAnnualReportFiled, events.CenterRole, c.today, &events.AnnualReportFiled{Year: year})
		})
	})
}

// grade decides the grade of a year (R16-2) and starts what follows from it.
func (c *center) grade(year int) {
	if !c.active() || year == c.ungradedYear() && leaves(&c.cfg.Ungraded) {
		return
	}
	grade := "unqualified"
	switch r := c.rng.Float64(); {
	case r < c.profile.grades[0]:
		grade = "excellent"
	case r < c.profile.grades[1]:
		grade = "qualified"
	}
	data := &events.GradeDecided{Year: year, Grade: grade, Participants: graders, ExpertReviews: c.between(3, 9),
		ThirdPartyReviews: 1}
	if c.chance(c.profile.tardy / 4) { // in haste; if refused, properly a little later
		hasty := *data
		hasty.Participants, hasty.ThirdPartyReviews = graders[:c.between(2, 3)], 0
		if c.enter(events.KindGradeDecided, events.STOffice, c.today, &hasty) != nil {
			c.mayClose("AL-EVL-02", fmt.Sprint(year), "补充评审意见，予以销号")
			c.graded(year, grade)
			return
		}
	}
	if c.enter(events.KindGradeDecided, events.STOffice, c.today, data) == nil {
		c.after(30, 60, func() { c.grade(year) }) // perhaps the task book is on file by then (R10-3)
		return
	}
	c.graded(year, grade)
}

func (c *center) graded(year int, grade string) {
	c.grades[year] = grade
	on := c.today
	switch grade {
	case "excellent":
		c.inTerm(15, 140, 185, 240, func() { c.grantConstruction(year, on) })
		if c.chance(.6) {
			c.after(20, 90, func() {
				c.enter(events.KindFundPreferenceRecorded, events.STOffice, c.today, &events.FundPreferenceRecorded{
					Year: year})
			})
		}
	case "qualified":
		if c.chance(c.profile.defiant / 4) { // against R17-1
			c.after(20, 100, func() { c.grantConstruction(year, on) })
		}
	case "unqualified":
		c.sanction(year)
	}
	if c.doubtful {
		c.doubtful = false
		c.after(30, 90, func() { c.correctGrade(year) })
	}
}

// correctGrade revises a grade after a complaint.
func (c *center) correctGrade(year int) {
	grade := map[string]string{"unqualified": "qualified", "qualified": "excellent",
		"excellent": "qualified"}[c.grades[year]]
	data := &events.GradeRevised{Year: year, Grade: grade, Reason: "复核更正"}
	if c.enter(events.KindGradeRevised, events.STOffice, c.today, data) == nil {
		return
	}
	c.grades[year] = grade
	if on := c.today; grade == "excellent" {
		c.after(20, 150, func() { c.grantConstruction(year, on) })
	}
}

// sanction is article 18: an order to rectify, an interview, after a second bad year the end.
func (c *center) sanction(year int) {
	decided := c.today
	c.inTerm(4, 27, 33, 60, func() {
		due := events.Date(0) // the policy's term
		if c.chance(.6) {
			due = c.today + events.Date(10*c.between(6, 12))
		}
		ordered := c.enter(events.KindRectificationOrdered, events.STOffice, c.today, &events.RectificationOrdered{
			Year: year, DueOn: due})
		if ordered == nil || c.chance(c.profile.tardy/2) {
			return
		}
		c.inTerm(35, 70, 95, 140, func() {
			c.enter(events.KindRectificationSubmitted, events.CenterRole, c.happened(ordered.On),
				&events.RectificationSubmitted{Year: year})
			c.after(3, 18, func() {
				c.enter(events.KindRectificationAccepted, events.STOffice, c.today, &events.RectificationAccepted{
					Year: year})
			})
		})
	})
	c.inTerm(4, 27, 33, 60, func() {
		in := c.enter(events.KindInterviewHeld, events.STOffice, c.today,
			&events.InterviewHeld{Year: year, Principal: !c.chance(.15)})
		if in != nil && c.chance(.1) { // the head came a second time
			c.after(5, 20, func() {
				c.enter(events.KindInterviewHeld, events.STOffice, c.today,
					&events.InterviewHeld{Year: year, Principal: true})
			})
		}
	})
	if c.grades[year-1] == "unqualified" {
		c.at(decided+events.Date(c.between(15, 80)), c.revoke)
	}
}

// revoke ends the center and, after a while, what it still pays and holds.
func (c *center) revoke() {
	data := &events.QualificationRevoked{Reason: "连续2年考核评价为不合格"}
	if !c.active() || c.enter(events.KindQualificationRevoked, events.STOffice, c.today, data) == nil {
		return
	}
	c.revokedOn = c.today
	c.after(3, 20, func() { c.spending = false })
	c.after(45, 100, c.recoverAll)
}
