package replica_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/storetest"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/replica"
)

func open(t *testing.T, record events.Store, dir string, replay func(events.Stored) error) *replica.Store {
	t.Helper()
	if replay == nil {
		replay = func(events.Stored) error { return nil }
	}
	s, err := replica.Open(t.Context(),
		replica.ReplicaConfig{Record: record, Dir: dir, Replay: replay, Late: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, events.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

func TestAReplicaKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) events.Store {
		return open(t, memstore.New(storetest.UnsteadyClock()), t.TempDir(), nil)
	})
}

func proposed(name string) []events.Proposed {
	return []events.Proposed{
		{ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)), Kind: "trial.recorded",
			Body: events.MustObject(fmt.Sprintf(`{"name":%q}`, name))}}
}

func mustAppend(t *testing.T, s events.Store, stream events.StreamID, expected uint64, name string) {
	t.Helper()
	if _, err := s.Append(t.Context(), stream, expected, proposed(name)); err != nil {
		t.Fatal(err)
	}
}

// bytesOf returns the content of the files of a copy.
func bytesOf(t *testing.T, dir string) (all string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "segment-*.log"))
	if err != nil || len(names) == 0 {
		t.Fatal("no segments", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all += string(text)
	}
	return all
}

// linesOf returns the lines of all events.
func linesOf(t *testing.T, s events.Store) (all []string) {
	t.Helper()
	for e, err := range s.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(e.Bytes))
	}
	return all
}

// kept is an origin that several replicas share: its Close does nothing.
type kept struct{ events.Store }

func (kept) Close() error { return nil }

func TestEveryReplicaOfARecordHasTheSameEventsWhoeverWrote(t *testing.T) {
	record := kept{memstore.New(storetest.UnsteadyClock())}
	mustAppend(t, record, "policy", 0, "before")
	a, b := open(t, record, t.TempDir(), nil), open(t, record, t.TempDir(), nil)
	var wg sync.WaitGroup
	for i, s := range []events.Store{a, b} {
		wg.Go(func() {
			for n := range 50 {
				if _, err := s.Append(context.Background(), events.StreamID(fmt.Sprintf("center-ZJ-000%d", i)),
					uint64(n), proposed(fmt.Sprint(i, n))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	late := open(t, record, t.TempDir(), nil)
	for name, s := range map[string]events.Store{"a": a, "b": b, "late": late} {
		seen := 0
		for _, err := range s.Subscribe(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if seen++; seen == 101 {
				break
			}
		}
		if lines, want := linesOf(t, s), linesOf(t, late); fmt.Sprint(lines) != fmt.Sprint(want) {
			t.Errorf("%s has %d lines, others than the %d of the last", name, len(lines), len(want))
		}
	}
}

func TestAConflictIsAnsweredWhenTheCopyHasWhatCameFirst(t *testing.T) {
	record := kept{memstore.New(storetest.UnsteadyClock())}
	a, b := open(t, record, t.TempDir(), nil), open(t, record, t.TempDir(), nil)
	for n := range uint64(20) {
		mustAppend(t, a, "policy", n, fmt.Sprint("a", n))
		_, err := b.Append(t.Context(), "policy", n, proposed("b"))
		var conflict *events.ConflictError
		if !errors.As(err, &conflict) || conflict.Actual != n+1 {
			t.Fatalf("got %v", err)
		}
		if got := len(linesOf(t, b)); got < int(n)+1 {
			t.Fatalf("the copy has %d events after a conflict with %d", got, n+1)
		}
	}
}

func TestACopyGoesOnWhereItWas(t *testing.T) {
	record, dir := kept{memstore.New(storetest.UnsteadyClock())}, t.TempDir()
	for n := range uint64(3) {
		s := open(t, record, dir, nil)
		mustAppend(t, s, "policy", 2*n, fmt.Sprint("s", n))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		mustAppend(t, record, "policy", 2*n+1, fmt.Sprint("elsewhere", n))
	}
	var replayed int
	s := open(t, record, dir, func(events.Stored) error { replayed++; return nil })
	if replayed != 6 || len(linesOf(t, s)) != 6 {
		t.Errorf("replayed %d events of 6", replayed)
	}
}

// tampered is an origin that returns changed events.
type tampered struct {
	events.Store
	change func(*events.Stored) (keep bool)
}

func (r tampered) through(read iter.Seq2[events.Stored, error]) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		for e, err := range read {
			if (err != nil || r.change(&e)) && !yield(e, err) {
				return
			}
		}
	}
}

func (r tampered) ReadStream(ctx context.Context, stream events.StreamID,
	after uint64) iter.Seq2[events.Stored, error] {
	return r.through(r.Store.ReadStream(ctx, stream, after))
}

func (r tampered) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return r.through(r.Store.ReadAll(ctx, after))
}

func (r tampered) Subscribe(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return r.through(r.Store.Subscribe(ctx, after))
}

func TestARecordThatLacksEventsOrHasOthersIsABreakAndNeverShorter(t *testing.T) {
	for name, change := range map[string]func(*events.Stored) bool{
		"an event is gone":              func(e *events.Stored) bool { return e.Revision != 5 },
		"the stream is gone":            func(e *events.Stored) bool { return e.Stream != "policy" },
		"the last copied event differs": func(e *events.Stored) bool { e.Body = []byte(`{}`); return true },
		"it has another id":             func(e *events.Stored) bool { e.ID[3]++; return true },
		"it is of another kind":         func(e *events.Stored) bool { e.Kind = "funds.spent"; return true },
	} {
		t.Run(name, func(t *testing.T) {
			memory, dir := memstore.New(storetest.UnsteadyClock()), t.TempDir()
			for n := range uint64(3) {
				mustAppend(t, memory, "policy", n, fmt.Sprint(n))
			}
			if err := open(t, kept{memory}, dir, nil).Close(); err != nil {
				t.Fatal(err)
			}
			for n := uint64(3); n < 7; n++ {
				mustAppend(t, memory, "policy", n, fmt.Sprint(n))
			}
			var faults []error
			s := open(t, tampered{kept{memory}, change}, dir, func(e events.Stored) error {
				if _, err := events.DecodeEvent(e); e.Fault != nil && err != nil {
					faults = append(faults, err)
				}
				return nil
			})
			var broken *replica.BrokenError
			if len(faults) != 1 || !errors.As(faults[0], &broken) || broken.Stream != "policy" ||
				broken.Text().Zh == "" {
				t.Fatalf("replayed the faults %v", faults)
			}
			before := bytesOf(t, dir)
			if _, err := s.Append(t.Context(), "center-ZJ-0001", 0, proposed("x")); !errors.As(err, &broken) ||
				errors.Is(err, events.ErrUnknown) {
				t.Errorf("an append answered %v", err)
			}
			if bytesOf(t, dir) != before {
				t.Error("the copy was written to")
			}
		})
	}
}

// A cluster that was restored from an old copy and written to again may have the last event of the copy again,
// because it was sent again, and lack earlier events or have others.
func TestARecordThatWentAnotherWayIsABreak(t *testing.T) {
	type entry struct {
		stream events.StreamID
		name   string
	}
	one, two := events.StreamID("center-ZJ-0001"), events.StreamID("center-ZJ-0002")
	whole := []entry{{one, "1"}, {two, "2"}, {one, "3"}, {two, "4"}, {one, "5"}}
	record := func(list []entry) events.Store {
		memory, revisions := memstore.New(storetest.UnsteadyClock()), map[events.StreamID]uint64{}
		for _, e := range list {
			mustAppend(t, memory, e.stream, revisions[e.stream], e.name)
			revisions[e.stream]++
		}
		return kept{memory}
	}
	for name, test := range map[string]struct {
		list   []entry
		faulty events.StreamID
	}{
		"it is the same and longer": {append(slices.Clone(whole), entry{two, "6"}, entry{"policy", "7"}), ""},
		"one is missing":            {[]entry{{one, "1"}, {two, "2"}, {one, "3"}, {one, "5"}}, two},
		"a stream is missing":       {[]entry{{one, "1"}, {one, "3"}, {one, "5"}}, two},
		"another took the place": {
			[]entry{{one, "1"}, {two, "2"}, {one, "3"}, {two, "other"}, {one, "5"}}, two},
		"one lies before that was after": {
			[]entry{{one, "1"}, {two, "2"}, {one, "3"}, {two, "4"}, {two, "6"}, {one, "5"}}, two},
		"the last is missing":         {whole[:4], one},
		"nearly all of it is missing": {whole[:1], one},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := open(t, record(whole), dir, nil).Close(); err != nil {
				t.Fatal(err)
			}
			var broken *replica.BrokenError
			s := open(t, record(test.list), dir, func(e events.Stored) error {
				errors.As(e.Fault, &broken)
				return nil
			})
			switch n := len(linesOf(t, s)); {
			case test.faulty == "" && (broken != nil || n != 7):
				t.Errorf("got %v and %d events", broken, n)
			case test.faulty != "" && (broken == nil || broken.Stream != test.faulty || n != 5):
				t.Errorf("got %v and %d events", broken, n)
			}
		})
	}
}

func TestARecordThatIsLateIsNoBreak(t *testing.T) {
	memory, dir := memstore.New(storetest.UnsteadyClock()), t.TempDir()
	mustAppend(t, memory, "center-ZJ-0001", 0, "1")
	mustAppend(t, memory, "policy", 0, "2")
	if err := open(t, kept{memory}, dir, nil).Close(); err != nil {
		t.Fatal(err)
	}
	var looks atomic.Int64
	record := tampered{kept{memory}, func(*events.Stored) bool { return looks.Add(1) > 3 }}
	s, err := replica.Open(t.Context(), replica.ReplicaConfig{
		Record: record, Dir: dir, Late: time.Minute, Replay: func(e events.Stored) error { return e.Fault }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mustAppend(t, s, "policy", 1, "3")
}

func TestABreakWhileFollowingEndsAppending(t *testing.T) {
	record := kept{memstore.New(storetest.UnsteadyClock())}
	s := open(t, tampered{record, func(e *events.Stored) bool { return e.Stream != "policy" || e.Revision != 2 }},
		t.TempDir(), nil)
	mustAppend(t, s, "policy", 0, "1")
	mustAppend(t, record, "policy", 1, "2")
	mustAppend(t, record, "policy", 2, "3")
	var broken *replica.BrokenError
	_, err := s.Append(t.Context(), "policy", 3, proposed("4"))
	if !errors.As(err, &broken) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Append(t.Context(), "center-ZJ-0001", 0, proposed("5")); !errors.As(err, &broken) {
		t.Errorf("then got %v", err)
	}
}

// silent is an origin whose subscriptions yield no event.
type silent struct{ events.Store }

func (silent) Subscribe(ctx context.Context, _ uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		<-ctx.Done()
		yield(events.Stored{}, ctx.Err())
	}
}

// cancelling is an origin that acknowledges an append when the context of its caller ends.
type cancelling struct {
	silent
	cancel context.CancelFunc
}

func (c cancelling) Append(ctx context.Context, s events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	defer c.cancel()
	return c.silent.Append(ctx, s, expected, batch)
}

// A caller that gets a conflict judges again. It would get the same conflict for as long as the copy lacks the other
// event.
func TestAConflictThatTheCopyDoesNotHaveIsNoConflict(t *testing.T) {
	record := kept{memstore.New(storetest.UnsteadyClock())}
	ctx, cancel := context.WithCancel(t.Context())
	s := open(t, cancelling{silent{record}, cancel}, t.TempDir(), nil)
	mustAppend(t, record, "policy", 0, "1")
	_, err := s.Append(ctx, "policy", 0, proposed("2"))
	var conflict *events.ConflictError
	if text.CodeOf(err) != text.Unavailable || errors.As(err, &conflict) || errors.Is(err, events.ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestCloseEndsAnAppendThatWaitsForTheCopy(t *testing.T) {
	t.Parallel()
	record := kept{memstore.New(storetest.UnsteadyClock())}
	s := open(t, silent{record}, t.TempDir(), nil)
	answered := make(chan error)
	go func() {
		_, err := s.Append(context.Background(), "policy", 0, proposed("1"))
		answered <- err
	}()
	for range record.Subscribe(t.Context(), 0) {
		break // the record has it
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	err := <-answered
	if text := text.Of(err); !errors.Is(err, events.ErrUnknown) || !strings.Contains(text.Zh, "是否已入账尚不确定") ||
		!strings.Contains(text.Zh, "原因：集群已有这条记录") {
		t.Errorf("got %v, told as %q", err, text)
	}
}

func TestComparingFindsTheFirstDifference(t *testing.T) {
	memory := memstore.New(storetest.UnsteadyClock())
	dir := t.TempDir()
	for n := range uint64(6) {
		mustAppend(t, memory, "policy", n, fmt.Sprint(n))
	}
	s := open(t, kept{memory}, dir, nil)
	if b, err := s.Compare(t.Context(), func(uint64) {}); b != nil || err != nil {
		t.Errorf("a sound copy differs: %v, %v", b, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*events.Stored) bool{
		"another body": func(e *events.Stored) bool {
			if e.Revision == 3 {
				e.Body = []byte(`{}`)
			}
			return true
		},
		"another instant": func(e *events.Stored) bool {
			if e.Revision == 3 {
				e.RecordedAt = e.RecordedAt.AddDate(1, 0, 0)
			}
			return true
		},
		"another kind": func(e *events.Stored) bool {
			if e.Revision == 3 {
				e.Kind = "funds.spent"
			}
			return true
		},
		"one is missing": func(e *events.Stored) bool { return e.Revision != 3 },
	} {
		s := open(t, tampered{kept{memory}, change}, dir, nil)
		b, err := s.Compare(t.Context(), func(uint64) {})
		if err != nil || b == nil || b.Stream != "policy" {
			t.Errorf("%s: got %v, %v", name, b, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestALedgerIsNotTakenForACopy(t *testing.T) {
	dir := t.TempDir()
	own, err := logstore.Open(dir, logstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, own, "policy", 0, "own")
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	before := bytesOf(t, dir)
	_, err = replica.Open(t.Context(), replica.ReplicaConfig{Record: memstore.New(storetest.UnsteadyClock()), Dir: dir,
		Replay: func(events.Stored) error { return nil }})
	var mine *text.Error
	if !errors.As(err, &mine) || mine.Code != text.Conflict || mine.Text().Zh == "" || replica.IsCopy(dir) ||
		bytesOf(t, dir) != before {
		t.Errorf("got %v", err)
	}
	copied := t.TempDir()
	open(t, memstore.New(storetest.UnsteadyClock()), copied, nil)
	if !replica.IsCopy(copied) {
		t.Error("a copy is not known as one")
	}
}

// counted is an origin that counts the reads of each stream.
type counted struct {
	kept
	mu    sync.Mutex
	reads map[events.StreamID]int
}

func (c *counted) ReadStream(ctx context.Context, stream events.StreamID,
	after uint64) iter.Seq2[events.Stored, error] {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads[stream]++
	return c.kept.ReadStream(ctx, stream, after)
}

func TestOpeningLooksEachStreamUpOnce(t *testing.T) {
	record := &counted{kept: kept{memstore.New(storetest.UnsteadyClock())}, reads: map[events.StreamID]int{}}
	dir := t.TempDir()
	for i := range 40 {
		mustAppend(t, record, events.StreamID(fmt.Sprintf("center-ZJ-%04d", i+1)), 0, fmt.Sprint(i))
	}
	if err := open(t, record, dir, nil).Close(); err != nil {
		t.Fatal(err)
	}
	clear(record.reads)
	open(t, record, dir, nil)
	for stream, n := range record.reads {
		if n != 1 {
			t.Errorf("%s was looked up %d times", stream, n)
		}
	}
	if len(record.reads) != 40 {
		t.Errorf("%d streams were looked up", len(record.reads))
	}
}
