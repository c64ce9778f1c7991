// Package table is rows under named columns, and how they are written for people and programs.
package table

import (
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Table is rows under named columns. Every row has a cell for each column.
type Table struct {
	Title   text.Text // with the date and the unit
	Empty   text.Text // instead of a table without rows
	Columns []Column
	Rows    [][]Cell
	Totals  [][]Cell    // rows under the others, for people
	Notes   []text.Text // under the table: how it was made
	Missing []text.Text // under the notes: what the rows leave out, which programs are told too
	RowsMax int         // shown to people on a screen; 0 for all

	Position uint64           // of the ledger that the rows are of; 0 if they are of none
	Policy   events.PolicyRef // in force there on the date asked about, or empty
}

// Column has a stable English name, for programs, and a title in both languages, for people. One without a name is shown to
// people alone, one without a title to programs alone.
type Column struct {
	Name    string
	Title   text.Text
	Type    Type
	CharMax int // shown of a text beside others on a screen, and the rest as an ellipsis; 0 for all
}

// Type is what the cells of a column hold. It is known before the table is asked for: the schema of the API, the pages of
// docs and the formats of a workbook follow from it. A cell of any column may be empty.
type Type int

// The types.
const (
	String  Type = iota // a text, or a code with the word that people use for it
	Count               // int64: a count, a position or a number of days
	Year                // int64
	Money               // events.Fen: whole fen for programs, yuan for people
	Percent             // a rate in percent with two decimals
	Day                 // events.Date
	Bool                // shown as yes, or blank
	JSON                // a JSON value, for programs alone
	Time                // a text: an instant of the ledger, RFC 3339 with its zone
)

// Right reports whether cells are aligned at the right, as numbers are that people compare.
func (t Type) Right() bool { return t == Count || t == Money || t == Percent }

// Holds reports whether a cell of the type may hold the data of c.
func (t Type) Holds(c Cell) bool {
	ok := c.Data == nil
	switch c.Data.(type) {
	case string:
		ok = t == String || t == Time
	case int64:
		ok = t == Count || t == Year
	case events.Fen:
		ok = t == Money
	case rate:
		ok = t == Percent
	case events.Date:
		ok = t == Day
	case bool:
		ok = t == Bool
	case jsontext.Value:
		ok = t == JSON
	}
	return ok
}

// Cell is one value: data for programs and the text for people, which may depend on the language. Data is what the type of
// its column says, or nil.
type Cell struct {
	Data  any
	Shown text.Text
}

// rate is a rate in percent with two decimals, such as 59.02.
type rate string

// MarshalJSON writes the rate as a number.
func (r rate) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// Plain is a text that is the same in both languages.
func Plain(s string) text.Text { return text.Text{Zh: s, En: s} }

// Text is a text or a code.
func Text[T ~string](s T) Cell { return Cell{string(s), Plain(string(s))} }

// Named is a code with the word that people use for it.
func Named[T ~string](code T, word text.Text) Cell { return Cell{string(code), word} }

// Number is a count or a year.
func Number[T ~int | ~uint64](n T) Cell {
	return Cell{int64(n), Plain(strconv.FormatInt(int64(n), 10))}
}

// Fen is an amount of money, shown in yuan.
func Fen(v events.Fen) Cell { return Cell{v, Plain(events.FormatYuan(v))} }

// Date is a date; none for the zero date.
func Date(d events.Date) Cell {
	if d == 0 {
		return Cell{}
	}
	return Cell{d, Plain(d.String())}
}

// Rate is a rate in percent; none for "".
func Rate(percent string) Cell {
	if percent == "" {
		return Cell{}
	}
	return Cell{rate(percent), Plain(percent)}
}

// Optional is a text that may be missing.
func Optional(s string) Cell {
	if s == "" {
		return Cell{}
	}
	return Text(s)
}

// Yes is a yes, or nothing to see.
func Yes(b bool) Cell {
	if !b {
		return Cell{Data: false}
	}
	return Cell{true, text.Say("是", "yes")}
}

// Total adds a row of sums under a table: empty but for the amounts of the columns named.
func (t *Table) Total(sums map[string]events.Fen) {
	row := make([]Cell, len(t.Columns))
	row[0] = Cell{Shown: text.Say("合计", "total")}
	for i, c := range t.Columns {
		if sum, ok := sums[c.Name]; ok {
			row[i] = Fen(sum)
		}
	}
	t.Totals = append(t.Totals, row)
}

// Select returns a table of the same rows with some of the columns, by their names, without totals.
func (t *Table) Select(names ...string) *Table {
	some := *t
	some.Columns, some.Rows, some.Totals = nil, make([][]Cell, len(t.Rows)), nil
	for _, name := range names {
		k := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
		some.Columns = append(some.Columns, t.Columns[k])
		for i, row := range t.Rows {
			some.Rows[i] = append(some.Rows[i], row[k])
		}
	}
	return &some
}
