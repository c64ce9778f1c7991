package ledger

import (
	"context"
	"errors"
	"iter"
	"os"
	"runtime/debug"
	"sync"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// decodeBatch and decodeBytes bound how many stored events one goroutine decodes at a time.
const (
	decodeBatch = 256
	decodeBytes = 1 << 20
)

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
	err := eachReplayed(ctx, from, func(d *decoded) error {
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

// decodedBatch is some events, with the memory that their bodies share.
type decodedBatch struct {
	events   []decoded
	bodies   []byte
	replayer *events.Replayer
}

// batches keeps those that were worked off, to be filled again.
var batches = sync.Pool{New: func() any {
	return &decodedBatch{events: make([]decoded, 0, decodeBatch), replayer: events.NewReplayer(decodeBatch)}
}}

// add copies an event, which is valid only until the sink returns.
func (b *decodedBatch) add(s events.Stored) {
	from := len(b.bodies)
	b.bodies = append(b.bodies, s.Body...) // earlier bodies stay where they were if this moves
	s.Body, s.Bytes = b.bodies[from:len(b.bodies):len(b.bodies)], nil
	b.events = b.events[:len(b.events)+1]
	b.events[len(b.events)-1].stored = s // decoding sets the rest
}

// eachReplayed decodes what is fed on all processors, as Replayer does, and hands the events to sink in order. They are valid only
// until the sink returns.
func eachReplayed(ctx context.Context, from feed, sink func(*decoded) error) error {
	return inOrder(ctx, inBatches(from), (*decodedBatch).replay, func(b *decodedBatch) error {
		for i := range b.events {
			if err := sink(&b.events[i]); err != nil {
				return err
			}
		}
		b.done()
		return nil
	})
}

// done gives the batch back to be filled again.
func (b *decodedBatch) done() {
	b.replayer.Reset()
	b.events, b.bodies = b.events[:0], b.bodies[:0]
	batches.Put(b)
}

// errEnough ends a feed of which no more is wanted.
var errEnough = errors.New("enough")

func inBatches(from feed) iter.Seq2[*decodedBatch, error] {
	return func(yield func(*decodedBatch, error) bool) {
		b := batches.Get().(*decodedBatch)
		err := from(func(s events.Stored) error {
			if b.add(s); len(b.events) < decodeBatch && len(b.bodies) < decodeBytes {
				return nil
			}
			if !yield(b, nil) {
				return errEnough
			}
			b = batches.Get().(*decodedBatch)
			return nil
		})
		switch {
		case errors.Is(err, errEnough):
		case err != nil:
			yield(nil, err)
		case len(b.events) > 0:
			yield(b, nil)
		}
	}
}

func (b *decodedBatch) decode() *decodedBatch {
	for i := range b.events {
		d := &b.events[i]
		d.recorded, d.err = events.DecodeEvent(d.stored)
	}
	return b
}

// replay decodes what the aggregates need; see events.Replayer.
func (b *decodedBatch) replay() *decodedBatch {
	for i := range b.events {
		d := &b.events[i]
		d.err = b.replayer.Decode(&d.stored, &d.recorded)
	}
	return b
}

// openingHeapGrowth is by how many percent the heap may grow before it is collected while a ledger opens. Nearly all that
// is allocated then stays, so that collecting finds little. More than this takes memory and saves no time that can be measured.
const openingHeapGrowth = 80

// opening counts the ledgers that open, and holds the growth that was allowed before the first of them.
var opening struct {
	sync.Mutex
	ledgers, growth int
}

// collectRarely lets the heap grow by openingHeapGrowth until the function that it returns is called, unless GOGC in the
// environment says otherwise.
func collectRarely() (done func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	opening.Lock()
	defer opening.Unlock()
	if opening.ledgers++; opening.ledgers == 1 {
		if opening.growth = debug.SetGCPercent(openingHeapGrowth); opening.growth < 0 || opening.growth > openingHeapGrowth {
			debug.SetGCPercent(opening.growth) // more was allowed
		}
	}
	return func() {
		opening.Lock()
		defer opening.Unlock()
		if opening.ledgers--; opening.ledgers == 0 {
			debug.SetGCPercent(opening.growth)
		}
	}
}
