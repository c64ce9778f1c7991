package sheets

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// entryID returns the id of the nth of the records of a test.
func entryID(n byte) uuid.UUID { return uuid.UUID{15: n} }

// entries are the records in the ledger of a test. The second voucher V-2 was recorded after the first was voided.
var entries = []*events.Record{
	entered(1, "2026-01-02", "", &events.FundsSpent{Voucher: "2026-00249"}),
	entered(2, "2026-01-03", "", &events.FundsSpent{Voucher: "V-2"}),
	entered(3, "2026-01-04", "", &events.EntryVoided{Event: entryID(2).String(), Reason: "重复录入"}),
	entered(4, "2026-01-05", "", &events.FundsSpent{Voucher: "V-2"}),
	entered(5, "2026-01-06", "到账凭证号：SK-1", &events.SubsidyReceived{Grant: "G-1"}),
	entered(6, "2026-01-06", "到账凭证号：SK-2", &events.SubsidyReceived{Grant: "G-1"}),
	entered(7, "2026-01-06", "", &events.SpendingReversed{Voucher: "V-2", ReversalVoucher: "R-2"}),
	entered(8, "2026-01-06", "", &events.SubsidyGranted{Grant: "G-1"}),
	entered(9, "2026-01-06", "", &events.MatchingCommitted{Match: "M-1"}),
	entered(10, "2026-01-06", "", &events.AuditFindingOpened{Finding: "SJ-1"}),
	entered(11, "2026-01-06", "", &events.AuditFindingClosed{Finding: "SJ-1"}),
	entered(12, "2026-01-07", "", &events.ProjectApproved{Project: "P-1"}),
	entered(13, "2026-01-08", "", &events.EntrustmentSigned{TaskBook: "WT-1"}),
	entered(14, "2026-01-08", "", &events.GradeDecided{Year: 2025}),
	entered(15, "2026-01-08", "收回冲减单号：SH-1", &events.FundsRecovered{Grant: "G-1"}),
	entered(16, "2026-01-09", "", &events.FundsSpent{Voucher: "V-3"}),
	entered(17, "2026-01-10", "", &events.EntryVoided{Event: entryID(16).String(), Reason: "重复录入"}),
}

func entered(n byte, on, note string, data events.Payload) *events.Record {
	day, err := events.ParseDate(on)
	if err != nil {
		panic(err)
	}
	r := &events.Record{ID: entryID(n), Center: "ZJ-0018", On: day, Note: note, Data: data}
	for i := range events.Catalog {
		if fmt.Sprintf("%T", events.Catalog[i].Blank()) == fmt.Sprintf("%T", data) {
			r.Kind = events.Catalog[i].Kind
		}
	}
	return r
}

func TestAVoidingNamesARecordAsListsDo(t *testing.T) {
	for _, c := range []struct {
		cell, role, bad string
		want            byte
	}{
		{cell: "凭证 2026-00249", want: 1, role: "center"},
		{cell: "凭证2026-00249", want: 1, role: "center"},
		{cell: "凭证ｖ－2", want: 4, role: "center"},
		{cell: "凭证号：２０２６－００２４９", want: 1, role: "center"},
		{cell: "经费支出　2026-00249", want: 1, role: "center"},
		{cell: "funds spent 2026-00249", want: 1, role: "center"},
		{cell: "00000000-0000-0000-0000-000000000008", want: 8, role: "finance"},
		{cell: "０0000000-0000-0000-0000-00000000000Ａ", want: 10, role: "auditor"},
		{cell: "凭证 V-2", want: 4, role: "center"}, // the one that stands
		{cell: "凭证 R-2", want: 7, role: "center"},
		{cell: "支出冲销 V-2", want: 7, role: "center"},
		{cell: "到账 SK-2", want: 6, role: "center"},
		{cell: "到账凭证号 SK-2", want: 6, role: "center"},
		{cell: "经费下达 G-1", want: 8, role: "finance"},
		{cell: "配套 M-1", want: 9, role: "local-gov"},
		{cell: "审计疑点 SJ-1", want: 10, role: "auditor"},
		{cell: "疑点办结 SJ-1", want: 11, role: "auditor"},
		{cell: "项目 P-1", want: 12, role: "st-office"},
		{cell: "委托任务书 WT-1", want: 13, role: "center"},
		{cell: "评价等级 2025", want: 14, role: "st-office"},
		{cell: "收回冲减单号 SH-1", want: 15, role: "finance"},
		{cell: "00000000-0000-0000-0000-0000000000ff", want: 255, role: "center"}, // the ledger says that it has none
		{cell: "凭证 2026-00250", bad: "2 作废记录: the ledger has no “凭证 2026-00250” of this center"},
		{cell: "到账 G-1", bad: "2 作废记录: there are 2 records of “到账 G-1”; fill in the id of one: " +
			"00000000-0000-0000-0000-000000000005 (2026-01-06), 00000000-0000-0000-0000-000000000006 (2026-01-06)"},
		{
			cell: "凭证 V-3", bad: "2 作废记录: 凭证 V-3 was voided on 2026-01-10 already, by record " +
				"00000000-0000-0000-0000-000000000011"},
		{cell: "2026-00249", bad: "2 作废记录: “2026-00249” must be the id of a record, or its kind and number"},
		{cell: "凭证", bad: "2 作废记录: “凭证” must be the id of a record, or its kind and number"},
	} {
		t.Run(c.cell, func(t *testing.T) {
			s := mustRead(t, "作废记录,日期,中心编号,作废原因\n"+c.cell+",2026-09-05,ZJ-0018,误录\n")
			if c.bad != "" {
				expect(t, badOf(s), c.bad)
				return
			}
			expect(t, recordsOf(t, s),
				fmt.Sprintf(`"role":"%s","actor":"c-0018"},"mode":"enforce","data":{"event":"%s","reason":"误录"}`,
					c.role, entryID(c.want)))
		})
	}
}

func TestASheetOfVoidingsIsReadAgain(t *testing.T) {
	const sheet = "作废记录,日期,中心编号,作废原因\n凭证 V-2,2026-01-04,ZJ-0018,重复录入\n凭证 " +
		"V-3,2026-01-10,ZJ-0018,重复录入\n"
	// not the V-2 that was recorded since
	expect(t, recordsOf(t, mustRead(t, sheet)), `"event":"`+entryID(2).String(), `"event":"`+entryID(16).String())
	expect(t, badOf(mustRead(t, sheet+entryID(2).String()+",2026-01-04,ZJ-0018,重复录入\n")),
		"2 作废记录: of one record with row 4", "4 作废记录: row 2 has the same number already")
	expect(t, badOf(mustRead(t, strings.ReplaceAll(sheet, "ZJ-0018", "ZJ-0019"))),
		"2 作废记录: the ledger has no “凭证 V-2” of this center", "3 作废记录: the ledger has no")
}

// TestIdsStay holds the ids of the samples: a sheet that was imported once must never be recorded twice.
func TestIdsStay(t *testing.T) {
	var got []string
	for _, k := range Kinds {
		for _, g := range mustRead(t, tsvOf(k)).Given() {
			got = append(got, k.Name+" "+g.Record.ID.String())
		}
	}
	slices.Sort(got)
	expect(t, got, goldenIDs...)
}

var goldenIDs = []string{
	"commitments 88aa463a-ec6f-5851-a57f-eb608d0e54ce",
	"entrustments de1e8703-ae6b-5d22-8800-1c465e032e33",
	"findings 6258aa61-1f7d-5b82-987a-48831a51eec2",
	"findings fa1b8337-5a1b-5984-9e22-fd3d63d39b9b",
	"grades 9e78d0f0-46f3-5dfd-8bf8-f7c6fcfc9503",
	"grants 0e4db97e-632c-57e4-ad26-fa19c8992a87",
	"grants 77b5c59d-c5b4-516b-b6d1-771a5a3530cb",
	"projects 2a9ebac9-b149-5f68-8d62-0f6260d6213f",
	"receipts c36efd28-05a5-536e-a3ec-8bc3b578b9f7",
	"receipts edc8bdc3-d328-5509-81b3-b16ed295c74f",
	"recoveries 868611b9-d82e-53d0-94bd-6f6f71bfaaef",
	"recoveries f8c711c2-fb05-5ba6-a9e4-79e1ccfb64a4",
	"rectifications 2fc89b3c-762c-566c-9ec3-f91218dc2e89",
	"rectifications 4a0733b1-ac40-5e43-bf5b-84792b94bdd2",
	"rectifications b1b100cb-2dd3-5c50-9e12-2b17291ddc1c",
	"rectifications c209d55d-17db-58a1-b25b-d7e3905db57a",
	"rectifications eea3b458-6820-5737-a888-f0be7679093a",
	"registrations 8cb7a645-1f1c-5503-bda3-bef6acef1868",
	"reversals 4cfaa4c9-f8f1-5c7f-a4d9-e45e606402a0",
	"rulings 8fb628ab-3f3d-545a-ad67-0c77f177d703",
	"rulings a766b9f9-8bb6-5640-a3d1-c8c5c701e93e",
	"separate-accounts 0528bbae-3191-528e-8fb5-13da24679a09",
	"separate-accounts 25b2feb1-5542-5a20-afb5-44015805a51e",
	"separate-accounts 959ef641-9093-5027-b32a-33594af1812c",
	"voidings 2bf883ed-7e82-5191-85de-ab6e4d0d9152",
	"voidings f3069834-e7fd-5fa8-a82b-8f38d7c0e9a7",
	"vouchers 2d22a3db-cf22-5f87-89aa-3b5d834c4fc8",
}

func TestTheMarkOfAKindDecides(t *testing.T) {
	for _, c := range []struct{ headings, kind string }{
		{"凭证号,日期,中心编号,认定用途,金额(元),收款单位,摘要,用途,经费下达编号", "rulings"},
		{"凭证号,日期,中心编号,金额(元),收款单位,摘要,用途,经费下达编号,配套级别", "vouchers"},
		{"冲销凭证号,被冲销凭证号,日期,中心编号,冲销原因,金额(元),收款单位,摘要,用途,经费下达编号", "reversals"},
		{"委托任务书编号,日期,中心编号,专账事项", "separate-accounts"},
		{"委托任务书编号,日期,中心编号,受托单位,签订日期,金额(元),外拨必要性", "entrustments"},
		{"收回冲减单号,日期,中心编号,收回或冲减,经费下达编号,金额(元),原因,退回原因", "recoveries"},
	} {
		heads := strings.Split(c.headings, ",")
		best := slices.MaxFunc(Kinds,
			func(a, b *SheetKind) int { return a.rank(knownOf(a, heads)) - b.rank(knownOf(b, heads)) })
		if best.Name != c.kind {
			t.Errorf("%s: got %s, want %s", c.headings, best.Name, c.kind)
		}
	}
}

func knownOf(k *SheetKind, heads []string) map[int]bool {
	known := map[int]bool{}
	for _, h := range heads {
		if i := k.headed(h); i >= 0 {
			known[i] = true
		}
	}
	return known
}

func TestEveryWrongCellOfTheFurtherKindsIsNamed(t *testing.T) {
	for _, c := range []struct {
		name, heads, rows string
		bad               []string
	}{
		{"reversals", "冲销凭证号,被冲销凭证号,日期,中心编号,冲销原因",
			"R-1,,2026/2/30,ZJ-0018,\n,V-1,2026-02-01,18,退货\nR-2,V-1,2026-02-01,ZJ-0018,退货\n" +
				"R-2,V-2,2026-02-01,ZJ-0018,退货\n", []string{
				"2 被冲销凭证号: must not be empty", "2 日期: there is no day", "2 冲销原因: must not be empty",
				"3 冲销凭证号: must not be empty", "3 中心编号: “18” is no id",
				"4 冲销凭证号: of one record with row 5", "5 冲销凭证号: row 4 has the same number already"}},
		{"commitments", "配套编号,日期,中心编号,财政年度,配套级别,金额(元),承诺到账日期",
			"M-1,2026-02-01,ZJ-0018,明年,省,-5,年底\nM-2,2026-02-01,ZJ-0018,1999,市,0,\n", []string{
				"2 财政年度: “明年” is no whole number", "2 配套级别: “省” must be one of: 市、县",
				"2 金额(元): the amount -5 is negative: write it without a sign", "2 承诺到账日期: “年底” is no date",
				"3 财政年度: year 1999 must be", "3 金额(元): amount of 0.00 yuan must be above 0"}},
		{"recoveries", "收回冲减单号,日期,中心编号,收回或冲减,经费下达编号,金额(元),原因",
			"SH-1,2026-02-01,ZJ-0018,收缴,G-1,5,x\nSH-2,2026-02-01,ZJ-0018,收回,,5.001,\n", []string{
				"2 收回或冲减: “收缴” must be one of: 收回、冲减", "3 经费下达编号: must not be empty", "3 金额(元): ",
				"3 原因: must not be empty"}},
		{"projects", "项目编号,日期,中心编号,项目名称,重大中试验证,符合支持条件",
			"P-1,2026-02-01,ZJ-0018,,√,\n", []string{
				"2 项目名称: must not be empty", "2 重大中试验证: “√” must be one of: 是、否",
				"2 符合支持条件: must not be empty"}},
		{"entrustments", "委托任务书编号,日期,中心编号,受托单位,签订日期,金额(元),专账核算条款,外拨必要性",
			"WT-1,2026-02-01,ZJ-0018,,,,有,\n", []string{
				"2 受托单位: must not", "2 签订日期: must not", "2 金额(元): must not",
				"2 专账核算条款: “有” must be one of: 是、否", "2 外拨必要性: must not"}},
		{"separate accounts", "委托任务书编号,日期,中心编号,专账事项,结算金额(元)",
			"WT-1,2026-02-01,ZJ-0018,外拨结算,\nWT-1,2026-02-01,ZJ-0018,专账核算确认,5\n" +
				"WT-2,2026-02-01,ZJ-0018,结算,5\nWT-3,2026-02-01,ZJ-0018,专账核算确认,\n" +
				"WT-3,2026-02-02,ZJ-0018,专账核算确认,\n", []string{
				"2 结算金额(元): must be filled in where “专账事项” is “外拨结算”",
				"3 结算金额(元): is filled in only where “专账事项” is “外拨结算”",
				"4 专账事项: “结算” must be one of: 专账核算确认、外拨结算",
				"5 委托任务书编号: of one record with row 6", "6 委托任务书编号: row 5 has the same number already"}},
		{"separate accounts without the heading", "委托任务书编号,日期,中心编号,专账事项",
			"WT-1,2026-02-01,ZJ-0018,外拨结算\n", []string{
				"2 结算金额(元): must be filled in where “专账事项” is “外拨结算”"}},
		{"rulings", "凭证号,日期,中心编号,认定用途",
			"V-1,2026-02-01,ZJ-0018,讲课\nV-2,,ZJ-0018,中试\nV-2,,ZJ-0018,中试\n", []string{
				"2 认定用途: “讲课” must be one of: 概念验证、", "3 日期: must not be empty",
				"4 日期: must not be empty"}},
		{"rectifications", "中心编号,评价年度,日期,整改事项,整改期限,约谈主要负责人",
			"ZJ-0018,2025,2026-02-01,责令整改,,否\nZJ-0018,2025,2026-02-01,提交整改报告,2026-03-01,\n" +
				"ZJ-0018,2025,2026-02-01,约谈,,\nZJ-0018,,2026-02-01,整改,,\n", []string{
				"2 约谈主要负责人: is filled in only where “整改事项” is “约谈”",
				"3 整改期限: is filled in only where “整改事项” is “责令整改”",
				"4 约谈主要负责人: must be filled in where “整改事项” is “约谈”",
				"5 评价年度: must not be empty",
				"5 整改事项: “整改” must be one of: 责令整改、提交整改报告、整改验收通过、约谈"}},
		{"findings", "疑点编号,日期,中心编号,疑点事项,疑点内容,整改期限",
			"SJ-1,2026-02-01,ZJ-0018,提出,,月底\nSJ-1,2026-02-01,ZJ-0018,办结,已退,2026-03-01\n", []string{
				"2 疑点内容: must not be empty", "2 整改期限: “月底” is no date",
				"3 整改期限: is filled in only where “疑点事项” is “提出”"}},
		{"voidings", "作废记录,日期,中心编号,作废原因",
			",2026-02-01,ZJ-0018,\n凭证 2026-00249,2026-02-01,,误录\n", []string{
				"2 作废记录: must not be empty", "2 作废原因: must not be empty", "3 中心编号: must not be empty"}},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, badOf(mustRead(t, c.heads+"\n"+c.rows)), c.bad...) })
	}
}

func TestTheRoleOfARowIsThatOfItsKindOfRecord(t *testing.T) {
	const sheet = "中心编号,评价年度,日期,整改事项\nZJ-0018,2025,2026-02-01,责令整改\n" +
		"ZJ-0018,2025,2026-02-02,提交整改报告\n"
	expect(t, recordsOf(t, mustRead(t, sheet)), `"role":"st-office"`, `"role":"center"`)
	given := clerk
	given.Role = events.CenterRole
	expect(t, badOf(mustReadAs(t, given, sheet)), "2 整改事项: is for the S&T office to fill in, not for the center")
	expect(t, badOf(mustReadAs(t, given, "作废记录,日期,中心编号,作废原因\n经费下达 G-1,2026-09-05,ZJ-0018,误录\n"+
		"凭证 2026-00249,2026-09-05,ZJ-0018,误录\n")),
		"2 作废记录: is for the Department of Finance to fill in, not for the center")
	given.Role = events.Auditor
	if _, err := readBytes([]byte(sheet), given); err == nil {
		t.Error("a sheet of rectifications is for auditors")
	}
}

// TestTheReasonsOfACopyStandBesideTheReasonOfARow reads the marked copy of a sheet that has a column 原因 itself.
func TestTheReasonsOfACopyStandBesideTheReasonOfARow(t *testing.T) {
	const sheet = "收回冲减单号,日期,中心编号,收回或冲减,经费下达编号,金额(元),原因\n" +
		"SH-1,2026-02-01,ZJ-0018,收回,G-1,x,项目终止\nSH-2,2026-02-01,ZJ-0018,冲减,G-1,5,项目终止\n"
	s := mustRead(t, sheet)
	s.Name = "s.csv"
	f := marked(t, "zh", Marked{Sheet: s, Findings: allFindings(s)})
	if v, err := f.GetCellValue("s", "H1"); err != nil || v != "退回原因" {
		t.Fatalf("got %q, %v", v, err)
	}
	if err := f.SetCellValue("s", "F2", 7); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	again, err := readBytes(out.Bytes(), clerk)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, recordsOf(t, again), `"amountFen":700,"reason":"项目终止"`, `"amountFen":500,"reason":"项目终止"`)
}
