package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/mattn/go-runewidth"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// sheet is rows under named columns, written as a table, as CSV or as JSON.
type sheet struct {
	caption events.Text // above a table
	empty   events.Text // instead of a table without rows
	columns []column
	rows    [][]cell
	rowsMax int // of a table; 0 for all
}

// column has a stable English name, in CSV and JSON, and a title in both languages, in tables. One without a name is in tables
// alone, one without a title in CSV and JSON alone.
type column struct {
	name  string
	title events.Text
	right bool
}

// cell is one value: data for programs and the text for people, which may depend on the language.
type cell struct {
	data  any // string, int64, bool or nil
	shown events.Text
}

func plain(s string) events.Text { return events.Text{Zh: s, En: s} }

func text[T ~string](s T) cell { return cell{string(s), plain(string(s))} }

// named is a code with the word that people use for it.
func named[T ~string](code T, word events.Text) cell { return cell{string(code), word} }

func number[T ~int | ~uint64](n T) cell { return cell{int64(n), plain(fmt.Sprint(n))} }

func fen(v events.Fen) cell { return cell{int64(v), plain(aggregates.ShowFen(v))} }

func date(d events.Date) cell {
	if d == 0 {
		return cell{}
	}
	return text(d.String())
}

// optional is a text that may be missing: null in JSON.
func optional(s string) cell {
	if s == "" {
		return cell{}
	}
	return text(s)
}

func yes(b bool) cell {
	if !b {
		return cell{data: false}
	}
	return cell{true, events.Say("是", "yes")}
}

func (c cell) csv() string {
	switch v := c.data.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		if v {
			return "yes"
		}
	}
	return ""
}

// write writes the sheet in the form asked for.
func (a *app) write(s *sheet) error {
	switch a.output {
	case csvOutput:
		return s.writeCSV(a.out)
	case jsonOutput:
		return s.writeJSON(a.out)
	}
	return s.writeTable(a.out, a.lang)
}

func (s *sheet) writeCSV(to io.Writer) error {
	w := csv.NewWriter(to)
	record := make([]string, 0, len(s.columns))
	for _, c := range s.columns {
		if c.name != "" {
			record = append(record, c.name)
		}
	}
	_ = w.Write(record) // the writer keeps its error for Flush
	for _, row := range s.rows {
		record = record[:0]
		for i, c := range s.columns {
			if c.name != "" {
				record = append(record, row[i].csv())
			}
		}
		_ = w.Write(record)
	}
	w.Flush()
	return w.Error()
}

// writeJSON writes a list of objects, one a line.
func (s *sheet) writeJSON(to io.Writer) error {
	var b strings.Builder
	b.WriteString("[")
	for i, row := range s.rows {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n{")
		comma := ""
		for j, c := range s.columns {
			if c.name == "" {
				continue
			}
			value, err := json.Marshal(row[j].data)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s%q:%s", comma, c.name, value)
			comma = ","
		}
		b.WriteString("}")
	}
	b.WriteString("\n]\n")
	_, err := io.WriteString(to, b.String())
	return err
}

// width measures as terminals do that show Chinese in two columns and ambiguous characters in one.
var width = &runewidth.Condition{}

func (s *sheet) writeTable(to io.Writer, lang string) error {
	var b strings.Builder
	if caption := s.caption.In(lang); caption != "" {
		fmt.Fprintln(&b, caption)
	}
	if len(s.rows) == 0 {
		fmt.Fprintln(&b, s.empty.In(lang))
		_, err := io.WriteString(to, b.String())
		return err
	}
	lines := [][]string{nil}
	var right []bool
	for _, c := range s.columns {
		if c.title.En != "" {
			lines[0] = append(lines[0], c.title.In(lang))
			right = append(right, c.right)
		}
	}
	shown := s.rows
	if s.rowsMax > 0 && len(shown) > s.rowsMax {
		shown = shown[:s.rowsMax]
	}
	for _, row := range shown {
		var line []string
		for i, c := range s.columns {
			if c.title.En != "" {
				line = append(line, row[i].shown.In(lang))
			}
		}
		lines = append(lines, line)
	}
	align(&b, lines, right)
	if more := len(s.rows) - len(shown); more > 0 {
		fmt.Fprintln(&b, events.Say("……另有 %d 行", "... and %d more", more).In(lang))
	}
	_, err := io.WriteString(to, b.String())
	return err
}

// align writes lines of fields with two spaces between the columns.
func align(b *strings.Builder, lines [][]string, right []bool) {
	widths := make([]int, len(right))
	for _, line := range lines {
		for i, field := range line {
			widths[i] = max(widths[i], width.StringWidth(field))
		}
	}
	for _, line := range lines {
		var row strings.Builder
		for i, field := range line {
			pad := strings.Repeat(" ", widths[i]-width.StringWidth(field))
			if right[i] {
				row.WriteString(pad + field)
			} else {
				row.WriteString(field + pad)
			}
			row.WriteString("  ")
		}
		fmt.Fprintln(b, strings.TrimRight(row.String(), " "))
	}
}

// writeObject writes one JSON value, indented.
func (a *app) writeObject(v any) error {
	out, err := json.Marshal(v, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	_, err = a.out.Write(append(out, '\n'))
	return err
}
