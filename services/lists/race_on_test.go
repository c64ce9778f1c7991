//go:build race

package lists_test

// underRace says that the race detector watches: everything takes ten times as long, so fewer days and histories are tried.
const underRace = true
