package natsserver

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// attack is a message that a user sends.
type attack struct {
	subject, reply, data string
	header               nats.Header
}

func (a attack) String() string {
	return fmt.Sprintf("%s %.60q, to be answered on %q, %v", a.subject, a.data, a.reply, a.header)
}

// picture is the state that an attack must not change: the stream, and the consumers of others.
type picture struct {
	Streams  []string
	Config   jetstream.StreamConfig
	State    jetstream.StreamState
	Messages []string
	Others   map[string]jetstream.ConsumerInfo // their own state, too
	Own      jetstream.ConsumerConfig          // what the attacker may not grant itself
	OwnSince time.Time
}

// picture returns the present state. Messages are read if whole is true.
func (w *world) picture(t *testing.T, attacker string, whole bool) picture {
	t.Helper()
	p := picture{Others: map[string]jetstream.ConsumerInfo{}}
	names := w.js.StreamNames(t.Context())
	for name := range names.Name() {
		p.Streams = append(p.Streams, name)
	}
	s, err := w.js.Stream(t.Context(), streamName)
	if err := errors.Join(err, names.Err()); err != nil {
		t.Fatalf("look at the stream: %v", err)
	}
	info := s.CachedInfo()
	p.Config, p.State = info.Config, info.State
	list := s.ListConsumers(t.Context())
	for c := range list.Info() {
		if c.Name == attacker {
			p.Own, p.OwnSince = c.Config, c.Created
			continue
		}
		c.TimeStamp, c.Cluster = time.Time{}, nil // of this answer, not of the consumer
		p.Others[c.Name] = *c
	}
	if err := list.Err(); err != nil {
		t.Fatalf("look at the consumers: %v", err)
	}
	if whole {
		for seq := p.State.FirstSeq; seq <= p.State.LastSeq; seq++ {
			m, err := s.GetMsg(t.Context(), seq)
			if err != nil {
				t.Fatalf("read message %d: %v", seq, err)
			}
			p.Messages = append(p.Messages, fmt.Sprint(m.Sequence, m.Subject, m.Header, string(m.Data), m.Time))
		}
	}
	return p
}

// victimFilter selects all alerts.
const victimFilter = "taizhang.v1.alert.>"

// scene is a world with an attacker, a victim who got three messages and acknowledged one, and an idle user.
type scene struct {
	*world
	attacker, victim, idle reader
	nc                     *nats.Conn
	inbox                  *nats.Subscription // all that the attacker gets
	others                 []*nats.Subscription
}

func newScene(t *testing.T, start func(testing.TB, ...reader) *world, filter string) *scene {
	t.Helper()
	s := &scene{attacker: newReader(t, "mallory", filter), victim: newReader(t, "victim", victimFilter),
		idle: newReader(t, "idle", victimFilter)}
	s.world = start(t, s.attacker, s.victim, s.idle)
	s.publish(t, headSubject, alertSubject, strings.Replace(alertSubject, "red", "blue", 1),
		strings.Replace(alertSubject, "EXE", "LED", 1), headSubject)
	_, durable := s.victim.consumer(t, s.victim.connect(t, s.url))
	for i := range 3 {
		var m jetstream.Msg
		until(t, "the victim gets a message", func() (ok bool) { // in a cluster it takes a while until it is answered
			var err error
			m, err = durable.Next()
			return err == nil
		})
		if i > 0 {
			continue
		}
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the server has counted it all", func() bool {
		p := s.picture(t, s.attacker.Name, false)
		victim, idle := p.Others[s.victim.Name], p.Others[s.idle.Name]
		return idle.NumPending == 5 && victim.NumPending == 2 && victim.NumAckPending == 2 &&
			victim.Delivered.Stream == 3 && victim.AckFloor.Stream == 1
	})
	for _, r := range []reader{s.victim, s.idle} {
		nc := r.connect(t, s.url)
		sub, err := nc.SubscribeSync(inboxPrefix + r.Name + ".>")
		if err = errors.Join(err, nc.Flush()); err != nil {
			t.Fatal(err)
		}
		s.others = append(s.others, sub)
	}
	s.nc = s.attacker.connect(t, s.url, nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
		nats.NoReconnect())
	var err error
	if s.inbox, err = s.nc.SubscribeSync(inboxPrefix + s.attacker.Name + ".>"); err != nil {
		t.Fatal(err)
	}
	return s
}

// own returns a subject of the attacker's own consumer.
func (s *scene) own(verb string) string {
	return apiPrefix + "." + verb + "." + streamName + "." + s.attacker.Name
}

// ask sends a request that the attacker may send, and returns the answer.
func (s *scene) ask(t *testing.T, verb, data string) *nats.Msg {
	t.Helper()
	m, err := s.nc.Request(s.own(verb), []byte(data), time.Minute)
	if err != nil {
		t.Fatalf("%s of one's own: %v", verb, err)
	}
	return m
}

const nextNow = `{"batch":1,"no_wait":true}`

// drain gets and acknowledges all messages that the attacker may get.
func (s *scene) drain(t *testing.T) {
	t.Helper()
	for {
		m := s.ask(t, "CONSUMER.MSG.NEXT", nextNow)
		if m.Header.Get("Status") != "" {
			return
		}
		if _, err := s.nc.Request(m.Reply, nil, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
}

// send sends an attack and reports whether the server refused it at once. It returns when the server has processed
// the attack: it also sends a request for messages, and the server answers in order.
func (s *scene) send(t *testing.T, a attack) (refused bool) {
	t.Helper()
	before := s.nc.LastError()
	if err := s.nc.PublishMsg(&nats.Msg{Subject: a.subject, Reply: a.reply, Data: []byte(a.data),
		Header: a.header}); err != nil {
		t.Fatalf("send %v: %v", a, err)
	}
	if err := s.nc.Flush(); err != nil {
		t.Fatalf("after %v: %v", a, err)
	}
	if err := s.nc.LastError(); err != before {
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Fatalf("after %v: %v", a, err)
		}
		return true
	}
	s.ask(t, "CONSUMER.MSG.NEXT", nextNow)
	s.ask(t, "CONSUMER.INFO", "")
	return false
}

// checkUnchanged compares the present state with an earlier one.
func (s *scene) checkUnchanged(t *testing.T, want picture, after any) {
	t.Helper()
	got := s.picture(t, s.attacker.Name, want.Messages != nil)
	if reflect.DeepEqual(got, want) {
		return
	}
	for i := range reflect.TypeFor[picture]().NumField() {
		name, was, is := reflect.TypeFor[picture]().Field(i).Name, reflect.ValueOf(want).Field(i).Interface(),
			reflect.ValueOf(got).Field(i).Interface()
		if !reflect.DeepEqual(is, was) {
			t.Errorf("%s:\nwas %+v\nis  %+v", name, was, is)
		}
	}
	t.Fatalf("this changed after %v", after)
}

// checkDelivered checks that the attacker got only its own messages, and that the others got only messages that they
// asked for. A last message of the publisher must follow directly after the earlier ones.
func (s *scene) checkDelivered(t *testing.T, last uint64) {
	t.Helper()
	ack, err := s.js.Publish(t.Context(), headSubject, []byte("the end"), jetstream.WithExpectLastSequence(last))
	if err != nil || ack.Sequence != last+1 {
		t.Errorf("the publisher stores %+v, %v", ack, err)
	}
	for n := range s.received(t, s.inbox) {
		if n.Reply != "" && (!strings.HasPrefix(n.Reply, "$JS.ACK."+streamName+"."+s.attacker.Name+".") ||
			!selects(s.attacker.filter, n.Subject)) {
			t.Errorf("the attacker got %s for %q", n.Subject, n.Reply)
		}
	}
	for _, sub := range s.others {
		for m := range s.received(t, sub) {
			t.Errorf("%s got %s %q", sub.Subject, m.Subject, m.Data)
		}
	}
}

// received returns the messages of a subscription so far.
func (s *scene) received(t *testing.T, sub *nats.Subscription) func(func(*nats.Msg) bool) {
	t.Helper()
	n, _, err := sub.Pending()
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(*nats.Msg) bool) {
		for range n {
			if m, err := sub.NextMsg(time.Second); err != nil || !yield(m) {
				return
			}
		}
	}
}

// selects reports whether a filter selects a subject.
func selects(filter []string, subject string) bool {
	return slices.ContainsFunc(filter, func(f string) bool { return server.SubjectsCollide(f, subject) })
}

// kinds are the attackers: with all alerts or some, at a server in this process or at a separate one.
var kinds = []struct {
	name   string
	start  func(testing.TB, ...reader) *world
	filter string
}{
	{"one of all alerts", embedded, "taizhang.v1.alert.>"},
	{"one of some alerts", embedded, "taizhang.v1.alert.*.red.EXE.>"},
	{"one of some alerts elsewhere", elsewhere, "taizhang.v1.alert.*.red.EXE.>"},
}

func eachKind(t *testing.T, run func(*testing.T, *scene)) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			run(t, newScene(t, kind.start, kind.filter))
		})
	}
}

// apiSubjects returns every subject of JetStream in the source of the server, with $JS., as a format or pattern.
func apiSubjects(t *testing.T) []string {
	t.Helper()
	pkg, err := build.Default.Import("github.com/nats-io/nats-server/v2/server", ".", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(pkg.Dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	subjects := map[string]bool{}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil && strings.HasPrefix(s, "$JS.") &&
					strings.IndexFunc(s, func(r rune) bool { return r <= ' ' }) < 0 {
					subjects[strings.TrimSuffix(s, ".")] = true
				}
			}
			return true
		})
	}
	for _, s := range []string{server.JSApiStreamDelete, server.JSApiConsumerResetT, server.JSApiRequestNextT,
		server.JSDirectMsgGet, server.JSApiServerStreamMoveT} {
		if !subjects[s] {
			t.Fatalf("%s was not found among %d subjects: are the sources of the server read?", s, len(subjects))
		}
	}
	return slices.Sorted(maps.Keys(subjects))
}

// concrete returns the subjects of a format or pattern for the stream and one of the consumers.
func concrete(pattern string, consumers ...string) (list []string) {
	for _, consumer := range consumers {
		fill := []string{streamName, consumer, alertSubject}
		if strings.Contains(pattern, ".DURABLE.") || strings.Contains(pattern, "ACCOUNT.STREAM") {
			fill = []string{streamName, consumer}
		}
		if strings.Contains(pattern, "ACCOUNT.") {
			fill = append([]string{ledgerAccount}, streamName)
		}
		var tokens []string
		for _, token := range strings.Split(pattern, ".") {
			if token == "%s" || token == "*" || token == ">" || token == "%d" || token == "%v" {
				token, fill = fill[0], append(fill[1:], alertSubject)
			}
			tokens = append(tokens, token)
		}
		list = append(list, strings.Join(tokens, "."))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// harmful returns bodies with which a request could do harm.
func (s *scene) harmful(subject string) []string {
	victim := `{"stream_name":"` + streamName +
		`","config":{"durable_name":"mallory","name":"mallory","ack_policy":"none","filter_subject":"taizhang.v1.>"}`
	for part, body := range map[string]string{
		"STREAM.UPDATE": `{"name":"` + streamName +
			`","subjects":["taizhang.v1.>"],"max_msgs":1,"storage":"file","retention":"limits","discard":"old"}`,
		"STREAM.CREATE":     `{"name":"EVIL","subjects":["evil.>"],"storage":"memory","retention":"limits"}`,
		"MSG.DELETE":        `{"seq":1}`,
		"MSG.GET":           `{"seq":3}`,
		"DIRECT.GET":        `{"seq":3}`,
		"STREAM.PURGE":      `{"filter":"taizhang.v1.>"}`,
		"SNAPSHOT":          `{"deliver_subject":"` + inboxPrefix + `mallory.x"}`,
		"CONSUMER.CREATE":   victim + `}`,
		"DURABLE.CREATE":    victim + `,"action":"update"}`,
		"CONSUMER.PAUSE":    `{"pause_until":"2099-01-01T00:00:00Z"}`,
		"CONSUMER.RESET":    `{"seq":1}`,
		"CONSUMER.MSG.NEXT": nextNow,
	} {
		if strings.Contains(subject, part) {
			return []string{"", body}
		}
	}
	return []string{"", "{}"}
}

func TestEveryOtherRequestIsRefused(t *testing.T) { eachKind(t, checkRequests) }

func checkRequests(t *testing.T, s *scene) {
	t.Helper()
	subjects := apiSubjects(t)
	allowed := []string{s.own("CONSUMER.MSG.NEXT"), s.own("CONSUMER.INFO"), s.own("CONSUMER.RESET"),
		"$JS.ACK." + streamName + ".mallory"}
	want := s.picture(t, s.attacker.Name, true)
	asked := 0
	for _, pattern := range subjects {
		for _, subject := range concrete(pattern, s.attacker.Name, s.victim.Name, "nobody") {
			for _, subject := range []string{subject, strings.Replace(subject, api, apiPrefix+".", 1),
				apiPrefix + "." + subject} {
				if slices.ContainsFunc(allowed, func(a string) bool {
					return subject == a ||
						strings.HasPrefix(subject, a+".")
				}) {
					continue
				}
				for _, body := range s.harmful(subject) {
					a := attack{subject: subject, data: body, reply: inboxPrefix + s.attacker.Name + ".answer"}
					if asked++; !s.send(t, a) {
						t.Errorf("%v was let through", a)
					}
				}
				s.checkUnchanged(t, withoutMessages(want), subject)
			}
		}
	}
	if asked < 300 {
		t.Errorf("only %d requests were tried", asked)
	}
	s.checkUnchanged(t, want, "all requests")
	s.checkDelivered(t, want.State.LastSeq)
}

func withoutMessages(p picture) picture { p.Messages = nil; return p }

func TestWhatAUserPublishesIsRefused(t *testing.T) { eachKind(t, checkPublishing) }

func checkPublishing(t *testing.T, s *scene) {
	t.Helper()
	want := s.picture(t, s.attacker.Name, true)
	for _, subject := range []string{
		alertSubject, headSubject, "taizhang.v1.checkpoint", "taizhang.v1.evil", "taizhang.>", "taizhang.v1.>",
		"taizhang.*.head", "taizhang",
		"_INBOX_victim.x", "_INBOX.x", "_INBOX_mallory.x", "$JS.ACK." + streamName + ".victim.1.2.2.0.0",
		"$JS.ACK." + streamName + ".victim.>",
		"$JS.ACK." + streamName + ".*.1.2.2.0.0", "$JS.ACK.>", "$JS.ACK." + streamName + ".mallory", ">", "*", "tz.>",
		"tz.CONSUMER.MSG.NEXT.*.*", "tz.CONSUMER.RESET." + streamName + ".*",
		"$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.USER.INFO", "$SYS.ACCOUNT.LEDGER.CONNECT",
		"$SYS.>", "_R_.x.y", "_GR_.x", "$GR.x", "$NRG.V.x", "$MQTT.x", "$KV.x", "$O.x",
	} {
		for _, reply := range []string{"", inboxPrefix + s.attacker.Name + ".answer", headSubject} {
			a := attack{subject: subject, reply: reply, data: "evil"}
			if !s.send(t, a) {
				t.Errorf("%v was let through", a)
			}
			s.checkUnchanged(t, withoutMessages(want), a)
		}
	}
	s.checkUnchanged(t, want, "all")
	s.checkDelivered(t, want.State.LastSeq)
}

// replies returns the reply subjects on which an answer could do harm.
func replies(victim string) []string {
	ack := "$JS.ACK." + streamName + "." + victim
	list := []string{
		alertSubject, headSubject, "taizhang.v1.checkpoint", "taizhang.v1.>",
		inboxPrefix + victim + ".x", ack + ".1.2.2.0.0", ack + ".1.3.3.0.0",
		"$JS.ACK._.hash." + streamName + "." + victim + ".1.2.2.0.0.x",
		"$JS.FC." + streamName + "." + victim + ".x", "$SYS.REQ.SERVER.PING",
		"$SYS.REQ.ACCOUNT." + ledgerAccount + ".CONNZ", "_R_.aaaaaa.bbbbbb", "_GR_.x.y.z", "$GR.x.y",
		api + "CONSUMER.CREATE." + streamName, api + "STREAM.CREATE.EVIL",
	}
	for _, verb := range []string{"STREAM.DELETE", "STREAM.PURGE", "STREAM.MSG.DELETE", "STREAM.MSG.GET",
		"STREAM.UPDATE", "STREAM.SNAPSHOT", "STREAM.LEADER.STEPDOWN"} {
		list = append(list, api+verb+"."+streamName, apiPrefix+"."+verb+"."+streamName)
	}
	for _, verb := range []string{"CONSUMER.DELETE", "CONSUMER.RESET", "CONSUMER.PAUSE", "CONSUMER.MSG.NEXT",
		"CONSUMER.UNPIN", "CONSUMER.DURABLE.CREATE"} {
		list = append(list, api+verb+"."+streamName+"."+victim, apiPrefix+"."+verb+"."+streamName+"."+victim)
	}
	return append(list, api+"CONSUMER.DELETE."+streamName+".mallory", api+"CONSUMER.RESET."+streamName+".mallory")
}

func TestAnAnswerOnTheSubjectOfAnotherDoesNothing(t *testing.T) { eachKind(t, checkAnswers) }

func checkAnswers(t *testing.T, s *scene) {
	t.Helper()
	want := s.picture(t, s.attacker.Name, true)
	try := func(a attack) {
		t.Helper()
		s.send(t, a)
		s.checkUnchanged(t, withoutMessages(want), a)
	}
	for _, reply := range replies(s.victim.Name) {
		next := s.own("CONSUMER.MSG.NEXT")
		s.ask(t, "CONSUMER.RESET", `{"seq":1}`)
		try(attack{subject: next, reply: reply, data: nextNow}) // a message
		try(attack{subject: next, reply: reply})
		try(attack{subject: next, reply: reply, data: "{"})              // an error
		try(attack{subject: next, reply: reply, data: `{"batch":2000}`}) // another
		// a message or, a millisecond later, none
		try(attack{subject: next, reply: reply, data: `{"batch":1,"expires":1000000}`})
		try(attack{subject: s.own("CONSUMER.INFO"), reply: reply})                     // a long answer
		try(attack{subject: s.own("CONSUMER.RESET"), reply: reply, data: `{"seq":1}`}) // another
		try(attack{subject: s.own("CONSUMER.RESET"), reply: reply, data: "{"})         // an error
		for _, data := range []string{"", "+ACK", "-NAK", "+WPI", "+TERM", "+NXT " + nextNow, "+NXT"} {
			s.ask(t, "CONSUMER.RESET", `{"seq":1}`)
			m := s.ask(t, "CONSUMER.MSG.NEXT", nextNow)
			if !strings.HasPrefix(m.Reply, "$JS.ACK.") {
				t.Fatalf("there was no message to acknowledge, but %v", m)
			}
			try(attack{subject: m.Reply, reply: reply, data: data})
		}
		s.drain(t)
		try(attack{subject: next, reply: reply, data: nextNow}) // no message
		try(attack{subject: "$JS.ACK." + streamName + ".mallory.1.2.2.0.0", reply: reply, data: "+NXT " + nextNow})
	}
	s.checkUnchanged(t, want, "all")
	s.checkDelivered(t, want.State.LastSeq)
}

// The test sends the headers with which servers tell each other the account of a request and trace messages.
func TestHeadersOfTheServerAreNotBelieved(t *testing.T) { eachKind(t, checkHeaders) }

func checkHeaders(t *testing.T, s *scene) {
	t.Helper()
	want := s.picture(t, s.attacker.Name, true)
	for _, header := range []nats.Header{
		{"Nats-Request-Info": {`{"acc":"LEDGER","svc":"LEDGER","user":"x"}`}},
		{"Nats-Request-Info": {`{"acc":"SYS","svc":"SYS"}`}},
		{"Nats-Request-Info": {"{"}},
		{"Nats-Trace-Dest": {headSubject}},
		{"Nats-Trace-Dest": {headSubject}, "Nats-Trace-Only": {"true"}},
		{"Nats-Trace-Dest": {api + "STREAM.DELETE." + streamName}},
		{"traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}},
		{"Nats-Expected-Stream": {streamName}, "Nats-Rollup": {"all"}},
		{"Nats-Schedule": {"@every 1s"}, "Nats-Schedule-Target": {headSubject}},
		{"Status": {"100"}},
	} {
		s.ask(t, "CONSUMER.RESET", `{"seq":1}`)
		m := s.ask(t, "CONSUMER.MSG.NEXT", nextNow)
		for _, a := range []attack{
			{subject: s.own("CONSUMER.MSG.NEXT"), data: nextNow}, {subject: s.own("CONSUMER.INFO")},
			{subject: s.own("CONSUMER.RESET"), data: `{"seq":1}`}, {subject: m.Reply, data: "+ACK"},
		} {
			a.header, a.reply = header, inboxPrefix+s.attacker.Name+".answer"
			s.send(t, a)
			s.checkUnchanged(t, withoutMessages(want), a)
		}
	}
	s.checkUnchanged(t, want, "all")
	s.checkDelivered(t, want.State.LastSeq)
}

func TestWhatAUserSubscribesToIsRefused(t *testing.T) { eachKind(t, checkSubscriptions) }

func checkSubscriptions(t *testing.T, s *scene) {
	t.Helper()
	before := s.picture(t, s.attacker.Name, false)
	var subs []*nats.Subscription
	for _, subject := range []string{
		">", "*", "*.>", "$SYS.>", "$JS.>", "$JS.ACK.>", "$JS.ACK." + streamName + ".>",
		"$JS.ACK." + streamName + ".victim.>", "$JS.ACK." + streamName + ".mallory.>",
		"$JS.API.>", "$JS.EVENT.>", "taizhang.>", headSubject, alertSubject, "tz.>",
		"tz.CONSUMER.MSG.NEXT." + streamName + ".victim", "tz.CONSUMER.MSG.NEXT." + streamName + ".mallory",
		"_INBOX.>", "_INBOX_victim.>", "_INBOX_idle.>", "_INBOX_*.>", "*.*", "_R_.>", "_GR_.>", "$KV.>",
	} {
		for _, queue := range []string{"", "workers"} {
			had := s.nc.LastError()
			sub, err := s.nc.QueueSubscribeSync(subject, queue)
			if err = errors.Join(err, s.nc.Flush()); err != nil {
				t.Fatal(err)
			}
			if err := s.nc.LastError(); err == had || !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("%q %q was let through: %v", subject, queue, err)
			}
			subs = append(subs, sub)
		}
	}
	s.checkUnchanged(t, before, "all")
	s.publish(t, alertSubject, headSubject)
	_, durable := s.idle.consumer(t, s.idle.connect(t, s.url))
	for range 3 {
		m, err := durable.Next()
		if err != nil || m.DoubleAck(t.Context()) != nil {
			t.Fatal(err)
		}
	}
	if err := s.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, sub := range append(subs, s.inbox) {
		if n, _, _ := sub.Pending(); n > 0 {
			m, _ := sub.NextMsg(time.Second)
			t.Errorf("%s got %d messages: %v", sub.Subject, n, m)
		}
	}
}

// The test runs the attacks with all users in one account, which shows that they do harm there.
func TestInOneAccountTheAttacksDoHarm(t *testing.T) {
	for _, c := range []struct{ reply, want string }{
		{api + "STREAM.DELETE." + streamName, "deleted"}, {headSubject, "stored"}} {
		t.Run(c.want, func(t *testing.T) {
			mallory := newReader(t, "mallory", victimFilter)
			w := oneAccount(t, mallory)
			if c.want == "stored" {
				w.publish(t, alertSubject)
			} // else the answer is that there is no message: empty, as the request to delete has to be
			nc := mallory.connect(t, w.url)
			ask := strings.Replace((&scene{attacker: mallory}).own("CONSUMER.MSG.NEXT"), apiPrefix+".", api, 1)
			if err := errors.Join(nc.PublishRequest(ask, c.reply, []byte(nextNow)), nc.Flush()); err != nil {
				t.Fatal(err)
			}
			until(t, "it is "+c.want, func() bool {
				s, err := w.js.Stream(t.Context(), streamName)
				if errors.Is(err, jetstream.ErrStreamNotFound) {
					return c.want == "deleted"
				}
				return err == nil && c.want == "stored" && s.CachedInfo().State.Msgs > 1
			})
		})
	}
}
