package workbook

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// styles holds the styles of a workbook: by look for text, by sort for everything else.
type styles struct {
	looks [reports.Origin + 1]int
	sorts [reports.Date + 1]int // of plain rows
	bold  [reports.Date + 1]int // of totals
	long  int                   // of texts that some programs show as #### in cells of text format
	right int                   // of headings over numbers
}

// textShownMax is the length up to which every program shows a text in a cell of text format.
const textShownMax = 255

// Codes of number formats.
const (
	wholeFormat   = "0"
	percentFormat = "0.00%"
	noFormat      = "General"
)

func newStyles(f *excelize.File) (s styles, err error) {
	style := func(format string, look excelize.Style) int {
		look.CustomNumFmt = &format
		id, cause := f.NewStyle(&look)
		err = cmp.Or(err, cause)
		return id
	}
	bold, wrap := &excelize.Font{Bold: true}, &excelize.Alignment{WrapText: true, Vertical: "top"}
	var box []excelize.Border
	for _, side := range []string{"left", "right", "top", "bottom"} {
		box = append(box, excelize.Border{Type: side, Color: "808080", Style: 1})
	}
	s.looks[reports.Plain] = style(spreadsheet.TextFormat, excelize.Style{Alignment: wrap, Border: box})
	s.looks[reports.Note], s.looks[reports.Origin] = s.looks[reports.Plain], s.looks[reports.Plain]
	s.long = style(noFormat, excelize.Style{Alignment: wrap, Border: box})
	s.looks[reports.Title] = style(spreadsheet.TextFormat, excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}})
	s.looks[reports.Caption] = style(spreadsheet.TextFormat,
		excelize.Style{Font: &excelize.Font{Color: "595959"}, Alignment: wrap})
	ground := excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E7EDF3"}}
	s.looks[reports.Heading] = style(spreadsheet.TextFormat,
		excelize.Style{Font: bold, Alignment: wrap, Border: box, Fill: ground})
	s.right = style(spreadsheet.TextFormat, excelize.Style{Font: bold, Border: box, Fill: ground,
		Alignment: &excelize.Alignment{Horizontal: "right", WrapText: true, Vertical: "top"}})
	s.looks[reports.Total] = style(spreadsheet.TextFormat, excelize.Style{Font: bold, Alignment: wrap, Border: box})
	for i, format := range []string{wholeFormat, spreadsheet.MoneyFormat, percentFormat, spreadsheet.DateFormat} {
		// in the order of the sorts, so that the parts of a workbook are the same each time
		sort := reports.Number + reports.Sort(i)
		s.sorts[sort] = style(format, excelize.Style{Alignment: &excelize.Alignment{Vertical: "top"}, Border: box})
		s.bold[sort] = style(format,
			excelize.Style{Font: bold, Alignment: &excelize.Alignment{Vertical: "top"}, Border: box})
	}
	return s, err
}

func (s *styles) of(l reports.Look, v reports.Value) int {
	switch {
	case v.Sort == reports.Words && reports.CharsOf(v.Text) > textShownMax:
		return s.long
	case l == reports.Heading && v.IsRight:
		return s.right
	case v.Sort == reports.Blank || v.Sort == reports.Words:
		return s.looks[l]
	case l == reports.Total:
		return s.bold[v.Sort]
	}
	return s.sorts[v.Sort]
}

// WriteReport writes a report in its format. A workbook has the table as its first sheet, for people, and the
// provenance as the second.
func WriteReport(r *reports.Report, to io.Writer) error {
	if r.Form != reports.XLSX {
		return r.WriteCSV(to)
	}
	if err := r.Check(); err != nil {
		return err
	}
	f := excelize.NewFile()
	defer f.Close()
	st, err := newStyles(f)
	if err != nil {
		return fmt.Errorf("workbook: make styles: %w", err)
	}
	sheets := r.Sheets()
	sheets[0], sheets[1] = sheets[1], sheets[0]
	for i, s := range sheets {
		if i == 0 {
			err = f.SetSheetName("Sheet1", s.Name)
		} else {
			_, err = f.NewSheet(s.Name)
		}
		pages := &excelize.HeaderFooterOptions{OddFooter: "&C&P / &N"}
		l := reports.LayoutOf(s)
		if err = cmp.Or(err, filter(&l, f, s.Name), PrintWide(f, s.Name),
			f.SetHeaderFooter(s.Name, pages)); err != nil {
			return fmt.Errorf("workbook: make sheet: %w", err)
		}
		if err := writeSheet(f, s, &l, &st); err != nil {
			return fmt.Errorf("workbook: write sheet: %w", err)
		}
	}
	return f.Write(to)
}

// filter gives the table of a sheet a filter, if it has rows. The library replaces the properties of the sheet with
// those of the filter, so the filter comes first.
func filter(l *reports.Layout, f *excelize.File, sheet string) error {
	if l.HeadingAt == 0 || l.LastRow <= l.HeadingAt {
		return nil
	}
	return f.AutoFilter(sheet, fmt.Sprintf("A%d:%s%d", l.HeadingAt, last(l), l.LastRow), nil)
}

// last returns the letters of the last column.
func last(l *reports.Layout) string { return spreadsheet.Letters(max(0, len(l.Widths)-1)) }

// writeSheet writes the rows one after another, in columns as wide as their content. The headings of a table stay on
// the screen and stand on every page.
func writeSheet(f *excelize.File, s reports.Sheet, l *reports.Layout, st *styles) error {
	w, err := f.NewStreamWriter(s.Name)
	if err != nil {
		return err
	}
	for i, wide := range slices.Backward(l.Widths) { // the library writes the last first
		err = cmp.Or(err, w.SetColWidth(i+1, i+1, wide))
	}
	if l.HeadingAt > 0 {
		below := fmt.Sprintf("A%d", l.HeadingAt+1)
		err = cmp.Or(err, w.SetPanes(&excelize.Panes{Freeze: true, YSplit: l.HeadingAt, TopLeftCell: below,
			ActivePane: "bottomLeft"}),
			f.SetDefinedName(&excelize.DefinedName{
				Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!$%d:$%d", s.Name, l.HeadingAt, l.HeadingAt),
				Scope: s.Name}))
	}
	if err != nil {
		return err
	}
	row := 0
	for next := range s.Lines {
		row++
		cells := make([]any, len(next.Cells))
		for i, v := range next.Cells {
			cells[i] = cellOf(v, next.Look, st)
		}
		first := fmt.Sprintf("A%d", row)
		if next.Look == reports.Caption && len(l.Widths) > 1 {
			if err := w.MergeCell(first, fmt.Sprintf("%s%d", last(l), row)); err != nil {
				return err
			}
		}
		if err := w.SetRow(first, cells, excelize.RowOpts{Height: l.HeightOf(next)}); err != nil {
			return err
		}
	}
	return w.Flush()
}

// cellOf returns a cell with a number or a text, never with a formula.
func cellOf(v reports.Value, l reports.Look, st *styles) any {
	as, num := v.InXLSX()
	style := st.of(l, as)
	switch as.Sort {
	case reports.Blank:
		return excelize.Cell{StyleID: style}
	case reports.Words:
		return excelize.Cell{StyleID: style, Value: inRuns(as.Text)}
	}
	return excelize.Cell{StyleID: style, Value: num}
}

// escapeLike matches a text that XLSX reads as an escape, such as _x0041_ for A.
var escapeLike = regexp.MustCompile(`_x[0-9A-Za-z]{4}_`)

// inRuns splits a text that XLSX would read as an escape into runs, so that no run contains a whole escape. The
// library escapes two escapes that share an underscore wrongly, and drops an escape of half a character.
func inRuns(s string) any {
	if !escapeLike.MatchString(s) {
		return s
	}
	var runs []excelize.RichTextRun
	for _, part := range strings.SplitAfter(s, "_x") {
		if part != "" {
			runs = append(runs, excelize.RichTextRun{Text: part})
		}
	}
	return runs
}
