package sheets

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/services/spreadsheet/xlsxtest"
)

// setRow writes the cells of a good voucher to a row, with the given cells instead of some.
func setRow(f *excelize.File, sheet string, row int, instead map[string]any) error {
	good := map[string]any{"A": fmt.Sprintf("V-%d", row), "B": "2026-09-01", "C": "ZJ-0018", "D": "G-1", "E": "中试",
		"F": "5", "G": "甲", "H": "检测费"}
	for column, v := range instead {
		good[column] = v
	}
	for column, v := range good {
		if err := f.SetCellValue(sheet, fmt.Sprint(column, row), v); err != nil {
			return err
		}
	}
	return nil
}

// setFormat gives a cell a number format.
func setFormat(f *excelize.File, sheet, cell, code string) error {
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
	return errors.Join(err, f.SetCellStyle(sheet, cell, cell, style))
}

func TestTypedCellsAreReadAsWhatTheyAre(t *testing.T) {
	b := makeXLSX(t, func(f *excelize.File, sheet string) error {
		for i, instead := range []map[string]any{
			{"B": time.Date(2026, 9, 1, 15, 4, 0, 0, time.UTC), "F": 1234.56},
			{"B": "2026年9月2日", "F": 1234.5},
			{"A": 20260003, "F": 0.1 + 0.2},      // 0.30000000000000004
			{"J": true, "K": "WT-1", "I": 31003}, // TRUE is 是
			{"F": 99999999999.99},
			{"F": "1,234.50"},
			{"H": "=1+1"},
		} {
			if err := setRow(f, sheet, i+2, instead); err != nil {
				return err
			}
		}
		return setFormat(f, sheet, "B2", "yyyy-mm-dd h:mm")
	})
	s, err := readBytes(b, clerk)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, recordsOf(t, s),
		`"on":"2026-09-01","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"voucher":"V-2","payee":"甲","use":"pilot","lines":[{"grant":"G-1","amountFen":123456}]`,
		`"on":"2026-09-02","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"voucher":"V-3","payee":"甲","use":"pilot","lines":[{"grant":"G-1","amountFen":123450}]`,
		`"voucher":"20260003","payee":"甲","use":"pilot","lines":[{"grant":"G-1","amountFen":30}]`,
		`"econCode":"31003","summary":"检测费","outTransfer":{"taskBook":"WT-1"}`,
		`"amountFen":9999999999999`, `"amountFen":123450`, `"summary":"=1+1"`)
}

func TestCellsThatCannotBeKnownForCertainAreBad(t *testing.T) {
	zeros, percent := "00000", "0%"
	b := makeXLSX(t, func(f *excelize.File, sheet string) error {
		for i, instead := range []map[string]any{
			{"A": time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)}, // 2026-9 was made a date
			{"F": 1.005},
			{"B": 46266},
			{"A": 1.5},
			{"A": 1234567890123456789.0},
			{},
			{"F": -1.5},
			{"F": time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)},
			{"F": nil}, {"F": nil}, {}, {}, {"F": 0.5},
		} {
			if err := setRow(f, sheet, i+2, instead); err != nil {
				return err
			}
		}
		style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &zeros})
		if err != nil {
			return err
		}
		share, err := f.NewStyle(&excelize.Style{CustomNumFmt: &percent})
		if err != nil {
			return err
		}
		for _, step := range []error{
			f.SetCellStyle(sheet, "F14", "F14", share), // 50%
			f.SetCellValue(sheet, "A7", 42), f.SetCellStyle(sheet, "A7", "A7", style),
			f.SetCellFormula(sheet, "F10", "1+1"),            // never computed
			f.SetCellFormula(sheet, "F11", "[1]Sheet1!A1+0"), // of another workbook
			f.MergeCell(sheet, "G12", "G13"),
			f.SetRowVisible(sheet, 13, false),
		} {
			if step != nil {
				return step
			}
		}
		return nil
	})
	s, err := readBytes(b, clerk)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, badOf(s), "2 凭证号: the cell holds the date 2026-09-01", `3 金额(元): "1.005" is not an amount`,
		"4 日期: the cell holds the number 46266 and no date",
		"5 凭证号: the cell holds the number 1.5", "6 凭证号: the cell holds the number 12345678901234",
		"7 凭证号: the cell holds 42 and shows “00042”",
		"8 金额(元): the amount -1.5 is negative", "9 金额(元): must be an amount; the cell holds the date",
		"10 金额(元): its formula has no stored value",
		"11 金额(元): its formula asks another workbook", "12 收款单位: its cell in column G is merged",
		"13 凭证号: the row is hidden", "13 收款单位: its cell in column G is merged",
		"13 收款单位: must not be empty",
		"14 金额(元): the cell holds 0.5 and shows “50%”")
}

func TestEveryVisibleSheetWithHeadingsIsRead(t *testing.T) {
	add := func(f *excelize.File, name string, rows int) error {
		if _, err := f.NewSheet(name); err != nil {
			return err
		}
		heads := strings.Split(strings.TrimSpace(voucherHeadings), ",")
		err := f.SetSheetRow(name, "A1", &heads)
		for i := range rows {
			if err == nil {
				err = setRow(f, name, i+2, nil)
			}
		}
		return err
	}
	b := makeXLSX(t, func(f *excelize.File, sheet string) error {
		for _, err := range []error{f.RemoveRow(sheet, 1), f.SetCellValue(sheet, "A1", "说明"), add(f, "隐藏", 1),
			f.SetSheetVisible("隐藏", false), add(f, "空表", 0), add(f, "八月", 1), add(f, "九月", 3)} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	book, err := readFile(b, clerk)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range book.Sheets {
		got = append(got, fmt.Sprint(s.Worksheet, " ", len(recordsOf(t, s))))
	}
	expect(t, got, "空表 0", "八月 1", "九月 3")
}

func TestDatesAreCountedFrom1904WhereTheWorkbookSaysSo(t *testing.T) {
	b := makeXLSX(t, func(f *excelize.File, sheet string) error {
		return errors.Join(setRow(f, sheet, 2, map[string]any{"B": 46266}), setFormat(f, sheet, "B2", "yyyy-mm-dd"))
	})
	b = xlsxtest.Rewrite(t, b, func(name, text string) string {
		if name == "xl/workbook.xml" {
			return strings.Replace(text, "<workbookPr", `<workbookPr date1904="1"`, 1)
		}
		return text
	})
	s, err := readBytes(b, clerk)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, recordsOf(t, s), `"on":"2030-09-02"`)
}

// atTheEnd adds XML after the last row of a good workbook.
func atTheEnd(t *testing.T, xml string) []byte {
	t.Helper()
	good := makeXLSX(t, func(f *excelize.File, sheet string) error { return setRow(f, sheet, 2, nil) })
	return xlsxtest.Rewrite(t, good, func(name, text string) string {
		if name == "xl/worksheets/sheet1.xml" {
			return strings.Replace(text, "</sheetData>", xml, 1)
		}
		return text
	})
}

func TestWorkbooksThatCannotBeTakenAreRefusedWhole(t *testing.T) {
	for xml, want := range map[string]string{
		"": "damaged or not whole",
		`<row r="9"><c r="D9" t="s"><v>99999</v></c></row></sheetData>`: "row 9: its cell in column D " +
			"refers to the text",
		`<row r="9"><c r="XFD9"><v>1</v></c></row></sheetData>`:                  "beyond the limit of 100 columns",
		strings.Repeat("<row><c><v>1</v></c></row>", rowsMax+1) + "</sheetData>": "more than the limit of 100000 rows",
	} {
		if got := refusedWhole(t, atTheEnd(t, xml)); !strings.Contains(got, want) {
			t.Errorf("%.80s: got %q, want %q", xml, got, want)
		}
	}
}

func TestOddCellsAreReadOrBad(t *testing.T) {
	s,
		err := readBytes(atTheEnd(t,
		`<row r="5"><c r="A5" t="inlineStr"><is><t>_xFEFF_ V-5_x000D_ </t></is></c><c r="B5" t="d"><v>2026-09-03T00:00:00</v></c>`+
			`<c r="C5" t="str"><v>ZJ-0018</v></c><c r="D5"><v>G-1</v></c><c r="E5" t="e"><v>#REF!</v></c><c r="F5"><v>NaN</v></c><c r="G5" t="str"><f>A1&amp;""</f><v>甲</v></c>`+
			`<c t="inlineStr"><is><t>摘要_x005F_x000D_</t></is></c><c t="str"><f>A1</f><v></v></c><c t="str"><f>[1]A!A1</f><v></v></c></row></sheetData>`), clerk)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, badOf(s), `5 经费下达编号: "G-1" is not of the type that the cell says`, "5 用途: the error value #REF!",
		`5 金额(元): "NaN" is not of the type`, "5 外拨: its formula asks another workbook")
	c := s.entries[1].rows[0].cells
	if c["data.voucher"].text != "V-5" || c["on"].on.String() != "2026-09-03" || c["data.payee"].text != "甲" ||
		c["data.summary"].text != "摘要_x000D_" || c["data.econCode"].text != "" {
		t.Errorf("got %+v", c)
	}
}
