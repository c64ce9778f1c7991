// Package lists answers the questions that the Department of Finance and the auditors ask every week. Each answer is a
// table with a title, units, typed columns and totals. The same Question can be asked again later. The command line,
// spreadsheets and the console show the same tables.
//
// Lists holds all lists. A List has a name, parameters and a function that answers it from the read models. Ask finds
// the list, checks the parameters and returns the table. Every table that is shown, written to a file or recomputed
// later comes from Ask.
package lists
