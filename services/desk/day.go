package desk

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
)

// Day is a date or none. None is null in JSON and an empty cell in a list.
type Day struct{ events.Date }

// MarshalJSONTo writes the date as a string, or null.
func (d Day) MarshalJSONTo(to *jsontext.Encoder) error {
	if d.IsNone() {
		return to.WriteToken(jsontext.Null)
	}
	return to.WriteToken(jsontext.String(d.String()))
}

// UnmarshalJSONFrom reads what MarshalJSONTo writes.
func (d *Day) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	if from.PeekKind() == 'n' {
		d.Date = 0
		return from.SkipValue()
	}
	return json.UnmarshalDecode(from, &d.Date)
}

// IsNone reports whether there is no date.
func (d Day) IsNone() bool { return d.Date == 0 }
