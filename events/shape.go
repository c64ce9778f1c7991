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

// scan walks one syntactically valid JSON value and reports members that are missing or null and lists that are too
// long. Unknown members, wrong types and repeated names are the decoder's to report.
func (s *shape) scan(dec *jsontext.Decoder, path string, found Problems) Problems {
	if s == nil {
		s = &shape{}
	}
	switch dec.PeekKind() {
	case 'n':
		_ = dec.SkipValue()
		return append(found, Problem{Field: path, Reason: Say("不能为 null", "must not be null")})
	case '{':
		if s.members == nil {
			_ = dec.SkipValue()
			return found
		}
		_, _ = dec.ReadToken()
		var seen uint64
		for dec.PeekKind() == '"' {
			name, _ := dec.ReadValue()
			name = bytes.Trim(name, `"`)
			for i, r := range s.required {
				if string(name) == r {
					seen |= 1 << i
				}
			}
			if m := s.members[string(name)]; m != nil && m.members == nil && m.elem == nil {
				if dec.PeekKind() == 'n' {
					found = append(found, Problem{Field: join(path, string(name)), Reason: Say("不能为 null", "must not be null")})
				}
				_ = dec.SkipValue()
				continue
			} else {
				found = m.scan(dec, join(path, string(name)), found)
			}
		}
		_, _ = dec.ReadToken()
		for i, r := range s.required {
			if seen&(1<<i) == 0 {
				found = append(found, Problem{Field: join(path, r), Reason: Say("缺少此字段", "is missing")})
			}
		}
		return found
	case '[':
		_, _ = dec.ReadToken()
		n := 0
		for dec.PeekKind() != ']' {
			n++
			found = s.elem.scan(dec, path, found)
			if len(found) > 20 {
				return found
			}
		}
		_, _ = dec.ReadToken()
		if n > ListMax {
			found = append(found, Problem{Field: path, Reason: Say("有 %d 项，超过 %d 项的上限", "has %d members, over the limit of %d", n, ListMax)})
		}
		return found
	}
	_ = dec.SkipValue()
	return found
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
