package sheets

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// answer returns the result of reading a file: the reason why it is refused as a whole, or its notes and the
// reasons against its rows.
func answer(b []byte) (named, bad []string, records int, refused string) {
	book, err := readFile(b, clerk)
	if err != nil {
		return nil, nil, 0, err.Error()
	}
	for _, s := range book.Sheets {
		bad = append(bad, badOf(s)...)
		for _, g := range s.Given() {
			if g.Record != nil {
				records++
			}
		}
	}
	for _, n := range book.Named {
		named = append(named, strings.Trim(fmt.Sprintf("%s %d %s: %s", n.Worksheet, n.Row, n.Heading, n.What.En), " "))
	}
	return named, bad, records, ""
}

// The files are as offices send them.
func TestSheetsThatWentWrongAndGoodOnes(t *testing.T) {
	for _, c := range []struct {
		file    string
		records int
		want    []string // the reason to refuse the file, or what is against its rows and what is named
	}{
		{"01-sorted.csv", 0, []string{"row 1 stands above the headings (row 5) and looks like a row of the table " +
			"(凭证号 BX-1、日期 2026-09-01、中心编号 ZJ-0018"}},
		{"02-vouchers-twice.xlsx", 0,
			[]string{"sheet “凭证”: rows 1 and 6 are two rows of headings (from columns A and A)"}},
		{"03-swallow.csv", 0, []string{"the quote that opens in row 3, column “摘要”, closes in row 6 only"}},
		{"10-continued.xlsx", 0, []string{"sheet “9月续”: row 1 has no headings above it and looks like a row of " +
			"the sheet “9月” (凭证号 BX-2、日期 2026-09-01"}},
		{"11-height-0.xlsx", 1, []string{"3 凭证号: the row is hidden"}},
		{"u3-unit.xlsx", 0, []string{
			"sheet “凭证”: cell F2 says “单位：万元”, and the heading in cell F3 is “金额(元)”"}},
		{"u5-twice.csv", 1, []string{"2 凭证号: has the voucher, the grant and the amount of row 3",
			"3 凭证号: has the voucher, the grant and the amount of row 2"}},
		{"u9-note.xlsx", 2, []string{"凭证 9 : “注：以上金额均为含税金额” stands below the last row"}},
		{"u10-hidden-column.xlsx", 0,
			[]string{"sheet “凭证”: column J, “外拨”, is hidden and row 2 has something in it"}},
		{"more/hidden-known-column.xlsx", 0, []string{"sheet “9月”: column J, “外拨”, is hidden"}},
		{"more/zero-width-column.xlsx", 0, []string{"sheet “9月”: column J, “外拨”, is hidden"}},
		{"more/second-month-without-headings.xlsx", 0, []string{"sheet “9月续”: row 1 has no headings"}},
		{"more/total-differs.csv", 0,
			[]string{"row 3: “合计” in the column “金额(元)” is 200.50, and the sum of the rows above is 100.50"}},
		{"good/a-sheet-a-month.xlsx", 2, []string{"填表说明 0 : the sheet has no headings and is not read"}},
		{"good/extra-and-hidden-helper-columns.xlsx", 2,
			[]string{"9月 0 序号: this is no column of a sheet of vouchers", "9月 0 备注: this is no column",
				"9月 0 辅助: the column is hidden and not read"}},
		{"good/notes-sheet.xlsx", 1, []string{"说明 0 : the sheet has no headings and is not read"}},
		{"good/summary-with-lines.csv", 1, nil},
		{"good/total-and-footer.csv", 2, []string{"4 金额(元): “合计” 300.50 is the sum of the rows above",
			"5 : “制表人：张某 审核人：李某” stands below the last row"}},
		{"good/total-and-footer.xlsx", 2, []string{"9月 4 金额(元): “合计” 300.50 is", "9月 6 : “制表人：张某 审核人",
			"9月 7 : “附：原始单据 3 张” stands"}},
		{"good/unused-rows-hidden.xlsx", 2, nil},
		{"good/bank-times.csv", 3, nil},
		{"good/bank-times.xlsx", 4, nil},
		{"more/date-codes.csv", 0, []string{"2 凭证号: “2026/9/12” is not the code"}},
		{"more/scaled-by-comma.xlsx", 0, []string{"2 金额(元): the cell holds 1234500 and shows “1,234.5”"}},
		{"more/wan-trick.xlsx", 0, []string{"2 金额(元): the cell holds 123456 and shows “12.3”"}},
	} {
		b, err := os.ReadFile(filepath.Join("testdata", "cases", c.file))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(c.file, func(t *testing.T) {
			named, bad, records, refused := answer(b)
			got := slices.Concat(bad, named)
			if refused != "" {
				got = []string{refused}
			}
			expect(t, got, c.want...)
			if records != c.records {
				t.Errorf("%d records, want %d", records, c.records)
			}
		})
	}
}

const goodRow = "V-%d,2026/9/1,ZJ-0018,G-1,中试,10,甲,检测费,,,\n"

func TestTheStructureOfATable(t *testing.T) {
	row := func(n int) string { return fmt.Sprintf(goodRow, n) }
	heads := strings.TrimSuffix(voucherHeadings, "\n")
	required := "凭证号,日期,中心编号,经费下达编号,用途,金额(元),收款单位,摘要"
	for name, c := range map[string]struct {
		text string
		want []string // "" before what refuses the file as a whole
	}{
		"titles of any number of cells": {"支出表\n填报单位：,某中心,所属期：,2026年9月,单位：,元\n" +
			"填报单位,某中心,所属期,2026年9月,单位,元,金额,元\n" + voucherHeadings + row(1),
			[]string{"1 : “支出表” stands above", "2 : “填报单位： 某中心", "3 : “填报单位 某"}},
		"a row without a date above the headings": {"V-0,,,G-1,中试,,甲,检测费\n" + voucherHeadings + row(1),
			[]string{"", "row 1 stands above the headings (row 2)"}},
		"a row above the headings that is bad": {
			"V-0,2026.9.1,ZJ-0018,G-1,中试,1元5角,甲,检测费\n" + voucherHeadings + row(1),
			[]string{"", "row 1 stands above"}},
		"headings far below": {strings.Repeat(row(1), 40) + voucherHeadings + row(2),
			[]string{"", "row 1 stands above the headings (row 41)"}},
		"center and date above headings of no money": {
			"x,2025-01-01,ZJ-0018\n冲销凭证号,日期,中心编号,被冲销凭证号,冲销原因\nR-1,2026-09-01,ZJ-0018,V-1,退货\n",
			[]string{"", "row 1 stands above the headings (row 2)"}},
		"other headings below": {
			voucherHeadings + row(1) +
				"到账凭证号,日期,中心编号,资金类别,经费下达编号,金额(元)\nS-1,2026-9-1,ZJ-0018,配套资金,M-1,5\n",
			[]string{"", "rows 1 and 3 are two rows of headings (from columns A and A)"}},
		"the headings in another order": {
			voucherHeadings + row(1) + strings.Replace(voucherHeadings, "日期,中心编号", "中心编号,日期", 1) + row(2),
			[]string{"", "rows 1 and 3 are two rows"}},
		"fewer of the headings below": {voucherHeadings + row(1) + required + "\n" + row(2),
			[]string{"", "rows 1 and 3 are two rows"}},
		"two tables beside each other": {
			heads + ",,到账凭证号,日期,中心编号,资金类别,经费下达编号,金额(元)\n" + row(1),
			[]string{
				"",
				"row 1 has the headings of two tables beside each other, one from column A and one from column M"}},
		"a table that begins beside a row": {
			voucherHeadings + strings.TrimSuffix(row(1), "\n") +
				",,到账凭证号,日期,中心编号,资金类别,经费下达编号,金额(元)\n",
			[]string{"", "rows 1 and 2 are two rows of headings (from columns A and M)"}},
		"a title and the headings again": {
			"支出表\n" + voucherHeadings + row(1) + "第 2 页\n" + voucherHeadings + row(2),
			[]string{"1 : “支出表” stands", "4 : “第 2 页” stands below", "5 : the headings come again"}},
		"a unit at a title of the second part": {
			voucherHeadings + row(1) + "金额单位：人民币 千元\n" + voucherHeadings + row(2),
			[]string{"", "cell A3 says “金额单位：人民币 千元”"}},
		"a unit in two cells": {",,单位:,,万元\n" + voucherHeadings + row(1),
			[]string{"", "cell C1 says “单位:”, and the heading in cell F2 is “金额(元)”"}},
		"a unit beside the headings": {
			heads + ",（单位：美元）\n" + row(1), []string{"", "cell L1 says “（单位：美元）”"}},
		"notes that only look like units": {
			"预算 200 万元,单位：元,填报单位：某中心\n" + voucherHeadings + row(1), []string{"1 : “预算 200 万元"}},
		"a quoted cell in a column that is not read": {
			heads + ",备注\n" + strings.TrimSuffix(row(1), "\n") + ",\"好\n" + row(2) + "\"\n",
			[]string{"", "the quote that opens in row 2, column “L”, closes in row 4 only"}},
		"a quote that never closes": {
			voucherHeadings + row(1) + "V-2,2026/9/1,ZJ-0018,G-1,中试,10,甲,\"检测费,,,\n" + row(3),
			[]string{
				"", "the quotes in row 3 do not match: one that opens there is still open where the file ends, in " +
					"line 4"}},
		"headings that are not ours": {"序号," + heads + ",备注,备注,审核日期,编号,原因\n1," + row(1),
			[]string{"0 序号: this is no column of a sheet of vouchers and is not read", "0 备注: ", "0 备注: ",
				"0 审核日期: ", "0 编号: ", "0 原因: "}},
		"a heading of several lines": {
			strings.Replace(heads, "金额(元)", "\"金 额\n（元）\"", 1) + "\n" + row(1), nil},
		"one that contains an absent one": {
			required + ",是否外拨\n" + row(1),
			[]string{
				"", "the heading “是否外拨” of column I resembles “外拨”, which is not there. Did you mean “外拨”?"}},
		"one that an absent one contains": {
			required + ",任务书编号\n" + row(1), []string{"", "“任务书编号” of column I resembles “委托任务书编号”"}},
		"one character replaced": {
			required + ",外拔\n" + row(1), []string{"", "“外拔” of column I resembles “外拨”"}},
		"one character less": {
			required + ",经济类\n" + row(1), []string{"", "“经济类” of column I resembles “经济分类”"}},
		"an amount without its unit": {
			strings.Replace(voucherHeadings, "金额(元)", "金额", 1) + row(1),
			[]string{"", "“金额” of column F resembles “金额(元)”, which is not there. Did you mean “金额(元)”? If " +
				"not, rename the column or delete it; the heading “金额(元)” is missing"}},
		"an amount in another unit": {
			strings.Replace(voucherHeadings, "金额(元)", "金额(万元)", 1) + row(1),
			[]string{"", "“金额(万元)” of column F resembles “金额(元)”"}},
		"headings alone": {"支出表\n" + voucherHeadings + "制表人：张某\n",
			[]string{"", "there are headings alone, and no row of data"}},
		"a comma too many": {
			required + "\nV-1,2026/9/1,ZJ-0018,G-1,中试,1,234.00,甲,检测费\n",
			[]string{"2 I: the column has no heading"}},
		"totals": {voucherHeadings + row(1) + row(2) + "小 计,,,,,20.00,,,,,\n" + row(3) +
			"本页合计：,,,,,10,,,,,\n,,,,合　计,30.00,,,,,\n累计,,,,,1000,,,,,\n", []string{
			"4 金额(元): “小计” 20.00 is the sum of the rows above", "6 金额(元): “本页合计:” 10.00 is",
			"7 金额(元): “合计” 30.00 is", "8 金额(元): “累计” 1,000.00 is a running total"}},
		"a total at the top": {voucherHeadings + "合计,,,,,20,,,,,\n" + row(1) + row(2),
			[]string{"2 金额(元): “合计” 20.00 is the sum of the rows below"}},
		"a total at the top that differs": {voucherHeadings + "合计,,,,,30,,,,,\n" + row(1) + row(2),
			[]string{"", "row 2: “合计” in the column “金额(元)” is 30.00, and the sum of the rows below is 20.00"}},
		"a total with a count": {voucherHeadings + row(1) + "共 1 张,,,,合计,10,,,,,\n",
			[]string{"3 金额(元): “合计” 10.00 is the sum of the rows above"}},
		"a day below": {
			voucherHeadings + row(1) + "填表日期：,2026-09-30,,制表人：,王某1\n",
			[]string{"3 : “填表日期： 2026-09-30 制表人： 王某1” stands below"}},
		"a subtotal that is the sum of all": {
			voucherHeadings + row(1) + "小计,,,,,10,,,,,\n" + row(2) + "小计,,,,,20,,,,,\n",
			[]string{"", "row 5: “小计” in the column “金额(元)” is 20.00, and the sum of the rows above is 10.00"}},
		"a total that forgets a subtotal": {
			voucherHeadings + row(1) + "小计,,,,,10,,,,,\n" + row(2) + "合计,,,,,10,,,,,\n",
			[]string{"", "row 5: “合计” in the column “金额(元)” is 10.00, and the sum of the rows above is 20.00"}},
		"a total over an amount that cannot be read": {
			voucherHeadings + "V-1,2026/9/1,ZJ-0018,G-1,中试,1.005,甲,检测费,,,\n合计,,,,,1.01,,,,,\n",
			[]string{"2 金额(元): ", "3 金额(元): “合计” 1.01 is not compared"}},
		"a voucher of that name": {
			voucherHeadings + "合计,2026/9/1,ZJ-0018,G-1,中试,10,甲,检测费,,,\n", nil},
		"a note among the rows": {voucherHeadings + row(1) + "制表人：张某\n" + row(2),
			[]string{"3 日期: must not be empty"}},
		"a last row in which everything is bad": {
			voucherHeadings + row(1) + "V-2,2026.9.1,zj,,中试,1.005,甲,检测费,,,\n", []string{"3 日期: "}},
		"numbers of the columns": {"序号," + voucherHeadings + "栏次,1,2,3,4,5,6,7,8\n1," + row(1),
			[]string{"0 序号: ", "2 : “栏次 1 2 3 4 5 6 7 8” counts the columns"}},
		"other numbers of the columns": {
			"1,2,3,4,5,6,7,8\n" + voucherHeadings + "(甲),(乙),-1,-2,-3,4=1+2,,5\n" + row(1) + voucherHeadings +
				"①,②,③\n" + row(2), []string{"1 : “1 2 3 4 5 6 7 8” stands above",
				"3 : “(甲) (乙) -1 -2 -3 4=1+2 5” counts", "5 : the headings come again", "6 : “① ② ③” counts"}},
		"a row of other numbers that is bad": {
			voucherHeadings + "1,2,2\n" + row(1), []string{"2 日期: “2” is no date"}},
		"a total in other words": {
			voucherHeadings + row(1) + "小计金额：,,,,,10,,,,,\n合计人民币（大写）：壹拾元整,,,,,10,,,,,\n",
			[]string{"3 金额(元): “小计金额:” 10.00 is the sum",
				"4 金额(元): “合计人民币(大写):壹拾元整” 10.00 is the sum"}},
		"counts of papers under the grants": {voucherHeadings + row(1) + ",,,附件 3 张,,,,\n,,,共2页,,,,,\n",
			[]string{"3 : “附件 3 张” stands below the last row", "4 : “共2页” stands"}},
		"names of people below": {
			voucherHeadings + row(1) + "制表人,张某,审核人,李某,负责人,王某,填报,30日\n",
			[]string{"3 : “制表人 张某 审核人 李某 负责人 王某 填报 30日” stands below"}},
		"a line without a number below": {
			voucherHeadings + row(1) + ",,,G-2,,5,,,,,\n", []string{"2 凭证号: row 3 has no “凭证号”", "3 凭证号: "}},
		"rows with a serial number alone": {"序号," + voucherHeadings + "1," + row(1) + "2\n3\n",
			[]string{"0 序号: ", "3 : there is nothing in the columns that are read; rows of this sort: 2"}},
		"rows that were prepared with formulas": {
			voucherHeadings + row(1) + ",,,,,0.00,,,,,\n,,,,,0,,,,,\n" + row(2),
			[]string{
				"3 : there is nothing in the columns that are read; rows of this sort: 2, with those of 0 alone"}},
		"the same line twice in a voucher of three": {
			voucherHeadings + row(1) + "V-1,2026/9/1,ZJ-0018,G-2,中试,10,甲,检测费,,,\n" + row(1),
			[]string{"2 凭证号: has the voucher, the grant and the amount of row 4",
				"4 凭证号: has the voucher, the grant and the amount of row 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			named, bad, _, refused := answer([]byte(c.text))
			got := slices.Concat(bad, named)
			if refused != "" {
				got = []string{"", refused}
			}
			if len(c.want) > 0 && len(got) > len(c.want) &&
				strings.Contains(c.want[len(c.want)-1], "must not be empty") || strings.HasSuffix(name, "is bad") ||
				strings.HasSuffix(name, "below") {
				got = got[:min(len(got), len(c.want))] // the others are of other rules
			}
			expect(t, got, c.want...)
		})
	}
}

// Rules about formats, hiding and merging apply only to cells that are read.
func TestOnlyWhatIsReadCanBeHiddenOrMerged(t *testing.T) {
	struck := &excelize.Style{Font: &excelize.Font{Strike: true}}
	b := makeXLSX(t, func(f *excelize.File, sheet string) error {
		style, err := f.NewStyle(struck)
		if err != nil {
			return err
		}
		for _, err := range []error{f.InsertRows(sheet, 1, 1), f.SetCellValue(sheet, "A1", "支出表"),
			f.MergeCell(sheet, "A1", "K1"), f.SetRowVisible(sheet, 1, false),
			setRow(f, sheet, 3, map[string]any{"N": "旧备注", "O": "辅助"}), setRow(f, sheet, 4, nil),
			f.SetCellStyle(sheet, "N3", "N3", style), f.SetCellStyle(sheet, "I3", "J4", style),
			f.MergeCell(sheet, "I3", "J3"), f.MergeCell(sheet, "N3", "N4"), f.MergeCell(sheet, "F3", "F3"),
			f.SetColVisible(sheet, "I:K", false), f.SetColVisible(sheet, "O", false),
			f.SetRowVisible(sheet, 5, false), f.SetCellValue(sheet, "A6", "合计"), f.MergeCell(sheet, "A6", "E6"),
			f.SetCellValue(sheet, "F6", 10), f.SetRowVisible(sheet, 6, false),
			f.SetCellStyle(sheet, "A6", "A6", style),
			f.SetCellValue(sheet, "A7", "制表人：甲"), f.MergeCell(sheet, "A7", "C8")} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	named, bad, records, refused := answer(b)
	if refused != "" || len(bad) > 0 || records != 2 {
		t.Fatalf("%d records, %v, %s", records, bad, refused)
	}
	expect(t, named, "Sheet1 0 N: the column has no heading", "Sheet1 0 O: the column is hidden",
		"Sheet1 1 : “支出表” stands above", "Sheet1 6 金额(元): “合计” 10.00 is",
		"Sheet1 7 : “制表人：甲” stands below")
}

// A total whose amount cannot be read is not compared. A program that does not calculate stores no value for its
// sum.
func TestATotalThatCannotBeReadIsNamed(t *testing.T) {
	b := makeXLSX(t, func(f *excelize.File, sheet string) error {
		return errors.Join(setRow(f, sheet, 2, nil), f.SetCellValue(sheet, "A3", "小计"),
			f.SetCellFormula(sheet, "F3", "SUM(F2)"), setRow(f, sheet, 4, nil),
			f.SetCellValue(sheet, "A5", "合计"), f.SetCellValue(sheet, "F5", 10),
			setFormat(f, sheet, "F5", `0.00"万元"`))
	})
	named, bad, records, refused := answer(b)
	if refused != "" || len(bad) > 0 || records != 2 {
		t.Fatalf("%d records, %v, %s", records, bad, refused)
	}
	expect(t, named, "Sheet1 3 金额(元): “小计” is not compared, and passed over: its formula has no stored value",
		"Sheet1 5 金额(元): “合计” is not compared, and passed over: the cell holds 10 and shows “10.00万元”")
}

// Conditional formats are not evaluated; a note names one that changes numbers.
func TestAConditionalFormatThatChangesNumbersIsNamed(t *testing.T) {
	b := makeXLSX(t, func(f *excelize.File, sheet string) error {
		wan := `0.00"万元"`
		style, err := f.NewConditionalStyle(&excelize.Style{CustomNumFmt: &wan})
		if err != nil {
			return err
		}
		rule := []excelize.ConditionalFormatOptions{{Type: "cell", Criteria: ">", Value: "1", Format: &style}}
		return errors.Join(setRow(f, sheet, 2, map[string]any{"F": 12.5}),
			f.SetConditionalFormat(sheet, "F2:F9", rule), f.SetConditionalFormat(sheet, "N2:N9", rule))
	})
	named, bad, records, refused := answer(b)
	if refused != "" || len(bad) > 0 || records != 1 {
		t.Fatalf("%d records, %v, %s", records, bad, refused)
	}
	expect(t, named, "Sheet1 0 金额(元): a conditional format may show its numbers otherwise")
}

// A sheet that only sums up another has few of the headings.
func TestASheetThatSumsUpAnotherIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		heads, row []any
		want       string
	}{
		"vouchers summed up": {[]any{"序号", "经费下达编号", "用途", "金额(元)"}, []any{1, "G-1", "中试", 5},
			"汇总 0 : the sheet lacks half of the headings of a sheet of vouchers"},
		"receipts summed up": {[]any{"资金类别", "经费下达编号", "金额(元)"}, []any{"配套资金", "M-1", 5},
			"汇总 0 : the sheet lacks half of the headings of a sheet of receipts"},
		"a heading mistyped": {[]any{"凭证编号", "经费下达编号", "用途", "金额(元)"}, []any{1, "G-1", "中试", 5},
			"the heading “凭证编号” of column A resembles “凭证号”"},
		"half of the columns": {[]any{"凭证号", "日期", "中心编号", "用途", "金额(元)"},
			[]any{"V-9", "2026-09-01", "ZJ-0018", "中试", 5},
			"sheet “汇总”: row 1 (headings of a sheet of vouchers): the heading “经费下达编号” is missing"},
	} {
		b := makeXLSX(t, func(f *excelize.File, sheet string) error {
			_, err := f.NewSheet("汇总")
			return errors.Join(err, setRow(f, sheet, 2, nil), f.SetSheetRow("汇总", "A1", &c.heads),
				f.SetSheetRow("汇总", "A2", &c.row))
		})
		named, _, _, refused := answer(b)
		if got := refused + strings.Join(named, "; "); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// A sheet that is not a table may exceed the limits of tables.
func TestOtherSheetsMayExceedTheLimitsOfTables(t *testing.T) {
	b := makeXLSX(t, func(f *excelize.File, sheet string) error {
		for _, name := range []string{"透视表", "旧表"} {
			if _, err := f.NewSheet(name); err != nil {
				return err
			}
			if err := f.SetCellValue(name, "ZZ1", "x"); err != nil {
				return err
			}
		}
		return errors.Join(f.SetSheetVisible("旧表", false), setRow(f, sheet, 2, nil))
	})
	named, bad, records, refused := answer(b)
	if refused != "" || len(bad) > 0 || records != 1 {
		t.Fatalf("%d records, %v, %s", records, bad, refused)
	}
	expect(t, named, "透视表 0 : the sheet has no headings", "旧表 0 : the sheet is hidden")
}

// Text around the rows of a good sheet does not change its records.
func TestWhatStandsAroundGoodRowsChangesNoRecord(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		var plain, around []string
		sumFen := 0
		add := func(lines ...string) {
			if r.IntN(2) == 0 {
				around = append(around, lines[r.IntN(len(lines))])
			}
		}
		before, after := "", ""
		if r.IntN(2) == 0 {
			before = "序号,"
		}
		if r.IntN(2) == 0 {
			after = ",备注"
		}
		row := func(cells string) string { // a row with something in the columns that are not read
			if before != "" {
				cells = "7," + cells
			}
			if after != "" {
				cells += ",已核对"
			}
			return cells
		}
		heads := strings.TrimSpace(voucherHeadings)
		plain = append(plain, heads)
		add("支出明细表", "填报单位：某中心,,单位：元", "2026年9月")
		add("单位：元,,,,,,,填报日期：2026年9月30日")
		around = append(around, before+heads+after)
		for i := range 1 + r.IntN(12) {
			fen := 1 + r.IntN(1_000_000)
			sumFen += fen
			line := fmt.Sprintf("V-%d,2026-09-%02d,ZJ-0018,G-%d,中试,%d.%02d,甲,检测费,,,", i/2, 1+i/2, r.IntN(9),
				fen/100, fen%100)
			plain, around = append(plain, line), append(around, row(line))
			if r.IntN(6) == 0 {
				around = append(around, "", before+heads+after)
			}
			if r.IntN(6) == 0 {
				around = append(around, row(fmt.Sprintf("合 计,,,,,%d.%02d,,,,,", sumFen/100, sumFen%100)))
			}
		}
		add(row(fmt.Sprintf(",,,,总计：,%d.%02d,,,,,", sumFen/100, sumFen%100)))
		add("制表人：张某,,审核人：李某", "附件 3 张", "注：以上金额均为含税金额")
		want := recordsOf(t, mustRead(t, strings.Join(plain, "\n")))
		text := strings.Join(around, "\n")
		if got := recordsOf(t, mustRead(t, text)); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %q\n%s", seed, got, text)
		}
	}
}
