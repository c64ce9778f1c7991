package desk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
)

// recordOf records a line of any center.
func recordOf(t testing.TB, d *desk.Local, center, tail string) *desk.RecordAnswer {
	t.Helper()
	one := draft(t, tail)
	one.Center = center
	r, err := d.Record(t.Context(), one)
	if err != nil {
		t.Fatalf("%s %s: %v", center, tail, err)
	}
	return r
}

// scoped returns a desk over the same ledger for an account that sees some centers.
func scoped(d *desk.Local, sees func(events.CenterID) bool) *desk.Local {
	within := *d
	within.Sees = sees
	return &within
}

// eventsOf returns the events that Events calls each with, as "position stream".
func eventsOf(t testing.TB, d *desk.Local, after uint64, limit int, of string) (list []string) {
	t.Helper()
	err := d.Events(t.Context(), after, limit, of, func(s *events.Stored) error {
		if !strings.Contains(string(s.Bytes), s.ID.String()) {
			t.Errorf("the bytes of position %d are %s", s.Position, s.Bytes)
		}
		list = append(list, fmt.Sprintf("%d %s", s.Position, s.Stream))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEventsAreHandedOverInOrder(t *testing.T) {
	d := small(t) // positions 1 to 6
	for _, tail := range []string{registered, granted} {
		recordOf(t, d, "ZJ-0002", tail)
	}
	one := scoped(d, projections.SeesOne("ZJ-0002"))
	for _, c := range []struct {
		name  string
		desk  *desk.Local
		after uint64
		limit int
		of    string
		want  []string
	}{
		{"after a position", d, 5, 10, "", []string{"6 center-ZJ-0001", "7 center-ZJ-0002", "8 center-ZJ-0002"}},
		{"at most so many", d, 5, 2, "", []string{"6 center-ZJ-0001", "7 center-ZJ-0002"}},
		{"none", d, 5, 0, "", nil},
		{"after the end", d, 99, 10, "", nil},
		{"of one center", d, 3, 2, "ZJ-0001", []string{"4 center-ZJ-0001", "5 center-ZJ-0001"}},
		{"of what is seen, and the policies", one, 0, 2, "", []string{"1 policy", "7 center-ZJ-0002"}},
		{"of the center that is seen", one, 0, 9, "ZJ-0002", []string{"7 center-ZJ-0002", "8 center-ZJ-0002"}},
	} {
		if got := eventsOf(t, c.desk, c.after, c.limit, c.of); !slices.Equal(got, c.want) {
			t.Errorf("%s: expected %v, got %v", c.name, c.want, got)
		}
	}
	never := func(*events.Stored) error { t.Error("an event of a center that is not seen"); return nil }
	fails(t, d.Events(t.Context(), 0, 9, "ZJ-0009", never), text.NotFound, "")
	fails(t, one.Events(t.Context(), 0, 9, "ZJ-0001", never), text.NotFound, "")
	stop := errors.New("stop")
	if err := d.Events(t.Context(), 0, 9, "", func(*events.Stored) error { return stop }); err != stop {
		t.Errorf("an error of each: %v", err)
	}
}

func TestEventsOfManyPieces(t *testing.T) {
	d := over(t, newStore())
	recordOf(t, d, "ZJ-0001", registered)
	var lines strings.Builder
	for i := range 700 {
		fmt.Fprintln(&lines, line(strings.ReplaceAll(granted, `"G1"`, fmt.Sprintf(`"G%d"`, i+1))))
	}
	if done, err := d.Import(t.Context(), desk.ImportRequest{
		Files: []desk.Upload{upload("all.jsonl", lines.String())}}); err != nil || done.Refused != 0 {
		t.Fatalf("imported %+v, %v", done, err)
	}
	for _, of := range []string{"", "ZJ-0001"} {
		list := eventsOf(t, d, 2, 1000, of)
		if len(list) != 700 || list[699] != "702 center-ZJ-0001" {
			t.Errorf("of %q: %d events", of, len(list))
		}
	}
}

func TestFollowersSeeWhatTheyMaySeeAtThatMoment(t *testing.T) {
	d := small(t)
	assigned := func(region string) string {
		return `"kind":"center.assigned","on":"2025-01-11","by":{"role":"st-office","actor":"s-1"},"data":{"industryDept":"省经信厅","localGov":"` + region + `"}`
	}
	recordOf(t, d, "ZJ-0002", registered)
	today := func() events.Date { return events.DateAt(now) }
	county := scoped(d, d.Ledger.Register().SeesRegion("330106", today))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var got []uint64
	enough := errors.New("enough")
	err := county.Follow(ctx, 5, func(s *events.Stored) error {
		switch got = append(got, s.Position); len(got) {
		case 1: // while it is slow, others write; 7 is read already
			recordOf(t, d, "ZJ-0001", reversed)           // 8
			recordOf(t, d, "ZJ-0002", assigned("330203")) // 9: it moves away with this record
		case 2:
			go func() {
				recordOf(t, d, "ZJ-0002", granted)            // 10
				recordOf(t, d, "ZJ-0001", assigned("330106")) // 11
			}()
		case 3:
			return enough
		}
		return nil
	})
	if err != enough || !slices.Equal(got, []uint64{6, 8, 11}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestFollowingEndsWithItsContextAndWithTheLedger(t *testing.T) {
	store := newStore()
	d := over(t, store)
	record(t, d, registered)
	ctx, cancel := context.WithCancel(t.Context())
	err := d.Follow(ctx, 0, func(s *events.Stored) error {
		if s.Position == 2 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	err = d.Follow(t.Context(), 0, func(s *events.Stored) error {
		if s.Position == 2 {
			d.Ledger.Close()
		}
		return nil
	})
	if err == nil || t.Context().Err() != nil {
		t.Errorf("after the ledger closed: %v", err)
	}
}

func TestAPositionIsWaitedFor(t *testing.T) {
	store := newStore()
	d := over(t, store)
	record(t, d, registered)
	if p := d.Position(); p != 2 {
		t.Fatalf("the position is %d", p)
	}
	if err := d.Reaches(t.Context(), 2); err != nil {
		t.Errorf("it is there: %v", err)
	}
	reached := make(chan error, 1)
	go func() { reached <- d.Reaches(t.Context(), 3) }()
	record(t, d, granted)
	if err := <-reached; err != nil {
		t.Error(err)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	fails(t, d.Reaches(short, 4), text.Unavailable, "")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Reaches(gone, 4); !errors.Is(err, context.Canceled) {
		t.Errorf("who asked is gone: %v", err)
	}
	l, err := ledger.Open(t.Context(), store, ledger.Config{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	copied := *d
	copied.Ledger = l
	fails(t, copied.Reaches(t.Context(), 4), text.Unavailable, "") // it does not grow, so it does not wait
}

func TestOneRecordIsFoundByItsID(t *testing.T) {
	d := small(t)
	id := draft(t, granted).ID
	e, err := d.Entry(t.Context(), "ZJ-0001", id)
	if err != nil {
		t.Fatal(err)
	}
	if e.Position != 3 || e.Revision != 2 || e.EnteredBy != "clerk" || e.Mode != desk.RecordMode || e.Policy == "" ||
		!strings.Contains(string(e.Record), `"grant":"G1"`) {
		t.Errorf("got %s", form(t, e))
	}
	form(t, e)
	recordOf(t, d, "ZJ-0002", registered)
	one := scoped(d, projections.SeesOne("ZJ-0002"))
	for _, c := range []struct {
		desk       *desk.Local
		center, id string
	}{
		{d, "ZJ-0001", uuid.NewString()}, {d, "ZJ-0001", "x"}, {d, "ZJ-0001", ""}, {d, "ZJ-0001", "{" + id + "}"},
		{d, "ZJ-0002", id}, {d, "ZJ-0009", id}, {d, "", id},
		{one, "ZJ-0001", id},
	} {
		_, err := c.desk.Entry(t.Context(), c.center, c.id)
		fails(t, err, text.NotFound, "")
	}
}
