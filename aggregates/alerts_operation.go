package aggregates

import (
	"cmp"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// taskBookAlerts raises AL-TSK-01, AL-TSK-02 and AL-RPT-03, about the task book, its end, and the report due at its
// end.
func (v *view) taskBookAlerts() {
	books := v.taskBooks.upTo(v.on)
	if g := v.plaque(); g != nil {
		if p := v.t.At(g.on); p != nil {
			days := p.Parameters.TaskBookDays.Value
			if x := v.overdue(p, "AL-TSK-01", "", g.place, days, books.first(always).at()); x != nil {
				x.say("%v 授牌，建设任务书应在其后 %d 天内（%v 止）备案，逾期",
					"the task book is overdue: it was due within %[2]d days of the plaque of %[1]v, by %[3]v",
					g.on, days, g.on+events.Date(days))
			}
		}
	}
	for i, b := range books {
		end := b.what.PeriodEnd
		p := v.t.At(end)
		if p == nil {
			continue
		}
		var next place
		if i+1 < len(books) {
			next = books[i+1].place
		}
		notice := p.Parameters.TaskBookNoticeDays.Value
		if x := v.raise(p, "AL-TSK-02", end.String(), max(end-events.Date(notice), b.on),
			soonest(place{on: end + 1}, next), b.rev); x != nil {
			x.say("%v 备案的建设任务书，责任期于 %v 届满",
				"the responsibility period of the task book filed on %v ends on %v", b.on, end)
			x.show(dateFigure("periodEnd", end),
				dateFigure("filedOn", b.on).labelled(text.Say("备案日期", "filed on")), countFigure("notice", notice))
		}

		due := end + events.Date(p.Parameters.FinalReportDays.Value) + 1
		if next.on == 0 || next.on > due {
			filed := v.finalReports.upTo(v.on).from(b.on).first(always)
			if x := v.raise(p, "AL-RPT-03", end.String(), due, filed.at(), b.rev); x != nil {
				x.say("任务书责任期于 %v 届满，期满绩效自评报告应在其后 %d 天内（%v 止）报送，逾期",
					"the final report is overdue: it was due within %[2]d days of the end of the task book's period "+
						"on %[1]v, by %[3]v", end, p.Parameters.FinalReportDays.Value, due-1)
				x.show(termFigures(end, p.Parameters.FinalReportDays.Value)...)
				x.show(dateFigure("filedOn", b.on).labelled(text.Say("任务书备案日期", "task book filed on")))
			}
		}
	}
}

// governed holds the items of articles 11 and 14 that must be in place.
var governed = []struct {
	item string
	rule events.RuleID
}{
	{"team", "R11-1"}, {"bylaws", "R11-2"}, {"project-rules", "R14-1"}, {"expert-committee", "R11-4"},
	{"party-organisation", "R11-3"},
}

// governanceAlerts raises AL-GOV-01.
func (v *view) governanceAlerts() {
	g := v.plaque()
	if g == nil {
		return
	}
	p := v.t.At(g.on)
	if p == nil {
		return
	}
	for _, item := range governed {
		there := v.governance.upTo(v.on).first(func(r *events.GovernanceRecorded) bool { return r.Item == item.item })
		if x := v.overdue(p, "AL-GOV-01", item.item, g.place, p.Parameters.GovernanceDays.Value,
			there.at()); x != nil {
			word := events.ValueWord(events.KindGovernanceRecorded, "item", item.item)
			x.Rules = rules(item.rule)
			x.say("%v 授牌，“%s”应在其后 %d 天内（%v 止）建立并记录，逾期",
				"%[2]s is overdue: it was due within %[3]d days of the plaque of %[1]v, by %[4]v",
				g.on, word, p.Parameters.GovernanceDays.Value, g.on+events.Date(p.Parameters.GovernanceDays.Value))
			x.show(wordFigure("item", item.item, word))
		}
	}
}

// safetyAlerts raises AL-SAF-01, AL-INC-01 and AL-INC-02.
func (v *view) safetyAlerts() {
	for _, t := range v.trials.upTo(v.on) {
		if t.what.OnProductionLine {
			if x := v.raise(v.t.At(t.on), "AL-SAF-01", t.what.Trial, t.on, place{}, t.rev); x != nil {
				x.say("试验 %s（%v）在已投用的生产装置上进行",
					"the trial %s of %v was done on a production line in use", t.what.Trial, t.on)
				x.show(NewFigure("trial", t.what.Trial), dateFigure("occurredOn", t.on),
					yesNoFigure("onProductionLine", true))
			}
		}
	}
	if since := earliest(v.passedOn(), v.plaqueOn()); since != 0 {
		for _, i := range v.incidents.upTo(v.on).from(since) {
			if i.what.Severity == "major" {
				closed := firstOf[*events.IncidentClosed](v.index, "incident", i.what.Incident, v.on)
				if x := v.raise(v.t.At(i.on), "AL-INC-01", i.what.Incident, i.on, closed.at(), i.rev); x != nil {
					kind := events.ValueWord(events.KindIncidentRecorded, "kind", i.what.Kind)
					x.say("%v 发生重大%s事故 %s", "a major %[2]s incident, %[3]s, occurred on %[1]v", occurredOn(&i),
						kind, i.what.Incident)
					x.show(NewFigure("incident", i.what.Incident), wordFigure("kind", i.what.Kind, kind),
						wordFigure("severity", i.what.Severity,
							events.ValueWord(events.KindIncidentRecorded, "severity", i.what.Severity)),
						dateFigure("occurredOn", occurredOn(&i)),
						dateFigure("recordedOn", i.on).labelled(text.Say("记录日期", "recorded on")),
						dateFigure("since", since).labelled(text.Say("通过初步审核（或更早授牌）日期",
							"first passed preliminary review, or earlier plaque")))
				}
			}
		}
	}
	for _, l := range v.listings.upTo(v.on) {
		var ranOut place
		if l.what.Until != 0 {
			ranOut.on = l.what.Until + 1
		}
		gone := firstOf[*events.CreditDelisted](v.index, "listing", l.what.Listing, v.on)
		x := v.raise(v.t.At(l.on), "AL-INC-02", l.what.Listing, l.on, soonest(ranOut, gone.at()), l.rev)
		if x == nil {
			continue
		}
		if x.Rules = rules("R06-5e"); l.what.List == "dishonesty" {
			x.Rules = rules("R06-5d")
		}
		x.say("%v 列入%s（%s）", "listed on %v: %s (%s)", l.on,
			events.ValueWord(events.KindCreditListed, "list", l.what.List), l.what.Listing)
		x.show(listingFigures(&l)...)
	}
}

// ethicsAlerts raises AL-ETH-01 for each span of days after the plaque in which R06-6 is not met. A span can begin or
// end on the day of the plaque, on the day of a change of facts, and on the day on which a policy comes into force.
func (v *view) ethicsAlerts() {
	plaque := v.plaque()
	if plaque == nil {
		return
	}
	var days series[struct{}]
	days.add(plaque.place, struct{}{})
	for _, f := range v.facts.upTo(v.on).from(plaque.on) {
		days.add(f.place, struct{}{})
	}
	for _, p := range v.t.Adopted() {
		if p.EffectiveFrom > plaque.on && p.EffectiveFrom <= v.on {
			days.add(place{p.EffectiveFrom, 0}, struct{}{})
		}
	}
	var since place
	for _, day := range days {
		facts := v.factsAt(day.on)
		p := v.t.Reading(day.on)
		switch met := !p.Asks(policy.EthicsCommittee) || ethicsMet(p, &facts); {
		case !met && since.on == 0:
			since = day.place
		case met && since.on != 0:
			v.noEthicsCommittee(since, day.place)
			since = place{}
		}
	}
	if since.on != 0 {
		v.noEthicsCommittee(since, place{})
	}
}

// noEthicsCommittee raises AL-ETH-01 for one span of days.
func (v *view) noEthicsCommittee(since, met place) {
	if x := v.raise(v.t.At(since.on), "AL-ETH-01", "", since.on, met, since.rev, met.rev); x != nil {
		facts := v.factsAt(since.on)
		x.say("自 %v 起，从事科技伦理敏感领域研究而未设科技伦理（审查）委员会",
			"since %v the center works on ethically sensitive matters without an ethics committee", since.on)
		x.show(ethicsFigures(v.t.Reading(since.on), &facts)...)
		x.show(dateFigure("plaqueOn", v.plaqueOn()))
	}
}

// activeYears yields the calendar years that are over by the view's date and in which the center was active: by the
// last day of the year the plaque was awarded and the qualification was not revoked.
func (v *view) activeYears(yield func(year int)) {
	if v.plaqueOn() == 0 {
		return
	}
	for year := v.plaqueOn().Year(); events.YearEnd(year) < v.on; year++ {
		if v.activeIn(year) {
			yield(year)
		}
	}
}

func (v *view) activeIn(year int) bool {
	end := events.YearEnd(year)
	return v.plaqueOn() != 0 && v.plaqueOn() <= end && (v.revokedOn == 0 || v.revokedOn > end)
}

// reportAlerts raises AL-RPT-01 and AL-RPT-02. taskBookAlerts raises AL-RPT-03.
func (v *view) reportAlerts() {
	v.activeYears(func(year int) {
		p := v.t.At(events.YearEnd(year))
		if p == nil {
			return
		}
		filed := v.reportsFiled.upTo(v.on).first(func(r *events.AnnualReportFiled) bool { return r.Year == year })
		due := p.Parameters.AnnualReportDue.Value.In(year + 1)
		if x := v.raise(p, "AL-RPT-01", yearKey(year), due+1, filed.at(), v.plaque().rev); x != nil {
			x.say("%d 年度报告最迟应于 %v 报送，逾期",
				"the annual report for %d was due by %v and is overdue", year, due)
			x.show(countFigure("year", year), dateFigure("dueOn", due), dateFigure("plaqueOn", v.plaqueOn()))
		}
	})
	for _, f := range v.reportsFiled.upTo(v.on) {
		review := v.reportsReviewed.upTo(v.on).first(func(r *events.AnnualReportReviewed) bool {
			return r.Year == f.what.Year && r.Passed
		})
		if review == nil || review.on > f.on {
			if x := v.raise(v.t.At(f.on), "AL-RPT-02", yearKey(f.what.Year), f.on, review.at(), f.rev); x != nil {
				v.explainUnreviewed(x, f.what.Year, f.on)
			}
		}
	}
}

// explainUnreviewed says why an annual report that was filed on a day counts as not reviewed then.
func (v *view) explainUnreviewed(x *Explanation, year int, filedOn events.Date) {
	x.show(countFigure("year", year), dateFigure("filedOn", filedOn))
	latest := v.reportsReviewed.upTo(filedOn)
	for len(latest) > 0 && latest[len(latest)-1].what.Year != year {
		latest = latest[:len(latest)-1]
	}
	if len(latest) == 0 {
		x.say("%d 年度报告于 %v 报送，此前没有主管部门或所在地政府的审核",
			"the annual report for %d was filed on %v with no review on or before that day", year, filedOn)
		return
	}
	reviewedOn := latest[len(latest)-1].on
	x.say("%d 年度报告于 %v 报送，而 %v 的审核未通过",
		"the annual report for %d was filed on %v, and the review of %v was not passed", year, filedOn, reviewedOn)
	x.show(dateFigure("reviewedOn", reviewedOn).labelled(text.Say("审核日期", "reviewed on")))
}

// auditAlerts raises AL-AUD-01. The fact is the record that set the due date.
func (v *view) auditAlerts() {
	for _, f := range v.findings.upTo(v.on) {
		if f.what.DueOn != 0 {
			closed := firstOf[*events.AuditFindingClosed](v.index, "finding", f.what.Finding, v.on)
			if x := v.raise(v.t.At(f.on), "AL-AUD-01", f.what.Finding, f.what.DueOn+1, closed.at(), f.rev); x != nil {
				x.say("审计疑点 %s（%v 提出）最迟应于 %v 办结，逾期",
					"the audit finding %s, opened on %v, was to be settled by %v and is overdue", f.what.Finding, f.on,
					f.what.DueOn)
				x.show(NewFigure("finding", cmp.Or(f.what.Text, f.what.Finding)), dateFigure("openedOn", f.on),
					dateFigure("dueOn", f.what.DueOn))
			}
		}
	}
}
