package desk

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/sheets"
	"github.com/taizhang/taizhang/services/table"
)

// Policy is the Measures as data, for fronts.
type Policy struct{ *policy.Policy }

// Name returns the id and version of the policy.
func (p Policy) Name() string { return lists.PolicyName(p.Ref()) }

// PolicyBytesMax is the largest size of the text of a policy.
const PolicyBytesMax = policy.TextBytesMax

// BuiltinPolicy returns the policy in the program, which applies until a ledger adopts one.
func BuiltinPolicy() Policy { return Policy{policy.Builtin()} }

// Policies holds the policies of a ledger as of a date.
type Policies struct {
	Adopted []Policy // in the order in which they were adopted
	InForce *Policy  // on the date; nil if none is
	// the one in force or, before it, the first; its words are used for the date; nil for a ledger that has not
	// begun
	Reading *Policy
	on      events.Date
}

// Policies implements Reader.
func (l *Local) Policies(ctx context.Context, when When) (*Policies, error) {
	a, err := l.asked(when)
	if err != nil {
		return nil, err
	}
	register := l.Ledger.Register()
	if !a.point.IsNow() {
		if register, err = l.Ledger.KnownAtOf(ctx, a.point, ""); err != nil {
			return nil, err
		}
	}
	timeline := register.Timeline()
	p := &Policies{on: a.on}
	for _, adopted := range timeline.Adopted() {
		p.Adopted = append(p.Adopted, Policy{adopted})
	}
	if at := timeline.At(a.on); at != nil {
		p.InForce = &Policy{at}
	}
	if reading := timeline.Reading(a.on); reading != nil {
		p.Reading = &Policy{reading}
	}
	return p, nil
}

// IsToCome reports whether an adopted policy is not in force before a later date.
func (p *Policies) IsToCome(adopted Policy) bool { return adopted.EffectiveFrom > p.on }

// PolicyIndex lists the policies of a ledger as of a date, without their texts.
type PolicyIndex struct {
	AsOf    events.Date        `json:"asOf"`
	Adopted []events.PolicyRef `json:"adopted"` // in the order in which they were adopted
	InForce string             `json:"inForce"` // id@version; "" if none is
	// id@version of the policy whose words are used for the date; "" for a ledger that has not begun
	Reading string `json:"reading"`
}

// Index returns the policies without their texts.
func (p *Policies) Index() PolicyIndex {
	x := PolicyIndex{AsOf: p.on}
	for _, adopted := range p.Adopted {
		x.Adopted = append(x.Adopted, adopted.Ref())
	}
	if p.InForce != nil {
		x.InForce = p.InForce.Name()
	}
	if p.Reading != nil {
		x.Reading = p.Reading.Name()
	}
	return x
}

// Policies returns the policies of an index. It calls text for the text of each policy. A text whose digest
// differs from the index is an error.
func (x PolicyIndex) Policies(text func(events.PolicyRef) ([]byte, error)) (*Policies, error) {
	p := &Policies{on: x.AsOf}
	for _, ref := range x.Adopted {
		content, err := text(ref)
		if err != nil {
			return nil, err
		}
		parsed, problems := ParsePolicy(content)
		if len(problems) > 0 {
			return nil, fmt.Errorf("desk: read policy %s: %w", lists.PolicyName(ref), policy.Problems(problems))
		}
		if parsed.Ref() != ref {
			return nil, fmt.Errorf("desk: read policy %s: the text is of %s, digest %s", lists.PolicyName(ref),
				parsed.Name(), parsed.Digest())
		}
		p.Adopted = append(p.Adopted, parsed)
	}
	for _, one := range []struct {
		name string
		is   **Policy
	}{{x.InForce, &p.InForce}, {x.Reading, &p.Reading}} {
		if one.name == "" {
			continue
		}
		found, err := p.Find(one.name)
		if err != nil {
			return nil, err
		}
		*one.is = &found
	}
	return p, nil
}

// Find returns the adopted policy with a name ID@VERSION.
func (p *Policies) Find(name string) (Policy, error) {
	for _, adopted := range p.Adopted {
		if adopted.Name() == name {
			return adopted, nil
		}
	}
	return Policy{}, text.Errorf(text.NotFound, "台账没有采用过 %s", "the ledger has not adopted %s", name)
}

// Current returns the policy in force.
func (p *Policies) Current() (Policy, error) {
	if p.InForce == nil {
		return Policy{}, text.Errorf(text.NotFound, "%v 没有施行中的办法参数", "no policy is in force on %v", p.on)
	}
	return *p.InForce, nil
}

// Adoption returns the draft that adopts a policy. Its id is computed from the text, so adopting the same text
// again is a repeat.
func (p Policy) Adoption() (Draft, error) {
	line, err := events.EncodeRecord(ledger.Adoption(p.Policy))
	if err != nil {
		return Draft{}, fmt.Errorf("desk: adopt %s: %w", p.ID, err)
	}
	var d Draft
	if err := json.Unmarshal(line, &d); err != nil {
		return Draft{}, fmt.Errorf("desk: adopt %s: %w", p.ID, err)
	}
	return d, nil
}

// PolicyProblem is one error in the text of a policy.
type PolicyProblem = policy.Problem

// ParsePolicy reads the text of a policy. It returns all problems of the text.
func ParsePolicy(content []byte) (Policy, []PolicyProblem) {
	p, problems := policy.Parse(content)
	return Policy{p}, problems
}

// ProblemColumns are the columns for problems of a policy.
var ProblemColumns = []table.Column{{Name: "line", Title: text.Say("行", "line"), Type: table.Count},
	{Name: "field", Title: text.Say("字段", "field")}, {Name: "reason", Title: text.Say("理由", "reason")}}

// ProblemsTable returns the problems of the policy in a file as a table, with the reasons in one language.
func ProblemsTable(file string, problems []PolicyProblem, lang string) *table.Table {
	t := &table.Table{Title: text.Say("%s 不能采用：", "%s cannot be adopted:", file), Columns: ProblemColumns}
	for _, p := range problems {
		t.Rows = append(t.Rows, []table.Cell{
			table.Number(p.Line), table.Named(p.Field, policy.PathWords(p.Field, nil)), table.Text(p.Reason.In(lang))})
	}
	return t
}

// ParameterColumns are the columns for the parameters of a policy.
var ParameterColumns = []table.Column{{Name: "parameter", Title: text.Say("参数", "parameter")},
	{Name: "value", Title: text.Say("值", "value")}, {Name: "unit", Title: text.Say("单位", "unit")},
	{Name: "article", Title: text.Say("条", "article")}, {Name: "words", Title: text.Say("原文", "words")},
	{Name: "open", Title: text.Say("待定项", "open")}}

// Table returns the parameters of the policy with their articles and words, in the order of its own text.
func (p Policy) Table() (*table.Table, error) {
	t := &table.Table{
		Title: text.Say("%s（%s），%s 起施行，校验值 %s", "%s (%s), effective from %s, digest %s", p.Name(),
			p.Source, p.EffectiveFrom, p.Digest()),
		Columns: ParameterColumns,
	}
	var whole struct {
		Parameters jsontext.Value `json:"parameters"`
	}
	if err := json.Unmarshal(p.Text(), &whole); err != nil {
		return nil, fmt.Errorf("desk: read policy: %w", err)
	}
	dec := jsontext.NewDecoder(bytes.NewReader(whole.Parameters))
	if _, err := dec.ReadToken(); err != nil {
		return nil, fmt.Errorf("desk: read policy: %w", err)
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, fmt.Errorf("desk: read policy: %w", err)
		}
		title := name.String() // copied, because name is valid only until the next token
		var v policy.Parameter[jsontext.Value]
		if err := json.UnmarshalDecode(dec, &v); err != nil {
			return nil, fmt.Errorf("desk: read policy: %w", err)
		}
		unit := table.Named(v.Unit, policy.UnitWords.Word(v.Unit))
		if v.Unit == "fen" {
			unit.Shown = text.Text{} // the amount has it
		}
		t.Rows = append(t.Rows, []table.Cell{
			table.Named(title, policy.ParameterWords.Word(title)), parameterValue(v), unit, table.Text(v.Article),
			table.Text(v.Words), table.Text(v.Open),
		})
	}
	return t, nil
}

// parameterValue returns the cell for a parameter: amounts in yuan, lists without brackets, codes in words.
func parameterValue(v policy.Parameter[jsontext.Value]) table.Cell {
	raw := strings.Trim(string(v.Value), `"`)
	var amount int64
	if v.Unit == "fen" && json.Unmarshal(v.Value, &amount) == nil {
		return table.Named(raw, text.Say("%s 元", "%s yuan", events.FormatYuan(events.Fen(amount))))
	}
	list := []string{raw}
	if json.Unmarshal(v.Value, &list) == nil {
		raw = strings.Join(list, " ")
	}
	var zh, en []string
	for _, item := range list {
		word := policy.ItemWord(item)
		zh, en = append(zh, word.Zh), append(en, word.En)
	}
	return table.Named(raw, text.Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")})
}

// DifferenceColumns are the columns for the differences between two policies.
var DifferenceColumns = []table.Column{{Name: "path", Title: text.Say("位置", "path")},
	{Name: "before", Title: text.Say("原", "before")}, {Name: "after", Title: text.Say("新", "after")}}

// ComparePolicies returns the differences between two policies as a table.
func ComparePolicies(before, after Policy) *table.Table {
	t := &table.Table{
		Title:   text.Say("%s → %s", "%s → %s", before.Name(), after.Name()),
		Empty:   text.Say("没有差别。", "There is no difference."),
		Columns: DifferenceColumns,
	}
	for _, c := range policy.Diff(before.Policy, after.Policy) {
		names := after.Policy // of the rows that are there
		if c.After == "" {
			names = before.Policy
		}
		t.Rows = append(t.Rows, []table.Cell{
			table.Named(c.Path, policy.PathWords(c.Path, names)),
			table.Named(c.Before, policy.ValueWords(c.Path, c.Before, names)),
			table.Named(c.After, policy.ValueWords(c.Path, c.After, names)),
		})
	}
	return t
}

// SheetNames holds the words for the kinds of sheets.
func SheetNames() text.Vocabulary[string] { return sheets.Names() }

// WriteTemplate writes an empty sheet of a kind as XLSX, with the words of a policy.
func WriteTemplate(to io.Writer, kind string, words Policy) error {
	k := sheets.Find(kind)
	if k == nil {
		return text.Errorf(text.NotFound, "没有 %q 这种表", "there is no sheet of %q", kind)
	}
	return sheets.WriteTemplate(to, k, words.Policy)
}
