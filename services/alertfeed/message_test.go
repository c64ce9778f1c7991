package alertfeed_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
)

var (
	wroteAt = time.Date(2026, 10, 31, 9, 30, 0, 123_000_000, events.Shanghai)
	knownAt = alertfeed.At{Epoch: "2026-10-01T08:00:00.000000Z", Generation: 1793437200, Engine: 1, Position: 4912,
		Date: events.MustDate("2026-10-31")}
)

// messageOf returns a message about an alert of a name.
func messageOf(n alertfeed.AlertName, s alertfeed.AlertState, at alertfeed.At) *alertfeed.Message {
	return &alertfeed.Message{
		Subject: n.Subject(), Alert: &alertfeed.AlertData{State: s.Kind, Center: n.Center, Code: n.Code, Key: n.Key,
			Severity: n.Severity,
			RaisedOn: n.RaisedOn, ClearedOn: desk.Day{Date: s.ClearedOn}, At: at}}
}

func lowYear(s alertfeed.AlertState) *alertfeed.Message {
	m := messageOf(alertfeed.AlertName{Center: "ZJ-0007", Severity: aggregates.Red, Code: "AL-EXE-02", Key: "2025",
		RaisedOn: events.MustDate("2025-12-31")}, s, knownAt)
	m.Alert.Title, m.Alert.Office = text.Say("年度执行率低", "a low annual execution rate"), events.CenterRole
	if s.Kind != alertfeed.Withdrawn {
		m.Alert.Policy = "zj-2024-draft@2"
		m.Alert.Rules = []desk.Rule{{Rule: "R20-6", Article: "20", Words: "年度资金执行率低于60%"}}
		m.Alert.Figures = []desk.Figure{
			{Figure: aggregates.Figure{Name: "rate", Label: text.Say("执行率", "rate"), Value: "59.99",
				Unit: "percent"}, Shown: text.Text{Zh: "59.99%", En: "59.99%"}}}
		m.Alert.Cleared = text.Say("次年延后安排或解除", "the next year deferred or released")
	}
	m.Alert.LocalGov, m.Alert.IndustryDept = "330106", "省经信厅"
	return m
}

// goldens are messages as they are sent. Programs of others read them, so they change only with the version of a
// type.
var goldens = []struct {
	name string
	m    *alertfeed.Message
	want string
}{
	{"raised", lowYear(alertfeed.AlertState{Kind: alertfeed.Raised}),
		`{"specversion":"1.0","id":"5dedc90b-8739-578e-9123-729374f78160","source":"urn:uuid:90c7df32-b866-4b81-8e48-7bdf10ef38c2","type":"taizhang.alert.raised.v1","subject":"ZJ-0007","time":"2026-10-31T01:30:00.123Z","datacontenttype":"application/json","dataschema":"urn:taizhang:schema:alert:v1","data":{"state":"raised","center":"ZJ-0007","code":"AL-EXE-02","key":"2025","severity":"red","raisedOn":"2025-12-31","clearedOn":null,"title":{"zh":"年度执行率低","en":"a low annual execution rate"},"office":"center","policy":"zj-2024-draft@2","rules":[{"rule":"R20-6","article":"20","words":"年度资金执行率低于60%"}],"figures":[{"name":"rate","label":{"zh":"执行率","en":"rate"},"value":"59.99","unit":"percent","shown":{"zh":"59.99%","en":"59.99%"}}],"cleared":{"zh":"次年延后安排或解除","en":"the next year deferred or released"},"localGov":"330106","industryDept":"省经信厅","at":{"epoch":"2026-10-01T08:00:00.000000Z","generation":1793437200,"engine":1,"position":4912,"date":"2026-10-31"},"restated":false}}`},
	{"cleared", lowYear(alertfeed.AlertState{Kind: alertfeed.Cleared, ClearedOn: events.MustDate("2026-03-01")}),
		`{"specversion":"1.0","id":"4635064a-1bdc-5219-a22d-0dbf1d45a80d","source":"urn:uuid:90c7df32-b866-4b81-8e48-7bdf10ef38c2","type":"taizhang.alert.cleared.v1","subject":"ZJ-0007","time":"2026-10-31T01:30:00.123Z","datacontenttype":"application/json","dataschema":"urn:taizhang:schema:alert:v1","data":{"state":"cleared","center":"ZJ-0007","code":"AL-EXE-02","key":"2025","severity":"red","raisedOn":"2025-12-31","clearedOn":"2026-03-01","title":{"zh":"年度执行率低","en":"a low annual execution rate"},"office":"center","policy":"zj-2024-draft@2","rules":[{"rule":"R20-6","article":"20","words":"年度资金执行率低于60%"}],"figures":[{"name":"rate","label":{"zh":"执行率","en":"rate"},"value":"59.99","unit":"percent","shown":{"zh":"59.99%","en":"59.99%"}}],"cleared":{"zh":"次年延后安排或解除","en":"the next year deferred or released"},"localGov":"330106","industryDept":"省经信厅","at":{"epoch":"2026-10-01T08:00:00.000000Z","generation":1793437200,"engine":1,"position":4912,"date":"2026-10-31"},"restated":false}}`},
	{"withdrawn", lowYear(alertfeed.AlertState{Kind: alertfeed.Withdrawn}),
		`{"specversion":"1.0","id":"f2e7b727-c4f8-5231-817f-1bbcfa8b1388","source":"urn:uuid:90c7df32-b866-4b81-8e48-7bdf10ef38c2","type":"taizhang.alert.withdrawn.v1","subject":"ZJ-0007","time":"2026-10-31T01:30:00.123Z","datacontenttype":"application/json","dataschema":"urn:taizhang:schema:alert:v1","data":{"state":"withdrawn","center":"ZJ-0007","code":"AL-EXE-02","key":"2025","severity":"red","raisedOn":"2025-12-31","clearedOn":null,"title":{"zh":"年度执行率低","en":"a low annual execution rate"},"office":"center","policy":"","rules":[],"figures":[],"cleared":{"zh":"","en":""},"localGov":"330106","industryDept":"省经信厅","at":{"epoch":"2026-10-01T08:00:00.000000Z","generation":1793437200,"engine":1,"position":4912,"date":"2026-10-31"},"restated":false}}`},
	{
		"of the policies", messageOf(alertfeed.AlertName{Severity: aggregates.Red, Code: aggregates.LedgerBroken,
			Key: "1024", RaisedOn: events.MustDate("2026-10-30")}, alertfeed.AlertState{Kind: alertfeed.Raised},
			knownAt),
		`{"specversion":"1.0","id":"cd8377f4-4ea9-592e-89a7-5175580400f6","source":"urn:uuid:90c7df32-b866-4b81-8e48-7bdf10ef38c2","type":"taizhang.alert.raised.v1","time":"2026-10-31T01:30:00.123Z","datacontenttype":"application/json","dataschema":"urn:taizhang:schema:alert:v1","data":{"state":"raised","center":"","code":"AL-LED-01","key":"1024","severity":"red","raisedOn":"2026-10-30","clearedOn":null,"title":{"zh":"","en":""},"policy":"","rules":[],"figures":[],"cleared":{"zh":"","en":""},"localGov":"","industryDept":"","at":{"epoch":"2026-10-01T08:00:00.000000Z","generation":1793437200,"engine":1,"position":4912,"date":"2026-10-31"},"restated":false}}`},
	{"the head", &alertfeed.Message{
		Subject: alertfeed.HeadSubject,
		Head: &alertfeed.Head{At: knownAt, Record: "90c7df32-b866-4b81-8e48-7bdf10ef38c2", Phase: alertfeed.End,
			Open:      alertfeed.Counts{Red: 6, Yellow: 11, Blue: 3},
			Publisher: uuid.MustParse("0b0b6b5e-6f0a-4c3e-9a55-1f2a7d3c4e5f")}},
		`{"specversion":"1.0","id":"9ac67abd-7638-5bc6-afd4-11872b58375b","source":"urn:uuid:90c7df32-b866-4b81-8e48-7bdf10ef38c2","type":"taizhang.head.v1","time":"2026-10-31T01:30:00.123Z","datacontenttype":"application/json","dataschema":"urn:taizhang:schema:head:v1","data":{"at":{"epoch":"2026-10-01T08:00:00.000000Z","generation":1793437200,"engine":1,"position":4912,"date":"2026-10-31"},"record":"90c7df32-b866-4b81-8e48-7bdf10ef38c2","phase":"end","open":{"red":6,"yellow":11,"blue":3},"publisher":"0b0b6b5e-6f0a-4c3e-9a55-1f2a7d3c4e5f"}}`},
}

func TestMessagesAreOnTheWireAsProgramsReadThem(t *testing.T) {
	ids := map[string]bool{}
	for _, g := range goldens {
		body, err := g.m.Encode("urn:uuid:90c7df32-b866-4b81-8e48-7bdf10ef38c2", wroteAt)
		if err != nil || string(body) != g.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", g.name, err, body, g.want)
		}
		back, err := alertfeed.Decode(g.m.Subject, body)
		if err != nil || back.At() != knownAt {
			t.Fatalf("%s: %v", g.name, err)
		}
		if again, err := back.Encode("urn:uuid:90c7df32-b866-4b81-8e48-7bdf10ef38c2", wroteAt); err != nil ||
			string(again) != string(body) {
			t.Errorf("%s: read and written again: %v\n%s\nwas\n%s", g.name, err, again, body)
		}
		if g.m.Alert != nil && back.State() != g.m.State() {
			t.Errorf("%s: %+v became %+v", g.name, g.m.State(), back.State())
		}
		id := string(body[strings.Index(string(body), `"id":"`):][:43])
		if ids[id] {
			t.Errorf("%s has the %s of another one", g.name, id)
		}
		ids[id] = true
	}
}

func TestAMessageThatNoPublisherWroteIsRefused(t *testing.T) {
	changes := map[string][][2]string{
		"raised": {{`"1.0"`, `"0.3"`}, {`taizhang.alert.raised.v1`, `taizhang.alert.raised.v2`},
			{`taizhang.alert.raised.v1`, `taizhang.alert.cleared.v1`},
			{`taizhang.alert.raised.v1`, `taizhang.head.v1`},
			{`application/json`, `text/plain`}, {`:alert:v1`, `:alert:v2`},
			{`"subject":"ZJ-0007"`, `"subject":"ZJ-0008"`}, {`"subject":"ZJ-0007",`, ``},
			{`"center":"ZJ-0007"`, `"center":"ZJ-0008"`},
			{`AL-EXE-02`, `AL-EXE-01`}, {`"key":"2025"`, `"key":"2024"`}, {`"severity":"red"`, `"severity":"blue"`},
			{`"raisedOn":"2025-12-31"`, `"raisedOn":"2025-12-30"`}, {`"raisedOn":"2025-12-31"`, `"raisedOn":""`},
			{`"state":"raised"`, `"state":"changed"`}, {`"clearedOn":null`, `"clearedOn":"2026-03-01"`},
			{`"clearedOn":null`, `"clearedOn":1`}, {`2026-10-01T08:00:00.000000Z`, `2026-10-01T08:00:00Z`},
			{`2026-10-01T08:00:00.000000Z`, `2026-10-01T16:00:00.000000+08:00`},
			{`2026-10-01T08:00:00.000000Z`, `2026-10-01T08:00:00,000000Z`}, {`2026-10-01T08:00:00.000000Z`, ``},
			{`"date":"2026-10-31"`, `"date":null`},
			{`"position":4912`, `"position":-1`}, {`"position":4912`, `"position":1.5`},
			{`"position":4912`, `"position":"4912"`}, {`"position":4912`, `"position":99999999999999999999`},
			{`"data":{`, `"data":[`}, {`{"spec`, `["spec`}, {`}}`, `}`}, {`false}}`, `false}}x`},
			{`"code":`, `"key":"2025","code":`}, {`"at":{`, `"At":{`}, {`年度`, "\xff"}},
		"cleared": {{`"clearedOn":"2026-03-01"`, `"clearedOn":null`}, {`"state":"cleared"`, `"state":"raised"`}},
		"the head": {{`"phase":"end"`, `"phase":"ended"`}, {`taizhang.head.v1`, `taizhang.alert.raised.v1`},
			{`:head:v1`, `:alert:v1`}, {`"id":"`, `"subject":"ZJ-0007","id":"`},
			{`2026-10-01T08:00:00.000000Z`, `today`}, {`"date":"2026-10-31"`, `"date":"2026-10-32"`}},
	}
	tried := 0
	for _, g := range goldens {
		for _, subject := range []string{"", "taizhang.v1.checkpoint", alertfeed.HeadSubject, goldens[3].m.Subject,
			g.m.Subject + "x"} {
			if m, err := alertfeed.Decode(subject, []byte(g.want)); err == nil && subject != g.m.Subject {
				t.Errorf("%s is taken under the subject %q as %+v", g.name, subject, m)
			}
		}
		for _, c := range changes[g.name] {
			body := strings.Replace(g.want, c[0], c[1], 1)
			if body == g.want {
				t.Fatalf("%s has no %s", g.name, c[0])
			}
			if m, err := alertfeed.Decode(g.m.Subject, []byte(body)); err == nil {
				t.Errorf("%s with %s for %s is taken as %+v", g.name, c[1], c[0], m)
			}
			tried++
		}
	}
	if tried < 40 {
		t.Errorf("%d changes were tried", tried)
	}
}

func TestAMemberOfAVersionToComeIsIgnored(t *testing.T) {
	for _, g := range goldens {
		body := strings.Replace(g.want, `"data":{`, `"more":{"a":[1]},"data":{"more":"x",`, 1)
		m, err := alertfeed.Decode(g.m.Subject, []byte(body))
		if err != nil || m.At() != knownAt {
			t.Errorf("%s: %v", g.name, err)
		}
	}
}

func TestEveryMessageIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := anyName.Draw(t, "name")
		n.Key = strings.ToValidUTF8(n.Key, "?") // as every text of the ledger is
		m := messageOf(n, anyState.Draw(t, "state"), anyAt.Draw(t, "at"))
		m.Alert.Restated = rapid.Bool().Draw(t, "restated")
		body, err := m.Encode("urn:x", wroteAt)
		if err != nil {
			t.Fatal(err)
		}
		got, err := alertfeed.Decode(m.Subject, body)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if got.Subject != m.Subject || got.Head != nil || got.At() != m.At() || got.State() != m.State() ||
			got.Alert.Key != n.Key || got.Alert.Center != n.Center || got.Alert.Restated != m.Alert.Restated {
			t.Fatalf("%+v became %+v", m.Alert, got.Alert)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, g := range goldens {
		f.Add(g.m.Subject, []byte(g.want))
		f.Add(alertfeed.HeadSubject, []byte(g.want))
		f.Add(g.m.Subject, []byte(g.want[:len(g.want)/2]))
	}
	f.Fuzz(func(t *testing.T, subject string, body []byte) {
		m, err := alertfeed.Decode(subject, body)
		if err != nil {
			return
		}
		if (m.Head == nil) == (m.Alert == nil) || m.Subject != subject || m.At().Date == 0 || m.At().Epoch == "" {
			t.Fatalf("%q %s is taken as %+v", subject, body, m)
		}
		if a := m.Alert; a != nil {
			if n, ok := alertfeed.ParseSubject(subject); !ok ||
				n != (alertfeed.AlertName{Center: a.Center, Severity: a.Severity, Code: a.Code, Key: a.Key,
					RaisedOn: a.RaisedOn}) {
				t.Fatalf("%q %s is taken as %+v", subject, body, a)
			}
		}
		first, err := m.Encode("urn:x", wroteAt)
		if err != nil {
			t.Fatalf("%q %s is taken and cannot be written: %v", subject, body, err)
		}
		again, err := alertfeed.Decode(subject, first)
		if err != nil {
			t.Fatalf("%q %s is written as %s and refused then: %v", subject, body, first, err)
		}
		if second, err := again.Encode("urn:x", wroteAt); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%q %s is written as\n%s\nand read and written again as\n%s", subject, body, first, second)
		}
	})
}
