package answers

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// soon is a request for an answer that takes until release is closed.
func (k *keeping) soon(wait time.Duration, release <-chan struct{}, err error) (*Snapshot, error) {
	id := ID{1}
	return k.snapshots.soon(context.Background(), asked{knownKey{question: id}, 0,
		func(ctx context.Context, _ *Snapshot) (*Snapshot, error) {
			select {
			case <-release:
			case <-ctx.Done():
				err = ctx.Err()
			}
			if err != nil {
				return nil, err
			}
			return &Snapshot{id: snapshotID{id, k.position}}, nil
		}}, wait)
}

func TestAnAnswerThatTakesLongIsFoundByWhoeverAsksAgain(t *testing.T) {
	k, release := newKeeping(), make(chan struct{})
	if s, err := k.soon(0, release, nil); s != nil || err != nil {
		t.Fatalf("before it is made, got %v, %v", s, err)
	}
	close(release)
	first, err := k.soon(time.Minute, release, nil)
	if err != nil || first == nil {
		t.Fatalf("after it is made, got %v, %v", first, err)
	}
	k.position, release = 2, make(chan struct{})
	if s, err := k.soon(0, release, nil); s != first || err != nil {
		t.Errorf("while the next one is made, got %v, %v", s, err)
	}
	first.done = first.done.Add(-keptMax)
	if s, err := k.soon(0, release, nil); s != nil || err != nil {
		t.Errorf("while the next one is made and the one before is old, got %v, %v", s, err)
	}
	close(release)
	if s, err := k.soon(time.Minute, release, nil); err != nil || s.id.position != 2 {
		t.Errorf("after the next one is made, got %v, %v", s, err)
	}
}

func TestWhoeverAsksAgainFindsWhyAnAnswerFailed(t *testing.T) {
	k, release, want := newKeeping(), make(chan struct{}), errors.New("failure")
	if s, err := k.soon(0, release, want); s != nil || err != nil {
		t.Fatalf("before it fails, got %v, %v", s, err)
	}
	close(release)
	if _, err := k.soon(time.Minute, release, nil); err != want {
		t.Errorf("expected %v, got %v", want, err)
	}
	if s, err := k.soon(time.Minute, release, nil); s == nil || err != nil {
		t.Errorf("expected a new attempt, got %v, %v", s, err)
	}
	k.position = 2
	_, err := k.snapshots.soon(t.Context(), asked{knownKey{question: ID{1}}, 2,
		func(context.Context, *Snapshot) (*Snapshot, error) { panic("on purpose") }}, time.Minute)
	if err == nil || !strings.Contains(err.Error(), "on purpose") {
		t.Errorf("a panic is answered with %v", err)
	}
}

func TestAnAnswerThatNobodyAsksForAnyMoreIsNotMade(t *testing.T) {
	k := newKeeping()
	if s, err := k.soon(0, nil, nil); s != nil || err != nil {
		t.Fatalf("got %v, %v", s, err)
	}
	m := k.making[knownKey{question: ID{1}}]
	m.forget.Reset(0)
	<-m.done
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.making) > 0 {
		t.Errorf("kept: %+v", k.making)
	}
}

func TestAnAnswerIsMadeAsLongAsARequestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, release := newKeeping(), make(chan struct{})
		if s, err := k.soon(0, release, nil); s != nil || err != nil { // it asks, leaves and does not come back
			t.Fatalf("got %v, %v", s, err)
		}
		time.AfterFunc(3*forgetAfter, func() { close(release) })
		time.Sleep(forgetAfter / 2)
		if s, err := k.soon(4*forgetAfter, release, nil); s == nil || err != nil {
			t.Errorf("who waits gets %v, %v", s, err)
		}
		if took := time.Since(k.newest[ID{1}].made); took != 3*forgetAfter {
			t.Errorf("the answer was begun %s ago: it was not made at once", took)
		}
	})
}
