package policy

import (
	"slices"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Timeline is the policies adopted, in the order in which they were. The zero Timeline has none.
type Timeline struct {
	adopted []*Policy
}

// With returns the timeline with one more policy adopted.
func (t Timeline) With(p *Policy) Timeline {
	return Timeline{append(t.adopted[:len(t.adopted):len(t.adopted)], p)}
}

// Adopted lists the policies in the order of adoption.
func (t Timeline) Adopted() []*Policy { return t.adopted }

// At returns the policy in force on a date: of those effective by then the latest effective, and of two with one date
// the one adopted last. It is nil before the first (OP-01): what happened then is kept and not judged.
func (t Timeline) At(d events.Date) *Policy {
	var in *Policy
	for _, p := range t.adopted {
		if p.EffectiveFrom <= d && (in == nil || p.EffectiveFrom >= in.EffectiveFrom) {
			in = p
		}
	}
	return in
}

// Reading returns the policy in force on a date or, before the first, the first to come into force: for questions,
// such as which sources are provincial, that need an answer on every date.
func (t Timeline) Reading(d events.Date) *Policy {
	if p := t.At(d); p != nil {
		return p
	}
	var first *Policy
	for _, p := range t.adopted {
		if first == nil || p.EffectiveFrom < first.EffectiveFrom {
			first = p
		}
	}
	return first
}

// UseName returns what a use is called by the policy that is read on a date, else by the one adopted last that has a name
// for it. A use that no policy names is shown as its code.
func (t Timeline) UseName(use events.Use, on events.Date) text.Text {
	return t.name(string(use), on, (*Policy).UseNames)
}

// GradeName does for a grade what UseName does for a use.
func (t Timeline) GradeName(grade string, on events.Date) text.Text {
	return t.name(grade, on, (*Policy).GradeNames)
}

func (t Timeline) name(code string, on events.Date, names func(*Policy) *Vocabulary) text.Text {
	if p := t.Reading(on); p != nil {
		if name, ok := names(p).Name(code); ok {
			return name
		}
	}
	for _, p := range slices.Backward(t.adopted) {
		if name, ok := names(p).Name(code); ok {
			return name
		}
	}
	return text.Text{Zh: code, En: code}
}
