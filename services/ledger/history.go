package ledger

import (
	"context"
	"fmt"
	"iter"

	"github.com/taizhang/taizhang/events"
)

// Span is a part of the history: the events of one stream or of all streams, after one position and up to another.
type Span struct {
	Stream events.StreamID // "" for all
	After  uint64
	UpTo   uint64
	Sees   func(events.StreamID) bool // if Stream is "": selects the streams; nil for all
	// if Stream is "": read only these, one after another; nil for all in the order of positions
	Streams []events.StreamID
}

// Search calls keep with every stored event of a span, on all processors. It passes the results that keep selects to
// sink, on the caller's goroutine and in the order of positions, or stream by stream if the span lists its streams.
// It decodes nothing, because decoding takes many times as long as reading. The event is valid until keep returns,
// and lacks Bytes.
func Search[T any](ctx context.Context, l *Ledger, of Span, keep func(*events.Stored) (T, bool),
	sink func(T) error) error {
	from := func(show func(events.Stored) error) error { return feedFrom(l.read(ctx, of), show) }
	work := func(b *decodedBatch) (kept []T) {
		for i := range b.events {
			if v, ok := keep(&b.events[i].stored); ok {
				kept = append(kept, v)
			}
		}
		b.done()
		return kept
	}
	err := inOrder(ctx, inBatches(from), work, func(kept []T) error {
		for _, v := range kept {
			if err := sink(v); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger: search history: %w", err)
	}
	return nil
}

// read yields the events of a span.
func (l *Ledger) read(ctx context.Context, of Span) iter.Seq2[events.Stored, error] {
	if of.Streams == nil {
		return l.readAfter(ctx, of, 0)
	}
	return func(yield func(events.Stored, error) bool) {
		for _, stream := range of.Streams {
			for s, err := range l.readAfter(ctx, Span{Stream: stream, After: of.After, UpTo: of.UpTo}, 0) {
				if !yield(s, err) || err != nil {
					return
				}
			}
		}
	}
}

// readAfter does the same as read for one stream. The span is known to begin after the revision.
func (l *Ledger) readAfter(ctx context.Context, of Span, revision uint64) iter.Seq2[events.Stored, error] {
	all := l.store.ReadAll(ctx, of.After)
	if of.Stream != "" {
		all = l.store.ReadStream(ctx, of.Stream, revision)
	}
	return func(yield func(events.Stored, error) bool) {
		for s, err := range all {
			if err == nil && s.Position > of.UpTo {
				return
			}
			if err == nil && (s.Position <= of.After || of.Sees != nil && !of.Sees(s.Stream)) {
				continue
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

// At returns a copy of the stored event at a position. It is an error if no event lies there.
func (l *Ledger) At(ctx context.Context, position uint64) (events.Stored, error) {
	for s, err := range l.store.ReadAll(ctx, max(position, 1)-1) {
		if err != nil {
			return s, fmt.Errorf("ledger: read position %d: %w", position, err)
		}
		if s.Position == position {
			s.Body, s.Bytes = append([]byte(nil), s.Body...), append([]byte(nil), s.Bytes...)
			return s, nil
		}
		break
	}
	return events.Stored{}, fmt.Errorf("ledger: read position %d: no event lies there", position)
}
