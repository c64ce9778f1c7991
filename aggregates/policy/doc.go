// Package policy holds the Measures as data: every amount, term, threshold and list that the text of the regulation
// fixes or leaves open, each with its article, the quoted words and its unit, and the one table of rules.
//
// A policy is a JSON file. It is adopted into the ledger with its whole text, so that an answer can be reproduced for
// ever. The date of a fact decides which policy judges it (Timeline.At). The draft of Zhejiang is in the binary
// (Builtin). Other Measures of the same shape need only another file and no code.
package policy
