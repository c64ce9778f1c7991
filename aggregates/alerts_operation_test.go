package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
)

func TestOperationAlerts(t *testing.T) { runAlerts(t, operationAlerts) }

func govern(item string) *events.GovernanceRecorded { return &events.GovernanceRecorded{Item: item} }

// governedBut returns a history with a task book and every organ except one.
func governedBut(missing string) history {
	h := awarded().and(on("2024-05-20", taskBook("2024-06-01", "2027-05-31", 2024)))
	for _, item := range []string{"team", "bylaws", "project-rules", "expert-committee", "party-organisation"} {
		if item != missing {
			h = h.and(on("2024-06-01", govern(item)))
		}
	}
	return h
}

func filed(year int) *events.AnnualReportFiled { return &events.AnnualReportFiled{Year: year} }
func reviewOf(year int) *events.AnnualReportReviewed {
	return &events.AnnualReportReviewed{Year: year, Passed: true}
}

func ethics(sensitive, committee bool) *events.FactsChanged {
	return &events.FactsChanged{Fields: []string{"ai"}, EthicsSensitive: &sensitive, EthicsCommittee: &committee}
}

var operationAlerts = []alertCase{
	{"a task book is overdue 61 days after the plaque", awarded(), "2024-12-31",
		then(raised("AL-TSK-01", "", "2024-07-10").since("2024-05-10")), draft},
	{"a task book filed on the last day of the term is in time",
		awarded().and(on("2024-07-09", taskBook("2024-06-01", "2027-05-31"))), "2024-12-31", none("AL-TSK-01"), draft},
	{"a task book filed on the day after is one day late",
		awarded().and(on("2024-07-10", taskBook("2024-06-01", "2027-05-31"))), "2024-12-31",
		then(raised("AL-TSK-01", "", "2024-07-10").cleared("2024-07-10").since("2024-05-10")), draft},
	{"a task book filed before the plaque counts",
		approved().and(on("2024-05-05", taskBook("2024-06-01", "2027-05-31")),
			on("2024-05-10", &events.PlaqueAwarded{})), "2024-12-31", none("AL-TSK-01"), draft},
	{"the revocation ends a task book overdue", awarded().and(on("2024-08-01", revocation())), "2024-12-31",
		then(raised("AL-TSK-01", "", "2024-07-10").cleared("2024-08-01").since("2024-05-10")), draft},

	{"the end of the period is noticed 90 days before", active(), "2027-05-31",
		then(raised("AL-TSK-02", "2027-05-31", "2027-03-02").since("2027-05-31")), draft},
	{"the notice ends on the day after the period", active(), "2027-12-31",
		then(raised("AL-TSK-02", "2027-05-31", "2027-03-02").cleared("2027-06-01").since("2027-05-31")), draft},
	{"a later task book ends the notice", active().and(on("2027-04-01", taskBook("2027-06-01", "2030-05-31"))),
		"2027-12-31", then(raised("AL-TSK-02", "2027-05-31", "2027-03-02").cleared("2027-04-01").since("2027-05-31")),
		draft},
	{"a later task book before the notice leaves none",
		active().and(on("2027-03-01", taskBook("2027-06-01", "2030-05-31"))), "2027-12-31", none("AL-TSK-02"), draft},
	{"a task book filed within 90 days of its end is noticed at once",
		awarded().and(on("2024-05-20", taskBook("2023-06-01", "2024-06-30"))), "2024-06-30",
		then(raised("AL-TSK-02", "2024-06-30", "2024-05-20").since("2024-06-30")), draft},
	{"a task book filed on the day after its end is noticed for one day",
		awarded().and(on("2024-05-20", taskBook("2023-06-01", "2024-05-19"))), "2024-06-30",
		then(raised("AL-TSK-02", "2024-05-19", "2024-05-20").cleared("2024-05-20").since("2024-05-19").byTime()),
		draft},
	{"a task book filed later than that is not noticed",
		awarded().and(on("2024-05-20", taskBook("2023-06-01", "2024-05-18"))), "2024-06-30", none("AL-TSK-02"), draft},

	{"a team is overdue 181 days after the plaque", governedBut("team"), "2024-12-31",
		then(raised("AL-GOV-01", "team", "2024-11-07").since("2024-05-10")), draft},
	{"bylaws are overdue likewise", governedBut("bylaws"), "2024-12-31",
		then(raised("AL-GOV-01", "bylaws", "2024-11-07").since("2024-05-10")), draft},
	{"project rules are overdue likewise", governedBut("project-rules"), "2024-12-31",
		then(raised("AL-GOV-01", "project-rules", "2024-11-07").since("2024-05-10")), draft},
	{"an expert committee is overdue likewise", governedBut("expert-committee"), "2024-12-31",
		then(raised("AL-GOV-01", "expert-committee", "2024-11-07").since("2024-05-10")), draft},
	{"a party organisation is overdue likewise, and blue", governedBut("party-organisation"), "2024-12-31",
		then(raised("AL-GOV-01", "party-organisation", "2024-11-07").since("2024-05-10")), draft},
	{"an organ recorded on the last day of the term is in time",
		governedBut("team").and(on("2024-11-06", govern("team"))), "2024-12-31", none("AL-GOV-01"), draft},
	{"an organ recorded later ends it", governedBut("team").and(on("2024-11-20", govern("team"))), "2024-12-31",
		then(raised("AL-GOV-01", "team", "2024-11-07").cleared("2024-11-20").since("2024-05-10")), draft},
	{"an organ recorded before the plaque counts", governedBut("team").and(on("2024-04-01", govern("team"))),
		"2024-12-31", none("AL-GOV-01"), draft},

	{"a trial on a production line is a red alert",
		active().and(on("2024-09-01", &events.TrialRecorded{Trial: "T1", OnProductionLine: true})), "2024-12-31",
		then(raised("AL-SAF-01", "T1", "2024-09-01")), draft},
	{"it is closed out", active().and(on("2024-09-01", &events.TrialRecorded{Trial: "T1", OnProductionLine: true}),
		on("2024-09-02", closing("AL-SAF-01", "T1"))), "2024-12-31",
		then(raised("AL-SAF-01", "T1", "2024-09-01").cleared("2024-09-02")), draft},
	{"a trial elsewhere raises nothing", active().and(on("2024-09-01", &events.TrialRecorded{Trial: "T1"})),
		"2024-12-31", none("AL-SAF-01"), draft},

	{"a major incident after the review is a red alert",
		active().and(on("2024-09-01", incident("I1", "major", "2024-08-30"))), "2024-12-31",
		then(raised("AL-INC-01", "I1", "2024-09-01")), draft},
	{"a major incident recorded on the day of the review is one",
		appraisedWith().and(on("2024-03-20", incident("I1", "major", "")), on("2024-03-20", pass)), "2024-12-31",
		then(raised("AL-INC-01", "I1", "2024-03-20")), draft},
	{"a major incident recorded on the day before is not",
		appraisedWith().and(on("2024-03-19", incident("I1", "major", "")), on("2024-03-20", pass)), "2024-12-31",
		none("AL-INC-01"), draft},
	{"with a plaque earlier than the review the plaque counts",
		registered().and(on("2024-03-05", &events.PlaqueAwarded{}), on("2024-03-06", incident("I1", "major", "")),
			on("2024-03-20", pass)), "2024-12-31", then(raised("AL-INC-01", "I1", "2024-03-06")), draft},
	{"a general incident raises nothing", active().and(on("2024-09-01", incident("I1", "general", ""))), "2024-12-31",
		none("AL-INC-01"), draft},
	{"a major incident that is closed ends on the day",
		active().and(on("2024-09-01", incident("I1", "major", "")),
			on("2024-09-10", &events.IncidentClosed{Incident: "I1"})), "2024-12-31",
		then(raised("AL-INC-01", "I1", "2024-09-01").cleared("2024-09-10")), draft},

	{"a listing is a red alert, before any review",
		registered().and(on("2024-03-05", listing("L1", "dishonesty", ""))), "2024-12-31",
		then(raised("AL-INC-02", "L1", "2024-03-05")), draft},
	{"a listing ends when the center is taken off",
		registered().and(on("2024-03-05", listing("L1", "blacklist", "")),
			on("2024-06-01", &events.CreditDelisted{Listing: "L1"})), "2024-12-31",
		then(raised("AL-INC-02", "L1", "2024-03-05").cleared("2024-06-01")), draft},
	{"a listing ends on the day after it runs out",
		registered().and(on("2024-03-05", listing("L1", "blacklist", "2024-05-31"))), "2024-12-31",
		then(raised("AL-INC-02", "L1", "2024-03-05").cleared("2024-06-01")), draft},
	{"a listing that had run out is none",
		registered().and(on("2024-03-05", listing("L1", "blacklist", "2024-03-03"))), "2024-12-31",
		none("AL-INC-02"), draft},
	{"a listing that ran out on the day before is one for a day",
		registered().and(on("2024-03-05", listing("L1", "blacklist", "2024-03-04"))), "2024-12-31",
		then(raised("AL-INC-02", "L1", "2024-03-05").cleared("2024-03-05").byTime()), draft},

	{"sensitive work without a committee is a red alert from the plaque",
		approved().and(on("2024-05-05", ethics(true, false)), on("2024-05-10", &events.PlaqueAwarded{})), "2024-12-31",
		then(raised("AL-ETH-01", "", "2024-05-10")), draft},
	{"after the plaque it is one from the day the facts change, until they change back",
		active().and(on("2024-08-01", ethics(true, false)), on("2024-09-01", ethics(true, true))), "2024-12-31",
		then(raised("AL-ETH-01", "", "2024-08-01").cleared("2024-09-01")), draft},
	{"it is raised again", active().and(on("2024-08-01", ethics(true, false)), on("2024-09-01", ethics(false, false)),
		on("2024-10-01", ethics(true, false))), "2024-12-31",
		then(raised("AL-ETH-01", "", "2024-08-01").cleared("2024-09-01"), raised("AL-ETH-01", "", "2024-10-01")),
		draft},
	{"facts are read at the end of a day",
		active().and(on("2024-08-01", ethics(true, false)), on("2024-08-01", ethics(true, true))), "2024-12-31",
		none("AL-ETH-01"), draft},
	{"without a plaque there is none", approved().and(on("2024-05-05", ethics(true, false))), "2024-05-09",
		none("AL-ETH-01"), draft},

	{"an annual report is overdue on 1 April", active(), "2025-12-31",
		then(raised("AL-RPT-01", "2024", "2025-04-01").since("2024-12-31")), draft},
	{"an annual report filed on 31 March is in time", active().and(on("2025-03-31", filed(2024))), "2025-12-31",
		none("AL-RPT-01"), draft},
	{"an annual report filed on 1 April is one day late", active().and(on("2025-04-01", filed(2024))), "2025-12-31",
		then(raised("AL-RPT-01", "2024", "2025-04-01").cleared("2025-04-01").since("2024-12-31")), draft},
	{"the report of another year does not end it", active().and(on("2025-03-01", filed(2025))), "2025-12-31",
		then(raised("AL-RPT-01", "2024", "2025-04-01").since("2024-12-31")), draft},
	{"each active year wants its report", active(), "2026-12-31",
		then(raised("AL-RPT-01", "2024", "2025-04-01").since("2024-12-31"),
			raised("AL-RPT-01", "2025", "2026-04-01").since("2025-12-31")), draft},
	{"a center revoked on the last day of the year owes no report of it", active().and(on("2024-12-31", revocation())),
		"2025-12-31", none("AL-RPT-01"), draft},
	{"a center revoked on the first day of the next year owes none that was not overdue yet",
		active().and(on("2025-01-01", revocation())), "2025-12-31", none("AL-RPT-01"), draft},
	{"the revocation ends a report overdue", active().and(on("2025-05-01", revocation())), "2025-12-31",
		then(raised("AL-RPT-01", "2024", "2025-04-01").cleared("2025-05-01").since("2024-12-31")), draft},
	{"a center awarded on the last day of the year owes its report", late2024(), "2025-12-31",
		then(raised("AL-RPT-01", "2024", "2025-04-01").since("2024-12-31")), draft},

	{"a report filed without a review is a yellow alert", active().and(on("2025-03-01", filed(2024))), "2025-12-31",
		then(raised("AL-RPT-02", "2024", "2025-03-01")), draft},
	{"a review on the day of the filing will do",
		active().and(on("2025-03-01", filed(2024)), on("2025-03-01", reviewOf(2024))), "2025-12-31",
		none("AL-RPT-02"), draft},
	{"a review later ends it", active().and(on("2025-03-01", filed(2024)), on("2025-03-10", reviewOf(2024))),
		"2025-12-31", then(raised("AL-RPT-02", "2024", "2025-03-01").cleared("2025-03-10")), draft},
	{"a review that was not passed does not", active().and(on("2025-02-20", &events.AnnualReportReviewed{Year: 2024}),
		on("2025-03-01", filed(2024))), "2025-12-31", then(raised("AL-RPT-02", "2024", "2025-03-01")), draft},
	{"a review of another year does not",
		active().and(on("2025-02-20", reviewOf(2023)), on("2025-03-01", filed(2024))), "2025-12-31",
		then(raised("AL-RPT-02", "2024", "2025-03-01")), draft},

	{"a final report is overdue 91 days after the period", active(), "2027-12-31",
		then(raised("AL-RPT-03", "2027-05-31", "2027-08-30").since("2027-05-31")), draft},
	{"a final report filed on the last day of the term is in time",
		active().and(on("2027-08-29", &events.FinalReportFiled{})), "2027-12-31", none("AL-RPT-03"), draft},
	{"a final report filed later ends it", active().and(on("2027-09-30", &events.FinalReportFiled{})), "2027-12-31",
		then(raised("AL-RPT-03", "2027-05-31", "2027-08-30").cleared("2027-09-30").since("2027-05-31")), draft},
	{"a final report filed before the book does not count",
		awarded().and(on("2024-05-19", &events.FinalReportFiled{}),
			on("2024-05-20", taskBook("2024-06-01", "2027-05-31"))), "2027-12-31",
		then(raised("AL-RPT-03", "2027-05-31", "2027-08-30").since("2027-05-31")), draft},
	{"a final report filed on the day of the book does",
		awarded().and(on("2024-05-20", taskBook("2024-06-01", "2027-05-31")),
			on("2024-05-20", &events.FinalReportFiled{})), "2027-12-31", none("AL-RPT-03"), draft},
	{"a later task book by then makes it needless",
		active().and(on("2027-08-30", taskBook("2027-06-01", "2030-05-31"))), "2027-12-31", none("AL-RPT-03"), draft},
	{"a later task book on the day after does not",
		active().and(on("2027-08-31", taskBook("2027-06-01", "2030-05-31"))), "2027-12-31",
		then(raised("AL-RPT-03", "2027-05-31", "2027-08-30").since("2027-05-31")), draft},

	{"an audit finding is overdue on the day after it was due",
		registered().and(on("2024-04-01", &events.AuditFindingOpened{Finding: "F1", DueOn: date("2024-06-30")})),
		"2024-12-31", then(raised("AL-AUD-01", "F1", "2024-07-01").since("2024-04-01")), draft},
	{"an audit finding closed on the day it was due is in time",
		registered().and(on("2024-04-01", &events.AuditFindingOpened{Finding: "F1", DueOn: date("2024-06-30")}),
			on("2024-06-30", &events.AuditFindingClosed{Finding: "F1"})), "2024-12-31", none("AL-AUD-01"), draft},
	{"an audit finding closed later ends it",
		registered().and(on("2024-04-01", &events.AuditFindingOpened{Finding: "F1", DueOn: date("2024-06-30")}),
			on("2024-08-01", &events.AuditFindingClosed{Finding: "F1"})), "2024-12-31",
		then(raised("AL-AUD-01", "F1", "2024-07-01").cleared("2024-08-01").since("2024-04-01")), draft},
	{"an audit finding without a date is never overdue",
		registered().and(on("2024-04-01", &events.AuditFindingOpened{Finding: "F1"})), "2026-12-31",
		none("AL-AUD-01"), draft},
}
