package spreadsheet

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/spreadsheet/xlsxtest"
)

// withParts returns the workbook of two rows with other styles, and with XML around its rows.
func withParts(t testing.TB, styles, before, rows, after string) []byte {
	t.Helper()
	return xlsxtest.Rewrite(t, made(t), func(name, text string) string {
		switch name {
		case "xl/styles.xml":
			return styles
		case tablePart:
			text = strings.Replace(text, "<sheetData>", before+"<sheetData>", 1)
			return strings.Replace(text, "</sheetData>", rows+"</sheetData>"+after, 1)
		}
		return text
	})
}

func TestWhatIsHiddenOrShownOtherwiseIsKnown(t *testing.T) {
	b := withParts(t,
		`<styleSheet><dxfs><dxf><numFmt numFmtId="170" formatCode="0&quot;万&quot;"/></dxf><dxf><font><color rgb="FFFFFFFF"/></font></dxf><dxf><fill><bgColor/></fill><border><left><color/></left></border></dxf>`+
			`<dxf><font><color rgb="FF000000"/></font><fill><patternFill><bgColor rgb="FFFFEB9C"/></patternFill></fill></dxf><dxf><font><color rgb="FF000000"/></font><fill><patternFill><bgColor rgb="FF000000"/></patternFill></fill></dxf>`+
			`<dxf><font><color rgb="FF000000"/></font><fill/></dxf><dxf><font><b/></font></dxf></dxfs><colors><indexedColors><rgbColor rgb="FF000000"/></indexedColors><mruColors><color rgb="FFFF0000"/></mruColors></colors></styleSheet>`,
		`<cols><col min="2" max="2" width="9"/><col min="3" max="4" hidden="1"/><col min="6" max="6" width="0" customWidth="1"/></cols>`,
		`<row r="3" ht="0" customHeight="1"><c><v>1</v></c></row><row r="4" ht="0"><c><v>1</v></c></row><row r="5" ht="15" customHeight="1"><c><v>1</v></c></row><row r="6" hidden="true"><c><v>1</v></c></row>`,
		`<conditionalFormatting sqref="A1:B2 C3"><cfRule dxfId="0"/><cfRule dxfId="9"/></conditionalFormatting><conditionalFormatting sqref="D1"><cfRule dxfId="1"/></conditionalFormatting>`+
			`<conditionalFormatting sqref="E1"><cfRule dxfId="2"><colorScale><color/></colorScale></cfRule></conditionalFormatting><conditionalFormatting sqref="H1"><cfRule dxfId="3"/><cfRule dxfId="5"/><cfRule dxfId="6"/></conditionalFormatting><conditionalFormatting sqref="I1"><cfRule dxfId="4"/></conditionalFormatting><conditionalFormatting sqref="F1"><cfRule><dataBar showValue="0"/></cfRule></conditionalFormatting>`+
			`<extLst><ext><x14:conditionalFormatting><x14:cfRule><x14:dxf><font><color rgb="FFFF0000"/></font><numFmt/></x14:dxf></x14:cfRule><xm:sqref>G1:G2</xm:sqref></x14:conditionalFormatting></ext></extLst>`)
	w, _, err := readAll(b, enough)
	if err != nil {
		t.Fatal(err)
	}
	s := w.Sheets[0]
	for range 2 { // the facts are those of one reading
		var hidden []int
		for r, err := range w.Rows(s) {
			if err != nil || len(s.HiddenColumns) != 2 {
				t.Fatalf("%v; row %d knows of %v", err, r.Number, s.HiddenColumns)
			}
			if r.Hidden {
				hidden = append(hidden, r.Number)
			}
		}
		if !slices.Equal(hidden, []int{3, 6}) {
			t.Errorf("rows %v are hidden", hidden)
		}
	}
	if got := fmt.Sprint(s.HiddenColumns); got != "[{1 1048576 2 3} {1 1048576 5 5}]" {
		t.Errorf("columns %s are hidden", got)
	}
	if got := fmt.Sprint(s.ConditionalFormats); got != "[{{1 2 0 1} true false} {{3 3 2 2} true false} {{1 1 3 3} "+
		"false true} {{1 1 8 8} false true} {{1 1 5 5} true false} {{1 2 6 6} true true}]" {
		t.Errorf("got %s", got)
	}
	for after, want := range map[string]string{
		`<conditionalFormatting sqref="A"><cfRule dxfId="0"/></conditionalFormatting>`: "the conditional formats " +
			"cannot be read",
		`<cols><col min="0" max="2" hidden="1"/></cols>`: "cannot be read",
	} {
		b := withParts(t, `<styleSheet><dxfs><dxf><numFmt/></dxf></dxfs></styleSheet>`, "", "", after)
		if got := refusal(t, b); !strings.Contains(got, want) {
			t.Errorf("got %q", got)
		}
	}
}

func TestACellIsStruckThroughWholeOrInPart(t *testing.T) {
	const styles = `<styleSheet><fonts><font/><font><strike/></font><font><strike val="0"/></font></fonts><cellXfs><xf/><xf fontId="1"/><xf fontId="2"/><xf fontId="9"/></cellXfs><dxfs><dxf><font><strike/></font></dxf></dxfs></styleSheet>`
	const struck, plain = `<r><rPr><b/><strike/></rPr><t>旧</t></r>`, `<r><rPr><b/></rPr><t>新</t></r>`
	for cell, want := range map[string]bool{
		`s="1"><v>5</v>`: true, `s="0"><v>5</v>`: false, `s="2"><v>5</v>`: false, `s="3"><v>5</v>`: false,
		`s="99"><v>5</v>`: false, `s="1" t="b"><v>1</v>`: true, `s="1" t="str"><v>甲</v>`: true,
		`s="1" t="s"><v>0</v>`: true, `t="s"><v>0</v>`: false,
		`t="inlineStr"><is>` + plain + struck + `</is>`:                           true,
		`t="inlineStr"><is>` + struck + `<r><t>新</t></r></is>`:                    true,
		`t="inlineStr"><is>` + plain + `<r><rPr><strike/></rPr><t> </t></r></is>`: false,
		`s="1" t="inlineStr"><is>` + plain + `</is>`:                              false,
		`s="1" t="inlineStr"><is>` + plain + `<r><t>新</t></r></is>`:               true,
		`t="inlineStr"><is><r><rPr><strike val="false"/></rPr><t>新</t></r></is>`:  false,
		`t="s"><v>3</v>`: true, `s="1" t="s"><v>4</v>`: false,
	} {
		b := xlsxtest.Rewrite(t, withParts(t, styles, "", `<row r="9"><c r="A9" `+cell+`</c></row>`, ""),
			func(name, text string) string {
				if name == "xl/sharedStrings.xml" {
					return `<sst><si><t>凭证号</t></si><si><t>日期</t></si><si><t>x</t></si><si>` + struck + plain +
						`</si><si>` + plain + `</si></sst>`
				}
				return text
			})
		if got := lastRow(t, b); got.Number != 9 || got.Cells[0].Struck != want {
			t.Errorf("%s is %+v", cell, got)
		}
	}
}
