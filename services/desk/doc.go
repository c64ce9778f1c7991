// Package desk is the counter of the ledger: it answers all questions and accepts all records. A verb of the
// command line, a route of the API and a page of the console call a Reader and a Writer, and turn the typed
// answers into words. So all of them give the same answer.
//
// A Local answers for an account that sees all centers, or some of them (LocalConfig.Sees). In every answer, the
// centers that the account does not see are treated as if they did not exist.
//
// Each answer has one JSON form. An answer in rows has one set of columns (docs/json.md). An error is a text.Error
// with a code, or a Refusal, a BatchRefusal or a RevisionError, which have a code too. The package knows no flags,
// terminals or connections.
package desk
