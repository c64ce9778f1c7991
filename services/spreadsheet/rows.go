package spreadsheet

import (
	"encoding/xml"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events/text"
)

// Rows streams the rows of a worksheet that are not empty. The cells of a row are valid until the next row. An error
// is yielded last.
func (w *Workbook) Rows(sheet *Worksheet) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		s, err := w.scan(sheet.part)
		if err != nil {
			yield(Row{}, err)
			return
		}
		defer s.Close()
		sheet.Merged, sheet.HiddenColumns, sheet.ConditionalFormats = nil, nil, nil
		sheet.hidesZeros, sheet.drawings = false, nil
		r := &rowReader{w: w, s: s, sheet: sheet, shared: map[string]string{}}
		for {
			t, err := s.next()
			if err == io.EOF {
				return
			}
			if err == nil {
				err = r.take(t)
			}
			if err != nil {
				yield(Row{}, err)
				return
			}
			if e, ok := t.(xml.EndElement); ok && e.Name.Local == "row" && len(r.row.Cells) > 0 && !yield(r.row, nil) {
				return
			}
		}
	}
}

// rowReader is a worksheet that is being read.
type rowReader struct {
	w     *Workbook
	s     *scanner
	sheet *Worksheet
	row   Row
	next  int // the column after the last cell
	raw   rawCell
	open  bool // whether the reader is within a cell

	shared map[string]string // the formulas that several cells share
	arrays []array           // the formulas over ranges that later rows may belong to

	rule  ConditionalFormat // the effect of the conditional formats being read
	where strings.Builder   // the ranges of these conditional formats
}

func (r *rowReader) take(t xml.Token) error {
	switch e := t.(type) {
	case xml.StartElement:
		return r.start(e)
	case xml.CharData:
		switch {
		case !r.open:
			if r.s.within("sqref") {
				r.where.Write(e)
			}
		case r.s.within("f"):
			r.raw.formula.Write(e)
		case r.s.within("v") && r.raw.kind != "str":
			r.raw.value.Write(e)
		case r.s.within("v") || r.s.within("is") && r.s.inText():
			r.raw.value.WriteString(unescape(string(e)))
			r.raw.runs.add(string(e))
		}
	case xml.EndElement:
		switch {
		case e.Name.Local == "c" && r.open:
			return r.endCell()
		case e.Name.Local == "r":
			r.raw.runs.end()
		case e.Name.Local == "conditionalFormatting":
			return r.endRules()
		}
	}
	return nil
}

func (r *rowReader) start(e xml.StartElement) error {
	switch e.Name.Local {
	case "row":
		return r.startRow(e)
	case "c":
		return r.startCell(e)
	case "f":
		r.raw.hasRule = true
		switch attribute(e, "t") {
		case "shared":
			r.raw.shared = attribute(e, "si")
		case "array":
			return r.startArray(attribute(e, "ref"))
		}
	case "v", "is":
		r.raw.isGiven = true
	case "rPr", "strike":
		r.raw.runs.begin(e)
	case "col":
		return r.column(e)
	case "sheetView":
		zeros := attribute(e, "showZeros")
		r.sheet.hidesZeros = r.sheet.hidesZeros || zeros != "" && !isTrue(zeros)
	case "drawing", "legacyDrawing":
		r.sheet.drawings = append(r.sheet.drawings, attribute(e, "id"))
	case "conditionalFormatting":
		r.rule = ConditionalFormat{}
		r.where.Reset()
		r.where.WriteString(attribute(e, "sqref"))
	case "cfRule", "numFmt", "color", "dataBar", "iconSet":
		if r.open {
			r.raw.runs.begin(e)
		}
		r.seeRule(e)
	case "mergeCell":
		m, ok := parseRange(attribute(e, "ref"))
		if !ok || len(r.sheet.Merged) == mergesMax {
			return say("合并的单元格无法读取，或超过 %d 处的上限",
				"the merged cells cannot be read, or are more than the limit of %d", mergesMax)
		}
		r.sheet.Merged = append(r.sheet.Merged, m)
	}
	return nil
}

// startRow begins a row. A row without a number follows the last one.
func (r *rowReader) startRow(e xml.StartElement) error {
	number := r.row.Number + 1
	if text := attribute(e, "r"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < number {
			return say("第 %d 行之后的行号 %q 不对", "after row %d, %q is no row number", r.row.Number, Clip(text))
		}
		number = n
	}
	if number > RowsMax {
		return say("行号超过 %d", "a row is beyond %d", RowsMax)
	}
	r.arrays = slices.DeleteFunc(r.arrays, func(a array) bool { return a.LastRow < number })
	r.row, r.next = Row{Number: number, Hidden: isTrue(attribute(e, "hidden")) ||
		isTrue(attribute(e, "customHeight")) && isZero(attribute(e, "ht")), Cells: r.row.Cells[:0]}, 0
	return nil
}

// array is a formula over a range. Only its first cell has it.
type array struct {
	Range
	first   int // the column of that cell
	formula string
}

// arraysMax is the maximum number of array formulas that overlap one row.
const arraysMax = 100

// startArray reads the range of a formula over more than one cell.
func (r *rowReader) startArray(ref string) error {
	m, ok := parseRange(ref)
	if !ok || m.FirstRow == m.LastRow && m.FirstColumn == m.LastColumn {
		return nil
	}
	if len(r.arrays) == arraysMax {
		return say("第 %d 行中并列的数组公式超过 %d 个的上限",
			"row %d has more than the limit of %d formulas over ranges", r.row.Number, arraysMax)
	}
	r.arrays = append(r.arrays, array{Range: m, first: r.raw.column})
	return nil
}

// startCell begins a cell. A cell without a reference follows the last one.
func (r *rowReader) startCell(e xml.StartElement) error {
	column := r.next
	if ref := attribute(e, "r"); ref != "" {
		at, number, ok := parseRef(ref)
		if !ok || number != r.row.Number || at < column {
			return say("第 %d 行中的单元格位置 %q 不对", "in row %d, %q is no place of a cell",
				r.row.Number, Clip(ref))
		}
		column = at
	}
	if column >= ColumnsMax {
		return say("第 %d 行超过 %d 列", "row %d has more than %d columns", r.row.Number, ColumnsMax)
	}
	style, _ := strconv.Atoi(attribute(e, "s"))
	r.raw, r.next, r.open = rawCell{column: column, kind: attribute(e, "t"), style: style}, column+1, true
	return nil
}

// endCell adds the cell to its row. It leaves out blank cells, for some files have styled cells in whole rows.
func (r *rowReader) endCell() error {
	r.open = false
	for i := range r.arrays {
		if a := &r.arrays[i]; a.first == r.raw.column && a.FirstRow == r.row.Number {
			a.formula = r.raw.formula.String()
		} else if !r.raw.hasRule && a.FirstColumn <= r.raw.column && r.raw.column <= a.LastColumn {
			r.raw.hasRule = true
			r.raw.formula.WriteString(a.formula)
		}
	}
	if r.raw.shared != "" {
		if r.raw.formula.Len() > 0 {
			r.shared[r.raw.shared] = r.raw.formula.String()
		} else {
			r.raw.formula.WriteString(r.shared[r.raw.shared])
		}
	}
	c, err := r.w.cell(&r.raw)
	if err != nil {
		return say("第 %[1]d 行 %[2]s", "row %[1]d: %[3]s", r.row.Number, text.Of(err).Zh, text.Of(err).En)
	}
	if c == (Cell{}) {
		return nil
	}
	for len(r.row.Cells) < r.raw.column {
		r.row.Cells = append(r.row.Cells, Cell{})
	}
	r.row.Cells = append(r.row.Cells, c)
	return nil
}

// column notes the columns that are hidden or have no width.
func (r *rowReader) column(e xml.StartElement) error {
	if !isTrue(attribute(e, "hidden")) && !isZero(attribute(e, "width")) {
		return nil
	}
	first, err1 := strconv.Atoi(attribute(e, "min"))
	last, err2 := strconv.Atoi(attribute(e, "max"))
	if err1 != nil || err2 != nil || first < 1 || last < first || last > ColumnsMax ||
		len(r.sheet.HiddenColumns) == ColumnsMax {
		return say("隐藏的列 %q 至 %q 无法读取", "the hidden columns %q to %q cannot be read",
			Clip(attribute(e, "min")), Clip(attribute(e, "max")))
	}
	r.sheet.HiddenColumns = append(r.sheet.HiddenColumns, Range{1, RowsMax, first - 1, last - 1})
	return nil
}

// isZero reports whether a size is 0.
func isZero(size string) bool {
	v, err := strconv.ParseFloat(size, 64)
	return err == nil && v == 0
}

// seeRule notes the effect of a rule of a conditional format.
func (r *rowReader) seeRule(e xml.StartElement) {
	if !r.s.within("conditionalFormatting") {
		return
	}
	switch e.Name.Local {
	case "cfRule":
		if i, err := strconv.Atoi(attribute(e, "dxfId")); err == nil && 0 <= i && i < len(r.w.differences) {
			r.rule.NumFmt = r.rule.NumFmt || r.w.differences[i].NumFmt
			r.rule.FontColor = r.rule.FontColor || r.w.differences[i].FontColor
		}
	case "numFmt":
		r.rule.NumFmt = true
	case "color":
		r.rule.FontColor = r.rule.FontColor || r.s.within("font") && !isTextColor(e)
	default: // a bar or an icon instead of the value
		show := attribute(e, "showValue")
		r.rule.NumFmt = r.rule.NumFmt || show != "" && !isTrue(show)
	}
}

// endRules adds the ranges of conditional formats that set a number format or a color.
func (r *rowReader) endRules() error {
	if !r.rule.NumFmt && !r.rule.FontColor {
		return nil
	}
	for ref := range strings.FieldsSeq(r.where.String()) {
		rule := r.rule
		var ok bool
		if rule.Range, ok = parseRange(ref); !ok || len(r.sheet.ConditionalFormats) == mergesMax {
			return say("条件格式无法读取，或超过 %d 处的上限",
				"the conditional formats cannot be read, or are more than the limit of %d", mergesMax)
		}
		r.sheet.ConditionalFormats = append(r.sheet.ConditionalFormats, rule)
	}
	return nil
}

// Range is a range of cells: rows are counted from 1, columns from 0.
type Range struct{ FirstRow, LastRow, FirstColumn, LastColumn int }

// parseRef reads a reference such as AB12 as a column, from 0, and a row, from 1.
func parseRef(ref string) (column, row int, ok bool) {
	i := 0
	for ; i < len(ref) && 'A' <= ref[i] && ref[i] <= 'Z' && i < 4; i++ {
		column = column*26 + int(ref[i]-'A') + 1
	}
	row, err := strconv.Atoi(ref[i:])
	return column - 1, row, i > 0 && err == nil && column <= ColumnsMax && 0 < row && row <= RowsMax
}

// parseRange reads a range such as A1:C3.
func parseRange(ref string) (m Range, ok bool) {
	from, to, ranged := strings.Cut(ref, ":")
	if !ranged {
		to = from
	}
	var ok1, ok2 bool
	m.FirstColumn, m.FirstRow, ok1 = parseRef(from)
	m.LastColumn, m.LastRow, ok2 = parseRef(to)
	return m, ok1 && ok2 && m.FirstRow <= m.LastRow && m.FirstColumn <= m.LastColumn
}
