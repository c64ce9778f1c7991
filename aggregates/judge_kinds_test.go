package aggregates_test

import (
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// kindCase is one kind with the roles that may write it and a record that breaks nothing.
type kindCase struct {
	kind  events.Kind
	name  string
	roles []events.Role
	given history
	when  fact
}

func roles(r ...events.Role) []events.Role { return r }

var (
	stOffice     = roles(events.STOffice)
	financeAlone = roles(events.Finance)
	centerAlone  = roles(events.CenterRole)
	auditorAlone = roles(events.Auditor)
	supervisors  = roles(events.STOffice, events.IndustryDept, events.LocalGov)
	onTheSpot    = roles(events.IndustryDept, events.LocalGov)
	closers      = roles(events.STOffice, events.Finance, events.Auditor)
)

var kindCases = []kindCase{
	{events.KindCenterRegistered, "a center registers itself", centerAlone, nil, registered()[0]},
	{events.KindCenterAssigned, "the S&T office says who is responsible for a center", stOffice, registered(),
		on("2024-03-02", &events.CenterAssigned{IndustryDept: "省经信厅", LocalGov: "330106"})},
	{events.KindFactsChanged, "a center changes its facts", centerAlone, registered(),
		on("2024-03-02", &events.FactsChanged{Name: ptr("新名")})},
	{events.KindConditionJudged, "a department judges a condition", supervisors, registered(),
		on("2024-03-02", judge("R08-1", "met"))},
	{events.KindWaiverGranted, "the S&T office grants a waiver", stOffice, registered(),
		on("2024-03-02", waive("R03-2"))},
	{events.KindRelaxationGranted, "the S&T office grants a relaxation", stOffice, registeredWith(asksRelaxation),
		on("2024-03-02", &events.RelaxationGranted{})},
	{events.KindPlanAppraised, "a department or local government appraises the plan", onTheSpot, registered(),
		on("2024-03-02", &events.PlanAppraised{Passed: true})},
	{events.KindPreliminaryReviewed, "the S&T office reviews the plan", stOffice, appraisedWith(),
		on("2024-03-20", pass)},
	{events.KindPlanRevised, "a center revises its plan", centerAlone, reviewed(),
		on("2024-04-01", &events.PlanRevised{Version: "2"})},
	{events.KindJointAppraisalHeld, "the S&T office holds the joint appraisal", stOffice, revised(),
		on("2024-04-10", appraisal())},
	{events.KindSpecialMeetingDecided, "the S&T office records the special meeting", stOffice,
		revised().and(on("2024-04-10", appraisal())), on("2024-05-01", &events.SpecialMeetingDecided{Approved: true})},
	{events.KindPlaqueAwarded, "the S&T office awards the plaque", stOffice, approved(),
		on("2024-05-10", &events.PlaqueAwarded{PlaqueNo: "1"})},
	{events.KindTaskBookFiled, "a center files its task book", centerAlone, awarded(),
		on("2024-05-20", taskBook("2024-06-01", "2027-05-31", 2024))},
	{events.KindGovernanceRecorded, "a center records an organ", centerAlone, awarded(),
		on("2024-05-20", govern("other"))},
	{events.KindIncidentRecorded, "a department records an incident", supervisors, registered(),
		on("2024-04-01", incident("I1", "major", "2024-03-31"))},
	{events.KindIncidentClosed, "a department closes an incident", supervisors, incidentRecorded,
		on("2024-05-01", &events.IncidentClosed{Incident: "I1"})},
	{events.KindCreditListed, "the S&T office records a listing", stOffice, registered(),
		on("2024-04-01", listing("L1", "dishonesty", "2025-04-01"))},
	{events.KindCreditDelisted, "the S&T office records the end of a listing", stOffice, creditListed,
		on("2024-05-01", &events.CreditDelisted{Listing: "L1"})},
	{events.KindTrialRecorded, "a center records a trial", centerAlone, registered(),
		on("2024-04-01", &events.TrialRecorded{Trial: "T1"})},
	{events.KindAnnualReportSubmitted, "a center submits its annual report", centerAlone, active(),
		on("2025-02-01", &events.AnnualReportSubmitted{
			Year: 2024, Parts: []string{"construction", "performance", "funds"}})},
	{events.KindAnnualReportReviewed, "a department or local government reviews the annual report", onTheSpot,
		active(), on("2025-02-10", reviewOf(2024))},
	{events.KindAnnualReportFiled, "a center files its annual report", centerAlone, active(),
		on("2025-02-20", filed(2024))},
	{events.KindFinalReportFiled, "a center files its final report", centerAlone, active(),
		on("2027-06-20", &events.FinalReportFiled{})},
	{events.KindGradeDecided, "the S&T office decides a grade", stOffice, active(),
		on("2025-06-01", grading(2024, "qualified"))},
	{events.KindGradeRevised, "the S&T office revises a grade", stOffice, failed2024,
		on("2025-07-01", regrading(2024, "qualified"))},
	{events.KindRectificationOrdered, "the S&T office orders rectification", stOffice, failed2024,
		on("2025-06-10", order(2024, "2025-08-01"))},
	{events.KindRectificationSubmitted, "a center submits its rectification", centerAlone, ordered2024,
		on("2025-07-01", &events.RectificationSubmitted{Year: 2024})},
	{events.KindRectificationAccepted, "the S&T office accepts rectification", stOffice, ordered2024,
		on("2025-07-01", accept(2024))},
	{events.KindInterviewHeld, "the S&T office holds the interview", stOffice, failed2024,
		on("2025-06-10", interview(2024, true))},
	{events.KindQualificationRevoked, "the S&T office revokes the qualification", stOffice, failed2024And25(),
		on("2026-07-01", revocation())},
	{events.KindProjectApproved, "the S&T office approves a project", stOffice, active(),
		on("2025-06-02", project("P1", true, true))},
	{events.KindSubsidyGranted, "finance grants a subsidy", financeAlone, active(),
		on("2025-01-10", other("G1", 2025, wan))},
	{events.KindSubsidyReversed, "finance reverses a subsidy", financeAlone, promised,
		on("2025-02-01", reverse("G1", wan))},
	{events.KindSubsidyReceived, "a center or finance records a receipt", roles(events.CenterRole, events.Finance),
		promised, on("2025-02-01", receive("G1", wan))},
	{events.KindFundsRecovered, "finance recovers money", financeAlone, granted(),
		on("2025-02-01", recoverFrom("G1", wan))},
	{events.KindMatchingCommitted, "local government promises matching money", roles(events.LocalGov), active(),
		on("2025-01-10", commit("M1", 2025, wan, "2025-06-30"))},
	{events.KindMatchingReceived, "a center or local government records matching money",
		roles(events.CenterRole, events.LocalGov), active().and(on("2025-01-10", commit("M1", 2025, wan, ""))),
		on("2025-02-01", receiveMatch("M1", wan))},
	{events.KindFundsSpent, "a center records a voucher", centerAlone, granted(),
		on("2025-02-01", spend("V1", "pilot", "G1", wan))},
	{events.KindSpendingReversed, "a center reverses a voucher", centerAlone, spent, on("2025-04-01", unspend("V1"))},
	{events.KindUseRuled, "the S&T office or finance rules on a use", roles(events.STOffice, events.Finance), spent,
		on("2025-04-01", rule("V1", "talent"))},
	{events.KindEntrustmentSigned, "a center signs an entrustment task book", centerAlone, granted(),
		on("2025-02-01", sign("B1", "2025-02-01", wan, true))},
	{events.KindSeparateAccountConfirmed, "a center confirms the separate account", centerAlone, bookSigned,
		on("2025-03-01", confirm("B1"))},
	{events.KindOutTransferSettled, "a center settles an out-transfer", centerAlone, bookSigned,
		on("2025-03-01", &events.OutTransferSettled{TaskBook: "B1", AmountFen: wan})},
	{events.KindAllocationDeferred, "finance defers an allocation", financeAlone, lowYear(),
		on("2026-01-10", deferral(2026))},
	{events.KindDeferralReleased, "finance releases a deferral", financeAlone,
		lowYear().and(on("2026-01-10", deferral(2026))), on("2026-02-10", release(2026))},
	{events.KindFundPreferenceRecorded, "the S&T office records a preference", stOffice, deserving(),
		on("2025-07-01", &events.FundPreferenceRecorded{Year: 2024})},
	{events.KindAuditFindingOpened, "an auditor opens a finding", auditorAlone, registered(),
		on("2024-04-01", &events.AuditFindingOpened{Finding: "F1"})},
	{events.KindAuditFindingClosed, "an auditor closes a finding", auditorAlone, findingOpened,
		on("2024-05-01", &events.AuditFindingClosed{Finding: "F1"})},
	{events.KindAlertClosed, "the S&T office, finance or an auditor closes an alert out", closers, fined,
		on("2025-04-01", closing("AL-USE-01", "V1"))},
	{events.KindEntryVoided, "a center voids what it wrote", centerAlone, labelled,
		on("2025-04-01", voided("voucher"))},
}

var allRoles = roles(events.STOffice, events.Finance, events.IndustryDept, events.LocalGov, events.CenterRole,
	events.Auditor, events.Admin)

func TestEveryKindIsWrittenByTheRolesOfTheTableAndByNoOther(t *testing.T) {
	// those of no center: TestNonsense and the tests of Seals have the cases
	seen := map[events.Kind]bool{events.KindPolicyAdopted: true, events.KindLedgerSealed: true}
	for _, c := range kindCases {
		seen[c.kind] = true
		t.Run(sentence(c.name), func(t *testing.T) { c.run(t) })
	}
	for _, k := range events.Catalog {
		if !seen[k.Kind] {
			t.Errorf("%s has no case in kindCases", k.Kind)
		}
	}
}

func (c *kindCase) run(t *testing.T) {
	if k := kindOf(c.when.data); k != c.kind {
		t.Fatalf("the case is of %s", k)
	}
	s := given(t, draft, c.given)
	for _, role := range allRoles {
		may := false
		for _, r := range c.roles {
			may = may || r == role
		}
		for _, mode := range []events.Mode{events.Enforce, events.Recording} {
			r, problems := s.record(c.when.by(role), mode)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			v := s.center.Judge(r, draft)
			if v.Refused(mode) == may || len(v.Breaches) > 0 {
				t.Errorf("%s, %s mode: refused is %v: %v", role, mode, v.Refused(mode),
					&aggregates.Refusal{Breaches: v.Against(mode)})
			}
			if !may && (len(v.Nonsense) == 0 || v.Nonsense[0].Field != "by.role" ||
				policyRule(v.Nonsense[0].Rule) == "") {
				t.Errorf("%s: refused for %+v", role, v.Nonsense)
			}
			if v.Policy != draft.At(r.On).Ref() {
				t.Errorf("judged by %+v", v.Policy)
			}
		}
	}
	s.add(c.when.by(c.roles[0]))
}

// The test follows from the facets of the cases: a name that a case creates is refused a second time, and a name to
// which it refers must exist, dated on that day or before.
func TestANameIsCreatedOnceAndBeforeItIsReferredTo(t *testing.T) {
	for _, c := range kindCases {
		f := events.FacetsOf(c.when.data)
		refuses := func(h history, when fact, what string) {
			r, _ := given(t, draft, h).record(when.called(what), events.Recording)
			v := given(t, draft, h).center.Judge(r, draft)
			if len(v.Nonsense) == 0 || !strings.HasPrefix(v.Nonsense[0].Field, "data.") {
				t.Errorf("%s, %s: %+v", c.name, what, v.Nonsense)
			}
		}
		if f.Creates != (events.Name{}) {
			refuses(c.given.and(c.when), c.when, "twice")
		}
		if f.Refers == (events.Name{}) {
			continue
		}
		refuses(registered(), c.when, "with nothing there")
		for _, g := range c.given {
			if events.FacetsOf(g.data).Creates == f.Refers && f.Refers.Space != "taskBook" {
				// whose date does not matter
				early := c.when
				early.day = g.day - 1
				refuses(c.given, early, "the day before it is there")
			}
		}
	}
}

// sectionFive lists the rules of section 5 and the conditions of section 6 that refuse a decision.
var sectionFive = []events.RuleID{"R09-2", "R03-2", "R05-2", "R06-1a", "R06-2b", "R06-2c", "R06-4b", "R06-5b",
	"R06-5d", "R06-5e", "R06-6", "R12-1",
	"R06", "R06-2d", "R09-4", "R09-5", "R09-6", "R09-7", "R09-9", "R04-5", "R18-3", "R10-3", "R16-2", "R18-1", "R18-2",
	"R20-7", "R17-1", "R17-2", "R20-6", events.Overdrawn}

func TestRecognitionDecisions(t *testing.T) { runDecisions(t, recognitionDecisions) }

var pass = &events.PreliminaryReviewed{Passed: true}

// recognitionDecisions are the steps of article 9.
var recognitionDecisions = []decisionCase{
	{"a review of an appraised plan is passed", appraisedWith(), on("2024-03-20", pass), accepted(), draft},
	{"a review on the day of the appraisal is passed", appraisedWith(), on("2024-03-10", pass), accepted(), draft},
	{"a review on the day before the appraisal is refused", appraisedWith(), on("2024-03-09", pass),
		refusedBy("R09-2"), draft},
	{"a review without an appraisal is refused", registered(), on("2024-03-20", pass), refusedBy("R09-2"), draft},
	{"a review after a failed appraisal is refused", registered().and(on("2024-03-10", &events.PlanAppraised{})),
		on("2024-03-20", pass), refusedBy("R09-2"), draft},
	{"a review that is not passed needs nothing", registered(), on("2024-03-20", &events.PreliminaryReviewed{}),
		accepted(), draft},

	{"a complete appraisal of a revised plan is accepted", revised(), on("2024-04-10", appraisal()),
		accepted(), draft},
	{"a plan revised on the day of the review will do",
		reviewed().and(on("2024-03-20", &events.PlanRevised{Version: "2"})), on("2024-03-20", appraisal()),
		accepted(), draft},
	{"a plan revised before the review will not do",
		appraisedWith().and(on("2024-03-19", &events.PlanRevised{Version: "2"}), on("2024-03-20", pass)),
		on("2024-04-10", appraisal()), refusedBy("R09-4"), draft},
	{"an appraisal of a plan that was not revised is refused", reviewed(), on("2024-04-10", appraisal()),
		refusedBy("R09-4"), draft},
	{"an appraisal before the plan was revised is refused", revised(), on("2024-03-31", appraisal()),
		refusedBy("R09-4"), draft},
	{"an appraisal without a passed review is refused",
		appraisedWith().and(on("2024-04-01", &events.PlanRevised{Version: "2"})), on("2024-04-10", appraisal()),
		refusedBy("R09-4"), draft},
	{"an appraisal without the emergency department is refused", revised(),
		on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.Participants = a.Participants[:6] })),
		refusedBy("R09-5"), draft},
	{"an appraisal with one more participant is accepted", revised(),
		on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) {
			a.Participants = append(a.Participants, "health")
		})), accepted(), draft},
	{"an appraisal without experts is refused", revised(),
		on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.ExpertReviews = 0 })),
		refusedBy("R09-6"), draft},
	{"an appraisal without a third party is refused", revised(),
		on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.ThirdPartyReviews = 0 })),
		refusedBy("R09-6"), draft},
	{"an appraisal that found no feasibility is refused", revised(),
		on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.Conclusions.Feasibility = false })),
		refusedBy("R09-7"), draft},
	{"an appraisal that found no soundness is refused", revised(),
		on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.Conclusions.Soundness = false })),
		refusedBy("R09-7"), draft},
	{"an appraisal that found no necessity is refused", revised(),
		on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.Conclusions.Necessity = false })),
		refusedBy("R09-7"), draft},
	{"an appraisal that found no reasonableness is refused", revised(),
		on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.Conclusions.Reasonableness = false })),
		refusedBy("R09-7"), draft},
	{"an appraisal that lacks everything breaks four rules", registered(),
		on("2024-04-10", &events.JointAppraisalHeld{Participants: []string{}}),
		refusedBy("R09-4", "R09-5", "R09-6", "R09-7"), draft},

	{"the meeting approves after a complete appraisal", revised().and(on("2024-04-10", appraisal())),
		on("2024-04-10", &events.SpecialMeetingDecided{Approved: true}), accepted(), draft},
	{"the meeting does not approve on the day before the appraisal", revised().and(on("2024-04-10", appraisal())),
		on("2024-04-09", &events.SpecialMeetingDecided{Approved: true}), refusedBy("R09-5"), draft},
	{"the meeting does not approve after an incomplete appraisal",
		revised().and(on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.ExpertReviews = 0 }))),
		on("2024-05-01", &events.SpecialMeetingDecided{Approved: true}), refusedBy("R09-5"), draft},
	{"the meeting may always decline", registered(), on("2024-05-01", &events.SpecialMeetingDecided{}),
		accepted(), draft},

	{"the plaque is awarded on the day of the approval", approved(),
		on("2024-05-01", &events.PlaqueAwarded{PlaqueNo: "1"}), accepted(), draft},
	{"the plaque is not awarded on the day before the approval", approved(),
		on("2024-04-30", &events.PlaqueAwarded{PlaqueNo: "1"}), refusedBy("R09-9"), draft},
	{"the plaque is not awarded after the meeting declined",
		revised().and(on("2024-05-01", &events.SpecialMeetingDecided{})),
		on("2024-05-10", &events.PlaqueAwarded{PlaqueNo: "1"}), refusedBy("R09-9"), draft},

	{"a decision dated before the policy's effective date is not judged",
		history{on("2023-01-01", &events.CenterRegistered{Facts: facts()})},
		on("2023-12-31", &events.PlaqueAwarded{PlaqueNo: "1"}), accepted(), draft},
	{"a decision on the policy's effective date is judged",
		history{on("2023-01-01", &events.CenterRegistered{Facts: facts()})},
		on("2024-01-01", &events.PlaqueAwarded{PlaqueNo: "1"}), refusedBy("R09-9"), draft},
}

func TestGradingDecisions(t *testing.T) { runDecisions(t, gradingDecisions) }

// late2024 returns a history with the plaque awarded on the last day of 2024.
func late2024() history {
	return approved().and(on("2024-12-31", &events.PlaqueAwarded{PlaqueNo: "1"}),
		on("2025-01-05", taskBook("2025-01-01", "2027-12-31", 2025)))
}

// failed2024And25 returns a history with two failed years, decided on 2025-06-01 and 2026-06-01.
func failed2024And25() history { return graded(2024, "unqualified", "unqualified") }

var gradingDecisions = []decisionCase{
	{"the grade of a year is decided on the first day after it", active(),
		on("2025-01-01", grading(2024, "qualified")), accepted(), draft},
	{"the grade of a year is not decided on its last day", active(), on("2024-12-31", grading(2024, "qualified")),
		refusedBy("R04-5"), draft},
	{"a center awarded on the last day of a year is graded for it", late2024(),
		on("2025-06-01", grading(2024, "qualified")), accepted(), draft},
	{"a center awarded on the first day of a year is not graded for the one before",
		approved().and(on("2025-01-01", &events.PlaqueAwarded{PlaqueNo: "1"}),
			on("2025-01-05", taskBook("2025-01-01", "2027-12-31"))),
		on("2025-06-01", grading(2024, "qualified")), refusedBy("R04-5"), draft},
	{"a center without a plaque is not graded", approved().and(on("2024-05-20", taskBook("2024-06-01", "2027-05-31"))),
		on("2025-06-01", grading(2024, "qualified")), refusedBy("R04-5"), draft},
	{"a center revoked on the last day of a year is not graded for it", active().and(on("2024-12-31", revocation())),
		on("2025-06-01", grading(2024, "qualified")), refusedBy("R18-3"), draft},
	{"a center revoked on the first day of the next year is graded for it",
		active().and(on("2025-01-01", revocation())), on("2025-06-01", grading(2024, "qualified")), accepted(), draft},
	{"a center without a task book is not graded", awarded(), on("2025-06-01", grading(2024, "qualified")),
		refusedBy("R10-3"), draft},
	{"a task book filed on the day of the grading will do",
		awarded().and(on("2025-06-01", taskBook("2024-06-01", "2027-05-31"))),
		on("2025-06-01", grading(2024, "qualified")), accepted(), draft},
	{"a task book filed on the day after the grading will not",
		awarded().and(on("2025-06-02", taskBook("2024-06-01", "2027-05-31"))),
		on("2025-06-01", grading(2024, "qualified")), refusedBy("R10-3"), draft},
	{"a grading without finance is refused", active(),
		on("2025-06-01", grading(2024, "qualified", func(g *events.GradeDecided) {
			g.Participants = []string{"st-office", "industry-dept", "local-gov"}
		})), refusedBy("R16-2"), draft},
	{"a grading without experts is refused", active(),
		on("2025-06-01", grading(2024, "qualified", func(g *events.GradeDecided) { g.ExpertReviews = 0 })),
		refusedBy("R16-2"), draft},
	{"a grading without a third party is refused", active(),
		on("2025-06-01", grading(2024, "qualified", func(g *events.GradeDecided) { g.ThirdPartyReviews = 0 })),
		refusedBy("R16-2"), draft},

	{"a grade is revised", failed2024, on("2025-07-01", regrading(2024, "qualified")), accepted(), draft},
	{"a revision needs no task book and no participants", awarded().and(on("2025-06-01", grading(2024, "qualified"))),
		on("2025-07-01", regrading(2024, "excellent")), accepted(), draft},
	{"a grade decided before its year was over is not revised before then either",
		active().and(on("2024-12-01", grading(2024, "qualified"))), on("2024-12-31", regrading(2024, "excellent")),
		refusedBy("R04-5"), draft},
	{"a grade of a year before the plaque is not revised", active().and(on("2024-06-01", grading(2023, "qualified"))),
		on("2024-07-01", regrading(2023, "excellent")), refusedBy("R04-5"), draft},
	{"a grade of a year by whose end the center was revoked is not revised",
		active().and(on("2024-12-31", revocation()), on("2025-06-01", grading(2024, "qualified"))),
		on("2025-07-01", regrading(2024, "excellent")), refusedBy("R18-3"), draft},

	{"rectification is ordered on the day of the failure", failed2024,
		on("2025-06-01", &events.RectificationOrdered{Year: 2024}), accepted(), draft},
	{"rectification is not ordered on the day before the failure", failed2024,
		on("2025-05-31", &events.RectificationOrdered{Year: 2024}), refusedBy("R18-1"), draft},
	{"rectification is not ordered for a qualified year", graded(2024, "qualified"),
		on("2025-06-10", &events.RectificationOrdered{Year: 2024}), refusedBy("R18-1"), draft},
	{"rectification is not ordered once the grade is revised",
		failed2024.and(on("2025-06-05", regrading(2024, "qualified"))),
		on("2025-06-10", &events.RectificationOrdered{Year: 2024}), refusedBy("R18-1"), draft},
	{"an interview is held on the day of the failure", failed2024,
		on("2025-06-01", &events.InterviewHeld{Year: 2024, Principal: true}), accepted(), draft},
	{"an interview is not held for a qualified year", graded(2024, "qualified"),
		on("2025-06-10", &events.InterviewHeld{Year: 2024, Principal: true}), refusedBy("R18-2"), draft},
	{"an interview is not held for an ungraded year", failed2024, on("2025-06-10", &events.InterviewHeld{Year: 2023}),
		refusedBy("R18-2"), draft},

	{"the qualification is revoked after two failures", failed2024And25(), on("2026-06-01", revocation()),
		accepted(), draft},
	{"the qualification is not revoked on the day before the second", failed2024And25(),
		on("2026-05-31", revocation()), refusedBy("R18-3"), draft},
	{"the qualification is not revoked after one failure", failed2024, on("2025-07-01", revocation()),
		refusedBy("R18-3"), draft},
	{"the qualification is not revoked after two failures with a year between",
		graded(2024, "unqualified", "qualified", "unqualified"), on("2027-07-01", revocation()),
		refusedBy("R18-3"), draft},
	{"the qualification is not revoked after two failures with an ungraded year between",
		failed2024.and(on("2027-06-01", grading(2026, "unqualified"))), on("2027-07-01", revocation()),
		refusedBy("R18-3"), draft},
	{"the qualification is not revoked once a failure is revised",
		failed2024And25().and(on("2026-06-20", regrading(2024, "qualified"))), on("2026-06-20", revocation()),
		refusedBy("R18-3"), draft},
	{"the qualification is revoked after a revision to a second failure",
		graded(2024, "unqualified", "qualified").and(on("2026-06-20", regrading(2025, "unqualified"))),
		on("2026-06-20", revocation()), accepted(), draft},
}

// policyRule returns the words of a rule in the draft.
func policyRule(id events.RuleID) string {
	if r := draft.Adopted()[0].Rule(id); r != nil {
		return r.Words
	}
	return ""
}

func TestWarningsAreCarriedAndRefuseNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		given history
		when  fact
		warns int
	}{
		{"a wrong check character of a USCC", nil,
			on("2024-03-01", &events.CenterRegistered{
				Facts: facts(func(f *events.Facts) { f.USCC = "91330106MAC1K2L32D" })}), 1},
		{"a wrong check character of a changed USCC", registered(),
			on("2024-03-02", &events.FactsChanged{USCC: ptr("52330200MJ8765437X")}), 1},
		{"a rightful USCC", registered(), on("2024-03-02", &events.FactsChanged{USCC: ptr("52330200MJ8765437Q")}), 0},
		{"a USCC of check value zero", registered(),
			on("2024-03-02", &events.FactsChanged{USCC: ptr("91330782MA8EX4MPX0")}), 0},
		{"a document number of another form", registered(),
			on("2024-03-02", &events.PlanRevised{}).with("口头通知"), 1},
		{"a document number in round brackets", registered(),
			on("2024-03-02", &events.PlanRevised{}).with("浙财科教（2025）12号"), 0},
		{"both at once", registered(),
			on("2024-03-02", &events.FactsChanged{USCC: ptr("91330106MAC1K2L32D")}).with("口头通知"), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := given(t, draft, c.given)
			r, _ := s.record(c.when, events.Enforce)
			v := s.center.Judge(r, draft)
			if v.Refused(events.Enforce) || len(v.Warnings) != c.warns {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestABreakInTheStreamIsAnErrorAndChangesNothing(t *testing.T) {
	for _, c := range allNonsense {
		s := given(t, draft, c.given)
		r, problems := s.record(c.when, events.Recording)
		if c.field == "" || len(problems) > 0 || c.clause == closedNotOpen || c.clause == closedNotClosable ||
			c.clause == notInPolicy || c.clause == notTheGrantor {
			continue // what the codec or the policy must tell is not seen when reading back
		}
		before := s.center.Revision()
		if err := s.center.Apply(&events.Recorded{Record: *r, Revision: before + 1, Position: 9}); err == nil ||
			s.center.Revision() != before || s.center.Has(r.ID) != 0 {
			t.Errorf("%s: error %v, revision %d after %d", c.name, err, s.center.Revision(), before)
		}
	}
	s := given(t, draft, registered())
	r, _ := s.record(on("2024-04-01", &events.PlanRevised{}), events.Enforce)
	for _, revision := range []uint64{0, 1, 3} {
		if err := s.center.Apply(&events.Recorded{Record: *r, Revision: revision, Position: 2}); err == nil ||
			!strings.Contains(text.Of(err).Zh, "接在 1 之后") {
			t.Errorf("revision %d follows 1: %v", revision, err)
		}
	}
}

func TestWithoutAPolicyNothingIsAcceptedAndNothingIsJudged(t *testing.T) {
	s := given(t, draft, registered())
	r, _ := s.record(on("2024-04-01", &events.PlanRevised{}), events.Recording)
	if v := s.center.Judge(r, policy.Timeline{}); !v.Refused(events.Recording) {
		t.Errorf("%+v", v)
	}
	e := s.center.Evaluate(policy.Timeline{}, date("2024-12-31"))
	if e.Status != aggregates.Registered || e.Events != 1 || e.Executions != nil || e.Alerts != nil {
		t.Errorf("without a policy: %+v", e)
	}
}

func TestAStatusIsTheFurthestThatACenterHasComeWhateverTheDates(t *testing.T) {
	for _, c := range []struct {
		name  string
		given history
		asOf  string
		want  aggregates.Status
	}{
		{"before the registration there is none", registered(), "2024-02-29", ""},
		{"registered on the day", registered(), "2024-03-01", aggregates.Registered},
		{"registered while a review was not passed",
			appraisedWith().and(on("2024-03-20", &events.PreliminaryReviewed{})), "2024-12-31", aggregates.Registered},
		{"reviewed on the day", reviewed(), "2024-03-20", aggregates.Reviewed},
		{"approved on the day", approved(), "2024-05-01", aggregates.Approved},
		{"reviewed the day before", approved(), "2024-04-30", aggregates.Reviewed},
		{"active on the day", active(), "2024-05-10", aggregates.Active},
		{"active without the steps before",
			registered().and(on("2024-03-02", &events.PlaqueAwarded{}), on("2024-03-20", pass)), "2024-12-31",
			aggregates.Active},
		{"revoked on the day", active().and(on("2024-08-01", revocation())), "2024-08-01", aggregates.Revoked},
		{"revoked whatever comes later",
			approved().and(on("2024-05-02", revocation()), on("2024-05-10", &events.PlaqueAwarded{})), "2024-12-31",
			aggregates.Revoked},
	} {
		t.Run(c.name, func(t *testing.T) {
			if e := given(t, draft, c.given).asOf(date(c.asOf)); e.Status != c.want {
				t.Errorf("status is %q, want %q", e.Status, c.want)
			}
		})
	}
}
