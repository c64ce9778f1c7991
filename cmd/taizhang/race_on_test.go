//go:build race

package main

// underRace is true with the race detector. Everything takes ten times as long, so tests of several verbs use fewer
// files, and the scripts, whose verbs ask in one goroutine, are left to go test ./...
const underRace = true
