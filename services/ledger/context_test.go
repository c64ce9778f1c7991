package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/storetest"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

// leaving is a store whose callers cancel while it appends. It calls gone before each append. As in a cluster, an
// append whose context ends has an unknown outcome.
type leaving struct {
	events.Store
	gone func(events.StreamID)
}

func (s *leaving) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	s.gone(stream)
	if _, bounded := ctx.Deadline(); ctx.Err() != nil || !bounded {
		return nil, events.ErrUnknown
	}
	return s.Store.Append(ctx, stream, expected, batch)
}

func TestAnAppendOutlivesItsCaller(t *testing.T) {
	var leave context.CancelFunc
	inner := memstore.New(ticking())
	l := open(t, &leaving{inner, func(s events.StreamID) {
		if s != events.PolicyStream {
			leave()
		}
	}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	leave = cancel
	if answer, err := l.Batch(ctx, named(t, registered, granted), importer, ledger.Terms{}); err != nil ||
		answer.Position != 3 {
		t.Errorf("got %+v, %v", answer, err)
	}
	if _, err := l.Batch(ctx, named(t, received), importer, ledger.Terms{}); !errors.Is(err, context.Canceled) ||
		errors.Is(err, ledger.ErrStopped) || count(t, inner) != 3 {
		t.Errorf("one that left before: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	leave = cancel
	report, err := l.Import(ctx, ledger.ImportConfig{
		Account: importer, Files: ledgertest.Files(t, file(t, line(received, received), line(spent, spent)))})
	if err != nil || report.Accepted != 2 {
		t.Errorf("an import: %+v, %v", report, err)
	}
	write(t, l, fined, fined)
}

// An append of unknown outcome stops the ledger even if nobody waits for it.
func TestAnUnknownOutcomeStopsTheLedgerThoughItsCallerLeft(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FailedNotStored, storetest.FailedButStored} {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		inner := memstore.New(ticking())
		l := open(t, &storetest.Faulty{Store: inner, Plan: func(n int64) storetest.Fault {
			if n < 3 {
				return storetest.Works
			}
			leave()
			return fault
		}})
		write(t, l, registered, registered)
		if _, err := l.Batch(ctx, named(t, granted, received), importer, ledger.Terms{}); !errors.Is(err,
			ledger.ErrStopped) {
			t.Errorf("fault %d: got %v", fault, err)
		}
		if _, err := l.Batch(t.Context(), named(t, granted), importer, ledger.Terms{}); !errors.Is(err,
			ledger.ErrStopped) {
			t.Errorf("fault %d: then %v", fault, err)
		}
	}
}

func TestWhoWaitsForAStreamMayLeave(t *testing.T) {
	appending, free := make(chan struct{}), make(chan struct{})
	l := open(t, &leaving{memstore.New(ticking()), func(s events.StreamID) {
		if s == "center-ZJ-0001" {
			close(appending)
			<-free
		}
	}})
	first := make(chan error)
	go func() {
		_, err := l.Record(t.Context(), record(t, registered, registered), importer)
		first <- err
	}()
	<-appending
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if _, err := l.Record(ctx, record(t, granted, granted), importer); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := l.Record(t.Context(), ofCenter(t, "ZJ-0002", "another", registered), importer); err != nil {
		t.Errorf("another stream: %v", err)
	}
	close(free)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if n := l.Locks(); n != 0 {
		t.Errorf("%d locks are kept", n)
	}
}

// watched is a store that counts the open reads of streams.
type watched struct {
	events.Store
	open atomic.Int64
}

func (s *watched) ReadStream(ctx context.Context, stream events.StreamID,
	after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		s.open.Add(1)
		defer s.open.Add(-1)
		for e, err := range s.Store.ReadStream(ctx, stream, after) {
			if !yield(e, err) {
				return
			}
		}
	}
}

func TestAStoryHoldsNothingOpenWhileItIsTold(t *testing.T) {
	store := &watched{Store: memstore.New(ticking())}
	l := open(t, store)
	batch(t, l, registered, granted, received)
	var many []*events.Record
	for i := range 600 {
		many = append(many, named(t, voucher(fmt.Sprint("S", i), 1))...)
	}
	if _, err := l.Batch(t.Context(), many, importer, ledger.Terms{}); err != nil {
		t.Fatal(err)
	}
	var revisions []uint64
	end, err := l.Story(t.Context(), "ZJ-0001", events.MustDate("2026-01-01"), ledger.Point{},
		func(c *projections.Chapter) error {
			if revisions = append(revisions, c.Event.Revision); store.open.Load() != 0 {
				t.Fatalf("a read is open at revision %d", c.Event.Revision)
			}
			if c.Event.Revision == 300 { // others write meanwhile
				write(t, l, fined, fined)
			}
			return nil
		})
	if err != nil || len(revisions) != 603 || revisions[602] != 603 || end.State.Events != 603 {
		t.Errorf("%d chapters, %v", len(revisions), err)
	}
	stop := errors.New("stop")
	if _, err := l.Story(t.Context(), "ZJ-0001", events.MustDate("2026-01-01"), ledger.Point{Position: 3},
		func(c *projections.Chapter) error {
			if c.Event.Position == 3 {
				return stop
			}
			return nil
		}); err != stop {
		t.Errorf("an error of each: %v", err)
	}
}
