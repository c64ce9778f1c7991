package events

import (
	"reflect"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events/text"
)

// Check returns the problems of a record that the program made. They are the problems that DecodeRecord finds in
// EncodeRecord(r), found without writing and reading JSON. A record that cannot be encoded has a problem too.
func (r *Record) Check() Problems { return r.check().limited() }

func (r *Record) check() Problems {
	entry := Lookup(r.Kind)
	if entry == nil {
		return Problems{unknownKind(r.Kind)}
	}
	if v := reflect.ValueOf(r.Data); !v.IsValid() || v.Type() != entry.data || v.IsNil() {
		return Problems{{Field: "data", Reason: text.Say("不是“%s”的内容", "is not the data of “%s”", r.Kind.Title())}}
	}
	wire := wireRecord{ID: r.ID.String(), Kind: r.Kind, Center: r.Center, On: r.On, By: r.By, Mode: r.Mode, Doc: r.Doc,
		Files: r.Evidence, Note: r.Note}
	var frame, data typed
	frame.value("", recordShape, reflect.ValueOf(&wire).Elem())
	data.depth = 1 // the data lies within the record
	data.value("data", entry.shape, reflect.ValueOf(r.Data).Elem())
	if unwritable := append(frame.unwritable, data.unwritable...); len(unwritable) > 0 {
		return unwritable
	}
	if frame.bytesMax+data.bytesMax > RecordBytesMax { // the bound is over the limit, so measure the exact size
		if line, err := EncodeRecord(r); err == nil && len(line) > RecordBytesMax {
			return tooLong(line)
		}
	}
	if data.deepest > DepthMax {
		return tooDeep()
	}
	if found := frame.unread(); len(found) > 0 {
		return found
	}
	framed := *partly(&wire)
	if found := framed.checkFrame(wire.ID); len(found) > 0 {
		return found
	}
	if found := data.unread(); len(found) > 0 {
		return found
	}
	c := checker{on: r.On}
	r.Data.check(&c)
	return c.problems
}

// typed walks over a value before it is encoded as JSON, and collects the parts that could not be encoded or decoded.
type typed struct {
	depth, deepest int // nesting of objects and lists
	bytesMax       int // a bound on the size as JSON
	unwritable     Problems
	dates          Problems // dates that the codec refuses; the first one ends decoding
	shape          Problems // the problems that scan reports
}

// unread returns the problems that decoding would report: the first date that does not exist, or else those of scan.
func (t *typed) unread() Problems {
	if len(t.dates) > 0 {
		return t.dates[:1]
	}
	return t.shape[:min(len(t.shape), problemsMax)]
}

func (t *typed) value(path string, s *shape, v reflect.Value) {
	t.bytesMax += 24 // a number, a date, or the brackets and commas of the rest
	switch s.sort {
	case textual:
		t.bytesMax += 6 * v.Len() // each byte may be escaped
		if !utf8.ValidString(v.String()) {
			t.unwritable = append(t.unwritable,
				Problem{Field: path, Reason: text.Say("不是有效的 UTF-8", "is not valid UTF-8")})
		}
	case date:
		if _, err := parseDate(Date(v.Int()).String()); err != nil {
			t.dates = append(t.dates, Problem{Field: path, Reason: err.(*badDate).why})
		}
	case number:
		t.number(path, v.Bytes())
	case list:
		t.within(func() {
			for i := range v.Len() {
				t.value(at(path, i, ""), s.elem, v.Index(i))
			}
		})
		if v.Len() > ListMax {
			t.shape = append(t.shape, Problem{Field: path, Reason: tooMany(v.Len())})
		}
	case object:
		t.within(func() { t.members(path, s, v) })
	}
}

func (t *typed) members(path string, s *shape, v reflect.Value) {
	for i := range s.members {
		m := &s.members[i]
		field := v.FieldByIndex(m.index)
		if !m.Required && (field.IsZero() || m.empty && field.Len() == 0) {
			continue
		}
		if m.pointer {
			field = field.Elem()
		}
		t.bytesMax += len(m.opening)
		t.value(join(path, m.Name), m.shape, field)
	}
}

func (t *typed) within(f func()) {
	t.depth++
	t.deepest = max(t.deepest, t.depth)
	f()
	t.depth--
}

// number checks a number that is stored as it is written, and adds its size.
func (t *typed) number(path string, v jsontext.Value) {
	t.bytesMax += len(v)
	t.deepest = max(t.deepest, t.depth+depth(v))
	switch {
	case len(v) == 0 || v.Kind() == 'n':
		t.shape = append(t.shape,
			Problem{Field: path, Reason: text.Say("不能为空（JSON 的 null）", "must not be null")})
	case !v.IsValid():
		t.unwritable = append(t.unwritable,
			Problem{Field: path, Reason: text.Say("不是有效的 JSON", "is not valid JSON")})
	}
}
