//go:build race

package reports_test

// underRace is true under the race detector. Everything then takes ten times as long, so the larger history is
// left out.
const underRace = true
