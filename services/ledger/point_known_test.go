package ledger_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
)

// counting is a store that counts the events that it returns.
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

func (s counting) ReadStream(ctx context.Context, stream events.StreamID,
	after uint64) iter.Seq2[events.Stored, error] {
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

func TestPointsThatMeanTheSamePositionShareWhatWasKnown(t *testing.T) {
	l, _ := newLedger(t) // a second between two events
	write(t, l, "registered", registered)
	at := write(t, l, "granted", granted)
	write(t, l, "received", received)
	known := func(p ledger.Point) *projections.Register {
		t.Helper()
		r, err := l.KnownAt(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := known(ledger.Point{Position: at.Position})
	if first == l.Register() || first.Position() != at.Position {
		t.Fatalf("got position %d", first.Position())
	}
	for _, p := range []ledger.Point{{At: at.RecordedAt}, {At: at.RecordedAt.Add(1)}, {Position: at.Position}} {
		if known(p) != first {
			t.Errorf("%+v is built anew", p)
		}
	}
}

func TestWhatIsKnownNowIsAskedOfTheReadModelsThatFollowEveryWrite(t *testing.T) {
	l, _ := newLedger(t)
	write(t, l, "registered", registered)
	now := ledger.Point{Position: write(t, l, "granted", granted).Position}
	var asked []*projections.Register
	ask := func(r *projections.Register) error { asked = append(asked, r); return nil }
	if err := l.Known(t.Context(), now, ask); err != nil || len(asked) != 1 || asked[0] != l.Register() {
		t.Errorf("asked %d, %v", len(asked), err)
	}
	asked = nil
	said := ""
	err := l.Known(t.Context(), now, func(r *projections.Register) error {
		if asked = append(asked, r); len(asked) == 1 {
			write(t, l, "received", received) // the ledger moves
		}
		said = fmt.Sprint(r.Position(), answers(r))
		return nil
	})
	fresh, _ := newLedger(t)
	write(t, fresh, "registered", registered)
	write(t, fresh, "granted", granted)
	if want := fmt.Sprint(now.Position, answers(fresh.Register())); err != nil || len(asked) != 2 || said != want {
		t.Errorf("asked %d, %v, said\n%s\nwant\n%s", len(asked), err, said, want)
	}
	asked = nil
	if err := l.Known(t.Context(), now, ask); err != nil || len(asked) != 1 || asked[0] == l.Register() {
		t.Errorf("afterwards asked %d, %v", len(asked), err)
	}
}

// The test asks for many positions at once, and compares the answers with ledgers that end there.
func TestManyAskOfThePastWhileOthersWrite(t *testing.T) {
	const last = 12
	l, _ := newLedger(t)
	want := make([]string, last+1)
	tails := []string{registered, granted, received}
	for n := range last {
		name, tail := fmt.Sprint(n), spent
		if n < len(tails) {
			tail = tails[n]
		}
		tail = strings.NewReplacer(`"V1"`, fmt.Sprintf(`"V%d"`, n), "40000", "100").Replace(tail)
		p := write(t, l, name, tail).Position
		if p <= last {
			want[p] = answers(l.Register())
		}
	}
	var all sync.WaitGroup
	all.Go(func() {
		for n := range 100 {
			tail := strings.NewReplacer(`"V1"`, fmt.Sprintf(`"W%d"`, n), "40000", "1").Replace(spent)
			if _, err := l.Record(t.Context(), record(t, tail, tail), importer); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 6 {
		all.Go(func() {
			for n := range 20 {
				p := uint64(2 + (7*n+3*i)%(last-1))
				err := l.Known(t.Context(), ledger.Point{Position: p}, func(r *projections.Register) error {
					if got := answers(r); got != want[p] {
						t.Errorf("at position %d\n%s\nwant\n%s", p, got, want[p])
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
