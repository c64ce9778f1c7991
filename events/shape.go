package events

import (
	"bytes"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// shape is which members a JSON value of a Go type must and may have. It is read once from the struct tags (a
// member without omitzero or omitempty is required), so that a field is described in one place only; the JSON codec
// alone cannot say that a member is missing or null.
type shape struct {
	members  map[string]*shape
	required []string
	elem     *shape // of a list
	year     bool   // a year that may be left out: 0 would be read as left out
	order    []Member
}

// Member describes one member of a kind's data, for the documentation.
type Member struct {
	Name     string
	Type     string
	Required bool
}

// Members lists what the kind's data may have, in order.
func (e *CatalogEntry) Members() []Member { return e.shape.order }

func shapeOf(v any) *shape { return shapeOfType(reflect.TypeOf(v)) }

func shapeOfType(t reflect.Type) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[jsontext.Value]() {
		return &shape{}
	}
	switch t.Kind() {
	case reflect.Slice:
		return &shape{elem: shapeOfType(t.Elem())}
	case reflect.Struct:
		s := &shape{members: map[string]*shape{}}
		for f := range t.Fields() {
			if f.Anonymous {
				inner := shapeOfType(f.Type)
				s.required = append(s.required, inner.required...)
				s.order = append(s.order, inner.order...)
				for name, m := range inner.members {
					s.members[name] = m
				}
				continue
			}
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				continue
			}
			optional := strings.Contains(options, "omit")
			if !optional {
				s.required = append(s.required, name)
			}
			s.members[name] = shapeOfType(f.Type)
			s.members[name].year = optional && f.Type.Kind() == reflect.Int
			s.order = append(s.order, Member{Name: name, Type: typeName(f.Type), Required: !optional})
		}
		return s
	}
	return &shape{}
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
		for _, m := range shapeOfType(t).order {
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

// scan reports what the JSON codec lets pass in a value that it has accepted: members that are missing or null, a year 0
// where none may be given, and lists that are too long. under is the path of the value.
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

// add reports on the value read last, or on a member that it lacks.
func (sc *scanner) add(member string, reason Text) {
	if len(sc.found) < problemsMax {
		sc.found = append(sc.found, Problem{Field: join(pathOf(sc.under, sc.dec.StackPointer()), member), Reason: reason})
	}
}

func (sc *scanner) value(s *shape) {
	switch kind := sc.dec.PeekKind(); {
	case kind == 'n':
		_ = sc.dec.SkipValue()
		sc.add("", Say("不能为 null", "must not be null"))
	case kind == '{' && s.members != nil:
		sc.object(s)
	case kind == '[' && s.elem != nil:
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
		for i, r := range s.required {
			if string(sc.name) == r {
				seen |= 1 << i
			}
		}
		sc.value(s.members[string(sc.name)])
	}
	_, _ = sc.dec.ReadToken()
	for i, r := range s.required {
		if seen&(1<<i) == 0 {
			sc.add(r, Say("缺少此字段", "is missing"))
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
		sc.add("", Say("有 %d 项，超过 %d 项的上限", "has %d members, over the limit of %d", n, ListMax))
	}
}
