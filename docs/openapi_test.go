package docs

import (
	"fmt"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

const centerPattern = `^[A-Z0-9][A-Z0-9-]{2,31}$`

func TestTheDocumentOfTheAPISaysWhatTheRoutesSay(t *testing.T) {
	page := openAPIPage(t)
	if *update {
		if err := os.WriteFile("openapi.json", page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != string(page) {
		t.Error("openapi.json differs from the routes: run go generate ./docs and read the difference")
	}
}

func TestTheDocumentOfTheAPIIsValid(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// openAPIPage returns the document of the API as it is written down.
func openAPIPage(t *testing.T) []byte {
	page, err := json.Marshal(openAPI(t), jsontext.WithIndent("  "), jsontext.EscapeForHTML(false))
	if err != nil {
		t.Fatal(err)
	}
	return append(page, '\n')
}

// openAPI returns the document of the API.
func openAPI(t *testing.T) object {
	s := newSchemas(t, componentSchemas, apiMeanings)
	s.records()
	w := &document{s, map[string]bool{}}
	var paths object
	for _, op := range api.Routes() {
		method := strings.ToLower(op.Method)
		described := w.operation(&op)
		if i := slices.IndexFunc(paths, func(m member) bool { return m.name == op.Path }); i >= 0 {
			paths[i].value = paths[i].value.(object).with(method, described)
			continue
		}
		paths = append(paths, member{op.Path, obj(method, described)})
	}
	problem := s.of("", "", reflect.TypeFor[api.ProblemDetails]())
	w.report()
	return obj(
		"openapi", "3.1.0",
		"info", obj("title", "Taizhang", "version", "1", "summary",
			"The ledger of provincial technology-transfer centers over HTTP.",
			"description", apiIntro, "license", obj("name", "Apache-2.0", "identifier", "Apache-2.0")),
		"servers", []object{obj("url", "/")},
		"security", []object{obj("token", []string{}), obj("jwt", []string{}), obj("session", []string{})},
		"tags", tags,
		"paths", paths,
		"components", obj(
			"schemas", s.named,
			"responses", problems(problem),
			"headers", headers,
			"securitySchemes", obj("token",
				obj("type", "http", "scheme", "bearer", "bearerFormat", "tz_ and 49 letters and digits",
					"description", "A token of an account: taizhang token add, or POST /v1/tokens."),
				"jwt", obj("type", "http", "scheme", "bearer", "bearerFormat", "JWT",
					"description", "A JWT of the issuer of single sign-on, for the audience of the server, of an "+
						"identity that is linked to an account."),
				"session", obj("type", "apiKey", "in", "cookie", "name", "__Host-tz",
					"description", "The cookie of a session: POST /v1/session. Without TLS, on the machine itself, "+
						"its name is tz. The header Authorization goes before it.")),
		),
	)
}

const apiIntro = "Additions only under /v1: a client ignores members that it does not know. An error is a problem " +
	"(RFC 9457). " +
	"x-roles of an operation are the roles that may ask it; x-scope says what of the ledger they see. " +
	"Amounts are whole fen as JSON numbers; dates are days in Asia/Shanghai. See docs/api.md."

var tags = []object{
	obj("name", "lists", "description", "Questions whose answer is a table."),
	obj("name", "centers", "description", "One center: its facts, history, alerts and records."),
	obj("name", "records", "description", "Bringing records, and trying them."),
	obj("name", "ledger", "description", "The ledger as a whole: its policies, events, exports and reports."),
	obj("name", "accounts", "description", "Signing in, accounts, tokens and the access log."),
	obj("name", "feed", "description",
		"The alert feed over NATS, and the programs that may read it. What they read is in docs/alerting.md."),
	obj("name", "document", "description", "This document and the pages of the problems."),
}

func tagOf(op *api.Route) string {
	switch second, _, _ := strings.Cut(strings.TrimPrefix(op.Path, "/v1/"), "/"); {
	case lists.Find(second) != nil && op.Path == "/v1/"+second, strings.Count(op.Path, "/") <= 3 &&
		lists.Find(second) != nil && second != "centers":
		return "lists"
	case second == "centers" || second == "explain":
		return "centers"
	case second == "records" || second == "imports" || second == "try":
		return "records"
	case second == "session" || second == "me" || second == "accounts" || second == "tokens" || second == "access-log":
		return "accounts"
	case second == "nats" || second == "feed":
		return "feed"
	case !strings.HasPrefix(op.Path, "/v1/"):
		return "document"
	}
	return "ledger"
}

// document writes the operations.
type document struct {
	*schemas
	operations map[string]bool
}

func (w *document) operation(op *api.Route) object {
	if w.operations[op.Name] {
		w.t.Errorf("two operations are named %s", op.Name)
	}
	w.operations[op.Name] = true
	o := obj("operationId", op.Name, "tags", []string{tagOf(op)}, "summary", sentence(op.Short.En), "x-summary-zh",
		op.Short.Zh)
	if op.Open {
		o = o.with("security", []object{})
	} else {
		o = o.with("x-roles", namesOf(op.Roles))
		if op.Right == access.ReadLedger || op.Right == access.Write || op.Right == access.Bring {
			o = o.with("x-scope", scopeWords)
		}
	}
	if params := w.parameters(op); len(params) > 0 {
		o = o.with("parameters", params)
	}
	if len(op.Takes) > 0 {
		var content object
		for _, b := range op.Takes {
			content = append(content, member{b.Media, w.media(op, b.Media, b.Value)})
		}
		o = o.with("requestBody", obj("description", fmt.Sprintf("At most %d bytes.", op.BodyBytesMax), "required",
			true, "content", content))
	}
	return o.with("responses", w.responses(op))
}

// scopeWords say what of the ledger an account sees.
var scopeWords = obj("center", "its own center", "local-gov", "the centers of its region", "industry-dept",
	"the centers of its departments", "others", "the whole ledger")

// pathName finds the parameters of a path.
var pathName = regexp.MustCompile(`\{(\w+)(?:\.\.\.)?\}`)

func (w *document) parameters(op *api.Route) (all []object) {
	for _, m := range pathName.FindAllStringSubmatch(op.Path, -1) {
		schema, ok := pathSchemas[m[1]]
		if strings.HasPrefix(op.Path, "/v1/centers/{id}") && m[1] == "id" {
			schema = obj("type", "string", "pattern", centerPattern)
		} else if !ok {
			w.t.Errorf("the parameter %s of the path %s has no schema: add it to pathSchemas", m[1], op.Path)
		}
		all = append(all, obj("name", m[1], "in", "path", "required", true, "schema", schema))
	}
	for _, p := range op.Params {
		o := obj("name", p.Name, "in", "query", "description", strings.ReplaceAll(p.Words.En, "`", ""),
			"x-description-zh", strings.ReplaceAll(p.Words.Zh, "`", ""))
		if p.Must {
			o = o.with("required", true)
		}
		schema := parameterSchema(&p)
		if p.Default != "" {
			schema = schema.with("default", defaultOf(&p))
		}
		all = append(all, o.with("schema", schema))
	}
	return all
}

var pathSchemas = map[string]object{
	"id":       obj("type", "string", "minLength", 1, "maxLength", 200),
	"name":     obj("type", "string", "pattern", `^[a-z][a-z0-9._-]{1,31}$`),
	"user":     obj("type", "string", "pattern", `^[a-z0-9][a-z0-9_-]{0,31}$`),
	"record":   obj("type", "string", "format", "uuid"),
	"code":     obj("type", "string", "pattern", `^AL-[A-Z]+-[0-9]+$`),
	"key":      obj("type", "string"),
	"raisedOn": obj("type", "string", "format", "date"),
	"version":  obj("type", "string", "minLength", 1),
	"position": obj("type", "integer", "minimum", 1),
	"slug":     obj("type", "string", "pattern", `^[a-z-]+$`),
}

// defaultOf returns the default of a parameter as JSON has it.
func defaultOf(p *api.DescribedParam) any {
	if n, err := strconv.Atoi(p.Default); err == nil && (p.Sort == lists.Count || p.Sort == lists.Year) {
		return n
	}
	return p.Default
}

func parameterSchema(p *api.DescribedParam) object {
	switch p.Sort {
	case lists.Year:
		return obj("type", "integer", "minimum", events.YearMin, "maximum", events.YearMax)
	case lists.Count:
		return obj("type", "integer", "minimum", 1)
	case lists.Choice:
		return obj("type", "string", "enum", p.Values)
	case lists.Flag:
		return obj("type", "string", "enum", []string{"true"})
	case lists.CenterID:
		return obj("type", "string", "pattern", centerPattern)
	case lists.AlertCode:
		return obj("type", "string", "pattern", `^[Aa][Ll]-[A-Za-z]+-[0-9]+$`)
	case lists.Day:
		return obj("type", "string", "format", "date")
	case lists.Yuan:
		return obj("type", "string", "pattern", `^[0-9,]+(\.[0-9]{1,2})?$`)
	case lists.Days:
		return obj("type", "string", "pattern", `^[0-9]+d?$`)
	case lists.Region:
		return obj("type", "string", "description",
			"The first 2, 4 or 6 digits of a code of GB/T 2260, or the name of a region.")
	case lists.Point:
		return obj("type", "string", "description",
			"A position, an instant of RFC 3339, or a date for the end of that day.")
	}
	return obj("type", "string")
}

// media returns the description of a body of a media type.
func (w *document) media(op *api.Route, media string, value any) object {
	l := op.List
	if _, isPage := value.(api.Page); isPage && l != nil {
		return obj("schema", w.page(l))
	}
	if l != nil && media == "application/jsonl" {
		return obj("schema", w.list(l))
	}
	if _, isChapter := value.(desk.Chapter); isChapter {
		chapter := w.of(op.Name, "", reflect.TypeOf(value))
		return obj("schema", obj("anyOf",
			[]object{chapter, obj("type", "object", "properties", obj("end", obj("type", "object",
				"description",
				"what moved since the last event, by time alone and by policies, and with the answers on "+
					"that day; as a Chapter whose event is empty")), "required", []string{"end"})}))
	}
	if media == "multipart/form-data" {
		return obj("schema", obj("type", "object", "properties",
			obj("file", obj("type", "array", "items", obj("type", "string", "format", "binary"),
				"description", "the files; each part has a file name")), "required", []string{"file"}))
	}
	if value == nil {
		return obj()
	}
	return obj("schema", w.of(op.Name, "", reflect.TypeOf(value)))
}

// page returns the schema of a page of rows of a list.
func (w *document) page(l *lists.List) object {
	o := w.members("Page", reflect.TypeFor[api.Page]())
	for i, m := range o {
		if m.name != "properties" {
			continue
		}
		properties := slices.Clone(m.value.(object))
		for k, p := range properties {
			if p.name == "items" {
				properties[k].value = obj("type", "array", "items", w.list(l), "description",
					w.meaning("Page", "items"))
			}
		}
		o[i].value = properties
	}
	return o
}

func (w *document) responses(op *api.Route) (all object) {
	for _, a := range op.Gives {
		status := strconv.Itoa(a.Status)
		i := slices.IndexFunc(all, func(m member) bool { return m.name == status })
		if i < 0 {
			says := a.Says
			if says == "" {
				says = http.StatusText(a.Status)
			}
			all = append(all, member{status, obj("description", says, "headers", headersOf(op), "content", object{})})
			i = len(all) - 1
		}
		if a.Media != "" {
			r := all[i].value.(object)
			at := slices.IndexFunc(r, func(m member) bool { return m.name == "content" })
			r[at].value = append(r[at].value.(object), member{a.Media, w.media(op, a.Media, a.Value)})
		}
	}
	for _, p := range problemsOf(op) {
		all = append(all, member{strconv.Itoa(p), obj("$ref", "#/components/responses/"+problemName(p))})
	}
	slices.SortStableFunc(all, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return all
}

// moreProblems lists, by operation, the statuses of problems that its parameters and bodies do not already show.
var moreProblems = map[string][]int{
	"record": {http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed,
		http.StatusUnprocessableEntity},
	"addNATSUser": {http.StatusNotFound, http.StatusConflict},
	"restateFeed": {http.StatusConflict},

	"signIn":         {http.StatusUnauthorized, http.StatusTooManyRequests},
	"signOut":        {http.StatusConflict},
	"showCode":       {http.StatusConflict, http.StatusTooManyRequests},
	"changePassword": {http.StatusConflict, http.StatusTooManyRequests},
	"beginFactor":    {http.StatusConflict},
	"confirmFactor":  {http.StatusConflict, http.StatusTooManyRequests},
	"setPassword":    {http.StatusConflict},
	"resetFactor":    {http.StatusConflict},
	"linkAccount":    {http.StatusConflict},
}

// problemsOf returns the statuses of the problems that an operation can answer.
func problemsOf(op *api.Route) []int {
	all := []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotAcceptable, http.StatusInternalServerError,
		http.StatusServiceUnavailable}
	if !op.Open {
		all = append(all, http.StatusUnauthorized)
	}
	if strings.Contains(op.Path, "{") ||
		slices.ContainsFunc(op.Params, func(p api.DescribedParam) bool { return p.Sort == lists.CenterID }) {
		all = append(all, http.StatusNotFound)
	}
	if op.List != nil {
		all = append(all, http.StatusGone)
	}
	if len(op.Takes) > 0 {
		all = append(all, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	all = append(all, moreProblems[op.Name]...)
	slices.Sort(all)
	return slices.Compact(all)
}

// problemName returns the name of the answer of a status.
func problemName(status int) string {
	return strings.ReplaceAll(http.StatusText(status), " ", "")
}

// problems returns the answers that are problems.
func problems(schema object) (all object) {
	for _, status := range []int{400, 401, 403, 404, 406, 408, 409, 410, 412, 413, 415, 422, 429, 500, 503} {
		own := obj("X-Request-Id", headerRef("X-Request-Id"))
		switch status {
		case http.StatusUnauthorized:
			own = own.with("WWW-Authenticate", headerRef("WWW-Authenticate"))
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			own = own.with("Retry-After", headerRef("Retry-After"))
		}
		all = append(all, member{problemName(status), obj("description", problemWords[status], "headers", own,
			"content", obj("application/problem+json", obj("schema", schema)))})
	}
	return all
}

var problemWords = map[int]string{
	400: "The request cannot be read: an unknown, repeated or wrong parameter, or a body that is not what it should " +
		"be.",
	401: "A valid token or session is needed; of signing in, the name, the password or the code is not right.",
	403: "The account may not do this, or the session must prove more first (needs); or the request names a host " +
		"that the server does not answer for, or another site sent it.",
	404: "There is no such thing, or the account may not see it.",
	406: "The answer has no such format.",
	408: "The body came too slowly.",
	409: "The id is there already with another content.",
	410: "The cursor is not valid any more: begin again.",
	412: "The center has moved on since the revision of If-Match.",
	413: "The body is too large.",
	415: "The media type of the body is not supported.",
	422: "A rule or the form of a record refuses it; nothing was written.",
	429: "There are too many requests; try again later.",
	500: "The program has failed. The log has more under the id of the request.",
	503: "It is not available now; try again later.",
}

func headerRef(name string) object { return obj("$ref", "#/components/headers/"+name) }

// headersOf returns the headers of the answers of an operation.
func headersOf(op *api.Route) object {
	all := obj("X-Request-Id", headerRef("X-Request-Id"))
	if !op.Open {
		all = append(all, obj("Ledger-Position", headerRef("Ledger-Position"))...)
	}
	return all
}

var headers = obj(
	"X-Request-Id", obj("description", "The id of the request, which the log names too.", "schema",
		obj("type", "string")),
	"Ledger-Position", obj("description",
		"The position of the ledger that the answer is based on; for a write, the position of its last record.",
		"schema", obj("type", "integer", "format", "int64")),
	"Ledger-As-Of", obj("description", "The day that the answer is of.", "schema",
		obj("type", "string", "format", "date")),
	"Retry-After", obj("description", "Seconds to wait.", "schema", obj("type", "integer")),
	"WWW-Authenticate", obj("schema", obj("type", "string")),
)
