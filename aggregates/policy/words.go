package policy

import (
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// ParameterWords holds the words for the parameters.
var ParameterWords = text.Vocabulary[string]{
	{Code: "waiverGrantor", Word: text.Say("例外批准单位", "office that grants waivers")},
	{Code: "foundationYears", Word: text.Say("设立年限", "years since the foundation")},
	{Code: "relaxationIndustries", Word: text.Say("可放宽的行业", "industries with relaxed minimums")},
	{Code: "incidentLookbackMonths", Word: text.Say("事故回溯期", "months without a major incident")},
	{Code: "ethicsFields", Word: text.Say("须设伦理委员会的领域", "fields that need an ethics committee")},
	{Code: "appraisalParticipants", Word: text.Say("方案论证参加单位", "offices at the joint appraisal")},
	{Code: "gradingParticipants", Word: text.Say("等级评定参加单位", "offices at the grading")},
	{Code: "preliminaryReviewDays", Word: text.Say("初步审核期限", "term of the preliminary review")},
	{Code: "plaqueDays", Word: text.Say("授牌期限", "term of the plaque")},
	{Code: "taskBookDays", Word: text.Say("任务书备案期限", "term of the task book")},
	{Code: "taskBookNoticeDays", Word: text.Say("责任期届满提前提示", "notice before the responsibility period ends")},
	{Code: "governanceDays", Word: text.Say("治理事项期限", "term of the governance items")},
	{Code: "annualReportDue", Word: text.Say("年度报告截止日", "due day of the annual report")},
	{Code: "finalReportDays", Word: text.Say("期满报告期限", "term of the final report")},
	{Code: "gradeDue", Word: text.Say("等级评定截止日", "due day of the grade")},
	{Code: "constructionSource", Word: text.Say("建设补助资金来源", "source of the construction subsidy")},
	{Code: "constructionFen", Word: text.Say("建设补助金额", "construction subsidy")},
	{Code: "constructionDays", Word: text.Say("建设补助下达期限", "term of the construction subsidy")},
	{Code: "projectSource", Word: text.Say("项目经费来源", "source of project money")},
	{Code: "projectCapFen", Word: text.Say("项目经费年度上限", "yearly cap of project money")},
	{Code: "projectWarningPercent", Word: text.Say("项目经费预警线", "warning line of project money")},
	{Code: "referenceGradeYearsBack", Word: text.Say("参照几年前的等级", "years back of the reference grade")},
	{Code: "rectificationOrderDays", Word: text.Say("下达整改期限", "term of the rectification order")},
	{Code: "rectificationTermDays", Word: text.Say("整改期限", "term of a rectification")},
	{Code: "interviewDays", Word: text.Say("约谈期限", "term of the interview")},
	{Code: "failuresToRevoke", Word: text.Say("取消资格的连续不合格年数", "failed years in a row to revoke")},
	{Code: "lowRatePercent", Word: text.Say("年度执行率偏低线", "low line of the annual execution rate")},
	{Code: "earlyWarningPercent", Word: text.Say("序时进度预警线", "warning line of time-proportional progress")},
	{Code: "lateReceiptAfter", Word: text.Say("到账过晚日", "day after which a receipt is late")},
	{Code: "rateSources", Word: text.Say("计入执行率的资金来源", "sources in the execution rate")},
	{Code: "deferralDays", Word: text.Say("延后安排期限", "term of a deferral")},
	{Code: "mainUsePercent", Word: text.Say("主要用途占比线", "line of the share of main uses")},
	{Code: "separateAccountDays", Word: text.Say("专账设立期限", "term of the separate account")},
	{Code: "disbursementDays", Word: text.Say("资金拨付期限", "term of the disbursement")},
}

// UnitWords holds the words for the units of parameters. An amount is shown in yuan.
var UnitWords = text.Vocabulary[string]{
	{Code: "role", Word: text.Say("单位", "office")},
	{Code: "years", Word: text.Say("年", "years")},
	{Code: "months", Word: text.Say("个月", "months")},
	{Code: "days", Word: text.Say("天", "days")},
	{Code: "list", Word: text.Say("清单", "list")},
	{Code: "month-day", Word: text.Say("日期", "day of the year")},
	{Code: "source", Word: text.Say("资金来源", "source of money")},
	{Code: "fen", Word: text.Say("元", "yuan")},
	{Code: "percent", Word: text.Say("百分比", "percent")},
}

// ClassWords holds the words for the classes of uses.
var ClassWords = text.Vocabulary[Class]{
	{Code: Main, Word: text.Say("主要用途", "main")},
	{Code: Plain, Word: text.Say("一般用途", "plain")},
	{Code: Review, Word: text.Say("须用途认定", "to be ruled on")},
	{Code: Forbidden, Word: text.Say("禁止用途", "forbidden")},
}

// The words for the other closed values of a policy.
var (
	outcomeWords = text.Vocabulary[Outcome]{
		{Code: Top, Word: text.Say("最高", "top")}, {Code: Pass, Word: text.Say("通过", "pass")},
		{Code: Fail, Word: text.Say("不通过", "fail")},
	}
	modalityWords = text.Vocabulary[Modality]{
		{Code: Mandatory, Word: text.Say("必须", "mandatory")},
		{Code: InPrinciple, Word: text.Say("原则上", "in principle")},
	}
	conditionWords = text.Vocabulary[Condition]{
		{Code: LegalEntity, Word: text.Say("独立法人实体", "legal entity of its own")},
		{Code: ExistingUnit, Word: text.Say("依托现有单位", "existing unit")},
		{Code: FoundedLongEnough, Word: text.Say("设立满年限", "founded long enough")},
		{Code: PilotDevicesSeparate, Word: text.Say("中试装置独立", "separate pilot devices")},
		{Code: NoMajorIncident, Word: text.Say("未发生重大事故", "no major incident")},
		{Code: NotDishonest, Word: text.Say("无科研严重失信行为记录", "no serious research-dishonesty record")},
		{Code: NotBlacklisted, Word: text.Say("未列入社会领域信用黑名单", "not on the blacklist")},
		{Code: EthicsCommittee, Word: text.Say("设科技伦理（审查）委员会", "ethics committee")},
		{Code: OneLeadingIndustry, Word: text.Say("一个主导产业", "one leading industry")},
	}
	sectionWords = text.Vocabulary[string]{
		{Code: "parameters", Word: text.Say("参数", "parameter")},
		{Code: "grades", Word: text.Say("等级", "grade")},
		{Code: "uses", Word: text.Say("用途", "use")},
		{Code: "codes", Word: text.Say("经济分类", "economic code")},
		{Code: "admission", Word: text.Say("申报条件", "condition of admission")},
		{Code: "rules", Word: text.Say("规则", "rule")},
	}
	memberWords = text.Vocabulary[string]{
		{Code: "id", Word: text.Say("编号", "id")},
		{Code: "version", Word: text.Say("版本", "version")},
		{Code: "effectiveFrom", Word: text.Say("施行日期", "effective from")},
		{Code: "source", Word: text.Say("文件名称", "source")},
		{Code: "value", Word: text.Say("值", "value")},
		{Code: "unit", Word: text.Say("单位", "unit")},
		{Code: "article", Word: text.Say("条款", "article")},
		{Code: "words", Word: text.Say("原文", "words")},
		{Code: "open", Word: text.Say("待定项", "open point")},
		{Code: "name", Word: text.Say("代码", "code")},
		{Code: "outcome", Word: text.Say("结果", "outcome")},
		{Code: "zh", Word: text.Say("中文名称", "Chinese name")},
		{Code: "en", Word: text.Say("英文名称", "English name")},
		{Code: "also", Word: text.Say("其他名称", "other names")},
		{Code: "use", Word: text.Say("用途", "use")},
		{Code: "class", Word: text.Say("类别", "class")},
		{Code: "local", Word: text.Say("地方配套资金的类别", "class for local money")},
		{Code: "rule", Word: text.Say("规则", "rule")},
		{Code: "prefix", Word: text.Say("科目编码", "code")},
		{Code: "modality", Word: text.Say("约束", "modality")},
		{Code: "waivable", Word: text.Say("可例外", "waivable")},
		{Code: "condition", Word: text.Say("条件", "condition")},
		{Code: "field", Word: text.Say("登记事实", "fact")},
		{Code: "minimum", Word: text.Say("下限", "minimum")},
		{Code: "relaxedMinimum", Word: text.Say("放宽后的下限", "relaxed minimum")},
		{Code: "mandatoryBelow", Word: text.Say("不得低于", "mandatory below")},
	}
	factWords = text.Vocabulary[string]{
		{Code: "usableAreaM2", Word: text.Say("使用面积（平方米）", "usable floor area (m²)")},
		{Code: "equipmentFen", Word: text.Say("设备原值（分）", "original value of equipment (fen)")},
	}
)

// PathWords returns a path in a policy in words, such as 参数“整改期限”的值 for
// parameters.rectificationTermDays.value. Uses and grades have the names of p, which may be nil.
func PathWords(path string, p *Policy) text.Text {
	section, rest, _ := strings.Cut(path, ".")
	row := ""
	if before, after, ok := strings.Cut(path, "["); ok && (section == path || len(before) < len(section)) {
		key, more, _ := strings.Cut(after, "]")
		section, row, rest = before, key, strings.TrimPrefix(more, ".")
	} else if section == "parameters" && rest != "" {
		row, rest, _ = strings.Cut(rest, ".")
	}
	if !sectionWords.Has(section) {
		return memberWords.Word(path)
	}
	words := sectionWords.Word(section)
	if row != "" {
		key := rowWord(section, row, p)
		words = text.Say("%s“%s”", "%s “%s”", words, key)
		if strings.Trim(row, "0123456789") == "" && section != "codes" {
			words = text.Say("%s第 %s 行", "%s in row %s", sectionWords.Word(section), ordinal(row))
		}
	}
	if rest == "" {
		return words
	}
	member, place, isItem := strings.Cut(rest, "[")
	said := memberWords.Word(member)
	if isItem {
		said = text.Say("%s第 %s 项", "%s, item %s", said, ordinal(strings.TrimSuffix(place, "]")))
	}
	return text.Say("%s的%s", "%s: %s", words, said)
}

// ordinal returns the number of a row as people count, from 1.
func ordinal(index string) string {
	n, err := strconv.Atoi(index)
	if err != nil {
		return index
	}
	return strconv.Itoa(n + 1)
}

// rowWord returns the word for the key of a row.
func rowWord(section, key string, p *Policy) text.Text {
	switch section {
	case "parameters":
		return ParameterWords.Word(key)
	case "uses", "grades":
		if p != nil {
			names := p.UseNames()
			if section == "grades" {
				names = p.GradeNames()
			}
			if name, ok := names.Name(key); ok {
				return name
			}
		}
	case "rules":
		if key == string(events.Overdrawn) { // the one that is no article of the Measures
			return text.Say("超支", "overdrawn")
		}
	case "admission": // a rule, and its condition or fact
		rule, of, _ := strings.Cut(key, " ")
		if conditionWords.Has(Condition(of)) {
			return text.Say("%s %s", "%s %s", rule, conditionWords.Word(Condition(of)))
		}
		return text.Say("%s %s", "%s %s", rule, factWords.Word(of))
	}
	return text.Same(key)
}

// ValueWords returns a value at a path of a policy in words. Lists are separated by a comma and a blank, as Diff has
// them. Uses have the names of p, which may be nil.
func ValueWords(path, value string, p *Policy) text.Text {
	if value == "" {
		return text.Text{}
	}
	var zh, en []string
	for _, item := range strings.Split(value, ", ") {
		word := valueWord(path, item, p)
		zh, en = append(zh, word.Zh), append(en, word.En)
	}
	return text.Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}
}

func valueWord(path, value string, p *Policy) text.Text {
	member := path[strings.LastIndexByte(path, '.')+1:]
	switch {
	case member == "value" && strings.HasPrefix(path, "parameters."):
		name := strings.TrimSuffix(strings.TrimPrefix(path, "parameters."), ".value")
		switch {
		case strings.HasSuffix(name, "Fen"):
			if v, err := strconv.ParseInt(value, 10, 64); err == nil {
				return text.Say("%s 元", "%s yuan", events.FormatYuan(events.Fen(v)))
			}
		case events.Sources.Has(events.Source(value)):
			return events.Sources.Word(events.Source(value))
		}
		return ItemWord(value)
	case member == "unit":
		return UnitWords.Word(value)
	case member == "class" || member == "local":
		return ClassWords.Word(Class(value))
	case member == "outcome":
		return outcomeWords.Word(Outcome(value))
	case member == "modality":
		return modalityWords.Word(Modality(value))
	case member == "condition":
		return conditionWords.Word(Condition(value))
	case member == "field":
		return factWords.Word(value)
	case member == "waivable" && value == "true":
		return text.Say("是", "yes")
	case member == "use" && p != nil:
		if name, ok := p.UseNames().Name(value); ok {
			return name
		}
	}
	return text.Same(value)
}

// ItemWord returns the word for a value or an item of a parameter that is no amount: an office, a field, a source of
// money, or a day of the year. A number and the code of an industry are their own words.
func ItemWord(value string) text.Text {
	if month, day, ok := strings.Cut(value, "-"); ok && len(value) == len("01-31") &&
		strings.Trim(value, "0123456789-") == "" {
		return text.Text{Zh: strings.TrimLeft(month, "0") + "月" + strings.TrimLeft(day, "0") + "日", En: value}
	}
	for _, words := range []text.Vocabulary[string]{
		events.Departments, events.Sources.Strings(), events.KnownValuesOf(events.KindCenterRegistered, "fields")} {
		if words.Has(value) {
			return words.Word(value)
		}
	}
	return text.Same(value)
}
