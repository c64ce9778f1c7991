// Package aggregates holds the aggregates of the ledger, above all Center, and all rules of the Measures about a
// center.
//
// The state of a center is its own history, decoded and compact, kept in the order (on, position), with indexes
// derived from it. Everything else is a pure function of (Center, policies, date):
//
//   - Judge: the rules that a record would break (sections 4 and 5) – nonsense.go and decisions.go;
//   - the money: figures of section 8 – money.go;
//   - the alerts of section 9 – alerts_*.go, one file per family, listed in AlertCatalog;
//   - the status.
//
// They are the only definition of a balance, a grade or a low year, so back-dated records, rulings, revisions and
// voidings need no special case: they change the history, and the answers follow.
//
// A ledger is mostly vouchers. So a center keeps vouchers without pointers, as numbers into lists (vouchers.go), and
// finds ids and names in tables (table.go). What vouchers move lies in trees (tree.go), so that a back-dated one costs
// little more than a new one. An event takes about 215 bytes in all.
//
// Copies of a center share their memory, and each copies a piece before it changes it (packed.go, tree.go). Whoever
// changes something asks for it by a method whose name begins with own, or passes index.owner.
//
// The package is pure: no clock, no randomness, no I/O, no logger, no goroutine. (The tables' hashes are seeded; no
// answer depends on them.)
package aggregates
