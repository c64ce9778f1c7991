package desk

import (
	"context"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
)

// AlertMoves is the alerts of one center that moved. The answers at Position and later have them as they are after.
type AlertMoves struct {
	Center    events.CenterID `json:"center"`
	Position  uint64          `json:"position"`
	AsOf      events.Date     `json:"asOf"`
	Opened    []Alert         `json:"opened"`
	Cleared   []Alert         `json:"cleared"`
	Withdrawn []Alert         `json:"withdrawn"` // a later fact shows that they never were
}

// Watch finds the alerts that records and policies move, from one look to the next. It is for one goroutine.
type Watch struct {
	local *Local
	on    events.Date
	seen  map[events.CenterID]looked
}

// looked is a center as it was at the last look. The alerts are those of an evaluation, which never changes.
type looked struct {
	mark   projections.Mark
	alerts []aggregates.Alert
}

// Watch returns a Watch that has not looked yet. The desk must see all centers (no Sees): of a center that came to be seen after
// the first look, all alerts that are open would be answered as opened.
func (l *Local) Watch() *Watch { return &Watch{local: l} }

// Look evaluates the centers that changed since the last look, as of a date, and returns the alerts that moved and the position
// up to which everything that moved is known. The first look, and the first one as of another date, evaluates all centers and
// returns no moves: what time alone moves is no move.
func (w *Watch) Look(ctx context.Context, on events.Date) (moved []AlertMoves, position uint64, err error) {
	register := w.local.register()
	first := w.seen == nil || w.on != on
	if first {
		w.on, w.seen = on, map[events.CenterID]looked{}
	}
	var marks []projections.Mark
	register.Exactly(func(p uint64) { // so that what the next look finds was moved after this position
		position, marks = p, register.Marks("")
	})
	for _, mark := range marks {
		before := w.seen[mark.Center]
		if before.mark == mark {
			continue
		}
		if err := ctx.Err(); err != nil {
			w.seen = nil // the next look is a first one
			return nil, 0, err
		}
		e := register.Evaluation(mark.Center, on)
		if e == nil {
			continue
		}
		w.seen[mark.Center] = looked{mark, e.Alerts}
		if first {
			continue
		}
		if d := (difference.Difference{Alerts: difference.Alerts(before.alerts, e.Alerts)}); len(d.Alerts) > 0 {
			moved = append(moved, AlertMoves{mark.Center, position, on, alertsOf(d.Raised()), alertsOf(d.Cleared()), alertsOf(d.Withdrawn())})
		}
	}
	return moved, position, nil
}

// AlertsBetween returns the alerts of a center that moved from one position of the ledger to a later one, both as of a date. It
// replays the history of the center twice. ok is false if none moved.
func (l *Local) AlertsBetween(ctx context.Context, center events.CenterID, after, upTo uint64, on events.Date) (moved AlertMoves, ok bool, err error) {
	before, err := l.alertsAt(ctx, center, after, on)
	if err != nil {
		return moved, false, err
	}
	then, err := l.alertsAt(ctx, center, upTo, on)
	if err != nil {
		return moved, false, err
	}
	d := difference.Difference{Alerts: difference.Alerts(before, then)}
	return AlertMoves{center, upTo, on, alertsOf(d.Raised()), alertsOf(d.Cleared()), alertsOf(d.Withdrawn())}, len(d.Alerts) > 0, nil
}

// alertsAt returns the alerts of a center as known at a position; none at 0, before the first record.
func (l *Local) alertsAt(ctx context.Context, center events.CenterID, position uint64, on events.Date) ([]aggregates.Alert, error) {
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
