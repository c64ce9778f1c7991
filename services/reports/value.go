package reports

import (
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/spreadsheet"
	"github.com/taizhang/taizhang/services/table"
)

// sort is what a cell of a report is.
type sort int

const (
	blank sort = iota
	words
	number  // a count, a year or a position
	money   // in yuan, with two decimals
	percent // with two decimals
	date
)

// value is one cell of a report as it shall be. Text is what a CSV file holds: a decimal number, a date YYYY-MM-DD.
type value struct {
	sort sort
	text string
}

// digitsMax is how many digits spreadsheet programs keep of a number. One with more is written as text: exact and not
// to be added up is better than rounded.
const digitsMax = 15

// valueOf returns a cell of a column: a number or a date as such, everything else as people read it.
func valueOf(column *table.Column, c table.Cell, lang string) value {
	if c.Data != nil {
		switch column.Type {
		case table.Money:
			return value{money, plainYuan(c.Data.(events.Fen))}
		case table.Day:
			return value{date, c.CSV()}
		case table.Percent:
			return value{percent, c.CSV()}
		case table.Count, table.Year:
			return value{number, c.CSV()}
		}
	}
	return textValue(c.Shown.In(lang))
}

func textValue(s string) value {
	if s == "" {
		return value{}
	}
	return value{words, s}
}

// plainYuan writes an amount in yuan with two decimals and no separators.
func plainYuan(v events.Fen) string { return strings.ReplaceAll(events.FormatYuan(v), ",", "") }

// inXLSX returns the cell as a spreadsheet holds it: a number that it cannot keep exactly, and a day that it cannot count,
// are text. num is the number of a cell that is not text.
func (v value) inXLSX() (as value, num float64) {
	switch v.sort {
	case date:
		if d, err := events.ParseDate(v.text); err == nil && d >= spreadsheet.FirstDay {
			return v, float64(d - spreadsheet.Epoch)
		}
	case number, money:
		if num, ok := exactFloat(v.text); ok {
			return v, num
		}
	case percent:
		if num, ok := exactFloat(overHundred(v.text)); ok {
			return v, num
		}
	default:
		return value{v.sort, visible(v.text)}, 0
	}
	return value{words, v.text}, 0
}

// exactFloat parses a decimal number of no more digits than a spreadsheet program keeps.
func exactFloat(s string) (float64, bool) {
	if len(strings.Trim(strings.TrimLeft(s, "-0."), ".")) > digitsMax+1 {
		return 0, false
	}
	num, err := strconv.ParseFloat(s, 64)
	return num, err == nil
}

// overHundred divides a decimal number with two decimals by a hundred: 59.02 percent is 0.5902.
func overHundred(s string) string {
	digits, negative := strings.CutPrefix(strings.Replace(s, ".", "", 1), "-")
	for len(digits) < 5 {
		digits = "0" + digits
	}
	if negative {
		digits = "-" + digits
	}
	return digits[:len(digits)-4] + "." + digits[len(digits)-4:]
}

// visible replaces the control characters that XML cannot hold by their pictures, such as ␁, and non-characters by the
// replacement character. Tab and the ends of lines stay.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x20 && r != '\t' && r != '\n' && r != '\r':
			return 0x2400 + r
		case r == 0xFFFE || r == 0xFFFF:
			return 0xFFFD
		}
		return r
	}, s)
}
