package policy

import (
	"slices"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Timeline holds the adopted policies in the order of adoption. The zero Timeline has none.
type Timeline struct {
	adopted []*Policy
}

// With returns the timeline with one more policy adopted.
func (t Timeline) With(p *Policy) Timeline {
	return Timeline{append(t.adopted[:len(t.adopted):len(t.adopted)], p)}
}

// Adopted lists the policies in the order of adoption.
func (t Timeline) Adopted() []*Policy { return t.adopted }

// At returns the policy in force on a date. Of the policies effective by then, it is the one with the latest effective
// date, and of two with the same date the one adopted last. At returns nil before the first policy (OP-01): earlier
// facts are kept and not judged.
func (t Timeline) At(d events.Date) *Policy {
	var in *Policy
	for _, p := range t.adopted {
		if p.EffectiveFrom <= d && (in == nil || p.EffectiveFrom >= in.EffectiveFrom) {
			in = p
		}
	}
	return in
}

// Reading returns the policy in force on a date, or before the first policy the first one to come into force. It is
// for questions that need an answer on every date, such as which sources are provincial.
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

// UseName returns the name of a use in the policy that Reading returns for a date, or else in the policy adopted last
// that has a name for it. If no policy has a name, it returns the code.
func (t Timeline) UseName(use events.Use, on events.Date) text.Text {
	return t.name(string(use), on, (*Policy).UseNames)
}

// ReadUse returns the use that a typed word stands for: a code, or a name in either language or a further name of the
// policy that Reading returns for a date, or else of the policy adopted last that has it. Case, width and blanks do
// not matter. It reports whether a policy has the use.
func (t Timeline) ReadUse(typed string, on events.Date) (events.Use, bool) {
	code, ok := t.read(typed, on, (*Policy).UseNames)
	return events.Use(code), ok
}

// ReadGrade returns the grade that a typed word stands for, by the same rules as ReadUse.
func (t Timeline) ReadGrade(typed string, on events.Date) (string, bool) {
	return t.read(typed, on, (*Policy).GradeNames)
}

func (t Timeline) read(typed string, on events.Date, names func(*Policy) *Vocabulary) (string, bool) {
	if p := t.Reading(on); p != nil {
		if code, ok := names(p).Read(typed); ok {
			return code, true
		}
	}
	for _, p := range slices.Backward(t.adopted) {
		if code, ok := names(p).Read(typed); ok {
			return code, true
		}
	}
	return "", false
}

// GradeName returns the name of a grade, by the same rules as UseName.
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
