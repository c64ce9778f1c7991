package verify

import (
	"slices"

	"github.com/taizhang/taizhang/events/text"
)

// Result is the outcome of a verification. Its value is the exit code of the program.
type Result int

// The results. Contradicted outranks Unwitnessed.
const (
	Holds        Result = 0 // all that was examined holds, and a checkpoint over every figure meets the quorum
	Contradicted Result = 1
	Unwitnessed  Result = 3 // nothing contradicts, but no checkpoint that the auditor trusts covers all figures
)

// Code returns the name of the result for programs.
func (r Result) Code() string {
	switch r {
	case Holds:
		return "holds"
	case Contradicted:
		return "contradicted"
	}
	return "unwitnessed"
}

// State is the state of a property.
type State string

// The states of a property.
const (
	Passed      State = "passed"
	Failed      State = "failed"
	NotExamined State = "not-examined"
)

// Word returns the state in words.
func (s State) Word() text.Text {
	switch s {
	case Passed:
		return text.Say("通过", "passed")
	case Failed:
		return text.Say("未通过", "FAILED")
	}
	return text.Say("未核验", "not examined")
}

// Mark is what a sentence reports.
type Mark string

// The marks of sentences. A note contradicts nothing, but the auditor should know it.
const (
	Right Mark = "holds"
	Wrong Mark = "fails"
	Noted Mark = "note"
)

// Word returns the mark in words of equal width.
func (m Mark) Word() text.Text {
	switch m {
	case Right:
		return text.Say("相符", "holds")
	case Wrong:
		return text.Say("不符", "FAILS")
	}
	return text.Say("注意", "note ")
}

// Sentence is one finding.
type Sentence struct {
	Mark Mark `json:"mark"`
	text.Text
}

// PropertyCode names one of the four properties of electronic records.
type PropertyCode string

// The four properties.
const (
	Authenticity PropertyCode = "authenticity"
	Integrity    PropertyCode = "integrity"
	Usability    PropertyCode = "usability"
	Security     PropertyCode = "security"
)

// Property is one of the four properties, with what was found about it.
type Property struct {
	Code      PropertyCode `json:"property"`
	Title     text.Text    `json:"title"`
	State     State        `json:"state"`
	Sentences []Sentence   `json:"sentences"`

	counts map[kind]int // of sentences of a kind
	wrong  int          // contradictions, with those that are not shown
	open   bool         // something that the property cannot do without was not examined
}

// kind groups sentences of which only the first few are shown.
type kind string

// sentencesOfKindMax is the number of sentences of one kind that are shown, because a verdict is one page.
const sentencesOfKindMax = 5

// Verdict is what an auditor reads.
type Verdict struct {
	Result     Result     `json:"exit"`
	Code       string     `json:"result"`
	Program    string     `json:"program"` // with its version
	File       string     `json:"file"`
	Facts      []Fact     `json:"facts"` // what the bundle is
	Conclusion text.Text  `json:"conclusion"`
	Properties []Property `json:"properties"`
	Figures    []Figure   `json:"figures"`
	// what could have been examined and was not
	Unexamined []text.Text `json:"notExamined"`
	// what nobody can prove from such a bundle
	Unprovable []text.Text `json:"cannotBeProven"`

	unwitnessed text.Text // why the result is not Holds, if nothing contradicts
}

// Fact is one thing to know about the bundle.
type Fact struct {
	Name  text.Text `json:"name"`
	Value text.Text `json:"value"`
}

func newVerdict(program, file string) *Verdict {
	return &Verdict{Program: program, File: file, Facts: []Fact{}, Figures: []Figure{}, Unexamined: []text.Text{},
		Properties: []Property{
			{Code: Authenticity, Title: text.Say("真实性", "Authenticity")},
			{Code: Integrity, Title: text.Say("完整性", "Integrity")},
			{Code: Usability, Title: text.Say("可用性", "Usability")},
			{Code: Security, Title: text.Say("安全性", "Security")},
		}}
}

func (v *Verdict) fact(name, value text.Text) { v.Facts = append(v.Facts, Fact{name, value}) }

func (v *Verdict) property(code PropertyCode) *Property {
	return &v.Properties[slices.IndexFunc(v.Properties, func(p Property) bool { return p.Code == code })]
}

// holds adds that something was examined and is right.
func (v *Verdict) holds(of PropertyCode, what text.Text) { v.property(of).add(Right, "", what) }

// fails adds that something contradicts. Beyond the first few of a kind, it only counts.
func (v *Verdict) fails(of PropertyCode, k kind, what text.Text) { v.property(of).add(Wrong, k, what) }

// notes adds something that the auditor should know.
func (v *Verdict) notes(of PropertyCode, k kind, what text.Text) { v.property(of).add(Noted, k, what) }

// unexamined adds what was not examined. The same text is added once.
func (v *Verdict) unexamined(what text.Text) {
	if !slices.Contains(v.Unexamined, what) {
		v.Unexamined = append(v.Unexamined, what)
	}
}

// lacks notes why the result cannot be Holds although nothing contradicts. The first reason counts. Authenticity is
// not passed then: whoever has the key of the log can sign a false history too.
func (v *Verdict) lacks(why text.Text) {
	v.property(Authenticity).open = true
	if v.unwitnessed == (text.Text{}) {
		v.unwitnessed = why
	}
}

// failed reports whether anything contradicts so far.
func (v *Verdict) failed() bool {
	return slices.ContainsFunc(v.Properties, func(p Property) bool { return p.wrong > 0 })
}

// failures returns how many contradictions were added.
func (p *Property) failures() int { return p.wrong }

func (p *Property) has(m Mark) bool {
	return slices.ContainsFunc(p.Sentences, func(s Sentence) bool { return s.Mark == m })
}

func (p *Property) add(m Mark, k kind, what text.Text) {
	if m == Wrong {
		p.wrong++
	}
	if k != "" {
		if p.counts == nil {
			p.counts = map[kind]int{}
		}
		if p.counts[k]++; p.counts[k] > sentencesOfKindMax {
			return
		}
	}
	p.Sentences = append(p.Sentences, Sentence{m, what})
}

// close counts the sentences that are not shown, orders the contradictions first, and sets the state.
func (p *Property) close() {
	more := 0
	for _, n := range p.counts {
		more += max(0, n-sentencesOfKindMax)
	}
	slices.SortStableFunc(p.Sentences, func(a, b Sentence) int { return order(a.Mark) - order(b.Mark) })
	if more > 0 {
		last := slices.IndexFunc(p.Sentences, func(s Sentence) bool { return s.Mark == Right })
		if last < 0 {
			last = len(p.Sentences)
		}
		p.Sentences = slices.Insert(p.Sentences, last, Sentence{Noted, moreOfTheKind(more)})
	}
	switch {
	case p.wrong > 0:
		p.State = Failed
	case p.open || !p.has(Right):
		p.State = NotExamined
	default:
		p.State = Passed
	}
	if p.Sentences == nil {
		p.Sentences = []Sentence{}
	}
}

func order(m Mark) int { return slices.Index([]Mark{Wrong, Noted, Right}, m) }

// close sets the states, the result and the conclusion.
func (v *Verdict) close(c conclusion) {
	for i := range v.Properties {
		v.Properties[i].close()
	}
	switch {
	case v.failed():
		v.Result, v.Conclusion = Contradicted, contradicted
	case v.unwitnessed != (text.Text{}):
		v.Result, v.Conclusion = Unwitnessed, unwitnessed(v.unwitnessed)
	default:
		v.Result, v.Conclusion = Holds, c.text()
	}
	v.Code = v.Result.Code()
}
