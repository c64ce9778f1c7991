package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

// hooked is a store that calls functions, unless nil: before an append, after a successful append, and with each
// event of a subscription, which they may change.
type hooked struct {
	events.Store
	before func(stream events.StreamID, batch []events.Proposed)
	after  func(places []events.Place)
	follow func(*events.Stored)
	bytes  int // that an append takes; 0 for as many as any store
}

func (h *hooked) Append(ctx context.Context, s events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	if h.before != nil {
		h.before(s, batch)
	}
	places, err := h.Store.Append(ctx, s, expected, batch)
	if err == nil && h.after != nil {
		h.after(places)
	}
	return places, err
}

func (h *hooked) Subscribe(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		for e, err := range h.Store.Subscribe(ctx, after) {
			if err == nil && h.follow != nil {
				h.follow(&e)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (h *hooked) AppendBytesMax() int {
	if h.bytes == 0 {
		return events.BatchBytesMax
	}
	return h.bytes
}

// reached waits until a position is applied.
func reached(t *testing.T, l *ledger.Ledger, position uint64) {
	t.Helper()
	for l.Register().Position() < position {
		if t.Context().Err() != nil {
			t.Fatal("the position is never reached")
		}
	}
}

// A stored record that cannot be applied is a break of its stream. The writer gets the error whether the applier or
// the answer of the store comes first.
func TestARecordThatCannotBeAppliedIsToldWhoeverIsFirst(t *testing.T) {
	for _, appliedFirst := range []bool{true, false} {
		t.Run(fmt.Sprint(appliedFirst), func(t *testing.T) {
			answered := make(chan struct{})
			store := &hooked{Store: memstore.New(ticking())}
			l := open(t, store)
			write(t, l, "registered", registered)
			store.follow = func(e *events.Stored) {
				if !appliedFirst {
					<-answered
				}
				e.Revision++
			}
			store.after = func(places []events.Place) {
				if appliedFirst {
					reached(t, l, places[0].Position)
				} else {
					close(answered)
				}
			}
			_, err := l.Record(t.Context(), record(t, "granted", granted), importer)
			if !errors.Is(err, ledger.ErrStopped) || !strings.Contains(err.Error(), "which is stored") {
				t.Errorf("got %v", err)
			}
			if n := len(l.Register().Breaks("center-ZJ-0001")); n != 1 {
				t.Errorf("the stream has %d breaks", n)
			}
		})
	}
}

// After a break the aggregate has fewer events than the stream, so the revisions of records are not known.
func TestTryingAnswersAsRecordDoesAfterABreak(t *testing.T) {
	store := &hooked{Store: memstore.New(ticking())}
	l := open(t, store)
	write(t, l, "registered", registered)
	write(t, open(t, store.Store), "granted", granted)
	reached(t, l, 3)
	store.follow = func(e *events.Stored) { e.Body = []byte(`{}`) }
	two := open(t, store.Store)
	write(t, two, "received", received)
	reached(t, l, 4)
	store.follow = nil
	write(t, two, "spent", spent)
	reached(t, l, 5)
	for _, name := range []string{"granted", "spent"} {
		rec := record(t, name, map[string]string{"granted": granted, "spent": spent}[name])
		_, err := l.Record(t.Context(), rec, importer)
		want := refusal(t, err).Breaches[0].Reason
		tried, err := l.Try(t.Context(), rec, importer, rec.On)
		if err != nil || tried.Repeated || len(tried.Against) == 0 || tried.Against[0].Reason != want {
			t.Errorf("%s: got %+v, %v; expected %v", name, tried, err, want)
		}
	}
}

func TestABreakWithinABatchOfAnImportIsTold(t *testing.T) {
	store := &hooked{Store: memstore.New(ticking())}
	l := open(t, store)
	store.follow = func(e *events.Stored) {
		if e.ID == idOf("assigned") {
			e.Body = []byte(`{}`)
		}
	}
	const assigned = `"kind":"center.assigned","on":"2025-03-01","by":{"role":"st-office","actor":"s"},"data":{"industryDept":"经信","localGov":"330106"}`
	_, err := l.Import(t.Context(), ledger.ImportConfig{Account: importer,
		Files: ledgertest.Files(t,
			file(t, line("registered", registered), line("assigned", assigned), line("granted", granted)))})
	if !errors.Is(err, ledger.ErrStopped) || len(l.Register().Breaks("center-ZJ-0001")) == 0 {
		t.Errorf("got %v", err)
	}
}

// Two ledgers import the same file: the appends of the second repeat events that it has applied meanwhile.
func TestNothingStaysAnnounced(t *testing.T) {
	path := file(t, line("registered", registered), line("granted", granted), line("received", received),
		line("spent", spent))
	one, first := newLedger(t)
	imports(t, one, ledger.ImportConfig{Files: ledgertest.Files(t, path)})
	two, second := newLedger(t)
	again := func(int64, int64) {
		if count(t, second) > 0 {
			return
		}
		for e, err := range first.ReadAll(t.Context(), 0) {
			if err == nil {
				_, err = second.Append(t.Context(), e.Stream, e.Revision-1,
					[]events.Proposed{{ID: e.ID, Kind: e.Kind, Body: events.MustObject(string(e.Body))}})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		reached(t, two, 5)
	}
	if report, bad := imports(t, two, ledger.ImportConfig{
		Files: ledgertest.Files(t, path), Progress: again}); report.Accepted != 4 || count(t, second) != 5 {
		t.Errorf("got %+v, %+v", report, bad)
	}
	if n := two.Announced(); n != 0 {
		t.Errorf("%d records are still announced", n)
	}
}

func TestAClosedLedgerTakesNoWriting(t *testing.T) {
	l, store := newLedger(t)
	write(t, l, "registered", registered)
	l.Close()
	if _, err := l.Record(t.Context(), record(t, "granted", granted), importer); err == nil ||
		errors.Is(err, ledger.ErrStopped) {
		t.Errorf("a record got %v", err)
	}
	_, err := l.Import(t.Context(),
		ledger.ImportConfig{Account: importer, Files: ledgertest.Files(t, file(t, line("granted", granted)))})
	if err == nil || errors.Is(err, ledger.ErrStopped) {
		t.Errorf("an import got %v", err)
	}
	if n := count(t, store); n != 2 {
		t.Errorf("the store has %d events", n)
	}
}

// If the ledger is closed when a record is stored and not yet applied, its writer must not be told that it was not
// written.
func TestClosingALedgerAnswersAWriterThatWaits(t *testing.T) {
	inner := memstore.New(ticking())
	store := &hooked{Store: inner}
	l := open(t, store)
	closed := make(chan struct{})
	store.follow = func(e *events.Stored) {
		if e.Stream != events.PolicyStream {
			<-closed
		}
	}
	store.after = func(places []events.Place) {
		if places[0].Position == 2 {
			go l.Close()
			close(closed)
		}
	}
	_, err := l.Record(t.Context(), record(t, "registered", registered), importer)
	if err != nil && !(errors.Is(err, ledger.ErrStopped) && strings.Contains(err.Error(), "which is stored")) ||
		count(t, inner) != 2 {
		t.Errorf("got %v; the store has %d events", err, count(t, inner))
	}
}

// Records written before an import ends early are counted.
func TestAnImportThatEndsEarlyCountsWhatItWrote(t *testing.T) {
	inner := memstore.New(ticking())
	store := &hooked{Store: inner, bytes: 1}
	ctx, cancel := context.WithCancel(t.Context())
	store.after = func(places []events.Place) {
		if places[0].Revision == 2 {
			cancel()
		}
	}
	l := open(t, store)
	report, err := l.Import(ctx, ledger.ImportConfig{Account: importer,
		Files: ledgertest.Files(t,
			file(t, line("registered", registered), line("granted", granted), line("received", received)))})
	if !errors.Is(err, context.Canceled) || report.Accepted != 2 || count(t, inner) != 3 {
		t.Errorf("got %+v, %v; the store has %d events", report, err, count(t, inner))
	}
}

// doubtful is a store that stores appends to centers and returns an UnknownError with a conflict as its cause.
type doubtful struct{ events.Store }

func (d doubtful) Append(ctx context.Context, s events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	places, err := d.Store.Append(ctx, s, expected, batch)
	if err == nil && s != events.PolicyStream {
		return nil, &events.UnknownError{
			Cause: &events.ConflictError{Stream: s, Expected: expected, Actual: expected + 2}}
	}
	return places, err
}

func TestAnUnknownOutcomeIsNoConflictWhateverItsCause(t *testing.T) {
	for name, write := range map[string]func(*ledger.Ledger) error{
		"a record": func(l *ledger.Ledger) error {
			_, err := l.Record(t.Context(), record(t, "registered", registered), importer)
			return err
		},
		"an import": func(l *ledger.Ledger) error {
			_, err := l.Import(t.Context(), ledger.ImportConfig{
				Account: importer, Files: ledgertest.Files(t, file(t, line("registered", registered)))})
			return err
		},
	} {
		l := open(t, doubtful{memstore.New(ticking())})
		if err := write(l); !errors.Is(err, events.ErrUnknown) || !errors.Is(err, ledger.ErrStopped) {
			t.Errorf("%s got %v", name, err)
		}
		if err := write(l); !errors.Is(err, ledger.ErrStopped) {
			t.Errorf("%s got %v then", name, err)
		}
	}
}
