// Package kurrenttest is a server with the gRPC protocol of EventStoreDB and KurrentDB (Streams, ServerFeatures and
// Gossip), for tests of clients. It has the semantics of the real server, and faults on demand.
//
//	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
//	client := … srv.ConnectionString() …
//	srv.Break(srv.Nth(kurrenttest.Append, 1, kurrenttest.Fault{Strike: kurrenttest.Drop, Stored: true}))
//
// The command in the directory server runs it as a separate process.
//
// # What is the same as in the real server
//
// An append stores its whole batch or nothing. With an exact expected revision older than the stream's head, it is a
// repeat if the events after that revision have the ids of the batch. The server then returns the first result. It
// compares no contents, so other contents under the same ids get a success and are not stored. At the head of the
// stream the server does not search ids, and stores the same ids again. With any revision, or with the expectation
// that the stream exists, it searches the ids in the whole stream. A batch that is stored only in part gets a wrong
// expected version. The server rejects an append over ClusterConfig.MaxAppendBytes while it reads it.
//
// Positions in $all increase and leave gaps; commit and prepare position are the same. Reads forwards begin with the
// event at the position or revision. Reads backwards begin with the event at the revision of a stream, or with the
// event before the position in $all. Subscriptions begin after the position. $all begins with events of the server
// itself and hides nothing. A filtered subscription gets a checkpoint after each window × interval events that were
// examined. Servers from 23 on report when a subscription has caught up.
//
// $maxAge, $maxCount, $tb and a deletion ($tb of the largest number) are metadata in the stream $$NAME; they hide
// events in reads of the stream. An append to a deleted stream continues its revisions. A tombstone closes a stream
// for ever. A metadata stream shows only its last event.
//
// Without TLS everybody has all rights. With TLS, accounts have all rights on streams of users, and only members of
// $admins have rights on $all and other streams whose names begin with $. An $acl in the stream's metadata ($$$all for
// $all) or an event of $settings changes this.
//
// # What is missing
//
// It does not scavenge, resolve links, or answer control messages other than those of subscriptions. It has no
// persistent subscriptions, projections or user management. A follower forwards appends to the leader, and so does a
// former leader: elections take no time. Expressions of filters are regular expressions of Go.
//
// With ClusterConfig.Store the ledger's own streams are also kept in that Store. Another server that is started over
// the Store has them again, at the same positions. Everything else is in memory only, also the metadata of these
// streams and the user metadata of their events.
package kurrenttest
