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
	right int           // of headings over numbers
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
	s.looks[caption] = style(spreadsheet.TextFormat,
		excelize.Style{Font: &excelize.Font{Color: "595959"}, Alignment: wrap})
	ground := excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E7EDF3"}}
	s.looks[heading] = style(spreadsheet.TextFormat,
		excelize.Style{Font: bold, Alignment: wrap, Border: box, Fill: ground})
	s.right = style(spreadsheet.TextFormat, excelize.Style{Font: bold, Border: box, Fill: ground,
		Alignment: &excelize.Alignment{Horizontal: "right", WrapText: true, Vertical: "top"}})
	s.looks[total] = style(spreadsheet.TextFormat, excelize.Style{Font: bold, Alignment: wrap, Border: box})
	for i, format := range []string{wholeFormat, spreadsheet.MoneyFormat, percentFormat, spreadsheet.DateFormat} {
		// in the order of the sorts, so that the parts of a workbook are the same each time
		sort := number + sort(i)
		s.sorts[sort] = style(format, excelize.Style{Alignment: &excelize.Alignment{Vertical: "top"}, Border: box})
		s.bold[sort] = style(format,
			excelize.Style{Font: bold, Alignment: &excelize.Alignment{Vertical: "top"}, Border: box})
	}
	return s, err
}

func (s *styles) of(l look, v value) int {
	switch {
	case v.sort == words && charsOf(v.text) > textShownMax:
		return s.long
	case l == heading && v.isRight:
		return s.right
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
		l := layoutOf(s)
		if err = cmp.Or(err, l.filter(f, s.name), spreadsheet.PrintWide(f, s.name),
			f.SetHeaderFooter(s.name, pages)); err != nil {
			return fmt.Errorf("reports: make sheet: %w", err)
		}
		if err := writeSheet(f, s, &l, &st); err != nil {
			return fmt.Errorf("reports: write sheet: %w", err)
		}
	}
	return f.Write(to)
}

// filter gives the table of a sheet a filter, if it has rows. The library replaces the properties of the sheet with
// those of the filter, so the filter comes first.
func (l *layout) filter(f *excelize.File, sheet string) error {
	if l.headingAt == 0 || l.lastRow <= l.headingAt {
		return nil
	}
	return f.AutoFilter(sheet, fmt.Sprintf("A%d:%s%d", l.headingAt, l.last(), l.lastRow), nil)
}

// last returns the letters of the last column.
func (l *layout) last() string { return spreadsheet.Letters(max(0, len(l.widths)-1)) }

// writeSheet writes the rows one after another, in columns as wide as their content. The headings of a table stay on
// the screen and stand on every page.
func writeSheet(f *excelize.File, s sheet, l *layout, st *styles) error {
	w, err := f.NewStreamWriter(s.name)
	if err != nil {
		return err
	}
	for i, wide := range slices.Backward(l.widths) { // the library writes the last first
		err = cmp.Or(err, w.SetColWidth(i+1, i+1, wide))
	}
	if l.headingAt > 0 {
		below := fmt.Sprintf("A%d", l.headingAt+1)
		err = cmp.Or(err, w.SetPanes(&excelize.Panes{Freeze: true, YSplit: l.headingAt, TopLeftCell: below,
			ActivePane: "bottomLeft"}),
			f.SetDefinedName(&excelize.DefinedName{
				Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!$%d:$%d", s.name, l.headingAt, l.headingAt),
				Scope: s.name}))
	}
	if err != nil {
		return err
	}
	row := 0
	for next := range s.lines {
		row++
		cells := make([]any, len(next.cells))
		for i, v := range next.cells {
			cells[i] = cellOf(v, next.look, st)
		}
		first := fmt.Sprintf("A%d", row)
		if next.look == caption && len(l.widths) > 1 {
			if err := w.MergeCell(first, fmt.Sprintf("%s%d", l.last(), row)); err != nil {
				return err
			}
		}
		if err := w.SetRow(first, cells, excelize.RowOpts{Height: l.heightOf(next)}); err != nil {
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
	headingWidthMax = 14 // of a heading, which wraps between words

	// Paper of A4 in landscape has room for 150 characters at full size. A table of this width is printed at three
	// quarters of it, which is letters of 8 points. To stay within it, columns of text become narrower, the widest
	// first.
	sheetWidthMax   = 200
	textWidthMin    = 12
	lineHeight      = 15  // of a row of one line, in points
	rowHeightMost   = 409 // that a row can have, in points
	captionWidthMin = 30  // of a caption under a narrow table
)

// layout holds the sizes of a sheet.
type layout struct {
	widths    []float64 // of the columns below the title
	headingAt int       // the row of the headings, or 0
	lastRow   int       // of the table, without its totals
}

// layoutOf measures a sheet.
func layoutOf(s sheet) (l layout) {
	var isText []bool
	row := 0
	for next := range s.lines {
		row++
		switch next.look {
		case heading:
			l.headingAt = row
		case plain:
			l.lastRow = row
		case title, caption:
			continue
		}
		for i, v := range next.cells {
			if i == len(l.widths) {
				l.widths, isText = append(l.widths, columnWidthMin), append(isText, false)
			}
			wide := widthOf(v)
			if next.look == heading {
				wide = min(wide, max(headingWidthMax, widthOfWords(v.text)))
			} else {
				isText[i] = isText[i] || v.sort == words
			}
			l.widths[i] = max(l.widths[i], wide)
		}
	}
	narrow(l.widths, isText)
	return l
}

// narrow makes columns of text narrower until all columns fit the paper, or none of text is wider than textWidthMin.
func narrow(widths []float64, isText []bool) {
	sum := func(limit float64) (total float64) {
		for i, w := range widths {
			if isText[i] {
				w = min(w, limit)
			}
			total += w
		}
		return total
	}
	limit := float64(columnWidthMax)
	for limit > textWidthMin && sum(limit) > sheetWidthMax {
		limit--
	}
	for i := range widths {
		if isText[i] {
			widths[i] = min(widths[i], limit)
		}
	}
}

// heightOf returns the height of a row in points, or 0 for one line. It is written because not every program measures
// texts that wrap, and none those in merged cells. Headings have a line more, for the buttons of the filter.
func (l *layout) heightOf(of line) float64 {
	lines := 1
	if of.look == caption && len(of.cells) > 0 {
		total := 0.0
		for _, w := range l.widths {
			total += w
		}
		lines = linesOf(of.cells[0].text, max(captionWidthMin, total))
	} else if of.look != title {
		for i, v := range of.cells {
			if v.sort == words {
				lines = max(lines, linesOf(v.text, l.widths[i]))
			}
		}
	}
	if of.look == heading {
		lines++
	}
	if lines == 1 {
		return 0
	}
	return min(rowHeightMost, float64(lines*lineHeight))
}

// linesOf returns how many lines a text takes in a column of a width, of which a part is lost to blanks where lines
// break.
func linesOf(s string, width float64) (lines int) {
	perLine := max(1, int(width)-2)
	for part := range strings.Lines(s) {
		lines += max(1, (spreadsheet.Width(part)+perLine-1)/perLine)
	}
	return lines
}

// widthOfWords returns the width of the longest word of a heading.
func widthOfWords(s string) float64 {
	longest := 0
	for _, word := range strings.Fields(s) {
		longest = max(longest, spreadsheet.Width(word))
	}
	return float64(longest + 2)
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
