// Package projections holds the read models: the register of all streams, the execution of money rolled up, the alerts, what
// later records moved, and the story of a center.
//
// A Register is fed the ledger's events in the order of their positions and holds one aggregates.Center each. It
// evaluates lazily: an event makes its center dirty, a question evaluates each dirty center once for the date asked,
// and a rebuild evaluates nothing until its end. An event that breaks the ledger's own integrity is kept as an alert
// (AL-LED-01) and freezes its center for writing; everything else goes on.
//
// The package is pure: no clock, no randomness, no I/O, no logger, no goroutine. A Register may be used by several
// goroutines.
package projections
