package api

import (
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/lists"
)

// Route describes one operation, for the document of the API.
type Route struct {
	Method, Path string // in the form of http.ServeMux
	Name         string // operationId
	Open         bool   // needs no login
	Right        access.Right
	Roles        []access.Role // the roles that have the right
	Short        text.Text
	Params       []DescribedParam
	Takes        []DescribedBody
	BodyBytesMax int64
	Gives        []DescribedAnswer
	List         *lists.List // the list that it answers; nil for none
}

// DescribedParam describes a parameter of the query.
type DescribedParam struct {
	Name    string
	Words   text.Text
	Sort    lists.ParamSort
	Values  []string // of a Choice
	Default string
	Must    bool
}

// DescribedBody describes a request body. Value has the type of the body; nil for no schema.
type DescribedBody struct {
	Media string
	Value any
}

// DescribedAnswer describes a successful answer of an operation. Value has the type of the body, or for JSON Lines
// that of a line; nil for no schema.
type DescribedAnswer struct {
	Status int
	Media  string
	Value  any
	Says   string
}

// Routes describes all operations.
func Routes() (all []Route) {
	for _, rt := range routes() {
		r := Route{Method: rt.method, Path: rt.path, Name: rt.name, Open: rt.open, Right: rt.right,
			Roles: access.Rights[rt.right], Short: rt.short, BodyBytesMax: rt.limit, List: lists.Find(rt.name)}
		for _, p := range rt.params {
			r.Params = append(r.Params, DescribedParam{p.name, p.words, p.sort, p.values.Codes(), p.def, p.must})
		}
		for _, b := range rt.takes {
			r.Takes = append(r.Takes, DescribedBody{b.media, b.value})
		}
		for _, a := range rt.gives {
			r.Gives = append(r.Gives, DescribedAnswer{a.status, a.media, a.value, a.says})
		}
		all = append(all, r)
	}
	return all
}
