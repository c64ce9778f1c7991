package api

import (
	"net/http"
	"slices"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/lists"
)

// route is one operation of the API. The document of the API is made from its words and types.
type route struct {
	method     string
	path       string // in the form of http.ServeMux
	name       string // operationId
	right      access.Right
	needs      []string // the route may be used while the session still needs these; nil for none
	inSession  bool     // may be used in a session only
	unattended bool     // a page sends it by itself, so it does not count as a use of the session
	short      text.Text
	params     []param
	takes      []body   // the request bodies that it accepts; none for no body
	gives      []answer // its successful answers
	limit      int64    // of the body, in bytes; 0 for no body
	open       bool     // needs no login
	handle     func(*request) error
}

// param is a parameter of the query.
type param struct {
	name   string // its name in the API, such as knownAt
	words  text.Text
	sort   lists.ParamSort
	values text.Vocabulary[string] // of a Choice
	def    string                  // what it is if it is not given
	must   bool
}

// wordless returns a vocabulary of codes without words.
func wordless(list ...string) text.Vocabulary[string] { return text.Vocabulary[string]{}.Of(list...) }

// body is a body that a route takes: its media type, and a value of its type for the schema.
type body struct {
	media string
	value any
}

// answer is an answer of a route.
type answer struct {
	status int
	media  string
	value  any // a value of its type; nil for no schema
	says   string
}

// routes returns all operations.
func routes() (all []route) {
	all = append(all, listRoutes()...)
	all = append(all, centerRoutes()...)
	all = append(all, policyRoutes()...)
	all = append(all, sealRoutes()...)
	all = append(all, reportRoutes()...)
	all = append(all, accountRoutes()...)
	all = append(all, sessionRoutes()...)
	all = append(all, feedRoutes()...)
	all = append(all, pageRoutes()...)
	all = append(all, recordRoutes()...)
	all = append(all, importRoutes()...)
	all = append(all, tryRoutes()...)
	all = append(all, eventRoutes()...)
	all = append(all, streamRoutes()...)
	for i := range all {
		all[i].params = append(all[i].params, langParam)
	}
	return all
}

// langParam is a parameter of every route.
var langParam = param{name: "lang", words: text.Say("说明文字的语言，zh 或 en；未给出时看 Accept-Language",
	"the language of texts, zh or en; if it is not given, Accept-Language says"),
	sort: lists.Choice, values: wordless("zh", "en")}

// plan is a route prepared for serving.
type plan struct {
	route
	offers []string // the media types of its answers; the first is the default
}

func newPlan(rt route) *plan {
	p := &plan{route: rt}
	for _, a := range rt.gives {
		if a.status < http.StatusMultipleChoices && a.media != "" && !slices.Contains(p.offers, a.media) {
			p.offers = append(p.offers, a.media)
		}
	}
	return p
}

// param returns the parameter of a name, or nil.
func (p *plan) param(name string) *param {
	if i := slices.IndexFunc(p.params, func(p param) bool { return p.name == name }); i >= 0 {
		return &p.params[i]
	}
	return nil
}
