package aggregates

import (
	"fmt"
	"slices"

	"github.com/taizhang/taizhang/aggregates/identifiers"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Judge returns the rules that a record would break, judged on everything recorded so far. It changes nothing. A
// record dated before the first policy is not judged (OP-01), but it may still be nonsense.
func (c *Center) Judge(r *events.Record, t policy.Timeline) Verdict {
	var verdict Verdict
	p := t.At(r.On)
	if p != nil {
		verdict.Policy = p.Ref()
	}
	if verdict.Nonsense = c.refused(r, t); len(verdict.Nonsense) == 0 {
		verdict.Warnings = warnings(r)
		if p != nil && c.Registered() {
			verdict.Breaches = c.view(t, r.On).breaches(p, r)
		}
	}
	verdict.Quote(p)
	return verdict
}

// refused returns all reasons against a record that apply in either mode: nonsense, and the reasons that need a
// policy or an evaluation.
func (c *Center) refused(r *events.Record, t policy.Timeline) []Breach {
	if _, found := c.nonsense(r); len(found) > 0 {
		return found
	}
	reading := t.Reading(r.On)
	if reading == nil {
		return refuse("", "台账尚未采用任何办法", "no policy is adopted")
	}
	if found := vocabulary(reading, r.Data); len(found) > 0 {
		return found
	}
	if found := c.wrongGrantor(t, r); len(found) > 0 {
		return found
	}
	if data, ok := r.Data.(*events.AlertClosed); ok {
		row := LookupAlert(Code(data.Code))
		if row == nil || !row.Closable {
			return refuse("data.code", "%s 不能销号", "%s cannot be closed out", data.Code)
		}
		if !c.view(t, r.On).openOn(row.Code, data.Key) {
			return refuse("data.key", "%v 当日没有未消除的 %s（%s）", "on %v no %s is open with key %s", r.On,
				data.Code, data.Key)
		}
	}
	return nil
}

// warnings returns doubts that are stored with the event: a USCC with a wrong check character, or a document number of
// an unusual form.
func warnings(r *events.Record) []text.Text {
	var found []text.Text
	uscc := func(code string) {
		if _, form := identifiers.ParseUSCC(code); form == identifiers.WrongCheck {
			found = append(found, text.Say("统一社会信用代码 %s 的校验位不符",
				"the check character of %s is wrong", code))
		}
	}
	switch data := r.Data.(type) {
	case *events.CenterRegistered:
		uscc(data.USCC)
	case *events.FactsChanged:
		if data.USCC != nil {
			uscc(*data.USCC)
		}
	}
	if _, ok := identifiers.ParseDocumentNumber(r.Doc); r.Doc != "" && !ok {
		found = append(found, text.Say("“%s”不是规范的发文字号",
			"“%s” is not a document number of the usual form", r.Doc))
	}
	return found
}

// breaches judges a decision by its row of section 5. v is the center as of the record's date.
func (v *view) breaches(p *policy.Policy, r *events.Record) []Breach {
	switch d := r.Data.(type) {
	case *events.PreliminaryReviewed:
		return v.judgeReview(p, d)
	case *events.WaiverGranted:
		return v.wrongWaiver(p, d.Rule, v.on)
	case *events.RelaxationGranted:
		return v.wrongRelaxation(p, v.on)
	case *events.JointAppraisalHeld:
		return v.judgeJointAppraisal(p, d)
	case *events.SpecialMeetingDecided:
		return v.judgeMeeting(d)
	case *events.PlaqueAwarded:
		if v.approvedOn() == 0 {
			return breach("R09-9", text.Say("专题会议尚未审定通过", "the special meeting has not approved the center"))
		}
	case *events.GradeDecided:
		return append(v.judgeGrade(d.Year), v.judgeGrading(p, d)...)
	case *events.GradeRevised:
		return v.judgeGrade(d.Year)
	case *events.RectificationOrdered:
		return v.judgeFailed(p, "R18-1", d.Year)
	case *events.InterviewHeld:
		return v.judgeFailed(p, "R18-2", d.Year)
	case *events.QualificationRevoked:
		return v.judgeRevocation(p)
	case *events.SubsidyGranted:
		return v.judgeGrant(p, d)
	case *events.AllocationDeferred:
		return v.judgeDeferral(d.FiscalYear)
	case *events.DeferralReleased:
		if !v.deferred(d.FiscalYear, v.on) {
			return breach("R20-7", text.Say("%d 财政年度当前没有延后安排", "fiscal year %d is not deferred",
				d.FiscalYear))
		}
	case *events.FundsSpent:
		return v.judgeVoucher(d)
	}
	return nil
}

// judgeReview judges by R09-2 and section 6: the center was appraised, every mandatory condition is met, and every
// other condition is met or waived.
func (v *view) judgeReview(p *policy.Policy, d *events.PreliminaryReviewed) []Breach {
	if !d.Passed {
		return nil
	}
	var found []Breach
	if v.appraisals.upTo(v.on).first(appraised) == nil {
		found = breach("R09-2", text.Say("初步建设方案尚未经行业主管部门或所在地政府论证通过",
			"the plan has passed no appraisal"))
	}
	for _, u := range v.admission(p, v.on) {
		if u.modality == policy.Mandatory || !v.waived(u.rule, v.on) {
			reason, figures := u.why()
			found = append(found, breach(u.rule, reason, figures...)...)
		}
	}
	return found
}

func (v *view) judgeJointAppraisal(p *policy.Policy, d *events.JointAppraisalHeld) []Breach {
	var found []Breach
	if !v.planRevisedAfterReview(v.on) {
		found = breach("R09-4", text.Say("初步审核尚未通过，或其后方案尚未完善",
			"no preliminary review has been passed, or the plan was not revised after it"))
	}
	return append(found, incomplete(p, d)...)
}

func (v *view) judgeMeeting(d *events.SpecialMeetingDecided) []Breach {
	if d.Approved && v.completeAppraisal(0).on == 0 {
		return breach("R09-5", text.Say("没有完整的方案论证", "there is no complete joint appraisal"))
	}
	return nil
}

// judgeGrade judges the conditions of both a decision and a revision of a grade: the year is over, and the center was
// active in it.
func (v *view) judgeGrade(year int) []Breach {
	var found []Breach
	end := events.YearEnd(year)
	if v.on <= end {
		found = append(found, breach("R04-5", text.Say("%d 年度尚未结束", "the year %d is not over", year))...)
	}
	if v.plaqueOn() == 0 || v.plaqueOn() > end {
		found = append(found, breach("R04-5",
			text.Say("中心在 %d 年度尚未授牌", "the plaque was not awarded in or before %d", year))...)
	}
	if v.revokedOn != 0 && v.revokedOn <= end {
		found = append(found, breach("R18-3",
			text.Say("资格已于 %v 取消", "the qualification was revoked on %v", v.revokedOn))...)
	}
	return found
}

// judgeGrading judges by R10-3 and R16-2: a task book is filed, and all required participants took part.
func (v *view) judgeGrading(p *policy.Policy, d *events.GradeDecided) []Breach {
	var found []Breach
	if v.taskBookOn(v.on) == nil {
		found = breach("R10-3", text.Say("没有备案的建设任务书", "no task book is on file"))
	}
	return append(found, lackingInGrading(p, d)...)
}

func (v *view) judgeFailed(p *policy.Policy, rule events.RuleID, year int) []Breach {
	if v.failedOn(year, v.on) {
		return nil
	}
	fail := p.Called(policy.Fail)
	return breach(rule, text.Text{Zh: fmt.Sprintf("%d 年度评价不是“%s”", year, fail.Zh),
		En: fmt.Sprintf("the grade of %d is not %s", year, fail.En)})
}

// judgeRevocation judges by R18-3: the number of consecutive years that the policy requires all failed.
func (v *view) judgeRevocation(p *policy.Policy) []Breach {
	n := p.Parameters.FailuresToRevoke.Value
	for _, last := range v.gradedYears() {
		run := 0
		for run < n && v.failedOn(last-run, v.on) {
			run++
		}
		if run == n {
			return nil
		}
	}
	fail := p.Called(policy.Fail)
	return breach("R18-3", text.Text{Zh: fmt.Sprintf("没有连续 %d 年“%s”", n, fail.Zh),
		En: fmt.Sprintf("there are no %d adjacent years with the grade %s", n, fail.En)})
}

// judgeGrant judges by the rows of section 5 for subsidy.granted: those for any grant (R18-3, R20-7), and those for
// its category.
func (v *view) judgeGrant(p *policy.Policy, d *events.SubsidyGranted) []Breach {
	var found []Breach
	if v.revokedOn != 0 {
		found = append(found, breach("R18-3",
			text.Say("资格已于 %v 取消", "the qualification was revoked on %v", v.revokedOn))...)
	}
	if v.deferred(d.FiscalYear, v.on) {
		found = append(found, breach("R20-7",
			text.Say("%d 财政年度已延后安排", "fiscal year %d is deferred", d.FiscalYear))...)
	} else if low, figures := v.lowBefore(d.FiscalYear); low && !v.released(d.FiscalYear, v.on) {
		found = append(found, breach("R20-7",
			text.Say("%d 年度执行率偏低，应延后安排",
				"the execution rate of %d is low; the allocation is to be deferred", d.FiscalYear-1), figures...)...)
	}
	switch d.Category {
	case events.Construction:
		sum := d.AmountFen + v.netGrants(func(f *fund) bool {
			return f.category == events.Construction &&
				f.forYear == d.ForYear
		})
		found = append(found, v.wrongConstruction(p, d.Source, d.ForYear, v.on, sum)...)
	case events.ProjectMoney:
		found = append(found, v.wrongProject(p, d)...)
	}
	return found
}

// wrongProject lists the conditions of R17-2 that a project grant breaks.
func (v *view) wrongProject(p *policy.Policy, d *events.SubsidyGranted) []Breach {
	var found []Breach
	source := p.Parameters.ProjectSource.Value
	if d.Source != source {
		found = append(found, breach("R17-2",
			text.Say("资金来源是%s，应为%s", "the source is the %s; it must be the %s", d.Source.Title(),
				source.Title()))...)
	}
	found = append(found, v.wrongApproval(d.Project, v.on)...)
	if a := v.project(d.Project, v.on); a != nil && !a.MajorPilotVerification {
		found = append(found, breach("R17-2",
			text.Say("项目“%s”不是重大中试验证项目", "project “%s” is not a major pilot verification", d.Project))...)
	}
	found = append(found, v.wrongReferenceGrade(p, d.FiscalYear, v.on)...)
	before := v.netGrants(func(f *fund) bool {
		return f.category == events.ProjectMoney && f.source == source && f.fiscalYear == d.FiscalYear
	})
	limit, sum := p.Parameters.ProjectCapFen.Value, before+d.AmountFen
	reason := text.Say("%d 财政年度来源为%s的项目经费已下达净额 %s，连同本次 %s，共 %s，超过上限 %s",
		"project grants of fiscal year %d from the %s are %s net so far; with the %s of this one they would be %s, "+
			"above the cap of %s",
		d.FiscalYear, source.Title(), yuan(before), yuan(d.AmountFen), yuan(sum), yuan(limit))
	if d.Source != source {
		sum = before
		reason = text.Say("%d 财政年度来源为%s的项目经费已下达净额 %s，超过上限 %s；本次来源不同，不计在内",
			"project grants of fiscal year %d from the %s are %s net so far, above the cap of %s; this one is of "+
				"another source and is not counted", d.FiscalYear, source.Title(), yuan(before), yuan(limit))
	}
	if sum > limit {
		found = append(found, breach("R17-2", reason, sumFigures(sum, limit)...)...)
	}
	return found
}

// netGrants returns the sum of the net grants for which ok returns true. It counts all records, even with a later
// date, so that a back-dated record cannot evade a cap.
func (v *view) netGrants(ok func(*fund) bool) (sum events.Fen) {
	for _, n := range v.fundOrder {
		if f := v.fundAt(n.what); !f.match && ok(f) {
			sum += f.netFen()
		}
	}
	return sum
}

// lowBefore reports whether the year before a fiscal year was low, if it is over.
func (v *view) lowBefore(fiscalYear int) (bool, []Figure) {
	end := events.YearEnd(fiscalYear - 1)
	if v.on < end || v.registered.on > end {
		return false, nil
	}
	m := v.c.view(v.t, end).money()
	return m.low(fiscalYear - 1), m.rateFigures(fiscalYear - 1)
}

// judgeDeferral judges by R20-6: the allocations of a year may be deferred only after a low year.
func (v *view) judgeDeferral(fiscalYear int) []Breach {
	low, figures := v.lowBefore(fiscalYear)
	if low {
		return nil
	}
	return breach("R20-6", v.whyNotLow(fiscalYear-1), figures...)
}

// whyNotLow says why a year is not low: see low(Y) in section 8.
func (v *view) whyNotLow(year int) text.Text {
	end := events.YearEnd(year)
	switch {
	case v.on < end:
		return text.Say("%[2]v %[1]d 年度尚未结束，到 %[3]v 才能认定执行率是否偏低",
			"the year %[1]d is not over on %[2]v; whether its execution rate is low is known on %[3]v",
			year, v.on, end)
	case v.registered.on > end:
		return text.Say("中心在 %d 年度尚未登记", "the center was not registered in %d", year)
	}
	m := v.c.view(v.t, end).money()
	p, available := m.v.t.At(end), m.ends[year-m.first].province.AvailableFen()
	switch {
	case p == nil:
		return text.Say("%d 年度在办法施行之前，不认定执行率是否偏低",
			"the year %d ended before the Measures took effect, and its execution rate is not judged", year)
	case available <= 0:
		return text.Say("%d 年度没有可用资金，没有执行率",
			"nothing was available in %d, which has no execution rate", year)
	case m.years[year-m.first].lateReceipt(p, year, available):
		return text.Say("%d 年度的可用资金有一半以上在 %v 之后到账，不认定为执行率偏低",
			"more than half of the money available in %d was received after %v, so its execution rate "+
				"does not count as low",
			year, p.Parameters.LateReceiptAfter.Value.In(year))
	}
	return text.Say("%d 年度执行率 %s%%，不低于 %d%%，不偏低",
		"the execution rate of %d was %s%%, which is not below %d%%", year,
		m.ends[year-m.first].province.RatePercent(), p.Parameters.LowRatePercent.Value)
}

// judgeVoucher refuses a voucher that would open an AL-FND-03 about itself or about another voucher. It counts all
// records. A policy is in force on its date, and so on the dates of all later vouchers, which therefore have alerts.
func (v *view) judgeVoucher(d *events.FundsSpent) []Breach {
	var found []Breach
	this := place{v.on, uint32(v.c.log.len() + 1)}
	for i, l := range d.Lines {
		if slices.ContainsFunc(d.Lines[:i], func(o events.SpendingLine) bool { return o.Grant == l.Grant }) {
			continue
		}
		var amount events.Fen
		for _, o := range d.Lines[i:] {
			if o.Grant == l.Grant {
				amount += o.AmountFen
			}
		}
		if who, balanceFen := v.fundNamed(l.Grant).opensOverdraft(this, amount, v.overdraws); balanceFen < 0 {
			reason := text.Say("凭证 %s（%v）将使 %s 的余额为 %s 元",
				"voucher %s of %v would leave %s with a balance of %s yuan", d.Voucher, v.on, l.Grant,
				events.FormatYuan(balanceFen))
			if who != 0 {
				other := v.voucher(who)
				reason = text.Say("将使已入账的凭证 %s（%v）透支：该凭证之后 %s 的余额为 %s 元",
					"voucher %s of %v, which is recorded already, would then leave %s with a balance of %s yuan",
					v.declared.nameOf(other), other.on, l.Grant, events.FormatYuan(balanceFen))
			}
			found = append(found, breach(events.Overdrawn, reason,
				fenFigure("balance", balanceFen))...)
		}
	}
	return found
}

// overdraws reports whether a recorded voucher leaves any of its funds below zero, counting all records. If so, the
// alert about the voucher is open already.
func (v *view) overdraws(number uint32) bool {
	s := v.voucher(number)
	this := move{place: s.place, spender: number}
	return slices.ContainsFunc(v.declared.linesOf(s), func(l line) bool {
		f := v.fundOf(l)
		var leftFen events.Fen
		f.moves.seek(this, func(reach, reach) bool { return false }, func(before reach, m *move) bool {
			leftFen = before.sumFen + m.deltaFen
			return false
		})
		return leftFen < 0
	})
}
