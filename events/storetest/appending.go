package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

func countsFromOne(t *testing.T, s events.Store) {
	mustAppend(t, s, stream, 0, batch("a", 1))
	mustAppend(t, s, "policy", 0, batch("p", 2))
	mustAppend(t, s, stream, 1, batch("b", 3))
	mustAppend(t, s, stream, 4, batch("c", 1))
	for i, e := range collect(t, s.ReadStream(t.Context(), stream, 0), -1) {
		if e.Revision != uint64(i)+1 || e.Stream != stream {
			t.Errorf("event %d is %s revision %d", i, e.Stream, e.Revision)
		}
	}
}

func conflictCarriesActual(t *testing.T, s events.Store) {
	_, err := s.Append(t.Context(), stream, 3, batch("early", 1))
	wantConflict(t, err, 3, 0)
	mustAppend(t, s, stream, 0, batch("a", 2))
	for _, expected := range []uint64{0, 1, 3, 1 << 63, ^uint64(0)} {
		_, err := s.Append(t.Context(), stream, expected, batch("b", 2))
		wantConflict(t, err, expected, 2)
	}
	wantCount(t, s, 2)
}

func placesIncrease(t *testing.T, s events.Store) {
	var last events.Place
	for i := range 50 {
		to := events.StreamID(fmt.Sprintf("center-ZJ-%02d", i%7))
		for _, p := range mustAppend(t, s, to, uint64(i/7*3), batch(fmt.Sprint(i), 3)) {
			if p.Position <= last.Position {
				t.Fatalf("position %d comes after %d", p.Position, last.Position)
			}
			if p.RecordedAt.Before(last.RecordedAt) {
				t.Fatalf("recordedAt %v comes after %v", p.RecordedAt, last.RecordedAt)
			}
			if p.RecordedAt.Location() != time.UTC || p.RecordedAt.Nanosecond()%1000 != 0 {
				t.Fatalf("recordedAt %v is not in UTC and whole microseconds", p.RecordedAt)
			}
			last = p
		}
	}
}

func refusesNonsense(t *testing.T, s events.Store) {
	with := func(change func(p *events.Proposed)) []events.Proposed {
		b := batch("x", 3)
		change(&b[1])
		return b
	}
	body := func(text string) []events.Proposed {
		return with(func(p *events.Proposed) { p.Body = events.MustObject(text) })
	}
	long := func(n int) string { return `{"note":"` + strings.Repeat("x", n-len(`{"note":""}`)) + `"}` }
	many, record := batch("x", events.BatchBytesMax/events.RecordBytesMax+1), events.MustObject(long(events.RecordBytesMax))
	for i := range many {
		many[i].Body = record
	}
	for name, b := range map[string][]events.Proposed{
		"no events":          {},
		"too many events":    batch("x", events.BatchMax+1),
		"too long a body":    body(long(events.BodyBytesMax + 1)),
		"too long a batch":   many,
		"no body":            with(func(p *events.Proposed) { p.Body = events.Object{} }),
		"no id":              with(func(p *events.Proposed) { p.ID = uuid.Nil }),
		"no kind":            with(func(p *events.Proposed) { p.Kind = "" }),
		"an impossible kind": with(func(p *events.Proposed) { p.Kind = `a"b` }),
		"an id twice":        with(func(p *events.Proposed) { p.ID = batch("x", 1)[0].ID }),
	} {
		_, err := s.Append(t.Context(), stream, 0, b)
		var conflict *events.ConflictError
		if err == nil || errors.As(err, &conflict) || errors.Is(err, events.ErrUnknown) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
	wantCount(t, s, 0)
	if limited, ok := s.(events.Limited); ok && limited.AppendBytesMax() < events.BodyBytesMax+4096 {
		return // a Limited store has refused the batch with its own limit
	}
	longest := body(long(events.BodyBytesMax))
	mustAppend(t, s, stream, 0, longest)
	if got := collect(t, s.ReadStream(t.Context(), stream, 1), 1); string(got[0].Body) != longest[1].Body.String() {
		t.Error("the longest body came back changed")
	}
}

// strangeNames are names that no stream can have.
var strangeNames = []events.StreamID{"", "center ZJ", "中心", `a"`, "a\n", "Policy", "policy-2", "policy2", "orders-1",
	"center-", "center-7",
	"center-zj-0007", "center-中心", "$settings", "$$policy", "$all",
	events.StreamID(strings.Repeat("a", events.NameBytesMax+1))}

func namesStreams(t *testing.T, s events.Store) {
	names := []events.StreamID{"policy", "ledger", "x", "neverseen", "center", "center-ZJ-0007", "center-000",
		events.StreamID("center-" + strings.Repeat("Z", 32))}
	for i, name := range names {
		if !events.ValidStream(name) {
			t.Fatalf("%q is no valid name", name)
		}
		mustAppend(t, s, name, 0, batch(fmt.Sprint("one", i), 2))
		mustAppend(t, s, name, 2, batch(fmt.Sprint("two", i), 1))
	}
	for _, name := range strangeNames {
		_, err := s.Append(t.Context(), name, 0, batch("x", 1))
		var conflict *events.ConflictError
		if err == nil || errors.As(err, &conflict) || errors.Is(err, events.ErrUnknown) {
			t.Errorf("stream %q: got %v, want a refusal", name, err)
		}
		if n := len(collect(t, s.ReadStream(t.Context(), name, 0), -1)); n != 0 {
			t.Errorf("stream %q has %d events", name, n)
		}
	}
	for i, e := range collect(t, s.ReadAll(t.Context(), 0), -1) {
		if e.Stream != names[i/3] || e.Revision != uint64(i%3)+1 {
			t.Errorf("event %d is revision %d of %s, want %d of %s", i, e.Revision, e.Stream, i%3+1, names[i/3])
		}
	}
	for i, e := range collect(t, s.Subscribe(t.Context(), 0), 3*len(names)) {
		if e.Stream != names[i/3] {
			t.Errorf("event %d of the subscription is of %s, want %s", i, e.Stream, names[i/3])
		}
	}
	for _, name := range names {
		if n := len(collect(t, s.ReadStream(t.Context(), name, 0), -1)); n != 3 {
			t.Errorf("stream %s has %d events, want 3", name, n)
		}
	}
}

func largestBatch(t *testing.T, s events.Store) {
	mustAppend(t, s, stream, 0, batch("large", events.BatchMax))
	wantCount(t, s, events.BatchMax)
}

func repeatAnswersFirst(t *testing.T, s events.Store) {
	first := mustAppend(t, s, stream, 0, batch("a", 3))
	second := mustAppend(t, s, stream, 3, batch("b", 2))
	for range 2 {
		if again := mustAppend(t, s, stream, 3, batch("b", 2)); !slices.Equal(again, second) {
			t.Errorf("the repeat answered %v, first %v", again, second)
		}
	}
	for i := range 30 {
		mustAppend(t, s, stream, uint64(5+4*i), batch(fmt.Sprint("more", i), 4))
		mustAppend(t, s, "policy", uint64(2*i), batch(fmt.Sprint("other", i), 2))
	}
	if again := mustAppend(t, s, stream, 0, batch("a", 3)); !slices.Equal(again, first) {
		t.Errorf("the late repeat answered %v, first %v", again, first)
	}
	wantCount(t, s, 5+30*6)
}

func otherContentConflicts(t *testing.T, s events.Store) {
	mustAppend(t, s, stream, 0, batch("a", 3))
	for name, change := range map[string]func(p *events.Proposed){
		"body": func(p *events.Proposed) {
			p.Body = events.MustObject(strings.Replace(p.Body.String(), "2026", "2025", 1))
		},
		"kind": func(p *events.Proposed) { p.Kind = "use.ruled" },
		"id":   func(p *events.Proposed) { p.ID = batch("other", 1)[0].ID },
	} {
		b := batch("a", 3)
		change(&b[2])
		if _, err := s.Append(t.Context(), stream, 0, b); err == nil {
			t.Fatalf("another %s was taken for a repeat", name)
		} else {
			wantConflict(t, err, 0, 3)
		}
	}
	_, err := s.Append(t.Context(), stream, 1, batch("a", 2)) // the same events at another place
	wantConflict(t, err, 1, 3)
	wantCount(t, s, 3)
}

func shorterRepeat(t *testing.T, s events.Store) {
	places := mustAppend(t, s, stream, 0, batch("a", 3))
	if again := mustAppend(t, s, stream, 0, batch("a", 2)); !slices.Equal(again, places[:2]) {
		t.Errorf("answered %v, first %v", again, places[:2])
	}
	wantCount(t, s, 3)
}

func longerRepeat(t *testing.T, s events.Store) {
	mustAppend(t, s, stream, 0, batch("a", 2))
	_, err := s.Append(t.Context(), stream, 0, batch("a", 3))
	wantConflict(t, err, 0, 2)
	wantCount(t, s, 2)
}

func endedContextAppendsNothing(t *testing.T, s events.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(ctx, stream, 0, batch("a", 1)); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want %v", err, context.Canceled)
	}
	wantCount(t, s, 0)
}

func oneWinner(t *testing.T, s events.Store) {
	mustAppend(t, s, stream, 0, batch("a", 1))
	won := make([]bool, 16)
	var wg sync.WaitGroup
	for i := range won {
		wg.Go(func() {
			_, err := s.Append(t.Context(), stream, 1, batch(fmt.Sprint("rival", i), 2))
			var conflict *events.ConflictError
			if err != nil && (!errors.As(err, &conflict) || conflict.Actual != 3) {
				t.Errorf("rival %d: %v", i, err)
			}
			won[i] = err == nil
		})
	}
	wg.Wait()
	if n := len(slices.DeleteFunc(won, func(w bool) bool { return !w })); n != 1 {
		t.Errorf("%d appends won", n)
	}
	wantCount(t, s, 3)
}

func concurrentStreams(t *testing.T, s events.Store) {
	const streams, batches = 8, 25
	var wg sync.WaitGroup
	for i := range streams {
		to := events.StreamID(fmt.Sprintf("center-ZJ-%02d", i))
		for half := range 2 { // two writers of each stream, who both write all of it: every batch is a repeat for one
			wg.Go(func() {
				for n := range batches {
					b := batch(fmt.Sprint(to, n), 1+n%3)
					expected := revisionBefore(n)
					for {
						_, err := s.Append(t.Context(), to, expected, b)
						var conflict *events.ConflictError
						if err == nil {
							break
						}
						if !errors.As(err, &conflict) || conflict.Actual >= expected {
							t.Errorf("writer %d of %s: %v", half, to, err)
							return
						}
					}
				}
			})
		}
	}
	wg.Wait()
	for i := range streams {
		to := events.StreamID(fmt.Sprintf("center-ZJ-%02d", i))
		var want []events.Proposed
		for n := range batches {
			want = append(want, batch(fmt.Sprint(to, n), 1+n%3)...)
		}
		got := collect(t, s.ReadStream(t.Context(), to, 0), -1)
		if len(got) != len(want) {
			t.Fatalf("%s has %d events, not %d", to, len(got), len(want))
		}
		for j, e := range got {
			if e.ID != want[j].ID || e.Revision != uint64(j)+1 {
				t.Fatalf("%s: event %d is %v at %d", to, j, e.ID, e.Revision)
			}
		}
	}
}

// revisionBefore returns the number of events in the first n batches of concurrentStreams.
func revisionBefore(n int) (sum uint64) {
	for i := range n {
		sum += uint64(1 + i%3)
	}
	return sum
}
