// Package docs holds the document of the HTTP API, openapi.json, those of the alert feed, asyncapi.json and schemas,
// and the reference pages events.md, alerts.md, rules.md, sheets.md and json.md. They are written from the tables that
// the program itself runs on (events.Catalog, aggregates.AlertCatalog, policy.Builtin, sheets.Kinds, lists.Lists),
// from the answers of package desk and from the messages of package alertfeed, and are not edited by hand; a test
// fails when a page differs from what they say.
package docs

//go:generate go test . -run "Pages|OfTheAPI|OfTheFeed" -update
