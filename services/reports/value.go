package reports

import (
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
	"github.com/taizhang/taizhang/services/table"
)

// sort is the type of a cell of a report.
type sort int

const (
	blank sort = iota
	words
	number  // a count, a year or a position
	money   // in the unit of its column, with two decimals
	percent // with two decimals
	date
)

// value is one cell of a report. Its text is the content of the cell in a CSV file, such as a decimal number or a
// date YYYY-MM-DD, without format characters. If the ledger's text has format characters, held is the text with
// them, as earlier versions of the program wrote it.
type value struct {
	sort    sort
	text    string
	held    string
	isRight bool // of a heading over numbers
}

// digitsMax is the number of digits of a number that spreadsheet programs keep. A number with more digits is
// written as text: it cannot be added up, but it is not rounded.
const digitsMax = 15

// valueOf returns the value of a cell of a column. Numbers and dates stay numbers and dates; every other cell
// becomes a text.
func valueOf(column *table.Column, c table.Cell, lang string) value {
	if c.Data != nil {
		switch column.Type {
		case table.Money:
			return value{sort: money, text: plainAmount(column.Unit.Format(c.Data.(events.Fen)))}
		case table.Day:
			return value{sort: date, text: c.CSV()}
		case table.Percent:
			return value{sort: percent, text: c.CSV()}
		case table.Count, table.Year:
			return value{sort: number, text: c.CSV()}
		}
	}
	return textValue(c.Shown.In(lang))
}

func textValue(s string) value {
	if s == "" {
		return value{}
	}
	v := value{sort: words, text: text.Seen(s)}
	if v.text != s {
		v.held = s
	}
	if v.text == "" {
		v.sort = blank
	}
	return v
}

// plainAmount returns an amount without separators of thousands.
func plainAmount(shown string) string { return strings.ReplaceAll(shown, ",", "") }

// inXLSX returns the cell as an XLSX file stores it. A number that XLSX cannot store exactly, and a date that it
// cannot count, become text. num is the number of a cell that is not text.
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
		return value{sort: v.sort, text: visible(v.text), held: visible(v.held), isRight: v.isRight}, 0
	}
	return value{sort: words, text: v.text}, 0
}

// exactFloat parses a decimal number. ok is false if it has more digits than a spreadsheet program keeps.
func exactFloat(s string) (float64, bool) {
	if len(strings.Trim(strings.TrimLeft(s, "-0."), ".")) > digitsMax+1 {
		return 0, false
	}
	num, err := strconv.ParseFloat(s, 64)
	return num, err == nil
}

// overHundred returns a decimal number with two decimals divided by a hundred: 59.02 becomes 0.5902.
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

// visible replaces control characters that XML cannot contain by their pictures, such as ␁. It replaces non-characters
// by the replacement character. Tabs and ends of lines stay.
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
