package answers

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// An answer that takes longer than a page waits is made apart from the requests for it.
const (
	makeMax     = 2 * time.Minute  // how long it may take
	forgetAfter = 10 * time.Second // after the last request for it
	keptMax     = 30 * time.Second // how long ago an answer may have been finished that a request gets instead
)

// soon returns the answer like answer if making it takes no longer than wait. If it takes longer, soon returns the
// answer before, if that was finished less than keptMax ago, or else nil. The answer is made apart from the requests
// for it, in at most makeMax, as long as one of them waits or comes within forgetAfter: who asks again finds it, or
// the reason why it could not be made.
func (c *snapshots) soon(ctx context.Context, a asked, wait time.Duration) (*Snapshot, error) {
	arrived, end := c.position(), time.Now().Add(wait)
	for {
		s, m, err := c.join(ctx, &a, arrived)
		if s != nil || err != nil {
			return s, err
		}
		if by := m.began.Add(wait); by.Before(end) { // the requests before have waited already
			end = by
		}
		isDone, err := c.wait(ctx, &a, m, time.Until(end))
		switch {
		case err != nil:
			return nil, err
		case !isDone:
			return c.last(&a), nil
		}
	}
}

// join returns the kept answer, or the making of it, which it begins unless it has begun, and which the caller must
// wait for. If the making has failed, join returns its error.
func (c *snapshots) join(ctx context.Context, a *asked, arrived uint64) (*Snapshot, *making, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	if s := c.current(a, arrived, false); s != nil {
		return s, nil, nil
	}
	m := c.making[a.knownKey]
	if m == nil {
		apart, cancel := context.WithTimeout(context.WithoutCancel(ctx), makeMax)
		m = &making{done: make(chan struct{}), began: time.Now(), cancel: cancel}
		c.making[a.knownKey] = m
		go c.makeApart(apart, a, m)
	}
	if m.forget != nil {
		m.forget.Stop()
	}
	if m.err != nil {
		delete(c.making, a.knownKey)
		return nil, nil, m.err
	}
	m.waits++
	return nil, m, nil
}

// wait waits until an answer is made or has failed, at most for some time, and reports whether it is. The last request
// that leaves an answer before it is made begins the time after which it is forgotten.
func (c *snapshots) wait(ctx context.Context, a *asked, m *making, most time.Duration) (isDone bool, err error) {
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-m.done:
		isDone = true
	case <-late.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m.waits--
	if m.waits == 0 && m.cancel != nil && c.making[a.knownKey] == m {
		m.forget = time.AfterFunc(forgetAfter, func() { c.forgotten(a.knownKey, m) })
	}
	return isDone, err
}

// makeApart makes an answer that requests wait for, or come back for. A panic becomes an error, because no request is
// there to end with it.
func (c *snapshots) makeApart(ctx context.Context, a *asked, m *making) {
	defer m.cancel()
	own := *a
	own.make = func(ctx context.Context, before *Snapshot) (s *Snapshot, err error) {
		defer func() {
			if failure := recover(); failure != nil {
				err = fmt.Errorf("answers: make an answer: panic: %v\n%s", failure, debug.Stack())
			}
		}()
		return a.make(ctx, before)
	}
	_, _ = c.made(ctx, &own) // whoever waits finds the answer or the error
}

// forgotten ends the making of an answer that nobody asks for any more, and removes the error of one that has failed.
func (c *snapshots) forgotten(as knownKey, m *making) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.waits > 0 { // a request came at the last moment
		return
	}
	m.isGone = true
	m.cancel()
	if m.err != nil && c.making[as] == m {
		delete(c.making, as)
	}
}

// last returns the newest answer if it was finished not long ago, or nil.
func (c *snapshots) last(a *asked) *Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.newest[a.question]
	if a.point != "" || s == nil || s.id.position < a.atLeast || time.Since(s.done) > keptMax {
		return nil
	}
	return c.touch(s)
}
