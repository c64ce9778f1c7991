package consumer

import (
	"cmp"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/table"
)

// Act is a change of an alert to act on, in the JSON form of alerts watch.
type Act struct {
	At        string              `json:"at"` // when its message was written
	Act       alertfeed.StateKind `json:"act"`
	Center    events.CenterID     `json:"center"` // "" for an alert of the policies
	Code      aggregates.Code     `json:"code"`
	Key       string              `json:"key"`
	Severity  aggregates.Severity `json:"severity"`
	RaisedOn  events.Date         `json:"raisedOn"`
	ClearedOn desk.Day            `json:"clearedOn"` // none unless the alert is cleared
	Title     text.Text           `json:"title"`
}

// ActColumns are the columns for acts.
var ActColumns = []table.Column{{Name: "at", Type: table.Time}, {Name: "act"}, {Name: "center"}, {Name: "code"},
	{Name: "key"}, {Name: "severity"},
	{Name: "raisedOn", Type: table.Day}, {Name: "clearedOn", Type: table.Day}, {Name: "title"}}

// Row returns the act as a row, with its title in one language.
func (a *Act) Row(lang string) []table.Cell {
	return []table.Cell{table.Text(a.At), table.Text(a.Act), table.Text(a.Center), table.Text(a.Code),
		table.Text(a.Key), table.Text(a.Severity),
		table.Date(a.RaisedOn), table.Date(a.ClearedOn.Date), table.Text(a.Title.In(lang))}
}

// Event is an Act with its CloudEvent. An alert that a head withdraws has no message of its own; its CloudEvent is
// made as the ledger would have written it.
type Event struct {
	Act
	Subject string
	Cloud   jsontext.Value
}

// source holds the members of a CloudEvent beside its data.
type source struct {
	Source string    `json:"source"`
	Time   time.Time `json:"time"`
}

func sourceOf(body []byte) (s source) {
	_ = json.Unmarshal(body, &s) // cannot fail: the message was decoded before
	return s
}

// newEvent returns the event of an act. body is the message that caused the act: of the alert, or of a head.
func newEvent(a alertfeed.Act, body []byte) (*Event, error) {
	from := sourceOf(body)
	e := &Event{Subject: a.Subject, Cloud: body, Act: named(a)}
	e.At = from.Time.In(events.Shanghai).Format(time.RFC3339Nano)
	if a.Alert != nil {
		e.Title = a.Alert.Title
		return e, nil
	}
	gone := &alertfeed.Message{
		Subject: a.Subject, Alert: &alertfeed.AlertData{State: a.State.Kind, Center: e.Center, Code: e.Code,
			Key: e.Key, Severity: e.Severity,
			RaisedOn: e.RaisedOn, Title: e.Title, Rules: []desk.Rule{}, Figures: []desk.Figure{}, At: a.At}}
	var err error
	e.Cloud, err = gone.Encode(from.Source, from.Time)
	return e, err
}

// named returns the act with the values that its subject contains, without the time.
func named(a alertfeed.Act) Act {
	name, _ := alertfeed.ParseSubject(a.Subject) // cannot fail: a Reading has parsed it
	x := Act{Act: a.State.Kind, Center: name.Center, Code: name.Code, Key: name.Key, Severity: name.Severity,
		RaisedOn:  name.RaisedOn,
		ClearedOn: desk.Day{Date: a.State.ClearedOn}, Title: text.Same(string(name.Code))}
	if row := aggregates.LookupAlert(name.Code); row != nil {
		x.Title = row.Title
	}
	return x
}

// compare orders acts like the list of alerts.
func (a *Act) compare(b *Act) int {
	return cmp.Or(cmp.Compare(a.Center, b.Center), cmp.Compare(a.Code, b.Code), cmp.Compare(a.RaisedOn, b.RaisedOn),
		cmp.Compare(a.Key, b.Key), cmp.Compare(a.Severity, b.Severity))
}

// takes reports whether a checked filter selects an act.
func takes(f *access.NATSFilter, a *Act) bool {
	in := func(list []string, x string) bool { return len(list) == 0 || slices.Contains(list, x) }
	return in(f.Centers, string(a.Center)) && in(f.Severities, string(a.Severity)) && in(f.Families, a.Code.Family())
}
