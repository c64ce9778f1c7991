package naive

import (
	"slices"
	"strings"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

func planPassed(_ events.Date, p *events.PlanAppraised) bool              { return p.Passed }
func reviewPassed(_ events.Date, p *events.PreliminaryReviewed) bool      { return p.Passed }
func meetingApproved(_ events.Date, p *events.SpecialMeetingDecided) bool { return p.Approved }

// recognition raises the alerts about admission and about the steps of article 9.
func (l *ledger) recognition() {
	for r, p := range judged[events.PreliminaryReviewed](l) {
		if p.Passed {
			l.admission(r)
			l.step(r, by(first(l, planPassed), r.On))
		}
	}
	for r, p := range judged[events.JointAppraisalHeld](l) {
		review := first(l, reviewPassed)
		revised := first(l, func(d events.Date, _ *events.PlanRevised) bool { return d >= review })
		l.step(r, by(review, r.On) && by(revised, r.On))
		if !completeAppraisal(r.at, p) {
			l.raise("AL-PRC-03", r.On.String(), r.On, first(l, func(d events.Date, q *events.JointAppraisalHeld) bool {
				return d >= r.On && completeAppraisal(l.reading(d), q)
			}))
		}
	}
	for r, p := range judged[events.SpecialMeetingDecided](l) {
		if p.Approved {
			l.step(r, by(first(l, always[events.JointAppraisalHeld]), r.On))
		}
	}
	for r := range judged[events.PlaqueAwarded](l) {
		l.step(r, by(first(l, meetingApproved), r.On))
	}
	if g := first(l, planPassed); l.timeline.At(g) != nil {
		due := after(g, l.timeline.At(g).Parameters.PreliminaryReviewDays.Value)
		l.raise("AL-PRC-02", string(events.KindPreliminaryReviewed), due, first(l, always[events.PreliminaryReviewed]))
	}
	if g := first(l, meetingApproved); l.timeline.At(g) != nil {
		due := after(g, l.timeline.At(g).Parameters.PlaqueDays.Value)
		l.raise("AL-PRC-02", string(events.KindPlaqueAwarded), due, l.plaqueOn())
	}
	for r, p := range judged[events.WaiverGranted](l) {
		if !l.waivable(r, p.Rule) {
			l.raise("AL-ADM-03", string(p.Rule), r.On)
		}
	}
	for r := range judged[events.RelaxationGranted](l) {
		if !l.relaxable(r.On) {
			l.raise("AL-ADM-03", "relaxation", r.On)
		}
	}
}

// step raises the alert about a step of recognition that was taken without the step before it.
func (l *ledger) step(r fact, prepared bool) {
	if !prepared {
		l.raise("AL-PRC-01", string(r.Kind), r.On)
	}
}

// admission raises the alerts about conditions that a passed preliminary review did not meet.
func (l *ledger) admission(r fact) {
	mandatory, inPrinciple := l.unmet(r)
	for _, rule := range mandatory {
		l.raise("AL-ADM-01", string(rule), r.On)
	}
	for _, rule := range inPrinciple {
		waived := func(_ events.Date, p *events.WaiverGranted) bool { return p.Rule == rule }
		if !by(first(l, waived), r.On) {
			l.raise("AL-ADM-02", string(rule), r.On, first(l, waived))
		}
	}
}

func completeAppraisal(at *policy.Policy, p *events.JointAppraisalHeld) bool {
	for _, who := range at.Parameters.AppraisalParticipants.Value {
		if !slices.Contains(p.Participants, who) {
			return false
		}
	}
	c := p.Conclusions
	return p.ExpertReviews >= 1 && p.ThirdPartyReviews >= 1 && c.Feasibility && c.Soundness && c.Necessity &&
		c.Reasonableness
}

// unmet lists the conditions of admission that are not met at the end of the day of a review.
func (l *ledger) unmet(r fact) (mandatory, inPrinciple []events.RuleID) {
	relaxed := by(first(l, func(d events.Date, _ *events.RelaxationGranted) bool { return l.relaxable(d) }), r.On)
	for _, row := range r.at.Admission {
		met, modality := false, row.Modality
		if row.Field != "" {
			minimum, value := row.Minimum, l.registered(row.Field, r.On)
			if relaxed && row.RelaxedMinimum != 0 {
				minimum = row.RelaxedMinimum
			}
			met = value >= minimum
			if value < row.MandatoryBelow {
				met, modality = false, policy.Mandatory
			}
		} else {
			met = l.met(r.at, row.Condition, r.On)
		}
		switch {
		case met:
		case modality == policy.Mandatory:
			mandatory = append(mandatory, row.Rule)
		default:
			inPrinciple = append(inPrinciple, row.Rule)
		}
	}
	latest := map[events.RuleID]string{}
	for said, p := range all[events.ConditionJudged](l) {
		if said.On <= r.On {
			latest[p.Rule] = p.Conclusion
		}
	}
	for rule, conclusion := range latest {
		if conclusion == "not-met" {
			mandatory = append(mandatory, rule)
		}
	}
	return mandatory, inPrinciple
}

// registered returns the value of a registered number at the end of a day.
func (l *ledger) registered(field string, on events.Date) int64 {
	switch f := l.facts(on); field {
	case "usableAreaM2":
		return f.UsableAreaM2
	case "equipmentFen":
		return int64(f.EquipmentFen)
	}
	return 0
}

// waivable reports whether a waiver of a rule is valid.
func (l *ledger) waivable(r fact, rule events.RuleID) bool {
	for _, row := range r.at.Admission {
		if row.Rule == rule {
			return row.Waivable && (row.Field == "" || l.registered(row.Field, r.On) >= row.MandatoryBelow)
		}
	}
	return false
}

// relaxable reports whether a relaxation granted on a day is valid (R06-2d), even if no policy was in force yet.
func (l *ledger) relaxable(on events.Date) bool {
	at, f := l.reading(on), l.facts(on)
	return f.RelaxationRequested &&
		slices.ContainsFunc(at.Parameters.RelaxationIndustries.Value, func(prefix string) bool {
			return strings.HasPrefix(f.IndustryCode, prefix)
		})
}

// met reports whether a condition of admission is met at the end of a day.
func (l *ledger) met(at *policy.Policy, c policy.Condition, on events.Date) bool {
	f, registered := l.facts(on), first(l, always[events.CenterRegistered])
	switch c {
	case policy.LegalEntity:
		return f.LegalEntity
	case policy.ExistingUnit:
		return !f.NewUnit
	case policy.FoundedLongEnough:
		return f.FoundedOn.AddMonths(12*at.Parameters.FoundationYears.Value) <= registered
	case policy.PilotDevicesSeparate:
		return !f.PilotFunction || f.PilotDevicesSeparate
	case policy.NoMajorIncident:
		from := registered.AddMonths(-at.Parameters.IncidentLookbackMonths.Value)
		return first(l, func(d events.Date, p *events.IncidentRecorded) bool {
			occurred := p.OccurredOn
			if occurred == 0 {
				occurred = d
			}
			return d <= on && p.Severity == "major" && occurred >= from && occurred <= on
		}) == 0
	case policy.NotDishonest:
		return !l.listed("dishonesty", on)
	case policy.NotBlacklisted:
		return !l.listed("blacklist", on)
	case policy.EthicsCommittee:
		touches := slices.ContainsFunc(f.Fields, func(field string) bool {
			return slices.Contains(at.Parameters.EthicsFields.Value, field)
		})
		return !touches || !f.EthicsSensitive || f.EthicsCommittee
	case policy.OneLeadingIndustry:
		return len(f.LeadingIndustries) == 1
	}
	return false
}

func (l *ledger) listed(list string, on events.Date) bool {
	return first(l, func(d events.Date, p *events.CreditListed) bool {
		delisted := first(l, func(_ events.Date, q *events.CreditDelisted) bool { return q.Listing == p.Listing })
		return d <= on && p.List == list && (p.Until == 0 || p.Until >= on) && !by(delisted, on)
	}) != 0
}

// facts returns the registered facts at the end of a day.
func (l *ledger) facts(on events.Date) events.Facts {
	var f events.Facts
	for r, p := range all[events.CenterRegistered](l) {
		if r.On <= on {
			f = p.Facts
		}
	}
	for r, p := range all[events.FactsChanged](l) {
		if r.On > on {
			continue
		}
		change(&f.IndustryCode, p.IndustryCode)
		change(&f.LegalEntity, p.LegalEntity)
		change(&f.NewUnit, p.NewUnit)
		change(&f.UsableAreaM2, p.UsableAreaM2)
		change(&f.EquipmentFen, p.EquipmentFen)
		change(&f.RelaxationRequested, p.RelaxationRequested)
		change(&f.PilotFunction, p.PilotFunction)
		change(&f.PilotDevicesSeparate, p.PilotDevicesSeparate)
		change(&f.EthicsSensitive, p.EthicsSensitive)
		change(&f.EthicsCommittee, p.EthicsCommittee)
		if p.FoundedOn != 0 {
			f.FoundedOn = p.FoundedOn
		}
		if p.Fields != nil {
			f.Fields = p.Fields
		}
		if p.LeadingIndustries != nil {
			f.LeadingIndustries = p.LeadingIndustries
		}
	}
	return f
}

func change[T any](old, to *T) {
	if to != nil {
		*old = *to
	}
}
