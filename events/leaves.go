package events

import (
	"reflect"

	"github.com/go-json-experiment/json/jsontext"
)

// Leaf is a value in the data of a record that is neither an object nor a list.
type Leaf struct {
	Path   string // with the indexes of lists, such as lines[0].amountFen
	Member string // the path without indexes, such as lines.amountFen
	Value  any    // a string, int64, bool, Date, Fen or jsontext.Value (a number); nil for an object without members
}

// Leaves lists the values in the data of a record in their order, without those that are left out.
func Leaves(kind Kind, data Payload) []Leaf {
	entry := Lookup(kind)
	v := reflect.ValueOf(data)
	if entry == nil || !v.IsValid() || v.Type() != entry.data || v.IsNil() {
		return nil
	}
	var all []Leaf
	addLeaves(&all, "", "", entry.shape, v.Elem())
	return all
}

func addLeaves(all *[]Leaf, path, name string, s *shape, v reflect.Value) {
	leaf := func(value any) { *all = append(*all, Leaf{path, name, value}) }
	switch s.sort {
	case object:
		before := len(*all)
		for i := range s.members {
			m := &s.members[i]
			field := v.FieldByIndex(m.index)
			if !m.Required && (field.IsZero() || m.empty && field.Len() == 0) {
				continue
			}
			if m.pointer {
				field = field.Elem()
			}
			addLeaves(all, join(path, m.Name), join(name, m.Name), m.shape, field)
		}
		if len(*all) == before && path != "" {
			leaf(nil)
		}
	case list:
		for i := range v.Len() {
			addLeaves(all, at(path, i, ""), name, s.elem, v.Index(i))
		}
	case textual:
		leaf(v.String())
	case count:
		leaf(int64(v.Uint()))
	case truth:
		leaf(v.Bool())
	case date:
		leaf(Date(v.Int()))
	case number:
		leaf(jsontext.Value(v.Bytes()))
	default:
		if fen, ok := v.Interface().(Fen); ok {
			leaf(fen)
			return
		}
		leaf(v.Int())
	}
}
