package ledger

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// program is the account and actor of what the program writes by itself.
var program = Account{Name: "taizhang"}

// adoptions is the name space of the ids of adoptions.
var adoptions = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/taizhang/taizhang/policy"))

// Adoption returns the record that adopts a policy. Its id follows from the text, so that adopting the same text
// twice is a repeat.
func Adoption(p *policy.Policy) *events.Record {
	return &events.Record{
		ID: uuid.NewSHA1(adoptions, []byte(p.Digest())), Kind: events.KindPolicyAdopted, On: p.EffectiveFrom,
		By: events.By{Role: events.Admin, Actor: program.Name}, Mode: events.Enforce,
		Data: &events.PolicyAdopted{ID: p.ID, Version: p.Version, EffectiveFrom: p.EffectiveFrom, Source: p.Source,
			Digest: p.Digest(), Text: string(p.Text())},
	}
}

// judgeAdoption refuses a policy that cannot be read, whose record says other things than its text, or that gives an
// id and version of the past another text.
func judgeAdoption(rec *events.Record, t policy.Timeline) (v aggregates.Verdict) {
	against := func(field string, reason text.Text) {
		v.Nonsense = append(v.Nonsense, aggregates.Breach{Field: field, Reason: reason})
	}
	if !events.Lookup(rec.Kind).Allows(rec.By.Role) {
		v.Nonsense = []aggregates.Breach{{Rule: "R04-2", Field: "by.role", Reason: text.Say("%s 不得写入 %s", "%s may not write %s", rec.By.Role, rec.Kind)}}
		v.Quote(t.At(rec.On))
		return v
	}
	data, ok := rec.Data.(*events.PolicyAdopted)
	if !ok {
		against("data", text.Say("不是办法参数", "is not a policy"))
		return v
	}
	p, problems := policy.Parse([]byte(data.Text))
	for _, problem := range problems {
		against("data.text", text.Text{
			Zh: strings.TrimRight(fmt.Sprintf("第 %d 行 %s", problem.Line, problem.Field), " ") + "：" + problem.Reason.Zh,
			En: strings.TrimRight(fmt.Sprintf("line %d, %s", problem.Line, problem.Field), ", ") + ": " + problem.Reason.En,
		})
	}
	if len(problems) > 0 {
		return v
	}
	agree := func(field string, same bool) {
		if !same {
			against("data."+field, text.Say("与办法参数全文不一致", "does not agree with the text of the policy"))
		}
	}
	agree("id", data.ID == p.ID)
	agree("version", data.Version == p.Version)
	agree("effectiveFrom", data.EffectiveFrom == p.EffectiveFrom)
	agree("source", data.Source == p.Source)
	agree("digest", data.Digest == p.Digest())
	for _, old := range t.Adopted() {
		if old.ID == p.ID && old.Version == p.Version && old.Digest() != p.Digest() {
			against("data.version", text.Say("%s 第 %s 版已按另一文本采用，请改用新的版本号", "%s version %s was adopted with another text; give this one a new version", p.ID, p.Version))
			break
		}
	}
	return v
}
