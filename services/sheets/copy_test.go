package sheets

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/events/text"
)

// copyOf returns the marked copy of the sheets of files, after a clerk has typed into it, by worksheet and cell.
func copyOf(t *testing.T, typed map[string]map[string]any, books ...*Book) []byte {
	t.Helper()
	var list []Marked
	for _, b := range books {
		for _, s := range b.Sheets {
			list = append(list, Marked{Sheet: s, Findings: allFindings(s), Notes: b.Named})
		}
	}
	f := marked(t, "zh", list...)
	for sheet, cells := range typed {
		for at, v := range cells {
			if err := f.SetCellValue(sheet, at, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func mustReadBook(t *testing.T, name string, b []byte) *Book {
	t.Helper()
	book, err := Read(name, bytes.NewReader(b), int64(len(b)), clerk)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// where returns the rows and headings of the findings of all sheets of a file.
func where(b *Book) (list []string) {
	for _, s := range b.Sheets {
		for _, f := range allFindings(s) {
			list = append(list, fmt.Sprintf("%s %d %s", s.Kind.Name, f.Row, f.Field))
		}
	}
	return slices.Compact(list)
}

func allRecords(t *testing.T, b *Book) (list []string) {
	t.Helper()
	for _, s := range b.Sheets {
		list = append(list, recordsOf(t, s)...)
	}
	return list
}

func TestAMarkedCopyOfSeveralFilesIsImportedOnceItIsCorrected(t *testing.T) {
	const row = ",2026/9/1,ZJ-0018,G-1,%s,\"1,234.50\",甲,检测费,31003,否,\n"
	receipts := "到账凭证号,日期,中心编号,资金类别,经费下达编号,金额(元)\n,,,,,\nS-1,2026-09-01,ZJ-0018,%s,G-1,500\n"
	months := func(use string) []byte {
		return makeXLSX(t, func(f *excelize.File, sheet string) error {
			if _, err := f.NewSheet("九月"); err != nil {
				return err
			}
			heads := strings.Split(strings.TrimSpace(voucherHeadings), ",")
			if err := f.SetSheetRow("九月", "B3", &[]any{"支出明细表", "单位：元"}); err != nil {
				return err
			}
			if err := f.SetSheetRow("九月", "A4", &heads); err != nil {
				return err
			}
			if err := setRow(f, sheet, 2, map[string]any{"A": 7, "F": 12.5}); err != nil {
				return err
			}
			return setRow(f, "九月", 6, map[string]any{"A": "V-9", "E": use})
		})
	}
	files := func(use, fund string) []*Book {
		return []*Book{
			mustReadBook(t, "a/表.csv",
				[]byte("表题\n"+voucherHeadings+fmt.Sprintf("V-1"+row+"V-2"+row, "中试", use))),
			mustReadBook(t, "b/表.csv", []byte(fmt.Sprintf(receipts, fund))),
			mustReadBook(t, "月.xlsx", months(use)),
		}
	}
	bad, good := files("中式", "补助"), files("中试", "财政补助资金")
	var found, want []string
	for i := range bad {
		found, want = append(found, where(bad[i])...), append(want, allRecords(t, good[i])...)
	}
	again := mustReadBook(t, "副本.xlsx", copyOf(t, nil, bad...))
	if got := where(again); !slices.Equal(got, found) || len(found) != 3 {
		t.Errorf("a copy that nobody corrected has findings in\n%q, want\n%q", got, found)
	}
	mended := mustReadBook(t, "副本.xlsx",
		copyOf(t, map[string]map[string]any{"表": {"E4": "中试"}, "表 (2)": {"D3": "财政补助资金"},
			"九月": {"E6": "中试"}}, bad...))
	if got := allRecords(t, mended); !slices.Equal(got, want) {
		t.Errorf("a corrected copy has the records\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The marked copy must keep the fault of each bad cell or row, or importing it would accept a wrong value.
func TestAMarkedCopyThatNobodyCorrectedIsRefusedAgain(t *testing.T) {
	for name, fill := range map[string]func(f *excelize.File, sheet string) error{
		"another unit": func(f *excelize.File, sheet string) error {
			return fill(f, sheet, "F3", `0.00"万元"`, 12.3)
		},
		"a percentage": func(f *excelize.File, sheet string) error { return fill(f, sheet, "F3", "0%", 0.5) },
		"a prefix":     func(f *excelize.File, sheet string) error { return fill(f, sheet, "A3", `"记-"0`, 12) },
		"a date as code": func(f *excelize.File, sheet string) error {
			return fill(f, sheet, "A3", "yyyy/m/d", 46266)
		},
		"no day": func(f *excelize.File, sheet string) error {
			return fill(f, sheet, "B3", "yyyy年m月", 46266)
		},
		"hidden text": func(f *excelize.File, sheet string) error { return fill(f, sheet, "G3", ";;;", "甲") },
		"struck out": func(f *excelize.File, sheet string) error {
			style, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Strike: true}})
			if err != nil {
				return err
			}
			return f.SetCellStyle(sheet, "G3", "G3", style)
		},
		"a hidden row": func(f *excelize.File, sheet string) error {
			return f.SetRowVisible(sheet, 3, false)
		},
		"merged cells": func(f *excelize.File, sheet string) error {
			return f.MergeCell(sheet, "I3", "K3")
		},
		"an error": func(f *excelize.File, sheet string) error {
			return f.SetCellFormula(sheet, "I3", "[1]Sheet1!A1")
		},
		"a formula without a value": func(f *excelize.File, sheet string) error {
			return f.SetCellFormula(sheet, "G3", "A1&A2")
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := makeXLSX(t, func(f *excelize.File, sheet string) error {
				if err := setRow(f, sheet, 2, nil); err != nil {
					return err
				}
				if err := setRow(f, sheet, 3, map[string]any{"A": "V-2", "I": "31003"}); err != nil {
					return err
				}
				return fill(f, sheet)
			})
			book := mustReadBook(t, "a.xlsx", b)
			want := where(book)
			if got := where(mustReadBook(t, "b.xlsx", copyOf(t, nil, book))); len(want) == 0 ||
				!slices.Equal(got, want) {
				t.Errorf("the copy has findings in %q, want %q", got, want)
			}
		})
	}
}

func fill(f *excelize.File, sheet, at, code string, v any) error {
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
	if err != nil {
		return err
	}
	if err := f.SetCellValue(sheet, at, v); err != nil {
		return err
	}
	return f.SetCellStyle(sheet, at, at, style)
}

func TestAMarkedCopyHasTheListsNotesAndFormatsOfTheTemplate(t *testing.T) {
	book := mustReadBook(t, "a.csv",
		[]byte("表题,备注\n\n"+voucherHeadings+
			"V-1,2026/9/1,ZJ-0018,G-1,中式,5,甲,乙,,,\nV-2,2026/9/1,ZJ-0018,G-1,中试,5,甲,乙,,,\n"))
	s := book.Sheets[0]
	f := marked(t, "zh", Marked{Sheet: s, Findings: allFindings(s), Notes: []Named{
		{Row: 5, Heading: "摘要", What: text.Say("请核对", "check")}, {Row: 1, What: text.Say("没有读取", "not read")},
		{Heading: "备注", What: text.Say("没有读取\u202e", "not read")}}})
	for at, want := range map[string]string{"L4": "用途：“中式”应为：概念验证、", "L5": "提示：摘要：请核对",
		"L3": "原因", "A3": "凭证号", "A1": "表题"} {
		if got, err := f.GetCellValue("a", at); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
	for at, want := range map[string]string{
		"E4": badFill.Color[0], "H5": noteFill.Color[0], "A3": headingFill.Color[0]} {
		id, err := f.GetCellStyle("a", at)
		if err != nil {
			t.Fatal(err)
		}
		if style, err := f.GetStyle(id); err != nil || !slices.Equal(style.Fill.Color, []string{want}) {
			t.Errorf("%s has the fill %v, want %s", at, style.Fill.Color, want)
		}
	}
	for column, want := range map[string]string{"A": "@", "B": "yyyy-mm-dd", "F": "#,##0.00"} {
		id, err := f.GetColStyle("a", column)
		if err != nil {
			t.Fatal(err)
		}
		style, err := f.GetStyle(id)
		if err != nil {
			t.Fatal(err)
		}
		if got := map[int]string{4: "#,##0.00", 49: "@"}[style.NumFmt]; style.CustomNumFmt != nil &&
			*style.CustomNumFmt != want || style.CustomNumFmt == nil && got != want {
			t.Errorf("column %s has the format %v, want %s", column, style.NumFmt, want)
		}
	}
	notes, err := f.GetComments("a")
	if err != nil || len(notes) != len(vouchers.Columns)+1 {
		t.Errorf("%d notes, %v", len(notes), err)
	}
	if i := slices.IndexFunc(notes, func(c excelize.Comment) bool { return c.Cell == "L3" }); i < 0 ||
		notes[i].Text != "第 1 行：没有读取\n备注：没有读取" {
		t.Errorf("the notes are %+v", notes)
	}
	lists, err := f.GetDataValidations("a")
	if err != nil || len(lists) != 2 || !strings.HasPrefix(lists[0].Sqref, "E4:E") &&
		!strings.HasPrefix(lists[1].Sqref, "E4:E") {
		t.Errorf("%d lists, %v", len(lists), err)
	}
	if panes, err := f.GetPanes("a"); err != nil || !panes.Freeze || panes.YSplit != 3 {
		t.Errorf("frozen: %+v, %v", panes, err)
	}
}
