package kurrentstore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

// tamper is a change of a stream that an account with the right to it can make.
type tamper func(t *testing.T, client *esdb.Client, stream string)

// say returns a tamper that writes metadata of a stream.
func say(metadata string) tamper {
	return func(t *testing.T, client *esdb.Client, stream string) {
		t.Helper()
		_, err := client.AppendToStream(soon(t), "$$"+stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}},
			esdb.EventData{EventID: uuid.New(), EventType: "$metadata", ContentType: esdb.ContentTypeJson,
				Data: []byte(metadata)})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func remove(t *testing.T, client *esdb.Client, stream string) {
	t.Helper()
	if _, err := client.DeleteStream(soon(t), stream,
		esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}}); err != nil {
		t.Fatal(err)
	}
}

func tombstone(t *testing.T, client *esdb.Client, stream string) {
	t.Helper()
	if _, err := client.TombstoneStream(soon(t), stream, esdb.TombstoneStreamOptions{
		ExpectedRevision: esdb.Any{}}); err != nil {
		t.Fatal(err)
	}
}

var tampers = map[string]tamper{
	"$maxCount":        say(`{"$maxCount":2}`),
	"$maxAge":          say(`{"owner":"x","$maxAge":1}`),
	"$tb":              say(`{"$tb":3}`),
	"$maxCount, twice": say(`{"$maxCount":2,"$maxCount":2}`),
	"deleted":          remove,
	"tombstoned":       tombstone,
	"deleted and revived": func(t *testing.T, client *esdb.Client, stream string) {
		remove(t, client, stream)
		if _, err := client.AppendToStream(soon(t), stream, noStream(), data("revived", 1)...); err != nil {
			t.Fatal(err)
		}
	},
}

// If an operator hides events of a stream, the bare client's reads are shorter without an error. The store's reads
// return an error: AL-LED-01.
func TestAHistoryThatIsHiddenIsAnErrorAndNeverShorter(t *testing.T) {
	for name, do := range tampers {
		t.Run(name, func(t *testing.T) {
			srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
			client := bare(t, srv.ConnectionString())
			s := openOn(t, srv.ConnectionString(), quick())
			places := mustAppend(t, s, center, 0, proposals("a", 5))
			mustAppend(t, s, "policy", 0, proposals("p", 1))
			live := make(chan error)
			begun := make(chan struct{})
			ctx, cancel := context.WithCancel(soon(t))
			defer cancel()
			go func() {
				n := 0
				for _, err := range s.Subscribe(ctx, 0) {
					if err != nil {
						live <- err
						return
					}
					if n++; n == 6 {
						close(begun)
					}
				}
			}()
			select {
			case <-begun:
			case err := <-live:
				t.Fatalf("the subscription ended: %v", err)
			}
			do(t, client, string(center))
			wantTampered(t, <-live, center)
			if name != "$maxAge" { // nothing is that old yet
				if r, err := client.ReadStream(soon(t), string(center), esdb.ReadStreamOptions{From: esdb.Start{}},
					10); err == nil {
					if list, _ := gather(r); len(list) >= 5 {
						t.Errorf("the bare client still reads %d events", len(list))
					}
				}
			}

			for who, s := range map[string]*Store{
				"who knows the stream": s, "who does not": openOn(t, srv.ConnectionString(), quick())} {
				_, err := bodies(s.ReadStream(soon(t), center, 0))
				wantTampered(t, err, center)
				_, err = bodies(s.ReadStream(soon(t), center, 4))
				wantTampered(t, err, center)
				_, err = bodies(s.ReadAll(soon(t), 0))
				wantTampered(t, err, center)
				_, err = bodies(s.ReadAll(soon(t), places[4].Position))
				wantTampered(t, err, center)
				_, err = bodies(s.Subscribe(soon(t), places[4].Position))
				wantTampered(t, err, center)
				_, err = s.Append(soon(t), center, 5, proposals("b", 1))
				wantTampered(t, err, center)
				if t.Failed() {
					t.Log(who)
				}
			}
			wantBodies(t, s.ReadStream(soon(t), "policy", 0), proposals("p", 1))
			mustAppend(t, s, "policy", 1, proposals("q", 1))
		})
	}
}

// A stream may have been changed long before the position at which a read begins.
func TestWhatWasDoneBeforeAReadBeginsIsNoticed(t *testing.T) {
	for name, do := range tampers {
		for _, version := range []string{"24.10.0.0", "22.10.0.0"} {
			t.Run(name+" "+version, func(t *testing.T) {
				srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{Version: version})
				client := bare(t, srv.ConnectionString())
				s := openOn(t, srv.ConnectionString(), quick())
				mustAppend(t, s, center, 0, proposals("a", 5))
				do(t, client, string(center))
				last := mustAppend(t, s, "policy", 0, proposals("p", 2))
				fresh := openOn(t, srv.ConnectionString(), quick())
				for range 2 {
					_, err := bodies(fresh.ReadAll(soon(t), last[0].Position))
					wantTampered(t, err, center)
				}
				_, err := bodies(fresh.Subscribe(soon(t), last[1].Position))
				wantTampered(t, err, center)
			})
		}
	}
}

// A node that is behind must not make the store believe that nothing was changed.
func TestANodeThatIsBehindDoesNotSayThatNothingWasDone(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"24.10.0.0", "22.10.0.0"} {
		t.Run(version, func(t *testing.T) {
			srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{Nodes: 2, Version: version})
			leader := "esdb://" + srv.Node(0).Address() + "?tls=false"
			s := openOn(t, leader, quick())
			mustAppend(t, s, center, 0, proposals("a", 5))
			srv.Node(1).Lag()
			say(`{"$maxCount":2}`)(t, bare(t, leader), string(center))
			last := mustAppend(t, s, "policy", 0, proposals("p", 2))
			fresh := openOn(t, "esdb://"+srv.Node(1).Address()+"?tls=false", quick(),
				func(o *Options) { o.Patience = 3 * time.Second })
			if got, err := bodies(fresh.ReadAll(soon(t), last[0].Position)); !errors.Is(err, ErrBehind) {
				t.Errorf("while it is behind: %d events, %v", len(got), err)
			}
			srv.Node(1).CatchUp()
			_, err := bodies(fresh.ReadAll(soon(t), last[0].Position))
			wantTampered(t, err, center)
		})
	}
}

func TestMetadataThatWasTakenBackInTimeDoesNoHarm(t *testing.T) {
	for _, version := range []string{"24.10.0.0", "22.10.0.0"} {
		t.Run(version, func(t *testing.T) {
			srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{Version: version})
			client := bare(t, srv.ConnectionString())
			s := openOn(t, srv.ConnectionString(), quick())
			a := proposals("a", 5)
			places := mustAppend(t, s, center, 0, a)
			for _, metadata := range []string{`{"$maxCount":2}`, `{"$acl":{"$r":"$all"}}`, `{"$tb":2}`, `not JSON`,
				`{"$tb":null}`} {
				say(metadata)(t, client, string(center))
			}
			say(`{"$maxCount":2}`)(t, client, "orders-1")
			for range 2 {
				wantBodies(t, s.ReadAll(soon(t), 0), a)
				wantBodies(t, s.ReadAll(soon(t), places[2].Position), a[3:])
				wantBodies(t, s.ReadStream(soon(t), center, 0), a)
			}
			mustAppend(t, s, center, 5, proposals("b", 1))
		})
	}
}

// If a subscription sees a change of metadata after a stream was found complete, the next append returns the error.
func TestAnAppendNoticesMetadataThatASubscriptionSaw(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	client := bare(t, srv.ConnectionString())
	s := openOn(t, srv.ConnectionString(), quick())
	mustAppend(t, s, center, 0, proposals("a", 2))
	ended := make(chan error)
	go func() {
		_, err := bodies(s.Subscribe(soon(t), 0))
		ended <- err
	}()
	say(`{"$maxCount":1000000}`)(t, client, string(center))
	wantTampered(t, <-ended, center)
	_, err := s.Append(soon(t), center, 2, proposals("b", 1))
	wantTampered(t, err, center)
	say(`{}`)(t, client, string(center))
	mustAppend(t, s, center, 2, proposals("b", 1))
}

// A change that a subscription saw during a check of metadata is newer than the result of the check.
func TestALookAtMetadataDoesNotOutweighWhatASubscriptionSawMeanwhile(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	client := bare(t, srv.ConnectionString())
	s := openOn(t, srv.ConnectionString(), standardLimits())
	say(`{}`)(t, client, string(center))
	mustAppend(t, s, "policy", 0, proposals("p", 1))
	begun, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		for _, err := range s.Subscribe(soon(t), 0) {
			if err != nil {
				ended <- err
				return
			}
			close(begun)
		}
	}()
	<-begun
	looked := make(chan struct{})
	look := srv.Nth(kurrenttest.Read, 1, kurrenttest.Fault{Strike: kurrenttest.Slow, Wait: time.Second})
	srv.Break(func(c kurrenttest.Call) *kurrenttest.Fault {
		f := look(c)
		if f != nil {
			close(looked)
		}
		return f
	})
	answer := make(chan error, 1)
	go func() {
		_, err := s.Append(soon(t), center, 0, proposals("a", 1))
		answer <- err
	}()
	<-looked
	say(`{"$maxCount":2}`)(t, client, string(center))
	wantTampered(t, <-ended, center)
	if err := <-answer; err != nil {
		wantTampered(t, err, center) // the look was late enough to find it by itself
		return
	}
	_, err := s.Append(soon(t), center, 1, proposals("b", 1))
	wantTampered(t, err, center)
}

// A subscription notices changes of a stream even if it has not yielded an event of that stream.
func TestASubscriptionThatBeginsLaterNoticesWhatIsDoneToAnyStream(t *testing.T) {
	for name, do := range tampers {
		t.Run(name, func(t *testing.T) {
			srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
			s := openOn(t, srv.ConnectionString(), quick())
			mustAppend(t, s, center, 0, proposals("a", 5))
			last := mustAppend(t, s, "policy", 0, proposals("p", 1))
			ended, begun := make(chan error), make(chan struct{})
			go func() {
				for e, err := range s.Subscribe(soon(t), last[0].Position) {
					if err != nil {
						ended <- err
						return
					}
					if e.Stream == "policy" {
						close(begun)
					}
				}
			}()
			mustAppend(t, s, "policy", 1, proposals("q", 1))
			select {
			case <-begun:
			case err := <-ended:
				t.Fatalf("the subscription ended: %v", err)
			}
			do(t, bare(t, srv.ConnectionString()), string(center))
			wantTampered(t, <-ended, center)
		})
	}
}

// Some servers send checkpoints beyond events that they have not sent yet. An event after a checkpoint must not be
// dropped as old.
func TestACheckpointHidesNoEvent(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	s := openOn(t, srv.ConnectionString(), quick())
	n := 0
	out := &tap{s: s, ctx: soon(t), yield: func(events.Stored, error) bool { n++; return true }}
	for _, follow := range []bool{true, false} {
		r := &allRead{s: s, fromStart: true, heads: map[events.StreamID]uint64{}, out: out, follow: follow, end: 1000}
		for i, it := range []item{recorded(0, 10), {}, recorded(1, 20), {}, recorded(2, 30)} {
			if done, err := r.take(soon(t), it); done || err != nil {
				t.Fatalf("item %d: %v, %v", i, done, err)
			}
		}
	}
	if n != 6 {
		t.Errorf("%d events were handed out", n)
	}
}

// recorded returns an event of the center's stream as the client returns it.
func recorded(number, position uint64) item {
	p := proposals(fmt.Sprint(number), 1)[0]
	return item{event: &esdb.RecordedEvent{EventID: p.ID, EventType: string(p.Kind), ContentType: contentJSON,
		StreamID: string(center), EventNumber: number,
		Data: []byte(p.Body.String()), Position: esdb.Position{Commit: position, Prepare: position}}}
}

// A gap is an error even without a change of metadata: here the server leaves out the middle of a stream.
func TestAGapInAStreamIsAnErrorInEveryRead(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	s := openOn(t, srv.ConnectionString(), quick())
	mustAppend(t, s, center, 0, proposals("a", 5))
	r := &allRead{s: s, fromStart: true, heads: map[events.StreamID]uint64{},
		out: &tap{s: s, ctx: soon(t), yield: func(events.Stored, error) bool { return true }}, follow: true}
	for i := range uint64(2) {
		if _, err := r.take(soon(t), recorded(i, 10+i)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.take(soon(t), recorded(3, 20))
	wantTampered(t, err, center)
	headless := &allRead{s: s, fromStart: true, heads: map[events.StreamID]uint64{}, out: r.out, follow: true}
	_, err = headless.take(soon(t), recorded(1, 5))
	wantTampered(t, err, center)
	later := &allRead{s: s, heads: map[events.StreamID]uint64{}, out: r.out, follow: true}
	if _, err := later.take(soon(t), recorded(7, 30)); err != nil {
		t.Fatal(err)
	}
	_, err = later.take(soon(t), recorded(9, 40))
	wantTampered(t, err, center)
	one := &streamRead{s: s, stream: center, out: r.out, at: 1}
	_, err = one.take(soon(t), recorded(3, 50))
	wantTampered(t, err, center)
	if fateOf(err) != impossible || errors.Is(err, events.ErrUnknown) {
		t.Errorf("a gap would be tried again: %v", err)
	}
}

// A node that is behind at the end of a read and catches up a moment later must not make the read shorter.
func TestANodeThatCatchesUpAsAReadEndsMakesItNoShorter(t *testing.T) {
	for _, version := range []string{"24.10.0.0", "22.10.0.0"} {
		t.Run(version, func(t *testing.T) {
			for moment := int64(1); moment <= 3; moment++ {
				srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{Nodes: 2, Version: version})
				leader := openOn(t, "esdb://"+srv.Node(0).Address()+"?tls=false", quick())
				mustAppend(t, leader, center, 0, proposals("a", 2))
				srv.Node(1).Lag()
				last := mustAppend(t, leader, center, 2, proposals("b", 1))[0]
				s := openOn(t, "esdb://"+srv.Node(1).Address()+"?tls=false", quick())
				s.saw(center, last)
				var reads atomic.Int64
				srv.Break(func(c kurrenttest.Call) *kurrenttest.Fault {
					if c.Stream == "$all" && c.Method == kurrenttest.Read && reads.Add(1) == moment {
						srv.Node(1).CatchUp()
					}
					return nil
				})
				wantBodies(t, s.ReadAll(soon(t), 0), proposals("a", 2), proposals("b", 1))
			}
		})
	}
}

// A cluster restored from an old copy has lost acknowledged events. A subscription that begins after them must not
// wait without an error.
func TestAClusterThatLostItsEndIsNoticed(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	s := openOn(t, srv.ConnectionString(), quick())
	last := mustAppend(t, s, center, 0, proposals("a", 3))[2]
	fresh := openOn(t, srv.ConnectionString(), quick(), func(o *Options) { o.Patience = 3 * time.Second })
	srv.Node(0).Lag()
	if _, err := bodies(fresh.Subscribe(soon(t), last.Position+1000)); !errors.Is(err, ErrBehind) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(soon(t))
	cancel()
	if _, err := bodies(fresh.Subscribe(ctx, last.Position)); !errors.Is(err, context.Canceled) {
		t.Errorf("from the end: %v", err)
	}
}

// A subscription may reach a node that is behind only after another node had the event after which the subscription
// begins.
func TestASubscriptionEndsOnANodeThatStaysBehind(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{Nodes: 2})
	s := openOn(t, srv.ConnectionString(), quick())
	mustAppend(t, s, center, 0, proposals("a", 1))
	srv.Node(1).Lag()
	last := mustAppend(t, s, center, 1, proposals("b", 1))[0]
	fresh := openOn(t, srv.ConnectionString(), quick(), func(o *Options) { o.Patience = 3 * time.Second })
	var reads atomic.Int64 // of everything: the first asks whether the node has that position
	srv.Break(func(c kurrenttest.Call) *kurrenttest.Fault {
		if c.Stream == "$all" && c.Method == kurrenttest.Read && reads.Add(1) == 2 {
			srv.Elect(1)
			return &kurrenttest.Fault{Strike: kurrenttest.Drop}
		}
		return nil
	})
	if _, err := bodies(fresh.Subscribe(soon(t), last.Position)); !errors.Is(err, ErrBehind) {
		t.Errorf("got %v", err)
	}
	if n := reads.Load(); n < 3 {
		t.Errorf("%d reads", n)
	}
}
