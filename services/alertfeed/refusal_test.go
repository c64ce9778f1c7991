package alertfeed_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/taizhang/taizhang/services/alertfeed"
)

// A server that refuses to store more is asked again after a pause, and Status shows its answer.
func TestARefusalIsShown(t *testing.T) {
	k := newKitOn(t, server.Options{StoreDir: t.TempDir(), JetStreamMaxStore: 4 << 10})
	k.record(registered, granted, received, fined)
	core, logged := observer.New(zap.InfoLevel)
	k.cfg.Log = zap.New(core)
	k.start()
	s := k.until("it is refused", func(s alertfeed.FeedStatus) bool {
		return strings.Contains(s.Reason.En, "refuses to store")
	})
	if s.State != alertfeed.StateStopped || !strings.Contains(s.Reason.Zh, "拒绝") {
		t.Errorf("got %+v", s)
	}
	tries := func() int { return logged.FilterMessage("stating every alert again").Len() }
	k.until("it has tried three times, and is refused", func(s alertfeed.FeedStatus) bool {
		return tries() >= 3 && s.State == alertfeed.StateStopped && strings.Contains(s.Reason.En, "refuses to store")
	})
	k.stop()
	if n := tries(); n > 5 {
		t.Errorf("it tried %d times", n)
	}
}

// If the server in this process cannot be restarted at once, it is restarted later.
func TestARestartThatFailsIsTriedAgain(t *testing.T) {
	dir := t.TempDir()
	k := newKitOn(t, server.Options{StoreDir: dir})
	k.record(registered, granted, received)
	var err error
	if k.js, err = jetstream.New(k.js.Conn(), jetstream.WithPublishAsyncTimeout(100*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	port := k.server.Addr().(*net.TCPAddr).Port
	trials := 0
	var isFull atomic.Bool // before, only a busy machine makes an answer late
	k.cfg.JetStream = k.js
	k.cfg.Restart = func(context.Context) error {
		if !isFull.Load() {
			return nil
		}
		k.server.Shutdown()
		k.server.WaitForShutdown()
		if trials++; trials <= 2 {
			return errors.New("the disk is full")
		}
		again, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir,
			NoSigs: true, NoLog: true})
		if err != nil {
			return err
		}
		again.Start()
		t.Cleanup(func() { again.Shutdown(); again.WaitForShutdown() })
		nc, err := nats.Connect(again.ClientURL())
		if err != nil {
			return err
		}
		defer nc.Close()
		js, err := jetstream.New(nc)
		if err != nil {
			return err
		}
		return answers(t.Context(), js, true)
	}
	k.start()
	k.settle()
	isFull.Store(true)
	if err := answers(t.Context(), k.js, false); err != nil {
		t.Fatal(err)
	}
	k.record(fined)
	k.until("it is shown", func(s alertfeed.FeedStatus) bool {
		return strings.Contains(s.Reason.En, "the disk is full")
	})
	k.settle()
	k.stop()
	k.holds()
	if trials < 3 || trials > 5 { // one or two more if answers are late
		t.Errorf("it was tried %d times", trials)
	}
}

// A server that leaves publishes unanswered, as after a full disk, is shown until it answers.
func TestSilenceIsShown(t *testing.T) {
	k := newKit(t)
	k.record(registered, granted, received)
	var err error
	if k.cfg.JetStream, err = jetstream.New(k.js.Conn(),
		jetstream.WithPublishAsyncTimeout(20*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	k.start()
	k.settle()
	if err := answers(t.Context(), k.js, false); err != nil {
		t.Fatal(err)
	}
	k.record(fined)
	s := k.until("it is shown", func(s alertfeed.FeedStatus) bool {
		return strings.Contains(s.Reason.En, "disk may be full")
	})
	if s.State != alertfeed.StateConnecting || !strings.Contains(s.Reason.Zh, "磁盘可能已满") || s.Silent <= 0 {
		t.Errorf("got %+v", s)
	}
	if err := answers(t.Context(), k.js, true); err != nil {
		t.Fatal(err)
	}
	k.record(reversed)
	k.settle()
	k.holds()
	if s := k.pub.Status(); s.Silent != 0 {
		t.Errorf("it publishes and is silent for %v s", s.Silent)
	}
}

// answers says whether the server acknowledges what is published.
func answers(ctx context.Context, js jetstream.JetStream, does bool) error {
	s, err := js.Stream(ctx, alertfeed.StreamName)
	if err != nil {
		return err
	}
	c := s.CachedInfo().Config
	c.NoAck = !does
	_, err = js.UpdateStream(ctx, c)
	return err
}

// If the disk of the ledger cannot be written, the reason does not blame NATS, and nothing is published until it
// can.
func TestAMemoryThatCannotBeWrittenIsShown(t *testing.T) {
	k := newKit(t)
	k.record(registered, granted, received)
	dir := filepath.Join(filepath.Dir(k.cfg.Memory), "later")
	k.cfg.Memory = filepath.Join(dir, "feed.json")
	k.start()
	s := k.until("it stops", func(s alertfeed.FeedStatus) bool { return s.State == alertfeed.StateStopped })
	if strings.Contains(s.Reason.En, "NATS") || !strings.Contains(s.Reason.En, "directory of the ledger") ||
		!strings.Contains(s.Reason.Zh, "台账目录") {
		t.Errorf("it says %+v", s.Reason)
	}
	if n := k.last(); n != 0 {
		t.Errorf("it wrote %d messages", n)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	k.settle()
	k.holds()
}

// A stream with damaged files cannot be read to its end: the reason says what to do, and stays.
func TestADamagedStreamIsShown(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.record(registered, granted, received, fined)
	k.cfg.Streams = "/ledger/nats"
	k.start()
	k.settle()
	k.stop()
	k.restarted(func(dir string) error {
		all, err := filepath.Glob(filepath.Join(dir, "*", "streams", alertfeed.StreamName, "msgs", "1.blk"))
		if err != nil || len(all) != 1 {
			return fmt.Errorf("the files are %v, %w", all, err)
		}
		f, err := os.OpenFile(all[0], os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		about, err := f.Stat()
		if err != nil {
			return err
		}
		_, err = f.WriteAt([]byte("abcdefghijklmnopqrstuvwxyz"), about.Size()/2)
		return err
	})
	k.start()
	s := k.until("it is shown", func(s alertfeed.FeedStatus) bool { return strings.Contains(s.Reason.En, "damaged") })
	if s.State != alertfeed.StateConnecting ||
		!strings.Contains(s.Reason.En, "delete the directory /ledger/nats, and start again") ||
		!strings.Contains(s.Reason.Zh, "删除目录 /ledger/nats") || strings.Contains(s.Reason.En, "reached") {
		t.Errorf("got %+v", s)
	}
	k.until("it tries again", func(now alertfeed.FeedStatus) bool {
		if now.Reason != s.Reason {
			t.Fatalf("it says %+v", now.Reason)
		}
		return now.Seconds > s.Seconds+1
	})
	k.stop()
	k.restarted(os.RemoveAll)
	k.start()
	k.settle()
	k.holds()
}
