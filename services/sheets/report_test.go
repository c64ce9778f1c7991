package sheets

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/spreadsheet"
	"github.com/taizhang/taizhang/services/spreadsheet/xlsxtest"
)

// marked writes the marked copy of a sheet and opens it.
func marked(t *testing.T, lang string, list ...Marked) *excelize.File {
	t.Helper()
	var out bytes.Buffer
	if err := WriteReport(&out, list, lang); err != nil {
		t.Fatal(err)
	}
	if n := xlsxtest.ColumnsInOrder(t, out.Bytes()); n != len(list) {
		t.Errorf("%d sheets tell their columns, want %d", n, len(list))
	}
	f, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func allFindings(s *Sheet) (found []RowBreach) {
	for _, g := range s.Given() {
		if len(g.Problems) > 0 {
			found = append(found, s.Findings(ledger.BadRecord{Origin: ledger.Origin{Line: g.Line}})...)
		}
	}
	return found
}

// isMarked reports whether a cell is filled with a color.
func isMarked(t *testing.T, f *excelize.File, sheet, at string) bool {
	t.Helper()
	id, err := f.GetCellStyle(sheet, at)
	if err != nil {
		t.Fatal(err)
	}
	style, err := f.GetStyle(id)
	if err != nil {
		t.Fatal(err)
	}
	return len(style.Fill.Color) > 0
}

func TestAMarkedCopyShowsTheBadCellsAndTheReasonsBesideThem(t *testing.T) {
	s := mustRead(t, "表题\n"+voucherHeadings+"V-1,2026/9/1,ZJ-0018,G-1,中试,\"1,234.50\",甲,=HYPERLINK(A1),,,\n\n"+
		"=1+1,2026/9/1,ZJ-0018,G-1,中式,1.005,@x,+1,,,,z\nV-2,2026/9/1,ZJ-0018,G-1,中式,1.00,甲,"+
		strings.Repeat("样机试制费", 18)+",,,\n")
	s.Name = "dir/九月[1].csv"
	f := marked(t, "zh", Marked{Sheet: s, Findings: allFindings(s)}, Marked{Sheet: s, Findings: allFindings(s)})
	if got := f.GetSheetList(); len(got) != 3 || got[0] != "九月_1_" || got[1] != "九月_1_ (2)" ||
		got[2] != markedSheet {
		t.Errorf("the sheets are %v", got)
	}
	const sheet = "九月_1_"
	for at, want := range map[string]string{"A1": "表题", "M2": "原因", "A3": "V-1", "F3": "1,234.50", "M3": "",
		"L5": "z", "A5": "=1+1", "G5": "@x", "F5": "1.005",
		"M5": "用途：“中式”应为：概念验证、中试、仪器设备购置、人才引进、运行、其他、基本建设、赞助、捐赠、投资、" +
			"罚款、偿还债务\n金额(元)：“1.005”不是以元为单位的金额，如 1,234.50\nL：该列没有标题，此行却有内容"} {
		if got, err := f.GetCellValue(sheet, at); got != want || err != nil {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
		if formula, err := f.GetCellFormula(sheet, at); formula != "" || err != nil {
			t.Errorf("%s has the formula %q", at, formula)
		}
	}
	if h, err := f.GetRowHeight(sheet, 5); h < 4*lineHeight || err != nil {
		t.Errorf("the row of three reasons, one of them long, is %v high, %v", h, err)
	}
	if h, err := f.GetRowHeight(sheet, 6); h < 10*lineHeight || err != nil {
		t.Errorf("the row of one reason and a summary of 180 columns is %v high, %v", h, err)
	}
	for column, want := range map[string]float64{"A": 18, "L": 18, "M": reasonsWidth} {
		if got, err := f.GetColWidth(sheet, column); got != want || err != nil {
			t.Errorf("column %s is %v wide, %v", column, got, err)
		}
	}
	for at, want := range map[string]bool{"E5": true, "F5": true, "A5": false, "E3": false, "F3": false, "L5": true,
		"M5": false, "L3": false} {
		if got := isMarked(t, f, sheet, at); got != want {
			t.Errorf("%s is marked: %t", at, got)
		}
	}
	id, err := f.GetCellStyle(sheet, "A5")
	if err != nil {
		t.Fatal(err)
	}
	if style, err := f.GetStyle(id); err != nil ||
		style.NumFmt != 49 && (style.CustomNumFmt == nil || *style.CustomNumFmt != "@") {
		t.Errorf("what begins with = is not formatted as text: %+v, %v", style, err)
	}
}

func TestEqualRowsOfAVoucherAreBothMarked(t *testing.T) {
	row := "V-1,2026/9/1,ZJ-0018,G-1,中试,1.00,甲,检测,,,\n"
	s := mustRead(t, voucherHeadings+row+row+row+"V-2,2026/9/1,ZJ-0018,G-1,中式,1.00,甲,检测,,,\n")
	f := marked(t, "zh", Marked{Sheet: s, Findings: allFindings(s), Notes: s.named})
	sheet := f.GetSheetList()[0]
	for at, twin := range map[string]string{"2": "第 3 行", "3": "第 2 行", "4": "第 2 行"} {
		if got, err := f.GetCellValue(sheet, "L"+at); !strings.Contains(got, "提示：凭证号：与"+twin) || err != nil ||
			!isMarked(t, f, sheet, "A"+at) {
			t.Errorf("row %s has %q, %v, marked: %t", at, got, err, isMarked(t, f, sheet, "A"+at))
		}
	}
	for _, n := range s.named {
		if !n.Check {
			t.Errorf("%+v does not ask anybody to check it", n)
		}
	}
}

func TestAMarkedCopyThatIsCorrectedIsASheet(t *testing.T) {
	b := makeXLSX(t, func(f *excelize.File, sheet string) error {
		if err := setRow(f, sheet, 2, map[string]any{"F": 12.5}); err != nil {
			return err
		}
		return setRow(f, sheet, 4, map[string]any{"E": "中式", "A": 7})
	})
	s, err := readBytes(b, clerk)
	if err != nil {
		t.Fatal(err)
	}
	s.Name = "九月.xlsx"
	f := marked(t, "en", Marked{Sheet: s, Findings: allFindings(s)})
	if err := f.SetCellStr("九月", "E4", "中试"); err != nil {
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
	expect(t, recordsOf(t, again), `"lines":[{"grant":"G-1","amountFen":1250}]`, `"voucher":"7"`)
	again.Name = s.Name
	f = marked(t, "en", Marked{Sheet: again})
	if got, err := f.GetCellValue("九月", "L4"); got != "" || err != nil {
		t.Errorf("the reason of an earlier copy is still there: %q, %v", got, err)
	}
}

func TestTheLedgersReasonsAreSaidByRowAndHeading(t *testing.T) {
	s := mustRead(t, voucherHeadings+
		"V-1,2026/9/1,ZJ-0018,G-1,中试,1,甲,x,,,\nV-1,2026/9/1,ZJ-0018,G-2,中试,1,甲,x,,,\n")
	reason := text.Say("不行", "no")
	var got []string
	for _, field := range []string{"data.lines[1].grant", "data.lines[0].amountFen", "data.payee", "id", "on",
		"by.role", "", "data.lines[7].grant", "data.lines"} {
		for _, f := range s.Findings(ledger.BadRecord{
			Origin: ledger.Origin{Line: 2}, Breaches: []aggregates.Breach{{Field: field, Reason: reason}}}) {
			got = append(got, strings.Join([]string{spreadsheet.Letters(f.Row), f.Field, f.Reason.En}, " "))
		}
	}
	row2, row3 := spreadsheet.Letters(2), spreadsheet.Letters(3)
	expect(t, got,
		row2+" 凭证号 of one record with row 3", row3+" 经费下达编号 no", row2+" 金额(元) no", row3+" 凭证号 of one",
		row2+" 收款单位 no", row3+" 凭证号 of", row2+" 凭证号 no", row3+" 凭证号 of",
		row2+" 日期 no", row3+" 凭证号 of", row2+" 凭证号 role: no", row3+" 凭证号 of", row2+" 凭证号 no",
		row3+" 凭证号 of", row2+" 经费下达编号 no", row3+" 凭证号 of", row2+" 金额(元) no", row3+" 凭证号 of")
	found := s.Findings(ledger.BadRecord{
		Origin: ledger.Origin{Line: 2}, Breaches: []aggregates.Breach{{Rule: events.Overdrawn, Reason: reason}}})
	if found[0].Row != 2 || found[0].Field != "金额(元)" {
		t.Errorf("what is overdrawn is said of %+v", found[0])
	}
	if s.Findings(ledger.BadRecord{Origin: ledger.Origin{Line: 3}}) != nil {
		t.Error("no record begins at row 3")
	}
}

func TestAMarkedCopyNamesNoFlag(t *testing.T) {
	s := mustRead(t, voucherHeadings+"V-1,2026/9/1,ZJ-0018,G-1,中试,1.00,甲,乙,,,\n")
	const want = "凭证号：是作废有误，请告知导入的人再次入账"
	for _, prefix := range []string{"--", ""} {
		why := aggregates.Breach{
			Field: "凭证号", Reason: text.Say("是作废有误，请用 %sagain",
				"the voiding was wrong: say %sagain", prefix)}
		f := marked(t, "zh", Marked{Sheet: s, Findings: []RowBreach{{2, why}}})
		if got, err := f.GetCellValue(f.GetSheetName(0), "L2"); err != nil || got != want {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	}
}
