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
	// the names of the figures that explain every alert of the code; some cases have more
	Figures []string
	Title   text.Text
	Raised  text.Text
	Cleared text.Text
}

// AlertCatalog lists every alert of section 9, in its order. The office of an alert follows article 4: the S&T office
// leads recognition and grading (R04-2, R04-5), the Department of Finance arranges and allocates the money (R04-7),
// local government is responsible for its commitments (R04-9), the center for its reports, organs, trials and
// spending. The auditor decides whether a finding is closed, but the center must do the work that closes it.
var AlertCatalog = []AlertRow{
	{Code: "AL-ADM-01", Severity: Red, Office: events.STOffice, Key: keyRule, Rules: rules("R06"), Closable: true,
		Figures: figures("reviewedOn"),
		Title:   text.Say("强制条件不符而通过初审", "passed the preliminary review with a mandatory condition unmet"),
		Raised: text.Say("初步审核通过之日，某项强制条件不符",
			"the day the preliminary review was passed with a mandatory condition unmet"),
		Cleared: closedOut},
	{Code: "AL-ADM-02", Severity: Yellow, Office: events.STOffice, Key: keyRule, Rules: rules("R06"),
		Figures: figures("reviewedOn"),
		Title:   text.Say("原则性条件不符且未获例外", "an in-principle condition unmet and not waived"),
		Raised: text.Say("初步审核通过之日，某项原则性条件不符且无例外批准",
			"the day the preliminary review was passed with an in-principle condition unmet and not waived"),
		Cleared: text.Say("省委科技办批准该条款的例外", "the S&T office grants a waiver of the rule")},
	{Code: "AL-ADM-03", Severity: Yellow, Office: events.STOffice,
		Key: text.Say("条款编号或放宽", "rule or relaxation"), Rules: rules("R06", "R06-2d"), Closable: true,
		Figures: figures("grantedOn", "rule"),
		Title:   text.Say("不应批准的例外或放宽", "a waiver or relaxation that should have been refused"),
		Raised:  text.Say("批准之日", "the day it was granted"),
		Cleared: closedOut},
	{Code: "AL-PRC-01", Severity: Red, Office: events.STOffice, Key: keyStep,
		Rules: rules("R09-0", "R09-2", "R09-4", "R09-5", "R09-9"), Closable: true,
		Figures: figures("step", "stepOn", "missing"),
		Title:   text.Say("认定程序跳步", "a step of recognition without its predecessor"),
		Raised: text.Say("该步骤之日，其前置步骤尚无记录",
			"the day of the step, if its predecessor is not recorded on or before that day"),
		Cleared: closedOut},
	{Code: "AL-PRC-02", Severity: Yellow, Office: events.STOffice, Key: keyStep, Rules: rules("R09-3", "R09-9"),
		EndsWithRevocation: true,
		Figures:            figures("step", "from", "term", "dueOn"),
		Title:              text.Say("认定程序逾期", "a step of recognition overdue"),
		Raised: text.Say("论证通过后初步审核逾期，或审定后授牌逾期",
			"the preliminary review overdue from the appraisal, or the plaque from the meeting's approval"),
		Cleared: text.Say("省委科技办记录该步骤", "the S&T office records the step")},
	{Code: "AL-PRC-03", Severity: Yellow, Office: events.STOffice, Key: text.Say("论证日期", "date of the appraisal"),
		Rules: rules("R09-5", "R09-6", "R09-7"), Closable: true,
		Figures: figures("heldOn", "expertReviews", "thirdPartyReviews", "reviewsWanted"),
		Title:   text.Say("方案论证不完整", "an incomplete joint appraisal"),
		Raised:  text.Say("论证之日", "the day it was held"),
		Cleared: orClosedOut("省委科技办在当日或其后举行完整的方案论证",
			"the S&T office holds a complete joint appraisal on that day or later")},
	{Code: "AL-TSK-01", Severity: Yellow, Office: events.CenterRole, Rules: rules("R10-2"), EndsWithRevocation: true,
		Figures: figures("from", "term", "dueOn"),
		Title:   text.Say("任务书备案逾期", "task book overdue"),
		Raised:  text.Say("授牌后任务书备案逾期", "no task book filed within the term from the award of the plaque"),
		Cleared: text.Say("中心备案建设任务书", "the center files a task book")},
	{Code: "AL-TSK-02", Severity: Blue, Office: events.CenterRole, Key: text.Say("任务书到期日", "end of the period"),
		Rules: rules("R10-1"), EndsWithRevocation: true,
		Figures: figures("periodEnd", "filedOn", "notice"),
		Title:   text.Say("任务书即将到期", "the task book's period is about to end"),
		Raised: text.Say("到期前提醒之日，备案更晚的为备案日",
			"the notice before the period's end, or the filing if later"),
		Cleared: text.Say("中心备案新的建设任务书；责任期届满次日自行消除",
			"the center files a later task book; or the day after the period's end is reached")},
	{Code: "AL-GOV-01", Severity: Yellow, Office: events.CenterRole, Key: text.Say("治理事项", "item"),
		Rules: rules("R11-1", "R11-2", "R14-1", "R11-4", "R11-3"), EndsWithRevocation: true,
		Figures: figures("item", "from", "term", "dueOn"),
		Title:   text.Say("治理机构或管理办法逾期未建立", "a governing body or set of rules overdue"),
		Raised: text.Say("授牌后逾期未建立（党组织的为蓝色预警）",
			"not recorded within the term from the award of the plaque (the party organisation is a blue alert)"),
		Cleared: text.Say("中心记录该治理事项", "the center records the item")},
	{Code: "AL-SAF-01", Severity: Red, Office: events.CenterRole, Key: text.Say("试验编号", "trial"),
		Rules: rules("R06-4c"), Closable: true,
		Figures: figures("trial", "occurredOn", "onProductionLine"),
		Title:   text.Say("在生产装置上试验", "a trial on a production line"),
		Raised:  text.Say("试验记录之日", "the day of the trial"),
		Cleared: closedOut},
	{Code: "AL-INC-01", Severity: Red, Office: events.CenterRole, Key: text.Say("事故编号", "incident"),
		Rules:   rules("R06-5b"),
		Figures: figures("incident", "kind", "severity", "occurredOn", "recordedOn", "since"),
		Title:   text.Say("重大事故", "a major incident"),
		Raised: text.Say("初步审核通过（或更早授牌）之日及其后记录的重大事故",
			"recorded on or after the first passed preliminary review (or the plaque, if earlier)"),
		Cleared: text.Say("省委科技办、行业主管部门或所在地政府记录事故处理完毕",
			"the S&T office, the industry department or the local government records that the incident is closed")},
	{Code: "AL-INC-02", Severity: Red, Office: events.CenterRole, Key: text.Say("名单记录编号", "listing"),
		Rules:   rules("R06-5d", "R06-5e"),
		Figures: figures("listing", "list", "listedOn"),
		Title:   text.Say("列入失信或黑名单", "listed for dishonesty or blacklisted"),
		Raised:  text.Say("列入之日", "the day of the listing"),
		Cleared: text.Say("省委科技办记录移出名单；有惩戒期限的，届满次日自行消除",
			"the S&T office records the delisting; or the day after the last day of the sanction is reached")},
	{Code: "AL-ETH-01", Severity: Red, Office: events.CenterRole, Rules: rules("R06-6"), EndsWithRevocation: true,
		Figures: figures("fields", "ethicsSensitive", "ethicsCommittee", "plaqueOn"),
		Title:   text.Say("缺少科技伦理委员会", "no ethics committee"),
		Raised:  text.Say("授牌后不再符合之日", "the day from which the condition is unmet after the plaque"),
		Cleared: text.Say("中心设立科技伦理（审查）委员会并变更登记事实，或不再从事该类研究",
			"the center sets up an ethics committee, or ends the sensitive work, and records "+
				"the change of its facts")},
	{Code: "AL-RPT-01", Severity: Yellow, Office: events.CenterRole, Key: keyYear, Rules: rules("R16-1b", "R16-1a"),
		EndsWithRevocation: true,
		Figures:            figures("year", "dueOn", "plaqueOn"),
		Title:              text.Say("年度报告逾期", "annual report overdue"),
		Raised:             text.Say("次年截止日的次日", "the day after the due date in the year that follows"),
		Cleared:            text.Say("中心报送该年度报告", "the center files the annual report")},
	{Code: "AL-RPT-02", Severity: Yellow, Office: events.CenterRole, Key: keyYear, Rules: rules("R16-1b"),
		Figures: figures("year", "filedOn"),
		Title:   text.Say("年度报告未经审核上报", "annual report filed without review"),
		Raised:  text.Say("上报之日尚无通过的审核", "filed with no passed review on or before that day"),
		Cleared: text.Say("行业主管部门或所在地政府审核该年度报告并通过",
			"the industry department or the local government passes a review of the report")},
	{Code: "AL-RPT-03", Severity: Yellow, Office: events.CenterRole,
		Key: text.Say("任务书到期日", "end of the period"), Rules: rules("R16-1c"), EndsWithRevocation: true,
		Figures: figures("from", "term", "dueOn", "filedOn"),
		Title:   text.Say("期满报告逾期", "final report overdue"),
		Raised: text.Say("到期后逾期未报，且届时没有新的任务书",
			"not filed within the term from the period's end, and no later task book filed by then"),
		Cleared: text.Say("中心报送期满绩效自评报告", "the center files the final report")},
	{Code: "AL-EVL-01", Severity: Yellow, Office: events.STOffice, Key: keyYear, Rules: rules("R04-5"),
		EndsWithRevocation: true,
		Figures:            figures("year", "dueOn", "plaqueOn"),
		Title:              text.Say("考核评价逾期", "grading overdue"),
		Raised:             text.Say("次年截止日的次日", "the day after the due date in the year that follows"),
		Cleared:            text.Say("省委科技办评定该年度等级", "the S&T office decides the grade of the year")},
	{Code: "AL-EVL-02", Severity: Yellow, Office: events.STOffice, Key: keyYear, Rules: rules("R16-2"), Closable: true,
		Figures: figures("year", "grade", "decidedOn", "expertReviews", "thirdPartyReviews", "reviewsWanted"),
		Title:   text.Say("考核评价参与不全", "a grading without all participants or reviews"),
		Raised:  text.Say("评定之日", "the day of the decision"),
		Cleared: closedOut},
	{Code: "AL-EVL-03", Severity: Yellow, Office: events.CenterRole, Key: keyYear, Rules: rules("R10-3"),
		Figures: figures("year", "grade", "decidedOn"),
		Title:   text.Say("无任务书而评定等级", "graded with no task book on file"),
		Raised:  text.Say("评定之日", "the day of the decision"),
		Cleared: text.Say("中心备案建设任务书", "the center files a task book")},
	{Code: "AL-AWD-01", Severity: Red, Office: events.Finance, Key: keyGrant, Rules: rules("R17-1"),
		Figures: figures("amount", "grantedOn", "forYear", "source", "sourceWanted", "supportYears", "grade",
			"gradeWanted", "sum", "limit"),
		Title:   text.Say("建设经费下达不合条件", "a construction grant that breaks its conditions"),
		Raised:  text.Say("下达之日", "the day of the grant"),
		Cleared: wholeReversed},
	{Code: "AL-AWD-02", Severity: Yellow, Office: events.Finance, Key: keyYear, Rules: rules("R17-1"),
		EndsWithRevocation: true,
		Figures: figures("year", "grade", "from", "term", "dueOn", "supportYears", "subsidy",
			"granted", "short"),
		Title: text.Say("应补助而未足额下达", "a construction subsidy due and not granted in full"),
		Raised: text.Say("评为优秀后逾期未足额下达；延后期间不计，解除之日起",
			"not granted in full within the term from the decision; if the next year is deferred, from its release"),
		Cleared: text.Say("省财政厅足额下达建设补助，或决定次年延后安排；省委科技办更正等级", "the Department of "+
			"Finance grants the subsidy in full, or defers the allocation of the next year; or the S&T office "+
			"revises the grade")},
	{Code: "AL-PRJ-01", Severity: Red, Office: events.Finance, Key: keyGrant, Rules: rules("R17-2"),
		Figures: figures("amount", "grantedOn", "fiscalYear", "sum", "limit", "over"),
		Title:   text.Say("项目经费超过年度上限", "project money above the year's cap"),
		Raised:  text.Say("使合计超过上限的下达之日", "the day of the grant that exceeds the cap"),
		Cleared: wholeReversed},
	{Code: "AL-PRJ-02", Severity: Red, Office: events.Finance, Key: keyGrant, Rules: rules("R17-2"),
		Figures: figures("amount", "grantedOn", "fiscalYear", "gradeYear", "grade", "gradeWanted", "project"),
		Title: text.Say("项目经费缺少合格等级或立项",
			"project money without a passing grade or an approved project"),
		Raised:  text.Say("下达之日", "the day of the grant"),
		Cleared: wholeReversed},
	{Code: "AL-PRJ-03", Severity: Yellow, Office: events.Finance, Key: text.Say("财政年度", "fiscal year"),
		Rules:   rules("R17-2"),
		Figures: figures("fiscalYear", "sum", "limit", "warning", "warningFrom"),
		Title:   text.Say("项目经费接近年度上限", "project money close to the year's cap"),
		Raised:  text.Say("合计达到预警比例之日", "the day the sum reaches the warning share"),
		Cleared: text.Say("合计低于预警金额；财政年度末自行消除",
			"the sum falls below the warning amount; or the end of the fiscal year is reached")},
	{Code: "AL-PRJ-04", Severity: Red, Office: events.Finance, Key: keyGrant, Rules: rules("R17-2"),
		Figures: figures("amount", "grantedOn", "fiscalYear", "source", "sourceWanted", "project"),
		Title: text.Say("项目经费来源或项目不符",
			"project money of another source, or not for a major pilot verification"),
		Raised:  text.Say("下达之日", "the day of the grant"),
		Cleared: wholeReversed},
	{Code: "AL-FND-01", Severity: Yellow, Office: events.Finance, Key: keyGrant, Rules: rules("R04-7"),
		EndsWithRevocation: true,
		Figures:            figures("fiscalYear", "from", "term", "dueOn", "net", "received", "short"),
		Title:              text.Say("经费到账逾期", "a grant not received in time"),
		Raised: text.Say("下达后逾期未足额到账；延后期间不计，解除之日起",
			"receipts below the net grant after the term from the grant; if its year is deferred, from the release"),
		Cleared: text.Say("经费足额到账，或省财政厅冲减到已到账数，或决定该财政年度延后安排", "the grant is "+
			"received in full, or the Department of Finance reverses it down to the receipts, or defers its fiscal "+
			"year")},
	{Code: "AL-FND-03", Severity: Red, Office: events.CenterRole, Key: keyVoucher, Rules: rules(events.Overdrawn),
		Closable: true,
		Figures:  figures("voucher", "spentOn", "amount", "declaredUse", "grant", "balance"),
		Title:    text.Say("超余额支出", "a grant overdrawn"),
		Raised:   text.Say("使余额为负的凭证之日", "the day of the voucher that leaves the balance below zero"),
		Cleared:  orClosedOut("中心冲销该凭证", "the center reverses the voucher")},
	{Code: "AL-USE-01", Severity: Red, Office: events.CenterRole, Key: keyVoucher,
		Rules: rules("R20-2", "R20-3", "R20-4"), Closable: true,
		Figures: figures("use", "voucher", "spentOn", "amount", "declaredUse", "grant"),
		Title:   text.Say("禁止用途支出", "spent on a forbidden use"),
		Raised:  text.Say("支出之日，或认定之日", "the day of the voucher, or of the ruling that made it so"),
		Cleared: orClosedOut("中心冲销该凭证；省委科技办或省财政厅另行认定用途",
			"the center reverses the voucher; the S&T office or the Department of Finance rules otherwise")},
	{Code: "AL-USE-02", Severity: Yellow, Office: events.STOffice, Key: keyVoucher, Rules: rules("R20-1", "R20-4"),
		Figures: figures("use", "voucher", "spentOn", "amount", "declaredUse", "grant"),
		Title:   text.Say("用途待认定", "a use to be ruled on"),
		Raised:  text.Say("支出之日，或认定之日", "the day of the voucher, or of the ruling that made it so"),
		Cleared: text.Say("省委科技办或省财政厅认定用途；中心冲销该凭证",
			"the S&T office or the Department of Finance rules on the use; or the center reverses the voucher")},
	{Code: "AL-USE-03", Severity: Yellow, Office: events.CenterRole, Key: keyYear, Rules: rules("R20-1"),
		Closable: true,
		Figures:  figures("year", "main", "spent", "share", "shareWanted"),
		Title:    text.Say("主要用途占比偏低", "too small a share for the main uses"),
		Raised:   text.Say("年末", "the end of the year"),
		Cleared:  closedOut},
	{Code: "AL-EXE-01", Severity: Yellow, Office: events.CenterRole, Key: text.Say("触发月份", "month raised"),
		Rules: rules("R20-6"), EndsWithRevocation: true,
		Figures: figures("monthEnd", "available", "executed", "rate", "progressFrom", "elapsed", "all", "progress",
			"warning", "line", "late", "lateAfter"),
		Title:  text.Say("执行率落后序时进度", "execution behind time progress"),
		Raised: text.Say("落后的首个月末", "the first month-end that is behind"),
		Cleared: text.Say("中心加快支出，首个不再落后的月末消除，最迟年末消除；转入下一年重新考核",
			"the center spends: the first month-end that is not behind clears it, and at the latest the end of the "+
				"year; each year starts anew")},
	{Code: "AL-EXE-02", Severity: Red, Office: events.CenterRole, Key: keyYear, Rules: rules("R20-6"),
		Figures: figures("year", "available", "executed", "rate", "lowRate", "late", "lateAfter"),
		Title:   text.Say("年度执行率低", "a low annual execution rate"),
		Raised:  text.Say("年末", "the end of the year"),
		Cleared: text.Say("省财政厅决定次年延后安排，或解除延后",
			"the Department of Finance defers the allocation of the next year, or releases it")},
	{Code: "AL-EXE-03", Severity: Red, Office: events.Finance, Key: keyGrant, Rules: rules("R20-7"),
		Figures: figures("available", "executed", "rate", "lowRate", "late", "lateAfter", "amount", "grantedOn",
			"fiscalYear", "word"),
		Title:   text.Say("执行率低而仍下达次年经费", "a grant for the year after a low one"),
		Raised:  text.Say("下达之日", "the day of the grant"),
		Cleared: wholeReversed},
	{Code: "AL-EXE-04", Severity: Yellow, Office: events.Finance, Key: keyYear, Rules: rules("R20-7"),
		EndsWithRevocation: true,
		Figures: figures("year", "available", "executed", "rate", "lowRate", "late", "lateAfter", "from",
			"term", "dueOn"),
		Title:  text.Say("执行率低而未决定延后", "a low year and no deferral decided"),
		Raised: text.Say("年末后逾期未决定", "overdue from the end of the year"),
		Cleared: text.Say("省财政厅决定次年延后安排，或解除延后",
			"the Department of Finance defers the allocation of the next year, or releases it")},
	{Code: "AL-EXE-05", Severity: Red, Office: events.Finance, Key: keyGrant, Rules: rules("R20-7"),
		Figures: figures("available", "executed", "rate", "lowRate", "late", "lateAfter", "fiscalYear", "announcedOn",
			"net", "paidOn", "received", "word"),
		Title: text.Say("执行率低而仍拨付提前下达经费", "a grant announced ahead, paid after a low year"),
		Raised: text.Say("年末后首次到账之日，当日次年延后安排尚未解除",
			"the day of the first receipt after the year's end on which the next year is not released"),
		Cleared: wholeReversed},
	{Code: "AL-OUT-01", Severity: Red, Office: events.CenterRole, Key: keyVoucher, Rules: rules("R20-8"),
		Closable: true,
		Figures:  figures("voucher", "spentOn", "amount", "declaredUse", "grant", "taskBook"),
		Title:    text.Say("外拨无有效委托任务书", "an out-transfer without a valid entrustment task book"),
		Raised:   text.Say("支出之日", "the day of the voucher"),
		Cleared:  orClosedOut("中心冲销该凭证", "the center reverses the voucher")},
	{Code: "AL-OUT-02", Severity: Red, Office: events.CenterRole, Key: text.Say("委托任务书编号", "task book"),
		Rules:   rules("R20-9"),
		Figures: figures("taskBook", "entrusted", "clause", "voucher", "spentOn", "limit"),
		Title:   text.Say("外拨未专账核算", "an out-transfer without separate-account bookkeeping"),
		Raised: text.Say("首张凭证之日（任务书无专账条款），否则逾期未确认",
			"the first voucher if the book has no clause, otherwise the confirmation overdue from it"),
		Cleared: text.Say("中心确认专账核算；或该任务书的凭证全部冲销",
			"the center confirms the separate account; or reverses all vouchers under the task book")},
	{Code: "AL-MAT-01", Severity: Blue, Office: events.LocalGov, Key: text.Say("配套编号", "match"),
		Rules: rules("R04-9"), EndsWithRevocation: true,
		Figures: figures("fiscalYear", "dueOn", "net", "received", "short"),
		Title:   text.Say("配套资金到账逾期", "matching money not received in time"),
		Raised:  text.Say("承诺期限次日", "the day after it was due"),
		Cleared: text.Say("所在地政府使到账达到承诺额",
			"the local government pays until the receipts reach the amount promised")},
	{Code: "AL-RCT-01", Severity: Yellow, Office: events.STOffice, Key: keyYear, Rules: rules("R18-1"),
		EndsWithRevocation: true,
		Figures:            figures("year", "grade", "decidedOn", "from", "term", "dueOn"),
		Title:              text.Say("责令整改逾期", "rectification not ordered in time"),
		Raised:             text.Say("评为不合格后逾期未责令", "overdue from the unqualified decision"),
		Cleared: text.Say("省委科技办责令限期整改，或更正等级",
			"the S&T office orders rectification, or revises the grade")},
	{Code: "AL-RCT-02", Severity: Red, Office: events.CenterRole, Key: keyYear, Rules: rules("R18-1"),
		EndsWithRevocation: true,
		Figures:            figures("year", "grade", "decidedOn", "orderedOn", "dueOn"),
		Title:              text.Say("整改到期未通过验收", "rectification due and not accepted"),
		Raised: text.Say("整改期限次日，当日仍为不合格",
			"the day after the order's due date, if the year is still unqualified then"),
		Cleared: text.Say("省委科技办验收整改并通过，或更正等级",
			"the S&T office accepts the rectification, or revises the grade")},
	{Code: "AL-ITV-01", Severity: Yellow, Office: events.STOffice, Key: keyYear, Rules: rules("R18-2"),
		EndsWithRevocation: true,
		Figures:            figures("year", "grade", "decidedOn", "from", "term", "dueOn"),
		Title:              text.Say("约谈逾期", "interview overdue"),
		Raised: text.Say("评为不合格后逾期未约谈主要负责人",
			"the principal not interviewed within the term from the unqualified decision"),
		Cleared: text.Say("省委科技办约谈主要负责人，或更正等级",
			"the S&T office interviews the principal, or revises the grade")},
	{Code: "AL-REV-01", Severity: Red, Office: events.STOffice, Key: keyYear, Rules: rules("R18-3"),
		Figures: figures("grade", "decidedOn", "grade-1", "decidedOn-1", "failures"),
		Title:   text.Say("连续不合格应取消资格", "revocation due after consecutive failures"),
		Raised:  text.Say("较晚一次评为不合格之日", "the later of the decisions"),
		Cleared: text.Say("省委科技办取消资格，或更正其中一年的等级",
			"the S&T office revokes the qualification, or revises the grade of one of the years")},
	{Code: "AL-REV-02", Severity: Red, Office: events.Finance, Key: text.Say("下达编号或凭证号", "grant or voucher"),
		Rules: rules("R18-3"), Closable: true,
		Figures: figures("revokedOn", "movement", "movedOn", "amount"),
		Title:   text.Say("取消资格后的资金往来", "money after revocation"),
		Raised:  text.Say("下达、到账或支出之日", "the day of the grant, receipt or voucher"),
		Cleared: closedOut},
	{Code: "AL-REV-03", Severity: Yellow, Office: events.STOffice, Key: keyYear, Rules: rules("R18-3"),
		Figures: figures("grade", "decidedOn", "failures", "ungraded"),
		Title: text.Say("不合格之间隔一年未评，需人工认定",
			"two failed years with an ungraded year between, to be ruled on"),
		Raised: text.Say("较晚一次评为不合格之日", "the later of the two decisions"),
		Cleared: text.Say("省委科技办评定其间年度的等级，或更正其中一年的等级",
			"the S&T office grades the year between, or revises the grade of one of the failed years")},
	{Code: "AL-AUD-01", Severity: Yellow, Office: events.CenterRole, Key: text.Say("疑点编号", "finding"),
		Rules:   rules("R04-4"),
		Figures: figures("finding", "openedOn", "dueOn"),
		Title:   text.Say("审计疑点逾期未办结", "an audit finding overdue"),
		Raised:  text.Say("办结期限次日", "the day after it was due"),
		Cleared: text.Say("中心整改后，审计记录疑点办结",
			"the center settles it, and the auditor records that the finding is closed")},
	{Code: LedgerBroken, Severity: Red, Office: events.Admin, Key: text.Say("位置", "position"), Rules: rules("R04-4"),
		Figures: figures("position", "revision", "recordedOn"),
		Title:   text.Say("台账自身完整性破坏", "a break in the ledger's own integrity"),
		Raised:  text.Say("该记录写入之日", "the day the record was written"),
		Cleared: text.Say("不会自行消除", "nothing clears it")},
}

// LedgerBroken is the alert about a record that should not be in the ledger. It does not follow from the history of a
// center; package projections raises it when it applies the record.
const LedgerBroken Code = "AL-LED-01"

// What clears several alerts.
var (
	closedOut = text.Say("省委科技办、省财政厅或审计销号，写明理由和发文字号",
		"the S&T office, the Department of Finance or the auditor closes it out, with a reason and a document number")
	wholeReversed = text.Say("省财政厅将该笔下达全额冲减", "the Department of Finance reverses the whole grant")
)

// orClosedOut adds to what clears an alert that it can be closed out.
func orClosedOut(zh, en string) text.Text {
	return text.Text{Zh: zh + "；或" + closedOut.Zh, En: en + "; or " + closedOut.En}
}

var (
	keyRule    = text.Say("条款编号", "rule")
	keyStep    = text.Say("步骤", "step")
	keyYear    = text.Say("年度", "year")
	keyGrant   = text.Say("经费下达编号", "grant")
	keyVoucher = text.Say("凭证号", "voucher")
)

func figures(names ...string) []string { return names }

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

// AlertCodes holds the codes of the catalog, in its order, with the titles of the alerts as their words.
var AlertCodes = func() (all text.Vocabulary[Code]) {
	for i := range AlertCatalog {
		all = append(all, text.Term[Code]{Code: AlertCatalog[i].Code, Word: AlertCatalog[i].Title})
	}
	return all
}()

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

// KeyWord returns what people call the key of an alert. Most keys are ids, days or years, which are their own words.
func KeyWord(code Code, key string) text.Text {
	switch code {
	case "AL-ADM-03":
		if key == "relaxation" {
			return text.Say("放宽", "relaxation")
		}
	case "AL-PRC-01", "AL-PRC-02":
		if name, ok := stepNames[events.Kind(key)]; ok {
			return name
		}
	case "AL-GOV-01":
		return events.ValueWord(events.KindGovernanceRecorded, "item", key)
	}
	return text.Same(key)
}

// Office returns the office that must act on an alert, or "" for an unknown code.
func Office(code Code) events.Role {
	if row := LookupAlert(code); row != nil {
		return row.Office
	}
	return ""
}
