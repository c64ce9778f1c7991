package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/events"
)

func subscriptionSeesAll(t *testing.T, s events.Store) {
	places := fill(t, s)
	n := 0
	for e, err := range s.Subscribe(t.Context(), places[9].Position) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Place != places[10+n] {
			t.Fatalf("event %d is at %v, not %v", n, e.Place, places[10+n])
		}
		if n++; 10+n == len(places) {
			if n >= 190 {
				break
			}
			places = append(places, mustAppend(t, s, "center-LIVE", uint64(len(places)-100),
				batch(fmt.Sprint("live", n), 10))...)
		}
	}
}

func subscriptionEndsWithContext(t *testing.T, s events.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	seen, done := make(chan uint64), make(chan error)
	go func() {
		var last error
		for e, err := range s.Subscribe(ctx, 0) {
			if last = err; err == nil {
				seen <- e.Position
			}
		}
		done <- last
	}()
	for i := range 3 {
		places := mustAppend(t, s, stream, uint64(i), batch(fmt.Sprint(i), 1))
		if got := <-seen; got != places[0].Position {
			t.Errorf("saw %d, not %d", got, places[0].Position)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

func manySubscriptions(t *testing.T, s events.Store) {
	const writers, each = 6, 40
	var wg sync.WaitGroup
	seen := make([][]uint64, 4)
	for i := range seen {
		wg.Go(func() {
			next := map[events.StreamID]uint64{}
			for e, err := range s.Subscribe(t.Context(), 0) {
				if err != nil {
					t.Errorf("subscription %d: %v", i, err)
					return
				}
				if next[e.Stream]++; e.Revision != next[e.Stream] {
					t.Errorf("subscription %d: %s revision %d, want %d", i, e.Stream, e.Revision, next[e.Stream])
					return
				}
				if seen[i] = append(seen[i], e.Position); len(seen[i]) == writers*each*2 {
					return
				}
			}
		})
	}
	for w := range writers {
		to := events.StreamID(fmt.Sprintf("center-ZJ-%02d", w))
		wg.Go(func() {
			for n := range each {
				if _, err := s.Append(t.Context(), to, uint64(2*n), batch(fmt.Sprint(to, n), 2)); err != nil {
					t.Errorf("append to %s: %v", to, err)
				}
			}
		})
	}
	wg.Wait()
	for i, e := range collect(t, s.ReadAll(t.Context(), 0), -1) {
		for j := range seen {
			if i >= len(seen[j]) || seen[j][i] != e.Position {
				t.Fatalf("subscription %d did not see position %d as number %d", j, e.Position, i)
			}
		}
	}
}

func subscribeAtEnd(t *testing.T, s events.Store) {
	places := fill(t, s)
	next, done := make(chan events.Place, 1), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer func() { cancel(); <-done }()
	go func() {
		defer close(done)
		for e, err := range s.Subscribe(ctx, places[len(places)-1].Position) {
			if err == nil {
				next <- e.Place
			}
		}
	}()
	want := mustAppend(t, s, "center-FRESH", 0, batch("new", 1))
	if got := <-next; got != want[0] {
		t.Errorf("saw %v, not %v", got, want[0])
	}
}

func closeEndsReads(t *testing.T, s events.Store) {
	fill(t, s)
	begun, done := make(chan struct{}, 3), make(chan error)
	go func() {
		n := 0
		for _, err := range s.Subscribe(t.Context(), 0) { // reaches the end and waits
			if n++; n == 100 {
				begun <- struct{}{}
			}
			if err != nil {
				done <- err
			}
		}
	}()
	<-begun
	read := 0
	for _, err := range s.ReadAll(t.Context(), 0) {
		if read++; read == 2 {
			if err := s.Close(); err != nil {
				t.Fatalf("close: %v", err)
			}
		}
		if read > 2 && !errors.Is(err, events.ErrClosed) {
			t.Errorf("after Close the read yielded %v", err)
		}
	}
	if read != 3 {
		t.Errorf("the read yielded %d times, not two events and the end", read)
	}
	if err := <-done; !errors.Is(err, events.ErrClosed) {
		t.Errorf("the subscription ended with %v", err)
	}
}

func closedRefuses(t *testing.T, s events.Store) {
	mustAppend(t, s, stream, 0, batch("a", 1))
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	for _, expected := range []uint64{0, 1} {
		if _, err := s.Append(t.Context(), stream, expected, batch("a", 1)); !errors.Is(err, events.ErrClosed) {
			t.Errorf("append at %d: %v", expected, err)
		}
	}
	if n, err := lastError(t, s.ReadAll(t.Context(), 0)); n != 0 || !errors.Is(err, events.ErrClosed) {
		t.Errorf("ReadAll: %d events, %v", n, err)
	}
	if n, err := lastError(t, s.ReadStream(t.Context(), stream, 0)); n != 0 || !errors.Is(err, events.ErrClosed) {
		t.Errorf("ReadStream: %d events, %v", n, err)
	}
	if n, err := lastError(t, s.Subscribe(t.Context(), 0)); n != 0 || !errors.Is(err, events.ErrClosed) {
		t.Errorf("Subscribe: %d events, %v", n, err)
	}
}

func closeWhileAppending(t *testing.T, s events.Store) {
	var wg sync.WaitGroup
	started := make(chan struct{}, 8)
	for w := range 8 {
		to := events.StreamID(fmt.Sprintf("center-ZJ-%02d", w))
		wg.Go(func() {
			for n := uint64(0); ; n++ {
				_, err := s.Append(context.Background(), to, n, batch(fmt.Sprint(to, n), 1))
				if n == 0 {
					started <- struct{}{}
				}
				if err == nil {
					_, err = s.Append(context.Background(), to, n/2, batch(fmt.Sprint(to, n/2), 1)) // a repeat
				}
				if errors.Is(err, events.ErrClosed) {
					return
				}
				if err != nil {
					t.Errorf("append to %s: %v", to, err)
					return
				}
			}
		})
	}
	for range 8 {
		<-started
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	wg.Wait()
}
