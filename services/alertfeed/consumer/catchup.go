package consumer

import (
	"context"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
)

// catchUp reads the whole stream, up to its end at the beginning of the call, and then acts on each difference
// from the state. If it is interrupted, the next catchUp acts on the rest. If the stream is of another ledger than
// the state, the state is left unchanged.
func (r *reader) catchUp(ctx context.Context, c jetstream.Consumer, filters []string) (d *delivery, err error) {
	r.state.restart(filters)
	d, err = r.link.begin(ctx, c, 1)
	if err != nil {
		return d, err
	}
	g := &gathered{state: r.state, reading: r.state.reading(), last: map[string]said{}}
	for d.due > 0 {
		letters, err := d.take(ctx)
		if err != nil {
			return d, err
		}
		for _, l := range letters {
			m, err := decode(l)
			if err != nil {
				return d, err
			}
			if m != nil {
				g.take(m, l)
			}
		}
		if err := acknowledge(letters); err != nil {
			return d, err
		}
	}
	if g.source != "" {
		if err := r.state.accept(g.source); err != nil {
			return d, err
		}
		r.state.source = g.source
	}
	if g.isOld() {
		r.Note(text.Say("NATS 流比此前读到的旧，可能放回了旧的副本，此前已处理的预警未必仍然成立。请台账管理员运行 "+
			"taizhang feed restate；如仍有此提示，请从头开始（from-start）",
			"the stream is older than what was read before: an old copy may have been put back, and what was acted "+
				"on may not be true any more. Ask who runs the ledger for taizhang feed restate; if this is said "+
				"again after that, use from-start"))
	}
	if err := r.state.rewrite(); err != nil {
		return d, err
	}
	r.saved = true
	r.reading = g.reading
	return d, r.present(ctx, g)
}

// gathered is the result of reading a whole stream.
type gathered struct {
	state   *state
	reading *alertfeed.Reading
	last    map[string]said // the changes to act on, by subject
	place   *place
	head    *alertfeed.Head // the last complete head

	newest alertfeed.At // the last generation, with the greatest position that it reached
	source string       // the source of that generation; earlier messages may be of another ledger
}

// said is the message that an act follows from.
type said struct {
	alert *alertfeed.AlertData // nil if the message is a head
	body  []byte
}

func (g *gathered) take(m *alertfeed.Message, l letter) {
	if at := m.At(); !at.Precedes(g.newest) {
		if !g.newest.Precedes(at) {
			at.Position = max(at.Position, g.newest.Position)
		}
		g.newest, g.source = at, m.Source
	}
	before, _ := g.reading.Last(m.Subject)
	acts := g.reading.Take(m)
	if m.Head != nil {
		for _, a := range acts {
			g.note(a.Subject, said{nil, l.Data()})
		}
		if m.Head.Phase == alertfeed.End {
			g.head = m.Head
		}
		return
	}
	if now, _ := g.reading.Last(m.Subject); now != before {
		g.note(m.Subject, said{m.Alert, l.Data()})
		g.place = &place{l.sequence, l.stored}
	}
}

// isOld reports whether the stored state has a position later than every message of the stream: the stream is older
// than the state.
func (g *gathered) isOld() bool {
	if g.source == "" {
		return false
	}
	if g.newest.Precedes(g.state.head) {
		return true
	}
	for _, k := range g.state.kept {
		if g.newest.Precedes(k.At) || !k.At.Precedes(g.newest) && k.At.Position > g.newest.Position {
			return true
		}
	}
	return false
}

// note keeps a message if its change is to be acted on.
func (g *gathered) note(subject string, s said) {
	now, _ := g.reading.Last(subject)
	before, known := g.state.kept[subject]
	switch {
	case now.State == before.State:
	case !known && now.State.Kind == alertfeed.Withdrawn:
	// raised and cleared before anybody read it
	case !known && now.State.Kind == alertfeed.Cleared && !selects(g.state.covered, subject):
	default:
		g.last[subject] = s
		return
	}
	delete(g.last, subject)
}

// present acts on the changes that were gathered, in the order of the list of alerts.
func (r *reader) present(ctx context.Context, g *gathered) error {
	for subject, now := range g.reading.Kept() {
		if _, ok := g.last[subject]; !ok && now != r.state.kept[subject] {
			if err := r.keep(subject, nil); err != nil {
				return err
			}
		}
	}
	list := make([]*Event, 0, len(g.last))
	for subject, s := range g.last {
		now, _ := g.reading.Last(subject)
		e, err := newEvent(alertfeed.Act{Subject: subject, At: now.At, State: now.State, Alert: s.alert}, s.body)
		if err != nil {
			return err
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b *Event) int { return a.compare(&b.Act) })
	for i, e := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.act(ctx, e); err != nil {
			return err
		}
		if err := r.keep(e.Subject, nil); err != nil {
			return err
		}
		if i%messagesMax == 0 { // a power cut repeats at most this many acts
			if err := r.state.sync(); err != nil {
				return err
			}
		}
	}
	if err := r.state.begun(g.reading.Head()); err != nil {
		return err
	}
	if g.place != nil {
		if err := r.state.reach(g.place); err != nil {
			return err
		}
	}
	if g.head != nil {
		r.Note(text.Say("已读完现有预警（台账位置 %d，%v），以下为新的变动",
			"the alerts as of position %d and %v are read; what follows is new", g.head.At.Position, g.head.At.Date))
	}
	return r.state.sync()
}
