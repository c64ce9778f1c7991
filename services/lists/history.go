package lists

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
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

// body is a stored body cut where events.EncodeEvent joins it: what the record says around its data, what the ledger
// added, and the data. The lists of history look at these bytes, for decoding a million events takes too long.
type body struct {
	on    events.Date
	frame []byte // by, mode, doc, evidence, note
	entry []byte // enteredBy, policy, breaks, warnings
	data  []byte
}

// cutBody cuts the body of an event. One that is not of today's form, as older versions of a kind are not, is first
// brought into it; the error says why that cannot be done.
func cutBody(s *events.Stored) (body, error) {
	if b, ok := cutToday(s); ok {
		return b, nil
	}
	rec, err := events.DecodeEvent(*s)
	if err != nil {
		return body{}, err
	}
	again := *s
	if again.Body, err = events.EncodeEvent(&rec.Record, rec.Entry); err != nil {
		return body{}, err
	}
	if b, ok := cutToday(&again); ok {
		return b, nil
	}
	return body{}, fmt.Errorf("lists: position %d is not written as events are", s.Position)
}

// The joints of a body. A text cannot contain them, for quotes are escaped there.
var (
	versionJoint = []byte(`{"version":`)
	onJoint      = []byte(`,"on":"`)
	entryJoint   = []byte(`,"enteredBy":"`)
	dataJoint    = []byte(`,"data":{`)
)

const dateBytes = len("2025-05-06")

func cutToday(s *events.Stored) (b body, ok bool) {
	on, rest, ok := opening(s)
	entry := bytes.Index(rest, entryJoint)
	if !ok || entry < 0 {
		return body{}, false
	}
	data := bytes.Index(rest[entry:], dataJoint)
	if data < 0 {
		return body{}, false
	}
	data += entry
	return body{on, rest[:entry], rest[entry:data], rest[data+len(dataJoint)-1 : len(rest)-1]}, true
}

// opening returns the date of an event of today's form and the body after it.
func opening(s *events.Stored) (on events.Date, rest []byte, ok bool) {
	kind := events.Lookup(s.Kind)
	rest, ok = bytes.CutPrefix(s.Body, versionJoint)
	n := bytes.Index(rest[:min(len(rest), 20)], onJoint)
	if kind == nil || !ok || n < 0 || string(rest[:n]) != strconv.Itoa(kind.Version) {
		return 0, nil, false
	}
	rest = rest[n+len(onJoint):]
	if len(rest) <= dateBytes {
		return 0, nil, false
	}
	on, err := events.ParseDate(string(rest[:dateBytes]))
	return on, rest[dateBytes+1:], err == nil // without the quote that closes the date: texts are told by theirs
}

// member returns the text of the first member of a name, without escapes; "" if there is none.
func member(part []byte, opening string) string {
	n := bytes.Index(part, []byte(opening))
	if n < 0 {
		return ""
	}
	from := n + len(opening) - 1
	quoted := part[from : textEnd(part, from)+1]
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	text, _ := jsontext.AppendUnquote(nil, quoted) // the store holds valid JSON
	return string(text)
}

// The members that are looked for.
const (
	actorMember   = `"actor":"`
	docMember     = `"doc":"`
	accountMember = `"enteredBy":"`
	payeeMember   = `"payee":"`
	voucherMember = `"voucher":"`
	useMember     = `"use":"`
	summaryMember = `"summary":"`
	voidedMember  = `"event":"`
	amountOpening = `"amountFen":`
)

// textEnd returns where the text that opens with the quote at from ends: the index of its closing quote.
func textEnd(part []byte, from int) int {
	for i := from + 1; i < len(part); i++ {
		n := bytes.IndexByte(part[i:], '"')
		if n < 0 {
			break
		}
		i += n
		escapes := 0
		for part[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
	return len(part) - 1
}

// amountFen returns what an event moves: its amount, or those of all lines of a voucher together.
func (b *body) amountFen() (sum events.Fen, ok bool) {
	for rest := b.data; ; {
		n := bytes.Index(rest, []byte(amountOpening))
		if n < 0 {
			return sum, ok
		}
		rest = rest[n+len(amountOpening):]
		var v events.Fen
		for len(rest) > 0 && '0' <= rest[0] && rest[0] <= '9' {
			v, rest = v*10+events.Fen(rest[0]-'0'), rest[1:]
		}
		sum, ok = sum+v, true
	}
}

// texts yields every text that is a value, not a name, in a part of a body, without escapes.
func texts(part []byte, yield func([]byte) bool) {
	for i := 0; i < len(part); i++ {
		n := bytes.IndexByte(part[i:], '"')
		if n < 0 {
			return
		}
		from := i + n
		i = textEnd(part, from)
		if i+1 < len(part) && part[i+1] == ':' {
			continue
		}
		text := part[from+1 : max(i, from+1)]
		if bytes.IndexByte(text, '\\') >= 0 {
			text, _ = jsontext.AppendUnquote(nil, part[from:i+1]) // the store holds valid JSON
		}
		if !yield(text) {
			return
		}
	}
}

// describe says in one line what an event holds: its values in order, amounts in yuan. Data has the codes of the ledger. It is
// no longer than a cell of a spreadsheet can be, which only the text of a policy would reach.
func (b *body) describe(policies policy.Timeline) table.Cell {
	var zh, en, codes []string
	all := func(s string) { zh, en, codes = append(zh, s), append(en, s), append(codes, s) }
	d := jsontext.NewDecoder(bytes.NewReader(b.data))
	name := ""
	for {
		token, err := d.ReadToken()
		if err != nil { // io.EOF, for the store holds valid JSON
			break
		}
		kind, count := d.StackIndex(d.StackDepth())
		isName := kind == '{' && count%2 == 1
		switch token.Kind() {
		case '"':
			if isName {
				name = token.String()
			} else if s := strings.Join(strings.Fields(token.String()), " "); s != "" {
				w := valueWord(policies, name, s, b.on)
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

// leading keeps the first of many in an order.
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

// centerOf returns the center that an event is of, "" if it is of none.
func centerOf(s *events.Stored) events.CenterID {
	if id, ok := s.Stream.Center(); ok {
		return id
	}
	return ""
}

// eventAt returns the stored event at a position, and its body cut.
func (d *Source) eventAt(ctx context.Context, position uint64) (s events.Stored, b body, err error) {
	if s, err = d.Ledger.At(ctx, position); err == nil {
		b, err = cutBody(&s)
	}
	return s, b, err
}

// voidings says which events are voided, as known at the position of a question.
type voidings struct {
	register *projections.Register
	counts   map[events.CenterID]uint64
}

func (d *Source) voidings(q *asked) (v voidings) {
	v.register = d.Register
	d.exactly(q, func() { v.counts = d.Register.Counts() })
	return v
}

// by returns the id of the record that voids an event, if one does.
func (v voidings) by(s *events.Stored) (id uuid.UUID, ok bool) {
	center := centerOf(s)
	return v.register.Voided(center, s.ID, v.counts[center])
}

// span is the history that the desk answers from: of one center, or of all.
func (d *Source) span(center events.CenterID, upTo uint64) ledger.Span {
	of := ledger.Span{UpTo: upTo}
	if center != "" {
		of.Stream = center.Stream()
	}
	return of
}
