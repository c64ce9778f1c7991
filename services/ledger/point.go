package ledger

import (
	"cmp"
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// Point is a point in the growth of a ledger: after a position, or at an instant. The zero Point is now.
type Point struct {
	Position uint64
	At       time.Time // if Position is 0
}

// ParsePoint reads a position, a time of RFC 3339, or a date, which stands for the end of that day.
func ParsePoint(s string) (Point, error) {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		position, err := strconv.ParseUint(s, 10, 64)
		if err != nil || position == 0 {
			return Point{}, fmt.Errorf("ledger: %q is not a position", s)
		}
		return Point{Position: position}, nil
	}
	if day, err := events.ParseDate(s); err == nil {
		y, m, d := day.Civil()
		return Point{At: time.Date(y, time.Month(m), d+1, 0, 0, 0, -1, events.Shanghai)}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return Point{}, fmt.Errorf("ledger: %w", err)
	}
	return Point{At: at}, nil
}

// IsNow says whether it is the zero Point.
func (p Point) IsNow() bool { return p.Position == 0 && p.At.IsZero() }

// Knows says whether what lies at a place was known.
func (p Point) Knows(at events.Place) bool {
	switch {
	case p.Position > 0:
		return at.Position <= p.Position
	case !p.At.IsZero():
		return !at.RecordedAt.After(p.At)
	}
	return true
}

// PositionAt returns the last position that was known at a point, of those up to a position.
func (l *Ledger) PositionAt(ctx context.Context, p Point, upTo uint64) (position uint64, err error) {
	if p.IsNow() || p.Position > 0 {
		return min(cmp.Or(p.Position, upTo), upTo), nil
	}
	after := sort.Search(int(upTo), func(n int) bool { // neither positions nor instants ever decrease
		for s, failed := range l.store.ReadAll(ctx, uint64(n)) {
			if failed != nil {
				err = fmt.Errorf("ledger: read position %d: %w", n+1, failed)
			}
			return failed != nil || !p.Knows(s.Place)
		}
		return true
	})
	return uint64(after), err
}

// KnownAtOf is KnownAt for one center: it replays the policies and the stream of that center alone, and the register has
// no other.
func (l *Ledger) KnownAtOf(ctx context.Context, p Point, id events.CenterID) (*projections.Register, error) {
	position, err := l.PositionAt(ctx, p, l.register.Position())
	var r *projections.Register
	if err == nil {
		r, err = rebuild(ctx, func(replay func(events.Stored) error) error {
			for _, stream := range []events.StreamID{events.PolicyStream, id.Stream()} {
				if err := feedFrom(l.read(ctx, Span{Stream: stream, UpTo: position}), replay); err != nil {
					return err
				}
			}
			return nil
		}, l.log)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: read what was known of %s: %w", id, err)
	}
	r.Reached(position)
	return r, nil
}

// KnownAt returns the read models as the ledger stood at a point: those of the prefix of all that was known then.
func (l *Ledger) KnownAt(ctx context.Context, p Point) (*projections.Register, error) {
	known := func(yield func(events.Stored, error) bool) {
		for s, err := range l.store.ReadAll(ctx, 0) {
			if err == nil && !p.Knows(s.Place) || !yield(s, err) {
				return // neither positions nor instants ever decrease
			}
		}
	}
	r, err := rebuild(ctx, func(replay func(events.Stored) error) error { return feedFrom(known, replay) }, l.log)
	if err != nil {
		return nil, fmt.Errorf("ledger: read what was known: %w", err)
	}
	return r, nil
}
