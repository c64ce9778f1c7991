package sheets

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// samples are rows of each kind as people fill them in, by heading.
var samples = map[string][]map[string]any{
	"vouchers": {{"凭证号": "V-1", "日期": "2026-09-01", "中心编号": "ZJ-0018", "经费下达编号": "G-1",
		"用途": "仪器设备购置", "金额(元)": 1234.56, "收款单位": "甲", "摘要": "买仪器", "外拨": "否"}},
	"receipts": {{"到账凭证号": "S-1", "日期": "2026/9/1", "中心编号": "ZJ-0018", "资金类别": "配套资金",
		"经费下达编号": "M-1", "金额(元)": "500,000.00"},
		{"到账凭证号": "S-2", "日期": "2026/9/1", "中心编号": "ZJ-0018", "资金类别": "财政补助资金",
			"经费下达编号": "G-1", "金额(元)": 500000}},
	"grants": {{"经费下达编号": "G-2", "日期": "2026年3月5日", "中心编号": "ZJ-0018", "经费类别": "建设运行经费",
		"资金来源": "中央引导地方科技发展资金", "财政年度": 2026, "支持建设年度": 2025, "金额(元)": 2000000,
		"发文字号": "浙财科教〔2026〕12号"},
		{"经费下达编号": "G-3", "日期": "2026年3月5日", "中心编号": "ZJ-0018", "经费类别": "项目经费",
			"资金来源": "省重大科技专项", "财政年度": "2026", "项目编号": "P-1", "金额(元)": 2000000}},
	"grades": {{"中心编号": "ZJ-0018", "评价年度": 2025, "日期": "2026-08-01", "评价等级": "优秀",
		"参加单位": "省委科技办、省级行业主管部门，省财政厅; 所在地政府", "专家评议份数": 5, "第三方机构评议份数": 1}},
	"registrations": {{"中心编号": "ZJ-0099", "日期": "2026-01-10", "中心名称": "浙江省动力电池中试基地",
		"统一社会信用代码": "91330106MAC1K2L32C", "牵头建设单位": "甲公司", "中心类型": "中试基地",
		"服务功能": "中试、孵化", "主导产业": "动力电池", "国民经济行业分类": "C3841", "行政区划代码": 330106,
		"设立日期": "2015-01-01", "独立法人": "是", "新设单位": "否", "使用面积(平方米)": 6000,
		"设备原值(元)": 60000000, "申请放宽": "否", "中试功能": "是", "中试装置单独设置": "是",
		"从事领域": "人工智能、其他", "涉及科技伦理": "是", "科技伦理委员会": "否"}},
	"reversals": {{"冲销凭证号": "R-1", "被冲销凭证号": "V-1", "日期": "2026-09-03", "中心编号": "ZJ-0018",
		"冲销原因": "设备退货"}},
	"commitments": {{"配套编号": "M-1", "日期": "2026-03-01", "中心编号": "ZJ-0018", "财政年度": 2026,
		"配套级别": "县", "金额(元)": 1000000, "承诺到账日期": "2026-12-31", "发文字号": "临政办发〔2026〕3号"}},
	"recoveries": {{"收回冲减单号": "SH-1", "日期": "2026-09-03", "中心编号": "ZJ-0018", "收回或冲减": "收回",
		"经费下达编号": "G-1", "金额(元)": 5, "原因": "项目终止", "发文字号": "浙财科教〔2026〕15号"},
		{"收回冲减单号": "SH-2", "日期": "2026-09-03", "中心编号": "ZJ-0018", "收回或冲减": "冲减",
			"经费下达编号": "G-1", "金额(元)": "5.00", "原因": "项目终止"}},
	"projects": {{"项目编号": "P-1", "日期": "2026-02-01", "中心编号": "ZJ-0018", "项目名称": "医疗器械中试验证",
		"重大中试验证": "是", "符合支持条件": "否", "发文字号": "浙科委办发〔2026〕2号"}},
	"entrustments": {{"委托任务书编号": "WT-1", "日期": "2026-03-02", "中心编号": "ZJ-0018", "受托单位": "甲",
		"签订日期": "2026-03-01", "金额(元)": 300000, "专账核算条款": "是", "外拨必要性": "本中心无此资质"}},
	"separate-accounts": {{"委托任务书编号": "WT-1", "日期": "2026-08-01", "中心编号": "ZJ-0018",
		"专账事项": "专账核算确认"},
		{"委托任务书编号": "WT-1", "日期": "2026-09-01", "中心编号": "ZJ-0018", "专账事项": "外拨结算",
			"结算金额(元)": 300},
		{"委托任务书编号": "WT-1", "日期": "2026-09-02", "中心编号": "ZJ-0018", "专账事项": "外拨结算",
			"结算金额(元)": 300}},
	"rulings": {{"凭证号": "V-1", "日期": "2026-09-05", "中心编号": "ZJ-0018", "认定用途": "中试",
		"发文字号": "浙科委办发〔2026〕8号"},
		{"凭证号": "V-1", "日期": "2026-09-06", "中心编号": "ZJ-0018", "认定用途": "罚款"}},
	"rectifications": {{"中心编号": "ZJ-0018", "评价年度": 2025, "日期": "2026-08-05", "整改事项": "责令整改",
		"整改期限": "2026-12-31", "发文字号": "浙科委办发〔2026〕9号"},
		{"中心编号": "ZJ-0018", "评价年度": 2025, "日期": "2026-09-05", "整改事项": "提交整改报告"},
		{"中心编号": "ZJ-0018", "评价年度": 2025, "日期": "2026-09-06", "整改事项": "整改验收通过"},
		{"中心编号": "ZJ-0018", "评价年度": 2025, "日期": "2026-09-07", "整改事项": "约谈", "约谈主要负责人": "否"},
		{"中心编号": "ZJ-0018", "评价年度": 2025, "日期": "2026-09-08", "整改事项": "约谈", "约谈主要负责人": "是"}},
	"findings": {{"疑点编号": "SJ-1", "日期": "2026-09-05", "中心编号": "ZJ-0018", "疑点事项": "提出",
		"疑点内容": "发票号相同", "整改期限": "2026-12-31"},
		{"疑点编号": "SJ-1", "日期": "2026-09-06", "中心编号": "ZJ-0018", "疑点事项": "办结", "疑点内容": "已退回"}},
	"voidings": {{"作废记录": "凭证 2026-00249", "日期": "2026-09-05", "中心编号": "ZJ-0018", "作废原因": "重复录入",
		"发文字号": "浙试〔2026〕3号"},
		{"作废记录": "00000000-0000-0000-0000-00000000000A", "日期": "2026-09-05", "中心编号": "ZJ-0018",
			"作废原因": "重复录入"}},
}

// wanted holds the expected records of the samples.
var wanted = map[string][]string{
	"vouchers": {
		`"kind":"funds.spent","center":"ZJ-0018","on":"2026-09-01","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"voucher":"V-1","payee":"甲","use":"equipment","lines":[{"grant":"G-1","amountFen":123456}],"summary":"买仪器"}`},
	"receipts": {
		`"kind":"matching.received","center":"ZJ-0018","on":"2026-09-01","by":{"role":"center","actor":"c-0018"},"mode":"enforce","note":"到账凭证号：S-1","data":{"match":"M-1","amountFen":50000000}`,
		`"kind":"subsidy.received","center":"ZJ-0018","on":"2026-09-01","by":{"role":"center","actor":"c-0018"},"mode":"enforce","note":"到账凭证号：S-2","data":{"grant":"G-1","amountFen":50000000}`},
	"grants": {
		`"kind":"subsidy.granted","center":"ZJ-0018","on":"2026-03-05","by":{"role":"finance","actor":"c-0018"},"mode":"enforce","doc":"浙财科教〔2026〕12号","data":{"grant":"G-2","category":"construction","source":"central-guidance","fiscalYear":2026,"forYear":2025,"amountFen":200000000}`,
		`"data":{"grant":"G-3","category":"project","source":"major-program","fiscalYear":2026,"project":"P-1","amountFen":200000000}`},
	"grades": {
		`"kind":"grade.decided","center":"ZJ-0018","on":"2026-08-01","by":{"role":"st-office","actor":"c-0018"},"mode":"enforce","data":{"year":2025,"grade":"excellent","participants":["st-office","industry-dept","finance","local-gov"],"expertReviews":5,"thirdPartyReviews":1}`},
	"registrations": {
		`"kind":"center.registered","center":"ZJ-0099","on":"2026-01-10","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"name":"浙江省动力电池中试基地","uscc":"91330106MAC1K2L32C","leadUnit":"甲公司","type":"pilot-base","services":["pilot","incubation"],"leadingIndustries":["动力电池"],"industryCode":"C3841","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":6000,"equipmentFen":6000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["ai","other"],"ethicsSensitive":true,"ethicsCommittee":false,"documents":[]}`},
	"reversals": {
		`"kind":"spending.reversed","center":"ZJ-0018","on":"2026-09-03","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"voucher":"V-1","reversalVoucher":"R-1","reason":"设备退货"}`},
	"commitments": {
		`"kind":"matching.committed","center":"ZJ-0018","on":"2026-03-01","by":{"role":"local-gov","actor":"c-0018"},"mode":"enforce","doc":"临政办发〔2026〕3号","data":{"match":"M-1","fiscalYear":2026,"level":"county","amountFen":100000000,"dueOn":"2026-12-31"}`},
	"recoveries": {
		`"kind":"funds.recovered","center":"ZJ-0018","on":"2026-09-03","by":{"role":"finance","actor":"c-0018"},"mode":"enforce","doc":"浙财科教〔2026〕15号","note":"收回冲减单号：SH-1","data":{"grant":"G-1","amountFen":500,"reason":"项目终止"}`,
		`"kind":"subsidy.reversed","center":"ZJ-0018","on":"2026-09-03","by":{"role":"finance","actor":"c-0018"},"mode":"enforce","note":"收回冲减单号：SH-2","data":{"grant":"G-1","amountFen":500,"reason":"项目终止"}`},
	"projects": {
		`"kind":"project.approved","center":"ZJ-0018","on":"2026-02-01","by":{"role":"st-office","actor":"c-0018"},"mode":"enforce","doc":"浙科委办发〔2026〕2号","data":{"project":"P-1","name":"医疗器械中试验证","majorPilotVerification":true,"eligible":false}`},
	"entrustments": {
		`"kind":"entrustment.signed","center":"ZJ-0018","on":"2026-03-02","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"taskBook":"WT-1","payee":"甲","signedOn":"2026-03-01","amountFen":30000000,"separateAccountClause":true,"necessity":"本中心无此资质"}`},
	"separate-accounts": {
		`"kind":"separate-account.confirmed","center":"ZJ-0018","on":"2026-08-01","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"taskBook":"WT-1"}`,
		`"kind":"out-transfer.settled","center":"ZJ-0018","on":"2026-09-01","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"taskBook":"WT-1","amountFen":30000}`, `"on":"2026-09-02"`},
	"rulings": {
		`"kind":"use.ruled","center":"ZJ-0018","on":"2026-09-05","by":{"role":"st-office","actor":"c-0018"},"mode":"enforce","doc":"浙科委办发〔2026〕8号","data":{"voucher":"V-1","use":"pilot"}`,
		`"data":{"voucher":"V-1","use":"fine"}`},
	"rectifications": {
		`"kind":"rectification.ordered","center":"ZJ-0018","on":"2026-08-05","by":{"role":"st-office","actor":"c-0018"},"mode":"enforce","doc":"浙科委办发〔2026〕9号","data":{"year":2025,"dueOn":"2026-12-31"}`,
		`"kind":"rectification.submitted","center":"ZJ-0018","on":"2026-09-05","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"year":2025}`,
		`"kind":"rectification.accepted","center":"ZJ-0018","on":"2026-09-06","by":{"role":"st-office","actor":"c-0018"},"mode":"enforce","data":{"year":2025}`,
		`"kind":"interview.held","center":"ZJ-0018","on":"2026-09-07","by":{"role":"st-office","actor":"c-0018"},"mode":"enforce","data":{"year":2025,"principal":false}`,
		`"data":{"year":2025,"principal":true}`},
	"findings": {
		`"kind":"audit-finding.opened","center":"ZJ-0018","on":"2026-09-05","by":{"role":"auditor","actor":"c-0018"},"mode":"enforce","data":{"finding":"SJ-1","text":"发票号相同","dueOn":"2026-12-31"}`,
		`"kind":"audit-finding.closed","center":"ZJ-0018","on":"2026-09-06","by":{"role":"auditor","actor":"c-0018"},"mode":"enforce","data":{"finding":"SJ-1","text":"已退回"}`},
	"voidings": {
		`"kind":"entry.voided","center":"ZJ-0018","on":"2026-09-05","by":{"role":"center","actor":"c-0018"},"mode":"enforce","doc":"浙试〔2026〕3号","data":{"event":"00000000-0000-0000-0000-000000000001","reason":"重复录入"}`,
		`"by":{"role":"auditor","actor":"c-0018"},"mode":"enforce","data":{"event":"00000000-0000-0000-0000-00000000000a","reason":"重复录入"}`},
}

func template(t testing.TB, k *SheetKind) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := WriteTemplate(&out, k, policy.Builtin()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestATemplateThatIsFilledInIsRead(t *testing.T) {
	for _, k := range Kinds {
		t.Run(k.Name, func(t *testing.T) {
			empty := template(t, k)
			if got, want := refusedWhole(t, empty),
				"sheet “"+k.Title.Zh+"”: there are headings alone, and no row of data"; got != want {
				t.Fatalf("empty: got %q, want %q", got, want)
			}
			f, err := excelize.OpenReader(bytes.NewReader(empty))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for i, sample := range samples[k.Name] {
				for j, c := range k.Columns {
					if v, ok := sample[c.Heading]; ok {
						if err := f.SetCellValue(k.Title.Zh, fmt.Sprint(spreadsheet.Letters(j), i+2), v); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			var out bytes.Buffer
			if err := f.Write(&out); err != nil {
				t.Fatal(err)
			}
			s, err := readBytes(out.Bytes(), clerk)
			if err != nil || s.Kind != k {
				t.Fatalf("got %+v, %v", s, err)
			}
			expect(t, badOf(s))
			expect(t, recordsOf(t, s), wanted[k.Name]...)
		})
	}
}

func TestATemplateHasANoteForEachColumnAndAListWhereThereAreWords(t *testing.T) {
	for _, k := range Kinds {
		f, err := excelize.OpenReader(bytes.NewReader(template(t, k)))
		if err != nil {
			t.Fatal(err)
		}
		notes, err := f.GetComments(k.Title.Zh)
		if err != nil || len(notes) != len(k.Columns) {
			t.Errorf("%s: %d notes, %v", k.Name, len(notes), err)
		}
		for j, c := range k.Columns {
			style, err := f.GetCellStyle(k.Title.Zh, spreadsheet.Letters(j)+"1")
			if err != nil {
				t.Fatal(err)
			}
			look, err := f.GetStyle(style)
			if err != nil || k.Mark != "" && look.Font.Bold != (c.Heading == k.Mark) {
				t.Errorf("%s %s: bold is %v, %v", k.Name, c.Heading, look.Font.Bold, err)
			}
		}
		lists, err := f.GetDataValidations(k.Title.Zh)
		if err != nil {
			t.Fatal(err)
		}
		offered := map[string]string{}
		for _, v := range lists {
			offered[strings.TrimRight(v.Sqref[:strings.Index(v.Sqref, ":")], "0123456789")] = v.Formula1
		}
		for j, c := range k.Under(policy.Builtin()) {
			if c.Form == Choice || c.Form == YesNo {
				if got := strings.Trim(offered[spreadsheet.Letters(j)], `"`); got != strings.Join(c.words(), ",") {
					t.Errorf("%s %s: offers %s", k.Name, c.Heading, got)
				}
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryWordOfAColumnIsTakenByTheLedger reads each word of each column, in the sample that has it or in place
// of a word in the first sample.
func TestEveryWordOfAColumnIsTakenByTheLedger(t *testing.T) {
	for _, k := range Kinds {
		for _, c := range k.Columns {
			for _, word := range c.words() {
				var heads, line []string
				hasWord := func(row map[string]any) bool { return row[c.Heading] == word }
				sample := samples[k.Name][max(0, slices.IndexFunc(samples[k.Name], hasWord))]
				for _, column := range k.Columns {
					v := fmt.Sprint(sample[column.Heading])
					switch {
					case column.Heading == c.Heading:
						v = word
					case sample[column.Heading] == nil:
						v = ""
					}
					heads, line = append(heads, column.Heading), append(line, v)
				}
				text := strings.ReplaceAll(strings.Join(heads, "\t")+"\n"+strings.Join(line, "\t"), `"`, "")
				s := mustRead(t, text)
				expect(t, badOf(s))
			}
		}
	}
}

func TestHeadingsAndRolesAreThoseThatTheLedgerKnows(t *testing.T) {
	names := map[string]bool{}
	for _, k := range Kinds {
		if names[k.Name] || Find(k.Name) != k {
			t.Errorf("%s is there twice", k.Name)
		}
		names[k.Name] = true
		headings := map[string]bool{k.reasonHeading(): true}
		for _, c := range k.Columns {
			if headings[foldHeading(c.Heading)] || c.Note == "" {
				t.Errorf("%s %s is there twice or has no note", k.Name, c.Heading)
			}
			headings[foldHeading(c.Heading)] = true
		}
		s := mustRead(t, tsvOf(k))
		made := map[events.Kind]bool{}
		for _, g := range s.Given() {
			made[g.Record.Kind] = true
			if !slices.Contains(k.Records, g.Record.Kind) {
				t.Errorf("%s are not of %s", g.Record.Kind, k.Name)
			}
			if role := g.Record.By.Role; !events.Lookup(g.Record.Kind).Allows(role) ||
				!slices.Contains(k.Roles, role) {
				t.Errorf("%s are not for %s", g.Record.Kind, role)
			}
		}
		if len(made) != len(k.Records) {
			t.Errorf("%s make %v, want %v", k.Name, made, k.Records)
		}
	}
	marks := map[string]int{}
	for _, k := range Kinds {
		for _, c := range k.Columns {
			marks[c.Heading]++
		}
	}
	for _, k := range Kinds {
		if i := k.headed(k.Mark); k.Mark != "" && (marks[k.Mark] != 1 || i < 0 || k.Columns[i].Optional) {
			t.Errorf("%s is not told by %s", k.Name, k.Mark)
		}
	}
	if Find("budgets") != nil {
		t.Error("there are budgets")
	}
}

// tsvOf writes the samples of a kind as text separated by tabs.
func tsvOf(k *SheetKind) string {
	var b strings.Builder
	for i := range len(samples[k.Name]) + 1 {
		for j, c := range k.Columns {
			if j > 0 {
				b.WriteString("\t")
			}
			switch {
			case i == 0:
				b.WriteString(c.Heading)
			case samples[k.Name][i-1][c.Heading] != nil:
				fmt.Fprint(&b, samples[k.Name][i-1][c.Heading])
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
