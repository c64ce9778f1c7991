package ledger

import (
	"context"
	"errors"
	"iter"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// decodeBatch is how many stored events one goroutine decodes at a time.
const decodeBatch = 256

// decoded is one event read from the store: the event, or why it could not be read.
type decoded struct {
	stored   events.Stored // without Bytes
	recorded events.Recorded
	err      error
}

// feed hands stored events to a sink, in order; an error of the sink ends it and is its error.
type feed func(sink func(events.Stored) error) error

// feedFrom feeds what a read yields.
func feedFrom(read iter.Seq2[events.Stored, error], sink func(events.Stored) error) error {
	for s, err := range read {
		if err != nil {
			return err
		}
		if err := sink(s); err != nil {
			return err
		}
	}
	return nil
}

// rebuild applies everything fed, in order, to a new register. What breaks the ledger's integrity is in the register
// and in the log; only a store that cannot be read is an error.
func rebuild(ctx context.Context, from feed, log *zap.Logger) (*projections.Register, error) {
	r := projections.NewRegister()
	err := eachDecoded(ctx, from, func(d *decoded) error {
		if d.err != nil {
			log.Error("event cannot be read", zap.Uint64("position", d.stored.Position), zap.Error(d.err))
			r.ApplyBroken(d.stored, d.err)
		} else if err := r.Apply(&d.recorded); err != nil {
			log.Error("event breaks the ledger's integrity", zap.Uint64("position", d.stored.Position), zap.Error(err))
		}
		return nil
	})
	return r, err
}

// upTo ends a read before the first event that was recorded after an instant. RecordedAt never decreases, so that
// is the prefix up to the last position known then.
func upTo(read iter.Seq2[events.Stored, error], knownAt time.Time) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		for s, err := range read {
			if err == nil && s.RecordedAt.After(knownAt) || !yield(s, err) {
				return
			}
		}
	}
}

// all feeds everything in the store.
func (l *Ledger) all(ctx context.Context) feed {
	return func(sink func(events.Stored) error) error { return feedFrom(l.store.ReadAll(ctx, 0), sink) }
}

// eachDecoded decodes what is fed on all processors and hands the events to sink in order.
func eachDecoded(ctx context.Context, from feed, sink func(*decoded) error) error {
	return inOrder(ctx, inBatches(from), decodeAll, func(batch []decoded) error {
		for i := range batch {
			if err := sink(&batch[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// errEnough ends a feed of which no more is wanted.
var errEnough = errors.New("enough")

// inBatches copies what is fed, which is valid only until the sink returns.
func inBatches(from feed) iter.Seq2[[]decoded, error] {
	return func(yield func([]decoded, error) bool) {
		batch := make([]decoded, 0, decodeBatch)
		err := from(func(s events.Stored) error {
			s.Body, s.Bytes = append([]byte(nil), s.Body...), nil
			if batch = append(batch, decoded{stored: s}); len(batch) < decodeBatch {
				return nil
			}
			if !yield(batch, nil) {
				return errEnough
			}
			batch = make([]decoded, 0, decodeBatch)
			return nil
		})
		switch {
		case errors.Is(err, errEnough):
		case err != nil:
			yield(nil, err)
		case len(batch) > 0:
			yield(batch, nil)
		}
	}
}

func decodeAll(batch []decoded) []decoded {
	for i := range batch {
		d := &batch[i]
		d.recorded, d.err = events.DecodeEvent(d.stored)
	}
	return batch
}
