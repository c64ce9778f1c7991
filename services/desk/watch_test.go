package desk_test

import (
	"context"
	"errors"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/desk"
)

func TestAWatchFindsTheAlertsThatRecordsMove(t *testing.T) {
	d := small(t)
	on, _ := events.ParseDate("2025-12-31")
	w := d.Watch()
	look := func(on events.Date) []desk.AlertMoves {
		t.Helper()
		moved, position, err := w.Look(t.Context(), on)
		if err != nil || position != d.Ledger.Register().Position() {
			t.Fatalf("got position %d, %v", position, err)
		}
		return moved
	}
	if moved := look(on); len(moved) > 0 {
		t.Errorf("the first look: %+v", moved)
	}
	record(t, d, reversed) // which withdraws or clears the alert about the fine
	moved := look(on)
	if len(moved) != 1 || moved[0].Center != "ZJ-0001" || moved[0].Position != 7 || moved[0].AsOf != on ||
		len(moved[0].Cleared)+len(moved[0].Withdrawn) == 0 {
		t.Fatalf("got %+v", moved)
	}
	form(t, moved[0])
	if moved := look(on); len(moved) > 0 {
		t.Errorf("nothing moved: %+v", moved)
	}
	if moved := look(on + 400); len(moved) > 0 {
		t.Errorf("the first look of another date: %+v", moved)
	}
}

func TestAWatchOfTheDeskIsExactAndBeginsAnewAfterAnError(t *testing.T) {
	d := small(t)
	on, w := events.MustDate("2025-12-31"), d.Watch()
	if _, _, err := w.Look(t.Context(), on); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	record(t, d, reversed)
	if moved, position, err := w.Look(ctx, on); !errors.Is(err, context.Canceled) || len(moved) > 0 || position != 0 {
		t.Fatalf("got %+v, position %d, %v", moved, position, err)
	}
	moved, position, err := w.Look(t.Context(), on)
	if err != nil || len(moved) > 0 || position != d.Ledger.Register().Position() {
		t.Errorf("the first look after an error: %+v, position %d, %v", moved, position, err)
	}
}
