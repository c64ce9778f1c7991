// Package replica keeps, in the embedded store, a local copy of a record that lives elsewhere, and serves it as one
// events.Store: what is read comes from the copy, what is appended goes to the record and is answered when the copy has
// it too. So a ledger opens in the same way whatever keeps its record.
//
// The copy has the record's events in the record's order, each at the next local position, with its revision and with its
// instant, or that of its predecessor if the record's clock went back: every copy of a record has the same lines. Where the
// record is to be taken up again follows from the last event of the copy. It and the last event of each other stream must
// be in the record as they are here; that all before them is too is what Compare says.
//
// # When the record cannot be right
//
// A stream that lacks events, or has others than the copy, is a break in the ledger's integrity (AL-LED-01). From there
// on nothing is copied: the copy would no longer be the record's. Reading goes on, and says so by an event with a Fault;
// every append fails with the reason. Nothing is repaired.
package replica
