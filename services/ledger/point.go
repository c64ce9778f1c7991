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

// Empty is the point of the empty ledger, before its first event. Its instant is before any that a store can have.
var Empty = Point{At: time.Unix(0, 0)}

// ParsePoint reads a position, a time of RFC 3339, or a date as events.ReadDate reads it, which stands for the end of
// that day. Position 0 is Empty.
func ParsePoint(s string) (Point, error) {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		position, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return Point{}, fmt.Errorf("ledger: %q is not a position", s)
		}
		if position == 0 {
			return Empty, nil
		}
		return Point{Position: position}, nil
	}
	if day, err := events.ReadDate(s); err == nil {
		y, m, d := day.Civil()
		return Point{At: time.Date(y, time.Month(m), d+1, 0, 0, 0, -1, events.Shanghai)}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return Point{}, fmt.Errorf("ledger: %w", err)
	}
	return Point{At: at}, nil
}

// IsNow reports whether the point is the zero Point.
func (p Point) IsNow() bool { return p.Position == 0 && p.At.IsZero() }

// Knows reports whether an event at a place was stored by the point.
func (p Point) Knows(at events.Place) bool {
	switch {
	case p.Position > 0:
		return at.Position <= p.Position
	case !p.At.IsZero():
		return !at.RecordedAt.After(p.At)
	}
	return true
}

// PositionAt returns the last position, up to upTo, that was stored by a point.
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

// KnownAtOf returns the read models of one center as of a point, or of no center for "". It replays only the policies
// and the stream of the center, and the register has no other center.
func (l *Ledger) KnownAtOf(ctx context.Context, p Point, id events.CenterID) (*projections.Register, error) {
	position, err := l.PositionAt(ctx, p, l.register.Position())
	var r *projections.Register
	if err == nil {
		r, err = rebuild(ctx, func(replay func(events.Stored) error) error {
			streams := []events.StreamID{events.PolicyStream}
			if id != "" {
				streams = append(streams, id.Stream())
			}
			for _, stream := range streams {
				if err := feedFrom(l.read(ctx, Span{Stream: stream, UpTo: position}), replay); err != nil {
					return err
				}
			}
			return nil
		}, l.notices)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: replay %s to a point: %w", id, err)
	}
	r.Reached(position)
	return r, nil
}

// KnownAt returns the read models as of a point: those of all events stored by then. They never change. Callers share
// them, so no caller may apply an event to them. They are built one at a time: KnownAt waits for the builds before
// it. It returns an error with text.Unavailable if too many callers wait.
func (l *Ledger) KnownAt(ctx context.Context, p Point) (*projections.Register, error) {
	position, err := l.PositionAt(ctx, p, l.register.Position())
	if err != nil {
		return nil, fmt.Errorf("ledger: replay to a point: %w", err)
	}
	return l.knownAt(ctx, position)
}

// knownAt does the same as KnownAt for a position.
func (l *Ledger) knownAt(ctx context.Context, position uint64) (*projections.Register, error) {
	switch {
	case l.readOnly && position == l.register.Position():
		return l.register, nil // it does not change any more
	case position == 0:
		return projections.NewRegister(), nil
	}
	r, err := l.pasts.at(ctx, position)
	if err != nil {
		return nil, fmt.Errorf("ledger: replay to a point: %w", err)
	}
	return r, nil
}

// Ready waits until the read models that Known needs for a point are built. A call of Known soon after finds them.
func (l *Ledger) Ready(ctx context.Context, p Point) error {
	position, err := l.PositionAt(ctx, p, l.register.Position())
	if err != nil {
		return fmt.Errorf("ledger: replay to a point: %w", err)
	}
	if position < l.register.Position() {
		_, err = l.knownAt(ctx, position)
	}
	return err
}

// Known calls answer with the read models as of a point. answer may use them until it returns. If the point is the
// present end of the ledger, Known calls answer with the current read models; if the ledger grew meanwhile, it calls
// answer once more with those of KnownAt, and the last call counts. It returns the error of that call.
func (l *Ledger) Known(ctx context.Context, p Point, answer func(*projections.Register) error) error {
	position, err := l.PositionAt(ctx, p, l.register.Position())
	if err != nil {
		return fmt.Errorf("ledger: replay to a point: %w", err)
	}
	if position == l.register.Position() {
		err := answer(l.register)
		moved := false
		// Exactly excludes an event that is being applied
		l.register.Exactly(func(now uint64) { moved = now != position })
		if !moved {
			return err
		}
	}
	r, err := l.knownAt(ctx, position)
	if err != nil {
		return err
	}
	return answer(r)
}

// replayed returns new read models of all events up to a position.
func (l *Ledger) replayed(ctx context.Context, position uint64) (*projections.Register, error) {
	return rebuild(ctx, func(replay func(events.Stored) error) error {
		return feedFrom(l.read(ctx, Span{UpTo: position}), replay)
	}, l.notices)
}
