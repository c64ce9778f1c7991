package api

import (
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/lists"
)

// Operation is one route, as the document of the API describes it.
type Operation struct {
	Method, Path, Name string
	Right              access.Right // that it takes
	Open               bool         // it takes no token
	Short              text.Text
	Params             []Param
	Takes              []Body
	Gives              []Answer
	BodyBytesMax       int64
}

// Param is a parameter of the query.
type Param struct {
	Name    string
	Words   text.Text
	Sort    lists.ParamSort
	Values  []string
	Default string
	Must    bool
}

// Body is a body that an operation takes. Value is of its type.
type Body struct {
	Media string
	Value any
}

// Answer is an answer of an operation. Value is of its type; nil for no schema.
type Answer struct {
	Status int
	Media  string
	Value  any
	Says   string
}

// Operations returns all operations.
func Operations() (all []Operation) {
	for _, r := range routes() {
		op := Operation{Method: r.method, Path: r.path, Name: r.name, Right: r.right, Open: r.open, Short: r.short, BodyBytesMax: r.limit}
		for _, p := range r.params {
			op.Params = append(op.Params, Param{p.name, p.words, p.sort, p.values, p.def, p.must})
		}
		for _, b := range r.takes {
			op.Takes = append(op.Takes, Body{b.media, b.value})
		}
		for _, a := range r.gives {
			op.Gives = append(op.Gives, Answer{a.status, a.media, a.value, a.says})
		}
		all = append(all, op)
	}
	return all
}
