package reports

import (
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
	"github.com/taizhang/taizhang/services/table"
)

// Sort is the type of a cell of a report.
type Sort int

const (
	Blank Sort = iota
	Words
	Number  // a count, a year or a position
	Money   // in the unit of its column, with two decimals
	Percent // with two decimals
	Date
)

// Value is one cell of a report. Its text is the content of the cell in a CSV file, such as a decimal number or a
// date YYYY-MM-DD, without format characters. If the ledger's text has format characters, held is the text with
// them, as earlier versions of the program wrote it.
type Value struct {
	Sort    Sort
	Text    string
	held    string
	IsRight bool // of a heading over numbers
}

// digitsMax is the number of digits of a number that spreadsheet programs keep. A number with more digits is
// written as text: it cannot be added up, but it is not rounded.
const digitsMax = 15

// valueOf returns the value of a cell of a column. Numbers and dates stay numbers and dates; every other cell
// becomes a text.
func valueOf(column *table.Column, c table.Cell, lang string) Value {
	if c.Data != nil {
		switch column.Type {
		case table.Money:
			return Value{Sort: Money, Text: plainAmount(column.Unit.Format(c.Data.(events.Fen)))}
		case table.Day:
			return Value{Sort: Date, Text: c.CSV()}
		case table.Percent:
			return Value{Sort: Percent, Text: c.CSV()}
		case table.Count, table.Year:
			return Value{Sort: Number, Text: c.CSV()}
		}
	}
	return textValue(c.Shown.In(lang))
}

func textValue(s string) Value {
	if s == "" {
		return Value{}
	}
	v := Value{Sort: Words, Text: text.Seen(s)}
	if v.Text != s {
		v.held = s
	}
	if v.Text == "" {
		v.Sort = Blank
	}
	return v
}

// plainAmount returns an amount without separators of thousands.
func plainAmount(shown string) string { return strings.ReplaceAll(shown, ",", "") }

// InXLSX returns the cell as an XLSX file stores it. A number that XLSX cannot store exactly, and a date that it
// cannot count, become text. num is the number of a cell that is not text.
func (v Value) InXLSX() (as Value, num float64) {
	switch v.Sort {
	case Date:
		if d, err := events.ParseDate(v.Text); err == nil && d >= spreadsheet.FirstDay {
			return v, float64(d - spreadsheet.Epoch)
		}
	case Number, Money:
		if num, ok := exactFloat(v.Text); ok {
			return v, num
		}
	case Percent:
		if num, ok := exactFloat(overHundred(v.Text)); ok {
			return v, num
		}
	default:
		return Value{Sort: v.Sort, Text: visible(v.Text), held: visible(v.held), IsRight: v.IsRight}, 0
	}
	return Value{Sort: Words, Text: v.Text}, 0
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
