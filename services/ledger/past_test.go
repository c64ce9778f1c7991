package ledger

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// building are pasts whose builds end when the test says.
type building struct {
	*pasts
	begun chan uint64 // the position of each build that begins
	end   chan error  // how the build that is under way ends

	mu    sync.Mutex
	count int // builds under way
	most  int
}

func newBuilding(t *testing.T) *building {
	b := &building{begun: make(chan uint64, 100), end: make(chan error)}
	b.pasts = newPasts(func(ctx context.Context, position uint64) (*projections.Register, error) {
		b.under(1)
		defer b.under(-1)
		b.begun <- position
		select {
		case err := <-b.end:
			r := projections.NewRegister()
			r.Reached(position)
			return r, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	t.Cleanup(b.close)
	return b
}

func (b *building) under(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count += n
	b.most = max(b.most, b.count)
}

// answer is the result of one call.
type answer struct {
	*projections.Register
	err error
}

// asks asks for a position in a goroutine, and returns when the call waits.
func (b *building) asks(ctx context.Context, t *testing.T, position uint64) <-chan answer {
	t.Helper()
	before := b.waits()
	got := make(chan answer, 1)
	go func() {
		r, err := b.at(ctx, position)
		got <- answer{r, err}
	}()
	until(t, func() bool { return b.waits() == before+1 })
	return got
}

func (b *building) waits() int {
	b.pasts.mu.Lock()
	defer b.pasts.mu.Unlock()
	return b.waiting
}

func (b *building) keeps() (positions []uint64) {
	b.pasts.mu.Lock()
	defer b.pasts.mu.Unlock()
	for _, p := range b.kept {
		positions = append(positions, p.position)
	}
	return positions
}

// until waits until a condition holds.
func until(t *testing.T, so func() bool) {
	t.Helper()
	for late := time.Now().Add(time.Minute); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("it never was so")
		}
	}
}

// has asks for a position and lets it be built at once.
func (b *building) has(t *testing.T, position uint64) {
	t.Helper()
	got := b.asks(t.Context(), t, position)
	<-b.begun
	b.end <- nil
	if a := <-got; a.err != nil || a.Position() != position {
		t.Fatalf("got %+v", a)
	}
}

func TestWhoAsksForTheSamePositionSharesOneBuild(t *testing.T) {
	b := newBuilding(t)
	var got []<-chan answer
	for _, position := range []uint64{3, 5, 3, 5, 3} {
		got = append(got, b.asks(t.Context(), t, position))
	}
	b.end <- nil
	b.end <- nil
	var first [6]*projections.Register
	for _, c := range got {
		a := <-c
		if a.err != nil {
			t.Fatal(a.err)
		}
		if was := &first[a.Position()]; *was == nil {
			*was = a.Register
		} else if *was != a.Register {
			t.Errorf("position %d has two", a.Position())
		}
	}
	if len(b.begun) != 2 || <-b.begun != 3 || <-b.begun != 5 || b.most != 1 {
		t.Errorf("%d were built, %d at once", len(b.begun)+2, b.most)
	}
}

func TestTwoAreKeptAndTheOneAskedForLeastRecentlyGivesWay(t *testing.T) {
	b := newBuilding(t)
	b.has(t, 1)
	b.has(t, 2)
	for range 3 { // kept
		if r, err := b.at(t.Context(), 1); err != nil || r.Position() != 1 {
			t.Fatal(err)
		}
	}
	b.has(t, 3)
	if got := b.keeps(); !slices.Equal(got, []uint64{3, 1}) {
		t.Errorf("kept are %v", got)
	}
	b.has(t, 2)
	if got := b.keeps(); !slices.Equal(got, []uint64{2, 3}) {
		t.Errorf("kept are %v", got)
	}
}

func TestTheBuildEndsOnlyWhenNobodyWaitsForIt(t *testing.T) {
	b := newBuilding(t)
	one, endOne := context.WithCancel(t.Context())
	two, endTwo := context.WithCancel(t.Context())
	first, second, behind := b.asks(one, t, 3), b.asks(two, t, 3), b.asks(two, t, 4)
	<-b.begun
	endOne()
	if a := <-first; !errors.Is(a.err, context.Canceled) {
		t.Errorf("got %v", a.err)
	}
	b.end <- nil // it goes on for the second
	if a := <-second; a.err != nil {
		t.Errorf("got %v", a.err)
	}
	<-b.begun
	endTwo()
	if a := <-behind; !errors.Is(a.err, context.Canceled) {
		t.Errorf("got %v", a.err)
	}
	until(t, func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.count == 0 })
	b.has(t, 4) // built anew
	if got := b.keeps(); !slices.Equal(got, []uint64{4, 3}) {
		t.Errorf("kept are %v", got)
	}
}

// A caller may ask for a position whose build was cancelled and has not ended yet.
func TestABuildThatWasGivenUpIsNotShared(t *testing.T) {
	ended, end := make(chan struct{}), make(chan struct{})
	var begun int
	c := newPasts(func(ctx context.Context, position uint64) (*projections.Register, error) {
		if begun++; begun > 1 {
			return projections.NewRegister(), nil
		}
		<-ctx.Done()
		close(ended)
		<-end
		return nil, ctx.Err()
	})
	t.Cleanup(c.close)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() { _, err := c.at(ctx, 3); gone <- err }()
	until(t, func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.waiting == 1 })
	cancel()
	<-gone
	<-ended
	got := make(chan error, 1)
	go func() { _, err := c.at(t.Context(), 3); got <- err }()
	until(t, func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.waiting == 1 })
	close(end)
	if err := <-got; err != nil || begun != 2 {
		t.Errorf("got %v, %d builds", err, begun)
	}
}

func TestAnErrorReachesAllWhoWaitAndIsNotKept(t *testing.T) {
	b, broken := newBuilding(t), errors.New("broken")
	first, second := b.asks(t.Context(), t, 3), b.asks(t.Context(), t, 3)
	<-b.begun
	b.end <- broken
	for _, got := range []<-chan answer{first, second} {
		if a := <-got; !errors.Is(a.err, broken) {
			t.Errorf("got %v", a.err)
		}
	}
	b.has(t, 3)
}

func TestOverEightWhoWaitAreRefused(t *testing.T) {
	b := newBuilding(t)
	b.has(t, 100)
	ctx, cancel := context.WithCancel(t.Context())
	var got []<-chan answer
	for i := range pastWaitMax {
		got = append(got, b.asks(ctx, t, uint64(i/2+1)))
	}
	for _, position := range []uint64{1, 50} {
		if _, err := b.at(t.Context(), position); text.CodeOf(err) != text.Unavailable {
			t.Errorf("position %d: got %v", position, err)
		}
	}
	if r, err := b.at(t.Context(), 100); err != nil || r.Position() != 100 {
		t.Errorf("one that is kept: %v", err)
	}
	cancel()
	for _, c := range got {
		<-c
	}
	until(t, func() bool { return b.waits() == 0 })
	<-b.begun
	b.has(t, 50)
}

func TestOneThatNobodyAsksForIsKeptNoMore(t *testing.T) {
	b := newBuilding(t)
	b.idle = time.Millisecond
	b.has(t, 3)
	until(t, func() bool { return len(b.keeps()) == 0 })
	b.has(t, 3)
}

func TestClosingEndsTheBuild(t *testing.T) {
	b := newBuilding(t)
	first, second := b.asks(t.Context(), t, 3), b.asks(t.Context(), t, 4)
	<-b.begun
	b.close()
	for _, got := range []<-chan answer{first, second} {
		if a := <-got; text.CodeOf(a.err) != text.Unavailable {
			t.Errorf("got %v", a.err)
		}
	}
	if _, err := b.at(t.Context(), 3); text.CodeOf(err) != text.Unavailable || b.count != 0 {
		t.Errorf("afterwards: %v, %d under way", err, b.count)
	}
}
