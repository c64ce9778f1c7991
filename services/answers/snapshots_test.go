package answers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// keeping is a snapshots over a ledger at a position, with a count of the answers made.
type keeping struct {
	*snapshots
	position uint64
	now      time.Time
	made     int
}

func newKeeping() *keeping {
	k := &keeping{position: 1, now: time.Unix(0, 0)}
	k.snapshots = newSnapshots(func() time.Time { return k.now }, func() uint64 { return k.position })
	return k
}

// ask asks a question, whose answer is of some bytes.
func (k *keeping) ask(t testing.TB, question byte, point string, bytes int) *Snapshot {
	t.Helper()
	id := ID{question}
	s, _, err := k.answer(t.Context(),
		asked{knownKey{id, point}, 0, func(context.Context, *Snapshot) (*Snapshot, error) {
			k.made++
			return &Snapshot{id: snapshotID{id, k.position}, Content: Content{Above: make([]byte, bytes)}}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (k *keeping) expect(t testing.TB, made int) {
	t.Helper()
	if k.made != made {
		t.Errorf("expected %d answers to be made, got %d", made, k.made)
	}
}

func TestAnAnswerIsMadeOnceAPosition(t *testing.T) {
	k := newKeeping()
	first := k.ask(t, 1, "", 1)
	if k.ask(t, 1, "", 1) != first {
		t.Error("the same question at the same position has another answer")
	}
	k.expect(t, 1)
	k.ask(t, 2, "", 1)
	k.ask(t, 1, "1", 1)
	k.ask(t, 1, "1", 1)
	k.expect(t, 3)
	k.position = 2
	if s := k.ask(t, 1, "", 1); s.id.position != 2 {
		t.Errorf("the answer is of position %d", s.id.position)
	}
	if k.find(first.id) == nil {
		t.Error("the answer of the position before is not kept")
	}
	k.now = k.now.Add(snapshotAge)
	if k.find(first.id) != nil || k.bytes != 0 || len(k.byID)+len(k.newest)+len(k.known) > 0 {
		t.Errorf("something is kept for too long: %d bytes", k.bytes)
	}
}

func TestAnAnswerIsKeptUnderTheScopeItWasMadeIn(t *testing.T) {
	k := newKeeping()
	before, after := ID{1}, ID{2}
	for _, point := range []string{"", "1"} {
		a := asked{knownKey{before, point}, 0, func(context.Context, *Snapshot) (*Snapshot, error) {
			return &Snapshot{id: snapshotID{after, k.position}}, nil
		}}
		if _, _, err := k.answer(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		k.ask(t, 2, point, 1)
		k.expect(t, 0)
		if k.newest[before] != nil || k.known[knownKey{before, point}] != nil {
			t.Errorf("as known at %q, it is kept under the scope before", point)
		}
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	k := newKeeping()
	const quarter = snapshotBytesMax/4 - 4096
	first := k.ask(t, 1, "", quarter)
	second := k.ask(t, 2, "", quarter)
	for q := byte(3); q < 5; q++ {
		k.ask(t, q, "", quarter)
	}
	k.ask(t, 1, "", quarter) // so that the second is the one not asked for the longest
	k.ask(t, 5, "", quarter)
	if k.find(first.id) == nil || k.find(second.id) != nil || k.bytes > snapshotBytesMax {
		t.Errorf("kept: the first %v, the second %v, %d bytes", k.find(first.id) != nil,
			k.find(second.id) != nil, k.bytes)
	}
	if s := k.ask(t, 6, "", snapshotBytesMax+1); s == nil || k.bytes > snapshotBytesMax {
		t.Errorf("an answer that is too long to be kept: %d bytes are kept", k.bytes)
	}
}

func TestRequestsForTheSameAnswerWaitForOne(t *testing.T) {
	k := newKeeping()
	id := ID{1}
	making, release := make(chan struct{}), make(chan struct{})
	a := asked{knownKey{question: id}, 0, func(context.Context, *Snapshot) (*Snapshot, error) {
		k.made++
		close(making)
		<-release
		return &Snapshot{id: snapshotID{id, 1}}, nil
	}}
	var all sync.WaitGroup
	one := func() {
		if _, _, err := k.answer(t.Context(), a); err != nil {
			t.Error(err)
		}
	}
	all.Go(one)
	<-making
	for range 5 {
		all.Go(one)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, _, err := k.answer(gone, a); !errors.Is(err, context.Canceled) {
		t.Errorf("one that leaves gets %v", err)
	}
	close(release)
	all.Wait()
	k.expect(t, 1)
}

func TestAnAnswerThatFailsIsMadeAgain(t *testing.T) {
	k := newKeeping()
	a := asked{}
	for i := range 2 {
		want := fmt.Errorf("failure %d", i)
		a.make = func(context.Context, *Snapshot) (*Snapshot, error) { return nil, want }
		if _, _, err := k.answer(t.Context(), a); err != want {
			t.Errorf("expected %v, got %v", want, err)
		}
	}
	a.make = func(context.Context, *Snapshot) (*Snapshot, error) { panic("on purpose") }
	func() {
		defer func() { _ = recover() }()
		_, _, _ = k.answer(t.Context(), a)
	}()
	k.ask(t, 0, "", 1)
}

func TestMakingAnswersTakesAShareOfTheTime(t *testing.T) {
	k := newKeeping()
	old := k.ask(t, 1, "", 1)
	k.position = 2
	k.share.left = -time.Hour
	if k.ask(t, 1, "", 1) != old {
		t.Error("the share is used up, and an answer is made")
	}
	id := ID{1}
	if s, _, err := k.answer(t.Context(),
		asked{knownKey{question: id}, 2, func(context.Context, *Snapshot) (*Snapshot, error) {
			return &Snapshot{id: snapshotID{id, 2}}, nil
		}}); err != nil || s.id.position != 2 {
		t.Errorf("at least position 2: got %v, %v", s, err)
	}
	k.position = 3
	k.newest[id].made = time.Now().Add(-staleMax - time.Second)
	if s := k.ask(t, 1, "", 1); s.id.position != 3 {
		t.Errorf("an answer that is too old is handed out: %d", s.id.position)
	}
}

func TestWhoWaitsForLongGetsTheAnswerBefore(t *testing.T) {
	k := newKeeping()
	old := k.ask(t, 1, "", 1)
	k.position = 2
	id := ID{1}
	making, release := make(chan struct{}), make(chan struct{})
	a := asked{knownKey{question: id}, 0, func(_ context.Context, before *Snapshot) (*Snapshot, error) {
		if before != old {
			t.Errorf("it is made from %v", before)
		}
		close(making)
		<-release
		return &Snapshot{id: snapshotID{id, 2}}, nil
	}}
	var all sync.WaitGroup
	var late *Snapshot
	all.Go(func() {
		if s, made, err := k.answer(t.Context(), a); err != nil || !made || s.id.position != 2 {
			t.Errorf("got %v, %v, %v", s, made, err)
		}
	})
	<-making
	if s, made, err := k.answer(t.Context(), a); err != nil || made || s != old {
		t.Errorf("who waits gets %v, %v, %v", s, made, err)
	}
	all.Go(func() { // who asks for a position waits for it
		a.atLeast = 2
		late, _, _ = k.answer(t.Context(), a)
	})
	time.AfterFunc(2*waitMax, func() { close(release) })
	all.Wait()
	if late == nil || late.id.position != 2 {
		t.Errorf("at least position 2: got %v", late)
	}
}
