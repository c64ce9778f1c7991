package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
)

func TestExecutionAlerts(t *testing.T) { runAlerts(t, executionAlerts) }

// carriedInto2026 returns a history with 36 500 元 carried from 2025 into 2026, 100 元 for each day of the year, so
// that spending 80 元 a day is 80 % of time progress.
func carriedInto2026() history {
	return active().and(on("2025-12-01", other("G1", 2025, 36_500*yuan)), on("2025-12-02", receive("G1", 36_500*yuan)))
}

// receivedOn20January returns a history with 34 600 元 received on 2025-01-20, 100 元 for each remaining day of the
// year.
func receivedOn20January() history {
	return active().and(on("2025-01-10", other("G1", 2025, 34_600*yuan)), on("2025-01-20", receive("G1", 34_600*yuan)))
}

// halves returns a history with one amount received on 2025-03-01 and another on a later day.
func halves(first events.Fen, laterOn string, later events.Fen) history {
	return active().and(on("2025-02-01", other("G1", 2025, first+later)), on("2025-03-01", receive("G1", first)),
		on(laterOn, receive("G1", later)))
}

// shares returns a history with given spending on main uses and on operation in 2025.
func shares(main, plain events.Fen) history {
	return granted().and(on("2025-05-01", spend("V1", "talent", "G1", main)),
		on("2025-05-02", spend("V2", "operation", "G1", plain)))
}

// announcedAhead returns the history of a center with a low year 2025, for which money of 2026 is announced on
// 2025-12-31.
func announcedAhead() history { return lowYear().and(on("2025-12-31", other("G2", 2026, 2*wan))) }

// paidAhead returns the expected alert that G2 was paid on a day although its year is to be deferred.
func paidAhead(day string) expected { return raised("AL-EXE-05", "G2", day).since("2025-12-31") }

var executionAlerts = []alertCase{
	{"a month-end at exactly 80 % of progress is not behind, counted from 1 January with money carried in",
		carriedInto2026().and(on("2026-01-15", spend("V1", "pilot", "G1", 80*31*yuan))), "2026-01-31",
		none("AL-EXE-01"), draft},
	{"a fen less is behind", carriedInto2026().and(on("2026-01-15", spend("V1", "pilot", "G1", 80*31*yuan-1))),
		"2026-02-15", then(raised("AL-EXE-01", "2026-01", "2026-01-31")), draft},
	{"a month-end at exactly 80 % of progress is not behind, counted from the first receipt",
		receivedOn20January().and(on("2025-01-25", spend("V1", "pilot", "G1", 80*12*yuan))), "2025-01-31",
		none("AL-EXE-01"), draft},
	{"a fen less is behind there too",
		receivedOn20January().and(on("2025-01-25", spend("V1", "pilot", "G1", 80*12*yuan-1))), "2025-02-15",
		then(raised("AL-EXE-01", "2025-01", "2025-01-31")), draft},
	{"it ends on the first month-end that is not behind",
		carriedInto2026().and(on("2026-03-10", spend("V1", "pilot", "G1", 80*90*yuan))), "2026-03-31",
		then(raised("AL-EXE-01", "2026-01", "2026-01-31").cleared("2026-03-31")), draft},
	{"it is raised again after a month-end that was not behind",
		carriedInto2026().and(on("2026-03-10", spend("V1", "pilot", "G1", 80*90*yuan))), "2026-12-30",
		then(raised("AL-EXE-01", "2026-01", "2026-01-31").cleared("2026-03-31"),
			raised("AL-EXE-01", "2026-04", "2026-04-30")), draft},
	{"it ends at the end of the year, and January starts anew", carriedInto2026(), "2027-01-31",
		then(raised("AL-EXE-01", "2026-01", "2026-01-31").cleared("2026-12-31"),
			raised("AL-EXE-01", "2027-01", "2027-01-31")), draft},
	{"December is not examined",
		active().and(on("2025-11-30", other("G1", 2025, 100*wan)), on("2025-12-01", receive("G1", 100*wan))),
		"2025-12-31", none("AL-EXE-01"), draft},
	{"a month-end on the day of the first receipt is behind at once",
		active().and(on("2025-03-01", other("G1", 2025, 100*wan)), on("2025-03-31", receive("G1", 100*wan))),
		"2025-04-01", then(raised("AL-EXE-01", "2025-03", "2025-03-31")), draft},
	{"while most came late the month-ends are not behind", halves(50*wan, "2025-10-02", 50*wan+1), "2025-12-30",
		then(raised("AL-EXE-01", "2025-03", "2025-03-31").cleared("2025-10-31")), draft},
	{"a forbidden use does not count as executed",
		carriedInto2026().and(on("2026-01-15", spend("V1", "fine", "G1", 80*31*yuan))), "2026-02-15",
		then(raised("AL-EXE-01", "2026-01", "2026-01-31")), draft},
	{"money of central guidance alone has no rate",
		active().and(on("2025-01-10", grantFrom(events.CentralGuidance, "G1", 2025, wan)),
			on("2025-01-20", receive("G1", wan))), "2025-12-30", none("AL-EXE-01"), draft},
	{"the revocation ends it", carriedInto2026().and(on("2026-02-10", revocation())), "2026-12-31",
		then(raised("AL-EXE-01", "2026-01", "2026-01-31").cleared("2026-02-10")), draft},

	{"a year below 60 % is low on its last day", lowYear(), "2026-06-30",
		then(raised("AL-EXE-02", "2025", "2025-12-31")), draft},
	{"a year of exactly 60 % is not low", spentIn2025(60 * wan), "2026-01-31", none("AL-EXE-02"), draft},
	{"a year of a fen less is", spentIn2025(60*wan - 1), "2026-01-31",
		then(raised("AL-EXE-02", "2025", "2025-12-31")), draft},
	{"a year in which exactly half came late is low", halves(50*wan, "2025-10-02", 50*wan), "2026-01-31",
		then(raised("AL-EXE-02", "2025", "2025-12-31")), draft},
	{"a year in which a fen more came late is not", halves(50*wan, "2025-10-02", 50*wan+1), "2026-01-31",
		none("AL-EXE-02"), draft},
	{"what came on 1 October did not come late", halves(wan, "2025-10-01", 100*wan), "2026-01-31",
		then(raised("AL-EXE-02", "2025", "2025-12-31")), draft},
	{"a late receipt is not lessened by a recovery",
		halves(50*wan, "2025-10-02", 50*wan).and(on("2025-11-01", recoverFrom("G1", 1))), "2026-01-31",
		none("AL-EXE-02"), draft},
	{"a ruling by the last day makes a year low", spentIn2025(100 * wan).and(on("2025-12-31", rule("V1", "fine"))),
		"2026-06-30", then(raised("AL-EXE-02", "2025", "2025-12-31")), draft},
	{"a ruling on the day after does not", spentIn2025(100 * wan).and(on("2026-01-01", rule("V1", "fine"))),
		"2026-06-30", none("AL-EXE-02"), draft},
	{"a reversal in the next year does not make the year low",
		spentIn2025(100 * wan).and(on("2026-01-01", unspend("V1"))), "2026-06-30", none("AL-EXE-02"), draft},
	{"a voucher recorded late but dated in the year makes it not low",
		lowYear().and(on("2025-12-31", spend("V2", "pilot", "G1", 40*wan))), "2026-06-30", none("AL-EXE-02"), draft},
	{"a deferral of the next year ends it", lowYear().and(on("2026-01-10", deferral(2026))), "2026-06-30",
		then(raised("AL-EXE-02", "2025", "2025-12-31").cleared("2026-01-10")), draft},
	{"a release of the next year ends it", lowYear().and(on("2026-01-10", release(2026))), "2026-06-30",
		then(raised("AL-EXE-02", "2025", "2025-12-31").cleared("2026-01-10")), draft},
	{"a deferral on the last day leaves it one day", lowYear().and(on("2025-12-31", deferral(2026))), "2026-06-30",
		then(raised("AL-EXE-02", "2025", "2025-12-31").cleared("2025-12-31")), draft},
	{"a deferral on the day before leaves none", lowYear().and(on("2025-12-30", deferral(2026))), "2026-06-30",
		append(none("AL-EXE-02"), none("AL-EXE-04")...), draft},
	{"the revocation does not end it", lowYear().and(on("2026-01-10", revocation())), "2026-06-30",
		then(raised("AL-EXE-02", "2025", "2025-12-31")), draft},

	{"a grant for the year after a low one is a red alert", lowYear().and(on("2026-01-10", other("G2", 2026, wan))),
		"2026-12-31", then(raised("AL-EXE-03", "G2", "2026-01-10").since("2025-12-31")), draft},
	{"a grant for it dated in the low year is not", lowYear().and(on("2025-12-31", other("G2", 2026, wan))),
		"2026-12-31", none("AL-EXE-03"), draft},
	{"a grant while deferred is one",
		lowYear().and(on("2026-01-05", deferral(2026)), on("2026-01-10", other("G2", 2026, wan))), "2026-12-31",
		then(raised("AL-EXE-03", "G2", "2026-01-10").since("2025-12-31")), draft},
	{"a grant after the release is not",
		lowYear().and(on("2026-01-05", deferral(2026)), on("2026-01-10", release(2026)),
			on("2026-01-10", other("G2", 2026, wan))), "2026-12-31", none("AL-EXE-03"), draft},
	{"a release after the grant does not end it",
		lowYear().and(on("2026-01-10", other("G2", 2026, wan)), on("2026-01-11", release(2026))), "2026-12-31",
		then(raised("AL-EXE-03", "G2", "2026-01-10").since("2025-12-31")), draft},
	{"it ends when the grant is fully reversed",
		lowYear().and(on("2026-01-10", other("G2", 2026, wan)), on("2026-02-01", reverse("G2", wan))), "2026-12-31",
		then(raised("AL-EXE-03", "G2", "2026-01-10").cleared("2026-02-01").since("2025-12-31")), draft},
	{"a grant after a year that was not low is not",
		spentIn2025(60 * wan).and(on("2026-01-10", other("G2", 2026, wan))), "2026-12-31", none("AL-EXE-03"), draft},

	{"money announced ahead and paid after a low year is a red alert",
		announcedAhead().and(on("2026-02-01", receive("G2", wan))), "2026-12-31",
		then(paidAhead("2026-02-01")), draft},
	{"money of central guidance is no exception",
		lowYear().and(on("2025-12-01", grantFrom(events.CentralGuidance, "G2", 2026, wan)),
			on("2026-02-01", receive("G2", wan))), "2026-12-31", then(paidAhead("2026-02-01")), draft},
	{"it is raised once for a grant, by the first receipt",
		announcedAhead().and(on("2026-02-01", receive("G2", 1)), on("2026-03-01", receive("G2", wan))), "2026-12-31",
		then(paidAhead("2026-02-01")), draft},
	{"it is raised for each grant", announcedAhead().and(on("2025-12-02", other("G3", 2026, wan)),
		on("2026-02-01", receive("G2", wan)), on("2026-03-01", receive("G3", wan))), "2026-12-31",
		then(paidAhead("2026-02-01"), raised("AL-EXE-05", "G3", "2026-03-01").since("2025-12-31")), draft},
	{"a receipt within the low year raises nothing", announcedAhead().and(on("2025-12-31", receive("G2", wan))),
		"2026-12-31", none("AL-EXE-05"), draft},
	{"a receipt on the first day after it does, whatever came before",
		announcedAhead().and(on("2025-12-31", receive("G2", 1)), on("2026-01-01", receive("G2", wan))), "2026-12-31",
		then(paidAhead("2026-01-01")), draft},
	{"a receipt while deferred is one",
		announcedAhead().and(on("2026-01-05", deferral(2026)), on("2026-02-01", receive("G2", wan))), "2026-12-31",
		then(paidAhead("2026-02-01")), draft},
	{"a receipt on the day of the release is none",
		announcedAhead().and(on("2026-01-05", deferral(2026)), on("2026-02-01", receive("G2", wan)),
			on("2026-02-01", release(2026))), "2026-12-31", none("AL-EXE-05"), draft},
	{"a release on the day after the receipt does not end it",
		announcedAhead().and(on("2026-01-05", deferral(2026)), on("2026-02-01", receive("G2", wan)),
			on("2026-02-02", release(2026))), "2026-12-31", then(paidAhead("2026-02-01")), draft},
	{"a receipt after the release is none, one after another deferral is",
		announcedAhead().and(on("2026-01-05", deferral(2026)), on("2026-01-10", release(2026)),
			on("2026-01-15", receive("G2", 1)),
			on("2026-02-01", deferral(2026)), on("2026-02-10", receive("G2", wan))), "2026-12-31",
		then(paidAhead("2026-02-10")), draft},
	{"a release of another fiscal year does not matter",
		announcedAhead().and(on("2026-01-10", release(2027)), on("2026-02-01", receive("G2", wan))), "2026-12-31",
		then(paidAhead("2026-02-01")), draft},
	{"the full reversal of the grant ends it",
		announcedAhead().and(on("2026-02-01", receive("G2", wan)), on("2026-02-10", reverse("G2", wan)),
			on("2026-02-10", recoverFrom("G2", wan)), on("2026-02-20", reverse("G2", wan))), "2026-12-31",
		then(paidAhead("2026-02-01").cleared("2026-02-20")), draft},
	{"a reversal for a part and a recovery of all do not end it",
		announcedAhead().and(on("2026-02-01", receive("G2", wan)), on("2026-02-10", reverse("G2", wan)),
			on("2026-02-11", recoverFrom("G2", wan))), "2026-12-31", then(paidAhead("2026-02-01")), draft},
	{"a grant fully reversed before the receipt never was paid all the same",
		announcedAhead().and(on("2026-02-01", receive("G2", wan)), on("2026-02-02", recoverFrom("G2", wan)),
			on("2026-01-20", reverse("G2", 2*wan))), "2026-12-31", none("AL-EXE-05"), draft},
	{"a grant of 1 January is not announced ahead",
		lowYear().and(on("2026-01-01", other("G2", 2026, wan)), on("2026-02-01", receive("G2", wan))), "2026-12-31",
		append(none("AL-EXE-05"), raised("AL-EXE-03", "G2", "2026-01-01").since("2025-12-31")), draft},
	{"a grant of the low year itself is not announced ahead",
		lowYear().and(on("2025-12-01", other("G2", 2025, wan)), on("2026-02-01", receive("G2", wan))), "2026-12-31",
		none("AL-EXE-05"), draft},
	{"after a year that was not low money announced ahead may be paid",
		spentIn2025(60*wan).and(on("2025-12-31", other("G2", 2026, wan)), on("2026-02-01", receive("G2", wan))),
		"2026-12-31", none("AL-EXE-05"), draft},

	{"a deferral is overdue 31 days after a low year", lowYear(), "2026-12-31",
		then(raised("AL-EXE-04", "2025", "2026-01-31").since("2025-12-31")), draft},
	{"a deferral on the last day of the term is in time", lowYear().and(on("2026-01-30", deferral(2026))),
		"2026-12-31", none("AL-EXE-04"), draft},
	{"a deferral later ends it", lowYear().and(on("2026-02-10", deferral(2026))), "2026-12-31",
		then(raised("AL-EXE-04", "2025", "2026-01-31").cleared("2026-02-10").since("2025-12-31")), draft},
	{"a release later ends it", lowYear().and(on("2026-02-10", release(2026))), "2026-12-31",
		then(raised("AL-EXE-04", "2025", "2026-01-31").cleared("2026-02-10").since("2025-12-31")), draft},
	{"the revocation ends it", lowYear().and(on("2026-02-10", revocation())), "2026-12-31",
		then(raised("AL-EXE-04", "2025", "2026-01-31").cleared("2026-02-10").since("2025-12-31")), draft},

	{"less than half for the main uses is a yellow alert on the last day", shares(40*wan-1, 40*wan), "2026-12-31",
		then(raised("AL-USE-03", "2025", "2025-12-31")), draft},
	{"exactly half is not", shares(40*wan, 40*wan), "2025-12-31", none("AL-USE-03"), draft},
	{"a year without spending is not", granted(), "2025-12-31", none("AL-USE-03"), draft},
	{"local money does not count", matched.and(on("2025-05-01", spend("V1", "operation", "M1", 10*wan))), "2025-12-31",
		none("AL-USE-03"), draft},
	{"money of central guidance counts",
		active().and(on("2025-01-10", grantFrom(events.CentralGuidance, "G1", 2025, wan)),
			on("2025-01-20", receive("G1", wan)), on("2025-05-01", spend("V1", "operation", "G1", wan))), "2025-12-31",
		then(raised("AL-USE-03", "2025", "2025-12-31")), draft},
	{"a voucher reversed within the year does not count", shares(40*wan, 41*wan).and(on("2025-12-31", unspend("V2"))),
		"2025-12-31", none("AL-USE-03"), draft},
	{"a ruling by the last day counts", shares(40*wan-1, 40*wan).and(on("2025-12-31", rule("V2", "talent"))),
		"2025-12-31", none("AL-USE-03"), draft},
	{"it is closed out", shares(40*wan-1, 40*wan).and(on("2026-01-10", closing("AL-USE-03", "2025"))), "2026-12-31",
		then(raised("AL-USE-03", "2025", "2025-12-31").cleared("2026-01-10")), draft},
}
