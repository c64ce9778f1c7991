package lists

import (
	"fmt"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/table"
)

// These maps hold the words that people use for the codes of the ledger.
var (
	statusWords = map[aggregates.Status]text.Text{
		"":                    text.Say("未登记", "not registered"),
		aggregates.Registered: text.Say("已登记", "registered"), aggregates.Reviewed: text.Say("初审通过", "reviewed"),
		aggregates.Approved: text.Say("已审定", "approved"), aggregates.Active: text.Say("已授牌", "active"),
		aggregates.Revoked: text.Say("已取消资格", "revoked"),
	}
	severityWords = map[aggregates.Severity]text.Text{
		aggregates.Red: text.Say("红", "red"), aggregates.Yellow: text.Say("黄", "yellow"), aggregates.Blue: text.Say("蓝", "blue"),
	}
	scopeWords = map[aggregates.Scope]text.Text{
		aggregates.ProvinceScope: text.Say("省级", "province"), aggregates.CentralScope: text.Say("中央", "central"),
		aggregates.FiscalScope: text.Say("财政合计", "fiscal"), aggregates.LocalScope: text.Say("地方配套", "local"),
	}
)

// StatusWord returns the word for a status. The status "" is that of a center before its registration.
func StatusWord(s aggregates.Status) text.Text { return word(statusWords, s) }

// SeverityWord returns the word for a severity.
func SeverityWord(s aggregates.Severity) text.Text { return word(severityWords, s) }

// ScopeWord returns the word for a scope of money.
func ScopeWord(s aggregates.Scope) text.Text { return word(scopeWords, s) }

// useCell returns a cell that shows a use in the words of the policies.
func (d *Books) useCell(use events.Use, on events.Date) table.Cell {
	return table.Named(use, d.policies.UseName(use, on))
}

// valueWord returns the word for the value of a member of an event on a date. Most values are their own word.
func valueWord(policies policy.Timeline, member, value string, on events.Date) text.Text {
	switch member {
	case "source":
		return text.Text{Zh: events.Source(value).Title().Zh, En: value}
	case "category":
		return text.Text{Zh: events.CategoryTitle(value).Zh, En: value}
	case "use":
		return policies.UseName(events.Use(value), on)
	case "grade":
		return policies.GradeName(value, on)
	}
	return table.Plain(value)
}

// word returns the word for a code, or the code itself if it has no word.
func word[T ~string](words map[T]text.Text, code T) text.Text {
	if w, ok := words[code]; ok {
		return w
	}
	return table.Plain(string(code))
}

// AlertTitle returns the title of an alert.
func AlertTitle(code aggregates.Code) text.Text {
	if row := aggregates.LookupAlert(code); row != nil {
		return row.Title
	}
	return table.Plain(string(code))
}

// ShowFigure returns a figure as people read it: with its unit, such as 12.00 元 or 30 天, or by its word.
func ShowFigure(f aggregates.Figure) text.Text {
	if f.Word != (text.Text{}) {
		return f.Word
	}
	switch f.Unit {
	case "fen":
		var v int64
		if _, err := fmt.Sscan(f.Value, &v); err != nil {
			return table.Plain(f.Value)
		}
		return text.Say("%s 元", "%s yuan", events.FormatYuan(events.Fen(v)))
	case "days":
		return text.Say("%s 天", "%s days", f.Value)
	case "percent":
		return table.Plain(f.Value + "%")
	case "m2":
		return text.Say("%s 平方米", "%s m²", f.Value)
	case "months":
		return text.Say("%s 个月", "%s months", f.Value)
	case "years":
		return text.Say("%s 年", "%s years", f.Value)
	}
	return table.Plain(f.Value)
}

// ShowRule returns a rule with its article and the quoted words of the policy.
func ShowRule(p *policy.Policy, id events.RuleID) text.Text {
	if p == nil || p.Rule(id) == nil {
		return table.Plain(string(id))
	}
	r := p.Rule(id)
	return text.Say("%s 第%s条：“%s”", "%s, article %s: “%s”", id, r.Article, r.Words)
}

// PolicyName returns the id and version of a policy.
func PolicyName(ref events.PolicyRef) string {
	if ref.ID == "" {
		return ""
	}
	return ref.ID + "@" + ref.Version
}
