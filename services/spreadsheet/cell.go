package spreadsheet

import (
	"math"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Row is a row that holds something. Its number is that in the worksheet, or in the one as which a spreadsheet program opens
// CSV. Cells are from the first column on, with none that is Blank at the end.
type Row struct {
	Number int
	Hidden bool
	Cells  []Cell
}

// At returns the cell of a column, counted from 0; a blank one beyond the end.
func (r *Row) At(column int) Cell {
	if column >= len(r.Cells) {
		return Cell{}
	}
	return r.Cells[column]
}

// Cell is what one cell holds and as what. The zero value is an empty cell.
type Cell struct {
	Sort    Sort
	Text    string  // as it is; of a number its digits as programs show them, 15 at most, of a date YYYY-MM-DD
	Number  float64 // of a Number; of a Date its day from the Epoch, with the time as a fraction
	Shown   Format  // what the format of a Number makes of it
	Formula string  // with its =; the rest is the value that was stored with it, Blank if there was none
}

// Sort is what a cell holds. All cells of CSV are Text.
type Sort uint8

// The sorts.
const (
	Blank Sort = iota
	Text
	Number
	Date
	Truth      // the text is TRUE or FALSE
	Failure    // an error value, such as #REF!
	Unreadable // the text is not of the type that the cell says
)

// IsNumber reports whether the cell holds a number or a date, which is one.
func (c Cell) IsNumber() bool { return c.Sort == Number || c.Sort == Date }

// rawCell is a cell as it is written.
type rawCell struct {
	column  int
	kind    string // b, d, e, inlineStr, n, s, str
	style   int
	value   strings.Builder
	formula strings.Builder
	hasRule bool // it has a formula
	isGiven bool // it has a value
}

// cell reads what a cell holds. That it refers to a text that is not there is an error of the file.
func (w *Workbook) cell(raw *rawCell) (c Cell, err error) {
	if raw.hasRule {
		c.Formula = "=" + raw.formula.String()
	}
	value := raw.value.String()
	switch raw.kind {
	case "str", "inlineStr":
		if c.Text = value; value != "" || raw.hasRule && raw.isGiven {
			c.Sort = Text
		}
		return c, nil
	}
	if value = strings.TrimSpace(value); value == "" {
		return c, nil
	}
	switch raw.kind {
	case "s":
		i, err := strconv.Atoi(value)
		if err != nil || i < 0 || i >= len(w.strings) {
			return c, say("%s 列的单元格引用第 %q 条文字，文件中没有", "its cell in column %s refers to the text %q, which the file does not hold", Letters(raw.column), Clip(value))
		}
		if c.Text = w.strings[i]; c.Text != "" {
			c.Sort = Text
		}
	case "e":
		c.Sort, c.Text = Failure, value
	case "b":
		c.Sort, c.Text = Truth, map[bool]string{true: "TRUE", false: "FALSE"}[isTrue(value)]
	case "d":
		c.Sort, c.Text = Unreadable, value
		if on, err := events.ParseDate(value[:min(10, len(value))]); err == nil {
			c.Sort, c.Text, c.Number = Date, on.String(), float64(on-Epoch)
		}
	default:
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			c.Sort, c.Text = Unreadable, value
			return c, nil
		}
		w.number(&c, v, raw.style)
	}
	return c, nil
}

// daysTo1904 is how much later the dates of some workbooks are counted from.
const daysTo1904 = 1462

// number reads a number as its format shows it: what is no day from FirstDay on is no date.
func (w *Workbook) number(c *Cell, v float64, style int) {
	how := Plainly
	if 0 <= style && style < len(w.styles) {
		how = w.styles[style]
	}
	if how == AsDate {
		days := v
		if w.since1904 && v >= 0 {
			days += daysTo1904
		}
		if from, to := float64(FirstDay-Epoch), float64(events.DateOf(10_000, 1, 1)-Epoch); from <= days && days < to {
			c.Sort, c.Number, c.Text = Date, days, (Epoch + events.Date(days)).String()
			return
		}
	}
	c.Sort, c.Number, c.Text, c.Shown = Number, v, digits(v), how
}

// digits shows a number as spreadsheet programs do, with 15 significant digits.
func digits(v float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64)
	if err != nil {
		return strconv.FormatFloat(v, 'g', 15, 64)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// clipMax is how many characters are quoted of a file.
const clipMax = 41

// Clip shortens what is quoted of a file.
func Clip(s string) string { return text.Clip(s, clipMax) }
