// Package reports writes the tables of package lists as files that can be reproduced, and the yearly report that a
// finance office prints.
//
// A report is a table with its provenance: the question, the language, the position of the ledger and the policy in
// force. XLSX keeps the provenance on a sheet of its own, CSV in rows above the table. Write writes a report.
// Reproduce reads a report back, asks the question again at that position and compares cell by cell. It compares
// values and not bytes, so a file that a spreadsheet program opened and saved is still the same report.
//
// A cell of a report is text, a number, a date or blank, never a formula. So no text of the ledger can make a
// spreadsheet program compute.
package reports
