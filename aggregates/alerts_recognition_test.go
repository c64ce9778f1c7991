package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
)

func TestRecognitionAlerts(t *testing.T) { runAlerts(t, recognitionAlerts) }

// passedWith returns a history with a passed preliminary review on 2024-03-20, whatever conditions are not met.
func passedWith(change ...func(*events.Facts)) history { return reviewedWith(change...) }

var recognitionAlerts = []alertCase{
	{"a center passed with too little equipment is a red alert until it is closed out", passedWith(equipment(1)), "2024-12-31", then(raised("AL-ADM-01", "R06-2c", "2024-03-20")), draft},
	{"closing it out ends it on that day", passedWith(equipment(1)).and(on("2024-04-01", closing("AL-ADM-01", "R06-2c"))), "2024-12-31", then(raised("AL-ADM-01", "R06-2c", "2024-03-20").cleared("2024-04-01")), draft},
	{"closing it out on the day of the review leaves it one day", passedWith(equipment(1)).and(on("2024-03-20", closing("AL-ADM-01", "R06-2c"))), "2024-12-31", then(raised("AL-ADM-01", "R06-2c", "2024-03-20").cleared("2024-03-20")), draft},
	{"each mandatory condition has its own alert", passedWith(area(1999), pilotFunction, sensitiveMedicine), "2024-12-31",
		then(raised("AL-ADM-01", "R06-2b", "2024-03-20"), raised("AL-ADM-01", "R06-4b", "2024-03-20"), raised("AL-ADM-01", "R06-6", "2024-03-20")), draft},
	{"incidents and listings before the review are mandatory conditions", appraisedWith().and(on("2024-03-11", incident("I1", "major", "")), on("2024-03-11", listing("L1", "dishonesty", "")), on("2024-03-11", listing("L2", "blacklist", "")), on("2024-03-20", pass)),
		"2024-12-31", then(raised("AL-ADM-01", "R06-5b", "2024-03-20"), raised("AL-ADM-01", "R06-5d", "2024-03-20"), raised("AL-ADM-01", "R06-5e", "2024-03-20")), draft},
	{"a rule judged not met is a mandatory condition unmet", appraisedWith().and(on("2024-03-15", judge("R08-1", "not-met")), on("2024-03-20", pass)), "2024-12-31", then(raised("AL-ADM-01", "R08-1", "2024-03-20")), draft},
	{"a second passed review raises it again", passedWith(equipment(1)).and(on("2024-06-01", pass)), "2024-12-31", then(raised("AL-ADM-01", "R06-2c", "2024-03-20"), raised("AL-ADM-01", "R06-2c", "2024-06-01")), draft},
	{"a review that is not passed raises nothing", appraisedWith(equipment(1)).and(on("2024-03-20", &events.PreliminaryReviewed{})), "2024-12-31", none("AL-ADM-01"), draft},
	{"a center that meets every condition raises nothing", passedWith(), "2024-12-31", append(none("AL-ADM-01"), none("AL-ADM-02")...), draft},

	{"a center passed with an in-principle condition unmet is a yellow alert", passedWith(area(2000)), "2024-12-31", then(raised("AL-ADM-02", "R06-2b", "2024-03-20")), draft},
	{"each in-principle condition has its own alert", passedWith(notLegalEntity, newUnit, founded("2021-03-02"), industries()), "2024-12-31",
		then(raised("AL-ADM-02", "R03-2", "2024-03-20"), raised("AL-ADM-02", "R05-2", "2024-03-20"), raised("AL-ADM-02", "R06-1a", "2024-03-20"), raised("AL-ADM-02", "R12-1", "2024-03-20")), draft},
	{"a waiver on the day after the review ends it", passedWith(newUnit).and(on("2024-03-21", waive("R05-2"))), "2024-12-31", then(raised("AL-ADM-02", "R05-2", "2024-03-20").cleared("2024-03-21")), draft},
	{"a waiver recorded late but dated on the day of the review leaves no alert", passedWith(newUnit).and(on("2024-03-20", waive("R05-2"))), "2024-12-31", none("AL-ADM-02"), draft},
	{"a waiver of another rule does not end it", passedWith(newUnit).and(on("2024-03-21", waive("R03-2"))), "2024-12-31", then(raised("AL-ADM-02", "R05-2", "2024-03-20")), draft},

	{"a waiver of what cannot be waived is a yellow alert on its day", registered().and(on("2024-03-15", waive("R06-2c"))), "2024-12-31", then(raised("AL-ADM-03", "R06-2c", "2024-03-15")), draft},
	{"a waiver of less than 2000 square metres is one too", registeredWith(area(1999)).and(on("2024-03-15", waive("R06-2b"))), "2024-12-31", then(raised("AL-ADM-03", "R06-2b", "2024-03-15")), draft},
	{"a relaxation that was not asked for is one with the key relaxation", registered().and(on("2024-03-15", &events.RelaxationGranted{})), "2024-12-31", then(raised("AL-ADM-03", "relaxation", "2024-03-15")), draft},
	{"it is closed out", registered().and(on("2024-03-15", &events.RelaxationGranted{}), on("2024-04-01", closing("AL-ADM-03", "relaxation"))), "2024-12-31", then(raised("AL-ADM-03", "relaxation", "2024-03-15").cleared("2024-04-01")), draft},
	{"a rightful waiver and relaxation raise nothing", registeredWith(asksRelaxation).and(on("2024-03-15", &events.RelaxationGranted{}), on("2024-03-15", waive("R05-2"))), "2024-12-31", none("AL-ADM-03"), draft},

	{"a review passed without an appraisal is a skipped step", registered().and(on("2024-03-20", pass)), "2024-12-31", then(raised("AL-PRC-01", "preliminary.reviewed", "2024-03-20")), draft},
	{"a review passed on the day before the appraisal is a skipped step", registered().and(on("2024-03-20", pass), on("2024-03-21", &events.PlanAppraised{Passed: true})), "2024-12-31", then(raised("AL-PRC-01", "preliminary.reviewed", "2024-03-20")), draft},
	{"an appraisal of a plan that was not revised is a skipped step", reviewed().and(on("2024-04-10", appraisal())), "2024-12-31", then(raised("AL-PRC-01", "joint-appraisal.held", "2024-04-10")), draft},
	{"an approval without an appraisal is a skipped step", revised().and(on("2024-05-01", &events.SpecialMeetingDecided{Approved: true})), "2024-12-31", then(raised("AL-PRC-01", "special-meeting.decided", "2024-05-01")), draft},
	{"an approval after an incomplete appraisal skips no step", revised().and(on("2024-04-10", &events.JointAppraisalHeld{Participants: []string{}}), on("2024-05-01", &events.SpecialMeetingDecided{Approved: true})), "2024-12-31", none("AL-PRC-01"), draft},
	{"a plaque without an approval is a skipped step", revised().and(on("2024-05-10", &events.PlaqueAwarded{})), "2024-12-31", then(raised("AL-PRC-01", "plaque.awarded", "2024-05-10")), draft},
	{"a skipped step is closed out", revised().and(on("2024-05-10", &events.PlaqueAwarded{}), on("2024-05-11", closing("AL-PRC-01", "plaque.awarded"))), "2024-12-31", then(raised("AL-PRC-01", "plaque.awarded", "2024-05-10").cleared("2024-05-11")), draft},
	{"a step that comes later does not end it", revised().and(on("2024-05-10", &events.PlaqueAwarded{}), on("2024-05-11", appraisal()), on("2024-05-12", &events.SpecialMeetingDecided{Approved: true})), "2024-12-31", then(raised("AL-PRC-01", "plaque.awarded", "2024-05-10")), draft},
	{"the whole procedure in order skips nothing", active(), "2024-12-31", none("AL-PRC-01"), draft},
	{"declining needs no step before", registered().and(on("2024-05-01", &events.SpecialMeetingDecided{})), "2024-12-31", none("AL-PRC-01"), draft},

	{"a review is overdue 61 days after the appraisal", appraisedWith(), "2024-12-31", then(raised("AL-PRC-02", "preliminary.reviewed", "2024-05-10").since("2024-03-10")), draft},
	{"a review on the last day of the term is in time", appraisedWith().and(on("2024-05-09", pass)), "2024-12-31", none("AL-PRC-02"), draft},
	{"a review on the day after is one day late", appraisedWith().and(on("2024-05-10", pass)), "2024-06-30", then(raised("AL-PRC-02", "preliminary.reviewed", "2024-05-10").cleared("2024-05-10").since("2024-03-10")), draft},
	{"a review that is not passed ends it too", appraisedWith().and(on("2024-06-01", &events.PreliminaryReviewed{})), "2024-12-31", then(raised("AL-PRC-02", "preliminary.reviewed", "2024-05-10").cleared("2024-06-01").since("2024-03-10")), draft},
	{"the term counts from the first passed appraisal", registered().and(on("2024-03-05", &events.PlanAppraised{}), on("2024-03-10", &events.PlanAppraised{Passed: true}), on("2024-04-10", &events.PlanAppraised{Passed: true})),
		"2024-12-31", then(raised("AL-PRC-02", "preliminary.reviewed", "2024-05-10").since("2024-03-10")), draft},
	{"a plaque is overdue 31 days after the approval", approved(), "2024-12-31", then(raised("AL-PRC-02", "plaque.awarded", "2024-06-01").since("2024-05-01")), draft},
	{"a plaque awarded later ends it", approved().and(on("2024-07-01", &events.PlaqueAwarded{})), "2024-12-31", then(raised("AL-PRC-02", "plaque.awarded", "2024-06-01").cleared("2024-07-01").since("2024-05-01")), draft},
	{"the revocation ends it", approved().and(on("2024-07-01", revocation())), "2024-12-31", then(raised("AL-PRC-02", "plaque.awarded", "2024-06-01").cleared("2024-07-01").since("2024-05-01")), draft},

	{"an incomplete appraisal is a yellow alert with its date", revised().and(on("2024-04-10", appraisal(func(a *events.JointAppraisalHeld) { a.ThirdPartyReviews = 0 }))), "2024-12-31", then(raised("AL-PRC-03", "2024-04-10", "2024-04-10")), draft},
	{"a complete appraisal later ends it", revised().and(on("2024-04-10", &events.JointAppraisalHeld{Participants: []string{}}), on("2024-04-20", appraisal())), "2024-12-31", then(raised("AL-PRC-03", "2024-04-10", "2024-04-10").cleared("2024-04-20")), draft},
	{"a complete appraisal on that very day ends it on the day", revised().and(on("2024-04-10", appraisal()), on("2024-04-10", &events.JointAppraisalHeld{Participants: []string{}})), "2024-12-31", then(raised("AL-PRC-03", "2024-04-10", "2024-04-10").cleared("2024-04-10")), draft},
	{"a complete appraisal before does not end it", approved().and(on("2024-05-02", &events.JointAppraisalHeld{Participants: []string{}})), "2024-12-31", then(raised("AL-PRC-03", "2024-05-02", "2024-05-02")), draft},
	{"it is closed out", revised().and(on("2024-04-10", &events.JointAppraisalHeld{Participants: []string{}}), on("2024-04-20", closing("AL-PRC-03", "2024-04-10"))), "2024-12-31", then(raised("AL-PRC-03", "2024-04-10", "2024-04-10").cleared("2024-04-20")), draft},
	{"a complete appraisal raises nothing", approved(), "2024-12-31", none("AL-PRC-03"), draft},
}
