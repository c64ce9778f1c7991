package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/nats-io/jwt/v2"
	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/listen/listentest"
	"github.com/taizhang/taizhang/services/natsserver"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

// feedServer is a server within the test, with a feed.
type feedServer struct {
	*opened
	t    *testing.T
	app  *app
	stop func()
}

// startFeed serves a directory with a feed in this process. set changes its options.
func startFeed(t *testing.T, dir string, set func(*app, *serveOptions)) *feedServer {
	t.Helper()
	a, o := servedApp(dir)
	o.natsListen = "127.0.0.1:0"
	if set != nil {
		set(a, o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	started, ended := make(chan *opened, 1), make(chan error, 1)
	go func() {
		ended <- a.serve(ctx, o, func(x *opened, _ string) error { started <- x; return nil })
	}()
	f := &feedServer{t: t, app: a, stop: sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})}
	t.Cleanup(f.stop)
	select {
	case f.opened = <-started:
	case err := <-ended:
		ended <- nil // for the cleanup
		t.Fatal(err)
	}
	return f
}

// url returns the address for consumers.
func (f *feedServer) url() string { return f.feed.URL() }

// settled returns when the feed has published the present state of the ledger.
func (f *feedServer) settled() alertfeed.FeedStatus {
	f.t.Helper()
	var s alertfeed.FeedStatus
	defer func() {
		if f.t.Failed() {
			f.t.Logf("%+v", s)
		}
	}()
	eventually(f.t, "the feed has published everything", func() bool {
		s = f.feed.Status()
		return s.State == alertfeed.StatePublishing && s.Behind == 0 && s.At.Date == events.DateAt(f.app.now()) &&
			s.At.Epoch == f.access.Epoch()
	})
	return s
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(serveWait); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// trial records a trial of ZJ-0001 on a production line, which raises AL-SAF-01.
func (f *feedServer) trial(id string) {
	f.t.Helper()
	if err := f.tryTrial(id, true); err != nil {
		f.t.Fatal(err)
	}
}

func (f *feedServer) tryTrial(id string, onLine bool) error {
	_, err := f.desk.Record(f.t.Context(), desk.Draft{ID: uuid.NewString(), Kind: "trial.recorded", Center: "ZJ-0001",
		On: "2025-10-31", By: desk.DraftBy{Role: "center", Actor: "c-1"},
		Data: jsontext.Value(fmt.Sprintf(`{"trial":%q,"onProductionLine":%v}`, id, onLine))})
	return err
}

// program is a program that may read the feed, with the alerts that it has read by the reading rule.
type program struct {
	t        *testing.T
	name     string
	key      natstest.Key
	reading  *alertfeed.Reading
	conn     *nats.Conn
	consumer jetstream.Consumer
	acts     []string // such as "raised AL-SAF-01 T1"
	messages []string // of alerts, the same way
}

// spelled returns a state of an alert in short form, such as "raised AL-SAF-01 T1".
func spelled(subject string, s alertfeed.AlertState) string {
	n, _ := alertfeed.ParseSubject(subject)
	return fmt.Sprintf("%s %s %s", s.Kind, n.Code, n.Key)
}

func newProgram(t *testing.T, name string) *program {
	t.Helper()
	return &program{t: t, name: name, key: natstest.NewUser(t), reading: alertfeed.NewReading(nil, alertfeed.At{})}
}

// add adds the program as a user to the accounts of a server.
func (p *program) add(x *opened) {
	p.t.Helper()
	if _, err := x.access.Desk(access.Local("test", "local")).AddNATSUser(p.t.Context(),
		access.NewNATSUser{Name: p.name, Key: p.key.Public}); err != nil {
		p.t.Fatal(err)
	}
}

// connect connects to a server instead of the one before. It returns when the durable consumer exists.
func (p *program) connect(url string) {
	p.t.Helper()
	p.disconnect()
	var err error
	p.conn, err = nats.Connect(url, nats.Nkey(p.key.Public, p.key.Sign), nats.CustomInboxPrefix("_INBOX_"+p.name),
		nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond),
		nats.RetryOnFailedConnect(true), nats.IgnoreAuthErrorAbort(),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(p.disconnect)
	js, err := jetstream.NewWithAPIPrefix(p.conn, "tz")
	if err != nil {
		p.t.Fatal(err)
	}
	eventually(p.t, "the consumer of "+p.name+" is there", func() bool {
		ctx, cancel := context.WithTimeout(p.t.Context(), time.Second)
		defer cancel()
		p.consumer, err = js.Consumer(ctx, alertfeed.StreamName, p.name)
		return err == nil
	})
}

func (p *program) disconnect() {
	if p.conn != nil {
		p.conn.Close()
	}
}

// read reads and acknowledges messages until until returns true for a head.
func (p *program) read(until func(alertfeed.Head) bool) {
	p.t.Helper()
	for deadline := time.Now().Add(serveWait); ; {
		if time.Now().After(deadline) {
			last := p.messages[max(0, len(p.messages)-10):]
			p.t.Fatalf("%s waits in vain; it has read %d messages, the last %q", p.name, len(p.messages), last)
		}
		msg, err := p.consumer.Next(jetstream.FetchMaxWait(time.Second))
		if err != nil {
			continue // nothing yet, or the server is away
		}
		m, err := alertfeed.Decode(msg.Subject(), msg.Data())
		if err != nil {
			p.t.Fatal(err)
		}
		for _, act := range p.reading.Take(m) {
			p.acts = append(p.acts, spelled(act.Subject, act.State))
		}
		if m.Alert != nil {
			p.messages = append(p.messages, spelled(m.Subject, m.State()))
		}
		if err := msg.Ack(); err != nil && !errors.Is(err, nats.ErrReconnectBufExceeded) {
			p.t.Fatal(err)
		}
		if m.Head != nil && m.Head.Phase == alertfeed.End && until(*m.Head) {
			return
		}
	}
}

// catchUp reads until the alerts are right as of the present position of a server.
func (p *program) catchUp(f *feedServer) {
	p.t.Helper()
	position, on, epoch := f.desk.Position(), events.DateAt(f.app.now()), f.access.Epoch()
	p.read(func(h alertfeed.Head) bool {
		return h.At.Epoch == epoch && h.At.Position >= position && h.At.Date >= on
	})
}

// pending returns the number of messages of the stream that the program has not received.
func (p *program) pending() uint64 {
	p.t.Helper()
	info, err := p.consumer.Info(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return info.NumPending
}

// board returns the alerts that the program has, as lines of the list of all alerts.
func (p *program) board() []string {
	board := []string{}
	for subject, kept := range p.reading.Kept() {
		n, ok := alertfeed.ParseSubject(subject)
		if !ok {
			p.t.Fatalf("a subject %s", subject)
		}
		if kept.State.Kind != alertfeed.Withdrawn {
			board = append(board, fmt.Sprintf("%s,%s,%s,%s,%v,%v", n.Center, n.Code, n.Key, n.Severity, n.RaisedOn,
				kept.State.ClearedOn))
		}
	}
	slices.Sort(board)
	return board
}

// mustKnow fails unless the program has the alerts of a ledger, and no others.
func (p *program) mustKnow(dir string, args ...string) {
	p.t.Helper()
	want := []string{}
	for _, row := range rows(p.t,
		mustRun(p.t, append([]string{"--data", dir, "alerts", "--all", "--output", "csv"}, args...)...))[1:] {
		want = append(want, strings.Join(row[:6], ",")) // without the name of the center
	}
	slices.Sort(want)
	if got := p.board(); !slices.Equal(got, want) {
		p.t.Errorf("%s has\n%s\nand the ledger\n%s", p.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// newProvince makes a ledger of two centers in which a program may read the feed.
func newProvince(t *testing.T, programs ...*program) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "ledger")
	mustRun(t, "--data", dir, "import", filepath.Join("testdata", "small.jsonl"))
	a, _ := servedApp(dir)
	x, err := a.openServed(t.Context(), &serveOptions{}, api.NewMetrics("test"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		p.add(x)
	}
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestARecordArrivesAsAMessageOfTheFeed(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "gov")
	dir := newProvince(t, p)
	f := startFeed(t, dir, nil)
	p.connect(f.url())
	p.catchUp(f)
	p.mustKnow(dir)
	p.acts = nil
	for id, onLine := range map[string]string{"T1": "true", "T2": "false"} { // over HTTP, on the socket
		mustRun(t, "--data", dir, "record", "trial.recorded", "--center", "ZJ-0001", "--on", "2025-10-31", "--role",
			"center", "--actor", "c-1",
			"--data", `{"trial":"`+id+`","onProductionLine":`+onLine+`}`)
		p.catchUp(f)
	}
	if want := []string{"raised AL-SAF-01 T1"}; !slices.Equal(p.acts, want) {
		t.Errorf("got %q, want %q", p.acts, want)
	}
	p.mustKnow(dir)
}

func TestARestartPublishesNothing(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "gov")
	dir := newProvince(t, p)
	f := startFeed(t, dir, nil)
	p.connect(f.url())
	p.catchUp(f)
	f.stop()
	f = startFeed(t, dir, nil)
	status := f.settled()
	p.connect(f.url())
	if n := p.pending(); n != 0 || status.Published != (alertfeed.Published{}) {
		t.Errorf("%d messages are new: %+v", n, status.Published)
	}
	f.stop()
	if err := os.RemoveAll(filepath.Join(dir, "feed")); err != nil { // all is stated again, and nobody acts on it
		t.Fatal(err)
	}
	f = startFeed(t, dir, nil)
	f.settled()
	p.connect(f.url())
	p.acts = nil
	p.catchUp(f)
	if len(p.acts) > 0 {
		t.Errorf("got %q", p.acts)
	}
	p.mustKnow(dir)
}

// clock is a clock that a test sets.
type clock struct{ at atomic.Int64 }

func (c *clock) set(instant string) {
	at, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		panic(err)
	}
	c.at.Store(at.UnixMicro())
}

func (c *clock) now() time.Time { return time.UnixMicro(c.at.Load()) }

func TestAtMidnightInShanghaiWhatTimeChangedIsPublishedOnce(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "gov")
	dir := newProvince(t, p)
	c := &clock{}
	c.set("2025-12-30T23:59:59+08:00")
	f := startFeed(t, dir, func(a *app, _ *serveOptions) { a.now = c.now })
	p.connect(f.url())
	p.catchUp(f)
	p.mustKnow(dir)
	p.messages = nil
	c.set("2025-12-31T00:00:00+08:00")
	p.catchUp(f)
	p.mustKnow(dir)
	slices.Sort(p.messages)
	if want := []string{"cleared AL-EXE-01 2025-03", "raised AL-EXE-02 2025"}; !slices.Equal(p.messages, want) {
		t.Errorf("got %q, want %q", p.messages, want)
	}
}

// external is a separate NATS server whose address does not change.
type external struct {
	t       *testing.T
	on      *natsd.Server
	dir     string
	address string
	key     string // of the publisher
	seed    string // the path of its seed
}

func newExternal(t *testing.T) *external {
	t.Helper()
	key := natstest.NewUser(t)
	e := &external{t: t, dir: t.TempDir(), key: key.Public, seed: filepath.Join(t.TempDir(), "publisher.nk"),
		address: listentest.FreeAddress(t)}
	key.WriteSeed(t, e.seed)
	return e
}

// elsewhere sets the options of a server so that its feed uses the external server.
func (e *external) elsewhere(_ *app, o *serveOptions) {
	o.natsListen, o.nats, o.natsNKey = feedOff, e.url(), e.seed
}

func (e *external) url() string { return "nats://" + e.address }

// start starts the server with a configuration of accounts and rights.
func (e *external) start(configuration string) {
	e.t.Helper()
	opts := &natsd.Options{}
	if err := opts.ProcessConfigString(
		fmt.Sprintf("listen: %q\njetstream { sync_interval: \"1s\", max_file_store: 1GiB }\n", e.address) +
			configuration); err != nil {
		e.t.Fatal(err)
	}
	opts.StoreDir = e.dir
	e.on = natstest.Start(e.t, opts)
}

func (e *external) stop() {
	e.on.Shutdown()
	e.on.WaitForShutdown()
}

func TestAServerElsewhereMayComeLaterAndGoAwayAndTheLedgerIsServedMeanwhile(t *testing.T) {
	t.Parallel()
	p, e := newProgram(t, "gov"), newExternal(t)
	dir := newProvince(t, p)
	f := startFeed(t, dir, e.elsewhere)
	f.trial("T1")
	eventually(t, "the status says why", func() bool {
		s := f.feed.Status()
		return s.State == alertfeed.StateConnecting && strings.Contains(s.Reason.En, e.url()+" cannot be reached: ")
	})
	configuration, err := f.feed.Admit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := natsserver.Configuration(e.key,
		[]natsserver.User{{Name: p.name, Key: p.key.Public}}); configuration != want {
		t.Errorf("got %s", configuration)
	}
	e.start(configuration)
	p.connect(e.url())
	p.catchUp(f)
	p.mustKnow(dir)
	e.stop()
	f.trial("T2")
	e.start(configuration)
	p.catchUp(f)
	p.mustKnow(dir)
	f.stop()
}

func TestAProgramThatIsAddedOrRevokedWhileRecordsAreWrittenDisturbsNobody(t *testing.T) {
	t.Parallel()
	stays, comes := newProgram(t, "stays"), newProgram(t, "comes")
	dir := newProvince(t, stays)
	f := startFeed(t, dir, nil)
	stays.connect(f.url())
	before := stays.conn.Stats().Reconnects // the server may have started after it
	writing, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	defer writers.Wait()
	defer stop()
	writers.Go(func() {
		for i := 0; writing.Err() == nil; i++ {
			if err := f.tryTrial(fmt.Sprint("T", i), i%10 == 0); err != nil {
				t.Error(err)
				return
			}
		}
	})
	comes.add(f.opened)
	if _, err := f.feed.Admit(t.Context()); err != nil {
		t.Fatal(err)
	}
	comes.connect(f.url())
	comes.catchUp(f)
	if _, err := f.access.Desk(access.Local("test", "local")).RevokeNATSUser(t.Context(), comes.name); err != nil {
		t.Fatal(err)
	}
	if _, err := f.feed.Admit(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the revoked program is disconnected", func() bool { return !comes.conn.IsConnected() })
	stays.catchUp(f)
	stop()
	writers.Wait()
	stays.catchUp(f)
	stays.mustKnow(dir)
	if n := stays.conn.Stats().Reconnects; n != before {
		t.Errorf("the other program was disconnected %d times", n-before)
	}
}

func TestARestoredLedgerIsRightAtOnceAlsoForWhoReadTheLaterOne(t *testing.T) {
	t.Parallel()
	p, q, e := newProgram(t, "gov"), newProgram(t, "own"), newExternal(t)
	dir, work := newProvince(t, p, q), t.TempDir()
	e.start(natsserver.Configuration(e.key,
		[]natsserver.User{{Name: p.name, Key: p.key.Public}, {Name: q.name, Key: q.key.Public}}))
	f := startFeed(t, dir, e.elsewhere)
	p.connect(e.url())
	f.trial("T1")
	mustRun(t, "--data", dir, "backup", filepath.Join(work, "X.tar"))
	f.trial("T2")
	f.trial("T3")
	p.catchUp(f)
	p.mustKnow(dir)
	f.stop()
	f = startFeed(t, dir, nil) // the same in this process
	q.connect(f.url())
	q.catchUp(f)
	q.mustKnow(dir)
	f.stop()

	old := filepath.Join(work, "old")
	if _, errOut, code := taizhang(t, "--data", old, "restore", filepath.Join(work, "X.tar"), "--access",
		filepath.Join(work, "X.access.tar")); code != 0 {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	f = startFeed(t, old, e.elsewhere)
	f.trial("T4")
	p.acts = nil
	p.catchUp(f)
	p.mustKnow(old)
	slices.Sort(p.acts)
	if want := []string{"raised AL-SAF-01 T4", "withdrawn AL-SAF-01 T2", "withdrawn AL-SAF-01 T3"}; !slices.Equal(
		p.acts, want) {
		t.Errorf("got %q, want %q", p.acts, want)
	}
	f.stop()
	f = startFeed(t, old, nil) // with a stream that is new
	q.connect(f.url())
	q.catchUp(f)
	q.mustKnow(old)
}

func TestWhereTheFeedMayBe(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	files := t.TempDir()
	key, open, wrong := newExternal(t).seed, filepath.Join(files, "open.nk"), filepath.Join(files, "wrong.nk")
	for name, mode := range map[string]os.FileMode{open: 0o644, wrong: 0o600} {
		if err := os.WriteFile(name, []byte("no seed"), mode); err != nil {
			t.Fatal(err)
		}
	}
	address := taken.Addr().String()
	for args, x := range map[string]struct {
		code   int
		en, zh string
	}{
		"--nats-listen " + address: {
			1, "--nats-listen: the address " + address + " of the alert feed is in use",
			"--nats-listen：预警推送的地址 " + address + " 已被占用"},
		"--nats-listen 192.0.2.1:0 --insecure": {
			2, "--nats-listen: the alert feed cannot listen on 192.0.2.1:0",
			"--nats-listen：预警推送不能使用地址 192.0.2.1:0"},
		"--nats-listen 0.0.0.0:0": {
			2, "--nats-listen: 0.0.0.0:0 is not a loopback address", "--nats-listen：0.0.0.0:0 不是本机回环地址"},
		"--nats-listen localhost": {
			2, "--nats-listen: expected HOST:PORT or off", "--nats-listen：应写作 主机:端口，或“off”"},
		"--nats-listen 127.0.0.1:0 --nats nats://127.0.0.1:1 --nats-nkey x": {
			2, "give --nats or --nats-listen, not both", "--nats 与 --nats-listen 只能给出一个"},
		"--nats-listen 127.0.0.1:0 --store esdb://127.0.0.1:1": {
			2, "name one NATS server for all with --nats", "请用 --nats 指定共用的 NATS 服务器"},
		"--nats-nkey " + key: {
			2, "go with --nats", "须与 --nats 一起给出"},
		"--nats nats://127.0.0.1:1": {
			2, "--nats needs --nats-nkey or --nats-creds", "--nats 须有 --nats-nkey 或 --nats-creds 之一"},
		"--nats nats://127.0.0.1:1 --nats-nkey x --nats-creds y": {
			2, "--nats needs --nats-nkey or --nats-creds, and not both", "之一"},
		"--nats http://127.0.0.1:1 --nats-nkey " + key: {
			2, "--nats: expected nats://HOST:PORT", "--nats：应写作 nats://主机:端口"},
		"--nats nats://u:hunter2@127.0.0.1:1 --nats-nkey " + key: {
			2, "--nats: must have no password in it", "--nats：地址中不能有口令"},
		"--nats nats://127.0.0.1:1,nats://n.example:4222 --nats-nkey " + key: {
			2, "--nats: n.example is not this machine", "--nats：n.example 不在本机"},
		"--nats nats://127.0.0.1:1 --nats-nkey " + open: {
			1, "others may read it (mode 0644)", "他人可以读取（权限 0644）"},
		"--nats nats://127.0.0.1:1 --nats-nkey " + wrong: {
			2, "--nats-nkey: " + wrong + " holds no key", "--nats-nkey：" + wrong + " 中没有"},
		"--nats tls://n.example --nats-creds " + key: {
			2, "--nats-creds: " + key + " holds no key", "--nats-creds：" + key + " 中没有"},
		"--nats nats://127.0.0.1:1 --nats-nkey none.nk": {
			1, "there is no file none.nk", "没有文件 none.nk"},
		"--demo --nats nats://127.0.0.1:1 --nats-nkey " + key: {2, "takes no --nats", "不能用 --nats"},
		"--demo --nats-listen 0.0.0.0:0 --insecure": {
			2, "takes no --nats and no other address", "不能用 --nats 或其他地址"},
	} {
		for lang, says := range map[string]string{"en": x.en, "zh": x.zh} {
			all := append([]string{"serve", "--listen", "127.0.0.1:0", "--lang", lang}, strings.Fields(args)...)
			if !strings.Contains(args, "--demo") {
				all = append(all, "--data", filepath.Join(files, "ledger"))
			}
			ctx, cancel := context.WithTimeout(t.Context(), serveWait) // it must not serve
			var errOut strings.Builder
			a := newApp(all, io.Discard, &errOut, func(string) string { return "" })
			root := a.root()
			root.SetArgs(all)
			code := a.exitCode(ctx, root.ExecuteContext(ctx))
			if cancel(); code != x.code || !strings.Contains(errOut.String(), says) ||
				strings.Contains(errOut.String(), "hunter2") {
				t.Errorf("%s: exit %d: %s", args, code, &errOut)
			}
		}
	}
}

func TestWithTheRecordInAClusterThereIsAFeedOnlyElsewhere(t *testing.T) {
	t.Parallel()
	key := newExternal(t).seed
	for _, x := range []struct {
		options   serveOptions
		inCluster bool
		want      bool
	}{
		{serveOptions{natsListen: "127.0.0.1:4222"}, false, true},
		{serveOptions{natsListen: "127.0.0.1:4222"}, true, false},
		{serveOptions{natsListen: "127.0.0.1:4222", nats: "nats://127.0.0.1:1", natsNKey: key}, true, true},
		{serveOptions{natsListen: feedOff, nats: "nats://127.0.0.1:1", natsNKey: key}, false, true},
	} {
		if err := x.options.checkFeed(nil, x.inCluster); err != nil || x.options.hasFeed() != x.want {
			t.Errorf("%+v: %v, %v", x.options, x.options.hasFeed(), err)
		}
	}
}

func TestTheLineOfAServerSaysWhereTheFeedIs(t *testing.T) {
	t.Parallel()
	e := newExternal(t)
	for args, says := range map[string]string{
		"--nats-listen 127.0.0.1:0":                    `, alerts over NATS on nats://127\.0\.0\.1:[1-9][0-9]* and on the socket `,
		"--nats-listen off":                            `:[0-9]+ and on the socket `,
		"--nats " + e.url() + " --nats-nkey " + e.seed: ", alerts over NATS on " + e.url() + " and on the socket ",
	} {
		p := startServe(t, t.TempDir(), strings.Fields(args)...)
		if !regexp.MustCompile(says).MatchString(p.said) {
			t.Errorf("%s: got %q", args, p.said)
		}
		if code := p.end(os.Interrupt); code != 0 {
			t.Errorf("%s: exit %d: %s", args, code, p.log)
		}
	}
}

func TestAFeedThatCannotStartLeavesTheLedgerServedAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "gov")
	dir := newProvince(t, p)
	inTheWay := []string{filepath.Join(dir, "feed"), filepath.Join(dir, "nats")}
	for _, name := range inTheWay {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := startFeed(t, dir, nil)
	f.trial("T1")
	for _, name := range inTheWay {
		eventually(t, "the status says why", func() bool {
			s := f.feed.Status()
			return s.State == alertfeed.StateConnecting && strings.Contains(s.Reason.Zh, name)
		})
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	p.connect(f.url())
	p.catchUp(f)
	p.mustKnow(dir)
}

func TestTheFeedIsEncryptedWhereOtherMachinesReachIt(t *testing.T) {
	t.Parallel()
	p, files := newProgram(t, "gov"), t.TempDir()
	dir := newProvince(t, p)
	certFile, keyFile := filepath.Join(files, "cert.pem"), filepath.Join(files, "key.pem")
	listentest.NewCertificate(t, "localhost").Write(t, certFile, keyFile)
	s := startServe(t, dir, "--nats-listen", "0.0.0.0:0", "--tls-cert", certFile, "--tls-key", keyFile)
	found := regexp.MustCompile(`tls://0\.0\.0\.0:([0-9]+) `).FindStringSubmatch(s.said)
	if found == nil {
		t.Fatalf("got %q", s.said)
	}
	address := "127.0.0.1:" + found[1]
	eventually(t, "the feed listens", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	own := nats.Nkey(p.key.Public, p.key.Sign)
	if _, err := nats.Connect("nats://"+address, own); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a program that does not trust the certificate: %v", err)
	}
	for most, works := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		conn, err := nats.Connect("nats://"+address, own, nats.Timeout(time.Minute),
			nats.Secure(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: most, InsecureSkipVerify: true}))
		if (err == nil) != works {
			t.Errorf("TLS %x: %v", most, err)
		}
		if err == nil {
			conn.Close()
		}
	}
	if code := s.end(os.Interrupt); code != 0 {
		t.Errorf("exit %d: %s", code, s.log)
	}
}

// withCredentials starts a server with TLS whose accounts are JWTs, as in a managed cluster, and returns its URL and
// the file of the credentials of a publisher.
func withCredentials(t *testing.T, certFile, keyFile string) (url, creds string) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	operator, account, user := natstest.NewKey(t, nkeys.PrefixByteOperator),
		natstest.NewKey(t, nkeys.PrefixByteAccount), natstest.NewUser(t)
	system := natstest.NewKey(t, nkeys.PrefixByteAccount).Public
	resolver := &natsd.MemAccResolver{}
	claims := jwt.NewAccountClaims(account.Public)
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	for key, claims := range map[string]*jwt.AccountClaims{
		system: jwt.NewAccountClaims(system), account.Public: claims} {
		token, err := claims.Encode(operator)
		must(err)
		must(resolver.Store(key, token))
	}
	token, err := jwt.NewUserClaims(user.Public).Encode(account)
	must(err)
	seed, err := user.Seed()
	must(err)
	content, err := jwt.FormatUserConfig(token, seed)
	must(err)
	creds = filepath.Join(t.TempDir(), "publisher.creds")
	must(os.WriteFile(creds, content, 0o600))
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	must(err)
	on := natstest.Start(t, &natsd.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(),
		SystemAccount:    system,
		TrustedOperators: []*jwt.OperatorClaims{jwt.NewOperatorClaims(operator.Public)}, AccountResolver: resolver,
		TLS: true, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}}})
	_, port, err := net.SplitHostPort(on.Addr().String())
	must(err)
	return "tls://localhost:" + port, creds
}

func TestAServerElsewhereMayHaveTLSAndTakeCredentials(t *testing.T) {
	files := t.TempDir()
	certFile, keyFile := filepath.Join(files, "cert.pem"), filepath.Join(files, "key.pem")
	listentest.NewCertificate(t, "localhost").Write(t, certFile, keyFile)
	url, creds := withCredentials(t, certFile, keyFile)
	status := func(s *process) string {
		_, body := s.owner("/v1/feed")
		return body
	}
	stranger := startServe(t, t.TempDir(), "--nats", url, "--nats-creds", creds)
	eventually(t, "the status says that the certificate is not trusted",
		func() bool { return strings.Contains(status(stranger), "x509") })
	t.Setenv("SSL_CERT_FILE", certFile)
	s := startServe(t, newProvince(t), "--nats", url, "--nats-creds", creds)
	eventually(t, "the alerts are published", func() bool {
		got := status(s)
		return strings.Contains(got, `"state":"publishing"`) &&
			strings.Contains(got, `"open":{"red":1,"yellow":2,"blue":0}`) &&
			strings.Contains(got, `"server":"`+url+`"`)
	})
	for _, p := range []*process{stranger, s} {
		if code := p.end(os.Interrupt); code != 0 {
			t.Errorf("exit %d: %s", code, p.log)
		}
	}
}
