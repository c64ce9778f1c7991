//go:build race

package lists_test

// underRace is true with the race detector. Everything takes ten times as long, so fewer days and histories are
// tested.
const underRace = true
