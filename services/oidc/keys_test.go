package oidc_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/taizhang/taizhang/events/text"
)

// until waits for a condition.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// TestKeysAreFetchedOnceAMinuteWhateverIsShown shows many forged tokens at the same time, minute after minute.
func TestKeysAreFetchedOnceAMinuteWhateverIsShown(t *testing.T) {
	s, forger := newKey("k"), newKey("k")
	i := newIssuer(t, s.public)
	p := i.provider(t)
	good := s.token(t, i.claims(object{"exp": i.clock.Now().Unix() + 86400}), nil)
	flood := func(minute int) {
		var wg sync.WaitGroup
		for n := range 24 {
			kid := any("k") // that of the good key
			switch n % 3 {
			case 1:
				kid = fmt.Sprintf("unknown %d %d", minute, n)
			case 2:
				kid = nil
			}
			jwt := forger.token(t, i.claims(nil), object{"kid": kid})
			wg.Go(func() {
				_, _, err := p.Verify(t.Context(), jwt)
				mustNotVerify(t, err, "")
			})
		}
		wg.Wait()
		mustVerify(t, p, good)
	}
	for minute := range 3 {
		flood(minute)
		i.clock.Advance(time.Minute - 1)
		flood(minute)
		if got, want := i.fetched.Load(), int32(minute+1); got != want {
			t.Fatalf("minute %d: expected %d fetches of keys, got %d", minute, want, got)
		}
		i.clock.Advance(1)
	}
}

func TestANewKeyIsNoticedWithinAMinute(t *testing.T) {
	before, after := newKey("1"), newKey("2")
	i := newIssuer(t, before.public)
	p := i.provider(t)
	mustVerify(t, p, before.token(t, i.claims(nil), nil))
	i.set(func() { i.keys = []jose.JSONWebKey{before.public, after.public} })
	jwt := after.token(t, i.claims(nil), nil)
	_, _, err := p.Verify(t.Context(), jwt)
	mustNotVerify(t, err, `does not have: "2"`)
	i.clock.Advance(time.Minute)
	mustVerify(t, p, jwt)
	mustVerify(t, p, before.token(t, i.claims(nil), nil))

	// A new key may have the name of the one before.
	again := newKey("2")
	i.set(func() { i.keys = []jose.JSONWebKey{again.public} })
	i.clock.Advance(time.Minute)
	mustVerify(t, p, again.token(t, i.claims(nil), nil))
	_, _, err = p.Verify(t.Context(), jwt)
	mustNotVerify(t, err, "signature")
}

// TestAKeyThatTheIssuerWithdrewIsForgotten checks this although every token is signed with a known key.
func TestAKeyThatTheIssuerWithdrewIsForgotten(t *testing.T) {
	lost, kept := newKey("lost"), newKey("kept")
	i := newIssuer(t, lost.public, kept.public)
	p := i.provider(t)
	jwt := lost.token(t, i.claims(nil), nil)
	mustVerify(t, p, jwt)
	i.set(func() { i.keys = []jose.JSONWebKey{kept.public} })
	i.clock.Advance(10 * time.Minute)
	mustVerify(t, p, kept.token(t, i.claims(nil), nil)) // waits for nobody
	until(t, "the key is forgotten", func() bool {
		_, _, err := p.Verify(t.Context(), jwt)
		return text.CodeOf(err) == text.Unauthenticated
	})
	if n := i.fetched.Load(); n != 2 {
		t.Errorf("expected 2 fetches of keys, got %d", n)
	}
}

func TestAnIssuerThatIsDownTakesNoKeysAway(t *testing.T) {
	s, later := newKey("1"), newKey("2")
	i := newIssuer(t, s.public)
	p := i.provider(t)
	mustVerify(t, p, s.token(t, i.claims(nil), nil))
	i.set(func() {
		i.onKeys = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusBadGateway) }
	})
	i.clock.Advance(time.Minute)
	for range 3 {
		_, _, err := p.Verify(t.Context(), newKey("1").token(t, i.claims(nil), nil))
		mustNotVerify(t, err, "signature")
		_, _, err = p.Verify(t.Context(), later.token(t, i.claims(nil), nil)) // may be a new key
		mustFail(t, err, text.Unavailable, "502")
		mustVerify(t, p, s.token(t, i.claims(nil), nil))
	}
	if n := i.fetched.Load(); n != 2 {
		t.Errorf("expected 2 fetches of keys, got %d", n)
	}
	i.set(func() { i.onKeys, i.keys = nil, []jose.JSONWebKey{later.public} })
	i.clock.Advance(time.Minute)
	mustVerify(t, p, later.token(t, i.claims(nil), nil))
}

func TestAFirstFetchThatFailedIsTriedAgainSoon(t *testing.T) {
	s := newKey("k")
	i := newIssuer(t, s.public)
	p := i.provider(t)
	jwt := s.token(t, i.claims(nil), nil)
	i.onKeys = http.NotFound
	for range 5 {
		_, _, err := p.Verify(t.Context(), jwt)
		mustFail(t, err, text.Unavailable, "404")
	}
	i.set(func() { i.onKeys = nil })
	i.clock.Advance(10*time.Second - 1)
	_, _, err := p.Verify(t.Context(), jwt)
	mustFail(t, err, text.Unavailable, "404")
	i.clock.Advance(1)
	mustVerify(t, p, jwt)
	if n := i.fetched.Load(); n != 2 {
		t.Errorf("expected 2 fetches of keys, got %d", n)
	}
}

// TestWhoLeavesDoesNotEndAFetch lets a stranger ask with a forged key and leave before the issuer answers.
func TestWhoLeavesDoesNotEndAFetch(t *testing.T) {
	s := newKey("k")
	i := newIssuer(t, s.public)
	p := i.provider(t)
	goOn := make(chan struct{})
	i.onKeys = func(w http.ResponseWriter, r *http.Request) {
		<-goOn
		writeJSON(t, w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{s.public}})
	}
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, _, err := p.Verify(ctx, newKey("x").token(t, i.claims(nil), nil))
		left <- err
	}()
	until(t, "the keys are asked for", func() bool { return i.fetched.Load() == 1 })
	leave()
	mustFail(t, <-left, text.Unavailable, "canceled")
	i.clock.Advance(time.Minute)
	_, _, err := p.Verify(ctx, s.token(t, i.claims(nil), nil))
	mustFail(t, err, text.Unavailable, "canceled")
	close(goOn)
	mustVerify(t, p, s.token(t, i.claims(nil), nil))
	if n := i.fetched.Load(); n != 1 {
		t.Errorf("expected 1 fetch of keys, got %d", n)
	}
}
