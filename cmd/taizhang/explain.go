package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain CENTER CODE [KEY] [RAISED-ON]", Args: between(2, 4),
		Short: a.say("说明一条预警：规则、原文、数字、依据的记录、如何解除",
			"explain an alert: rule, words, figures, the events behind it, what clears it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 4 && args[3] == "" { // such as an unset variable of the shell; it must not mean "all"
				return usage(cmd, "RAISED-ON：不能为空", "RAISED-ON: must not be empty")
			}
			args = append(args, "", "")
			for _, i := range []int{0, 2} { // the alerts of the policies have no center, and many alerts have no key
				if args[i] == "-" {
					args[i] = ""
				}
			}
			return a.read(cmd.Context(), func(d desk.Reader) error {
				found, err := d.Explain(cmd.Context(), a.when(),
					desk.AlertName{Center: args[0], Code: args[1], Key: args[2], RaisedOn: args[3]})
				if err != nil {
					return err
				}
				return a.writeExplained(found)
			})
		},
	}
}

func (a *app) writeExplained(list []desk.Explanation) error {
	return a.answer(list, func() *table.Table { return desk.ExplanationTable(list, a.lang) }, func() {
		for i := range list {
			if i > 0 {
				fmt.Fprintln(a.out)
			}
			a.tell(&list[i])
		}
	})
}

// becauseMax is the maximum number of events that are shown to people, because a rate follows from every voucher of a
// year.
const becauseMax = 12

// tell writes an explanation for people.
func (a *app) tell(x *desk.Explanation) {
	title := text.Say("%s %s %s", "%s %s %s", x.Center, x.Code, x.Title.In(a.lang))
	fmt.Fprintln(a.out, text.Printable(desk.Known(title, a.knownAt, x.Position).In(a.lang)))
	if reason := x.Reason.In(a.lang); reason != "" {
		a.print("  %s", "  %s", reason)
	}
	severity := lists.SeverityWord(x.Severity).In(a.lang)
	if x.Key != "" {
		a.print("  对象：%s", "  about: %s", x.About.In(a.lang))
	}
	if x.ClearedOn.IsNone() {
		a.print("  级别：%s　发生：%s　未解除", "  severity: %s  raised: %s  open", severity, x.RaisedOn)
	} else {
		a.print("  级别：%s　发生：%s　解除：%s", "  severity: %s  raised: %s  cleared: %s", severity, x.RaisedOn,
			x.ClearedOn)
	}
	a.print("  责任单位：%s", "  who must act: %s", x.Who.In(a.lang))
	for _, r := range x.Rules {
		quote := lists.RuleQuote(r.Article, r.Words).In(a.lang)
		switch {
		case r.Article == "–":
			a.print("  %s", "  %s", quote)
		case r.Words == "":
			a.print("  规则：%s", "  rule: %s", r.Rule)
		default:
			a.print("  规则：%s %s", "  rule: %s, %s", r.Rule, quote)
		}
	}
	if x.Policy != "" {
		a.print("  依据：%s", "  policy: %s", x.Policy)
	}
	for _, f := range x.Figures {
		a.print("  数字：%s %s", "  figure: %s %s", f.Label.In(a.lang), f.Shown.In(a.lang))
	}
	for i, c := range x.Because {
		if more := len(x.Because) - i; i == becauseMax && more > 1 {
			a.print("  ……另有 %d 条记录，见 --output csv 或 json",
				"  ... and %d more events, see --output csv or json", more)
			break
		}
		// an event that cannot be read has no date
		what := strings.TrimSpace(strings.Join([]string{c.On.String(), c.Kind.Title().In(a.lang), c.Doc}, " "))
		a.print("  记录：%s（位置 %d，%s）", "  event: %s (position %d, %s)", what, c.Position, c.ID)
	}
	switch c := x.ClearedBy; {
	case x.ClearedOn.IsNone():
		a.print("  如何解除：%s", "  what clears it: %s", x.Cleared.In(a.lang))
	case c == nil:
		a.print("  解除缘由：时间到了 %s，不是由某条记录解除（%s）",
			"  what cleared it: the day %s was reached, not a record (%s)", x.ClearedOn, x.Cleared.In(a.lang))
	default:
		a.print("  解除缘由：%v %s，%s %s 报（位置 %d，%s）",
			"  what cleared it: %v %s, reported by %s %s (position %d, %s)",
			c.On, strings.TrimSpace(c.Kind.Title().In(a.lang)+" "+c.Doc), c.By.Role.Title().In(a.lang), c.By.Actor,
			c.Position, c.ID)
	}
}
