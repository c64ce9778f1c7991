// Package sheets reads and writes the spreadsheets that offices work with (section 11 of the specification).
//
// A sheet is a table under Chinese headings, as CSV or XLSX. Its headings alone decide its kind; most kinds have a
// mark, a heading that no other kind has. Kinds is one table with the headings, the forms and the words of the columns
// of each kind. Reading, the empty template and the notes in the template all use that table. Each row, or all rows of
// one voucher, is one record. The id of a record is computed from the fields that identify it, so reading a sheet
// twice changes nothing.
//
// The content of a file decides its format, not its name. A ZIP archive with a workbook is XLSX. Text that begins with
// { is JSON Lines, which the ledger reads. Other text is CSV. CSV may be in UTF-8, in UTF-16 with a byte order mark,
// or in GB18030. Its cells are separated by commas, semicolons or tabs. Every visible sheet of a workbook that has
// known headings is a table.
//
// Only what is read can be wrong: columns with other headings, titles above the headings, the headings again, notes
// below the last row, hidden sheets and sheets without headings are passed over, and named. So are control totals,
// such as 合计; they must be the sums of the rows above. A table is refused if it is not certain which rows it has:
//   - a row above the headings, or in a sheet without headings, that reads as a row of the table
//   - two tables in one sheet
//   - a quote in CSV that seems to have swallowed rows
//   - a heading that resembles one that is not there
//   - a control total that is another sum
//   - a hidden column that is read and has something in it
//   - a note that the amounts are not in yuan
//
// An ambiguous value is refused:
//   - an amount stored as a floating-point number is read as the spreadsheet shows it, with 15 digits, and must then
//     have
//     at most two decimals; a number shown as a percentage, a time or a power of ten is refused
//   - for a formula the stored value is read; an error value, a formula without a stored value and a formula that
//     refers
//     to another workbook or program are refused
//   - a date in a text column is refused, for it was probably a voucher number; a number in a custom format is refused
//     too
//   - hidden rows and merged cells are refused if they have data
//   - a voucher is not recorded if a row that cannot be assigned may be a line of it: a row with a grant and without a
//     number
//     right below it, or a row that agrees with it in everything that can be read
//
// Bad cells are reported by row and column, and are marked in a copy of the sheet.
package sheets
