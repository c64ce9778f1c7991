package aggregates

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Policies is the history of the policy stream: the policies adopted into the ledger. Several goroutines may call its
// reading methods at once. Apply must not run at the same time as any other method.
type Policies struct {
	timeline policy.Timeline
	ids      []uuid.UUID // the ids of the adoptions; the first is that of revision 1
}

// NewPolicies returns the policies of an empty ledger.
func NewPolicies() *Policies { return &Policies{} }

// Revision returns the number of adoptions applied.
func (p *Policies) Revision() uint64 { return uint64(len(p.ids)) }

// Has returns the revision of an adoption, or 0 if it is not recorded.
func (p *Policies) Has(id uuid.UUID) uint64 { return uint64(slices.Index(p.ids, id) + 1) }

// Timeline returns the policies that judge records. Before the first adoption it has only the built-in policy, which
// is adopted before the first record is accepted.
func (p *Policies) Timeline() policy.Timeline {
	if len(p.ids) == 0 {
		return policy.Timeline{}.With(policy.Builtin())
	}
	return p.timeline
}

// Judge returns the reasons against an adoption, judged on the policies adopted so far. It ignores the timeline, which
// judges the records of centers.
func (p *Policies) Judge(r *events.Record, _ policy.Timeline) (v Verdict) {
	_, v.Nonsense = adopted(r, p.Timeline())
	v.Quote(p.Timeline().At(r.On))
	return v
}

// Apply adds an accepted adoption. An adoption that is nonsense, or that is not the next of its stream, breaks the
// integrity of the ledger (AL-LED-01): Apply returns an error and changes nothing.
func (p *Policies) Apply(r *events.Recorded) error {
	if r.Revision != p.Revision()+1 {
		return fmt.Errorf("aggregates: apply position %d: %w", r.Position,
			text.Errorf(text.Internal, "办法参数的记录序号 %d 接在 %d 之后", "revision %d follows %d in the policies",
				r.Revision, p.Revision()))
	}
	next, found := adopted(&r.Record, p.timeline)
	if len(found) > 0 {
		return fmt.Errorf("aggregates: apply position %d: %w", r.Position, &Refusal{Breaches: found})
	}
	p.timeline, p.ids = p.timeline.With(next), append(p.ids, r.ID)
	return nil
}

// Clone returns an independent copy, to try adoptions on.
func (p *Policies) Clone() *Policies { return &Policies{p.timeline, slices.Clip(p.ids)} }

// adopted returns the policy that a record adopts. It refuses a policy that cannot be read, a policy whose text
// differs from the fields of its record, and another text for an id and version that the timeline already has.
func adopted(r *events.Record, before policy.Timeline) (*policy.Policy, []Breach) {
	data, ok := r.Data.(*events.PolicyAdopted)
	if !ok {
		return nil, refuse("data", "种类为“%[1]s”，内容不是这一种类的", "its kind is “%[1]s” and its content is %[2]T",
			r.Kind.Title(), r.Data)
	}
	if !events.Lookup(r.Kind).Allows(r.By.Role) {
		return nil,
			[]Breach{{Rule: "R04-2", Field: "by.role",
				Reason: text.Say("%s不能填报“%s”", "the %s may not record “%s”", r.By.Role.Title(), r.Kind.Title())}}
	}
	p, problems := policy.Parse([]byte(data.Text))
	if len(problems) > 0 {
		return nil, unreadable(problems)
	}
	var found []Breach
	for _, member := range []struct {
		field  string
		agrees bool
	}{
		{"id", data.ID == p.ID}, {"version", data.Version == p.Version},
		{"effectiveFrom", data.EffectiveFrom == p.EffectiveFrom},
		{"source", data.Source == p.Source}, {"digest", data.Digest == p.Digest()},
	} {
		if !member.agrees {
			found = append(found, refuse("data."+member.field, "与办法参数全文不一致",
				"does not agree with the text of the policy")...)
		}
	}
	if slices.ContainsFunc(before.Adopted(), func(old *policy.Policy) bool {
		return old.ID == p.ID && old.Version == p.Version && old.Digest() != p.Digest()
	}) {
		found = append(found, refuse("data.version", "%s 第 %s 版已按另一文本采用，请改用新的版本号",
			"%s version %s was adopted with another text; give this one a new version", p.ID, p.Version)...)
	}
	return p, found
}

// unreadable returns the problems of a policy's text as reasons against its adoption.
func unreadable(problems policy.Problems) (found []Breach) {
	for _, problem := range problems {
		found = append(found, Breach{Field: "data.text", Reason: text.Text{
			Zh: strings.TrimRight(fmt.Sprintf("第 %d 行 %s", problem.Line, problem.Field), " ") + "：" +
				problem.Reason.Zh,
			En: strings.TrimRight(fmt.Sprintf("line %d, %s", problem.Line, problem.Field), ", ") + ": " +
				problem.Reason.En,
		}})
	}
	return found
}
