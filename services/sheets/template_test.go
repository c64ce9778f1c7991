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
	"vouchers": {{"凭证号": "V-1", "日期": "2026-09-01", "中心编号": "ZJ-0018", "经费下达编号": "G-1", "用途": "仪器设备购置", "金额(元)": 1234.56, "收款单位": "甲", "摘要": "买仪器", "外拨": "否"}},
	"receipts": {{"到账凭证号": "S-1", "日期": "2026/9/1", "中心编号": "ZJ-0018", "资金类别": "配套资金", "经费下达编号": "M-1", "金额(元)": "500,000.00"},
		{"到账凭证号": "S-2", "日期": "2026/9/1", "中心编号": "ZJ-0018", "资金类别": "财政补助资金", "经费下达编号": "G-1", "金额(元)": 500000}},
	"grants": {{"经费下达编号": "G-2", "日期": "2026年3月5日", "中心编号": "ZJ-0018", "经费类别": "建设运行经费", "资金来源": "中央引导地方科技发展资金", "财政年度": 2026, "支持建设年度": 2025, "金额(元)": 2000000, "发文字号": "浙财科教〔2026〕12号"},
		{"经费下达编号": "G-3", "日期": "2026年3月5日", "中心编号": "ZJ-0018", "经费类别": "项目经费", "资金来源": "省重大科技专项", "财政年度": "2026", "项目编号": "P-1", "金额(元)": 2000000}},
	"grades": {{"中心编号": "ZJ-0018", "评价年度": 2025, "日期": "2026-08-01", "评价等级": "优秀", "参加单位": "省委科技办、省级行业主管部门，省财政厅; 所在地政府", "专家评议份数": 5, "第三方机构评议份数": 1}},
	"registrations": {{"中心编号": "ZJ-0099", "日期": "2026-01-10", "中心名称": "浙江省动力电池中试基地", "统一社会信用代码": "91330106MAC1K2L32C", "牵头建设单位": "甲公司", "中心类型": "中试基地",
		"服务功能": "中试、孵化", "主导产业": "动力电池", "国民经济行业分类": "C3841", "行政区划代码": 330106, "设立日期": "2015-01-01", "独立法人": "是", "新设单位": "否", "使用面积(平方米)": 6000,
		"设备原值(元)": 60000000, "申请放宽": "否", "中试功能": "是", "中试装置单独设置": "是", "从事领域": "人工智能、其他", "涉及科技伦理": "是", "科技伦理委员会": "否"}},
}

// wanted is what the samples say.
var wanted = map[string][]string{
	"vouchers": {`"kind":"funds.spent","center":"ZJ-0018","on":"2026-09-01","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"voucher":"V-1","payee":"甲","use":"equipment","lines":[{"grant":"G-1","amountFen":123456}],"summary":"买仪器"}`},
	"receipts": {`"kind":"matching.received","center":"ZJ-0018","on":"2026-09-01","by":{"role":"center","actor":"c-0018"},"mode":"enforce","note":"到账凭证号：S-1","data":{"match":"M-1","amountFen":50000000}`,
		`"kind":"subsidy.received","center":"ZJ-0018","on":"2026-09-01","by":{"role":"center","actor":"c-0018"},"mode":"enforce","note":"到账凭证号：S-2","data":{"grant":"G-1","amountFen":50000000}`},
	"grants": {`"kind":"subsidy.granted","center":"ZJ-0018","on":"2026-03-05","by":{"role":"finance","actor":"c-0018"},"mode":"enforce","doc":"浙财科教〔2026〕12号","data":{"grant":"G-2","category":"construction","source":"central-guidance","fiscalYear":2026,"forYear":2025,"amountFen":200000000}`,
		`"data":{"grant":"G-3","category":"project","source":"major-program","fiscalYear":2026,"project":"P-1","amountFen":200000000}`},
	"grades":        {`"kind":"grade.decided","center":"ZJ-0018","on":"2026-08-01","by":{"role":"st-office","actor":"c-0018"},"mode":"enforce","data":{"year":2025,"grade":"excellent","participants":["st-office","industry-dept","finance","local-gov"],"expertReviews":5,"thirdPartyReviews":1}`},
	"registrations": {`"kind":"center.registered","center":"ZJ-0099","on":"2026-01-10","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"name":"浙江省动力电池中试基地","uscc":"91330106MAC1K2L32C","leadUnit":"甲公司","type":"pilot-base","services":["pilot","incubation"],"leadingIndustries":["动力电池"],"industryCode":"C3841","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":6000,"equipmentFen":6000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["ai","other"],"ethicsSensitive":true,"ethicsCommittee":false,"documents":[]}`},
}

func template(t testing.TB, k *Kind) []byte {
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
			s, err := readBytes(empty, clerk)
			if err != nil || s.Kind != k || len(s.Given()) != 0 {
				t.Fatalf("empty: got %+v, %v", s, err)
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
			if s, err = readBytes(out.Bytes(), clerk); err != nil {
				t.Fatal(err)
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

// TestEveryWordOfAColumnIsTakenByTheLedger reads each word of each column in place of the sample's.
func TestEveryWordOfAColumnIsTakenByTheLedger(t *testing.T) {
	for _, k := range Kinds {
		for _, c := range k.Columns {
			for _, word := range c.words() {
				var heads, line []string
				for _, column := range k.Columns {
					v := fmt.Sprint(samples[k.Name][0][column.Heading])
					switch {
					case column.Heading == c.Heading:
						v = word
					case samples[k.Name][0][column.Heading] == nil:
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
		headings := map[string]bool{ReasonHeading: true}
		for _, c := range k.Columns {
			if headings[foldHeading(c.Heading)] || c.Note == "" {
				t.Errorf("%s %s is there twice or has no note", k.Name, c.Heading)
			}
			headings[foldHeading(c.Heading)] = true
		}
		s := mustRead(t, tsvOf(k))
		for _, g := range s.Given() {
			if roles := events.Lookup(g.Record.Kind).Roles; !slices.Contains(roles, k.Roles[0]) {
				t.Errorf("%s are not for %s", g.Record.Kind, k.Roles[0])
			}
		}
	}
	if Find("budgets") != nil {
		t.Error("there are budgets")
	}
}

// tsvOf writes the samples of a kind as text separated by tabs.
func tsvOf(k *Kind) string {
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
