package aggregates

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// FigureRow describes the figures of one name in explanations: their label, and the unit of their values (see Figure).
type FigureRow struct {
	Name  string
	Label text.Text
	Unit  string
}

// FigureCatalog lists every figure that explains an alert, by the order of the alerts. AlertRow.Figures names those
// that an alert always has.
var FigureCatalog = []FigureRow{
	// Terms.
	{"from", text.Say("起算日", "counted from"), "date"},
	{"term", text.Say("期限", "term"), "days"},
	{"dueOn", text.Say("最后期限", "due on"), "date"},

	// Recognition.
	{"reviewedOn", text.Say("初步审核日期", "day of the preliminary review"), "date"},
	{"legalEntity", text.Say("是否独立法人实体", "is a legal entity of its own"), ""},
	{"newUnit", text.Say("是否新设单位", "is a new unit"), ""},
	{"foundedOn", text.Say("设立日期", "date of foundation"), "date"},
	{"registeredOn", text.Say("登记日期", "day of registration"), "date"},
	{"foundationYears", text.Say("应设立年限", "years of existence required"), "years"},
	{"usableAreaM2", text.Say("使用面积", "usable floor area"), "m2"},
	{"equipmentFen", text.Say("设备原值", "original value of equipment"), "fen"},
	{"minimum", text.Say("最低要求", "minimum"), ""}, // in the unit of the registered number
	{"relaxed", text.Say("是否已按规定放宽", "is relaxed as the rules allow"), ""},
	{"mandatoryBelow", text.Say("低于此数不得例外", "a waiver may not allow less than"), ""},
	{"pilotFunction", text.Say("是否具备中试熟化功能", "has the pilot function"), ""},
	{"pilotDevicesSeparate", text.Say("中试装置是否单独设置", "pilot devices stand apart"), ""},
	{"incident", text.Say("事故编号", "incident"), ""},
	{"occurredOn", text.Say("发生日期", "day on which it occurred"), "date"},
	{"since", text.Say("审查起始日", "looked back to"), "date"},
	{"lookback", text.Say("追溯期", "months looked back"), "months"},
	{"listing", text.Say("名单记录编号", "listing"), ""},
	{"list", text.Say("名单", "list"), ""},
	{"listedOn", text.Say("列入日期", "listed on"), "date"},
	{"until", text.Say("惩戒期限止日", "last day of the sanction"), "date"},
	{"fields", text.Say("所涉敏感领域", "sensitive fields"), ""},
	{"ethicsSensitive", text.Say("是否涉及科技伦理敏感领域", "works in fields sensitive in ethics"), ""},
	{"ethicsCommittee", text.Say("是否设有科技伦理（审查）委员会", "has an S&T ethics (review) committee"), ""},
	{"leadingIndustries", text.Say("主导产业", "leading industries"), ""},
	{"industries", text.Say("主导产业个数", "number of leading industries"), "count"},
	{"industriesWanted", text.Say("应有主导产业个数", "number of leading industries required"), "count"},
	{"judgedOn", text.Say("人工认定日期", "day of the conclusion"), "date"},
	{"conclusion", text.Say("认定结论", "conclusion"), ""},
	{"grantedOn", text.Say("批准日期", "granted on"), "date"},
	{"rule", text.Say("所涉条款", "rule concerned"), ""},
	{"requested", text.Say("是否申请放宽", "asked for the relaxation"), ""},
	{"industryCode", text.Say("国民经济行业代码", "industry class"), ""},
	{"relaxable", text.Say("可放宽的行业代码", "industry classes that may be relaxed"), ""},
	{"step", text.Say("步骤", "step"), ""},
	{"stepOn", text.Say("步骤日期", "day of the step"), "date"},
	{"missing", text.Say("缺少的前置步骤", "missing step before it"), ""},
	{"heldOn", text.Say("论证日期", "day of the appraisal"), "date"},
	{"absent", text.Say("缺少的参加单位", "participants missing"), ""},
	{"expertReviews", text.Say("专家评审（评议）份数", "reviews by experts"), "count"},
	{"thirdPartyReviews", text.Say("第三方机构评审（评议）份数", "reviews by third parties"), "count"},
	{"reviewsWanted", text.Say("各应至少", "required of each, at least"), "count"},
	{"notPassed", text.Say("未通过的结论", "conclusions not passed"), ""},

	// Operation.
	{"plaqueOn", text.Say("授牌日期", "day of the plaque"), "date"},
	{"periodEnd", text.Say("任务书责任期止日", "end of the task book's period"), "date"},
	{"filedOn", text.Say("报送日期", "filed on"), "date"},
	{"notice", text.Say("提前提醒天数", "notice before the end"), "days"},
	{"item", text.Say("治理事项", "item"), ""},
	{"trial", text.Say("试验编号", "trial"), ""},
	{"onProductionLine", text.Say("是否在已投用的生产装置上进行", "done on a production line in use"), ""},
	{"kind", text.Say("事故类型", "type of incident"), ""},
	{"severity", text.Say("严重程度", "severity"), ""},
	{"year", text.Say("年度", "year"), "year"},
	{"finding", text.Say("疑点内容", "finding"), ""},
	{"openedOn", text.Say("提出日期", "opened on"), "date"},

	// Grading.
	{"decidedOn", text.Say("评定日期", "graded on"), "date"},
	{"grade", text.Say("评价等级", "grade"), ""},
	{"failures", text.Say("应取消资格的连续不合格年数", "consecutive failures that require revocation"), "count"},
	{"ungraded", text.Say("其间未评定的年度", "year between without a grade"), "year"},
	{"orderedOn", text.Say("责令整改日期", "rectification ordered on"), "date"},

	// Grants.
	{"amount", text.Say("金额", "amount"), "fen"},
	{"source", text.Say("资金来源", "source"), ""},
	{"sourceWanted", text.Say("应有的资金来源", "source required"), ""},
	{"forYear", text.Say("所补助的建设年度", "support year that it is for"), "year"},
	{"supportYears", text.Say("任务书的支持建设年度", "support years of the task book"), ""},
	{"gradeWanted", text.Say("应有的等级", "grade required"), ""},
	{"sum", text.Say("合计", "sum"), "fen"},
	{"limit", text.Say("上限", "limit"), "fen"},
	{"over", text.Say("超出", "above the limit by"), "fen"},
	{"subsidy", text.Say("应补助", "subsidy due"), "fen"},
	{"granted", text.Say("已下达净额", "granted so far, net"), "fen"},
	{"short", text.Say("尚差", "still missing"), "fen"},
	{"releasedOn", text.Say("解除延后日期", "deferral released on"), "date"},
	{"fiscalYear", text.Say("财政年度", "fiscal year"), "year"},
	{"gradeYear", text.Say("参照等级的年度", "year of the reference grade"), "year"},
	{"project", text.Say("项目编号", "project"), ""},
	{"approvedOn", text.Say("立项日期", "project approved on"), "date"},
	{"eligible", text.Say("项目是否符合条件", "project is eligible"), ""},
	{"majorPilotVerification", text.Say("是否重大中试验证项目", "is a major pilot verification"), ""},
	{"warning", text.Say("预警比例", "warning share"), "percent"},
	{"warningFrom", text.Say("预警金额", "warning from"), "fen"},
	{"net", text.Say("净额", "net"), "fen"},
	{"received", text.Say("已到账", "received"), "fen"},
	{"revokedOn", text.Say("取消资格日期", "revoked on"), "date"},
	{"movement", text.Say("资金往来", "movement of money"), ""},
	{"movedOn", text.Say("往来日期", "moved on"), "date"},

	// Spending.
	{"voucher", text.Say("凭证号", "voucher"), ""},
	{"spentOn", text.Say("支出日期", "spent on"), "date"},
	{"grant", text.Say("经费下达编号", "grant"), ""},
	{"balance", text.Say("余额", "balance"), "fen"},
	{"use", text.Say("用途", "use"), ""},
	{"declaredUse", text.Say("凭证所填用途", "use on the voucher"), ""},
	{"econCode", text.Say("支出经济分类", "economic classification"), ""},
	{"ruledOn", text.Say("认定日期", "ruled on"), "date"},
	{"concerned", text.Say("其中涉及金额", "amount concerned"), "fen"},
	{"payee", text.Say("收款单位", "payee"), ""},
	{"summary", text.Say("摘要", "summary"), ""},
	{"taskBook", text.Say("委托任务书编号", "entrustment task book"), ""},
	{"signedOn", text.Say("签订日期", "signed on"), "date"},
	{"entrusted", text.Say("任务书的受托单位", "payee of the task book"), ""},
	{"clause", text.Say("是否约定专账核算", "has a clause on separate-account bookkeeping"), ""},

	// The money of a year.
	{"monthEnd", text.Say("考核月末", "month-end examined"), "date"},
	{"available", text.Say("可用", "available"), "fen"},
	{"executed", text.Say("执行数", "executed"), "fen"},
	{"rate", text.Say("执行率", "rate"), "percent"},
	{"lowRate", text.Say("低于此比例为执行率低", "low rate threshold"), "percent"},
	{"late", text.Say("截止日后到账", "received after the cut-off"), "fen"},
	{"lateAfter", text.Say("到账截止日", "cut-off of receipts"), "date"},
	{"progressFrom", text.Say("序时进度起算日", "time progress counted from"), "date"},
	{"elapsed", text.Say("已过天数", "days elapsed"), "days"},
	{"all", text.Say("全年应计天数", "days in all"), "days"},
	{"progress", text.Say("序时进度", "time progress"), "percent"},
	{"line", text.Say("预警线", "warning line"), "percent"},
	{"word", text.Say("延后安排", "deferral"), ""},
	{"wordOn", text.Say("延后安排（解除）日期", "deferral decided or released on"), "date"},
	{"announcedOn", text.Say("提前下达日期", "announced ahead on"), "date"},
	{"paidOn", text.Say("年末后首次到账日期", "first received after the year's end on"), "date"},
	{"main", text.Say("主要用途", "main uses"), "fen"},
	{"spent", text.Say("支出合计", "spent"), "fen"},
	{"share", text.Say("主要用途占比", "share of the main uses"), "percent"},
	{"shareWanted", text.Say("主要用途应占", "share required for the main uses"), "percent"},

	// The ledger itself.
	{"position", text.Say("台账位置", "position"), ""},
	{"revision", text.Say("中心内序号", "number within the center"), ""},
	{"recordedOn", text.Say("入账日期", "recorded on"), "date"},
}

var figureRows = func() map[string]*FigureRow {
	m := make(map[string]*FigureRow, len(FigureCatalog))
	for i := range FigureCatalog {
		m[FigureCatalog[i].Name] = &FigureCatalog[i]
	}
	return m
}()

// LookupFigure returns the row of a name in FigureCatalog, or nil.
func LookupFigure(name string) *FigureRow { return figureRows[name] }

// NewFigure returns a figure of FigureCatalog.
func NewFigure(name, value string) Figure {
	row := figureRows[name]
	return Figure{Name: name, Label: row.Label, Value: value, Unit: row.Unit}
}

func fenFigure(name string, v events.Fen) Figure {
	return NewFigure(name, strconv.FormatInt(int64(v), 10))
}
func dateFigure(name string, d events.Date) Figure { return NewFigure(name, d.String()) }
func countFigure(name string, n int) Figure        { return NewFigure(name, strconv.Itoa(n)) }

// wordFigure returns a figure whose value is a code with a word.
func wordFigure(name, code string, word text.Text) Figure {
	f := NewFigure(name, code)
	f.Word = word
	return f
}

func yesNoFigure(name string, yes bool) Figure {
	if yes {
		return wordFigure(name, "true", text.Say("是", "yes"))
	}
	return wordFigure(name, "false", text.Say("否", "no"))
}

// in returns the figure with another unit than FigureCatalog has.
func (f Figure) in(unit string) Figure { f.Unit = unit; return f }

// labelled returns the figure with another label than FigureCatalog has.
func (f Figure) labelled(label text.Text) Figure { f.Label = label; return f }

// of returns the figure under another name and label than FigureCatalog has.
func (f Figure) of(name string, label text.Text) Figure { f.Name, f.Label = name, label; return f }

// wordsFigure returns a figure with several codes and their words.
func wordsFigure(name string, codes []string, wordOf func(code string) text.Text) Figure {
	words := make([]text.Text, len(codes))
	for i, code := range codes {
		words[i] = wordOf(code)
	}
	return wordFigure(name, strings.Join(codes, ","), joined(words, "、", ", "))
}

// joined returns texts one after another with separators between them.
func joined(list []text.Text, zh, en string) (t text.Text) {
	for i, x := range list {
		if i > 0 {
			t.Zh, t.En = t.Zh+zh, t.En+en
		}
		t.Zh, t.En = t.Zh+x.Zh, t.En+x.En
	}
	return t
}

// reasons returns the reasons of breaches in one text.
func reasons(breaches []Breach) text.Text {
	list := make([]text.Text, len(breaches))
	for i := range breaches {
		list[i] = breaches[i].Reason
	}
	return joined(list, "；", "; ")
}

// percent returns n / d as a percentage with two decimals, rounded half away from zero, such as "24.99".
func percent(n, d int64) string {
	rate := big.NewRat(n, d)
	return rate.Mul(rate, big.NewRat(100, 1)).FloatString(2)
}

// say sets the sentence that says how the alert came about.
func (x *Explanation) say(zh, en string, args ...any) { x.Reason = text.Say(zh, en, args...) }

// show adds figures.
func (x *Explanation) show(figures ...Figure) { x.Figures = append(x.Figures, figures...) }

// showNew adds the figures whose names are not there yet.
func (x *Explanation) showNew(figures ...Figure) {
	for _, f := range figures {
		if !slices.ContainsFunc(x.Figures, func(there Figure) bool { return there.Name == f.Name }) {
			x.show(f)
		}
	}
}

// yuan returns an amount in yuan with its unit.
func yuan(v events.Fen) text.Text {
	return text.Say("%s 元", "%s yuan", events.FormatYuan(v))
}
