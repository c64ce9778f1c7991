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

// recognition raises the alerts on admission and on the steps of article 9.
func (l *ledger) recognition() {
	for r := range all[events.PreliminaryReviewed](l) {
		if reviewPassed(r.On, r.Data.(*events.PreliminaryReviewed)) && l.timeline.At(r.On) != nil {
			l.admission(r.On)
			if on := first(l, planPassed); on == 0 || on > r.On {
				l.raise("AL-PRC-01", string(r.Kind), r.On)
			}
		}
	}
	for r, p := range all[events.WaiverGranted](l) {
		if at := l.timeline.At(r.On); at != nil && !l.waivable(at, p.Rule, r.On) {
			l.raise("AL-ADM-03", string(p.Rule), r.On)
		}
	}
	for r := range all[events.RelaxationGranted](l) {
		if l.timeline.At(r.On) != nil && !l.relaxable(r.On) {
			l.raise("AL-ADM-03", "relaxation", r.On)
		}
	}
	for r, p := range all[events.JointAppraisalHeld](l) {
		l.jointAppraisal(r, p)
	}
	for r, p := range all[events.SpecialMeetingDecided](l) {
		if on := first(l, any1[events.JointAppraisalHeld]); p.Approved && l.timeline.At(r.On) != nil && (on == 0 || on > r.On) {
			l.raise("AL-PRC-01", string(r.Kind), r.On)
		}
	}
	for r := range all[events.PlaqueAwarded](l) {
		if on := first(l, meetingApproved); l.timeline.At(r.On) != nil && (on == 0 || on > r.On) {
			l.raise("AL-PRC-01", string(r.Kind), r.On)
		}
	}
	if g := first(l, planPassed); l.timeline.At(g) != nil {
		due := after(g, l.timeline.At(g).Parameters.PreliminaryReviewDays.Value)
		l.raise("AL-PRC-02", string(events.KindPreliminaryReviewed), due, first(l, any1[events.PreliminaryReviewed]))
	}
	if g := first(l, meetingApproved); l.timeline.At(g) != nil {
		due := after(g, l.timeline.At(g).Parameters.PlaqueDays.Value)
		l.raise("AL-PRC-02", string(events.KindPlaqueAwarded), due, l.plaqueOn())
	}
}

// admission raises what a passed preliminary review overlooked.
func (l *ledger) admission(on events.Date) {
	mandatory, inPrinciple := l.unmet(on)
	for _, rule := range mandatory {
		l.raise("AL-ADM-01", string(rule), on)
	}
	for _, rule := range inPrinciple {
		if !has(l, func(d events.Date, p *events.WaiverGranted) bool { return p.Rule == rule && d <= on }) {
			l.raise("AL-ADM-02", string(rule), on,
				first(l, func(d events.Date, p *events.WaiverGranted) bool { return p.Rule == rule && d > on }))
		}
	}
}

func (l *ledger) jointAppraisal(r *events.Recorded, p *events.JointAppraisalHeld) {
	at := l.timeline.At(r.On)
	if at == nil {
		return
	}
	review := first(l, reviewPassed)
	if review == 0 || !has(l, func(d events.Date, _ *events.PlanRevised) bool { return d >= review && d <= r.On }) {
		l.raise("AL-PRC-01", string(r.Kind), r.On)
	}
	if !completeAppraisal(at, p) {
		l.raise("AL-PRC-03", r.On.String(), r.On, first(l, func(d events.Date, q *events.JointAppraisalHeld) bool {
			return d >= r.On && completeAppraisal(l.timeline.At(d), q)
		}))
	}
}

func completeAppraisal(at *policy.Policy, p *events.JointAppraisalHeld) bool {
	for _, who := range at.Parameters.AppraisalParticipants.Value {
		if !slices.Contains(p.Participants, who) {
			return false
		}
	}
	c := p.Conclusions
	return p.ExpertReviews >= 1 && p.ThirdPartyReviews >= 1 && c.Feasibility && c.Soundness && c.Necessity && c.Reasonableness
}

// unmet lists the conditions of admission that are not met at the end of a day on which a policy is in force.
func (l *ledger) unmet(on events.Date) (mandatory, inPrinciple []events.RuleID) {
	at := l.timeline.At(on)
	relaxed := has(l, func(d events.Date, _ *events.RelaxationGranted) bool { return d <= on && l.relaxable(d) })
	for _, row := range at.Admission {
		met, modality := false, row.Modality
		if row.Field != "" {
			minimum, value := row.Minimum, l.registered(row.Field, on)
			if relaxed && row.RelaxedMinimum != 0 {
				minimum = row.RelaxedMinimum
			}
			met = value >= minimum
			if value < row.MandatoryBelow {
				met, modality = false, policy.Mandatory
			}
		} else {
			met = l.met(at, row.Condition, on)
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
	for r, p := range all[events.ConditionJudged](l) {
		if r.On <= on {
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

// registered is the value of a registered number at the end of a day.
func (l *ledger) registered(field string, on events.Date) int64 {
	switch f := l.facts(on); field {
	case "usableAreaM2":
		return f.UsableAreaM2
	case "equipmentFen":
		return int64(f.EquipmentFen)
	}
	return 0
}

// waivable says whether a waiver of a rule, given on a day, stands.
func (l *ledger) waivable(at *policy.Policy, rule events.RuleID, on events.Date) bool {
	for _, row := range at.Admission {
		if row.Rule == rule {
			return row.Waivable && (row.Field == "" || l.registered(row.Field, on) >= row.MandatoryBelow)
		}
	}
	return false
}

// relaxable says whether a relaxation given on a day stands (R06-2d), also when no policy was in force yet.
func (l *ledger) relaxable(on events.Date) bool {
	at, f := l.reading(on), l.facts(on)
	return f.RelaxationRequested &&
		slices.ContainsFunc(at.Parameters.RelaxationIndustries.Value, func(prefix string) bool {
			return strings.HasPrefix(f.IndustryCode, prefix)
		})
}

// met says whether a condition of admission is met at the end of a day.
func (l *ledger) met(at *policy.Policy, c policy.Condition, on events.Date) bool {
	f, registered := l.facts(on), first(l, any1[events.CenterRegistered])
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
		return !has(l, func(d events.Date, p *events.IncidentRecorded) bool {
			occurred := p.OccurredOn
			if occurred == 0 {
				occurred = d
			}
			return d <= on && p.Severity == "major" && occurred >= from && occurred <= on
		})
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
	return has(l, func(d events.Date, p *events.CreditListed) bool {
		return d <= on && p.List == list && (p.Until == 0 || p.Until >= on) &&
			!has(l, func(d events.Date, q *events.CreditDelisted) bool { return q.Listing == p.Listing && d <= on })
	})
}

// facts are the registered facts that something is judged by, at the end of a day.
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
