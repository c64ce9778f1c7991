package access

import (
	"context"
	"sync"
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// Limits on who waits for a hash. One hash at a time in each of two lanes is two at once: some 100 MB of memory.
const (
	waitersMax = 32
	ofOneMax   = 8 // places of one account, or of one source of strangers
	waitMax    = 5 * time.Second
)

// errBusy says that too many sign in at once.
var errBusy = text.Errorf(text.Unavailable, "正在登录的人过多，请稍后再试", "too many sign in at once; try again in a moment")

// lane lets one hash be made at a time. A bounded number of others wait, for a bounded time.
type lane struct {
	working chan struct{}

	mu     sync.Mutex // guards the fields below
	places int        // of who is in the lane, the one at work too
	of     map[string]int
}

func newLane() *lane { return &lane{working: make(chan struct{}, 1), of: map[string]int{}} }

// enter takes a place in the lane, if there is one.
func (l *lane) enter(who string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.places > waitersMax || l.of[who] >= ofOneMax {
		return false
	}
	l.places++
	l.of[who]++
	return true
}

func (l *lane) leave(who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.places--
	if l.of[who]--; l.of[who] == 0 {
		delete(l.of, who)
	}
}

// do makes hashes for somebody when it is his turn. It returns errBusy, or the error of ctx, if he does not get one.
func (l *lane) do(ctx context.Context, who string, work func() error) error {
	if !l.enter(who) {
		return errBusy
	}
	defer l.leave(who)
	patience := time.NewTimer(waitMax)
	defer patience.Stop()
	select {
	case l.working <- struct{}{}:
	case <-patience.C:
		return errBusy
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-l.working }()
	return work()
}
