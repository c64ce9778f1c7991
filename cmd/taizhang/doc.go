// Command taizhang is the ledger's only binary. It imports and records, lists the execution of money, the open alerts
// and their reasons, tries decisions, replays the history of a center and checks the ledger.
//
// Each verb has its own file. Verbs exit with 0 when done, 1 if the answer is no or the input is not valid, and 2 if
// the command line is not valid. CSV and JSON are stable interfaces. Tables are for people, in Chinese or English.
package main
