package events

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events/text"
)

// samples returns one record of every kind, with every optional member. The golden files must decode to them, so a
// sample changes only together with a new version of its kind.
func samples() []Recorded {
	facts := Facts{Name: "浙江省动力电池技术转移转化中心", USCC: "91330106MAC1K2L32C",
		LeadUnit: "湖州动力电池研究院有限公司",
		Type:     "pilot-base", Services: []string{"proof-of-concept", "pilot"}, LeadingIndustries: []string{
			"动力电池"},
		IndustryCode: "C3841", Region: "330502", FoundedOn: MustDate("2012-02-29"), LegalEntity: true,
		UsableAreaM2: 5000,
		EquipmentFen: 5_000_000_000, PilotFunction: true, PilotDevicesSeparate: true, Fields: []string{"ai", "other"},
		EthicsSensitive: true, EthicsCommittee: true, Documents: []string{"internal-control", "fee-schedule"}}
	everyone := []string{"st-office", "finance", "ndrc", "economy-it", "natural-resources", "ecology", "emergency",
		"local-gov"}
	list := []Recorded{
		sample(Admin, "2024-01-01",
			&PolicyAdopted{ID: "zj-2024-draft", Version: "1", EffectiveFrom: MustDate("2024-01-01"),
				Source: "浙江省技术转移转化中心建设管理办法（征求意见稿）", Digest: fmt.Sprintf("%064x", 7),
				Text: "{\n  \"id\": \"zj-2024-draft\"\n}\n"}),
		sample(CenterRole, "2024-01-08", &CenterRegistered{facts}),
		sample(STOffice, "2024-01-10", &CenterAssigned{IndustryDept: "省经信厅", LocalGov: "330502"}),
		sample(CenterRole, "2024-03-17",
			&FactsChanged{Name: new("浙江省动力电池中试基地"), USCC: new("52330200MJ8765437Q"),
				LeadUnit: new("湖州动力电池研究院"), Type: new("other"), Services: []string{},
				LeadingIndustries: []string{
					"动力电池", "储能"},
				IndustryCode: new("I65"), Region: new("330503"), FoundedOn: MustDate("2011-12-31"),
				LegalEntity: new(false),
				NewUnit:     new(true), UsableAreaM2: new(int64(4200)), EquipmentFen: new(Fen(0)),
				RelaxationRequested: new(true),
				PilotFunction:       new(false), PilotDevicesSeparate: new(false), Fields: []string{"life-science"},
				EthicsSensitive: new(true), EthicsCommittee: new(false), Documents: []string{"bylaws"}}),
		sample(LocalGov, "2024-01-20", &ConditionJudged{Rule: "R06-1b", Conclusion: "basically-met"}),
		sample(STOffice, "2024-01-21", &WaiverGranted{Rule: "R05-2", Reason: "在原有单位基础上重组设立"}),
		sample(STOffice, "2024-01-22", &RelaxationGranted{Reason: "属数字经济行业"}),
		sample(IndustryDept, "2024-01-24", &PlanAppraised{Passed: true, Opinion: "同意推荐"}),
		sample(STOffice, "2024-02-20", &PreliminaryReviewed{Passed: true}),
		sample(CenterRole, "2024-03-01", &PlanRevised{Version: "2"}),
		sample(STOffice, "2024-04-05",
			&JointAppraisalHeld{Participants: everyone, ExpertReviews: 5, ThirdPartyReviews: 1,
				Conclusions: Conclusions{Feasibility: true, Soundness: true, Necessity: true}}),
		sample(STOffice, "2024-04-20", &SpecialMeetingDecided{Approved: true}),
		sample(STOffice, "2024-05-20", &PlaqueAwarded{PlaqueNo: "浙转化〔2024〕7号"}),
		sample(CenterRole, "2024-06-14", &TaskBookFiled{Version: "1", PeriodStart: MustDate("2024-05-20"),
			PeriodEnd: MustDate("2027-05-19"), SupportYears: []int{2024, 2025, 2026}, Targets: []Target{
				{Name: "概念验证项目数", Year: 2024, Value: jsontext.Value("21"), Unit: "项"},
				{Name: "技术合同成交额", Year: 2025, Value: jsontext.Value("1.50"), Unit: "亿元"}}}),
		sample(CenterRole, "2024-07-01", &GovernanceRecorded{Item: "expert-committee"}),
		sample(IndustryDept, "2025-01-13",
			&IncidentRecorded{Incident: "SG-2025-01", Kind: "environment", Severity: "major",
				OccurredOn: MustDate("2025-01-09")}),
		sample(LocalGov, "2025-03-13", &IncidentClosed{Incident: "SG-2025-01"}),
		sample(STOffice, "2025-02-01",
			&CreditListed{Listing: "SX-2025-3", List: "dishonesty", Until: MustDate("2027-01-31")}),
		sample(STOffice, "2025-12-01", &CreditDelisted{Listing: "SX-2025-3"}),
		sample(CenterRole, "2025-04-02", &TrialRecorded{Trial: "SY-12", OnProductionLine: true}),
		sample(CenterRole, "2025-02-27",
			&AnnualReportSubmitted{Year: 2024, Parts: []string{"construction", "performance", "funds"}}),
		sample(LocalGov, "2025-03-10", &AnnualReportReviewed{Year: 2024, Passed: true}),
		sample(CenterRole, "2025-03-30", &AnnualReportFiled{Year: 2024}),
		sample(CenterRole, "2027-06-30", &FinalReportFiled{}),
		sample(STOffice, "2025-04-18", &GradeDecided{Year: 2024, Grade: "excellent",
			Participants: []string{"st-office", "industry-dept", "finance", "local-gov"}, ExpertReviews: 9,
			ThirdPartyReviews: 1}),
		sample(STOffice, "2025-05-18", &GradeRevised{Year: 2024, Grade: "unqualified", Reason: "核减虚报指标"}),
		sample(STOffice, "2025-06-01", &RectificationOrdered{Year: 2024, DueOn: MustDate("2025-08-30")}),
		sample(CenterRole, "2025-08-15", &RectificationSubmitted{Year: 2024}),
		sample(STOffice, "2025-08-29", &RectificationAccepted{Year: 2024}),
		sample(STOffice, "2025-06-10", &InterviewHeld{Year: 2024, Principal: true}),
		sample(STOffice, "2026-05-10", &QualificationRevoked{Reason: "连续两年考核评价不合格"}),
		sample(STOffice, "2025-04-30", &ProjectApproved{
			Project: "XM-9-2", Name: "固态电池中试验证", MajorPilotVerification: true, Eligible: true}),
		sample(Finance, "2025-05-06",
			&SubsidyGranted{Grant: "JF-0007-03", Category: Construction, Source: CentralGuidance,
				FiscalYear: 2025, ForYear: 2024, Project: "XM-9-2", AmountFen: 200_000_000}),
		sample(Finance, "2025-09-01",
			&SubsidyReversed{Grant: "JF-0007-03", AmountFen: 50_000_000, Reason: "预算调整"}),
		sample(Finance, "2025-06-03", &SubsidyReceived{Grant: "JF-0007-03", AmountFen: 150_000_000}),
		sample(Finance, "2026-01-15", &FundsRecovered{Grant: "JF-0007-03", AmountFen: 1, Reason: "结余收回"}),
		sample(LocalGov, "2025-03-04", &MatchingCommitted{Match: "PT-0007-2025", FiscalYear: 2025, Level: "county",
			AmountFen: 100_000_000, DueOn: MustDate("2025-09-30")}),
		sample(LocalGov, "2025-09-20", &MatchingReceived{Match: "PT-0007-2025", AmountFen: 100_000_000}),
		sample(CenterRole, "2025-07-11",
			&FundsSpent{Voucher: "记-2025-07-0031", Payee: "湖州生物科技研究院", Use: "equipment",
				Lines: []SpendingLine{{Grant: "JF-0007-03", AmountFen: 123_456_78},
					{Grant: "PT-0007-2025", AmountFen: 1}},
				OwnFen: 10_000, EconCode: "31003", Summary: "电化学工作站",
				OutTransfer: &OutTransfer{TaskBook: "WT-0007-8"}}),
		sample(CenterRole, "2025-07-12",
			&SpendingReversed{Voucher: "记-2025-07-0031", ReversalVoucher: "记-2025-07-0032", Reason: "科目记错"}),
		sample(Finance, "2025-08-01", &UseRuled{Voucher: "记-2025-07-0033", Use: "capital-construction"}),
		sample(CenterRole, "2025-06-30", &EntrustmentSigned{TaskBook: "WT-0007-8", Payee: "湖州生物科技研究院",
			SignedOn: MustDate("2025-06-24"), AmountFen: 30_000_000, SeparateAccountClause: true,
			Necessity: "委托开展专项测试"}),
		sample(CenterRole, "2025-08-05", &SeparateAccountConfirmed{TaskBook: "WT-0007-8"}),
		sample(CenterRole, "2025-12-20", &OutTransferSettled{TaskBook: "WT-0007-8", AmountFen: 29_999_999}),
		sample(Finance, "2026-01-20", &AllocationDeferred{FiscalYear: 2026}),
		sample(Finance, "2026-06-20", &DeferralReleased{FiscalYear: 2026, Reason: "执行进度已达要求"}),
		sample(STOffice, "2025-06-18", &FundPreferenceRecorded{Year: 2024}),
		sample(Auditor, "2026-02-01",
			&AuditFindingOpened{Finding: "YD-1", Text: "设备购置未按规定招标", DueOn: MustDate("2026-04-30")}),
		sample(Auditor, "2026-04-20", &AuditFindingClosed{Finding: "YD-1", Text: "已补充说明并整改"}),
		sample(Auditor, "2026-02-17",
			&AlertClosed{Code: "AL-FND-03", Key: "记-2025-07-0031", Reason: "已整改，予以销号"}),
		sample(STOffice, "2026-03-16", &EntryVoided{Event: "5b0c0000-0000-4000-8000-000000000016", Reason: "误录"}),
		sample(Program, "2026-11-30", &LedgerSealed{Origin: "taizhang.zjkjt/2024", Key: sealKey("taizhang.zjkjt/2024"),
			Size: 1204, Root: rootOf(7), Cosigners: []Cosigner{{Name: "sjt.example/w1", At: "2026-11-29T10:00:03Z"},
				{Name: "czt.example/w2", At: "2026-11-29T10:00:04Z"}},
			After: &SealedAfter{Origin: "taizhang.zj/2023", Key: sealKey("taizhang.zj/2023"), Size: 0,
				Root: RootOfNothing}}),
	}
	for i := range list {
		r := &list[i]
		r.Kind = kindOf(r.Data)
		r.ID = uuid.MustParse(fmt.Sprintf("5b0c0000-0000-4000-8000-%012d", i+1))
		if Lookup(r.Kind).Stream == "" {
			r.Center = "ZJ-0007"
		}
	}
	return list
}

// sealKey returns a key of the form that a verifier key of a checkpoint has.
func sealKey(origin string) string {
	return origin + "+0b2f7d31+ASb6x4vZ0GkQ8l8pQy2u7w0h4o5nS1rJ3mT9cE6dF2aB"
}

// rootOf returns a root of a Merkle tree in base64.
func rootOf(b byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, rootBytes))
}

func kindOf(data Payload) Kind {
	for i := range Catalog {
		if Catalog[i].data == reflect.TypeOf(data) {
			return Catalog[i].Kind
		}
	}
	return ""
}

func sample(role Role, on string, data Payload) Recorded {
	return Recorded{
		Record: Record{On: MustDate(on), By: By{Role: role, Actor: "经办-03"}, Mode: Recording,
			Doc: "浙财科教〔2025〕12号",
			Evidence: []Evidence{{Name: "下达文件.pdf", SHA256: fmt.Sprintf("%064x", 1)},
				{Name: "附件.ofd", SHA256: fmt.Sprintf("%064x", 2)}},
			Note: "补录", Data: data},
		Entry: Entry{EnteredBy: "bulu-01",
			Policy:   PolicyRef{ID: "zj-2024-draft", Version: "1", Digest: fmt.Sprintf("%064x", 7)},
			Breaks:   []RuleID{"R17-1", "R20-7"},
			Warnings: []text.Text{text.Say("文号格式存疑", "doubtful document number")}},
	}
}

// sampleOf returns the sample of a kind.
func sampleOf(kind Kind) Recorded {
	for _, r := range samples() {
		if r.Kind == kind {
			return r
		}
	}
	panic("no sample of " + kind)
}
