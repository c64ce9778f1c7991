// Package docs holds the document of the HTTP API, openapi.json, those of the alert feed, asyncapi.json and schemas,
// and the reference pages events.md, alerts.md, rules.md, sheets.md and json.md. They are written from the tables that
// the program itself runs on (events.Catalog, aggregates.AlertCatalog, policy.Builtin, sheets.Kinds, lists.Lists),
// from the answers of package desk and from the messages of package alertfeed, and are not edited by hand; a test
// fails when a page differs from what they say.
//
// The pages in zh are a manual, written by hand. What the commands in it print is made on the ledger of the demo and
// compared by a test of cmd/taizhang; the names of screens, headings and buttons (in bold) and the pictures are
// compared with the pages by tests of services/console.
//
// The pages operations.md and zh/operations.md are recipes for those who run a ledger. A test of cmd/taizhang, with
// the tag e2e and as root, takes the commands out of the blocks of the pages, runs them, and compares what they print.
// The pages audit.md and zh/audit.md are for auditors; a test of cmd/taizhang, with the tag e2e, types their commands.
package docs

//go:generate go test . -run "Pages|OfTheAPI|OfTheFeed" -update
//go:generate go test ../cmd/taizhang -run ConsoleBlocksOfTheManual -update
//go:generate go test -tags e2e ../cmd/taizhang -run CommandsOfThePagesOf -update
