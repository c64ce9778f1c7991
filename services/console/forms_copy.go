package console

import (
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
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
