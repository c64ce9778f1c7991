package sheets

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/taizhang/taizhang/events"
)

// Limits on one file. Each is named in the message that refuses what exceeds it.
const (
	fileBytesMax     = 64 << 20
	expandedBytesMax = 128 << 20 // what is read of an archive, taken together
	tagBytesMax      = 1 << 20   // of XML between two of <
	depthMax         = 64        // nesting of XML elements
	partsMax         = 10_000    // in an archive
	stringsMax       = 2_000_000 // shared strings of a workbook
	sheetsMax        = 100       // in a workbook
	mergesMax        = 10_000    // merged ranges of a sheet
	rowsMax          = 100_000   // rows that are not empty
	columnsMax       = 100
	cellBytesMax     = 10_000
)

// grid is a table as it lies in a file: rows that are not empty, by their number.
type grid struct {
	name   string // of the worksheet, "" for CSV
	rows   []row
	merged []span
}

// row is one row. Its number is that in the worksheet, or that of the line on which it begins; cells has no empty ones
// at its end.
type row struct {
	number int
	hidden bool
	cells  []cell
}

// span is a range of cells.
type span struct{ firstRow, lastRow, firstColumn, lastColumn int }

// cell is what one cell holds and as what.
type cell struct {
	sort   cellSort
	text   string  // as people read it, trimmed
	number float64 // of a number; of a date, its day counted from 1899-12-30
}

// cellSort is what a cell holds. All cells of CSV are text.
type cellSort uint8

const (
	textual cellSort = iota // "" if empty
	numeric
	formatted // a number that is shown otherwise than by its digits
	dated
	wrong // text says why what it holds cannot be known
)

func (c cell) empty() bool { return c.sort == textual && c.text == "" }

// at returns the cell of a column, an empty one beyond the end.
func (r *row) at(column int) cell {
	if column >= len(r.cells) {
		return cell{}
	}
	return r.cells[column]
}

// add appends a row unless it is empty.
func (g *grid) add(r row) error {
	for len(r.cells) > 0 && r.cells[len(r.cells)-1].empty() {
		r.cells = r.cells[:len(r.cells)-1]
	}
	switch {
	case len(r.cells) == 0:
		return nil
	case len(r.cells) > columnsMax:
		return say("第 %d 行有内容的列超过 %d 列的上限", "row %d has cells beyond the limit of %d columns", r.number, columnsMax)
	case len(g.rows) == rowsMax:
		return say("超过 %d 行的上限：请分成几个文件", "more than the limit of %d rows: split the file", rowsMax)
	}
	g.rows = append(g.rows, r)
	return nil
}

// trim takes away white space, also that of Chinese text, and a byte order mark that was pasted along.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' })
}

// letters names a column as spreadsheets do: 0 is A, 26 is AA.
func letters(column int) string {
	name := ""
	for column++; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}

// Error is why a file as a whole cannot be read, in both languages.
type Error struct{ text events.Text }

// Text says so to a user.
func (e *Error) Text() events.Text { return e.text }

// Error implements error.
func (e *Error) Error() string { return "sheets: " + e.text.En }

func say(zh, en string, args ...any) error { return &Error{events.Say(zh, en, args...)} }

// clip shortens what is quoted of a cell.
func clip(s string) string {
	const shown = 40
	n := 0
	for i := range s {
		if n++; n > shown {
			return fmt.Sprintf("%s…", s[:i])
		}
	}
	return s
}
