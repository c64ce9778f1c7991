package ledger

import (
	"context"
	"errors"
	"iter"
	"os"
	"runtime/debug"
	"sync"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// The maximum number and size of stored events that one goroutine decodes at a time.
const (
	decodeBatch = 256
	decodeBytes = 1 << 20
)

// decoded is one event read from the store: the event, or the error of decoding it.
type decoded struct {
	stored   events.Stored // without Bytes
	recorded events.Recorded
	err      error
}

// feed passes stored events to a sink, in order. An error of the sink ends it and is returned.
type feed func(sink func(events.Stored) error) error

// feedFrom passes the events of a read to a sink.
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

// rebuild applies all events of a feed, in order, to a new register. Breaks of the integrity of the ledger are in the
// register and in notices. Only a store that cannot be read is an error.
func rebuild(ctx context.Context, from feed, to notices) (*projections.Register, error) {
	r := projections.NewRegister()
	err := eachReplayed(ctx, from, func(d *decoded) error {
		to.apply(r, d)
		return nil
	})
	return r, err
}

// apply applies an event to a register, and gives notice of a break of the integrity of the ledger.
func (n notices) apply(r *projections.Register, d *decoded) {
	if d.err != nil {
		n.say(Failed, "event cannot be read", position(d.stored.Position), reason(d.err))
		r.ApplyBroken(d.stored, d.err)
	} else if err := r.Apply(&d.recorded); err != nil {
		n.say(Failed, "event breaks the ledger's integrity", position(d.stored.Position), reason(err))
	}
}

// decodedBatch holds some events, with the memory that their bodies share.
type decodedBatch struct {
	events   []decoded
	bodies   []byte
	replayer *events.Replayer
}

// batches keeps used batches for reuse.
var batches = sync.Pool{New: func() any {
	return &decodedBatch{events: make([]decoded, 0, decodeBatch), replayer: events.NewReplayer(decodeBatch)}
}}

// add copies an event, because the event is valid only until the sink returns.
func (b *decodedBatch) add(s events.Stored) {
	from := len(b.bodies)
	b.bodies = append(b.bodies, s.Body...) // if append reallocates, earlier bodies keep the old memory
	s.Body, s.Bytes = b.bodies[from:len(b.bodies):len(b.bodies)], nil
	b.events = b.events[:len(b.events)+1]
	b.events[len(b.events)-1].stored = s // decoding sets the rest
}

// eachReplayed decodes the events of a feed on all processors, as Replayer does, and passes them to sink in order.
// They are valid only until sink returns.
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

// done puts the batch back for reuse.
func (b *decodedBatch) done() {
	b.replayer.Reset()
	b.events, b.bodies = b.events[:0], b.bodies[:0]
	batches.Put(b)
}

// errEnough ends a feed early without an error of the caller.
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

// replay decodes the parts of the events that the aggregates need; see events.Replayer.
func (b *decodedBatch) replay() *decodedBatch {
	for i := range b.events {
		d := &b.events[i]
		d.err = b.replayer.Decode(&d.stored, &d.recorded)
	}
	return b
}

// openingHeapGrowth is the percentage by which the heap may grow between collections while a ledger opens. Nearly all
// memory allocated then stays in use, so collecting frees little. A larger value takes more memory and saves no
// measurable time.
const openingHeapGrowth = 80

// opening counts the ledgers that are being opened, and holds the value of GOGC before the first of them.
var opening struct {
	sync.Mutex
	ledgers, growth int
}

// collectRarely lets the heap grow by openingHeapGrowth until the returned function is called. It does nothing if
// GOGC is set in the environment.
func collectRarely() (done func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	opening.Lock()
	defer opening.Unlock()
	if opening.ledgers++; opening.ledgers == 1 {
		if opening.growth = debug.SetGCPercent(openingHeapGrowth); opening.growth < 0 ||
			opening.growth > openingHeapGrowth {
			debug.SetGCPercent(opening.growth) // GOGC was larger
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
