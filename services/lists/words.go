package lists

import (
	"fmt"
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/table"
)

// These vocabularies hold the words for the codes of answers.
var (
	Statuses = text.Vocabulary[aggregates.Status]{
		{Code: "", Word: text.Say("未登记", "not registered")}, // of a center before its registration
		{Code: aggregates.Registered, Word: text.Say("已登记", "registered")},
		{Code: aggregates.Reviewed, Word: text.Say("初审通过", "reviewed")},
		{Code: aggregates.Approved, Word: text.Say("已审定", "approved")},
		{Code: aggregates.Active, Word: text.Say("已授牌", "active")},
		{Code: aggregates.Revoked, Word: text.Say("已取消资格", "revoked")},
	}
	Severities = text.Vocabulary[aggregates.Severity]{
		{Code: aggregates.Red, Word: text.Say("红", "red"), Also: []string{"红灯", "红色"}},
		{Code: aggregates.Yellow, Word: text.Say("黄", "yellow"), Also: []string{"黄灯", "黄色"}},
		{Code: aggregates.Blue, Word: text.Say("蓝", "blue"), Also: []string{"蓝灯", "蓝色"}},
	}
	Scopes = text.Vocabulary[aggregates.Scope]{
		{Code: aggregates.ProvinceScope, Word: text.Say("省级", "province")},
		{Code: aggregates.CentralScope, Word: text.Say("中央", "central")},
		{Code: aggregates.FiscalScope, Word: text.Say("财政合计", "fiscal"), Also: []string{"财政", "合计"}},
		{Code: aggregates.LocalScope, Word: text.Say("地方配套", "local"), Also: []string{"配套", "地方"}},
	}
)

// groupings holds the words for what a list has one line of.
var groupings = text.Vocabulary[string]{
	{Code: "center", Word: text.Say("中心", "center")},
	{Code: "region", Word: text.Say("区划", "region"), Also: []string{"行政区划", "县（市、区）"}},
	{Code: "city", Word: text.Say("设区市", "city"), Also: []string{"市"}},
	{Code: "industry", Word: text.Say("产业", "industry"), Also: []string{"主导产业"}},
	{Code: "total", Word: text.Say("合计", "total")},
	{Code: "line", Word: text.Say("逐笔", "line")},
	{Code: "grant", Word: text.Say("经费", "grant"), Also: []string{"经费下达"}},
	{Code: "use", Word: text.Say("用途", "use")},
}

// StatusWord returns the word for a status. The status "" is that of a center before its registration.
func StatusWord(s aggregates.Status) text.Text { return Statuses.Word(s) }

// SeverityWord returns the word for a severity.
func SeverityWord(s aggregates.Severity) text.Text { return Severities.Word(s) }

// ScopeWord returns the word for a scope of money.
func ScopeWord(s aggregates.Scope) text.Text { return Scopes.Word(s) }

// choice returns a parameter whose value is one of a vocabulary. Its words are those of a usage, followed by the
// values: in Chinese as words, in English as codes. after follows the values, such as “(default all)”, and may be
// zero.
func choice[T ~string](name string, values text.Vocabulary[T], before, after text.Text) Param {
	zh, en := make([]string, len(values)), make([]string, len(values))
	for i, v := range values {
		zh[i], en[i] = v.Word.Zh, string(v.Code)
	}
	return Param{Name: name, Sort: Choice, Values: values.Strings(),
		Words: text.Text{Zh: before.Zh + "：" + either(zh, "、", "或") + after.Zh,
			En: before.En + ": " + either(en, ", ", " or ") + after.En}}
}

// either joins words, the last two with another word between them.
func either(words []string, between, last string) string {
	n := len(words)
	if n < 2 {
		return strings.Join(words, between)
	}
	return strings.Join(words[:n-1], between) + last + words[n-1]
}

// withDefault returns the parameter with a default.
func (p Param) withDefault(code string) Param {
	p.Default = code
	return p
}

// but returns the parameter with values that look like some of its vocabulary and are none.
func (p Param) but(derived map[string]text.Text) Param {
	p.Derived = derived
	return p
}

// must returns the parameter as a required one.
func (p Param) must() Param {
	p.Must = true
	return p
}

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
		return text.Text{Zh: events.Categories.Word(value).Zh, En: value}
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
	return text.Say("%s %s", "%s, %s", RuleWord(id), RuleQuote(r.Article, r.Words))
}

// RuleWord returns the number of a rule in the Measures, or the word for the ledger's own rule.
func RuleWord(id events.RuleID) text.Text {
	if id == events.Overdrawn {
		return text.Say("超支", "overdrawn")
	}
	return text.Same(string(id))
}

// ArticleWord returns what people call the article of a rule.
func ArticleWord(article string) text.Text {
	if article == noArticle {
		return text.Say("台账规则", "rule of the ledger")
	}
	return text.Say("第%s条", "article %s", article)
}

// noArticle stands in a policy for the article of the ledger's own rule.
const noArticle = "–"

// RuleQuote returns the article and words of a rule. The words of the Measures are quoted in Chinese, as they are. The
// ledger's own rule is no quotation, so it is in either language.
func RuleQuote(article, words string) text.Text {
	quote := text.Say("%s：“%s”", "%s: “%s”", ArticleWord(article), words)
	if article == noArticle {
		quote.En = ArticleWord(article).En + ": no more may be spent of a grant or a match than its balance"
	}
	return quote
}

// PolicyName returns the id and version of a policy.
func PolicyName(ref events.PolicyRef) string {
	if ref.ID == "" {
		return ""
	}
	return ref.ID + "@" + ref.Version
}
