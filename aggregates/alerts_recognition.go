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
			sort := text.Say("强制条件", "a mandatory condition")
			switch {
			case u.modality == policy.Mandatory:
				x = v.raise(p, "AL-ADM-01", string(u.rule), review.on, place{}, review.rev)
			case !v.waived(u.rule, review.on):
				later := v.waivers.upTo(v.on).from(review.on + 1).first(func(w *events.WaiverGranted) bool {
					return w.Rule == u.rule
				})
				x = v.raise(p, "AL-ADM-02", string(u.rule), review.on, later.at(), review.rev)
				sort = text.Say("原则性条件", "a condition in principle")
			}
			if x != nil {
				reason, figures := u.why()
				x.Rules = []events.RuleID{u.rule}
				x.say("%v 初步审核通过，而%s %s 不符：%s",
					"the preliminary review of %v was passed with %s, %s, unmet: %s", review.on, sort, u.rule, reason)
				x.show(dateFigure("reviewedOn", review.on))
				x.show(figures...)
			}
		}
	}
	for _, w := range v.waivers.upTo(v.on) {
		if p := v.t.At(w.on); p != nil {
			if wrong := v.wrongWaiver(p, w.what.Rule, w.on); wrong != nil {
				if x := v.raise(p, "AL-ADM-03", string(w.what.Rule), w.on, place{}, w.rev); x != nil {
					x.say("%v 批准了 %s 的例外，本不应批准：%s",
						"a waiver of %[2]s was granted on %[1]v that should have been refused: %[3]s", w.on,
						w.what.Rule, reasons(wrong))
					x.show(dateFigure("grantedOn", w.on), NewFigure("rule", string(w.what.Rule)))
					x.show(wrong[0].Figures...)
				}
			}
		}
	}
	for _, r := range v.relaxations.upTo(v.on) {
		if p := v.t.At(r.on); p != nil {
			if wrong := v.wrongRelaxation(p, r.on); wrong != nil {
				if x := v.raise(p, "AL-ADM-03", "relaxation", r.on, place{}, r.rev); x != nil {
					x.say("%v 批准了放宽，本不应批准：%s",
						"a relaxation was granted on %v that should have been refused: %s", r.on, reasons(wrong))
					x.show(dateFigure("grantedOn", r.on), NewFigure("rule", string(wrong[0].Rule)))
					x.show(wrong[0].Figures...)
				}
			}
		}
	}
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
		list := absentFigure(events.KindJointAppraisalHeld, lack)
		found = append(found, breach("R09-5", text.Say("缺少参加单位：%s", "participants are missing: %s", list.Word),
			list)...)
	}
	if a.ExpertReviews < 1 || a.ThirdPartyReviews < 1 {
		found = append(found, tooFewReviews("R09-6", a.ExpertReviews, a.ThirdPartyReviews)...)
	}
	if failed := notPassed(a.Conclusions); len(failed) > 0 {
		list := wordsFigure("notPassed", failed, func(name string) text.Text { return conclusionWords[name] })
		found = append(found, breach("R09-7",
			text.Say("未通过的结论：%s", "conclusions not passed: %s", list.Word), list)...)
	}
	return found
}

// conclusionWords holds the words for the conclusions of a joint appraisal, by the names of their members.
var conclusionWords = map[string]text.Text{
	"feasibility": text.Say("可行性", "feasibility"), "soundness": text.Say("科学性", "soundness"),
	"necessity": text.Say("必要性", "necessity"), "reasonableness": text.Say("合理性", "reasonableness"),
}

// notPassed lists the conclusions of a joint appraisal that are not true.
func notPassed(c events.Conclusions) (failed []string) {
	check := func(isTrue bool, name string) {
		if !isTrue {
			failed = append(failed, name)
		}
	}
	check(c.Feasibility, "feasibility")
	check(c.Soundness, "soundness")
	check(c.Necessity, "necessity")
	check(c.Reasonableness, "reasonableness")
	return failed
}

// absentFigure returns the figure of the participants that are missing.
func absentFigure(kind events.Kind, lack []string) Figure {
	return wordsFigure("absent", lack, func(who string) text.Text {
		return events.ValueWord(kind, "participants", who)
	})
}

// tooFewReviews returns the reason that there are too few reviews of a kind.
func tooFewReviews(rule events.RuleID, expert, thirdParty int) []Breach {
	return breach(rule, text.Say("专家评审 %d 份、第三方评审 %d 份，各应至少 1 份",
		"%d expert and %d third-party reviews; each takes at least 1", expert, thirdParty),
		reviewFigures(expert, thirdParty)...)
}

func reviewFigures(expert, thirdParty int) []Figure {
	return []Figure{countFigure("expertReviews", expert), countFigure("thirdPartyReviews", thirdParty),
		countFigure("reviewsWanted", 1)}
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
	skipped := func(kind, missing events.Kind, rule events.RuleID, at place) {
		if x := v.raise(v.t.At(at.on), "AL-PRC-01", string(kind), at.on, place{}, at.rev); x != nil {
			x.Rules = rules("R09-0", rule)
			x.explainSkipped(kind, missing, at.on)
			if missing == events.KindPlanRevised {
				x.show(dateFigure("reviewedOn", v.reviews.upTo(at.on).first(passed).date()))
			}
		}
	}
	for _, r := range v.reviews.upTo(d) {
		if r.what.Passed && v.appraisals.upTo(r.on).first(appraised) == nil {
			skipped(events.KindPreliminaryReviewed, events.KindPlanAppraised, "R09-2", r.place)
		}
	}
	for _, a := range v.jointAppraisals.upTo(d) {
		if !v.planRevisedAfterReview(a.on) {
			missing := events.KindPlanRevised
			if v.reviews.upTo(a.on).first(passed) == nil {
				missing = events.KindPreliminaryReviewed
			}
			skipped(events.KindJointAppraisalHeld, missing, "R09-4", a.place)
		}
		if p := v.t.At(a.on); p != nil {
			if lack := incomplete(p, a.what); lack != nil {
				if x := v.raise(p, "AL-PRC-03", a.on.String(), a.on, v.completeAppraisal(a.on), a.rev); x != nil {
					x.say("%v 举行的方案论证不完整：%s", "the joint appraisal of %v is incomplete: %s", a.on,
						reasons(lack))
					x.show(dateFigure("heldOn", a.on))
					x.show(reviewFigures(a.what.ExpertReviews, a.what.ThirdPartyReviews)...)
					for _, b := range lack {
						x.showNew(b.Figures...)
					}
				}
			}
		}
	}
	for _, m := range v.meetings.upTo(d) {
		if m.what.Approved && len(v.jointAppraisals.upTo(m.on)) == 0 {
			skipped(events.KindSpecialMeetingDecided, events.KindJointAppraisalHeld, "R09-5", m.place)
		}
	}
	for _, a := range v.plaques.upTo(d) {
		if v.meetings.upTo(a.on).first(approved) == nil {
			skipped(events.KindPlaqueAwarded, events.KindSpecialMeetingDecided, "R09-9", a.place)
		}
	}
	late := func(kind, after events.Kind, g place, days int, p *policy.Policy, cleared place) {
		if x := v.overdue(p, "AL-PRC-02", string(kind), g, days, cleared); x != nil {
			x.say("%v %s，“%s”应在其后 %d 天内（%v 止）完成，逾期",
				"%[3]s is overdue: it was due within %[4]d days of %[2]s on %[1]v, by %[5]v",
				g.on, stepWords[after], stepNames[kind], days, g.on+events.Date(days))
			x.show(wordFigure("step", string(kind), stepNames[kind]))
		}
	}
	if g := v.appraisals.upTo(d).first(appraised); g != nil {
		if p := v.t.At(g.on); p != nil {
			late(events.KindPreliminaryReviewed, events.KindPlanAppraised, g.place,
				p.Parameters.PreliminaryReviewDays.Value, p,
				v.reviews.upTo(d).first(always).at())
		}
	}
	if g := v.meetings.upTo(d).first(approved); g != nil {
		if p := v.t.At(g.on); p != nil {
			late(events.KindPlaqueAwarded, events.KindSpecialMeetingDecided, g.place, p.Parameters.PlaqueDays.Value, p,
				v.plaque().at())
		}
	}
}

// stepWords holds what people call the steps of recognition that another step needs, with their outcome.
var stepWords = map[events.Kind]text.Text{
	events.KindPlanAppraised:       text.Say("建设方案论证通过", "a passed appraisal of the plan"),
	events.KindPreliminaryReviewed: text.Say("初步审核通过", "a passed preliminary review"),
	events.KindPlanRevised: text.Say("初步审核通过后完善建设方案",
		"a revision of the plan on or after the preliminary review"),
	events.KindJointAppraisalHeld:    text.Say("方案论证", "a joint appraisal"),
	events.KindSpecialMeetingDecided: text.Say("专题会议审定通过", "an approval by the special meeting"),
}

// stepNames holds what people call the steps that may be skipped to or overdue.
var stepNames = map[events.Kind]text.Text{
	events.KindPreliminaryReviewed:   text.Say("初步审核", "the preliminary review"),
	events.KindJointAppraisalHeld:    text.Say("方案论证", "the joint appraisal"),
	events.KindSpecialMeetingDecided: text.Say("专题会议审定", "the approval by the special meeting"),
	events.KindPlaqueAwarded:         text.Say("授牌", "the award of the plaque"),
}

// explainSkipped says which step was recorded without which step before it.
func (x *Explanation) explainSkipped(kind, missing events.Kind, on events.Date) {
	x.say("%v 记录了“%s”，而当日及此前没有“%s”", "%[2]s of %[1]v is recorded without %[3]s on or before that day", on,
		stepNames[kind], stepWords[missing])
	x.show(wordFigure("step", string(kind), stepNames[kind]), dateFigure("stepOn", on),
		wordFigure("missing", string(missing), stepWords[missing]))
}

// overdue raises an alert n days after a fact, on the day after (section 9: raisedOn = g + n + 1).
func (v *view) overdue(p *policy.Policy, code Code, key string, g place, days int, cleared place) *Explanation {
	x := v.raise(p, code, key, g.on+events.Date(days)+1, cleared, g.rev)
	if x != nil {
		x.show(termFigures(g.on, days)...)
	}
	return x
}

// termFigures returns the figures of a term of days: its first day, its length and its last day.
func termFigures(from events.Date, days int) []Figure {
	return []Figure{dateFigure("from", from), countFigure("term", days), dateFigure("dueOn", from+events.Date(days))}
}
