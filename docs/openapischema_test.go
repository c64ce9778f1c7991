package docs

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

// obj returns an object of names and values in turn.
func obj(pairs ...any) (o object) {
	for i := 0; i < len(pairs); i += 2 {
		o = append(o, member{pairs[i].(string), pairs[i+1]})
	}
	return o
}

// with returns the object with one more member.
func (o object) with(name string, value any) object {
	return append(o[:len(o):len(o)], member{name, value})
}

// MarshalJSONTo writes the members in their order.
func (o object) MarshalJSONTo(to *jsontext.Encoder) error {
	if err := to.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for _, m := range o {
		if err := to.WriteToken(jsontext.String(m.name)); err != nil {
			return err
		}
		if err := json.MarshalEncode(to, m.value); err != nil {
			return err
		}
	}
	return to.WriteToken(jsontext.EndObject)
}

// schemas collects the schemas of a document that have names.
type schemas struct {
	t     *testing.T
	at    string            // where in the document they are, with a slash at the end
	own   map[string]string // the meanings that this document alone has
	used  map[string]bool   // of own
	stray []string          // meanings of no member, and members without a meaning
	types map[string]reflect.Type
	lists map[string]object // the schemas of the rows of lists by name
	named object
}

// componentSchemas is where an OpenAPI or AsyncAPI document has its schemas.
const componentSchemas = "#/components/schemas/"

func newSchemas(t *testing.T, at string, own map[string]string) *schemas {
	s := &schemas{t: t, at: at, own: own, used: map[string]bool{}, types: map[string]reflect.Type{},
		lists: map[string]object{}}
	s.named = append(s.named, member{"Text", obj("type", "object", "description", "A text in two languages.",
		"properties", obj("zh", obj("type", "string"), "en", obj("type", "string")), "required",
		[]string{"zh", "en"})})
	return s
}

func (s *schemas) ref(name string) object { return obj("$ref", s.at+name) }

// typed returns the schema of a type, and of null too if there may be none.
func typed(word string, none bool) object {
	if none {
		return obj("type", []string{word, "null"})
	}
	return obj("type", word)
}

// pageLink finds links between pages, which lead nowhere in the document.
var pageLink = regexp.MustCompile(`\[(\w+\.md)\]\([^)]*\)`)

// meaning returns what a member means to its owner: as the document has it, or as the page of JSON has it.
func (s *schemas) meaning(owner, name string) string {
	for _, from := range []map[string]string{s.own, meanings} {
		for _, key := range []string{owner + "." + name, name} {
			if words, ok := from[key]; ok {
				if _, own := s.own[key]; own {
					s.used[key] = true
				}
				return pageLink.ReplaceAllString(words, "docs/$1")
			}
		}
	}
	s.stray = append(s.stray, owner+"."+name)
	return ""
}

// report lists the meanings that are missing or belong to no member.
func (s *schemas) report() {
	for key := range s.own {
		if !s.used[key] {
			s.stray = append(s.stray, key)
		}
	}
	for _, name := range s.stray {
		s.t.Errorf("the meaning of %s is missing, or belongs to no member of the document", name)
	}
}

// valuesOf are the values of the closed types of text.
var valuesOf = map[reflect.Type][]string{
	reflect.TypeFor[aggregates.Severity](): {
		string(aggregates.Red), string(aggregates.Yellow), string(aggregates.Blue)},
	reflect.TypeFor[access.Role](): append(namesOf(access.Roles()), ""),
	reflect.TypeFor[alertfeed.StateKind](): namesOf([]alertfeed.StateKind{
		alertfeed.Raised, alertfeed.Cleared, alertfeed.Withdrawn}),
	reflect.TypeFor[alertfeed.Phase](): namesOf([]alertfeed.Phase{alertfeed.Begin, alertfeed.End}),
	reflect.TypeFor[events.Role](): namesOf([]events.Role{events.STOffice, events.Finance, events.IndustryDept,
		events.LocalGov,
		events.CenterRole, events.Auditor, events.Admin}),
}

func namesOf[T ~string](list []T) (names []string) {
	for _, v := range list {
		names = append(names, string(v))
	}
	return names
}

// closedMembers are the members of plain text that have closed values, by owner and name.
var closedMembers = map[string][]string{
	"Event.specversion":     {"1.0"},
	"Event.datacontenttype": {"application/json"},
	"Recorded.answer":       {desk.Accepted, desk.Repeated},
	"Refused.answer":        {desk.Refused},
	"Tried.answer":          {desk.Accepted, desk.Refused},
	"Chapter.mode":          {desk.EnforceMode, desk.RecordMode},
	"Token.state":           {access.TokenValid, access.TokenExpired, access.TokenRevoked, access.TokenVoid},
	"Entry.kind":            access.EntryKinds(),
	"FeedStatus.state": {alertfeed.StatePublishing, alertfeed.StateConnecting, alertfeed.StateRestating,
		alertfeed.StateBehind, alertfeed.StateStopped, api.FeedOff},
}

// of returns the schema of a Go type as JSON has it.
func (s *schemas) of(owner, name string, t reflect.Type) object {
	switch t {
	case reflect.TypeFor[events.Date]():
		return obj("type", "string", "format", "date")
	case reflect.TypeFor[desk.Day]():
		return obj("type", []string{"string", "null"}, "format", "date")
	case reflect.TypeFor[events.Fen]():
		return obj("type", "integer", "format", "int64")
	case reflect.TypeFor[uuid.UUID]():
		return obj("type", "string", "format", "uuid")
	case reflect.TypeFor[time.Time]():
		return obj("type", "string", "format", "date-time")
	case reflect.TypeFor[text.Text]():
		return s.ref("Text")
	case reflect.TypeFor[jsontext.Value](), reflect.TypeFor[desk.Draft]():
		return s.ref("Record")
	case reflect.TypeFor[lists.ExecutionLine]():
		s.list(lists.Find("execution"))
		return s.ref("Row.execution.total")
	}
	if values := valuesOf[t]; values != nil {
		return obj("type", "string", "enum", values)
	}
	if values := closedMembers[owner+"."+name]; values != nil {
		return obj("type", "string", "enum", values)
	}
	switch t.Kind() {
	case reflect.String:
		if strings.HasSuffix(name, "At") && owner+name != "RecordedrecordedAt" { // which is "" in a dry run
			return obj("type", "string", "format", "date-time")
		}
		return obj("type", "string")
	case reflect.Bool:
		return obj("type", "boolean")
	case reflect.Int, reflect.Int64:
		return obj("type", "integer", "format", "int64")
	case reflect.Uint64:
		return obj("type", "integer", "format", "int64", "minimum", 0)
	case reflect.Slice:
		return obj("type", "array", "items", s.of(owner, name, t.Elem()))
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.String {
			return typed("string", true)
		}
		return s.of(owner, name, t.Elem())
	case reflect.Map:
		return obj("type", "object", "additionalProperties", obj("type", "string"))
	case reflect.Struct:
		return s.object(t)
	}
	s.t.Errorf("%s.%s of type %v has no schema", owner, name, t)
	return nil
}

// schemaName returns the name of the schema of a type.
func schemaName(t reflect.Type) string {
	if name := objectNames[t]; name != "" {
		return name
	}
	return strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
}

// object returns a reference to the schema of a struct, which it adds if it is new.
func (s *schemas) object(t reflect.Type) object {
	name := schemaName(t)
	switch known := s.types[name]; {
	case known == nil:
		s.types[name] = t
		s.named = append(s.named, member{name: name})
		at := len(s.named) - 1
		s.named[at].value = s.members(name, t)
	case known != t:
		s.t.Errorf("two schemas are named %s: %v and %v", name, known, t)
	}
	return s.ref(name)
}

// members returns the schema of an object of the fields of a struct.
func (s *schemas) members(owner string, t reflect.Type) object {
	var properties object
	required := []string{}
	var add func(t reflect.Type)
	add = func(t reflect.Type) {
		for f := range t.Fields() {
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous && name == "" {
				add(f.Type)
				continue
			}
			if !f.IsExported() || name == "-" {
				continue
			}
			if i := slices.IndexFunc(properties, func(m member) bool { return m.name == name }); i >= 0 {
				continue // the outer field hides it
			}
			properties = append(properties,
				member{name, s.of(owner, name, f.Type).with("description", s.meaning(owner, name))})
			if !strings.Contains(options, "omit") {
				required = append(required, name)
			}
		}
	}
	add(t)
	o := obj("type", "object", "properties", properties)
	if len(required) > 0 {
		o = o.with("required", required)
	}
	return o
}

// row returns the schema of a row of a table as an object. Every cell may be empty.
func (s *schemas) row(owner string, columns []table.Column) object {
	var properties object
	var required []string
	for _, c := range columns {
		if c.Name == "" {
			continue
		}
		var o object
		switch c.Type {
		case table.Count, table.Year, table.Money:
			o = typed("integer", true).with("format", "int64")
		case table.Percent:
			o = typed("number", true)
		case table.Day:
			o = typed("string", true).with("format", "date")
		case table.Time:
			o = typed("string", true).with("format", "date-time")
		case table.Bool:
			o = typed("boolean", true)
		case table.JSON:
			o = obj("oneOf", []object{s.ref("Record"), obj("type", "null")})
		default:
			o = typed("string", true)
		}
		properties = append(properties, member{c.Name, o.with("description", s.meaning(owner, c.Name))})
		required = append(required, c.Name)
	}
	return obj("type", "object", "properties", properties, "required", required)
}

// list adds the schemas of the rows of a list, one for each set of columns that its parameters choose, and returns the
// schema of any of them.
func (s *schemas) list(l *lists.List) object {
	if known := s.lists[l.Name]; known != nil {
		return known
	}
	var tables [][]table.Column
	var any []object
	for _, params := range choices(l) {
		columns, err := lists.Question{List: l.Name, On: events.MustDate("2026-10-31"), Params: params}.Columns()
		if err != nil {
			s.t.Fatal(err)
		}
		if slices.ContainsFunc(tables, func(other []table.Column) bool { return slices.Equal(other, columns) }) {
			continue
		}
		name := "Row." + l.Name
		if len(tables) > 0 {
			name += "." + strings.NewReplacer("--", "", " ",
				".").Replace(strings.TrimPrefix(flagsOf(l, params), "--by "))
		}
		tables = append(tables, columns)
		s.named = append(s.named, member{name, s.row(l.Name, columns)})
		any = append(any, s.ref(name))
	}
	s.lists[l.Name] = obj("anyOf", any)
	if len(any) == 1 {
		s.lists[l.Name] = any[0]
	}
	return s.lists[l.Name]
}

// records adds the schemas of a record of each kind and of any kind.
func (s *schemas) records() {
	one := []object{}
	mapping := object{}
	for i := range events.Catalog {
		e := &events.Catalog[i]
		name := "Record." + string(e.Kind)
		one = append(one, s.ref(name))
		mapping = append(mapping, member{string(e.Kind), s.at + name})
		s.named = append(s.named, member{name, s.recordOf(e)})
	}
	s.named = append(s.named,
		member{"Record", obj("description", "A record of the interchange form, of one of the kinds of docs/events.md.",
			"oneOf", one, "discriminator", obj("propertyName", "kind", "mapping", mapping))})
}

func (s *schemas) recordOf(e *events.CatalogEntry) object {
	properties := obj(
		"id", obj("type", "string", "format", "uuid"),
		"kind", obj("type", "string", "const", string(e.Kind)),
	)
	required := []string{"kind", "on", "data"}
	if e.Stream == "" {
		properties = properties.with("center", obj("type", "string", "pattern", centerPattern))
		required = append(required, "center")
	}
	roles := valuesOf[reflect.TypeFor[events.Role]()]
	if e.ByProgram() {
		roles = []string{string(events.Program)}
	}
	properties = append(properties, obj(
		"on", obj("type", "string", "format", "date"),
		"by", obj("type", "object", "properties",
			obj("role", obj("type", "string", "enum", roles),
				"actor", identifier()), "required", []string{"role", "actor"}, "additionalProperties", false),
		"mode", obj("type", "string", "enum", []string{desk.EnforceMode, desk.RecordMode}),
		"doc", obj("type", "string"),
		"evidence", obj("type", "array", "maxItems", events.ListMax, "items",
			obj("type", "object", "properties", obj("name", obj("type", "string"),
				"sha256", obj("type", "string", "pattern", "^[0-9a-f]{64}$")), "required", []string{"name", "sha256"},
				"additionalProperties", false)),
		"note", obj("type", "string"),
	)...)
	for i, m := range properties {
		if slices.Contains([]string{"id", "kind", "center", "on", "mode", "doc", "note"}, m.name) {
			properties[i].value = m.value.(object).with("description", events.FrameDetail(m.name).En)
		}
	}
	data := s.data(e, "", reflect.TypeOf(e.Blank()).Elem())
	return obj("type", "object", "title", e.Title.En, "description", both(e.Title), "properties",
		properties.with("data", data),
		"required", required, "additionalProperties", false)
}

// data returns the schema of the data of a kind, or of an object in it under a path.
func (s *schemas) data(e *events.CatalogEntry, under string, t reflect.Type) object {
	var properties object
	var required []string
	var add func(t reflect.Type)
	add = func(t reflect.Type) {
		for f := range t.Fields() {
			if f.Anonymous {
				add(f.Type)
				continue
			}
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				continue
			}
			path := under + name
			o := s.value(e, path, f.Type).with("description", both(events.MemberDetail(e.Kind, path)))
			properties = append(properties, member{name, o})
			if !strings.Contains(options, "omit") {
				required = append(required, name)
			}
		}
	}
	add(t)
	o := obj("type", "object")
	if len(properties) > 0 {
		o = o.with("properties", properties)
	}
	if len(required) > 0 {
		o = o.with("required", required)
	}
	return o.with("additionalProperties", false)
}

func identifier() object {
	return obj("type", "string", "minLength", 1, "maxLength", events.IDBytesMax)
}

func (s *schemas) value(e *events.CatalogEntry, path string, t reflect.Type) object {
	switch t {
	case reflect.TypeFor[events.Date]():
		return obj("type", "string", "format", "date")
	case reflect.TypeFor[events.Fen]():
		return obj("type", "integer", "format", "int64", "minimum", 0, "maximum", events.AmountFenMax)
	case reflect.TypeFor[jsontext.Value]():
		return obj("type", "number")
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.value(e, path, t.Elem())
	case reflect.Slice:
		return obj("type", "array", "maxItems", events.ListMax, "items", s.value(e, path, t.Elem()))
	case reflect.Struct:
		return s.data(e, path+".", t)
	case reflect.Bool:
		return obj("type", "boolean")
	case reflect.String:
		if values := events.ValuesOf(e.Kind, path).Codes(); len(values) > 0 {
			return obj("type", "string", "enum", values)
		}
		return obj("type", "string")
	}
	return obj("type", "integer")
}
