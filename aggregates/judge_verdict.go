package aggregates

import (
	"strings"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Figure is one number, date, name or code on which a verdict or an alert is based. Value is machine-readable: an
// integer, a decimal, a date, an id, true or false, or codes with commas between them. Unit is one of fen, days,
// months, years (a number of them), percent, date, count, m2, year (a calendar year) or empty.
type Figure struct {
	Name  string    `json:"name"`
	Label text.Text `json:"label"`
	Value string    `json:"value"`
	Unit  string    `json:"unit,omitzero"`
	// what people call a value that is a code; empty for a value that people read as it is
	Word text.Text `json:"word,omitzero"`
}

// Breach is one reason against a record. A breach of section 5 names the rule, with its article and words in the
// policy that judged the record. Nonsense names the field. Article and words are empty if no policy judged the record.
type Breach struct {
	Rule    events.RuleID `json:"rule"`
	Field   string        `json:"field"`
	Reason  text.Text     `json:"reason"`
	Article string        `json:"article"`
	Words   string        `json:"words"`
	Figures []Figure      `json:"figures"`

	// if the record differs from a recorded one with the same id: the recorded value of the member, as JSON
	There string `json:"-"`
}

// Place returns what people call the field: its words in Chinese, its path in English.
func (b *Breach) Place() text.Text {
	return text.Text{Zh: events.PlaceWords("", b.Field).Zh, En: b.Field}
}

// Verdict is the result of Judge for a record.
type Verdict struct {
	Policy   events.PolicyRef // the policy that judged it; zero if none was in force (OP-01)
	Nonsense []Breach         // refused in either mode (section 4)
	Breaches []Breach         // refused in enforce mode, stored with the event in record mode (section 5)
	Warnings []text.Text
}

// Quote adds to each reason against the record the article and words of its rule in the policy that judged it. p is
// nil for a record dated before the first policy, which no policy judges.
func (v *Verdict) Quote(p *policy.Policy) {
	if p == nil {
		return
	}
	for _, list := range [][]Breach{v.Nonsense, v.Breaches} {
		for i := range list {
			if rule := p.Rule(list[i].Rule); rule != nil {
				list[i].Article, list[i].Words = rule.Article, rule.Words
			}
		}
	}
}

// Refused reports whether a record of this mode is refused and not stored.
func (v *Verdict) Refused(mode events.Mode) bool {
	return len(v.Nonsense) > 0 || mode == events.Enforce && len(v.Breaches) > 0
}

// Against lists the reasons that refuse a record of this mode: the nonsense if there is any, else the breaches of
// enforce mode.
func (v *Verdict) Against(mode events.Mode) []Breach {
	if len(v.Nonsense) > 0 {
		return v.Nonsense
	}
	if mode == events.Enforce {
		return v.Breaches
	}
	return nil
}

// Breaks lists the ids of the rules broken, each once.
func (v *Verdict) Breaks() []events.RuleID {
	var ids []events.RuleID
	seen := map[events.RuleID]bool{}
	for _, b := range v.Breaches {
		if !seen[b.Rule] {
			seen[b.Rule] = true
			ids = append(ids, b.Rule)
		}
	}
	return ids
}

// Refusal is a refused record as an error. Reused means that it is refused because its id is the id of a record with
// other content.
type Refusal struct {
	Breaches []Breach
	Reused   bool
}

// ErrorCode returns text.Conflict for an id that is used again, and text.Refused for everything else.
func (r *Refusal) ErrorCode() text.ErrorCode {
	if r.Reused {
		return text.Conflict
	}
	return text.Refused
}

// Text returns all reasons against the record.
func (r *Refusal) Text() text.Text {
	var zh, en []string
	for _, b := range r.Breaches {
		var before text.Text
		if b.Rule != "" {
			before = text.Text{Zh: string(b.Rule) + "：", En: string(b.Rule) + ": "}
		}
		if b.Field != "" {
			place := b.Place()
			before = text.Text{Zh: before.Zh + place.Zh + "：", En: before.En + place.En + ": "}
		}
		zh, en = append(zh, before.Zh+b.Reason.Zh), append(en, before.En+b.Reason.En)
	}
	return text.Text{Zh: "拒绝：" + strings.Join(zh, "；"), En: "refused: " + strings.Join(en, "; ")}
}

// Error implements error.
func (r *Refusal) Error() string { return r.Text().En }
