package lists

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/table"
)

// reason is a set of reasons for which a later record matters.
type reason uint8

// The reasons. A back-dated record happened by the day of the older point but was recorded later: the reports of the
// older point do not contain it.
const (
	backDated reason = 1 << iota
	ruling
	voiding
	recordMode
	adoption
	yearBegun // the record counts in a year that had not begun
	fresh
)

var reasonWords = []struct {
	reason
	code string
	word text.Text
}{
	{backDated, "back-dated", text.Say("事后补记", "back-dated")},
	{ruling, "ruled", text.Say("用途认定", "ruled")},
	{voiding, "voided", text.Say("作废", "voided")},
	{recordMode, "record-mode", text.Say("补录", "record mode")},
	{adoption, "policy", text.Say("办法参数变更", "policy adopted")},
	{yearBegun, "year-begun", text.Say("新年度", "year begun")},
	{fresh, "new", text.Say("新增", "new")},
}

// cell returns a cell that lists the reasons.
func (r reason) cell() table.Cell {
	var codes, zh, en []string
	for _, w := range reasonWords {
		if r&w.reason != 0 {
			codes, zh, en = append(codes, w.code), append(zh, w.word.Zh), append(en, w.word.En)
		}
	}
	return table.Cell{Data: strings.Join(codes, " "),
		Shown: text.Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}}
}

// laterRecord holds the facts about a record between the two points that need no decoding of the record.
type laterRecord struct {
	projections.Later
	why reason
}

// laterOf is a later record with its center.
type laterOf struct {
	center events.CenterID
	laterRecord
}

// span is the part of the ledger between two points, of one center, or of all centers for "".
type span struct {
	ledger.Span
	sinceAt time.Time                  // the older point's instant
	counts  map[events.CenterID]uint64 // the number of events of each center at the newer point
	center  events.CenterID
}

// spanSince returns the span from the point in the parameter "since" to the position of the register. If the point is
// after that position, it returns a *text.Error that names the parameter.
func (d *Books) spanSince(ctx context.Context, q *asked, counts map[events.CenterID]uint64) (s span, err error) {
	p, err := ledger.ParsePoint(q.text("since"))
	if err != nil {
		return s, err
	}
	center := q.center("center")
	s = span{d.span(center, q.position), p.At, counts, center}
	s.After = p.Position
	if p.Position > s.UpTo {
		return s, text.Errorf(text.Invalid, "所问的台账只到位置 %d",
			"the ledger as known then ends at position %d", s.UpTo).Of("since")
	}
	if p.Position > 0 {
		s.sinceAt, err = d.recordedAt(ctx, p.Position)
		return s, err
	}
	s.After, err = d.Ledger.PositionAt(ctx, p, s.UpTo)
	return s, err
}

// recordedAt returns the instant at which the first event at or after a position was recorded.
func (d *Books) recordedAt(ctx context.Context, position uint64) (time.Time, error) {
	for s, err := range d.Ledger.ReadAll(ctx, position-1) {
		return s.RecordedAt, err
	}
	return time.Time{}, nil
}

// later lists the records of each center in the span. An adoption of a policy in the span is listed for every center.
// The policies adopted up to the beginning of the span are returned as before.
func (d *Books) later(ctx context.Context, s span) (before policy.Timeline, of map[events.CenterID][]laterRecord,
	err error) {
	var adopted []laterRecord
	all, err := d.Ledger.Adoptions(ctx, ledger.Point{Position: s.UpTo})
	if err != nil {
		return before, nil, err
	}
	t := policy.Timeline{}
	for _, a := range all {
		t = t.With(a.Policy)
		if a.Position <= s.After {
			before = t
		} else {
			known := t
			adopted = append(adopted,
				laterRecord{projections.Later{Position: a.Position, ID: a.ID, Timeline: &known}, adoption})
		}
	}
	of = map[events.CenterID][]laterRecord{}
	sinceDay := events.DateAt(s.sinceAt)
	err = ledger.Search(ctx, d.Ledger, s.Span,
		func(e *events.Stored) (laterOf, bool) {
			id, ok := e.Stream.Center()
			if !ok {
				return laterOf{}, false
			}
			return laterOf{id, laterRecord{projections.Later{Position: e.Position, ID: e.ID}, reasonOf(e, sinceDay)}},
				true
		},
		func(l laterOf) error {
			of[l.center] = append(of[l.center], l.laterRecord)
			return nil
		})
	if err != nil {
		return before, nil, err
	}
	if len(adopted) == 0 {
		return before, of, nil
	}
	for id := range s.counts {
		if s.center != "" && s.center != id {
			continue
		}
		list := append(slices.Clip(adopted), of[id]...)
		slices.SortFunc(list, func(a, b laterRecord) int { return cmp.Compare(a.Position, b.Position) })
		of[id] = list
	}
	return before, of, nil
}

// reasonOf returns the reasons for which a later record matters.
func reasonOf(e *events.Stored, sinceDay events.Date) (why reason) {
	switch e.Kind {
	case events.KindUseRuled:
		why |= ruling
	case events.KindEntryVoided:
		why |= voiding
	}
	if b, err := events.CutBody(e); err == nil {
		if b.On <= sinceDay && b.On < events.DateAt(e.RecordedAt) {
			why |= backDated
		}
		if b.Mode() == events.Recording {
			why |= recordMode
		}
	}
	if why == 0 {
		why = fresh
	}
	return why
}

// farApart is a number of events. If the next wanted event is farther away, a new read begins there; a nearer one is
// reached by reading on.
const farApart = 500

// records decodes the events at the wanted positions, which are in ascending order. It leaves out an event that it
// cannot decode.
func (d *Books) records(ctx context.Context, wanted []uint64) (map[uint64]*events.Recorded, error) {
	found := make(map[uint64]*events.Recorded, len(wanted))
	for len(wanted) > 0 {
		left := len(wanted)
		for e, err := range d.Ledger.ReadAll(ctx, wanted[0]-1) {
			if err != nil {
				return nil, err
			}
			if e.Position >= wanted[0] {
				if rec, err := events.DecodeEvent(e); err == nil {
					found[e.Position] = &rec
				}
				wanted = wanted[1:]
			}
			if len(wanted) == 0 || wanted[0] > e.Position+farApart {
				break
			}
		}
		if len(wanted) == left {
			break // the ledger has no event at these positions
		}
	}
	return found, nil
}

// subject returns a cell that names the subject of a record. The subject of a voiding is the record that it voids.
func (d *Books) subject(ctx context.Context, rec *events.Recorded) (table.Cell, error) {
	p, ok := rec.Data.(*events.EntryVoided)
	if !ok {
		return d.about(&rec.Record), nil
	}
	subject := table.Text(p.Event)
	id, err := uuid.Parse(p.Event)
	stream := rec.Center.Stream()
	revision := d.Register.Has(stream, id)
	if err != nil || revision == 0 {
		return subject, nil
	}
	for e, err := range d.Ledger.ReadStream(ctx, stream, revision-1) {
		if err != nil {
			return subject, err
		}
		if voided, err := events.DecodeEvent(e); err == nil && voided.ID == id {
			kind, what := voided.Kind.Title(), d.about(&voided.Record).Shown
			subject.Shown = text.Text{
				Zh: strings.TrimSpace(kind.Zh + " " + what.Zh), En: strings.TrimSpace(kind.En + " " + what.En)}
		}
		break
	}
	return subject, nil
}

// about returns a cell that names the subject of a record, and for a ruling also the use that it rules.
func (d *Books) about(rec *events.Record) table.Cell {
	subject := events.FacetsOf(rec.Data).Subject
	if p, ok := rec.Data.(*events.UseRuled); ok {
		use := d.policies.UseName(p.Use, rec.On)
		return table.Cell{Data: subject + " " + string(p.Use),
			Shown: text.Text{Zh: subject + " " + use.Zh, En: subject + " " + use.En}}
	}
	if p, ok := rec.Data.(*events.AlertClosed); ok && d.InForm >= WordingForm {
		code := aggregates.Code(p.Code)
		key := KeyWord(code, p.Key)
		return table.Named(subject,
			text.Text{Zh: strings.TrimSpace(p.Code + " " + key.Zh), En: strings.TrimSpace(p.Code + " " + key.En)})
	}
	return table.Optional(subject)
}
