package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/taizhang/taizhang/events"
)

// The maximum number and size of the stored events that Walk keeps in memory.
const (
	pieceEvents = 1024
	pieceBytes  = 1 << 20
)

// Walk calls each with the stored events of a span, in the order of positions. It reads the store in pieces, and no
// read is open while each runs, so each may be slow. An event is valid until each returns. Walk stops before events
// that are not applied yet. An error of each ends the walk and is returned unchanged. The span must not list streams.
func (l *Ledger) Walk(ctx context.Context, of Span, each func(*events.Stored) error) error {
	of.UpTo = min(of.UpTo, l.register.Position())
	p := piece{after: of.After}
	for more := true; more; {
		var err error
		of.After = p.after
		if more, err = p.fill(l.readAfter(ctx, of, p.revision)); err != nil {
			return fmt.Errorf("ledger: read history: %w", err)
		}
		for i := range p.events {
			if err := each(&p.events[i]); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// Follow calls each with all events after a position, of the streams for which sees returns true (nil for all). At
// the end it waits for more, until ctx ends, whose error it returns, or the ledger closes. It holds no lock or read
// of the ledger while it waits or while each runs.
func (l *Ledger) Follow(ctx context.Context, after uint64, sees func(events.StreamID) bool,
	each func(*events.Stored) error) error {
	for {
		upTo := l.register.Position()
		if err := l.Walk(ctx, Span{After: after, UpTo: upTo, Sees: sees}, each); err != nil {
			return err
		}
		after = max(after, upTo)
		if err := l.Reaches(ctx, after+1); err != nil {
			return err
		}
	}
}

// Reaches waits until all events up to a position are applied. If ctx ends first, it returns the error of ctx. The
// position of a read-only ledger does not grow.
func (l *Ledger) Reaches(ctx context.Context, position uint64) error {
	reached := func() bool { return l.register.Position() >= position }
	switch {
	case reached():
		return nil
	case l.applier == nil:
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return l.applier.await(ctx, reached)
}

// piece is some consecutive stored events, copied from the store.
type piece struct {
	events   []events.Stored
	bytes    []byte // the memory of all events; overwritten by each fill
	after    uint64 // the position of the last one
	revision uint64 // the revision of the last one
}

var errFull = errors.New("full")

// fill replaces the events of the piece by the next ones of a read, and reports whether there may be more after them.
func (p *piece) fill(read iter.Seq2[events.Stored, error]) (more bool, err error) {
	p.events, p.bytes = p.events[:0], p.bytes[:0]
	err = feedFrom(read, func(s events.Stored) error {
		p.after, p.revision = s.Position, s.Revision
		s.Body, s.Bytes = p.keep(s.Body), p.keep(s.Bytes)
		if p.events = append(p.events, s); len(p.events) == pieceEvents || len(p.bytes) >= pieceBytes {
			return errFull
		}
		return nil
	})
	if errors.Is(err, errFull) {
		return true, nil
	}
	return false, err
}

// keep copies bytes of an event. Earlier copies keep their memory if the buffer is reallocated.
func (p *piece) keep(b []byte) []byte {
	from := len(p.bytes)
	p.bytes = append(p.bytes, b...)
	return p.bytes[from:len(p.bytes):len(p.bytes)]
}
