package api

import (
	"container/list"
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/taizhang/taizhang/services/lists"
)

// A snapshot is the answer to a question about a list, at one position of the ledger, as it is sent: rows one after another
// with what is above and under them, or one whole file. It is not changed once it is made. Snapshots share the rows of all
// centers that are the same in them.
type snapshot struct {
	id     snapshotID
	asOf   string
	above  []byte        // the first line of CSV, the provenance, or the whole file
	answer *lists.Answer // with the rows; nil for a whole file
	under  []byte
	count  int // of rows

	made    time.Time // when its position was the newest
	expires time.Time // guarded by the lock of its snapshots, as are the next two
	place   *list.Element
	known   []string // the points under which it was asked for
}

// snapshotID names a snapshot. The same question at the same position has the same answer, so it needs nothing else.
type snapshotID struct {
	question questionID
	position uint64
}

// questionID is a hash of all that an answer depends on beside the position: the list with its parameters, the date, the form,
// who sees what, and the epoch.
type questionID [sha256.Size]byte

// bytes is how much memory a snapshot takes beside its rows.
func (s *snapshot) bytes() int64 { return int64(cap(s.above)+cap(s.under)) + snapshotBytes }

// snapshotBytes is about how long a snapshot is without what is written.
const snapshotBytes = 2048

// hold counts a snapshot as held in memory, and returns how many bytes that takes beside what is held already.
func (s *snapshot) hold() int64 {
	if s.answer == nil {
		return s.bytes()
	}
	return s.bytes() + s.answer.Rows.Hold()
}

// release is the inverse of hold.
func (s *snapshot) release() int64 {
	if s.answer == nil {
		return s.bytes()
	}
	return s.bytes() + s.answer.Rows.Release()
}

// Limits on the snapshots that are kept.
const (
	snapshotAge      = 5 * time.Minute // after it was last asked for
	snapshotBytesMax = 256 << 20       // of all
	knownMax         = 16              // points under which one snapshot is found
)

// snapshots keeps answers, so that all pages of a question are of one position, and that a page of a ledger in which nothing
// moves costs no evaluation. It keeps at most snapshotBytesMax; the one that was not asked for the longest goes first.
type snapshots struct {
	now func() time.Time

	mu     sync.Mutex
	byID   map[snapshotID]*snapshot
	newest map[questionID]*snapshot // of what is known now
	known  map[knownKey]*snapshot   // of what was known at a point
	making map[knownKey]*making
	used   list.List // of *snapshot, the one used last in front
	bytes  int64
	share  share
}

// knownKey is a question as known at a point, "" for now.
type knownKey struct {
	question questionID
	point    string
}

// making is an answer that is being made. done is closed when it is there or failed.
type making struct{ done chan struct{} }

func newSnapshots(now func() time.Time) *snapshots {
	return &snapshots{now: now, byID: map[snapshotID]*snapshot{}, newest: map[questionID]*snapshot{}, known: map[knownKey]*snapshot{}, making: map[knownKey]*making{},
		share: share{left: shareMax, at: time.Now()}}
}

// find returns a snapshot that is still kept, or nil.
func (c *snapshots) find(id snapshotID) *snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	return c.touch(c.byID[id])
}

// isKnown reports whether a snapshot was asked for as known at a point.
func (c *snapshots) isKnown(s *snapshot, point string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[knownKey{s.id.question, point}] == s
}

// asked is what is wanted of an answer.
type asked struct {
	knownKey
	position func() uint64                             // of the ledger
	atLeast  uint64                                    // the least position that the answer may be of
	make     func(before *snapshot) (*snapshot, error) // before is an answer that is kept, of what was known at another time; or nil
}

// answer returns the answer to a question: one that is kept, if it is of the position of the ledger at the time of the call or
// later, or else one that is made now. Requests for the same answer wait for the one that makes it. While writers keep moving
// the ledger, making answers takes no more than a share of the time; an answer may then be of up to staleMax ago. So it may for
// a request that has waited for longer than waitMax: where making takes long, or its thread does not get a processor, one
// request pays for that.
//
// made reports whether this call made it.
func (c *snapshots) answer(ctx context.Context, a asked) (s *snapshot, made bool, err error) {
	arrived, isLate := a.position(), false
	var late <-chan time.Time
	for {
		s, wait := c.take(&a, arrived, isLate)
		switch {
		case s != nil:
			return s, false, nil
		case wait == nil:
			s, err := c.made(&a)
			return s, true, err
		}
		if late == nil {
			late = time.After(waitMax)
		}
		select {
		case <-wait:
		case <-late:
			isLate = true
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

// take returns the answer that is kept, or a channel to wait for it; or neither, and the caller must make it.
func (c *snapshots) take(a *asked, arrived uint64, isLate bool) (*snapshot, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	var s *snapshot
	if a.point != "" {
		s = c.known[a.knownKey]
	} else if s = c.newest[a.question]; s != nil && s.id.position < arrived {
		if s.id.position < a.atLeast || time.Since(s.made) > staleMax || !isLate && !c.share.spent(time.Now()) {
			s = nil
		}
	}
	if s != nil {
		return c.touch(s), nil
	}
	if m := c.making[a.knownKey]; m != nil {
		return nil, m.done
	}
	c.making[a.knownKey] = &making{make(chan struct{})}
	return nil, nil
}

// made makes the answer and keeps it.
func (c *snapshots) made(a *asked) (s *snapshot, err error) {
	var before *snapshot
	if a.point == "" {
		c.mu.Lock()
		before = c.newest[a.question]
		c.mu.Unlock()
	}
	began := time.Now()
	defer func() { // also after a panic
		c.mu.Lock()
		defer c.mu.Unlock()
		close(c.making[a.knownKey].done)
		delete(c.making, a.knownKey)
		if before != nil { // made anew only because the ledger moved
			c.share.spend(max(shareLeast, time.Since(began)), time.Now())
		}
		if s != nil {
			s = c.keep(s, a.knownKey)
		}
	}()
	s, err = a.make(before)
	if s != nil {
		s.made = began
	}
	return s, err
}

// keep keeps a snapshot, and returns it or one with the same content that is kept already.
func (c *snapshots) keep(s *snapshot, as knownKey) *snapshot {
	if kept := c.byID[s.id]; kept != nil {
		kept.made = later(kept.made, s.made)
		s = kept
	} else {
		c.byID[s.id] = s
		s.place = c.used.PushFront(s)
		c.bytes += s.hold()
	}
	if newest := c.newest[as.question]; as.point == "" && (newest == nil || newest.id.position <= s.id.position) {
		c.newest[as.question] = s
	}
	if as.point != "" && len(s.known) < knownMax {
		c.known[as] = s
		s.known = append(s.known, as.point)
	}
	c.touch(s)
	for c.bytes > snapshotBytesMax {
		c.drop(c.used.Back().Value.(*snapshot))
	}
	return s
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// touch notes that a snapshot was asked for.
func (c *snapshots) touch(s *snapshot) *snapshot {
	if s != nil {
		s.expires = c.now().Add(snapshotAge)
		c.used.MoveToFront(s.place)
	}
	return s
}

// expire drops what was not asked for within snapshotAge.
func (c *snapshots) expire() {
	now := c.now()
	for e := c.used.Back(); e != nil; e = c.used.Back() {
		s := e.Value.(*snapshot)
		if now.Before(s.expires) {
			return
		}
		c.drop(s)
	}
}

func (c *snapshots) drop(s *snapshot) {
	delete(c.byID, s.id)
	if c.newest[s.id.question] == s {
		delete(c.newest, s.id.question)
	}
	for _, point := range s.known {
		delete(c.known, knownKey{s.id.question, point})
	}
	c.used.Remove(s.place)
	c.bytes -= s.release()
}

// share is the time that making answers anew may take while the ledger moves: shareOfTime of it, and at once what was not used
// before, up to shareMax. A ledger that is hardly written to never uses it up. An answer takes at least shareLeast of it, for
// it is kept for minutes, and who makes it waits: thirty a second are fresh enough while writers never pause.
type share struct {
	left time.Duration
	at   time.Time
}

const (
	shareMax    = time.Second
	shareOfTime = 0.3
	shareLeast  = 10 * time.Millisecond
	staleMax    = 2 * time.Second // how old an answer may be while the share is used up, or for who is late
	waitMax     = 5 * time.Millisecond
)

// spent reports whether the share is used up.
func (s *share) spent(now time.Time) bool {
	s.left = min(shareMax, s.left+time.Duration(shareOfTime*float64(now.Sub(s.at))))
	s.at = now
	return s.left <= 0
}

func (s *share) spend(took time.Duration, now time.Time) {
	s.spent(now)
	s.left = max(-shareMax, s.left-took)
}
