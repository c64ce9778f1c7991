package kurrentstore

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

// Client defect 3: a read blocks for ever if the server sends nothing more.
func TestAReadThatStallsGoesOnElsewhere(t *testing.T) {
	for version, method := range map[string]kurrenttest.Method{
		"24.10.0.0": kurrenttest.Subscribe, "22.10.0.0": kurrenttest.Read} {
		t.Run(version, func(t *testing.T) {
			srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{Version: version})
			s := openOn(t, srv.ConnectionString(), quick())
			batch := proposals("a", 10)
			mustAppend(t, s, center, 0, batch)
			client := bare(t, srv.ConnectionString())
			stall := kurrenttest.Fault{Strike: kurrenttest.Stall, After: 2}
			srv.Break(srv.Nth(kurrenttest.Read, 1, stall))
			r, err := client.ReadStream(soon(t), string(center), esdb.ReadStreamOptions{From: esdb.Start{}}, 10)
			if err != nil {
				t.Fatal(err)
			}
			blocked := make(chan struct{})
			got := make(chan int, 10)
			go func() {
				defer close(blocked)
				for i := 0; ; i++ {
					if _, err := r.Recv(); err != nil {
						return
					}
					got <- i
				}
			}()
			<-got
			<-got
			wantBodies(t, s.ReadStream(soon(t), center, 0), batch) // a whole read beside it
			select {
			case <-blocked:
				t.Error("the bare client noticed")
			default:
			}
			r.Close()
			<-blocked

			srv.Break(srv.Nth(kurrenttest.Read, 2, stall)) // the first looks at the metadata
			wantBodies(t, s.ReadStream(soon(t), center, 0), batch)
			n := 1
			if method == kurrenttest.Read {
				n = 2 // the first looks for the end
				stall.After = 8
			}
			srv.Break(srv.Nth(method, n, stall))
			wantBodies(t, s.ReadAll(soon(t), 0), batch)
		})
	}
}

// Client defect 3, where the whole server hangs: the connection stays open and nothing goes through.
func TestReadsAndAppendsGoOnAfterAServerHung(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	s := openOn(t, srv.ConnectionString(), quick())
	mustAppend(t, s, center, 0, proposals("a", 3))
	srv.Node(0).Pause()
	done := make(chan error)
	go func() {
		_, err := s.Append(soon(t), center, 3, proposals("b", 1))
		done <- err
	}()
	go func() {
		_, err := bodies(s.ReadStream(soon(t), center, 0))
		done <- err
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan error)
	go func() {
		_, err := bodies(s.Subscribe(ctx, 0))
		cancelled <- err
	}()
	cancel()
	if err := <-cancelled; !errors.Is(err, context.Canceled) {
		t.Errorf("the subscription: %v", err)
	}
	srv.Node(0).Resume()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	wantBodies(t, s.ReadAll(soon(t), 0), proposals("a", 3), proposals("b", 1))
}

// Client defect 10: a dropped subscription returns the drop again and again.
func TestASubscriptionGoesOnAfterDropsAndOutages(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	client := bare(t, srv.ConnectionString())
	sub, err := client.SubscribeToAll(soon(t), esdb.SubscribeToAllOptions{From: esdb.End{}})
	if err != nil {
		t.Fatal(err)
	}
	writer := openOn(t, srv.ConnectionString(), quick())
	s := openOn(t, srv.ConnectionString(), quick())
	ctx, cancel := context.WithCancel(soon(t))
	defer cancel()
	seen := make(chan uint64)
	ended := make(chan error, 1)
	go func() {
		for e, err := range s.Subscribe(ctx, 0) {
			if err != nil {
				ended <- err
				return
			}
			seen <- e.Revision
		}
	}()
	var revision uint64
	appendOne := func() {
		mustAppend(t, writer, center, revision, proposals(string(rune('a'+revision)), 1))
		revision++
		select {
		case got := <-seen:
			if got != revision {
				t.Fatalf("saw revision %d, not %d", got, revision)
			}
		case err := <-ended:
			t.Fatalf("it ended with %v", err)
		}
	}
	for range 3 {
		appendOne()
	}
	srv.Node(0).Cut()
	for range 3 {
		for sub.Recv().SubscriptionDropped == nil {
		}
	}
	appendOne()
	for range 3 {
		srv.Node(0).Stop()
		if err := srv.Node(0).Restart(); err != nil {
			t.Fatal(err)
		}
		appendOne()
		appendOne()
	}
	before := srv.Calls(kurrenttest.Subscribe)
	until(t, "an idle subscription is opened anew", func() bool { return srv.Calls(kurrenttest.Subscribe) > before })
	appendOne()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if m := sub.Recv(); m.SubscriptionDropped == nil {
		t.Errorf("the bare subscription came back: %+v", m)
	}
}

// Client defect 11: a subscription without a start position begins at the end. Reads include their start position,
// and subscriptions do not.
func TestReadsAndSubscriptionsBeginWhereTheyAreTold(t *testing.T) {
	for _, version := range []string{"24.10.0.0", "22.10.0.0"} {
		t.Run(version, func(t *testing.T) {
			srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{Version: version})
			client := bare(t, srv.ConnectionString())
			s := openOn(t, srv.ConnectionString(), quick())
			places := mustAppend(t, s, center, 0, proposals("a", 3))
			sub, err := client.SubscribeToAll(soon(t), esdb.SubscribeToAllOptions{Filter: s.filter()})
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			mustAppend(t, s, "policy", 0, proposals("p", 1))
			m := sub.Recv()
			for m.EventAppeared == nil {
				m = sub.Recv()
			}
			if m.EventAppeared.OriginalEvent().StreamID != "policy" {
				t.Error("the bare subscription began at the beginning")
			}
			from := esdb.Position{Commit: places[1].Position, Prepare: places[1].Position}
			r, err := client.ReadAll(soon(t), esdb.ReadAllOptions{From: from}, 10)
			if err != nil {
				t.Fatal(err)
			}
			if list, err := gather(r); err != nil || len(list) != 3 {
				t.Errorf("the bare read has %d events, %v", len(list), err)
			}
			a := proposals("a", 3)
			wantBodies(t, s.ReadAll(soon(t), 0), a, proposals("p", 1))
			wantBodies(t, s.ReadAll(soon(t), places[1].Position), a[2:], proposals("p", 1))
			ctx, cancel := context.WithCancel(soon(t))
			defer cancel()
			var got []string
			for e, err := range s.Subscribe(ctx, places[1].Position) {
				if err != nil {
					break
				}
				if got = append(got, string(e.Body)); len(got) == 2 {
					cancel()
				}
			}
			if !slices.Equal(got, []string{a[2].Body.String(), proposals("p", 1)[0].Body.String()}) {
				t.Errorf("the subscription saw %q", got)
			}
		})
	}
}

// Client defect 15: an unreadable date ends the process, and an unknown message panics.
func TestWhatTheClientCannotReadIsAnError(t *testing.T) {
	if out, died := dies(t, "unreadable date"); !died || !strings.Contains(out, lastWords) ||
		strings.Contains(out, "survived") {
		t.Errorf("the bare client: %s", out)
	}
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	s := openOn(t, srv.ConnectionString(), quick())
	mustAppend(t, s, center, 0, proposals("a", 3))
	client := bare(t, srv.ConnectionString())
	srv.Break(kurrenttest.Every(kurrenttest.Read, 1, kurrenttest.Fault{Strike: kurrenttest.Strange}))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the bare client did not panic at a strange message")
			}
		}()
		r, err := client.ReadStream(soon(t), string(center), esdb.ReadStreamOptions{From: esdb.Start{}}, 10)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		r.Recv()
	}()
	for _, strike := range []kurrenttest.Strike{kurrenttest.BadCreated, kurrenttest.Strange} {
		srv.Break(func(c kurrenttest.Call) *kurrenttest.Fault {
			if c.Stream == "$$"+string(center) || strike == kurrenttest.Strange && c.Method == kurrenttest.Subscribe {
				return nil // subscriptions pass over strange messages
			}
			return &kurrenttest.Fault{Strike: strike}
		})
		var refused *RefusedError
		if _, err := bodies(s.ReadStream(soon(t), center, 0)); !errors.As(err, &refused) {
			t.Errorf("strike %d, ReadStream: %v", strike, err)
		}
		if _, err := bodies(s.ReadAll(soon(t), 0)); !errors.As(err, &refused) {
			t.Errorf("strike %d, ReadAll: %v", strike, err)
		}
	}
	srv.Break(kurrenttest.Every(kurrenttest.Subscribe, 1, kurrenttest.Fault{Strike: kurrenttest.BadCreated}))
	var refused *RefusedError
	if _, err := bodies(s.Subscribe(soon(t), 0)); !errors.As(err, &refused) {
		t.Errorf("Subscribe: %v", err)
	}
	srv.Break(nil)
	wantBodies(t, s.ReadAll(soon(t), 0), proposals("a", 3))
}

// The server is asked only for the ledger's streams and their metadata, so other events of the cluster are not sent.
func TestEverythingIsFilteredOnTheServer(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	// no read is opened anew
	s := openOn(t, srv.ConnectionString(), standardLimits(), func(o *Options) { o.Prefix = "trial." })
	last := mustAppend(t, s, center, 0, proposals("a", 2))[1]
	var mu sync.Mutex
	asked := map[string]int{}
	srv.Break(func(c kurrenttest.Call) *kurrenttest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if c.Method == kurrenttest.Subscribe {
			asked[c.Filter]++
		}
		return nil
	})
	wantBodies(t, s.ReadAll(soon(t), 0), proposals("a", 2))
	wantBodies(t, s.ReadAll(soon(t), last.Position))
	for range s.Subscribe(soon(t), 0) {
		break
	}
	mu.Lock()
	defer mu.Unlock()
	if len(asked) != 2 || asked[`^(\$\$)?trial\.`+events.StreamForm+`$`] != 2 ||
		asked["$metadata $streamDeleted"] != 1 {
		t.Errorf("the server was asked for %v", asked)
	}
}

// Client defect 19, and other events that a cluster may have beside a ledger.
func TestWhatIsNotTheLedgersIsPassedOver(t *testing.T) {
	for _, version := range []string{"24.10.0.0", "22.10.0.0"} {
		t.Run(version, func(t *testing.T) {
			srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{Version: version})
			client := bare(t, srv.ConnectionString())
			if _, err := client.GetStreamMetadata(soon(t), string(center), esdb.ReadStreamOptions{}); err == nil {
				t.Error("the bare client has metadata of nothing")
			}
			s := openOn(t, srv.ConnectionString(), quick())
			put := func(stream string, change func(*esdb.EventData)) {
				t.Helper()
				d := data(stream, 1)
				change(&d[0])
				if _, err := client.AppendToStream(soon(t), stream,
					esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, d...); err != nil {
					t.Fatal(err)
				}
			}
			mustAppend(t, s, center, 0, proposals("a", 2))
			put("orders-1", func(*esdb.EventData) {})
			put("Orders", func(*esdb.EventData) {})
			put("center-", func(*esdb.EventData) {})
			put("center-A", func(*esdb.EventData) {})
			put("center-中心", func(*esdb.EventData) {})
			put("policy-2", func(*esdb.EventData) {})
			put("center-OTHER", func(d *esdb.EventData) { d.ContentType = esdb.ContentTypeBinary })
			put("links", func(d *esdb.EventData) { d.EventType, d.Data = "$>", []byte("0@"+string(center)) })
			put("center-ODD", func(d *esdb.EventData) { d.EventType = "Not A Kind" })
			put("lines", func(d *esdb.EventData) { d.Data = []byte("{\n}") })
			put("$$"+string(center), func(d *esdb.EventData) {
				d.EventType, d.Data = "$metadata", []byte(`{"$acl":{"$r":"$all"},"owner":"财政厅"}`)
			})
			mustAppend(t, s, "policy", 0, proposals("p", 1))
			wantBodies(t, s.ReadAll(soon(t), 0), proposals("a", 2), proposals("p", 1))
			ctx, cancel := context.WithCancel(soon(t))
			defer cancel()
			n := 0
			for e, err := range s.Subscribe(ctx, 0) {
				if err != nil {
					break
				}
				if n++; e.Stream == "policy" {
					cancel()
				}
			}
			if n != 3 {
				t.Errorf("the subscription saw %d events", n)
			}
			// In a stream of the ledger, a stranger's event counts, and appending on top of it is refused by name.
			put(string(center), func(d *esdb.EventData) { d.ContentType = esdb.ContentTypeBinary })
			wantBodies(t, s.ReadStream(soon(t), center, 0), proposals("a", 2))
			_, err := s.Append(soon(t), center, 2, proposals("b", 1))
			wantTampered(t, err, center)
			places := mustAppend(t, s, center, 3, proposals("b", 1))
			if places[0].Revision != 4 {
				t.Errorf("it lies at %d", places[0].Revision)
			}
		})
	}
}

func TestAServerWhoseReadsDoNotSayWhereEventsLieIsRefused(t *testing.T) {
	for _, version := range []string{"21.10.0.0", "22.5.9.0"} {
		srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{Version: version})
		s := openOn(t, srv.ConnectionString(), quick())
		var refused *RefusedError
		if err := s.Ping(soon(t)); !errors.As(err, &refused) {
			t.Errorf("%s: %v", version, err)
		}
		if _, err := s.Append(soon(t), center, 0, proposals("a", 1)); !errors.As(err, &refused) ||
			errors.Is(err, events.ErrUnknown) {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func TestSeveralLedgersShareACluster(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	s := openOn(t, srv.ConnectionString(), quick())
	other := openOn(t, srv.ConnectionString(), quick(), func(o *Options) { o.Prefix = "trial." })
	mustAppend(t, s, center, 0, proposals("a", 2))
	mustAppend(t, other, center, 0, proposals("b", 3))
	wantBodies(t, s.ReadAll(soon(t), 0), proposals("a", 2))
	wantBodies(t, other.ReadAll(soon(t), 0), proposals("b", 3))
	wantBodies(t, other.ReadStream(soon(t), center, 1), proposals("b", 3)[1:])
}

// The end of a read is the end of $all, and the last event may belong to somebody else.
func TestAReadStopsAtItsEndThoughTheLedgerGoesOn(t *testing.T) {
	for _, version := range []string{"24.10.0.0", "22.10.0.0"} {
		t.Run(version, func(t *testing.T) {
			srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{Version: version})
			s := openOn(t, srv.ConnectionString(), quick())
			mustAppend(t, s, center, 0, proposals("a", 600)) // more than what is received ahead
			if _, err := bare(t, srv.ConnectionString()).AppendToStream(soon(t), "orders-1", noStream(),
				data("x", 1)...); err != nil {
				t.Fatal(err)
			}
			// of everything: where it ends, and then what there is, which breaks off and is read again
			var reads atomic.Int64
			srv.Break(func(c kurrenttest.Call) *kurrenttest.Fault {
				if c.Stream == "$all" && reads.Add(1) == 2 {
					return &kurrenttest.Fault{Strike: kurrenttest.Drop, After: 300}
				}
				return nil
			})
			n := 0
			for _, err := range s.ReadAll(soon(t), 0) {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n%100 == 1 {
					mustAppend(t, s, center, uint64(600+n/100), proposals(strings.Repeat("b", n), 1))
				}
			}
			if n != 600 {
				t.Errorf("it yielded %d events", n)
			}
		})
	}
}
