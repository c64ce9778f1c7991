package docs

import _ "embed"

// OpenAPI is the document of the HTTP API (OpenAPI 3.1, JSON). It is written from the table of routes and the types of
// the answers, as the pages are.
//
//go:embed openapi.json
var OpenAPI []byte
