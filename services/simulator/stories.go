package simulator

import (
	"fmt"
	"slices"

	"github.com/taizhang/taizhang/events"
)

// stories are unusual events in the life of a center. Each center with a plaque gets one in turn, and some get a
// second one.
var stories = []func(*center){
	(*center).tellMajorIncident, (*center).tellListing, (*center).tellEthicsLapse, (*center).tellProductionLineTrial,
	(*center).tellAudit, (*center).tellSurplus, (*center).tellReduction, (*center).tellWrongGrade,
	(*center).tellDoubleEntry,
	(*center).tellSmallIncident,
}

// mayClose closes out an alert some months later, if it is open then, with some probability.
func (c *center) mayClose(code, key, reason string) {
	if c.chance(.5) {
		return
	}
	role := pick(c, []events.Role{events.STOffice, events.Finance, events.Auditor})
	c.after(40, 130, func() {
		c.enter(events.KindAlertClosed, role, c.today, &events.AlertClosed{Code: code, Key: key, Reason: reason})
	})
}

func (c *center) tellMajorIncident() { c.incident("major", 30, 200) }
func (c *center) tellSmallIncident() { c.incident("general", 20, 300) }

// incident records an incident some days after it occurred and, usually, its end.
func (c *center) incident(severity string, lo, hi int) {
	c.after(lo, hi, func() {
		name := c.name("INC")
		role := pick(c, []events.Role{events.STOffice, events.IndustryDept, events.LocalGov})
		data := &events.IncidentRecorded{Incident: name, Kind: pick(c, []string{"safety", "quality", "environment"}),
			Severity: severity}
		if c.chance(.5) {
			data.OccurredOn = max(c.today-events.Date(c.between(1, 30)), c.registeredOn)
		}
		if c.enter(events.KindIncidentRecorded, role, c.today, data) == nil || c.chance(.25) {
			return
		}
		c.after(30, 120, func() {
			c.enter(events.KindIncidentClosed, role, c.today, &events.IncidentClosed{Incident: name})
		})
	})
}

// tellListing puts the center on a list, for a term, until it is taken off, or for good.
func (c *center) tellListing() {
	c.after(40, 260, func() {
		name := c.name("CR")
		data := &events.CreditListed{Listing: name, List: pick(c, []string{"dishonesty", "blacklist"})}
		if c.chance(.5) {
			data.Until = c.today.AddMonths(c.between(6, 24))
		}
		if c.enter(events.KindCreditListed, events.STOffice, c.today, data) == nil || c.chance(.3) {
			return
		}
		c.after(60, 150, func() {
			c.enter(events.KindCreditDelisted, events.STOffice, c.today, &events.CreditDelisted{Listing: name})
		})
	})
}

// tellEthicsLapse records sensitive research before there is a committee (R06-6).
func (c *center) tellEthicsLapse() {
	c.after(30, 250, func() {
		yes, no := true, false
		fields := slices.Compact(append(slices.Clone(c.facts.Fields), "ai"))
		c.enter(events.KindFactsChanged, events.CenterRole, c.happened(c.plaqueOn),
			&events.FactsChanged{Fields: fields, EthicsSensitive: &yes, EthicsCommittee: &no})
		if !c.chance(.25) {
			c.after(20, 120, func() {
				c.enter(events.KindFactsChanged, events.CenterRole, c.today,
					&events.FactsChanged{EthicsCommittee: &yes})
			})
		}
	})
}

// tellProductionLineTrial records a trial where R06-4c forbids it.
func (c *center) tellProductionLineTrial() {
	c.after(30, 300, func() {
		name := c.name("TR")
		if c.enter(events.KindTrialRecorded, events.CenterRole, c.happened(c.plaqueOn),
			&events.TrialRecorded{Trial: name, OnProductionLine: true}) != nil {
			c.mayClose("AL-SAF-01", name, "试验已停止并移出生产装置，予以销号")
		}
	})
}

func (c *center) runTrial() {
	c.enter(events.KindTrialRecorded, events.CenterRole, c.happened(c.plaqueOn),
		&events.TrialRecorded{Trial: c.name("TR")})
}

func (c *center) buyEquipment() {
	c.facts.EquipmentFen += c.wan(100, 2500)
	now := c.facts.EquipmentFen
	c.enter(events.KindFactsChanged, events.CenterRole, c.happened(c.plaqueOn),
		&events.FactsChanged{EquipmentFen: &now})
}

func (c *center) tellAudit() { c.after(60, 300, c.audit) }

// audit records an audit query point and, usually, its end.
func (c *center) audit() {
	name := c.name("SJ")
	text := pick(c, []string{"大额支出佐证材料不全", "外拨资金专账核算情况待核实", "固定资产入账不及时",
		"专家咨询费发放标准依据不足"})
	opened := c.enter(events.KindAuditFindingOpened, events.Auditor, c.today,
		&events.AuditFindingOpened{Finding: name, Text: text, DueOn: c.today + events.Date(10*c.between(3, 6))})
	if opened == nil || c.chance(.2) {
		return
	}
	c.inTerm(15, 30, 45, 120, func() {
		c.enter(events.KindAuditFindingClosed, events.Auditor, c.today,
			&events.AuditFindingClosed{Finding: name, Text: "已提供材料，核实无误"})
	})
}

// tellSurplus records the recovery of money that the center does not spend.
func (c *center) tellSurplus() {
	c.after(200, 400, func() {
		for _, k := range c.pockets {
			c.recover(k, .3, "收回结余资金")
		}
	})
}

// tellReduction reduces a grant before it is received.
func (c *center) tellReduction() {
	c.after(60, 200, func() {
		if k := c.grantOther(c.wan(80, 200)); k != nil {
			c.after(1, 5, func() { c.reduce(k, c.real(.1, .4), "预算调整，核减未拨付部分") })
		}
	})
}

// tellWrongGrade lets the next grade be corrected later, except for failing centers.
func (c *center) tellWrongGrade() { c.doubtful = c.profile != failing }

// tellDoubleEntry records a governance item twice and voids the second.
func (c *center) tellDoubleEntry() {
	c.after(20, 150, func() {
		r := c.enter(events.KindGovernanceRecorded, events.CenterRole, c.today,
			&events.GovernanceRecorded{Item: "other"})
		if r == nil {
			return
		}
		c.after(1, 10, func() {
			data := &events.EntryVoided{Event: r.ID.String(), Reason: fmt.Sprintf("%s误录入本中心", r.On.Chinese())}
			c.enter(events.KindEntryVoided, events.CenterRole, c.today, data)
		})
	})
}
