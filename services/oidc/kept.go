package oidc

import (
	"context"
	"sync"
	"time"
)

// firstPause is the time between two fetches as long as no fetch has succeeded.
const firstPause = 10 * time.Second

// kept caches an answer of the issuer. It is fetched when it is needed, by one fetch at a time. If a later fetch
// fails, the value of the last one stays. Between the beginnings of two fetches there is a pause, however many
// callers there are.
type kept[T any] struct {
	fetch func(context.Context) (T, error)
	now   func() time.Time
	pause time.Duration // used once there is a value; before that firstPause
	stale time.Duration // the age after which the next get starts a fetch, without waiting for it

	mu       sync.Mutex
	value    T
	has      bool
	err      error         // the error of the last fetch
	tried    time.Time     // when the last fetch began
	fetching chan struct{} // closed when the running fetch has ended; nil if none runs
}

// get returns the value. It waits for a fetch only if there is no value yet.
func (k *kept[T]) get(ctx context.Context) (T, error) {
	k.mu.Lock()
	value, has := k.value, k.has
	if has && k.now().Sub(k.tried) >= k.stale {
		k.start()
	}
	k.mu.Unlock()
	if has {
		return value, nil
	}
	return k.renew(ctx)
}

// renew waits for the running fetch, or begins one if the pause is over. It returns the value after it and the
// error of the last fetch. The value can be used even with an error, if a fetch ever succeeded.
func (k *kept[T]) renew(ctx context.Context) (T, error) {
	k.mu.Lock()
	k.start()
	fetching := k.fetching
	k.mu.Unlock()
	var left error
	if fetching != nil {
		select {
		case <-fetching:
		case <-ctx.Done():
			left = ctx.Err()
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if left != nil {
		return k.value, left
	}
	return k.value, k.err
}

// start begins a fetch if none runs and the pause is over. The fetch goes on when its caller leaves: otherwise a
// stranger who always leaves could keep new keys from being fetched. The caller holds mu.
func (k *kept[T]) start() {
	pause := k.pause
	if !k.has {
		pause = firstPause
	}
	now := k.now()
	if k.fetching != nil || !k.tried.IsZero() && now.Sub(k.tried) < pause {
		return
	}
	k.tried = now
	done := make(chan struct{})
	k.fetching = done
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), waitMax)
		defer cancel()
		value, err := k.fetch(ctx)
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.err = err; err == nil {
			k.value, k.has = value, true
		}
		k.fetching = nil
		close(done)
	}()
}
