package answers

import (
	"context"
	"runtime"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// turns limits the long answers that are made at a time, so that they leave processors to other answers.
type turns struct {
	long, short chan struct{} // have an element for each running answer
	waiting     chan struct{} // has an element for each long answer that waits
}

// longWaitMax is the largest number of requests that may wait for a long answer.
const longWaitMax = 8

// turnWait is how long a request waits in turn.
const turnWait = 30 * time.Second

func newTurns() *turns {
	return &turns{make(chan struct{}, 1), make(chan struct{}, runtime.GOMAXPROCS(0)), make(chan struct{}, longWaitMax)}
}

// Turn waits until an answer about a center or, for "", all centers may be made. The caller calls end when it is made.
// The history up to a point is replayed before: requests for the same point share the replay and delay no others. Turn
// returns text.Unavailable if too many wait, and context.DeadlineExceeded after half a minute.
func (k *Kept) Turn(ctx context.Context, when desk.When, center events.CenterID, isLong bool) (end func(), err error) {
	if when.KnownAt != "" && center == "" {
		if err := k.Desk.Ready(ctx, when); err != nil {
			return nil, err
		}
	}
	return k.turns.begin(ctx, isLong)
}

// begin waits until an answer may be made.
func (t *turns) begin(ctx context.Context, isLong bool) (end func(), err error) {
	turn := t.short
	if isLong {
		turn = t.long
		select {
		case t.waiting <- struct{}{}:
			defer func() { <-t.waiting }()
		default:
			return nil, text.Errorf(text.Unavailable, "查询过多，请稍后再试",
				"too many questions wait; try again later")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, turnWait)
	defer cancel()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
