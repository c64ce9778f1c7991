package ledger

import (
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
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
