package console

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// fill returns a copy of the form with the values of a form that was sent, or of an address. Rows without any value
// are left out and the others are numbered from 0, as in the record.
func (f *recordForm) fill(in url.Values) *recordForm {
	return &recordForm{Kind: f.Kind, Frame: fillAll(f.Frame, "", "", in), Data: fillAll(f.Data, "", "", in)}
}

// fillAll fills in fields. The names of the values begin with from, those of the filled fields with to.
func fillAll(fields []*formField, from, to string, in url.Values) []*formField {
	filled := make([]*formField, len(fields))
	for i, f := range fields {
		own := *f
		last := f.Name
		if to != "" {
			last = leaf(f.Name)
		}
		sent := from + last
		own.Name, own.Values, own.Wrong = to+last, f.typed(in[sent]), nil
		own.IsEmpty = f.Optional && in.Get(sent+noneSuffix) != ""
		switch f.Sort {
		case groupField:
			own.Members = fillAll(f.Members, sent+".", own.Name+".", in)
		case rowsField:
			for _, n := range rowsIn(in, sent) {
				row := fillAll(f.Members, indexed(sent, n), indexed(own.Name, len(own.Rows)), in)
				if !isBlank(row) {
					own.Rows = append(own.Rows, row)
				}
			}
		}
		filled[i] = &own
	}
	return filled
}

// noneSuffix ends the name of the mark that an optional list is given and has no value.
const noneSuffix = ".none"

func indexed(name string, n int) string { return name + "[" + strconv.Itoa(n) + "]." }

// rowsIn returns the numbers of the rows of a list that have a value, in order.
func rowsIn(in url.Values, name string) []int {
	found := map[int]bool{}
	for key := range in {
		number, _, ok := strings.Cut(strings.TrimPrefix(key, name+"["), "].")
		if n, err := strconv.Atoi(number); ok && err == nil && n >= 0 && strings.HasPrefix(key, name+"[") {
			found[n] = true
		}
	}
	rows := slices.Sorted(maps.Keys(found))
	return rows[:min(len(rows), events.ListMax)]
}

func isBlank(fields []*formField) bool {
	for f := range fieldsOf(fields) {
		if len(f.Values) > 0 {
			return false
		}
	}
	return true
}

// typed returns the values that were sent for a field, without blank ones. A browser sends lines that end in CR LF.
func (f *formField) typed(sent []string) (values []string) {
	for _, s := range sent {
		switch s = strings.ReplaceAll(s, "\r\n", "\n"); f.Sort {
		case longField:
		case itemsField, severalField:
			for item := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '\n' || r == '、' }) {
				if item = strings.TrimSpace(item); item != "" {
					values = append(values, item)
				}
			}
			continue
		default:
			s = strings.TrimSpace(s)
		}
		if s != "" {
			values = append(values, s)
		}
	}
	if f.Sort != itemsField && f.Sort != severalField {
		values = values[:min(len(values), 1)]
	}
	return values
}

// Value returns the value of a field that has one, or "".
func (f *formField) Value() string {
	if len(f.Values) == 0 {
		return ""
	}
	return f.Values[0]
}

// Offered reports whether the list of choices of the field has its value.
func (f *formField) Offered() bool {
	return slices.ContainsFunc(f.Offers, func(o offer) bool { return o.Value == f.Value() })
}

// Capitals returns the amount of the field in capital figures, or "" if it is none or negative.
func (f *formField) Capitals() string {
	blank := *f
	if fen := (&reading{}).amount(&blank); fen >= 0 && len(blank.Wrong) == len(f.Wrong) {
		return capitals(fen)
	}
	return ""
}

// Code returns the code of a choice or of yes and no, however it was typed; what cannot be read stays.
func (f *formField) Code() string {
	options := f.Options
	if f.Sort == yesNoField || f.Sort == groupField {
		options = yesNo
	}
	if code, ok := options.Read(f.Value()); ok {
		return code
	}
	return f.Value()
}

// Has reports whether several has an option among its values.
func (f *formField) Has(code string) bool {
	return slices.ContainsFunc(f.Values, func(typed string) bool {
		read, ok := f.Options.Read(typed)
		return ok && read == code
	})
}

// Others returns the values of several that are no options, one in a line.
func (f *formField) Others() string {
	var others []string
	for _, typed := range f.Values {
		if _, ok := f.Options.Read(typed); !ok {
			others = append(others, typed)
		}
	}
	return strings.Join(others, "\n")
}

// Lines returns the values of items, one in a line.
func (f *formField) Lines() string { return strings.Join(f.Values, "\n") }

// field returns the field with a name, or nil.
func (f *recordForm) field(name string) *formField {
	for _, fields := range [][]*formField{f.Frame, f.Data} {
		for field := range fieldsOf(fields) {
			if field.Name == name && (len(field.Rows) == 0 || field.Sort == rowsField) {
				return field
			}
		}
	}
	return nil
}

// note shows a reason at the field with a path of the record, such as data.lines[0].amountFen, and returns the place
// of the field.
func (f *recordForm) note(path string, why text.Text) formPlace {
	name := strings.TrimPrefix(path, "data.")
	if field := f.field(name); field != nil {
		field.Wrong = append(field.Wrong, why)
	}
	place := f.place(name)
	place.Words = events.PlaceWords(f.Kind.Kind, path) // place reads the id of a record as a member of its data
	return place
}

// place returns the place of a field by its name.
func (f *recordForm) place(name string) formPlace {
	path := "data." + name
	list, _, _ := strings.Cut(name, "[")
	if slices.ContainsFunc(f.Frame, func(field *formField) bool { return field.Name == list }) {
		path = name
	}
	p := formPlace{Words: events.PlaceWords(f.Kind.Kind, path)}
	if field := f.field(name); field != nil {
		p.At = field.at()
		if field.Each != nil {
			p.At = field.Each[0].at()
		}
	}
	return p
}

// at returns the id of the element in which the field begins.
func (f *formField) at() string {
	switch {
	case f.Sort == rowsField:
		return f.Name + "-rows"
	case f.Sort == groupField && !f.Optional:
		return f.Members[0].at()
	case f.Sort == severalField && len(f.Options) > 0:
		return f.Name + "-" + f.Options[0].Code
	}
	return f.Name
}

// draft returns the record of a filled form, without an id, and the errors of fields that cannot be read: each names
// its field, and the field shows it. Everything else is for the ledger to judge.
func (f *recordForm) draft() (desk.Draft, []*text.Error) {
	r := reading{}
	d := desk.Draft{Kind: string(f.Kind.Kind)}
	for _, field := range f.Frame {
		switch v := field.Value(); field.Name {
		case "center":
			if d.Center = desk.ParseCenter(v); v == "" {
				r.add(field, missing)
			}
		case "on":
			d.On = string(r.date(field))
		case "doc":
			if d.Doc = v; v == "" && !field.Optional {
				r.add(field, missing)
			}
		case "note":
			d.Note = v
		case "mode":
			d.Mode = r.choice(field)
		case "by.role":
			d.By.Role = r.choice(field)
		case "by.actor":
			d.By.Actor = v
		case evidenceField:
			if len(field.Rows) > 0 {
				d.Evidence = r.value(nil, field)
			}
		}
	}
	d.Data = r.object(nil, f.Data)
	return d, r.wrong
}

// reading collects the errors of a form while it is read.
type reading struct{ wrong []*text.Error }

func (r *reading) add(f *formField, why text.Text) {
	f.Wrong = append(f.Wrong, why)
	r.wrong = append(r.wrong, (&text.Error{Code: text.Invalid, What: why}).Of(f.Name))
}

var missing = text.Say("请填写", "must be filled in")

// object appends the JSON object of fields. A field that is optional and blank is left out.
func (r *reading) object(b []byte, fields []*formField) []byte {
	b = append(b, '{')
	first := true
	for _, f := range fields {
		if !f.isGiven() {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = r.value(append(append(append(b, '"'), leaf(f.Name)...), '"', ':'), f)
	}
	return append(b, '}')
}

// isGiven reports whether the record has the member of the field.
func (f *formField) isGiven() bool {
	switch {
	case !f.Optional:
		return true
	case f.Sort == groupField:
		return f.Code() == "true" || !isBlank(f.Members)
	}
	return f.IsEmpty || len(f.Values) > 0 || len(f.Rows) > 0
}

// value appends the JSON value of a field that is given.
func (r *reading) value(b []byte, f *formField) []byte {
	switch f.Sort {
	case groupField:
		if f.Code() == "false" && !isBlank(f.Members) {
			r.add(f, text.Say("选了“否”，却填了下面的内容", "is no, but something below is filled in"))
		}
		return r.object(b, f.Members)
	case rowsField:
		b = append(b, '[')
		for i, row := range f.Rows {
			if i > 0 {
				b = append(b, ',')
			}
			b = r.object(b, row)
		}
		return append(b, ']')
	case severalField, itemsField:
		return r.list(b, f)
	case textField, longField:
		v := f.Value()
		if f.Creates != "" || f.Refers != "" {
			v = text.FoldCode(v)
		}
		if strings.TrimSpace(v) == "" && !f.Optional {
			r.add(f, missing)
		}
		return r.quote(b, f, v)
	case choiceField:
		return r.quote(b, f, r.choice(f))
	case dateField:
		return r.quote(b, f, r.date(f))
	}
	v := f.Value()
	if v == "" {
		r.add(f, missing)
		return append(b, "null"...)
	}
	switch f.Sort {
	case amountField:
		return strconv.AppendInt(b, int64(r.amount(f)), 10)
	case countField:
		return strconv.AppendInt(b, r.count(f, v), 10)
	case numberField:
		return append(b, r.number(f, v)...)
	}
	code, ok := yesNo.Read(v)
	if !ok {
		r.add(f, yesNo.Reject(v).What)
		code = "false"
	}
	return append(b, code...)
}

// quote appends a text. One that is not UTF-8 is an error.
func (r *reading) quote(b []byte, f *formField, v string) []byte {
	quoted, err := jsontext.AppendQuote(b, v)
	if err != nil {
		r.add(f, text.Say("不是有效的 UTF-8", "is not valid UTF-8"))
		return append(b, `""`...)
	}
	return quoted
}

func (r *reading) list(b []byte, f *formField) []byte {
	b = append(b, '[')
	for i, v := range f.Values {
		if i > 0 {
			b = append(b, ',')
		}
		code, isOption := f.Options.Read(v)
		switch {
		case isOption:
			b = r.quote(b, f, code)
		case f.IsWhole:
			b = strconv.AppendInt(b, r.count(f, v), 10)
		case f.Sort == itemsField || f.IsOpen:
			b = r.quote(b, f, v)
		default:
			r.add(f, f.Options.Reject(v).What)
			b = append(b, `""`...)
		}
	}
	return append(b, ']')
}

// choice returns the code of a choice. One that is optional may be blank.
func (r *reading) choice(f *formField) string {
	v := f.Value()
	code, ok := f.Options.Read(v)
	switch {
	case ok:
	case v == "" && !f.Optional:
		r.add(f, missing)
	case v != "":
		r.add(f, f.Options.Reject(v).What)
	}
	return code
}

func (r *reading) date(f *formField) string {
	on, err := events.ReadDate(f.Value())
	switch {
	case f.Value() == "":
		r.add(f, missing)
	case err != nil:
		r.add(f, text.Of(err))
	}
	return on.String()
}

// amount reads an amount in yuan, also in full width and with the sign of the yuan before it or 元 after it. It reads
// a negative amount too, for the ledger to refuse: only the ledger knows whether the amount may be 0.
func (r *reading) amount(f *formField) events.Fen {
	typed := strings.TrimLeft(text.FoldName(text.FoldCode(f.Value())), "¥￥")
	typed, isNegative := strings.CutPrefix(typed, "-")
	fen, err := events.ParseYuan(strings.TrimSuffix(typed, "元"))
	if err != nil {
		_, err = events.ParseYuan(f.Value()) // names the whole text
		r.add(f, text.Of(err))
	}
	if isNegative {
		return -fen
	}
	return fen
}

func (r *reading) count(f *formField, typed string) int64 {
	folded := text.FoldName(typed)
	if strings.Contains(strings.ToLower(leaf(f.Name)), "year") {
		folded = strings.TrimSuffix(folded, "年")
	}
	n, err := strconv.ParseInt(folded, 10, 64)
	if err != nil {
		r.add(f, text.Say("“%s”不是整数", "%q is not a whole number", text.Clip(typed, valueCharsMax)))
	}
	return n
}

// valueCharsMax is the number of characters of a wrong value that its error repeats.
const valueCharsMax = 40

func (r *reading) number(f *formField, typed string) string {
	v := jsontext.Value(text.FoldName(typed))
	if !v.IsValid() || v.Kind() != '0' {
		r.add(f, text.Say("“%s”不是数字", "%q is not a number", text.Clip(typed, valueCharsMax)))
		return "0"
	}
	return string(v)
}
