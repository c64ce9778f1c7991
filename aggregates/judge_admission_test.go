package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
)

func TestAdmission(t *testing.T) { runDecisions(t, admissionDecisions) }

func area(m2 int64) func(*events.Facts) { return func(f *events.Facts) { f.UsableAreaM2 = m2 } }
func equipment(fen events.Fen) func(*events.Facts) {
	return func(f *events.Facts) { f.EquipmentFen = fen }
}
func founded(day string) func(*events.Facts) {
	return func(f *events.Facts) { f.FoundedOn = date(day) }
}
func notLegalEntity(f *events.Facts)    { f.LegalEntity = false }
func newUnit(f *events.Facts)           { f.NewUnit = true }
func pilotFunction(f *events.Facts)     { f.PilotFunction = true }
func pilotSeparate(f *events.Facts)     { f.PilotFunction, f.PilotDevicesSeparate = true, true }
func sensitiveMedicine(f *events.Facts) { f.Fields, f.EthicsSensitive = []string{"medicine"}, true }
func industries(names ...string) func(*events.Facts) {
	return func(f *events.Facts) { f.LeadingIndustries = names }
}

// asksRelaxation sets an industry of OP-11 and the request for the relaxation.
func asksRelaxation(f *events.Facts) { f.IndustryCode, f.RelaxationRequested = "I6510", true }

func waive(rule events.RuleID) *events.WaiverGranted {
	return &events.WaiverGranted{Rule: rule, Reason: "确有必要"}
}

func judge(rule events.RuleID, conclusion string) *events.ConditionJudged {
	return &events.ConditionJudged{Rule: rule, Conclusion: conclusion}
}

// relaxedWith returns a history in which the relaxation was granted on 2024-03-15.
func relaxedWith(change ...func(*events.Facts)) history {
	return appraisedWith(change...).and(on("2024-03-15", &events.RelaxationGranted{Reason: "数字经济"}))
}

// registeredOn returns a history of a center registered late in February 2024, with a given date of foundation.
func registeredOn(day, foundedOn string) history {
	return history{on(day, &events.CenterRegistered{Facts: facts(founded(foundedOn))}),
		on("2024-03-10", &events.PlanAppraised{Passed: true})}
}

var admissionDecisions = []decisionCase{
	{"a center that is no legal entity is not admitted", appraisedWith(notLegalEntity), on("2024-03-20", pass),
		refusedBy("R03-2"), draft},
	{"a waiver excepts it from being a legal entity",
		appraisedWith(notLegalEntity).and(on("2024-03-20", waive("R03-2"))), on("2024-03-20", pass),
		accepted(), draft},
	{"a waiver granted on the day after does not", appraisedWith(notLegalEntity).and(on("2024-03-21", waive("R03-2"))),
		on("2024-03-20", pass), refusedBy("R03-2"), draft},
	{"a waiver of another rule does not", appraisedWith(notLegalEntity).and(on("2024-03-15", waive("R05-2"))),
		on("2024-03-20", pass), refusedBy("R03-2"), draft},
	{"a new unit is not admitted", appraisedWith(newUnit), on("2024-03-20", pass), refusedBy("R05-2"), draft},
	{"a new unit is admitted with a waiver", appraisedWith(newUnit).and(on("2024-03-15", waive("R05-2"))),
		on("2024-03-20", pass), accepted(), draft},

	{"a center founded three years before the day of registration is admitted", appraisedWith(founded("2021-03-01")),
		on("2024-03-20", pass), accepted(), draft},
	{"a center founded a day later is not", appraisedWith(founded("2021-03-02")), on("2024-03-20", pass),
		refusedBy("R06-1a"), draft},
	{"a center founded a day later is admitted with a waiver",
		appraisedWith(founded("2021-03-02")).and(on("2024-03-15", waive("R06-1a"))), on("2024-03-20", pass),
		accepted(), draft},
	{"a foundation on 29 February counts as 28 February",
		history{on("2027-02-28", &events.CenterRegistered{Facts: facts(founded("2024-02-29"))}),
			on("2027-03-01", &events.PlanAppraised{Passed: true})},
		on("2027-03-02", pass), accepted(), draft},
	{"a registration on 27 February is too early for it",
		history{on("2027-02-27", &events.CenterRegistered{Facts: facts(founded("2024-02-29"))}),
			on("2027-03-01", &events.PlanAppraised{Passed: true})},
		on("2027-03-02", pass), refusedBy("R06-1a"), draft},
	{"a registration on 29 February counts three years from 28 February and before",
		registeredOn("2024-02-29", "2021-02-28"), on("2024-03-20", pass), accepted(), draft},
	{"a registration on 28 February does not count from 1 March", registeredOn("2024-02-28", "2021-03-01"),
		on("2024-03-20", pass), refusedBy("R06-1a"), draft},
	{"the date of the review does not make a center older", appraisedWith(founded("2021-03-02")),
		on("2025-03-20", pass), refusedBy("R06-1a"), draft},

	{"4999 square metres are refused", appraisedWith(area(4999)), on("2024-03-20", pass), refusedBy("R06-2b"), draft},
	{"4999 square metres are admitted with a waiver", appraisedWith(area(4999)).and(on("2024-03-15", waive("R06-2b"))),
		on("2024-03-20", pass), accepted(), draft},
	{"2000 square metres are admitted with a waiver", appraisedWith(area(2000)).and(on("2024-03-15", waive("R06-2b"))),
		on("2024-03-20", pass), accepted(), draft},
	{"1999 square metres are refused even with a waiver",
		appraisedWith(area(1999)).and(on("2024-03-15", waive("R06-2b"))), on("2024-03-20", pass),
		refusedBy("R06-2b"), draft},
	{"2000 square metres are admitted with a relaxation", relaxedWith(asksRelaxation, area(2000)),
		on("2024-03-20", pass), accepted(), draft},
	{"1999 square metres are refused even with a relaxation", relaxedWith(asksRelaxation, area(1999)),
		on("2024-03-20", pass), refusedBy("R06-2b"), draft},
	{"a relaxation granted on the day after does not help",
		appraisedWith(asksRelaxation, area(2000)).and(on("2024-03-21", &events.RelaxationGranted{})),
		on("2024-03-20", pass), refusedBy("R06-2b"), draft},
	{"a relaxation that was not asked for does not help",
		relaxedWith(func(f *events.Facts) { f.IndustryCode = "I6510" }, area(2000)), on("2024-03-20", pass),
		refusedBy("R06-2b"), draft},
	{"a relaxation of another industry does not help",
		relaxedWith(func(f *events.Facts) { f.RelaxationRequested = true }, area(2000)), on("2024-03-20", pass),
		refusedBy("R06-2b"), draft},

	{"equipment a fen short of 5000 万元 is refused", appraisedWith(equipment(5000*wan - 1)), on("2024-03-20", pass),
		refusedBy("R06-2c"), draft},
	{"a waiver does not help with equipment",
		appraisedWith(equipment(5000*wan - 1)).and(on("2024-03-15", waive("R06-2c"))), on("2024-03-20", pass),
		refusedBy("R06-2c"), draft},
	{"equipment of 1000 万元 is admitted with a relaxation", relaxedWith(asksRelaxation, equipment(1000*wan)),
		on("2024-03-20", pass), accepted(), draft},
	{"a fen less is refused even with a relaxation", relaxedWith(asksRelaxation, equipment(1000*wan-1)),
		on("2024-03-20", pass), refusedBy("R06-2c"), draft},

	{"a pilot function without separate devices is refused", appraisedWith(pilotFunction), on("2024-03-20", pass),
		refusedBy("R06-4b"), draft},
	{"a pilot function with separate devices is admitted", appraisedWith(pilotSeparate), on("2024-03-20", pass),
		accepted(), draft},

	{"a major incident 24 months before the registration is counted",
		appraisedWith().and(on("2024-03-12", incident("I1", "major", "2022-03-01"))), on("2024-03-20", pass),
		refusedBy("R06-5b"), draft},
	{"a major incident a day earlier is not",
		appraisedWith().and(on("2024-03-12", incident("I1", "major", "2022-02-28"))), on("2024-03-20", pass),
		accepted(), draft},
	{"a major incident on the day judged is counted",
		appraisedWith().and(on("2024-03-20", incident("I1", "major", ""))), on("2024-03-20", pass),
		refusedBy("R06-5b"), draft},
	{"a major incident recorded on the day after is not",
		appraisedWith().and(on("2024-03-21", incident("I1", "major", "2024-03-15"))), on("2024-03-20", pass),
		accepted(), draft},
	{"a major incident that is closed is still counted",
		appraisedWith().and(on("2024-03-12", incident("I1", "major", "")),
			on("2024-03-13", &events.IncidentClosed{Incident: "I1"})), on("2024-03-20", pass),
		refusedBy("R06-5b"), draft},
	{"a general incident is not counted", appraisedWith().and(on("2024-03-12", incident("I1", "general", ""))),
		on("2024-03-20", pass), accepted(), draft},

	{"a center listed for dishonesty on the day is refused",
		appraisedWith().and(on("2024-03-20", listing("L1", "dishonesty", ""))), on("2024-03-20", pass),
		refusedBy("R06-5d"), draft},
	{"a center listed on the day after is admitted",
		appraisedWith().and(on("2024-03-21", listing("L1", "dishonesty", ""))), on("2024-03-20", pass),
		accepted(), draft},
	{"a listing until the day judged is in force",
		appraisedWith().and(on("2024-03-12", listing("L1", "dishonesty", "2024-03-20"))), on("2024-03-20", pass),
		refusedBy("R06-5d"), draft},
	{"a listing until the day before is not",
		appraisedWith().and(on("2024-03-12", listing("L1", "dishonesty", "2024-03-19"))), on("2024-03-20", pass),
		accepted(), draft},
	{"a listing that ended on the day judged is not in force",
		appraisedWith().and(on("2024-03-12", listing("L1", "blacklist", "")),
			on("2024-03-20", &events.CreditDelisted{Listing: "L1"})), on("2024-03-20", pass), accepted(), draft},
	{"a listing that ended on the day after is", appraisedWith().and(on("2024-03-12", listing("L1", "blacklist", "")),
		on("2024-03-21", &events.CreditDelisted{Listing: "L1"})), on("2024-03-20", pass), refusedBy("R06-5e"), draft},

	{"sensitive work in medicine without an ethics committee is refused", appraisedWith(sensitiveMedicine),
		on("2024-03-20", pass), refusedBy("R06-6"), draft},
	{"sensitive work in medicine with an ethics committee is admitted",
		appraisedWith(sensitiveMedicine, func(f *events.Facts) { f.EthicsCommittee = true }), on("2024-03-20", pass),
		accepted(), draft},
	{"sensitive work in another field is admitted", appraisedWith(func(f *events.Facts) { f.EthicsSensitive = true }),
		on("2024-03-20", pass), accepted(), draft},
	{"medicine that is not sensitive is admitted",
		appraisedWith(func(f *events.Facts) { f.Fields = []string{"medicine"} }), on("2024-03-20", pass),
		accepted(), draft},

	{"two leading industries are refused", appraisedWith(industries("软件", "医药")), on("2024-03-20", pass),
		refusedBy("R12-1"), draft},
	{"no leading industry is refused", appraisedWith(industries()), on("2024-03-20", pass), refusedBy("R12-1"), draft},
	{"two leading industries are admitted with a waiver",
		appraisedWith(industries("软件", "医药")).and(on("2024-03-15", waive("R12-1"))), on("2024-03-20", pass),
		accepted(), draft},

	{"a rule judged not met is mandatory, whatever rule it is",
		appraisedWith().and(on("2024-03-20", judge("R08-1", "not-met"))), on("2024-03-20", pass),
		refusedBy("R08-1"), draft},
	{"a rule judged basically met will do", appraisedWith().and(on("2024-03-15", judge("R08-1", "not-met")),
		on("2024-03-16", judge("R08-1", "basically-met"))), on("2024-03-20", pass), accepted(), draft},
	{"of two conclusions the later dated stands",
		appraisedWith().and(on("2024-03-16", judge("R08-1", "met")), on("2024-03-15", judge("R08-1", "not-met"))),
		on("2024-03-20", pass), accepted(), draft},
	{"of two conclusions on one day the later recorded stands",
		appraisedWith().and(on("2024-03-15", judge("R08-1", "met")), on("2024-03-15", judge("R08-1", "not-met"))),
		on("2024-03-20", pass), refusedBy("R08-1"), draft},
	{"a rule judged not met on the day after is not counted",
		appraisedWith().and(on("2024-03-21", judge("R08-1", "not-met"))), on("2024-03-20", pass), accepted(), draft},
	{"a waiver does not help against a human conclusion",
		appraisedWith().and(on("2024-03-15", judge("R03-2", "not-met")), on("2024-03-15", waive("R03-2"))),
		on("2024-03-20", pass), refusedBy("R03-2"), draft},

	{"facts changed by the day of the review are judged",
		appraisedWith(area(4999)).and(on("2024-03-20", &events.FactsChanged{UsableAreaM2: ptr(int64(5000))})),
		on("2024-03-20", pass), accepted(), draft},
	{"facts changed on the day after are not",
		appraisedWith(area(4999)).and(on("2024-03-21", &events.FactsChanged{UsableAreaM2: ptr(int64(5000))})),
		on("2024-03-20", pass), refusedBy("R06-2b"), draft},
	{"everything unmet is named at once", registeredWith(notLegalEntity, newUnit, founded("2023-01-01"), area(1),
		equipment(1), pilotFunction, sensitiveMedicine, industries()),
		on("2024-03-20", pass), refusedBy("R09-2", "R03-2", "R05-2", "R06-1a", "R06-2b", "R06-2c", "R06-4b", "R06-6",
			"R12-1"), draft},

	{"a waiver of being a legal entity is granted", registered(), on("2024-03-15", waive("R03-2")), accepted(), draft},
	{"a waiver of being an existing unit is granted", registered(), on("2024-03-15", waive("R05-2")),
		accepted(), draft},
	{"a waiver of the years since the foundation is granted", registered(), on("2024-03-15", waive("R06-1a")),
		accepted(), draft},
	{"a waiver of one leading industry is granted", registered(), on("2024-03-15", waive("R12-1")), accepted(), draft},
	{"a waiver of the area is granted from 2000 square metres up", registeredWith(area(2000)),
		on("2024-03-15", waive("R06-2b")), accepted(), draft},
	{"a waiver of the area is refused below", registeredWith(area(1999)), on("2024-03-15", waive("R06-2b")),
		refusedBy("R06"), draft},
	{"a waiver of a mandatory condition is refused", registered(), on("2024-03-15", waive("R06-2c")),
		refusedBy("R06"), draft},
	{"a waiver of a rule that is no condition is refused", registered(), on("2024-03-15", waive("R20-6")),
		refusedBy("R06"), draft},
	{"a relaxation is granted to an industry of the list that asked", registeredWith(asksRelaxation),
		on("2024-03-15", &events.RelaxationGranted{}), accepted(), draft},
	{"a relaxation is refused to who did not ask", registeredWith(func(f *events.Facts) { f.IndustryCode = "C3911" }),
		on("2024-03-15", &events.RelaxationGranted{}), refusedBy("R06-2d"), draft},
	{"a relaxation is refused to another industry",
		registeredWith(func(f *events.Facts) { f.RelaxationRequested = true }),
		on("2024-03-15", &events.RelaxationGranted{}), refusedBy("R06-2d"), draft},
	{"a relaxation is judged on the facts of its day",
		registeredWith(asksRelaxation).and(on("2024-03-14", &events.FactsChanged{RelaxationRequested: ptr(false)})),
		on("2024-03-15", &events.RelaxationGranted{}), refusedBy("R06-2d"), draft},
}
