package alertfeed

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// StateKind is how an alert stands.
type StateKind string

// The kinds. An alert that is open again after a clearing was voided is raised again.
const (
	Raised    StateKind = "raised"    // it is open on the date
	Cleared   StateKind = "cleared"   // it was cleared on a date
	Withdrawn StateKind = "withdrawn" // it was published, and the facts now known do not raise it
)

// AlertState is what is compared: figures and words are shown as of a message, and a message is not written because they moved.
type AlertState struct {
	Kind      StateKind
	ClearedOn events.Date // of Cleared
}

// stateOf returns how an alert of the ledger stands.
func stateOf(a aggregates.Alert) AlertState {
	if a.Open() {
		return AlertState{Kind: Raised}
	}
	return AlertState{Cleared, a.ClearedOn}
}

// AlertData is the data of a message about an alert.
type AlertData struct {
	State        StateKind           `json:"state"`
	Center       events.CenterID     `json:"center"` // "" for an alert of the policies
	Code         aggregates.Code     `json:"code"`
	Key          string              `json:"key"`
	Severity     aggregates.Severity `json:"severity"`
	RaisedOn     events.Date         `json:"raisedOn"`
	ClearedOn    desk.Day            `json:"clearedOn"` // none unless it is cleared
	Title        text.Text           `json:"title"`
	Office       events.Role         `json:"office,omitzero"` // that must act on alerts of this code; none of a code that the program does not know
	Policy       string              `json:"policy"`          // id@version of the policy that judges it; "" of one that is withdrawn
	Rules        []desk.Rule         `json:"rules"`           // with article and words; none of one that is withdrawn
	Figures      []desk.Figure       `json:"figures"`         // with their thresholds, as of the message
	Cleared      text.Text           `json:"cleared"`         // what clears it or, if it is cleared, what did
	LocalGov     string              `json:"localGov"`        // GB/T 2260: the local government that is responsible for the center; "" for none
	IndustryDept string              `json:"industryDept"`    // the name of the department that is responsible for the center; "" for none
	At           At                  `json:"at"`
	Restated     bool                `json:"restated"` // it is stated again by a new generation
}

// Phase says whether a generation is being stated.
type Phase string

// The phases. Between Begin and End of a generation every alert is stated again; what is not, does not exist. After Begin,
// messages of an earlier generation do not count: a publisher that has not seen Begin may still write some.
const (
	Begin Phase = "begin"
	End   Phase = "end"
)

// Head is the data of the head. With the phase End it says: all subjects are right as of At.
type Head struct {
	At     At     `json:"at"`
	Record string `json:"record"` // the id of the record at the position; "" before the first
	Phase  Phase  `json:"phase"`
	Open   Counts `json:"open"` // with Begin: of what the stream had before

	Publisher uuid.UUID `json:"publisher"` // of the process that wrote it; another one each time it starts
}

// Counts are the open alerts by severity.
type Counts struct {
	Red    int `json:"red"`
	Yellow int `json:"yellow"`
	Blue   int `json:"blue"`
}

// Message is one message of the stream: of the head or of an alert.
type Message struct {
	Subject string
	Source  string     // the ledger, as Decode read it; NoLedger if that had no record
	Alert   *AlertData // of an alert
	Head    *Head      // of the head
}

// NoLedger is the source of the messages of a ledger that has no record yet. From its first record on it has another one.
const NoLedger = "urn:taizhang:empty"

// At returns what the message knows.
func (m *Message) At() At {
	if m.Head != nil {
		return m.Head.At
	}
	return m.Alert.At
}

// State returns how the alert of the message stands.
func (m *Message) State() AlertState { return AlertState{m.Alert.State, m.Alert.ClearedOn.Date} }

// The types of the CloudEvents, and the schemas of their data.
const (
	HeadType     = "taizhang.head.v1"
	alertTypes   = "taizhang.alert."
	typesVersion = ".v1"
	HeadSchema   = "urn:taizhang:schema:head:v1"
	AlertSchema  = "urn:taizhang:schema:alert:v1"

	specVersion     = "1.0"
	dataContentType = "application/json"
)

// ContentType is the header of every message: with it a reader of CloudEvents knows that the whole event is in the body.
const ContentType = "application/cloudevents+json"

// CloudEvent is a CloudEvent 1.0 in structured JSON, as it is on the wire.
type CloudEvent[T any] struct {
	SpecVersion     string    `json:"specversion"`
	ID              uuid.UUID `json:"id"`     // of the subject, the At and the state, for tracing
	Source          string    `json:"source"` // the ledger
	Type            string    `json:"type"`
	Subject         string    `json:"subject,omitzero"` // the center
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	DataSchema      string    `json:"dataschema"`
	Data            T         `json:"data"`
}

// space is the namespace of the ids of messages.
var space = uuid.MustParse("6f0e4f0a-6a55-4d2b-9a3e-0d6a1c1c7a11")

// Encode returns the body of a message.
func (m *Message) Encode(source string, now time.Time) ([]byte, error) {
	if m.Head != nil {
		return json.Marshal(newEvent(m, *m.Head, HeadType, HeadSchema, string(m.Head.Phase), "", source, now))
	}
	state := string(m.Alert.State)
	return json.Marshal(newEvent(m, *m.Alert, alertTypes+state+typesVersion, AlertSchema, state+m.Alert.ClearedOn.String(), string(m.Alert.Center), source, now))
}

func newEvent[T any](m *Message, data T, kind, schema, state, subject, source string, now time.Time) CloudEvent[T] {
	at := m.At()
	id := uuid.NewSHA1(space, fmt.Appendf(nil, "%s\n%s %d %d %d %v\n%s", m.Subject, at.Epoch, at.Generation, at.Engine, at.Position, at.Date, state))
	return CloudEvent[T]{specVersion, id, source, kind, subject, now.UTC(), dataContentType, schema, data}
}

// errForeign is a message that no publisher wrote.
var errForeign = errors.New("alertfeed: not a message of the feed")

// Decode reads a message of a subject. An error is a message that no publisher wrote, or one of a version to come.
func Decode(subject string, body []byte) (*Message, error) {
	m := &Message{Subject: subject}
	if subject == HeadSubject {
		var e CloudEvent[Head]
		if err := json.Unmarshal(body, &e); err != nil || !e.is(HeadType, HeadSchema, "") || !e.Data.At.isWhole() || e.Data.Phase != Begin && e.Data.Phase != End {
			return nil, cmpErr(err)
		}
		m.Source, m.Head = e.Source, &e.Data
		return m, nil
	}
	var e CloudEvent[AlertData]
	name, ok := ParseSubject(subject)
	if !ok {
		return nil, errForeign
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, cmpErr(err)
	}
	a := &e.Data
	if (AlertName{a.Center, a.Severity, a.Code, a.Key, a.RaisedOn}) != name || !e.is(alertTypes+string(a.State)+typesVersion, AlertSchema, string(a.Center)) || !a.At.isWhole() ||
		a.State != Raised && a.State != Cleared && a.State != Withdrawn || (a.State == Cleared) == a.ClearedOn.IsNone() {
		return nil, errForeign
	}
	m.Source, m.Alert = e.Source, a
	return m, nil
}

// is reports whether an event has the form of those that Encode writes.
func (e *CloudEvent[T]) is(kind, schema, subject string) bool {
	return e.SpecVersion == specVersion && e.Type == kind && e.DataSchema == schema && e.DataContentType == dataContentType && e.Subject == subject
}

func cmpErr(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", errForeign, err)
	}
	return errForeign
}
