package api_test

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
)

// holding is a store whose ReadAll waits until held is closed, if held is set.
type holding struct {
	events.Store
	held atomic.Pointer[chan struct{}]
}

func (s *holding) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		if held := s.held.Load(); held != nil && after == 0 {
			select {
			case <-*held:
			case <-ctx.Done():
			}
		}
		s.Store.ReadAll(ctx, after)(yield)
	}
}

func TestOnlyEightQuestionsAboutThePastWaitForAReplay(t *testing.T) {
	store := &holding{Store: openStore(t, time.Now)}
	x := serveStore(t, &clock{at: time.Now()}, store)
	for i := range 12 {
		x.record(t, fmt.Sprintf("ZJ-%04d", i+1), registered)
	}
	held := make(chan struct{})
	store.held.Store(&held)
	answers := make(chan reply, 12)
	for i := range 12 {
		go func() {
			answers <- x.get(t, fmt.Sprintf("/v1/%s?knownAt=%d", []string{"alerts", "execution"}[i%2], i/2+2))
		}()
	}
	for range 4 { // eight wait, of whom some share a replay
		r := <-answers
		r.problem(t, 503, "unavailable")
		if r.Header.Get("Retry-After") == "" {
			t.Error("there is no Retry-After")
		}
	}
	for _, path := range []string{"/v1/centers", "/v1/centers/ZJ-0001?knownAt=3",
		"/v1/spending?center=ZJ-0001&knownAt=3", "/v1/centers?knownAt=13", "/v1/policies?knownAt=3"} {
		x.get(t, path).ok(t) // waits for none of them
	}
	if r := x.get(t, "/v1/alerts?knownAt=14"); r.problem(t, 400, "bad-request").Param != "knownAt" {
		t.Errorf("got %s", r.body)
	}
	close(held)
	for range 8 {
		(<-answers).ok(t)
	}
}
