package spreadsheet

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Row is a row that is not empty. Its number is the number that a spreadsheet program shows, also for CSV. Cells start
// with the first column, and the last cell is not Blank.
type Row struct {
	Number int
	// for CSV: the line of the text on which the row begins, from 1; a cell with several lines continues below
	Line   int
	Hidden bool // it is hidden, or its height is set to 0
	Cells  []Cell
}

// At returns the cell of a column, counted from 0, or a blank cell beyond the end.
func (r *Row) At(column int) Cell {
	if column >= len(r.Cells) {
		return Cell{}
	}
	return r.Cells[column]
}

// Cell is the value of one cell with its sort. The zero value is an empty cell.
type Cell struct {
	Sort   Sort
	Struck bool    // the text, or a part of it, is struck through
	Text   string  // the text; for a number its digits as programs show them, at most 15; for a date YYYY-MM-DD
	Number float64 // for a Number; for a Date its day from the Epoch, with the time as a fraction
	// the formula with its =; a shared formula is given as its first cell has it; Sort and Text are those of the
	// stored value, Blank if there is none
	Formula string

	format *format // nil for the general format
	style  int     // the index of its style
	colors string  // the colors of the parts of a text that set one; see runs
}

// Sort is the sort of value in a cell. All cells of CSV are Text.
type Sort uint8

// The sorts.
const (
	Blank Sort = iota
	Text
	Number
	Date
	Truth      // the text is TRUE or FALSE
	Failure    // an error value, such as #REF!
	Unreadable // the text does not fit the type of the cell
)

// IsNumber reports whether the cell has a number or a date, which is stored as a number.
func (c Cell) IsNumber() bool { return c.Sort == Number || c.Sort == Date }

// rawCell is a cell as it is written in the XML.
type rawCell struct {
	column  int
	kind    string // b, d, e, inlineStr, n, s, str
	style   int
	value   strings.Builder
	formula strings.Builder
	hasRule bool   // it has a formula
	isGiven bool   // it has a value
	shared  string // the number of the formula that it shares
	runs    runs
}

// cell returns the value of a cell. It returns an error if the cell refers to a text that the file does not have.
func (w *Workbook) cell(raw *rawCell) (c Cell, err error) {
	if raw.hasRule {
		c.Formula = "=" + raw.formula.String()
	}
	look := w.style(raw.style)
	if err := w.value(raw, look, &c); err != nil || c.Sort == Blank {
		return c, err
	}
	c.format, c.style = look.format, raw.style
	return c, nil
}

// value sets the value of a cell, and whether it is struck through.
func (w *Workbook) value(raw *rawCell, look style, c *Cell) error {
	value := raw.value.String()
	switch raw.kind {
	case "str", "inlineStr":
		if c.Text = value; value != "" || raw.hasRule && raw.isGiven {
			c.Sort, c.Struck, c.colors = Text, raw.runs.struck(look), raw.runs.colors
		}
		return nil
	}
	if value = strings.TrimSpace(value); value == "" {
		return nil
	}
	c.Struck = look.struck
	switch raw.kind {
	case "s":
		i, err := strconv.Atoi(value)
		if err != nil || i < 0 || i >= len(w.strings) {
			return say("%s 列的单元格引用第 %q 条文字，文件中没有",
				"its cell in column %s refers to the text %q, which the file does not hold", Letters(raw.column),
				Clip(value))
		}
		if c.Text, c.Struck = w.strings[i], false; c.Text != "" {
			c.Sort, c.Struck, c.colors = Text, w.runs[i].struck(look), w.runs[i].colors
		}
	case "e":
		c.Sort, c.Text = Failure, value
	case "b":
		c.Sort, c.Text = Truth, map[bool]string{true: "TRUE", false: "FALSE"}[isTrue(value)]
	case "d":
		c.Sort, c.Text = Unreadable, value
		if on, err := events.ParseDate(value[:min(10, len(value))]); err == nil {
			c.Sort, c.Text, c.Number = Date, on.String(), float64(on-Epoch)+partOfDay(value[10:])
		}
	default:
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			c.Sort, c.Text = Unreadable, value
			return nil
		}
		w.number(c, v, look.format)
	}
	return nil
}

// partOfDay returns a time such as T14:33:05 as a fraction of a day, or 0 if the text is not a time.
func partOfDay(s string) float64 {
	at, err := time.Parse("T15:04:05", strings.TrimSuffix(s, "Z"))
	if err != nil {
		return 0
	}
	return float64(at.Hour()*3600+at.Minute()*60+at.Second()) / 86400
}

// daysTo1904 is the difference in days between the two epochs that workbooks use.
const daysTo1904 = 1462

// number reads a number as its format shows it. A number before FirstDay is no date.
func (w *Workbook) number(c *Cell, v float64, how *format) {
	days := v
	if w.since1904 && v >= 0 {
		days += daysTo1904
	}
	if how.isDate(days) && float64(FirstDay-Epoch) <= days && days+roundUp < daysMax {
		c.Sort, c.Number, c.Text = Date, days, dayOf(days).String()
		return
	}
	c.Sort, c.Number, c.Text = Number, v, digits(v)
}

// digits returns a number as spreadsheet programs show it, with 15 significant digits.
func digits(v float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64)
	if err != nil {
		return strconv.FormatFloat(v, 'g', 15, 64)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// clipMax is the maximum number of characters quoted from a file.
const clipMax = 41

// Clip cuts a text that is quoted from a file.
func Clip(s string) string { return text.Clip(s, clipMax) }
