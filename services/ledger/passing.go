package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// Passing reads the ledger once and calls at with the read models as of each of some ascending positions, as KnownAt
// returns them. at may use them until it returns; then they move on to the next position. An error of at ends the pass
// and is returned unchanged.
func (l *Ledger) Passing(ctx context.Context, positions []uint64,
	at func(position uint64, r *projections.Register) error) error {
	if len(positions) == 0 {
		return nil
	}
	r, left := projections.NewRegister(), positions
	var stopped error // of at
	pass := func(before uint64) error {
		for len(left) > 0 && left[0] < before {
			r.Reached(left[0])
			if stopped = at(left[0], r); stopped != nil {
				return stopped
			}
			left = left[1:]
		}
		return nil
	}
	last := positions[len(positions)-1]
	err := eachReplayed(ctx, func(sink func(events.Stored) error) error {
		return feedFrom(l.read(ctx, Span{UpTo: last}), sink)
	}, func(d *decoded) error {
		if err := pass(d.stored.Position); err != nil {
			return err
		}
		l.notices.apply(r, d)
		return nil
	})
	if err == nil {
		err = pass(last + 1)
	}
	if err != nil && !errors.Is(err, stopped) {
		err = fmt.Errorf("ledger: replay to points: %w", err)
	}
	return err
}
