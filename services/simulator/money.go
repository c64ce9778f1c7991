package simulator

import (
	"fmt"
	"slices"

	"github.com/taizhang/taizhang/events"
)

// pocket is the money of one grant or match in the center's own bookkeeping, in fen.
type pocket struct {
	name     string
	match    bool
	source   events.Source
	since    events.Date // the date when it was granted or committed
	firstOn  events.Date // the date of the first receipt
	net      events.Fen  // granted minus reversed
	received events.Fen  // recoveries are not subtracted
	balance  events.Fen
	usable   events.Fen // available this year: carried in and received
	spent    events.Fen // the part of usable that is spent
}

// startMoney grants a new center a start-up allowance and, often, matching money.
func (c *center) startMoney() {
	c.after(12, 70, func() { c.grantOther(c.wan(80, 320)) })
	if c.chance(.35) {
		c.after(20, 120, c.commitMatching)
	}
}

// planMoney plans the grants of a year. Project money waits for the grade of the year before (R17-2).
func (c *center) planMoney(year int) {
	if c.chance(.55) {
		c.after(40, 170, func() { c.grantOther(c.wan(60, 350)) })
	}
	if c.chance(.45) {
		c.after(50, 130, c.commitMatching)
	}
	for range c.between(0, 2) {
		c.after(30, 200, func() { c.approveProject(year) })
	}
}

func (c *center) approveProject(year int) {
	if !c.active() {
		return
	}
	project := c.name("PRJ")
	data := &events.ProjectApproved{
		Project: project, Name: fmt.Sprintf("%s重大中试验证项目（%d）", c.facts.LeadingIndustries[0], c.count["PRJ"]),
		MajorPilotVerification: !c.chance(.08), Eligible: !c.chance(.05)}
	if c.enter(events.KindProjectApproved, events.STOffice, c.today, data) == nil {
		return
	}
	amount := c.wan(15, 65) * 10
	if c.chance(c.profile.defiant / 4) { // breaks the cap of R17-2 together with other projects
		amount = c.wan(70, 100) * 10
	}
	c.after(15, 60, func() { c.grantProject(project, year, amount, 3) })
}

// grantProject grants project money. If a rule refuses it, usually because the reference grade is not decided yet,
// it tries again later.
func (c *center) grantProject(project string, year int, amount events.Fen, tries int) {
	if c.today.Year() != year {
		return
	}
	if c.grades[year-1] == "" && tries > 0 && !c.chance(c.profile.defiant/8) {
		c.after(30, 70, func() { c.grantProject(project, year, amount, tries-1) })
		return
	}
	data := events.SubsidyGranted{Category: events.ProjectMoney, Source: events.MajorProgram, FiscalYear: year,
		Project: project, AmountFen: amount}
	if c.chance(c.profile.defiant / 8) {
		data.Source = events.ProvinceOther // breaks R17-2
	}
	if c.grant(data) == nil && tries > 0 {
		c.after(30, 70, func() { c.grantProject(project, year, amount, tries-1) })
	}
}

// grantConstruction grants the 2 000 000 yuan for an excellent year (R17-1), sometimes in two parts.
func (c *center) grantConstruction(year int, gradedOn events.Date) {
	if !slices.Contains(c.supportYears, year) {
		return
	}
	whole := c.wan(200, 200)
	data := events.SubsidyGranted{Category: events.Construction, Source: events.CentralGuidance,
		FiscalYear: c.today.Year(), ForYear: year, AmountFen: whole}
	if c.chance(.2) {
		data.AmountFen = whole / 2
		c.after(20, 60, func() {
			second := data
			second.FiscalYear = c.today.Year()
			c.grant(second)
		})
	}
	c.grant(data)
}

// grantOther grants money that article 17 does not regulate.
func (c *center) grantOther(amount events.Fen) *pocket {
	data := events.SubsidyGranted{Category: events.OtherCategory, Source: events.ProvinceOther,
		FiscalYear: c.today.Year(), AmountFen: amount}
	if c.chance(.15) {
		data.Source = events.CentralGuidance
	}
	if _, month, _ := c.today.Civil(); month >= 11 && c.chance(.5) {
		data.FiscalYear++ // allocated ahead of its year
	}
	return c.grant(data)
}

// grant records an allocation under a new name and plans its receipts in instalments; the last one may never come.
// It returns nil if the grant was refused.
func (c *center) grant(data events.SubsidyGranted) *pocket {
	if !c.active() {
		return nil
	}
	on := c.today
	if c.chance(.03) && data.FiscalYear == c.today.Year() { // the document is entered weeks later
		late := events.Date(c.between(min(15, c.cfg.LateDays), min(40, c.cfg.LateDays)))
		on = max(on-late, c.plaqueOn, events.DateOf(data.FiscalYear, 1, 1))
	}
	data.Grant = fmt.Sprintf("G-%04d-%02d", c.number, c.count["G"]+1)
	if c.enter(events.KindSubsidyGranted, events.Finance, on, &data) == nil {
		return nil
	}
	c.count["G"]++
	k := &pocket{name: data.Grant, source: data.Source, since: on, net: data.AmountFen}
	c.pockets = append(c.pockets, k)
	c.inTerm(6, 38, 62, 120, func() { c.receive(k, pick(c, []int{1, 1, 1, 2, 3})) })
	return k
}

// commitMatching records a commitment of local government for the year (R04-9).
func (c *center) commitMatching() {
	if !c.active() {
		return
	}
	year := c.today.Year()
	data := &events.MatchingCommitted{Match: fmt.Sprintf("M-%04d-%02d", c.number, c.count["M"]+1), FiscalYear: year,
		Level: pick(c, []string{"city", "county"}), AmountFen: c.wan(3, 20) * 10}
	if c.chance(.8) {
		data.DueOn = max(events.DateOf(year, 9, 30), c.today+60)
	}
	if c.enter(events.KindMatchingCommitted, events.LocalGov, c.today, data) == nil {
		return
	}
	c.count["M"]++
	k := &pocket{name: data.Match, match: true, source: events.Local, since: c.today, net: data.AmountFen}
	c.pockets = append(c.pockets, k)
	c.inTerm(20, 100, 130, 260, func() { c.receive(k, c.between(1, 2)) })
}

// receive records one of the remaining instalments.
func (c *center) receive(k *pocket, instalments int) {
	amount := (k.net - k.received) / events.Fen(instalments)
	if amount <= 0 {
		return
	}
	on, role := c.happened(k.since), events.CenterRole
	var got *events.Record
	if k.match {
		if c.chance(.5) {
			role = events.LocalGov
		}
		got = c.enter(events.KindMatchingReceived, role, on,
			&events.MatchingReceived{Match: k.name, AmountFen: amount})
	} else {
		if c.chance(.4) {
			role = events.Finance
		}
		got = c.enter(events.KindSubsidyReceived, role, on, &events.SubsidyReceived{Grant: k.name, AmountFen: amount})
	}
	if got == nil {
		return
	}
	if k.firstOn == 0 {
		k.firstOn = on
	}
	k.received += amount
	k.balance += amount
	k.usable += amount
	if instalments > 1 && !c.chance(c.profile.tardy/3) {
		c.after(10, 60, func() { c.receive(k, instalments-1) })
	}
	if c.revokedOn == 0 {
		c.startSpending()
	}
}

// deferAllocations defers the allocations of the year after a low one (R20-6). Most deferrals are released once
// money is spent.
func (c *center) deferAllocations(year int) {
	if !c.active() || year == c.cfg.To.Year() && leaves(&c.cfg.Undeferred) || c.chance(c.profile.tardy/3) {
		return
	}
	if c.enter(events.KindAllocationDeferred, events.Finance, c.today,
		&events.AllocationDeferred{FiscalYear: year}) == nil {
		return
	}
	c.use = max(c.use, c.real(.55, .85))
	if c.chance(.75) {
		c.after(90, 210, func() {
			data := &events.DeferralReleased{FiscalYear: year, Reason: "执行率已达到要求，予以安排"}
			if c.enter(events.KindDeferralReleased, events.Finance, c.today, data) != nil {
				c.after(15, 60, func() { c.grantOther(c.wan(60, 250)) })
			}
		})
	}
}

// closeAccounts begins a new year for every pocket and drops finished pockets. It reports whether less than 60 % of
// the provincial money of the last year was spent, according to the center's own bookkeeping (R20-6).
func (c *center) closeAccounts() (low bool) {
	var usable, spent events.Fen
	for _, k := range c.pockets {
		if k.source == events.MajorProgram || k.source == events.ProvinceOther {
			usable += k.usable
			spent += k.spent
		}
		k.usable, k.spent = k.balance, 0
	}
	c.pockets = slices.DeleteFunc(c.pockets, func(k *pocket) bool {
		return k.balance == 0 && k.received == k.net && k.since < c.today-730
	})
	return spent*100 < usable*60
}

// recover records the recovery of a share of the unspent money of a grant.
func (c *center) recover(k *pocket, share float64, reason string) {
	amount := events.Fen(float64(k.balance) * share)
	data := &events.FundsRecovered{Grant: k.name, AmountFen: amount, Reason: reason}
	if k.match || amount <= 0 || c.enter(events.KindFundsRecovered, events.Finance, c.today, data) == nil {
		return
	}
	k.balance -= amount
	k.usable -= amount
}

// reduce records the reversal of a share of the money that was granted and not received.
func (c *center) reduce(k *pocket, share float64, reason string) {
	amount := events.Fen(float64(k.net-k.received) * share)
	data := &events.SubsidyReversed{Grant: k.name, AmountFen: amount, Reason: reason}
	if k.match || amount <= 0 || c.enter(events.KindSubsidyReversed, events.Finance, c.today, data) == nil {
		return
	}
	k.net -= amount
}

// recoverAll recovers all unspent money of a revoked center.
func (c *center) recoverAll() {
	for _, k := range c.pockets {
		c.reduce(k, 1, "资格取消，未拨付部分不再安排")
		if c.chance(.8) {
			c.recover(k, 1, "资格取消，收回结余资金")
		}
	}
}
