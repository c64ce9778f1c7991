package ledger_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

func TestAPassShowsWhatWasKnownAtEachPosition(t *testing.T) {
	l, store := newLedger(t)
	report, _ := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, simulated(t, 400, 2))})
	if report.Refused > 0 {
		t.Fatalf("imported %+v", report)
	}
	end := l.Register().Position()
	positions := []uint64{1, 2, end / 3, end/3 + 1, end - 1, end}
	var passed []uint64
	err := l.Passing(t.Context(), positions, func(position uint64, r *projections.Register) error {
		passed = append(passed, position)
		known, err := l.KnownAt(t.Context(), ledger.Point{Position: position})
		if err != nil {
			return err
		}
		if r.Position() != position || answers(r) != answers(known) {
			t.Errorf("position %d: the read models are at %d and differ", position, r.Position())
		}
		return nil
	})
	if err != nil || !slices.Equal(passed, positions) {
		t.Errorf("passed %v, %v", passed, err)
	}
	enough := errors.New("enough")
	err = l.Passing(t.Context(), positions, func(uint64, *projections.Register) error { return enough })
	if err != enough {
		t.Errorf("got %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Passing(t.Context(), positions, func(uint64, *projections.Register) error { return nil }); err == nil {
		t.Error("a closed store is passed")
	}
	if err := l.Passing(t.Context(), nil, nil); err != nil {
		t.Errorf("no positions: %v", err)
	}
}
