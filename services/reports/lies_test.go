package reports_test

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/spreadsheet/xlsxtest"
)

const onSheet = "报表"

// styled changes the style of a cell.
func styled(cell string, change func(*excelize.Style)) func(*testing.T, *excelize.File) {
	return func(t *testing.T, f *excelize.File) {
		id, err := f.GetCellStyle(onSheet, cell)
		must(t, err)
		s, err := f.GetStyle(id)
		must(t, err)
		change(s)
		id, err = f.NewStyle(s)
		must(t, err)
		must(t, f.SetCellStyle(onSheet, cell, cell, id))
	}
}

// in gives a cell a number format.
func in(cell, code string) func(*testing.T, *excelize.File) {
	return styled(cell, func(s *excelize.Style) { s.NumFmt, s.CustomNumFmt = 0, &code })
}

// colored gives a cell a font of a color, and a fill if ground is not "".
func colored(cell, ink, ground string) func(*testing.T, *excelize.File) {
	return styled(cell, func(s *excelize.Style) {
		s.Font = &excelize.Font{Color: ink}
		if ground != "" {
			s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{ground}}
		}
	})
}

// conditional marks cells by a rule.
func conditional(cells string, s excelize.Style) func(*testing.T, *excelize.File) {
	return func(t *testing.T, f *excelize.File) {
		id, err := f.NewConditionalStyle(&s)
		must(t, err)
		must(t, f.SetConditionalFormat(onSheet, cells, []excelize.ConditionalFormatOptions{
			{Type: "cell", Criteria: ">", Value: "0", Format: &id}}))
	}
}

// stamped puts a picture over a cell.
func stamped(cell string, o excelize.GraphicOptions) func(*testing.T, *excelize.File) {
	return func(t *testing.T, f *excelize.File) {
		var b bytes.Buffer
		must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 90, 90))))
		must(t, f.AddPictureFromBytes(onSheet, cell,
			&excelize.Picture{Extension: ".png", File: b.Bytes(), Format: &o}))
	}
}

func printed(area string) func(*testing.T, *excelize.File) {
	return func(t *testing.T, f *excelize.File) {
		must(t, f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: area, Scope: onSheet}))
	}
}

// The table of "execution" is A3:L5 with a total, that of "spending" A3:…; row 4 is the first below the headings.
func TestAReportThatShowsAnotherThingThanItHoldsIsNotEqual(t *testing.T) {
	d := small(t, "乙", "丙")
	execution := write(t, d, request(reports.XLSX, "execution", "2025-12-31"))
	spending := write(t, d, request(reports.XLSX, "spending", "2025-12-31", "center", "ZJ-0001"))
	f, err := excelize.OpenFile(spending)
	must(t, err)
	day := cellOf(t, f, "45809")
	must(t, f.Close())
	do := func(edit func(*excelize.File) error) func(*testing.T, *excelize.File) {
		return func(t *testing.T, f *excelize.File) { must(t, edit(f)) }
	}
	for name, c := range map[string]struct {
		path string
		edit func(*testing.T, *excelize.File)
		cell string // that is named, or "" for equal
		says string
	}{
		"scaled by a comma":       {execution, in("H4", "#,##0.00,"), "H4", `cell H4 holds 80000.03, shows "80.00"`},
		"in 万":                    {execution, in("H4", `0!.0,"万"`), "H4", "shows"},
		"a digit as a literal":    {execution, in("H4", `"1"0.00`), "H4", `shows "180000.03"`},
		"rounded to yuan":         {execution, in("H4", "#,##0"), "H4", `shows "80,000"`},
		"shown as nothing":        {execution, in("H4", ";;;"), "H4", `shows ""`},
		"in dollars":              {execution, in("H4", "[$$-409]#,##0.00"), "H4", "shows"},
		"in yen":                  {execution, in("H4", "[$¥-411]#,##0.00"), "H4", "shows"},
		"an amount in percent":    {execution, in("H4", "0.00%"), "H4", "shows"},
		"as a power":              {execution, in("H4", "0.00E+00"), "H4", "shows"},
		"with a minus of its own": {execution, in("H4", `"-"0.00`), "H4", "shows"},
		// of numbers alone: texts are shown as they are
		"a text replaced":         {execution, in("A4", `"ZJ-0002"`), "", ""},
		"a text with more":        {execution, in("A4", `@"9"`), "A4", `shows "ZJ-00019"`},
		"a text as nothing":       {execution, in("A4", ";;;"), "A4", `shows ""`},
		"a heading replaced":      {execution, in("H3", `0;0;0;"执行"`), "H3", `shows "执行"`},
		"a year as a date":        {execution, in("B4", "yyyy-mm-dd"), "B4", "shows"},
		"a rate without its sign": {execution, in("L4", "0.0%"), "", ""},
		"a date without a day":    {spending, in(day, "yyyy年m月"), day, `shows "2025年6月"`},
		"a date without a year":   {spending, in(day, "m月d日"), day, "shows"},
		"another year":            {spending, in(day, `"2024"-mm-dd`), day, "shows"},
		"a date as a number":      {spending, in(day, "0"), day, `holds 2025-06-01, shows "45809"`},
		"a digit in a date":       {spending, in(day, `yyyy-mm-"1"d`), day, "shows"},
		"a hidden row": {
			execution, do(func(f *excelize.File) error { return f.SetRowVisible(onSheet, 4, false) }), "A4",
			"in a row that is hidden"},
		"a row of height 0": {
			execution, do(func(f *excelize.File) error { return f.SetRowHeight(onSheet, 4, 0) }), "A4",
			"in a row that is hidden or has the height 0"},
		"a hidden column": {
			execution, do(func(f *excelize.File) error { return f.SetColVisible(onSheet, "H", false) }), "H3",
			"in a column that is hidden"},
		"a column of width 0": {
			execution, do(func(f *excelize.File) error { return f.SetColWidth(onSheet, "H", "H", 0) }), "H3",
			"in a column that is hidden or has the width 0"},
		"a hidden provenance": {
			execution, do(func(f *excelize.File) error { return f.SetSheetVisible("出处", false) }), "-",
			`the sheet "出处" is hidden`},
		"a very hidden provenance": {
			execution, do(func(f *excelize.File) error { return f.SetSheetVisible("出处", false, true) }), "-",
			"is hidden"},
		"white on white": {
			execution, colored("H4", "FFFFFF", ""), "H4", "in a font of the color of its ground"},
		"nearly white on white": {
			execution, colored("H4", "FAFAFA", ""), "H4", "in a font of the color of its ground"},
		"red on red": {
			execution, colored("H4", "C00000", "C00000"), "H4", "in a font of the color of its ground"},
		"a theme's white": {
			execution, styled("H4", func(s *excelize.Style) { n := 0; s.Font = &excelize.Font{ColorTheme: &n} }), "H4",
			"in a font of the color of its ground"},
		"an indexed white": {
			execution, styled("H4", func(s *excelize.Style) { s.Font = &excelize.Font{ColorIndexed: 9} }), "H4",
			"in a font of the color of its ground"},
		"white by the format": {
			execution, in("H4", "[White]#,##0.00"), "H4", "in a font of the color of its ground"},
		"a white run": {execution, do(func(f *excelize.File) error {
			must(t, f.SetCellStr(onSheet, "A4", ""))
			return f.SetCellRichText(onSheet, "A4",
				[]excelize.RichTextRun{{Text: "ZJ-"}, {Text: "0001", Font: &excelize.Font{Color: "FFFFFF"}}})
		}), "A4", "in a font of the color of its ground"},
		"filled by repetition": {
			execution, styled("H4", func(s *excelize.Style) { s.Alignment = &excelize.Alignment{Horizontal: "fill"} }),
			"H4", "repeats it"},
		"without zeros": {execution, do(func(f *excelize.File) error {
			no := false
			return f.SetSheetView(onSheet, 0, &excelize.ViewOptions{ShowZeros: &no})
		}), "E4", "does not show zeros"},
		"a rule with a format": {execution, conditional("A1:L9", excelize.Style{CustomNumFmt: ptr("0,")}), "A1",
			"under a conditional format"},
		"a rule with a color": {
			execution, conditional("H4:H5", excelize.Style{Font: &excelize.Font{Color: "FF0000"}}), "H4",
			"under a conditional format"},
		"a picture over a figure": {execution, stamped("H4", excelize.GraphicOptions{}), "H4", "under a picture"},
		"a picture from its left": {
			execution, stamped("B2", excelize.GraphicOptions{Positioning: "oneCell", ScaleX: 5, ScaleY: 2}), "B2",
			"under a picture"},
		"a text box": {execution, do(func(f *excelize.File) error {
			return f.AddShape(onSheet, &excelize.Shape{
				Cell: "L4", Type: "rect", Width: 90, Height: 20, Paragraph: []excelize.RichTextRun{{Text: "是"}}})
		}), "L4", "under a picture"},
		"rows not printed":    {execution, printed("'报表'!$A$1:$Z$3"), "A4", "outside the print area"},
		"columns not printed": {execution, printed("'报表'!$A:$G"), "H3", "outside the print area"},
		"no area can be read": {execution, printed("OFFSET('报表'!$A$1,0,0,9,9)"), "A2", "outside the print area"},

		"General": {execution, in("H4", "General"), "", ""},
		"0.00":    {execution, in("H4", "0.00"), "", ""},
		"accounting": {
			execution, in("H4", `_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ ;_ ¥* "-"??_ ;_ @_ `), "", ""},
		"zero in accounting": {
			execution, in("E4", `_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ ;_ ¥* "-"??_ ;_ @_ `), "", ""},
		"元 behind":                {execution, in("H4", `#,##0.00"元"`), "", ""},
		"人民币 before":              {execution, in("H4", `"人民币"#,##0.00`), "", ""},
		"brackets and red":        {execution, in("H4", "#,##0.00;[Red](#,##0.00)"), "", ""},
		"a date in Chinese":       {spending, in(day, `yyyy"年"m"月"d"日";@`), "", ""},
		"a short date":            {spending, in(day, "m/d/yy"), "", ""},
		"a date by name":          {spending, in(day, "[$-409]d-mmm-yyyy"), "", ""},
		"a date with a time":      {spending, in(day, "yyyy-mm-dd hh:mm"), "", ""},
		"a date in Chinese signs": {spending, in(day, `[DBNum1][$-804]yyyy"年"m"月"d"日"`), "", ""},
		"a text by @":             {execution, in("A4", "_ @_ "), "", ""},
		"widths and heights": {
			execution, do(func(f *excelize.File) error { return f.SetColWidth(onSheet, "A", "L", 1) }), "", ""},
		"white on black": {execution, colored("H4", "FFFFFF", "000000"), "", ""},
		"gray":           {execution, colored("H4", "D9D9D9", ""), "", ""},
		"a rule with a fill": {
			execution, conditional("A1:L9",
				excelize.Style{Font: &excelize.Font{Bold: true},
					Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FEC7CE"}}}), "", ""},
		"a rule elsewhere": {
			execution, conditional("P1:P9", excelize.Style{Font: &excelize.Font{Color: "FF0000"}}), "", ""},
		"a filter": {
			execution, do(func(f *excelize.File) error { return f.AutoFilter(onSheet, "A3:L4", nil) }), "", ""},
		"a seal beside": {execution, stamped("P4", excelize.GraphicOptions{}), "", ""},
		"a seal below":  {execution, stamped("B12", excelize.GraphicOptions{}), "", ""},
		"a seal beside the title": {
			execution, stamped("K1", excelize.GraphicOptions{ScaleX: 0.2, ScaleY: 0.2}), "", ""},
		"a note that is closed": {execution, do(func(f *excelize.File) error {
			return f.AddComment(onSheet, excelize.Comment{Cell: "H4", Text: "已核"})
		}), "", ""},
		"everything printed":   {execution, printed("'报表'!$A$1:$Z$30"), "", ""},
		"an area that is gone": {execution, printed("'报表'!#REF!"), "", ""},
		"hidden without content": {
			execution, do(func(f *excelize.File) error { return f.SetColVisible(onSheet, "P", false) }), "", ""},
	} {
		path := edited(t, c.path, func(f *excelize.File) { c.edit(t, f) })
		o, err := reproduceFile(t, d, path)
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case c.cell == "" && o.Differs != nil:
			t.Errorf("%s: %+v", name, *o.Differs)
		case c.cell != "" && (o.Differs == nil || !strings.Contains(o.Differs.Why.En, c.says) ||
			c.cell != "-" && o.Differs.Cell != c.cell):
			t.Errorf("%s: %+v", name, o.Differs)
		}
	}
	for name, c := range map[string]struct {
		edit    func(*testing.T, *excelize.File)
		was, is string
		why     string
	}{
		"a note that is shown": {func(t *testing.T, f *excelize.File) {
			must(t, f.AddComment(onSheet, excelize.Comment{Cell: "L4", Text: "是"}))
		}, "visibility:hidden", "visibility:visible", "a note"},
		"a figure merged away": {func(*testing.T, *excelize.File) {}, "</sheetData>",
			`</sheetData><mergeCells count="1"><mergeCell ref="H4:I5"/></mergeCells>`, "under another cell"},
		"a row merged into its first cell": {func(*testing.T, *excelize.File) {}, "</sheetData>",
			`</sheetData><mergeCells count="1"><mergeCell ref="A4:L4"/></mergeCells>`, "under another cell"},
		"a column merged into its first cell": {func(*testing.T, *excelize.File) {}, "</sheetData>",
			`</sheetData><mergeCells count="1"><mergeCell ref="A1:A4"/></mergeCells>`, "under another cell"},
		"a ground of two whites": {
			colored("H4", "FFFFFF", "010203"),
			`<patternFill patternType="solid"><fgColor rgb="FF010203"></fgColor></patternFill>`,
			`<gradientFill><stop position="0"><color rgb="FFFFFFFF"/></stop><stop position="1"><color rgb="FFFEFEFE"/></stop></gradientFill>`, "in a font of the color of its ground"},
	} {
		content, err := os.ReadFile(edited(t, execution, func(f *excelize.File) { c.edit(t, f) }))
		must(t, err)
		path := filepath.Join(t.TempDir(), "rewritten.xlsx")
		changed := false
		must(t, os.WriteFile(path, xlsxtest.Rewrite(t, content, func(part, text string) string {
			if strings.Contains(part, "sheet2") {
				return text
			}
			changed = changed || strings.Contains(text, c.was)
			return strings.ReplaceAll(text, c.was, c.is)
		}), 0o644))
		if o := reproduce(t, d, path); !changed || o.Differs == nil || !strings.Contains(o.Differs.Why.En, c.why) {
			t.Errorf("%s: changed %v, %+v", name, changed, o.Differs)
		}
	}
}

func ptr(s string) *string { return &s }
