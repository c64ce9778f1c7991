package kurrenttest_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

// everything reads $all.
func everything(t *testing.T, client *esdb.Client, o esdb.ReadAllOptions, count uint64) []*esdb.RecordedEvent {
	t.Helper()
	r, err := client.ReadAll(soon(t), o, count)
	got, err := drain(t, r, err)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// filled returns a client of a server with streams of centers and others in turn.
func filled(t *testing.T) *esdb.Client {
	t.Helper()
	client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString())
	for i := range 20 {
		must(t)(client.AppendToStream(soon(t), "center-"+string(rune('A'+i)), atStart(),
			batch(string(rune('a'+i)), 1+i%3)...))
		must(t)(client.AppendToStream(soon(t), "other-"+string(rune('A'+i)), atStart(),
			batch(string(rune('a'+i)), 1+i%5)...))
	}
	return client
}

func TestPositionsIncreaseAndAreNotDense(t *testing.T) {
	client := filled(t)
	all := everything(t, client, esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxInt64)
	if !strings.HasPrefix(all[0].StreamID, "$") {
		t.Errorf("the first event is in %s, not the server's own", all[0].StreamID)
	}
	steps := map[uint64]bool{}
	for i := 1; i < len(all); i++ {
		if all[i].Position.Commit <= all[i-1].Position.Commit+1 {
			t.Fatalf("%v after %v", all[i].Position, all[i-1].Position)
		}
		steps[all[i].Position.Commit-all[i-1].Position.Commit] = true
	}
	if len(steps) < 2 {
		t.Errorf("positions can be guessed: all steps are %v", steps)
	}
}

func TestWhereReadsBeginAndEnd(t *testing.T) {
	client := filled(t)
	must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("s", 5)...))
	for _, test := range []struct {
		name string
		o    esdb.ReadStreamOptions
		n    uint64
		want []uint64
	}{
		{"forwards from a revision, which belongs to it", esdb.ReadStreamOptions{From: esdb.Revision(3)}, 9,
			[]uint64{3, 4}},
		{"forwards from the start, so many", esdb.ReadStreamOptions{From: esdb.Start{}}, 2, []uint64{0, 1}},
		{"forwards from the end", esdb.ReadStreamOptions{From: esdb.End{}}, 9, nil},
		{"forwards from beyond the end", esdb.ReadStreamOptions{From: esdb.Revision(7)}, 9, nil},
		{"backwards from a revision, which belongs to it",
			esdb.ReadStreamOptions{From: esdb.Revision(1), Direction: esdb.Backwards}, 9, []uint64{1, 0}},
		{"backwards from the end, so many", esdb.ReadStreamOptions{From: esdb.End{}, Direction: esdb.Backwards}, 1,
			[]uint64{4}},
		{"backwards from the start", esdb.ReadStreamOptions{From: esdb.Start{}, Direction: esdb.Backwards}, 9,
			[]uint64{0}},
	} {
		t.Run("a stream "+test.name, func(t *testing.T) {
			r, err := client.ReadStream(soon(t), "s", test.o, test.n)
			got, err := drain(t, r, err)
			var revisions []uint64
			for _, e := range got {
				revisions = append(revisions, e.EventNumber)
			}
			if err != nil || !slices.Equal(revisions, test.want) {
				t.Errorf("%v, %v, want %v", revisions, err, test.want)
			}
		})
	}
	all := everything(t, client, esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxInt64)
	mid := all[len(all)/2]
	t.Run("everything forwards from a position, which belongs to it", func(t *testing.T) {
		got := everything(t, client, esdb.ReadAllOptions{From: mid.Position}, 3)
		if len(got) != 3 || got[0].EventID != mid.EventID {
			t.Errorf("%d events", len(got))
		}
	})
	t.Run("everything backwards from a position, which does not belong to it", func(t *testing.T) {
		got := everything(t, client, esdb.ReadAllOptions{From: mid.Position, Direction: esdb.Backwards}, math.MaxInt64)
		if len(got) != len(all)/2 || got[0].EventID != all[len(all)/2-1].EventID {
			t.Errorf("%d events", len(got))
		}
	})
}

// heard holds the messages of a subscription until it caught up: events in order, and checkpoints with the number of
// events before each.
type heard struct {
	events      []*esdb.RecordedEvent
	checkpoints []esdb.Position
	before      []int
}

func listen(t *testing.T, client *esdb.Client, o esdb.SubscribeToAllOptions) heard {
	t.Helper()
	sub, err := client.SubscribeToAll(soon(t), o)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	var out heard
	for {
		e := sub.Recv()
		switch {
		case e.EventAppeared != nil:
			out.events = append(out.events, e.EventAppeared.OriginalEvent())
		case e.CheckPointReached != nil:
			out.checkpoints = append(out.checkpoints, *e.CheckPointReached)
			out.before = append(out.before, len(out.events))
		case e.CaughtUp != nil:
			return out
		case e.SubscriptionDropped != nil:
			t.Fatal(e.SubscriptionDropped.Error)
		}
	}
}

func TestAFilteredSubscriptionCanGoOnFromEveryEventAndEveryCheckpoint(t *testing.T) {
	client := filled(t)
	o := esdb.SubscribeToAllOptions{From: esdb.Start{}, MaxSearchWindow: 3, CheckpointInterval: 2,
		Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"center-"}}}
	all := listen(t, client, o)
	total := len(everything(t, client, esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxInt64))
	if len(all.checkpoints) != total/6 {
		t.Errorf("%d checkpoints after %d events looked at, want one each 6", len(all.checkpoints), total)
	}
	for _, e := range all.events {
		if !strings.HasPrefix(e.StreamID, "center-") {
			t.Fatalf("%s was let through", e.StreamID)
		}
	}
	goesOn := func(from esdb.Position, after int) {
		t.Helper()
		o.From = from
		rest := listen(t, client, o)
		same := slices.EqualFunc(rest.events, all.events[after:], func(a, b *esdb.RecordedEvent) bool {
			return a.EventID == b.EventID
		})
		if !same {
			t.Errorf("from %v: %d events, want the %d after the first %d", from, len(rest.events),
				len(all.events)-after, after)
		}
	}
	for i, c := range all.checkpoints {
		goesOn(c, all.before[i])
	}
	for i, e := range all.events {
		goesOn(e.Position, i+1)
	}
}

func TestFiltersChooseByPrefixOrExpressionOfStreamOrType(t *testing.T) {
	client := filled(t)
	granted := batch("granted", 2)
	granted[1].EventType = "subsidy.granted"
	must(t)(client.AppendToStream(soon(t), "center-Z", atStart(), granted...))
	for _, test := range []struct {
		filter *esdb.SubscriptionFilter
		want   int
	}{
		{&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"center-Z", "center-B"}}, 4},
		{&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "^center-[BZ]$"}, 4},
		{&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{"subsidy."}}, 1},
		{&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: "granted$"}, 1},
		{&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"nobody"}}, 0},
	} {
		got := listen(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: test.filter})
		if len(got.events) != test.want {
			t.Errorf("%+v: %d events, want %d", test.filter, len(got.events), test.want)
		}
	}
	if _, err := client.SubscribeToAll(soon(t),
		esdb.SubscribeToAllOptions{Filter: &esdb.SubscriptionFilter{Regex: "("}}); err == nil {
		t.Error("an expression that cannot be read was accepted")
	}
}

func TestASubscriptionBeginsAfterWhereItIsTold(t *testing.T) {
	follow := func(stream string, from esdb.StreamPosition) func(*testing.T,
		*esdb.Client) (*esdb.Subscription, error) {
		return func(t *testing.T, c *esdb.Client) (*esdb.Subscription, error) {
			return c.SubscribeToStream(soon(t), stream, esdb.SubscribeToStreamOptions{From: from})
		}
	}
	for _, test := range []struct {
		name string
		open func(*testing.T, *esdb.Client) (*esdb.Subscription, error)
		to   string // the stream that is appended to once the subscription is there
		want string
	}{
		{"the start of a stream", follow("s", esdb.Start{}), "s", "old/0 old/1 old/2 new/0"},
		{"a revision", follow("s", esdb.Revision(1)), "s", "old/2 new/0"},
		{"the end of a stream", follow("s", esdb.End{}), "s", "new/0"},
		{"a stream that is not yet", follow("late", esdb.Start{}), "late", "new/0"},
		{"the end of everything", func(t *testing.T, c *esdb.Client) (*esdb.Subscription, error) {
			return c.SubscribeToAll(soon(t), esdb.SubscribeToAllOptions{From: esdb.End{}})
		}, "late", "new/0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString())
			must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("old", 3)...))
			sub, err := test.open(t, client)
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			must(t)(client.AppendToStream(soon(t), test.to, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}},
				batch("new", 1)...))
			for _, want := range strings.Fields(test.want) {
				if e := next(t, sub); string(e.Data) != `{"note":"`+want+`"}` {
					t.Errorf("got %s, want %s", e.Data, want)
				}
			}
		})
	}
}

func TestAServerBefore23DoesNotSayThatASubscriptionHasCaughtUp(t *testing.T) {
	client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{Version: "22.10.0.0"}).ConnectionString())
	must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("a", 1)...))
	sub, err := client.SubscribeToStream(soon(t), "s", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	if e := sub.Recv(); e.EventAppeared == nil {
		t.Fatalf("%+v", e)
	}
	must(t)(client.AppendToStream(soon(t), "s", at(0), batch("b", 1)...))
	if e := sub.Recv(); e.EventAppeared == nil {
		t.Fatalf("%+v", e)
	}
}
