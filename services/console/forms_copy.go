package console

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// valuesOf returns the values with which a form of the kind becomes the draft: fill and draft are the inverse.
func (f *recordForm) valuesOf(d *desk.Draft) (url.Values, error) {
	values := url.Values{}
	for name, v := range map[string]string{"center": d.Center, "on": d.On, "doc": d.Doc, "note": d.Note,
		"mode": d.Mode, "by.role": d.By.Role, "by.actor": d.By.Actor} {
		if v != "" {
			values.Set(name, v)
		}
	}
	for _, field := range f.Frame {
		if field.Name == evidenceField && d.Evidence != nil {
			if err := field.values(evidenceField, d.Evidence, values); err != nil {
				return nil, err
			}
		}
	}
	return values, valuesOfObject(f.Data, "", d.Data, values)
}

// valuesOfObject adds the values of the members of an object whose path, with a dot at its end, is under.
func valuesOfObject(fields []*formField, under string, data jsontext.Value, into url.Values) error {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	for _, f := range fields {
		if v, ok := members[leaf(f.Name)]; ok {
			if err := f.values(under+leaf(f.Name), v, into); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *formField) values(name string, v jsontext.Value, into url.Values) error {
	switch f.Sort {
	case groupField:
		if f.Optional {
			into.Set(name, "true")
		}
		return valuesOfObject(f.Members, name+".", v, into)
	case rowsField, severalField, itemsField:
		var list []jsontext.Value
		if err := json.Unmarshal(v, &list); err != nil {
			return err
		}
		if len(list) == 0 && f.Optional {
			into.Set(name+noneSuffix, "1")
		}
		for i, item := range list {
			if f.Sort == rowsField {
				if err := valuesOfObject(f.Members, indexed(name, i), item, into); err != nil {
					return err
				}
				continue
			}
			into.Add(name, plainText(item))
		}
		return nil
	case amountField:
		fen, err := strconv.ParseInt(string(v), 10, 64)
		into.Set(name, events.FormatYuan(events.Fen(fen)))
		return err
	}
	into.Set(name, plainText(v))
	return nil
}

// plainText returns a JSON value as a person writes it: a text without quotes.
func plainText(v jsontext.Value) string {
	if plain, err := jsontext.AppendUnquote(nil, v); err == nil {
		return string(plain)
	}
	return string(v)
}

// inWords returns a reason of the ledger for the form. The value that another record has for the field is written as
// the form writes it: an amount in yuan, an option by its word.
func (f *recordForm) inWords(why desk.Reason) text.Text {
	if why.There == "" {
		return why.Reason
	}
	value := text.Same(why.There) // the lines of a voucher are no JSON
	if v := jsontext.Value(why.There); v.IsValid() {
		value = text.Same(plainText(v))
		if field := f.field(strings.TrimPrefix(why.Field, "data.")); field != nil {
			value = field.valueInWords(v)
		}
	}
	value.Zh, value.En = text.Clip(value.Zh, valueMax), text.Clip(value.En, valueMax)
	return text.Say("已有记录中为 %s", "is %s in the record that is there", value)
}

// valueMax is the largest number of characters of a value of another record that a form shows.
const valueMax = 100

// valueInWords returns a JSON value of the field as the form writes it.
func (f *formField) valueInWords(v jsontext.Value) text.Text {
	var zh, en []string
	add := func(t text.Text) { zh, en = append(zh, t.Zh), append(en, t.En) }
	var parts []jsontext.Value
	switch {
	case f.Sort == amountField:
		if fen, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			yuan := events.FormatYuan(events.Fen(fen))
			return text.Say("%s 元", "%s yuan", yuan)
		}
	case f.Sort == yesNoField:
		return yesNo.Word(string(v))
	case f.Sort == groupField:
		var members map[string]jsontext.Value
		_ = json.Unmarshal(v, &members) // a valid object
		for _, m := range f.Members {
			if value, ok := members[leaf(m.Name)]; ok {
				words := m.valueInWords(value)
				add(text.Text{Zh: m.Label.Zh + " " + words.Zh, En: m.Label.En + " " + words.En})
			}
		}
	case json.Unmarshal(v, &parts) == nil:
		one := *f
		if one.Sort = choiceField; f.Sort == rowsField {
			one.Sort = groupField
		}
		for _, part := range parts {
			add(one.valueInWords(part))
		}
	default:
		return f.Options.Word(plainText(v))
	}
	return text.Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}
}
