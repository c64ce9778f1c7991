package naive_test

import (
	"encoding/json"
	"os"
	"sync"

	"github.com/taizhang/taizhang/aggregates/policy"
)

var onlyTheDraft = policy.Timeline{}.With(policy.Builtin())

// severalPolicies are timelines on which amounts, terms, grades, uses, sources and conditions change on a day: the
// draft, Measures of another province, and variants of the draft, adopted in the order of their days or in another.
var severalPolicies = sync.OnceValue(func() []policy.Timeline {
	draft := read("../policy/zj-2024-draft.json")
	other := read("../policy/testdata/donghai-2025.json")
	strict := map[string]any{"preliminaryReviewDays": 30, "plaqueDays": 31, "taskBookDays": 30,
		"taskBookNoticeDays": 30,
		"governanceDays":     91, "annualReportDue": "02-28", "finalReportDays": 30, "gradeDue": "06-30",
		"constructionFen":  100_000_000,
		"constructionDays": 90, "projectCapFen": 300_000_000, "projectWarningPercent": 50, "rectificationOrderDays": 1,
		"rectificationTermDays": 30, "interviewDays": 60, "failuresToRevoke": 1, "lowRatePercent": 90,
		"earlyWarningPercent": 100,
		"lateReceiptAfter":    "06-30", "deferralDays": 60, "mainUsePercent": 100, "separateAccountDays": 1,
		"disbursementDays": 30,
		"foundationYears":  4, "incidentLookbackMonths": 36, "waiverGrantor": "industry-dept"}
	lenient := map[string]any{"rateSources": []string{"central-guidance", "major-program"},
		"projectSource":      "province-other",
		"constructionSource": "major-program", "failuresToRevoke": 3, "referenceGradeYearsBack": 0,
		"lowRatePercent":        0,
		"projectWarningPercent": 0, "mainUsePercent": 0, "constructionFen": 300_000_000,
		"relaxationIndustries": []string{},
		"ethicsFields":         []string{"nuclear"}, "disbursementDays": 120}
	strictFrom := func(day string) *policy.Policy { return mutated(draft, "strict", day, strict) }
	lenientFrom := func(day string) *policy.Policy { return mutated(draft, "lenient", day, lenient) }
	otherFrom := func(day string) *policy.Policy { return mutated(other, "1", day, nil) }
	draftFrom := func(day string) *policy.Policy { return mutated(draft, "again", day, nil) }
	var out []policy.Timeline
	for _, adopted := range [][]*policy.Policy{
		{policy.Builtin(), otherFrom("2025-07-01")},
		{policy.Builtin(), otherFrom("2024-12-31")},
		{policy.Builtin(), strictFrom("2025-01-01")},
		{policy.Builtin(), lenientFrom("2025-06-30")},
		{policy.Builtin(), lenientFrom("2024-01-01")},
		{policy.Builtin(), otherFrom("2025-01-01"), strictFrom("2026-01-01")},
		{policy.Builtin(), strictFrom("2024-06-30"), otherFrom("2026-06-30")},
		{otherFrom("2024-01-01"), lenientFrom("2025-01-01"), draftFrom("2025-12-31")},
		{policy.Builtin(), strictFrom("2025-10-01"), lenientFrom("2024-10-02")},
		{lenientFrom("2023-10-01"), strictFrom("2024-12-31"), draftFrom("2025-03-31")},
	} {
		var t policy.Timeline
		for _, p := range adopted {
			t = t.With(p)
		}
		out = append(out, t)
	}
	return out
})

func read(path string) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return text
}

// mutated returns a policy with other parameters that comes into force on a day.
func mutated(text []byte, version, from string, parameters map[string]any) *policy.Policy {
	var p map[string]any
	if err := json.Unmarshal(text, &p); err != nil {
		panic(err)
	}
	p["version"], p["effectiveFrom"] = version, from
	for name, value := range parameters {
		p["parameters"].(map[string]any)[name].(map[string]any)["value"] = value
	}
	text, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	parsed, problems := policy.Parse(text)
	if len(problems) > 0 {
		panic(problems)
	}
	return parsed
}
