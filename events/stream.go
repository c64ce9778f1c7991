package events

import "strings"

// StreamID is the name of a stream of the store. It is "center-ZJ-0007" for the history of a center, and one word of
// lower-case letters, such as "policy", for events that belong to no center.
type StreamID string

// PolicyStream is the stream of the policies adopted into the ledger.
const PolicyStream StreamID = "policy"

// LedgerStream is the stream of the records that the ledger makes of itself.
const LedgerStream StreamID = "ledger"

// StreamForm is the form of every valid name of a stream, as a regular expression. A store accepts every valid name,
// also a name for which this version of the program has no kind. No valid name is the end of another one, so ledgers
// can share a server with prefixes that end in a dot or a hyphen.
const StreamForm = `([a-z]{1,32}|` + centerPrefix + `[A-Z0-9][A-Z0-9-]{2,31})`

const (
	centerPrefix  = "center-"
	streamWordMax = 32 // letters of a name that is one word
)

// ValidStream reports whether a name of a stream has the form of StreamForm.
func ValidStream(s StreamID) bool {
	if id, ok := s.Center(); ok {
		return ValidCenter(id)
	}
	return 1 <= len(s) && len(s) <= streamWordMax &&
		madeOf(string(s), func(b byte) bool { return 'a' <= b && b <= 'z' })
}

// Stream returns the center's stream.
func (c CenterID) Stream() StreamID { return centerPrefix + StreamID(c) }

// Center returns the center to which a stream belongs. ok is false for a stream that belongs to no center.
func (s StreamID) Center() (id CenterID, ok bool) {
	name, ok := strings.CutPrefix(string(s), centerPrefix)
	if !ok {
		return "", false
	}
	return CenterID(name), true
}
