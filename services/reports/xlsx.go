package reports

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/services/spreadsheet"
)

// styles holds the styles of a workbook: by look for text, by sort for everything else.
type styles struct {
	looks [origin + 1]int
	sorts [date + 1]int // of plain rows
	bold  [date + 1]int // of totals
	long  int           // of texts that some programs show as #### in cells of text format
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
	s.looks[plain] = style(spreadsheet.TextFormat, excelize.Style{Alignment: wrap, Border: box})
	s.looks[note], s.looks[origin] = s.looks[plain], s.looks[plain]
	s.long = style(noFormat, excelize.Style{Alignment: wrap, Border: box})
	s.looks[title] = style(spreadsheet.TextFormat, excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}})
	s.looks[caption] = style(spreadsheet.TextFormat, excelize.Style{Font: &excelize.Font{Color: "595959"}})
	s.looks[heading] = style(spreadsheet.TextFormat, excelize.Style{Font: bold, Alignment: wrap, Border: box,
		Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E7EDF3"}}})
	s.looks[total] = style(spreadsheet.TextFormat, excelize.Style{Font: bold, Alignment: wrap, Border: box})
	for i, format := range []string{wholeFormat, spreadsheet.MoneyFormat, percentFormat, spreadsheet.DateFormat} { // in the order of the sorts, so that the parts of a workbook are the same each time
		sort := number + sort(i)
		s.sorts[sort] = style(format, excelize.Style{Alignment: &excelize.Alignment{Vertical: "top"}, Border: box})
		s.bold[sort] = style(format, excelize.Style{Font: bold, Alignment: &excelize.Alignment{Vertical: "top"}, Border: box})
	}
	return s, err
}

func (s *styles) of(l look, v value) int {
	switch {
	case v.sort == words && charsOf(v.text) > textShownMax:
		return s.long
	case v.sort == blank || v.sort == words:
		return s.looks[l]
	case l == total:
		return s.bold[v.sort]
	}
	return s.sorts[v.sort]
}

// writeXLSX writes the table as the first sheet, for people, and the provenance as the second.
func (r *Report) writeXLSX(to io.Writer) error {
	f := excelize.NewFile()
	defer f.Close()
	st, err := newStyles(f)
	if err != nil {
		return fmt.Errorf("reports: make styles: %w", err)
	}
	sheets := r.sheets()
	sheets[0], sheets[1] = sheets[1], sheets[0]
	for i, s := range sheets {
		if i == 0 {
			err = f.SetSheetName("Sheet1", s.name)
		} else {
			_, err = f.NewSheet(s.name)
		}
		pages := &excelize.HeaderFooterOptions{OddFooter: "&C&P / &N"}
		if err = cmp.Or(err, spreadsheet.PrintWide(f, s.name), f.SetHeaderFooter(s.name, pages)); err != nil {
			return fmt.Errorf("reports: make sheet: %w", err)
		}
		if err := writeSheet(f, s, &st); err != nil {
			return fmt.Errorf("reports: write sheet: %w", err)
		}
	}
	return f.Write(to)
}

// writeSheet writes the rows one after another, in columns as wide as their content.
func writeSheet(f *excelize.File, s sheet, st *styles) error {
	w, err := f.NewStreamWriter(s.name)
	if err != nil {
		return err
	}
	headingAt := 0
	for i, wide := range slices.Backward(widthsOf(s, &headingAt)) { // the library writes the last first
		err = cmp.Or(err, w.SetColWidth(i+1, i+1, wide))
	}
	if headingAt > 0 {
		below := fmt.Sprintf("A%d", headingAt+1)
		err = cmp.Or(err, w.SetPanes(&excelize.Panes{Freeze: true, YSplit: headingAt, TopLeftCell: below, ActivePane: "bottomLeft"}),
			f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!$%d:$%d", s.name, headingAt, headingAt), Scope: s.name}))
	}
	if err != nil {
		return err
	}
	row := 0
	for l := range s.lines {
		row++
		cells := make([]any, len(l.cells))
		for i, v := range l.cells {
			cells[i] = cellOf(v, l.look, st)
		}
		if err := w.SetRow(fmt.Sprintf("A%d", row), cells); err != nil {
			return err
		}
	}
	return w.Flush()
}

// cellOf returns a cell with a number or a text, never with a formula.
func cellOf(v value, l look, st *styles) any {
	as, num := v.inXLSX()
	style := st.of(l, as)
	switch as.sort {
	case blank:
		return excelize.Cell{StyleID: style}
	case words:
		return excelize.Cell{StyleID: style, Value: inRuns(as.text)}
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

// Widths of columns, in characters. Numbers have no limit: one that does not fit shows as ####.
const (
	columnWidthMin  = 8
	columnWidthMax  = 60 // of text, which wraps
	columnWidthMost = 255
)

// widthsOf measures the columns below the title, and sets headingAt to the row of the headings.
func widthsOf(s sheet, headingAt *int) (widths []float64) {
	row := 0
	for l := range s.lines {
		row++
		if l.look == heading {
			*headingAt = row
		}
		if l.look == title || l.look == caption {
			continue
		}
		for i, v := range l.cells {
			if i == len(widths) {
				widths = append(widths, columnWidthMin)
			}
			widths[i] = max(widths[i], widthOf(v))
		}
	}
	return widths
}

func widthOf(v value) float64 {
	switch v.sort {
	case words:
		longest := 0
		for part := range strings.Lines(v.text) {
			longest = max(longest, spreadsheet.Width(part))
		}
		return float64(min(longest+2, columnWidthMax))
	case money:
		return min(float64(len(v.text)+len(v.text)/3+2), columnWidthMost)
	}
	return float64(len(v.text) + 3)
}
