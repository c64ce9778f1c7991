package desk_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/desk"
)

// daily are sheets in the form of offices about the center of small, one of each kind except registrations.
var daily = []desk.Upload{
	upload("projects.csv", "项目编号,日期,中心编号,项目名称,重大中试验证,符合支持条件,发文字号\n"+
		"P1,2025-02-01,ZJ-0001,中试验证,是,是,浙科委办发〔2025〕2号\n"),
	upload("commitments.csv", "配套编号,日期,中心编号,财政年度,配套级别,金额(元),承诺到账日期,发文字号\n"+
		"M1,2025-02-01,ZJ-0001,2025,县,300.00,2025-12-31,\n"),
	upload("entrustments.csv", "委托任务书编号,日期,中心编号,受托单位,签订日期,金额(元),专账核算条款,外拨必要性\n"+
		"WT1,2025-03-02,ZJ-0001,乙,2025-03-01,50,是,无此设备\n"),
	upload("receipts.csv", "到账凭证号,日期,中心编号,资金类别,经费下达编号,金额(元)\n"+
		"SK1,2025-03-03,ZJ-0001,配套资金,M1,200\nSK2,2025-03-03,ZJ-0001,配套资金,M1,100\n"),
	upload("separate.csv", "委托任务书编号,日期,中心编号,专账事项,结算金额(元)\nWT1,2025-06-01,ZJ-0001,外拨结算,20\n"+
		"WT1,2025-06-02,ZJ-0001,外拨结算,30\nWT1,2025-04-01,ZJ-0001,专账核算确认,\n"),
	upload("voidings.csv", "作废记录,日期,中心编号,作废原因,发文字号\n凭证 V1,2025-07-01,ZJ-0001,重复录入,\n"),
	upload("vouchers.csv", "凭证号,日期,中心编号,经费下达编号,用途,金额(元),收款单位,摘要,外拨,委托任务书编号\n"+
		"V3,2025-07-02,ZJ-0001,M1,中试,50,乙,检测费,是,WT1\n"),
	upload("reversals.csv", "冲销凭证号,被冲销凭证号,日期,中心编号,冲销原因\nR2,V2,2025-07-01,ZJ-0001,误付\n"),
	upload("recoveries.csv", "收回冲减单号,日期,中心编号,收回或冲减,经费下达编号,金额(元),原因,发文字号\n"+
		"SH1,2025-08-01,ZJ-0001,收回,G1,100,项目终止,\nSH2,2025-08-01,ZJ-0001,冲减,G1,50,项目终止,\n"),
	upload("rulings.csv",
		"凭证号,日期,中心编号,认定用途,发文字号\nV3,2025-08-02,ZJ-0001,运行,\nV3,2025-08-03,ZJ-0001,中试,\n"),
	upload("grades.csv", "中心编号,评价年度,日期,评价等级,参加单位,专家评议份数,第三方机构评议份数,发文字号\n"+
		"ZJ-0001,2025,2026-06-01,不合格,省委科技办、省级行业主管部门、省财政厅、"+
		"所在地政府,5,1,浙科委办发〔2026〕7号\n"),
	upload("rectifications.csv", "中心编号,评价年度,日期,整改事项,整改期限,约谈主要负责人,发文字号\n"+
		"ZJ-0001,2025,2026-06-02,责令整改,2026-09-30,,浙科委办发〔2026〕8号\n"+
		"ZJ-0001,2025,2026-08-02,提交整改报告,,,\nZJ-0001,2025,2026-09-02,整改验收通过,,,\n"+
		"ZJ-0001,2025,2026-09-03,约谈,,是,浙科委办发〔2026〕9号\n"),
	upload("findings.csv", "疑点编号,日期,中心编号,疑点事项,疑点内容,整改期限\n"+
		"SJ1,2026-06-01,ZJ-0001,提出,发票号相同,2026-08-31\nSJ1,2026-07-01,ZJ-0001,办结,已退回,\n"),
}

// TestTheSheetsOfOfficesAreRecorded imports a sheet of each kind at once, and then again.
func TestTheSheetsOfOfficesAreRecorded(t *testing.T) {
	d := small(t)
	bring := func(files ...desk.Upload) *desk.Imported {
		t.Helper()
		done, err := d.Import(t.Context(), desk.ImportRequest{
			Files: files, Sheets: desk.SheetTerms{Actor: "c-1", Mode: "record", Doc: "浙试〔2026〕1号"},
			Bad: func(b desk.BadLine) { t.Errorf("%s %d: %+v", b.File, b.Line, b.Reasons) }})
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	rows := 0
	for _, f := range daily {
		var b [1 << 12]byte
		n, _ := f.Content.ReadAt(b[:], 0)
		rows += strings.Count(string(b[:n]), "\n") - 1
	}
	if done := bring(daily...); done.Accepted != rows {
		t.Errorf("%+v of %d rows", done, rows)
	}
	var kinds []events.Kind
	if err := d.Events(t.Context(), 6, 100, "ZJ-0001", func(s *events.Stored) error {
		kinds = append(kinds, s.Kind)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(kinds)
	if kinds = slices.Compact(kinds); len(kinds) != 19 {
		t.Errorf("%d kinds of records: %v", len(kinds), kinds)
	}
	if done := bring(daily...); done.Repeated != rows || done.Accepted != 0 {
		t.Errorf("again: %+v", done)
	}
	// A new voucher has the number of the voided one: the first sheet of voidings still names the voided one.
	record(t, d, strings.Replace(spent, "2025-06-01", "2025-07-03", 1))
	if done := bring(daily[5]); done.Repeated != 1 {
		t.Errorf("the voiding again: %+v", done)
	}
}
