package access

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

// Limits on failures, within throttleWindow of the first of them. A browser that is known has a bucket of its own for each account:
// what strangers do cannot lock it out.
const (
	throttleWindow = 15 * time.Minute
	nameMisses     = 10 // of one name, from all browsers that are not known to it
	sourceMisses   = 30 // of one source
	deviceMisses   = 10 // of one browser that is known
	bucketsMax     = 100_000
)

// bucketKey is the hash of whom a bucket is of, so that what strangers send takes no more room than that.
type bucketKey = [sha256.Size]byte

func keyOf(sort, of string) bucketKey { return sha256.Sum256([]byte(sort + "\x00" + of)) }

// Network returns what of a source is limited as one: an address, or of IPv6 the /64 that one customer gets.
func Network(source string) string {
	addr, err := netip.ParseAddr(source)
	if err != nil {
		return source
	}
	if addr = addr.Unmap().WithZone(""); addr.Is6() {
		prefix, _ := addr.Prefix(64) // 64 is in range
		return prefix.String()
	}
	return addr.String()
}

// bucket counts the attempts of one key that failed or are under way.
type bucket struct {
	key   bucketKey
	until time.Time
	count int
}

// buckets are the buckets of one sort. All live equally long, so they end in the order in which they began. If there are too many,
// the oldest is forgotten: who would forget one of his own that way has to fail so many times.
type buckets struct {
	limit int // of the failures in one
	max   int // of the buckets
	byKey map[bucketKey]*bucket
	order []*bucket // those that have ended and were not swept yet too
}

// live returns the bucket of a key, or nil. It sweeps those that have ended.
func (b *buckets) live(key bucketKey, now time.Time) *bucket {
	for len(b.order) > 0 && (!now.Before(b.order[0].until) || len(b.order) > b.max) {
		if old := b.order[0]; b.byKey[old.key] == old {
			delete(b.byKey, old.key)
		}
		b.order[0] = nil
		b.order = b.order[1:]
	}
	return b.byKey[key]
}

// take counts an attempt and returns its bucket.
func (b *buckets) take(key bucketKey, now time.Time) *bucket {
	x := b.live(key, now)
	if x == nil {
		x = &bucket{key: key, until: now.Add(throttleWindow)}
		b.byKey[key], b.order = x, append(b.order, x)
		b.live(key, now) // one more may be one too many
	}
	x.count++
	return x
}

// throttle holds the buckets of all sorts.
type throttle struct {
	mu                      sync.Mutex
	names, sources, devices buckets
}

func newThrottle() *throttle {
	of := func(limit int) buckets { return buckets{limit: limit, max: bucketsMax, byKey: map[bucketKey]*bucket{}} }
	return &throttle{names: of(nameMisses), sources: of(sourceMisses), devices: of(deviceMisses)}
}

// attempt is one try to prove who somebody is: with a password, a code, or both.
type attempt struct {
	a     *Access
	in    []counted
	taken []*bucket
}

// counted is a bucket in which an attempt counts.
type counted struct {
	buckets *buckets
	key     bucketKey
}

// attempts returns an attempt for a name, which need not be that of an account. known is the browser, if it is known to the
// account; else zero.
func (a *Access) attempts(name string, known secretHash, source string) *attempt {
	t := a.throttle
	if known != (secretHash{}) {
		return a.attemptsIn(name, known)
	}
	return &attempt{a: a, in: []counted{{&t.names, keyOf("name", name)}, {&t.sources, keyOf("source", Network(source))}}}
}

// attemptsIn returns an attempt in a session of an account: of who has proved something of himself already. What strangers do is not
// counted with it. All browsers that are not known share one bucket.
func (a *Access) attemptsIn(name string, known secretHash) *attempt {
	return &attempt{a: a, in: []counted{{&a.throttle.devices, keyOf(name, string(known[:]))}}}
}

// mayBegin returns a ThrottledError if there were too many failures. It counts nothing.
func (t *attempt) mayBegin() error {
	t.a.throttle.mu.Lock()
	defer t.a.throttle.mu.Unlock()
	return t.full()
}

// full returns a ThrottledError if one of the buckets is full. The lock of the throttle is held.
func (t *attempt) full() error {
	now := t.a.Now()
	var after time.Duration
	for _, in := range t.in {
		if x := in.buckets.live(in.key, now); x != nil && x.count >= in.buckets.limit {
			after = max(after, x.until.Sub(now))
		}
	}
	if after > 0 {
		return &ThrottledError{after}
	}
	return nil
}

// begin counts the attempt as a failure from its beginning, so that many at once are no more than one after the other. It returns
// a ThrottledError if there were too many.
func (t *attempt) begin() error {
	t.a.throttle.mu.Lock()
	defer t.a.throttle.mu.Unlock()
	if err := t.full(); err != nil {
		return err
	}
	for _, in := range t.in {
		t.taken = append(t.taken, in.buckets.take(in.key, t.a.Now()))
	}
	return nil
}

// giveBack says that the attempt was no failure.
func (t *attempt) giveBack() {
	t.a.throttle.mu.Lock()
	defer t.a.throttle.mu.Unlock()
	for _, x := range t.taken {
		x.count--
	}
	t.taken = nil
}
