package lists

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/table"
)

// describe returns the values of an event in one line, in their order, with amounts in yuan. Shown has the words for
// people, Data the codes of the ledger. The line is cut to the maximum length of a spreadsheet cell, which only the
// text of a policy exceeds.
func describe(b *events.Body, policies policy.Timeline) table.Cell {
	var zh, en, codes []string
	all := func(s string) { zh, en, codes = append(zh, s), append(en, s), append(codes, s) }
	d := jsontext.NewDecoder(bytes.NewReader(b.Data))
	name := ""
	for {
		token, err := d.ReadToken()
		if err != nil { // io.EOF, because the store has valid JSON
			break
		}
		kind, count := d.StackIndex(d.StackDepth())
		isName := kind == '{' && count%2 == 1
		switch token.Kind() {
		case '"':
			if isName {
				name = token.String()
			} else if s := strings.Join(strings.Fields(token.String()), " "); s != "" {
				w := valueWord(policies, name, s, b.On)
				zh, en, codes = append(zh, w.Zh), append(en, w.En), append(codes, s)
			}
		case '0':
			if v, err := token.Int(); err == nil && strings.HasSuffix(name, "Fen") {
				shown := text.Say("%s 元", "%s yuan", events.FormatYuan(events.Fen(v)))
				if name == "ownFen" {
					shown = text.Say("自筹 %s", "own %s", events.FormatYuan(events.Fen(v)))
				}
				zh, en, codes = append(zh, shown.Zh), append(en, shown.En), append(codes, shown.En)
			} else {
				all(token.String())
			}
		case 't', 'f':
			all(name + "=" + token.String())
		}
	}
	line := func(words []string) string { return text.Clip(strings.Join(words, " "), describeMax) }
	return table.Cell{Data: line(codes), Shown: text.Text{Zh: line(zh), En: line(en)}}
}

const describeMax = 32_000

// leading collects the first max values in the order of compare, out of many that are added.
type leading[T any] struct {
	max     int
	compare func(a, b T) int
	list    []T
}

func newLeading[T any](most int, compare func(a, b T) int) *leading[T] {
	return &leading[T]{max: min(most, 1<<30), compare: compare}
}

func (l *leading[T]) add(v T) {
	if l.list = append(l.list, v); len(l.list) >= 2*l.max+1000 {
		l.sorted()
	}
}

func (l *leading[T]) sorted() []T {
	slices.SortFunc(l.list, l.compare)
	l.list = l.list[:min(len(l.list), l.max)]
	return l.list
}

// centerOf returns the center of an event, or "" for an event that belongs to no center.
func centerOf(s *events.Stored) events.CenterID {
	if id, ok := s.Stream.Center(); ok {
		return id
	}
	return ""
}

// eventAt returns the stored event at a position, and its body as CutBody returns it.
func (d *Books) eventAt(ctx context.Context, position uint64) (s events.Stored, b events.Body, err error) {
	if s, err = d.Ledger.At(ctx, position); err == nil {
		b, err = events.CutBody(&s)
	}
	return s, b, err
}

// voidings is the set of events that are voided, as known at the position of a question.
type voidings struct {
	register *projections.Register
	counts   map[events.CenterID]uint64
}

func (d *Books) voidings(q *asked) (v voidings) {
	d.exactly(q, func() { v.register, v.counts = d.Register, d.Register.Counts() })
	return v
}

// by returns the id of the record that voids an event. ok is false if there is none.
func (v voidings) by(s *events.Stored) (id uuid.UUID, ok bool) {
	center := centerOf(s)
	return v.register.Voided(center, s.ID, v.counts[center])
}

// fewTimes is about how many times longer it takes to read an event by its stream than to read on in the ledger.
const fewTimes = 4

// span returns the part of the ledger up to a position, of one center, or of all centers in the scope for "". If that
// is a small part of the ledger, the span lists its streams.
func (d *Books) span(center events.CenterID, upTo uint64) ledger.Span {
	of := ledger.Span{UpTo: upTo}
	switch {
	case center != "":
		of.Stream = center.Stream()
	case d.Register.Scope() != nil:
		streams, count := d.Register.Streams(""), uint64(0)
		for _, id := range d.Register.IDs() {
			streams = append(streams, id.Stream())
		}
		for _, s := range streams {
			count += d.Register.Revision(s)
		}
		if of.Streams = streams; count*fewTimes > upTo {
			of.Streams, of.Sees = nil, d.Register.SeesStream
		}
	}
	return of
}
