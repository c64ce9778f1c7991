//go:build race

package logstore

// thin means that one of so many cases of an exhaustive test is run, because the race detector makes them ten times
// as slow, and a few cases show all races.
const thin = 41
