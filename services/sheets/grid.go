package sheets

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// These limits bound one file. The message about a file over a limit names the limit.
const (
	fileBytesMax     = 64 << 20
	expandedBytesMax = 128 << 20 // all bytes read from an archive
	rowsMax          = 100_000   // rows below the headings that are not empty
	columnsMax       = 100
	cellBytesMax     = 10_000
)

// grid is a table as read from a file: the rows that are not empty, with tidy cells.
type grid struct {
	name     string // of the worksheet, "" for CSV
	rows     []spreadsheet.Row
	merged   []spreadsheet.Range
	hidden   []spreadsheet.Range // the hidden columns
	formats  []spreadsheet.ConditionalFormat
	breaks   []breaks
	isHidden bool              // the worksheet is hidden; its content is only checked for being empty
	names    map[string]string // the definitions of names in formulas; see spreadsheet.Workbook
	over     error             // the limit on tables that it exceeds; it then has only the rows before it
	marked   bool              // the workbook is a marked copy
}

// breaks describes a CSV cell that has several lines.
type breaks struct {
	opens, closes int // the first and last line of the text
	separators    int // the largest number of separators in one of its lines
	column        int // from 0
}

// fill adds at most `most` rows, counting empty ones.
func (g *grid) fill(rows iter.Seq2[spreadsheet.Row, error], most int) error {
	taken := 0
	for r, err := range rows {
		if err != nil {
			return err
		}
		if g.over = g.add(r); g.over != nil {
			return nil
		}
		if taken++; taken == most {
			return nil
		}
	}
	return nil
}

// add appends a row unless it is empty.
func (g *grid) add(r spreadsheet.Row) error {
	last := -1
	for i, c := range r.Cells {
		if c = tidy(c); !isEmpty(c) {
			last = i
		}
		c.Formula = withNames(c.Formula, g.names)
		r.Cells[i] = c
	}
	switch {
	case last < 0:
		return nil
	case last >= columnsMax:
		return say("第 %d 行有内容的列超过 %d 列的上限", "row %d has cells beyond the limit of %d columns", r.Number,
			columnsMax)
	case len(g.rows) == rowsMax+topRows:
		return errRows()
	}
	r.Cells = slices.Clone(r.Cells[:last+1])
	g.rows = append(g.rows, r)
	return nil
}

func errRows() error {
	return say("超过 %d 行的上限：请分成几个文件", "more than the limit of %d rows: split the file", rowsMax)
}

// readCSV reads a text as a table. Of the separators , ; and tab it uses the one that gives the most known headings.
func readCSV(b []byte) ([]*grid, error) {
	text, err := spreadsheet.Decode(b)
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, say("不是文本文件", "the file is no text")
	}
	best, most := ',', 0
	for _, comma := range []rune{',', ';', '\t'} {
		top := &grid{}
		_ = top.fill(spreadsheet.CSV(text, comma), topRows) // errors are reported when the whole text is read
		if h := findHeadings(top); h != nil && h.rank > most {
			best, most = comma, h.rank
		}
	}
	g := &grid{}
	return []*grid{g}, g.fill(g.noteBreaks(spreadsheet.CSV(text, best), best), math.MaxInt)
}

// noteBreaks yields the rows of a text and notes the cells with several lines.
func (g *grid) noteBreaks(rows iter.Seq2[spreadsheet.Row, error], comma rune) iter.Seq2[spreadsheet.Row, error] {
	return func(yield func(spreadsheet.Row, error) bool) {
		for r, err := range rows {
			at := r.Line
			for j, c := range r.Cells {
				if !strings.Contains(c.Text, "\n") {
					continue
				}
				b := breaks{opens: at, column: j}
				for line := range strings.Lines(c.Text) {
					b.separators = max(b.separators, strings.Count(line, string(comma)))
				}
				at += strings.Count(c.Text, "\n")
				b.closes = at
				g.breaks = append(g.breaks, b)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// readXLSX reads the sheets of a workbook; of hidden sheets only the first rows.
func readXLSX(f io.ReaderAt, size int64) (grids []*grid, err error) {
	w, err := spreadsheet.NewWorkbook(f, size, expandedBytesMax)
	if err != nil {
		return nil, err
	}
	marked := slices.ContainsFunc(w.Sheets, func(s *spreadsheet.Worksheet) bool {
		return s.Hidden && s.Name == markedSheet
	})
	for _, worksheet := range w.Sheets {
		g := &grid{name: worksheet.Name, isHidden: worksheet.Hidden, marked: marked, names: w.Names}
		if g.isHidden {
			if err := g.fill(w.Rows(worksheet), topRows); err != nil {
				g.over = err
			}
		} else if err := g.fill(w.Rows(worksheet), math.MaxInt); err != nil {
			return nil, g.place(err)
		}
		g.merged, g.hidden, g.formats = worksheet.Merged, worksheet.HiddenColumns, worksheet.ConditionalFormats
		grids = append(grids, g)
	}
	return grids, nil
}

// place adds the name of the worksheet to the reason why it cannot be read.
func (g *grid) place(err error) error {
	var e *text.Error
	if g.name == "" || !errors.As(err, &e) {
		return err
	}
	return say("工作表“%[1]s”：%[2]s", "sheet “%[1]s”: %[3]s", spreadsheet.Clip(g.name), e.What.Zh, e.What.En)
}

// tidy returns a cell as this package reads it. A text loses white space around it and control characters. A boolean
// becomes its word.
func tidy(c spreadsheet.Cell) spreadsheet.Cell {
	switch c.Sort {
	case spreadsheet.Text:
		c.Text = trim(plainText(c.Text))
	case spreadsheet.Truth:
		c.Sort, c.Text = spreadsheet.Text, map[string]string{"TRUE": yes, "FALSE": no}[c.Text]
	}
	return c
}

// trim removes white space, including that of Chinese text, and byte order marks that were pasted with a text.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' })
}

// plainText removes the characters that a text in a cell cannot have.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

// isEmpty reports whether a cell is empty. A cell with a formula but without a value is not empty.
func isEmpty(c spreadsheet.Cell) bool {
	return c.Text == "" && (c.Formula == "" || c.Sort == spreadsheet.Text && astray(c.Formula) == (text.Text{}))
}

// unknowable returns the reason why the value of a cell is ambiguous, or a zero Text if it is not.
func unknowable(c spreadsheet.Cell) (why text.Text) {
	if why = astray(c.Formula); why != (text.Text{}) {
		return why
	}
	switch {
	case c.Formula != "" && c.Sort == spreadsheet.Blank:
		return text.Say("公式没有存下结果：请用表格软件打开并保存，或粘贴为数值",
			"its formula has no stored value: open and save it in a spreadsheet program, or paste the value")
	case c.Sort == spreadsheet.Failure:
		return text.Say("错误值 %s", "the error value %s", spreadsheet.Clip(c.Text))
	case c.Sort == spreadsheet.Unreadable:
		return text.Say("单元格中的 %q 不是所标的类型", "%q is not of the type that the cell says",
			spreadsheet.Clip(c.Text))
	}
	return why
}

// say returns the error for a file that cannot be read as a whole.
func say(zh, en string, args ...any) error { return text.Errorf(text.Invalid, zh, en, args...) }
