//go:build race

package main

// underRace says that the race detector watches: everything takes ten times as long, so verbs that follow one another answer about
// fewer files.
const underRace = true
