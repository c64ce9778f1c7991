package ledger_test

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/ledger"
)

// counting is a store that counts the events it hands out.
type counting struct {
	*memstore.Store
	read *int
}

func (s counting) counted(read iter.Seq2[events.Stored, error]) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		for e, err := range read {
			if *s.read++; !yield(e, err) {
				return
			}
		}
	}
}

func (s counting) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return s.counted(s.Store.ReadAll(ctx, after))
}

func (s counting) ReadStream(ctx context.Context, stream events.StreamID, after uint64) iter.Seq2[events.Stored, error] {
	return s.counted(s.Store.ReadStream(ctx, stream, after))
}

func TestWhatWasKnownOfOneCenterIsReadFromItsStreamAndThePolicies(t *testing.T) {
	store := memstore.New(ticking())
	open(t, store)
	read := 0
	l := open(t, counting{store, &read})
	write(t, l, "registered", registered)
	write(t, l, "granted", granted)
	for i := range 200 {
		center := fmt.Sprintf("ZJ-B%03d", i)
		if _, err := l.Record(t.Context(), ofCenter(t, center, center, registered), importer); err != nil {
			t.Fatal(err)
		}
	}
	last := write(t, l, "received", received)
	for _, p := range []ledger.Point{{Position: 100}, {At: last.RecordedAt.Add(-1)}, {Position: last.Position}} {
		read = 0
		r, err := l.KnownAtOf(t.Context(), p, "ZJ-0001")
		if err != nil {
			t.Fatal(err)
		}
		want := uint64(2)
		if p.Position == last.Position {
			want = 3
		}
		if got := r.Revision("center-ZJ-0001"); got != want {
			t.Errorf("%+v: %d events of the center are known", p, got)
		}
		if read > 20 { // the two streams, and ten to find an instant
			t.Errorf("%+v: %d events were read", p, read)
		}
	}
}
