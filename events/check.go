package events

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/taizhang/taizhang/events/text"
)

// Limits on one record. Each is named in the message that refuses what exceeds it.
const (
	RecordBytesMax = 1 << 20            // one record, as a JSON line
	DepthMax       = 8                  // nesting of objects and arrays in a record
	ListMax        = 1000               // members of any list
	IDBytesMax     = 200                // an identifier: a grant, a voucher, an actor
	AmountFenMax   = 10_000_000_000_000 // one amount: 10^13 fen, 100 billion yuan
	YearMin        = 2000
	YearMax        = 2100
)

// checker gathers what is wrong with a payload, field by field.
type checker struct {
	on       Date
	problems Problems
	list     string // that the fields are of, with the index of its member
	index    int
}

func (c *checker) add(field string, reason text.Text) {
	if c.list != "" {
		field = at(c.list, c.index, field)
	}
	c.problems = append(c.problems, Problem{Field: "data." + field, Reason: reason})
}

// within says of which list's member the fields are that follow; "" of none.
func (c *checker) within(list string, i int) { c.list, c.index = list, i }

// at is the path of a list's member, or of a field of it.
func at(list string, i int, field string) string {
	return join(list+"["+strconv.Itoa(i)+"]", field)
}

// id accepts a non-empty identifier without control characters.
func (c *checker) id(field, v string) {
	if why, ok := badID(v); ok {
		c.add(field, why)
	}
}

func badID(v string) (text.Text, bool) {
	switch {
	case v == "":
		return text.Say("不能为空", "must not be empty"), true
	case len(v) > IDBytesMax:
		return text.Say("超过 %d 字节的上限", "is over the limit of %d bytes", IDBytesMax), true
	case strings.TrimSpace(v) != v:
		return text.Say("首尾不能有空白", "must not begin or end with white space"), true
	case strings.ContainsFunc(v, unicode.IsControl):
		return text.Say("不能含控制字符", "must not contain control characters"), true
	}
	return text.Text{}, false
}

func (c *checker) amount(field string, v Fen) {
	if v <= 0 || v > AmountFenMax {
		c.add(field, text.Say("金额 %s 元应大于 0 且不超过 %s 元", "amount of %s yuan must be above 0 and at most %s yuan", FormatYuan(v), FormatYuan(AmountFenMax)))
	}
}

func (c *checker) notNegative(field string, v int64) {
	if v < 0 {
		c.add(field, text.Say("不能为负数（%d）", "must not be negative (%d)", v))
	}
}

func (c *checker) year(field string, v int) {
	if v < YearMin || v > YearMax {
		c.add(field, notAYear(v))
	}
}

func notAYear(v int) text.Text {
	return text.Say("年份 %d 应在 %d 至 %d 之间", "year %d must be from %d to %d", v, YearMin, YearMax)
}

func (c *checker) oneOf(field, v string, allowed []string) {
	if !slices.Contains(allowed, v) {
		list := strings.Join(allowed, ", ")
		c.add(field, text.Say("%q 不在允许值之内：%s", "%q is not one of: %s", v, list))
	}
}

func (c *checker) eachOf(field string, vs, allowed []string) {
	for i, v := range vs {
		if !slices.Contains(allowed, v) {
			c.oneOf(at(field, i, ""), v, allowed)
		}
	}
}

// digits accepts lo to hi ASCII digits.
func (c *checker) digits(field, v string, lo, hi int) {
	if len(v) < lo || len(v) > hi || strings.Trim(v, "0123456789") != "" {
		c.add(field, text.Say("%q 应为 %d 至 %d 位数字", "%q must be %d to %d digits", v, lo, hi))
	}
}

// industry accepts a class of GB/T 4754: a letter A to T, then up to four digits.
func (c *checker) industry(field, v string) {
	if v == "" || v[0] < 'A' || v[0] > 'T' || len(v) > 5 || strings.Trim(v[1:], "0123456789") != "" {
		c.add(field, text.Say("%q 不是 GB/T 4754 行业代码（一个字母 A–T 加至多四位数字）", "%q is not a GB/T 4754 code (a letter A–T and up to four digits)", v))
	}
}

func (p *PolicyAdopted) check(c *checker) {
	c.id("id", p.ID)
	c.id("version", p.Version)
	c.id("digest", p.Digest)
}

func (p *CenterRegistered) check(c *checker) { p.Facts.check(c) }

func (p *Facts) check(c *checker) {
	c.oneOf("type", p.Type, centerTypes)
	c.eachOf("services", p.Services, serviceTypes)
	c.industry("industryCode", p.IndustryCode)
	c.digits("region", p.Region, 6, 6)
	c.notNegative("usableAreaM2", p.UsableAreaM2)
	c.notNegative("equipmentFen", int64(p.EquipmentFen))
}

func (p *FactsChanged) check(c *checker) {
	if reflect.ValueOf(*p).IsZero() {
		c.problems = append(c.problems, Problem{Field: "data", Reason: text.Say("没有写明任何事实", "names no fact")})
	}
	if p.Type != nil {
		c.oneOf("type", *p.Type, centerTypes)
	}
	c.eachOf("services", p.Services, serviceTypes)
	if p.IndustryCode != nil {
		c.industry("industryCode", *p.IndustryCode)
	}
	if p.Region != nil {
		c.digits("region", *p.Region, 6, 6)
	}
	if p.UsableAreaM2 != nil {
		c.notNegative("usableAreaM2", *p.UsableAreaM2)
	}
	if p.EquipmentFen != nil {
		c.notNegative("equipmentFen", int64(*p.EquipmentFen))
	}
}

func (p *CenterAssigned) check(c *checker) { c.digits("localGov", p.LocalGov, 6, 6) }

func (p *ConditionJudged) check(c *checker) {
	c.id("rule", string(p.Rule))
	c.oneOf("conclusion", p.Conclusion, conclusionTypes)
}

func (p *WaiverGranted) check(c *checker)       { c.id("rule", string(p.Rule)) }
func (p *RelaxationGranted) check(*checker)     {}
func (p *PlanAppraised) check(*checker)         {}
func (p *PreliminaryReviewed) check(*checker)   {}
func (p *PlanRevised) check(*checker)           {}
func (p *SpecialMeetingDecided) check(*checker) {}
func (p *PlaqueAwarded) check(*checker)         {}
func (p *FinalReportFiled) check(*checker)      {}
func (p *QualificationRevoked) check(*checker)  {}

func (p *JointAppraisalHeld) check(c *checker) {
	c.notNegative("expertReviews", int64(p.ExpertReviews))
	c.notNegative("thirdPartyReviews", int64(p.ThirdPartyReviews))
}

func (p *TaskBookFiled) check(c *checker) {
	for i, y := range p.SupportYears {
		c.year(at("supportYears", i, ""), y)
	}
	for i, t := range p.Targets {
		c.year(at("targets", i, "year"), t.Year)
		if t.Value.Kind() != '0' {
			c.add(at("targets", i, "value"), text.Say("应为数字", "must be a number"))
		}
	}
}

func (p *GovernanceRecorded) check(c *checker) { c.oneOf("item", p.Item, governanceItems) }

func (p *IncidentRecorded) check(c *checker) {
	c.id("incident", p.Incident)
	c.oneOf("kind", p.Kind, incidentKinds)
	c.oneOf("severity", p.Severity, severities)
	if p.OccurredOn > c.on {
		c.add("occurredOn", text.Say("发生日 %v 晚于记录日 %v", "%v is after the record's on, %v", p.OccurredOn, c.on))
	}
}

func (p *IncidentClosed) check(c *checker) { c.id("incident", p.Incident) }

func (p *CreditListed) check(c *checker) {
	c.id("listing", p.Listing)
	c.oneOf("list", p.List, creditLists)
}

func (p *CreditDelisted) check(c *checker) { c.id("listing", p.Listing) }
func (p *TrialRecorded) check(c *checker)  { c.id("trial", p.Trial) }

func (p *AnnualReportSubmitted) check(c *checker) {
	c.year("year", p.Year)
	c.eachOf("parts", p.Parts, reportParts)
}

func (p *AnnualReportReviewed) check(c *checker) { c.year("year", p.Year) }
func (p *AnnualReportFiled) check(c *checker)    { c.year("year", p.Year) }

func (p *GradeDecided) check(c *checker) {
	c.year("year", p.Year)
	c.id("grade", p.Grade)
	c.notNegative("expertReviews", int64(p.ExpertReviews))
	c.notNegative("thirdPartyReviews", int64(p.ThirdPartyReviews))
}

func (p *GradeRevised) check(c *checker) {
	c.year("year", p.Year)
	c.id("grade", p.Grade)
}

func (p *RectificationOrdered) check(c *checker)   { c.year("year", p.Year) }
func (p *RectificationSubmitted) check(c *checker) { c.year("year", p.Year) }
func (p *RectificationAccepted) check(c *checker)  { c.year("year", p.Year) }
func (p *InterviewHeld) check(c *checker)          { c.year("year", p.Year) }
func (p *FundPreferenceRecorded) check(c *checker) { c.year("year", p.Year) }
func (p *ProjectApproved) check(c *checker)        { c.id("project", p.Project) }

func (p *SubsidyGranted) check(c *checker) {
	c.id("grant", p.Grant)
	c.oneOf("category", p.Category, categories)
	c.oneOf("source", string(p.Source), grantSources)
	c.year("fiscalYear", p.FiscalYear)
	if y := c.on.Year(); p.FiscalYear != y && p.FiscalYear != y+1 {
		c.add("fiscalYear", text.Say("财政年度 %d 应为下达日 %v 的当年或次年", "%d must be the year of on (%v) or the next", p.FiscalYear, c.on))
	}
	if p.ForYear != 0 {
		c.year("forYear", p.ForYear)
	}
	c.amount("amountFen", p.AmountFen)
}

func (p *SubsidyReversed) check(c *checker) {
	c.id("grant", p.Grant)
	c.amount("amountFen", p.AmountFen)
}

func (p *SubsidyReceived) check(c *checker) {
	c.id("grant", p.Grant)
	c.amount("amountFen", p.AmountFen)
}

func (p *FundsRecovered) check(c *checker) {
	c.id("grant", p.Grant)
	c.amount("amountFen", p.AmountFen)
}

func (p *MatchingCommitted) check(c *checker) {
	c.id("match", p.Match)
	c.year("fiscalYear", p.FiscalYear)
	c.oneOf("level", p.Level, matchLevels)
	c.amount("amountFen", p.AmountFen)
}

func (p *MatchingReceived) check(c *checker) {
	c.id("match", p.Match)
	c.amount("amountFen", p.AmountFen)
}

func (p *FundsSpent) check(c *checker) {
	c.id("voucher", p.Voucher)
	c.id("payee", p.Payee)
	c.id("use", string(p.Use))
	if len(p.Lines) == 0 {
		c.add("lines", text.Say("至少要有一行", "must have at least one line"))
	}
	for i, l := range p.Lines {
		c.within("lines", i)
		c.id("grant", l.Grant)
		c.amount("amountFen", l.AmountFen)
	}
	c.within("", 0)
	c.notNegative("ownFen", int64(p.OwnFen))
	if p.EconCode != "" {
		c.digits("econCode", p.EconCode, 3, 8)
	}
}

func (p *SpendingReversed) check(c *checker) {
	c.id("voucher", p.Voucher)
	c.id("reversalVoucher", p.ReversalVoucher)
}

func (p *UseRuled) check(c *checker) {
	c.id("voucher", p.Voucher)
	c.id("use", string(p.Use))
}

func (p *EntrustmentSigned) check(c *checker) {
	c.id("taskBook", p.TaskBook)
	c.id("payee", p.Payee)
	c.amount("amountFen", p.AmountFen)
}

func (p *SeparateAccountConfirmed) check(c *checker) { c.id("taskBook", p.TaskBook) }

func (p *OutTransferSettled) check(c *checker) {
	c.id("taskBook", p.TaskBook)
	c.amount("amountFen", p.AmountFen)
}

func (p *AllocationDeferred) check(c *checker) { c.year("fiscalYear", p.FiscalYear) }
func (p *DeferralReleased) check(c *checker)   { c.year("fiscalYear", p.FiscalYear) }
func (p *AuditFindingOpened) check(c *checker) { c.id("finding", p.Finding) }
func (p *AuditFindingClosed) check(c *checker) { c.id("finding", p.Finding) }
func (p *AlertClosed) check(c *checker)        { c.id("code", p.Code) }
func (p *EntryVoided) check(c *checker)        { c.id("event", p.Event) }
