package kurrentstore

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

// unread makes the client block while it sends: the server does not read the messages.
var unread = kurrenttest.Every(kurrenttest.Append, 1, kurrenttest.Fault{Strike: kurrenttest.Stall, Early: true})

// wide returns a batch of several messages.
func wide() []events.Proposed {
	batch := proposals("wide", 50)
	for i := range batch {
		batch[i].Body = events.MustObject(fmt.Sprintf(`{"note":"%s"}`, strings.Repeat("x", 15_000)))
	}
	return batch
}

// Client defect 20: if a context ends while the client sends an append, the client has a data race. Only the race
// detector notices it: it ends the process of the bare client, and would fail this test.
func TestAppendsWhoseContextEndsDoNotRace(t *testing.T) {
	if raceDetector {
		// 400 appends show the race, unless goroutines were scheduled in the same order each time. The store is tested
		// all the same then.
		out, died := dies(t, "contexts that end while it sends")
		raced := strings.Contains(out, "DATA RACE") && strings.Contains(out, "esdb.(*Client).AppendToStream")
		switch {
		case !died:
			t.Log("the bare client had no race this time")
		case !raced:
			t.Errorf("the bare client: %s", out)
		}
	}
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	s := openOn(t, srv.ConnectionString(), quick())
	mustAppend(t, s, center, 0, proposals("a", 1))
	srv.Break(unread)
	for i := range 40 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%20)*time.Millisecond)
		if _, err := s.Append(ctx, center, 1, wide()); err == nil {
			t.Error("an append that nobody read was answered")
		}
		cancel()
	}
	srv.Break(nil)
	srv.Node(0).Stop() // which ends those that nobody waits for
	if err := srv.Node(0).Restart(); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, center, 1, wide())
	wantBodies(t, s.ReadStream(soon(t), center, 0), proposals("a", 1), wide())
}
