// Package docs holds the document of the HTTP API, openapi.json, and the reference pages events.md, alerts.md, rules.md and
// json.md. They are written from the tables that
// the program itself runs on (events.Catalog, aggregates.AlertCatalog, policy.Builtin, lists.Lists) and from the answers of
// package desk, and are not edited by hand; a test fails when a page differs from what they say.
package docs

//go:generate go test . -run "Pages|OfTheAPI" -update
