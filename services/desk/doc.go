// Package desk is the counter of the ledger: whoever asks or brings something is served here. A verb of the command line, a
// route of an API and a page of a console ask a Reader and bring to a Writer, and put the typed answers into words. So all of
// them give the same answer.
//
// The answers have one JSON form each, and those that are rows one set of columns (docs/json.md). Errors are text.Error with a
// code, or a Refusal. Nothing here knows a flag, a terminal or a connection.
package desk
