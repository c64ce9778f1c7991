package events

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Body is a stored body cut into its members. It is for readers of every event of a ledger, for which DecodeEvent is
// too slow: a value is converted only when a method needs it. Its values are those of the record that DecodeEvent
// returns. A Body shares memory with the event.
type Body struct {
	On    Date
	Frame []byte // the members of the record other than data, from by to note, as JSON with commas between them
	Data  []byte // the payload, a JSON object

	kind                     *CatalogEntry
	by, mode, doc, enteredBy []byte // values as JSON; nil if left out
	amountFen                Fen
	amounts                  bool
}

// CutBody cuts the body of a stored event. A body of another form than EncodeEvent writes, such as an older version,
// is converted first. CutBody returns an error if that fails.
func CutBody(s *Stored) (Body, error) {
	if on, ok := PeekDate(s); ok {
		if b, ok := cutBody(Lookup(s.Kind), s.Body); ok {
			b.On = on
			return b, nil
		}
	}
	rec, err := DecodeEvent(*s)
	if err != nil {
		return Body{}, err
	}
	body, err := EncodeEvent(&rec.Record, rec.Entry)
	if err != nil {
		return Body{}, err
	}
	b, ok := cutBody(Lookup(s.Kind), []byte(body.text))
	if !ok {
		return Body{}, fmt.Errorf("events: cut position %d (%s): its body is not as EncodeEvent writes it",
			s.Position, s.Kind)
	}
	b.On = rec.On
	return b, nil
}

// The members with which every body of the current form begins.
const (
	versionOpening = `{"version":`
	onOpening      = `,"on":"`
	dateBytes      = len("2025-05-06")
)

// PeekDate returns the date of a stored event without reading the rest of its body. ok is false for an event that is
// not of the current version and form.
func PeekDate(s *Stored) (on Date, ok bool) {
	kind := Lookup(s.Kind)
	c := cursor{s.Body}
	if kind == nil || !c.token(versionOpening) {
		return 0, false
	}
	if version, ok := c.integer(); !ok || version != int64(kind.Version) {
		return 0, false
	}
	if !c.token(onOpening) || len(c.rest) <= dateBytes || c.rest[dateBytes] != '"' {
		return 0, false
	}
	on, err := parseDate(c.rest[:dateBytes])
	return on, err == nil
}

// cutBody cuts a body of the form that EncodeEvent writes: the members in the order of their fields, no space between
// them, no escapes in names. It returns false for any other body.
func cutBody(kind *CatalogEntry, body []byte) (b Body, ok bool) {
	b.kind = kind
	c := bodyCursor{cursor: cursor{body}, data: kind.shape}
	if !c.next('{') {
		return b, false
	}
	var frame, frameEnd int // offsets in body
	for i := range eventShape.members {
		m := &eventShape.members[i]
		from := len(body) - len(c.rest)
		if !c.member(m, from == 1) {
			continue
		}
		valueFrom := len(body) - len(c.rest)
		if !c.value(m.shape, false) {
			return b, false
		}
		to := len(body) - len(c.rest)
		switch value := body[valueFrom:to]; m.Name {
		case "version", "on":
			frame, frameEnd = to, to
		case "by":
			b.by, frameEnd = value, to
		case "mode":
			b.mode, frameEnd = value, to
		case "doc":
			b.doc, frameEnd = value, to
		case "evidence", "note":
			frameEnd = to
		case "enteredBy":
			b.enteredBy = value
		case "data":
			b.Data = value
		}
	}
	b.Frame = bytes.TrimPrefix(body[frame:frameEnd], []byte{','})
	b.amountFen, b.amounts = c.amountFen, c.amounts
	return b, b.Data != nil && c.next('}') && len(c.rest) == 0
}

// AmountFen returns the amount that the record moves, as in Facets. ok is false if it has no amount.
func (b *Body) AmountFen() (sum Fen, ok bool) { return b.amountFen, b.amounts }

// Mode returns the mode of the record.
func (b *Body) Mode() Mode { return Mode(textOf(b.mode)) }

// Doc returns the document number of the record, or "" if it has none.
func (b *Body) Doc() string { return textOf(b.doc) }

// EnteredBy returns the account that entered the record.
func (b *Body) EnteredBy() string { return textOf(b.enteredBy) }

// Actor returns the person who is responsible for the content of the record.
func (b *Body) Actor() string {
	return textOf(valueOf(eventShape.members[eventShape.lookup([]byte("by"))].shape, b.by, "actor"))
}

// Text returns a text member of the payload, or "" if it was left out or the kind has no text of that name.
func (b *Body) Text(name string) string { return textOf(valueOf(b.kind.shape, b.Data, name)) }

// valueOf returns the value of a member of an object, as JSON, or nil if it was left out or the shape has no text of
// that name.
func valueOf(s *shape, object []byte, name string) []byte {
	c := bodyCursor{cursor: cursor{object}}
	c.next('{')
	for i := range s.members {
		m := &s.members[i]
		if from := c.rest; c.member(m, len(from) == len(object)-1) {
			from = c.rest
			if !c.value(m.shape, false) || m.Name == name && m.sort != textual {
				return nil
			}
			if m.Name == name {
				return from[:len(from)-len(c.rest)]
			}
		}
	}
	return nil
}

// textOf returns a text without its quotes and escapes, "" for nil.
func textOf(quoted []byte) string {
	switch {
	case len(quoted) < 2:
		return ""
	case bytes.IndexByte(quoted, '\\') < 0:
		return string(quoted[1 : len(quoted)-1])
	}
	text, _ := jsontext.AppendUnquote(nil, quoted) // an invalid text is refused by DecodeEvent
	return string(text)
}

// Texts yields every text that is a value, not a name, in Frame or Data, without escapes. A text is valid until the
// next one.
func Texts(part []byte, yield func([]byte) bool) {
	for from := bytes.IndexByte(part, '"'); from >= 0; from = bytes.IndexByte(part, '"') {
		n := quotedBytes(part[from:])
		quoted := part[from : from+n]
		part = part[from+n:]
		if n < 2 || len(part) > 0 && part[0] == ':' {
			continue
		}
		text := quoted[1 : n-1]
		if bytes.IndexByte(text, '\\') >= 0 {
			text, _ = jsontext.AppendUnquote(nil, quoted) // see textOf
		}
		if !yield(text) {
			return
		}
	}
}

// quotedBytes returns the length in bytes of the quoted text with which b begins, including its quotes, or the length
// of b if the text does not end.
func quotedBytes(b []byte) int {
	for i := 1; i < len(b); i++ {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			break
		}
		i += n
		escapes := 0
		for b[i-1-escapes] == '\\' { // ends at the latest at the quote with which b begins
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
	return len(b)
}

// bodyCursor is a cursor that skips the values of a body and sums the amounts in its payload.
type bodyCursor struct {
	cursor
	data      *shape // of the payload
	amountFen Fen
	amounts   bool
}

// token consumes the text want if it comes next, and reports whether it did.
func (c *cursor) token(want string) bool {
	if len(c.rest) < len(want) || string(c.rest[:len(want)]) != want {
		return false
	}
	c.rest = c.rest[len(want):]
	return true
}

// member consumes the name of a member if it comes next, with the comma before it unless it is the first of its
// object.
func (c *cursor) member(m *member, first bool) bool {
	rest := c.rest
	if !first {
		if len(rest) == 0 || rest[0] != ',' {
			return false
		}
		rest = rest[1:]
	}
	o := m.opening
	if len(rest) < len(o) || rest[1] != o[1] || string(rest[:len(o)]) != o { // most names differ in the first letter
		return false
	}
	c.rest = rest[len(o):]
	return true
}

// value skips a value of a shape, and reports whether it has the form that EncodeEvent writes. If the value is an
// amount, it is added to the sum.
func (c *bodyCursor) value(s *shape, amount bool) bool {
	switch s.sort {
	case textual, date:
		if len(c.rest) == 0 || c.rest[0] != '"' {
			return false
		}
		c.rest = c.rest[quotedBytes(c.rest):]
		return true
	case whole64, count:
		return c.whole(amount)
	case truth:
		return c.token("true") || c.token("false")
	case number:
		n := 0
		for n < len(c.rest) && (c.rest[n] >= '0' && c.rest[n] <= '9' ||
			bytes.IndexByte([]byte("+-.eE"), c.rest[n]) >= 0) {
			n++
		}
		c.rest = c.rest[n:]
		return n > 0
	case payload:
		return c.object(c.data)
	case list:
		return c.list(s.elem)
	}
	return c.object(s)
}

// whole skips a whole number. It may have more digits than cursor.integer accepts.
func (c *bodyCursor) whole(amount bool) bool {
	negative, digits := c.next('-'), 0
	var v Fen
	for ; digits < len(c.rest) && '0' <= c.rest[digits] && c.rest[digits] <= '9'; digits++ {
		v = v*10 + Fen(c.rest[digits]-'0')
	}
	c.rest = c.rest[digits:]
	if negative {
		v = -v
	}
	if amount {
		c.amountFen, c.amounts = c.amountFen+v, true
	}
	return digits > 0
}

func (c *bodyCursor) list(elem *shape) bool {
	if !c.next('[') {
		return false
	}
	for first := true; !c.next(']'); first = false {
		if !first && !c.next(',') || !c.value(elem, false) {
			return false
		}
	}
	return true
}

func (c *bodyCursor) object(s *shape) bool {
	if !c.next('{') {
		return false
	}
	first := true
	for i := range s.members {
		if c.next('}') {
			return true
		}
		if m := &s.members[i]; c.member(m, first) {
			if first = false; !c.value(m.shape, m.sort == whole64 && m.Name == "amountFen") {
				return false
			}
		}
	}
	return c.next('}')
}
