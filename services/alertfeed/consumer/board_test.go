package consumer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/alertfeed/consumer"
)

// board reads the board with a short patience.
func (f *feed) board(state string) (keys []string, at alertfeed.At, err error) {
	where := f.connection()
	where.Patience = 200 * time.Millisecond
	b, err := consumer.ReadBoard(f.t.Context(), where, state)
	if err != nil {
		return nil, at, err
	}
	for _, x := range b.Alerts {
		keys = append(keys, x.Key)
	}
	return keys, b.At, nil
}

// counted waits until the server counts every message as pending for a consumer that has read none. It does so a
// moment after it takes a message, and a board is of what is counted when it begins.
func (f *feed) counted() {
	f.t.Helper()
	wait(f.t, "the server to count its messages", func() (string, bool) {
		stream, err := f.js.Stream(f.t.Context(), alertfeed.StreamName)
		if err != nil {
			f.t.Fatal(err)
		}
		stored, c := stream.CachedInfo().State.Msgs, f.durable()
		return fmt.Sprintf("%d of %d", c.NumPending, stored), c.AckFloor.Stream > 0 || c.NumPending == stored
	})
}

func (f *feed) mustBoard(want alertfeed.At, keys ...string) {
	f.t.Helper()
	f.counted()
	got, at, err := f.board(f.nkey + ".state")
	if err != nil || at != want || !slices.Equal(got, keys) {
		f.t.Fatalf("%v as of %+v, %v", got, at, err)
	}
}

func TestTheBoardIsTheSetOfTheLastHead(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	if _, _, err := f.board(f.nkey + ".state"); text.CodeOf(err) != text.Unavailable {
		t.Fatalf("before the first head: %v", err)
	}
	for _, key := range []string{"B", "A", "C"} {
		f.say(key, raised, at(1, 1))
	}
	f.head(alertfeed.End, at(1, 1))
	f.mustBoard(at(1, 1), "A", "B", "C")
	f.say("B", cleared, at(1, 2))
	f.say("D", raised, at(1, 2))
	f.mustBoard(at(1, 1), "A", "B", "C") // B and D may not be all
	f.head(alertfeed.End, at(1, 2))
	f.mustBoard(at(1, 2), "A", "C", "D")
	f.head(alertfeed.Begin, at(2, 3))
	f.say("A", raised, at(2, 3))
	f.mustBoard(at(1, 2), "A", "C", "D") // C and D may come
	f.head(alertfeed.End, at(2, 3))
	f.mustBoard(at(2, 3), "A")
}

func TestTheBoardWaitsForTheHead(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.head(alertfeed.End, at(1, 1))
	f.say("A", raised, at(1, 2))
	f.counted()
	where := f.connection()
	where.Patience = time.Minute
	done := make(chan *consumer.Board)
	go func() {
		b, err := consumer.ReadBoard(t.Context(), where, f.nkey+".state")
		if err != nil {
			t.Error(err)
		}
		done <- b
	}()
	wait(t, "the board to read", func() (string, bool) {
		c := f.durable()
		return fmt.Sprintf("%+v", c), c.AckFloor.Stream == 2
	})
	f.head(alertfeed.End, at(1, 2))
	if b := <-done; b == nil || b.At != at(1, 2) || len(b.Alerts) != 1 {
		t.Errorf("got %+v", b)
	}
}

func TestTheBoardTakesNothingFromAWatch(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.say("A", raised, at(1, 1))
	f.head(alertfeed.End, at(1, 1))
	w := f.watch()
	w.sees("raised A")
	f.read()
	if _, _, err := f.board(f.nkey + ".state"); text.CodeOf(err) != text.Conflict ||
		!strings.Contains(err.Error(), "user of its own") {
		t.Fatalf("beside a watch: %v", err)
	}
	if _, _, err := f.board(f.nkey + ".elsewhere"); text.CodeOf(err) != text.Conflict { // the server knows of it
		t.Fatalf("beside a watch with another state: %v", err)
	}
	f.say("A", cleared, at(1, 2))
	w.sees("raised A", "cleared A")
	f.read()
	w.finish("raised A", "cleared A")

	f.say("B", raised, at(1, 3))
	f.head(alertfeed.End, at(1, 3))
	floor := f.durable().AckFloor.Stream
	f.mustBoard(at(1, 3), "B")
	if got := f.durable().AckFloor.Stream; got != floor {
		t.Errorf("the consumer was at %d, and the board left it at %d", floor, got)
	}
	// Another program, such as a board that was killed, may have read and acknowledged everything.
	last := f.durable().NumPending
	if _, err := f.js.ResetConsumerToSequence(t.Context(), alertfeed.StreamName, user, floor+last+10); err != nil {
		t.Fatal(err)
	}
	w = f.watch()
	w.sees("raised B")
	f.say("C", raised, at(1, 4))
	w.sees("raised B", "raised C")
	f.read()
	w.finish("raised B", "raised C")
}
