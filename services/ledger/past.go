package ledger

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// Limits on the read models of past positions. Those of a million records take a fifth of a gigabyte.
const (
	pastsKept   = 2               // the number of past positions that are kept
	pastWaitMax = 8               // the number of callers that may wait at the same time
	pastIdle    = 5 * time.Minute // the time for which one is kept after its last use
)

// errPastBusy refuses a caller if too many others wait.
var errPastBusy = text.Errorf(text.Unavailable, "正在回放历史，已有 %d 个查询在等待；请稍后再试",
	"%d questions wait for the history to be replayed; try again later", pastWaitMax)

// errPastClosed is the error of a question to a closed ledger.
var errPastClosed = text.Errorf(text.Unavailable, "台账已关闭；请重新打开", "the ledger is closed; open it again")

// pasts builds the read models of past positions, one at a time, and keeps the last used ones. Callers that ask for
// the same position share them.
type pasts struct {
	build func(ctx context.Context, position uint64) (*projections.Register, error)
	idle  time.Duration

	mu      sync.Mutex
	kept    []*past // the last used one comes first
	queue   []*past // the first one is being built
	waiting int     // callers
	closed  bool
	running sync.WaitGroup // the goroutine that builds, while there is a queue
}

// past holds the read models of one past position. They do not change once they are built.
type past struct {
	position uint64
	register *projections.Register
	err      error
	built    chan struct{} // closed when register or err is set

	waiting int                // the number of waiting callers; protected by the lock of pasts, like the next three
	ctx     context.Context    // of the build
	cancel  context.CancelFunc // ends the build
	unused  *time.Timer        // removes it after pastIdle; set while it is kept
}

func newPasts(build func(context.Context, uint64) (*projections.Register, error)) *pasts {
	return &pasts{build: build, idle: pastIdle}
}

// at returns the read models of a position. It waits until they are built, after those before them in the queue. If
// ctx ends first, it returns the error of ctx. An error of the build is returned to all callers that wait for it, and
// is not kept. It returns errPastBusy if pastWaitMax callers wait already.
func (c *pasts) at(ctx context.Context, position uint64) (*projections.Register, error) {
	p, isKept, err := c.find(position)
	switch {
	case err != nil:
		return nil, err
	case isKept:
		return p.register, nil
	}
	defer c.left(p)
	select {
	case <-p.built:
		return p.register, p.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// find returns the read models of a position: kept ones, or ones that are to be built. In the second case the caller
// waits for them, and calls left when it stops waiting.
func (c *pasts) find(position uint64) (p *past, isKept bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	same := func(p *past) bool { return p.position == position && p.ctx.Err() == nil }
	if c.closed {
		return nil, false, errPastClosed
	}
	if i := slices.IndexFunc(c.kept, same); i >= 0 {
		p = c.kept[i]
		c.kept = slices.Insert(slices.Delete(c.kept, i, i+1), 0, p)
		p.unused.Reset(c.idle)
		return p, true, nil
	}
	if c.waiting == pastWaitMax {
		return nil, false, errPastBusy
	}
	if i := slices.IndexFunc(c.queue, same); i >= 0 {
		p = c.queue[i]
	} else {
		p = &past{position: position, built: make(chan struct{})}
		p.ctx, p.cancel = context.WithCancel(context.Background())
		if c.queue = append(c.queue, p); len(c.queue) == 1 {
			c.running.Go(c.run)
		}
	}
	p.waiting++
	c.waiting++
	return p, false, nil
}

// left counts a caller that stops waiting. Read models for which nobody waits any more are not built.
func (c *pasts) left(p *past) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting--
	if p.waiting--; p.waiting == 0 && p.unused == nil {
		p.cancel()
	}
}

// run builds the read models in the queue.
func (c *pasts) run() {
	for p := c.first(); p != nil; p = c.next(p) {
		if p.err = p.ctx.Err(); p.err == nil {
			p.register, p.err = c.build(p.ctx, p.position)
		}
	}
}

func (c *pasts) first() *past {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queue[0]
}

// next publishes the read models that were built, keeps them if somebody waits for them, and returns the next in the
// queue, or nil.
func (c *pasts) next(p *past) *past {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = slices.Delete(c.queue, 0, 1)
	switch {
	case c.closed:
		p.register, p.err = nil, errPastClosed
	case p.err == nil && p.waiting > 0:
		c.keep(p)
	}
	if p.unused == nil {
		p.cancel()
	}
	close(p.built)
	if len(c.queue) == 0 {
		return nil
	}
	return c.queue[0]
}

// keep keeps read models that were built. They replace the least recently used ones.
func (c *pasts) keep(p *past) {
	for len(c.kept) >= pastsKept {
		c.drop(c.kept[len(c.kept)-1])
	}
	c.kept = slices.Insert(c.kept, 0, p)
	p.unused = time.AfterFunc(c.idle, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.drop(p)
	})
}

// drop removes kept read models. Callers that have them can go on using them.
func (c *pasts) drop(p *past) {
	p.unused.Stop()
	p.cancel()
	c.kept = slices.DeleteFunc(c.kept, func(kept *past) bool { return kept == p })
}

// close cancels the running build, removes all read models, and returns when nothing is built any more.
func (c *pasts) close() {
	c.mu.Lock()
	c.closed = true
	for len(c.kept) > 0 {
		c.drop(c.kept[0])
	}
	for _, p := range c.queue {
		p.cancel()
	}
	c.mu.Unlock()
	c.running.Wait()
}
