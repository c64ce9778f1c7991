package sheets

import (
	"encoding/xml"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
)

// The days that serial numbers of dates are counted from; before day 61 of the first the year 1900 has a 29 February.
var (
	since1900 = events.DateOf(1899, 12, 30)
	since1904 = events.DateOf(1904, 1, 1)
)

// lastRow and lastColumn are those that a worksheet can have.
const (
	lastRow    = 1 << 20
	lastColumn = 1 << 14
)

// raw is a cell as it is written.
type raw struct {
	column  int
	sort    string // b, d, e, inlineStr, n, s, str
	style   int
	value   strings.Builder
	formula strings.Builder
	isAsked bool // it has a formula
	isGiven bool // it has a value
}

// elsewhere matches formulas that ask another workbook, or another program.
var elsewhere = regexp.MustCompile(`\[\d+\]|\|`)

// readSheet streams one worksheet.
func (w *workbook) readSheet(sheet worksheet) (*grid, error) {
	s, err := w.scan(sheet.part)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	r := &sheetReader{w: w, s: s, g: &grid{name: sheet.name}}
	for {
		t, err := s.next()
		if err == io.EOF {
			return r.g, nil
		}
		if err == nil {
			err = r.take(t)
		}
		if err != nil {
			return nil, err
		}
	}
}

// sheetReader is one worksheet under way.
type sheetReader struct {
	w    *workbook
	s    *scanner
	g    *grid
	row  row
	cell *raw
}

func (r *sheetReader) take(t xml.Token) error {
	switch e := t.(type) {
	case xml.StartElement:
		return r.start(e)
	case xml.CharData:
		switch {
		case r.cell == nil:
		case r.s.within("f"):
			r.cell.formula.Write(e)
		case r.s.within("v") || r.s.within("is") && r.s.within("t") && !r.s.within("rPh"):
			r.cell.value.Write(e)
		}
	case xml.EndElement:
		switch e.Name.Local {
		case "c":
			r.endCell()
		case "row":
			return r.g.add(r.row)
		}
	}
	return nil
}

func (r *sheetReader) start(e xml.StartElement) error {
	switch e.Name.Local {
	case "row":
		return r.startRow(e)
	case "c":
		return r.startCell(e)
	case "f":
		if r.cell != nil {
			r.cell.isAsked = true
		}
	case "v", "is":
		if r.cell != nil {
			r.cell.isGiven = true
		}
	case "mergeCell":
		m, ok := parseSpan(attribute(e, "ref"))
		if !ok || len(r.g.merged) == mergesMax {
			return say("合并的单元格无法读取，或超过 %d 处的上限", "the merged cells cannot be read, or are more than the limit of %d", mergesMax)
		}
		r.g.merged = append(r.g.merged, m)
	}
	return nil
}

// startRow begins a row; one without a number follows the last.
func (r *sheetReader) startRow(e xml.StartElement) error {
	number := r.row.number + 1
	if text := attribute(e, "r"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < number {
			return say("第 %d 行之后的行号 %q 不对", "after row %d, %q is no row number", r.row.number, clip(text))
		}
		number = n
	}
	if number > lastRow {
		return say("行号超过 %d", "a row is beyond %d", lastRow)
	}
	r.row = row{number: number, hidden: isTrue(attribute(e, "hidden"))}
	return nil
}

// startCell begins a cell; one without a place follows the last.
func (r *sheetReader) startCell(e xml.StartElement) error {
	column := len(r.row.cells)
	if ref := attribute(e, "r"); ref != "" {
		at, number, ok := parseRef(ref)
		if !ok || number != r.row.number || at < column {
			return say("第 %d 行中的单元格位置 %q 不对", "in row %d, %q is no place of a cell", r.row.number, clip(ref))
		}
		column = at
	}
	style, _ := strconv.Atoi(attribute(e, "s"))
	r.cell = &raw{column: column, sort: attribute(e, "t"), style: style}
	return nil
}

// endCell puts the cell into its row. An empty one beyond the limit of columns is left out, for whole rows are styled.
func (r *sheetReader) endCell() {
	c := r.w.cellOf(r.cell)
	if !c.empty() || r.cell.column < columnsMax {
		for len(r.row.cells) < min(r.cell.column, columnsMax) {
			r.row.cells = append(r.row.cells, cell{})
		}
		r.row.cells = append(r.row.cells, c)
	}
	r.cell = nil
}

// cellOf reads what a cell holds.
func (w *workbook) cellOf(c *raw) cell {
	text := trim(plainText(c.value.String()))
	if c.isAsked {
		switch {
		case elsewhere.MatchString(c.formula.String()):
			return bad("公式引用别的工作簿或程序：请粘贴为数值", "its formula asks another workbook or program: paste the value")
		case !c.isGiven || text == "" && c.sort != "str":
			return bad("公式没有存下结果：请用表格软件打开并保存，或粘贴为数值", "its formula has no stored value: open and save it in a spreadsheet program, or paste the value")
		}
	}
	switch c.sort {
	case "s":
		i, err := strconv.Atoi(text)
		if err != nil || i < 0 || i >= len(w.strings) {
			return bad("文字编号 %s 不在文件之内", "its text %s is not within the file", clip(text))
		}
		return cell{text: trim(plainText(w.strings[i]))}
	case "str", "inlineStr":
		return cell{text: trim(plainText(unescape(text)))}
	case "e":
		return bad("错误值 %s", "the error value %s", clip(text))
	case "b":
		return cell{text: map[bool]string{true: yes, false: no}[isTrue(text)]}
	case "d":
		return isoDate(text)
	}
	return w.numberOf(c, text)
}

func bad(zh, en string, args ...any) cell {
	t := events.Say(zh, en, args...)
	return cell{sort: wrong, text: t.Zh + "\x00" + t.En}
}

// why returns both halves of what is wrong with a cell.
func (c cell) why() events.Text {
	zh, en, _ := strings.Cut(c.text, "\x00")
	return events.Text{Zh: zh, En: en}
}

func (w *workbook) numberOf(c *raw, text string) cell {
	if text == "" {
		return cell{}
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return bad("%q 不是数值", "%q is no number", clip(text))
	}
	how := plainly
	if 0 <= c.style && c.style < len(w.styles) {
		how = w.styles[c.style]
	}
	switch {
	case how == asDate:
		return w.dateOf(v)
	case how == otherwise:
		return cell{sort: formatted, number: v, text: digits(v)}
	}
	return cell{sort: numeric, number: v, text: digits(v)}
}

// digits shows a number as spreadsheets do, with 15 significant digits.
func digits(v float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64)
	if err != nil {
		return strconv.FormatFloat(v, 'g', 15, 64)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// dateOf reads the serial number of a date; a time of that day is let go.
func (w *workbook) dateOf(v float64) cell {
	from, least := since1900, 61.0
	if w.since1904 {
		from, least = since1904, 0
	}
	if v < least || v > 200_000 {
		return bad("%s 不是日期", "%s is no date", digits(v))
	}
	return dateCell(from + events.Date(v))
}

func isoDate(text string) cell {
	on, err := events.ParseDate(text[:min(10, len(text))])
	if err != nil {
		return bad("%q 不是日期", "%q is no date", clip(text))
	}
	return dateCell(on)
}

func dateCell(on events.Date) cell {
	return cell{sort: dated, text: on.String(), number: float64(on - since1900)}
}

// parseRef reads a place such as AB12 as a column, from 0, and a row, from 1.
func parseRef(ref string) (column, row int, ok bool) {
	i := 0
	for ; i < len(ref) && 'A' <= ref[i] && ref[i] <= 'Z' && i < 4; i++ {
		column = column*26 + int(ref[i]-'A') + 1
	}
	row, err := strconv.Atoi(ref[i:])
	return column - 1, row, i > 0 && err == nil && column <= lastColumn && 0 < row && row <= lastRow
}

// parseSpan reads a range such as A1:C3.
func parseSpan(ref string) (m span, ok bool) {
	from, to, ranged := strings.Cut(ref, ":")
	if !ranged {
		to = from
	}
	var ok1, ok2 bool
	m.firstColumn, m.firstRow, ok1 = parseRef(from)
	m.lastColumn, m.lastRow, ok2 = parseRef(to)
	return m, ok1 && ok2 && m.firstRow <= m.lastRow && m.firstColumn <= m.lastColumn
}
