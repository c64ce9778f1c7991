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

// StateKind says whether an alert is raised, cleared or withdrawn.
type StateKind string

// An alert that is open again after its clearing was voided is raised again.
const (
	Raised    StateKind = "raised"    // it is open on the date
	Cleared   StateKind = "cleared"   // it was cleared on a date
	Withdrawn StateKind = "withdrawn" // it was published before, and the facts known now do not raise it
)

// AlertState is the part of an alert that decides whether a message is written. Figures and words are shown as of
// a message; no message is written because they changed.
type AlertState struct {
	Kind      StateKind
	ClearedOn events.Date // the date, if the alert is cleared
}

// stateOf returns the state of an alert of the ledger.
func stateOf(a aggregates.Alert) AlertState {
	if a.Open() {
		return AlertState{Kind: Raised}
	}
	return AlertState{Cleared, a.ClearedOn}
}

// AlertData is the data of a message about an alert.
type AlertData struct {
	State     StateKind           `json:"state"`
	Center    events.CenterID     `json:"center"` // "" for an alert of the policies
	Code      aggregates.Code     `json:"code"`
	Key       string              `json:"key"`
	Severity  aggregates.Severity `json:"severity"`
	RaisedOn  events.Date         `json:"raisedOn"`
	ClearedOn desk.Day            `json:"clearedOn"` // none unless the alert is cleared
	Title     text.Text           `json:"title"`
	// the office that must act on alerts with this code; none for a code that the program does not know
	Office events.Role `json:"office,omitzero"`
	// id@version of the policy that judges it; "" if it is withdrawn
	Policy  string        `json:"policy"`
	Rules   []desk.Rule   `json:"rules"`   // with article and words; none if it is withdrawn
	Figures []desk.Figure `json:"figures"` // with their thresholds, as of the message
	Cleared text.Text     `json:"cleared"` // what clears it or, if it is cleared, what cleared it
	// GB/T 2260: the local government responsible for the center; "" for none
	LocalGov string `json:"localGov"`
	// the name of the department responsible for the center; "" for none
	IndustryDept string `json:"industryDept"`
	At           At     `json:"at"`
	Restated     bool   `json:"restated"` // the message belongs to a restatement of all alerts
}

// Phase says whether a head begins or ends a generation.
type Phase string

// Between Begin and End of a generation every alert is published again; an alert that is not published then does
// not exist. After Begin, messages of earlier generations are ignored: a publisher that has not seen Begin may
// still write some.
const (
	Begin Phase = "begin"
	End   Phase = "end"
)

// Head is the data of the head. With the phase End it confirms that all subjects are right as of At.
type Head struct {
	At     At     `json:"at"`
	Record string `json:"record"` // the id of the record at the position; "" before the first
	Phase  Phase  `json:"phase"`
	Open   Counts `json:"open"` // with Begin: the open alerts that the stream had before

	Publisher uuid.UUID `json:"publisher"` // the process that wrote it; a new id each time it starts
}

// Counts holds the number of open alerts of each severity.
type Counts struct {
	Red    int `json:"red"`
	Yellow int `json:"yellow"`
	Blue   int `json:"blue"`
}

// Message is one message of the stream: an alert or the head.
type Message struct {
	Subject string
	Source  string     // the ledger, as Decode read it; NoLedger if that ledger had no record
	Alert   *AlertData // nil for a head
	Head    *Head      // nil for an alert
}

// NoLedger is the source of messages of a ledger without records. With its first record the ledger gets another
// source.
const NoLedger = "urn:taizhang:empty"

// At returns the At of the message.
func (m *Message) At() At {
	if m.Head != nil {
		return m.Head.At
	}
	return m.Alert.At
}

// State returns the state of the alert of the message.
func (m *Message) State() AlertState { return AlertState{m.Alert.State, m.Alert.ClearedOn.Date} }

// These are the types of the CloudEvents and the schemas of their data.
const (
	HeadType     = "taizhang.head.v1"
	alertTypes   = "taizhang.alert."
	typesVersion = ".v1"
	HeadSchema   = "urn:taizhang:schema:head:v1"
	AlertSchema  = "urn:taizhang:schema:alert:v1"

	specVersion     = "1.0"
	dataContentType = "application/json"
)

// ContentType is the content type in the header of every message. It says that the body has the whole CloudEvent.
const ContentType = "application/cloudevents+json"

// CloudEvent is a CloudEvent 1.0 in structured JSON, as in the body of a message.
type CloudEvent[T any] struct {
	SpecVersion     string    `json:"specversion"`
	ID              uuid.UUID `json:"id"`     // made of the subject, the At and the state, for tracing
	Source          string    `json:"source"` // the ledger
	Type            string    `json:"type"`
	Subject         string    `json:"subject,omitzero"` // the center
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	DataSchema      string    `json:"dataschema"`
	Data            T         `json:"data"`
}

// space is the UUID namespace of the ids of messages.
var space = uuid.MustParse("6f0e4f0a-6a55-4d2b-9a3e-0d6a1c1c7a11")

// Encode returns the body of a message.
func (m *Message) Encode(source string, now time.Time) ([]byte, error) {
	if m.Head != nil {
		return json.Marshal(newEvent(m, *m.Head, HeadType, HeadSchema, string(m.Head.Phase), "", source, now))
	}
	state := string(m.Alert.State)
	return json.Marshal(newEvent(m, *m.Alert, alertTypes+state+typesVersion, AlertSchema,
		state+m.Alert.ClearedOn.String(), string(m.Alert.Center), source, now))
}

func newEvent[T any](m *Message, data T, kind, schema, state, subject, source string, now time.Time) CloudEvent[T] {
	at := m.At()
	id := uuid.NewSHA1(space, fmt.Appendf(nil, "%s\n%s %d %d %d %v\n%s", m.Subject, at.Epoch, at.Generation, at.Engine,
		at.Position, at.Date, state))
	return CloudEvent[T]{specVersion, id, source, kind, subject, now.UTC(), dataContentType, schema, data}
}

// errForeign is returned for a message that no publisher wrote.
var errForeign = errors.New("alertfeed: not a message of the feed")

// Decode reads the message of a subject. It returns an error for a message that no publisher wrote, or that has a
// later version.
func Decode(subject string, body []byte) (*Message, error) {
	m := &Message{Subject: subject}
	if subject == HeadSubject {
		var e CloudEvent[Head]
		if err := json.Unmarshal(body, &e); err != nil || !e.is(HeadType, HeadSchema, "") || !e.Data.At.isWhole() ||
			e.Data.Phase != Begin && e.Data.Phase != End {
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
	if (AlertName{a.Center, a.Severity, a.Code, a.Key, a.RaisedOn}) != name ||
		!e.is(alertTypes+string(a.State)+typesVersion, AlertSchema, string(a.Center)) || !a.At.isWhole() ||
		a.State != Raised && a.State != Cleared && a.State != Withdrawn ||
		(a.State == Cleared) == a.ClearedOn.IsNone() {
		return nil, errForeign
	}
	m.Source, m.Alert = e.Source, a
	return m, nil
}

// is reports whether an event has the kind, schema and subject that Encode writes.
func (e *CloudEvent[T]) is(kind, schema, subject string) bool {
	return e.SpecVersion == specVersion && e.Type == kind && e.DataSchema == schema &&
		e.DataContentType == dataContentType && e.Subject == subject
}

func cmpErr(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", errForeign, err)
	}
	return errForeign
}
