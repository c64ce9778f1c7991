package alertfeed_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
)

// another starts one more publisher of the same ledger, with a connection and a memory of its own.
func (k *kit) another() *alertfeed.Publisher {
	k.t.Helper()
	nc, err := nats.Connect(k.js.Conn().ConnectedUrl(), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(nc.Close)
	cfg := k.cfg
	if cfg.JetStream, err = jetstream.New(nc, alertfeed.Patient()); err != nil {
		k.t.Fatal(err)
	}
	cfg.Memory = filepath.Join(k.t.TempDir(), "feed.json")
	p := alertfeed.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx) })
	k.t.Cleanup(func() { cancel(); running.Wait() })
	return p
}

// recordOf is record for another center.
func (k *kit) recordOf(center string, tails ...string) {
	k.t.Helper()
	for _, tail := range tails {
		var d desk.Draft
		line := fmt.Sprintf(`{"id":"%s","center":"%s",%s}`, uuid.NewSHA1(uuid.NameSpaceOID, []byte(center+tail)), center, tail)
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			k.t.Fatal(err)
		}
		if _, err := k.desk.Record(k.t.Context(), d); err != nil {
			k.t.Fatalf("%s: %v", tail, err)
		}
	}
}

// Publishers that begin together and know nothing of the stream state everything once or twice, and not against each other without end.
func TestPublishersThatBeginTogetherAgree(t *testing.T) {
	k := newKit(t)
	k.cfg.Shared = true
	k.record(registered, granted, received, fined)
	for i := range 150 {
		k.recordOf(fmt.Sprintf("ZJ-1%03d", i), registered, granted, received, fined)
	}
	others := []*alertfeed.Publisher{k.another(), k.another(), k.another()}
	k.start()
	k.settle()
	for _, p := range others {
		(&kit{t: t, pub: p}).until("another publishes", func(s alertfeed.Status) bool {
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
