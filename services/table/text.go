package table

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/taizhang/taizhang/events/text"
)

// width measures a text like a terminal that shows Chinese in two columns and ambiguous characters in one.
var width = &runewidth.Condition{}

// WriteText writes the columns that have titles, for people, aligned for a terminal.
func (t *Table) WriteText(to io.Writer, lang string) error {
	var b strings.Builder
	if caption := t.Title.In(lang); caption != "" {
		fmt.Fprintln(&b, text.Printable(caption))
	}
	if len(t.Rows) == 0 {
		fmt.Fprintln(&b, text.Printable(t.Empty.In(lang)))
		t.writeNotes(&b, lang)
		_, err := io.WriteString(to, b.String())
		return err
	}
	lines := [][]string{nil}
	var right []bool
	for _, c := range t.Columns {
		if c.Title.En != "" {
			lines[0] = append(lines[0], c.Title.In(lang))
			right = append(right, c.Type.Right())
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
				shown := text.Printable(row[i].Shown.In(lang))
				if c.CharMax > 0 {
					shown = text.Clip(shown, c.CharMax)
				}
				line = append(line, shown)
			}
		}
		lines = append(lines, line)
	}
	align(&b, lines, right)
	if more := len(t.Rows) - len(shown); more > 0 {
		fmt.Fprintln(&b, text.Say("……另有 %d 行", "... and %d more", more).In(lang))
	}
	t.writeNotes(&b, lang)
	_, err := io.WriteString(to, b.String())
	return err
}

func (t *Table) writeNotes(b *strings.Builder, lang string) {
	for _, n := range slices.Concat(t.Notes, t.Missing) {
		fmt.Fprintln(b, text.Printable(n.In(lang)))
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
