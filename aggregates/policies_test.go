package aggregates_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// adoption returns a record that adopts a policy, with changes.
func adoption(p *policy.Policy, change ...func(*events.Record, *events.PolicyAdopted)) *events.Record {
	data := &events.PolicyAdopted{ID: p.ID, Version: p.Version, EffectiveFrom: p.EffectiveFrom, Source: p.Source,
		Digest: p.Digest(), Text: string(p.Text())}
	r := &events.Record{ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(p.Digest())), Kind: events.KindPolicyAdopted,
		On: p.EffectiveFrom,
		By: events.By{Role: events.Admin, Actor: "a-1"}, Mode: events.Enforce, Data: data}
	for _, do := range change {
		do(r, data)
	}
	return r
}

// version is the member with the version in the text of the built-in policy.
var version = `"version": "` + policy.Builtin().Version + `"`

// edited returns the built-in policy with words in its text replaced by others.
func edited(t *testing.T, words ...string) *policy.Policy {
	t.Helper()
	text := string(policy.Builtin().Text())
	for i := 0; i < len(words); i += 2 {
		text = strings.Replace(text, words[i], words[i+1], 1)
	}
	p, problems := policy.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

func TestAdoptionsAreJudgedOnWhatWasAdopted(t *testing.T) {
	second := edited(t, version, `"version": "next"`)
	otherFirst := edited(t, `"value": 60`, `"value": 61`)
	otherSecond := edited(t, version, `"version": "next"`, `"value": 60`, `"value": 61`)
	of := func(p *policy.Policy, change func(*events.PolicyAdopted)) *events.Record {
		return adoption(p, func(_ *events.Record, data *events.PolicyAdopted) { change(data) })
	}
	for _, c := range []struct {
		name  string
		given []*policy.Policy
		when  *events.Record
		then  string // fields of the reasons against it
	}{
		{"the built-in policy begins a ledger", nil, adoption(policy.Builtin()), ""},
		{"a new version is adopted", []*policy.Policy{policy.Builtin()}, adoption(second), ""},
		{"other Measures are adopted", []*policy.Policy{policy.Builtin(), second}, adoption(otherMeasures), ""},
		{"the same text again is no nonsense", []*policy.Policy{policy.Builtin()}, adoption(policy.Builtin()), ""},
		{"a version with another text is refused", []*policy.Policy{policy.Builtin(), second}, adoption(otherSecond),
			"data.version"},
		{"so is the first version, which nobody adopted yet", nil, adoption(otherFirst), "data.version"},
		{"an id that is not the text's", nil, of(second, func(p *events.PolicyAdopted) { p.ID = "x" }), "data.id"},
		{"a version that is not the text's", nil, of(second, func(p *events.PolicyAdopted) { p.Version = "x" }),
			"data.version"},
		{"a date that is not the text's", nil, of(second, func(p *events.PolicyAdopted) { p.EffectiveFrom++ }),
			"data.effectiveFrom"},
		{"a source and a digest that are not the text's", nil,
			of(second, func(p *events.PolicyAdopted) { p.Source, p.Digest = "x", "x" }), "data.source data.digest"},
		{"a text that is no policy", nil, of(second, func(p *events.PolicyAdopted) { p.Text = `{"id": "x"` }),
			"data.text"},
		{"a role that may not", nil,
			adoption(second, func(r *events.Record, _ *events.PolicyAdopted) { r.By.Role = events.Finance }),
			"by.role"},
		{"another payload", nil,
			adoption(second, func(r *events.Record, _ *events.PolicyAdopted) { r.Data = &events.EntryVoided{} }),
			"data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := adopting(t, c.given...)
			v := p.Judge(c.when, p.Timeline())
			var fields []string
			for _, b := range v.Nonsense {
				fields = append(fields, b.Field)
			}
			if got := strings.Join(fields, " "); got != c.then || len(v.Breaches)+len(v.Warnings) > 0 {
				t.Fatalf("got %+v, want reasons against %q", v, c.then)
			}
			before := p.Revision()
			err := p.Clone().Apply(&events.Recorded{Record: *c.when, Revision: before + 1})
			if p.Revision() != before || p.Has(c.when.ID) > before {
				t.Error("a copy changed what it was made of")
			}
			if c.then == "" && err != nil {
				t.Errorf("accepted, and not applied: %v", err)
			}
		})
	}
}

// adopting returns Policies to which some policies are adopted.
func adopting(t *testing.T, list ...*policy.Policy) *aggregates.Policies {
	t.Helper()
	p := aggregates.NewPolicies()
	for i, one := range list {
		if err := p.Apply(&events.Recorded{Record: *adoption(one), Revision: uint64(i) + 1}); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func TestBeforeTheFirstAdoptionTheBuiltInPolicyJudges(t *testing.T) {
	p := aggregates.NewPolicies()
	if list := p.Timeline().Adopted(); len(list) != 1 || list[0] != policy.Builtin() || p.Revision() != 0 {
		t.Errorf("got %v at revision %d", list, p.Revision())
	}
	p = adopting(t, otherMeasures)
	if list := p.Timeline().Adopted(); len(list) != 1 || list[0].Digest() != otherMeasures.Digest() {
		t.Errorf("after the first adoption: %v", list)
	}
}

func TestAnAdoptionThatCannotBeRightIsNotApplied(t *testing.T) {
	second := edited(t, version, `"version": "next"`)
	for name, c := range map[string]struct {
		revision uint64
		when     *events.Record
	}{
		"a revision is missing": {3, adoption(second)},
		"it is there already":   {1, adoption(second)},
		"the text is another": {
			2, adoption(second, func(_ *events.Record, p *events.PolicyAdopted) { p.Text = "{}" })},
		"the digest is another": {
			2, adoption(second, func(_ *events.Record, p *events.PolicyAdopted) { p.Digest = "x" })},
	} {
		p := adopting(t, policy.Builtin())
		if err := p.Apply(&events.Recorded{Record: *c.when, Revision: c.revision}); err == nil {
			t.Errorf("%s: it was applied", name)
		}
		if p.Revision() != 1 || len(p.Timeline().Adopted()) != 1 || p.Has(c.when.ID) != 0 ||
			p.Has(adoption(policy.Builtin()).ID) != 1 {
			t.Errorf("%s: the policies changed", name)
		}
	}
}
