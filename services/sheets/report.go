package sheets

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
	"github.com/taizhang/taizhang/services/workbook"
)

// markedSheet is a hidden sheet that only marked copies have. Programs keep hidden sheets when they save a
// workbook.
const markedSheet = "退回标记"

// Marked is a sheet with the findings against it, and with notes that refuse nothing.
type Marked struct {
	Sheet    *Sheet
	Findings []RowBreach
	Notes    []Named
}

// The fills of cells.
var (
	badFill      = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FF9999"}}
	noteFill     = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FFF2CC"}}
	headingFill  = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDEBF7"}}
	optionalFill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"EDEDED"}}
)

// WriteReport writes a workbook with a copy of each sheet, which can be imported after it is corrected. It marks
// bad cells and writes the reasons beside them, in a column that reading skips. Notes about the sheet as a whole
// are in the note on the heading of that column. Rows keep their numbers, and columns have the formats, lists and
// notes of the template. A cell that cannot be copied, such as a formula without a value, becomes an error value,
// so that it is refused again.
func WriteReport(to io.Writer, list []Marked, lang string) error {
	f := excelize.NewFile()
	defer f.Close()
	l := &looks{f: f, ids: map[appearance]int{}}
	// spreadsheet programs keep History for themselves
	taken := map[string]bool{"history": true, markedSheet: true, hiddenSheet: true}
	for i, m := range list {
		name := sheetName(m.title(list), taken)
		var err error
		if i == 0 {
			err = f.SetSheetName(f.GetSheetName(0), name)
		} else {
			_, err = f.NewSheet(name)
		}
		if err == nil {
			err = cmp.Or(workbook.PrintWide(f, name), m.write(l, name, lang))
		}
		if err != nil {
			return fmt.Errorf("sheets: write report: %w", err)
		}
	}
	if err := cmp.Or(markCopy(f), f.Write(to)); err != nil {
		return fmt.Errorf("sheets: write report: %w", err)
	}
	return nil
}

// markCopy adds the hidden sheet that makes the workbook a marked copy.
func markCopy(f *excelize.File) error {
	_, err := f.NewSheet(markedSheet)
	return cmp.Or(err, f.SetCellStr(markedSheet, "A1",
		"由台账导入时生成：标出的单元格改正后，本工作簿可直接重新导入，原因一列不读。"),
		f.SetSheetVisible(markedSheet, false))
}

// title returns the name of the worksheet if its file has other ones in the list, or else the name of the file.
func (m Marked) title(list []Marked) string {
	for _, other := range list {
		if other.Sheet.Name == m.Sheet.Name && other.Sheet.Worksheet != m.Sheet.Worksheet {
			return m.Sheet.Worksheet
		}
	}
	return strings.TrimSuffix(filepath.Base(m.Sheet.Name), filepath.Ext(m.Sheet.Name))
}

// sheetName returns a title in a form that a worksheet may have and that no other worksheet has yet.
func sheetName(title string, taken map[string]bool) string {
	title = strings.Trim(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) || r < ' ' || r > 0xffff || r == 0xfffd {
			return '_'
		}
		return r
	}, text.Seen(title)), " ")
	const charactersMax = 31 - len(" (9999)")
	if r := []rune(title); len(r) > charactersMax {
		title = string(r[:charactersMax])
	}
	name := title
	for n := 2; name == "" || taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s (%d)", title, n)
	}
	taken[strings.ToLower(name)] = true
	return name
}

// The widths of the columns are in characters, the height of a line in points.
const (
	cellWidth    = 18
	reasonsWidth = 60
	lineHeight   = 17
)

// mark is the reason to mark a cell.
type mark uint8

const (
	unmarked mark = iota
	noted         // it deserves a look
	bad           // it is refused
)

// appearance is the look of a cell.
type appearance struct {
	format string
	mark   mark
	struck bool
}

// looks makes the styles of a workbook, each once.
type looks struct {
	f   *excelize.File
	ids map[appearance]int
	err error // the first error
}

func (l *looks) id(a appearance) int {
	id, ok := l.ids[a]
	if !ok && l.err == nil {
		style := &excelize.Style{
			CustomNumFmt: &a.format, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}}
		switch a.mark {
		case bad:
			style.Fill = badFill
		case noted:
			style.Fill = noteFill
		}
		if a.struck {
			style.Font = &excelize.Font{Strike: true}
		}
		id, l.err = l.f.NewStyle(style)
		l.ids[a] = id
	}
	return id
}

// marks are the findings of one row and the notes on it.
type marks struct {
	headings map[string]mark
	reasons  []string
}

// add adds a reason unless the cell has it already: a file may be given twice.
func (m *marks) add(heading, reason string, sort mark) {
	m.headings[heading] = max(m.headings[heading], sort)
	if !slices.Contains(m.reasons, reason) {
		m.reasons = append(m.reasons, reason)
	}
}

// toTakeAgain matches the part of a reason that names a parameter of the import. The people who get the copy have
// no such parameter.
var toTakeAgain = regexp.MustCompile(`(请用|say) -*again`)

func withoutParameters(why text.Text, lang string) string {
	return toTakeAgain.ReplaceAllString(why.In(lang),
		text.Say("请告知导入的人再次入账", "tell whoever imports this to take it again").In(lang))
}

// marks returns the marks by row, and the notes that belong to no row of a record.
func (m Marked) marks(lang string) (byRow map[int]*marks, whole []string) {
	byRow = map[int]*marks{}
	of := func(row int) *marks {
		if byRow[row] == nil {
			byRow[row] = &marks{headings: map[string]mark{}}
		}
		return byRow[row]
	}
	for _, f := range m.Findings {
		of(f.Row).add(f.Field, text.Say("%s：%s", "%s: %s", f.Field, withoutParameters(f.Reason, lang)).In(lang), bad)
	}
	isRecord := map[int]bool{}
	for _, e := range m.Sheet.entries {
		for _, r := range e.rows {
			isRecord[r.row.Number] = true
		}
	}
	for _, n := range m.Notes {
		what := n.What.In(lang)
		if n.Heading != "" {
			what = text.Say("%s：%s", "%s: %s", n.Heading, what).In(lang)
		}
		switch {
		case isRecord[n.Row]:
			of(n.Row).add(n.Heading, text.Say("提示：%s", "Note: %s", what).In(lang), noted)
		case n.Row > 0:
			whole = append(whole, text.Say("第 %d 行：%s", "row %d: %s", n.Row, what).In(lang))
		default:
			whole = append(whole, what)
		}
	}
	return byRow, whole
}

// copying is one sheet that is being copied.
type copying struct {
	Marked
	l       *looks
	name    string // of the worksheet
	columns []SheetColumn
	beside  int // the column of the reasons
	byRow   map[int]*marks
}

func (m Marked) write(l *looks, name, lang string) error {
	byRow, whole := m.marks(lang)
	c := &copying{Marked: m, l: l, name: name, columns: m.Sheet.under(0), beside: m.Sheet.heads.reason, byRow: byRow}
	g, h := m.Sheet.grid, m.Sheet.heads
	if c.beside < 0 {
		for _, r := range g.rows {
			c.beside = max(c.beside, len(r.Cells))
		}
	}
	headings, err := c.dress(whole)
	if err != nil {
		return err
	}
	w, err := l.f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	for i, r := range g.rows {
		cells := c.cells(i)
		switch marked := byRow[r.Number]; {
		case i == h.row:
			for j, style := range headings {
				heading := r.At(j).Text
				if j < c.beside && m.Sheet.isUntitled(j) {
					heading = untitledHeading
				}
				cells[j] = excelize.Cell{StyleID: style, Value: heading}
			}
			cells[c.beside] = excelize.Cell{StyleID: headings[c.beside], Value: h.kind.reasonHeading()}
		case marked != nil:
			cells[c.beside] = excelize.Cell{StyleID: l.id(appearance{format: spreadsheet.TextFormat}),
				Value: shownText(strings.Join(marked.reasons, "\n"))}
		case h.reason >= 0:
			cells[c.beside] = nil // the reasons in an earlier copy
		}
		opts := height(&r, byRow[r.Number], c.beside)
		opts.Hidden = r.Hidden
		if err := w.SetRow(fmt.Sprintf("A%d", c.number(i)), cells, opts); err != nil {
			return err
		}
	}
	for _, m := range g.merged {
		// so that reasons are seen
		m.LastColumn, m.LastRow = min(m.LastColumn, c.beside-1), min(m.LastRow, spreadsheet.RowsMax)
		if m.LastColumn < m.FirstColumn || m.LastColumn == m.FirstColumn && m.LastRow <= m.FirstRow {
			continue
		}
		if err := w.MergeCell(fmt.Sprint(spreadsheet.Letters(m.FirstColumn), m.FirstRow),
			fmt.Sprint(spreadsheet.Letters(m.LastColumn), m.LastRow)); err != nil {
			return err
		}
	}
	return cmp.Or(l.err, w.Flush())
}

// number returns the number in the copy of row i of the grid.
func (c *copying) number(i int) int {
	g := c.Sheet.grid
	if g.rows[len(g.rows)-1].Number > spreadsheet.RowsMax {
		return i + 1 // a text may have more lines than a worksheet rows
	}
	return g.rows[i].Number
}

// dress formats the columns and returns the styles of the headings by column.
func (c *copying) dress(whole []string) (map[int]int, error) {
	f, h := c.l.f, c.Sheet.heads
	row := c.number(h.row)
	plain, err := f.NewStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{Horizontal: "center", WrapText: true}})
	if err != nil {
		return nil, err
	}
	headings := map[int]int{}
	for j := c.beside; j >= 0; j-- { // the library writes the last one first, and a workbook needs them in order
		width := float64(cellWidth)
		switch {
		case j == c.beside:
			headings[j], width = plain, reasonsWidth
		case j >= len(h.column) || h.column[j] < 0:
			headings[j] = plain
		default:
			column := &c.columns[h.column[j]]
			if headings[j], err = dress(f, c.name, j, row, h.kind, column); err != nil {
				return nil, err
			}
			width = max(width, column.width())
		}
		letters := spreadsheet.Letters(j)
		if err := f.SetColWidth(c.name, letters, letters, width); err != nil {
			return nil, err
		}
	}
	if len(whole) > 0 {
		note := noteAt(fmt.Sprint(spreadsheet.Letters(c.beside), row), shownText(strings.Join(whole, "\n")))
		note.Width, note.Height = 480, 240
		if err := f.AddComment(c.name, note); err != nil {
			return nil, err
		}
	}
	return headings, freeze(f, c.name, row)
}

// height returns options that make a row high enough for its reasons, because not every program does so itself.
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

// linesOf returns the number of lines that a text takes in a column of the given width.
func linesOf(text string, wide int) (n int) {
	for part := range strings.Lines(text) {
		n += 1 + spreadsheet.Width(part)/wide
	}
	return n
}

// cells returns the values to write for row i of the grid.
func (c *copying) cells(i int) []any {
	r, h := &c.Sheet.grid.rows[i], c.Sheet.heads
	marked := c.byRow[r.Number]
	cells := make([]any, max(c.beside+1, len(r.Cells)))
	for j := range cells {
		var column *SheetColumn
		if i > h.row && j < len(h.column) && h.column[j] >= 0 {
			column = &c.columns[h.column[j]]
		}
		how := unmarked
		if marked != nil {
			how = marked.headings[c.Sheet.heading(j)]
		}
		cells[j] = c.l.shown(r.At(j), column, how)
	}
	return cells
}

// notCopied is written for a value that cannot be copied. Reading refuses it.
const notCopied = "#N/A"

// shown returns the value and style to write for a cell. A good cell in a column that is read gets the format of
// the column. A bad cell keeps the content that made it bad. column is nil for a cell that is not read.
func (l *looks) shown(x spreadsheet.Cell, column *SheetColumn, how mark) any {
	format := "General"
	if column != nil {
		format = column.cellFormat()
	}
	cell := func(format string, value any) any {
		if code := x.FormatCode(); code != "" && column != nil && how == bad {
			format = code
		}
		return excelize.Cell{StyleID: l.id(appearance{format, how, x.Struck}), Value: value}
	}
	switch {
	case isEmpty(x) && how == unmarked, column == nil && unknowable(x) != text.Text{}:
		return nil
	case isEmpty(x):
		return cell(format, "")
	case unknowable(x) != text.Text{}:
		return cell(spreadsheet.TextFormat, notCopied)
	case x.Sort == spreadsheet.Date && column != nil && column.Form == Day && how != bad:
		if on, err := events.ParseDate(x.Text); err == nil {
			return cell(format, float64(on-spreadsheet.Epoch))
		}
		return cell(spreadsheet.DateFormat, x.Number)
	case x.Sort == spreadsheet.Date:
		return cell(spreadsheet.DateFormat, x.Number)
	case x.Sort == spreadsheet.Number && how != bad && format == spreadsheet.TextFormat:
		return cell(format, x.Text)
	case x.Sort == spreadsheet.Number && how != bad:
		return cell(format, x.Number)
	case x.Sort == spreadsheet.Number:
		return cell("General", x.Number)
	case strings.ContainsAny(x.Text[:1], "=+-@"): // as text it stays a text when it is edited
		return cell(spreadsheet.TextFormat, shownText(x.Text))
	}
	if column == nil {
		format = spreadsheet.TextFormat
	}
	return cell(format, shownText(x.Text))
}

// shownText returns a text without characters that reverse its direction.
func shownText(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}
