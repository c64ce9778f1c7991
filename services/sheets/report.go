package sheets

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// markedSheet is the hidden sheet by which a marked copy is told from other workbooks. Programs keep hidden sheets when
// they save a workbook.
const markedSheet = "退回标记"

// Marked is a sheet with the findings against it.
type Marked struct {
	Sheet    *Sheet
	Findings []Finding
}

// The looks of cells. All text is formatted as text, so that a text that begins with = stays a text when it is edited.
var (
	badFill      = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FF9999"}}
	headingFill  = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDEBF7"}}
	optionalFill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"EDEDED"}}
)

// WriteReport writes a workbook with a copy of each sheet in which the bad cells are marked and the reasons stand
// beside them, in a column that reading skips. Rows keep their numbers.
func WriteReport(to io.Writer, list []Marked, lang string) error {
	f := excelize.NewFile()
	defer f.Close()
	looks, err := newLooks(f)
	if err != nil {
		return fmt.Errorf("sheets: write report: %w", err)
	}
	names := map[string]bool{}
	for i, m := range list {
		name := sheetName(m.Sheet.Name, names)
		if i == 0 {
			err = f.SetSheetName(f.GetSheetName(0), name)
		} else {
			_, err = f.NewSheet(name)
		}
		if err == nil {
			err = cmp.Or(spreadsheet.PrintWide(f, name), m.write(f, name, looks, lang))
		}
		if err != nil {
			return fmt.Errorf("sheets: write report: %w", err)
		}
	}
	if err := markCopy(f); err != nil {
		return fmt.Errorf("sheets: write report: %w", err)
	}
	if err := f.Write(to); err != nil {
		return fmt.Errorf("sheets: write report: %w", err)
	}
	return nil
}

// markCopy adds the sheet that tells a marked copy.
func markCopy(f *excelize.File) error {
	_, err := f.NewSheet(markedSheet)
	return cmp.Or(err, f.SetCellStr(markedSheet, "A1", "由台账导入时生成：标出的单元格改正后，本工作簿可直接重新导入，原因一列不读。"), f.SetSheetVisible(markedSheet, false))
}

// The widths of the columns are in characters, the height of a line in points.
const (
	cellWidth    = 18
	reasonsWidth = 60
	lineHeight   = 17
)

// appearance is the look of a cell.
type appearance struct {
	format string
	marked bool
}

func newLooks(f *excelize.File) (map[appearance]int, error) {
	looks := map[appearance]int{}
	for _, format := range []string{spreadsheet.TextFormat, "General", spreadsheet.DateFormat} {
		for _, marked := range []bool{false, true} {
			style := &excelize.Style{CustomNumFmt: &format, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}}
			if marked {
				style.Fill = badFill
			}
			id, err := f.NewStyle(style)
			if err != nil {
				return nil, err
			}
			looks[appearance{format, marked}] = id
		}
	}
	return looks, nil
}

// sheetName returns the name of a file in a form that a worksheet may have and that no other worksheet has yet.
func sheetName(path string, taken map[string]bool) string {
	base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	base = strings.Trim(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) || r < ' ' || r > 0xffff || r == 0xfffd {
			return '_'
		}
		return r
	}, base), " ")
	const charactersMax = 31 - len(" (9999)")
	if r := []rune(base); len(r) > charactersMax {
		base = string(r[:charactersMax])
	}
	name := base
	for n := 2; name == "" || taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s (%d)", base, n)
	}
	taken[strings.ToLower(name)] = true
	return name
}

// marks are the findings of one row.
type marks struct {
	headings map[string]bool
	reasons  []string
}

func (m Marked) marks(lang string) map[int]*marks {
	byRow := map[int]*marks{}
	for _, f := range m.Findings {
		row := byRow[f.Row]
		if row == nil {
			row = &marks{headings: map[string]bool{}}
			byRow[f.Row] = row
		}
		reason := text.Say("%s：%s", "%s: %s", f.Field, f.Reason.In(lang)).In(lang)
		row.headings[f.Field] = true
		if !slices.Contains(row.reasons, reason) { // a file may be given twice
			row.reasons = append(row.reasons, reason)
		}
	}
	return byRow
}

func (m Marked) write(f *excelize.File, name string, looks map[appearance]int, lang string) error {
	w, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	g, h := m.Sheet.grid, m.Sheet.heads
	beside := h.reason
	if beside < 0 {
		for _, r := range g.rows {
			beside = max(beside, len(r.Cells))
		}
	}
	for j := beside + 1; j >= 1; j-- { // the library writes the last first, and a workbook has its columns in their order
		wide := map[bool]float64{false: cellWidth, true: reasonsWidth}[j == beside+1]
		if err := w.SetColWidth(j, j, wide); err != nil {
			return err
		}
	}
	byRow := m.marks(lang)
	for i, r := range g.rows {
		at := r.Number
		if g.rows[len(g.rows)-1].Number > spreadsheet.RowsMax {
			at = i + 1 // a text may have more lines than a worksheet rows
		}
		cells := m.cells(&r, byRow[r.Number], max(beside+1, len(r.Cells)), looks)
		switch row := byRow[r.Number]; {
		case i == h.row:
			cells[beside] = excelize.Cell{Value: h.kind.reasonHeading()}
		case row != nil:
			cells[beside] = excelize.Cell{StyleID: looks[appearance{spreadsheet.TextFormat, false}], Value: strings.Join(row.reasons, "\n")}
		case h.reason >= 0:
			cells[beside] = nil // an earlier copy's
		}
		if err := w.SetRow(fmt.Sprintf("A%d", at), cells, height(&r, byRow[r.Number], beside)); err != nil {
			return err
		}
	}
	return w.Flush()
}

// height returns options that make a row with reasons as high as its cells need, for not every program does so itself.
func height(r *spreadsheet.Row, against *marks, beside int) excelize.RowOpts {
	if against == nil {
		return excelize.RowOpts{}
	}
	lines := linesOf(strings.Join(against.reasons, "\n"), reasonsWidth)
	for j := range r.Cells {
		if j != beside {
			lines = max(lines, linesOf(r.At(j).Text, cellWidth))
		}
	}
	return excelize.RowOpts{Height: min(float64(lines)*lineHeight, excelize.MaxRowHeight)}
}

// linesOf returns the number of lines of a text in a column of a width.
func linesOf(text string, wide int) (n int) {
	for part := range strings.Lines(text) {
		n += 1 + spreadsheet.Width(part)/wide
	}
	return n
}

// cells returns the first count cells of a row as they are written.
func (m Marked) cells(r *spreadsheet.Row, against *marks, count int, looks map[appearance]int) []any {
	cells := make([]any, count)
	for j := range cells {
		cells[j] = shown(r.At(j), looks, against != nil && against.headings[m.Sheet.heading(j)])
	}
	return cells
}

// shown returns a cell as it is written, with the type with which it was read. An ambiguous value is left blank.
func shown(x spreadsheet.Cell, looks map[appearance]int, marked bool) any {
	switch {
	case unknowable(x) != text.Text{} || isEmpty(x):
		if !marked {
			return nil
		}
		x.Text = ""
	case x.Sort == spreadsheet.Date:
		return excelize.Cell{StyleID: looks[appearance{spreadsheet.DateFormat, marked}], Value: x.Number}
	case x.Sort == spreadsheet.Number:
		return excelize.Cell{StyleID: looks[appearance{"General", marked}], Value: x.Number}
	}
	return excelize.Cell{StyleID: looks[appearance{spreadsheet.TextFormat, marked}], Value: x.Text}
}
