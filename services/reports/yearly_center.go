package reports

import (
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/lists"
)

// center fills in the report of one center, and returns the unit that files it.
func (f *form) center(d *lists.Books) (unit string, err error) {
	if !d.Register.Knows(f.Center) {
		return "", lists.UnknownCenter(f.Center)
	}
	a := d.Register.Annual(f.Center, f.On, f.Year)
	if a == nil {
		return "", bad("截至 %[1]s，中心 %[2]s 在 %[3]d 年底前尚未登记",
			"as of %[1]s the center %[2]s was not registered by the end of %[3]d", f.On, f.Center, f.Year)
	}
	facts := d.Register.Facts(f.Center, f.On)
	f.Of = visible(facts.Name + " " + string(f.Center))
	s := f.section(f.say("一、基本情况", "1. The center"), "", text.Say("项目", "item"), text.Say("内容", "value"))
	add := func(zh, en, value string) { s.add(f.word(text.Text{Zh: zh, En: en}), plainCell(value)) }
	add("牵头建设单位", "lead unit", facts.LeadUnit)
	add("统一社会信用代码", "USCC", facts.USCC)
	add("行政区划", "region", strings.TrimSpace(facts.Region+" "+projections.RegionName(facts.Region)))
	add("主导产业", "leading industries", strings.Join(facts.LeadingIndustries, "、"))
	add("状态", "status", lists.StatusWord(d.Register.Evaluation(f.Center, f.On).Status).In(f.Lang))
	f.money(a.Executions)
	f.funds(a)
	f.receipts(a)
	f.uses(f.say("五、支出用途", "5. Spending by use"), d.Register.Timeline(), a.Uses)
	f.decisions(a, d.Register.Timeline())
	f.alerts(a)
	return facts.Name, nil
}

// moneySection adds a section whose columns are the given ones and then the figures of the execution report.
func (f *form) moneySection(title string, lead ...text.Text) *section {
	for i := range lists.Figures {
		lead = append(lead, f.figureWord(&lists.Figures[i]))
	}
	return f.section(title, f.say("本年度没有经费。", "There is no money in this year."),
		append(lead, text.Text{Zh: "执行率%", En: "rate %"})...)
}

func (f *form) explainMoney(s *section) {
	s.Notes = append(s.Notes, visible(f.now(
		text.Say("财政合计为省级与中央之和，不含地方配套；执行数为支出减去禁止用途支出。",
			"Fiscal is province and central together, without local money; executed is spent less ineligible."),
		text.Say("财政合计为省级与中央之和，不含地方配套；执行为支出减去不合规支出。",
			"Fiscal is province and central together, without local money; executed is spent less ineligible.")).In(
		f.Lang)))
}

// moneyCells returns the cells of a row of moneySection.
func (f *form) moneyCells(m aggregates.Money) (cells []formCell) {
	for _, x := range lists.Figures {
		cells = append(cells, f.fen(x.Of(m)))
	}
	return append(cells, f.rate(m))
}

func (f *form) money(list []aggregates.Execution) {
	s := f.moneySection(f.say("二、经费执行情况", "2. Execution of money"), text.Say("口径", "scope"))
	s.Columns = append(s.Columns, f.word(text.Say("偏低", "low")))
	for _, x := range list {
		cells := append([]formCell{f.word(lists.ScopeWord(x.Scope))}, f.moneyCells(x.Money)...)
		s.add(append(cells, f.yes(x.Low))...)
	}
	f.explainMoney(s)
}

// categoryWord returns the words for the category of a fund. A match has the category "".
func categoryWord(category string) text.Text {
	if category == "" {
		return text.Say("配套资金", "matching funds")
	}
	return events.Categories.Word(category)
}

func (f *form) funds(a *aggregates.Annual) {
	s := f.section(f.say("三、经费下达与配套", "3. Grants and matching money"),
		f.say("没有经费下达。", "There is no grant."),
		text.Say("编号", "id"), text.Say("来源", "source"), text.Say("类别", "category"),
		text.Say("下达日期", "granted on"), text.Say("财政年度", "fiscal year"),
		text.Say("下达净额", "net grant"), text.Say("本年到账", "received in the year"),
		text.Say("本年支出", "spent in the year"), f.balanceWord())
	var sum aggregates.AnnualFund
	for _, x := range a.Funds {
		s.add(plainCell(x.Grant), f.word(x.Source.Title()), f.word(categoryWord(x.Category)), dateCell(x.On),
			f.number(x.FiscalYear),
			f.fen(x.NetFen), f.fen(x.ReceivedFen), f.fen(x.SpentFen), f.fen(x.BalanceFen))
		sum.ReceivedFen += x.ReceivedFen
		sum.SpentFen += x.SpentFen
		sum.BalanceFen += x.BalanceFen
	}
	if len(a.Funds) > 0 {
		f.total(s, 5, f.fen(sum.ReceivedFen), f.fen(sum.SpentFen), f.fen(sum.BalanceFen))
	}
}

// balanceWord returns the heading of the balances, which are those at the end of the year or, if the report is of
// an earlier date, on that date.
func (f *form) balanceWord() text.Text {
	if f.On < events.YearEnd(f.Year) {
		_, month, day := f.On.Civil()
		return text.Say("截至 %[1]d 月 %[2]d 日结余", "left on %[3]s", month, day, f.On)
	}
	return text.Say("年末结余", "left at the year's end")
}

func (f *form) receipts(a *aggregates.Annual) {
	s := f.section(f.say("四、到账与收回", "4. Receipts and recoveries"),
		f.say("本年度没有到账。", "Nothing was received in this year."),
		text.Say("日期", "date"), text.Say("编号", "grant"), text.Say("来源", "source"),
		text.Say("金额（收回为负）", "amount (recoveries below zero)"))
	var sum events.Fen
	for _, x := range a.Receipts {
		s.add(dateCell(x.On), plainCell(x.Grant), f.word(x.Source.Title()), f.fen(x.AmountFen))
		sum += x.AmountFen
	}
	if len(a.Receipts) > 0 {
		f.total(s, 2, f.fen(sum))
	}
}

var classWords = map[policy.Class]text.Text{
	policy.Main: text.Say("主要用途", "main"), policy.Plain: text.Say("一般用途", "plain"),
	policy.Review: text.Say("待认定", "to be ruled on"), policy.Forbidden: text.Say("禁止用途", "forbidden")}

func (f *form) uses(title string, t policy.Timeline, list []aggregates.UseSum) {
	s := f.section(title, f.say("本年度没有支出。", "Nothing was spent in this year."),
		text.Say("用途", "use"), text.Say("性质", "class"), text.Say("财政资金", "fiscal money"),
		text.Say("地方配套", "local money"), text.Say("合计", "together"))
	var fiscal, local events.Fen
	for _, x := range list {
		s.add(f.word(t.UseName(x.Use, f.On)), f.word(classWords[x.Class]), f.fen(x.FiscalFen), f.fen(x.LocalFen),
			f.fen(x.FiscalFen+x.LocalFen))
		fiscal += x.FiscalFen
		local += x.LocalFen
	}
	if len(list) > 0 {
		f.total(s, 1, f.fen(fiscal), f.fen(local), f.fen(fiscal+local))
	}
	s.Notes = append(s.Notes, f.say("按截至日的认定，已减去冲销；同一用途因经济分类或资金来源可有不同性质。",
		"As ruled by the date, less reversals; by economic code or source one use may be of several classes."))
}

// grade returns the name of the grade of a year in the words of the policies.
func (f *form) grade(t policy.Timeline, a *aggregates.Annual) string {
	if a.Grade == "" {
		return f.say("未评", "not graded")
	}
	return t.GradeName(a.Grade, a.GradeOn).In(f.Lang)
}

// deferral returns the words for the deferral of next year's allocation.
func (f *form) deferral(a *aggregates.Annual) string {
	w := a.Deferral
	switch w.State {
	case aggregates.DeferralDecided:
		return f.say("已决定延后安排", "deferred")
	case aggregates.DeferralReleased:
		return f.say("已解除延后", "released")
	}
	switch {
	case w.Revoked:
		return f.say("已取消资格，不再安排", "revoked, nothing is allocated")
	case w.State == aggregates.DeferralExpected:
		return f.say("预计偏低（年度未结束）", "low so far (the year is not over)")
	case w.State == aggregates.DeferralOverdue:
		return f.say("执行率偏低，逾期未决定延后", "the rate is low, the decision is overdue")
	case w.State == aggregates.DeferralUndecided:
		return f.say("执行率偏低，尚未决定延后", "the rate is low, not yet decided")
	case w.Running:
		return f.say("年度未结束，迄今未偏低", "not low so far (the year is not over)")
	}
	return f.say("不需延后", "not to be deferred")
}

func (f *form) decisions(a *aggregates.Annual, t policy.Timeline) {
	s := f.section(f.say("六、考核评价与次年安排", "6. Grade and the next year's allocation"), "",
		text.Say("项目", "item"), text.Say("结论", "conclusion"), text.Say("日期", "date"))
	s.add(plainCell(f.say("%d 年度考核等级", "grade of %d", a.Year)), plainCell(f.grade(t, a)), dateCell(a.GradeOn))
	s.add(plainCell(f.say("%d 年度经费安排", "allocation of %d", a.Year+1)), plainCell(f.deferral(a)),
		dateCell(a.Deferral.On))
}

func (f *form) alerts(a *aggregates.Annual) {
	s := f.section(f.say("七、预警", "7. Alerts"), f.say("本年度没有预警。", "There is no alert in this year."),
		text.Say("代码", "code"), text.Say("内容", "what"),
		text.Say("对象", "key"), text.Say("级别", "severity"), text.Say("发生", "raised"), text.Say("解除", "cleared"))
	open := 0
	for _, x := range a.Alerts {
		cleared := dateCell(x.ClearedOn)
		if x.Open() {
			cleared = plainCell(f.say("未解除", "open"))
			open++
		}
		title := lists.AlertTitle(x.Code)
		s.add(plainCell(string(x.Code)), f.word(f.now(title, lists.FormerWord(title))),
			f.word(f.now(lists.KeyWord(x.Code, x.Key), text.Same(x.Key))), f.word(lists.SeverityWord(x.Severity)),
			dateCell(x.RaisedOn), cleared)
	}
	s.Notes = append(s.Notes,
		f.say("列出年内任一日未解除的预警，以及对象为本年度的预警：共 %d 条，截至 %s 未解除 %d 条。",
			"Alerts open on any day of the year, and those about the year: %d, open as of %[2]s: %[3]d.",
			len(a.Alerts), f.On, open))
}
