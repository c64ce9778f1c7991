package desk

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
)

// Day is a date that there may be none of: then it is null in JSON, as an empty cell of a list is.
type Day struct{ events.Date }

// MarshalJSONTo writes the date as a string, or null.
func (d Day) MarshalJSONTo(to *jsontext.Encoder) error {
	if d.IsNone() {
		return to.WriteToken(jsontext.Null)
	}
	return to.WriteToken(jsontext.String(d.String()))
}

// IsNone reports whether there is no date.
func (d Day) IsNone() bool { return d.Date == 0 }
