package natsserver

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
)

// zapLevel is the level of the server's log in tests. Lower levels would log every attack.
const zapLevel = zap.FatalLevel

// places are the two kinds of servers: in this process with rights from calls, and a separate one with rights from
// the text of a configuration.
var places = map[string]func(testing.TB, ...reader) *world{"in this process": embedded, "elsewhere": elsewhere}

func TestAUserGetsAcknowledgesAsksAndGoesBack(t *testing.T) {
	for name, start := range places {
		t.Run(name, func(t *testing.T) { checkPermitted(t, start) })
	}
}

func checkPermitted(t *testing.T, start func(testing.TB, ...reader) *world) {
	t.Helper()
	all := newReader(t, "oa-platform", "taizhang.v1.alert.>")
	red := newReader(t, "red_only", "taizhang.v1.alert.*.red.*.>")
	w := start(t, all, red)
	blue := strings.Replace(alertSubject, "red", "blue", 1)
	w.publish(t, alertSubject, blue, headSubject)
	for _, c := range []struct {
		reader
		want []string
	}{{all, []string{alertSubject, blue, headSubject}}, {red, []string{alertSubject, headSubject}}} {
		nc := c.connect(t, w.url)
		js, durable := c.consumer(t, nc)
		for range 2 { // the second time after going back
			var got []string
			batch, err := durable.Fetch(len(c.want), jetstream.FetchMaxWait(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			for m := range batch.Messages() {
				got = append(got, m.Subject())
				if len(got) == 1 {
					if err := m.NakWithDelay(time.Millisecond); err != nil {
						t.Error(err)
					}
					continue
				}
				if err := m.DoubleAck(t.Context()); err != nil {
					t.Errorf("%s acknowledges: %v", c.Name, err)
				}
			}
			if err := batch.Error(); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s got %v, %v", c.Name, got, err)
			}
			again, err := durable.Next(jetstream.FetchMaxWait(time.Minute))
			if err != nil || again.Subject() != alertSubject {
				t.Fatalf("%s got again %v, %v", c.Name, again, err)
			}
			if err := again.DoubleAck(t.Context()); err != nil {
				t.Error(err)
			}
			until(t, c.Name+" has acknowledged all", func() bool { // in a cluster a while later
				info, err := durable.Info(t.Context())
				return err == nil && info.NumAckPending == 0 && info.NumPending == 0 && info.AckFloor.Stream == 3
			})
			if r, err := js.ResetConsumerToSequence(t.Context(), streamName, c.Name, 1); err != nil ||
				r.ResetSeq != 1 {
				t.Errorf("%s goes back to %+v, %v", c.Name, r, err)
			}
		}
	}
}

// A reply path must last longer than the longest request, and a request must end with its connection: otherwise its
// messages would come again only after the time to acknowledge them.
func TestARequestWaits(t *testing.T) {
	for name, start := range places {
		t.Run(name, func(t *testing.T) {
			a := newReader(t, "a", "taizhang.v1.alert.>")
			w := start(t, a)
			ledger, err := w.on.LookupAccount(ledgerAccount)
			if err != nil {
				t.Fatal(err)
			}
			_, durable := a.consumer(t, a.connect(t, w.url))
			longest := durable.CachedInfo().Config.MaxRequestExpires
			if open, err := ledger.ServiceExportResponseThreshold(services("a")[0].subject); err != nil ||
				open <= longest {
				t.Errorf("the way back is open for %v, %v, and a request waits for %v", open, err, longest)
			}
			gone := a.connect(t, w.url)
			_, waiting := a.consumer(t, gone)
			if _, err := waiting.Fetch(10, jetstream.FetchMaxWait(time.Minute)); err != nil {
				t.Fatal(err)
			}
			until(t, "it waits", func() bool {
				i, err := durable.Info(t.Context())
				return err == nil &&
					i.NumWaiting == 1
			})
			gone.Close()
			until(t, "it has gone", func() bool { return ledger.NumPendingAllResponses() == 0 })
			w.publish(t, alertSubject)
			m, err := durable.Next(jetstream.FetchMaxWait(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			if meta, err := m.Metadata(); err != nil || meta.NumDelivered != 1 {
				t.Errorf("it is delivered as %+v, %v", meta, err)
			}
		})
	}
}

func TestATakenPortIsAnError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	dir := filepath.Join(t.TempDir(), "nats")
	_, err = Start(t.Context(), NATSConfig{Dir: dir, Listen: l.Addr().String(), Log: zap.NewNop()})
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v", err)
	}
	startIn(t, dir) // which is not locked any more
}

func TestADirectoryInUseIsNamed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nats")
	s := startIn(t, dir)
	cfg := NATSConfig{Dir: dir, Listen: "127.0.0.1:0", Log: zap.NewNop()}
	if _, err := Start(t.Context(), cfg); text.CodeOf(err) != text.Conflict || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), cfg); text.CodeOf(err) != text.Conflict {
		t.Errorf("after a restart: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	startIn(t, dir)
}

func TestNamesAndKeys(t *testing.T) {
	_, key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "0", "oa-platform", "x_1", strings.Repeat("a", 32)} {
		if err := CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "A", "-a", "_a", "a.b", "a b", "a*", "a>", "ledger", "sys", "$G", "$SYS", "省厅",
		"a\n", strings.Repeat("a", 33)} {
		if err := CheckName(name); text.CodeOf(err) != text.Invalid {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := CheckKey(key); err != nil {
		t.Error(err)
	}
	account, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	accountKey, _ := account.PublicKey()
	pair, _ := nkeys.CreateUser()
	seed, _ := pair.Seed()
	for _, key := range []string{"", "U", accountKey, key[:55] + "\"", key + "A", strings.ToLower(key), string(seed)} {
		err := CheckKey(key)
		if text.CodeOf(err) != text.Invalid || key == string(seed) && strings.Contains(err.Error(), key) {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestAServerStartsOnlyWithGoodParameters(t *testing.T) {
	a, b := newReader(t, "a"), newReader(t, "b")
	for want, list := range map[text.ErrorCode][]NATSConfig{
		text.Invalid: {{Listen: "4222"}, {Listen: ":4222"}, {Listen: "127.0.0.1:66000"}, {Listen: "127.0.0.1:x"},
			{Users: []User{{"A", a.Key}}}, {Users: []User{{"a", "x"}}}},
		text.Conflict: {{Users: []User{a.User, {"a", b.Key}}}, {Users: []User{a.User, {"b", a.Key}}}},
	} {
		for _, cfg := range list {
			cfg.Dir, cfg.Log = t.TempDir(), zap.NewNop()
			if cfg.Listen == "" {
				cfg.Listen = "127.0.0.1:0"
			}
			if _, err := Start(t.Context(), cfg); text.CodeOf(err) != want {
				t.Errorf("%+v: %v", cfg, err)
			}
		}
	}
}

func TestAConnectionOutlivesARestart(t *testing.T) {
	a := newReader(t, "a", "taizhang.v1.alert.>")
	s := startServer(t, a.User)
	admin, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	w := newWorld(t, "nats://"+s.Addr(), admin, a)
	nc := a.connect(t, w.url, nats.MaxReconnects(-1), nats.ReconnectWait(5*time.Millisecond))
	_, durable := a.consumer(t, nc)
	addr := s.Addr()
	for i := range 3 {
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		until(t, "the publisher publishes", func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := w.js.Publish(ctx, alertSubject, []byte{byte('0' + i)},
				jetstream.WithExpectLastSequencePerSubject(uint64(i)))
			var api *jetstream.APIError
			if errors.As(err, &api) {
				return api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence // stored, and the answer was lost
			}
			return err == nil
		})
		until(t, "the user gets it", func() bool {
			m, err := durable.Next(jetstream.FetchMaxWait(time.Second))
			return err == nil && string(m.Data()) == string(rune('0'+i)) && m.DoubleAck(t.Context()) == nil
		})
	}
	if s.Addr() != addr {
		t.Errorf("it listens on %s, not %s", s.Addr(), addr)
	}
}

func TestNobodyIsServedWithoutAKey(t *testing.T) {
	for name, start := range places {
		t.Run(name, func(t *testing.T) {
			a, stranger := newReader(t, "a"), newReader(t, "a")
			w := start(t, a)
			for name, opts := range map[string][]nats.Option{
				"nobody":        nil,
				"a password":    {nats.UserInfo("sys", "sys")},
				"a token":       {nats.Token(a.Key)},
				"a strange key": {nats.Nkey(stranger.Key, stranger.pair.Sign)},
				"another's key": {nats.Nkey(a.Key, stranger.pair.Sign)},
			} {
				if nc, err := nats.Connect(w.url, opts...); !errors.Is(err, nats.ErrAuthorization) {
					t.Errorf("%s: %v, %v", name, nc, err)
				}
			}
		})
	}
}
