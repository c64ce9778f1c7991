package kurrentstore

import (
	"context"
	"iter"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/taizhang/taizhang/events"
)

// ReadStream implements events.Store. It yields a *TamperedError if the cluster does not return all events of the
// stream, and an *UnreachableError if the node is behind the events of the stream that this store has already seen.
func (s *Store) ReadStream(ctx context.Context, stream events.StreamID, after uint64) iter.Seq2[events.Stored, error] {
	return s.reading(ctx, func(ctx context.Context, out *tap) error {
		if !events.ValidStream(stream) {
			return nil
		}
		if err := s.retry(ctx, func() error { return s.checkMetadata(ctx, stream) }); err != nil {
			return err
		}
		if after >= never {
			return nil
		}
		r := &streamRead{s: s, stream: stream, out: out, at: after}
		return s.run(ctx, &scan{from: r.from, take: r.take})
	})
}

// streamRead is the state of a read of one stream.
type streamRead struct {
	s      *Store
	stream events.StreamID
	out    *tap
	at     uint64 // the last revision taken
}

func (r *streamRead) from() source {
	name, from := r.s.name(r.stream), esdb.Revision(r.at)
	return func(ctx context.Context, l *link) (func() (item, error), func(), error) {
		in, err := l.client.ReadStream(ctx, name, esdb.ReadStreamOptions{Direction: esdb.Forwards, From: from},
			math.MaxUint64)
		if err != nil {
			return nil, nil, err
		}
		recv, stop := readOf(in)
		return func() (item, error) {
			it, err := recv()
			switch {
			case err != nil && fateOf(err) == missing:
				return item{end: true}, nil
			case err != nil && fateOf(err) == gone:
				return item{}, tombstoned(r.stream)
			}
			return it, err
		}, stop, nil
	}
}

func (r *streamRead) take(ctx context.Context, it item) (bool, error) {
	if it.end {
		if r.at < r.s.headSeen(r.stream) {
			return false, r.s.shorter(ctx, r.stream)
		}
		return true, nil
	}
	e := it.event
	if e == nil || e.EventNumber < r.at {
		return false, nil
	}
	if e.EventNumber > r.at {
		return false, r.s.doubted(ctx, r.stream, r.at+1, e.EventNumber+1)
	}
	if genuine(e) {
		if more, err := r.out.hand(r.stream, e); !more {
			return true, err
		}
	}
	r.at = e.EventNumber + 1
	return false, nil
}

// shorter returns the error for a stream that ends before an event already seen: it was cut, or the node is behind.
func (s *Store) shorter(ctx context.Context, stream events.StreamID) error {
	if err := s.checkMetadata(ctx, stream); err != nil {
		return err
	}
	return ErrBehind
}
