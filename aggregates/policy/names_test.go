package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// edited returns the draft with some texts replaced. Each pair is a text and its replacement.
func edited(t *testing.T, pairs ...string) *policy.Policy {
	t.Helper()
	draft := read(t, "zj-2024-draft.json")
	for pair := range slices.Chunk(pairs, 2) {
		if !strings.Contains(draft, pair[0]) {
			t.Fatalf("the draft has no %q to edit", pair[0])
		}
		draft = strings.Replace(draft, pair[0], pair[1], 1)
	}
	return parse(t, draft)
}

const trainingRow = `"uses": [{"use": "training", "class": "main", "rule": "R20-1", "words": "培训"},`

func TestAWordStandsForTheUseThatThePolicyGivesIt(t *testing.T) {
	trained := edited(t, `"uses": [`, trainingRow)
	for _, c := range []struct {
		name string
		p    *policy.Policy
		word string
		use  string // "" for none
	}{
		{"the name", policy.Builtin(), "中试", "pilot"},
		{"a further name, which is the draft's own", policy.Builtin(), "中试项目", "pilot"},
		{"the code", policy.Builtin(), "proof-of-concept", "proof-of-concept"},
		{"the English name", policy.Builtin(), "proof of concept", "proof-of-concept"},
		{"a word that the policy does not have", policy.Builtin(), "培训", ""},
		{"nothing", policy.Builtin(), "", ""},
		{"a use without names is called by its quotation", trained, "培训", "training"},
		{"and by its code", trained, "training", "training"},
		{"a quotation is no word where there are names", policy.Builtin(), "不得用于…赞助", ""},
		{"a use of other Measures that the draft knows", donghai(t), "投资", "investment"},
		{"and its quotation", donghai(t), "可以投资入股", "investment"},
		{"a use of other Measures that the draft does not know", donghai(t), "研究开发", "research"},
		{"a use of the draft that other Measures do not have", donghai(t), "中试", ""},
	} {
		if use, ok := c.p.UseNames().Code(c.word); use != c.use || ok != (c.use != "") {
			t.Errorf("%s: %q stands for %q", c.name, c.word, use)
		}
	}
	if name, ok := trained.UseNames().Name("training"); !ok || name != (text.Text{Zh: "培训", En: "training"}) {
		t.Errorf("training is called %v", name)
	}
	if name, ok := trained.UseNames().Name("lecture"); ok || name != (text.Text{Zh: "lecture", En: "lecture"}) {
		t.Errorf("a use that is not there is called %v", name)
	}
	if codes := trained.UseNames().Codes(); codes[0] != "training" || codes[2] != "pilot" ||
		len(codes) != len(trained.Uses) {
		t.Errorf("the codes are %q", codes)
	}
}

func TestAGradeWithoutNamesIsCalledByItsQuotation(t *testing.T) {
	for grade, want := range map[string]text.Text{"A": {Zh: "甲等", En: "A"}, "D": {Zh: "丁等", En: "D"}} {
		if got, ok := donghai(t).GradeNames().Name(grade); !ok || got != want {
			t.Errorf("%s is called %v", grade, got)
		}
	}
	if got := donghai(t).Called(policy.Pass); got != (text.Text{Zh: "乙等、丙等", En: "B or C"}) {
		t.Errorf("the passing grades are called %v", got)
	}
	other := edited(t, `"words": "优秀", "zh": "优秀", "en": "excellent"`, `"words": "特优"`)
	if got, _ := other.GradeNames().Name("excellent"); got != (text.Text{Zh: "特优", En: "excellent"}) {
		t.Errorf("excellent is called %v", got)
	}
}

// The first version of the draft had no names. Ledgers that adopted it keep its text.
func TestTheFirstVersionOfTheDraftIsCalledAsTheSecond(t *testing.T) {
	first, second := parse(t, read(t, "testdata/zj-2024-draft-1.json")), policy.Builtin()
	if first.Digest() == second.Digest() || first.Version == second.Version || first.ID != second.ID {
		t.Fatalf("%+v and %+v", first.Ref(), second.Ref())
	}
	for _, names := range []func(*policy.Policy) *policy.Vocabulary{
		(*policy.Policy).UseNames, (*policy.Policy).GradeNames} {
		for _, code := range names(second).Codes() {
			was, _ := names(first).Name(code)
			if is, ok := names(second).Name(code); !ok || was != is {
				t.Errorf("%s was called %v and is called %v", code, was, is)
			}
		}
	}
	if use, _ := first.UseNames().Code("中试项目"); use != "pilot" {
		t.Errorf("中试项目 stands for %q", use)
	}
}

func TestWhatTwoUsesWouldBeCalledIsNoNameOfEither(t *testing.T) {
	p := edited(t, `"uses": [`, `"uses": [{"use": "training", "class": "main", "rule": "R20-1", "words": "培训"}, {"use": "lecture", "class": "main", "rule": "R20-1", "words": "培训"},
		{"use": "extra", "class": "main", "rule": "R20-1", "words": "中试"},`)
	if use, ok := p.UseNames().Code("培训"); ok {
		t.Errorf("培训 stands for %s", use)
	}
	if use, _ := p.UseNames().Code("中试"); use != "pilot" {
		t.Errorf("中试 stands for %s", use)
	}
	for _, use := range []string{"training", "lecture", "extra"} {
		if name, ok := p.UseNames().Name(use); ok || name.Zh != use {
			t.Errorf("%s is called %v", use, name)
		}
	}
}

func TestAUseIsCalledAsThePolicyOfTheDateCallsIt(t *testing.T) {
	renamed := edited(t, `"zh": "中试", "en": "pilot"`, `"zh": "中试验证", "en": "pilot plant"`, `"version": "2"`,
		`"version": "3"`,
		`"2024-01-01"`, `"2026-01-01"`,
		`    {"use": "donation", "class": "forbidden", "rule": "R20-3", "words": "不得用于…捐赠", "zh": "捐赠", "en": "donation"},`+"\n", "")
	line := policy.Timeline{}.With(policy.Builtin()).With(renamed)
	for _, c := range []struct{ use, on, zh string }{
		{"pilot", "2025-12-31", "中试"},
		{"pilot", "2026-01-01", "中试验证"},
		{"pilot", "2020-01-01", "中试"},        // before the first policy
		{"donation", "2026-06-01", "捐赠"},     // only the earlier policy has it
		{"lecture", "2026-06-01", "lecture"}, // no policy has it
	} {
		if got := line.UseName(events.Use(c.use), events.MustDate(c.on)); got.Zh != c.zh {
			t.Errorf("%s on %s is called %s, want %s", c.use, c.on, got.Zh, c.zh)
		}
	}
	if got := (policy.Timeline{}).GradeName("A", events.MustDate("2025-01-01")); got != (text.Text{Zh: "A", En: "A"}) {
		t.Errorf("without any policy a grade is called %v", got)
	}
}
