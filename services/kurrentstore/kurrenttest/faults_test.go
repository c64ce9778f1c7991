package kurrenttest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"

	. "github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

// patient are parameters with which a client searches for a server for a long time.
const patient = "&maxDiscoverAttempts=1000&discoveryInterval=10"

func TestAnAppendThatGoesWrongIsStoredOrNotAsPlanned(t *testing.T) {
	for _, test := range []struct {
		name   string
		fault  Fault
		want   esdb.ErrorCode
		stored string
	}{
		{"the connection drops first", Fault{Strike: Drop}, esdb.ErrorUnavailable, ""},
		{"the connection drops after", Fault{Strike: Drop, Stored: true}, esdb.ErrorUnavailable, "a/0"},
		{"it is refused", Fault{Strike: Reject}, esdb.ErrorUnavailable, ""},
		{"it is refused though stored", Fault{Strike: Reject, Stored: true, Code: codes.Aborted},
			esdb.ErrorAborted, "a/0"},
		{"it is never answered", Fault{Strike: Stall}, esdb.ErrorCodeDeadlineExceeded, ""},
		{"it is never answered though stored", Fault{Strike: Stall, Stored: true},
			esdb.ErrorCodeDeadlineExceeded, "a/0"},
		{"it takes longer", Fault{Strike: Slow, Wait: 10 * time.Millisecond}, -1, "a/0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := Start(t, ClusterConfig{})
			client := dial(t, srv.ConnectionString()+patient)
			wantNotes(t, client, "s", "")
			srv.Break(srv.Nth(Append, 1, test.fault))
			ctx := soon(t)
			if test.want == esdb.ErrorCodeDeadlineExceeded {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 2*time.Second)
				defer cancel()
			}
			_, err := client.AppendToStream(ctx, "s", atStart(), batch("a", 1)...)
			if code(err) != test.want {
				t.Errorf("%v", err)
			}
			wantNotes(t, client, "s", test.stored)
			must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("a", 1)...))
			wantNotes(t, client, "s", "a/0")
		})
	}
}

func TestAnAppendRefusedWhileItIsBeingSentHasNoCode(t *testing.T) {
	srv := Start(t, ClusterConfig{})
	client := dial(t, srv.ConnectionString())
	srv.Break(Every(Append, 1, Fault{Strike: Reject, Early: true}))
	large := esdb.EventData{EventType: "funds.spent", Data: bytes.Repeat([]byte("x"), 1<<18)}
	_, err := client.AppendToStream(soon(t), "s", atStart(), large, large, large, large)
	if code(err) != esdb.ErrorCodeUnknown {
		t.Errorf("%v", err)
	}
}

func TestALateAppendIsStoredWhenReleased(t *testing.T) {
	srv := Start(t, ClusterConfig{})
	client := dial(t, srv.ConnectionString()+patient)
	srv.Break(srv.Nth(Append, 1, Fault{Strike: Reject, Code: codes.DeadlineExceeded, Late: true}))
	if _, err := client.AppendToStream(soon(t), "s", atStart(),
		batch("a", 1)...); code(err) != esdb.ErrorCodeDeadlineExceeded {
		t.Fatalf("%v", err)
	}
	wantNotes(t, client, "s", "")
	if n := srv.Release(); n != 1 {
		t.Errorf("%d released", n)
	}
	wantNotes(t, client, "s", "a/0")
}

func TestAServerComesBackOnItsPortWithEverything(t *testing.T) {
	srv := Start(t, ClusterConfig{})
	client := dial(t, srv.ConnectionString()+patient)
	must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("a", 1)...))
	sub, err := client.SubscribeToStream(soon(t), "s", esdb.SubscribeToStreamOptions{From: esdb.Revision(0)})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	address := srv.Node(0).Address()
	srv.Node(0).Stop()
	for e := sub.Recv(); e.SubscriptionDropped == nil; e = sub.Recv() {
		if e.EventAppeared != nil {
			t.Fatalf("%+v", e.EventAppeared)
		}
	}
	if _, err := client.AppendToStream(soon(t), "s", at(0), batch("b", 1)...); code(err) != esdb.ErrorUnavailable {
		t.Errorf("%v", err)
	}
	if err := srv.Node(0).Restart(); err != nil {
		t.Fatal(err)
	}
	if srv.Node(0).Address() != address {
		t.Errorf("came back at %s", srv.Node(0).Address())
	}
	must(t)(client.AppendToStream(soon(t), "s", at(0), batch("b", 1)...))
	wantNotes(t, client, "s", "a/0 b/0")
}

func TestAPausedServerKeepsConnectionsAndSaysNothing(t *testing.T) {
	srv := Start(t, ClusterConfig{})
	client := dial(t, srv.ConnectionString())
	wantNotes(t, client, "s", "")
	before := srv.Node(0).Connections()
	srv.Node(0).Pause()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := client.AppendToStream(ctx, "s", atStart(),
		batch("a", 1)...); code(err) != esdb.ErrorCodeDeadlineExceeded {
		t.Errorf("%v", err)
	}
	if n := srv.Node(0).Connections(); n != before {
		t.Errorf("%d connections, %d before", n, before)
	}
	srv.Node(0).Resume()
	must(t)(client.AppendToStream(soon(t), "s", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}},
		batch("b", 1)...))
}

func TestSubscriptionsGoWrongAsPlanned(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault Fault
		want  []string // what is delivered before the end
		ends  bool
	}{
		{"dropped", Fault{Strike: Drop, After: 2}, []string{"a/0", "a/1"}, true},
		{"refused", Fault{Strike: Reject, After: 1}, []string{"a/0"}, true},
		{"one event twice", Fault{Strike: Duplicate, After: 1}, []string{"a/0", "a/1", "a/1", "a/2"}, false},
		{"slow", Fault{Strike: Slow, After: 1, Wait: time.Millisecond}, []string{"a/0", "a/1", "a/2"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := Start(t, ClusterConfig{})
			client := dial(t, srv.ConnectionString())
			must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("a", 3)...))
			srv.Break(Every(Subscribe, 1, test.fault))
			sub, err := client.SubscribeToStream(soon(t), "s", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			for _, want := range test.want {
				e := sub.Recv()
				if e.EventAppeared == nil ||
					string(e.EventAppeared.OriginalEvent().Data) != fmt.Sprintf(`{"note":%q}`, want) {
					t.Fatalf("%+v, want %s", e, want)
				}
			}
			if e := sub.Recv(); (e.SubscriptionDropped != nil) != test.ends {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestAStalledReadNeverEndsAndItsConnectionStaysOpen(t *testing.T) {
	srv := Start(t, ClusterConfig{})
	client := dial(t, srv.ConnectionString())
	must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("a", 3)...))
	srv.Break(Every(Read, 1, Fault{Strike: Stall, After: 1}))
	r, err := client.ReadStream(soon(t), "s", esdb.ReadStreamOptions{From: esdb.Start{}}, 9)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Recv(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := r.Recv()
		ended <- err
	}()
	must(t)(client.AppendToStream(soon(t), "s", at(2), batch("b", 1)...)) // the same connection
	select {
	case err := <-ended:
		t.Errorf("the read ended: %v", err)
	default:
	}
	r.Close()
	if err := <-ended; err == nil {
		t.Error("a closed read went on")
	}
}

func TestANodeThatDoesNotLeadSaysWhoDoes(t *testing.T) {
	srv := Start(t, ClusterConfig{Nodes: 3})
	client := dial(t, srv.ConnectionString()+"&nodePreference=leader"+patient)
	must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("a", 1)...))
	srv.Elect(2)
	srv.Break(func(c Call) *Fault {
		if c.Method == Append && c.Node != 2 {
			return &Fault{Strike: NotLeader}
		}
		return nil
	})
	_, err := client.AppendToStream(soon(t), "s", at(0), batch("b", 1)...)
	if code(err) != esdb.ErrorCodeNotLeader {
		t.Fatalf("%v", err)
	}
	must(t)(client.AppendToStream(soon(t), "s", at(0), batch("b", 1)...))
	for tick, ctx := time.NewTicker(time.Millisecond), soon(t); srv.Node(2).Connections() != 1; {
		// that of a look around may just be closing
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%d connections to the leader", srv.Node(2).Connections())
		}
	}
}

func TestANodeThatLagsShowsWhatWas(t *testing.T) {
	srv := Start(t, ClusterConfig{Nodes: 2})
	client := dial(t, "esdb://"+srv.Node(1).Address()+"?tls=false")
	must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("a", 1)...))
	srv.Node(1).Lag()
	must(t)(client.AppendToStream(soon(t), "s", at(0), batch("b", 1)...))
	wantNotes(t, client, "s", "a/0")
	wantNotes(t, dial(t, "esdb://"+srv.Node(0).Address()+"?tls=false"), "s", "a/0 b/0")
	sub, err := client.SubscribeToStream(soon(t), "s", esdb.SubscribeToStreamOptions{From: esdb.Revision(0)})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	srv.Node(1).CatchUp()
	if e := next(t, sub); e.EventNumber != 1 {
		t.Errorf("%+v", e)
	}
}

func TestDiscoveryFailsWhileNoNodeAnswers(t *testing.T) {
	srv := Start(t, ClusterConfig{Nodes: 2})
	srv.Break(func(c Call) *Fault {
		if c.Method == Gossip {
			return &Fault{Strike: Reject}
		}
		return nil
	})
	client := dial(t, srv.ConnectionString()+"&maxDiscoverAttempts=2&discoveryInterval=1")
	_, err := client.AppendToStream(soon(t), "s", atStart(), batch("a", 1)...)
	var e *esdb.Error
	if !errors.As(err, &e) || srv.Calls(Gossip) == 0 {
		t.Errorf("%v after %d calls", err, srv.Calls(Gossip))
	}
	if srv.Calls(Append) != 0 {
		t.Error("an append came through")
	}
}
