package policy

import (
	"strings"

	"github.com/taizhang/taizhang/events"
)

// Bounds of the parameters. A value outside the bounds is refused as a mistake of the writer.
const (
	daysMax   = 3650
	monthsMax = 600
	yearsMax  = 100
)

// readParameters reads every parameter. It is the one list of their units and bounds.
func readParameters(v value, p *Parameters) {
	o := v.object()
	parameter(o, "waiverGrantor", &p.WaiverGrantor, "role", grantor)
	parameter(o, "foundationYears", &p.FoundationYears, "years", from(1, yearsMax))
	parameter(o, "relaxationIndustries", &p.RelaxationIndustries, "list", industries)
	parameter(o, "incidentLookbackMonths", &p.IncidentLookbackMonths, "months", from(1, monthsMax))
	parameter(o, "ethicsFields", &p.EthicsFields, "list", names)
	parameter(o, "appraisalParticipants", &p.AppraisalParticipants, "list", names)
	parameter(o, "gradingParticipants", &p.GradingParticipants, "list", names)
	parameter(o, "preliminaryReviewDays", &p.PreliminaryReviewDays, "days", from(1, daysMax))
	parameter(o, "plaqueDays", &p.PlaqueDays, "days", from(1, daysMax))
	parameter(o, "taskBookDays", &p.TaskBookDays, "days", from(1, daysMax))
	parameter(o, "taskBookNoticeDays", &p.TaskBookNoticeDays, "days", from(1, daysMax))
	parameter(o, "governanceDays", &p.GovernanceDays, "days", from(1, daysMax))
	parameter(o, "annualReportDue", &p.AnnualReportDue, "month-day", value.monthDay)
	parameter(o, "finalReportDays", &p.FinalReportDays, "days", from(1, daysMax))
	parameter(o, "gradeDue", &p.GradeDue, "month-day", value.monthDay)
	parameter(o, "constructionSource", &p.ConstructionSource, "source", source)
	parameter(o, "constructionFen", &p.ConstructionFen, "fen", amount)
	parameter(o, "constructionDays", &p.ConstructionDays, "days", from(1, daysMax))
	parameter(o, "projectSource", &p.ProjectSource, "source", source)
	parameter(o, "projectCapFen", &p.ProjectCapFen, "fen", amount)
	parameter(o, "projectWarningPercent", &p.ProjectWarningPercent, "percent", from(0, 100))
	parameter(o, "referenceGradeYearsBack", &p.ReferenceGradeYearsBack, "years", from(0, 10))
	parameter(o, "rectificationOrderDays", &p.RectificationOrderDays, "days", from(1, daysMax))
	parameter(o, "rectificationTermDays", &p.RectificationTermDays, "days", from(1, daysMax))
	parameter(o, "interviewDays", &p.InterviewDays, "days", from(1, daysMax))
	parameter(o, "failuresToRevoke", &p.FailuresToRevoke, "years", from(1, 10))
	parameter(o, "lowRatePercent", &p.LowRatePercent, "percent", from(0, 100))
	parameter(o, "earlyWarningPercent", &p.EarlyWarningPercent, "percent", from(0, 100))
	parameter(o, "lateReceiptAfter", &p.LateReceiptAfter, "month-day", value.monthDay)
	parameter(o, "rateSources", &p.RateSources, "list", sources)
	parameter(o, "deferralDays", &p.DeferralDays, "days", from(1, daysMax))
	parameter(o, "mainUsePercent", &p.MainUsePercent, "percent", from(0, 100))
	parameter(o, "separateAccountDays", &p.SeparateAccountDays, "days", from(1, daysMax))
	parameter(o, "disbursementDays", &p.DisbursementDays, "days", from(1, daysMax))
	o.close()
}

func parameter[T any](of *object, name string, into *Parameter[T], unit string, read func(value) T) {
	o := of.required(name).object()
	*into = Parameter[T]{Value: read(o.required("value")), Unit: oneOf(o.required("unit"), unit),
		Article: o.required("article").id(), Words: o.required("words").words(), Open: o.optional("open").id()}
	o.close()
}

func from(lo, hi int64) func(value) int { return func(v value) int { return int(v.integer(lo, hi)) } }

func amount(v value) events.Fen { return events.Fen(v.integer(1, events.AmountFenMax)) }

func names(v value) []string { return listOf(v, value.id) }

// grantor reads an office of article 4. A center cannot grant itself a waiver, and auditor and admin make no
// decisions.
func grantor(v value) events.Role {
	return oneOf(v, events.STOffice, events.Finance, events.IndustryDept, events.LocalGov)
}

// source reads a source of subsidies. Money of local government is no subsidy.
func source(v value) events.Source {
	return oneOf(v, events.CentralGuidance, events.MajorProgram, events.ProvinceOther)
}

// sources reads a list of at least one source. Without a source there would be no execution rate.
func sources(v value) []events.Source {
	list := listOf(v, source)
	if v.node != nil && v.node.kind == '[' && len(v.node.items) == 0 {
		v.wrong("不能为空", "must not be empty")
	}
	return list
}

func industries(v value) []string {
	return listOf(v, func(v value) string {
		s := v.id()
		if s != "" && (s[0] < 'A' || s[0] > 'T' || len(s) > 5 || strings.Trim(s[1:], "0123456789") != "") {
			v.wrong("%q 不是 GB/T 4754 行业代码的前几位（一个字母 A–T 加至多四位数字）",
				"%q is not a GB/T 4754 prefix (a letter A–T and up to four digits)", shorten(s))
		}
		return s
	})
}
