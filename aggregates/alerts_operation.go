package aggregates

import (
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// taskBookAlerts raises AL-TSK-01, AL-TSK-02 and AL-RPT-03, about the task book, its end, and the report due at its
// end.
func (v *view) taskBookAlerts() {
	books := v.taskBooks.upTo(v.on)
	if g := v.plaque(); g != nil {
		if p := v.t.At(g.on); p != nil {
			v.overdue(p, "AL-TSK-01", "", g.place, p.Parameters.TaskBookDays.Value, books.first(always).at())
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
		v.raise(p, "AL-TSK-02", end.String(), max(end-events.Date(p.Parameters.TaskBookNoticeDays.Value), b.on), soonest(place{on: end + 1}, next), b.rev)

		due := end + events.Date(p.Parameters.FinalReportDays.Value) + 1
		if next.on == 0 || next.on > due {
			filed := v.finalReports.upTo(v.on).from(b.on).first(always)
			v.raise(p, "AL-RPT-03", end.String(), due, filed.at(), b.rev)
		}
	}
}

// governed holds the items of articles 11 and 14 that must be in place.
var governed = []struct {
	item string
	rule events.RuleID
}{
	{"team", "R11-1"}, {"bylaws", "R11-2"}, {"project-rules", "R14-1"}, {"expert-committee", "R11-4"}, {"party-organisation", "R11-3"},
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
		if x := v.overdue(p, "AL-GOV-01", item.item, g.place, p.Parameters.GovernanceDays.Value, there.at()); x != nil {
			x.Rules = rules(item.rule)
		}
	}
}

// safetyAlerts raises AL-SAF-01, AL-INC-01 and AL-INC-02.
func (v *view) safetyAlerts() {
	for _, t := range v.trials.upTo(v.on) {
		if t.what.OnProductionLine {
			v.raise(v.t.At(t.on), "AL-SAF-01", t.what.Trial, t.on, place{}, t.rev)
		}
	}
	if since := earliest(v.passedOn(), v.plaqueOn()); since != 0 {
		for _, i := range v.incidents.upTo(v.on).from(since) {
			if i.what.Severity == "major" {
				closed := firstOf[*events.IncidentClosed](v.index, "incident", i.what.Incident, v.on)
				v.raise(v.t.At(i.on), "AL-INC-01", i.what.Incident, i.on, closed.at(), i.rev)
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
		if x != nil && l.what.List == "dishonesty" {
			x.Rules = rules("R06-5d")
		} else if x != nil {
			x.Rules = rules("R06-5e")
		}
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
			v.raise(v.t.At(since.on), "AL-ETH-01", "", since.on, day.place, since.rev, day.rev)
			since = place{}
		}
	}
	if since.on != 0 {
		v.raise(v.t.At(since.on), "AL-ETH-01", "", since.on, place{}, since.rev)
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
		v.raise(p, "AL-RPT-01", yearKey(year), p.Parameters.AnnualReportDue.Value.In(year+1)+1, filed.at(), v.plaque().rev)
	})
	for _, f := range v.reportsFiled.upTo(v.on) {
		review := v.reportsReviewed.upTo(v.on).first(func(r *events.AnnualReportReviewed) bool { return r.Year == f.what.Year && r.Passed })
		if review == nil || review.on > f.on {
			v.raise(v.t.At(f.on), "AL-RPT-02", yearKey(f.what.Year), f.on, review.at(), f.rev)
		}
	}
}

// auditAlerts raises AL-AUD-01. The fact is the record that set the due date.
func (v *view) auditAlerts() {
	for _, f := range v.findings.upTo(v.on) {
		if f.what.DueOn != 0 {
			closed := firstOf[*events.AuditFindingClosed](v.index, "finding", f.what.Finding, v.on)
			v.raise(v.t.At(f.on), "AL-AUD-01", f.what.Finding, f.what.DueOn+1, closed.at(), f.rev)
		}
	}
}
