package naive

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// gradings raises the alerts about the grades of the years and about the consequences of failed years (article 18).
func (l *ledger) gradings() {
	var years []int
	for _, p := range all[events.GradeDecided](l) {
		years = append(years, p.Year)
	}
	for r, p := range judged[events.GradeDecided](l) {
		lacking := slices.ContainsFunc(r.at.Parameters.GradingParticipants.Value, func(who string) bool {
			return !slices.Contains(p.Participants, who)
		})
		if lacking || p.ExpertReviews < 1 || p.ThirdPartyReviews < 1 {
			l.raise("AL-EVL-02", itoa(p.Year), r.On)
		}
		if book := first(l, always[events.TaskBookFiled]); !by(book, r.On) {
			l.raise("AL-EVL-03", itoa(p.Year), r.On, book)
		}
	}
	for _, year := range years {
		for _, s := range l.spellsOf(policy.Fail, year) {
			l.failed(year, s)
			l.rectification(year, s)
		}
		for _, s := range l.spellsOf(policy.Top, year) {
			l.excellent(year, s)
		}
		l.revocationDue(year)
		l.rulingDue(year)
	}
}

// decidedOn returns the day on which a year was first graded, or none.
func (l *ledger) decidedOn(year int) events.Date {
	return first(l, func(_ events.Date, p *events.GradeDecided) bool { return p.Year == year })
}

// grade returns the outcome of the grade of a year at the end of a day, or "" if there is no grade.
func (l *ledger) grade(year int, on events.Date) policy.Outcome {
	var outcome policy.Outcome
	for _, r := range l.events {
		if r.On > on {
			break
		}
		switch p := r.Data.(type) {
		case *events.GradeDecided:
			if p.Year == year {
				outcome = l.reading(r.On).Outcome(p.Grade)
			}
		case *events.GradeRevised:
			if p.Year == year {
				outcome = l.reading(r.On).Outcome(p.Grade)
			}
		}
	}
	return outcome
}

// spellsOf returns the runs of days on which all of the given years had grades of one outcome.
func (l *ledger) spellsOf(outcome policy.Outcome, years ...int) []spell {
	return spells(days[events.GradeDecided, events.GradeRevised](l), func(on events.Date) bool {
		for _, year := range years {
			if l.grade(year, on) != outcome {
				return false
			}
		}
		return true
	})
}

// failed raises the alerts about steps that are overdue after a year failed, for as long as the year stays failed.
func (l *ledger) failed(year int, s spell) {
	at := l.timeline.At(s.from)
	if at == nil {
		return
	}
	l.raise("AL-RCT-01", itoa(year), after(s.from, at.Parameters.RectificationOrderDays.Value), s.to,
		first(l, func(_ events.Date, p *events.RectificationOrdered) bool { return p.Year == year }))
	l.raise("AL-ITV-01", itoa(year), after(s.from, at.Parameters.InterviewDays.Value), s.to,
		first(l, func(_ events.Date, p *events.InterviewHeld) bool { return p.Year == year && p.Principal }))
}

// rectification raises the alert about a rectification order not fulfilled by its term, for as long as the year stays
// failed.
func (l *ledger) rectification(year int, s spell) {
	for r, p := range judged[events.RectificationOrdered](l) {
		if p.Year != year {
			continue
		}
		due := p.DueOn
		if due == 0 {
			due = r.On + events.Date(r.at.Parameters.RectificationTermDays.Value)
		}
		on := max(due+1, s.from, r.On)
		if l.grade(year, on) != policy.Fail {
			continue
		}
		l.raise("AL-RCT-02", itoa(year), on, s.to,
			first(l, func(_ events.Date, q *events.RectificationAccepted) bool { return q.Year == year }))
	}
}

// excellent raises the alert about the overdue construction subsidy of a year that became excellent, except while it
// is deferred.
func (l *ledger) excellent(year int, s spell) {
	at := l.timeline.At(s.from)
	if at == nil {
		return
	}
	due := after(s.from, at.Parameters.ConstructionDays.Value)
	if due > l.on || !slices.Contains(l.supportYears(due), year) {
		return
	}
	for _, owed := range l.notDeferred(year+1, due) {
		l.raise("AL-AWD-02", itoa(year), owed.from, owed.to, s.to,
			l.constructionReached(year, at.Parameters.ConstructionFen.Value))
	}
}

// supportYears returns the support years of the latest task book filed on or before a day.
func (l *ledger) supportYears(on events.Date) []int {
	var years []int
	for r, p := range all[events.TaskBookFiled](l) {
		if r.On <= on {
			years = p.SupportYears
		}
	}
	return years
}

// word is a decision about the allocations of a fiscal year: deferred or released (R20-7). The latest one counts.
type word string

const (
	deferred word = "deferred"
	released word = "released"
)

// notDeferred returns the runs of days, from a day on, on which a fiscal year is not deferred.
func (l *ledger) notDeferred(fiscalYear int, from events.Date) []spell {
	words := []events.Date{from}
	for _, d := range days[events.AllocationDeferred, events.DeferralReleased](l) {
		if d > from {
			words = append(words, d)
		}
	}
	return spells(words, func(on events.Date) bool { return l.latestWord(fiscalYear, on) != deferred })
}

func (l *ledger) latestWord(fiscalYear int, on events.Date) word {
	var latest word
	for _, r := range l.events {
		if r.On > on {
			break
		}
		switch p := r.Data.(type) {
		case *events.AllocationDeferred:
			if p.FiscalYear == fiscalYear {
				latest = deferred
			}
		case *events.DeferralReleased:
			if p.FiscalYear == fiscalYear {
				latest = released
			}
		}
	}
	return latest
}

// revocationDue raises AL-REV-01 for a year that completes the number of consecutive failed years that costs the
// qualification (R18-3). The policy of the day on which all of them are failed gives the number.
func (l *ledger) revocationDue(year int) {
	for _, p := range l.timeline.Adopted() {
		var run []int
		for y := year; y > year-p.Parameters.FailuresToRevoke.Value; y-- {
			run = append(run, y)
		}
		for _, s := range l.spellsOf(policy.Fail, run...) {
			if l.timeline.At(s.from) == p && !by(l.revokedOn(), s.from) {
				l.raise("AL-REV-01", itoa(year), s.from, s.to, l.revokedOn())
			}
		}
	}
}

// rulingDue raises AL-REV-03 if one year among such consecutive years is not graded, so that a human must rule
// (OP-25).
func (l *ledger) rulingDue(year int) {
	for _, p := range l.timeline.Adopted() {
		n := p.Parameters.FailuresToRevoke.Value
		for gap := year - 1; gap > year-n; gap-- {
			if !l.active(gap) {
				continue
			}
			var run []int
			for y := year; y >= year-n; y-- {
				if y != gap {
					run = append(run, y)
				}
			}
			graded := l.decidedOn(gap)
			for _, s := range l.spellsOf(policy.Fail, run...) {
				if l.timeline.At(s.from) == p && !by(graded, l.failedSince(year, s.from)) {
					l.raise("AL-REV-03", itoa(year), s.from, s.to, graded)
				}
			}
		}
	}
}

// failedSince returns the day on which a year that is failed on a day became failed.
func (l *ledger) failedSince(year int, on events.Date) events.Date {
	var since events.Date
	for _, s := range l.spellsOf(policy.Fail, year) {
		if s.from <= on {
			since = s.from
		}
	}
	return since
}
