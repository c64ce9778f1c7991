package kurrenttest

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Method names a kind of call.
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
	N      int    // calls of the method since the server was made, this one among them
	Node   int    // which node it reached
	Stream string // "$all" for a read of everything, "" for features and gossip

	Filter string // the prefixes (with spaces) or the expression that a read of everything is filtered by; "" for none
}

// Plan says what goes wrong with a call; nil: nothing. It may be called by several goroutines.
type Plan func(Call) *Fault

// Strike is what goes wrong.
type Strike int

// What may go wrong. The first four end the call.
const (
	Drop       Strike = iota // the connection breaks
	Reject                   // the status Code is answered
	NotLeader                // the call is refused and the leader's address answered
	Stall                    // nothing more comes, while the connection stays open
	Slow                     // it takes Wait longer: the whole of an append, each event of a read
	Duplicate                // one event of a read or subscription is delivered twice
	BadCreated               // events carry a date of creation that is no number
	Strange                  // a kind of message comes that the client has not asked for, before each event
)

// Fault is one thing that goes wrong with one call. A read or subscription first delivers After events as it should;
// an append goes wrong once the whole batch has come, and is not stored, unless said otherwise.
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

// strikeAt is strike, if this is the moment for it.
func (n *Node) strikeAt(ctx context.Context, f *Fault, m moment) error {
	switch {
	case f == nil, f.Early != (m == early), f.Stored != (m == afterwards):
		return nil
	}
	return n.strike(ctx, f)
}

// Break makes calls go wrong as planned from now on; nil heals the server.
func (s *Cluster) Break(p Plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan = p
}

// Nth is the plan that the nth call of a method from now on goes wrong, counted from 1.
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

// Every is the plan that each nth call of a method goes wrong; with 1 all do.
func Every(m Method, n int, f Fault) Plan {
	return func(c Call) *Fault {
		if c.Method == m && c.N%n == 0 {
			return &f
		}
		return nil
	}
}

// Calls is how many calls of the method have reached the server.
func (s *Cluster) Calls(m Method) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[m]
}

// Release carries out the appends that a Late fault held back, in order, and says how many there were.
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

// fault counts the call and asks the plan about it.
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

// strike lets the fault happen. It returns what the call must end with, and nil if it goes on.
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
	return failure(codes.NotFound, "not-leader", "Leader info available", "leader-endpoint-host", host, "leader-endpoint-port", port)
}

// requiresLeader reports whether the client asked to be served by the leader alone.
func requiresLeader(ctx context.Context) bool {
	md, _ := metadata.FromIncomingContext(ctx)
	values := md.Get("requires-leader")
	return len(values) > 0 && values[0] == "true"
}
