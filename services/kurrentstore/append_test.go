package kurrentstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

// count returns the number of events that the bare client reads in a stream.
func count(t *testing.T, client *esdb.Client, stream string) int {
	t.Helper()
	r, err := client.ReadStream(soon(t), stream, esdb.ReadStreamOptions{From: esdb.Start{}}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	list, err := gather(r)
	if err != nil && fateOf(err) != missing {
		t.Fatal(err)
	}
	return len(list)
}

// Client defect 5: the client's error does not show whether an append was rejected early or its acknowledgement was
// lost.
func TestAppendsInDoubtAreSettledAndStoredOnce(t *testing.T) {
	t.Parallel()
	wide := proposals("wide", 40) // more than the client sends before it hears of a rejection
	for i := range wide {
		wide[i].Body = events.MustObject(fmt.Sprintf(`{"note":"%s"}`, strings.Repeat("宽", 2000)))
	}
	for name, fault := range map[string]kurrenttest.Fault{
		"rejected before it is read":        {Strike: kurrenttest.Reject, Early: true},
		"dropped before it is stored":       {Strike: kurrenttest.Drop},
		"dropped after it was stored":       {Strike: kurrenttest.Drop, Stored: true},
		"aborted after it was stored":       {Strike: kurrenttest.Reject, Code: codes.Aborted, Stored: true},
		"never answered, not stored":        {Strike: kurrenttest.Stall},
		"never answered, stored":            {Strike: kurrenttest.Stall, Stored: true},
		"never answered, stored much later": {Strike: kurrenttest.Stall, Late: true},
		"dropped, stored much later":        {Strike: kurrenttest.Drop, Late: true},
		"a deadline passed on the server": {Strike: kurrenttest.Reject, Code: codes.DeadlineExceeded,
			Stored: true},
		"an error that says nothing, stored":   {Strike: kurrenttest.Reject, Code: codes.Unknown, Stored: true},
		"an error that says nothing, not kept": {Strike: kurrenttest.Reject, Code: codes.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
			client := bare(t, srv.ConnectionString())
			limit := time.Second
			srv.Break(srv.Nth(kurrenttest.Append, 1, fault))
			options := noStream()
			options.Deadline = &limit
			var list []esdb.EventData
			for i := range wide {
				list = append(list, written(&wide[i]))
			}
			if _, err := client.AppendToStream(soon(t), "other-1", options, list...); err == nil ||
				fateOf(err) == impossible || fateOf(err) == outdated {
				t.Errorf("the bare client answers %v", err)
			}
			srv.Release()

			l := quick()
			l.call = limit
			s := openOn(t, srv.ConnectionString(), l)
			srv.Break(srv.Nth(kurrenttest.Append, 1, fault))
			places := mustAppend(t, s, center, 0, wide)
			srv.Release()
			if places[39].Revision != 40 || places[39].RecordedAt.IsZero() {
				t.Errorf("the store answers %+v", places[39])
			}
			wantBodies(t, s.ReadStream(soon(t), center, 0), wide)
			wantBodies(t, s.ReadAll(soon(t), 0), wide)
		})
	}
}

// Client defect 5, if the fault persists.
func TestAnAppendThatStaysInDoubtSaysSo(t *testing.T) {
	t.Parallel()
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	s := openOn(t, srv.ConnectionString(), quick(), func(o *Options) { o.Patience = 3 * time.Second })
	mustAppend(t, s, center, 0, proposals("a", 1))
	srv.Break(kurrenttest.Every(kurrenttest.Append, 1, kurrenttest.Fault{Strike: kurrenttest.Drop, Late: true}))
	_, err := s.Append(soon(t), center, 1, proposals("b", 2))
	var unreachable *UnreachableError
	if !errors.Is(err, events.ErrUnknown) || !errors.As(err, &unreachable) || errors.Is(err, ErrBehind) {
		t.Fatalf("got %v", err)
	}
	if text := text.Of(err); !strings.Contains(text.Zh, "是否已入账尚不确定") ||
		!strings.Contains(text.En, "whether this was recorded is unknown") {
		t.Errorf("users are told %q", text)
	}
	wantBodies(t, s.ReadStream(soon(t), center, 0), proposals("a", 1))
	srv.Break(nil)
	if n := srv.Release(); n < 2 {
		t.Errorf("%d appends were held back", n)
	}
	wantBodies(t, s.ReadStream(soon(t), center, 0), proposals("a", 1), proposals("b", 2))
	again := mustAppend(t, s, center, 1, proposals("b", 2))
	if again[0].Revision != 2 || again[1].Revision != 3 {
		t.Errorf("the repeat answers %v", again)
	}
}

// A refusal after an append in doubt does not settle it.
func TestARefusalDoesNotSettleAnAppendInDoubt(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	s := openOn(t, srv.ConnectionString(), quick())
	mustAppend(t, s, center, 0, proposals("a", 1))
	first := srv.Calls(kurrenttest.Append) + 1
	srv.Break(func(c kurrenttest.Call) *kurrenttest.Fault {
		switch {
		case c.Method != kurrenttest.Append:
			return nil
		case c.N == first:
			return &kurrenttest.Fault{Strike: kurrenttest.Drop, Late: true}
		}
		return &kurrenttest.Fault{Strike: kurrenttest.Reject, Code: codes.PermissionDenied}
	})
	if _, err := s.Append(soon(t), center, 1, proposals("b", 1)); !errors.Is(err, events.ErrUnknown) {
		t.Errorf("after doubt: %v", err)
	}
	var refused *RefusedError
	if _, err := s.Append(soon(t), center, 1, proposals("c", 1)); !errors.As(err, &refused) ||
		errors.Is(err, events.ErrUnknown) || refused.Why.Zh == "" {
		t.Errorf("without doubt: %v", err)
	}
}

// Client defect 6: esdb.FromError recognizes neither wrapped errors nor bare statuses, and takes a nil error for a
// failure.
func TestErrorsAreToldApartHoweverTheyAreWrapped(t *testing.T) {
	if _, ok := esdb.FromError(nil); !ok {
		t.Error("FromError(nil) has changed")
	}
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	client := bare(t, srv.ConnectionString())
	if _, err := client.AppendToStream(soon(t), "other-1", noStream(), data("x", 1)...); err != nil {
		t.Fatal(err)
	}
	if _, err := client.TombstoneStream(soon(t), "other-1", esdb.TombstoneStreamOptions{
		ExpectedRevision: esdb.Any{}}); err != nil {
		t.Fatal(err)
	}
	_, err := client.DeleteStream(soon(t), "other-1", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
	if said, _ := esdb.FromError(err); said.Code() != esdb.ErrorCodeUnknown || fateOf(err) != gone {
		t.Errorf("a wrapped error: FromError says %v, the store %v", said.Code(), fateOf(err))
	}
	sub, err := client.SubscribeToAll(soon(t), esdb.SubscribeToAllOptions{From: esdb.End{}})
	if err != nil {
		t.Fatal(err)
	}
	srv.Node(0).Cut()
	dropped := sub.Recv()
	for dropped.SubscriptionDropped == nil {
		dropped = sub.Recv()
	}
	err = dropped.SubscriptionDropped.Error
	if said, _ := esdb.FromError(err); said.Code() != esdb.ErrorCodeUnknown || fateOf(err) != away {
		t.Errorf("a bare status: FromError says %v, the store %v", said.Code(), fateOf(err))
	}
}

// Client defects 7 and 19: a zero id means a random one, and an append of nothing succeeds.
func TestAppendsWithoutIdsOrWithoutEventsAreRefused(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	client := bare(t, srv.ConnectionString())
	nameless := data("x", 1)
	nameless[0].EventID = uuid.Nil
	if _, err := client.AppendToStream(soon(t), "other-1", noStream(), nameless...); err != nil {
		t.Fatal(err)
	}
	if _, err := client.AppendToStream(soon(t), "other-1", noStream(),
		nameless...); codeOf(err) != esdb.ErrorCodeWrongExpectedVersion {
		t.Errorf("the bare client, the same append again: %v", err)
	}
	if _, err := client.AppendToStream(soon(t), "empty-1", noStream()); err != nil {
		t.Errorf("the bare client, nothing: %v", err)
	}
	s := openOn(t, srv.ConnectionString(), quick())
	batch := proposals("a", 1)
	batch[0].ID = uuid.Nil
	var problems events.Problems
	for _, b := range [][]events.Proposed{batch, nil} {
		if _, err := s.Append(soon(t), center, 0, b); !errors.As(err, &problems) {
			t.Errorf("the store: %v", err)
		}
	}
	if n := count(t, client, string(center)); n != 0 {
		t.Errorf("%d events were appended", n)
	}
}

// Client defect 8: without an expected revision there is no check at all.
func TestEveryAppendIsChecked(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	client := bare(t, srv.ConnectionString())
	for _, seed := range []string{"x", "y"} {
		if _, err := client.AppendToStream(soon(t), "other-1", esdb.AppendToStreamOptions{},
			data(seed, 1)...); err != nil {
			t.Errorf("the bare client checked: %v", err)
		}
	}
	s := openOn(t, srv.ConnectionString(), quick())
	mustAppend(t, s, center, 0, proposals("a", 2))
	var conflict *events.ConflictError
	for _, expected := range []uint64{0, 1, 3} {
		if _, err := s.Append(soon(t), center, expected, proposals("b", 1)); !errors.As(err, &conflict) ||
			conflict.Actual != 2 {
			t.Errorf("expected %d: %v", expected, err)
		}
	}
}

// Client defect 9: the client returns the current revision of the stream only as text.
func TestAConflictSaysWhereTheStreamIs(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	client := bare(t, srv.ConnectionString())
	s := openOn(t, srv.ConnectionString(), quick())
	mustAppend(t, s, center, 0, proposals("a", 7))
	_, err := client.AppendToStream(soon(t), string(center), at(1), data("x", 1)...)
	if codeOf(err) != esdb.ErrorCodeWrongExpectedVersion || !strings.Contains(err.Error(), "'6'") {
		t.Errorf("the bare client: %v", err)
	}
	var conflict *events.ConflictError
	if _, err := s.Append(soon(t), center, 2, proposals("b", 1)); !errors.As(err, &conflict) || conflict.Actual != 7 ||
		conflict.Expected != 2 {
		t.Errorf("the store: %v", err)
	}
}

// The server recognizes a repeat by ids alone; the store compares the stored events.
func TestOtherContentUnderTheSameIdsIsNoRepeatThoughTheServerSaysSo(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	client := bare(t, srv.ConnectionString())
	s := openOn(t, srv.ConnectionString(), quick())
	first := mustAppend(t, s, center, 0, proposals("a", 2))
	other := proposals("a", 2)
	other[1].Body = events.MustObject(`{"note":"other-1"}`)
	if _, err := client.AppendToStream(soon(t), string(center), noStream(), written(&other[0]),
		written(&other[1])); err != nil {
		t.Errorf("the bare client: %v", err)
	}
	var conflict *events.ConflictError
	if _, err := s.Append(soon(t), center, 0, other); !errors.As(err, &conflict) || conflict.Actual != 2 {
		t.Errorf("the store: %v", err)
	}
	if again := mustAppend(t, s, center, 0, proposals("a", 2)); again[1] != first[1] {
		t.Errorf("the true repeat answers %v, first %v", again[1], first[1])
	}
}

// Client defect 12: the node to which the client is connected serves reads, however far behind it is.
func TestWhatWasAppendedIsReadThroughANodeThatIsBehind(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{Nodes: 2})
	follower := "esdb://" + srv.Node(1).Address() + "?tls=false"
	client := bare(t, follower)
	s := openOn(t, follower, quick())
	mustAppend(t, s, center, 0, proposals("a", 1))
	srv.Node(1).Lag()
	if _, err := client.AppendToStream(soon(t), string(center), at(0), data("b", 1)...); err != nil {
		t.Fatal(err)
	}
	r, err := client.ReadStream(soon(t), string(center),
		esdb.ReadStreamOptions{From: esdb.Start{}, RequiresLeader: true}, 10)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := gather(r); err != nil || len(list) != 1 {
		t.Errorf("the bare client reads %d events of 2, %v", len(list), err)
	}

	done := make(chan error)
	go func() {
		var conflict *events.ConflictError
		_, err := s.Append(soon(t), center, 1, proposals("c", 1)) // the node still shows what is expected
		if !errors.As(err, &conflict) || conflict.Actual != 2 {
			done <- fmt.Errorf("conflict: %w", err)
			return
		}
		if _, err = s.Append(soon(t), center, 2, proposals("c", 1)); err == nil {
			_, err = bodies(s.ReadStream(soon(t), center, 0))
		}
		done <- err
	}()
	looked := srv.Calls(kurrenttest.Read)
	until(t, "the store looks again", func() bool { return srv.Calls(kurrenttest.Read) > looked+10 })
	select {
	case err := <-done:
		t.Fatalf("it was content with a node that is behind: %v", err)
	default:
	}
	srv.Node(1).CatchUp()
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	srv.Node(1).Lag()
	other := openOn(t, "esdb://"+srv.Node(0).Address()+"?tls=false", quick())
	// as if this store had been on the other node for a while
	s.saw(center, mustAppend(t, other, center, 3, proposals("d", 1))[0])
	reads := srv.Calls(kurrenttest.Read)
	for _, read := range []iter.Seq2[events.Stored, error]{s.ReadAll(soon(t), 0), s.ReadStream(soon(t), center, 0)} {
		go func() {
			got, err := bodies(read)
			if err == nil && len(got) != 4 {
				err = fmt.Errorf("%d events", len(got))
			}
			done <- err
		}()
	}
	go func() { // the node shows a conflict, but with a revision that the stream has passed
		var conflict *events.ConflictError
		_, err := s.Append(soon(t), center, 1, proposals("e", 1))
		if !errors.As(err, &conflict) || conflict.Actual != 4 {
			done <- fmt.Errorf("conflict: %w", err)
			return
		}
		done <- nil
	}()
	until(t, "the store reads again and again", func() bool { return srv.Calls(kurrenttest.Read) > reads+40 })
	srv.Node(1).CatchUp()
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	wantBodies(t, s.ReadAll(soon(t), 0), proposals("a", 1), proposals("b", 1), proposals("c", 1), proposals("d", 1))
}

func TestABatchOverWhatTheServerTakesIsRefusedBeforeItIsSent(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	s := openOn(t, srv.ConnectionString(), quick(), func(o *Options) { o.AppendBytesMax = 0 })
	batch := proposals("a", 2)
	for i := range batch {
		batch[i].Body = events.MustObject(fmt.Sprintf(`{"note":"%s"}`, bytes.Repeat([]byte("x"), 600_000)))
	}
	var large *text.Error
	if _, err := s.Append(soon(t), center, 0, batch); !errors.As(err, &large) || large.Code != text.Refused ||
		!strings.Contains(large.What.En, "over the 1048576 bytes") {
		t.Fatalf("got %v", err)
	}
	if n := srv.Calls(kurrenttest.Append); n != 0 {
		t.Errorf("%d appends were sent", n)
	}
	mustAppend(t, s, center, 0, batch[:1])

	tight := openOn(t, srv.ConnectionString(), quick(),
		func(o *Options) { o.AppendBytesMax = len(batch[0].Body.String()) + 2*len(batch[0].Kind) - 1 })
	if _, err := tight.Append(soon(t), center, 1, batch[1:]); !errors.As(err, &large) {
		t.Errorf("a batch that is too large with its kind: %v", err)
	}

	wrong := openOn(t, srv.ConnectionString(), quick(), func(o *Options) { o.Patience = 3 * time.Second })
	_, err := wrong.Append(soon(t), center, 1, append(proposals("b", 1), batch[1], batch[0]))
	var refused *RefusedError
	if !errors.As(err, &refused) && !errors.Is(err, events.ErrUnknown) {
		t.Errorf("a server that takes less than said: %v", err)
	}
}

// A refusal to Append must not depend on the cluster.
func TestStreamsThatAreNotTheLedgersAreNotAppendedTo(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	s := openOn(t, srv.ConnectionString(), quick())
	for _, name := range []events.StreamID{"orders-1", "center-", "policy-2", "$settings", "$$policy", "$all"} {
		if _, err := s.Append(context.Background(), name, 0, proposals("a", 1)); err == nil {
			t.Errorf("%s was appended to", name)
		}
	}
	if n := srv.Calls(kurrenttest.Append); n != 0 {
		t.Errorf("%d appends were sent", n)
	}
}
