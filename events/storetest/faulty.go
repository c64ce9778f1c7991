package storetest

import (
	"context"
	"sync/atomic"

	"github.com/taizhang/taizhang/events"
)

// Fault is the outcome of one append of a Faulty store.
type Fault int

// The outcomes of an append. The last two return the same error, events.ErrUnknown: the caller cannot distinguish
// them.
const (
	Works Fault = iota
	FailedNotStored
	FailedButStored
)

// Faulty is a store whose appends fail by a plan. Plan is called before each append; n counts the appends from 1.
// Reads never fail.
type Faulty struct {
	events.Store
	Plan func(n int64) Fault

	appends atomic.Int64
}

// Append implements events.Store.
func (f *Faulty) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	switch f.Plan(f.appends.Add(1)) {
	case FailedNotStored:
		return nil, events.ErrUnknown
	case FailedButStored:
		// If the store itself refuses the append, the outcome is known.
		if _, err := f.Store.Append(ctx, stream, expected, batch); err != nil {
			return nil, err
		}
		return nil, events.ErrUnknown
	}
	return f.Store.Append(ctx, stream, expected, batch)
}
