// Package feedsim simulates the feed of alerts in its tests: publishers over one
// ledger, a NATS server, a consumer, and the faults between them.
//
// A world follows from its seed and the name of its mix of faults. In it an
// office writes records that open, clear, open again and withdraw alerts. One to
// three publishers publish them, each with a ledger, a clock, a memory and a
// connection of its own. A consumer applies alertfeed.Reading. Meanwhile
// acknowledgements get lost, publishers die between any two messages, lag or have
// a wrong clock, the stream is purged, deleted or put back from an old copy, the
// server is killed, and the ledger is restored.
//
// Every message that was ever stored must be true of the ledger at the position
// and the date that it gives, and so must everything on which the consumer acts.
// The consumer must never act on the same state of an alert twice in a row. When
// the faults have ended, the stream and the consumer must both agree with the
// ledger.
//
// A failure shows the script of the world. The flags -feedsim.seed and
// -feedsim.mix run one world again, and -feedsim.seeds sets how many worlds of
// each mix are run.
package feedsim
