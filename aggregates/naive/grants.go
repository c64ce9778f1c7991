package naive

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// grants raises the alerts about allocations and about their receipts.
func (l *ledger) grants() {
	for r, g := range judged[events.SubsidyGranted](l) {
		if !l.goOn() {
			return
		}
		switch g.Category {
		case events.Construction:
			if l.breaksConstruction(r, g) {
				l.raise("AL-AWD-01", g.Grant, r.On, l.fullyReversedOn(g))
			}
		case events.ProjectMoney:
			l.projectGrant(r, g)
		}
		if y := g.FiscalYear - 1; l.low(y) && r.On > events.YearEnd(y) &&
			l.latestWord(g.FiscalYear, r.On) != released {
			l.raise("AL-EXE-03", g.Grant, r.On, l.fullyReversedOn(g))
		}
		received := l.reached(g.AmountFen, func(e *events.Recorded) events.Fen {
			return receivedOf(e, g.Grant) + reversedOf(e, g.Grant)
		})
		for _, owed := range l.notDeferred(g.FiscalYear, after(r.On, r.at.Parameters.DisbursementDays.Value)) {
			l.raise("AL-FND-01", g.Grant, owed.from, owed.to, received)
		}
	}
	for r, g := range all[events.SubsidyGranted](l) {
		if r.On <= events.YearEnd(g.FiscalYear-1) && l.low(g.FiscalYear-1) {
			l.paidOutAhead(g)
		}
	}
	for _, m := range judged[events.MatchingCommitted](l) {
		if m.DueOn != 0 {
			l.raise("AL-MAT-01", m.Match, m.DueOn+1,
				l.reached(m.AmountFen, func(e *events.Recorded) events.Fen { return receivedOf(e, m.Match) }))
		}
	}
	for _, year := range append(l.years(), l.on.Year()+1) {
		l.nearCap(year)
	}
	l.afterRevocation()
}

// paidOutAhead raises the alert about the first receipt of a grant announced ahead, if the year before its fiscal
// year was low and the fiscal year was not released by that day (R20-7).
func (l *ledger) paidOutAhead(g *events.SubsidyGranted) {
	for r, p := range all[events.SubsidyReceived](l) {
		if p.Grant != g.Grant || r.On.Year() < g.FiscalYear || l.latestWord(g.FiscalYear, r.On) == released {
			continue
		}
		if l.timeline.At(r.On) != nil {
			l.raise("AL-EXE-05", g.Grant, r.On, l.fullyReversedOn(g))
		}
		return
	}
}

// breaksConstruction reports whether a construction grant breaks a condition of R17-1.
func (l *ledger) breaksConstruction(r fact, g *events.SubsidyGranted) bool {
	par := r.at.Parameters
	sum := l.net(r.Recorded, func(o *events.SubsidyGranted) bool {
		return o.Category == events.Construction && o.ForYear == g.ForYear
	})
	return g.Source != par.ConstructionSource.Value || !slices.Contains(l.supportYears(r.On), g.ForYear) ||
		l.grade(g.ForYear, r.On) != policy.Top || sum > par.ConstructionFen.Value
}

// projectGrant raises the alerts about a grant of project money (R17-2).
func (l *ledger) projectGrant(r fact, g *events.SubsidyGranted) {
	par := r.at.Parameters
	var approved, eligible, major bool
	for a, p := range all[events.ProjectApproved](l) {
		if p.Project == g.Project {
			approved, major = true, p.MajorPilotVerification
			eligible = p.Eligible && a.On <= r.On
		}
	}
	cleared := l.fullyReversedOn(g)
	sum := l.net(r.Recorded, func(o *events.SubsidyGranted) bool {
		return ofProgram(r.at, o) && o.FiscalYear == g.FiscalYear
	})
	if ofProgram(r.at, g) && sum > par.ProjectCapFen.Value {
		l.raise("AL-PRJ-01", g.Grant, r.On, cleared)
	}
	grade := l.grade(g.FiscalYear-par.ReferenceGradeYearsBack.Value, r.On)
	if grade != policy.Top && grade != policy.Pass || !eligible {
		l.raise("AL-PRJ-02", g.Grant, r.On, cleared)
	}
	if g.Source != par.ProjectSource.Value || !approved || !major {
		l.raise("AL-PRJ-04", g.Grant, r.On, cleared)
	}
}

// ofProgram reports whether a grant counts towards the cap of R17-2d.
func ofProgram(at *policy.Policy, g *events.SubsidyGranted) bool {
	return g.Category == events.ProjectMoney && g.Source == at.Parameters.ProjectSource.Value
}

// net returns the sum of the selected grants less their reversals, up to and including an event. counts selects the
// grants.
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

// moves reports whether an event is a selected grant or a reversal of one.
func (l *ledger) moves(r *events.Recorded, counts func(*events.SubsidyGranted) bool) bool {
	switch r.Data.(type) {
	case *events.SubsidyGranted, *events.SubsidyReversed:
	default:
		return false
	}
	for g, p := range all[events.SubsidyGranted](l) {
		if counts(p) && (g == r || reversedOf(r, p.Grant) > 0) {
			return true
		}
	}
	return false
}

// reached returns the day on which the running sum of counts over the events first reached an amount, or none.
func (l *ledger) reached(amount events.Fen, counts func(*events.Recorded) events.Fen) events.Date {
	for _, r := range l.events {
		if amount -= counts(r); amount <= 0 {
			return r.On
		}
	}
	return 0
}

// receivedOf returns the amount of a grant or match that an event receives. reversedOf returns the amount of a grant
// that an event reverses.
func receivedOf(r *events.Recorded, id string) events.Fen {
	switch p := r.Data.(type) {
	case *events.SubsidyReceived:
		if p.Grant == id {
			return p.AmountFen
		}
	case *events.MatchingReceived:
		if p.Match == id {
			return p.AmountFen
		}
	}
	return 0
}

func reversedOf(r *events.Recorded, grant string) events.Fen {
	if p, ok := r.Data.(*events.SubsidyReversed); ok && p.Grant == grant {
		return p.AmountFen
	}
	return 0
}

func (l *ledger) fullyReversedOn(g *events.SubsidyGranted) events.Date {
	return l.reached(g.AmountFen, func(r *events.Recorded) events.Fen { return reversedOf(r, g.Grant) })
}

// constructionReached returns the day on which the net construction grants for a year first reached an amount.
func (l *ledger) constructionReached(year int, amount events.Fen) events.Date {
	for r := range all[events.SubsidyGranted](l) {
		if l.net(r, func(g *events.SubsidyGranted) bool {
			return g.Category == events.Construction &&
				g.ForYear == year
		}) >= amount {
			return r.On
		}
	}
	return 0
}

// nearCap raises the warning that the project money of a fiscal year is near its cap. It computes the sums in order.
func (l *ledger) nearCap(year int) {
	var since events.Date
	over := func(on events.Date) {
		if l.timeline.At(since) != nil {
			l.raise("AL-PRJ-03", itoa(year), since, on, events.YearEnd(year))
		}
		since = 0
	}
	for _, r := range l.events {
		at := l.reading(r.On)
		counts := func(g *events.SubsidyGranted) bool { return ofProgram(at, g) && g.FiscalYear == year }
		if !l.moves(r, counts) {
			continue
		}
		if !l.goOn() {
			return
		}
		near := !less(product(int64(l.net(r, counts)), 100),
			product(int64(at.Parameters.ProjectCapFen.Value), int64(at.Parameters.ProjectWarningPercent.Value)))
		switch {
		case near && since == 0:
			since = r.On
		case !near && since != 0:
			over(r.On)
		}
	}
	over(0)
}

// afterRevocation raises an alert for every allocation, receipt and payment after the day on which the center was
// revoked.
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
