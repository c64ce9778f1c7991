// Package spreadsheet reads what spreadsheet programs write: XLSX workbooks cell by cell with their types, and CSV in the
// encodings that offices use. The library that writes workbooks here gives a streamed cell as text alone, and takes the end
// of a sheet for granted wherever its XML breaks off.
//
// A workbook is streamed under limits on everything that an archive may pretend to be: what it expands to, nests and puts
// into one tag, how many parts, sheets, strings and merged ranges it has. XML that ends early or declares entities is
// refused. Nothing is computed: of a formula there is the text and the value that was stored with it.
package spreadsheet

import (
	"github.com/taizhang/taizhang/events"

	"github.com/taizhang/taizhang/events/text"
)

// RowsMax and ColumnsMax are how many a worksheet can have.
const (
	RowsMax    = 1 << 20
	ColumnsMax = 1 << 14
)

// Limits on a workbook. Each is named in the message that refuses what exceeds it.
const (
	tagBytesMax     = 1 << 20 // of XML between two of <
	depthMax        = 64      // nesting of XML elements
	partsMax        = 10_000
	stringsMax      = 5_000_000 // that cells share
	stringsBytesMax = 512 << 20 // of them all
	sheetsMax       = 100
	mergesMax       = 10_000 // of a sheet
)

// Codes of number formats.
const (
	TextFormat  = "@"
	MoneyFormat = "#,##0.00"
	DateFormat  = "yyyy-mm-dd"
)

// Dates are numbers of days from the Epoch. Before FirstDay some programs count a 29 February 1900.
var (
	Epoch    = events.DateOf(1899, 12, 30)
	FirstDay = events.DateOf(1900, 3, 1)
)

// say returns why a file cannot be read.
func say(zh, en string, args ...any) error { return text.Errorf(text.Invalid, zh, en, args...) }

// Letters names a column, counted from 0, as spreadsheet programs do: 0 is A, 26 is AA.
func Letters(column int) string {
	name := ""
	for column++; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}
