package ledger

import (
	"context"
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

// rebuild applies everything stored, in order, to a new register: the prefix up to an instant, or all of it if the
// instant is zero. What breaks the ledger's integrity is in the register and in the log; only a store that cannot be
// read is an error.
func rebuild(ctx context.Context, store events.Store, knownAt time.Time, log *zap.Logger) (*projections.Register, error) {
	r := projections.NewRegister()
	err := eachDecoded(ctx, upTo(store.ReadAll(ctx, 0), knownAt), func(d *decoded) error {
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
	if knownAt.IsZero() {
		return read
	}
	return func(yield func(events.Stored, error) bool) {
		for s, err := range read {
			if err == nil && s.RecordedAt.After(knownAt) || !yield(s, err) {
				return
			}
		}
	}
}

// eachDecoded decodes a read of the store on all processors and hands the events to sink in order.
func eachDecoded(ctx context.Context, read iter.Seq2[events.Stored, error], sink func(*decoded) error) error {
	return inOrder(ctx, inBatches(read), decodeAll, func(batch []decoded) error {
		for i := range batch {
			if err := sink(&batch[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// inBatches copies what a read yields, which is valid only until its next step.
func inBatches(read iter.Seq2[events.Stored, error]) iter.Seq2[[]decoded, error] {
	return func(yield func([]decoded, error) bool) {
		batch := make([]decoded, 0, decodeBatch)
		for s, err := range read {
			if err != nil {
				yield(nil, err)
				return
			}
			s.Body, s.Bytes = append([]byte(nil), s.Body...), nil
			if batch = append(batch, decoded{stored: s}); len(batch) < decodeBatch {
				continue
			}
			if !yield(batch, nil) {
				return
			}
			batch = make([]decoded, 0, decodeBatch)
		}
		if len(batch) > 0 {
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
