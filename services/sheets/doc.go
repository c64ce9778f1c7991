// Package sheets reads and makes the spreadsheets that offices work with (section 11 of the specification).
//
// A sheet is a table under Chinese headings, as CSV or XLSX. What it is about follows from its headings alone: Kinds is
// one table that says of each kind what its columns are called, what they hold and which words they take, and from which
// reading, the empty template and the notes in it follow. Each row, or all rows of one voucher, is one record. Its id
// follows from what identifies it, so that a sheet read twice changes nothing.
//
// A file is looked at, not named: a ZIP archive that holds a workbook is XLSX, text that begins with { is JSON Lines and
// left to the ledger, other text is CSV. CSV may be in UTF-8, in UTF-16 with a byte order mark, or in GB18030, its cells
// separated by commas, semicolons or tabs. Title rows above the headings are passed over, and headings that come again.
//
// What cannot be known for certain is refused:
//   - an amount stored as a floating-point number is taken as the spreadsheet shows it, at 15 digits, and must then have
//     no more than two decimals; one that is shown as a percentage, a time or a power of ten is refused
//   - of a formula the stored value is taken; an error value, a formula without one or one that asks another workbook or
//     program is refused
//   - a date in a column of text is refused, for it was a voucher number once; so is a number shown in a format of its own
//   - hidden rows and merged cells are refused where they hold data; hidden sheets are passed over, hidden columns taken
//   - of several sheets with known headings only one may hold data
//   - a voucher is not written without a row that may be a line of it: one without a number right below it, or one that
//     agrees with it in all that can be read
//
// What is bad is said by row and column, and goes back as a copy of the sheet with the bad cells marked.
package sheets
