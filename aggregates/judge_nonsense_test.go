package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
)

func TestNonsense(t *testing.T) { runNonsense(t, nonsenseCases) }

var (
	incidentRecorded = registered().and(on("2024-04-01", incident("I1", "major", "")))
	creditListed     = registered().and(on("2024-04-01", listing("L1", "blacklist", "")))
	findingOpened    = registered().and(on("2024-04-01", &events.AuditFindingOpened{Finding: "F1", Text: "票据不全"}))
	projectApproved  = registered().and(on("2024-04-01", project("P1", true, true)))
	bookSigned       = granted().and(on("2025-02-01", sign("B1", "2025-02-01", 10*wan, true)))
	failed2024       = graded(2024, "unqualified")
	ordered2024      = failed2024.and(on("2025-06-10", &events.RectificationOrdered{Year: 2024}))
)

// nonsenseCases are about registration, names and years. Money and voiding have their own tables.
var nonsenseCases = []nonsenseCase{
	{"finance may not register a center", roleNotInTable, nil,
		on("2024-03-01", &events.CenterRegistered{Facts: facts()}).by(events.Finance), "by.role"},
	{"a center may not grade itself", roleNotInTable, active(),
		on("2025-06-01", grading(2024, "excellent")).by(events.CenterRole), "by.role"},
	{"the S&T office may not grant a subsidy", roleNotInTable, active(),
		on("2025-01-01", other("G1", 2025, wan)).by(events.STOffice), "by.role"},
	{"finance may not grant a waiver under the draft", notTheGrantor, registered(),
		on("2024-04-01", waive("R03-2")).by(events.Finance), "by.role"},
	{"nor before the draft was in force", notTheGrantor,
		history{on("2023-03-01", &events.CenterRegistered{Facts: facts()})},
		on("2023-04-01", waive("R03-2")).by(events.Finance), "by.role"},
	{"a role that nobody has may write nothing", roleNotInTable, registered(),
		on("2024-04-01", &events.PlanRevised{}).by("mayor"), "by.role"},
	{"a policy is not adopted in the stream of a center", roleNotInTable, registered(),
		on("2024-04-01", &events.PolicyAdopted{ID: "p", Version: "1", Digest: "d"}), "center"},

	{"a center that is not registered has no events", notRegistered, nil,
		on("2024-03-01", &events.PlanRevised{Version: "1"}), "center"},
	{"a center that is not registered gets no money", notRegistered, nil,
		on("2024-03-01", other("G1", 2024, wan)), "center"},
	{"nothing of a center that is not registered can be voided", notRegistered, nil,
		on("2024-03-01", voided("x")), "center"},
	{"an event on the day before the registration is refused", beforeRegistration, registered(),
		on("2024-02-29", &events.PlanRevised{Version: "1"}), "on"},
	{"an event on the day of the registration is accepted", beforeRegistration, registered(),
		on("2024-03-01", &events.PlanRevised{Version: "1"}), ""},
	{"a center is registered once", secondRegistration, registered(),
		on("2024-03-02", &events.CenterRegistered{Facts: facts()}), "kind"},

	{"a project is approved once", secondProject, projectApproved, on("2024-04-02", project("P1", true, true)),
		"data.project"},
	{"an incident is recorded once", secondIncident, incidentRecorded, on("2024-04-02", incident("I1", "general", "")),
		"data.incident"},
	{"a listing is recorded once", secondListing, creditListed, on("2024-04-02", listing("L1", "dishonesty", "")),
		"data.listing"},
	{"the same list may hold a center twice under two names", secondListing, creditListed,
		on("2024-04-02", listing("L2", "blacklist", "")), ""},
	{"a trial is recorded once", secondTrial, registered().and(on("2024-04-01", &events.TrialRecorded{Trial: "T1"})),
		on("2024-04-02", &events.TrialRecorded{Trial: "T1"}), "data.trial"},
	{"a finding is opened once", secondFinding, findingOpened,
		on("2024-04-02", &events.AuditFindingOpened{Finding: "F1"}), "data.finding"},
	{"the grade of a year is decided once", secondGrade, graded(2024, "qualified"),
		on("2025-07-01", grading(2024, "excellent")), "data.year"},
	{"the grade of another year may be decided", secondGrade, graded(2024, "qualified"),
		on("2026-07-01", grading(2025, "excellent")), ""},
	{"rectification for a year is ordered once", secondOrder, ordered2024,
		on("2025-06-11", &events.RectificationOrdered{Year: 2024}), "data.year"},
	{"the plaque is awarded once", secondPlaque, active(),
		on("2024-08-01", &events.PlaqueAwarded{PlaqueNo: "2"}), "kind"},
	{"the qualification is revoked once", secondRevocation, active().and(on("2024-08-01", revocation())),
		on("2024-09-01", revocation()), "kind"},

	{"an unknown incident cannot be closed", noIncident, incidentRecorded,
		on("2024-05-01", &events.IncidentClosed{Incident: "I2"}), "data.incident"},
	{"an unknown listing cannot be ended", noListing, creditListed,
		on("2024-05-01", &events.CreditDelisted{Listing: "L2"}), "data.listing"},
	{"an unknown finding cannot be closed", noFinding, findingOpened,
		on("2024-05-01", &events.AuditFindingClosed{Finding: "F2"}), "data.finding"},
	{"a subsidy cannot name an unknown project", noProject, projectApproved,
		on("2024-05-01", projectGrant("G1", 2024, "P2", wan)), "data.project"},
	{"rectification that nobody ordered cannot be submitted", noOrder, failed2024,
		on("2025-07-01", &events.RectificationSubmitted{Year: 2024}), "data.year"},
	{"rectification that nobody ordered cannot be accepted", noOrder, failed2024,
		on("2025-07-01", &events.RectificationAccepted{Year: 2024}), "data.year"},
	{"rectification of another year cannot be accepted", noOrder, ordered2024,
		on("2025-07-01", &events.RectificationAccepted{Year: 2025}), "data.year"},
	{"a grade that was never decided cannot be revised", noDecision, active(),
		on("2025-07-01", regrading(2024, "qualified")), "data.year"},

	{"an incident cannot be closed before it was recorded", beforeNamed, incidentRecorded,
		on("2024-03-31", &events.IncidentClosed{Incident: "I1"}), "data.incident"},
	{"an incident can be closed on the day it was recorded", beforeNamed, incidentRecorded,
		on("2024-04-01", &events.IncidentClosed{Incident: "I1"}), ""},
	{"a listing cannot end before it began", beforeNamed, creditListed,
		on("2024-03-31", &events.CreditDelisted{Listing: "L1"}), "data.listing"},
	{"a finding cannot be closed before it was opened", beforeNamed, findingOpened,
		on("2024-03-31", &events.AuditFindingClosed{Finding: "F1"}), "data.finding"},
	{"a grade cannot be revised before it was decided", beforeNamed, failed2024,
		on("2025-05-31", regrading(2024, "qualified")), "data.year"},
	{"a grade can be revised on the day it was decided", beforeNamed, failed2024,
		on("2025-06-01", regrading(2024, "qualified")), ""},
	{"rectification cannot be submitted before it was ordered", beforeNamed, ordered2024,
		on("2025-06-09", &events.RectificationSubmitted{Year: 2024}), "data.year"},
	{"rectification cannot be accepted before it was ordered", beforeNamed, ordered2024,
		on("2025-06-09", &events.RectificationAccepted{Year: 2024}), "data.year"},
	{"rectification can be accepted on the day it was ordered", beforeNamed, ordered2024,
		on("2025-06-10", &events.RectificationAccepted{Year: 2024}), ""},
	{"a project may be named by a grant dated before its approval", beforeNamed, projectApproved,
		on("2024-03-31", projectGrant("G1", 2024, "P1", wan)), ""},

	{"registered equipment cannot be negative", negativeEquipment, nil,
		on("2024-03-01", &events.CenterRegistered{Facts: facts(func(f *events.Facts) { f.EquipmentFen = -1 })}),
		"data.equipmentFen"},
	{"changed equipment cannot be negative", negativeEquipment, registered(),
		on("2024-04-01", &events.FactsChanged{EquipmentFen: ptr(events.Fen(-1))}), "data.equipmentFen"},
	{"equipment of zero is a fact", negativeEquipment, registered(),
		on("2024-04-01", &events.FactsChanged{EquipmentFen: ptr(events.Fen(0))}), ""},

	{"an event of 1999 is refused", yearOutOfRange, nil,
		on("1999-12-31", &events.CenterRegistered{Facts: facts()}), "on"},
	{"an event of 2000 is accepted", yearOutOfRange, nil,
		on("2000-01-01", &events.CenterRegistered{Facts: facts()}), ""},
	{"an event of 2100 is accepted", yearOutOfRange, registered(),
		on("2100-12-31", &events.PlanRevised{Version: "1"}), ""},
	{"an event of 2101 is refused", yearOutOfRange, registered(),
		on("2101-01-01", &events.PlanRevised{Version: "1"}), "on"},
	{"a report of the year 1999 is refused", yearOutOfRange, registered(),
		on("2024-04-01", &events.AnnualReportFiled{Year: 1999}), "data.year"},
	{"a report of the year 2101 is refused", yearOutOfRange, registered(),
		on("2024-04-01", &events.AnnualReportFiled{Year: 2101}), "data.year"},
	{"a matching commitment of the year 2101 is refused", yearOutOfRange, registered(),
		on("2024-04-01", commit("M1", 2101, wan, "")), "data.fiscalYear"},
	{"a support year of 2101 is refused", yearOutOfRange, registered(),
		on("2024-04-01", taskBook("2024-06-01", "2027-05-31", 2101)), "data.supportYears[0]"},
	{"a deferral of the year 1999 is refused", yearOutOfRange, registered(), on("2024-04-01", deferral(1999)),
		"data.fiscalYear"},

	{"a USCC of 17 characters is refused", badUSCC, nil,
		on("2024-03-01", &events.CenterRegistered{
			Facts: facts(func(f *events.Facts) { f.USCC = "91330106MAC1K2L32" })}), "data.uscc"},
	{"a USCC with the letter O is refused", badUSCC, nil,
		on("2024-03-01", &events.CenterRegistered{
			Facts: facts(func(f *events.Facts) { f.USCC = "91330106MAC1K2L3OC" })}), "data.uscc"},
	{"a USCC with a letter among its region digits is refused", badUSCC, registered(),
		on("2024-04-01", &events.FactsChanged{USCC: ptr("9133010AMAC1K2L32C")}), "data.uscc"},
	{"a USCC with a wrong check character is accepted", badUSCC, registered(),
		on("2024-04-01", &events.FactsChanged{USCC: ptr("91330106MAC1K2L32D")}), ""},

	{"a grade that the policy does not have is refused", notInPolicy, active(), on("2025-06-01", grading(2024, "A")),
		"data.grade"},
	{"a revision to a grade that the policy does not have is refused", notInPolicy, failed2024,
		on("2025-07-01", regrading(2024, "A")), "data.grade"},
	{"a use that the policy does not have is refused", notInPolicy, granted(),
		on("2025-02-01", spend("V1", "research", "G1", wan)), "data.use"},
	{"a ruling to a use that the policy does not have is refused", notInPolicy, lowYear(),
		on("2025-12-01", rule("V1", "research")), "data.use"},
}
