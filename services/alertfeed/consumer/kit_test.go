package consumer_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/alertfeed/consumer"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/natsserver"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

// user is the user of most tests.
const user = "ops"

// feed is a server with the rights of the feed, a user, and a connection that writes messages.
type feed struct {
	t       *testing.T
	dir     string
	server  *natsserver.Server
	js      jetstream.JetStream
	users   []natsserver.User
	nkey    string        // the path of the user's seed
	ackWait time.Duration // of the durable consumers that are made; 0 for a minute
	tls     *tls.Config
	source  string // of the messages: the ledger
}

func newFeed(t *testing.T) *feed {
	t.Helper()
	return newFeedWith(t, nil)
}

func newFeedWith(t *testing.T, secure *tls.Config) *feed {
	t.Helper()
	f := &feed{t: t, dir: t.TempDir(), tls: secure, source: "urn:uuid:1cc5efbe-4631-5491-a813-741dd0e17f6a"}
	f.nkey = f.addUser(user)
	f.start()
	f.makeStream()
	f.makeDurable()
	return f
}

// addUser writes a seed and returns its path.
func (f *feed) addUser(name string) string {
	f.t.Helper()
	key, path := natstest.NewUser(f.t), filepath.Join(f.dir, name+".nk")
	key.WriteSeed(f.t, path)
	f.users = append(f.users, natsserver.User{Name: name, Key: key.Public})
	return path
}

func (f *feed) start() {
	f.t.Helper()
	s, err := natsserver.Start(f.t.Context(),
		natsserver.NATSConfig{Dir: filepath.Join(f.dir, "nats"), Listen: "127.0.0.1:0", Users: f.users, TLS: f.tls,
			Log: zaptest.NewLogger(f.t, zaptest.Level(zap.FatalLevel))})
	if err != nil {
		f.t.Fatal(err)
	}
	f.server = s
	nc, err := s.Connect()
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { nc.Close(); _ = s.Close() })
	if f.js, err = jetstream.New(nc); err != nil {
		f.t.Fatal(err)
	}
}

func (f *feed) url() string { return "nats://" + f.server.Addr() }

func (f *feed) makeStream() {
	f.t.Helper()
	wait(f.t, "a stream", func() (string, bool) { // the server may still delete the files of one of the same name
		_, err := f.js.CreateStream(f.t.Context(),
			jetstream.StreamConfig{Name: alertfeed.StreamName, Subjects: []string{alertfeed.AllSubjects},
				MaxMsgsPerSubject: 16, Discard: jetstream.DiscardNew})
		return fmt.Sprint(err), err == nil
	})
}

// makeDurable makes the consumer of the user, as the publisher does.
func (f *feed) makeDurable(filter ...string) {
	f.t.Helper()
	if len(filter) == 0 {
		filter = (alertfeed.Filter{}).Subjects()
	}
	wait := f.ackWait
	if wait == 0 {
		wait = time.Minute
	}
	_, err := f.js.CreateConsumer(f.t.Context(), alertfeed.StreamName,
		jetstream.ConsumerConfig{Durable: user, AckPolicy: jetstream.AckExplicitPolicy, AckWait: wait, MaxDeliver: -1,
			MaxAckPending: 1000, MaxWaiting: 16, MaxRequestBatch: 1000, FilterSubjects: filter})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *feed) deleteDurable() {
	f.t.Helper()
	if err := f.js.DeleteConsumer(f.t.Context(), alertfeed.StreamName, user); err != nil {
		f.t.Fatal(err)
	}
}

func (f *feed) durable() *jetstream.ConsumerInfo {
	f.t.Helper()
	c, err := f.js.Consumer(f.t.Context(), alertfeed.StreamName, user)
	if err != nil {
		f.t.Fatal(err)
	}
	return c.CachedInfo()
}

// at returns the At of a message with a generation and a position.
func at(generation, position uint64) alertfeed.At {
	return alertfeed.At{Epoch: "2026-01-01T00:00:00.000000Z", Generation: generation, Engine: 1, Position: position,
		Date: events.MustDate("2026-11-29")}
}

func name(key string) alertfeed.AlertName {
	return alertfeed.AlertName{Center: "ZJ-0001", Severity: aggregates.Red, Code: "AL-USE-01", Key: key,
		RaisedOn: events.MustDate("2026-06-01")}
}

// say writes the new state of the alert with a key: raised, cleared or withdrawn.
func (f *feed) say(key string, kind alertfeed.StateKind, at alertfeed.At) {
	f.t.Helper()
	f.sayOf(name(key), kind, at)
}

func (f *feed) sayOf(n alertfeed.AlertName, kind alertfeed.StateKind, at alertfeed.At) {
	f.t.Helper()
	a := &alertfeed.AlertData{State: kind, Center: n.Center, Code: n.Code, Key: n.Key, Severity: n.Severity,
		RaisedOn: n.RaisedOn, Title: text.Say("禁止用途", "forbidden use"), At: at}
	if kind == alertfeed.Cleared {
		a.ClearedOn = desk.Day{Date: events.MustDate("2026-07-01")}
	}
	f.publish(&alertfeed.Message{Subject: n.Subject(), Alert: a})
}

// head writes the head.
func (f *feed) head(phase alertfeed.Phase, at alertfeed.At) {
	f.t.Helper()
	f.publish(&alertfeed.Message{Subject: alertfeed.HeadSubject, Head: &alertfeed.Head{At: at, Phase: phase}})
}

func (f *feed) publish(m *alertfeed.Message) {
	f.t.Helper()
	body, err := m.Encode(f.source, time.Date(2026, 11, 29, 4, 0, 0, 0, time.UTC))
	if err != nil {
		f.t.Fatal(err)
	}
	msg := &nats.Msg{Subject: m.Subject, Data: body,
		Header: nats.Header{"Content-Type": []string{alertfeed.ContentType}}}
	wait(f.t, "the server to take a message", func() (string, bool) { // it is lost while the server starts again
		ctx, cancel := context.WithTimeout(f.t.Context(), time.Second)
		defer cancel()
		_, err := f.js.PublishMsg(ctx, msg)
		return fmt.Sprint(err), err == nil
	})
}

// watching is a running Follower and its acts.
type watching struct {
	t     *testing.T
	watch consumer.Follower
	over  chan struct{}
	ended func() error // waits for its end
	stop  func() error

	mu    sync.Mutex
	did   []string
	notes []string
}

func (f *feed) connection() consumer.FeedConnection {
	return consumer.FeedConnection{URL: f.url(), NKey: f.nkey, Durable: user, Patience: 5 * time.Second,
		Note: func(text.Text) {}}
}

// watch runs a Follower until it is stopped, or the test ends.
func (f *feed) watch(change ...func(*consumer.Follower)) *watching {
	f.t.Helper()
	w := &watching{t: f.t}
	w.watch = consumer.Follower{FeedConnection: f.connection(), State: f.nkey + ".state",
		Do: func(_ context.Context, e *consumer.Event) error { w.note(&w.did, shown(&e.Act)); return nil }}
	w.watch.Note = func(what text.Text) { w.note(&w.notes, what.En) }
	for _, c := range change {
		c(&w.watch)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	w.over = make(chan struct{})
	go func() { ended <- w.watch.Run(ctx); close(w.over) }()
	w.ended = sync.OnceValue(func() error { return <-ended })
	w.stop = func() error { cancel(); return w.ended() }
	f.t.Cleanup(func() { _ = w.stop() })
	return w
}

func shown(a *consumer.Act) string { return string(a.Act) + " " + a.Key }

func (w *watching) note(list *[]string, s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, s)
}

func (w *watching) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.did)
}

func (w *watching) told() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.notes)
}

// sees waits until the Follower has done exactly these acts.
func (w *watching) sees(want ...string) {
	w.t.Helper()
	wait(w.t, fmt.Sprint(want), func() (string, bool) {
		got := w.seen()
		return fmt.Sprint(got, w.told()), slices.Equal(got, want)
	})
}

// ready waits until the Follower has read everything that was stored at its start.
func (w *watching) ready() {
	w.t.Helper()
	wait(w.t, "a watch that has read the stream", func() (string, bool) {
		_, err := os.Stat(w.watch.State) // it does not always tell: the server may not count yet what was just stored
		return fmt.Sprint(err, w.told()), err == nil
	})
}

// finish stops the Follower and checks that it has done exactly these acts.
func (w *watching) finish(want ...string) {
	w.t.Helper()
	if err := w.stop(); err != nil {
		w.t.Fatal(err)
	}
	if got := w.seen(); !slices.Equal(got, want) {
		w.t.Fatalf("expected %v, got %v\n%s", want, got, strings.Join(w.notes, "\n"))
	}
}

// wait waits for a condition.
func wait(t *testing.T, what string, is func() (got string, ok bool)) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		got, ok := is()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited for %s, got %s", text.Clip(what, 1000), text.Clip(got, 1000))
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// read waits until the state has reached a sequence of the stream and everything is acknowledged.
func (f *feed) read() {
	f.t.Helper()
	wait(f.t, "everything to be acknowledged", func() (string, bool) {
		c := f.durable()
		return fmt.Sprintf("%d pending, %d not acknowledged", c.NumPending, c.NumAckPending), c.NumPending == 0 &&
			c.NumAckPending == 0
	})
}

// The child is this program run again as a Follower. It prints each act, and stops after the act that it is given.
const (
	childVariable = "TAIZHANG_TEST_WATCH"
	holdVariable  = "TAIZHANG_TEST_HOLD"
)

func TestMain(m *testing.M) {
	if config := os.Getenv(childVariable); config != "" {
		os.Exit(child(config))
	}
	os.Exit(m.Run())
}

func child(config string) int {
	var at []string
	if err := json.Unmarshal([]byte(config), &at); err != nil {
		panic(err)
	}
	c := consumer.FeedConnection{URL: at[0], NKey: at[1], Durable: user, Note: func(text.Text) {}}
	w := consumer.Follower{FeedConnection: c, State: c.NKey + ".state"}
	w.Do = func(_ context.Context, e *consumer.Event) error {
		fmt.Println(shown(&e.Act))
		if shown(&e.Act) == os.Getenv(holdVariable) {
			select {}
		}
		return nil
	}
	if err := w.Run(context.Background()); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// killed runs a child until it has done an act, and kills it before it can write the act to the state.
func (f *feed) killed(act string) (did []string) {
	f.t.Helper()
	config, err := json.Marshal([]string{f.url(), f.nkey})
	if err != nil {
		f.t.Fatal(err)
	}
	cmd := exec.CommandContext(f.t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(config), holdVariable+"="+act)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		did = append(did, lines.Text())
		if lines.Text() == act {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil { // SIGKILL
		f.t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	return did
}
