package storetest

import (
	"context"
	"sync/atomic"

	"github.com/taizhang/taizhang/events"
)

// Fault is what happens to one append of a Faulty store.
type Fault int

// The ways an append ends. The last two are answered alike, events.ErrUnknown: the caller cannot tell them apart.
const (
	Works Fault = iota
	FailedNotStored
	FailedButStored
)

// Faulty is a store whose appends fail by a plan: Plan is asked before each, n counting them from 1. Reads go through.
type Faulty struct {
	events.Store
	Plan func(n int64) Fault

	appends atomic.Int64
}

// Append implements events.Store.
func (f *Faulty) Append(ctx context.Context, stream events.StreamID, expected uint64, batch []events.Proposed) ([]events.Place, error) {
	switch f.Plan(f.appends.Add(1)) {
	case FailedNotStored:
		return nil, events.ErrUnknown
	case FailedButStored:
		// An append that the store itself refuses was not in doubt, and says so.
		if _, err := f.Store.Append(ctx, stream, expected, batch); err != nil {
			return nil, err
		}
		return nil, events.ErrUnknown
	}
	return f.Store.Append(ctx, stream, expected, batch)
}
