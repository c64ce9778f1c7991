// Package table is rows under named columns, and how they are written for people and programs.
package table

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
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
}

// Column has a stable English name, for programs, and a title in both languages, for people. One without a name is shown to
// people alone, one without a title to programs alone.
type Column struct {
	Name    string
	Title   text.Text
	Right   bool // aligned, as numbers are
	CharMax int  // shown of a text beside others on a screen, and the rest as an ellipsis; 0 for all
}

// Cell is one value: data for programs and the text for people, which may depend on the language. Data is a string, an
// int64, an events.Fen, an events.Date, a Percent, a bool, a jsontext.Value or nil.
type Cell struct {
	Data  any
	Shown text.Text
}

// Percent is a rate in percent with two decimals, such as "59.02".
type Percent string

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
	return Cell{Percent(percent), Plain(percent)}
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

// CSV returns the cell as programs read it: money in fen, dates YYYY-MM-DD, yes or nothing.
func (c Cell) CSV() string {
	switch v := c.Data.(type) {
	case string:
		return v
	case Percent:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case events.Fen:
		return strconv.FormatInt(int64(v), 10)
	case events.Date:
		return v.String()
	case bool:
		if v {
			return "yes"
		}
	case jsontext.Value:
		return string(v)
	}
	return ""
}

// WriteCSV writes the columns that have names, for programs.
func (t *Table) WriteCSV(to io.Writer) error {
	w := csv.NewWriter(to)
	record := make([]string, 0, len(t.Columns))
	for _, c := range t.Columns {
		if c.Name != "" {
			record = append(record, c.Name)
		}
	}
	_ = w.Write(record) // the writer keeps its error for Flush
	for _, row := range t.Rows {
		record = record[:0]
		for i, c := range t.Columns {
			if c.Name != "" {
				record = append(record, row[i].CSV())
			}
		}
		_ = w.Write(record)
	}
	w.Flush()
	return w.Error()
}

// WriteJSON writes a list of objects, one a line.
func (t *Table) WriteJSON(to io.Writer) error {
	var b strings.Builder
	b.WriteString("[")
	for i, row := range t.Rows {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n{")
		comma := ""
		for j, c := range t.Columns {
			if c.Name == "" {
				continue
			}
			value, err := json.Marshal(row[j].Data)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s%q:%s", comma, c.Name, value)
			comma = ","
		}
		b.WriteString("}")
	}
	b.WriteString("\n]\n")
	_, err := io.WriteString(to, b.String())
	return err
}
