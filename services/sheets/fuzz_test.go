package sheets

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/spreadsheet/xlsxtest"
)

// soundOrRefused reads a file twice. The file must be refused with a reason; or each row belongs to a record or
// has a finding, the marked copy can be written, and both readings give the same ids.
func soundOrRefused(t *testing.T, b []byte) {
	s, err := readBytes(b, clerk)
	var refused *text.Error
	if err != nil {
		if !errors.As(err, &refused) || refused.Text().Zh == "" || refused.Text().En == "" {
			t.Fatalf("got %v", err)
		}
		return
	}
	again, err := readBytes(b, clerk)
	if err != nil {
		t.Fatal(err)
	}
	second := again.Given()
	rows, found := 0, []RowBreach{}
	for i, g := range s.Given() {
		rows += len(s.entries[i].rows)
		switch {
		case (g.Record == nil) != (len(g.Problems) > 0):
			t.Fatalf("row %d: %v, %v", g.Line, g.Record, g.Problems)
		case g.Record != nil && g.Record.ID != second[i].Record.ID:
			t.Fatalf("row %d: %s, then %s", g.Line, g.Record.ID, second[i].Record.ID)
		case g.Record == nil:
			why := s.Findings(ledger.BadRecord{Origin: ledger.Origin{Line: g.Line}})
			if said := map[int]bool{}; len(why) > 0 {
				for _, f := range why {
					said[f.Row] = true
				}
				if len(said) < len(s.entries[i].rows) {
					t.Fatalf("row %d: only rows %v have their say", g.Line, said)
				}
			}
			found = append(found, why...)
		}
	}
	if rows != s.Rows {
		t.Fatalf("%d of %d rows", rows, s.Rows)
	}
	s.Name = "fuzz.csv"
	var out bytes.Buffer
	if err := WriteReport(&out, []Marked{{Sheet: s, Findings: found}}, "zh"); err != nil {
		t.Fatal(err)
	}
	copied, err := readBytes(out.Bytes(), clerk)
	if err != nil {
		t.Fatalf("a marked copy: %v", err)
	}
	badRows := map[int]bool{}
	for _, f := range allFindings(copied) {
		badRows[f.Row] = true
	}
	for _, f := range found {
		if !badRows[f.Row] {
			t.Fatalf("row %d is taken from a marked copy that nobody corrected", f.Row)
		}
	}
}

func FuzzCSV(f *testing.F) {
	f.Add(theProvinces(f)[:2000])
	for _, k := range Kinds {
		f.Add([]byte(tsvOf(k)))
	}
	f.Add([]byte("\xff\xfe1\x00,\x00"))
	f.Add([]byte(voucherHeadings +
		"V-1,2026/9/1,ZJ-0018,G-1,中试,\"1,234.50\",=1,x,,,\nV-1,2026/9/2,zj,G-1,中试,1,甲,x,,,\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if look(b) == CSV {
			soundOrRefused(t, b)
		}
	})
}

// FuzzXLSX puts texts into the parts of a workbook that describe its cells.
func FuzzXLSX(f *testing.F) {
	parts := map[string]string{"xl/worksheets/sheet1.xml": "", "xl/sharedStrings.xml": "", "xl/styles.xml": ""}
	good := makeXLSX(f, func(f *excelize.File, sheet string) error {
		return errors.Join(setRow(f, sheet, 2, map[string]any{"F": 1.5}),
			setRow(f, sheet, 3, map[string]any{"A": nil}), f.MergeCell(sheet, "B2", "B3"),
			f.SetCellFormula(sheet, "G3", "A1"))
	})
	xlsxtest.Rewrite(f, good, func(name, text string) string {
		if _, ok := parts[name]; ok {
			parts[name] = text
		}
		return text
	})
	f.Add(parts["xl/worksheets/sheet1.xml"], parts["xl/sharedStrings.xml"], parts["xl/styles.xml"])
	f.Add(strings.Replace(parts["xl/worksheets/sheet1.xml"], `t="s"`, `t="inlineStr"`, 3),
		"<sst><si><t>凭证号</t></si></sst>", "")
	f.Fuzz(func(t *testing.T, sheet, shared, styles string) {
		soundOrRefused(t, xlsxtest.Rewrite(t, good, func(name, text string) string {
			switch name {
			case "xl/worksheets/sheet1.xml":
				return sheet
			case "xl/sharedStrings.xml":
				return shared
			case "xl/styles.xml":
				return styles
			}
			return text
		}))
	})
}
