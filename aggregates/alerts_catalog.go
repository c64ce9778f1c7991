package aggregates

import (
	"slices"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// AlertRow is the description of one alert code. Raised and Cleared repeat the conditions of section 9 in words. The
// functions in alerts_*.go are their exact definition.
type AlertRow struct {
	Code               Code
	Severity           Severity
	Office             events.Role     // the office that must act to prevent or end it
	Key                text.Text       // what the key names; empty for an alert without a key
	Rules              []events.RuleID // the rules behind it, the most important first
	Closable           bool            // alert.closed (销号) ends it
	EndsWithRevocation bool            // qualification.revoked ends it
	Title              text.Text
	Raised             text.Text
	Cleared            text.Text
}

// AlertCatalog lists every alert of section 9, in its order. The office of an alert follows article 4: the S&T office
// leads recognition and grading (R04-2, R04-5), the Department of Finance arranges and allocates the money (R04-7),
// local government is responsible for its commitments (R04-9), the center for its reports, organs, trials and
// spending. The auditor decides whether a finding is closed, but the center must do the work that closes it.
var AlertCatalog = []AlertRow{
	{Code: "AL-ADM-01", Severity: Red, Office: events.STOffice, Key: keyRule, Rules: rules("R06"), Closable: true,
		Title:   text.Say("强制条件不符而通过初审", "passed the preliminary review with a mandatory condition unmet"),
		Raised:  text.Say("初步审核通过之日，某项强制条件不符", "the day the preliminary review was passed with a mandatory condition unmet"),
		Cleared: text.Say("销号", "closed out")},
	{Code: "AL-ADM-02", Severity: Yellow, Office: events.STOffice, Key: keyRule, Rules: rules("R06"),
		Title:   text.Say("原则性条件不符且未获例外", "an in-principle condition unmet and not waived"),
		Raised:  text.Say("初步审核通过之日，某项原则性条件不符且无例外批准", "the day the preliminary review was passed with an in-principle condition unmet and not waived"),
		Cleared: text.Say("其后批准例外", "a later waiver")},
	{Code: "AL-ADM-03", Severity: Yellow, Office: events.STOffice, Key: text.Say("条款编号或 relaxation", "rule or relaxation"), Rules: rules("R06", "R06-2d"), Closable: true,
		Title:   text.Say("不应批准的例外或放宽", "a waiver or relaxation that should have been refused"),
		Raised:  text.Say("批准之日", "the day it was granted"),
		Cleared: text.Say("销号", "closed out")},
	{Code: "AL-PRC-01", Severity: Red, Office: events.STOffice, Key: keyStep, Rules: rules("R09-0", "R09-2", "R09-4", "R09-5", "R09-9"), Closable: true,
		Title:   text.Say("认定程序跳步", "a step of recognition without its predecessor"),
		Raised:  text.Say("该步骤之日，其前置步骤尚无记录", "the day of the step, its predecessor not recorded on or before"),
		Cleared: text.Say("销号", "closed out")},
	{Code: "AL-PRC-02", Severity: Yellow, Office: events.STOffice, Key: keyStep, Rules: rules("R09-3", "R09-9"), EndsWithRevocation: true,
		Title:   text.Say("认定程序逾期", "a step of recognition overdue"),
		Raised:  text.Say("论证通过后初步审核逾期，或审定后授牌逾期", "the preliminary review overdue from the appraisal, or the plaque from the meeting's approval"),
		Cleared: text.Say("该步骤有记录", "the step is recorded")},
	{Code: "AL-PRC-03", Severity: Yellow, Office: events.STOffice, Key: text.Say("论证日期", "date of the appraisal"), Rules: rules("R09-5", "R09-6", "R09-7"), Closable: true,
		Title:   text.Say("方案论证不完整", "an incomplete joint appraisal"),
		Raised:  text.Say("论证之日", "the day it was held"),
		Cleared: text.Say("当日或其后举行完整论证；销号", "a complete one on that day or later; closed out")},
	{Code: "AL-TSK-01", Severity: Yellow, Office: events.CenterRole, Rules: rules("R10-2"), EndsWithRevocation: true,
		Title:   text.Say("任务书备案逾期", "task book overdue"),
		Raised:  text.Say("授牌后任务书备案逾期", "no task book filed in time from the plaque"),
		Cleared: text.Say("任务书备案", "a task book is filed")},
	{Code: "AL-TSK-02", Severity: Blue, Office: events.CenterRole, Key: text.Say("任务书到期日", "end of the period"), Rules: rules("R10-1"), EndsWithRevocation: true,
		Title:   text.Say("任务书即将到期", "the task book's period is about to end"),
		Raised:  text.Say("到期前提醒之日，备案更晚的为备案日", "the notice before the period's end, or the filing if later"),
		Cleared: text.Say("到期次日；其后又备案任务书", "the day after the period; a later task book filed")},
	{Code: "AL-GOV-01", Severity: Yellow, Office: events.CenterRole, Key: text.Say("治理事项", "item"), Rules: rules("R11-1", "R11-2", "R14-1", "R11-4", "R11-3"), EndsWithRevocation: true,
		Title:   text.Say("治理事项逾期（党组织为蓝色）", "an organ or a set of rules overdue (party organisation is blue)"),
		Raised:  text.Say("授牌后逾期未建立", "not recorded in time from the plaque"),
		Cleared: text.Say("该事项有记录", "the item is recorded")},
	{Code: "AL-SAF-01", Severity: Red, Office: events.CenterRole, Key: text.Say("试验编号", "trial"), Rules: rules("R06-4c"), Closable: true,
		Title:   text.Say("在生产装置上试验", "a trial on a production line"),
		Raised:  text.Say("试验记录之日", "the day of the trial"),
		Cleared: text.Say("销号", "closed out")},
	{Code: "AL-INC-01", Severity: Red, Office: events.CenterRole, Key: text.Say("事故编号", "incident"), Rules: rules("R06-5b"),
		Title:   text.Say("重大事故", "a major incident"),
		Raised:  text.Say("初步审核通过（或更早授牌）之日及其后记录的重大事故", "recorded on or after the first passed preliminary review (or the plaque, if earlier)"),
		Cleared: text.Say("事故处理完毕", "the incident is closed")},
	{Code: "AL-INC-02", Severity: Red, Office: events.CenterRole, Key: text.Say("名单记录编号", "listing"), Rules: rules("R06-5d", "R06-5e"),
		Title:   text.Say("列入失信或黑名单", "listed for dishonesty or blacklisted"),
		Raised:  text.Say("列入之日", "the day of the listing"),
		Cleared: text.Say("移出，或期限届满次日", "delisted, or the day after it ran out")},
	{Code: "AL-ETH-01", Severity: Red, Office: events.CenterRole, Rules: rules("R06-6"), EndsWithRevocation: true,
		Title:   text.Say("缺少科技伦理委员会", "no ethics committee"),
		Raised:  text.Say("授牌后不再符合之日", "the day from which the condition is unmet after the plaque"),
		Cleared: text.Say("重新符合之日", "the day it is met")},
	{Code: "AL-RPT-01", Severity: Yellow, Office: events.CenterRole, Key: keyYear, Rules: rules("R16-1b", "R16-1a"), EndsWithRevocation: true,
		Title:   text.Say("年度报告逾期", "annual report overdue"),
		Raised:  text.Say("次年截止日的次日", "the day after the due date of the next year"),
		Cleared: text.Say("年度报告上报", "the report is filed")},
	{Code: "AL-RPT-02", Severity: Yellow, Office: events.CenterRole, Key: keyYear, Rules: rules("R16-1b"),
		Title:   text.Say("年度报告未经审核上报", "annual report filed without review"),
		Raised:  text.Say("上报之日尚无通过的审核", "filed with no passed review on or before"),
		Cleared: text.Say("审核通过", "a review is passed")},
	{Code: "AL-RPT-03", Severity: Yellow, Office: events.CenterRole, Key: text.Say("任务书到期日", "end of the period"), Rules: rules("R16-1c"), EndsWithRevocation: true,
		Title:   text.Say("期满报告逾期", "final report overdue"),
		Raised:  text.Say("到期后逾期未报，且届时没有新的任务书", "not filed in time from the period's end, with no later task book filed by then"),
		Cleared: text.Say("期满报告上报", "the report is filed")},
	{Code: "AL-EVL-01", Severity: Yellow, Office: events.STOffice, Key: keyYear, Rules: rules("R04-5"), EndsWithRevocation: true,
		Title:   text.Say("考核评价逾期", "grading overdue"),
		Raised:  text.Say("次年截止日的次日", "the day after the due date of the next year"),
		Cleared: text.Say("等级评定", "the grade is decided")},
	{Code: "AL-EVL-02", Severity: Yellow, Office: events.STOffice, Key: keyYear, Rules: rules("R16-2"), Closable: true,
		Title:   text.Say("考核评价参与不全", "a grading without all participants or reviews"),
		Raised:  text.Say("评定之日", "the day of the decision"),
		Cleared: text.Say("销号", "closed out")},
	{Code: "AL-EVL-03", Severity: Yellow, Office: events.CenterRole, Key: keyYear, Rules: rules("R10-3"),
		Title:   text.Say("无任务书而评定等级", "graded with no task book on file"),
		Raised:  text.Say("评定之日", "the day of the decision"),
		Cleared: text.Say("任务书备案", "a task book is filed")},
	{Code: "AL-AWD-01", Severity: Red, Office: events.Finance, Key: keyGrant, Rules: rules("R17-1"),
		Title:   text.Say("建设经费下达不合条件", "a construction grant that breaks its conditions"),
		Raised:  text.Say("下达之日", "the day of the grant"),
		Cleared: text.Say("全额冲减", "fully reversed")},
	{Code: "AL-AWD-02", Severity: Yellow, Office: events.Finance, Key: keyYear, Rules: rules("R17-1"), EndsWithRevocation: true,
		Title:   text.Say("应补助而未足额下达", "a construction subsidy due and not granted in full"),
		Raised:  text.Say("评为优秀后逾期未足额下达；延后期间不计，解除之日起", "not granted in full in time from the decision; not while deferred, then from the release"),
		Cleared: text.Say("足额；等级更正；次年延后安排", "granted in full; the grade revised; the next year deferred")},
	{Code: "AL-PRJ-01", Severity: Red, Office: events.Finance, Key: keyGrant, Rules: rules("R17-2"),
		Title:   text.Say("项目经费超过年度上限", "project money above the year's cap"),
		Raised:  text.Say("使合计超过上限的下达之日", "the day of the grant that exceeds the cap"),
		Cleared: text.Say("全额冲减", "fully reversed")},
	{Code: "AL-PRJ-02", Severity: Red, Office: events.Finance, Key: keyGrant, Rules: rules("R17-2"),
		Title:   text.Say("项目经费缺少合格等级或立项", "project money without a passing grade or an approved project"),
		Raised:  text.Say("下达之日", "the day of the grant"),
		Cleared: text.Say("全额冲减", "fully reversed")},
	{Code: "AL-PRJ-03", Severity: Yellow, Office: events.Finance, Key: text.Say("财政年度", "fiscal year"), Rules: rules("R17-2"),
		Title:   text.Say("项目经费接近年度上限", "project money close to the year's cap"),
		Raised:  text.Say("合计达到预警比例之日", "the day the sum reaches the warning share"),
		Cleared: text.Say("低于该比例之日；财政年度末", "the day it falls below; the end of the fiscal year")},
	{Code: "AL-PRJ-04", Severity: Red, Office: events.Finance, Key: keyGrant, Rules: rules("R17-2"),
		Title:   text.Say("项目经费来源或项目不符", "project money of another source, or not for a major pilot verification"),
		Raised:  text.Say("下达之日", "the day of the grant"),
		Cleared: text.Say("全额冲减", "fully reversed")},
	{Code: "AL-FND-01", Severity: Yellow, Office: events.Finance, Key: keyGrant, Rules: rules("R04-7"), EndsWithRevocation: true,
		Title:   text.Say("经费到账逾期", "a grant not received in time"),
		Raised:  text.Say("下达后逾期未足额到账；延后期间不计，解除之日起", "receipts below the net grant, overdue from the grant; not while deferred, then from the release"),
		Cleared: text.Say("到账首次达到净额；其财政年度延后安排", "receipts first reach it; its fiscal year deferred")},
	{Code: "AL-FND-03", Severity: Red, Office: events.CenterRole, Key: keyVoucher, Rules: rules(events.Overdrawn), Closable: true,
		Title:   text.Say("超余额支出", "a grant overdrawn"),
		Raised:  text.Say("使余额为负的凭证之日", "the day of the voucher that leaves the balance below zero"),
		Cleared: text.Say("凭证冲销；销号", "the voucher reversed; closed out")},
	{Code: "AL-USE-01", Severity: Red, Office: events.CenterRole, Key: keyVoucher, Rules: rules("R20-2", "R20-3", "R20-4"), Closable: true,
		Title:   text.Say("禁止用途支出", "spent on a forbidden use"),
		Raised:  text.Say("支出之日，或认定之日", "the day of the voucher, or of the ruling that made it so"),
		Cleared: text.Say("凭证冲销；另行认定；销号", "the voucher reversed; ruled otherwise; closed out")},
	{Code: "AL-USE-02", Severity: Yellow, Office: events.STOffice, Key: keyVoucher, Rules: rules("R20-1", "R20-4"),
		Title:   text.Say("用途待认定", "a use to be ruled on"),
		Raised:  text.Say("支出之日，或认定之日", "the day of the voucher, or of the ruling that made it so"),
		Cleared: text.Say("凭证冲销；另行认定", "the voucher reversed; ruled otherwise")},
	{Code: "AL-USE-03", Severity: Yellow, Office: events.CenterRole, Key: keyYear, Rules: rules("R20-1"), Closable: true,
		Title:   text.Say("主要用途占比偏低", "too small a share for the main uses"),
		Raised:  text.Say("年末", "the end of the year"),
		Cleared: text.Say("销号", "closed out")},
	{Code: "AL-EXE-01", Severity: Yellow, Office: events.CenterRole, Key: text.Say("触发月份", "month raised"), Rules: rules("R20-6"), EndsWithRevocation: true,
		Title:   text.Say("执行率落后序时进度", "execution behind time progress"),
		Raised:  text.Say("落后的首个月末", "the first month-end that is behind"),
		Cleared: text.Say("首个不再落后的月末，否则年末", "the first month-end that is not, else the end of the year")},
	{Code: "AL-EXE-02", Severity: Red, Office: events.CenterRole, Key: keyYear, Rules: rules("R20-6"),
		Title:   text.Say("年度执行率低", "a low annual execution rate"),
		Raised:  text.Say("年末", "the end of the year"),
		Cleared: text.Say("次年延后安排或解除", "the next year deferred or released")},
	{Code: "AL-EXE-03", Severity: Red, Office: events.Finance, Key: keyGrant, Rules: rules("R20-7"),
		Title:   text.Say("执行率低而仍下达次年经费", "a grant for the year after a low one"),
		Raised:  text.Say("下达之日", "the day of the grant"),
		Cleared: text.Say("全额冲减", "fully reversed")},
	{Code: "AL-EXE-04", Severity: Yellow, Office: events.Finance, Key: keyYear, Rules: rules("R20-7"), EndsWithRevocation: true,
		Title:   text.Say("执行率低而未决定延后", "a low year and no deferral decided"),
		Raised:  text.Say("年末后逾期未决定", "overdue from the end of the year"),
		Cleared: text.Say("次年延后安排或解除", "the next year deferred or released")},
	{Code: "AL-EXE-05", Severity: Red, Office: events.Finance, Key: keyGrant, Rules: rules("R20-7"),
		Title:   text.Say("执行率低而仍拨付提前下达经费", "a grant announced ahead, paid after a low year"),
		Raised:  text.Say("年末后首次到账之日，当日次年延后安排尚未解除", "the day of the first receipt after the year's end on which the next year is not released"),
		Cleared: text.Say("全额冲减", "fully reversed")},
	{Code: "AL-OUT-01", Severity: Red, Office: events.CenterRole, Key: keyVoucher, Rules: rules("R20-8"), Closable: true,
		Title:   text.Say("外拨无有效委托任务书", "an out-transfer without a valid entrustment task book"),
		Raised:  text.Say("支出之日", "the day of the voucher"),
		Cleared: text.Say("凭证冲销；销号", "the voucher reversed; closed out")},
	{Code: "AL-OUT-02", Severity: Red, Office: events.CenterRole, Key: text.Say("委托任务书编号", "task book"), Rules: rules("R20-9"),
		Title:   text.Say("外拨未专账核算", "an out-transfer without separate-account bookkeeping"),
		Raised:  text.Say("首张凭证之日（任务书无专账条款），否则逾期未确认", "the first voucher if the book has no clause, otherwise the confirmation overdue from it"),
		Cleared: text.Say("专账确认；其凭证全部冲销", "confirmed; the last of its vouchers reversed, when all are")},
	{Code: "AL-MAT-01", Severity: Blue, Office: events.LocalGov, Key: text.Say("配套编号", "match"), Rules: rules("R04-9"), EndsWithRevocation: true,
		Title:   text.Say("配套资金到账逾期", "matching money not received in time"),
		Raised:  text.Say("承诺期限次日", "the day after it was due"),
		Cleared: text.Say("到账达到承诺额", "receipts reach it")},
	{Code: "AL-RCT-01", Severity: Yellow, Office: events.STOffice, Key: keyYear, Rules: rules("R18-1"), EndsWithRevocation: true,
		Title:   text.Say("责令整改逾期", "rectification not ordered in time"),
		Raised:  text.Say("评为不合格后逾期未责令", "overdue from the unqualified decision"),
		Cleared: text.Say("责令整改；等级更正", "ordered; the grade revised")},
	{Code: "AL-RCT-02", Severity: Red, Office: events.CenterRole, Key: keyYear, Rules: rules("R18-1"), EndsWithRevocation: true,
		Title:   text.Say("整改到期未通过验收", "rectification due and not accepted"),
		Raised:  text.Say("整改期限次日，当日仍为不合格", "the day after the order's due date, if the year is still unqualified then"),
		Cleared: text.Say("验收通过；等级更正", "accepted; the grade revised")},
	{Code: "AL-ITV-01", Severity: Yellow, Office: events.STOffice, Key: keyYear, Rules: rules("R18-2"), EndsWithRevocation: true,
		Title:   text.Say("约谈逾期", "interview overdue"),
		Raised:  text.Say("评为不合格后逾期未约谈主要负责人", "the principal not interviewed in time from the unqualified decision"),
		Cleared: text.Say("约谈主要负责人；等级更正", "held; the grade revised")},
	{Code: "AL-REV-01", Severity: Red, Office: events.STOffice, Key: keyYear, Rules: rules("R18-3"),
		Title:   text.Say("连续不合格应取消资格", "revocation due after consecutive failures"),
		Raised:  text.Say("较晚一次评为不合格之日", "the later of the decisions"),
		Cleared: text.Say("取消资格；等级更正", "revoked; a grade revised away")},
	{Code: "AL-REV-02", Severity: Red, Office: events.Finance, Key: text.Say("下达编号或凭证号", "grant or voucher"), Rules: rules("R18-3"), Closable: true,
		Title:   text.Say("取消资格后的资金往来", "money after revocation"),
		Raised:  text.Say("下达、到账或支出之日", "the day of the grant, receipt or voucher"),
		Cleared: text.Say("销号", "closed out")},
	{Code: "AL-REV-03", Severity: Yellow, Office: events.STOffice, Key: keyYear, Rules: rules("R18-3"),
		Title:   text.Say("不合格之间隔一年未评，需人工认定", "failures with an ungraded year between: a human must rule"),
		Raised:  text.Say("较晚一次评为不合格之日", "the later of the two decisions"),
		Cleared: text.Say("中间年度评定；等级更正", "the year between graded; a grade revised away")},
	{Code: "AL-AUD-01", Severity: Yellow, Office: events.CenterRole, Key: text.Say("疑点编号", "finding"), Rules: rules("R04-4"),
		Title:   text.Say("审计疑点逾期未办结", "an audit finding overdue"),
		Raised:  text.Say("办结期限次日", "the day after it was due"),
		Cleared: text.Say("办结", "the finding is closed")},
	{Code: LedgerBroken, Severity: Red, Office: events.Admin, Key: text.Say("位置", "position"), Rules: rules("R04-4"),
		Title:   text.Say("台账自身完整性破坏", "a break in the ledger's own integrity"),
		Raised:  text.Say("该记录写入之日", "the day the record was written"),
		Cleared: text.Say("不会自行消除", "nothing clears it")},
}

// LedgerBroken is the alert about a record that should not be in the ledger. It does not follow from the history of a
// center; package projections raises it when it applies the record.
const LedgerBroken Code = "AL-LED-01"

var (
	keyRule    = text.Say("条款编号", "rule")
	keyStep    = text.Say("步骤", "step")
	keyYear    = text.Say("年度", "year")
	keyGrant   = text.Say("经费下达编号", "grant")
	keyVoucher = text.Say("凭证号", "voucher")
)

func rules(ids ...events.RuleID) []events.RuleID { return ids }

var alertRows = func() map[Code]*AlertRow {
	m := make(map[Code]*AlertRow, len(AlertCatalog))
	for i := range AlertCatalog {
		m[AlertCatalog[i].Code] = &AlertCatalog[i]
	}
	return m
}()

// LookupAlert returns the row of a code in the catalog, or nil.
func LookupAlert(code Code) *AlertRow { return alertRows[code] }

// Family returns the middle of a code: EXE of AL-EXE-02.
func (c Code) Family() string {
	_, rest, _ := strings.Cut(string(c), "-")
	family, _, _ := strings.Cut(rest, "-")
	return family
}

// Families lists the families of the codes in the catalog, in its order.
func Families() (list []string) {
	for i := range AlertCatalog {
		if f := AlertCatalog[i].Code.Family(); !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	return list
}

// Office returns the office that must act on an alert, or "" for an unknown code.
func Office(code Code) events.Role {
	if row := LookupAlert(code); row != nil {
		return row.Office
	}
	return ""
}
