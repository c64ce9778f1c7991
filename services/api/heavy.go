package api

import (
	"context"
	"runtime"
	"time"
)

// heavy lets a few long answers be made at a time, so that they leave the processors to the others.
type heavy struct {
	heavy, light chan struct{} // each has an element for each that runs
	waiting      chan struct{} // and one for each that waits for its turn among the heavy
}

// heavyWaitMax is how many heavy requests may wait.
const heavyWaitMax = 8

func newHeavy() *heavy {
	return &heavy{make(chan struct{}, 1), make(chan struct{}, runtime.GOMAXPROCS(0)), make(chan struct{}, heavyWaitMax)}
}

// begin waits for the turn of an answer. The caller calls end when it is made.
func (h *heavy) begin(ctx context.Context, isHeavy bool) (end func(), err error) {
	turn := h.light
	if isHeavy {
		turn = h.heavy
		select {
		case h.waiting <- struct{}{}:
			defer func() { <-h.waiting }()
		default:
			return nil, fail(unavailable, "查询过多，请稍后再试", "too many questions wait; try again later")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, turnWait)
	defer cancel()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err() // one that waited too long is 503
	}
}

// turnWait is how long an answer waits for its turn.
const turnWait = 30 * time.Second
