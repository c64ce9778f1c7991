package ledger_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

func TestASearchIsShownEveryEventOfTheSpanInOrder(t *testing.T) {
	l, store := newLedger(t)
	imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, testdata(t, "edges"))})
	end := l.Register().Position()
	for _, of := range []ledger.Span{{UpTo: end}, {UpTo: 1000}, {UpTo: 0}, {Stream: "center-FZ-0020", UpTo: end},
		{Stream: "center-FZ-0020", UpTo: 1500},
		{Stream: "center-NONE", UpTo: end}} {
		var got, want []string
		err := ledger.Search(t.Context(), l, of,
			func(s *events.Stored) (string, bool) {
				return string(s.Kind) + s.ID.String() + string(s.Body), s.Kind != events.KindFundsSpent
			},
			func(s string) error { got = append(got, s); return nil })
		if err != nil {
			t.Fatal(err)
		}
		for s := range store.ReadAll(t.Context(), 0) {
			if s.Position <= of.UpTo && s.Kind != events.KindFundsSpent && (of.Stream == "" || s.Stream == of.Stream) {
				want = append(want, string(s.Kind)+s.ID.String()+string(s.Body))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: found %d events, there are %d", of, len(got), len(want))
		}
	}
}

func TestASearchIsOfSomeStreams(t *testing.T) {
	l, store := newLedger(t)
	imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, testdata(t, "edges"))})
	end := l.Register().Position()
	few := []events.StreamID{events.PolicyStream, "center-FZ-0020", "center-NONE", "center-FZ-0003"}
	sees := func(s events.StreamID) bool { return slices.Contains(few, s) }
	var want []uint64
	for s := range store.ReadAll(t.Context(), 0) {
		if sees(s.Stream) && s.Position <= end-3 {
			want = append(want, s.Position)
		}
	}
	if len(want) < 10 {
		t.Fatalf("there are %d events", len(want))
	}
	for _, of := range []ledger.Span{{UpTo: end - 3, Sees: sees}, {UpTo: end - 3, Streams: few},
		{After: want[4], UpTo: end - 3, Sees: sees}, {After: want[4], UpTo: end - 3, Streams: few}} {
		var got []uint64
		err := ledger.Search(t.Context(), l, of, func(s *events.Stored) (uint64, bool) { return s.Position, true },
			func(p uint64) error {
				got = append(got, p)
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
		if of.Streams == nil && !slices.IsSorted(got) {
			t.Errorf("after %d: not in order", of.After)
		}
		slices.Sort(got)
		if wanted := want[len(want)-len(got):]; !slices.Equal(got, wanted) || of.After == 0 && len(got) != len(want) ||
			of.After > 0 && len(got) != len(want)-5 {
			t.Errorf("after %d: expected %v, got %v", of.After, want, got)
		}
	}
	stop, n := errors.New("stop"), 0
	err := ledger.Search(t.Context(), l, ledger.Span{UpTo: end, Streams: few}, func(*events.Stored) (int, bool) {
		return 0, true
	}, func(int) error {
		n++
		return stop
	})
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("ended after %d with %v", n, err)
	}
}

func TestASearchEndsWithTheErrorOfItsSinkOrContext(t *testing.T) {
	l, _ := newLedger(t)
	imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, testdata(t, "edges"))})
	every := func(*events.Stored) (int, bool) { return 0, true }
	enough, n := errors.New("enough"), 0
	err := ledger.Search(t.Context(), l, ledger.Span{UpTo: 5000}, every, func(int) error {
		if n++; n == 300 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != 300 {
		t.Errorf("after %d: %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ledger.Search(ctx, l, ledger.Span{UpTo: 5000}, every, func(int) error { return nil }); !errors.Is(err,
		context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestAnEventIsReadAtItsPosition(t *testing.T) {
	l, _ := newLedger(t)
	placed := write(t, l, registered, registered)
	if s, err := l.At(t.Context(), placed.Position); err != nil || s.Kind != events.KindCenterRegistered ||
		len(s.Body) == 0 {
		t.Errorf("%v: %v", s.Kind, err)
	}
	for _, none := range []uint64{0, placed.Position + 1} {
		if s, err := l.At(t.Context(), none); err == nil {
			t.Errorf("position %d holds %v", none, s)
		}
	}
}
