package events

import (
	"reflect"

	"github.com/taizhang/taizhang/events/text"
)

// CenterRegistered is the registration of a center. It is the first event of the center.
type CenterRegistered struct{ Facts }

func (p *CenterRegistered) check(c *checker) { p.Facts.check(c) }

// Facts holds the registered facts of a center that articles 3, 5, 6 and 12 require.
type Facts struct {
	Name                 string   `json:"name"`
	USCC                 string   `json:"uscc"`
	LeadUnit             string   `json:"leadUnit"`
	Type                 string   `json:"type"`
	Services             []string `json:"services"`
	LeadingIndustries    []string `json:"leadingIndustries"`
	IndustryCode         string   `json:"industryCode"` // GB/T 4754
	Region               string   `json:"region"`       // GB/T 2260
	FoundedOn            Date     `json:"foundedOn"`
	LegalEntity          bool     `json:"legalEntity"`
	NewUnit              bool     `json:"newUnit"`
	UsableAreaM2         int64    `json:"usableAreaM2"`
	EquipmentFen         Fen      `json:"equipmentFen"` // original value
	RelaxationRequested  bool     `json:"relaxationRequested"`
	PilotFunction        bool     `json:"pilotFunction"`
	PilotDevicesSeparate bool     `json:"pilotDevicesSeparate"`
	Fields               []string `json:"fields"`
	EthicsSensitive      bool     `json:"ethicsSensitive"`
	EthicsCommittee      bool     `json:"ethicsCommittee"`
	Documents            []string `json:"documents"`
}

func (p *Facts) check(c *checker) {
	c.oneOf("type", p.Type, centerTypes)
	c.eachOf("services", p.Services, serviceTypes)
	c.industry("industryCode", p.IndustryCode)
	c.digits("region", p.Region, 6, 6)
	c.notNegative("usableAreaM2", p.UsableAreaM2)
	c.amountOrZero("equipmentFen", p.EquipmentFen)
}

// CenterAssigned is the assignment of the offices responsible for the center (R04-6, R04-8).
type CenterAssigned struct {
	IndustryDept string `json:"industryDept"`
	LocalGov     string `json:"localGov"` // GB/T 2260
}

func (p *CenterAssigned) check(c *checker) { c.digits("localGov", p.LocalGov, 6, 6) }

// FactsChanged replaces the registered facts that it names; a nil member is unchanged.
type FactsChanged struct {
	Name                 *string  `json:"name,omitzero"`
	USCC                 *string  `json:"uscc,omitzero"`
	LeadUnit             *string  `json:"leadUnit,omitzero"`
	Type                 *string  `json:"type,omitzero"`
	Services             []string `json:"services,omitzero"`
	LeadingIndustries    []string `json:"leadingIndustries,omitzero"`
	IndustryCode         *string  `json:"industryCode,omitzero"`
	Region               *string  `json:"region,omitzero"`
	FoundedOn            Date     `json:"foundedOn,omitzero"`
	LegalEntity          *bool    `json:"legalEntity,omitzero"`
	NewUnit              *bool    `json:"newUnit,omitzero"`
	UsableAreaM2         *int64   `json:"usableAreaM2,omitzero"`
	EquipmentFen         *Fen     `json:"equipmentFen,omitzero"`
	RelaxationRequested  *bool    `json:"relaxationRequested,omitzero"`
	PilotFunction        *bool    `json:"pilotFunction,omitzero"`
	PilotDevicesSeparate *bool    `json:"pilotDevicesSeparate,omitzero"`
	Fields               []string `json:"fields,omitzero"`
	EthicsSensitive      *bool    `json:"ethicsSensitive,omitzero"`
	EthicsCommittee      *bool    `json:"ethicsCommittee,omitzero"`
	Documents            []string `json:"documents,omitzero"`
}

func (p *FactsChanged) check(c *checker) {
	if reflect.ValueOf(*p).IsZero() {
		c.problems = append(c.problems, Problem{Field: "data",
			Reason: text.Say("没有写明任何事实", "must change at least one fact")})
	}
	if p.Type != nil {
		c.oneOf("type", *p.Type, centerTypes)
	}
	c.eachOf("services", p.Services, serviceTypes)
	if p.IndustryCode != nil {
		c.industry("industryCode", *p.IndustryCode)
	}
	if p.Region != nil {
		c.digits("region", *p.Region, 6, 6)
	}
	if p.UsableAreaM2 != nil {
		c.notNegative("usableAreaM2", *p.UsableAreaM2)
	}
	if p.EquipmentFen != nil {
		c.amountOrZero("equipmentFen", *p.EquipmentFen)
	}
}

// ConditionJudged is a human conclusion on a rule of articles 3 to 8.
type ConditionJudged struct {
	Rule       RuleID `json:"rule"`
	Conclusion string `json:"conclusion"` // met, basically-met, not-met
}

func (p *ConditionJudged) check(c *checker) {
	c.id("rule", string(p.Rule))
	c.oneOf("conclusion", p.Conclusion, conclusionTypes)
}

// WaiverGranted is a waiver of an in-principle rule for the center (OP-04).
type WaiverGranted struct {
	Rule   RuleID `json:"rule"`
	Reason string `json:"reason"`
}

func (p *WaiverGranted) check(c *checker) { c.id("rule", string(p.Rule)) }

// RelaxationGranted lowers the thresholds of R06-2 for an industry of OP-11 (R06-2d).
type RelaxationGranted struct {
	Reason string `json:"reason"`
}

func (p *RelaxationGranted) check(*checker) {}

// PlanAppraised is the appraisal that article 9 requires before the preliminary review (R09-2).
type PlanAppraised struct {
	Passed  bool   `json:"passed"`
	Opinion string `json:"opinion"`
}

func (p *PlanAppraised) check(*checker) {}

// PreliminaryReviewed is the review by the S&T office (R09-3).
type PreliminaryReviewed struct {
	Passed bool `json:"passed"`
}

func (p *PreliminaryReviewed) check(*checker) {}

// PlanRevised is the plan completed after the preliminary review (R09-4).
type PlanRevised struct {
	Version string `json:"version"`
}

func (p *PlanRevised) check(*checker) {}

// JointAppraisalHeld is the appraisal by the departments together (R09-5 to R09-7).
type JointAppraisalHeld struct {
	Participants      []string    `json:"participants"`
	ExpertReviews     int         `json:"expertReviews"`
	ThirdPartyReviews int         `json:"thirdPartyReviews"`
	Conclusions       Conclusions `json:"conclusions"`
}

func (p *JointAppraisalHeld) check(c *checker) {
	c.notNegative("expertReviews", int64(p.ExpertReviews))
	c.notNegative("thirdPartyReviews", int64(p.ThirdPartyReviews))
}

// Conclusions holds the answers to the four questions of R09-7.
type Conclusions struct {
	Feasibility    bool `json:"feasibility"`
	Soundness      bool `json:"soundness"`
	Necessity      bool `json:"necessity"`
	Reasonableness bool `json:"reasonableness"`
}

// SpecialMeetingDecided is the decision of the special meeting (R09-8).
type SpecialMeetingDecided struct {
	Approved bool `json:"approved"`
}

func (p *SpecialMeetingDecided) check(*checker) {}

// PlaqueAwarded makes the center active (R09-9).
type PlaqueAwarded struct {
	PlaqueNo string `json:"plaqueNo"`
}

func (p *PlaqueAwarded) check(*checker) {}
