package naive_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/naive"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

func TestTheTwoEvaluatorsAgreeUnderTheDraft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { agree(t, tell(t, onlyTheDraft)) })
}

func TestTheTwoEvaluatorsAgreeUnderSeveralPolicies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { agree(t, tell(t, rapid.SampledFrom(severalPolicies()).Draw(t, "policies"))) })
}

func TestTheTwoEvaluatorsAgreeUnderPoliciesAdoptedAfterwards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tell(t, onlyTheDraft)
		s.timeline = rapid.SampledFrom(severalPolicies()).Draw(t, "policies")
		agree(t, s)
	})
}

// The test draws the events that matter for AL-EXE-05, AL-FND-01 and the use of a voucher more often than a whole
// history has them.
func TestTheTwoEvaluatorsAgreeOnMoneyAroundAYearsEnd(t *testing.T) {
	money := []events.Kind{"", events.KindSubsidyGranted, events.KindSubsidyGranted, events.KindSubsidyReceived,
		events.KindSubsidyReceived,
		events.KindSubsidyReversed, events.KindFundsRecovered, events.KindFundsSpent, events.KindUseRuled,
		events.KindAllocationDeferred, events.KindDeferralReleased}
	days := dates("2025-03-01", "2025-06-30", "2025-07-01", "2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02",
		"2026-03-01", "2026-12-31", "2027-01-01")
	// and nothing before
	late := policy.Timeline{}.With(mutated(read("../policy/zj-2024-draft.json"), "late", "2025-07-01", nil))
	rapid.Check(t, func(t *rapid.T) {
		agree(t, tellOf(t, rapid.SampledFrom(append(severalPolicies(), onlyTheDraft, late)).Draw(t, "policies"),
			money, days))
	})
}

func TestEveryKindOfACenterIsDrawn(t *testing.T) {
	told := map[events.Kind]bool{}
	for seed := range 200 {
		for _, r := range rapid.Custom(tellAny).Example(seed).log {
			told[r.Kind] = true
		}
	}
	for _, e := range events.Catalog {
		if e.Stream == "" && !told[e.Kind] {
			t.Errorf("no history holds %s: draw it in payload of payloads_test.go", e.Kind)
		}
	}
}

// agree compares the two evaluators on random dates, as known at the end and at random earlier instants.
func agree(t *rapid.T, s *story) {
	compareAt(t, s, len(s.log), s.asOf(t))
	compareAt(t, s, rapid.IntRange(0, len(s.log)).Draw(t, "known"), s.asOf(t))
}

func compareAt(t *rapid.T, s *story, known int, on events.Date) {
	t.Helper()
	c, err := replay(s.known(known))
	if err != nil {
		t.Fatalf("replaying what was accepted: %v\n%v", err, s)
	}
	got, want := c.Evaluate(s.timeline, on), naive.Evaluate(s.known(known), s.timeline, on)
	if d := difference(got, want); d != "" {
		t.Fatalf("as of %v, knowing %d records (- only the naive evaluator, + only the real one):\n%s\n%v", on,
			known, d, s)
	}
}

// asOf draws a day to ask about: a day of the story, or one long after it.
func (s *story) asOf(t *rapid.T) events.Date {
	if either(t) {
		return s.day(t)
	}
	return rapid.SampledFrom(dates("2026-12-31", "2027-12-31", "2028-10-31", "2025-12-31", "2024-12-31")).Draw(t,
		"as of")
}

// difference lists the answers in which two evaluations differ.
func difference(got, want *aggregates.Evaluation) string {
	a, b := lines(got), lines(want)
	var out []string
	for _, l := range b {
		if !slices.Contains(a, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range a {
		if !slices.Contains(b, l) {
			out = append(out, "+ "+l)
		}
	}
	if len(out) == 0 && !slices.Equal(a, b) {
		return "the same lines, not equally often"
	}
	return strings.Join(out, "\n")
}

// lines returns an evaluation as lines of text in a fixed order.
func lines(e *aggregates.Evaluation) []string {
	out := []string{fmt.Sprintf("on %v status %q events %d", e.On, e.Status, e.Events)}
	for _, x := range e.Executions {
		out = append(out, fmt.Sprintf("%d %s %+v low %v", x.Year, x.Scope, x.Money, x.Low))
	}
	alerts := slices.Clone(e.Alerts)
	slices.SortStableFunc(alerts, func(a, b aggregates.Alert) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.RaisedOn, b.RaisedOn), cmp.Compare(a.Key, b.Key))
	})
	for _, a := range alerts {
		out = append(out, fmt.Sprintf("%s %q %s raised %v cleared %v", a.Code, a.Key, a.Severity, a.RaisedOn,
			a.ClearedOn))
	}
	return out
}
