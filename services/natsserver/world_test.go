package natsserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
	"go.uber.org/zap/zaptest"

	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

const (
	headSubject  = "taizhang.v1.head"
	alertSubject = "taizhang.v1.alert.ZJ-0007.red.EXE.02.2025.20251231"
)

// reader is a user with its seed and the filter of its durable consumer.
type reader struct {
	User
	pair   nkeys.KeyPair
	filter []string
}

// newReader returns a user whose durable consumer selects the head and the alerts of the filter.
func newReader(t testing.TB, name string, filter ...string) reader {
	t.Helper()
	pair, key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	return reader{User{name, key}, pair, append([]string{headSubject}, filter...)}
}

func usersOf(readers ...reader) []User {
	users := make([]User, len(readers))
	for i, r := range readers {
		users[i] = r.User
	}
	return users
}

// connect connects a user over the network like its program.
func (r reader) connect(t testing.TB, url string, opts ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url,
		append([]nats.Option{nats.Nkey(r.Key, r.pair.Sign), nats.CustomInboxPrefix(inboxPrefix + r.Name),
			nats.Timeout(time.Minute)}, opts...)...)
	if err != nil {
		t.Fatalf("connect %s: %v", r.Name, err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// world is a server with the stream and readers, and the connection of the publisher.
type world struct {
	on    *server.Server // nil if the test starts it again
	url   string
	admin *nats.Conn
	js    jetstream.JetStream
}

func startServer(t testing.TB, users ...User) *Server {
	t.Helper()
	return startIn(t, filepath.Join(t.TempDir(), "nats"), users...)
}

func startIn(t testing.TB, dir string, users ...User) *Server {
	t.Helper()
	s, err := Start(t.Context(),
		NATSConfig{Dir: dir, Listen: "127.0.0.1:0", Users: users, Log: zaptest.NewLogger(t, zaptest.Level(zapLevel))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// embedded returns a world with a server in this process.
func embedded(t testing.TB, readers ...reader) *world {
	t.Helper()
	s := startServer(t, usersOf(readers...)...)
	nc, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	w := newWorld(t, "nats://"+s.Addr(), nc, readers...)
	w.on = s.on.Load()
	return w
}

// elsewhere returns a world with a separate server that has the text of Configuration.
func elsewhere(t testing.TB, readers ...reader) *world {
	t.Helper()
	pair, key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	return serverElsewhere(t, pair, Configuration(key, usersOf(readers...)), readers...)
}

// oneAccount returns a world in which the user is in the account of the stream, with the permissions that it needs.
func oneAccount(t testing.TB, r reader) *world {
	t.Helper()
	pair, key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	own := streamName + "." + r.Name
	return serverElsewhere(t, pair, fmt.Sprintf(`accounts { A { jetstream: enabled, users: [ { nkey: %q },
		{ nkey: %q, permissions: { publish: [ "$JS.API.CONSUMER.MSG.NEXT.%s", "$JS.ACK.%s.>" ], subscribe: [ "%s%s.>" ] } } ] } }`,
		key, r.Key, own, own, inboxPrefix, r.Name), r)
}

// optionsElsewhere returns the options of a server with a configuration, to which the operator adds its address and
// directory.
func optionsElsewhere(t testing.TB, dir, configuration string) *server.Options {
	t.Helper()
	path := filepath.Join(dir, "nats.conf")
	own := "listen: \"127.0.0.1:-1\"\njetstream { sync_interval: \"1s\", max_file_store: 1GiB }\n"
	if err := os.WriteFile(path, []byte(own+configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	opts, err := server.ProcessConfigFile(path)
	if err != nil {
		t.Fatal(err)
	}
	opts.StoreDir, opts.NoSigs, opts.NoLog = dir, true, true
	return opts
}

func serverElsewhere(t testing.TB, publisher nkeys.KeyPair, configuration string, readers ...reader) *world {
	t.Helper()
	on := natstest.Start(t, optionsElsewhere(t, t.TempDir(), configuration))
	url := "nats://" + on.Addr().String()
	key, err := publisher.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(url, nats.Nkey(key, publisher.Sign))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	w := newWorld(t, url, nc, readers...)
	w.on = on
	return w
}

// newWorld makes the stream and the durable consumers as services/alertfeed makes them.
func newWorld(t testing.TB, url string, admin *nats.Conn, readers ...reader) *world {
	return newWorldOf(t, 1, url, admin, readers...)
}

// noPeers is the error code of a cluster whose servers have not all connected yet.
const noPeers = 10005

func newWorldOf(t testing.TB, replicas int, url string, admin *nats.Conn, readers ...reader) *world {
	t.Helper()
	js, err := jetstream.New(admin)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{url: url, admin: admin, js: js}
	until(t, "the servers of the cluster know each other", func() bool {
		_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{
			Name: streamName, Subjects: []string{"taizhang.v1.>"}, Storage: jetstream.FileStorage, Replicas: replicas,
			MaxMsgsPerSubject: 16,
			MaxMsgs:           -1, MaxBytes: -1, MaxConsumers: -1, MaxMsgSize: -1, Discard: jetstream.DiscardNew,
			DenyDelete: true, DenyPurge: true,
		})
		var api *jetstream.APIError
		return !errors.Is(err, context.DeadlineExceeded) && (!errors.As(err, &api) || api.ErrorCode != noPeers)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range readers {
		w.durable(t, r)
	}
	return w
}

func (w *world) durable(t testing.TB, r reader) {
	t.Helper()
	var err error
	until(t, "an answer about a consumer", func() bool { // a cluster with a new leader may leave a request without any
		_, err = w.js.CreateConsumer(t.Context(), streamName, jetstream.ConsumerConfig{
			Durable: r.Name, DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckExplicitPolicy,
			AckWait: time.Minute, MaxDeliver: -1,
			MaxAckPending: 1000, MaxWaiting: 16, MaxRequestBatch: 1000, MaxRequestExpires: 5 * time.Minute,
			FilterSubjects: r.filter,
		})
		return !errors.Is(err, context.DeadlineExceeded)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// publish stores messages with subjects. The body of each has its number and subject.
func (w *world) publish(t testing.TB, subjects ...string) {
	t.Helper()
	for i, subject := range subjects {
		if _, err := w.js.Publish(t.Context(), subject, fmt.Appendf(nil, "%d of %s", i, subject)); err != nil {
			t.Fatal(err)
		}
	}
}

// consumer returns the durable consumer of a user as its program uses it.
func (r reader) consumer(t testing.TB, nc *nats.Conn) (jetstream.JetStream, jetstream.Consumer) {
	t.Helper()
	js, err := jetstream.NewWithAPIPrefix(nc, apiPrefix)
	if err != nil {
		t.Fatal(err)
	}
	c, err := js.Consumer(t.Context(), streamName, r.Name)
	if err != nil {
		t.Fatalf("consumer of %s: %v", r.Name, err)
	}
	return js, c
}

// until waits until a condition holds.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for tick := time.Tick(2 * time.Millisecond); !ok(); {
		select {
		case <-tick:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
