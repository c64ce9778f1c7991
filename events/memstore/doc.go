// Package memstore is the shortest correct events.Store: everything in memory under one mutex. Tests of callers use
// it, and the other stores are compared with it.
//
// It is pure: no I/O, no goroutine, and the clock is a value.
package memstore
