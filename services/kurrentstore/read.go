package kurrentstore

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/taizhang/taizhang/events"
)

// never is a revision or position that no event has, because numbers in the protocol are signed.
const never = math.MaxInt64

// tap passes events to the loop over a read, and at the end the error with which the read ends.
type tap struct {
	s      *Store
	ctx    context.Context // the caller's
	yield  func(events.Stored, error) bool
	line   []byte
	broken bool // the loop has ended by break
}

// reading turns a read function into an iterator.
func (s *Store) reading(ctx context.Context, read func(ctx context.Context, out *tap) error) iter.Seq2[events.Stored,
	error] {
	return func(yield func(events.Stored, error) bool) {
		inner, end := both(ctx, s.reads)
		defer end()
		out := &tap{s: s, ctx: ctx, yield: yield}
		err := out.over()
		if err == nil {
			err = read(inner, out)
		}
		if out.broken {
			return
		}
		if over := out.over(); over != nil {
			err = over
		}
		if err != nil {
			yield(events.Stored{}, err)
		}
	}
}

// over returns the error with which the read must end, or nil.
func (t *tap) over() error {
	if t.s.closed.Load() {
		return events.ErrClosed
	}
	return t.ctx.Err()
}

// hand passes an event to the loop and reports whether the read continues.
func (t *tap) hand(stream events.StreamID, e *esdb.RecordedEvent) (bool, error) {
	if t.over() != nil {
		return false, nil
	}
	out := stored(&t.line, stream, e)
	if err := checkPlace(out.Place); err != nil {
		return false, err
	}
	t.s.saw(stream, out.Place)
	t.broken = !t.yield(out, nil)
	return !t.broken, nil
}

// ReadAll implements events.Store. It ends at the last event of the node that answers, which is never before the
// events that this store has seen or appended. A read from the beginning yields a *TamperedError instead of leaving
// out an event of a stream; so does every read after the first event of the stream that it yields. A caller that
// begins later must check the first revision of each stream itself. A read after a position that the node does not
// have waits for Options.Patience, and then yields an *UnreachableError with ErrBehind.
func (s *Store) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return s.reading(ctx, func(ctx context.Context, out *tap) error {
		if after >= never {
			return nil
		}
		end, err := s.headOfAll(ctx)
		if err != nil {
			return err
		}
		return s.readAll(ctx, out, after, max(end, s.highSeen()), false)
	})
}

// Subscribe implements events.Store. It waits for the cluster, and resumes by itself after the connection breaks. It
// ends only with an error after which a retry is useless: for example a *TamperedError, or an *UnreachableError with
// ErrBehind if the cluster does not have the event after which the subscription begins.
func (s *Store) Subscribe(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return s.reading(ctx, func(ctx context.Context, out *tap) error {
		if after >= never {
			<-ctx.Done()
			return ctx.Err()
		}
		if err := s.await(ctx, after); err != nil {
			return err
		}
		return s.readAll(ctx, out, after, 0, true)
	})
}

// await waits without limit until the cluster answers, and then for Options.Patience until the node has the event
// after which the subscription begins.
func (s *Store) await(ctx context.Context, after uint64) error {
	for a := (&again{s: s}); ; {
		head, err := call(ctx, s, headOf)
		switch {
		case err == nil && head >= after:
			return nil
		case err == nil && a.until.IsZero():
			a.until = time.Now().Add(s.patience)
			fallthrough
		case err == nil:
			err = ErrBehind
		case fateOf(err) == impossible:
			return explain(err)
		default:
			a.until = time.Time{}
		}
		if err := a.wait(ctx, err); err != nil {
			return err
		}
	}
}

func (s *Store) readAll(ctx context.Context, out *tap, after, end uint64, follow bool) error {
	for {
		err := s.audit(ctx, after)
		var unreachable *UnreachableError
		if err == nil {
			break
		}
		if !follow || !errors.As(err, &unreachable) || errors.Is(err, ErrBehind) {
			return err
		}
	}
	if !follow && end <= after {
		return nil
	}
	r := &allRead{s: s, out: out, last: esdb.Position{Commit: after, Prepare: after}, end: end, follow: follow,
		fromStart: after == 0, heads: map[events.StreamID]uint64{}}
	return s.run(ctx, &scan{from: func() source { return all(s.filter(), r.last, end, follow) }, take: r.take,
		forever: follow})
}

// allRead is the state of a read of all events.
type allRead struct {
	s         *Store
	out       *tap
	last      esdb.Position // the last event taken
	end       uint64        // where to stop, unless follow
	follow    bool
	fromStart bool
	heads     map[events.StreamID]uint64 // the last revision of each stream in this read
}

// all reads the events that match the filter, after a position. A read in this client has no filter, so all uses
// subscriptions, which report their end from 23.10 on. On older servers a bounded read gets all events and skips the
// others here. Before a bounded read, the caller checks that the node has the event at its end: a node that is behind
// would end the read earlier.
func all(filter *esdb.SubscriptionFilter, last esdb.Position, end uint64, follow bool) source {
	var from esdb.AllPosition = esdb.Start{} // never nil, because a subscription reads nil as the end
	if last.Commit > 0 {
		from = last
	}
	return func(ctx context.Context, l *link) (func() (item, error), func(), error) {
		if !follow {
			head, err := headOf(ctx, l)
			if err = cmp.Or(err, l.usable()); err != nil || head < end {
				return nil, nil, cmp.Or(err, ErrBehind)
			}
		}
		if !follow && before(l.version, 23, 10) {
			in, err := l.client.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Forwards, From: from}, math.MaxUint64)
			if err != nil {
				return nil, nil, err
			}
			recv, stop := readOf(in)
			return recv, stop, nil
		}
		sub, err := l.client.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{
			From: from, Filter: filter, MaxSearchWindow: windowEvents, CheckpointInterval: 1})
		if err != nil {
			return nil, nil, err
		}
		recv, stop := subscriptionOf(sub)
		return recv, stop, nil
	}
}

// before reports whether the server is older than a version.
func before(v esdb.ServerVersion, major, minor int) bool {
	return v.Major < major || v.Major == major && v.Minor < minor
}

// windowEvents is the number of events that the server examines before it sends a message without an event.
const windowEvents = 500

func (r *allRead) take(ctx context.Context, it item) (bool, error) {
	e := it.event
	if e == nil {
		return !r.follow && it.end, nil
	}
	if e.Position.Commit <= r.last.Commit {
		return false, nil // a duplicate, or the event at which an inclusive read begins
	}
	if !r.follow && e.Position.Commit > r.end {
		return true, nil
	}
	if about, ours := r.s.aboutOurs(e.StreamID); ours {
		if err := r.s.noticed(ctx, about, e); err != nil {
			return false, err
		}
	}
	if stream, ours := r.s.ours(e.StreamID); ours {
		if more, err := r.ours(ctx, stream, e); !more {
			return err == nil, err
		}
	}
	r.last = e.Position
	return !r.follow && r.last.Commit >= r.end, nil
}

// ours processes an event of a stream of the ledger and reports whether the read continues.
func (r *allRead) ours(ctx context.Context, stream events.StreamID, e *esdb.RecordedEvent) (bool, error) {
	if e.EventType == kindTombstone {
		return false, tombstoned(stream)
	}
	head, met := r.heads[stream]
	if want := head + 1; (met || r.fromStart) && e.EventNumber+1 != want {
		return false, r.s.doubted(ctx, stream, want, e.EventNumber+1)
	}
	if genuine(e) {
		if more, err := r.out.hand(stream, e); !more {
			return false, err
		}
	}
	r.heads[stream] = e.EventNumber + 1
	return true, nil
}

// headOfAll returns the position of the last event that the node has.
func (s *Store) headOfAll(ctx context.Context) (head uint64, err error) {
	err = s.retry(ctx, func() error {
		head, err = call(ctx, s, headOf)
		return err
	})
	return head, err
}

func headOf(ctx context.Context, l *link) (uint64, error) {
	r, err := l.client.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	last, err := gather(r)
	if err != nil || len(last) == 0 {
		return 0, err
	}
	return last[0].Position.Commit, nil
}
