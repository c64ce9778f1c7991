// Package kurrenttest is a server that speaks the gRPC protocol of EventStoreDB and KurrentDB (Streams, ServerFeatures
// and Gossip), for tests of clients: with the semantics of the real one, and with faults on demand.
//
//	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
//	client := … srv.ConnectionString() …
//	srv.Break(srv.Nth(kurrenttest.Append, 1, kurrenttest.Fault{Strike: kurrenttest.Drop, Stored: true}))
//
// The command in its directory server runs it as a process of its own.
//
// # What it does as the real server does
//
// An append is whole or not at all. With an exact expected revision older than the stream's head, it is a repeat if
// the events after that revision have the ids of the batch. The server then returns the first result. It compares no
// contents, so other contents under the same ids get a success and are not stored. At the head the server searches no
// ids and stores the same ids again. With any revision, or with the expectation that the stream exists, it searches the
// ids in the whole stream. A batch that is stored only in part gets a wrong expected version. The server rejects an
// append over ClusterConfig.MaxAppendBytes while it reads it.
//
// Positions in $all increase and leave gaps; commit and prepare position are the same. Reads forwards begin with the
// event at the position or revision; backwards, a stream's with the event at the revision, and those of $all before
// the position. Subscriptions begin after it. $all begins with what the server writes about itself and hides nothing.
// A filtered subscription hears of a checkpoint each time window × interval events have been looked at. Servers from
// 23 on say when a subscription has caught up.
//
// $maxAge, $maxCount, $tb and a deletion ($tb of the largest number) are metadata in the stream $$NAME; they hide
// events in reads of the stream. An append to a deleted stream goes on where its revisions ended. A tombstone closes a
// stream for ever. A metadata stream shows its last event only.
//
// Without TLS everybody may do everything. With it, accounts may do everything with streams of users, and only members
// of $admins anything with $all and other streams whose names begin with $, unless an $acl in the stream's metadata
// ($$$all for $all) or an event of $settings says otherwise.
//
// # What it does not do
//
// It does not scavenge, resolve links, or answer control messages other than those of subscriptions; it has no
// persistent subscriptions, projections or user management. A follower hands appends on to the leader, and so does a
// node that has stopped to lead: elections take no time. Expressions of filters are those of Go.
//
// With ClusterConfig.Store the ledger's own streams are kept in that Store as well, from where they come
// back, at the same positions, when another server is started over it. All else, also their metadata and the user's
// metadata of their events, is in memory alone.
package kurrenttest
