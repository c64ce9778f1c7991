package desk

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// Alert is an alert of a center.
type Alert struct {
	Code      aggregates.Code     `json:"code"`
	Key       string              `json:"key"`
	Severity  aggregates.Severity `json:"severity"`
	RaisedOn  events.Date         `json:"raisedOn"`
	ClearedOn Day                 `json:"clearedOn"` // null while it is open
}

func alertsOf(list []aggregates.Alert) []Alert {
	alerts := make([]Alert, len(list))
	for i, x := range list {
		alerts[i] = Alert{x.Code, x.Key, x.Severity, x.RaisedOn, Day{x.ClearedOn}}
	}
	return alerts
}

// openOf returns the open alerts of a list.
func openOf(list []aggregates.Alert) (open []Alert) {
	for _, x := range alertsOf(list) {
		if x.ClearedOn.IsNone() {
			open = append(open, x)
		}
	}
	return open
}

// Explanation is an alert with the rules, figures and events that it follows from.
type Explanation struct {
	Center events.CenterID `json:"center"`
	Code   aggregates.Code `json:"code"`
	Key    string          `json:"key"`
	// the key as people call it, such as voucher V1; none without a key
	About     text.Text           `json:"about,omitzero"`
	Severity  aggregates.Severity `json:"severity"`
	RaisedOn  events.Date         `json:"raisedOn"`
	ClearedOn Day                 `json:"clearedOn"`
	Title     text.Text           `json:"title"`
	Reason    text.Text           `json:"reason,omitzero"` // what happened, in a sentence
	Office    events.Role         `json:"office"`
	Who       text.Text           `json:"responsible"` // the office, by name
	Policy    string              `json:"policy"`      // id@version of the policy that judges it; "" before the first
	Rules     []Rule              `json:"rules"`
	Figures   []Figure            `json:"figures"`
	Because   []Cause             `json:"because"` // the events that the alert follows from
	Cleared   text.Text           `json:"cleared"` // what clears alerts of this code
	// the event that cleared it; left out while it is open, or if time alone cleared it
	ClearedBy *Cause `json:"clearedBy,omitzero"`
	AsOf      Day    `json:"asOf"`
	Position  uint64 `json:"position"` // the position of the ledger that the answer is based on
}

// Rule is a rule with its article and words, as in the policy that judges the alert.
type Rule struct {
	Rule    events.RuleID `json:"rule"`
	Article string        `json:"article"`
	Words   string        `json:"words"`
}

// Figure is a number, a date or a name that an alert follows from.
type Figure struct {
	aggregates.Figure
	Shown text.Text `json:"shown"` // the value for people, with its unit
}

// Cause is an event that an alert follows from.
type Cause struct {
	ID       uuid.UUID   `json:"id"`
	Position uint64      `json:"position"`
	On       Day         `json:"on"` // null if the event cannot be read
	Kind     events.Kind `json:"kind"`
	Doc      string      `json:"doc"`
	By       events.By   `json:"by"`
}

// Explain implements Reader.
func (l *Local) Explain(ctx context.Context, when When, name AlertName) ([]Explanation, error) {
	var raisedOn events.Date
	if name.RaisedOn != "" {
		var err error
		if raisedOn, err = ParseDay("raised-on", name.RaisedOn); err != nil {
			return nil, err
		}
	}
	code, unknown := lists.ReadAlertCode(name.Code)
	center := events.ParseCenter(name.Center) // none for an alert of the policies
	var on events.Date
	who := map[aggregates.Code]text.Text{}
	var found []aggregates.Explanation
	var position uint64
	err := l.asking(ctx, when, center, func(a asked) error {
		if unknown != nil {
			unknown.Code = text.NotFound // the name is part of an address
			return unknown
		}
		if center != "" && !a.Register.Knows(center) {
			return lists.UnknownCenter(center)
		}
		on = a.on
		a.Register.Exactly(func(at uint64) {
			position, found = at, a.Register.Explain(center, on, code, lists.ReadKey(code, name.Key), raisedOn)
		})
		for _, e := range found {
			who[e.Code] = Responsible(a.Register, center, e.Code, on)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list := make([]Explanation, len(found))
	for i := range found {
		list[i] = Explained(center, &found[i])
		list[i].AsOf, list[i].Position, list[i].Who = Day{on}, position, who[found[i].Code]
	}
	if err := l.addCauses(ctx, center, found, list); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		what := strings.Join(strings.Fields(strings.Join([]string{string(code), name.Key, name.RaisedOn}, " ")), " ")
		if center == "" {
			return nil, text.Errorf(text.NotFound, "截至 %v，办法参数没有这样的预警 %s",
				"as of %v, the policies have no alert %s", on, what)
		}
		return nil, text.Errorf(text.NotFound, "截至 %v，%s 没有这样的预警 %s", "as of %v, %s has no alert %s",
			on, center, what)
	}
	return list, nil
}

// Explained returns an explanation with words for people: the title, the rules with the article and words of the
// policy, and the figures with their units. It has no causes.
func Explained(center events.CenterID, e *aggregates.Explanation) Explanation {
	x := Explanation{Center: center, Code: e.Code, Key: e.Key, Severity: e.Severity, RaisedOn: e.RaisedOn,
		ClearedOn: Day{e.ClearedOn},
		Title:     lists.AlertTitle(e.Code), Reason: e.Reason, Office: aggregates.Office(e.Code), Cleared: e.Cleared}
	x.Who = x.Office.Title()
	if row := aggregates.LookupAlert(e.Code); row != nil && e.Key != "" {
		x.About = text.Say("%s %s", "%s %s", row.Key, aggregates.KeyWord(e.Code, e.Key))
	}
	if e.Policy != nil {
		x.Policy = lists.PolicyName(e.Policy.Ref())
	}
	for _, f := range e.Figures {
		x.Figures = append(x.Figures, figureOf(f))
	}
	for _, id := range e.Rules {
		x.Rules = append(x.Rules, ruleOf(e.Policy, id))
	}
	return x
}

func figureOf(f aggregates.Figure) Figure { return Figure{f, lists.ShowFigure(f)} }

func ruleOf(p *policy.Policy, id events.RuleID) Rule {
	r := Rule{Rule: id}
	if p != nil && p.Rule(id) != nil {
		r.Article, r.Words = p.Rule(id).Article, p.Rule(id).Words
	}
	return r
}

// Responsible returns the name of the office that must act on an alert.
func Responsible(r *projections.Register, center events.CenterID, code aggregates.Code, on events.Date) text.Text {
	office := r.Office(center, code, on)
	if name := r.Facts(center, on).Name; office.Role == events.CenterRole && name != "" {
		return text.Say("%s %s", "%s %s", office.Role.Title(), name)
	}
	return lists.OfficeWord(office)
}

// VoucherFigures returns the figures of an explanation that only the record of a voucher has: its payee and its
// summary. It returns none for another record, or for one that cannot be read.
func VoucherFigures(s *events.Stored) []Figure {
	rec, err := events.DecodeEvent(*s)
	if err != nil {
		return nil // AL-LED-01 reports it
	}
	p, ok := rec.Data.(*events.FundsSpent)
	if !ok {
		return nil
	}
	figures := []Figure{figureOf(aggregates.NewFigure("payee", p.Payee))}
	if p.Summary != "" {
		figures = append(figures, figureOf(aggregates.NewFigure("summary", p.Summary)))
	}
	return figures
}

// addCauses reads the history of a center once. It adds to each explanation the events from which its alert follows
// and the one that cleared it, and the figures that only the record of its voucher has.
func (l *Local) addCauses(ctx context.Context, center events.CenterID, found []aggregates.Explanation,
	list []Explanation) error {
	of := map[uuid.UUID][]int{} // the explanations that an event belongs to
	vouchers := map[uint64][]int{}
	for i := range found {
		e := &found[i]
		for _, id := range append(slices.Clip(e.Because), e.ClearedBy) {
			if n := len(of[id]); n == 0 || of[id][n-1] != i {
				of[id] = append(of[id], i)
			}
		}
		if e.Voucher != 0 {
			vouchers[e.Voucher] = append(vouchers[e.Voucher], i)
		}
	}
	if len(found) == 0 {
		return nil
	}
	from := center.Stream()
	if center == "" {
		from = events.PolicyStream
	}
	for stored, err := range l.Ledger.ReadStream(ctx, from, 0) {
		if err != nil {
			return err
		}
		for _, i := range vouchers[stored.Revision] {
			list[i].Figures = append(list[i].Figures, VoucherFigures(&stored)...)
		}
		for _, i := range of[stored.ID] {
			c := causeOf(&stored)
			if c.ID == found[i].ClearedBy {
				list[i].ClearedBy = &c
				if !slices.Contains(found[i].Because, c.ID) {
					continue
				}
			}
			list[i].Because = append(list[i].Because, c)
		}
	}
	return nil
}

func causeOf(s *events.Stored) Cause {
	c := Cause{ID: s.ID, Position: s.Position, Kind: s.Kind}
	if rec, err := events.DecodeEvent(*s); err == nil { // AL-LED-01 reports an unreadable event
		c.On, c.Doc, c.By = Day{rec.On}, rec.Doc, rec.By
	}
	return c
}

// ExplanationColumns are the columns for an explanation, which has a row for each rule, figure and event.
var ExplanationColumns = []table.Column{{Name: "center"}, {Name: "code"}, {Name: "key"},
	{Name: "raisedOn", Type: table.Day}, {Name: "item"}, {Name: "name"}, {Name: "value"}, {Name: "unit"}}

// ExplanationTable returns explanations as a table with the texts in one language.
func ExplanationTable(list []Explanation, lang string) *table.Table {
	t := &table.Table{Columns: ExplanationColumns}
	for i := range list {
		x := &list[i]
		add := func(item, name, value, unit string) {
			t.Rows = append(t.Rows, []table.Cell{table.Text(x.Center), table.Text(x.Code), table.Text(x.Key),
				table.Date(x.RaisedOn), table.Text(item), table.Text(name), table.Text(value), table.Text(unit)})
		}
		add("responsible", string(x.Office), x.Who.In(lang), "")
		for _, r := range x.Rules {
			add("rule", string(r.Rule), r.Words, r.Article)
		}
		for _, f := range x.Figures {
			add("figure", f.Name, f.Value, f.Unit)
		}
		for _, c := range x.Because {
			add("event", c.ID.String(), string(c.Kind), c.On.String())
		}
		if x.Reason != (text.Text{}) {
			add("reason", "", x.Reason.In(lang), "")
		}
		add("cleared", "", x.Cleared.In(lang), "")
		if c := x.ClearedBy; c != nil {
			add("clearedBy", c.ID.String(), string(c.Kind), c.On.String())
		}
	}
	return t
}
