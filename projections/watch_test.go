package projections_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// watcher keeps the results of a Watch.
type watcher struct {
	t        *testing.T
	watch    *projections.Watch
	told     map[events.CenterID][]aggregates.Alert
	calls    []string // of the last look
	during   func()   // is called once, in the first call of take
	explains bool     // what is explained too
	why      map[events.CenterID][]aggregates.Explanation
}

func watching(t *testing.T, r *projections.Register) *watcher {
	return &watcher{t: t, watch: r.Watch(), told: map[events.CenterID][]aggregates.Alert{},
		why: map[events.CenterID][]aggregates.Explanation{}}
}

func (w *watcher) look(on events.Date) uint64 {
	w.t.Helper()
	position, err := w.watch.Look(w.t.Context(), on, w.take)
	if err != nil {
		w.t.Fatal(err)
	}
	return position
}

func (w *watcher) take(s *projections.Seen) {
	w.calls = append(w.calls, string(s.Center))
	w.told[s.Center] = s.Alerts
	if w.explains {
		w.why[s.Center] = s.Explain()
	}
	if during := w.during; during != nil {
		w.during = nil
		during()
	}
}

// called fails unless the last look called take for exactly these centers, in any order.
func (w *watcher) called(want ...string) {
	w.t.Helper()
	slices.Sort(w.calls)
	if slices.Sort(want); !slices.Equal(w.calls, want) {
		w.t.Errorf("take was called for %q, want %q", w.calls, want)
	}
	w.calls = nil
}

// right fails unless the results of all looks together equal the answers of a register.
func (w *watcher) right(r *projections.Register, on events.Date) {
	w.t.Helper()
	want := map[events.CenterID][]aggregates.Alert{"": nil}
	for _, id := range r.IDs() {
		want[id] = nil
	}
	for a := range r.Alerts(on, projections.AlertFilter{All: true}) {
		want[a.Center] = append(want[a.Center], a.Alert)
	}
	if len(w.told) != len(want) {
		w.t.Fatalf("%d centers were told, of %d", len(w.told), len(want))
	}
	for id, alerts := range want {
		if !slices.Equal(w.told[id], alerts) {
			w.t.Fatalf("of %q\n%+v\nwas told at position %d, want\n%+v", id, w.told[id], r.Position(), alerts)
		}
		if w.explains && !slices.EqualFunc(w.why[id], alerts, func(x aggregates.Explanation, a aggregates.Alert) bool {
			return x.Alert == a
		}) {
			w.t.Fatalf("of %q\n%+v\nis explained, want\n%+v", id, w.why[id], alerts)
		}
	}
}

func TestAWatchTellsWhatIsTrueAtExactlyThePosition(t *testing.T) {
	more := troubled(t, simulated(t, 12, 4000), 2000, 1000, 3000)
	r, replayed, on := projections.NewRegister(), projections.NewRegister(), events.MustDate("2026-12-31")
	w := watching(t, r)
	w.explains = true
	turn, written := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(written)
		for i, rec := range more.list {
			if i%8 == 0 {
				<-turn
			}
			apply(r, rec)
		}
	}()
	let := func() { // the writer go on, if it waits
		select {
		case turn <- struct{}{}:
		default:
		}
	}
	for writing := true; writing; {
		select {
		case turn <- struct{}{}:
		case <-written:
			writing = false
		}
		w.during = let
		position := w.look(on)
		for _, rec := range more.list[replayed.Position():position] {
			apply(replayed, rec)
		}
		w.right(replayed, on)
	}
	if r.Position() != uint64(len(more.list)) || replayed.Position() != r.Position() || len(w.told[""]) != 2 {
		t.Errorf("ended at position %d, told %d, of %d; %+v", r.Position(), replayed.Position(), len(more.list),
			w.told[""])
	}
}

func TestACenterThatChangesWhileAWatchLooksIsToldAgain(t *testing.T) {
	b := threeCenters(t)
	w, on := watching(t, b.register), yearEnd
	w.during = func() { b.money("ZJ-0001", "G4", 100, 100, 100) }
	if position := w.look(on); position != b.position {
		t.Errorf("told as of position %d of %d", position, b.position)
	}
	w.called("", "ZJ-0001", "ZJ-0001", "ZJ-0002", "ZJ-0003")
	w.right(b.register, on)
	w.during = func() { // of another center, and a new one
		b.money("ZJ-0002", "G5", 100, 100, 100)
		b.enroll("ZJ-0004", "330106", "x")
	}
	b.money("ZJ-0003", "G6", 100, 100, 100)
	w.look(on)
	w.called("ZJ-0002", "ZJ-0003", "ZJ-0004")
	w.right(b.register, on)
}

func TestAWatchLooksAtWhatChanged(t *testing.T) {
	b := threeCenters(t)
	w, on := watching(t, b.register), yearEnd
	w.look(on)
	w.called("", "ZJ-0001", "ZJ-0002", "ZJ-0003")
	w.look(on)
	w.called()

	b.money("ZJ-0002", "G4", 100, 100, 100)
	b.money("ZJ-0001", "G5", 100, 100, 100)
	b.money("ZJ-0002", "G6", 100, 100, 100)
	w.look(on)
	w.called("ZJ-0001", "ZJ-0002")
	b.money("ZJ-0003", "G7", 100, 100, 100)
	w.look(on)
	w.called("ZJ-0003")

	w.watch.Forget("ZJ-0001")
	w.watch.Forget("ZJ-0001")
	w.watch.Forget("ZJ-0099") // which there is not
	b.money("ZJ-0002", "G8", 100, 100, 100)
	w.look(on)
	w.called("ZJ-0001", "ZJ-0002")
	w.watch.Forget("")
	w.look(on)
	w.called("")

	w.look(on + 1)
	w.called("", "ZJ-0001", "ZJ-0002", "ZJ-0003")
	w.right(b.register, on+1)

	second := strings.Replace(string(policy.Builtin().Text()), `"version": "2"`, `"version": "3"`, 1)
	p, problems := policy.Parse([]byte(second))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	b.write("policy.adopted", "", "2024-01-01", events.Admin, &events.PolicyAdopted{ID: p.ID, Version: p.Version,
		EffectiveFrom: p.EffectiveFrom, Source: p.Source, Digest: p.Digest(), Text: second})
	w.look(on + 1)
	w.called("ZJ-0001", "ZJ-0002", "ZJ-0003")
	w.look(on + 1)
	w.called()
}

func TestAnEventThatIsAppliedAgainIsNoChange(t *testing.T) {
	b := threeCenters(t)
	rec := b.event("interview.held", "ZJ-0003", "2025-07-01", events.STOffice,
		&events.InterviewHeld{Year: 2024, Principal: true})
	if err := b.register.Apply(rec); err != nil {
		t.Fatal(err)
	}
	w := watching(t, b.register)
	w.look(yearEnd)
	w.calls = nil
	if err := b.register.Apply(rec); err != nil {
		t.Fatal(err)
	}
	w.look(yearEnd)
	w.called()
}

func TestAWatchTellsBreaks(t *testing.T) {
	b := newBook(t)
	b.enroll("ZJ-0002", "330106", "x")
	w, on := watching(t, b.register), events.MustDate("2026-11-01")
	w.explains = true
	w.look(on)
	w.calls = nil
	breaks := func(to events.StreamID) {
		b.position++
		b.revisions[to]++
		b.register.ApplyBroken(events.Stored{
			Stream: to, Place: events.Place{Position: b.position, Revision: b.revisions[to], RecordedAt: recordedAt}},
			errors.New("unreadable"))
	}
	for range 5 { // positions of one digit and of two: their order is that of words
		breaks("neverseen")
		breaks(events.PolicyStream)
		w.look(on)
		w.called("")
		w.right(b.register, on)
	}
	if len(w.told[""]) != 10 {
		t.Errorf("told %+v", w.told[""])
	}
	breaks("center-ZJ-0002")
	breaks("center-ZJ-0007") // of which nothing else is known
	w.look(on)
	w.called("ZJ-0002", "ZJ-0007")
	w.right(b.register, on)
	w.look(on - 1) // before they were recorded
	w.right(b.register, on-1)
	if len(w.told[""]) != 0 {
		t.Errorf("told %+v of the day before", w.told[""])
	}
}

func TestALookEndsWithItsContextAndTheNextIsAFirstOne(t *testing.T) {
	b := threeCenters(t)
	w := watching(t, b.register)
	w.look(yearEnd)
	w.calls = nil
	ctx, cancel := context.WithCancel(t.Context())
	b.money("ZJ-0001", "G4", 100, 100, 100)
	b.money("ZJ-0002", "G5", 100, 100, 100)
	position, err := w.watch.Look(ctx, yearEnd, func(s *projections.Seen) { w.take(s); cancel() })
	if !errors.Is(err, context.Canceled) || position != 0 || len(w.calls) != 1 {
		t.Errorf("got position %d, %v, after %q", position, err, w.calls)
	}
	w.calls = nil
	w.look(yearEnd)
	w.called("", "ZJ-0001", "ZJ-0002", "ZJ-0003")
	w.right(b.register, yearEnd)
}

func TestASeenCenterNamesWhoIsResponsible(t *testing.T) {
	b := threeCenters(t)
	b.assign("ZJ-0002", "2025-06-01", "330200", "市经信局")
	for _, c := range []struct{ on, want string }{{"2025-05-31", "330106"}, {"2025-06-01", "330200 市经信局"}} {
		found := 0
		_, err := b.register.Watch().Look(t.Context(), events.MustDate(c.on), func(s *projections.Seen) {
			localGov, industryDept := s.Responsible()
			switch s.Center {
			case "":
				if localGov+industryDept != "" {
					t.Errorf("%q and %q are responsible for the policies", localGov, industryDept)
				}
				found++
			case "ZJ-0002":
				if got := strings.TrimSpace(localGov + " " + industryDept); got != c.want {
					t.Errorf("on %s %q are responsible, want %q", c.on, got, c.want)
				}
				found++
			}
		})
		if err != nil || found != 2 {
			t.Errorf("saw %d of 2, %v", found, err)
		}
	}
}

// BenchmarkLook looks at a thousand centers, few of which have changed. Without changes, writers wait for half of the
// time. Otherwise they wait only for centers that change during a look.
func BenchmarkLook(b *testing.B) {
	l, r := simulated(b, 1000, 200_000), projections.NewRegister()
	for _, rec := range l.list {
		apply(r, rec)
	}
	ids, on := r.IDs(), events.MustDate("2027-06-30")
	position, n := r.Position(), 0
	change := func() {
		id := ids[n%len(ids)]
		n++
		rec := &events.Recorded{
			Record: events.Record{ID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, "more ", n)),
				Kind: events.KindGovernanceRecorded, Center: id,
				On: on, By: events.By{Role: events.CenterRole, Actor: "x"}, Mode: events.Recording,
				Data: &events.GovernanceRecorded{Item: "other"}},
			Revision: r.Revision(id.Stream()) + 1, Position: position + uint64(n), RecordedAt: recordedAt}
		if err := r.Apply(rec); err != nil {
			b.Fatal(err)
		}
	}
	for _, changed := range []int{0, 1, 10} {
		for _, explain := range []bool{false, true} {
			b.Run(fmt.Sprintf("changed=%d/explain=%v", changed, explain), func(b *testing.B) {
				w, calls := r.Watch(), 0
				look := func() {
					if _, err := w.Look(b.Context(), on, func(s *projections.Seen) {
						if calls++; explain {
							s.Explain()
						}
					}); err != nil {
						b.Fatal(err)
					}
				}
				look()
				calls = 0
				for b.Loop() {
					for range changed {
						change()
					}
					look()
				}
				if calls != changed*b.N {
					b.Fatalf("%d calls of %d", calls, changed*b.N)
				}
				b.ReportMetric(float64(len(ids)), "centers")
			})
		}
	}
}
