package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
)

func TestRecognitionDecisions(t *testing.T) { runDecisions(t, recognitionDecisions) }

var pass = &events.PreliminaryReviewed{Passed: true}

// recognitionDecisions are the steps of article 9.
var recognitionDecisions = []decisionCase{
	{"a review of an appraised plan is passed", appraisedWith(), on("2024-03-20", pass), accepted(), draft},
	{"a review on the day of the appraisal is passed", appraisedWith(), on("2024-03-10", pass), accepted(), draft},
	{"a review on the day before the appraisal is refused", appraisedWith(), on("2024-03-09", pass), refusedBy("R09-2"), draft},
	{"a review without an appraisal is refused", registered(), on("2024-03-20", pass), refusedBy("R09-2"), draft},
	{"a review after a failed appraisal is refused", registered().and(on("2024-03-10", &events.PlanAppraised{})), on("2024-03-20", pass), refusedBy("R09-2"), draft},
	{"a review that is not passed needs nothing", registered(), on("2024-03-20", &events.PreliminaryReviewed{}), accepted(), draft},

	{"a complete appraisal of a revised plan is accepted", revised(), on("2024-04-10", appraisal()), accepted(), draft},
	{"a plan revised on the day of the review will do", reviewed().and(on("2024-03-20", &events.PlanRevised{Version: "2"})), on("2024-03-20", appraisal()), accepted(), draft},
	{"a plan revised before the review will not do", appraisedWith().and(on("2024-03-19", &events.PlanRevised{Version: "2"}), on("2024-03-20", pass)), on("2024-04-10", appraisal()), refusedBy("R09-4"), draft},
	{"an appraisal of a plan that was not revised is refused", reviewed(), on("2024-04-10", appraisal()), refusedBy("R09-4"), draft},
	{"an appraisal before the plan was revised is refused", revised(), on("2024-03-31", appraisal()), refusedBy("R09-4"), draft},
	{"an appraisal without a passed review is refused", appraisedWith().and(on("2024-04-01", &events.PlanRevised{Version: "2"})), on("2024-04-10", appraisal()), refusedBy("R09-4"), draft},
	{"an appraisal without the emergency department is refused", revised(), on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.Participants = a.Participants[:6] })), refusedBy("R09-5"), draft},
	{"an appraisal with one more participant is accepted", revised(), on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.Participants = append(a.Participants, "health") })), accepted(), draft},
	{"an appraisal without experts is refused", revised(), on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.ExpertReviews = 0 })), refusedBy("R09-6"), draft},
	{"an appraisal without a third party is refused", revised(), on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.ThirdPartyReviews = 0 })), refusedBy("R09-6"), draft},
	{"an appraisal that found no feasibility is refused", revised(), on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.Conclusions.Feasibility = false })), refusedBy("R09-7"), draft},
	{"an appraisal that found no soundness is refused", revised(), on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.Conclusions.Soundness = false })), refusedBy("R09-7"), draft},
	{"an appraisal that found no necessity is refused", revised(), on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.Conclusions.Necessity = false })), refusedBy("R09-7"), draft},
	{"an appraisal that found no reasonableness is refused", revised(), on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.Conclusions.Reasonableness = false })), refusedBy("R09-7"), draft},
	{"an appraisal that lacks everything breaks four rules", registered(), on("2024-04-10", &events.JointAppraisalHeld{Participants: []string{}}), refusedBy("R09-4", "R09-5", "R09-6", "R09-7"), draft},

	{"the meeting approves after a complete appraisal", revised().and(on("2024-04-10", appraisal())), on("2024-04-10", &events.SpecialMeetingDecided{Approved: true}), accepted(), draft},
	{"the meeting does not approve on the day before the appraisal", revised().and(on("2024-04-10", appraisal())), on("2024-04-09", &events.SpecialMeetingDecided{Approved: true}), refusedBy("R09-5"), draft},
	{"the meeting does not approve after an incomplete appraisal", revised().and(on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.ExpertReviews = 0 }))), on("2024-05-01", &events.SpecialMeetingDecided{Approved: true}), refusedBy("R09-5"), draft},
	{"the meeting may always decline", registered(), on("2024-05-01", &events.SpecialMeetingDecided{}), accepted(), draft},

	{"the plaque is awarded on the day of the approval", approved(), on("2024-05-01", &events.PlaqueAwarded{PlaqueNo: "1"}), accepted(), draft},
	{"the plaque is not awarded on the day before the approval", approved(), on("2024-04-30", &events.PlaqueAwarded{PlaqueNo: "1"}), refusedBy("R09-9"), draft},
	{"the plaque is not awarded after the meeting declined", revised().and(on("2024-05-01", &events.SpecialMeetingDecided{})), on("2024-05-10", &events.PlaqueAwarded{PlaqueNo: "1"}), refusedBy("R09-9"), draft},

	{"a decision dated before the policy's effective date is not judged", history{on("2023-01-01", &events.CenterRegistered{Facts: facts()})}, on("2023-12-31", &events.PlaqueAwarded{PlaqueNo: "1"}), accepted(), draft},
	{"a decision on the policy's effective date is judged", history{on("2023-01-01", &events.CenterRegistered{Facts: facts()})}, on("2024-01-01", &events.PlaqueAwarded{PlaqueNo: "1"}), refusedBy("R09-9"), draft},
}

func TestGradingDecisions(t *testing.T) { runDecisions(t, gradingDecisions) }

// late2024 got its plaque on the last day of 2024.
func late2024() history {
	return approved().and(on("2024-12-31", &events.PlaqueAwarded{PlaqueNo: "1"}), on("2025-01-05", taskBook("2025-01-01", "2027-12-31", 2025)))
}

// failed2024And25 failed both years, decided on 2025-06-01 and 2026-06-01.
func failed2024And25() history { return graded(2024, "unqualified", "unqualified") }

var gradingDecisions = []decisionCase{
	{"the grade of a year is decided on the first day after it", active(), on("2025-01-01", grading(2024, "qualified")), accepted(), draft},
	{"the grade of a year is not decided on its last day", active(), on("2024-12-31", grading(2024, "qualified")), refusedBy("R04-5"), draft},
	{"a center awarded on the last day of a year is graded for it", late2024(), on("2025-06-01", grading(2024, "qualified")), accepted(), draft},
	{"a center awarded on the first day of a year is not graded for the one before", approved().and(on("2025-01-01", &events.PlaqueAwarded{PlaqueNo: "1"}), on("2025-01-05", taskBook("2025-01-01", "2027-12-31"))),
		on("2025-06-01", grading(2024, "qualified")), refusedBy("R04-5"), draft},
	{"a center without a plaque is not graded", approved().and(on("2024-05-20", taskBook("2024-06-01", "2027-05-31"))), on("2025-06-01", grading(2024, "qualified")), refusedBy("R04-5"), draft},
	{"a center revoked on the last day of a year is not graded for it", active().and(on("2024-12-31", revocation())), on("2025-06-01", grading(2024, "qualified")), refusedBy("R18-3"), draft},
	{"a center revoked on the first day of the next year is graded for it", active().and(on("2025-01-01", revocation())), on("2025-06-01", grading(2024, "qualified")), accepted(), draft},
	{"a center without a task book is not graded", awarded(), on("2025-06-01", grading(2024, "qualified")), refusedBy("R10-3"), draft},
	{"a task book filed on the day of the grading will do", awarded().and(on("2025-06-01", taskBook("2024-06-01", "2027-05-31"))), on("2025-06-01", grading(2024, "qualified")), accepted(), draft},
	{"a task book filed on the day after the grading will not", awarded().and(on("2025-06-02", taskBook("2024-06-01", "2027-05-31"))), on("2025-06-01", grading(2024, "qualified")), refusedBy("R10-3"), draft},
	{"a grading without finance is refused", active(), on("2025-06-01", grading(2024, "qualified", func(g *events.GradeDecided) { g.Participants = []string{"st-office", "industry-dept", "local-gov"} })), refusedBy("R16-2"), draft},
	{"a grading without experts is refused", active(), on("2025-06-01", grading(2024, "qualified", func(g *events.GradeDecided) { g.ExpertReviews = 0 })), refusedBy("R16-2"), draft},
	{"a grading without a third party is refused", active(), on("2025-06-01", grading(2024, "qualified", func(g *events.GradeDecided) { g.ThirdPartyReviews = 0 })), refusedBy("R16-2"), draft},

	{"a grade is revised", failed2024, on("2025-07-01", regrading(2024, "qualified")), accepted(), draft},
	{"a revision needs no task book and no participants", awarded().and(on("2025-06-01", grading(2024, "qualified"))), on("2025-07-01", regrading(2024, "excellent")), accepted(), draft},
	{"a grade decided before its year was over is not revised before then either", active().and(on("2024-12-01", grading(2024, "qualified"))), on("2024-12-31", regrading(2024, "excellent")), refusedBy("R04-5"), draft},
	{"a grade of a year before the plaque is not revised", active().and(on("2024-06-01", grading(2023, "qualified"))), on("2024-07-01", regrading(2023, "excellent")), refusedBy("R04-5"), draft},
	{"a grade of a year by whose end the center was revoked is not revised", active().and(on("2024-12-31", revocation()), on("2025-06-01", grading(2024, "qualified"))), on("2025-07-01", regrading(2024, "excellent")), refusedBy("R18-3"), draft},

	{"rectification is ordered on the day of the failure", failed2024, on("2025-06-01", &events.RectificationOrdered{Year: 2024}), accepted(), draft},
	{"rectification is not ordered on the day before the failure", failed2024, on("2025-05-31", &events.RectificationOrdered{Year: 2024}), refusedBy("R18-1"), draft},
	{"rectification is not ordered for a qualified year", graded(2024, "qualified"), on("2025-06-10", &events.RectificationOrdered{Year: 2024}), refusedBy("R18-1"), draft},
	{"rectification is not ordered once the grade is revised", failed2024.and(on("2025-06-05", regrading(2024, "qualified"))), on("2025-06-10", &events.RectificationOrdered{Year: 2024}), refusedBy("R18-1"), draft},
	{"an interview is held on the day of the failure", failed2024, on("2025-06-01", &events.InterviewHeld{Year: 2024, Principal: true}), accepted(), draft},
	{"an interview is not held for a qualified year", graded(2024, "qualified"), on("2025-06-10", &events.InterviewHeld{Year: 2024, Principal: true}), refusedBy("R18-2"), draft},
	{"an interview is not held for an ungraded year", failed2024, on("2025-06-10", &events.InterviewHeld{Year: 2023}), refusedBy("R18-2"), draft},

	{"the qualification is revoked after two failures", failed2024And25(), on("2026-06-01", revocation()), accepted(), draft},
	{"the qualification is not revoked on the day before the second", failed2024And25(), on("2026-05-31", revocation()), refusedBy("R18-3"), draft},
	{"the qualification is not revoked after one failure", failed2024, on("2025-07-01", revocation()), refusedBy("R18-3"), draft},
	{"the qualification is not revoked after two failures with a year between", graded(2024, "unqualified", "qualified", "unqualified"), on("2027-07-01", revocation()), refusedBy("R18-3"), draft},
	{"the qualification is not revoked after two failures with an ungraded year between", failed2024.and(on("2027-06-01", grading(2026, "unqualified"))), on("2027-07-01", revocation()), refusedBy("R18-3"), draft},
	{"the qualification is not revoked once a failure is revised", failed2024And25().and(on("2026-06-20", regrading(2024, "qualified"))), on("2026-06-20", revocation()), refusedBy("R18-3"), draft},
	{"the qualification is revoked after a revision to a second failure", graded(2024, "unqualified", "qualified").and(on("2026-06-20", regrading(2025, "unqualified"))), on("2026-06-20", revocation()), accepted(), draft},
}
