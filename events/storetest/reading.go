package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
)

// fill appends 20 batches of 5 to three streams and returns the places in order.
func fill(t *testing.T, s events.Store) (all []events.Place) {
	t.Helper()
	for i := range 20 {
		to := []events.StreamID{stream, "policy", "center-JX-01"}[i%3]
		all = append(all, mustAppend(t, s, to, uint64(i/3*5), batch(fmt.Sprint(i), 5))...)
	}
	return all
}

func streamAfter(t *testing.T, s events.Store) {
	fill(t, s)
	for _, after := range []uint64{0, 1, 6, 34, 35, 36, ^uint64(0)} {
		got := collect(t, s.ReadStream(t.Context(), stream, after), -1)
		if want := 35 - min(after, 35); uint64(len(got)) != want {
			t.Errorf("after %d: %d events, not %d", after, len(got), want)
		}
		if len(got) > 0 && got[0].Revision != after+1 {
			t.Errorf("after %d comes %d", after, got[0].Revision)
		}
	}
}

func allAfter(t *testing.T, s events.Store) {
	places := fill(t, s)
	for i, p := range places {
		got := collect(t, s.ReadAll(t.Context(), p.Position), -1)
		if len(got) != len(places)-i-1 {
			t.Fatalf("after %d: %d events, not %d", p.Position, len(got), len(places)-i-1)
		}
		for j, e := range got {
			if e.Place != places[i+1+j] {
				t.Fatalf("after %d: event %d is at %v, not %v", p.Position, j, e.Place, places[i+1+j])
			}
		}
	}
	if got := collect(t, s.ReadAll(t.Context(), ^uint64(0)), -1); len(got) != 0 {
		t.Errorf("%d events after the last position there can be", len(got))
	}
}

func emptyStream(t *testing.T, s events.Store) {
	fill(t, s)
	if got := collect(t, s.ReadStream(t.Context(), "center-NONE", 0), -1); len(got) != 0 {
		t.Errorf("it has %d events", len(got))
	}
}

func sameBytes(t *testing.T, s events.Store) {
	fill(t, s)
	first := collect(t, s.ReadAll(t.Context(), 0), -1)
	mustAppend(t, s, "center-LATER", 0, batch("later", 3))
	byPlace := map[uint64]events.Stored{}
	for _, e := range first {
		byPlace[e.Position] = e
		parsed, bad := events.NewLineParser().Parse(e.Bytes)
		again := events.AppendStored(nil, &e)
		if bad != "" || !bytes.Equal(again, e.Bytes) || !reflect.DeepEqual(parsed, e) {
			t.Fatalf("%q is not the stored line of %+v (%s)", e.Bytes, e, bad)
		}
		if !jsontext.Value(e.Bytes).IsValid() || bytes.ContainsRune(e.Bytes, '\n') ||
			!bytes.Contains(e.Bytes, e.Body) {
			t.Fatalf("%q is not one line of JSON with the body in it", e.Bytes)
		}
	}
	compare := func(e events.Stored) {
		was := byPlace[e.Position]
		if !bytes.Equal(e.Bytes, was.Bytes) || !bytes.Equal(e.Body, was.Body) || e.ID != was.ID ||
			e.Kind != was.Kind || e.Place != was.Place {
			t.Fatalf("position %d was read as %q, now as %q", e.Position, was.Bytes, e.Bytes)
		}
	}
	for _, e := range collect(t, s.ReadStream(t.Context(), stream, 0), -1) {
		compare(e)
	}
	for _, e := range collect(t, s.ReadAll(t.Context(), 0), len(first)) {
		compare(e)
	}
	for _, e := range collect(t, s.Subscribe(t.Context(), 0), len(first)) {
		compare(e)
	}
}

func bodiesAsProposed(t *testing.T, s events.Store) {
	want := batch("a", 4)
	want[1].Body = events.MustObject(`{ "spaces" : [ 1 , 2.50e1 ] , "text":"\u0000\\ \" 中文 𠮷\t" }`)
	want[2].Body = events.MustObject(`{}`)
	want[3].Body = events.MustObject(`{"looks":"like","crc32c":"00000000"}`)
	mustAppend(t, s, stream, 0, want)
	for i, e := range collect(t, s.ReadStream(t.Context(), stream, 0), -1) {
		if string(e.Body) != want[i].Body.String() || e.ID != want[i].ID || e.Kind != want[i].Kind {
			t.Errorf("event %d came back as %s %s %s", i, e.ID, e.Kind, e.Body)
		}
	}
}

func breakRead(t *testing.T, s events.Store) {
	fill(t, s)
	all := s.ReadAll(t.Context(), 0)
	for _, n := range []int{1, 7, 100} {
		if got := collect(t, all, n); len(got) != n || got[0].Revision != 1 {
			t.Errorf("broken off after %d: %d events", n, len(got))
		}
		if got := collect(t, s.Subscribe(t.Context(), 0), n); len(got) != n {
			t.Errorf("subscription broken off after %d: %d events", n, len(got))
		}
	}
}

func readAllStops(t *testing.T, s events.Store) {
	fill(t, s)
	n := 0
	for _, err := range s.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, s, "center-BUSY", uint64(n), batch(fmt.Sprint("busy", n), 1))
		n++
	}
	if n != 100 {
		t.Errorf("it yielded %d events, not the 100 there were", n)
	}
	wantCount(t, s, 200)
}

func readEndsWithContext(t *testing.T, s events.Store) {
	fill(t, s)
	for name, read := range map[string]func(context.Context) (int, error){
		"ReadAll":    func(ctx context.Context) (int, error) { return lastError(t, s.ReadAll(ctx, 0)) },
		"ReadStream": func(ctx context.Context) (int, error) { return lastError(t, s.ReadStream(ctx, stream, 0)) },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if n, err := read(ctx); n != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("%s yielded %d events and %v", name, n, err)
		}
	}
}
