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
	path       string // as http.ServeMux has it
	name       string // operationId
	right      access.Right
	needs      []string // what a session may still need that asks it; nil for nothing
	inSession  bool     // is asked in a session alone
	unattended bool     // is no use of a session: a page asks it by itself
	short      text.Text
	params     []param
	takes      []body   // the bodies that it takes; none for no body
	gives      []answer // its answers besides problems
	limit      int64    // bytes of a body; 0 for no body
	open       bool     // takes no login
	handle     func(*request) error
}

// param is a parameter of the query.
type param struct {
	name   string // as the API has it, such as knownAt
	words  text.Text
	sort   lists.ParamSort
	values []string
	def    string // what it is if it is not given
	must   bool
}

// body is a body that a route takes: its media type, and a value of its type for the schema.
type body struct {
	media string
	value any
}

// answer is an answer of a route.
type answer struct {
	status int
	media  string
	value  any // of its type; nil for no schema
	says   string
}

// routes are all operations.
func routes() (all []route) {
	all = append(all, listRoutes()...)
	all = append(all, centerRoutes()...)
	all = append(all, policyRoutes()...)
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
var langParam = param{name: "lang", words: text.Say("说明文字的语言，zh 或 en；未给出时看 Accept-Language", "the language of texts, zh or en; if it is not given, Accept-Language says"),
	sort: lists.Choice, values: []string{"zh", "en"}}

// plan is a route as it is served.
type plan struct {
	route
	offers []string // the media types of its answers, the first for who asks for none
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

// apiName returns the name that the API has for a parameter of the counter: known-at is knownAt. The name of a header, such as
// If-Match, stays as it is.
func apiName(param string) string {
	name := []byte{}
	for i := 0; i < len(param); i++ {
		if param[i] == '-' && i+1 < len(param) && 'a' <= param[i+1] && param[i+1] <= 'z' {
			i++
			name = append(name, param[i]-'a'+'A')
			continue
		}
		name = append(name, param[i])
	}
	return string(name)
}
