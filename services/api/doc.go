// Package api serves the desk over HTTP: the routes under /v1 and their answers. Errors are problems (RFC 9457).
//
// One table holds all routes (routes.go): method, path, required right, and handler. The document of the API
// (docs/openapi.json) is made from the same table. A handler has the desk of the principal and no other access to
// the ledger, so it cannot show centers that the principal may not see. It returns an answer or an error. Only the
// code around the handlers writes headers, chooses a format and turns errors into problems.
//
// The answer to a list is kept for a while at its position (package answers); its pages and files are parts of it.
// The principal, his rights and his scope are checked again for each page.
package api
