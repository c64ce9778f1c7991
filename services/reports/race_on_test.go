//go:build race

package reports_test

// underRace says that the race detector watches: everything takes ten times as long, so the larger history is left out.
const underRace = true
