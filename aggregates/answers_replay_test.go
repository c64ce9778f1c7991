package aggregates_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// logs returns the records of each center of a history, ready to be applied.
func logs(t testing.TB, file string) map[events.CenterID][]*events.Recorded {
	t.Helper()
	of := map[events.CenterID][]*events.Recorded{}
	var position uint64
	readLines(t, file, func(line []byte) {
		r, problems := events.DecodeRecord(line)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		position++
		of[r.Center] = append(of[r.Center],
			&events.Recorded{Record: *r, Revision: uint64(len(of[r.Center]) + 1), Position: position})
	})
	return of
}

// told returns a center to which the first records of a log are applied.
func told(t testing.TB, log []*events.Recorded, records int) *aggregates.Center {
	t.Helper()
	c := aggregates.NewCenter(log[0].Center)
	for _, r := range log[:records] {
		if err := c.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// sameAsThen compares a replay, from one revision to the end, with centers to which only the records up to each
// revision are applied.
func sameAsThen(t *testing.T, log []*events.Recorded, from int, on events.Date) {
	t.Helper()
	whole, then := told(t, log, len(log)), told(t, log, from)
	replay := whole.Replay(uint64(from))
	for i := from; ; i++ {
		want, got := then.Evaluate(draft, on), replay.Evaluate(draft, on)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("as of %v at revision %d of %d: got %+v, want %+v", on, i, len(log), got, want)
		}
		if i == len(log) {
			return
		}
		if err := then.Apply(log[i]); err != nil {
			t.Fatal(err)
		}
		replay.Next()
		moves := whole.Moves(replay.Revision(), on)
		before, want := want, then.Evaluate(draft, on)
		if !moves && !(reflect.DeepEqual(before.Alerts, want.Alerts) &&
			reflect.DeepEqual(before.Executions, want.Executions)) {
			t.Fatalf("as of %v revision %d moved an answer", on, i+1)
		}
	}
}

func TestAReplayAnswersWhatTheCenterAnsweredThen(t *testing.T) {
	for _, log := range logs(t, "edges/history.jsonl") {
		for _, from := range []int{0, len(log) / 2} {
			for _, day := range []string{"2025-06-30", "2026-10-31"} {
				sameAsThen(t, log, from, date(day))
			}
		}
	}
	log := recorded(t, busy(200))
	sameAsThen(t, log, 0, date("2026-06-30"))
	sameAsThen(t, log, 100, date("2027-12-31"))
}

func TestACenterThatIsAskedAgainAnswersTheSame(t *testing.T) {
	lists := slices.Collect(maps.Values(logs(t, "edges/history.jsonl")))
	for _, log := range append(lists, recorded(t, busy(1300))) {
		// of more flows than lie between two kept states of the money
		for _, day := range []string{"2025-06-30", "2027-12-31"} {
			c, every := told(t, log, 0), len(log)/200+1
			for i, r := range log {
				if err := c.Apply(r); err != nil {
					t.Fatal(err)
				}
				if i%every != 0 {
					continue
				}
				if got, want := c.EvaluateAgain(draft, date(day)),
					c.Evaluate(draft, date(day)); !reflect.DeepEqual(got, want) {
					t.Fatalf("as of %s at revision %d of %d: got %+v, want %+v", day, i+1, len(log), got, want)
				}
			}
		}
	}
}

func TestAReplayFindsAVoucherWhoseNameAnotherTookOver(t *testing.T) {
	h := granted().and(
		on("2025-05-01", spend("V1", "pilot", "G1", 10*wan)).called("first"),
		on("2025-06-01", unspend("V1")).called("reversal"),
		on("2025-06-02", voided("reversal")),
		on("2025-06-03", voided("first")),
		on("2025-05-02", spend("V1", "pilot", "G1", 30*wan)),
		on("2025-07-01", rule("V1", "fine")),
	)
	var log []*events.Recorded
	s := given(t, draft, nil)
	for i, f := range h {
		r, problems := s.record(f, events.Recording)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if f.label == "" {
			r.ID = idOf(fmt.Sprint("event ", i))
		}
		log = append(log, &events.Recorded{Record: *r, Revision: uint64(i + 1), Position: uint64(i + 1)})
	}
	for from := range log {
		sameAsThen(t, log, from, date("2025-12-31"))
	}
}
