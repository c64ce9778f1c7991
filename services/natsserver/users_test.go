package natsserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/events/text"
)

// Two users read, each in its own way, while other users are added and revoked.
func TestOthersGoOnWhileUsersComeAndGo(t *testing.T) {
	a, b := newReader(t, "a", "taizhang.v1.alert.>"), newReader(t, "b", "taizhang.v1.alert.>")
	s := startServer(t, usersOf(a, b)...)
	admin, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	w := newWorld(t, "nats://"+s.Addr(), admin, a, b)

	var readers sync.WaitGroup
	var dropped atomic.Int64
	var stored atomic.Int64
	done := make(chan struct{}) // when all is stored
	for _, r := range []reader{a, b} {
		nc := r.connect(t, w.url, nats.DisconnectErrHandler(func(*nats.Conn, error) { dropped.Add(1) }))
		_, durable := r.consumer(t, nc)
		readers.Go(func() { readAll(t, r, durable, done, &stored) })
	}
	var publisher sync.WaitGroup
	stop := make(chan struct{})
	publisher.Go(func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			_, err := w.js.Publish(ctx, fmt.Sprintf("taizhang.v1.alert.ZJ-0007.red.EXE.02.%d.20251231", i),
				[]byte("x"))
			cancel()
			if err != nil {
				t.Errorf("publish: %v", err)
				return
			}
			stored.Add(1)
		}
	})
	for i := range 10 {
		c := newReader(t, fmt.Sprintf("c%d", i), "taizhang.v1.alert.>")
		if err := s.SetUsers(t.Context(), usersOf(a, b, c)); err != nil {
			t.Fatal(err)
		}
		w.durable(t, c)
		nc := c.connect(t, w.url, nats.NoReconnect())
		_, durable := c.consumer(t, nc)
		if m, err := durable.Next(); err != nil || m.DoubleAck(t.Context()) != nil {
			t.Errorf("the new user got %v, %v", m, err)
		}
		if err := s.SetUsers(t.Context(), usersOf(a, b)); err != nil {
			t.Fatal(err)
		}
		until(t, "the revoked user is disconnected", nc.IsClosed)
		if again, err := nats.Connect(w.url, nats.Nkey(c.Key, c.pair.Sign)); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("the revoked user connects: %v, %v", again, err)
		}
	}
	close(stop)
	publisher.Wait()
	readers.Wait()
	if n := dropped.Load(); n > 0 {
		t.Errorf("connections of others were dropped %d times", n)
	}
	t.Logf("%d messages", stored.Load())
}

// readAll reads until it has all stored messages, each once and in order.
func readAll(t *testing.T, r reader, durable jetstream.Consumer, done chan struct{}, stored *atomic.Int64) {
	for want := uint64(1); ; {
		batch, err := durable.Fetch(10, jetstream.FetchMaxWait(200*time.Millisecond))
		if err != nil {
			t.Errorf("%s fetches: %v", r.Name, err)
			return
		}
		for m := range batch.Messages() {
			meta, err := m.Metadata()
			if err != nil || meta.Sequence.Stream != want || meta.NumDelivered != 1 {
				t.Errorf("%s expected message %d, got %+v, %v", r.Name, want, meta, err)
				return
			}
			if err := m.DoubleAck(t.Context()); err != nil {
				t.Errorf("%s acknowledges: %v", r.Name, err)
			}
			want++
		}
		if err := batch.Error(); err != nil {
			t.Errorf("%s fetched: %v", r.Name, err)
		}
		select {
		case <-done:
			if int64(want) > stored.Load() {
				return
			}
		default:
		}
	}
}

// The test follows the instructions at the head of the configuration.
func TestElsewhereUsersChangeWithTwoReloads(t *testing.T) {
	a, b, c := newReader(t, "a"), newReader(t, "b"), newReader(t, "c")
	pair, key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	w := serverElsewhere(t, pair, Configuration(key, usersOf(a, b)), a, b, c)
	kept, revoked := a.connect(t, w.url, nats.NoReconnect()), b.connect(t, w.url, nats.NoReconnect())
	for range 2 {
		opts := optionsElsewhere(t, filepath.Dir(w.on.StoreDir()), Configuration(key, usersOf(c, a)))
		if err := w.on.ReloadOptions(opts); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the revoked user is disconnected", revoked.IsClosed)
	a.consumer(t, kept)
	c.consumer(t, c.connect(t, w.url))
}

func TestBadUsersChangeNothing(t *testing.T) {
	a, b := newReader(t, "a"), newReader(t, "b")
	s := startServer(t, a.User)
	for _, users := range [][]User{{{"B", b.Key}}, {{"b", "x"}}, {b.User, b.User}, {b.User, {"c", b.Key}}} {
		if code := text.CodeOf(s.SetUsers(t.Context(), users)); code != text.Invalid && code != text.Conflict {
			t.Errorf("%v: %s", users, code)
		}
	}
	a.connect(t, "nats://"+s.Addr())
}

func TestAUserWithANewKeyIsDisconnected(t *testing.T) {
	a, again := newReader(t, "a"), newReader(t, "a")
	s := startServer(t, a.User)
	nc := a.connect(t, "nats://"+s.Addr(), nats.NoReconnect())
	if err := s.SetUsers(t.Context(), usersOf(again)); err != nil {
		t.Fatal(err)
	}
	until(t, "it is disconnected", nc.IsClosed)
	again.connect(t, "nats://"+s.Addr())
	if old, err := nats.Connect("nats://"+s.Addr(), nats.Nkey(a.Key, a.pair.Sign)); !errors.Is(err,
		nats.ErrAuthorization) {
		t.Errorf("the old key connects: %v, %v", old, err)
	}
}

func TestUsersOutliveARestart(t *testing.T) {
	a, b := newReader(t, "a"), newReader(t, "b")
	s := startServer(t, a.User)
	if err := s.SetUsers(t.Context(), usersOf(b)); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.connect(t, "nats://"+s.Addr())
	if nc, err := nats.Connect("nats://"+s.Addr(), nats.Nkey(a.Key, a.pair.Sign)); !errors.Is(err,
		nats.ErrAuthorization) {
		t.Errorf("the revoked user connects: %v, %v", nc, err)
	}
}

func TestARevocationHoldsWhenTheServerFailsToRestart(t *testing.T) {
	a, b, dir := newReader(t, "a"), newReader(t, "b"), t.TempDir()
	s := startIn(t, dir, a.User)
	streams := filepath.Join(dir, "jetstream")
	if err := errors.Join(os.Rename(streams, streams+".away"), os.WriteFile(streams, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(t.Context()); err == nil {
		t.Fatal("it starts without a directory")
	}
	if err := s.SetUsers(t.Context(), usersOf(b)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(streams), os.Rename(streams+".away", streams),
		s.Restart(t.Context())); err != nil {
		t.Fatal(err)
	}
	b.connect(t, "nats://"+s.Addr())
	if nc, err := nats.Connect("nats://"+s.Addr(), nats.Nkey(a.Key, a.pair.Sign)); !errors.Is(err,
		nats.ErrAuthorization) {
		t.Errorf("the revoked user connects: %v, %v", nc, err)
	}
}

func TestAfterCloseNothingStartsAgain(t *testing.T) {
	s := startServer(t)
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if s.Restart(t.Context()) == nil || s.SetUsers(t.Context(), nil) == nil {
		t.Error("it starts again")
	}
	if nc, err := s.Connect(); err == nil {
		nc.Close()
		t.Error("it is connected to")
	}
}

// The test revokes a user whose programs connect again and again.
func TestNobodyIsConnectedAfterBeingRevoked(t *testing.T) {
	a := newReader(t, "a")
	s := startServer(t)
	stop := make(chan struct{})
	var programs sync.WaitGroup
	defer programs.Wait()
	defer close(stop)
	var came atomic.Int64
	for range 3 {
		programs.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				closed := make(chan struct{})
				_, err := nats.Connect("nats://"+s.Addr(), nats.Nkey(a.Key, a.pair.Sign), nats.NoReconnect(),
					nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
				if err == nil {
					came.Add(1)
					<-closed // by the server
				}
			}
		})
	}
	for range 50 {
		if err := s.SetUsers(t.Context(), usersOf(a)); err != nil {
			t.Fatal(err)
		}
		n := came.Load()
		until(t, "it connects", func() bool { return came.Load() > n })
		if err := s.SetUsers(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		until(t, "none is connected", func() bool { return s.door.granted["a"].NumLocalConnections() == 0 })
	}
}

func TestAUserCannotTakeTheConnectionsOfOthers(t *testing.T) {
	a, b := newReader(t, "a"), newReader(t, "b")
	for name, start := range places {
		t.Run(name, func(t *testing.T) {
			w := start(t, a, b)
			var open []*nats.Conn
			for range ConnectionsMax {
				open = append(open, a.connect(t, w.url, nats.NoReconnect()))
			}
			if nc, err := nats.Connect(w.url, nats.Nkey(a.Key, a.pair.Sign)); !errors.Is(err,
				nats.ErrMaxAccountConnectionsExceeded) {
				t.Errorf("it has more than %d connections, or is not told why it has not: %v, %v",
					ConnectionsMax, nc, err)
			}
			b.consumer(t, b.connect(t, w.url))
			open[0].Close()
			until(t, "another connects in its place", func() bool {
				nc, err := nats.Connect(w.url, nats.Nkey(a.Key, a.pair.Sign))
				if err == nil {
					nc.Close()
				}
				return err == nil
			})
		})
	}
}

// The test sends requests for messages again and again.
func TestAUserCannotFillTheMemory(t *testing.T) {
	const most = 500
	a, b := newReader(t, "a", "taizhang.v1.alert.>"), newReader(t, "b", "taizhang.v1.alert.>")
	s := startServer(t, usersOf(a, b)...)
	admin, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	w := newWorld(t, "nats://"+s.Addr(), admin, a, b)
	s.door.mu.Lock()
	s.door.answers = most
	s.door.mu.Unlock()
	other := b.connect(t, w.url, nats.NoReconnect())
	nc := a.connect(t, w.url, nats.NoReconnect())
	if _, err := nc.Subscribe(inboxPrefix+"a.>", func(*nats.Msg) {}); err != nil {
		t.Fatal(err)
	}
	for i := range 2 * most {
		if err := nc.PublishRequest(apiPrefix+".CONSUMER.MSG.NEXT."+streamName+".a",
			fmt.Sprintf("%sa.%d", inboxPrefix, i), nil); err != nil {
			break // it is disconnected already
		}
	}
	until(t, "it is disconnected", nc.IsClosed)
	until(t, "the ways back are closed", func() bool { return s.door.ledger.NumPendingAllResponses() < most })
	a.connect(t, w.url)
	b.consumer(t, other)
}

// The test opens all connections that some users may have.
func TestAllUsersHaveTheirConnections(t *testing.T) {
	var readers []reader
	for i := range 40 {
		readers = append(readers, newReader(t, fmt.Sprintf("u%d", i)))
	}
	s := startServer(t, usersOf(readers...)...)
	for range ConnectionsMax {
		for _, r := range readers {
			r.connect(t, "nats://"+s.Addr())
		}
	}
}
