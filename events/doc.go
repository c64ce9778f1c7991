// Package events is the vocabulary of the ledger: the kinds of events of a center, their encoding, and the contract of
// a Store that keeps them.
//
// A Record is a statement of an authority about something that happened, in the interchange form (JSON Lines). A
// Recorded is the same record with the values that the ledger added when it accepted it: its place, its time of
// recording, who entered it, which policy judged it and which rules it breaks. The payloads form one sealed sum type.
// The catalog is the one table with the permitted roles of each kind, its current version, and the upcasts from older
// versions.
//
// Input from outside is decoded strictly: unknown, missing, repeated and null members, wrong types, impossible dates,
// text that is not UTF-8 and anything over the stated limits are refused with the field and the reason, in Chinese and
// English.
//
// The package is pure: no clock, no randomness, no I/O, no logger, no goroutine.
package events

//go:generate go test . -run TestEveryVersionOfEveryKindEverStoredIsStillReadAsItWas -update
