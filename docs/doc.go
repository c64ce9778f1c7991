// Package docs holds the reference pages events.md, alerts.md and rules.md. They are written from the tables that the
// program itself runs on (events.Catalog, aggregates.AlertCatalog, policy.Builtin) and are not edited by hand; a test
// fails when a page differs from what the tables say.
package docs

//go:generate go test . -run TestThePagesSayWhatTheTablesSay -update
