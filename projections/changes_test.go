package projections_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

func laterOf(b *book, recs ...*events.Recorded) (list []projections.Later) {
	for _, rec := range recs {
		_ = b.register.Apply(rec) // a break is kept
		list = append(list, projections.Later{Position: rec.Position, ID: rec.ID})
	}
	return list
}

func (b *book) changes(id events.CenterID, on events.Date, later []projections.Later) projections.Changes {
	b.t.Helper()
	all, err := b.register.Changes(b.t.Context(), id, on, b.register.Timeline(), later, b.register.Counts()[id])
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

func TestChangesSayWhichEventMovedWhat(t *testing.T) {
	b := threeCenters(t)
	spend := func(voucher string, amount events.Fen) *events.Recorded {
		return b.event("funds.spent", "ZJ-0003", "2025-09-01", events.CenterRole,
			&events.FundsSpent{Voucher: voucher, Payee: "p", Use: "pilot",
				Lines: []events.SpendingLine{{Grant: "G3", AmountFen: amount}}})
	}
	later := laterOf(b, spend("X1", 100), b.event("governance.recorded", "ZJ-0003", "2025-09-02", events.CenterRole,
		&events.GovernanceRecorded{Item: "other"}), spend("X2", 8000))
	got := b.changes("ZJ-0003", yearEnd, later)
	var moved []string
	for _, s := range got.Steps {
		for _, m := range s.Money {
			if m.After.Scope == aggregates.ProvinceScope {
				moved = append(moved, fmt.Sprint(s.Later, " ", m.Before.ExecutedFen(), " ", m.After.ExecutedFen(), " ",
					m.After.Low))
			}
		}
	}
	if want := "[0 5000 5100 true 2 5100 13100 false]"; fmt.Sprint(moved) != want {
		t.Errorf("got %v, want %s", moved, want)
	}
	gone := 0
	for _, a := range got.Alerts {
		if a.Before != nil && a.Before.Code == "AL-EXE-02" && a.After == nil {
			gone++
		}
	}
	if gone != 1 {
		t.Errorf("got %+v", got.Alerts)
	}
	if early := b.changes("ZJ-0003", events.MustDate("2025-08-31"), later); len(early.Money)+len(early.Alerts)+
		len(early.Steps) > 0 {
		t.Errorf("before they happened: %+v", early)
	}
	if none := b.changes("ZJ-0099", yearEnd, later); len(none.Steps) > 0 {
		t.Errorf("of a center that is not there: %+v", none)
	}
}

// whileAsked is a context that calls a function when it is first asked whether it has ended.
type whileAsked struct {
	context.Context
	happen func()
}

func (w *whileAsked) Err() error {
	if happen := w.happen; happen != nil {
		w.happen = nil
		happen()
	}
	return w.Context.Err()
}

func TestACenterGoesOnWhileItsChangesAreFound(t *testing.T) {
	b := threeCenters(t)
	spend := func(voucher string) *events.Recorded {
		return b.event("funds.spent", "ZJ-0003", "2025-09-01", events.CenterRole,
			&events.FundsSpent{Voucher: voucher, Payee: "p", Use: "pilot",
				Lines: []events.SpendingLine{{Grant: "G3", AmountFen: 100}}})
	}
	later := laterOf(b, spend("X1"), spend("X2"))
	want := b.changes("ZJ-0003", yearEnd, later)
	var applied error
	ctx := &whileAsked{t.Context(), func() { applied = b.register.Apply(spend("X3")) }}
	got, err := b.register.Changes(ctx, "ZJ-0003", yearEnd, b.register.Timeline(), later,
		b.register.Counts()["ZJ-0003"])
	if err != nil || applied != nil || ctx.happen != nil {
		t.Fatalf("%v, applied %v", err, applied)
	}
	if !reflect.DeepEqual(got, want) || len(want.Steps) != 2 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestABreakIsAChange(t *testing.T) {
	b := threeCenters(t)
	fine := b.event("governance.recorded", "ZJ-0001", "2025-06-01", events.CenterRole,
		&events.GovernanceRecorded{Item: "other"})
	nonsense := b.event("subsidy.received", "ZJ-0001", "2025-06-02", events.Finance,
		&events.SubsidyReceived{Grant: "none", AmountFen: 1})
	again := b.event("subsidy.received", "ZJ-0001", "2025-06-03", events.Finance,
		&events.SubsidyReceived{Grant: "G1", AmountFen: 1})
	again.ID = fine.ID
	later := laterOf(b, fine, nonsense, again)
	b.position++
	b.revisions["center-ZJ-0001"]++
	unread := events.Stored{
		Place:  events.Place{Position: b.position, Revision: b.revisions["center-ZJ-0001"], RecordedAt: recordedAt},
		Stream: "center-ZJ-0001", ID: again.ID}
	b.register.ApplyBroken(unread, errors.New("unreadable"))
	later = append(later, projections.Later{Position: unread.Position, ID: unread.ID})
	on := events.MustDate("2026-11-01")
	got := b.changes("ZJ-0001", on, later)
	if len(got.Money) > 0 || len(got.Alerts) != 3 || len(got.Steps) != 3 {
		t.Fatalf("got %+v", got)
	}
	for i, s := range got.Steps {
		if s.Later != i+1 || len(s.Alerts) != 1 || s.Alerts[0].After.Code != aggregates.LedgerBroken ||
			s.Alerts[0].After.Key != fmt.Sprint(later[i+1].Position) {
			t.Errorf("step %d: %+v", i, s)
		}
	}
}
