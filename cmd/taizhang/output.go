package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/mattn/go-runewidth"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// write writes the table in the form asked for. What its rows leave out stands under the table; for programs, which read
// rows alone, it goes to standard error.
func (a *app) write(t *table.Table) error {
	if a.output == tableOutput {
		return writeTable(a.out, t, a.lang)
	}
	for _, m := range t.Missing {
		fmt.Fprintln(a.errOut, m.In(a.lang))
	}
	if a.output == csvOutput {
		return t.WriteCSV(a.out)
	}
	return t.WriteJSON(a.out)
}

// width measures as terminals do that show Chinese in two columns and ambiguous characters in one.
var width = &runewidth.Condition{}

func writeTable(to io.Writer, t *table.Table, lang string) error {
	var b strings.Builder
	if caption := t.Title.In(lang); caption != "" {
		fmt.Fprintln(&b, caption)
	}
	if len(t.Rows) == 0 {
		fmt.Fprintln(&b, t.Empty.In(lang))
		writeNotes(&b, t, lang)
		_, err := io.WriteString(to, b.String())
		return err
	}
	lines := [][]string{nil}
	var right []bool
	for _, c := range t.Columns {
		if c.Title.En != "" {
			lines[0] = append(lines[0], c.Title.In(lang))
			right = append(right, c.Right)
		}
	}
	shown := t.Rows
	if t.RowsMax > 0 && len(shown) > t.RowsMax {
		shown = shown[:t.RowsMax]
	}
	for _, row := range slices.Concat(shown, t.Totals) {
		var line []string
		for i, c := range t.Columns {
			if c.Title.En != "" {
				text := row[i].Shown.In(lang)
				if c.CharMax > 0 {
					text = lists.Shorten(text, c.CharMax)
				}
				line = append(line, text)
			}
		}
		lines = append(lines, line)
	}
	align(&b, lines, right)
	if more := len(t.Rows) - len(shown); more > 0 {
		fmt.Fprintln(&b, text.Say("……另有 %d 行", "... and %d more", more).In(lang))
	}
	writeNotes(&b, t, lang)
	_, err := io.WriteString(to, b.String())
	return err
}

func writeNotes(b *strings.Builder, t *table.Table, lang string) {
	for _, n := range slices.Concat(t.Notes, t.Missing) {
		fmt.Fprintln(b, n.In(lang))
	}
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
