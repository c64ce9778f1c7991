package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

// ofCenter returns a record of a center from the tail of its JSON.
func ofCenter(t testing.TB, center, name, tail string) *events.Record {
	t.Helper()
	rec, problems := events.DecodeRecord(fmt.Appendf(nil, `{"id":"%s","center":"%s",%s}`, idOf(name), center, tail))
	if len(problems) > 0 {
		t.Fatalf("%s: %v", name, problems)
	}
	return rec
}

func TestAWriterSeesItsRecordAppliedAtThePositionThatItIsTold(t *testing.T) {
	l, _ := newLedger(t)
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			center := fmt.Sprintf("ZJ-%04d", w)
			for _, tail := range []string{registered, granted, received} {
				result, err := l.Record(t.Context(), ofCenter(t, center, center+tail, tail), importer)
				if err != nil {
					t.Errorf("%s: %v", center, err)
					return
				}
				if l.Register().Position() < result.Position ||
					l.Register().Revision(events.CenterID(center).Stream()) != result.Revision {
					t.Errorf("%s: %+v is not applied", center, result)
				}
			}
		})
	}
	wg.Wait()
	if got := l.Register().Position(); got != 1+64*3 {
		t.Errorf("the position is %d", got)
	}
}

func TestWhatIsAskedWhileOthersWriteIsOfOnePosition(t *testing.T) {
	l, _ := newLedger(t)
	if _, err := l.Record(t.Context(), ledger.Adoption(policy.Builtin()), importer); err != nil {
		// before it there is no position to ask at
		t.Fatal(err)
	}
	on := events.MustDate("2026-10-31")
	said := map[uint64]string{}
	asked := make(chan struct{})
	ask := func() {
		l.Register().Exactly(func(position uint64) { said[position] = exactly(l.Register(), on) })
	}
	go func() {
		defer close(asked)
		for l.Register().Position() < 1+32*4 {
			ask()
		}
	}()
	var wg sync.WaitGroup
	for w := range 32 {
		wg.Go(func() {
			center := fmt.Sprintf("ZJ-%04d", w)
			for _, tail := range []string{registered, granted, received, spent} {
				if _, err := l.Record(t.Context(), ofCenter(t, center, center+tail, tail), importer); err != nil {
					t.Errorf("%s: %v", center, err)
				}
			}
		})
	}
	wg.Wait()
	<-asked
	ask()
	for position, was := range said {
		known, err := l.KnownAt(t.Context(), ledger.Point{Position: position})
		if err != nil {
			t.Fatal(err)
		}
		if is := exactly(known, on); is != was {
			t.Errorf("position %d: asked while others wrote\n%s\nknown at it\n%s", position, was, is)
		}
	}
}

func exactly(r *projections.Register, on events.Date) string {
	return fmt.Sprintf("%d %+v %+v %+v", r.Position(), slices.Collect(r.Centers(on)),
		slices.Collect(r.Alerts(on, projections.AlertFilter{})),
		slices.Collect(r.Executions(on, projections.ExecutionFilter{})))
}

func TestWhatAnotherWriterAppendsIsAppliedWithoutBeingAskedFor(t *testing.T) {
	one, store := newLedger(t)
	two := open(t, store)
	write(t, one, "registered", registered)
	report, bad := imports(t, one,
		ledger.ImportConfig{
			Files: ledgertest.Files(t,
				file(t, line("granted", granted), line("received", received), line("spent", spent)))})
	if report.Accepted != 3 {
		t.Fatalf("got %+v, %+v", report, bad)
	}
	result := write(t, two, "spent again", strings.Replace(spent, "V1", "V2", 1))
	if result.Revision != 5 || result.Position != 6 {
		t.Errorf("got %+v", result)
	}
	if got, want := answers(two.Register()), answers(reopened(t, store)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func reopened(t *testing.T, store events.Store) *projections.Register {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, ledger.Config{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	return l.Register()
}

// unfollowed is a store whose subscriptions fail after some events.
type unfollowed struct {
	*memstore.Store
	after int
}

func (s unfollowed) Subscribe(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		left := s.after
		for e, err := range s.Store.Subscribe(ctx, after) {
			if left--; left < 0 {
				yield(events.Stored{}, errAway)
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

var errAway = errors.New("away")

func TestASubscriptionThatFailsEndsWritingAndSaysWhy(t *testing.T) {
	store := unfollowed{memstore.New(ticking()), 2}
	l := open(t, store)
	write(t, l, "registered", registered)
	if _, err := l.Record(t.Context(), record(t, "granted", granted), importer); !errors.Is(err, ledger.ErrStopped) ||
		!errors.Is(err, errAway) {
		t.Errorf("got %v", err)
	}
	if _, err := l.Record(t.Context(), record(t, "received", received), importer); !errors.Is(err, ledger.ErrStopped) {
		t.Errorf("a second write got %v", err)
	}
	if got := l.Register().Position(); got != 2 {
		t.Errorf("the position is %d", got)
	}
}

func TestAClosedLedgerAppliesNothingMore(t *testing.T) {
	one, store := newLedger(t)
	two := open(t, store)
	two.Close()
	write(t, one, "registered", registered)
	if got := two.Register().Position(); got != 0 {
		t.Errorf("the position is %d", got)
	}
}
