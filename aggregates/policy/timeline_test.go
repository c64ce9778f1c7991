package policy_test

import (
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// version returns the draft as another version with another effective date.
func version(t *testing.T, name, effectiveFrom string) *policy.Policy {
	t.Helper()
	text := strings.Replace(read(t, "zj-2024-draft.json"), `"version": "2"`, `"version": "`+name+`"`, 1)
	return parse(t, strings.Replace(text, `"2024-01-01"`, `"`+effectiveFrom+`"`, 1))
}

func TestThePolicyInForceIsTheLatestEffectiveAndOfOneDateTheLastAdopted(t *testing.T) {
	var line policy.Timeline
	for _, p := range []*policy.Policy{version(t, "first", "2024-01-01"), version(t, "later", "2026-01-01"),
		version(t, "between", "2025-07-01"), version(t, "corrected", "2024-01-01")} {
		line = line.With(p)
	}
	for day, want := range map[string]string{"2023-12-31": "", "2024-01-01": "corrected", "2025-06-30": "corrected",
		"2025-07-01": "between", "2025-12-31": "between", "2026-01-01": "later", "2100-12-31": "later"} {
		got := ""
		if p := line.At(events.MustDate(day)); p != nil {
			got = p.Version
		}
		if got != want {
			t.Errorf("on %s version %q is in force, want %q", day, got, want)
		}
	}
}

func TestBeforeTheFirstPolicyTheFirstToComeIntoForceIsRead(t *testing.T) {
	line := policy.Timeline{}.With(version(t, "later", "2026-01-01")).With(version(t, "first", "2024-01-01"))
	for day, want := range map[string]string{"2020-01-01": "first", "2024-01-01": "first", "2026-01-01": "later"} {
		if got := line.Reading(events.MustDate(day)).Version; got != want {
			t.Errorf("on %s version %q is read, want %q", day, got, want)
		}
	}
	if p := (policy.Timeline{}).Reading(events.MustDate("2025-01-01")); p != nil {
		t.Errorf("a timeline without policies reads %v", p.Ref())
	}
}

func TestAdoptingAPolicyLeavesTheTimelineBeforeAsItWas(t *testing.T) {
	one := policy.Timeline{}.With(version(t, "first", "2024-01-01"))
	left, right := one.With(version(t, "left", "2025-01-01")), one.With(version(t, "right", "2025-01-01"))
	day := events.MustDate("2025-06-01")
	if one.At(day).Version != "first" || left.At(day).Version != "left" || right.At(day).Version != "right" {
		t.Error("timelines share what they adopted")
	}
	if len(one.Adopted()) != 1 || len(left.Adopted()) != 2 {
		t.Error("the adopted policies are miscounted")
	}
}
