package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates/policy"
)

func TestDiffNamesEveryDifference(t *testing.T) {
	draft := read(t, "zj-2024-draft.json")
	cases := []struct {
		name string
		edit []string // old, new, old, new, …
		want []policy.Change
	}{
		{"nothing", nil, nil},
		{"layout and order", []string{`"id": "zj-2024-draft",` + "\n" + `  "version": "2",`,
			`"version":"2", "id":"zj-2024-draft",`}, nil},
		{"a false that says what is so without it",
			[]string{`"modality": "mandatory", "field"`, `"modality": "mandatory", "waivable": false, "field"`}, nil},
		{"a value", []string{`"value": 180`, `"value": 90`},
			[]policy.Change{{Path: "parameters.governanceDays.value", Before: "180", After: "90"}}},
		{"a list", []string{`["C39", "I63", "I64", "I65"]`, `["C39", "I65"]`},
			[]policy.Change{{Path: "parameters.relaxationIndustries.value", Before: "C39, I63, I64, I65",
				After: "C39, I65"}}},
		{"a list that becomes empty", []string{`["C39", "I63", "I64", "I65"]`, `[]`},
			[]policy.Change{{Path: "parameters.relaxationIndustries.value", Before: "C39, I63, I64, I65"}}},
		{"words", []string{`"words": "按党章和组织原则成立党组织"`, `"words": "成立党组织"`},
			[]policy.Change{{Path: "rules[R11-3].words", Before: "按党章和组织原则成立党组织", After: "成立党组织"}}},
		{"a row that goes", []string{
			`    {"use": "donation", "class": "forbidden", "rule": "R20-3", "words": "不得用于…捐赠", "zh": "捐赠", "en": "donation"},` + "\n", ""},
			[]policy.Change{{Path: "uses[donation].use", Before: "donation"},
				{Path: "uses[donation].class", Before: "forbidden"},
				{Path: "uses[donation].rule", Before: "R20-3"},
				{Path: "uses[donation].words", Before: "不得用于…捐赠"},
				{Path: "uses[donation].zh", Before: "捐赠"}, {Path: "uses[donation].en", Before: "donation"}}},
		{"another name, and one more that sheets take",
			[]string{`"en": "pilot", "also": ["中试项目"]`, `"en": "pilot plant", "also": ["中试项目", "中试熟化"]`},
			[]policy.Change{{Path: "uses[pilot].en", Before: "pilot", After: "pilot plant"},
				{Path: "uses[pilot].also", Before: "中试项目", After: "中试项目, 中试熟化"}}},
		{"a row that comes", []string{
			`"codes": [`, `"codes": [{"prefix": "39907", "rule": "R20-3", "words": "捐赠"},`},
			[]policy.Change{{Path: "codes[39907].prefix", After: "39907"}, {Path: "codes[39907].rule", After: "R20-3"},
				{Path: "codes[39907].words", After: "捐赠"}}},
		{"a condition that can no longer be waived",
			[]string{`"waivable": true, "condition": "legal-entity"`, `"condition": "legal-entity"`},
			[]policy.Change{{Path: "admission[R03-2 legal-entity].waivable", Before: "true"}}},
		{"several, in the order of the file", []string{`"value": 50`, `"value": 55`, `"2024-01-01"`, `"2026-01-01"`,
			`"minimum": 5000,`, `"minimum": 4000,`},
			[]policy.Change{{Path: "effectiveFrom", Before: "2024-01-01", After: "2026-01-01"},
				{Path: "parameters.mainUsePercent.value", Before: "50", After: "55"},
				{Path: "admission[R06-2b usableAreaM2].minimum", Before: "5000", After: "4000"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := draft
			for edit := range slices.Chunk(c.edit, 2) {
				if !strings.Contains(text, edit[0]) {
					t.Fatalf("the draft has no %q to edit", edit[0])
				}
				text = strings.Replace(text, edit[0], edit[1], 1)
			}
			if got := policy.Diff(policy.Builtin(), parse(t, text)); !slices.Equal(got, c.want) {
				t.Errorf("differences %v, want %v", got, c.want)
			}
		})
	}
}

func TestDiffTheOtherWayRoundExchangesBeforeAndAfter(t *testing.T) {
	there, back := policy.Diff(policy.Builtin(), donghai(t)), policy.Diff(donghai(t), policy.Builtin())
	if len(there) < 200 || len(there) != len(back) {
		t.Fatalf("%d differences there and %d back", len(there), len(back))
	}
	for _, c := range there {
		if !slices.Contains(back, policy.Change{Path: c.Path, Before: c.After, After: c.Before}) {
			t.Errorf("%+v has no counterpart", c)
		}
	}
}
