// Package answers keeps the answers to questions about lists, so that a page costs no evaluation if the ledger has not
// changed, and all pages of an answer have one position. One Kept serves all fronts of a server.
//
// An answer is kept in the form in which a front sends it: encoded rows, a file, or a fragment of a page. Principals
// who see the same centers share it. Whoever gets a kept answer is checked, and noted in the access log, as if it were
// made for him.
//
// Turn limits the answers that are made at a time, so that long ones leave processors to the others.
package answers
