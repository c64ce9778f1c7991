package aggregates_test

import (
	"os"
	"testing"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Policy is data (section 7): the same program under other Measures, with four grades, three failures, other amounts,
// deadlines, uses and admission rows.

func TestDecisionsUnderOtherMeasures(t *testing.T) { runDecisions(t, otherDecisions) }
func TestAlertsUnderOtherMeasures(t *testing.T)    { runAlerts(t, otherAlerts) }
func TestDecisionsUnderTheMeasuresOfTheirDay(t *testing.T) {
	runDecisions(t, datedDecisions)
}
func TestAlertsUnderTheMeasuresOfTheirFact(t *testing.T) { runAlerts(t, datedAlerts) }

var (
	otherMeasures = readPolicy("policy/testdata/donghai-2025.json") // effective from 2025-07-01
	donghai       = policy.Timeline{}.With(otherMeasures)
	both          = draft.With(otherMeasures)
)

func readPolicy(file string) *policy.Policy {
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	p, problems := policy.Parse(text)
	if len(problems) > 0 {
		panic(problems)
	}
	return p
}

// lettered returns the history of an active center with a grade for each year from 2024 on, decided on 5 July of the
// next year.
func lettered(grades ...string) history {
	h := active()
	for i, g := range grades {
		h = h.and(fact{day: events.DateOf(2025+i, 7, 5), data: grading(2024+i, g)})
	}
	return h
}

// funded returns a history with 100 万元 of one source, received in August 2025.
func funded(source events.Source) history {
	return active().and(on("2025-07-10", grantFrom(source, "G1", 2025, 100*wan)),
		on("2025-08-01", receive("G1", 100*wan)),
		on("2025-07-10", commit("M1", 2025, 50*wan, "")), on("2025-08-01", receiveMatch("M1", 50*wan)))
}

func spentOf(use events.Use, grant string, change ...func(*events.FundsSpent)) history {
	return funded(events.ProvinceOther).and(on("2025-09-01", spend("V1", use, grant, wan, change...)))
}

var otherDecisions = []decisionCase{
	{"3000 square metres are enough", appraisedWith(area(3000)), on("2025-07-10", pass), accepted(), donghai},
	{"2999 are not, and that is mandatory", appraisedWith(area(2999)), on("2025-07-10", pass),
		refusedBy("R06-2b"), donghai},
	{"1500 are enough with a relaxation of another industry",
		appraisedWith(area(1500), func(f *events.Facts) { f.IndustryCode, f.RelaxationRequested = "C2710", true }).and(
			on("2025-07-05", &events.RelaxationGranted{})), on("2025-07-10", pass), accepted(), donghai},
	{"a relaxation of what was an industry before is refused", registeredWith(asksRelaxation),
		on("2025-07-05", &events.RelaxationGranted{}), refusedBy("R06-2d"), donghai},
	{"to be a legal entity is mandatory", appraisedWith(notLegalEntity), on("2025-07-10", pass),
		refusedBy("R03-2"), donghai},
	{"a waiver of it is refused", registered(), on("2025-07-05", waive("R03-2")).by(events.Finance),
		refusedBy("R06"), donghai},
	{"a new unit of two industries is admitted", appraisedWith(newUnit, industries("软件", "医药")),
		on("2025-07-10", pass), accepted(), donghai},
	{"two years since the foundation are enough", appraisedWith(founded("2022-03-01")), on("2025-07-10", pass),
		accepted(), donghai},
	{"equipment of 1999 万元 is refused without a waiver", appraisedWith(equipment(1999 * wan)),
		on("2025-07-10", pass), refusedBy("R06-2c"), donghai},
	{"equipment of 300 万元 is admitted with a waiver by finance",
		appraisedWith(equipment(300 * wan)).and(on("2025-07-05", waive("R06-2c")).by(events.Finance)),
		on("2025-07-10", pass), accepted(), donghai},
	{"below 300 万元 the waiver itself is refused", registeredWith(equipment(300*wan - 1)),
		on("2025-07-05", waive("R06-2c")).by(events.Finance), refusedBy("R06"), donghai},
	{"an incident 36 months before is counted",
		appraisedWith().and(on("2025-07-05", incident("I1", "major", "2021-03-01"))), on("2025-07-10", pass),
		refusedBy("R06-5b"), donghai},
	{"work on nuclear matters wants an ethics committee",
		appraisedWith(func(f *events.Facts) { f.Fields, f.EthicsSensitive = []string{"nuclear"}, true }),
		on("2025-07-10", pass), refusedBy("R06-6"), donghai},
	{"three participants hold the joint appraisal", revised(),
		on("2025-07-10", appraisal(func(a *events.JointAppraisalHeld) {
			a.Participants = []string{"st-office", "finance", "local-gov"}
		})), accepted(), donghai},
	{"two participants grade", active(),
		on("2025-07-10", grading(2024, "C", func(g *events.GradeDecided) {
			g.Participants = []string{"st-office", "finance"}
		})), accepted(), donghai},
	{"rectification is ordered after a D", lettered("D"), on("2025-07-10", order(2024, "")), accepted(), donghai},
	{"rectification is not ordered after a C", lettered("C"), on("2025-07-10", order(2024, "")),
		refusedBy("R18-1"), donghai},
	{"the qualification is not revoked after two failures", lettered("D", "D"), on("2026-08-01", revocation()),
		refusedBy("R18-3"), donghai},
	{"the qualification is revoked after three", lettered("D", "D", "D"), on("2027-08-01", revocation()),
		accepted(), donghai},
	{"a construction grant of 300 万元 after an A is accepted", lettered("A"),
		on("2025-08-01", fromSource(construction("C1", 2025, 2024, 300*wan), events.ProvinceOther)),
		accepted(), donghai},
	{"a construction grant of a fen more is refused", lettered("A"),
		on("2025-08-01", fromSource(construction("C1", 2025, 2024, 300*wan+1), events.ProvinceOther)),
		refusedBy("R17-1"), donghai},
	{"a construction grant from central guidance is refused", lettered("A"),
		on("2025-08-01", construction("C1", 2025, 2024, wan)), refusedBy("R17-1"), donghai},
	{"a construction grant after a B is refused", lettered("B"),
		on("2025-08-01", fromSource(construction("C1", 2025, 2024, wan), events.ProvinceOther)),
		refusedBy("R17-1"), donghai},
	{"a project grant of 800 万元 looks at the grade of two years before",
		lettered("C").and(on("2025-08-01", project("P1", true, true))),
		on("2026-01-10", fromSource(projectGrant("J1", 2026, "P1", 800*wan), events.ProvinceOther)),
		accepted(), donghai},
	{"a project grant of a fen more is refused", lettered("C").and(on("2025-08-01", project("P1", true, true))),
		on("2026-01-10", fromSource(projectGrant("J1", 2026, "P1", 800*wan+1), events.ProvinceOther)),
		refusedBy("R17-2"), donghai},
	{"a project grant looks not at the grade of the year before",
		lettered("C").and(on("2025-08-01", project("P1", true, true))),
		on("2025-08-10", fromSource(projectGrant("J1", 2025, "P1", wan), events.ProvinceOther)),
		refusedBy("R17-2"), donghai},
	{"the year after one of 69.99 % is deferred",
		funded(events.CentralGuidance).and(on("2025-09-01", spend("V1", "research", "G1", 699_900*yuan))),
		on("2026-01-10", deferral(2026)), accepted(), donghai},
	{"the year after one of 70 % is not",
		funded(events.CentralGuidance).and(on("2025-09-01", spend("V1", "research", "G1", 70*wan))),
		on("2026-01-10", deferral(2026)), refusedBy("R20-6"), donghai},
}

var otherAlerts = []alertCase{
	{"investment is allowed", spentOf("investment", "G1"), "2025-12-30",
		append(none("AL-USE-01"), none("AL-USE-02")...), donghai},
	{"a vehicle is forbidden", spentOf("vehicle", "G1"), "2025-12-30",
		then(raised("AL-USE-01", "V1", "2025-09-01")), donghai},
	{"a vehicle on local money is to be ruled on", spentOf("vehicle", "M1"), "2025-12-30",
		append(none("AL-USE-01"), raised("AL-USE-02", "V1", "2025-09-01")), donghai},
	{"entertainment on local money is allowed", spentOf("entertainment", "M1"), "2025-12-30",
		append(none("AL-USE-01"), none("AL-USE-02")...), donghai},
	{"capital construction is forbidden on local money", spentOf("capital-construction", "M1"), "2025-12-30",
		then(raised("AL-USE-01", "V1", "2025-09-01")), donghai},
	{"code 31013 makes it a vehicle", spentOf("research", "G1", econ("31013")), "2025-12-30",
		then(raised("AL-USE-01", "V1", "2025-09-01")), donghai},
	{"code 31002 makes another use equipment", spentOf("other", "G1", econ("31002")), "2025-12-30",
		none("AL-USE-02"), donghai},
	{"code 31099 makes equipment another use", spentOf("equipment", "G1", econ("31099")), "2025-12-30",
		then(raised("AL-USE-02", "V1", "2025-09-01")), donghai},
	{"code 399 makes it forbidden", spentOf("research", "M1", econ("39999")), "2025-12-30",
		then(raised("AL-USE-01", "V1", "2025-09-01")), donghai},
	{"an order is overdue 16 days after a D", lettered("D"), "2025-12-31",
		then(raised("AL-RCT-01", "2024", "2025-07-21").since("2025-07-05")), donghai},
	{"a C wants no order", lettered("C"), "2025-12-31", none("AL-RCT-01"), donghai},
	{"two failures raise nothing", lettered("D", "D"), "2026-12-31", none("AL-REV-01"), donghai},
	{"three failures want a revocation", lettered("D", "D", "D"), "2027-12-31",
		then(raised("AL-REV-01", "2026", "2027-07-05")), donghai},
	{"three failures around an ungraded year want a ruling",
		lettered("D", "D").and(on("2028-07-05", grading(2027, "D"))), "2028-12-31",
		then(raised("AL-REV-03", "2027", "2028-07-05")), donghai},
	{"a revision from A to B ends the subsidy earned, one from B to C nothing",
		lettered("A").and(on("2025-11-10", regrading(2024, "B"))), "2025-12-31",
		then(raised("AL-AWD-02", "2024", "2025-11-03").cleared("2025-11-10").since("2025-07-05")), donghai},
	{"project money at three quarters of the cap is a warning",
		lettered("C").and(on("2025-08-01", project("P1", true, true)),
			on("2026-01-10", fromSource(projectGrant("J1", 2026, "P1", 600*wan), events.ProvinceOther))), "2026-06-30",
		then(raised("AL-PRJ-03", "2026", "2026-01-10")), donghai},
	{"a grant is to be received within 30 days", active().and(on("2025-07-01", other("G1", 2025, wan))), "2025-12-31",
		then(raised("AL-FND-01", "G1", "2025-08-01").since("2025-07-01")), donghai},
	{"a deferral is overdue 46 days after a year below 70 %",
		funded(events.CentralGuidance).and(on("2025-09-01", spend("V1", "research", "G1", 699_900*yuan))),
		"2026-06-30",
		then(raised("AL-EXE-02", "2025", "2025-12-31"), raised("AL-EXE-04", "2025", "2026-02-15").since("2025-12-31")),
		donghai},
	{"money announced before the Measures and paid after a low year under them is paid all the same",
		funded(events.CentralGuidance).and(on("2025-06-01", grantFrom(events.CentralGuidance, "G2", 2026, wan)),
			on("2026-02-01", receive("G2", wan))), "2026-06-30",
		then(raised("AL-EXE-05", "G2", "2026-02-01").since("2025-12-31")), donghai},
	{"less than 65 % for the main uses is too little",
		funded(events.ProvinceOther).and(on("2025-09-01", spend("V1", "research", "G1", 65*wan-1)),
			on("2025-09-02", spend("V2", "operation", "G1", 35*wan))), "2026-06-30",
		then(raised("AL-USE-03", "2025", "2025-12-31")), donghai},
	{"exactly 65 % is not", funded(events.ProvinceOther).and(on("2025-09-01", spend("V1", "research", "G1", 65*wan)),
		on("2025-09-02", spend("V2", "operation", "G1", 35*wan))), "2026-06-30", none("AL-USE-03"), donghai},
}

var datedDecisions = []decisionCase{
	{"4999 square metres are refused on the last day of the old Measures", appraisedWith(area(4999)),
		on("2025-06-30", pass), refusedBy("R06-2b"), both},
	{"and are enough on the first day of the new", appraisedWith(area(4999)), on("2025-07-01", pass),
		accepted(), both},
	{"a waiver is granted by the S&T office on the last day of the old Measures", registered(),
		on("2025-06-30", waive("R03-2")), accepted(), both},
	{"two old failures do not revoke under the new Measures",
		graded(2024, "unqualified").and(on("2026-07-01", grading(2025, "D"))), on("2026-07-02", revocation()),
		refusedBy("R18-3"), both},
	{"an excellent year of the old Measures is worth 200 万元 under them", graded(2024, "excellent"),
		on("2025-06-30", construction("C1", 2025, 2024, 200*wan+1)), refusedBy("R17-1"), both},
	{"and 300 万元 under the new", graded(2024, "excellent"),
		on("2025-07-01", fromSource(construction("C1", 2025, 2024, 300*wan), events.ProvinceOther)), accepted(), both},
}

// daily returns a history with 36 500 元 for 2025, 100 元 a day, of which 80 % of progress is spent as of 30 June.
func daily() history {
	return active().and(on("2024-12-01", other("G1", 2024, 36_500*yuan)), on("2024-12-02", receive("G1", 36_500*yuan)),
		on("2025-01-10", spend("V1", "equipment", "G1", 80*181*yuan)))
}

var datedAlerts = []alertCase{
	{"a grant of the last day of the old Measures has their term",
		active().and(on("2025-06-30", other("G1", 2025, wan))), "2025-12-31",
		then(raised("AL-FND-01", "G1", "2025-08-30").since("2025-06-30")), both},
	{"a grant of the first day of the new Measures has theirs", active().and(on("2025-07-01", other("G1", 2025, wan))),
		"2025-12-31", then(raised("AL-FND-01", "G1", "2025-08-01").since("2025-07-01")), both},
	{"a failure of the last day has the old term", active().and(on("2025-06-30", grading(2024, "unqualified"))),
		"2025-12-31", then(raised("AL-RCT-01", "2024", "2025-07-31").since("2025-06-30")), both},
	{"a failure of the first day has the new one", active().and(on("2025-07-01", grading(2024, "D"))), "2025-12-31",
		then(raised("AL-RCT-01", "2024", "2025-07-17").since("2025-07-01")), both},
	{"an order of the last day has the old term",
		active().and(on("2025-06-01", grading(2024, "unqualified")), on("2025-06-30", order(2024, ""))), "2025-12-31",
		then(raised("AL-RCT-02", "2024", "2025-09-29").since("2025-06-30")), both},
	{"an order of the first day has the new one, though the failure is older",
		active().and(on("2025-06-01", grading(2024, "unqualified")), on("2025-07-01", order(2024, ""))), "2025-12-31",
		then(raised("AL-RCT-02", "2024", "2025-08-31").since("2025-07-01")), both},
	{"a year-end has the rate of its day", granted().and(on("2025-03-01", spend("V1", "equipment", "G1", 65*wan))),
		"2026-06-30", then(raised("AL-EXE-02", "2025", "2025-12-31")), both},
	{"the same year is not low under the old Measures",
		granted().and(on("2025-03-01", spend("V1", "equipment", "G1", 65*wan))), "2026-06-30",
		none("AL-EXE-02"), draft},
	{"the month-ends of the old Measures want 80 % of progress", daily(), "2025-06-30", none("AL-EXE-01"), both},
	{"those of the new want 85 %",
		daily().and(on("2025-07-10", spend("V2", "equipment", "G1", (85*212-80*181)*yuan-1))), "2025-08-15",
		then(raised("AL-EXE-01", "2025-07", "2025-07-31")), both},
	{"and no more", daily().and(on("2025-07-10", spend("V2", "equipment", "G1", (85*212-80*181)*yuan))), "2025-08-15",
		none("AL-EXE-01"), both},
	{"investment was forbidden on the last day of the old Measures",
		granted().and(on("2025-06-30", spend("V1", "investment", "G1", wan))), "2025-12-31",
		then(raised("AL-USE-01", "V1", "2025-06-30")), both},
	{"and is allowed on the first of the new", granted().and(on("2025-07-01", spend("V1", "investment", "G1", wan))),
		"2025-12-31", none("AL-USE-01"), both},
}
