package events

import (
	"bytes"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events/text"
)

// shape is the JSON form of a Go type: its required and optional members and their order. It is read once from the
// struct tags, so that a field is described in one place only. A member without omitzero or omitempty is required.
type shape struct {
	sort     sort
	members  []member
	required uint64 // the required members, one bit each
	elem     *shape // the shape of the elements of a list
	year     bool   // an optional year: it must not be 0, which would be read as left out
}

// member is one member of an object with its field in the Go struct.
type member struct {
	Member
	*shape
	opening string // `"name":`
	index   []int  // the index of the field
	pointer bool   // the field is a pointer to the value, nil if it is left out
	empty   bool   // an empty list is left out
}

// sort is the sort of a JSON value.
type sort uint8

const (
	textual sort = iota
	whole64      // any integer
	count        // an integer from 0
	truth
	date
	number // kept as it is written
	payload
	list
	object
)

// Member describes one member of a kind's data, for documentation and forms. Type is text, integer, fen, date, boolean
// or number; the members of an object in braces; or one of these followed by [] for a list.
type Member struct {
	Name     string
	Type     string
	Required bool
	Members  []Member // of an object, or of each object of a list
}

// Members lists the members that the data of the kind may have, in order.
func (e *CatalogEntry) Members() []Member { return e.shape.described() }

// described returns the members of an object, or of each object of a list.
func (s *shape) described() (all []Member) {
	if s.sort == list {
		return s.elem.described()
	}
	for _, m := range s.members {
		m.Members = m.described()
		all = append(all, m.Member)
	}
	return all
}

func shapeOf(v any) *shape { return shapeOfType(reflect.TypeOf(v)) }

func shapeOfType(t reflect.Type) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[jsontext.Value]():
		return &shape{sort: number}
	case t == reflect.TypeFor[Date]():
		return &shape{sort: date}
	}
	switch t.Kind() {
	case reflect.Slice:
		return &shape{sort: list, elem: shapeOfType(t.Elem())}
	case reflect.Struct:
		s := &shape{sort: object}
		s.addFields(t, nil)
		return s
	case reflect.Bool:
		return &shape{sort: truth}
	case reflect.String:
		return &shape{sort: textual}
	case reflect.Uint64:
		return &shape{sort: count}
	}
	return &shape{sort: whole64}
}

func (s *shape) addFields(t reflect.Type, under []int) {
	for f := range t.Fields() {
		index := append(under[:len(under):len(under)], f.Index...)
		if f.Anonymous {
			s.addFields(f.Type, index)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		m := member{Member: Member{Name: name, Type: typeName(f.Type), Required: !strings.Contains(options, "omit")},
			shape: shapeOfType(f.Type), opening: `"` + name + `":`, index: index,
			pointer: f.Type.Kind() == reflect.Pointer}
		m.empty = strings.Contains(options, "omitempty")
		m.year = !m.Required && f.Type.Kind() == reflect.Int
		if name == "data" {
			m.sort = payload
		}
		if m.Required {
			s.required |= 1 << len(s.members)
		}
		s.members = append(s.members, m)
	}
}

// lookup returns the index of a member, or -1.
func (s *shape) lookup(name []byte) int {
	for i := range s.members {
		if s.members[i].Name == string(name) {
			return i
		}
	}
	return -1
}

func typeName(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return typeName(t.Elem())
	case t == reflect.TypeFor[Date]():
		return "date"
	case t == reflect.TypeFor[Fen]():
		return "fen"
	case t == reflect.TypeFor[jsontext.Value]():
		return "number"
	case t.Kind() == reflect.Slice:
		return typeName(t.Elem()) + "[]"
	case t.Kind() == reflect.Struct:
		var names []string
		for _, m := range shapeOfType(t).members {
			if !m.Required {
				m.Name += "?"
			}
			names = append(names, m.Name)
		}
		return "{" + strings.Join(names, ", ") + "}"
	case t.Kind() == reflect.Bool:
		return "boolean"
	case t.Kind() == reflect.String:
		return "text"
	}
	return "integer"
}

// scan returns the problems that the JSON codec does not detect in a value that it has accepted: members that are
// missing or null, a year 0 where the year is optional, and lists that are too long. under is the path of the value.
func (s *shape) scan(under string, value []byte) Problems {
	sc := scanner{dec: jsontext.NewDecoder(bytes.NewBuffer(value)), under: under}
	sc.value(s)
	return sc.found
}

type scanner struct {
	dec   *jsontext.Decoder
	under string
	name  []byte // the member's name read last, reused
	found Problems
}

// add adds a problem: of the value read last for "", or else of a member of that value.
func (sc *scanner) add(member string, reason text.Text) {
	if len(sc.found) < problemsMax {
		sc.found = append(sc.found,
			Problem{Field: join(pathOf(sc.under, sc.dec.StackPointer()), member), Reason: reason})
	}
}

func (sc *scanner) value(s *shape) {
	switch kind := sc.dec.PeekKind(); {
	case kind == 'n':
		_ = sc.dec.SkipValue()
		sc.add("", text.Say("不能为空（JSON 的 null）", "must not be null"))
	case kind == '{' && s.sort == object:
		sc.object(s)
	case kind == '[' && s.sort == list:
		sc.list(s.elem)
	case kind == '0' && s.year:
		if v, _ := sc.dec.ReadValue(); string(v) == "0" || string(v) == "-0" {
			sc.add("", notAYear(0))
		}
	default:
		_ = sc.dec.SkipValue()
	}
}

func (sc *scanner) object(s *shape) {
	_, _ = sc.dec.ReadToken()
	var seen uint64
	for sc.dec.PeekKind() == '"' {
		quoted, _ := sc.dec.ReadValue()
		sc.name, _ = jsontext.AppendUnquote(sc.name[:0], quoted)
		i := s.lookup(sc.name)
		seen |= 1 << i
		sc.value(s.members[i].shape)
	}
	_, _ = sc.dec.ReadToken()
	for i, m := range s.members {
		if m.Required && seen&(1<<i) == 0 {
			sc.add(m.Name, text.Say("缺少此字段", "is missing"))
		}
	}
}

func (sc *scanner) list(elem *shape) {
	_, _ = sc.dec.ReadToken()
	n := 0
	for kind := sc.dec.PeekKind(); kind != ']' && kind != 0; kind = sc.dec.PeekKind() {
		n++
		sc.value(elem)
	}
	_, _ = sc.dec.ReadToken()
	if n > ListMax {
		sc.add("", tooMany(n))
	}
}

func tooMany(n int) text.Text {
	return text.Say("有 %d 项，超过 %d 项的上限", "has %d members, over the limit of %d", n, ListMax)
}
