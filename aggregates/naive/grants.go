package naive

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// grants raises the alerts on what was allocated, and on what of it arrived.
func (l *ledger) grants() {
	for r, g := range all[events.SubsidyGranted](l) {
		at := l.timeline.At(r.On)
		if at == nil {
			continue
		}
		switch g.Category {
		case events.Construction:
			if l.breaksConstruction(at, r, g) {
				l.raise("AL-AWD-01", g.Grant, r.On, l.fullyReversedOn(g))
			}
		case events.ProjectMoney:
			l.projectGrant(at, r, g)
		}
		if y := g.FiscalYear - 1; l.low(y) && r.On > events.YearEnd(y) && l.latestWord(g.FiscalYear, r.On) != released {
			l.raise("AL-EXE-03", g.Grant, r.On, l.fullyReversedOn(g))
		}
		l.raise("AL-FND-01", g.Grant, after(r.On, at.Parameters.DisbursementDays.Value), l.receivedInFullOn(g))
	}
	l.nearCap()
	for r, m := range all[events.MatchingCommitted](l) {
		if m.DueOn != 0 && l.timeline.At(r.On) != nil {
			l.raise("AL-MAT-01", m.Match, m.DueOn+1, l.matchedInFullOn(m))
		}
	}
	l.afterRevocation()
}

// breaksConstruction says whether a construction grant breaks a condition of R17-1.
func (l *ledger) breaksConstruction(at *policy.Policy, r *events.Recorded, g *events.SubsidyGranted) bool {
	par := at.Parameters
	sum := l.net(r, func(o *events.SubsidyGranted) bool {
		return o.Category == events.Construction && o.ForYear == g.ForYear
	})
	return g.Source != par.ConstructionSource.Value || !slices.Contains(l.supportYears(r.On), g.ForYear) ||
		l.grade(g.ForYear, r.On) != policy.Top || sum > par.ConstructionFen.Value
}

// projectGrant raises the alerts on a grant of project money (R17-2).
func (l *ledger) projectGrant(at *policy.Policy, r *events.Recorded, g *events.SubsidyGranted) {
	par := at.Parameters
	var approved, eligible, major bool
	for a, p := range all[events.ProjectApproved](l) {
		if p.Project == g.Project {
			approved, major = true, p.MajorPilotVerification
			eligible = p.Eligible && a.On <= r.On
		}
	}
	reversed := l.fullyReversedOn(g)
	sum := l.net(r, func(o *events.SubsidyGranted) bool { return ofProgram(at, o) && o.FiscalYear == g.FiscalYear })
	if ofProgram(at, g) && sum > par.ProjectCapFen.Value {
		l.raise("AL-PRJ-01", g.Grant, r.On, reversed)
	}
	grade := l.grade(g.FiscalYear-par.ReferenceGradeYearsBack.Value, r.On)
	if grade != policy.Top && grade != policy.Pass || !eligible {
		l.raise("AL-PRJ-02", g.Grant, r.On, reversed)
	}
	if g.Source != par.ProjectSource.Value || !approved || !major {
		l.raise("AL-PRJ-04", g.Grant, r.On, reversed)
	}
}

// ofProgram says whether a grant counts towards the cap of R17-2d.
func ofProgram(at *policy.Policy, g *events.SubsidyGranted) bool {
	return g.Category == events.ProjectMoney && g.Source == at.Parameters.ProjectSource.Value
}

// net sums grants less their reversals, in order up to and with an event.
func (l *ledger) net(upTo *events.Recorded, counts func(*events.SubsidyGranted) bool) events.Fen {
	var sum events.Fen
	counted := map[string]bool{}
	for _, r := range l.events {
		switch p := r.Data.(type) {
		case *events.SubsidyGranted:
			if counts(p) {
				counted[p.Grant] = true
				sum += p.AmountFen
			}
		case *events.SubsidyReversed:
			if counted[p.Grant] {
				sum -= p.AmountFen
			}
		}
		if r == upTo {
			break
		}
	}
	return sum
}

func (l *ledger) fullyReversedOn(g *events.SubsidyGranted) events.Date {
	var sum events.Fen
	return first(l, func(_ events.Date, p *events.SubsidyReversed) bool {
		if p.Grant == g.Grant {
			sum += p.AmountFen
		}
		return sum >= g.AmountFen
	})
}

// receivedInFullOn is the day on which receipts first reached the net grant.
func (l *ledger) receivedInFullOn(g *events.SubsidyGranted) events.Date {
	short := g.AmountFen
	for _, r := range l.events {
		switch p := r.Data.(type) {
		case *events.SubsidyReversed:
			if p.Grant == g.Grant {
				short -= p.AmountFen
			}
		case *events.SubsidyReceived:
			if p.Grant == g.Grant {
				short -= p.AmountFen
			}
		}
		if short <= 0 {
			return r.On
		}
	}
	return 0
}

func (l *ledger) matchedInFullOn(m *events.MatchingCommitted) events.Date {
	var sum events.Fen
	return first(l, func(_ events.Date, p *events.MatchingReceived) bool {
		if p.Match == m.Match {
			sum += p.AmountFen
		}
		return sum >= m.AmountFen
	})
}

// constructionReached is the day on which the net construction grants for a year first reached an amount.
func (l *ledger) constructionReached(year int, amount events.Fen) events.Date {
	for r := range all[events.SubsidyGranted](l) {
		if l.net(r, func(g *events.SubsidyGranted) bool { return g.Category == events.Construction && g.ForYear == year }) >= amount {
			return r.On
		}
	}
	return 0
}

// nearCap raises the warning that project money of a fiscal year comes near its cap.
func (l *ledger) nearCap() {
	var years []int
	for _, g := range all[events.SubsidyGranted](l) {
		if !slices.Contains(years, g.FiscalYear) {
			years = append(years, g.FiscalYear)
		}
	}
	for _, year := range years {
		l.nearCapOf(year)
	}
}

func (l *ledger) nearCapOf(year int) {
	var since events.Date
	for _, r := range l.events {
		switch r.Data.(type) {
		case *events.SubsidyGranted, *events.SubsidyReversed:
		default:
			continue
		}
		at := l.reading(r.On)
		sum := l.net(r, func(g *events.SubsidyGranted) bool { return ofProgram(at, g) && g.FiscalYear == year })
		reached := !less(product(int64(sum), 100),
			product(int64(at.Parameters.ProjectCapFen.Value), int64(at.Parameters.ProjectWarningPercent.Value)))
		switch {
		case reached && since == 0:
			since = r.On
		case !reached && since != 0:
			l.nearCapSpell(year, spell{since, r.On})
			since = 0
		}
	}
	if since != 0 {
		l.nearCapSpell(year, spell{since, 0})
	}
}

func (l *ledger) nearCapSpell(year int, s spell) {
	if l.timeline.At(s.from) != nil {
		l.raise("AL-PRJ-03", itoa(year), s.from, s.to, events.YearEnd(year))
	}
}

// afterRevocation raises every allocation, receipt and payment of a center after the day on which it was revoked.
func (l *ledger) afterRevocation() {
	revoked := l.revokedOn()
	if revoked == 0 {
		return
	}
	for _, r := range l.events {
		if r.On <= revoked || l.timeline.At(r.On) == nil {
			continue
		}
		switch p := r.Data.(type) {
		case *events.SubsidyGranted:
			l.raise("AL-REV-02", p.Grant, r.On)
		case *events.SubsidyReceived:
			l.raise("AL-REV-02", p.Grant, r.On)
		case *events.FundsSpent:
			l.raise("AL-REV-02", p.Voucher, r.On)
		}
	}
}
