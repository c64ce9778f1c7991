// Package aggregates holds the aggregates of the ledger, above all Center, and all rules of the Measures about a
// center.
//
// The state of a center is its own history, decoded and compact, kept in the order (on, position), with indexes
// derived from it. Everything else is a pure function of (Center, policies, date). The prefix of a file names its
// layer:
//
//   - history_*: the events of a center, their indexes, and the data structures that hold them;
//   - judge_*: the rules that a record would break (sections 4 and 5);
//   - answers_*: status, money (section 8) and the other figures, and Evaluate, which returns the main ones at once;
//   - alerts_*: the alerts of section 9, a file per family of codes, and AlertCatalog, which lists all codes.
//
// They are the only definition of a balance, a grade or a low year, so back-dated records, rulings, revisions and
// voidings need no special case: they change the history, and the answers follow.
//
// A ledger is mostly vouchers. So a center keeps vouchers without pointers, as numbers into lists
// (history_vouchers.go), and finds ids and names in tables (history_table.go). The movements of money lie in trees
// (history_tree.go), so that a back-dated voucher costs little more than a new one. An event takes about 215 bytes in
// all.
//
// Copies of a center share their memory, and each copies a piece before it changes the piece (history_pages.go,
// history_tree.go). Code that changes a piece gets it from a method whose name begins with own, or passes index.owner.
//
// The package is pure: no clock, no randomness, no I/O, no logger, no goroutine. (The tables' hashes are seeded; no
// answer depends on them.)
package aggregates
