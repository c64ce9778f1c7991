package api

import (
	"context"
	"runtime"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/desk"
)

// heavy limits the long answers that are made at a time, so that they leave processors to other answers.
type heavy struct {
	heavy, light chan struct{} // have an element for each running answer
	waiting      chan struct{} // has an element for each heavy answer that waits
}

// heavyWaitMax is the largest number of heavy requests that may wait.
const heavyWaitMax = 8

func newHeavy() *heavy {
	return &heavy{make(chan struct{}, 1), make(chan struct{}, runtime.GOMAXPROCS(0)),
		make(chan struct{}, heavyWaitMax)}
}

// begin waits until an answer may be made. The caller calls end when it is made.
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
		return nil, ctx.Err() // the caller turns a timeout into 503
	}
}

// isHeavy reports whether an answer takes long: it reads the history of all centers, or is about all centers as
// known at a point, or is a workbook about all centers.
func (a *asking) isHeavy() bool {
	switch a.list.Name {
	case "find", "sample", "changes", "duplicates":
		return true
	}
	return a.question.Center() == "" && (a.when.KnownAt != "" || a.media == xlsxType)
}

// turn waits until an answer may be made; see heavy.begin. The history up to a point is replayed before: requests
// for the same point share the replay and delay no others.
func (q *request) turn(when desk.When, center events.CenterID, isHeavy bool) (end func(), err error) {
	if when.KnownAt != "" && center == "" {
		if err := q.s.Desk.Ready(q.Context(), when); err != nil {
			return nil, err
		}
	}
	return q.s.heavy.begin(q.Context(), isHeavy)
}

// turnWait is how long a request waits in turn.
const turnWait = 30 * time.Second
