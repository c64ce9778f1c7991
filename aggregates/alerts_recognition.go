package aggregates

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

func passed(p *events.PreliminaryReviewed) bool       { return p.Passed }
func appraised(p *events.PlanAppraised) bool          { return p.Passed }
func approved(p *events.SpecialMeetingDecided) bool   { return p.Approved }
func always[T any](T) bool                            { return true }
func (v *view) passedOn() events.Date                 { return v.reviews.upTo(v.on).first(passed).date() }
func (v *view) approvedOn() events.Date               { return v.meetings.upTo(v.on).first(approved).date() }
func (v *view) plaque() *dated[*events.PlaqueAwarded] { return v.plaques.upTo(v.on).first(always) }
func (v *view) plaqueOn() events.Date                 { return v.plaque().date() }

// admissionAlerts raises AL-ADM-01 to 03.
func (v *view) admissionAlerts() {
	for _, review := range v.reviews.upTo(v.on) {
		p := v.t.At(review.on)
		if !review.what.Passed || p == nil {
			continue
		}
		for _, u := range v.admission(p, review.on) {
			var x *Explanation
			switch {
			case u.modality == policy.Mandatory:
				x = v.raise(p, "AL-ADM-01", string(u.rule), review.on, place{}, review.rev)
			case !v.waived(u.rule, review.on):
				later := v.waivers.upTo(v.on).from(review.on + 1).first(func(w *events.WaiverGranted) bool { return w.Rule == u.rule })
				x = v.raise(p, "AL-ADM-02", string(u.rule), review.on, later.at(), review.rev)
			}
			if x != nil {
				x.Rules, x.Figures = []events.RuleID{u.rule}, append(u.figures, reasonFigure(u.reason))
			}
		}
	}
	for _, w := range v.waivers.upTo(v.on) {
		if p := v.t.At(w.on); p != nil {
			if wrong := v.wrongWaiver(p, w.what.Rule, w.on); wrong != nil {
				if x := v.raise(p, "AL-ADM-03", string(w.what.Rule), w.on, place{}, w.rev); x != nil {
					x.Figures = []Figure{reasonFigure(wrong[0].Reason)}
				}
			}
		}
	}
	for _, r := range v.relaxations.upTo(v.on) {
		if p := v.t.At(r.on); p != nil {
			if wrong := v.wrongRelaxation(p, r.on); wrong != nil {
				if x := v.raise(p, "AL-ADM-03", "relaxation", r.on, place{}, r.rev); x != nil {
					x.Figures = []Figure{reasonFigure(wrong[0].Reason)}
				}
			}
		}
	}
}

// reasonFigure returns a figure that carries a reason in words in an explanation.
func reasonFigure(reason text.Text) Figure {
	return Figure{Name: "reason", Label: reason}
}

// planRevisedAfterReview reports whether R09-4 is met by a date: a preliminary review passed, and the plan was revised
// on or after the day of the review.
func (v *view) planRevisedAfterReview(d events.Date) bool {
	review := v.reviews.upTo(d).first(passed)
	return review != nil && len(v.planRevisions.upTo(d).from(review.on)) > 0
}

// incomplete lists the parts that a joint appraisal lacks (R09-5 to R09-7).
func incomplete(p *policy.Policy, a *events.JointAppraisalHeld) []Breach {
	var found []Breach
	if lack := absent(p.Parameters.AppraisalParticipants.Value, a.Participants); len(lack) > 0 {
		found = append(found, breach("R09-5", text.Say("缺少参加单位：%v", "participants are missing: %v", lack))...)
	}
	if a.ExpertReviews < 1 || a.ThirdPartyReviews < 1 {
		found = append(found, breach("R09-6", text.Say("专家评审 %d 份、第三方评审 %d 份，各应至少 1 份", "%d expert and %d third-party reviews; each takes at least 1", a.ExpertReviews, a.ThirdPartyReviews))...)
	}
	if c := a.Conclusions; !c.Feasibility || !c.Soundness || !c.Necessity || !c.Reasonableness {
		found = append(found, breach("R09-7", text.Say("可行性、科学性、必要性、合理性结论未全部通过", "not all four conclusions are true"))...)
	}
	return found
}

// completeAppraisal returns the place of the first complete joint appraisal on or after a date, or none. Each
// appraisal is judged under the policy of its own day.
func (v *view) completeAppraisal(since events.Date) place {
	for _, a := range v.jointAppraisals.upTo(v.on).from(since) {
		if incomplete(v.t.Reading(a.on), a.what) == nil {
			return a.place
		}
	}
	return place{}
}

func absent(wanted, there []string) []string {
	var lack []string
	for _, w := range wanted {
		if !slices.Contains(there, w) {
			lack = append(lack, w)
		}
	}
	return lack
}

// recognitionAlerts raises AL-PRC-01 to 03, the procedure of article 9.
func (v *view) recognitionAlerts() {
	d := v.on
	skipped := func(kind events.Kind, rule events.RuleID, at place) {
		if x := v.raise(v.t.At(at.on), "AL-PRC-01", string(kind), at.on, place{}, at.rev); x != nil {
			x.Rules = rules("R09-0", rule)
		}
	}
	for _, r := range v.reviews.upTo(d) {
		if r.what.Passed && v.appraisals.upTo(r.on).first(appraised) == nil {
			skipped(events.KindPreliminaryReviewed, "R09-2", r.place)
		}
	}
	for _, a := range v.jointAppraisals.upTo(d) {
		if !v.planRevisedAfterReview(a.on) {
			skipped(events.KindJointAppraisalHeld, "R09-4", a.place)
		}
		if p := v.t.At(a.on); p != nil {
			if lack := incomplete(p, a.what); lack != nil {
				if x := v.raise(p, "AL-PRC-03", a.on.String(), a.on, v.completeAppraisal(a.on), a.rev); x != nil {
					for _, b := range lack {
						x.Figures = append(x.Figures, reasonFigure(b.Reason))
					}
				}
			}
		}
	}
	for _, m := range v.meetings.upTo(d) {
		if m.what.Approved && len(v.jointAppraisals.upTo(m.on)) == 0 {
			skipped(events.KindSpecialMeetingDecided, "R09-5", m.place)
		}
	}
	for _, a := range v.plaques.upTo(d) {
		if v.meetings.upTo(a.on).first(approved) == nil {
			skipped(events.KindPlaqueAwarded, "R09-9", a.place)
		}
	}
	if g := v.appraisals.upTo(d).first(appraised); g != nil {
		if p := v.t.At(g.on); p != nil {
			v.overdue(p, "AL-PRC-02", string(events.KindPreliminaryReviewed), g.place, p.Parameters.PreliminaryReviewDays.Value, v.reviews.upTo(d).first(always).at())
		}
	}
	if g := v.meetings.upTo(d).first(approved); g != nil {
		if p := v.t.At(g.on); p != nil {
			v.overdue(p, "AL-PRC-02", string(events.KindPlaqueAwarded), g.place, p.Parameters.PlaqueDays.Value, v.plaque().at())
		}
	}
}

// overdue raises an alert n days after a fact, on the day after (section 9: raisedOn = g + n + 1).
func (v *view) overdue(p *policy.Policy, code Code, key string, g place, days int, cleared place) *Explanation {
	x := v.raise(p, code, key, g.on+events.Date(days)+1, cleared, g.rev)
	if x != nil {
		x.Figures = termFigures(g.on, days)
	}
	return x
}

// termFigures returns the figures that show the first day and the length of a term of days.
func termFigures(from events.Date, days int) []Figure {
	return []Figure{
		{"from", text.Say("起算日", "counted from"), from.String(), "date"},
		{"term", text.Say("期限", "term"), yearKey(days), "days"},
	}
}
