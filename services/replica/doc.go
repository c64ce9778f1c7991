// Package replica keeps a local copy, in the embedded store, of a log that is stored elsewhere, such as in a cluster:
// the origin. It serves origin and copy as one events.Store. Reads come from the copy. Appends go to the origin and
// are acknowledged when the copy has them too. So a ledger opens in the same way wherever its events are stored.
//
// The copy has the events of the origin in the order of the origin. Each event has the next local position, its
// revision, and its instant, or the instant of its predecessor if the clock of the origin went back. So every copy of
// an origin has the same lines. The last event of the copy decides where copying resumes. This event and the last
// event of each other stream must be the same in the origin and in the copy. Compare checks all events before them
// too.
//
// # When the origin cannot be right
//
// A stream of the origin that lacks events of the copy, or has other events, is a break in the integrity of the ledger
// (AL-LED-01). After a break nothing is copied any more. Reads still work, and replay reports the break as an event
// with a Fault. Every append fails with the reason. Nothing is repaired.
package replica
