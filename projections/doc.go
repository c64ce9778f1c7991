// Package projections holds the read models: the register of all streams, the sums of the execution of money, the
// alerts, the changes that later records caused, and the story of a center.
//
// A Register receives the events of the ledger in the order of their positions, and has one aggregates.Center for each
// center. It evaluates lazily. An event makes its center dirty. A question evaluates each dirty center once for the
// date of the question. A rebuild evaluates nothing until its end. An event that breaks the integrity of the ledger is
// kept as an alert (AL-LED-01), and its center accepts no more records; everything else goes on.
//
// A Watch finds the centers that changed from one look to the next, and the position up to which its results are
// complete.
//
// A register can be restricted to a scope (Within): the centers that an account sees. Its answers then show no other
// center.
//
// The package is pure: no clock, no randomness, no I/O, no logger, no goroutine. A Register may be used by several
// goroutines.
package projections
