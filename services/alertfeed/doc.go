// Package alertfeed publishes the alerts of a ledger over NATS, so that a
// program that reads them acts on no alert twice, on nothing false, and misses
// nothing after any outage.
//
// The last message of a subject of the stream TAIZHANG_ALERTS says how one alert
// stands: raised, cleared or withdrawn. A Publisher compares the stream with the
// ledger and writes a subject only if the two differ and if it knows more than
// whoever wrote it last. What a message knows is its At, and an At that is not
// later than that of the last message is never written. After each round it
// writes the head: all subjects are right as of an At. When what the stream lost
// cannot be known, a new generation states every alert again.
//
// A Reading is the other end: the rule by which a program that reads messages,
// some of them twice, late or not at all, decides what to act on.
//
// NATS carries the alerts and is not the record: whatever it loses is computed
// again from the ledger.
package alertfeed
