package desk

import (
	"context"
	"errors"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
)

// Position implements Reader.
func (l *Local) Position() uint64 { return l.Ledger.Register().Position() }

// Reaches implements Reader.
func (l *Local) Reaches(ctx context.Context, position uint64) error {
	if l.Ledger.ReadOnly() && l.Position() < position {
		return behind(position)
	}
	err := l.Ledger.Reaches(ctx, position)
	if errors.Is(err, context.DeadlineExceeded) {
		return behind(position)
	}
	return err
}

func behind(position uint64) error {
	return text.Errorf(text.Unavailable, "台账尚未到达位置 %d",
		"the ledger has not reached the position %d yet", position)
}

// Events implements Reader.
func (l *Local) Events(ctx context.Context, after uint64, limit int, of string,
	each func(*events.Stored) error) error {
	span := ledger.Span{After: after, UpTo: l.Position(), Sees: l.seesStream()}
	if of != "" {
		center := events.ParseCenter(of)
		if !l.register().Knows(center) {
			return lists.UnknownCenter(center)
		}
		span.Stream = center.Stream()
	}
	if limit < 1 {
		return nil
	}
	handed := 0
	err := l.Ledger.Walk(ctx, span, l.seen(func(s *events.Stored) error {
		if err := each(s); err != nil {
			return err
		}
		if handed++; handed == limit {
			return errEnough
		}
		return nil
	}))
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// errEnough ends a walk over events early.
var errEnough = errors.New("enough")

// Follow implements Reader.
func (l *Local) Follow(ctx context.Context, after uint64, each func(*events.Stored) error) error {
	return l.Ledger.Follow(ctx, after, l.seesStream(), l.seen(each))
}

// seesStream returns a function that reports whether the account sees a stream, or nil if it sees all.
func (l *Local) seesStream() func(events.StreamID) bool {
	if l.Sees == nil {
		return nil
	}
	return l.register().SeesStream
}

// seen returns a function that calls each with an event if the account sees it at that moment.
func (l *Local) seen(each func(*events.Stored) error) func(*events.Stored) error {
	register := l.register()
	return func(s *events.Stored) error {
		if !register.SeesStream(s.Stream) {
			return nil
		}
		return each(s)
	}
}

// HistoryEntry is a record of a center with the values that the ledger added to it.
type HistoryEntry struct {
	Position   uint64          `json:"position"`
	Revision   uint64          `json:"revision"`
	RecordedAt string          `json:"recordedAt"`
	EnteredBy  string          `json:"enteredBy"`
	Mode       string          `json:"mode"`   // EnforceMode or RecordMode
	Policy     string          `json:"policy"` // id@version of the policy that judged the record; "" before the first
	Breaks     []events.RuleID `json:"breaks"`
	Warnings   []text.Text     `json:"warnings"`
	Record     jsontext.Value  `json:"record"` // in the interchange form
}

// Entry implements Reader.
func (l *Local) Entry(ctx context.Context, center, id string) (*HistoryEntry, error) {
	of := events.ParseCenter(center)
	register := l.register()
	if !register.Knows(of) {
		return nil, lists.UnknownCenter(of)
	}
	notThere := text.Errorf(text.NotFound, "中心 %s 没有此编号的记录", "%s has no record of this id", of)
	event, err := uuid.Parse(id)
	if err != nil || len(id) != len(event.String()) { // Parse also accepts other forms than the canonical one
		return nil, notThere
	}
	revision := register.Has(of.Stream(), event)
	if revision == 0 {
		return nil, notThere
	}
	for stored, err := range l.Ledger.ReadStream(ctx, of.Stream(), revision-1) {
		if err != nil {
			return nil, err
		}
		if stored.ID != event { // an event lost earlier in the stream shifts its revision
			continue
		}
		rec, err := events.DecodeEvent(stored)
		if err != nil {
			return nil, err
		}
		line, err := events.EncodeRecord(&rec.Record)
		return &HistoryEntry{Position: rec.Position, Revision: rec.Revision,
			RecordedAt: events.FormatInstant(rec.RecordedAt), EnteredBy: rec.EnteredBy, Mode: string(rec.Mode),
			Policy: lists.PolicyName(rec.Policy), Breaks: rec.Breaks, Warnings: rec.Warnings, Record: line}, err
	}
	return nil, notThere
}
