//go:build race

package main

// underRace is true with the race detector. Everything takes ten times as long, so tests of several verbs use fewer
// files.
const underRace = true

// scriptsLeft are the scripts that do not run with the race detector, because their verbs use one goroutine and the
// tests of services cover the rest. go test ./... runs all scripts.
var scriptsLeft = map[string]string{
	"ageing.txt": asks, "changes.txt": asks, "deferrals.txt": asks, "delayed.txt": asks, "difference.txt": asks,
	"duplicates.txt": asks, "find.txt": asks,
	"policy.txt": asks, "questions.txt": asks, "replay.txt": asks, "report.txt": asks, "reports.txt": asks,
	"sample.txt": asks, "sheets.txt": asks, "spending.txt": asks,
	"template.txt": asks, "typed.txt": asks, "usage.txt": asks, "words.txt": asks,
}

const asks = "its verbs ask in one goroutine"
