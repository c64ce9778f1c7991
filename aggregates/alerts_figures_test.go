package aggregates_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// figuresCase asks for the figures that explain one alert: those that its condition in section 9 names, for this case
// of the condition. figures holds name=value, with semicolons between; the values are worked out by hand.
type figuresCase struct {
	name    string
	given   history
	asOf    string
	code    aggregates.Code
	key     string
	figures string
	reason  string // a part of the English sentence that only this case has
}

var figuresCases = []figuresCase{
	{"an area below the mandatory minimum", passedWith(area(1999)), "2024-12-31", "AL-ADM-01", "R06-2b",
		"reviewedOn=2024-03-20; usableAreaM2=1999; minimum=5000; relaxed=false; mandatoryBelow=2000",
		"the usable floor area is 1999 m², below 5000 m²"},
	{"equipment below the minimum", passedWith(equipment(100*wan + 1)), "2024-12-31", "AL-ADM-01", "R06-2c",
		"reviewedOn=2024-03-20; equipmentFen=100000001; minimum=5000000000; relaxed=false",
		"1,000,000.01 yuan, below 50,000,000.00 yuan"},
	{"equipment below the relaxed minimum",
		relaxedWith(asksRelaxation, equipment(1000*wan-1)).and(on("2024-03-20", pass)), "2024-12-31",
		"AL-ADM-01", "R06-2c",
		"equipmentFen=999999999; minimum=1000000000; relaxed=true", "below 10,000,000.00 yuan"},
	{"pilot devices that do not stand apart", passedWith(pilotFunction), "2024-12-31", "AL-ADM-01", "R06-4b",
		"pilotFunction=true; pilotDevicesSeparate=false", "no separate pilot devices"},
	{"a major incident", appraisedWith().and(on("2024-03-11", incident("I1", "major", "2024-03-02")),
		on("2024-03-20", pass)), "2024-12-31", "AL-ADM-01", "R06-5b",
		"incident=I1; occurredOn=2024-03-02; since=2022-03-01; lookback=24", "a major incident since 2022-03-01: I1"},
	{"a listing for dishonesty", appraisedWith().and(on("2024-03-11", listing("L1", "dishonesty", "2024-12-31")),
		on("2024-03-20", pass)), "2024-12-31", "AL-ADM-01", "R06-5d",
		"listing=L1; list=dishonesty; listedOn=2024-03-11; until=2024-12-31", "is listed for dishonesty (L1)"},
	{"a blacklisting", appraisedWith().and(on("2024-03-11", listing("L2", "blacklist", "")), on("2024-03-20", pass)),
		"2024-12-31", "AL-ADM-01", "R06-5e",
		"listing=L2; list=blacklist; listedOn=2024-03-11", "is blacklisted (L2)"},
	{"no ethics committee at the review", passedWith(sensitiveMedicine), "2024-12-31", "AL-ADM-01", "R06-6",
		"fields=medicine; ethicsSensitive=true; ethicsCommittee=false", "without an ethics committee"},
	{"a rule judged not met", appraisedWith().and(on("2024-03-15", judge("R08-1", "not-met")), on("2024-03-20", pass)),
		"2024-12-31", "AL-ADM-01", "R08-1",
		"reviewedOn=2024-03-20; judgedOn=2024-03-15; conclusion=not-met",
		"the latest conclusion on it, of 2024-03-15"},
	{"an area below the minimum in principle", passedWith(area(2000)), "2024-12-31", "AL-ADM-02", "R06-2b",
		"usableAreaM2=2000; minimum=5000; relaxed=false; mandatoryBelow=2000", "2000 m², below 5000 m²"},
	{"no legal entity", passedWith(notLegalEntity), "2024-12-31", "AL-ADM-02", "R03-2",
		"reviewedOn=2024-03-20; legalEntity=false", "is not a legal entity"},
	{"a new unit", passedWith(newUnit), "2024-12-31", "AL-ADM-02", "R05-2", "newUnit=true", "is a new unit"},
	{"a unit founded too late", passedWith(founded("2021-03-02")), "2024-12-31", "AL-ADM-02", "R06-1a",
		"foundedOn=2021-03-02; registeredOn=2024-03-01; foundationYears=3", "less than 3 years"},
	{"two leading industries", passedWith(industries("软件", "医药")), "2024-12-31", "AL-ADM-02", "R12-1",
		"industries=2; industriesWanted=1; leadingIndustries=软件,医药", "has 2 leading industries"},
	{"no leading industry", passedWith(industries()), "2024-12-31", "AL-ADM-02", "R12-1",
		"industries=0; industriesWanted=1", "has 0 leading industries"},
	{"a waiver of a mandatory rule", registered().and(on("2024-03-15", waive("R06-2c"))), "2024-12-31", "AL-ADM-03",
		"R06-2c", "grantedOn=2024-03-15; rule=R06-2c", "is not a rule that can be waived"},
	{"a waiver of too small an area", registeredWith(area(1999)).and(on("2024-03-15", waive("R06-2b"))), "2024-12-31",
		"AL-ADM-03", "R06-2b",
		"grantedOn=2024-03-15; usableAreaM2=1999; mandatoryBelow=2000", "1999 m², below 2000 m²"},
	{"a relaxation that was not asked for", registered().and(on("2024-03-15", &events.RelaxationGranted{})),
		"2024-12-31", "AL-ADM-03", "relaxation", "grantedOn=2024-03-15; requested=false", "did not ask"},
	{"a relaxation of another industry",
		registeredWith(func(f *events.Facts) { f.RelaxationRequested = true }).and(
			on("2024-03-15", &events.RelaxationGranted{})), "2024-12-31", "AL-ADM-03", "relaxation",
		"requested=true; industryCode=M7320; relaxable=C39,I63,I64,I65", "industry M7320 is not one"},

	{"a review without an appraisal", registered().and(on("2024-03-20", pass)), "2024-12-31", "AL-PRC-01",
		"preliminary.reviewed", "step=preliminary.reviewed; stepOn=2024-03-20; missing=plan.appraised",
		"without a passed appraisal"},
	{"an appraisal without a passed review", registered().and(on("2024-04-10", appraisal())), "2024-12-31",
		"AL-PRC-01", "joint-appraisal.held", "missing=preliminary.reviewed", "without a passed preliminary review"},
	{"an appraisal of a plan that was not revised", reviewed().and(on("2024-04-10", appraisal())), "2024-12-31",
		"AL-PRC-01", "joint-appraisal.held",
		"step=joint-appraisal.held; stepOn=2024-04-10; missing=plan.revised; reviewedOn=2024-03-20",
		"without a revision of the plan"},
	{"an approval without an appraisal",
		revised().and(on("2024-05-01", &events.SpecialMeetingDecided{Approved: true})), "2024-12-31", "AL-PRC-01",
		"special-meeting.decided", "missing=joint-appraisal.held", "without a joint appraisal"},
	{"a plaque without an approval", revised().and(on("2024-05-10", &events.PlaqueAwarded{})), "2024-12-31",
		"AL-PRC-01", "plaque.awarded", "stepOn=2024-05-10; missing=special-meeting.decided", "without an approval"},
	{"a review overdue", appraisedWith(), "2024-12-31", "AL-PRC-02", "preliminary.reviewed",
		"step=preliminary.reviewed; from=2024-03-10; term=60; dueOn=2024-05-09", "within 60 days"},
	{"a plaque overdue", approved(), "2024-12-31", "AL-PRC-02", "plaque.awarded",
		"step=plaque.awarded; from=2024-05-01; term=30; dueOn=2024-05-31", "an approval by the special meeting"},
	{"an appraisal without a participant",
		revised().and(on("2024-04-10",
			appraisal(func(a *events.JointAppraisalHeld) { a.Participants = a.Participants[:6] }))), "2024-12-31",
		"AL-PRC-03", "2024-04-10",
		"heldOn=2024-04-10; absent=emergency,local-gov; expertReviews=1; thirdPartyReviews=1; reviewsWanted=1",
		"participants are missing"},
	{"an appraisal without a review",
		revised().and(on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.ThirdPartyReviews = 0 }))),
		"2024-12-31", "AL-PRC-03", "2024-04-10",
		"expertReviews=1; thirdPartyReviews=0; reviewsWanted=1", "1 expert and 0 third-party reviews"},
	{"an appraisal with a conclusion not passed",
		revised().and(on("2024-04-10",
			appraisal(func(a *events.JointAppraisalHeld) { a.Conclusions.Necessity = false }))), "2024-12-31",
		"AL-PRC-03", "2024-04-10",
		"notPassed=necessity", "conclusions not passed: necessity"},

	{"a task book overdue", awarded(), "2024-12-31", "AL-TSK-01", "", "from=2024-05-10; term=60; dueOn=2024-07-09",
		"within 60 days of the plaque"},
	{"a period about to end", active(), "2027-05-31", "AL-TSK-02", "2027-05-31",
		"periodEnd=2027-05-31; filedOn=2024-05-20; notice=90", "ends on 2027-05-31"},
	{"an organ overdue", governedBut("bylaws"), "2024-12-31", "AL-GOV-01", "bylaws",
		"item=bylaws; from=2024-05-10; term=180; dueOn=2024-11-06", "by 2024-11-06"},
	{"a trial", active().and(on("2024-09-01", &events.TrialRecorded{Trial: "T1", OnProductionLine: true})),
		"2024-12-31", "AL-SAF-01", "T1", "trial=T1; occurredOn=2024-09-01; onProductionLine=true",
		"on a production line"},
	{"an incident", active().and(on("2024-09-01", incident("I1", "major", "2024-08-30"))), "2024-12-31",
		"AL-INC-01", "I1",
		"incident=I1; kind=safety; severity=major; occurredOn=2024-08-30; recordedOn=2024-09-01; since=2024-03-20",
		"occurred on 2024-08-30"},
	{"a listing that ends", registered().and(on("2024-03-05", listing("L1", "blacklist", "2025-05-31"))), "2024-12-31",
		"AL-INC-02", "L1", "listing=L1; list=blacklist; listedOn=2024-03-05; until=2025-05-31",
		"listed on 2024-03-05"},
	{"no ethics committee", active().and(on("2024-08-01", ethics(true, false))), "2024-12-31", "AL-ETH-01", "",
		"fields=ai; ethicsSensitive=true; ethicsCommittee=false; plaqueOn=2024-05-10", "since 2024-08-01"},
	{"an annual report overdue", active(), "2025-12-31", "AL-RPT-01", "2024",
		"year=2024; dueOn=2025-03-31; plaqueOn=2024-05-10", "by 2025-03-31"},
	{"a report without a review", active().and(on("2025-03-01", filed(2024))), "2025-12-31", "AL-RPT-02", "2024",
		"year=2024; filedOn=2025-03-01", "with no review"},
	{"a report with a review that was not passed",
		active().and(on("2025-02-20", &events.AnnualReportReviewed{Year: 2024}), on("2025-03-01", filed(2024))),
		"2025-12-31", "AL-RPT-02", "2024",
		"year=2024; filedOn=2025-03-01; reviewedOn=2025-02-20", "the review of 2025-02-20 was not passed"},
	{"a final report overdue", active(), "2027-12-31", "AL-RPT-03", "2027-05-31",
		"from=2027-05-31; term=90; dueOn=2027-08-29; filedOn=2024-05-20", "within 90 days"},
	{"a grade overdue", active(), "2025-12-31", "AL-EVL-01", "2024",
		"year=2024; dueOn=2025-09-30; plaqueOn=2024-05-10", "by 2025-09-30"},
	{"a grading without a participant",
		active().and(on("2025-06-01",
			grading(2024, "qualified", func(g *events.GradeDecided) { g.Participants = g.Participants[:3] }))),
		"2025-12-31", "AL-EVL-02", "2024",
		"year=2024; grade=qualified; decidedOn=2025-06-01; absent=local-gov; expertReviews=1; thirdPartyReviews=1; " +
			"reviewsWanted=1", "participants are missing"},
	{"a grading without experts",
		active().and(on("2025-06-01",
			grading(2024, "qualified", func(g *events.GradeDecided) { g.ExpertReviews = 0 }))), "2025-12-31",
		"AL-EVL-02", "2024",
		"expertReviews=0; thirdPartyReviews=1", "0 expert and 1 third-party"},
	{"a grading without a task book", awarded().and(on("2025-06-01", grading(2024, "qualified"))), "2025-12-31",
		"AL-EVL-03", "2024", "year=2024; grade=qualified; decidedOn=2025-06-01", "no task book"},

	{"a construction grant above the subsidy",
		deserving().and(on("2025-06-10", construction("C1", 2025, 2024, 200*wan+1))), "2025-12-31", "AL-AWD-01", "C1",
		"amount=200000001; grantedOn=2025-06-10; forYear=2024; source=central-guidance; " +
			"sourceWanted=central-guidance; supportYears=2024,2025,2026; grade=excellent; gradeWanted=excellent; " +
			"sum=200000001; limit=200000000; over=1",
		"are 2,000,000.01 yuan, above the cap of 2,000,000.00 yuan"},
	{"a construction grant of another source",
		deserving().and(on("2025-06-10", fromSource(construction("C1", 2025, 2024, wan), events.ProvinceOther))),
		"2025-12-31", "AL-AWD-01", "C1",
		"source=province-other; sourceWanted=central-guidance; sum=1000000; limit=200000000", "the source is “"},
	{"a construction grant before the grade", deserving().and(on("2025-05-31", construction("C1", 2025, 2024, wan))),
		"2025-12-31", "AL-AWD-01", "C1", "grade=none; gradeWanted=excellent", "the grade of 2024 is not excellent"},
	{"a construction grant for a qualified year",
		graded(2024, "qualified").and(on("2025-06-10", construction("C1", 2025, 2024, wan))), "2025-12-31",
		"AL-AWD-01", "C1", "grade=qualified; gradeWanted=excellent", "is not excellent"},
	{"a construction grant for no support year",
		graded(2024, "excellent").and(on("2025-06-10", construction("C1", 2025, 2023, wan))), "2025-12-31",
		"AL-AWD-01", "C1",
		"forYear=2023; supportYears=2024,2025,2026", "2023 is not a support year"},
	{"a construction grant without a task book", awarded().and(on("2025-06-10", construction("C1", 2025, 2024, wan))),
		"2025-12-31", "AL-AWD-01", "C1", "supportYears=none", "2024 is not a support year"},
	{"a subsidy due", deserving().and(on("2025-11-28", construction("C1", 2025, 2024, 199*wan))), "2025-12-31",
		"AL-AWD-02", "2024",
		"year=2024; grade=excellent; from=2025-06-01; term=180; dueOn=2025-11-28; supportYears=2024,2025,2026; " +
			"subsidy=200000000; granted=199000000; short=1000000",
		"and 1,990,000.00 yuan was granted up to 2025-12-31"},
	{"a subsidy granted too late", deserving().and(on("2025-06-10", construction("C1", 2025, 2024, 50*wan)),
		on("2025-12-10", construction("C2", 2025, 2024, 150*wan))), "2025-12-31", "AL-AWD-02", "2024",
		"granted=50000000; short=150000000", "500,000.00 yuan was granted up to 2025-11-28"},
	{"a subsidy due again after the release",
		deserving().and(on("2025-11-29", deferral(2025)), on("2025-12-20", release(2025))), "2025-12-31",
		"AL-AWD-02", "2024",
		"granted=0; short=200000000; releasedOn=2025-12-20", "0.00 yuan was granted up to"},

	{"project money above the cap", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 1000*wan)),
		on("2025-06-11", projectGrant("J2", 2025, "P1", 1))), "2025-12-31", "AL-PRJ-01", "J2",
		"amount=1; grantedOn=2025-06-11; fiscalYear=2025; sum=1000000001; limit=1000000000; over=1",
		"above the cap of 10,000,000.00 yuan"},
	{"project money without a grade",
		active().and(on("2025-06-02", project("P1", true, true)),
			on("2025-06-10", projectGrant("J1", 2025, "P1", wan))), "2025-12-31", "AL-PRJ-02", "J1",
		"amount=1000000; fiscalYear=2025; gradeYear=2024; grade=none; gradeWanted=excellent,qualified; project=P1; " +
			"approvedOn=2025-06-02; eligible=true", "there is no grade of 2024"},
	{"project money after a failure",
		failed2024.and(on("2025-06-02", project("P1", true, true)),
			on("2025-06-10", projectGrant("J1", 2025, "P1", wan))), "2025-12-31", "AL-PRJ-02", "J1",
		"gradeYear=2024; grade=unqualified", "the grade of 2024 is unqualified"},
	{"project money before the approval", deserving().and(on("2025-06-01", projectGrant("J1", 2025, "P1", wan))),
		"2025-12-31", "AL-PRJ-02", "J1", "grade=excellent; project=P1; approvedOn=none", "project P1 is not approved"},
	{"a project that is not eligible",
		deserving().and(on("2025-06-02", project("P2", true, false)),
			on("2025-06-10", projectGrant("J1", 2025, "P2", wan))), "2025-12-31", "AL-PRJ-02", "J1",
		"project=P2; approvedOn=2025-06-02; eligible=false", "project P2 is not eligible"},
	{"project money close to the cap", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 910*wan))),
		"2025-12-30", "AL-PRJ-03", "2025",
		"fiscalYear=2025; sum=910000000; limit=1000000000; warning=90; warningFrom=900000000",
		"90% or more of the cap"},
	{"project money that fell below the warning",
		deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 900*wan)), on("2025-07-01", reverse("J1", 1))),
		"2025-12-30", "AL-PRJ-03", "2025", "sum=900000000", "9,000,000.00 yuan on 2025-06-10"},
	{"project money of another source",
		deserving().and(on("2025-06-10", fromSource(projectGrant("J1", 2025, "P1", wan), events.CentralGuidance))),
		"2025-12-31", "AL-PRJ-04", "J1",
		"amount=1000000; grantedOn=2025-06-10; source=central-guidance; sourceWanted=major-program; project=P1; " +
			"approvedOn=2025-06-02; majorPilotVerification=true", "the source is “central guidance fund”"},
	{"a project that is no major pilot verification",
		deserving().and(on("2025-06-02", project("P2", false, true)),
			on("2025-06-10", projectGrant("J1", 2025, "P2", wan))), "2025-12-31", "AL-PRJ-04", "J1",
		"source=major-program; project=P2; majorPilotVerification=false",
		"project P2 is not a major pilot verification"},
	{"project money that names no project", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "", wan))),
		"2025-12-31", "AL-PRJ-04", "J1", "project=none", "no project is named"},
	{"project money for a project that is not approved yet",
		deserving().and(on("2025-08-01", project("P2", true, true)),
			on("2025-06-10", projectGrant("J1", 2025, "P2", wan))), "2025-07-31", "AL-PRJ-04", "J1",
		"project=P2; approvedOn=none", "project P2 is not approved"},

	{"a grant not received",
		promised.and(on("2025-02-01", receive("G1", 30*wan)), on("2025-02-02", reverse("G1", 10*wan))), "2025-12-31",
		"AL-FND-01", "G1",
		"fiscalYear=2025; from=2025-01-10; term=60; dueOn=2025-03-11; net=90000000; received=30000000; short=60000000",
		"300,000.00 yuan was received up to 2025-12-31"},
	{"a grant received too late",
		promised.and(on("2025-02-01", receive("G1", 30*wan)), on("2025-06-01", reverse("G1", 10*wan)),
			on("2025-06-02", receive("G1", 60*wan))), "2025-12-31", "AL-FND-01", "G1",
		"net=100000000; received=30000000; short=70000000",
		"1,000,000.00 yuan net, was to be received within 60 days, by 2025-03-11, and 300,000.00 yuan was received " +
			"up to 2025-03-11"},
	{"a grant received on the day on which it was late", promised.and(on("2025-03-12", receive("G1", 100*wan))),
		"2025-12-31", "AL-FND-01", "G1", "received=0; short=100000000", "0.00 yuan was received up to 2025-03-11"},
	{"a grant late again after the release",
		promised.and(on("2025-03-12", deferral(2025)), on("2025-05-01", release(2025))), "2025-12-31", "AL-FND-01",
		"G1", "received=0; short=100000000; releasedOn=2025-05-01", "within 60 days"},
	{"a grant overdrawn", granted().and(on("2025-02-01", spend("V1", "pilot", "G1", 101*wan))), "2025-12-31",
		"AL-FND-03", "V1",
		"voucher=V1; spentOn=2025-02-01; amount=101000000; declaredUse=pilot; grant=G1; balance=-1000000",
		"the balance of G1 is -10,000.00 yuan"},
	{"two grants overdrawn by one voucher",
		matched.and(on("2025-02-01", spend("V1", "pilot", "G1", 101*wan, line("M1", 52*wan)))), "2025-12-31",
		"AL-FND-03", "V1", "grant=G1,M1; balance=-1000000; balance=-2000000", "the balance of M1 is -20,000.00 yuan"},

	{"a forbidden use", paid("fine"), "2025-12-31", "AL-USE-01", "V1",
		"use=fine; voucher=V1; spentOn=2025-03-01; amount=10000000; declaredUse=fine; grant=G1",
		"is for “fine”, which is forbidden"},
	{"a forbidden use by a code", paid("equipment", econ("311")), "2025-12-31", "AL-USE-01", "V1",
		"use=equipment; declaredUse=equipment; econCode=311; grant=G1",
		"its economic classification is 311 (subsidies to enterprises (capital construction)), which is forbidden"},
	{"capital construction by a code", paid("equipment", econ("31001")), "2025-12-31", "AL-USE-01", "V1",
		"use=capital-construction; declaredUse=equipment; econCode=31001", "it counts as"},
	{"a forbidden use by a ruling", paid("other").and(on("2025-04-01", rule("V1", "fine"))), "2025-12-31", "AL-USE-01",
		"V1", "use=fine; declaredUse=other; ruledOn=2025-04-01", "was ruled on 2025-04-01 to be “fine”"},
	{"capital construction with one line of a subsidy", paidLocally("capital-construction", line("G1", 1)),
		"2025-12-31", "AL-USE-01", "V1", "amount=10000001; concerned=1; grant=M1,G1", "which is forbidden"},
	{"a use to be ruled on", paid("other"), "2025-12-31", "AL-USE-02", "V1",
		"use=other; voucher=V1; spentOn=2025-03-01; amount=10000000; declaredUse=other; grant=G1", "must rule"},
	{"a use to be ruled on by a code", paid("equipment", econ("31006")), "2025-12-31", "AL-USE-02", "V1",
		"use=other; declaredUse=equipment; econCode=31006", "31006 (major repairs)"},
	{"a use to be ruled on by a ruling", paid("pilot").and(on("2025-04-01", rule("V1", "other"))), "2025-12-31",
		"AL-USE-02", "V1", "use=other; declaredUse=pilot; ruledOn=2025-04-01", "was ruled on 2025-04-01"},
	{"too small a share of the main uses", shares(10*wan, 30*wan), "2025-12-31", "AL-USE-03", "2025",
		"year=2025; main=10000000; spent=40000000; share=25.00; shareWanted=50", "25.00%, below 50%"},

	{"a month behind, with money carried in",
		carriedInto2026().and(on("2026-01-15", spend("V1", "pilot", "G1", 730*yuan))), "2026-02-15",
		"AL-EXE-01", "2026-01",
		"monthEnd=2026-01-31; available=3650000; executed=73000; rate=2.00; progressFrom=2026-01-01; elapsed=31; " +
			"all=365; progress=8.49; warning=80; line=6.79; late=0; lateAfter=2026-10-01",
		"2.00%, below 80% of the time progress of 8.49%"},
	{"a month behind, from the first receipt", receivedOn20January(), "2025-02-15", "AL-EXE-01", "2025-01",
		"executed=0; rate=0.00; progressFrom=2025-01-20; elapsed=12; all=346; progress=3.47; line=2.77",
		"on 2025-01-31"},
	{"a low year", halves(50*wan, "2025-10-02", 50*wan).and(on("2025-11-01", spend("V1", "pilot", "G1", 59*wan))),
		"2026-06-30", "AL-EXE-02", "2025",
		"year=2025; available=100000000; executed=59000000; rate=59.00; lowRate=60; late=50000000; " +
			"lateAfter=2025-10-01", "was 59.00%, below 60%"},
	{"a grant after a low year", lowYear().and(on("2026-01-10", other("G2", 2026, wan))), "2026-12-31",
		"AL-EXE-03", "G2",
		"available=100000000; executed=59990000; rate=59.99; lowRate=60; late=0; lateAfter=2025-10-01; " +
			"amount=1000000; grantedOn=2026-01-10; fiscalYear=2026; word=none", "no deferral had been decided"},
	{"a grant while deferred",
		lowYear().and(on("2026-01-05", deferral(2026)), on("2026-01-10", other("G2", 2026, wan))), "2026-12-31",
		"AL-EXE-03", "G2", "word=deferred; wordOn=2026-01-05", "all the same, and the deferral had not been released"},
	{"no deferral decided", lowYear(), "2026-12-31", "AL-EXE-04", "2025",
		"year=2025; rate=59.99; lowRate=60; from=2025-12-31; term=30; dueOn=2026-01-30", "by 2026-01-30"},
	{"money announced ahead and paid",
		announcedAhead().and(on("2026-01-05", deferral(2026)), on("2026-02-01", receive("G2", wan)),
			on("2026-03-01", receive("G2", 1))), "2026-12-31", "AL-EXE-05", "G2",
		"rate=59.99; lowRate=60; fiscalYear=2026; announcedOn=2025-12-31; net=2000000; paidOn=2026-02-01; " +
			"received=1000001; word=deferred; wordOn=2026-01-05",
		"10,000.00 yuan was received on 2026-02-01 all the same, and the deferral had not been released"},
	{"money paid after a release and another deferral", announcedAhead().and(on("2026-02-01", receive("G2", wan))),
		"2026-12-31", "AL-EXE-05", "G2", "word=none", "all the same, and no deferral had been decided"},

	{"an out-transfer that names no task book",
		granted().and(on("2025-03-01", spend("V1", "pilot", "G1", wan, under("")))), "2025-12-31", "AL-OUT-01", "V1",
		"voucher=V1; spentOn=2025-03-01; amount=1000000; declaredUse=pilot; grant=G1; taskBook=none",
		"there is no entrustment task book"},
	{"an out-transfer whose task book is not recorded",
		granted().and(on("2025-04-01", sign("B1", "2025-02-01", 20*wan, true)), on("2025-03-01", transfer("V1", wan))),
		"2025-03-31", "AL-OUT-01", "V1", "taskBook=B1", "the entrustment task book B1 is not recorded"},
	{"a task book signed after payment", entrusted(true).and(on("2025-01-31", transfer("V1", wan))), "2025-12-31",
		"AL-OUT-01", "V1", "taskBook=B1; signedOn=2025-02-01; entrusted=甲公司",
		"was signed after payment, on 2025-02-01"},
	{"an out-transfer to another payee",
		entrusted(true).and(on("2025-03-01", spend("V1", "pilot", "G1", wan, under("B1"), payee("乙公司")))),
		"2025-12-31", "AL-OUT-01", "V1", "entrusted=甲公司",
		"the payee 乙公司 is not that of the task book B1, 甲公司"},
	{"an out-transfer above the task book", entrusted(true).and(on("2025-03-01", transfer("V1", 20*wan+1))),
		"2025-12-31", "AL-OUT-01", "V1", "sum=20000001; limit=20000000; over=1",
		"sum to 200,000.01 yuan, above its amount of 200,000.00 yuan"},
	{"a task book without the clause", entrusted(false).and(on("2025-03-01", transfer("V1", wan))), "2025-12-31",
		"AL-OUT-02", "B1",
		"taskBook=B1; entrusted=甲公司; clause=false; voucher=V1; spentOn=2025-03-01; limit=20000000",
		"has no clause"},
	{"a confirmation overdue", entrusted(true).and(on("2025-03-01", transfer("V1", wan))), "2025-12-31", "AL-OUT-02",
		"B1", "taskBook=B1; clause=true; from=2025-03-01; term=30; dueOn=2025-03-31",
		"to be confirmed within 30 days"},

	{"matching money overdue", active().and(on("2025-01-10", commit("M1", 2025, 3*wan, "2025-06-30")),
		on("2025-06-30", receiveMatch("M1", wan))), "2025-12-31", "AL-MAT-01", "M1",
		"fiscalYear=2025; dueOn=2025-06-30; net=3000000; received=1000000; short=2000000", "was due by 2025-06-30"},
	{"matching money received too late",
		active().and(on("2025-01-10", commit("M1", 2025, 3*wan, "2025-06-30")),
			on("2025-06-30", receiveMatch("M1", wan)), on("2025-08-01", receiveMatch("M1", 2*wan))), "2025-12-31",
		"AL-MAT-01", "M1",
		"net=3000000; received=1000000; short=2000000", "10,000.00 yuan was received up to 2025-06-30"},
	{"an order overdue", failed2024, "2025-12-31", "AL-RCT-01", "2024",
		"year=2024; grade=unqualified; decidedOn=2025-06-01; from=2025-06-01; term=30; dueOn=2025-07-01",
		"by 2025-07-01"},
	{"rectification overdue by the policy's term", failed2024.and(on("2025-06-10", order(2024, ""))), "2025-12-31",
		"AL-RCT-02", "2024",
		"year=2024; grade=unqualified; decidedOn=2025-06-01; orderedOn=2025-06-10; dueOn=2025-09-08; term=90",
		"due by 2025-09-08"},
	{"rectification overdue by the order", failed2024.and(on("2025-06-10", order(2024, "2025-06-30"))), "2025-12-31",
		"AL-RCT-02", "2024", "orderedOn=2025-06-10; dueOn=2025-06-30", "due by 2025-06-30"},
	{"an interview overdue", failed2024, "2025-12-31", "AL-ITV-01", "2024",
		"year=2024; grade=unqualified; from=2025-06-01; term=30; dueOn=2025-07-01", "the principal"},
	{"revocation due", failed2024And25(), "2026-12-31", "AL-REV-01", "2025",
		"grade=unqualified; decidedOn=2026-06-01; grade-1=unqualified; decidedOn-1=2025-06-01; failures=2",
		"2 consecutive years failed"},
	{"a year between without a grade", gap2025(), "2027-12-31", "AL-REV-03", "2026",
		"grade=unqualified; decidedOn=2027-06-01; grade-2=unqualified; decidedOn-2=2025-06-01; failures=2; " +
			"ungraded=2025", "2025 between them has no grade"},
	{"a grant after the revocation", out().and(on("2026-06-11", other("G2", 2026, wan))), "2026-12-31", "AL-REV-02",
		"G2", "revokedOn=2026-06-10; movement=subsidy.granted; movedOn=2026-06-11; amount=1000000", "10,000.00 yuan"},
	{"a receipt after the revocation", out().and(on("2026-06-11", receive("G1", 2*wan))), "2026-12-31", "AL-REV-02",
		"G1", "revokedOn=2026-06-10; movement=subsidy.received; amount=2000000", "20,000.00 yuan"},
	{"a voucher after the revocation", out().and(on("2026-06-11", spend("V1", "pilot", "G1", wan))), "2026-12-31",
		"AL-REV-02", "V1", "movement=funds.spent; amount=1000000; voucher=V1; declaredUse=pilot; grant=G1", "V1"},
	{"two receipts on one day",
		out().and(on("2026-06-11", receive("G1", wan)), on("2026-06-11", receive("G1", 2*wan))), "2026-12-31",
		"AL-REV-02", "G1", "amount=1000000; amount=2000000", "; "},
	{"an audit finding overdue",
		registered().and(on("2024-04-01", &events.AuditFindingOpened{
			Finding: "F1", Text: "合同缺页", DueOn: date("2024-06-30")})), "2024-12-31", "AL-AUD-01", "F1",
		"finding=合同缺页; openedOn=2024-04-01; dueOn=2024-06-30", "by 2024-06-30"},
}

func TestAFigureIsCalledWhatItIsInItsAlert(t *testing.T) {
	for _, c := range []struct {
		name       string
		given      history
		code       aggregates.Code
		key        string
		figure, zh string
	}{
		{"a voucher paid from a grant", granted().and(on("2025-02-01", spend("V1", "fine", "G1", wan))), "AL-USE-01",
			"V1", "grant", "经费下达编号"},
		{"a voucher paid from a match", matched.and(on("2025-02-01", spend("V1", "fine", "M1", wan))), "AL-USE-01",
			"V1", "grant", "配套编号"},
		{"the sum of out-transfers", entrusted(true).and(on("2025-03-01", transfer("V1", 20*wan+1))), "AL-OUT-01",
			"V1", "sum", "该任务书累计外拨"},
		{"the limit of out-transfers", entrusted(true).and(on("2025-03-01", transfer("V1", 20*wan+1))), "AL-OUT-01",
			"V1", "limit", "任务书金额"},
		{"the filing of a task book", active(), "AL-TSK-02", "2027-05-31", "filedOn", "备案日期"},
	} {
		t.Run(sentence(c.name), func(t *testing.T) {
			why := given(t, draft, c.given).center.Explain(draft, date("2027-05-31"), c.code, c.key, 0)
			if len(why) != 1 {
				t.Fatalf("%d explanations", len(why))
			}
			if !slices.ContainsFunc(why[0].Figures, func(f aggregates.Figure) bool {
				return f.Name == c.figure && f.Label.Zh == c.zh
			}) {
				t.Errorf("no %s called %s: %+v", c.figure, c.zh, why[0].Figures)
			}
		})
	}
}

var historiesPath = flag.String("histories", "",
	"write the histories of the cases as JSON Lines, each for a center of its own, with the date, code and key to "+
		"explain in the note of its first record")

// TestWriteHistories writes the cases for whoever wants to read the explanations as the program prints them.
func TestWriteHistories(t *testing.T) {
	if *historiesPath == "" {
		t.Skip("no -histories")
	}
	var lines []byte
	for i, c := range figuresCases {
		s := given(t, draft, nil)
		for j, f := range c.given {
			r, problems := s.record(f, events.Recording)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			s.apply(r)
			if r.Center = events.CenterID(fmt.Sprintf("CASE-%03d", i+1)); j == 0 {
				r.Note = strings.Join([]string{c.asOf, string(c.code), c.key}, " ")
			}
			line, err := events.EncodeRecord(r)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(append(lines, line...), '\n')
		}
	}
	if err := os.WriteFile(*historiesPath, lines, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAnExplanationHasTheFiguresThatItsConditionNames(t *testing.T) {
	for _, c := range figuresCases {
		t.Run(sentence(c.name), func(t *testing.T) {
			why := given(t, draft, c.given).center.Explain(draft, date(c.asOf), c.code, c.key, 0)
			if len(why) != 1 {
				t.Fatalf("%d explanations", len(why))
			}
			var got []string
			for _, f := range why[0].Figures {
				got = append(got, f.Name+"="+f.Value)
			}
			for _, want := range strings.Split(c.figures, "; ") {
				if !slices.Contains(got, want) {
					t.Errorf("no %s among %s", want, strings.Join(got, "; "))
				}
			}
			if !strings.Contains(why[0].Reason.En, c.reason) {
				t.Errorf("no %q in %q", c.reason, why[0].Reason.En)
			}
			saysEverything(t, &why[0])
		})
	}
}

func TestEveryCodeAndEveryFigureHasACase(t *testing.T) {
	codes, names := map[aggregates.Code]bool{aggregates.LedgerBroken: true}, map[string]bool{}
	for _, name := range []string{"position", "revision", "recordedOn", "payee", "summary"} {
		// of breaks, and of the records of vouchers
		names[name] = true
	}
	for _, c := range figuresCases {
		codes[c.code] = true
		for _, figure := range strings.Split(c.figures, "; ") {
			name, _, _ := strings.Cut(figure, "=")
			names[name] = true
		}
	}
	for _, row := range aggregates.AlertCatalog {
		if !codes[row.Code] || len(row.Figures) == 0 {
			t.Errorf("%s has no case or no figures", row.Code)
		}
	}
	for _, row := range aggregates.FigureCatalog {
		if !names[row.Name] {
			t.Errorf("no case has the figure %s", row.Name)
		}
	}
}

// saysEverything checks that an explanation has a sentence, the figures that its row of the catalog promises, and
// words in both languages for each of them.
func saysEverything(t *testing.T, x *aggregates.Explanation) {
	t.Helper()
	isIn := func(name string) bool {
		return slices.ContainsFunc(x.Figures, func(f aggregates.Figure) bool { return f.Name == name })
	}
	for _, name := range aggregates.LookupAlert(x.Code).Figures {
		if !isIn(name) {
			t.Errorf("%s has no figure %s: %+v", x.Code, name, x.Figures)
		}
	}
	for _, f := range x.Figures {
		if f.Value == "" || f.Label.Zh == "" || f.Label.En == "" || (f.Word.Zh == "") != (f.Word.En == "") {
			t.Errorf("%s: the figure %+v has no value or no words", x.Code, f)
		}
		if isCode(f.Value) && f.Unit == "" && (f.Word.Zh == "" || strings.ContainsFunc(f.Word.Zh, unicode.IsLower)) {
			t.Errorf("%s: the code of the figure %+v has no word", x.Code, f)
		}
	}
	if x.Reason.Zh == "" || x.Reason.En == "" || strings.Contains(x.Reason.Zh+x.Reason.En, "%!") {
		t.Errorf("%s has no sentence: %+v", x.Code, x.Reason)
	}
}

// isCode reports whether a value is a word of small letters, as codes are.
func isCode(value string) bool {
	return value != "" && strings.TrimFunc(value, func(r rune) bool {
		return r == '-' || r == '.' || r == ',' ||
			unicode.IsLower(r)
	}) == ""
}
