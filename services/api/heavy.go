package api

import (
	"context"
	"runtime"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/desk"
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

// isHeavy reports whether an answer takes long: it reads the history of all centers, or is about all of them as known at a point, or
// is a workbook about all of them.
func (a *asking) isHeavy() bool {
	switch a.list.Name {
	case "find", "sample", "changes", "duplicates":
		return true
	}
	return a.question.Center() == "" && (a.when.KnownAt != "" || a.media == xlsxType)
}

// turn waits for the turn of an answer; see heavy.begin. What was known at a point is replayed before: who waits for the same point
// shares that, and holds up no others.
func (q *request) turn(when desk.When, center events.CenterID, isHeavy bool) (end func(), err error) {
	if when.KnownAt != "" && center == "" {
		if err := q.s.Desk.Ready(q.Context(), when); err != nil {
			return nil, err
		}
	}
	return q.s.heavy.begin(q.Context(), isHeavy)
}

// turnWait is how long an answer waits for its turn.
const turnWait = 30 * time.Second
