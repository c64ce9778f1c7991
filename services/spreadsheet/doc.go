// Package spreadsheet reads the files of spreadsheet programs: XLSX workbooks cell by cell with their types, and CSV
// in the encodings that offices use. It does not use the library with which package workbook writes, because
// that library streams a cell only as text, accepts a sheet whose XML ends early, and links a network.
//
// A workbook is streamed under limits, because an archive can be malicious: limits on its unpacked size, on the
// nesting of elements and the size of a tag, and on the number of parts, sheets, strings and merged ranges. XML that
// ends early or declares entities is refused. Formulas are not computed: a cell has the text of its formula and its
// stored value.
//
// What a cell shows may differ from what it holds: 12.3 in the format 0.00"万元" shows 12.30万元. Cell.Shown applies
// the format, as programs in China do, and ShowsNumber compares. Formats are parsed once and applied when asked.
package spreadsheet

import (
	"github.com/taizhang/taizhang/events"

	"github.com/taizhang/taizhang/events/text"
)

// RowsMax and ColumnsMax are the numbers of rows and columns that a worksheet can have.
const (
	RowsMax    = 1 << 20
	ColumnsMax = 1 << 14
)

// These limits bound a workbook. The message about a workbook over a limit names the limit.
const (
	tagBytesMax     = 1 << 20 // XML between two characters <
	depthMax        = 64      // nesting of XML elements
	partsMax        = 10_000
	stringsMax      = 5_000_000 // shared strings
	stringsBytesMax = 512 << 20 // all shared strings together
	sheetsMax       = 100
	mergesMax       = 10_000 // merged ranges of a sheet
)

// Dates are numbers of days from the Epoch. Before FirstDay some programs count a 29 February 1900.
var (
	Epoch    = events.DateOf(1899, 12, 30)
	FirstDay = events.DateOf(1900, 3, 1)
)

// say returns the error for a file that cannot be read.
func say(zh, en string, args ...any) error { return text.Errorf(text.Invalid, zh, en, args...) }

// Letters returns the name of a column, counted from 0, in a spreadsheet program: 0 is A, 26 is AA.
func Letters(column int) string {
	name := ""
	for column++; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}
