package answers

import (
	"container/list"
	"context"
	"io"
	"iter"
	"sync"
	"time"

	"github.com/taizhang/taizhang/services/answers/internal/pace"
	"github.com/taizhang/taizhang/services/lists"
)

// Content is an answer in the form that is sent: rows with the parts above and below them, or one whole file.
type Content struct {
	Position uint64        // of the ledger
	Above    []byte        // the first line of CSV, the provenance, or the whole file
	Answer   *lists.Answer // has the rows; nil for a whole file
	Under    []byte
	Count    int // the number of rows
}

// ContentOf returns the rows of an answer; nothing for nil.
func ContentOf(a *lists.Answer) Content {
	if a == nil {
		return Content{}
	}
	return Content{Position: a.Position, Answer: a, Count: a.Rows.Len()}
}

// Bytes returns the length of the content.
func (c *Content) Bytes() int {
	n := len(c.Above) + len(c.Under)
	if c.Answer != nil {
		n += c.Answer.Rows.Bytes()
	}
	return n
}

// WriteTo writes the whole content. It implements io.WriterTo.
func (c *Content) WriteTo(w io.Writer) (n int64, err error) {
	write := func(part []byte) bool {
		if err == nil && len(part) > 0 {
			var some int
			some, err = w.Write(part)
			n += int64(some)
		}
		return err == nil
	}
	write(c.Above)
	if c.Answer != nil {
		c.Answer.Rows.Text()(write)
	}
	write(c.Under)
	return n, err
}

// Rows yields the encoded rows from one, counted from 0, up to but without another. The caller must not change them.
func (c *Content) Rows(from, to int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if from >= to {
			return
		}
		at := from
		for row := range c.Answer.Rows.From(from) {
			if at++; !yield(row) || at == to {
				return
			}
		}
	}
}

// Snapshot is an answer at one position of the ledger. Its content never changes once it is made. Snapshots share
// equal rows about all centers.
type Snapshot struct {
	Content
	AsOf string

	id      snapshotID
	made    time.Time // when its position was the newest
	done    time.Time // when it was finished
	expires time.Time // guarded by the lock of its snapshots, like the next two
	place   *list.Element
	known   []string // the points that it was asked for
}

// snapshotID identifies a snapshot: the same question at the same position has the same answer.
type snapshotID struct {
	question ID
	position uint64
}

// bytes returns the memory of a snapshot without its rows.
func (s *Snapshot) bytes() int64 { return int64(cap(s.Above)+cap(s.Under)) + snapshotBytes }

// snapshotBytes is the approximate size of a snapshot without its content.
const snapshotBytes = 2048

// hold counts a snapshot as held in memory, and returns the number of additional bytes.
func (s *Snapshot) hold() int64 {
	if s.Answer == nil {
		return s.bytes()
	}
	return s.bytes() + s.Answer.Rows.Hold()
}

// release is the inverse of hold.
func (s *Snapshot) release() int64 {
	if s.Answer == nil {
		return s.bytes()
	}
	return s.bytes() + s.Answer.Rows.Release()
}

// These limit the snapshots that are kept.
const (
	snapshotAge      = 5 * time.Minute // after it was last asked for
	snapshotBytesMax = 256 << 20       // of all snapshots together
	knownMax         = 16              // points that one snapshot is found under
)

// snapshots keeps answers, so that all pages of an answer have one position, and a page costs no evaluation if the
// ledger has not changed. It keeps at most snapshotBytesMax; the snapshot that was unused for the longest time is
// removed first.
type snapshots struct {
	now      func() time.Time
	position func() uint64 // returns the position of the ledger

	mu     sync.Mutex
	byID   map[snapshotID]*Snapshot
	newest map[ID]*Snapshot       // as known now
	known  map[knownKey]*Snapshot // as known at a point
	making map[knownKey]*making
	used   list.List // of *Snapshot, the most recently used in front
	bytes  int64
	share  share
}

// knownKey is a question as known at a point, "" for now.
type knownKey struct {
	question ID
	point    string
}

// making is an answer that is being made. done is closed when it is made or has failed. The other members are of an
// answer that is made apart from the requests for it (see soon), and guarded by the lock of its snapshots.
type making struct {
	done   chan struct{}
	began  time.Time
	cancel context.CancelFunc
	waits  int         // requests that wait for it
	forget *time.Timer // runs forgotten when no request has waited for it during forgetAfter; nil before
	isGone bool        // nobody asks for it any more
	err    error       // why it failed, for the next request
}

func newSnapshots(now func() time.Time, position func() uint64) *snapshots {
	return &snapshots{now: now, position: position, byID: map[snapshotID]*Snapshot{}, newest: map[ID]*Snapshot{},
		known: map[knownKey]*Snapshot{}, making: map[knownKey]*making{},
		share: share{left: pace.ShareMax, at: time.Now()}}
}

// find returns a snapshot that is still kept, or nil.
func (c *snapshots) find(id snapshotID) *Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	return c.touch(c.byID[id])
}

// isKnown reports whether a snapshot was asked for as known at a point.
func (c *snapshots) isKnown(s *Snapshot, point string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[knownKey{s.id.question, point}] == s
}

// asked is a request for an answer.
type asked struct {
	knownKey
	atLeast uint64 // the least position of the answer
	// makes it; before is a kept answer to the same question at another position, or nil
	make func(ctx context.Context, before *Snapshot) (*Snapshot, error)
}

// answer returns the answer to a question: one that is kept, if it is of the position of the ledger at the time of the
// call or later, or else one that is made now. Requests for the same answer wait for the one that makes it. While
// writers keep moving the ledger, making answers takes no more than a share of the time; an answer may then be of up
// to staleMax ago. So it may for a request that has waited for longer than waitMax: where making takes long, or its
// thread does not get a processor, one request pays for that.
//
// made reports whether this call made it.
func (c *snapshots) answer(ctx context.Context, a asked) (s *Snapshot, made bool, err error) {
	arrived, isLate := c.position(), false
	var late <-chan time.Time
	for {
		s, wait := c.take(&a, arrived, isLate)
		switch {
		case s != nil:
			return s, false, nil
		case wait == nil:
			s, err := c.made(ctx, &a)
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

// take returns the kept answer, or a channel to wait on. If both are nil, the caller must make the answer.
func (c *snapshots) take(a *asked, arrived uint64, isLate bool) (*Snapshot, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	if s := c.current(a, arrived, isLate); s != nil {
		return s, nil
	}
	if m := c.making[a.knownKey]; m != nil && m.err == nil {
		return nil, m.done
	}
	c.making[a.knownKey] = &making{done: make(chan struct{}), began: time.Now()}
	return nil, nil
}

// current returns the kept answer of the position at which a request arrived or a later one, or an earlier one if the
// request may get that. Otherwise it returns nil.
func (c *snapshots) current(a *asked, arrived uint64, isLate bool) *Snapshot {
	var s *Snapshot
	if a.point != "" {
		s = c.known[a.knownKey]
	} else if s = c.newest[a.question]; s != nil && s.id.position < arrived {
		if s.id.position < a.atLeast || time.Since(s.made) > staleMax || !isLate && !c.share.spent(time.Now()) {
			s = nil
		}
	}
	return c.touch(s)
}

// made makes the answer and keeps it.
func (c *snapshots) made(ctx context.Context, a *asked) (s *Snapshot, err error) {
	var before *Snapshot
	if a.point == "" {
		c.mu.Lock()
		before = c.newest[a.question]
		c.mu.Unlock()
	}
	began := time.Now()
	defer func() { // also after a panic
		c.mu.Lock()
		defer c.mu.Unlock()
		m := c.making[a.knownKey]
		if s == nil && m.cancel != nil && !m.isGone {
			m.err = err
		} else {
			delete(c.making, a.knownKey)
		}
		close(m.done)
		if before != nil { // the answer is made again only because the ledger changed
			c.share.spend(max(shareLeast, time.Since(began)), time.Now())
		}
		if s != nil {
			s = c.keep(s, a.knownKey)
		}
	}()
	s, err = a.make(ctx, before)
	if s != nil {
		s.made, s.done = began, time.Now()
	}
	return s, err
}

// keep keeps a snapshot, and returns it, or a kept one with the same content. It is kept under its own question,
// which differs from that of the request if the scope of the principal changed meanwhile.
func (c *snapshots) keep(s *Snapshot, as knownKey) *Snapshot {
	as.question = s.id.question
	if kept := c.byID[s.id]; kept != nil {
		kept.made, kept.done = later(kept.made, s.made), later(kept.done, s.done)
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
		c.drop(c.used.Back().Value.(*Snapshot))
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
func (c *snapshots) touch(s *Snapshot) *Snapshot {
	if s != nil {
		s.expires = c.now().Add(snapshotAge)
		c.used.MoveToFront(s.place)
	}
	return s
}

// expire removes the snapshots that were not asked for within snapshotAge.
func (c *snapshots) expire() {
	now := c.now()
	for e := c.used.Back(); e != nil; e = c.used.Back() {
		s := e.Value.(*Snapshot)
		if now.Before(s.expires) {
			return
		}
		c.drop(s)
	}
}

func (c *snapshots) drop(s *Snapshot) {
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

// share limits the time spent on making answers again while the ledger changes. It is shareOfTime of all time;
// time not used before may be used at once, up to pace.ShareMax. A ledger with few writes never uses it up. An answer
// counts as at least shareLeast, because it stays in memory for minutes and its maker waits: thirty a second are
// fresh enough while writers never pause.
type share struct {
	left time.Duration
	at   time.Time
}

const (
	shareOfTime = 0.3
	shareLeast  = 10 * time.Millisecond
	staleMax    = 2 * time.Second // how old an answer may be while the share is used up, or for a late request
	waitMax     = 5 * time.Millisecond
)

// spent reports whether the share is used up.
func (s *share) spent(now time.Time) bool {
	s.left = min(pace.ShareMax, s.left+time.Duration(shareOfTime*float64(now.Sub(s.at))))
	s.at = now
	return s.left <= 0
}

func (s *share) spend(took time.Duration, now time.Time) {
	s.spent(now)
	s.left = max(-pace.ShareMax, s.left-took)
}
