package alertfeed_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

// another starts one more publisher of the same ledger, with its own connection and memory.
func (k *kit) another() (p *alertfeed.Publisher, stop func()) {
	k.t.Helper()
	nc, err := nats.Connect(k.js.Conn().ConnectedUrl(), nats.MaxReconnects(-1),
		nats.ReconnectWait(10*time.Millisecond))
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(nc.Close)
	cfg := k.cfg
	if cfg.JetStream, err = jetstream.New(nc, alertfeed.Patient()); err != nil {
		k.t.Fatal(err)
	}
	cfg.Memory = filepath.Join(k.t.TempDir(), "feed.json")
	p = alertfeed.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx) })
	stop = func() { cancel(); running.Wait() }
	k.t.Cleanup(stop)
	return p, stop
}

// recordOf is record for another center.
func (k *kit) recordOf(center string, tails ...string) {
	k.t.Helper()
	for _, tail := range tails {
		var d desk.Draft
		line := fmt.Sprintf(`{"id":"%s","center":"%s",%s}`, uuid.NewSHA1(uuid.NameSpaceOID, []byte(center+tail)),
			center, tail)
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			k.t.Fatal(err)
		}
		if _, err := k.desk.Record(k.t.Context(), d); err != nil {
			k.t.Fatalf("%s: %v", tail, err)
		}
	}
}

// Publishers that begin together with an unknown stream restate everything once or twice, and then stop.
func TestPublishersThatBeginTogetherAgree(t *testing.T) {
	k := newKit(t)
	k.cfg.Shared, k.cfg.Patience = true, time.Minute // each is busy comparing for a while, and has not gone
	k.record(registered, granted, received, fined)
	for i := range 150 {
		k.recordOf(fmt.Sprintf("ZJ-1%03d", i), registered, granted, received, fined)
	}
	var others []*alertfeed.Publisher
	for range 3 {
		p, _ := k.another()
		others = append(others, p)
	}
	k.start()
	k.settle()
	for _, p := range others {
		(&kit{t: t, pub: p}).until("another publishes", func(s alertfeed.FeedStatus) bool {
			return s.State == alertfeed.StatePublishing && s.At.Position == k.desk.Position()
		})
	}
	k.holds()
	begins := 0
	for _, m := range k.all() {
		if m.Head != nil && m.Head.Phase == alertfeed.Begin {
			begins++
		}
	}
	t.Logf("%d generations", begins)
	if begins > 2 {
		t.Errorf("%d generations were begun", begins)
	}
}

// restarted stops the server, calls do with the directory of its streams, and starts it again on the same port.
func (k *kit) restarted(do func(dir string) error) {
	k.t.Helper()
	dir, port := k.server.StoreDir(), k.server.Addr().(*net.TCPAddr).Port
	k.server.Shutdown()
	k.server.WaitForShutdown()
	if err := do(dir); err != nil {
		k.t.Fatal(err)
	}
	k.server = natstest.Start(k.t,
		&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: filepath.Dir(dir)})
}

// A publisher that only followed the stream notices that an old copy was put back, even if its writer has gone.
func TestAFollowerNoticesAnOldCopy(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	var days atomic.Int64 // by which the clock of the follower is late
	writer := k.cfg
	k.cfg.Shared, writer.Shared = true, true
	k.cfg.CheckEvery = time.Hour
	k.cfg.Now = func() time.Time { return k.Now().AddDate(0, 0, -int(days.Load())) }
	k.record(registered, granted, received, fined)
	k.start()
	k.settle()
	k.cfg = writer
	_, stop := k.another()
	days.Store(1)
	k.until("it is behind", func(s alertfeed.FeedStatus) bool { return s.State == alertfeed.StateBehind })
	old := t.TempDir()
	k.restarted(func(dir string) error { return os.CopyFS(old, os.DirFS(dir)) })
	for i := range 5 {
		k.recordOf(fmt.Sprintf("ZJ-200%d", i), registered, granted, received, fined)
	}
	k.record(reversed)
	k.until("it follows", func(s alertfeed.FeedStatus) bool { return s.At.Position == k.desk.Position() })
	stop()
	all := k.all()
	last := all[len(all)-1].Head.At
	k.until("it follows to the end", func(s alertfeed.FeedStatus) bool { return s.At == last })
	k.restarted(func(dir string) error { return errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(old))) })
	days.Store(0)
	k.until("a new generation", func(s alertfeed.FeedStatus) bool {
		return s.State == alertfeed.StatePublishing && s.At.Generation > last.Generation
	})
	k.settle()
	k.holds()
}

// A publisher that doubts the stream but is too far behind to restate still doubts it after a restart.
func TestADoubtOutlivesARestart(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	var days atomic.Int64 // by which its clock is late
	k.cfg.Shared = true
	k.cfg.Now = func() time.Time { return k.Now().AddDate(0, 0, -int(days.Load())) }
	k.record(registered, granted, received, fined)
	k.start()
	k.settle()
	k.stop()
	all := k.all()
	last := all[len(all)-1]
	for subject := range k.words() {
		stream, err := k.js.Stream(t.Context(), alertfeed.StreamName)
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Purge(t.Context(), jetstream.WithPurgeSubject(subject)); err != nil {
			t.Fatal(err)
		}
	}
	days.Store(1)
	k.start()
	k.until("it is behind", func(s alertfeed.FeedStatus) bool { return s.State == alertfeed.StateBehind })
	n := k.put(last) // as another publisher goes on
	k.until("it remembers", func(alertfeed.FeedStatus) bool {
		content, err := os.ReadFile(k.cfg.Memory)
		return err == nil && strings.Contains(string(content), fmt.Sprintf(`"last":%d,`, n))
	})
	k.stop()
	days.Store(0)
	k.start()
	k.until("a new generation", func(s alertfeed.FeedStatus) bool {
		return s.State == alertfeed.StatePublishing && s.At.Generation > last.At().Generation
	})
	k.settle()
	k.holds()
}
