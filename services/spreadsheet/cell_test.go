package spreadsheet

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/spreadsheet/xlsxtest"
)

func TestACellIsWhatItSaysThatItIs(t *testing.T) {
	for cell, want := range map[string]Cell{
		`t="inlineStr"><is><r><t>V-</t></r><r><t xml:space="preserve">5_x000D_ </t></r><rPh><t>wei</t></rPh></is>`: {
			Sort: Text, Text: "V-5\r "},
		`t="inlineStr"><is><t>_x005F_x000D_</t></is>`: {
			Sort: Text, Text: "_x000D_"},
		`t="inlineStr"><is><r><t>_x00</t></r><r><t>41_</t></r></is>`: {
			Sort: Text, Text: "_x0041_"},
		`t="inlineStr"><is><t>_xD800_ _xzzzz_ _x00</t></is>`: {
			Sort: Text, Text: "_xD800_ _xzzzz_ _x00"},
		`t="s"><v> 1 </v>`:                 {Sort: Text, Text: "日期"},
		`t="str"><v> x_x000D_</v>`:         {Sort: Text, Text: " x\r"},
		`t="str"><f>A1&amp;""</f><v>甲</v>`: {Sort: Text, Text: "甲", Formula: `=A1&""`},
		`t="str"><f>A1</f>`:                {Formula: "=A1"},
		`t="str"><f>A1</f><v></v>`:         {Sort: Text, Formula: "=A1"},
		`><f>1+1</f>`:                      {Formula: "=1+1"},
		`><f t="shared" si="0"/><v>2</v>`:  {Sort: Number, Text: "2", Number: 2, Formula: "="},
		`t="e"><v>#REF!</v>`:               {Sort: Failure, Text: "#REF!"},
		`t="b"><v>1</v>`:                   {Sort: Truth, Text: "TRUE"},
		`t="b"><v>0</v>`:                   {Sort: Truth, Text: "FALSE"},
		`t="d"><v>2026-09-03T00:00:00</v>`: {Sort: Date, Text: "2026-09-03", Number: 46268},
		`t="d"><v>soon</v>`:                {Sort: Unreadable, Text: "soon"},
		`><v>0.30000000000000004</v>`:      {Sort: Number, Text: "0.3", Number: 0.30000000000000004},
		`t="n"><v>1E+2</v>`:                {Sort: Number, Text: "100", Number: 100},
		`><v>NaN</v>`:                      {Sort: Unreadable, Text: "NaN"},
		`><v>1e999</v>`:                    {Sort: Unreadable, Text: "1e999"},
		`s="1"><v>46266.75</v>`:            {Sort: Date, Text: "2026-09-01", Number: 46266.75},
		`s="1"><v>60</v>`:                  {Sort: Number, Text: "60", Number: 60},
		`s="1"><v>9e9</v>`:                 {Sort: Number, Text: "9000000000", Number: 9e9},
		`s="2"><v>42</v>`:                  {Sort: Number, Text: "42", Number: 42},
		`s="99"><v>42</v>`:                 {Sort: Number, Text: "42", Number: 42},
		`s="1"><v> </v>`:                   {},
		`s="1"><!-- nothing -->`:           {},
		`t="inlineStr"><is><t></t></is>`:   {},
	} {
		b := xlsxtest.Rewrite(t, withRow(t, `<row r="9"><c r="A9" `+cell+`</c></row>`),
			func(name, text string) string {
				if name == "xl/styles.xml" {
					return `<styleSheet><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="2"/></cellXfs></styleSheet>`
				}
				return text
			})
		got := lastRow(t, b)
		if want == (Cell{}) {
			if got.Number != 2 {
				t.Errorf("%s is %+v", cell, got)
			}
		} else if len(got.Cells) == 0 {
			t.Errorf("%s is nothing, want %+v", cell, want)
		} else if got.Cells[0].format, got.Cells[0].style = nil, 0; got.Number != 9 ||
			!slices.Equal(got.Cells, []Cell{want}) {
			t.Errorf("%s is %+v, want %+v", cell, got, want)
		}
	}
}

// lastRow reads the last row of the only sheet.
func lastRow(t *testing.T, b []byte) (last Row) {
	t.Helper()
	w, _, err := readAll(b, enough)
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range w.Rows(w.Sheets[0]) {
		if err != nil {
			t.Fatal(err)
		}
		last = r
		last.Cells = slices.Clone(r.Cells)
	}
	return last
}

func TestRowsAndCellsHaveTheirPlaces(t *testing.T) {
	b := withRow(t,
		`<row r="4"><c r="A4" s="0"/></row><row hidden="1"><c t="str"><v>a</v></c><c r="D5" t="str"><v>d</v></c><c t="str"><v>e</v></c><c r="XFD5" s="0"/></row><row r="1048576"><c r="B1048576"><v>1</v></c></row>`)
	_, lines, err := readAll(b, enough)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, lines, `1 false 1"凭证号" 1"日期"`, `2 false 1"V-1" 1"2026-09-01"`, `5 true 1"a" 0"" 0"" 1"d" 1"e"`,
		`1048576 false 0"" 2"1"`)
}

func TestMergedRangesAndHiddenSheetsAreTold(t *testing.T) {
	b := xlsxtest.Rewrite(t, made(t), func(name, text string) string {
		switch name {
		case tablePart:
			return strings.Replace(text, "</sheetData>",
				`</sheetData><mergeCells><mergeCell ref="B2:AA3"/><mergeCell ref="A1"/></mergeCells>`, 1)
		case workbookPart:
			return strings.Replace(text, "<sheet ", `<sheet state="veryHidden" `, 1)
		}
		return text
	})
	w, _, err := readAll(b, enough)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%+v",
		w.Sheets[0].Merged); got != "[{FirstRow:2 LastRow:3 FirstColumn:1 LastColumn:26} {FirstRow:1 LastRow:1 "+
		"FirstColumn:0 LastColumn:0}]" || !w.Sheets[0].Hidden {
		t.Errorf("got %s of %+v", got, w.Sheets[0])
	}
}

func TestDatesAreCountedFrom1904WhereTheWorkbookSaysSo(t *testing.T) {
	b := xlsxtest.Rewrite(t, withRow(t, `<row r="9"><c r="A9" s="1"><v>46266</v></c><c><v>46266</v></c></row>`),
		func(name, text string) string {
			switch name {
			case workbookPart:
				return strings.Replace(text, "<workbookPr", `<workbookPr date1904="1"`, 1)
			case "xl/styles.xml":
				return `<styleSheet><cellXfs><xf/><xf numFmtId="14"/></cellXfs></styleSheet>`
			}
			return text
		})
	if got := lastRow(t, b).Cells; got[0].Text != "2030-09-02" || got[0].Number != 47728 || got[1].Number != 46266 {
		t.Errorf("got %+v", got)
	}
}

func TestColumnsAreNamedByLetters(t *testing.T) {
	for column, name := range map[int]string{0: "A", 25: "Z", 26: "AA", 701: "ZZ", 702: "AAA", ColumnsMax - 1: "XFD"} {
		if got, row, ok := parseRef(name + "7"); Letters(column) != name || got != column || row != 7 || !ok {
			t.Errorf("%d is %s, and %s is %d", column, Letters(column), name, got)
		}
	}
}

func TestAFormulaOfSeveralCellsIsThatOfEach(t *testing.T) {
	b := withRow(t,
		`<row r="5"><c r="A5"><f t="shared" ref="A5:A6" si="3">NOW()</f><v>1</v></c><c r="B5"><f t="array" ref="B5:C6">RAND()</f><v>1</v></c><c><v>1</v></c><c><v>1</v></c></row>`+
			`<row r="6"><c r="A6"><f t="shared" si="3"/><v>1</v></c><c><v>1</v></c><c><f>1+1</f><v>2</v></c></row><row r="7"><c r="B7"><v>1</v></c><c><f t="array" ref="C7">SUM(A1:A2*1)</f><v>0</v></c><c><v>1</v></c></row>`)
	_, lines, err := readAll(b, enough)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, lines[2:], `5 false 2"1"=NOW() 2"1"=RAND() 2"1"=RAND() 2"1"`, `6 false 2"1"=NOW() 2"1"=RAND() 2"2"=1+1`,
		`7 false 0"" 2"1" 2"0"=SUM(A1:A2*1) 2"1"`)
	if got := refusal(t, withRow(t, `<row r="5">`+strings.Repeat(`<c><f t="array" ref="A5:A9"/></c>`, arraysMax+1)+
		`</row>`)); !strings.Contains(got, "more than the limit of 100 formulas") {
		t.Errorf("got %q", got)
	}
}
