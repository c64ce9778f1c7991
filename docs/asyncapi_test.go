package docs

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
)

func TestTheDocumentsOfTheFeedSayWhatTheTypesSay(t *testing.T) {
	for name, document := range map[string]object{
		"asyncapi.json":         asyncAPI(t),
		"schemas/alert.v1.json": dataSchema(t, alertfeed.AlertSchema, reflect.TypeFor[alertfeed.AlertData]()),
		"schemas/head.v1.json":  dataSchema(t, alertfeed.HeadSchema, reflect.TypeFor[alertfeed.Head]()),
	} {
		page, err := json.Marshal(document, jsontext.WithIndent("  "), jsontext.EscapeForHTML(false))
		if err != nil {
			t.Fatal(err)
		}
		page = append(page, '\n')
		path := filepath.FromSlash(name)
		if *update {
			if err := os.WriteFile(path, page, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		written, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(written) != string(page) {
			t.Errorf("%s differs from the messages: run go generate ./docs and read the difference", name)
		}
	}
}

// feedSchemas returns the schema of the data of a message, and the schemas that it refers to.
func feedSchemas(t *testing.T, at string, data ...reflect.Type) *schemas {
	s := newSchemas(t, at, feedMeanings)
	for _, d := range data {
		s.of("", "", d)
	}
	for i, m := range s.named {
		if m.name == "Alert" {
			s.named[i].value = m.value.(object).with("oneOf", alertStates)
		}
	}
	return s
}

// alertStates say that an alert has the date of its clearing if it is cleared.
var alertStates = []object{
	obj("properties", obj("state", obj("const", string(alertfeed.Cleared)), "clearedOn", obj("type", "string"))),
	obj("properties", obj("state", obj("enum", namesOf([]alertfeed.StateKind{alertfeed.Raised, alertfeed.Withdrawn})),
		"clearedOn", obj("type", "null"))),
}

// dataSchema returns the JSON Schema of the data of a message.
func dataSchema(t *testing.T, id string, data reflect.Type) object {
	s := feedSchemas(t, "#/$defs/", data)
	var named object
	top := obj("$schema", "https://json-schema.org/draft/2020-12/schema", "$id", id)
	for _, m := range s.named {
		if m.name == schemaName(data) {
			top = append(top, m.value.(object)...)
		} else if m.name != "Text" || data == reflect.TypeFor[alertfeed.AlertData]() {
			named = append(named, m)
		}
	}
	return top.with("$defs", named)
}

// asyncAPI returns the document of the feed.
func asyncAPI(t *testing.T) object {
	s := feedSchemas(t, componentSchemas, reflect.TypeFor[alertfeed.AlertData](), reflect.TypeFor[alertfeed.Head]())
	s.named = append(s.named,
		member{"AlertEvent", s.event(reflect.TypeFor[alertfeed.CloudEvent[alertfeed.AlertData]](),
			alertfeed.AlertSchema)},
		member{"HeadEvent", s.event(reflect.TypeFor[alertfeed.CloudEvent[alertfeed.Head]](), alertfeed.HeadSchema)})
	s.report()
	var messages, ofAlerts object
	for _, kind := range []alertfeed.StateKind{alertfeed.Raised, alertfeed.Cleared, alertfeed.Withdrawn} {
		name := "alert" + strings.ToUpper(string(kind[:1])) + string(kind[1:])
		messages = append(messages, member{name, alertMessage(t, s, kind)})
		ofAlerts = append(ofAlerts, member{name, obj("$ref", "#/components/messages/"+name)})
	}
	messages = append(messages,
		member{"head", message(t, &alertfeed.Message{Subject: alertfeed.HeadSubject, Head: &sampleHead},
			alertfeed.HeadType,
			"All subjects are right as of this head, or a generation begins.", s.ref("HeadEvent"))})
	messages = append(messages, member{"checkpoint", obj("name", "checkpoint", "title", "checkpoint", "summary",
		"The ledger signed that it has these records; see c2sp.org/tlog-checkpoint and c2sp.org/signed-note.",
		"contentType", alertfeed.CheckpointType, "payload", obj("type", "string"),
		"examples", []object{obj("name", "example", "payload", sampleCheckpoint)})})
	return obj(
		"asyncapi", "3.1.0",
		"info", obj("title", "Taizhang alerts", "version", "1", "description", feedIntro, "license",
			obj("name", "Apache-2.0", "url", "https://www.apache.org/licenses/LICENSE-2.0"),
			"tags", []object{obj("name", "alerts")}),
		"defaultContentType", alertfeed.ContentType,
		"servers", obj("office", obj("host", "127.0.0.1:4222", "protocol", "nats", "description",
			"The NATS server of taizhang serve (nats-listen), or one elsewhere (nats).",
			"security", []object{obj("$ref", "#/components/securitySchemes/nkey")})),
		"channels", obj(
			"alerts", obj("address", alertAddress(), "title", "Alerts", "description",
				"One subject for each alert and severity; its last message says how the alert stands.",
				"parameters", subjectTokens(), "messages", ofAlerts),
			"head", obj("address", alertfeed.HeadSubject, "title", "The head", "description",
				"Written after each round of changes.",
				"messages", obj("head", obj("$ref", "#/components/messages/head"))),
			"checkpoint", obj("address", alertfeed.CheckpointSubject, "title", "Checkpoints of the ledger",
				"description", "Only of a ledger that is sealed, and only for users added with --checkpoints.",
				"messages", obj("checkpoint", obj("$ref", "#/components/messages/checkpoint"))),
		),
		"operations", obj(
			"publishAlerts", obj("action", "send", "channel", obj("$ref", "#/channels/alerts"), "summary",
				"Says how an alert stands, when that has changed."),
			"publishHead", obj("action", "send", "channel", obj("$ref", "#/channels/head"), "summary",
				"Says as of what all subjects are right."),
			"publishCheckpoint", obj("action", "send", "channel", obj("$ref", "#/channels/checkpoint"), "summary",
				"Publishes a checkpoint when it is signed, and again with the cosignatures of witnesses."),
		),
		"components", obj("schemas", s.named, "messages", messages, "securitySchemes",
			obj("nkey", obj("type", "asymmetricEncryption",
				"description", "An nkey of NATS: taizhang nats user add."))),
	)
}

const feedIntro = "Taizhang says over NATS which alerts are raised, cleared and withdrawn. The messages are in the " +
	"JetStream stream " +
	alertfeed.StreamName + ". Each but a checkpoint is a CloudEvent 1.0 in structured JSON. Ignore members that you " +
	"do not know. " +
	"See docs/alerting.md for the rule by which messages are read, and for the rights of a user."

// event returns the schema of a CloudEvent of a type of data.
func (s *schemas) event(t reflect.Type, schema string) object {
	o := s.members("Event", t)
	properties := o[1].value.(object)
	for i, m := range properties {
		if m.name == "dataschema" {
			properties[i].value = m.value.(object).with("const", schema)
		}
	}
	return o
}

// alertAddress returns the subject of an alert with names in the place of its tokens.
func alertAddress() string {
	address := strings.TrimSuffix(alertfeed.AllSubjects, ">") + "alert"
	for _, m := range subjectTokens() {
		address += ".{" + m.name + "}"
	}
	return address
}

// subjectTokens describe the tokens of the subject of an alert.
func subjectTokens() object {
	var families []string
	for _, a := range aggregates.AlertCatalog {
		families = append(families, strings.Split(string(a.Code), "-")[1])
	}
	slices.Sort(families)
	return obj(
		"center", obj("description", "The id of the center; - for an alert of the policies.", "examples",
			[]string{"ZJ-0007"}),
		"severity", obj("description", "A change of severity withdraws one subject and raises another.", "enum",
			valuesOf[reflect.TypeFor[aggregates.Severity]()]),
		"family", obj("description", "The middle of the code of the alert: EXE of AL-EXE-02.", "enum",
			slices.Compact(families)),
		"number", obj("description", "The end of the code of the alert: 02 of AL-EXE-02.", "examples", []string{"02"}),
		"key", obj("description", "What the alert is about. - if there is none; else the key itself, if it is at "+
			"most 64 of A-Z a-z 0-9 _ - and begins with a capital or a digit; "+
			"else x and the base32 of its UTF-8 in small letters without padding.", "examples",
			[]string{"2025", "-", "x4s6q"}),
		"raisedOn", obj("description", "The day on which the alert was raised, YYYYMMDD.", "examples",
			[]string{"20251231"}),
	)
}

func alertMessage(t *testing.T, s *schemas, kind alertfeed.StateKind) object {
	a := sampleAlert
	a.State = kind
	cleared := obj("type", "null")
	switch kind {
	case alertfeed.Cleared:
		a.ClearedOn = desk.Day{Date: events.MustDate("2026-10-30")}
		cleared = obj("type", "string")
	case alertfeed.Withdrawn:
		a.Policy, a.Rules, a.Figures, a.Cleared = "", []desk.Rule{}, []desk.Figure{}, text.Text{}
	}
	name := alertfeed.AlertName{Center: a.Center, Severity: a.Severity, Code: a.Code, Key: a.Key, RaisedOn: a.RaisedOn}
	typed := "taizhang.alert." + string(kind) + ".v1"
	return message(t, &alertfeed.Message{Subject: name.Subject(), Alert: &a}, typed, alertWords[kind],
		obj("allOf", []object{s.ref("AlertEvent"),
			obj("properties", obj("type", obj("const", typed), "data",
				obj("properties", obj("state", obj("const", string(kind)), "clearedOn", cleared))))}))
}

var alertWords = map[alertfeed.StateKind]string{
	alertfeed.Raised:    "The alert is open.",
	alertfeed.Cleared:   "The alert was cleared on a day.",
	alertfeed.Withdrawn: "The alert was published, and by what is known now it is not there.",
}

// message describes a message with an example.
func message(t *testing.T, m *alertfeed.Message, typed, summary string, payload object) object {
	body, err := m.Encode("urn:uuid:1cc5efbe-4631-5491-a813-741dd0e17f6a",
		time.Date(2026, 10, 31, 1, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return obj("name", typed, "title", typed, "summary", summary, "contentType", alertfeed.ContentType,
		"payload", payload,
		"examples", []object{obj("name", "example", "payload", jsontext.Value(body))})
}

// sampleCheckpoint is a signed note as a ledger publishes it.
const sampleCheckpoint = "taizhang.zj/2026\n4912\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" +
	"— taizhang.zj/2026 Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"

// The examples of the document.
var (
	sampleAt = alertfeed.At{Epoch: "2026-10-01T08:00:00.000000Z", Generation: 1, Engine: 1, Position: 4912,
		Date: events.MustDate("2026-10-31")}
	sampleHead = alertfeed.Head{At: sampleAt, Record: "90c7df32-b866-4b81-8e48-7bdf10ef38c2", Phase: alertfeed.End,
		Open: alertfeed.Counts{Red: 6, Yellow: 11, Blue: 3}}
	sampleAlert = alertfeed.AlertData{Center: "ZJ-0001", Code: "AL-USE-01", Key: "2024-00002",
		Severity: aggregates.Red, RaisedOn: events.MustDate("2024-08-06"),
		Title: text.Text{Zh: "支出用于禁止的用途", En: "spent on a forbidden use"}, Office: events.CenterRole,
		Policy:   "zj-2024-draft@2",
		Rules:    []desk.Rule{{Rule: "R20-3", Article: "20", Words: "不得用于…赞助、捐赠、投资"}},
		Figures:  []desk.Figure{},
		Cleared:  text.Text{Zh: "凭证冲销；另有认定；已销号", En: "the voucher reversed; ruled otherwise; closed out"},
		LocalGov: "330102", IndustryDept: "省经信厅", At: sampleAt}
)
