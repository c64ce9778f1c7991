package feedtest

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/docs"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/seal"
)

var (
	day  = events.MustDate("2025-12-31")
	at   = alertfeed.At{Epoch: "2026-10-01T08:00:00.000000Z", Generation: 1, Engine: 1, Position: 7, Date: day}
	name = alertfeed.AlertName{Center: "ZJ-0007", Severity: aggregates.Red, Code: "AL-EXE-02", Key: "2025",
		RaisedOn: day}
)

// raised returns a raised alert.
func raised() *alertfeed.AlertData {
	return &alertfeed.AlertData{State: alertfeed.Raised, Center: name.Center, Code: name.Code, Key: name.Key,
		Severity: name.Severity, RaisedOn: day,
		Rules:   []desk.Rule{{Rule: "R17-1", Article: "17", Words: "…"}},
		Figures: []desk.Figure{{Figure: aggregates.Figure{Name: "n"}}}, At: at}
}

func encoded(t *testing.T, m *alertfeed.Message) string {
	t.Helper()
	body, err := m.Encode("urn:x", time.Date(2026, 10, 31, 1, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestTheMessagesOfTheFeedAreDocumented(t *testing.T) {
	cleared, withdrawn := raised(), raised()
	cleared.State, cleared.ClearedOn = alertfeed.Cleared, desk.Day{Date: day}
	withdrawn.State, withdrawn.Rules, withdrawn.Figures, withdrawn.Title = alertfeed.Withdrawn, []desk.Rule{}, nil,
		text.Text{}
	policies := raised()
	policies.Center, policies.Code, policies.Key = "", "AL-LED-01", "政策"
	for _, m := range []*alertfeed.Message{
		{Alert: raised()}, {Alert: cleared}, {Alert: withdrawn}, {Alert: policies},
		{Subject: alertfeed.HeadSubject, Head: &alertfeed.Head{At: at, Phase: alertfeed.End}},
	} {
		if a := m.Alert; a != nil {
			m.Subject = alertfeed.AlertName{Center: a.Center, Severity: a.Severity, Code: a.Code, Key: a.Key,
				RaisedOn: a.RaisedOn}.Subject()
		}
		if err := Validate(m.Subject, alertfeed.ContentType, []byte(encoded(t, m))); err != nil {
			t.Errorf("%s: %v", m.Subject, err)
		}
	}
}

func TestTheExamplesOfTheDocumentAreAsItSays(t *testing.T) {
	var document struct {
		Components struct {
			Messages map[string]struct {
				Examples []struct {
					Payload jsontext.Value `json:"payload"`
				} `json:"examples"`
			} `json:"messages"`
		} `json:"components"`
	}
	if err := json.Unmarshal(docs.AsyncAPI, &document); err != nil {
		t.Fatal(err)
	}
	for what, m := range document.Components.Messages {
		if len(m.Examples) == 0 {
			t.Errorf("%s has no example", what)
		}
		for _, example := range m.Examples {
			if what == "checkpoint" { // a text, in a JSON string
				var note string
				err := json.Unmarshal(example.Payload, &note)
				if err == nil {
					_, err = seal.ParseSigned([]byte(note))
				}
				if err != nil {
					t.Errorf("%s: %v", what, err)
				}
				continue
			}
			var event struct {
				Data alertfeed.AlertData `json:"data"`
			}
			subject := alertfeed.HeadSubject
			if what != "head" {
				if err := json.Unmarshal(example.Payload, &event); err != nil {
					t.Fatal(err)
				}
				a := event.Data
				subject = alertfeed.AlertName{Center: a.Center, Severity: a.Severity, Code: a.Code, Key: a.Key,
					RaisedOn: a.RaisedOn}.Subject()
			}
			if err := Validate(subject, alertfeed.ContentType, example.Payload); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if _, err := alertfeed.Decode(subject, example.Payload); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

func TestWhatIsNotDocumentedIsFound(t *testing.T) {
	good := encoded(t, &alertfeed.Message{Subject: name.Subject(), Alert: raised()})
	for what, change := range map[string][2]string{
		"a member that the event must have":           {`"specversion":"1.0",`, ``},
		"a member of the event that is not named":     {`"specversion"`, `"surprise":1,"specversion"`},
		"a member of the data that is not named":      {`"state"`, `"surprise":1,"state"`},
		"a member of a figure that is not named":      {`"name":"n"`, `"name":"n","surprise":1`},
		"a state that the type does not say":          {`"state":"raised"`, `"state":"withdrawn"`},
		"a date of clearing of one that is open":      {`"clearedOn":null`, `"clearedOn":"2026-01-01"`},
		"a date that is none":                         {`"raisedOn":"2025-12-31"`, `"raisedOn":"31.12.2025"`},
		"a type that is not documented":               {`alert.raised.v1`, `alert.changed.v1`},
		"the schema of other data":                    {alertfeed.AlertSchema, alertfeed.HeadSchema},
		"a position that is less than that of nobody": {`"position":7`, `"position":-7`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s: the message has no %s", what, change[0])
		}
		if Validate(name.Subject(), alertfeed.ContentType, []byte(bad)) == nil {
			t.Errorf("%s passes", what)
		}
	}
	for _, subject := range []string{
		alertfeed.HeadSubject, name.Subject() + ".more", strings.Replace(name.Subject(), "red", "pink", 1)} {
		if Validate(subject, alertfeed.ContentType, []byte(good)) == nil {
			t.Errorf("the subject %s passes", subject)
		}
	}
	if Validate(name.Subject(), "application/json", []byte(good)) == nil {
		t.Error("another content type passes")
	}
}
