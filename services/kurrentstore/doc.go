// Package kurrentstore is an events.Store in a cluster of EventStoreDB or KurrentDB, over EventStore-Client-Go v4.2.0.
//
// Each stream of the ledger is a stream of the cluster of the same name ("policy", "center-ZJ-0007"), behind
// Options.Prefix if there is one. Every stream that has such a name (events.StreamForm) is the ledger's. Each event is
// one of the cluster's: its type is the kind, its id is ours, its data are the bytes of the body as they are, its
// content type is JSON. A revision is the cluster's plus one; a position is the commit position in $all, opaque and
// not dense; RecordedAt is the cluster's date of creation in whole microseconds.
//
// # What it promises
//
// An append that was answered without error is in the cluster, as far as the cluster keeps what it acknowledges. Every
// append carries an exact expected revision. While no usable answer comes, the same batch is sent again, with the same
// ids at the same revision, which the server stores once; after that the place is read, and what lies there decides:
// the batch, a conflict, or neither yet. An *events.UnknownError is answered only when that stays undecided for
// Options.Patience.
//
// A stream is handed out whole, or with an error. A stream that is deleted or truncated, or whose metadata hides
// events ($maxAge, $maxCount, $tb), or that has a gap, is a *TamperedError (AL-LED-01): of every read that meets it,
// of every append to it. Reads and appends look at a stream's metadata before they touch it the first time, ReadStream
// each time; a subscription sees it change; a read of everything that begins later first looks through what was said
// before. Metadata that was changed back before it was met does no harm. A node that shows less than was already seen
// is not believed (ErrBehind).
//
// # What it does not promise
//
// Reads are served by the node that the client met, and may be late; they are never earlier than what this Store
// itself has appended or seen. RecordedAt is the leader's clock: it decreases where clocks of the cluster differ and
// the leader changes, or where a clock is set back; who reads everything in order must make sure that it does not. A
// read that begins after a position cannot know which revision of a stream must come next; who asks knows. What
// another account writes to the ledger's streams cannot be prevented here: an event that the ledger cannot have
// written (other content types, links, names that are no kinds, bodies that are not one object on one line) is passed
// over by reads, though its revision is counted, and an append that meets it at its place is a *TamperedError. A batch
// has at most Options.AppendBytesMax bytes, and a record that is longer than a server takes which was left as it is
// (MaxAppendSize, 1 MiB) needs another setting there.
//
// # The account
//
// The account must read $all, which only $admins may unless the metadata of $all say otherwise: an event of the type
// $metadata in the stream $$$all with the data {"$acl":{"$r":["$admins","taizhang"]}}. It must read and write the
// ledger's streams and read their metadata, which every account may unless $settings or the streams say otherwise;
// nothing else. Others should be kept from writing and deleting there by $settings or by the streams' $acl.
//
// # What is done about the client
//
// The numbers are those of the tests, which show each of them with the client alone; 17 is with those of kurrenttest.
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
// Of the server: a repeat is recognised by its ids alone, so that what lies there is compared; checkpoints of filtered
// subscriptions have been wrong in several versions, so that nothing is read into them; a read takes no filter in this
// client, so that bounded reads are subscriptions up to the end from 23.10 on, and unfiltered reads on 22.6 to 23.9;
// older servers do not say where the events of a stream lie in $all and are refused.
//
// # What it was tested against
//
// The contract (events/storetest) over the real client and real gRPC against kurrenttest, which follows the server's
// source, whole and under each of its faults; against a real server with TAIZHANG_TEST_ESDB=esdb://… go test, which
// needs nothing but that variable.
package kurrentstore
