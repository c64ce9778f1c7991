// Package desk is the counter of the ledger: whoever asks or brings something is served here. A verb of the command line, a
// route of an API and a page of a console ask a Reader and bring to a Writer, and put the typed answers into words. So all of
// them give the same answer.
//
// A Local answers for an account that sees all centers, or a part of them (LocalConfig.Sees). What is not seen is as if it were not
// there, in every answer.
//
// Each answer has one JSON form. An answer in rows has one set of columns (docs/json.md). An error is a text.Error with a code, or
// a Refusal, a BatchRefusal or a RevisionError, which have a code too. The package knows no flag, no terminal and no connection.
package desk
