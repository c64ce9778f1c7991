package kurrenttest

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Method is a kind of call.
type Method string

// The kinds of calls. A subscription is a read that waits at the end.
const (
	Append    Method = "append" // also one batch of BatchAppend
	Read      Method = "read"
	Subscribe Method = "subscribe"
	Delete    Method = "delete" // also Tombstone
	Features  Method = "features"
	Gossip    Method = "gossip"
)

// Call is a call that has reached the server.
type Call struct {
	Method Method
	N      int    // the number of calls of the method since the server started, including this one
	Node   int    // the node that it reached
	Stream string // "$all" for a read of all streams, "" for features and gossip

	Filter string // the filter of a read of $all: its prefixes (with spaces) or its expression; "" for none
}

// Plan returns the fault of a call, or nil for no fault. Several goroutines may call it at once.
type Plan func(Call) *Fault

// Strike is the kind of a fault.
type Strike int

// The kinds of faults. The first four end the call.
const (
	Drop       Strike = iota // the connection breaks
	Reject                   // the call returns the status Code
	NotLeader                // the call is refused with the leader's address
	Stall                    // no more messages arrive, while the connection stays open
	Slow                     // the whole append, or each event of a read, takes Wait longer
	Duplicate                // one event of a read or subscription is delivered twice
	BadCreated               // events have a date of creation that is not a number
	Strange                  // a message of an unexpected kind arrives before each event
)

// Fault is one fault of one call. A read or subscription first delivers After events without fault. An append fails
// when the whole batch has arrived, and is not stored, unless a field says otherwise.
type Fault struct {
	Strike Strike
	Code   codes.Code    // for Reject; Unavailable unless set
	Wait   time.Duration // for Slow
	After  int           // for reads and subscriptions
	Early  bool          // for appends: the batch is not even read, so that the client may still be sending it
	Stored bool          // for appends: the batch is stored first, so that the acknowledgement is lost
	Late   bool          // for appends: the batch is stored at the next Release, long after the call has ended
}

// moment is a point of an append at which a fault may strike.
type moment int

const (
	early moment = iota
	unstored
	afterwards
)

// strikeAt does the same as strike if the fault strikes at this moment.
func (n *Node) strikeAt(ctx context.Context, f *Fault, m moment) error {
	switch {
	case f == nil, f.Early != (m == early), f.Stored != (m == afterwards):
		return nil
	}
	return n.strike(ctx, f)
}

// Break applies a plan to all calls from now on. nil ends all faults.
func (s *Cluster) Break(p Plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan = p
}

// Nth returns the plan in which the nth call of a method from now on has the fault, counted from 1.
func (s *Cluster) Nth(m Method, n int, f Fault) Plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	n += s.calls[m]
	return func(c Call) *Fault {
		if c.Method == m && c.N == n {
			return &f
		}
		return nil
	}
}

// Every returns the plan in which each nth call of a method has the fault; with 1 every call has it.
func Every(m Method, n int, f Fault) Plan {
	return func(c Call) *Fault {
		if c.Method == m && c.N%n == 0 {
			return &f
		}
		return nil
	}
}

// Calls returns the number of calls of the method that have reached the server.
func (s *Cluster) Calls(m Method) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[m]
}

// Release stores the appends that a Late fault held back, in order, and returns their number.
func (s *Cluster) Release() int {
	s.mu.Lock()
	late := s.late
	s.late = nil
	s.mu.Unlock()
	for _, f := range late {
		f()
	}
	return len(late)
}

func (s *Cluster) holdBack(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = append(s.late, f)
}

// fault counts the call and returns its fault by the plan.
func (n *Node) fault(m Method, stream, filter string) *Fault {
	s := n.server
	s.mu.Lock()
	s.calls[m]++
	call, plan := Call{Method: m, N: s.calls[m], Node: n.number, Stream: stream, Filter: filter}, s.plan
	s.mu.Unlock()
	if plan == nil {
		return nil
	}
	return plan(call)
}

// strike carries out the fault. It returns the error with which the call must end, or nil if the call goes on.
func (n *Node) strike(ctx context.Context, f *Fault) error {
	if f == nil {
		return nil
	}
	switch f.Strike {
	case Drop:
		n.cut(ctx)
		return status.Error(codes.Unavailable, "connection dropped")
	case Reject:
		if f.Code == codes.OK {
			return status.Error(codes.Unavailable, "Server Is Not Ready")
		}
		return status.Error(f.Code, "rejected")
	case NotLeader:
		return n.notLeader()
	case Stall:
		<-ctx.Done()
		return ctx.Err()
	case Slow:
		select {
		case <-time.After(f.Wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (n *Node) notLeader() error {
	host, port := split(n.server.leading().Address())
	return failure(codes.NotFound, "not-leader", "Leader info available", "leader-endpoint-host", host,
		"leader-endpoint-port", port)
}

// requiresLeader reports whether the client asked to be served by the leader only.
func requiresLeader(ctx context.Context) bool {
	md, _ := metadata.FromIncomingContext(ctx)
	values := md.Get("requires-leader")
	return len(values) > 0 && values[0] == "true"
}
