// Package table holds tables, which are rows under named columns, and writes them for people and for programs.
package table

import (
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Table holds rows under named columns. Every row has a cell for each column.
type Table struct {
	Title   text.Text // with the date and the unit
	Empty   text.Text // shown instead of a table without rows
	Columns []Column
	Rows    [][]Cell
	Totals  [][]Cell    // rows under the others, for people
	Notes   []text.Text // under the table: how it was made
	Missing []text.Text // under the notes: what the rows leave out; programs get it too
	RowsMax int         // shown to people on a screen; 0 for all
	CutRows int         // the rows that the limit of a list leaves out, which Missing says; it is not written

	Position uint64 // the position of the ledger as of which the rows are; 0 if they are not about a ledger
	// the policy in force on the date of the question, as adopted by that position; empty if none
	Policy events.PolicyRef
}

// Column is a column of a table. It has a stable English name for programs, and a title in both languages for people.
// A column without a name is only for people, a column without a title only for programs. The lists have numbered
// forms (lists.Form). Since is the first form with the column, 0 for the first of all; Until is the last form with it,
// 0 for a column that is still there.
type Column struct {
	Name         string
	Title        text.Text
	Type         Type
	CharMax      int  // on a screen, a longer text is cut and ends with an ellipsis; 0 for no limit
	Unit         Unit // of money, as people read it; "" for yuan
	Minor        int  // on a narrow terminal, columns with a higher number go earlier; see WriteFitted
	Since, Until int
}

// in reports whether a form has the column.
func (c *Column) in(form int) bool { return c.Since <= form && (c.Until == 0 || form <= c.Until) }

// ColumnsIn returns the columns that a form has, without their Since and Until.
func ColumnsIn(columns []Column, form int) (list []Column) {
	for _, c := range columns {
		if c.in(form) {
			c.Since, c.Until = 0, 0
			list = append(list, c)
		}
	}
	return list
}

// KeepForm removes the columns that a form does not have, with their cells.
func (t *Table) KeepForm(form int) {
	all := t.Columns
	t.Columns = ColumnsIn(all, form)
	if len(t.Columns) == len(all) {
		return
	}
	for _, rows := range [][][]Cell{t.Rows, t.Totals} {
		for i, row := range rows {
			rows[i] = CellsIn(all, form, row)
		}
	}
}

// CellsIn returns the cells of a row of columns that a form has.
func CellsIn(columns []Column, form int, row []Cell) []Cell {
	kept := make([]Cell, 0, len(row))
	for i := range columns {
		if columns[i].in(form) {
			kept = append(kept, row[i])
		}
	}
	return kept
}

// Type is the type of the cells of a column. It is known before the table is computed, because the schema of the API,
// the pages of docs and the formats of a workbook need it. A cell of any column may be empty.
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

// Right reports whether cells are aligned at the right, like numbers that people compare.
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

// Cell is one value, with data for programs and a text for people, which may depend on the language. Data has the type
// of its column, or is nil.
type Cell struct {
	Data  any
	Shown text.Text
}

// Shown returns the text of a cell of the column for people.
func (c *Column) Shown(cell Cell, lang string) string {
	if v, isMoney := cell.Data.(events.Fen); isMoney && c.Unit == TenThousands {
		return c.Unit.Format(v)
	}
	return cell.Shown.In(lang)
}

// rate is a rate in percent with two decimals, such as 59.02.
type rate string

// MarshalJSON returns the rate as a number.
func (r rate) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// Plain returns a text that is the same in both languages.
func Plain(s string) text.Text { return text.Text{Zh: s, En: s} }

// Text returns a cell with a text or a code.
func Text[T ~string](s T) Cell { return Cell{string(s), Plain(string(s))} }

// Named returns a cell with a code, shown as the word that people use for it.
func Named[T ~string](code T, word text.Text) Cell { return Cell{string(code), word} }

// Number returns a cell with a count or a year.
func Number[T ~int | ~uint64](n T) Cell {
	return Cell{int64(n), Plain(strconv.FormatInt(int64(n), 10))}
}

// Fen returns a cell with an amount of money, shown in yuan.
func Fen(v events.Fen) Cell { return Cell{v, Plain(events.FormatYuan(v))} }

// Date returns a cell with a date. The cell is empty for the zero date.
func Date(d events.Date) Cell {
	if d == 0 {
		return Cell{}
	}
	return Cell{d, Plain(d.String())}
}

// Rate returns a cell with a rate in percent. The cell is empty for "".
func Rate(percent string) Cell {
	if percent == "" {
		return Cell{}
	}
	return Cell{rate(percent), Plain(percent)}
}

// Optional returns a cell with a text. The cell is empty for "".
func Optional(s string) Cell {
	if s == "" {
		return Cell{}
	}
	return Text(s)
}

// Yes returns a boolean cell, shown as yes or blank.
func Yes(b bool) Cell {
	if !b {
		return Cell{Data: false}
	}
	return Cell{true, text.Say("是", "yes")}
}

// Total adds a row of sums under a table. Only the cells of the named columns have amounts.
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

// Select returns a table of the same rows with only the named columns, without totals.
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
