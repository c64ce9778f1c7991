package projections

import (
	"fmt"
	"strconv"
	"sync"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Break is an event of the ledger that cannot be right. It is kept, but it has no effect on any answer.
type Break struct {
	events.Place
	ID    uuid.UUID
	Cause text.Text
}

// stream holds the aggregate of one stream, the place of the last event applied, and its breaks. A stream of a kind
// that this version of the program does not know has no aggregate: all its events are breaks.
type stream struct {
	mu       sync.Mutex
	of       Aggregate
	center   *center // to which the stream belongs, or nil
	changes  int     // grows with each event applied
	revision uint64
	position uint64
	breaks   []Break
}

// knows reports whether the event at a place was applied already.
func (s *stream) knows(at events.Place) bool {
	return at.Position <= s.position && at.Revision <= s.revision
}

// take moves to the place of an event and passes the event to the aggregate.
func (s *stream) take(at events.Place, id uuid.UUID, to func(Aggregate) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	err := s.advance(at, id)
	if cause := to(s.of); cause != nil {
		return s.broken(at, id, cause)
	}
	return err
}

// advance moves to the place of the next event. A gap in the revisions is a break.
func (s *stream) advance(at events.Place, id uuid.UUID) error {
	before := s.revision
	s.revision, s.position = max(s.revision, at.Revision), max(s.position, at.Position)
	if at.Revision != before+1 {
		return s.broken(at, id, text.Errorf(text.Internal, "记录序号 %d 接在 %d 之后", "revision %d follows %d",
			at.Revision, before))
	}
	return nil
}

// broken adds a break to the stream. An event has one break, even if it has several errors.
func (s *stream) broken(at events.Place, id uuid.UUID, cause error) error {
	why := text.Of(cause)
	if n := len(s.breaks); n > 0 && s.breaks[n-1].Position == at.Position {
		first := &s.breaks[n-1].Cause
		*first = text.Text{Zh: first.Zh + "；" + why.Zh, En: first.En + "; " + why.En}
	} else {
		s.breaks = append(s.breaks, Break{Place: at, ID: id, Cause: why})
	}
	return fmt.Errorf("projections: apply position %d: %w", at.Position, cause)
}

// integrityAlerts returns the alerts of the breaks that were recorded on or before a date.
func integrityAlerts(breaks []Break, on events.Date) (alerts []aggregates.Alert) {
	for _, b := range breaks {
		if raised := events.DateAt(b.RecordedAt); raised <= on {
			alerts = append(alerts, aggregates.Alert{
				Code: aggregates.LedgerBroken, Key: strconv.FormatUint(b.Position, 10), Severity: aggregates.Red,
				RaisedOn: raised})
		}
	}
	return alerts
}

// explainBreaks explains the alerts of the breaks that were recorded on or before a date.
func explainBreaks(breaks []Break, on events.Date) (list []aggregates.Explanation) {
	for _, b := range breaks {
		for _, a := range integrityAlerts([]Break{b}, on) {
			list = append(list, b.explain(a))
		}
	}
	return list
}

// explain returns the explanation of the alert of a break. Nothing clears such an alert: the record is kept as it is.
func (b Break) explain(a aggregates.Alert) aggregates.Explanation {
	return aggregates.Explanation{
		Alert: a,
		Figures: []aggregates.Figure{
			aggregates.NewFigure("position", strconv.FormatUint(b.Position, 10)),
			aggregates.NewFigure("revision", strconv.FormatUint(b.Revision, 10)),
			aggregates.NewFigure("recordedOn", a.RaisedOn.String()),
		},
		Reason: text.Say("台账位置 %d 的记录无法成立，原样保留，不计入任何答案：%s",
			"the record at position %d cannot be right; it is kept and counts in no answer: %s",
			b.Position, b.Cause),
		Because: []uuid.UUID{b.ID},
		Cleared: text.Say("不会解除：该中心停止写入，须由管理员从备份核对",
			"nothing clears it: the center takes no more writing until an administrator "+
				"has compared it with a backup"),
	}
}
