package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain CENTER CODE [KEY] [RAISEDON]", Args: between(2, 4),
		Short: a.say("说明一条预警：规则、原文、数字、依据的记录、如何解除", "explain an alert: rule, words, figures, the events behind it, what clears it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, raisedOn := "", events.Date(0)
			if len(args) > 2 && args[2] != "-" {
				key = args[2]
			}
			if len(args) > 3 {
				var err error
				if raisedOn, err = events.ParseDate(args[3]); err != nil {
					return badDate(cmd, "RAISEDON", args[3])
				}
			}
			center := events.CenterID(args[0])
			if args[0] == "-" {
				center = "" // of an alert of the policies there is none
			}
			return a.readCenter(cmd.Context(), center, func(s *session) error {
				if center != "" {
					if _, err := s.center(args[0]); err != nil {
						return err
					}
				}
				found, err := s.explain(cmd.Context(), center, aggregates.Code(strings.ToUpper(args[1])), key, raisedOn)
				if err != nil {
					return err
				}
				if len(found) == 0 {
					return text.Errorf(text.NotFound, "截至 %v，%s 没有这样的预警 %s", "as of %v, %s has no such alert %s", s.on, args[0], strings.Join(args[1:], " "))
				}
				return a.writeExplained(found)
			})
		},
	}
}

// explained is an explanation with what its rules and events say.
type explained struct {
	Center    events.CenterID     `json:"center"`
	Code      aggregates.Code     `json:"code"`
	Key       string              `json:"key"`
	Severity  aggregates.Severity `json:"severity"`
	RaisedOn  string              `json:"raisedOn"`
	ClearedOn string              `json:"clearedOn"`
	Title     text.Text           `json:"title"`
	Policy    string              `json:"policy"`
	Rules     []ruleWords         `json:"rules"`
	Figures   []aggregates.Figure `json:"figures"`
	Because   []cause             `json:"because"`
	Reason    text.Text           `json:"reason,omitzero"`
	Cleared   text.Text           `json:"cleared"`

	judge *policy.Policy // whose words the figures are shown in; nil before the first policy
}

type ruleWords struct {
	Rule    events.RuleID `json:"rule"`
	Article string        `json:"article"`
	Words   string        `json:"words"`
	shown   text.Text
}

// cause is an event that an alert follows from.
type cause struct {
	ID       uuid.UUID   `json:"id"`
	Position uint64      `json:"position"`
	On       events.Date `json:"on"`
	Kind     events.Kind `json:"kind"`
	Doc      string      `json:"doc"`
}

func (s *session) explain(ctx context.Context, center events.CenterID, code aggregates.Code, key string, raisedOn events.Date) ([]explained, error) {
	var list []explained
	for _, e := range s.reg.Explain(center, s.on, code, key, raisedOn) {
		x := explained{Center: center, Code: e.Code, Key: e.Key, Severity: e.Severity, RaisedOn: e.RaisedOn.String(), ClearedOn: e.ClearedOn.String(),
			Title: lists.AlertTitle(e.Code), Figures: e.Figures, Reason: e.Reason, Cleared: e.Cleared}
		if e.Policy != nil {
			x.Policy, x.judge = lists.PolicyName(e.Policy.Ref()), e.Policy
		}
		for _, id := range e.Rules {
			r := ruleWords{Rule: id, shown: lists.ShowRule(e.Policy, id)}
			if e.Policy != nil && e.Policy.Rule(id) != nil {
				r.Article, r.Words = e.Policy.Rule(id).Article, e.Policy.Rule(id).Words
			}
			x.Rules = append(x.Rules, r)
		}
		var err error
		if x.Because, err = s.causes(ctx, center, e.Because); err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

// causes reads the events of a center, or of the policies, by their ids.
func (s *session) causes(ctx context.Context, center events.CenterID, ids []uuid.UUID) ([]cause, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	from := center.Stream()
	if center == "" {
		from = events.PolicyStream
	}
	var list []cause
	for stored, err := range s.store.ReadStream(ctx, from, 0) {
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, stored.ID) {
			continue
		}
		c := cause{ID: stored.ID, Position: stored.Position, Kind: stored.Kind}
		if rec, err := events.DecodeEvent(stored); err == nil {
			c.On, c.Doc = rec.On, rec.Doc
		}
		list = append(list, c)
	}
	return list, nil
}

func (a *app) writeExplained(list []explained) error {
	switch a.output {
	case jsonOutput:
		return a.writeObject(list)
	case csvOutput:
		return a.write(explainedSheet(list, a.lang))
	}
	for i, x := range list {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		a.tell(a.out, x)
	}
	return nil
}

// explainedSheet is one line for each rule, figure and event.
func explainedSheet(list []explained, lang string) *table.Table {
	sh := &table.Table{Columns: []table.Column{{Name: "center"}, {Name: "code"}, {Name: "key"}, {Name: "raisedOn"}, {Name: "item"}, {Name: "name"}, {Name: "value"}, {Name: "unit"}}}
	for _, x := range list {
		add := func(item, name, value, unit string) {
			sh.Rows = append(sh.Rows, []table.Cell{table.Text(x.Center), table.Text(x.Code), table.Text(x.Key), table.Text(x.RaisedOn), table.Text(item), table.Text(name), table.Text(value), table.Text(unit)})
		}
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
	}
	return sh
}

// becauseMax is how many events people are told of: a rate follows from every voucher of a year.
const becauseMax = 12

// tell writes an explanation for people.
func (a *app) tell(to io.Writer, x explained) {
	line := func(zh, en string, args ...any) { fmt.Fprintln(to, a.say(zh, en, args...)) }
	line("%s %s %s", "%s %s %s", x.Center, x.Code, x.Title.In(a.lang))
	severity := lists.SeverityWord(x.Severity).In(a.lang)
	if x.Key != "" {
		line("  对象：%s", "  about: %s", x.Key)
	}
	if x.ClearedOn == "" {
		line("  级别：%s　发生：%s　未解除", "  severity: %s  raised: %s  open", severity, x.RaisedOn)
	} else {
		line("  级别：%s　发生：%s　解除：%s", "  severity: %s  raised: %s  cleared: %s", severity, x.RaisedOn, x.ClearedOn)
	}
	for _, r := range x.Rules {
		line("  规则：%s", "  rule: %s", r.shown.In(a.lang))
	}
	if x.Policy != "" {
		line("  依据：%s", "  policy: %s", x.Policy)
	}
	for _, f := range x.Figures {
		line("  数字：%s %s", "  figure: %s %s", f.Label.In(a.lang), lists.ShowFigure(f, x.judge).In(a.lang))
	}
	if x.Reason != (text.Text{}) {
		line("  原因：%s", "  reason: %s", x.Reason.In(a.lang))
	}
	for i, c := range x.Because {
		if more := len(x.Because) - i; i == becauseMax && more > 1 {
			line("  ……另有 %d 条记录，见 --output csv 或 json", "  ... and %d more events, see --output csv or json", more)
			break
		}
		what := strings.TrimSpace(c.Kind.Title().In(a.lang) + " " + c.Doc)
		line("  记录：%v %s（位置 %d，%s）", "  event: %v %s (position %d, %s)", c.On, what, c.Position, c.ID)
	}
	if x.ClearedOn == "" {
		line("  如何解除：%s", "  what clears it: %s", x.Cleared.In(a.lang))
	} else {
		line("  解除缘由：%s", "  what cleared it: %s", x.Cleared.In(a.lang))
	}
}
