package aggregates_test

import (
	"fmt"

	"github.com/taizhang/taizhang/events"
)

// yuan is 100 fen; wan is 万元.
const (
	yuan events.Fen = 100
	wan             = 10_000 * yuan
)

// facts returns the facts of a center that meets every condition of admission.
func facts(change ...func(*events.Facts)) events.Facts {
	f := events.Facts{Name: "之江概念验证中心", USCC: "91330106MAC1K2L32C", LeadUnit: "之江研究院",
		Type:     "proof-of-concept",
		Services: []string{"proof-of-concept"}, LeadingIndustries: []string{"智能装备"}, IndustryCode: "M7320",
		Region:    "330106",
		FoundedOn: events.MustDate("2015-06-30"), LegalEntity: true, UsableAreaM2: 5000, EquipmentFen: 5000 * wan,
		Fields: []string{"materials"}, Documents: []string{}}
	for _, c := range change {
		c(&f)
	}
	return f
}

// registeredWith returns the history of a center registered on 2024-03-01.
func registeredWith(change ...func(*events.Facts)) history {
	return history{on("2024-03-01", &events.CenterRegistered{Facts: facts(change...)})}
}

func registered() history { return registeredWith() }

// appraisedWith returns the history of a center whose plan was appraised on 2024-03-10. Its preliminary review comes
// next.
func appraisedWith(change ...func(*events.Facts)) history {
	return registeredWith(change...).and(on("2024-03-10", &events.PlanAppraised{Passed: true, Opinion: "可行"}))
}

// reviewedWith returns the history of a center that passed the preliminary review on 2024-03-20.
func reviewedWith(change ...func(*events.Facts)) history {
	return appraisedWith(change...).and(on("2024-03-20", &events.PreliminaryReviewed{Passed: true}))
}

func reviewed() history { return reviewedWith() }

// revised returns the history of a center that completed its plan on 2024-04-01. The joint appraisal comes next.
func revised() history {
	return reviewed().and(on("2024-04-01", &events.PlanRevised{Version: "2"}))
}

// appraisal returns a complete joint appraisal.
func appraisal(change ...func(*events.JointAppraisalHeld)) *events.JointAppraisalHeld {
	a := &events.JointAppraisalHeld{ExpertReviews: 1, ThirdPartyReviews: 1, Conclusions: events.Conclusions{
		Feasibility: true, Soundness: true, Necessity: true, Reasonableness: true},
		Participants: []string{"st-office", "finance", "ndrc", "economy-it", "natural-resources", "ecology",
			"emergency", "local-gov"}}
	for _, c := range change {
		c(a)
	}
	return a
}

// approved returns the history of a center that the special meeting approved on 2024-05-01.
func approved() history {
	return revised().and(on("2024-04-10", appraisal()),
		on("2024-05-01", &events.SpecialMeetingDecided{Approved: true}))
}

// awarded returns the history of a center that got its plaque on 2024-05-10 and has no later events.
func awarded() history {
	return approved().and(on("2024-05-10", &events.PlaqueAwarded{PlaqueNo: "2024-01"}))
}

func taskBook(from, to string, supportYears ...int) *events.TaskBookFiled {
	return &events.TaskBookFiled{Version: "1", PeriodStart: date(from), PeriodEnd: date(to),
		SupportYears: supportYears, Targets: []events.Target{}}
}

// active returns the history of a center that filed its task book on 2024-05-20 (support years 2024 to 2026, until
// 2027-05-31) and has its organs since 2024-06-01.
func active() history {
	h := awarded().and(on("2024-05-20", taskBook("2024-06-01", "2027-05-31", 2024, 2025, 2026)))
	for _, item := range []string{"team", "bylaws", "project-rules", "expert-committee", "party-organisation"} {
		h = h.and(on("2024-06-01", &events.GovernanceRecorded{Item: item}))
	}
	return h
}

// grading returns a complete decision on a grade.
func grading(year int, grade string, change ...func(*events.GradeDecided)) *events.GradeDecided {
	g := &events.GradeDecided{Year: year, Grade: grade, ExpertReviews: 1, ThirdPartyReviews: 1,
		Participants: []string{"st-office", "industry-dept", "finance", "local-gov"}}
	for _, c := range change {
		c(g)
	}
	return g
}

func regrading(year int, grade string) *events.GradeRevised {
	return &events.GradeRevised{Year: year, Grade: grade, Reason: "复核"}
}

// graded returns the history of an active center with grades, each decided on 1 June of the next year.
func graded(first int, grades ...string) history {
	h := active()
	for i, g := range grades {
		h = h.and(on(fmt.Sprintf("%d-06-01", first+i+1), grading(first+i, g)))
	}
	return h
}

// construction, projectGrant and other return grants; money returns a movement under a grant.
func construction(grant string, fiscalYear, forYear int, amount events.Fen) *events.SubsidyGranted {
	return &events.SubsidyGranted{Grant: grant, Category: events.Construction, Source: events.CentralGuidance,
		FiscalYear: fiscalYear, ForYear: forYear, AmountFen: amount}
}

func projectGrant(grant string, fiscalYear int, project string, amount events.Fen) *events.SubsidyGranted {
	return &events.SubsidyGranted{Grant: grant, Category: events.ProjectMoney, Source: events.MajorProgram,
		FiscalYear: fiscalYear, Project: project, AmountFen: amount}
}

func grantFrom(source events.Source, grant string, fiscalYear int, amount events.Fen) *events.SubsidyGranted {
	return &events.SubsidyGranted{Grant: grant, Category: events.OtherCategory, Source: source, FiscalYear: fiscalYear,
		AmountFen: amount}
}

func other(grant string, fiscalYear int, amount events.Fen) *events.SubsidyGranted {
	return grantFrom(events.ProvinceOther, grant, fiscalYear, amount)
}

func receive(grant string, amount events.Fen) *events.SubsidyReceived {
	return &events.SubsidyReceived{Grant: grant, AmountFen: amount}
}

func reverse(grant string, amount events.Fen) *events.SubsidyReversed {
	return &events.SubsidyReversed{Grant: grant, AmountFen: amount, Reason: "调整"}
}

func recoverFrom(grant string, amount events.Fen) *events.FundsRecovered {
	return &events.FundsRecovered{Grant: grant, AmountFen: amount, Reason: "结余收回"}
}

func commit(match string, fiscalYear int, amount events.Fen, dueOn string) *events.MatchingCommitted {
	return &events.MatchingCommitted{Match: match, FiscalYear: fiscalYear, Level: "city", AmountFen: amount,
		DueOn: date(dueOn)}
}

func receiveMatch(match string, amount events.Fen) *events.MatchingReceived {
	return &events.MatchingReceived{Match: match, AmountFen: amount}
}

// spend returns a voucher with one line. change sets its other members.
func spend(voucher string, use events.Use, grant string, amount events.Fen,
	change ...func(*events.FundsSpent)) *events.FundsSpent {
	f := &events.FundsSpent{Voucher: voucher, Payee: "甲公司", Use: use, Summary: "付款", Lines: []events.SpendingLine{
		{Grant: grant, AmountFen: amount}}}
	for _, c := range change {
		c(f)
	}
	return f
}

func econ(code string) func(*events.FundsSpent) {
	return func(f *events.FundsSpent) { f.EconCode = code }
}

func line(grant string, amount events.Fen) func(*events.FundsSpent) {
	return func(f *events.FundsSpent) {
		f.Lines = append(f.Lines, events.SpendingLine{Grant: grant, AmountFen: amount})
	}
}

// under makes a voucher an out-transfer under a task book; "" for none.
func under(taskBook string) func(*events.FundsSpent) {
	return func(f *events.FundsSpent) { f.OutTransfer = &events.OutTransfer{TaskBook: taskBook} }
}

func unspend(voucher string) *events.SpendingReversed {
	return &events.SpendingReversed{Voucher: voucher, ReversalVoucher: "R-" + voucher, Reason: "误付"}
}

func rule(voucher string, use events.Use) *events.UseRuled {
	return &events.UseRuled{Voucher: voucher, Use: use}
}

func sign(book, signedOn string, amount events.Fen, clause bool) *events.EntrustmentSigned {
	return &events.EntrustmentSigned{TaskBook: book, Payee: "甲公司", SignedOn: date(signedOn), AmountFen: amount,
		SeparateAccountClause: clause, Necessity: "委托检测"}
}

func project(id string, major, eligible bool) *events.ProjectApproved {
	return &events.ProjectApproved{Project: id, Name: "中试项目", MajorPilotVerification: major, Eligible: eligible}
}

func incident(id, severity, occurredOn string) *events.IncidentRecorded {
	return &events.IncidentRecorded{Incident: id, Kind: "safety", Severity: severity, OccurredOn: date(occurredOn)}
}

func listing(id, list, until string) *events.CreditListed {
	return &events.CreditListed{Listing: id, List: list, Until: date(until)}
}

func closing(code, key string) *events.AlertClosed {
	return &events.AlertClosed{Code: code, Key: key, Reason: "已整改"}
}

func deferral(year int) *events.AllocationDeferred {
	return &events.AllocationDeferred{FiscalYear: year}
}
func release(year int) *events.DeferralReleased {
	return &events.DeferralReleased{FiscalYear: year, Reason: "已改进"}
}
func revocation() *events.QualificationRevoked {
	return &events.QualificationRevoked{Reason: "连续不合格"}
}

// granted returns the history of an active center with 100 万元 of province-other money, granted and received in
// January 2025.
func granted() history {
	return active().and(on("2025-01-10", other("G1", 2025, 100*wan)), on("2025-01-20", receive("G1", 100*wan)))
}

// lowYear returns the history of a center that spent 59.99 % of its money in 2025.
func lowYear() history {
	return granted().and(on("2025-11-30", spend("V1", "pilot", "G1", 599_900*yuan)))
}

func ptr[T any](v T) *T { return &v }
