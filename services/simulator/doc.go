// Package simulator generates histories of a province, of any size, for the demo, tests and benchmarks.
//
// Each center has a profile: how well it spends, how late its papers come, how often a decision breaks the
// Measures. Its plan is made step by step: a step writes a record and puts the next steps on the agenda of the
// province, which is processed day by day. So records come in the order in which offices would enter them: by day
// over all centers, and some of them weeks after the day on which the event happened.
//
// Each record is first given to the real aggregate of the center. If the aggregate rejects it as impossible, it is
// not written. A decision that breaks a rule is given up or, with some profiles, written in record mode with a
// document number. Therefore an import accepts all that Records yields, in its order.
//
// Equal scenarios yield equal records, with equal ids. Memory holds the agenda and the aggregate of each center,
// not the records. Names, codes and amounts are invented.
package simulator
