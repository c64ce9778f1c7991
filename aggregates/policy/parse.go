package policy

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Limits on a policy. The message that refuses a policy over a limit names the limit.
const (
	TextBytesMax  = 512 << 10 // the whole text
	DepthMax      = 8         // nesting of objects and lists
	ListMax       = 1000      // members of any list or object
	WordsBytesMax = 4000      // one quotation
	ProblemsMax   = 100       // problems reported for one text
)

// Problem is one error in a policy: the line (from 1), the JSON path such as "uses[3].rule" (empty for the text as a
// whole) and the reason. For a missing member the line is that of the object or list that lacks it.
type Problem struct {
	Line   int       `json:"line"`
	Field  string    `json:"field"`
	Reason text.Text `json:"reason"`
}

// Problems holds all errors found in one policy, in the order of lines. Its Error text is in English.
type Problems []Problem

// Error implements error.
func (p Problems) Error() string {
	if len(p) == 0 {
		return "policy: no problem"
	}
	s := fmt.Sprintf("policy: line %d: ", p[0].Line)
	if p[0].Field != "" {
		s += p[0].Field + ": "
	}
	s += p[0].Reason.En
	if len(p) > 1 {
		s += fmt.Sprintf(" (and %d more)", len(p)-1)
	}
	return s
}

// Required lists the rules that the program can name in a refusal, an alert or the catalog of events. Every policy
// must have the article and words of each.
var Required = []events.RuleID{
	"R02-1", "R03-2",
	"R04-2", "R04-4", "R04-5", "R04-6", "R04-7", "R04-8", "R04-9",
	"R05-1", "R05-2",
	"R06", "R06-1a", "R06-2b", "R06-2c", "R06-2d", "R06-4b", "R06-4c", "R06-5b", "R06-5d", "R06-5e", "R06-6",
	"R09-0", "R09-2", "R09-3", "R09-4", "R09-5", "R09-6", "R09-7", "R09-8", "R09-9",
	"R10-1", "R10-2", "R10-3",
	"R11-1", "R11-2", "R11-3", "R11-4",
	"R12-1", "R14-1",
	"R16-1a", "R16-1b", "R16-1c", "R16-2",
	"R17-1", "R17-2", "R17-2f",
	"R18-1", "R18-2", "R18-3",
	"R20-1", "R20-2", "R20-3", "R20-4", "R20-5", "R20-6", "R20-7", "R20-8", "R20-9",
	"overdrawn",
}

// Parse reads a policy, strictly: unknown, missing, repeated and null members, wrong types, units and values, rows
// that contradict one another, rules without words, text that is not UTF-8 and anything over the limits are refused.
// It returns a policy or problems, never both. Without problems it returns nil Problems; do not convert them to an
// error, which would not be nil. Parse(p.Text()) equals p.
func Parse(text []byte) (*Policy, Problems) { return parse(text, Builtin()) }

// parse does the same as Parse. Uses and grades without names get those of the policy like.
func parse(text []byte, like *Policy) (*Policy, Problems) {
	root, problem := tree(text)
	if problem != nil {
		return nil, Problems{*problem}
	}
	p := &Policy{}
	var r reader
	r.policy(root, p)
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
		return nil, r.problems
	}
	sum := sha256.Sum256(text)
	p.text, p.digest = bytes.Clone(text), hex.EncodeToString(sum[:])
	p.rules = map[events.RuleID]*Rule{}
	for i := range p.Rules {
		p.rules[p.Rules[i].ID] = &p.Rules[i]
	}
	p.uses = map[events.Use]*UseRow{}
	for i := range p.Uses {
		p.uses[p.Uses[i].Use] = &p.Uses[i]
	}
	p.nameAll(like)
	return p, nil
}
