package table

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/taizhang/taizhang/events/text"
)

// width measures a text like a terminal that shows Chinese in two columns and ambiguous characters in one.
var width = &runewidth.Condition{}

// WriteText writes the columns that have titles, for people, aligned for a terminal. It leaves out no column.
func (t *Table) WriteText(to io.Writer, lang string) error { return t.WriteFitted(to, lang, Screen{}) }

// Screen is the terminal that a table must fit. Columns is its width, or 0 for any width. All is what its user types
// to see all of a table that does not fit.
type Screen struct {
	Columns int
	All     string
}

// WriteFitted is WriteText for a terminal. A table that is too wide is fitted:
//
//  1. Texts are shortened, the longest first, to no less than textWidthMin columns. Codes, numbers and dates never
//     are.
//  2. If that is not enough, columns go until it is: first those that hold nothing but blanks and zeros, then those
//     with a
//     higher Minor before those with a lower one, and of equal ones the right one first. The first column stays.
//
// A line under the table names the columns that are hidden or shortened and says how to see all.
func (t *Table) WriteFitted(to io.Writer, lang string, screen Screen) error {
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
	shown := t.Rows
	if t.RowsMax > 0 && len(shown) > t.RowsMax {
		shown = shown[:t.RowsMax]
	}
	columns := t.printed(shown, lang)
	hidden, cut := fit(columns, screen.Columns)
	align(&b, columns)
	if more := len(t.Rows) - len(shown); more > 0 {
		fmt.Fprintln(&b, text.Say("……另有 %d 行", "... and %d more", more).In(lang))
	}
	if len(hidden)+len(cut) > 0 {
		fmt.Fprintln(&b, text.Printable(fittedNote(screen, hidden, cut, lang)))
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

// printedColumn is a column as it is printed: its title and under it a field for each row.
type printedColumn struct {
	fields   []string
	width    int // of the column on the screen
	widthMin int // the smallest width to which it may be shortened
	right    bool
	isBlank  bool // no row has anything but zero
	minor    int
	isHidden bool
}

// rank returns a number that is higher for a column that goes earlier.
func (c *printedColumn) rank() int {
	if c.isBlank {
		return math.MaxInt
	}
	return c.minor
}

// textWidthMin is the width, in columns of the screen, to which a long text may be shortened.
const textWidthMin = 16

// printed returns the columns that have titles, with the fields of some rows and of the totals.
func (t *Table) printed(rows [][]Cell, lang string) (list []*printedColumn) {
	for i, c := range t.Columns {
		if c.Title.En == "" {
			continue
		}
		p := &printedColumn{fields: []string{c.Title.In(lang)}, right: c.Type.Right(), isBlank: true, minor: c.Minor}
		isText := false
		for _, row := range slices.Concat(rows, t.Totals) {
			field := text.Printable(c.Shown(row[i], lang))
			if c.CharMax > 0 {
				field = text.Clip(field, c.CharMax)
			}
			p.fields = append(p.fields, field)
			p.isBlank = p.isBlank && strings.Trim(field, "0.") == ""
			isText = isText || c.Type == String && !isCode(field)
		}
		for _, field := range p.fields {
			p.width = max(p.width, width.StringWidth(field))
		}
		p.widthMin = p.width
		if isText {
			p.widthMin = min(p.width, max(textWidthMin, width.StringWidth(p.fields[0])))
		}
		list = append(list, p)
	}
	return list
}

// isCode reports whether a text is a code, which means nothing when it is cut: it has no blanks and no Chinese.
func isCode(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r == ' ' || r > '~' })
}

// fit sets the widths of columns so that they fit, and hides those that do not. It returns the titles of the columns
// that are hidden and of those that are shortened. See WriteFitted for the rules.
func fit(columns []*printedColumn, widthMax int) (hidden, cut []string) {
	sum := func(of func(*printedColumn) int) (total int) {
		for _, c := range columns {
			if !c.isHidden {
				total += of(c) + len(gap)
			}
		}
		return total - len(gap)
	}
	if widthMax == 0 || sum(func(c *printedColumn) int { return c.width }) <= widthMax {
		return nil, nil
	}
	going := slices.Clone(columns[1:])
	slices.Reverse(going)
	slices.SortStableFunc(going, func(a, b *printedColumn) int { return cmp.Compare(b.rank(), a.rank()) })
	for len(going) > 0 && sum(func(c *printedColumn) int { return c.widthMin }) > widthMax {
		going[0].isHidden, going = true, going[1:]
	}
	widest := 0
	for _, c := range columns {
		widest = max(widest, c.width)
	}
	limited := func(limit int) func(*printedColumn) int {
		return func(c *printedColumn) int { return max(c.widthMin, min(c.width, limit)) }
	}
	for widest > textWidthMin && sum(limited(widest)) > widthMax {
		widest--
	}
	for _, c := range columns {
		switch limit := limited(widest)(c); {
		case c.isHidden:
			hidden = append(hidden, c.fields[0])
		case limit < c.width:
			c.width = limit
			cut = append(cut, c.fields[0])
		}
	}
	return hidden, cut
}

// fittedNote returns the line that says what a terminal does not show, and how to see it.
func fittedNote(screen Screen, hidden, cut []string, lang string) string {
	list := func(titles []string) text.Text {
		return text.Text{Zh: strings.Join(titles, "、"), En: strings.Join(titles, ", ")}
	}
	var parts []string
	if len(hidden) > 0 {
		parts = append(parts, text.Say("未显示的列：%s", "columns not shown: %s", list(hidden)).In(lang))
	}
	if len(cut) > 0 {
		parts = append(parts, text.Say("有截短的列：%s", "texts shortened in: %s", list(cut)).In(lang))
	}
	said := strings.Join(parts, text.Say("；", "; ").In(lang))
	return text.Say("（终端宽 %d 列。%s。看全部请加 %s）", "(The terminal has %d columns; %s. To see all, add %s.)",
		screen.Columns, said, screen.All).In(lang)
}

// gap stands between columns.
const gap = "  "

// align writes the lines of columns.
func align(b *strings.Builder, columns []*printedColumn) {
	columns = slices.DeleteFunc(slices.Clone(columns), func(c *printedColumn) bool { return c.isHidden })
	for line := range columns[0].fields {
		var row strings.Builder
		for _, c := range columns {
			field := width.Truncate(c.fields[line], c.width, "…")
			pad := strings.Repeat(" ", c.width-width.StringWidth(field))
			if c.right {
				row.WriteString(pad + field)
			} else {
				row.WriteString(field + pad)
			}
			row.WriteString(gap)
		}
		fmt.Fprintln(b, strings.TrimRight(row.String(), " "))
	}
}
