package consumer_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/alertfeed/consumer"
	"github.com/taizhang/taizhang/services/listen/listentest"
)

const (
	raised    = alertfeed.Raised
	cleared   = alertfeed.Cleared
	withdrawn = alertfeed.Withdrawn
)

func TestAWatchBeginsWithWhatIsOpenAndGoesOn(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.head(alertfeed.Begin, at(1, 1))
	for _, key := range []string{"B", "A", "C", "D"} {
		f.say(key, raised, at(1, 1))
	}
	f.head(alertfeed.End, at(1, 1))
	f.say("C", cleared, at(1, 2))
	f.say("D", withdrawn, at(1, 2))
	f.say("B", cleared, at(1, 3))
	f.say("B", raised, at(1, 4))
	w := f.watch()
	w.sees("raised A", "raised B")
	f.say("C", raised, at(1, 5))
	f.say("A", cleared, at(1, 6))
	f.say("A", cleared, at(1, 6)) // as a publisher that has lost an acknowledgement might
	f.say("E", cleared, at(1, 7)) // raised and cleared between two looks
	f.say("F", withdrawn, at(1, 7))
	f.say("D", raised, at(1, 8))
	want := []string{"raised A", "raised B", "raised C", "cleared A", "cleared E", "raised D"}
	w.sees(want...)
	f.read()
	w.finish(want...)

	f.say("A", raised, at(1, 9))
	w = f.watch()
	w.sees("raised A")
	f.read()
	w.finish("raised A")
}

func TestFromStartForgetsTheState(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.say("A", raised, at(1, 1))
	f.say("B", raised, at(1, 1))
	w := f.watch()
	w.sees("raised A", "raised B")
	f.read()
	w.finish("raised A", "raised B")
	f.say("B", cleared, at(1, 2))
	w = f.watch(func(w *consumer.Follower) { w.FromStart = true })
	w.sees("raised A")
	f.read()
	w.finish("raised A")
}

func TestOnlyWhatIsAskedForIsActedOn(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	other := name("B")
	other.Code = "AL-EXE-02"
	f.head(alertfeed.End, at(1, 1))
	w := f.watch(func(w *consumer.Follower) {
		w.Only = access.NATSFilter{Families: []string{"EXE"}, Severities: []string{"red"},
			Centers: []string{"ZJ-0001"}}
	})
	w.ready()
	f.say("A", raised, at(1, 1))
	f.sayOf(other, raised, at(1, 1))
	w.sees("raised B")
	f.read()
	w.finish("raised B")
	w = f.watch() // it was read, though not acted on
	f.say("C", raised, at(1, 2))
	w.sees("raised C")
}

// If an alert was raised and the watch was killed before it could note the act, the end of the alert is still
// acted on.
func TestAnAlertThatEndsAfterAKillWithinItsActIsToldToBeOver(t *testing.T) {
	t.Parallel()
	for _, kind := range []alertfeed.StateKind{cleared, withdrawn} {
		f := newFeed(t)
		f.say("A", raised, at(1, 1))
		if did := f.killed("raised A"); len(did) != 1 { // while it reads the stream for the first time
			t.Fatalf("it did %v", did)
		}
		f.say("A", kind, at(1, 2))
		w := f.watch()
		w.sees(string(kind) + " A")
		f.read()
		w.finish(string(kind) + " A")
		w = f.watch()
		f.say("B", raised, at(1, 3))
		w.sees("raised B")
		w.finish("raised B")
	}
}

func TestAKilledWatchRepeatsTheActThatItWasAtAndNoOther(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.say("A", raised, at(1, 1))
	f.say("B", raised, at(1, 1))
	f.say("C", raised, at(1, 1))
	if did := f.killed("raised B"); !slices.Equal(did, []string{"raised A", "raised B"}) {
		t.Fatalf("it did %v", did)
	}
	w := f.watch()
	w.sees("raised B", "raised C")
	f.read()
	w.finish("raised B", "raised C")

	f.say("A", cleared, at(1, 2))
	f.say("B", cleared, at(1, 2))
	f.say("C", cleared, at(1, 2))
	if did := f.killed("cleared B"); !slices.Equal(did, []string{"cleared A", "cleared B"}) {
		t.Fatalf("it did %v", did)
	}
	w = f.watch()
	w.sees("cleared B", "cleared C")
	f.read()
	w.finish("cleared B", "cleared C")
}

func TestADeathWithinAGenerationWithdrawsNothingThatIsStated(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.head(alertfeed.End, at(1, 1))
	for _, key := range []string{"A", "B", "C"} {
		f.say(key, raised, at(1, 1))
	}
	w := f.watch()
	w.sees("raised A", "raised B", "raised C")
	f.read()
	w.finish("raised A", "raised B", "raised C")

	f.head(alertfeed.Begin, at(2, 9))
	f.say("A", raised, at(2, 9))
	f.say("N", raised, at(2, 9))
	f.say("B", raised, at(2, 9))
	f.head(alertfeed.End, at(2, 9))
	if did := f.killed("raised N"); !slices.Equal(did, []string{"raised N"}) {
		// A, N, B and the head were delivered and not acknowledged
		t.Fatalf("it did %v", did)
	}
	if n := f.durable().NumAckPending; n == 0 {
		t.Fatal("nothing was delivered without being acknowledged")
	}
	w = f.watch()
	w.sees("raised N", "withdrawn C")
	f.read()
	w.finish("raised N", "withdrawn C")
}

func TestAWatchSurvivesTheServer(t *testing.T) { // not beside others, which might take the port meanwhile
	f := newFeed(t)
	f.say("A", raised, at(1, 1))
	w := f.watch()
	w.sees("raised A")
	if err := f.server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.say("B", raised, at(1, 2))
	w.sees("raised A", "raised B")
	f.read()
	w.finish("raised A", "raised B")
}

func TestADurableConsumerThatIsMadeAnewRepeatsNothing(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.say("A", raised, at(1, 1))
	w := f.watch()
	w.sees("raised A")
	f.deleteDurable()
	f.say("A", cleared, at(1, 2))
	f.makeDurable()
	w.sees("raised A", "cleared A")
	f.read()
	w.finish("raised A", "cleared A")
}

func TestAStreamThatIsMadeAnewIsComparedWithTheState(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.head(alertfeed.End, at(1, 1))
	for _, key := range []string{"A", "B", "C"} {
		f.say(key, raised, at(1, 1))
	}
	for _, isRunning := range []bool{true, false} {
		t.Run(map[bool]string{true: "while a watch runs", false: "while none runs"}[isRunning], func(t *testing.T) {
			generation := map[bool]uint64{true: 2, false: 3}[isRunning]
			w := f.watch(func(w *consumer.Follower) { w.FromStart = isRunning })
			want := []string{}
			if isRunning {
				want = []string{"raised A", "raised B", "raised C"}
			}
			w.sees(want...)
			f.read()
			if !isRunning {
				w.finish(want...)
				want = nil
			}
			if err := f.js.DeleteStream(t.Context(), alertfeed.StreamName); err != nil {
				t.Fatal(err)
			}
			f.makeStream()
			f.head(alertfeed.Begin, at(generation, 5))
			f.say("A", raised, at(generation, 5))
			f.say("B", map[bool]alertfeed.StateKind{true: cleared, false: raised}[isRunning], at(generation, 5))
			f.say("D", map[bool]alertfeed.StateKind{true: raised, false: cleared}[isRunning], at(generation, 5))
			f.head(alertfeed.End, at(generation, 5))
			f.makeDurable()
			if !isRunning {
				w = f.watch()
				want = []string{"raised B", "cleared D"}
			} else {
				want = append(want, "cleared B", "raised D", "withdrawn C")
			}
			wait(t, "the differences", func() (string, bool) { // read at once or one by one, in one order or another
				got := w.seen()
				slices.Sort(got)
				sorted := slices.Clone(want)
				slices.Sort(sorted)
				return strings.Join(got, ", "), slices.Equal(got, sorted)
			})
			f.read()
			if err := w.stop(); err != nil || len(w.seen()) != len(want) {
				t.Fatalf("%v, %v", err, w.seen())
			}
		})
	}
}

func TestAStreamThatEndsBeforeWhatWasReadIsSaidToBeOld(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.say("A", raised, at(1, 3))
	f.say("A", cleared, at(1, 5))
	f.counted()
	w := f.watch()
	w.ready() // a whole stream is acknowledged before the state has it
	f.read()
	w.finish()
	earlier := at(2, 9)
	earlier.Epoch = "2025-12-31T00:00:00.000000Z"
	for _, c := range []struct {
		ends  alertfeed.At
		isOld bool
	}{{at(1, 5), false}, {at(1, 4), true}, {earlier, true}, {at(2, 1), false}} {
		if err := f.js.DeleteStream(t.Context(), alertfeed.StreamName); err != nil {
			t.Fatal(err)
		}
		f.makeStream()
		f.makeDurable()
		f.head(alertfeed.End, c.ends)
		f.counted()
		w = f.watch()
		wait(t, "what people are told", func() (string, bool) {
			told := strings.Join(w.told(), "\n")
			return told, strings.Contains(told, "what follows is new")
		})
		if told := strings.Join(w.told(), "\n"); strings.Contains(told,
			"the stream is older than what was read before") != c.isOld {
			t.Errorf("of a stream that ends at %+v people are told %q", c.ends, told)
		}
		w.finish(w.seen()...)
	}
}

func TestAStreamThatIsPutBackIsComparedWithTheState(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.say("A", raised, at(1, 1))
	f.say("B", raised, at(1, 1))
	f.say("C", raised, at(1, 2))
	w := f.watch()
	w.sees("raised A", "raised B", "raised C")
	f.read()
	w.finish("raised A", "raised B", "raised C")
	// An old copy without C gets a new generation, with the same number of messages and the same durable consumer.
	s, err := f.js.Stream(t.Context(), alertfeed.StreamName)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteMsg(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	f.head(alertfeed.Begin, at(2, 2))
	f.say("C", raised, at(2, 2))
	f.say("A", raised, at(2, 2))
	f.head(alertfeed.End, at(2, 2))
	w = f.watch()
	w.sees("withdrawn B")
	f.read()
	w.finish("withdrawn B")
}

func TestAnotherFilterIsReadFromTheStart(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	yellow := name("Y")
	yellow.Severity = "yellow"
	over := name("Z")
	over.Severity = "yellow"
	f.say("A", raised, at(1, 1))
	f.say("B", raised, at(1, 1))
	f.sayOf(yellow, raised, at(1, 1))
	f.sayOf(over, cleared, at(1, 1))
	f.deleteDurable()
	f.makeDurable((alertfeed.Filter{Severities: []string{"red"}}).Subjects()...)
	w := f.watch()
	w.sees("raised A", "raised B")
	f.read()
	f.deleteDurable()
	f.say("B", cleared, at(1, 2))
	f.makeDurable() // all severities
	w.sees("raised A", "raised B", "cleared B", "raised Y")
	f.read()
	w.finish("raised A", "raised B", "cleared B", "raised Y")

	f.deleteDurable()
	f.makeDurable((alertfeed.Filter{Severities: []string{"yellow"}}).Subjects()...)
	f.head(alertfeed.Begin, at(2, 3))
	f.say("A", raised, at(2, 3))
	f.sayOf(yellow, raised, at(2, 3))
	f.sayOf(over, cleared, at(2, 3))
	f.head(alertfeed.End, at(2, 3))
	f.sayOf(yellow, cleared, at(2, 4))
	w = f.watch()
	w.sees("cleared Y") // A and B are of no concern any more, and so not withdrawn
	f.read()
	w.finish("cleared Y")
}

func TestAManyMessagesAtOnceAreReadOnceAndInOrder(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.head(alertfeed.End, at(1, 1))
	w := f.watch()
	w.ready()
	var want []string
	for i := range 3 {
		for j := range 400 {
			key := "K" + string(rune('A'+j/26)) + string(rune('A'+j%26))
			kind := []alertfeed.StateKind{raised, cleared, raised}[i]
			f.say(key, kind, at(1, uint64(i+1)))
			want = append(want, string(kind)+" "+key)
		}
	}
	w.sees(want...)
	f.read()
	w.finish(want...)
	w = f.watch()
	f.say("Z", raised, at(1, 9))
	w.sees("raised Z")
}

func TestASlowActKeepsTheOrder(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.ackWait = 100 * time.Millisecond
	f.deleteDurable()
	f.makeDurable()
	f.head(alertfeed.End, at(1, 1))
	go1 := make(chan struct{})
	w := f.watch(func(w *consumer.Follower) {
		do := w.Do
		w.Do = func(ctx context.Context, e *consumer.Event) error {
			if e.Key == "A" && e.Act.Act == raised {
				<-go1
			}
			return do(ctx, e)
		}
	})
	w.ready()
	f.say("A", raised, at(1, 1))
	f.say("A", cleared, at(1, 2))
	f.say("B", raised, at(1, 2))
	wait(t, "the server to deliver again", func() (string, bool) {
		c := f.durable()
		return fmt.Sprint(c.NumRedelivered), c.NumRedelivered > 0
	})
	close(go1)
	w.sees("raised A", "cleared A", "raised B")
	f.say("A", raised, at(1, 3))
	w.sees("raised A", "cleared A", "raised B", "raised A")
	f.read()
	w.finish("raised A", "cleared A", "raised B", "raised A")
}

func TestAnActThatFailsEndsTheWatchAndIsDoneAgain(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.say("A", raised, at(1, 1))
	f.say("B", raised, at(1, 1))
	no := text.Errorf(text.Internal, "不行", "no")
	w := f.watch(func(w *consumer.Follower) {
		w.Do = func(_ context.Context, e *consumer.Event) error {
			if e.Key == "B" {
				return no
			}
			return nil
		}
	})
	if err := w.ended(); err != no {
		t.Fatalf("got %v", err)
	}
	w = f.watch()
	w.sees("raised B")
	w.finish("raised B")
}

func TestWhatEndsAWatch(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	stranger := f.addUser("stranger")
	f.users = f.users[:1] // it was never added
	code := func(change func(*consumer.Follower)) error {
		w := consumer.Follower{FeedConnection: f.connection(), State: f.nkey + ".other",
			Do: func(context.Context, *consumer.Event) error { return nil }}
		w.Patience = 300 * time.Millisecond
		change(&w)
		return w.Run(t.Context())
	}
	open := f.dir + "/open.nk"
	if err := os.WriteFile(open, []byte("SU"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*consumer.Follower)
		want   text.ErrorCode
		says   string
	}{
		{"nobody listens", func(w *consumer.Follower) { w.URL = "nats://" + listentest.FreeAddress(t) }, text.Unavailable,
			"taizhang serve"},
		{"a key that is not known", func(w *consumer.Follower) { w.NKey = stranger }, text.Forbidden,
			"does not accept the key"},
		{"another name", func(w *consumer.Follower) { w.Durable = "other" }, text.Forbidden, "may not read"},
		{"a file that others may read", func(w *consumer.Follower) { w.NKey = open }, text.Forbidden, "mode 0644"},
		{"a file that is no state", func(w *consumer.Follower) { w.State = f.nkey }, text.Invalid, "not a state"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := code(c.change)
			if text.CodeOf(err) != c.want || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v (%s)", err, text.CodeOf(err))
			}
		})
	}
	t.Run("no consumer", func(t *testing.T) {
		f.deleteDurable()
		defer f.makeDurable()
		if err := code(func(*consumer.Follower) {}); text.CodeOf(err) != text.NotFound {
			t.Errorf("got %v", err)
		}
	})
	t.Run("two of them", func(t *testing.T) {
		w := f.watch()
		f.say("A", raised, at(1, 1))
		w.sees("raised A")
		if err := code(func(w *consumer.Follower) { w.State = f.nkey + ".state" }); text.CodeOf(err) != text.Conflict {
			t.Errorf("got %v", err)
		}
		w.finish("raised A")
	})
	t.Run("a key that is revoked", func(t *testing.T) {
		ended := make(chan error, 1)
		w := consumer.Follower{FeedConnection: f.connection(), State: f.nkey + ".third"}
		began := make(chan struct{})
		w.Do = func(context.Context, *consumer.Event) error { close(began); return nil }
		go func() { ended <- w.Run(t.Context()) }()
		<-began
		if err := f.server.SetUsers(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			if text.CodeOf(err) != text.Forbidden || !strings.Contains(err.Error(), "revoked") {
				t.Errorf("got %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Error("it goes on")
		}
	})
}

func TestTwoProgramsOfOneUserAreNoticed(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	w := f.watch()
	f.say("A", raised, at(1, 1))
	w.sees("raised A")
	f.read()
	if _, err := f.js.ResetConsumerToSequence(t.Context(), alertfeed.StreamName, user, 1); err != nil {
		// as another program would
		t.Fatal(err)
	}
	f.say("A", cleared, at(1, 2))
	w.sees("raised A", "cleared A")
	f.read()
	w.finish("raised A", "cleared A")
	if !strings.Contains(strings.Join(w.notes, "\n"), "another program") {
		t.Errorf("people were told %q", w.notes)
	}
}

func TestAStateOfAnotherLedgerIsRefused(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	first, second := f.source, "urn:uuid:00000000-0000-0000-0000-000000000002"
	f.source = alertfeed.NoLedger
	f.head(alertfeed.End, at(1, 0))
	w := f.watch()
	w.ready()
	f.source = first // its first record
	f.say("A", raised, at(1, 1))
	w.sees("raised A")
	f.read()
	w.finish("raised A")

	state := func() string {
		content, err := os.ReadFile(f.nkey + ".state")
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	refused := func(w *watching) {
		t.Helper()
		select {
		case <-w.over:
		case <-time.After(30 * time.Second):
			t.Fatalf("it goes on, and people were told %q", w.told())
		}
		err := w.ended()
		if text.CodeOf(err) != text.Conflict || !strings.Contains(err.Error(), first) ||
			!strings.Contains(err.Error(), second) {
			t.Fatalf("got %v", err)
		}
	}
	before := state()
	if !strings.Contains(before, `"source":"`+first+`"`) {
		t.Fatalf("the state does not say of which ledger it is:\n%s", before)
	}
	for _, generation := range []uint64{1, 2} { // not later than that of the state, and later
		if err := f.js.DeleteStream(t.Context(), alertfeed.StreamName); err != nil {
			t.Fatal(err)
		}
		f.makeStream()
		f.makeDurable()
		f.source = second
		f.head(alertfeed.Begin, at(generation, 1))
		f.say("B", raised, at(generation, 1))
		f.head(alertfeed.End, at(generation, 1))
		w = f.watch()
		refused(w)
		if did := w.seen(); len(did) > 0 || state() != before {
			t.Fatalf("it did %v, and the state is\n%s", did, state())
		}
		if told := w.told(); len(told) > 0 { // nothing went to what it had asked for at the place of its state
			t.Fatalf("people were told %q", told)
		}
	}
	anew := func(w *consumer.Follower) { w.FromStart = true }
	w = f.watch(anew)
	w.sees("raised B")
	f.read()
	w.finish("raised B")
	f.say("B", cleared, at(2, 2))
	w = f.watch()
	w.sees("cleared B")

	f.source, first, second = first, second, first // which states its alerts in the same stream, by hand
	f.head(alertfeed.Begin, at(3, 1))
	refused(w)
	f.say("A", raised, at(3, 1))
	f.head(alertfeed.End, at(3, 1))
	w = f.watch(anew)
	w.sees("raised A")
	f.read()
	w.finish("raised A")
}

func TestPeopleAreToldOnceThatNoServerAnswers(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	nowhere := "nats://" + listentest.FreeAddress(t)
	w := f.watch(func(w *consumer.Follower) { w.URL, w.Patience = nowhere, 5*time.Second })
	if err := w.ended(); text.CodeOf(err) != text.Unavailable {
		t.Errorf("got %v", err)
	}
	if got := w.told(); len(got) != 1 || got[0] != "waiting for the NATS server at "+nowhere {
		t.Errorf("people were told %q", got)
	}
}

func TestACheckpointIsPassedOver(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.deleteDurable()
	f.makeDurable((alertfeed.Filter{Checkpoints: true}).Subjects()...)
	checkpoint := func() {
		t.Helper()
		if _, err := f.js.Publish(t.Context(), alertfeed.CheckpointSubject, []byte("taizhang.zj/2026")); err != nil {
			t.Fatal(err)
		}
	}
	checkpoint()
	f.say("A", raised, at(1, 1))
	f.head(alertfeed.End, at(1, 1))
	w := f.watch()
	w.sees("raised A")
	checkpoint()
	f.say("B", raised, at(1, 2))
	w.sees("raised A", "raised B")
	f.read() // and acknowledged
	w.finish("raised A", "raised B")
}
