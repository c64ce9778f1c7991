package console

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// fieldSort is the way in which a field of a form is filled in.
type fieldSort string

const (
	textField    fieldSort = "text"    // one line
	longField    fieldSort = "long"    // several lines
	dateField    fieldSort = "date"    // in any form of events.ReadDate
	amountField  fieldSort = "amount"  // in yuan
	countField   fieldSort = "count"   // a whole number, such as a year
	numberField  fieldSort = "number"  // any number, kept as it is written
	yesNoField   fieldSort = "yesno"   // yes or no
	choiceField  fieldSort = "choice"  // one of a list
	severalField fieldSort = "several" // any of a list; of an open list also others
	itemsField   fieldSort = "items"   // a list of texts or whole numbers, one in a line
	groupField   fieldSort = "group"   // an object; an optional one is given by yes or by a value in it
	rowsField    fieldSort = "rows"    // a list of objects
)

// formField is one field of the form of a record. Its name is the path of its member in the data, such as
// lines[0].amountFen, or the path of a member of the record around the data, such as by.role. No name means both: a
// test checks it.
type formField struct {
	Name     string
	Label    text.Text
	Hint     text.Text
	Sort     fieldSort
	Optional bool
	Options  text.Vocabulary[string] // of a choice, or of several
	Details  map[string]text.Text    // what an option needs said beside its word, by code
	IsOpen   bool                    // of several: others than the options may be given
	IsWhole  bool                    // of items: whole numbers
	Creates  string                  // the name space in which it gives a new name; "" for none
	Refers   string                  // the name space of which it takes a name; "" for none
	Offers   []offer                 // the names that it may take
	Members  []*formField            // of a group, or of each row
	Each     []*formField            // in its place, one for each of several centers
	Of       string                  // the center that it is for; "" for all of the form

	// as it is filled in
	Values  []string
	IsEmpty bool // of several or items that are optional: given, and without a value
	Rows    [][]*formField
	Wrong   []text.Text
}

// offer is one value that a field suggests, with what it is.
type offer struct {
	Value string
	Words text.Text
}

// recordForm is the form of a record of one kind: the fields around the data, and those of the data in the order of
// the payload.
type recordForm struct {
	Kind  *events.CatalogEntry
	Frame []*formField
	Data  []*formField
}

// yesNo are the words of a yes-or-no field. The codes are those of JSON.
var yesNo = text.Vocabulary[string]{
	{Code: "true", Word: text.Say("是", "yes"), Also: []string{"1", "√"}},
	{Code: "false", Word: text.Say("否", "no"), Also: []string{"0"}},
}

// evidenceMember is the list of evidence of a record, which is around its data.
var evidenceMember = events.Member{Name: "evidence", Type: "{name, sha256}[]", Members: []events.Member{
	{Name: "name", Type: "text", Required: true}, {Name: "sha256", Type: "text", Required: true}}}

// formOf returns the empty form of a kind. The words of uses and grades are those of the policy. mayRecord adds the
// fields of accounts that record what was decided elsewhere or by another office.
func formOf(kind *events.CatalogEntry, words desk.Policy, mayRecord bool) *recordForm {
	f := &recordForm{Kind: kind}
	frame := func(name string, sort fieldSort, optional bool) *formField {
		field := &formField{Name: name, Label: events.FrameWord(name), Sort: sort, Optional: optional}
		field.Hint = typeHints[sort]
		f.Frame = append(f.Frame, field)
		return field
	}
	if kind.Stream == "" {
		frame("center", textField, false)
	}
	frame("on", dateField, false).Label = text.Say("发生日期", "date")
	frame("doc", textField, kind.Kind != events.KindAlertClosed)
	if mayRecord {
		mode := frame("mode", choiceField, true)
		mode.Options = desk.ModeWords()
		mode.Hint = text.Say("补录系统外已作出的决定，须填发文字号",
			"record is for a decision that was made elsewhere; it needs a document number")
		role := frame("by.role", choiceField, true)
		role.Options = desk.RoleWords().Of(codesOf(kind.Roles)...)
		role.Hint = text.Say("代其他单位记账时填写，不填为本账号",
			"to record for another office; this account by default")
		frame("by.actor", textField, true).Hint = role.Hint
	}
	frame("note", longField, true)
	// last, because a form with files is read up to a file that is too large
	f.Frame = append(f.Frame, fieldOfMember("", &evidenceMember, evidenceField, words))
	members := kind.Members()
	for i := range members {
		f.Data = append(f.Data, fieldOfMember(kind.Kind, &members[i], members[i].Name, words))
	}
	for _, field := range f.Data {
		names := namesOf(kind)[field.Name]
		field.Creates, field.Refers = names.creates, names.refers
	}
	for field := range fieldsOf(f.Data) {
		if last := leaf(field.Name); field.Creates == "" && field.Refers == "" && field.Sort == textField &&
			slices.Contains(nameSpaces, last) {
			field.Refers = last
		}
	}
	return f
}

func codesOf(roles []events.Role) (codes []string) {
	for _, r := range roles {
		codes = append(codes, string(r))
	}
	return codes
}

// longMembers are the members that take more than a line.
var longMembers = []string{"text", "opinion", "reason", "necessity"}

// typeHints say how the fields of a sort are filled in.
var typeHints = map[fieldSort]text.Text{
	dateField: text.Say("如 2026-09-01、2026/9/1 或 2026年9月1日", "such as 2026-09-01 or 2026/9/1"),
	amountField: text.Say("以元为单位，至多两位小数，如 1,234.50",
		"in yuan, with at most two decimals, such as 1,234.50"),
	itemsField: text.Say("每行一项", "one in a line"),
}

// fieldOfMember returns the field of a member. kind is "" for a member around the data. path is the path of the member
// without indexes.
func fieldOfMember(kind events.Kind, m *events.Member, path string, words desk.Policy) *formField {
	f := &formField{Name: path, Optional: !m.Required, Label: events.FrameWord(path)}
	if kind != "" {
		f.Label = events.MemberWord(kind, path)
	}
	f.Options = optionsOf(kind, path, words)
	if path == "use" {
		f.Details = forbiddenUses(words)
	}
	single, isList := strings.CutSuffix(m.Type, "[]")
	switch {
	case isList && len(m.Members) > 0:
		f.Sort = rowsField
	case isList && len(events.KnownValuesOf(kind, path)) > 0:
		f.Sort, f.Options, f.IsOpen = severalField, events.KnownValuesOf(kind, path), len(f.Options) == 0
	case isList:
		f.Sort, f.IsWhole = itemsField, single == "integer"
	case strings.HasPrefix(single, "{"):
		f.Sort = groupField
	case len(f.Options) > 0:
		f.Sort = choiceField
	case single == "text" && slices.Contains(longMembers, leaf(path)):
		f.Sort = longField
	default:
		f.Sort = map[string]fieldSort{"text": textField, "integer": countField, "fen": amountField,
			"date": dateField, "boolean": yesNoField, "number": numberField}[single]
	}
	for i := range m.Members {
		f.Members = append(f.Members, fieldOfMember(kind, &m.Members[i], path+"."+m.Members[i].Name, words))
	}
	f.Hint = f.hint(kind, path)
	return f
}

// hint returns what must be known to fill in the field: how it is written, and what else it means.
func (f *formField) hint(kind events.Kind, path string) text.Text {
	detail := events.MemberDetail(kind, path)
	if kind == "" {
		detail = events.FrameDetail(path)
	}
	detail.Zh = strings.TrimPrefix(detail.Zh, f.Label.Zh+"：")
	detail.En = strings.TrimPrefix(detail.En, f.Label.En+": ")
	how := typeHints[f.Sort]
	switch {
	case detail == f.Label || f.Sort == rowsField || f.Sort == groupField || f.Sort == choiceField ||
		f.Sort == yesNoField:
		return how // what the label, the fields within or the options say
	case how == text.Text{}:
		return detail
	}
	return text.Text{Zh: detail.Zh + "；" + how.Zh, En: detail.En + "; " + how.En}
}

// optionsOf returns the values of a member that has no others, with their words; nil for a member that may have
// others.
func optionsOf(kind events.Kind, path string, words desk.Policy) text.Vocabulary[string] {
	switch {
	case path == "use":
		return words.UseNames().Terms()
	case path == "grade":
		return words.GradeNames().Terms()
	case kind == events.KindAlertClosed && path == "code":
		return desk.AlertWords()
	}
	return events.ValuesOf(kind, path)
}

// forbiddenUses says which uses the policy forbids.
func forbiddenUses(words desk.Policy) map[string]text.Text {
	said := map[string]text.Text{}
	for _, row := range words.Uses {
		if row.Class == policy.Forbidden {
			said[string(row.Use)] = text.Say("禁止用途，如实填写",
				"a forbidden use; record what it was spent on all the same")
		}
	}
	return said
}

// leaf returns the last part of a path.
func leaf(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// fieldsOf walks over fields, and over those in groups and rows.
func fieldsOf(fields []*formField) func(func(*formField) bool) {
	var walk func([]*formField, func(*formField) bool) bool
	walk = func(fields []*formField, yield func(*formField) bool) bool {
		for _, f := range fields {
			if !yield(f) {
				return false
			}
			parts := f.Rows
			if len(parts) == 0 {
				parts = [][]*formField{f.Members}
			}
			for _, part := range parts {
				if !walk(part, yield) {
					return false
				}
			}
		}
		return true
	}
	return func(yield func(*formField) bool) { walk(fields, yield) }
}

// memberNames says what a member of the data does with names.
type memberNames struct{ creates, refers string }

// namesOf returns for each text member of a kind the name space in which it creates a name, or from which it takes
// one, as the facets of its payload say.
func namesOf(kind *events.CatalogEntry) map[string]memberNames {
	found := map[string]memberNames{}
	for _, m := range kind.Members() {
		if m.Type != "text" {
			continue
		}
		data := kind.Blank()
		if err := json.Unmarshal([]byte(`{"`+m.Name+`":"\ue000"}`), data); err != nil {
			panic(err) // cannot happen: the member is a text
		}
		switch facets := events.FacetsOf(data); "\ue000" {
		case facets.Creates.ID:
			found[m.Name] = memberNames{creates: facets.Creates.Space}
		case facets.Refers.ID:
			found[m.Name] = memberNames{refers: facets.Refers.Space}
		}
	}
	if kind.Kind == events.KindEntryVoided {
		found["event"] = memberNames{refers: recordSpace}
	}
	return found
}

// recordSpace is the name space of the ids of records, which a voiding refers to.
const recordSpace = "record"

// nameSpaces are the name spaces in which the records of a center create names that are texts.
var nameSpaces = func() (spaces []string) {
	for i := range events.Catalog {
		for _, names := range namesOf(&events.Catalog[i]) {
			if names.creates != "" && !slices.Contains(spaces, names.creates) {
				spaces = append(spaces, names.creates)
			}
		}
	}
	return spaces
}()
