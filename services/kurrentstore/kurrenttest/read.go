package kurrenttest

import (
	"context"
	"slices"
	"sort"
	"strconv"
	"strings"

	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Read implements streams.StreamsServer.
func (s *streams) Read(req *api.ReadReq, call api.Streams_ReadServer) error {
	o := req.GetOptions()
	r := &reading{node: s.node, call: call, options: o, textIDs: o.GetUuidOption().GetString_() != nil}
	name, method := "$all", Read
	if o.GetStream() != nil {
		name = string(o.GetStream().GetStreamIdentifier().GetStreamName())
	}
	if o.GetSubscription() != nil {
		method = Subscribe
	}
	match, err := newFilter(o.GetFilter())
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	r.fault = s.node.fault(method, name, match.given())
	if r.fault != nil && r.fault.After == 0 && r.fault.Strike != Slow {
		if err := s.node.strike(call.Context(), r.fault); err != nil {
			return err
		}
	}
	if requiresLeader(call.Context()) && s.node.server.leading() != s.node {
		return s.node.notLeader()
	}
	if err := s.node.allowed(call.Context(), toRead, name); err != nil {
		return err
	}
	r.match, r.wire = match, s.node.wire(call.Context())
	r.due = r.wire.sent()
	switch {
	case o.GetStream() == nil && method == Subscribe:
		return r.subscribe(s.node.allEvents(), o.GetAll().GetEnd() != nil)
	case o.GetStream() == nil:
		return r.readAll()
	case method == Subscribe:
		return r.subscribe(s.node.eventsOf(name), o.GetStream().GetEnd() != nil)
	}
	return r.readStream(name)
}

// reading is one read or subscription.
type reading struct {
	node    *Node
	call    api.Streams_ReadServer
	options *api.ReadReq_Options
	textIDs bool
	match   *filter
	fault   *Fault
	sent    int // events
	wire    *wire
	due     int // the bytes on the wire after all answers so far
}

// readStream reads one stream from a revision on, including the event at that revision.
func (r *reading) readStream(name string) error {
	records, found, tombstoned, _ := r.node.server.journal.visible(name, r.node.upTo())
	if tombstoned {
		return deleted(name)
	}
	if !found {
		return r.answer(&api.ReadResp{Content: &api.ReadResp_StreamNotFound_{
			StreamNotFound: &api.ReadResp_StreamNotFound{StreamIdentifier: streamName(name)}}})
	}
	o := r.options.GetStream()
	from := o.GetRevision()
	if o.GetEnd() != nil {
		from = deletedRevision
	}
	if r.backwards() {
		if o.GetStart() != nil {
			from = 0
		}
		return r.send(reversed(records, func(e *record) bool { return e.revision <= from }))
	}
	i := firstAt(records, func(e *record) bool { return e.revision >= from })
	return r.send(records[i:])
}

// readAll reads all streams from a position on: forwards including the event at the position, backwards from the
// event before it.
func (r *reading) readAll() error {
	all, _ := r.node.server.journal.snapshot(r.node.upTo())
	o := r.options.GetAll()
	from := o.GetPosition().GetCommitPosition()
	if o.GetEnd() != nil {
		from = deletedRevision
	}
	if r.backwards() {
		return r.send(reversed(all, func(e *record) bool { return e.position < from }))
	}
	i := firstAt(all, func(e *record) bool { return e.position >= from })
	return r.send(all[i:])
}

func (r *reading) backwards() bool {
	return r.options.GetReadDirection() == api.ReadReq_Options_Backwards
}

// firstAt returns the index of the first record for which in returns true. in must return true for all records after
// it.
func firstAt(records []*record, in func(*record) bool) int {
	return sort.Search(len(records), func(i int) bool { return in(records[i]) })
}

// reversed returns the records at the beginning for which in returns true, in reverse order.
func reversed(records []*record, in func(*record) bool) []*record {
	n := firstAt(records, func(e *record) bool { return !in(e) })
	out := slices.Clone(records[:n])
	slices.Reverse(out)
	return out
}

// send answers a bounded read, with at most the number of events that the client asked for.
func (r *reading) send(records []*record) error {
	left := r.options.GetCount()
	for _, e := range records {
		if left == 0 {
			return nil
		}
		if !r.match.takes(e) {
			continue
		}
		if err := r.event(e); err != nil {
			return err
		}
		left--
	}
	return nil
}

// source returns the events that a subscription delivers next: those after last (nil: after the starting point from
// the client), and a channel that is closed when there are more.
type source func(o *api.ReadReq_Options, last *record) (records []*record, more <-chan struct{}, err error)

func (n *Node) allEvents() source {
	return func(o *api.ReadReq_Options, last *record) ([]*record, <-chan struct{}, error) {
		all, more := n.server.journal.snapshot(n.upTo())
		after := o.GetAll().GetPosition().GetCommitPosition()
		if last != nil {
			after = last.position
		}
		return all[firstAt(all, func(e *record) bool { return e.position > after }):], more, nil
	}
}

func (n *Node) eventsOf(name string) source {
	return func(o *api.ReadReq_Options, last *record) ([]*record, <-chan struct{}, error) {
		records, _, tombstoned, more := n.server.journal.visible(name, n.upTo())
		if tombstoned {
			return nil, nil, deleted(name)
		}
		from := uint64(0)
		if _, ok := o.GetStream().GetRevisionOption().(*api.ReadReq_Options_StreamOptions_Revision); ok {
			from = o.GetStream().GetRevision() + 1
		}
		if last != nil {
			from = last.revision + 1
		}
		return records[firstAt(records, func(e *record) bool { return e.revision >= from }):], more, nil
	}
}

// subscribe answers a subscription: with the events after the starting point, and then with new events.
func (r *reading) subscribe(from source, onlyNew bool) error {
	records, more, err := from(r.options, nil)
	if err != nil {
		return err
	}
	var last *record
	if onlyNew && len(records) > 0 {
		last, records = records[len(records)-1], nil
	}
	if err := r.answer(&api.ReadResp{Content: &api.ReadResp_Confirmation{
		Confirmation: &api.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()}}}); err != nil {
		return err
	}
	caughtUp, seen := !r.node.saysCaughtUp(), 0
	for {
		for _, e := range records {
			last = e
			if r.match.takes(e) {
				if err := r.event(e); err != nil {
					return err
				}
			}
			if seen++; r.match != nil && seen%r.match.checkpointEvery == 0 {
				if err := r.checkpoint(e); err != nil {
					return err
				}
			}
		}
		if !caughtUp {
			caughtUp = true
			if err := r.answer(&api.ReadResp{
				Content: &api.ReadResp_CaughtUp_{CaughtUp: &api.ReadResp_CaughtUp{}}}); err != nil {
				return err
			}
		}
		select {
		case <-more:
		case <-r.call.Context().Done():
			return r.call.Context().Err()
		}
		if records, more, err = from(r.options, last); err != nil {
			return err
		}
	}
}

func (n *Node) saysCaughtUp() bool {
	major, _, _ := strings.Cut(n.server.config.Version, ".")
	number, err := strconv.Atoi(major)
	return err == nil && number >= 23
}

func (r *reading) checkpoint(e *record) error {
	return r.answer(&api.ReadResp{Content: &api.ReadResp_Checkpoint_{
		Checkpoint: &api.ReadResp_Checkpoint{CommitPosition: e.position, PreparePosition: e.position}}})
}

// event delivers one event, or the fault instead.
func (r *reading) event(e *record) error {
	m := &api.ReadResp{Content: &api.ReadResp_Event{Event: &api.ReadResp_ReadEvent{
		Event:    writeEvent(e, r.textIDs),
		Position: &api.ReadResp_ReadEvent_CommitPosition{CommitPosition: e.position},
	}}}
	again, err := r.spoil(r.call.Context(), m)
	if err != nil {
		return err
	}
	r.sent++
	if again {
		if err := r.answer(m); err != nil {
			return err
		}
	}
	return r.answer(m)
}

// answer sends one message. On the wire it follows a header of gRPC of five bytes.
func (r *reading) answer(m *api.ReadResp) error {
	r.due += 5 + proto.Size(m)
	return r.call.Send(m)
}

// spoil carries out the fault of the call when the events before it are delivered. again is true if the event must be
// delivered twice.
func (r *reading) spoil(ctx context.Context, m *api.ReadResp) (again bool, err error) {
	if r.fault == nil || r.sent < r.fault.After {
		return false, nil
	}
	switch r.fault.Strike {
	case Duplicate:
		again = r.sent == r.fault.After
	case Strange:
		err = r.answer(&api.ReadResp{Content: &api.ReadResp_FirstStreamPosition{}})
	case BadCreated:
		m.GetEvent().GetEvent().Metadata[keyCreated] = "yesterday"
	default:
		if r.fault.Strike == Drop { // only after the answers before it are sent
			r.wire.await(ctx, r.due)
		}
		err = r.node.strike(ctx, r.fault)
	}
	return again, err
}
