package logstore

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
)

// everything returns all events of a store, with memory of their own.
func everything(t *testing.T, s *Store) (all []events.Stored) {
	t.Helper()
	for e, err := range s.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		e.Body, e.Bytes = slices.Clone(e.Body), slices.Clone(e.Bytes)
		all = append(all, e)
	}
	return all
}

func TestACopyHasTheBytesOfItsOrigin(t *testing.T) {
	from := mustOpen(t, t.TempDir(), Options{})
	for i := range 40 {
		mustAppend(t, from, "center-ZJ-0001", uint64(3*i), batch("a", 3))
		mustAppend(t, from, "policy", uint64(i), batch("p", 1))
	}
	all := everything(t, from)
	dir := t.TempDir()
	to := mustOpen(t, dir, Options{SegmentBytes: segmentBytesMin})
	for chunk := range slices.Chunk(all, 7) {
		if err := to.Copy(t.Context(), chunk); err != nil {
			t.Fatal(err)
		}
	}
	want := lines(t, from)
	if got := lines(t, to); !slices.Equal(got, want) {
		t.Errorf("%d lines, not the %d of the origin", len(got), len(want))
	}
	mustAppend(t, to, "policy", 40, batch("more", 1))
	mustClose(t, to)
	if got := lines(t, mustOpen(t, dir, Options{})); !slices.Equal(got[:len(want)], want) || len(got) != len(want)+1 {
		t.Errorf("%d lines when it is opened again", len(got))
	}
}

func TestWhatCannotFollowIsNotCopied(t *testing.T) {
	from := mustOpen(t, t.TempDir(), Options{})
	mustAppend(t, from, "policy", 0, batch("a", 3))
	all := everything(t, from)
	to := mustOpen(t, t.TempDir(), Options{})
	if err := to.Copy(t.Context(), all[:1]); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*events.Stored){
		"a position is left out":     func(e *events.Stored) { e.Position++ },
		"a position comes again":     func(e *events.Stored) { e.Position-- },
		"a revision is left out":     func(e *events.Stored) { e.Revision++ },
		"another stream":             func(e *events.Stored) { e.Stream = "center-ZJ-0001" },
		"the instant goes back":      func(e *events.Stored) { e.RecordedAt = e.RecordedAt.Add(-time.Second) },
		"an instant between moments": func(e *events.Stored) { e.RecordedAt = e.RecordedAt.Add(time.Nanosecond) },
	} {
		two := slices.Clone(all[1:])
		change(&two[0])
		var unlike *UnlikeError
		if err := to.Copy(t.Context(), two); !errors.As(err, &unlike) || unlike.Text().Zh == "" ||
			len(everything(t, to)) != 1 {
			t.Errorf("%s: got %v", name, err)
		}
	}
	bad := slices.Clone(all[1:])
	bad[0].Body = []byte("{")
	if err := to.Copy(t.Context(), bad); err == nil {
		t.Error("a body that is no JSON was copied")
	}
	if err := to.Copy(t.Context(), all[1:]); err != nil || len(everything(t, to)) != 3 {
		t.Errorf("after all of that: %v", err)
	}
}

func TestCopiesAndAppendsTakeTurns(t *testing.T) {
	from := mustOpen(t, t.TempDir(), Options{})
	mustAppend(t, from, "policy", 0, batch("a", 100))
	all := everything(t, from)
	to := mustOpen(t, t.TempDir(), Options{})
	var wg sync.WaitGroup
	copied := 0
	wg.Go(func() {
		for i := range all {
			var unlike *UnlikeError
			err := to.Copy(context.Background(), all[i:i+1])
			if errors.As(err, &unlike) {
				return // the other came first and has the position
			}
			if err != nil {
				t.Error(err)
			}
			copied++
		}
	})
	mustAppend(t, to, "center-ZJ-0001", 0, batch("b", 5))
	wg.Wait()
	if got := len(everything(t, to)); got != copied+5 {
		t.Errorf("%d events, %d copied", got, copied)
	}
	if r, err := Verify(to.dir, nil); err != nil || len(r.Damages) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
