// Command taizhang is the ledger's one binary: it imports and records, answers who executed how much of which money
// and which alerts are open and why, tries decisions, replays a center's history and checks the ledger.
//
// Each verb is a file of its own. Verbs exit with 0 when done, 1 when the answer is no or the input is bad, and 2
// when they are used wrongly. CSV and JSON are stable interfaces; tables are for people, in Chinese or English.
package main
