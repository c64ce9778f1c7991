// Package policy holds the Measures as data: every amount, term, threshold and list that the text of the regulation
// fixes or leaves open, each with its article, the quoted words and its unit, and the one table of rules.
//
// A policy is a JSON file. It is adopted into the ledger with its whole text, so that an answer can be reproduced for
// ever; which policy judges a fact is decided by date (Timeline.At). The draft of Zhejiang is in the binary
// (Builtin). Other Measures of the same shape are another file and need no code.
package policy
