package desk

import (
	"context"
	"maps"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
)

// AlertMoves holds the alerts of one center that changed. They are as in the answers at Position and later.
type AlertMoves struct {
	Center    events.CenterID `json:"center"`
	Position  uint64          `json:"position"`
	AsOf      events.Date     `json:"asOf"`
	Opened    []Alert         `json:"opened"`
	Cleared   []Alert         `json:"cleared"`
	Withdrawn []Alert         `json:"withdrawn"` // alerts that a later fact shows to be unfounded
}

// Watch finds the alerts that changed because of records and policies between two looks. It is for one goroutine.
type Watch struct {
	watch  *projections.Watch
	on     events.Date
	alerts map[events.CenterID][]aggregates.Alert // the alerts of each center at the last look; nil before the first
}

// Watch returns a Watch that has not looked yet. The desk must see all centers (no Sees): if a center came into
// sight after the first look, all its open alerts would be returned as opened.
func (l *Local) Watch() *Watch { return &Watch{watch: l.register().Watch()} }

// Look evaluates the centers that changed since the last look, as of a date. It returns the changed alerts in the
// order of centers, and the position up to which all changes are included. The first look, and the first one as of
// another date, evaluates all centers and returns no changes: changes by time alone do not count. After an error
// the next look is a first one.
func (w *Watch) Look(ctx context.Context, on events.Date) (moved []AlertMoves, position uint64, err error) {
	then := map[events.CenterID][]aggregates.Alert{}
	position, err = w.watch.Look(ctx, on, func(s *projections.Seen) {
		if s.Center != "" { // a break in the policies belongs to no center
			then[s.Center] = s.Alerts
		}
	})
	switch {
	case err != nil:
		w.alerts = nil
		return nil, 0, err
	case w.alerts == nil || w.on != on:
		w.on, w.alerts = on, then
		return nil, position, nil
	}
	for _, center := range slices.Sorted(maps.Keys(then)) {
		d := difference.Difference{Alerts: difference.Alerts(w.alerts[center], then[center])}
		w.alerts[center] = then[center]
		if len(d.Alerts) > 0 {
			moved = append(moved, AlertMoves{center, position, on, alertsOf(d.Raised()), alertsOf(d.Cleared()),
				alertsOf(d.Withdrawn())})
		}
	}
	return moved, position, nil
}

// AlertsBetween returns the alerts of a center that changed between two positions of the ledger, both as of one
// date. It replays the history of the center twice. ok is false if none changed.
func (l *Local) AlertsBetween(ctx context.Context, center events.CenterID, after, upTo uint64,
	on events.Date) (moved AlertMoves, ok bool, err error) {
	before, err := l.alertsAt(ctx, center, after, on)
	if err != nil {
		return moved, false, err
	}
	then, err := l.alertsAt(ctx, center, upTo, on)
	if err != nil {
		return moved, false, err
	}
	d := difference.Difference{Alerts: difference.Alerts(before, then)}
	return AlertMoves{center, upTo, on, alertsOf(d.Raised()), alertsOf(d.Cleared()), alertsOf(d.Withdrawn())},
		len(d.Alerts) > 0, nil
}

// alertsAt returns the alerts of a center as known at a position; none at 0, which is before the first record.
func (l *Local) alertsAt(ctx context.Context, center events.CenterID, position uint64,
	on events.Date) ([]aggregates.Alert, error) {
	if position == 0 {
		return nil, nil
	}
	register, err := l.Ledger.KnownAtOf(ctx, ledger.Point{Position: position}, center)
	if err != nil {
		return nil, err
	}
	if e := register.Evaluation(center, on); e != nil {
		return e.Alerts, nil
	}
	return nil, nil
}
