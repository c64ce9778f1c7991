package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
)

func TestGradingAlerts(t *testing.T) { runAlerts(t, gradingAlerts) }

func order(year int, dueOn string) *events.RectificationOrdered {
	return &events.RectificationOrdered{Year: year, DueOn: date(dueOn)}
}

func accept(year int) *events.RectificationAccepted { return &events.RectificationAccepted{Year: year} }

func interview(year int, principal bool) *events.InterviewHeld {
	return &events.InterviewHeld{Year: year, Principal: principal}
}

var gradingAlerts = []alertCase{
	{"a grade is overdue on 1 October", active(), "2025-12-31", then(raised("AL-EVL-01", "2024", "2025-10-01").since("2024-12-31")), draft},
	{"a grade decided on 30 September is in time", active().and(on("2025-09-30", grading(2024, "qualified"))), "2025-12-31", none("AL-EVL-01"), draft},
	{"a grade decided on 1 October is one day late", active().and(on("2025-10-01", grading(2024, "qualified"))), "2025-12-31", then(raised("AL-EVL-01", "2024", "2025-10-01").cleared("2025-10-01").since("2024-12-31")), draft},
	{"a grade of another year does not end it", active().and(on("2025-09-30", grading(2023, "qualified"))), "2025-12-31", then(raised("AL-EVL-01", "2024", "2025-10-01").since("2024-12-31")), draft},
	{"a center revoked in the year is not graded for it", active().and(on("2024-12-31", revocation())), "2025-12-31", none("AL-EVL-01"), draft},
	{"the revocation ends a grade overdue", active().and(on("2025-11-01", revocation())), "2025-12-31", then(raised("AL-EVL-01", "2024", "2025-10-01").cleared("2025-11-01").since("2024-12-31")), draft},

	{"a grading without a participant is a yellow alert", active().and(on("2025-06-01", grading(2024, "qualified", func(g *events.GradeDecided) { g.Participants = g.Participants[:3] }))), "2025-12-31", then(raised("AL-EVL-02", "2024", "2025-06-01")), draft},
	{"a grading without experts is one", active().and(on("2025-06-01", grading(2024, "qualified", func(g *events.GradeDecided) { g.ExpertReviews = 0 }))), "2025-12-31", then(raised("AL-EVL-02", "2024", "2025-06-01")), draft},
	{"it is closed out", active().and(on("2025-06-01", grading(2024, "qualified", func(g *events.GradeDecided) { g.ThirdPartyReviews = 0 })), on("2025-06-02", closing("AL-EVL-02", "2024"))), "2025-12-31", then(raised("AL-EVL-02", "2024", "2025-06-01").cleared("2025-06-02")), draft},
	{"a grading that lacks nothing raises nothing", graded(2024, "qualified"), "2025-12-31", append(none("AL-EVL-02"), none("AL-EVL-03")...), draft},

	{"a grading without a task book is a yellow alert", awarded().and(on("2025-06-01", grading(2024, "qualified"))), "2025-12-31", then(raised("AL-EVL-03", "2024", "2025-06-01")), draft},
	{"a task book filed later ends it", awarded().and(on("2025-06-01", grading(2024, "qualified")), on("2025-07-01", taskBook("2024-06-01", "2027-05-31"))), "2025-12-31", then(raised("AL-EVL-03", "2024", "2025-06-01").cleared("2025-07-01")), draft},

	{"an order is overdue 31 days after the failure", failed2024, "2025-12-31", then(raised("AL-RCT-01", "2024", "2025-07-02").since("2025-06-01")), draft},
	{"an order on the last day of the term is in time", failed2024.and(on("2025-07-01", order(2024, ""))), "2025-12-31", none("AL-RCT-01"), draft},
	{"an order before the failure counts whatever its date", active().and(on("2025-05-01", order(2024, "")), on("2025-06-01", grading(2024, "unqualified"))), "2025-12-31", none("AL-RCT-01"), draft},
	{"an order later ends it", failed2024.and(on("2025-07-10", order(2024, ""))), "2025-12-31", then(raised("AL-RCT-01", "2024", "2025-07-02").cleared("2025-07-10").since("2025-06-01")), draft},
	{"a grade revised away ends an order overdue", failed2024.and(on("2025-07-10", regrading(2024, "qualified"))), "2025-12-31", then(raised("AL-RCT-01", "2024", "2025-07-02").cleared("2025-07-10").since("2025-06-01")), draft},
	{"a grade revised on the day it was decided never was", failed2024.and(on("2025-06-01", regrading(2024, "qualified"))), "2025-12-31", none("AL-RCT-01"), draft},
	{"a revision to unqualified starts the term", graded(2024, "qualified").and(on("2025-08-01", regrading(2024, "unqualified"))), "2025-12-31", then(raised("AL-RCT-01", "2024", "2025-09-01").since("2025-08-01")), draft},
	{"revised away and back it is raised again", failed2024.and(on("2025-07-10", regrading(2024, "qualified")), on("2025-08-01", regrading(2024, "unqualified"))), "2025-12-31",
		then(raised("AL-RCT-01", "2024", "2025-07-02").cleared("2025-07-10").since("2025-06-01"), raised("AL-RCT-01", "2024", "2025-09-01").since("2025-08-01")), draft},
	{"a qualified year wants no order", graded(2024, "qualified"), "2025-12-31", append(none("AL-RCT-01"), none("AL-ITV-01")...), draft},
	{"the revocation ends an order overdue", failed2024.and(on("2025-08-01", revocation())), "2025-12-31", then(raised("AL-RCT-01", "2024", "2025-07-02").cleared("2025-08-01").since("2025-06-01")), draft},

	{"rectification is due 90 days after the order", failed2024.and(on("2025-06-10", order(2024, ""))), "2025-12-31", then(raised("AL-RCT-02", "2024", "2025-09-09").since("2025-06-10")), draft},
	{"rectification is due on the day that the order names", failed2024.and(on("2025-06-10", order(2024, "2025-06-30"))), "2025-12-31", then(raised("AL-RCT-02", "2024", "2025-07-01").since("2025-06-10")), draft},
	{"an order that is due before its own day raises on its day", failed2024.and(on("2025-06-10", order(2024, "2025-06-01"))), "2025-12-31", then(raised("AL-RCT-02", "2024", "2025-06-10")), draft},
	{"rectification accepted on the last day is in time", failed2024.and(on("2025-06-10", order(2024, "")), on("2025-09-08", accept(2024))), "2025-12-31", none("AL-RCT-02"), draft},
	{"rectification accepted later ends it", failed2024.and(on("2025-06-10", order(2024, "")), on("2025-10-01", accept(2024))), "2025-12-31", then(raised("AL-RCT-02", "2024", "2025-09-09").cleared("2025-10-01").since("2025-06-10")), draft},
	{"rectification submitted does not", failed2024.and(on("2025-06-10", order(2024, "")), on("2025-09-01", &events.RectificationSubmitted{Year: 2024})), "2025-12-31", then(raised("AL-RCT-02", "2024", "2025-09-09").since("2025-06-10")), draft},
	{"a grade revised away ends rectification due", failed2024.and(on("2025-06-10", order(2024, "")), on("2025-10-01", regrading(2024, "excellent"))), "2025-12-31", then(raised("AL-RCT-02", "2024", "2025-09-09").cleared("2025-10-01").since("2025-06-10")), draft},
	{"a grade revised away on the day on which rectification would be overdue leaves nothing", failed2024.and(on("2025-06-10", order(2024, "")), on("2025-09-09", regrading(2024, "qualified"))), "2025-12-31", none("AL-RCT-02"), draft},
	{"a grade revised away on the day after leaves one day", failed2024.and(on("2025-06-10", order(2024, "")), on("2025-09-10", regrading(2024, "qualified"))), "2025-12-31", then(raised("AL-RCT-02", "2024", "2025-09-09").cleared("2025-09-10").since("2025-06-10")), draft},
	{"a grade revised away and back on that day is unqualified at its end", failed2024.and(on("2025-06-10", order(2024, "")), on("2025-09-09", regrading(2024, "qualified")), on("2025-09-09", regrading(2024, "unqualified"))), "2025-12-31", then(raised("AL-RCT-02", "2024", "2025-09-09").since("2025-06-10")), draft},
	{"an order past its due date on the day on which the grade is revised away raises nothing", failed2024.and(on("2025-06-10", order(2024, "2025-06-01")), on("2025-06-10", regrading(2024, "qualified"))), "2025-12-31", none("AL-RCT-02"), draft},
	{"rectification accepted on the day on which it is overdue is a day late", failed2024.and(on("2025-06-10", order(2024, "")), on("2025-09-09", accept(2024))), "2025-12-31", then(raised("AL-RCT-02", "2024", "2025-09-09").cleared("2025-09-09").since("2025-06-10")), draft},
	{"an order for a year that became unqualified later raises on that day", graded(2024, "qualified").and(on("2025-06-10", order(2024, "2025-06-30")), on("2025-08-01", regrading(2024, "unqualified"))), "2025-12-31", then(raised("AL-RCT-02", "2024", "2025-08-01").since("2025-06-10")), draft},
	{"an order for a year that never was unqualified raises nothing", graded(2024, "qualified").and(on("2025-06-10", order(2024, ""))), "2025-12-31", none("AL-RCT-02"), draft},

	{"an interview is overdue 31 days after the failure", failed2024, "2025-12-31", then(raised("AL-ITV-01", "2024", "2025-07-02").since("2025-06-01")), draft},
	{"an interview with the principal on the last day is in time", failed2024.and(on("2025-07-01", interview(2024, true))), "2025-12-31", none("AL-ITV-01"), draft},
	{"an interview before the failure counts whatever its date", active().and(on("2025-05-01", interview(2024, true)), on("2025-06-01", grading(2024, "unqualified"))), "2025-12-31", none("AL-ITV-01"), draft},
	{"an interview with a deputy does not count", failed2024.and(on("2025-07-01", interview(2024, false))), "2025-12-31", then(raised("AL-ITV-01", "2024", "2025-07-02").since("2025-06-01")), draft},
	{"an interview with the principal ends it", failed2024.and(on("2025-08-01", interview(2024, true))), "2025-12-31", then(raised("AL-ITV-01", "2024", "2025-07-02").cleared("2025-08-01").since("2025-06-01")), draft},
	{"a grade revised away ends an interview overdue", failed2024.and(on("2025-07-10", regrading(2024, "qualified"))), "2025-12-31", then(raised("AL-ITV-01", "2024", "2025-07-02").cleared("2025-07-10").since("2025-06-01")), draft},
}

func TestRevocationAlerts(t *testing.T) { runAlerts(t, revocationAlerts) }

// gap2025 returns a history with failed years 2024 and 2026 and without a grade for 2025.
func gap2025() history { return failed2024.and(on("2027-06-01", grading(2026, "unqualified"))) }

// out returns a history with a revocation on 2026-06-10 after two failed years, and an earlier grant.
func out() history {
	return failed2024.and(on("2025-06-20", other("G1", 2025, 100*wan)), on("2025-07-01", receive("G1", 50*wan)),
		on("2026-06-01", grading(2025, "unqualified")), on("2026-06-10", revocation()))
}

var revocationAlerts = []alertCase{
	{"revocation is due on the day of the second failure", failed2024And25(), "2026-12-31", then(raised("AL-REV-01", "2025", "2026-06-01")), draft},
	{"the day is that of the later decision, whichever year it is of", active().and(on("2026-06-01", grading(2025, "unqualified")), on("2026-08-01", grading(2024, "unqualified"))), "2026-12-31", then(raised("AL-REV-01", "2025", "2026-08-01")), draft},
	{"the revocation ends it", failed2024And25().and(on("2026-06-10", revocation())), "2026-12-31", then(raised("AL-REV-01", "2025", "2026-06-01").cleared("2026-06-10")), draft},
	{"a revocation on the very day leaves none", failed2024And25().and(on("2026-06-01", revocation())), "2026-12-31", none("AL-REV-01"), draft},
	{"a grade revised away ends it", failed2024And25().and(on("2026-07-01", regrading(2024, "qualified"))), "2026-12-31", then(raised("AL-REV-01", "2025", "2026-06-01").cleared("2026-07-01")), draft},
	{"revised away and back it is raised again", failed2024And25().and(on("2026-07-01", regrading(2024, "qualified")), on("2026-08-01", regrading(2024, "unqualified"))), "2026-12-31",
		then(raised("AL-REV-01", "2025", "2026-06-01").cleared("2026-07-01"), raised("AL-REV-01", "2025", "2026-08-01")), draft},
	{"three failures are two alerts", graded(2024, "unqualified", "unqualified", "unqualified"), "2027-12-31", then(raised("AL-REV-01", "2025", "2026-06-01"), raised("AL-REV-01", "2026", "2027-06-01")), draft},
	{"one failure is none", graded(2024, "unqualified", "qualified"), "2026-12-31", none("AL-REV-01"), draft},

	{"two failures with an ungraded year between want a ruling", gap2025(), "2027-12-31", then(raised("AL-REV-03", "2026", "2027-06-01")), draft},
	{"a grade of the year between ends it", gap2025().and(on("2027-07-01", grading(2025, "qualified"))), "2027-12-31", then(raised("AL-REV-03", "2026", "2027-06-01").cleared("2027-07-01")), draft},
	{"a grade of the year between on the day of the later one leaves none", gap2025().and(on("2027-06-01", grading(2025, "qualified"))), "2027-12-31", none("AL-REV-03"), draft},
	{"a failure revised away ends it", gap2025().and(on("2027-07-01", regrading(2024, "qualified"))), "2027-12-31", then(raised("AL-REV-03", "2026", "2027-06-01").cleared("2027-07-01")), draft},
	{"the earlier year failing later raises it then", active().and(on("2027-06-01", grading(2026, "unqualified")), on("2027-09-01", grading(2024, "unqualified"))), "2027-12-31", then(raised("AL-REV-03", "2026", "2027-09-01")), draft},
	{"the revocation does not end it", gap2025().and(on("2027-07-01", revocation())), "2027-12-31", then(raised("AL-REV-03", "2026", "2027-06-01")), draft},
	{"a year in which the center was revoked is not a year between", failed2024.and(on("2025-12-31", revocation()), on("2027-06-01", grading(2026, "unqualified"))), "2027-12-31", none("AL-REV-03"), draft},

	{"a grant after the revocation is a red alert", out().and(on("2026-06-11", other("G2", 2026, wan))), "2026-12-31", then(raised("AL-REV-02", "G2", "2026-06-11")), draft},
	{"a grant on the day of the revocation is not", out().and(on("2026-06-10", other("G2", 2026, wan))), "2026-12-31", none("AL-REV-02"), draft},
	{"receipts on several days are several alerts", out().and(on("2026-06-11", receive("G1", wan)), on("2026-06-12", receive("G1", wan))), "2026-12-31", then(raised("AL-REV-02", "G1", "2026-06-11"), raised("AL-REV-02", "G1", "2026-06-12")), draft},
	{"two receipts on one day are one alert", out().and(on("2026-06-11", receive("G1", wan)), on("2026-06-11", receive("G1", wan))), "2026-12-31", then(raised("AL-REV-02", "G1", "2026-06-11")), draft},
	{"a voucher after the revocation is one, also when it is reversed", out().and(on("2026-06-11", spend("V1", "pilot", "G1", wan)), on("2026-06-12", unspend("V1"))), "2026-12-31", then(raised("AL-REV-02", "V1", "2026-06-11")), draft},
	{"it is closed out", out().and(on("2026-06-11", spend("V1", "pilot", "G1", wan)), on("2026-06-20", closing("AL-REV-02", "V1"))), "2026-12-31", then(raised("AL-REV-02", "V1", "2026-06-11").cleared("2026-06-20")), draft},
	{"closing one out closes every receipt of the grant raised by then, and no later one", out().and(on("2026-06-11", receive("G1", wan)), on("2026-06-12", receive("G1", wan)), on("2026-06-20", closing("AL-REV-02", "G1")), on("2026-06-21", receive("G1", wan))), "2026-12-31",
		then(raised("AL-REV-02", "G1", "2026-06-11").cleared("2026-06-20"), raised("AL-REV-02", "G1", "2026-06-12").cleared("2026-06-20"), raised("AL-REV-02", "G1", "2026-06-21")), draft},
	{"matching money is not looked at", out().and(on("2026-06-11", commit("M1", 2026, wan, "")), on("2026-06-12", receiveMatch("M1", wan))), "2026-12-31", none("AL-REV-02"), draft},
}
