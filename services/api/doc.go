// Package api serves the counter (package desk) over HTTP: the routes under /v1, their answers, and their errors as problems
// (RFC 9457).
//
// One table holds all routes (routes.go): method, path, the right that it takes, and its handler. The document of the API
// (docs/openapi.json) is made from the same table. A handler holds the desk of the principal that asks and nothing else of the
// ledger, so it cannot show what the principal may not see. It returns an answer or an error; only the code around it writes
// headers, chooses a format and turns an error into a problem.
//
// The answer to a list is kept for a while at its position (snapshots.go), and its pages and files are cut from that. Who asks,
// what he may and what he sees is found out anew for each page.
package api
