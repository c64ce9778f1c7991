package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
)

const (
	flushEvery   = time.Second
	flushMax     = 2_000            // notes in one append: some 600 KB, which a cluster accepts too
	flushTimeout = 30 * time.Second // for one append, and for all appends of Close together
)

// noteAsked counts a request of a principal. It is written within a second or two.
func (a *Access) noteAsked(kind string, p *Principal, verb, object string, center events.CenterID, outcome string) {
	a.gathered.add(noteKey{Kind: kind, Account: p.Account, Verb: verb, Object: clean(object),
		Center: events.CenterID(clean(string(center))), Outcome: outcome, Source: p.Source},
		a.Now().Truncate(time.Microsecond))
}

// keepFlushing writes the gathered notes, at most once a second, until ctx ends.
func (a *Access) keepFlushing(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := a.flush(ctx, false); err != nil && ctx.Err() == nil {
				a.Log.Error("the access log cannot be written", zap.Error(err))
			}
		}
	}
}

// roundsMax is the largest number of appends in flushAll: enough for all the notes that can wait.
const roundsMax = overdueMax/flushMax + 100

// flushAll writes all gathered notes.
func (a *Access) flushAll(ctx context.Context) error {
	for range roundsMax {
		if n, err := a.flush(ctx, true); n == 0 || err != nil {
			return err
		}
	}
	return nil
}

// batch is the events of one flush, and the revision of the log before them.
type batch struct {
	events   []events.Proposed
	expected uint64
}

// flush appends a part of the gathered notes and returns how many. If an append fails, the next flush repeats it
// with the same events at the same revision, so that nothing is written twice.
func (a *Access) flush(ctx context.Context, all bool) (n int, err error) {
	a.acting.Lock()
	defer a.acting.Unlock()
	defer func() { a.unwritten.Store(&failure{err}) }()
	if a.stopped != nil {
		return 0, a.stopped
	}
	if a.unsent == nil {
		list := a.gathered.next(a.Now(), flushMax, all)
		if len(list) == 0 {
			return 0, nil
		}
		facts := make([]fact, len(list))
		for i := range list {
			facts[i] = fact{accessNoted, list[i]}
		}
		events, err := proposed(facts)
		if err != nil {
			return 0, err
		}
		a.unsent = &batch{events, a.state.revisions[logStream]}
	}
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	err = a.append(ctx, logStream, a.unsent.expected, a.unsent.events)
	var moved *events.ConflictError
	if errors.As(err, &moved) { // another process wrote
		if err = a.catchUp(ctx); err == nil {
			a.unsent.expected = a.state.revisions[logStream]
			err = a.append(ctx, logStream, a.unsent.expected, a.unsent.events)
		}
	}
	if err != nil {
		return 0, err
	}
	n, a.unsent = len(a.unsent.events), nil
	return n, nil
}

// failure is the error of the last flush, or nil.
type failure struct{ error }

// Healthy returns the error that keeps the access log from being written, or nil.
func (a *Access) Healthy() error {
	if last := a.unwritten.Load(); last != nil && last.error != nil {
		return fmt.Errorf("access: write the access log: %w", last.error)
	}
	return nil
}
