// Package replica keeps a local copy, in the embedded store, of a record that is stored elsewhere, such as in a
// cluster. It serves record and copy as one events.Store. Reads come from the copy. Appends go to the record and are
// acknowledged when the copy has them too. So a ledger opens in the same way wherever its record is.
//
// The copy has the events of the record in the order of the record. Each event has the next local position, its
// revision, and its instant, or that of its predecessor if the clock of the record went back. So every copy of a
// record has the same lines. The last event of the copy decides where copying resumes. This event and the last event
// of each other stream must be the same in the record and in the copy. Compare checks all events before them too.
//
// # When the record cannot be right
//
// A stream of the record that lacks events of the copy, or has other events, is a break in the integrity of the ledger
// (AL-LED-01). After a break nothing is copied any more. Reads still work, and replay reports the break as an event
// with a Fault. Every append fails with the reason. Nothing is repaired.
package replica
