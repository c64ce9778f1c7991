package sheets

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// setRow puts the cells of one good voucher into a row, but for those that are given.
func setRow(f *excelize.File, sheet string, row int, instead map[string]any) error {
	good := map[string]any{"A": fmt.Sprintf("V-%d", row), "B": "2026-09-01", "C": "ZJ-0018", "D": "G-1", "E": "中试", "F": "5", "G": "甲", "H": "检测费"}
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
		return nil
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
	zeros := "00000"
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
			{"F": nil}, {"F": nil}, {}, {},
		} {
			if err := setRow(f, sheet, i+2, instead); err != nil {
				return err
			}
		}
		style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &zeros})
		if err != nil {
			return err
		}
		for _, step := range []error{
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
	expect(t, badOf(s), "2 凭证号: the cell holds the date 2026-09-01", `3 金额(元): "1.005" is not an amount`, "4 日期: the cell holds the number 46266 and no date",
		"5 凭证号: the cell holds the number 1.5", "6 凭证号: the cell holds the number 12345678901234", "7 凭证号: the cell holds the number 42 and may show it otherwise",
		"8 金额(元): the amount -1.5 is negative", "9 金额(元): must be an amount; the cell holds the date", "10 金额(元): its formula has no stored value",
		"11 金额(元): its formula asks another workbook", "12 收款单位: its cell in column G is merged", "13 : the row is hidden", "13 收款单位: its cell in column G is merged", "13 收款单位: must not be empty")
}

func TestOneVisibleSheetHoldsTheRows(t *testing.T) {
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
		for _, err := range []error{f.SetCellValue(sheet, "A1", "说明"), add(f, "隐藏", 1), f.SetSheetVisible("隐藏", false), add(f, "空表", 0), add(f, "九月", 3)} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	s, err := readBytes(b, clerk)
	if err != nil || s.grid.name != "九月" || len(recordsOf(t, s)) != 3 {
		t.Errorf("got %v, %+v", err, s)
	}
	b = makeXLSX(t, func(f *excelize.File, sheet string) error {
		for _, err := range []error{add(f, "九月", 1), setRow(f, sheet, 2, nil)} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	if got := refusedWhole(t, b); !strings.Contains(got, "the sheets “Sheet1” and “九月” both hold rows") {
		t.Errorf("got %q", got)
	}
}

// rewrite changes the parts of an archive: what change returns is written instead, "" leaves a part out.
func rewrite(t testing.TB, b []byte, change func(name, text string) string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, part := range in.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		changed := change(part.Name, string(text))
		if changed == "" {
			continue
		}
		p, err := w.Create(part.Name)
		if err == nil {
			_, err = io.WriteString(p, changed)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const sheetPart = "xl/worksheets/sheet1.xml"

func TestHostileAndDamagedFilesEndWithAReason(t *testing.T) {
	good := makeXLSX(t, func(f *excelize.File, sheet string) error { return setRow(f, sheet, 2, nil) })
	replaced := func(in, old, new string) []byte {
		changed := false
		b := rewrite(t, good, func(name, text string) string {
			if name == in {
				changed = strings.Contains(text, old)
				return strings.Replace(text, old, new, 1)
			}
			return text
		})
		if !changed {
			t.Fatalf("%s does not hold %q", in, old)
		}
		return b
	}
	without := func(part string) []byte {
		return rewrite(t, good, func(name, text string) string {
			if name == part {
				return ""
			}
			return text
		})
	}
	row := func(text string) []byte { return replaced(sheetPart, "</sheetData>", text+"</sheetData>") }
	var twice bytes.Buffer
	w := zip.NewWriter(&twice)
	for range 2 {
		if _, err := w.Create(workbookPart); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"cut off":                    {good[:len(good)/2], "damaged or not whole"},
		"no workbook":                {without(workbookPart), "a ZIP archive and no XLSX workbook"},
		"a part twice":               {twice.Bytes(), "twice"},
		"no sheet":                   {without(sheetPart), `the sheet "Sheet1" is not within the file`},
		"a sheet outside":            {replaced("xl/_rels/workbook.xml.rels", `Target="worksheets/sheet1.xml"`, `Target="http://example.org/sheet1.xml" TargetMode="External"`), "is not within the file"},
		"XML that breaks off":        {replaced(sheetPart, "</sheetData></worksheet>", ""), "damaged or not whole"},
		"an entity declared":         {replaced(sheetPart, "<worksheet", `<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet`), "DOCTYPE"},
		"an entity":                  {row(`<row r="9"><c r="A9" t="str"><v>&a;</v></c></row>`), "damaged or not whole"},
		"a row beyond":               {row(`<row r="1048577"><c r="A1048577"><v>1</v></c></row>`), "a row is beyond 1048576"},
		"a row before":               {row(`<row r="1"><c r="A1"><v>1</v></c></row>`), "is no row number"},
		"a column beyond":            {row(`<row r="9"><c r="XFE9"><v>1</v></c></row>`), "is no place of a cell"},
		"a cell of another row":      {row(`<row r="9"><c r="A1"><v>1</v></c></row>`), "is no place of a cell"},
		"too many columns":           {row(`<row r="9"><c r="XFD9"><v>1</v></c></row>`), "beyond the limit of 100 columns"},
		"nested too deep":            {row(strings.Repeat("<a>", 100)), "nests deeper"},
		"one tag too long":           {row(`<row r="9" a="` + strings.Repeat("a", 2*tagBytesMax) + `"/>`), "a tag or a text of more than"},
		"too many rows":              {row(manyRows(rowsMax + 1)), "more than the limit of 100000 rows"},
		"merged everywhere":          {replaced(sheetPart, "</sheetData>", `</sheetData><mergeCells>`+strings.Repeat(`<mergeCell ref="A1:B2"/>`, mergesMax+1)+`</mergeCells>`), "more than the limit of 10000"},
		"merged headings":            {replaced(sheetPart, "</sheetData>", `</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>`), "the heading row 1 has merged cells"},
		"merged to nowhere":          {replaced(sheetPart, "</sheetData>", `</sheetData><mergeCells><mergeCell ref="A1:"/></mergeCells>`), "cannot be read"},
		"another encoding":           {replaced(sheetPart, `encoding="UTF-8"`, `encoding="EBCDIC"`), "damaged or not whole"},
		"more sheets than the limit": {replaced(workbookPart, "</sheets>", strings.Repeat(`<sheet name="x" sheetId="1" r:id="rId1"/>`, sheetsMax)+"</sheets>"), "more than the limit of 100 sheets"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := refusedWhole(t, c.file); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAnArchiveExpandsToSoMuchAndNoMore(t *testing.T) {
	good := makeXLSX(t, func(f *excelize.File, sheet string) error { return setRow(f, sheet, 2, nil) })
	w, list, err := openWorkbook(bytes.NewReader(good), int64(len(good)))
	if err != nil || len(list) != 1 {
		t.Fatal(err)
	}
	if _, err := w.readSheet(list[0]); err != nil || w.left >= expandedBytesMax {
		t.Errorf("got %v with %d bytes left", err, w.left)
	}
	w.left = 100
	if _, err := w.readSheet(list[0]); err == nil || !strings.Contains(err.Error(), "expands to more than the limit of 134217728 bytes") {
		t.Errorf("got %v", err)
	}
}

func manyRows(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString("<row><c><v>1</v></c></row>")
	}
	return b.String()
}

func TestOddCellsAreReadOrBad(t *testing.T) {
	good := makeXLSX(t, func(f *excelize.File, sheet string) error { return setRow(f, sheet, 2, nil) })
	b := rewrite(t, good, func(name, text string) string {
		if name != sheetPart {
			return text
		}
		return strings.Replace(text, "</sheetData>", `<row r="5">`+
			`<c r="A5" t="inlineStr"><is><r><t>V-</t></r><r><t xml:space="preserve">5_x000D_ </t></r><rPh><t>wei</t></rPh></is></c>`+
			`<c r="B5" t="d"><v>2026-09-03T00:00:00</v></c><c r="C5" t="str"><v>ZJ-0018</v></c><c r="D5" t="s"><v>99999</v></c><c r="E5" t="e"><v>#REF!</v></c>`+
			`<c r="F5"><v>NaN</v></c><c r="G5" t="str"><f>A1&amp;""</f><v>甲</v></c><c t="inlineStr"><is><t>摘要_x005F_x000D_</t></is></c></row></sheetData>`, 1)
	})
	s, err := readBytes(b, clerk)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, badOf(s), "5 经费下达编号: its text 99999 is not within the file", "5 用途: the error value #REF!", `5 金额(元): "NaN" is no number`)
	c := s.entries[1].rows[0].cells
	if c["data.voucher"].text != "V-5" || c["on"].on.String() != "2026-09-03" || c["data.payee"].text != "甲" || c["data.summary"].text != "摘要_x000D_" {
		t.Errorf("got %+v", c)
	}
}

func TestDatesAreToldByTheirFormats(t *testing.T) {
	for code, want := range map[string]style{"yyyy-mm-dd": asDate, `yyyy"年"m"月"d"日"`: asDate, "[$-804]e年m月d日": asDate, "m/d": asDate, "General": plainly, "0": plainly, "@": plainly,
		"#,##0.00": otherwise, `0.00"day"`: otherwise, "[Red]0": plainly, "00000": otherwise, "0%": otherwise, `"unclosed`: otherwise, "h:mm": otherwise} {
		if got := styleOfCode(code); got != want {
			t.Errorf("%s is %d, want %d", code, got, want)
		}
	}
	for id, want := range map[int]style{0: plainly, 1: plainly, 2: otherwise, 14: asDate, 22: asDate, 31: asDate, 45: otherwise, 49: plainly, 57: asDate} {
		if got := styleOf(id, ""); got != want {
			t.Errorf("%d is %d, want %d", id, got, want)
		}
	}
}

func TestDatesAreCountedFrom1904WhereTheWorkbookSaysSo(t *testing.T) {
	b := makeXLSX(t, func(f *excelize.File, sheet string) error {
		return setRow(f, sheet, 2, map[string]any{"B": time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)})
	})
	b = rewrite(t, b, func(name, text string) string {
		if name == workbookPart {
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
