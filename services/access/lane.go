package access

import (
	"context"
	"sync"
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// These limits bound the requests that wait for a hash. Two lanes with one hash at a time need some 100 MB of
// memory.
const (
	waitersMax = 32
	ofOneMax   = 8 // places of one account, or of one source
	waitMax    = 5 * time.Second
)

// errBusy is returned when too many people sign in at once.
var errBusy = text.Errorf(text.Unavailable, "正在登录的人过多，请稍后再试",
	"too many sign in at once; try again in a moment")

// lane computes one hash at a time. A bounded number of requests wait for a bounded time.
type lane struct {
	working chan struct{}

	mu     sync.Mutex // guards the fields below
	places int        // the number of requests in the lane, with the one at work
	of     map[string]int
}

func newLane() *lane { return &lane{working: make(chan struct{}, 1), of: map[string]int{}} }

// enter takes a place in the lane and reports whether there was one.
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

// do calls work when it is who's turn. If the turn does not come, it returns errBusy or the error of ctx.
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
