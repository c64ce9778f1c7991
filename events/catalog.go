package events

import (
	"reflect"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events/text"
)

// The kinds of section 4.
const (
	KindPolicyAdopted            Kind = "policy.adopted"
	KindCenterRegistered         Kind = "center.registered"
	KindCenterAssigned           Kind = "center.assigned"
	KindFactsChanged             Kind = "facts.changed"
	KindConditionJudged          Kind = "condition.judged"
	KindWaiverGranted            Kind = "waiver.granted"
	KindRelaxationGranted        Kind = "relaxation.granted"
	KindPlanAppraised            Kind = "plan.appraised"
	KindPreliminaryReviewed      Kind = "preliminary.reviewed"
	KindPlanRevised              Kind = "plan.revised"
	KindJointAppraisalHeld       Kind = "joint-appraisal.held"
	KindSpecialMeetingDecided    Kind = "special-meeting.decided"
	KindPlaqueAwarded            Kind = "plaque.awarded"
	KindTaskBookFiled            Kind = "task-book.filed"
	KindGovernanceRecorded       Kind = "governance.recorded"
	KindIncidentRecorded         Kind = "incident.recorded"
	KindIncidentClosed           Kind = "incident.closed"
	KindCreditListed             Kind = "credit.listed"
	KindCreditDelisted           Kind = "credit.delisted"
	KindTrialRecorded            Kind = "trial.recorded"
	KindAnnualReportSubmitted    Kind = "annual-report.submitted"
	KindAnnualReportReviewed     Kind = "annual-report.reviewed"
	KindAnnualReportFiled        Kind = "annual-report.filed"
	KindFinalReportFiled         Kind = "final-report.filed"
	KindGradeDecided             Kind = "grade.decided"
	KindGradeRevised             Kind = "grade.revised"
	KindRectificationOrdered     Kind = "rectification.ordered"
	KindRectificationSubmitted   Kind = "rectification.submitted"
	KindRectificationAccepted    Kind = "rectification.accepted"
	KindInterviewHeld            Kind = "interview.held"
	KindQualificationRevoked     Kind = "qualification.revoked"
	KindProjectApproved          Kind = "project.approved"
	KindSubsidyGranted           Kind = "subsidy.granted"
	KindSubsidyReversed          Kind = "subsidy.reversed"
	KindSubsidyReceived          Kind = "subsidy.received"
	KindFundsRecovered           Kind = "funds.recovered"
	KindMatchingCommitted        Kind = "matching.committed"
	KindMatchingReceived         Kind = "matching.received"
	KindFundsSpent               Kind = "funds.spent"
	KindSpendingReversed         Kind = "spending.reversed"
	KindUseRuled                 Kind = "use.ruled"
	KindEntrustmentSigned        Kind = "entrustment.signed"
	KindSeparateAccountConfirmed Kind = "separate-account.confirmed"
	KindOutTransferSettled       Kind = "out-transfer.settled"
	KindAllocationDeferred       Kind = "allocation.deferred"
	KindDeferralReleased         Kind = "deferral.released"
	KindFundPreferenceRecorded   Kind = "fund-preference.recorded"
	KindAuditFindingOpened       Kind = "audit-finding.opened"
	KindAuditFindingClosed       Kind = "audit-finding.closed"
	KindAlertClosed              Kind = "alert.closed"
	KindEntryVoided              Kind = "entry.voided"
	KindLedgerSealed             Kind = "ledger.sealed"
)

// CatalogEntry is the description of one kind of event.
type CatalogEntry struct {
	Kind    Kind
	Stream  StreamID // the stream of the kind; "" for the stream of its center
	Version int      // the current version of the payload's layout
	// may write it; waiver.granted: only the role that the policy names (OP-04); entry.voided: a role that may write
	// the kind voided
	Roles    []Role
	Decision bool // a decision is judged (section 5); a fact is recorded
	Rules    []RuleID
	Title    text.Text
	Area     Area
	About    text.Text // what it is for, in a line

	blank   func() Payload
	upcasts []upcast // upcasts[i] turns version i+1 into i+2
	shape   *shape
	data    reflect.Type // of the payload
}

// Area is the part of the work of the offices that a kind of event belongs to.
type Area string

// These are the areas.
const (
	AreaRecognition  Area = "recognition"
	AreaConstruction Area = "construction"
	AreaEvaluation   Area = "evaluation"
	AreaFunds        Area = "funds"
	AreaOversight    Area = "oversight"
	AreaPolicy       Area = "policy"
	AreaLedger       Area = "ledger"
)

// Areas are the areas in words.
var Areas = text.Vocabulary[Area]{
	{Code: AreaRecognition, Word: text.Say("认定", "recognition")},
	{Code: AreaConstruction, Word: text.Say("建设运行", "construction and operation")},
	{Code: AreaEvaluation, Word: text.Say("评价", "evaluation")},
	{Code: AreaFunds, Word: text.Say("资金", "funds")},
	{Code: AreaOversight, Word: text.Say("监督", "oversight")},
	{Code: AreaPolicy, Word: text.Say("办法参数", "policies")},
	{Code: AreaLedger, Word: text.Say("台账自身", "the ledger itself")},
}

// upcast is a function that converts a payload of one version to the next version.
type upcast func(data jsontext.Value) (jsontext.Value, error)

// Catalog lists every kind in the order of section 4.
var Catalog = withShapes([]CatalogEntry{
	{Kind: KindPolicyAdopted, Stream: PolicyStream, Roles: []Role{Admin},
		Title: text.Say("办法参数采用", "policy adopted"), Area: AreaPolicy,
		About: text.Say("采用一版办法参数", "adopt a version of the Measures as data"),
		blank: func() Payload { return new(PolicyAdopted) }},
	{Kind: KindCenterRegistered, Roles: []Role{CenterRole}, Rules: []RuleID{"R02-1", "R05-1"},
		Title: text.Say("中心登记", "center registered"), Area: AreaRecognition,
		About: text.Say("登记一个新的中心和它的基本情况", "enter a new center with its facts"),
		blank: func() Payload { return new(CenterRegistered) }},
	{Kind: KindCenterAssigned, Roles: []Role{STOffice}, Rules: []RuleID{"R04-6", "R04-8"},
		Title: text.Say("责任单位指定", "center assigned"), Area: AreaRecognition,
		About: text.Say("指定负责中心的行业主管部门和所在地政府", "name the offices that answer for the center"),
		blank: func() Payload { return new(CenterAssigned) }},
	{Kind: KindFactsChanged, Roles: []Role{CenterRole}, Title: text.Say("登记事实变更", "facts changed"),
		Area:  AreaConstruction,
		About: text.Say("登记的基本情况有变化", "registered facts have changed"),
		blank: func() Payload { return new(FactsChanged) }},
	{Kind: KindConditionJudged, Roles: []Role{STOffice, IndustryDept, LocalGov},
		Title: text.Say("条件认定", "condition judged"), Area: AreaRecognition,
		About: text.Say("对一项建设条件下结论", "say whether a condition is met"),
		blank: func() Payload { return new(ConditionJudged) }},
	{Kind: KindWaiverGranted, Roles: []Role{STOffice, Finance, IndustryDept, LocalGov}, Decision: true,
		Rules: []RuleID{"R06"}, Title: text.Say("例外批准", "waiver granted"), Area: AreaRecognition,
		About: text.Say("批准一项原则性条件的例外", "waive a condition that holds in principle"),
		blank: func() Payload { return new(WaiverGranted) }},
	{Kind: KindRelaxationGranted, Roles: []Role{STOffice}, Decision: true, Rules: []RuleID{"R06-2d"},
		Title: text.Say("放宽批准", "relaxation granted"), Area: AreaRecognition,
		About: text.Say("批准放宽面积和设备原值的要求", "lower the floor area and equipment that are asked for"),
		blank: func() Payload { return new(RelaxationGranted) }},
	{Kind: KindPlanAppraised, Roles: []Role{IndustryDept, LocalGov}, Rules: []RuleID{"R09-2"},
		Title: text.Say("初步方案论证", "plan appraised"), Area: AreaRecognition,
		About: text.Say("申报之前论证初步方案", "the first plan was appraised before the application"),
		blank: func() Payload { return new(PlanAppraised) }},
	{Kind: KindPreliminaryReviewed, Roles: []Role{STOffice}, Decision: true, Rules: []RuleID{"R09-2", "R09-3"},
		Title: text.Say("初步审核", "preliminary reviewed"), Area: AreaRecognition,
		About: text.Say("初步审核通过或不通过", "pass or fail the preliminary review"),
		blank: func() Payload { return new(PreliminaryReviewed) }},
	{Kind: KindPlanRevised, Roles: []Role{CenterRole}, Rules: []RuleID{"R09-4"},
		Title: text.Say("方案完善", "plan revised"), Area: AreaRecognition,
		About: text.Say("初步审核后完善了建设方案", "the plan was completed after the preliminary review"),
		blank: func() Payload { return new(PlanRevised) }},
	{Kind: KindJointAppraisalHeld, Roles: []Role{STOffice}, Decision: true,
		Rules: []RuleID{"R09-4", "R09-5", "R09-6", "R09-7"}, Title: text.Say("方案论证", "joint appraisal held"),
		Area:  AreaRecognition,
		About: text.Say("会同有关部门论证了建设方案", "the departments appraised the plan together"),
		blank: func() Payload { return new(JointAppraisalHeld) }},
	{Kind: KindSpecialMeetingDecided, Roles: []Role{STOffice}, Decision: true, Rules: []RuleID{"R09-5", "R09-8"},
		Title: text.Say("专题会议审定", "special meeting decided"), Area: AreaRecognition,
		About: text.Say("专题会议审定或不予审定", "the special meeting approved or rejected the center"),
		blank: func() Payload { return new(SpecialMeetingDecided) }},
	{Kind: KindPlaqueAwarded, Roles: []Role{STOffice}, Decision: true, Rules: []RuleID{"R09-9"},
		Title: text.Say("授牌", "plaque awarded"), Area: AreaRecognition,
		About: text.Say("授予牌匾", "award the plaque"), blank: func() Payload { return new(PlaqueAwarded) }},
	{Kind: KindTaskBookFiled, Roles: []Role{CenterRole}, Rules: []RuleID{"R10-2"},
		Title: text.Say("任务书备案", "task book filed"), Area: AreaConstruction,
		About: text.Say("备案建设任务书：责任期、年度和目标", "file the task book: its period, years and targets"),
		blank: func() Payload { return new(TaskBookFiled) }},
	{Kind: KindGovernanceRecorded, Roles: []Role{CenterRole},
		Rules: []RuleID{"R11-1", "R11-2", "R11-3", "R11-4", "R14-1"},
		Title: text.Say("治理事项", "governance recorded"), Area: AreaConstruction,
		About: text.Say("管理团队、章程、专家委员会等已建立",
			"the team, the bylaws, the experts or the like are in place"),
		blank: func() Payload { return new(GovernanceRecorded) }},
	{Kind: KindIncidentRecorded, Roles: []Role{STOffice, IndustryDept, LocalGov}, Rules: []RuleID{"R06-5b"},
		Title: text.Say("事故记录", "incident recorded"), Area: AreaOversight,
		About: text.Say("发生了安全、质量或环境事故", "there was a safety, quality or environmental incident"),
		blank: func() Payload { return new(IncidentRecorded) }},
	{Kind: KindIncidentClosed, Roles: []Role{STOffice, IndustryDept, LocalGov}, Rules: []RuleID{"R06-5b"},
		Title: text.Say("事故处理完毕", "incident closed"), Area: AreaOversight,
		About: text.Say("一起事故处理完毕", "an incident is over"),
		blank: func() Payload { return new(IncidentClosed) }},
	{Kind: KindCreditListed, Roles: []Role{STOffice}, Rules: []RuleID{"R06-5d", "R06-5e"},
		Title: text.Say("列入失信或黑名单", "credit listed"), Area: AreaOversight,
		About: text.Say("中心被列入失信记录或黑名单", "the center was put on a list of dishonesty or a blacklist"),
		blank: func() Payload { return new(CreditListed) }},
	{Kind: KindCreditDelisted, Roles: []Role{STOffice}, Rules: []RuleID{"R06-5d", "R06-5e"},
		Title: text.Say("移出名单", "credit delisted"), Area: AreaOversight,
		About: text.Say("中心被移出名单", "the center was taken off the list"),
		blank: func() Payload { return new(CreditDelisted) }},
	{Kind: KindTrialRecorded, Roles: []Role{CenterRole}, Rules: []RuleID{"R06-4c"},
		Title: text.Say("中试试验", "trial recorded"), Area: AreaConstruction,
		About: text.Say("开展了一次中试试验", "a pilot trial was made"),
		blank: func() Payload { return new(TrialRecorded) }},
	{Kind: KindAnnualReportSubmitted, Roles: []Role{CenterRole}, Rules: []RuleID{"R16-1a"},
		Title: text.Say("年度自评提交", "annual report submitted"), Area: AreaEvaluation,
		About: text.Say("提交一年的自我评价", "hand in the self-evaluation of a year"),
		blank: func() Payload { return new(AnnualReportSubmitted) }},
	{Kind: KindAnnualReportReviewed, Roles: []Role{IndustryDept, LocalGov}, Rules: []RuleID{"R16-1b"},
		Title: text.Say("年度报告审核", "annual report reviewed"), Area: AreaEvaluation,
		About: text.Say("审核中心的年度报告", "review the annual report of a center"),
		blank: func() Payload { return new(AnnualReportReviewed) }},
	{Kind: KindAnnualReportFiled, Roles: []Role{CenterRole}, Rules: []RuleID{"R16-1b"},
		Title: text.Say("年度报告上报", "annual report filed"), Area: AreaEvaluation,
		About: text.Say("审核后把年度报告报省委科技办", "file the reviewed annual report with the S&T office"),
		blank: func() Payload { return new(AnnualReportFiled) }},
	{Kind: KindFinalReportFiled, Roles: []Role{CenterRole}, Rules: []RuleID{"R16-1c"},
		Title: text.Say("期满报告上报", "final report filed"), Area: AreaEvaluation,
		About: text.Say("建设期满，上报绩效自评报告", "file the report at the end of the construction period"),
		blank: func() Payload { return new(FinalReportFiled) }},
	{Kind: KindGradeDecided, Roles: []Role{STOffice}, Decision: true,
		Rules: []RuleID{"R04-5", "R10-3", "R16-2", "R18-3"}, Title: text.Say("等级评定", "grade decided"),
		Area:  AreaEvaluation,
		About: text.Say("评定一年的等级", "decide the grade of a year"),
		blank: func() Payload { return new(GradeDecided) }},
	{Kind: KindGradeRevised, Roles: []Role{STOffice}, Decision: true, Rules: []RuleID{"R04-5", "R18-3"},
		Title: text.Say("等级更正", "grade revised"), Area: AreaEvaluation,
		About: text.Say("更正已评定的等级", "replace a grade that was decided"),
		blank: func() Payload { return new(GradeRevised) }},
	{Kind: KindRectificationOrdered, Roles: []Role{STOffice}, Decision: true, Rules: []RuleID{"R18-1"},
		Title: text.Say("责令限期整改", "rectification ordered"), Area: AreaEvaluation,
		About: text.Say("责令评为不合格的中心整改", "order an unqualified center to put things right"),
		blank: func() Payload { return new(RectificationOrdered) }},
	{Kind: KindRectificationSubmitted, Roles: []Role{CenterRole}, Rules: []RuleID{"R18-1"},
		Title: text.Say("整改报告提交", "rectification submitted"), Area: AreaEvaluation,
		About: text.Say("提交整改报告", "hand in the report on what was put right"),
		blank: func() Payload { return new(RectificationSubmitted) }},
	{Kind: KindRectificationAccepted, Roles: []Role{STOffice}, Rules: []RuleID{"R18-1"},
		Title: text.Say("整改验收通过", "rectification accepted"), Area: AreaEvaluation,
		About: text.Say("验收通过，整改结束", "accept the rectification, which ends it"),
		blank: func() Payload { return new(RectificationAccepted) }},
	{Kind: KindInterviewHeld, Roles: []Role{STOffice}, Decision: true, Rules: []RuleID{"R18-2"},
		Title: text.Say("约谈", "interview held"), Area: AreaEvaluation,
		About: text.Say("约谈了中心主要负责人", "the head of the center was interviewed"),
		blank: func() Payload { return new(InterviewHeld) }},
	{Kind: KindQualificationRevoked, Roles: []Role{STOffice}, Decision: true, Rules: []RuleID{"R18-3"},
		Title: text.Say("取消资格", "qualification revoked"), Area: AreaEvaluation,
		About: text.Say("取消省转化中心资格", "end the qualification of the center"),
		blank: func() Payload { return new(QualificationRevoked) }},
	{Kind: KindProjectApproved, Roles: []Role{STOffice}, Rules: []RuleID{"R17-2"},
		Title: text.Say("项目立项", "project approved"), Area: AreaFunds,
		About: text.Say("批准一个可以支持的项目", "approve a project that may be supported"),
		blank: func() Payload { return new(ProjectApproved) }},
	{Kind: KindSubsidyGranted, Roles: []Role{Finance}, Decision: true,
		Rules: []RuleID{"R17-1", "R17-2", "R18-3", "R20-7"}, Title: text.Say("经费下达", "subsidy granted"),
		Area:  AreaFunds,
		About: text.Say("下达一笔经费", "issue an allocation"), blank: func() Payload { return new(SubsidyGranted) }},
	{Kind: KindSubsidyReversed, Roles: []Role{Finance}, Title: text.Say("经费冲减", "subsidy reversed"),
		Area:  AreaFunds,
		About: text.Say("冲减下达过的一笔经费", "lower an allocation that was issued"),
		blank: func() Payload { return new(SubsidyReversed) }},
	{Kind: KindSubsidyReceived, Roles: []Role{CenterRole, Finance}, Title: text.Say("经费到账", "subsidy received"),
		Area:  AreaFunds,
		About: text.Say("下达的经费到了账", "money of an allocation has arrived"),
		blank: func() Payload { return new(SubsidyReceived) }},
	{Kind: KindFundsRecovered, Roles: []Role{Finance}, Title: text.Say("经费收回", "funds recovered"), Area: AreaFunds,
		About: text.Say("收回到过账的经费", "take back money that had arrived"),
		blank: func() Payload { return new(FundsRecovered) }},
	{Kind: KindMatchingCommitted, Version: 2, Roles: []Role{LocalGov}, Rules: []RuleID{"R04-9", "R17-1"},
		Title: text.Say("配套承诺", "matching committed"), Area: AreaFunds,
		About: text.Say("承诺市、县的配套资金", "commit matching funds of the city or county"),
		blank: func() Payload { return new(MatchingCommitted) }, upcasts: []upcast{renameMember("dueDate", "dueOn")}},
	{Kind: KindMatchingReceived, Roles: []Role{CenterRole, LocalGov}, Rules: []RuleID{"R04-9"},
		Title: text.Say("配套到账", "matching received"), Area: AreaFunds,
		About: text.Say("配套资金到了账", "matching funds have arrived"),
		blank: func() Payload { return new(MatchingReceived) }},
	{Kind: KindFundsSpent, Roles: []Role{CenterRole}, Decision: true,
		Rules: []RuleID{"R20-1", "R20-2", "R20-3", "R20-4", "R20-8", Overdrawn},
		Title: text.Say("经费支出", "funds spent"), Area: AreaFunds,
		About: text.Say("支出经费，一张凭证记一条", "money was spent: one record for a voucher"),
		blank: func() Payload { return new(FundsSpent) }},
	{Kind: KindSpendingReversed, Roles: []Role{CenterRole}, Title: text.Say("支出冲销", "spending reversed"),
		Area:  AreaFunds,
		About: text.Say("用红字冲销一张凭证", "cancel a voucher by a reversal"),
		blank: func() Payload { return new(SpendingReversed) }},
	{Kind: KindUseRuled, Roles: []Role{STOffice, Finance}, Rules: []RuleID{"R20-1"},
		Title: text.Say("用途认定", "use ruled"), Area: AreaFunds,
		About: text.Say("认定一张凭证的用途", "rule on the use of a voucher"),
		blank: func() Payload { return new(UseRuled) }},
	{Kind: KindEntrustmentSigned, Roles: []Role{CenterRole}, Rules: []RuleID{"R20-8", "R20-9"},
		Title: text.Say("委托任务书签订", "entrustment signed"), Area: AreaFunds,
		About: text.Say("外拨前签订委托任务书", "sign the entrustment before money goes to others"),
		blank: func() Payload { return new(EntrustmentSigned) }},
	{Kind: KindSeparateAccountConfirmed, Roles: []Role{CenterRole}, Rules: []RuleID{"R20-9"},
		Title: text.Say("专账核算确认", "separate account confirmed"), Area: AreaFunds,
		About: text.Say("受托单位确认专账核算", "the payee confirms a separate account"),
		blank: func() Payload { return new(SeparateAccountConfirmed) }},
	{Kind: KindOutTransferSettled, Roles: []Role{CenterRole}, Rules: []RuleID{"R20-8"},
		Title: text.Say("外拨结算", "out-transfer settled"), Area: AreaFunds,
		About: text.Say("结算外拨的经费", "settle money that went to others"),
		blank: func() Payload { return new(OutTransferSettled) }},
	{Kind: KindAllocationDeferred, Roles: []Role{Finance}, Decision: true, Rules: []RuleID{"R20-6"},
		Title: text.Say("延后安排", "allocation deferred"), Area: AreaFunds,
		About: text.Say("执行率低，延后安排下年度经费", "defer the money of the next year after a low rate"),
		blank: func() Payload { return new(AllocationDeferred) }},
	{Kind: KindDeferralReleased, Roles: []Role{Finance}, Decision: true, Rules: []RuleID{"R20-7"},
		Title: text.Say("延后解除", "deferral released"), Area: AreaFunds,
		About: text.Say("解除延后安排", "end a deferral"), blank: func() Payload { return new(DeferralReleased) }},
	{Kind: KindFundPreferenceRecorded, Roles: []Role{STOffice}, Rules: []RuleID{"R17-2f"},
		Title: text.Say("母基金倾斜推荐", "fund preference recorded"), Area: AreaFunds,
		About: text.Say("向省科创母基金推荐中心", "recommend the center to the fund of funds"),
		blank: func() Payload { return new(FundPreferenceRecorded) }},
	{Kind: KindAuditFindingOpened, Roles: []Role{Auditor}, Rules: []RuleID{"R04-4"},
		Title: text.Say("审计疑点", "audit finding opened"), Area: AreaOversight,
		About: text.Say("审计发现疑点", "an audit has found a query point"),
		blank: func() Payload { return new(AuditFindingOpened) }},
	{Kind: KindAuditFindingClosed, Roles: []Role{Auditor}, Rules: []RuleID{"R04-4"},
		Title: text.Say("疑点办结", "audit finding closed"), Area: AreaOversight,
		About: text.Say("疑点已查清或改正", "the query point is cleared up or mended"),
		blank: func() Payload { return new(AuditFindingClosed) }},
	{Kind: KindAlertClosed, Roles: []Role{STOffice, Finance, Auditor}, Title: text.Say("预警销号", "alert closed"),
		Area: AreaOversight,
		About: text.Say("对一条预警销号，写明理由和发文字号",
			"strike an alert off the list, with a reason and a document number"),
		blank: func() Payload { return new(AlertClosed) }},
	{Kind: KindEntryVoided, Roles: []Role{CenterRole, STOffice, Finance, IndustryDept, LocalGov, Auditor},
		Title: text.Say("记录作废", "entry voided"), Area: AreaOversight,
		About: text.Say("作废记错的一条记录；原记录保留", "void a record made by mistake; it stays in the ledger"),
		blank: func() Payload { return new(EntryVoided) }},
	{Kind: KindLedgerSealed, Stream: LedgerStream, Roles: []Role{Program},
		Title: text.Say("台账封存", "ledger sealed"), Area: AreaLedger,
		About: text.Say("签署检查点之前记下上一检查点", "name the checkpoint before, right before the next is signed"),
		blank: func() Payload { return new(LedgerSealed) }},
})

// Overdrawn is the rule that refuses a voucher that takes a grant below zero. It is not in the Measures but in section
// 5.
const Overdrawn RuleID = "overdrawn"

var catalogIndex = func() map[Kind]*CatalogEntry {
	m := make(map[Kind]*CatalogEntry, len(Catalog))
	for i := range Catalog {
		m[Catalog[i].Kind] = &Catalog[i]
	}
	return m
}()

// Lookup returns the catalog's entry of a kind, or nil.
func Lookup(k Kind) *CatalogEntry { return catalogIndex[k] }

// Allows reports whether a role may write the kind.
func (e *CatalogEntry) Allows(r Role) bool { return slices.Contains(e.Roles, r) }

// ByProgram reports whether the ledger itself writes the kind. Such a record is not taken from anybody.
func (e *CatalogEntry) ByProgram() bool { return e.Allows(Program) }

// Blank returns a new zero payload of the kind.
func (e *CatalogEntry) Blank() Payload { return e.blank() }

func withShapes(entries []CatalogEntry) []CatalogEntry {
	for i := range entries {
		e := &entries[i]
		if e.Version == 0 {
			e.Version = 1
		}
		e.data = reflect.TypeOf(e.blank())
		e.shape = shapeOfType(e.data)
	}
	return entries
}

// renameMember returns the upcast for a member that got another name.
func renameMember(from, to string) upcast {
	return func(data jsontext.Value) (jsontext.Value, error) {
		var members map[string]jsontext.Value
		if err := json.Unmarshal(data, &members); err != nil {
			return nil, err
		}
		if v, ok := members[from]; ok {
			members[to] = v
			delete(members, from)
		}
		return json.Marshal(members, json.Deterministic(true))
	}
}
