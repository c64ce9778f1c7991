package oidc

import (
	"context"
	"sync"
	"time"
)

// firstPause is how long to wait after a failed fetch while nothing has been fetched yet.
const firstPause = 10 * time.Second

// kept is something that the issuer answers. It is fetched when it is needed, by one fetch at a time, and what was fetched stays
// when a later fetch fails. From the beginning of one fetch to that of the next a pause passes, whoever asks and how often.
type kept[T any] struct {
	fetch func(context.Context) (T, error)
	now   func() time.Time
	pause time.Duration // once there is a value; before that firstPause
	stale time.Duration // after which a value that is asked for is fetched again, without anybody waiting

	mu       sync.Mutex
	value    T
	has      bool
	err      error         // of the last fetch
	tried    time.Time     // when the last fetch began
	fetching chan struct{} // is closed when the running fetch has ended; nil for none
}

// get returns the value, and fetches it if there is none.
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

// renew waits for the running fetch, or begins one if the pause is over, and returns the value as it then is, with the error of
// the last fetch. The value is of use even with an error, if one was ever fetched.
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

// start begins a fetch if none runs and the pause is over. Whoever leaves does not end it: else a stranger who leaves each time
// could keep new keys away. The caller holds mu.
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
