// Package simulator makes up histories of a province, of any size, for the demonstration, tests and benchmarks.
//
// Each center has a profile (how well it spends, how late its papers come, how often somebody decides against the
// Measures) and a plan made as it goes: a step of the plan writes a record and puts the next steps on the agenda of the
// province, which is worked off day by day. So records come in the order in which offices would enter them: by day over
// all centers, some of them weeks after the day on which they happened.
//
// The plan is only what an office would like to do. Every record is put before the center's real aggregate first: what is
// nonsense is not written at all; a decision that breaks a rule is given up or, where the profile says so, taken on paper
// all the same and written in record mode under its document number. Whatever Records yields is therefore accepted
// whole when it is imported in its order.
//
// Equal configurations yield equal records, ids included. What is kept in memory is the agenda and each center's
// aggregate, a compact form of its history; the records themselves are not kept. Names, codes and amounts belong to
// nobody.
package simulator
