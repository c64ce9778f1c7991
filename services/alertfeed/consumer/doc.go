// Package consumer is the reference consumer of the alert feed: a program that
// connects as a user, reads the durable consumer of that user, and acts on each
// alert that is raised, cleared or withdrawn.
//
// A Follower acts and goes on for as long as it runs. What it has acted on is in
// its state, a small file. The state, and not what the server remembers, says
// where to go on: the state has the sequence and the time of the last message
// of an alert that was read. At each start, and after each loss of connection,
// a Follower sets its durable consumer back to that message and expects to get
// just this one. If another one comes, or none, the stream is not the one that
// was read: the Follower reads all of it and acts on what differs from its state.
// So messages that were delivered and not acknowledged come again before newer
// ones, and whatever else was done with the durable consumer changes nothing.
//
// For each act: act, write the state, acknowledge. After kill -9 between the
// first two an act is repeated; nothing else repeats one.
//
// A Board is the present set: the alerts that are open as of the last head.
package consumer
