package naive_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/events"
)

// kinds holds the weight with which each kind is drawn. Kinds that others refer to and kinds that move money have
// large weights, and kinds that are not listed the weight 2. The empty kind draws no record.
var kinds = weighted(everyKind([]weight{
	{"", 1}, {events.KindFundsSpent, 18}, {events.KindSubsidyGranted, 10}, {events.KindSubsidyReceived, 12},
	{events.KindSpendingReversed, 4}, {events.KindUseRuled, 5}, {events.KindSubsidyReversed, 4},
	{events.KindFundsRecovered, 3},
	{events.KindMatchingCommitted, 3}, {events.KindMatchingReceived, 3}, {events.KindEntrustmentSigned, 4},
	{events.KindGradeDecided, 7}, {events.KindGradeRevised, 4}, {events.KindPlaqueAwarded, 3},
	{events.KindTaskBookFiled, 3},
	{events.KindAllocationDeferred, 3}, {events.KindDeferralReleased, 3}, {events.KindProjectApproved, 3},
	{events.KindEntryVoided, 4}, {events.KindAlertClosed, 5}, {events.KindFactsChanged, 4},
	{events.KindRectificationOrdered, 2}, {events.KindRectificationAccepted, 2},
	{events.KindRectificationSubmitted, 1},
	{events.KindInterviewHeld, 2}, {events.KindSeparateAccountConfirmed, 2},
	{events.KindOutTransferSettled, 1}, {events.KindPlanAppraised, 2}, {events.KindPreliminaryReviewed, 3},
	{events.KindPlanRevised, 2}, {events.KindJointAppraisalHeld, 3}, {events.KindSpecialMeetingDecided, 2},
	{events.KindConditionJudged, 2}, {events.KindWaiverGranted, 3}, {events.KindRelaxationGranted, 2},
	{events.KindGovernanceRecorded, 2}, {events.KindIncidentRecorded, 2}, {events.KindIncidentClosed, 2},
	{events.KindCreditListed, 2}, {events.KindCreditDelisted, 2}, {events.KindTrialRecorded, 1},
	{events.KindAnnualReportFiled, 3}, {events.KindAnnualReportReviewed, 3}, {events.KindAnnualReportSubmitted, 1},
	{events.KindFinalReportFiled, 1}, {events.KindFundPreferenceRecorded, 1}, {events.KindAuditFindingOpened, 2},
	{events.KindAuditFindingClosed, 2}, {events.KindCenterAssigned, 1}, {events.KindCenterRegistered, 1},
	{events.KindQualificationRevoked, 1},
}))

type weight struct {
	kind  events.Kind
	times int
}

// everyKind adds the kinds of a center that have no weight.
func everyKind(weights []weight) []weight {
	for _, e := range events.Catalog {
		if e.Stream == "" && !slices.ContainsFunc(weights, func(w weight) bool { return w.kind == e.Kind }) {
			weights = append(weights, weight{e.Kind, 2})
		}
	}
	return weights
}

func weighted(weights []weight) []events.Kind {
	var out []events.Kind
	for round := 0; ; round++ { // round by round, for those drawn more often than others stand first
		n := len(out)
		for _, w := range weights {
			if w.times > round {
				out = append(out, w.kind)
			}
		}
		if len(out) == n {
			return out
		}
	}
}

// calendar holds the days on which answers change: ends of months and years, ends of terms, and the day on which a
// policy comes into force.
var calendar = dates("2024-03-15", "2024-12-31", "2025-01-01", "2025-12-31", "2026-01-01", "2024-06-30", "2025-06-30",
	"2025-07-01", "2024-01-01", "2023-12-31", "2023-10-02", "2023-09-15", "2024-02-29", "2024-05-20", "2024-09-30",
	"2024-10-01", "2024-10-02", "2025-02-28", "2025-03-31", "2025-04-01", "2025-05-06", "2025-09-30", "2025-10-01",
	"2025-10-02", "2025-11-30", "2026-03-31", "2026-06-30", "2026-10-01", "2026-12-31", "2027-01-01", "2027-01-31",
	"2027-06-30")

var firstDays = dates("2023-09-15", "2023-12-31", "2024-01-01", "2024-02-29")

// terms are added to a day: mostly zero, otherwise a term of a policy exactly, or one day more.
var terms = []events.Date{0, 0, 0, 0, 0, 0, 1, -1, 30, 31, 60, 61, 45, 90, 91, 120, 121, 180, 181, 182, 365}

func dates(days ...string) []events.Date {
	var out []events.Date
	for _, d := range days {
		out = append(out, events.MustDate(d))
	}
	return out
}

// amounts are near the thresholds of a small center and those of the policies.
var amounts = []events.Fen{50_000_000, 100_000_000, 200_000_000, 150_000_000, 1, 199_999_999, 200_000_001,
	20_000_000, 999,
	300_000_000, 400_000_000, 600_000_000, 800_000_000, 899_999_999, 900_000_000, 1_000_000_000, 33_333_333, 1_000_000}

func pick[T any](t *rapid.T, from ...T) T { return rapid.SampledFrom(from).Draw(t, "pick") }

func either(t *rapid.T) bool { return rapid.Bool().Draw(t, "either") }

// likely draws true three times out of four.
func likely(t *rapid.T) bool { return pick(t, true, true, true, false) }

func id(t *rapid.T, letter string, n int) string {
	return fmt.Sprintf("%s%d", letter, rapid.IntRange(1, n).Draw(t, "id"))
}

func year(t *rapid.T) int { return pick(t, 2024, 2025, 2026, 2023, 2024, 2025, 2022, 2027) }

func amount(t *rapid.T) events.Fen { return rapid.SampledFrom(amounts).Draw(t, "amount") }

func grantID(t *rapid.T) string { return id(t, "G", 8) }
func matchID(t *rapid.T) string { return id(t, "M", 3) }

// some draws a part of a list, mostly the whole list.
func some(t *rapid.T, list ...string) []string {
	if likely(t) {
		return list
	}
	n := rapid.IntRange(0, len(list)-1).Draw(t, "left out")
	return append(append([]string{}, list[:n]...), list[n+1:]...)
}

func facts(t *rapid.T) events.Facts {
	return events.Facts{Name: "中心", USCC: "91330106MAC1K2L32C", LeadUnit: "牵头单位", Type: "pilot-base",
		Services: []string{"pilot"}, LeadingIndustries: industries(t), IndustryCode: industry(t), Region: "330106",
		FoundedOn: founded(t), LegalEntity: likely(t), NewUnit: !likely(t), UsableAreaM2: area(t),
		EquipmentFen: equipment(t), RelaxationRequested: either(t), PilotFunction: either(t),
		PilotDevicesSeparate: likely(t),
		Fields:               fields(t), EthicsSensitive: likely(t), EthicsCommittee: either(t), Documents: []string{}}
}

func industries(t *rapid.T) []string {
	return pick(t, []string{"集成电路"}, []string{}, []string{"集成电路", "软件"})
}
func industry(t *rapid.T) string { return pick(t, "C3969", "I65", "C2710", "A01", "M7320") }
func founded(t *rapid.T) events.Date {
	return rapid.SampledFrom(dates("2019-05-01", "2020-12-31", "2021-01-01", "2021-02-28", "2021-12-31",
		"2022-03-01")).Draw(t, "founded")
}
func area(t *rapid.T) int64 { return pick[int64](t, 5000, 4999, 2000, 1999, 8000, 3000, 1500) }
func equipment(t *rapid.T) events.Fen {
	return pick[events.Fen](t, 5_000_000_000, 4_999_999_999, 1_000_000_000, 999_999_999, 2_000_000_000, 300_000_000,
		299_999_999)
}
func fields(t *rapid.T) []string {
	return pick(t, []string{}, []string{"ai"}, []string{"nuclear"}, []string{"other", "medicine"})
}

// payload draws the payload of a kind, sensible or not. day draws another day of the story.
func payload(t *rapid.T, kind events.Kind, on events.Date, day func(*rapid.T) events.Date) events.Payload {
	switch kind {
	case events.KindCenterRegistered:
		return &events.CenterRegistered{Facts: facts(t)}
	case events.KindCenterAssigned:
		return &events.CenterAssigned{IndustryDept: "省科技厅", LocalGov: "330106"}
	case events.KindFactsChanged:
		return factsChanged(t)
	case events.KindConditionJudged:
		return &events.ConditionJudged{Rule: pick[events.RuleID](t, "R06-1c", "R06-6", "R12-1"),
			Conclusion: pick(t, "not-met", "met", "basically-met")}
	case events.KindWaiverGranted:
		return &events.WaiverGranted{
			Rule:   pick[events.RuleID](t, "R03-2", "R05-2", "R06-1a", "R06-2b", "R12-1", "R06-2c", "R06-4b", "R06-6"),
			Reason: "例外"}
	case events.KindRelaxationGranted:
		return &events.RelaxationGranted{Reason: "放宽"}
	case events.KindPlanAppraised:
		return &events.PlanAppraised{Passed: likely(t), Opinion: "同意"}
	case events.KindPreliminaryReviewed:
		return &events.PreliminaryReviewed{Passed: likely(t)}
	case events.KindPlanRevised:
		return &events.PlanRevised{Version: "2"}
	case events.KindJointAppraisalHeld:
		return &events.JointAppraisalHeld{
			Participants: some(t, "st-office", "finance", "ndrc", "economy-it", "natural-resources", "ecology",
				"emergency", "local-gov"),
			ExpertReviews: pick(t, 1, 3, 0), ThirdPartyReviews: pick(t, 1, 2, 0),
			Conclusions: events.Conclusions{Feasibility: true, Soundness: true, Necessity: likely(t),
				Reasonableness: true}}
	case events.KindSpecialMeetingDecided:
		return &events.SpecialMeetingDecided{Approved: likely(t)}
	case events.KindPlaqueAwarded:
		return &events.PlaqueAwarded{PlaqueNo: "P1"}
	case events.KindTaskBookFiled:
		return &events.TaskBookFiled{
			Version: "1", PeriodStart: on, PeriodEnd: on + pick[events.Date](t, 365, 90, 30, 730, -10, 91),
			SupportYears: pick(t, []int{2024, 2025}, []int{2023}, []int{2025, 2026, 2027}, []int{}, []int{2024}),
			Targets:      []events.Target{}}
	case events.KindGovernanceRecorded:
		return &events.GovernanceRecorded{
			Item: pick(t, "team", "bylaws", "project-rules", "expert-committee", "party-organisation", "other")}
	case events.KindIncidentRecorded:
		return &events.IncidentRecorded{Incident: id(t, "I", 3), Kind: pick(t, "safety", "quality", "environment"),
			Severity: pick(t, "major", "general"), OccurredOn: pick(t, 0, on, on-1, on-400, on-731, on-1100)}
	case events.KindIncidentClosed:
		return &events.IncidentClosed{Incident: id(t, "I", 3)}
	case events.KindCreditListed:
		return &events.CreditListed{Listing: id(t, "L", 3), List: pick(t, "dishonesty", "blacklist"),
			Until: pick(t, 0, day(t), on)}
	case events.KindCreditDelisted:
		return &events.CreditDelisted{Listing: id(t, "L", 3)}
	case events.KindTrialRecorded:
		return &events.TrialRecorded{Trial: id(t, "T", 3), OnProductionLine: likely(t)}
	case events.KindAuditFindingOpened:
		return &events.AuditFindingOpened{Finding: id(t, "F", 3), Text: "疑点", DueOn: pick(t, day(t), 0, on)}
	case events.KindAuditFindingClosed:
		return &events.AuditFindingClosed{Finding: id(t, "F", 3), Text: "办结"}
	case events.KindAlertClosed:
		return &events.AlertClosed{Reason: "已整改"}
	case events.KindEntryVoided:
		return &events.EntryVoided{Reason: "误录"}
	}
	if p := yearly(t, kind, day); p != nil {
		return p
	}
	if p := moneyPayload(t, kind, on); p != nil {
		return p
	}
	return anyPayload(t, kind, on, day)
}

// anyPayload draws the members of a kind by their types, and values of a closed list from the list. A kind with
// figures that decide something needs a case in payload.
func anyPayload(t *rapid.T, kind events.Kind, on events.Date, day func(*rapid.T) events.Date) events.Payload {
	p := events.Lookup(kind).Blank()
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		switch field := v.Field(i); {
		case field.Type() == reflect.TypeFor[events.Fen]():
			field.SetInt(int64(amount(t)))
		case field.Type() == reflect.TypeFor[events.Date]():
			field.SetInt(int64(pick(t, on, day(t))))
		case field.Kind() == reflect.String && len(events.ValuesOf(kind, name)) > 0:
			field.SetString(rapid.SampledFrom(events.ValuesOf(kind, name).Codes()).Draw(t, name))
		case field.Kind() == reflect.String:
			field.SetString(id(t, name, 3)) // of the thing created or named, if it is one
		case field.Kind() == reflect.Bool:
			field.SetBool(likely(t))
		case field.Kind() == reflect.Int:
			field.SetInt(int64(year(t)))
		}
	}
	return p
}

// factsChanged changes one or two of the facts.
func factsChanged(t *rapid.T) events.Payload {
	p, f := &events.FactsChanged{}, facts(t)
	for range rapid.IntRange(1, 2).Draw(t, "changes") {
		switch rapid.IntRange(0, 11).Draw(t, "change") {
		case 0:
			p.EthicsCommittee = &f.EthicsCommittee
		case 1:
			p.EthicsSensitive = &f.EthicsSensitive
		case 2:
			p.Fields = f.Fields
		case 3:
			p.UsableAreaM2 = &f.UsableAreaM2
		case 4:
			p.EquipmentFen = &f.EquipmentFen
		case 5:
			p.RelaxationRequested = &f.RelaxationRequested
		case 6:
			p.IndustryCode = &f.IndustryCode
		case 7:
			p.LeadingIndustries = f.LeadingIndustries
		case 8:
			p.LegalEntity, p.NewUnit = &f.LegalEntity, &f.NewUnit
		case 9:
			p.PilotFunction, p.PilotDevicesSeparate = &f.PilotFunction, &f.PilotDevicesSeparate
		case 10:
			p.FoundedOn = f.FoundedOn
		case 11:
			p.Name = &f.Name
		}
	}
	return p
}

// yearly draws a payload about a year: a report, a grade, or a consequence of them.
func yearly(t *rapid.T, kind events.Kind, day func(*rapid.T) events.Date) events.Payload {
	switch kind {
	case events.KindAnnualReportSubmitted:
		return &events.AnnualReportSubmitted{Year: year(t), Parts: []string{"funds"}}
	case events.KindAnnualReportReviewed:
		return &events.AnnualReportReviewed{Year: year(t), Passed: likely(t)}
	case events.KindAnnualReportFiled:
		return &events.AnnualReportFiled{Year: year(t)}
	case events.KindFinalReportFiled:
		return &events.FinalReportFiled{}
	case events.KindGradeDecided:
		return &events.GradeDecided{
			Year: year(t), Participants: some(t, "st-office", "industry-dept", "finance", "local-gov"),
			ExpertReviews: pick(t, 1, 2, 0), ThirdPartyReviews: pick(t, 1, 1, 0)}
	case events.KindGradeRevised:
		return &events.GradeRevised{Year: year(t), Reason: "复核"}
	case events.KindRectificationOrdered:
		return &events.RectificationOrdered{Year: year(t), DueOn: pick(t, 0, day(t))}
	case events.KindRectificationSubmitted:
		return &events.RectificationSubmitted{Year: year(t)}
	case events.KindRectificationAccepted:
		return &events.RectificationAccepted{Year: year(t)}
	case events.KindInterviewHeld:
		return &events.InterviewHeld{Year: year(t), Principal: likely(t)}
	case events.KindQualificationRevoked:
		return &events.QualificationRevoked{Reason: "取消"}
	case events.KindAllocationDeferred:
		return &events.AllocationDeferred{FiscalYear: year(t)}
	case events.KindDeferralReleased:
		return &events.DeferralReleased{FiscalYear: year(t), Reason: "解除"}
	case events.KindFundPreferenceRecorded:
		return &events.FundPreferenceRecorded{Year: year(t)}
	}
	return nil
}

func moneyPayload(t *rapid.T, kind events.Kind, on events.Date) events.Payload {
	switch kind {
	case events.KindProjectApproved:
		return &events.ProjectApproved{Project: id(t, "P", 3), Name: "项目", MajorPilotVerification: likely(t),
			Eligible: likely(t)}
	case events.KindSubsidyGranted:
		return granted(t, on)
	case events.KindSubsidyReversed:
		return &events.SubsidyReversed{Grant: grantID(t), AmountFen: amount(t), Reason: "冲减"}
	case events.KindSubsidyReceived:
		return &events.SubsidyReceived{Grant: grantID(t), AmountFen: amount(t)}
	case events.KindFundsRecovered:
		return &events.FundsRecovered{Grant: grantID(t), AmountFen: amount(t), Reason: "收回"}
	case events.KindMatchingCommitted:
		return &events.MatchingCommitted{Match: matchID(t), FiscalYear: year(t), Level: pick(t, "city", "county"),
			AmountFen: amount(t),
			DueOn:     pick(t, on+30, 0, on, on-5)}
	case events.KindMatchingReceived:
		return &events.MatchingReceived{Match: matchID(t), AmountFen: amount(t)}
	case events.KindFundsSpent:
		return spent(t)
	case events.KindSpendingReversed:
		return &events.SpendingReversed{Voucher: id(t, "V", 24), ReversalVoucher: id(t, "R", 24), Reason: "冲销"}
	case events.KindUseRuled:
		return &events.UseRuled{Voucher: id(t, "V", 24)}
	case events.KindEntrustmentSigned:
		return &events.EntrustmentSigned{TaskBook: id(t, "B", 3), Payee: pick(t, "甲公司", "乙公司"),
			SignedOn:  pick(t, on, on-30, on+30),
			AmountFen: amount(t), SeparateAccountClause: likely(t), Necessity: "需要"}
	case events.KindSeparateAccountConfirmed:
		return &events.SeparateAccountConfirmed{TaskBook: id(t, "B", 3)}
	case events.KindOutTransferSettled:
		return &events.OutTransferSettled{TaskBook: id(t, "B", 3), AmountFen: amount(t)}
	}
	return nil
}

func granted(t *rapid.T, on events.Date) events.Payload {
	g := &events.SubsidyGranted{
		Grant: grantID(t), Source: pick(t, events.MajorProgram, events.ProvinceOther, events.CentralGuidance),
		Category:   pick(t, events.ProjectMoney, events.Construction, events.OtherCategory),
		FiscalYear: on.Year() + pick(t, 0, 0, 1), AmountFen: amount(t)}
	if g.Category == events.Construction {
		g.ForYear = year(t)
		if likely(t) {
			g.Source = events.CentralGuidance
		}
	}
	if g.Category == events.ProjectMoney {
		if likely(t) {
			g.Project = id(t, "P", 3)
		}
		if likely(t) {
			g.Source = events.MajorProgram
		}
		g.AmountFen = pick[events.Fen](t, 300_000_000, 600_000_000, 899_999_999, 900_000_000, 1_000_000_000, 1,
			100_000_000, 600_000_001)
	}
	return g
}

var econCodes = []string{"", "309", "31001", "30905", "311", "31203", "307", "31006", "30213", "31204", "302", "31013",
	"30217", "399", "31002", "39906"}

func spent(t *rapid.T) events.Payload {
	p := &events.FundsSpent{Voucher: id(t, "V", 24), Payee: pick(t, "甲公司", "乙公司"), Summary: "支出"}
	if !likely(t) {
		p.EconCode = rapid.SampledFrom(econCodes).Draw(t, "code")
	}
	for range pick(t, 1, 1, 2, 3) {
		line := events.SpendingLine{Grant: grantID(t), AmountFen: amount(t)}
		if either(t) {
			line.AmountFen = pick[events.Fen](t, 1_000_000, 10_000_000, 33_333_333, 60_000_000, 90_000_000,
				120_000_000)
		}
		if !likely(t) {
			line.Grant = matchID(t)
		}
		p.Lines = append(p.Lines, line)
	}
	if !likely(t) {
		p.OwnFen = amount(t)
	}
	if either(t) {
		p.OutTransfer = &events.OutTransfer{}
		if likely(t) {
			p.OutTransfer.TaskBook = id(t, "B", 3)
		}
	}
	return p
}
