package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
)

func TestGrantAlerts(t *testing.T) { runAlerts(t, grantAlerts) }

var grantAlerts = []alertCase{
	{"a construction grant beyond 200 万元 is a red alert", deserving().and(on("2025-06-10", construction("C1", 2025, 2024, 200*wan+1))), "2025-12-31", then(raised("AL-AWD-01", "C1", "2025-06-10")), draft},
	{"of two it is the one that goes beyond, in the order of their dates", deserving().and(on("2025-06-12", construction("C1", 2025, 2024, 150*wan)), on("2025-06-10", construction("C2", 2025, 2024, 60*wan))), "2025-12-31", then(raised("AL-AWD-01", "C1", "2025-06-12")), draft},
	{"a construction grant from another source is one", deserving().and(on("2025-06-10", fromSource(construction("C1", 2025, 2024, wan), events.MajorProgram))), "2025-12-31", then(raised("AL-AWD-01", "C1", "2025-06-10")), draft},
	{"a construction grant before the grade is one, and a later grade does not end it", deserving().and(on("2025-05-31", construction("C1", 2025, 2024, wan))), "2025-12-31", then(raised("AL-AWD-01", "C1", "2025-05-31")), draft},
	{"a construction grant for a year that is no support year is one", graded(2024, "excellent").and(on("2025-06-10", construction("C1", 2025, 2023, wan))), "2025-12-31", then(raised("AL-AWD-01", "C1", "2025-06-10")), draft},
	{"it ends when the grant is fully reversed", deserving().and(on("2025-05-31", construction("C1", 2025, 2024, 2*wan)), on("2025-07-01", reverse("C1", wan)), on("2025-08-01", reverse("C1", wan))), "2025-12-31", then(raised("AL-AWD-01", "C1", "2025-05-31").cleared("2025-08-01")), draft},
	{"a grant reversed for a part is not fully reversed", deserving().and(on("2025-05-31", construction("C1", 2025, 2024, 2*wan)), on("2025-07-01", reverse("C1", 2*wan-1))), "2025-12-31", then(raised("AL-AWD-01", "C1", "2025-05-31")), draft},
	{"a rightful construction grant raises nothing", deserving().and(on("2025-06-10", construction("C1", 2025, 2024, 200*wan))), "2025-12-31", none("AL-AWD-01"), draft},

	{"a subsidy earned is overdue 181 days after the grade", deserving(), "2025-12-31", then(raised("AL-AWD-02", "2024", "2025-11-29").since("2025-06-01")), draft},
	{"a subsidy granted in full on the last day is in time", deserving().and(on("2025-11-28", construction("C1", 2025, 2024, 200*wan))), "2025-12-31", none("AL-AWD-02"), draft},
	{"a subsidy a fen short is overdue", deserving().and(on("2025-11-28", construction("C1", 2025, 2024, 200*wan-1))), "2025-12-31", then(raised("AL-AWD-02", "2024", "2025-11-29").since("2025-06-01")), draft},
	{"what was granted for another year does not count", deserving().and(on("2025-11-28", construction("C1", 2025, 2025, 200*wan))), "2025-12-31", then(raised("AL-AWD-02", "2024", "2025-11-29").since("2025-06-01")), draft},
	{"nor does money of another category", deserving().and(on("2025-11-28", &events.SubsidyGranted{Grant: "C1", Category: events.OtherCategory, Source: events.CentralGuidance, FiscalYear: 2025, ForYear: 2024, AmountFen: 200 * wan})), "2025-12-31", then(raised("AL-AWD-02", "2024", "2025-11-29").since("2025-06-01")), draft},
	{"it ends when the amount is first reached", deserving().and(on("2025-11-28", construction("C1", 2025, 2024, 199*wan)), on("2025-12-10", construction("C2", 2025, 2024, wan))), "2025-12-31", then(raised("AL-AWD-02", "2024", "2025-11-29").cleared("2025-12-10").since("2025-06-01")), draft},
	{"an amount once reached and then reversed was reached", deserving().and(on("2025-07-01", construction("C1", 2025, 2024, 200*wan)), on("2025-07-02", reverse("C1", 100*wan))), "2025-12-31", none("AL-AWD-02"), draft},
	{"a grade revised away ends it", deserving().and(on("2025-12-10", regrading(2024, "qualified"))), "2025-12-31", then(raised("AL-AWD-02", "2024", "2025-11-29").cleared("2025-12-10").since("2025-06-01")), draft},
	{"a revision to excellent starts the term", graded(2024, "qualified").and(on("2025-07-01", regrading(2024, "excellent"))), "2025-12-31", then(raised("AL-AWD-02", "2024", "2025-12-29").since("2025-07-01")), draft},
	{"a deferral of the next fiscal year ends it, and the release raises it again", deserving().and(on("2025-12-01", deferral(2025)), on("2025-12-20", release(2025))), "2025-12-31",
		then(raised("AL-AWD-02", "2024", "2025-11-29").cleared("2025-12-01").since("2025-06-01"), raised("AL-AWD-02", "2024", "2025-12-20").since("2025-06-01")), draft},
	{"while deferred on the day it would be due it waits for the release", deserving().and(on("2025-11-29", deferral(2025)), on("2025-12-20", release(2025))), "2025-12-31", then(raised("AL-AWD-02", "2024", "2025-12-20").since("2025-06-01")), draft},
	{"a deferral released before it is due changes nothing", deserving().and(on("2025-10-01", deferral(2025)), on("2025-11-01", release(2025))), "2025-12-31", then(raised("AL-AWD-02", "2024", "2025-11-29").since("2025-06-01")), draft},
	{"a deferral of another fiscal year does not matter", deserving().and(on("2025-11-29", deferral(2026))), "2025-12-31", then(raised("AL-AWD-02", "2024", "2025-11-29").since("2025-06-01")), draft},
	{"a year that is no support year on the day it would be due earns nothing", deserving().and(on("2025-11-29", taskBook("2025-06-01", "2028-05-31", 2025))), "2025-12-31", none("AL-AWD-02"), draft},
	{"a task book filed the day after does not matter", deserving().and(on("2025-11-30", taskBook("2025-06-01", "2028-05-31", 2025))), "2025-12-31", then(raised("AL-AWD-02", "2024", "2025-11-29").since("2025-06-01")), draft},
	{"a qualified year earns nothing", graded(2024, "qualified"), "2025-12-31", none("AL-AWD-02"), draft},
	{"the revocation ends it", deserving().and(on("2025-12-10", revocation())), "2025-12-31", then(raised("AL-AWD-02", "2024", "2025-11-29").cleared("2025-12-10").since("2025-06-01")), draft},

	{"a grant is to be received within 60 days", promised, "2025-12-31", then(raised("AL-FND-01", "G1", "2025-03-12").since("2025-01-10")), draft},
	{"a grant received on the last day is in time", promised.and(on("2025-03-11", receive("G1", 100*wan))), "2025-12-31", none("AL-FND-01"), draft},
	{"a grant received but for a fen is not", promised.and(on("2025-03-11", receive("G1", 100*wan-1))), "2025-12-31", then(raised("AL-FND-01", "G1", "2025-03-12").since("2025-01-10")), draft},
	{"the last receipt ends it", promised.and(on("2025-02-01", receive("G1", 99*wan)), on("2025-03-20", receive("G1", wan))), "2025-12-31", then(raised("AL-FND-01", "G1", "2025-03-12").cleared("2025-03-20").since("2025-01-10")), draft},
	{"a reversal down to what was received ends it", promised.and(on("2025-02-01", receive("G1", 99*wan)), on("2025-03-20", reverse("G1", wan))), "2025-12-31", then(raised("AL-FND-01", "G1", "2025-03-12").cleared("2025-03-20").since("2025-01-10")), draft},
	{"what was recovered has been received", promised.and(on("2025-02-01", receive("G1", 100*wan)), on("2025-02-02", recoverFrom("G1", 50*wan))), "2025-12-31", none("AL-FND-01"), draft},
	{"a deferral of its fiscal year ends it, and the release raises it again", promised.and(on("2025-04-01", deferral(2025)), on("2025-05-01", release(2025))), "2025-12-31",
		then(raised("AL-FND-01", "G1", "2025-03-12").cleared("2025-04-01").since("2025-01-10"), raised("AL-FND-01", "G1", "2025-05-01").since("2025-01-10")), draft},
	{"a deferral that is never released leaves it ended", promised.and(on("2025-04-01", deferral(2025))), "2025-12-31", then(raised("AL-FND-01", "G1", "2025-03-12").cleared("2025-04-01").since("2025-01-10")), draft},
	{"while deferred on the day a grant would be late it waits for the release", promised.and(on("2025-03-12", deferral(2025)), on("2025-05-01", release(2025))), "2025-12-31", then(raised("AL-FND-01", "G1", "2025-05-01").since("2025-01-10")), draft},
	{"a deferral released on the day a grant would be late changes nothing", promised.and(on("2025-02-01", deferral(2025)), on("2025-03-12", release(2025))), "2025-12-31", then(raised("AL-FND-01", "G1", "2025-03-12").since("2025-01-10")), draft},
	{"a grant deferred and released on one day is late all the time", promised.and(on("2025-04-01", deferral(2025)), on("2025-04-01", release(2025))), "2025-12-31", then(raised("AL-FND-01", "G1", "2025-03-12").since("2025-01-10")), draft},
	{"a grant received while deferred is not late after the release", promised.and(on("2025-03-01", deferral(2025)), on("2025-04-01", receive("G1", 100*wan)), on("2025-05-01", release(2025))), "2025-12-31", none("AL-FND-01"), draft},
	{"a grant is not late because of the deferral of another fiscal year", promised.and(on("2025-03-01", deferral(2026))), "2025-12-31", then(raised("AL-FND-01", "G1", "2025-03-12").since("2025-01-10")), draft},
	{"the revocation ends it", promised.and(on("2025-04-01", revocation())), "2025-12-31", then(raised("AL-FND-01", "G1", "2025-03-12").cleared("2025-04-01").since("2025-01-10")), draft},

	{"matching money is overdue on the day after it was promised", active().and(on("2025-01-10", commit("M1", 2025, wan, "2025-06-30"))), "2025-12-31", then(raised("AL-MAT-01", "M1", "2025-07-01").since("2025-01-10")), draft},
	{"matching money received on the day it was promised is in time", active().and(on("2025-01-10", commit("M1", 2025, wan, "2025-06-30")), on("2025-06-30", receiveMatch("M1", wan))), "2025-12-31", none("AL-MAT-01"), draft},
	{"matching money received later ends it", active().and(on("2025-01-10", commit("M1", 2025, wan, "2025-06-30")), on("2025-06-30", receiveMatch("M1", wan-1)), on("2025-07-05", receiveMatch("M1", 1))), "2025-12-31", then(raised("AL-MAT-01", "M1", "2025-07-01").cleared("2025-07-05").since("2025-01-10")), draft},
	{"matching money without a date is never overdue", active().and(on("2025-01-10", commit("M1", 2025, wan, ""))), "2025-12-31", none("AL-MAT-01"), draft},
	{"the revocation ends it", active().and(on("2025-01-10", commit("M1", 2025, wan, "2025-06-30")), on("2025-08-01", revocation())), "2025-12-31", then(raised("AL-MAT-01", "M1", "2025-07-01").cleared("2025-08-01").since("2025-01-10")), draft},
}

func TestProjectAlerts(t *testing.T) { runAlerts(t, projectAlerts) }

var projectAlerts = []alertCase{
	{"a project grant beyond the cap is a red alert", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 1000*wan)), on("2025-06-11", projectGrant("J2", 2025, "P1", 1))), "2025-12-31", then(raised("AL-PRJ-01", "J2", "2025-06-11")), draft},
	{"project grants up to the cap are not", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 1000*wan))), "2025-12-31", none("AL-PRJ-01"), draft},
	{"what was reversed before it leaves room", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 1000*wan)), on("2025-06-11", reverse("J1", wan)), on("2025-06-12", projectGrant("J2", 2025, "P1", wan))), "2025-12-31", none("AL-PRJ-01"), draft},
	{"what is reversed after it does not", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 1000*wan)), on("2025-06-11", projectGrant("J2", 2025, "P1", 2*wan)), on("2025-06-12", reverse("J1", 500*wan))), "2025-12-31", then(raised("AL-PRJ-01", "J2", "2025-06-11")), draft},
	{"it ends when the grant itself is fully reversed", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 1000*wan)), on("2025-06-11", projectGrant("J2", 2025, "P1", 2*wan)), on("2025-06-20", reverse("J2", 2*wan))), "2025-12-31", then(raised("AL-PRJ-01", "J2", "2025-06-11").cleared("2025-06-20")), draft},
	{"a project grant of another source is not counted", deserving().and(on("2025-06-10", fromSource(projectGrant("J1", 2025, "P1", 1000*wan), events.ProvinceOther)), on("2025-06-11", projectGrant("J2", 2025, "P1", 1000*wan))), "2025-12-31", none("AL-PRJ-01"), draft},

	{"a project grant without a grade is a red alert", active().and(on("2025-06-02", project("P1", true, true)), on("2025-06-10", projectGrant("J1", 2025, "P1", wan))), "2025-12-31", then(raised("AL-PRJ-02", "J1", "2025-06-10")), draft},
	{"a project grant after a failure is one", failed2024.and(on("2025-06-02", project("P1", true, true)), on("2025-06-10", projectGrant("J1", 2025, "P1", wan))), "2025-12-31", then(raised("AL-PRJ-02", "J1", "2025-06-10")), draft},
	{"a project grant before the approval is one", deserving().and(on("2025-06-01", projectGrant("J1", 2025, "P1", wan))), "2025-12-31", then(raised("AL-PRJ-02", "J1", "2025-06-01")), draft},
	{"a project that is not eligible is one", deserving().and(on("2025-06-02", project("P2", true, false)), on("2025-06-10", projectGrant("J1", 2025, "P2", wan))), "2025-12-31", then(raised("AL-PRJ-02", "J1", "2025-06-10")), draft},
	{"a grade decided or revised later does not end it", active().and(on("2025-06-02", project("P1", true, true)), on("2025-06-10", projectGrant("J1", 2025, "P1", wan)), on("2025-07-01", grading(2024, "excellent"))), "2025-12-31", then(raised("AL-PRJ-02", "J1", "2025-06-10")), draft},
	{"it ends when the grant is fully reversed", active().and(on("2025-06-02", project("P1", true, true)), on("2025-06-10", projectGrant("J1", 2025, "P1", wan)), on("2025-06-20", reverse("J1", wan))), "2025-12-31", then(raised("AL-PRJ-02", "J1", "2025-06-10").cleared("2025-06-20")), draft},
	{"a grade decided on the day of the grant will do", deserving().and(on("2025-05-01", project("P0", true, true)), on("2025-06-01", projectGrant("J1", 2025, "P0", wan))), "2025-12-31", append(none("AL-PRJ-02"), none("AL-PRJ-04")...), draft},

	{"project money at 90 % of the cap is a warning until the end of the fiscal year", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 900*wan))), "2026-12-31", then(raised("AL-PRJ-03", "2025", "2025-06-10").cleared("2025-12-31")), draft},
	{"project money is open as a warning within the year", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 900*wan))), "2025-12-30", then(raised("AL-PRJ-03", "2025", "2025-06-10")), draft},
	{"project money a fen below is not", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 900*wan-1))), "2026-12-31", none("AL-PRJ-03"), draft},
	{"falling below ends the warning, reaching it again raises another", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 900*wan)), on("2025-07-01", reverse("J1", 1)), on("2025-08-01", projectGrant("J2", 2025, "P1", wan))), "2025-12-30",
		then(raised("AL-PRJ-03", "2025", "2025-06-10").cleared("2025-07-01"), raised("AL-PRJ-03", "2025", "2025-08-01")), draft},
	{"project money of the next fiscal year is warned of in this one", deserving().and(on("2025-12-10", projectGrant("J1", 2026, "P1", 900*wan))), "2026-12-31", then(raised("AL-PRJ-03", "2026", "2025-12-10").cleared("2026-12-31")), draft},

	{"a project grant of another source is a red alert", deserving().and(on("2025-06-10", fromSource(projectGrant("J1", 2025, "P1", wan), events.CentralGuidance))), "2025-12-31", then(raised("AL-PRJ-04", "J1", "2025-06-10")), draft},
	{"a project that is no major pilot verification is one", deserving().and(on("2025-06-02", project("P2", false, true)), on("2025-06-10", projectGrant("J1", 2025, "P2", wan))), "2025-12-31", then(raised("AL-PRJ-04", "J1", "2025-06-10")), draft},
	{"a grant that names no project is one", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "", wan))), "2025-12-31", then(raised("AL-PRJ-04", "J1", "2025-06-10")), draft},
	{"a project approved after the grant is none once it is approved", deserving().and(on("2025-08-01", project("P2", true, true)), on("2025-06-10", projectGrant("J1", 2025, "P2", wan))), "2025-12-31", none("AL-PRJ-04"), draft},
	{"until then it is one", deserving().and(on("2025-08-01", project("P2", true, true)), on("2025-06-10", projectGrant("J1", 2025, "P2", wan))), "2025-07-31", then(raised("AL-PRJ-04", "J1", "2025-06-10")), draft},
	{"it ends when the grant is fully reversed", deserving().and(on("2025-06-10", projectGrant("J1", 2025, "", wan)), on("2025-06-20", reverse("J1", wan))), "2025-12-31", then(raised("AL-PRJ-04", "J1", "2025-06-10").cleared("2025-06-20")), draft},
}
