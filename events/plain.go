package events

import (
	"cmp"
	"encoding/binary"
	"reflect"
	"strconv"
	"sync"
	"unicode/utf8"
	"unique"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// plain is a fast decoder of simple JSON: all required members, no unknown or repeated ones, texts without escapes,
// whole numbers. It declines all other JSON, valid or not, and the strict codec decodes that. Where plain accepts a
// value, it returns the same result as the strict codec. Nearly all records are simple, and plain needs a fifth of the
// time.
type plain struct {
	cursor
	record wireRecord
	event  wireEvent
	kind   Kind    // the kind of the event; a record has it in its JSON
	data   Payload // the payload, if it was read
	texts  [1 << 10]string
}

// plains holds decoders for reuse. A decoder remembers texts, because names and uses repeat often.
var plains = sync.Pool{New: func() any { return new(plain) }}

// plainRecord reads the whole of a record.
func plainRecord(line []byte) (w wireRecord, data Payload, ok bool) {
	p := plains.Get().(*plain)
	ok = p.whole(line, recordShape, reflect.ValueOf(&p.record))
	w, data = p.record, p.data
	p.done()
	return w, data, ok
}

// plainEvent reads the whole of a stored body.
func plainEvent(kind Kind, body []byte) (w wireEvent, data Payload, ok bool) {
	p := plains.Get().(*plain)
	p.kind = kind
	ok = p.whole(body, eventShape, reflect.ValueOf(&p.event))
	w, data = p.event, p.data
	p.done()
	return w, data, ok
}

func (p *plain) whole(b []byte, s *shape, v reflect.Value) bool {
	p.rest = b
	p.space()
	ok := p.object(s, v.Elem())
	p.space()
	return ok && len(p.rest) == 0
}

// done clears the decoder and puts it back into the pool.
func (p *plain) done() {
	p.rest, p.record, p.event, p.kind, p.data = nil, wireRecord{}, wireEvent{}, "", nil
	plains.Put(p)
}

func (p *plain) value(s *shape, v reflect.Value) bool {
	switch s.sort {
	case textual:
		b, ok := p.quoted()
		if ok {
			v.SetString(p.text(b))
		}
		return ok
	case whole64:
		n, ok := p.integer()
		if !ok || n == 0 && s.year || v.OverflowInt(n) {
			return false
		}
		v.SetInt(n)
		return true
	case count:
		n, ok := p.integer()
		if !ok || n < 0 {
			return false
		}
		v.SetUint(uint64(n))
		return true
	case date:
		b, ok := p.quoted()
		d, err := parseDate(b)
		v.SetInt(int64(d))
		return ok && err == nil
	case truth:
		return p.truth(v)
	case number:
		from := p.rest
		if _, ok := p.integer(); !ok {
			return false
		}
		v.SetBytes(append([]byte(nil), from[:len(from)-len(p.rest)]...))
		return true
	case payload:
		entry := Lookup(cmp.Or(p.kind, p.record.Kind))
		if entry == nil {
			return false
		}
		p.data = entry.blank()
		return p.object(entry.shape, reflect.ValueOf(p.data).Elem())
	case list:
		return p.list(s.elem, v)
	}
	return p.object(s, v)
}

func (p *plain) truth(v reflect.Value) bool {
	for _, is := range []bool{true, false} {
		word := "false"
		if is {
			word = "true"
		}
		if len(p.rest) >= len(word) && string(p.rest[:len(word)]) == word {
			p.rest = p.rest[len(word):]
			v.SetBool(is)
			return true
		}
	}
	return false
}

// textMax is the longest text that is remembered.
const textMax = 64

// text returns a string of these bytes. It returns a remembered string if there is an equal one.
func (p *plain) text(b []byte) string {
	if len(b) == 0 || len(b) > textMax {
		return string(b)
	}
	known := p.remembered(b)
	if *known != string(b) {
		*known = string(b)
	}
	return *known
}

// word is text for words that all centers use, such as a use. Equal words share memory in the whole program, so that
// they are compared by their address.
func (p *plain) word(b []byte) string {
	if len(b) == 0 || len(b) > textMax {
		return string(b)
	}
	known := p.remembered(b)
	if *known != string(b) {
		*known = unique.Make(string(b)).Value()
	}
	return *known
}

// remembered returns the place where a text like b is remembered.
func (p *plain) remembered(b []byte) *string {
	hash, rest := uint64(len(b)), b
	for ; len(rest) >= 8; rest = rest[8:] {
		hash = (hash ^ binary.LittleEndian.Uint64(rest)) * 0x9e3779b97f4a7c15
		hash ^= hash >> 32
	}
	for _, c := range rest {
		hash = (hash ^ uint64(c)) * 0x9e3779b97f4a7c15
	}
	return &p.texts[hash>>32%uint64(len(p.texts))]
}

func (p *plain) list(elem *shape, v reflect.Value) bool {
	if !p.next('[') {
		return false
	}
	p.space()
	if p.next(']') {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return true
	}
	for n := 0; n < ListMax; n++ {
		v.Grow(1)
		v.SetLen(n + 1)
		p.space()
		if !p.value(elem, v.Index(n)) {
			return false
		}
		p.space()
		if p.next(']') {
			return true
		}
		if !p.next(',') {
			return false
		}
	}
	return false
}

func (p *plain) object(s *shape, v reflect.Value) bool {
	if !p.next('{') {
		return false
	}
	p.space()
	var seen uint64
	if p.next('}') {
		return s.required == 0
	}
	for expected := 0; ; {
		i := p.member(s, expected)
		if i < 0 || seen&(1<<i) != 0 {
			return false
		}
		seen |= 1 << i
		expected = i + 1
		m := &s.members[i]
		field := v.FieldByIndex(m.index)
		if m.pointer {
			field.Set(reflect.New(field.Type().Elem()))
			field = field.Elem()
		}
		p.space()
		if !p.value(m.shape, field) {
			return false
		}
		p.space()
		if p.next('}') {
			return seen&s.required == s.required
		}
		if !p.next(',') {
			return false
		}
		p.space()
	}
}

// member reads a name and its colon and returns its index, or -1. Names nearly always come in the order of the fields.
func (p *plain) member(s *shape, expected int) int {
	for i := expected; i < len(s.members); i++ {
		if o := s.members[i].opening; len(p.rest) >= len(o) && string(p.rest[:len(o)]) == o {
			p.rest = p.rest[len(o):]
			return i
		}
	}
	name, ok := p.quoted()
	if !ok {
		return -1
	}
	p.space()
	if !p.next(':') {
		return -1
	}
	return s.lookup(name)
}

// appendObject appends the struct v as the JSON codec would write it, with the payload of r in its place.
func appendObject(b []byte, s *shape, v reflect.Value, r *Record) (_ []byte, err error) {
	b = append(b, '{')
	first := true
	for i := range s.members {
		m := &s.members[i]
		field := v.FieldByIndex(m.index)
		if !m.Required && (field.IsZero() || m.empty && field.Len() == 0) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, m.opening...)
		if m.pointer {
			field = field.Elem()
		}
		if b, err = appendValue(b, m.shape, field, r); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendValue(b []byte, s *shape, v reflect.Value, r *Record) (_ []byte, err error) {
	switch s.sort {
	case textual:
		return appendText(b, v.String())
	case whole64:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case count:
		return strconv.AppendUint(b, v.Uint(), 10), nil
	case truth:
		return strconv.AppendBool(b, v.Bool()), nil
	case date:
		b, err = Date(v.Int()).AppendText(append(b, '"'))
		return append(b, '"'), err
	case number:
		written, err := json.Marshal(jsontext.Value(v.Bytes()))
		return append(b, written...), err
	case payload:
		return appendObject(b, Lookup(r.Kind).shape, reflect.ValueOf(r.Data).Elem(), r)
	case list:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendValue(b, s.elem, v.Index(i), r); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	}
	return appendObject(b, s, v, r)
}

// appendText appends a quoted text. Most texts need no escapes.
func appendText(b []byte, text string) ([]byte, error) {
	ascii := true
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c == '"' || c == '\\' {
			return jsontext.AppendQuote(b, text)
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii && !utf8.ValidString(text) {
		return jsontext.AppendQuote(b, text)
	}
	return append(append(append(b, '"'), text...), '"'), nil
}
