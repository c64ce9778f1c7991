package naive_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// tellAny draws a history under the draft or under several policies.
func tellAny(t *rapid.T) *story {
	timelines := append([]policy.Timeline{onlyTheDraft}, severalPolicies()...)
	return tell(t, rapid.SampledFrom(timelines).Draw(t, "policies"))
}

// same fails if two evaluations of one center differ.
func same(t *rapid.T, s *story, what string, got, want *aggregates.Evaluation) {
	t.Helper()
	if d := difference(got, want); d != "" {
		t.Fatalf("%s, as of %v (- before, + after):\n%s\n%v", what, want.On, d, s)
	}
}

func TestRebuiltLiveAndResumedAnywhereAnswerAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tellAny(t)
		on := s.asOf(t)
		want := s.center.Evaluate(s.timeline, on)
		at := rapid.IntRange(0, len(s.log)).Draw(t, "resumed at")
		rebuilt := mustReplay(t, s, s.log)
		same(t, s, "rebuilt", rebuilt.Evaluate(s.timeline, on), want)
		resumed := mustReplay(t, s, s.known(at))
		resumed.Evaluate(s.timeline, on)
		resumed.Evaluate(s.timeline, s.asOf(t))
		mustApply(t, s, resumed, s.log[at:])
		same(t, s, "resumed", resumed.Evaluate(s.timeline, on), want)
	})
}

func TestACloneAndItsOriginalGoTheirOwnWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tellAny(t)
		on, at := s.asOf(t), rapid.IntRange(0, len(s.log)).Draw(t, "cloned at")
		original := mustReplay(t, s, s.known(at))
		before := original.Evaluate(s.timeline, on)
		clone := original.Clone()
		same(t, s, "the clone", clone.Evaluate(s.timeline, on), before)
		mustApply(t, s, clone, s.log[at:])
		same(t, s, "the original after its clone went on", original.Evaluate(s.timeline, on), before)
		same(t, s, "the clone gone on", clone.Evaluate(s.timeline, on), s.center.Evaluate(s.timeline, on))
		ahead := s.center.Clone()
		mustApply(t, s, original, s.log[at:])
		same(t, s, "a clone after its original went on", ahead.Evaluate(s.timeline, on),
			original.Evaluate(s.timeline, on))
	})
}

// The test replays a history as the list of changes does. The results that a replay keeps must never change an
// answer, whatever is back-dated, ruled, voided or adopted in between.
func TestAReplayAnswersAfterEachRecordWhatAnEvaluationFromScratchDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { sameAfterEach(t, tellAny(t)) })
}

// The test draws events that move money more often, around the ends of years.
func TestAReplayCountsMoneyOnAsFromScratch(t *testing.T) {
	money := []events.Kind{"", events.KindSubsidyGranted, events.KindSubsidyReceived, events.KindFundsRecovered,
		events.KindFundsSpent, events.KindFundsSpent,
		events.KindFundsSpent, events.KindFundsSpent, events.KindSpendingReversed, events.KindUseRuled,
		events.KindEntryVoided, events.KindEntrustmentSigned}
	days := dates("2025-03-01", "2025-06-30", "2025-12-31", "2026-01-01", "2026-01-31", "2026-03-01", "2026-12-31",
		"2027-01-01")
	rapid.Check(t, func(t *rapid.T) {
		sameAfterEach(t, tellOf(t, rapid.SampledFrom(append(severalPolicies(), onlyTheDraft)).Draw(t, "policies"),
			money, days))
	})
}

func sameAfterEach(t *rapid.T, s *story) {
	on, from := s.asOf(t), rapid.IntRange(0, len(s.log)).Draw(t, "from")
	adopted := s.timeline.Adopted()
	timeline, n := policy.Timeline{}.With(adopted[0]), 1
	then, replay := mustReplay(t, s, s.known(from)), s.center.Replay(uint64(from))
	for at := from; ; at++ {
		same(t, s, fmt.Sprint("knowing ", at, " records"), replay.Evaluate(timeline, on), then.Evaluate(timeline, on))
		if n < len(adopted) && rapid.IntRange(0, 9).Draw(t, "adopted") == 0 {
			timeline, n = timeline.With(adopted[n]), n+1
			same(t, s, fmt.Sprint("knowing ", at, " records and another policy"), replay.Evaluate(timeline, on),
				then.Evaluate(timeline, on))
		}
		if at == len(s.log) {
			return
		}
		mustApply(t, s, then, s.log[at:at+1])
		replay.Next()
	}
}

func mustReplay(t *rapid.T, s *story, log []events.Recorded) *aggregates.Center {
	t.Helper()
	c, err := replay(log)
	if err != nil {
		t.Fatalf("replay: %v\n%v", err, s)
	}
	return c
}

func mustApply(t *rapid.T, s *story, c *aggregates.Center, log []events.Recorded) {
	t.Helper()
	for i := range log {
		if err := c.Apply(&log[i]); err != nil {
			t.Fatalf("apply: %v\n%v", err, s)
		}
	}
}

func TestAnswersAsOfADateDoNotDependOnWhenTheyAreAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tellAny(t)
		on := s.asOf(t)
		want := s.center.Evaluate(s.timeline, on)
		for range 3 {
			s.center.Evaluate(s.timeline, s.asOf(t))
			same(t, s, "asked again", s.center.Evaluate(s.timeline, on), want)
		}
	})
}

func TestWhatHappensLaterChangesNoAnswerOfBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tellAny(t)
		on, c := s.asOf(t), aggregates.NewCenter(center)
		for i := range s.log {
			r := &s.log[i]
			later := r.On > on && !s.voidsBefore(r, on)
			before := c.Evaluate(s.timeline, on)
			mustApply(t, s, c, s.log[i:i+1])
			if later {
				same(t, s, "after a later event", c.Evaluate(s.timeline, on), before)
			}
		}
	})
}

// voidsBefore reports whether a record voids an entry dated on a day or before it.
func (s *story) voidsBefore(r *events.Recorded, on events.Date) bool {
	p, ok := r.Data.(*events.EntryVoided)
	return ok && slices.ContainsFunc(s.log, func(o events.Recorded) bool {
		return o.ID.String() == p.Event && o.On <= on
	})
}

func TestTheOrderOfRecordingDoesNotMatterButWithinADay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tellAny(t)
		shuffled := s.shuffled(t)
		if shuffled == nil {
			return // what was recorded depends on an order that the shuffling did not find
		}
		c, on := mustReplay(t, s, shuffled), s.asOf(t)
		same(t, s, "recorded in another order", c.Evaluate(s.timeline, on), s.center.Evaluate(s.timeline, on))
	})
}

// shuffled records the same facts in a random order that is not nonsense and keeps the order within each day. It
// returns nil if it finds none.
func (s *story) shuffled(t *rapid.T) []events.Recorded {
	waiting := rapid.Permutation(s.log).Draw(t, "order")
	c := aggregates.NewCenter(center)
	var out []events.Recorded
	for len(waiting) > 0 {
		i := slices.IndexFunc(waiting, func(r events.Recorded) bool {
			for _, o := range waiting {
				if o.On == r.On && o.Revision < r.Revision {
					return false
				}
			}
			r.Revision = c.Revision() + 1
			r.Position = r.Revision
			if c.Apply(&r) != nil {
				return false
			}
			out = append(out, r)
			return true
		})
		if i < 0 {
			return nil
		}
		waiting = slices.Delete(waiting, i, i+1)
	}
	return out
}

func TestAVoidingIsAcceptedExactlyWhenTheRestHoldsWithoutTheEntry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tellAny(t)
		on := events.MustDate("2029-01-01")
		for i := range s.log {
			r := events.Record{ID: uuid.Max, Kind: events.KindEntryVoided, Center: center, On: on,
				Mode: events.Enforce,
				Data: &events.EntryVoided{Event: s.log[i].ID.String(), Reason: "误录"}}
			r.By = events.By{Role: s.roles(&r)[0], Actor: "x-01"}
			verdict := s.center.Judge(&r, s.timeline)
			got, want := len(verdict.Nonsense) == 0, s.holdsWithout(i)
			if got != want {
				t.Fatalf("voiding record %d accepted %v, want %v: %v\n%v", i+1, got, want, verdict.Nonsense, s)
			}
		}
	})
}

// holdsWithout reports whether an entry may be voided: it is not a voiding, not the registration and not voided, and
// every record after it, except voidings and closings of alerts, would have been accepted without it.
func (s *story) holdsWithout(entry int) bool {
	voided := map[string]bool{}
	for i := range s.log {
		if p, ok := s.log[i].Data.(*events.EntryVoided); ok {
			voided[p.Event] = true
		}
	}
	if e := &s.log[entry]; e.Kind == events.KindEntryVoided || e.Kind == events.KindCenterRegistered ||
		voided[e.ID.String()] {
		return false
	}
	c := aggregates.NewCenter(center)
	for i := range s.log {
		r := s.log[i]
		if i == entry || voided[r.ID.String()] || r.Kind == events.KindEntryVoided ||
			r.Kind == events.KindAlertClosed {
			continue
		}
		r.Revision = c.Revision() + 1
		if c.Apply(&r) != nil {
			return false
		}
	}
	return true
}
