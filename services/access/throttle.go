package access

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

// These limits bound the failures within throttleWindow of the first one. A known browser has a bucket of its own
// for each account, so that strangers cannot lock it out.
const (
	throttleWindow = 15 * time.Minute
	nameMisses     = 10 // for one name, from all browsers that it does not know
	sourceMisses   = 30 // for one source
	deviceMisses   = 10 // for one known browser
	bucketsMax     = 100_000
)

// bucketKey is the hash of the name, source or browser of a bucket. It has a fixed size, however long the texts
// that strangers send.
type bucketKey = [sha256.Size]byte

func keyOf(sort, of string) bucketKey { return sha256.Sum256([]byte(sort + "\x00" + of)) }

// Network returns the part of an address that is limited as one source: an IPv4 address, or the /64 of an IPv6
// address that one customer gets.
func Network(source string) string {
	addr, err := netip.ParseAddr(source)
	if err != nil {
		return source
	}
	if addr = addr.Unmap().WithZone(""); addr.Is6() {
		prefix, _ := addr.Prefix(64) // cannot fail: 64 is in range
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

// buckets are the buckets of one sort. All live equally long, so they end in the order in which they began. If
// there are too many, the oldest is removed: to have his own removed, an attacker would have to fail in that many
// others.
type buckets struct {
	limit int // failures allowed in one bucket
	max   int // the number of buckets
	byKey map[bucketKey]*bucket
	order []*bucket // in the order of their beginning, with ended ones that were not removed yet
}

// live returns the bucket of a key, or nil. It removes the buckets that have ended.
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
		b.live(key, now) // makes room for one more
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

// attempt is one attempt to prove an identity with a password, a code or both.
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

// attempts returns an attempt for a name, which need not be the name of an account. known is the hash of the
// browser's secret if the account knows the browser, else zero.
func (a *Access) attempts(name string, known secretHash, source string) *attempt {
	t := a.throttle
	if known != (secretHash{}) {
		return a.attemptsIn(name, known)
	}
	return &attempt{a: a, in: []counted{
		{&t.names, keyOf("name", name)}, {&t.sources, keyOf("source", Network(source))}}}
}

// attemptsIn returns an attempt within a session of an account, which has shown some proof already. It is counted
// apart from attempts of strangers. All browsers that are not known share one bucket.
func (a *Access) attemptsIn(name string, known secretHash) *attempt {
	return &attempt{a: a, in: []counted{{&a.throttle.devices, keyOf(name, string(known[:]))}}}
}

// mayBegin returns a ThrottledError if there were too many failures. It counts nothing.
func (t *attempt) mayBegin() error {
	t.a.throttle.mu.Lock()
	defer t.a.throttle.mu.Unlock()
	return t.full()
}

// full returns a ThrottledError if one of the buckets is full. The caller holds the lock of the throttle.
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

// begin counts the attempt as a failure at once, so that parallel attempts cannot exceed the limit. It returns a
// ThrottledError if there were too many failures.
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

// giveBack removes the attempt from the failures, because it succeeded.
func (t *attempt) giveBack() {
	t.a.throttle.mu.Lock()
	defer t.a.throttle.mu.Unlock()
	for _, x := range t.taken {
		x.count--
	}
	t.taken = nil
}
