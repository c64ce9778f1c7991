// Package events is the vocabulary of the ledger: what can happen to a center, how it is written down, and what a
// store of such records owes its callers.
//
// A Record is what an authority says happened, in the interchange form (JSON Lines). A Recorded is the same record
// with what the ledger added when it accepted it: its place, when it was learned of, who entered it, which policy
// judged it and which rules it breaks. The payloads form one sealed sum type; the catalog is the one table that says
// for each kind who may write it, at which version it is, and how an older version becomes the present one.
//
// What comes from outside is decoded strictly: unknown, missing, repeated and null members, wrong types, impossible
// dates, text that is not UTF-8 and anything over the stated limits are refused with the field and the reason, in
// Chinese and English.
//
// The package is pure: no clock, no randomness, no I/O, no logger, no goroutine.
package events

//go:generate go test . -run TestEveryVersionOfEveryKindEverStoredIsStillReadAsItWas -update
