// Package lists is what the Department of Finance and the auditors ask every week: lists with titles, units, typed columns and
// totals, each the answer to a Question that can be asked again. The command line, spreadsheets and the console show the
// same tables.
//
// A List is a row of Lists: its name, its parameters and the function that answers it from the read models. Ask finds
// the list, checks the parameters and answers; what is shown, written to a file or recomputed later comes from there.
package lists
