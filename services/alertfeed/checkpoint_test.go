package alertfeed_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/seal"
)

// published returns the sizes and numbers of signature lines of all checkpoints in the stream.
func (k *kit) published() (list []string) {
	k.t.Helper()
	c, err := k.js.CreateConsumer(k.t.Context(), alertfeed.StreamName,
		jetstream.ConsumerConfig{FilterSubjects: []string{alertfeed.CheckpointSubject}})
	if err != nil {
		k.t.Fatal(err)
	}
	batch, err := c.FetchNoWait(100)
	if err != nil {
		k.t.Fatal(err)
	}
	for m := range batch.Messages() {
		s, err := seal.ParseSigned(m.Data())
		if err != nil {
			k.t.Fatal(err)
		}
		if got := m.Headers().Get("content-type"); got != alertfeed.CheckpointType {
			k.t.Errorf("the content type is %q", got)
		}
		list = append(list, fmt.Sprintf("%d+%d", s.Size, len(s.Lines)))
	}
	return list
}

func TestEachCheckpointIsPublishedOnceAndAgainWithMoreCosignatures(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.record(registered, granted, received)
	k.start()
	k.settle()
	log, err := seal.NewSigner("taizhang.zj/2026", seal.LogKey)
	if err != nil {
		t.Fatal(err)
	}
	witness, err := seal.NewSigner("audit.example/w1", seal.WitnessKey)
	if err != nil {
		t.Fatal(err)
	}
	var all []*seal.Signed
	publish := func(want string) {
		t.Helper()
		for range 2 { // a repeat changes nothing
			if err := k.pub.PublishCheckpoints(t.Context(), all); err != nil {
				t.Fatal(err)
			}
		}
		if got := fmt.Sprint(k.published()); got != want {
			t.Errorf("published %s, expected %s", got, want)
		}
	}
	add := func(size uint64) {
		all = append(all, seal.Sign(seal.Checkpoint{Origin: log.Name, Size: size}, log))
	}
	add(3)
	add(5)
	publish("[3+1 5+1]")
	last := all[len(all)-1]
	last.Add(last.Cosign(witness, time.Now()))
	publish("[3+1 5+1 5+2]")
	add(9)
	publish("[3+1 5+1 5+2 9+1]")
	k.record(fined)
	k.settle() // the feed does not stumble over them
	for size := uint64(10); size < 40; size++ {
		add(size)
	}
	if err := k.pub.PublishCheckpoints(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if got := k.published(); len(got) != 16 || got[15] != "39+1" {
		t.Errorf("the stream keeps %v", got)
	}
}
