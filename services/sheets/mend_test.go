package sheets

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// mendable is a sheet of three vouchers below a title and a blank row: the first is good, the second has a bad use and
// a bad amount, the third a bad date.
const mendable = "九月凭证\n\n" + voucherHeadings +
	"V-11,2026/9/1,ZJ-0018,G-1,中试,\"1,234.50\",甲,样机,,,\n" +
	"V-12,2026/9/1,ZJ-0018,G-1,中式,1.005,乙,样机,,,\n" +
	"V-13,2026/9/31,ZJ-0018,G-1,中试,3.00,丙,样机,,,\n"

func mustShow(t *testing.T, b []byte) Shown {
	t.Helper()
	list, err := Show(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(list) != 1 {
		t.Fatalf("%d tables, %v", len(list), err)
	}
	return list[0]
}

// mended writes the sheet with mended cells.
func mended(t *testing.T, content []byte, cells ...Mended) []byte {
	t.Helper()
	s, err := readBytes(content, clerk)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := WriteMended(&out, "九月.csv", bytes.NewReader(content), int64(len(content)), cells,
		[][]RowBreach{allFindings(s)}, "zh"); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestASheetIsShownAsItStands(t *testing.T) {
	shown := mustShow(t, []byte(mendable))
	if shown.Kind.Name != "vouchers" || shown.Row != 3 || shown.Worksheet != "" ||
		strings.Join(shown.Headings, ",")+"\n" != voucherHeadings || !slices.Equal(shown.Names, shown.Headings) {
		t.Errorf("the table is %+v", shown)
	}
	var rows []int
	for _, r := range shown.Rows {
		rows = append(rows, r.Row)
	}
	if !slices.Equal(rows, []int{4, 5, 6}) || shown.Rows[0].Cells[5] != "1,234.50" || shown.Rows[1].Cells[4] != "中式" {
		t.Errorf("the rows are %+v", shown.Rows)
	}
	copied := mustShow(t, mended(t, []byte(mendable)))
	if !slices.Equal(copied.Headings, shown.Headings) || len(copied.Rows) != 3 {
		t.Errorf("the marked copy is shown as %+v", copied)
	}
	for i, r := range copied.Rows {
		if r.Row != shown.Rows[i].Row || !slices.Equal(trimmed(r.Cells), trimmed(shown.Rows[i].Cells)) {
			t.Errorf("row %+v of the marked copy was %+v", r, shown.Rows[i])
		}
	}
	if _, err := Show(strings.NewReader("a,b\n1,2\n"), 8); err == nil {
		t.Error("a file that is no sheet is shown")
	}
}

// trimmed returns the cells without the empty ones at their end.
func trimmed(cells []string) []string {
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

func TestOnlyTheMendedCellsOfASheetChange(t *testing.T) {
	amount := "金额(元): "
	for _, c := range []struct {
		name  string
		cells []Mended
		want  []string // what is against the copy
	}{
		{"nothing is mended", nil, []string{"5 用途: ", "5 " + amount, "6 日期: "}},
		{"one cell of two in a row", []Mended{{0, 5, 4, "中试"}}, []string{"5 " + amount, "6 日期: "}},
		{"all", []Mended{{0, 5, 4, "中试"}, {0, 5, 5, "1.01"}, {0, 6, 1, "2026-09-30"}}, nil},
		{"a mistake for a mistake", []Mended{{0, 6, 1, "2026-09-32"}}, []string{"5 用途: ", "5 " + amount, "6 日期: "}},
		{"a good cell becomes bad", []Mended{{0, 4, 5, "十元"}},
			[]string{"4 " + amount, "5 用途: ", "5 " + amount, "6 日期: "}},
		{"the text that is there", []Mended{{0, 5, 4, " 中式\r\n"}}, []string{"5 用途: ", "5 " + amount, "6 日期: "}},
		{"cells that are not there", []Mended{{1, 5, 4, "中试"}, {0, 99, 4, "中试"}, {0, 5, -1, "x"}, {0, 5, columnsMax, "x"}},
			[]string{"5 用途: ", "5 " + amount, "6 日期: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := readBytes(mended(t, []byte(mendable), c.cells...), clerk)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, badOf(s), c.want...)
		})
	}
}

// TestATypedFormulaIsAText mends a cell with what a spreadsheet would compute.
func TestATypedFormulaIsAText(t *testing.T) {
	b := mended(t, []byte(mendable), Mended{0, 4, 6, "=1+1"}, Mended{0, 5, 4, "中试"}, Mended{0, 5, 5, "1"},
		Mended{0, 6, 1, "2026-09-30"})
	s, err := readBytes(b, clerk)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, recordsOf(t, s), `"payee":"=1+1"`, `"amountFen":100`, `"on":"2026-09-30"`)
	if shown := mustShow(t, b); shown.Rows[0].Cells[6] != "=1+1" {
		t.Errorf("the cell is shown as %q", shown.Rows[0].Cells[6])
	}
}
