package simulator

import (
	"fmt"
	"strings"

	"github.com/taizhang/taizhang/aggregates/identifiers"
	"github.com/taizhang/taizhang/events"
)

// register draws the facts of a center, writes its registration and plans the steps of article 9.
func (c *center) register() {
	c.registeredOn = c.today
	c.facts = c.drawFacts()
	c.enter(events.KindCenterRegistered, events.CenterRole, c.today, &events.CenterRegistered{Facts: c.facts})
	c.after(4, 25, c.assign)
	c.after(10, 50, c.appraisePlan)
}

func (c *center) drawFacts() events.Facts {
	code, trade, unit, kind := pick(c, counties), pick(c, industries), pick(c, leadUnits), pick(c, centerTypes)
	region, _ := identifiers.ParseRegion(code)
	c.city = region.City
	f := events.Facts{
		Name:              fmt.Sprintf("浙江省%s%s（%s%d）", trade.name, kind.name, region.County, c.number),
		USCC:              c.uscc(unit.code, code),
		LeadUnit:          region.County + trade.name + unit.suffix,
		Type:              kind.code,
		Services:          []string{kind.service},
		LeadingIndustries: []string{trade.name},
		IndustryCode:      trade.code,
		Region:            code,
		FoundedOn:         c.today.AddMonths(-12*c.between(3, 15)) - events.Date(c.between(1, 300)),
		LegalEntity:       !c.chance(.05),
		NewUnit:           c.chance(.04),
		UsableAreaM2:      int64(c.between(5000, 26000)),
		EquipmentFen:      c.wan(5000, 32000),
		PilotFunction:     kind.service == "pilot" || c.chance(.4),
		Fields:            []string{trade.field},
		Documents:         []string{"internal-control", "service-procedure", "fee-schedule", "ip-protection"},
	}
	f.PilotDevicesSeparate = f.PilotFunction
	if c.chance(.5) {
		f.Services = append(f.Services, "other")
	}
	if c.chance(.06) {
		f.LeadingIndustries = append(f.LeadingIndustries, pick(c, industries).name)
	}
	if c.chance(.05) {
		f.FoundedOn = c.today - events.Date(c.between(200, 1000))
	}
	switch {
	case c.profile.hopeless:
		f.UsableAreaM2, f.EquipmentFen = int64(c.between(1200, 4800)), c.wan(700, 4200)
	case trade.digital && c.chance(.7):
		f.RelaxationRequested, f.UsableAreaM2, f.EquipmentFen = true, int64(c.between(2000, 6000)), c.wan(1000, 6500)
	case c.chance(.08):
		f.UsableAreaM2 = int64(c.between(2000, 4999))
	}
	if trade.field == "medicine" || trade.field == "life-science" || trade.field == "ai" {
		f.EthicsSensitive = c.chance(.6)
		f.EthicsCommittee = f.EthicsSensitive
	}
	return f
}

func (c *center) assign() {
	c.enter(events.KindCenterAssigned, events.STOffice, c.today,
		&events.CenterAssigned{IndustryDept: pick(c, departments), LocalGov: c.facts.Region})
	if c.chance(.5) {
		c.after(5, 20, c.judgeCondition)
	}
}

// judgeCondition records a human judgement on a condition that no number decides.
func (c *center) judgeCondition() {
	conclusion := "met"
	if c.chance(.3) {
		conclusion = "basically-met"
	}
	if c.profile.hopeless || c.chance(c.profile.slip) {
		conclusion = "not-met"
	}
	role := pick(c, []events.Role{events.STOffice, events.IndustryDept, events.LocalGov})
	rule := pick(c, []events.RuleID{"R06-1b", "R06-1c", "R06-2a", "R06-3a", "R06-3b", "R06-5a", "R06-5c",
		"R08-1", "R08-2"})
	c.enter(events.KindConditionJudged, role, c.today, &events.ConditionJudged{Rule: rule, Conclusion: conclusion})
	if conclusion == "not-met" && !c.profile.hopeless {
		c.after(20, 40, func() {
			c.enter(events.KindConditionJudged, role, c.today, &events.ConditionJudged{Rule: rule, Conclusion: "met"})
		})
	}
}

// byDepartment draws the office that appraises and reviews centers of this field (R04-6, R04-8).
func (c *center) byDepartment() events.Role {
	return pick(c, []events.Role{events.IndustryDept, events.LocalGov})
}

func (c *center) appraisePlan() {
	c.waive()
	if c.chance(c.profile.tardy / 4) { // skips the appraisal (R09-2)
		c.after(5, 20, c.reviewPreliminarily)
		return
	}
	passed := !c.chance(.08)
	data := &events.PlanAppraised{Passed: passed, Opinion: "同意推荐"}
	if !passed {
		data.Opinion = "方案不够成熟，修改后再报"
		c.after(25, 50, c.appraisePlan)
	} else {
		c.inTerm(12, 50, 64, 95, c.reviewPreliminarily)
	}
	c.enter(events.KindPlanAppraised, c.byDepartment(), c.today, data)
}

// waive records waivers for the in-principle conditions that the center does not meet (R06), unless the office
// forgets it.
func (c *center) waive() {
	f := &c.facts
	if f.RelaxationRequested && !c.chance(c.profile.tardy/4) {
		c.after(3, 11, func() {
			c.enter(events.KindRelaxationGranted, events.STOffice, c.today,
				&events.RelaxationGranted{Reason: "数字经济行业，适用放宽条件"})
		})
	}
	for _, w := range []struct {
		rule  events.RuleID
		unmet bool
	}{
		{"R03-2", !f.LegalEntity},
		{"R05-2", f.NewUnit},
		{"R06-1a", f.FoundedOn.AddMonths(36) > c.registeredOn},
		{"R06-2b", f.UsableAreaM2 < 5000 && !f.RelaxationRequested},
		{"R06-2c", f.EquipmentFen < 50_000_000_00 && !f.RelaxationRequested}, // this condition cannot be waived
		{"R12-1", len(f.LeadingIndustries) != 1},
	} {
		if w.unmet && !c.chance(.1+c.profile.tardy) {
			c.after(3, 11, func() {
				c.enter(events.KindWaiverGranted, events.STOffice, c.today,
					&events.WaiverGranted{Rule: w.rule, Reason: "专题研究，同意作为例外"})
			})
		}
	}
}

// reviewPreliminarily lets the center pass, or refuses it and plans an improvement.
func (c *center) reviewPreliminarily() {
	if c.enter(events.KindPreliminaryReviewed, events.STOffice, c.today, &events.PreliminaryReviewed{
		Passed: true}) != nil {
		c.after(6, 25, c.revisePlan)
		return
	}
	c.enter(events.KindPreliminaryReviewed, events.STOffice, c.today, &events.PreliminaryReviewed{Passed: false})
	if c.profile.hopeless && c.chance(.5) {
		return
	}
	c.after(40, 120, c.improve)
}

// improve changes the facts that did not meet a condition, as far as money can.
func (c *center) improve() {
	area, equipment, yes := int64(c.between(5000, 9000)), c.wan(5000, 9000), true
	c.enter(events.KindFactsChanged, events.CenterRole, c.happened(c.registeredOn),
		&events.FactsChanged{UsableAreaM2: &area, EquipmentFen: &equipment, EthicsCommittee: &yes})
	c.facts.UsableAreaM2, c.facts.EquipmentFen, c.facts.EthicsCommittee = area, equipment, yes
	c.after(5, 30, c.appraisePlan)
}

func (c *center) revisePlan() {
	if !c.chance(c.profile.tardy / 4) {
		c.enter(events.KindPlanRevised, events.CenterRole, c.today,
			&events.PlanRevised{Version: fmt.Sprint(c.next("plan") + 1)})
	}
	c.after(8, 30, c.appraiseJointly)
}

var (
	appraisers = []string{"st-office", "finance", "ndrc", "economy-it", "natural-resources", "ecology", "emergency",
		"local-gov"}
	graders = []string{"st-office", "industry-dept", "finance", "local-gov"}
)

// appraiseJointly holds the appraisal of R09-5 to R09-7. If it is refused, the fault is corrected and it is held
// again.
func (c *center) appraiseJointly() {
	data := &events.JointAppraisalHeld{Participants: appraisers, ExpertReviews: c.between(3, 9),
		ThirdPartyReviews: c.between(1, 2),
		Conclusions: events.Conclusions{Feasibility: true, Soundness: true, Necessity: true,
			Reasonableness: true}}
	if c.chance(c.profile.tardy / 2) {
		data.Participants, data.ThirdPartyReviews = appraisers[:c.between(5, 7)], 0
	}
	if c.enter(events.KindJointAppraisalHeld, events.STOffice, c.today, data) == nil {
		c.after(10, 30, c.revisePlan)
		return
	}
	if data.ThirdPartyReviews == 0 {
		c.mayClose("AL-PRC-03", c.today.String(), "补充第三方评审意见，予以销号")
	}
	c.after(8, 35, c.meet)
}

func (c *center) meet() {
	approved := !(c.profile.hopeless && c.chance(.5))
	if c.enter(events.KindSpecialMeetingDecided, events.STOffice, c.today, &events.SpecialMeetingDecided{
		Approved: approved}) == nil {
		c.after(10, 30, c.appraiseJointly)
		return
	}
	if approved {
		c.inTerm(6, 28, 35, 70, c.awardPlaque)
	}
}

// awardPlaque makes the center active, and plans its terms and its spending.
func (c *center) awardPlaque() {
	no := fmt.Sprintf("ZJTTC-%d-%04d", c.today.Year(), c.number)
	if c.enter(events.KindPlaqueAwarded, events.STOffice, c.today, &events.PlaqueAwarded{PlaqueNo: no}) == nil {
		return
	}
	c.plaqueOn = c.today
	c.inTerm(10, 50, 66, 150, func() { c.fileTaskBook(c.plaqueOn) })
	for _, item := range strings.Fields("team bylaws project-rules expert-committee party-organisation") {
		if !c.chance(c.profile.tardy / 2) {
			c.inTerm(8, 160, 190, 330, func() { c.recordGovernance(item) })
		}
	}
	c.startMoney()
	c.story(c)
	if c.chance(.2) {
		pick(c, stories)(c)
	}
	c.at(events.DateOf(c.today.Year()+1, 1, c.between(2, 9)), c.beginYear)
}

func (c *center) recordGovernance(item string) {
	c.enter(events.KindGovernanceRecorded, events.CenterRole, c.happened(c.plaqueOn),
		&events.GovernanceRecorded{Item: item})
}
