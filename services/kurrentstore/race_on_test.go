//go:build race

package kurrentstore

// thin means that one of so many cases of an exhaustive test is run, because the race detector makes them ten times
// as slow, and a few cases show all races.
const thin = 4

const raceDetector = true
