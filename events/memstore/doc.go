// Package memstore is the shortest correct events.Store: everything in memory under one mutex. It is what tests of
// callers run on, and what the other stores are compared with.
//
// It is pure: no I/O, no goroutine, and the clock is a value.
package memstore
