package naive

import (
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// operation raises the alerts about task books, governance, safety, ethics, reports and audit findings.
func (l *ledger) operation() {
	l.taskBooks()
	if plaque := l.plaqueOn(); l.timeline.At(plaque) != nil {
		par := l.timeline.At(plaque).Parameters
		l.raise("AL-TSK-01", "", after(plaque, par.TaskBookDays.Value), first(l, always[events.TaskBookFiled]))
		for _, item := range []string{"team", "bylaws", "project-rules", "expert-committee", "party-organisation"} {
			l.raise("AL-GOV-01", item, after(plaque, par.GovernanceDays.Value),
				first(l, func(_ events.Date, p *events.GovernanceRecorded) bool { return p.Item == item }))
		}
	}
	for r, p := range judged[events.TrialRecorded](l) {
		if p.OnProductionLine {
			l.raise("AL-SAF-01", p.Trial, r.On)
		}
	}
	l.incidents()
	l.ethics()
	l.annualReports()
	for _, p := range judged[events.AuditFindingOpened](l) {
		if p.DueOn != 0 {
			l.raise("AL-AUD-01", p.Finding, p.DueOn+1,
				first(l, func(_ events.Date, q *events.AuditFindingClosed) bool { return q.Finding == p.Finding }))
		}
	}
}

func (l *ledger) taskBooks() {
	for r, book := range all[events.TaskBookFiled](l) {
		at := l.timeline.At(book.PeriodEnd)
		if at == nil {
			continue
		}
		next := l.nextTaskBookOn(r)
		notice := book.PeriodEnd - events.Date(at.Parameters.TaskBookNoticeDays.Value)
		l.raise("AL-TSK-02", book.PeriodEnd.String(), max(notice, r.On), book.PeriodEnd+1, next)
		if due := after(book.PeriodEnd, at.Parameters.FinalReportDays.Value); next == 0 || next > due {
			l.raise("AL-RPT-03", book.PeriodEnd.String(), due,
				first(l, func(d events.Date, _ *events.FinalReportFiled) bool { return d >= r.On }))
		}
	}
}

// nextTaskBookOn returns the day of the next task book filed after this one, or none.
func (l *ledger) nextTaskBookOn(this *events.Recorded) events.Date {
	for r := range all[events.TaskBookFiled](l) {
		if r.On > this.On || r.On == this.On && r.Position > this.Position {
			return r.On
		}
	}
	return 0
}

func (l *ledger) incidents() {
	watched := earliest(first(l, reviewPassed), l.plaqueOn())
	for r, p := range judged[events.IncidentRecorded](l) {
		if p.Severity == "major" && by(watched, r.On) {
			l.raise("AL-INC-01", p.Incident, r.On,
				first(l, func(_ events.Date, q *events.IncidentClosed) bool { return q.Incident == p.Incident }))
		}
	}
	for r, p := range judged[events.CreditListed](l) {
		delisted := first(l, func(_ events.Date, q *events.CreditDelisted) bool { return q.Listing == p.Listing })
		if p.Until != 0 {
			delisted = earliest(delisted, p.Until+1)
		}
		l.raise("AL-INC-02", p.Listing, r.On, delisted)
	}
}

// ethics raises the alert about the days after the plaque on which the committee of R06-6 is missing.
func (l *ledger) ethics() {
	plaque := l.plaqueOn()
	if plaque == 0 {
		return
	}
	changes := days[events.FactsChanged, events.PlaqueAwarded](l)
	for _, p := range l.timeline.Adopted() {
		if p.EffectiveFrom <= l.on {
			changes = append(changes, p.EffectiveFrom)
		}
	}
	unmet := func(on events.Date) bool {
		at := l.reading(on)
		for _, row := range at.Admission {
			if row.Condition == policy.EthicsCommittee && !l.met(at, row.Condition, on) {
				return on >= plaque
			}
		}
		return false
	}
	for _, s := range spells(changes, unmet) {
		if l.timeline.At(s.from) != nil {
			l.raise("AL-ETH-01", "", s.from, s.to)
		}
	}
}

func (l *ledger) annualReports() {
	for _, year := range l.years() {
		at := l.timeline.At(events.YearEnd(year))
		if at == nil || !l.active(year) {
			continue
		}
		l.raise("AL-RPT-01", itoa(year), at.Parameters.AnnualReportDue.Value.In(year+1)+1,
			first(l, func(_ events.Date, p *events.AnnualReportFiled) bool { return p.Year == year }))
		l.raise("AL-EVL-01", itoa(year), at.Parameters.GradeDue.Value.In(year+1)+1, l.decidedOn(year))
	}
	for r, p := range judged[events.AnnualReportFiled](l) {
		passed := first(l, func(_ events.Date, q *events.AnnualReportReviewed) bool {
			return q.Year == p.Year && q.Passed
		})
		if !by(passed, r.On) {
			l.raise("AL-RPT-02", itoa(p.Year), r.On, passed)
		}
	}
}
