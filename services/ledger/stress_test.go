package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

// sparse is a store whose positions have gaps, like those of a cluster, and whose subscriptions are late by a random
// number of turns. Some appends end with an unknown outcome, before or after they are stored.
type sparse struct {
	events.Store
	mu     sync.Mutex
	random *rand.Rand
	doubts bool // whether there are unknown outcomes
}

const sparseness = 7

func (s *sparse) roll(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.IntN(n)
}

func (s *sparse) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	fate := 2
	if s.doubts {
		fate = s.roll(200)
	}
	if fate == 0 {
		return nil, events.ErrUnknown
	}
	places, err := s.Store.Append(ctx, stream, expected, batch)
	if fate == 1 && err == nil {
		return nil, events.ErrUnknown
	}
	for i := range places {
		places[i].Position *= sparseness
	}
	for range s.roll(20) {
		runtime.Gosched()
	}
	return places, err
}

func (s *sparse) spread(read iter.Seq2[events.Stored, error], late bool) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		for e, err := range read {
			e.Position *= sparseness
			for range s.roll(40) {
				if late {
					runtime.Gosched()
				}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (s *sparse) ReadStream(ctx context.Context, stream events.StreamID,
	after uint64) iter.Seq2[events.Stored, error] {
	return s.spread(s.Store.ReadStream(ctx, stream, after), false)
}

func (s *sparse) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return s.spread(s.Store.ReadAll(ctx, after/sparseness), false)
}

func (s *sparse) Subscribe(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return s.spread(s.Store.Subscribe(ctx, after/sparseness), true)
}

// said is the result of a record that its writer got.
type said struct {
	id     uuid.UUID
	result ledger.Result
	err    error
}

// Several ledgers over one store are written to, some on the same centers, with contexts that end at any moment,
// imports beside single records, and unknown outcomes. Every result must be true, all read models must equal the log,
// and no record may stay announced.
func TestWhatWritersAreToldIsSoWhateverHappens(t *testing.T) {
	seeds := uint64(30)
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			store := &sparse{Store: memstore.New(ticking()), random: rand.New(rand.NewPCG(seed, 0)),
				doubts: seed%3 == 0}
			ledgers := []*ledger.Ledger{open(t, store), open(t, store)}
			var mu sync.Mutex
			var all []said
			tell := func(s said) {
				mu.Lock()
				defer mu.Unlock()
				all = append(all, s)
			}
			var wg sync.WaitGroup
			for w := range 8 {
				random := rand.New(rand.NewPCG(seed, uint64(w)+1))
				wg.Go(func() { writes(t, ledgers[w%2], w, random, tell) })
			}
			wg.Wait()
			soundLog(t, store, all, ledgers)
		})
	}
}

// writes records the life of a center that another writer shares, with batches and imports in between.
func writes(t *testing.T, l *ledger.Ledger, w int, random *rand.Rand, tell func(said)) {
	center := fmt.Sprintf("ZJ-%04d", w/2)
	tails := []string{registered, granted, received, spent, fined, overspent}
	name := func(i int) string {
		if i < 2 {
			return fmt.Sprint(center, i) // both writers bring the same
		}
		return fmt.Sprint(w, " ", i)
	}
	for i, tail := range tails {
		ctx, cancel := context.WithCancel(t.Context())
		if random.IntN(3) == 0 {
			turns := random.IntN(60)
			go func() {
				for range turns {
					runtime.Gosched()
				}
				cancel()
			}()
		}
		rec := ofCenter(t, center, name(i), tail)
		switch random.IntN(4) {
		case 0:
			path := file(t, string(fmt.Appendf(nil, `{"id":"%s","center":"%s",%s}`, rec.ID, center, tail)))
			report, err := l.Import(ctx, ledger.ImportConfig{Account: importer, Files: ledgertest.Files(t, path)})
			if err == nil && report.Accepted+report.Repeated == 0 {
				err = &aggregates.Refusal{}
			}
			tell(said{id: rec.ID, err: err})
		case 1:
			records := []*events.Record{rec}
			if i+1 < len(tails) { // which is brought again alone
				records = append(records, ofCenter(t, center, name(i+1), tails[i+1]))
			}
			answer, err := l.Batch(ctx, records, importer, ledger.Terms{})
			for k, rec := range records {
				s := said{id: rec.ID, err: err}
				if err == nil {
					s.result = answer.Results[k]
				}
				tell(s)
			}
			if err == nil && l.Register().Position() < answer.Position {
				t.Errorf("the batch of %s is not applied", name(i))
			}
		default:
			result, err := l.Record(ctx, rec, importer)
			if err == nil && l.Register().Position() < result.Position {
				t.Errorf("%s is not applied", name(i))
			}
			tell(said{rec.ID, result, err})
		}
		cancel()
	}
}

// soundLog fails unless the log matches the results of the writers, and the ledgers answer like one that is opened
// now.
func soundLog(t *testing.T, store events.Store, all []said, ledgers []*ledger.Ledger) {
	t.Helper()
	places := map[uuid.UUID]events.Place{}
	lastAt := map[time.Time]uint64{} // the records of a batch have one instant
	var last uint64
	for e, err := range store.ReadAll(t.Context(), 0) {
		if _, twice := places[e.ID]; err != nil || twice {
			t.Fatalf("position %d holds %s again, %v", e.Position, e.ID, err)
		}
		places[e.ID], last, lastAt[e.RecordedAt] = e.Place, e.Position, e.Position
	}
	accepted, doubtful := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, s := range all {
		place, there := places[s.id]
		switch {
		case s.err == nil && (!there || s.result.Position != 0 && s.result.Place != place):
			t.Errorf("%s was told to lie at %+v, and lies at %+v", s.id, s.result.Place, place)
		case s.err == nil:
			accepted[s.id] = true
		case errors.Is(s.err, ledger.ErrStopped):
			doubtful[s.id] = true
		}
	}
	for _, s := range all {
		if _, there := places[s.id]; there && !accepted[s.id] && !doubtful[s.id] {
			t.Errorf("%s was told not to be written (%v) and is", s.id, s.err)
		}
	}
	want := answers(open(t, store).Register())
	for i, l := range ledgers {
		reached(t, l, last)
		if got := answers(l.Register()); got != want {
			t.Errorf("ledger %d answers otherwise than one opened now", i)
		}
		if n := l.Announced(); n != 0 {
			t.Errorf("ledger %d still has %d records announced", i, n)
		}
		known, err := l.KnownAt(t.Context(), ledger.Point{Position: l.Register().Position()})
		if err != nil || answers(known) != want {
			t.Errorf("known at its position it answers otherwise, %v", err)
		}
		for id, place := range places {
			found, err := l.PositionAt(t.Context(), ledger.Point{At: place.RecordedAt}, last)
			if want := lastAt[place.RecordedAt]; err != nil || found != want {
				// the clock never stands still between batches
				t.Errorf("%s lies before %d, and %d is found, %v", id, want, found, err)
			}
		}
	}
}
