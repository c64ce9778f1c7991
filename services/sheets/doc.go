// Package sheets reads and writes the spreadsheets that offices work with (section 11 of the specification).
//
// A sheet is a table under Chinese headings, as CSV or XLSX. Its headings alone decide its kind. Kinds is one table
// with the headings, the forms and the words of the columns of each kind. Reading, the empty template and the notes in
// the template all use that table. Each row, or all rows of one voucher, is one record. The id of a record is computed
// from the fields that identify it, so reading a sheet twice changes nothing.
//
// The content of a file decides its format, not its name. A ZIP archive with a workbook is XLSX. Text that begins with
// { is JSON Lines, which the ledger reads. Other text is CSV. CSV may be in UTF-8, in UTF-16 with a byte order mark,
// or in GB18030. Its cells are separated by commas, semicolons or tabs. Title rows above the headings and repeated
// headings are skipped.
//
// An ambiguous value is refused:
//   - an amount stored as a floating-point number is read as the spreadsheet shows it, with 15 digits, and must then have
//     at most two decimals; a number shown as a percentage, a time or a power of ten is refused
//   - for a formula the stored value is read; an error value, a formula without a stored value and a formula that refers
//     to another workbook or program are refused
//   - a date in a text column is refused, for it was probably a voucher number; a number in a custom format is refused too
//   - hidden rows and merged cells are refused if they have data; hidden sheets are skipped, hidden columns are read
//   - of several sheets with known headings only one may have data
//   - a voucher is not recorded if a row that cannot be assigned may be a line of it: a row without a number right below
//     it, or a row that agrees with it in everything that can be read
//
// Bad cells are reported by row and column, and are marked in a copy of the sheet.
package sheets
