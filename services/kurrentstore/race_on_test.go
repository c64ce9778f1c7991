//go:build race

package kurrentstore

// thin is of how many cases of an exhaustive test one is run: the race detector makes them ten times as slow, and has
// seen all there is to see in a few.
const thin = 4

const raceDetector = true
