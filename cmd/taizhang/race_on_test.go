//go:build race

package main

// underRace says that the race detector watches: everything takes ten times as long, so verbs that follow one another answer about
// fewer files.
const underRace = true

// scriptsLeft are the scripts that are not typed with the race detector: their verbs ask in one goroutine, and what they ask is
// watched in the tests of services. go test ./... types them all.
var scriptsLeft = map[string]string{
	"ageing.txt": asks, "changes.txt": asks, "deferrals.txt": asks, "delayed.txt": asks, "difference.txt": asks, "duplicates.txt": asks, "find.txt": asks,
	"policy.txt": asks, "questions.txt": asks, "replay.txt": asks, "report.txt": asks, "reports.txt": asks, "sheets.txt": asks, "spending.txt": asks,
	"template.txt": asks, "words.txt": asks,
}

const asks = "its verbs ask in one goroutine"
