// Package kurrentstore is an events.Store in a cluster of EventStoreDB or KurrentDB, over EventStore-Client-Go v4.2.0.
//
// Each stream of the ledger is a stream of the cluster with the same name ("policy", "center-ZJ-0007"), after
// Options.Prefix if there is one. Every stream with such a name (events.StreamForm) belongs to the ledger. Each event
// is an event of the cluster: its type is the kind, its id is the same, its data are the unchanged bytes of the body,
// its content type is JSON. A revision is the revision in the cluster plus one; a position is the commit position in
// $all, opaque and with gaps; RecordedAt is the cluster's date of creation in whole microseconds.
//
// # What it promises
//
// An append that returned without error is in the cluster, unless the cluster loses acknowledged events. Every append
// has an exact expected revision. While no usable answer comes, the same batch is sent again, with the same ids at the
// same revision, and the server stores it once. Then the store reads the events at that place: they are the batch, a
// conflict, or not there yet. Append returns an *events.UnknownError only if this stays undecided for
// Options.Patience.
//
// A read returns a whole stream, or an error. A stream that is deleted or truncated, that has a gap, or whose metadata
// hides events ($maxAge, $maxCount, $tb), is a *TamperedError (AL-LED-01) of every read that meets it and of every
// append to it. Reads and appends check the metadata of a stream before they use it the first time, ReadStream each
// time. A subscription sees changes of metadata. A read of all streams that begins later first checks the earlier
// changes. Metadata that was changed back before a read met it does no harm. A node that shows fewer events than were
// already seen is not trusted (ErrBehind).
//
// # What it does not promise
//
// The node to which the client is connected serves the reads, and may be behind the leader; but a read always includes
// the events that this Store has appended or seen. RecordedAt is the leader's clock. It decreases if the clocks of the
// cluster differ and the leader changes, or if a clock is set back; a caller that reads all streams in order must
// correct this. A read that begins after a position cannot know which revision of a stream must come next; the caller
// knows. Other accounts may write to the ledger's streams, and this package cannot prevent it. Reads skip an event
// that the ledger cannot have written (other content types, links, names that are no kinds, bodies that are not one
// object on one line), but count its revision. An append that meets such an event at its place returns a
// *TamperedError. A batch has at most Options.AppendBytesMax bytes. A record longer than the default MaxAppendSize of
// a server (1 MiB) needs a larger setting on the server.
//
// # The account
//
// The account needs the right to read $all. By default only $admins have it; the metadata of $all can give it: an
// event of the type $metadata in the stream $$$all with the data {"$acl":{"$r":["$admins","taizhang"]}}. The account
// must also read and write the ledger's streams and read their metadata, which every account may unless $settings or
// the streams restrict it. It needs no other right. Use $settings or the $acl of the streams to keep other accounts
// from writing and deleting there.
//
// # Defects of the client, and how the store avoids them
//
// The numbers are those of the tests, which show each defect with the client alone; the test of 17 is in kurrenttest.
//
//	 1  discovery that fails ends the client      discovery lasts an hour, and such a client is replaced
//	 2  calls ignore their context                each runs in one of 64 goroutines, after one call has found a node;
//	                                              those that hang in a client that lost its node end with it, in a minute
//	 3  an open read may block for ever           one goroutine per read receives; silence is noticed and ends it
//	 4  Close under calls panics                  a client is closed when nobody is in it or all hang; panics are caught
//	 5  early rejection is EOF, code 0            the outcome is unknown: settled as above
//	 6  FromError misses wrapped errors           errors.As, and the bare gRPC status
//	 7  a zero id is replaced by a random one     refused
//	 8  no expected revision means any            always given
//	 9  the actual revision is text               the stream's head is read
//	10  subscriptions do not resubscribe          an own loop with backoff and jitter, from the last event on
//	11  no beginning means the end                always given; what comes twice is dropped by its position
//	12  the leader is never asked for             see ErrBehind; every write has an expected revision
//	13  parameters are misread without a word     ParseConnection refuses them
//	14  tls=false drops the account               refused
//	15  log.Fatalf at a date, panic at a message  stopped before the exit, caught, and an error
//	16  a new discovery leaks the old connection  the client is replaced instead, and closed
//	17  pings end connections of a stock server   of servers for tests alone, which allow them
//	18  not-leader fails once                     sent again at once
//	19  nothing to append succeeds; nil events    refused; OriginalEvent
//	20  a data race where a context ends in Send  appends are not cancelled, only no longer waited for, and go on for at
//	                                              most a minute
//	    or the client itself closes a connection  remains, where several appends meet a follower: an answer may be lost,
//	                                              and the outcome is then settled by reading
//
// About the server: it recognizes a repeat by its ids alone, so the store compares the stored events. Checkpoints of
// filtered subscriptions were wrong in several versions, so the store does not rely on them. A read in this client has
// no filter, so bounded reads are subscriptions up to the end from 23.10 on, and unfiltered reads on 22.6 to 23.9.
// Older servers do not return the positions in $all of the events of a stream, and are refused.
//
// # What it was tested against
//
// The tests run the contract (events/storetest) over the real client and real gRPC against kurrenttest, which follows
// the server's source: without faults and under each of its faults. With TAIZHANG_TEST_ESDB=esdb://… they run against
// a real server; they need only that variable.
package kurrentstore
