package docs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

const generated = "<!-- Written from the tables of the program by go generate ./docs; do not edit. -->\n\n"

var severityNames = map[aggregates.Severity]text.Text{
	aggregates.Red:    text.Say("红", "red"),
	aggregates.Yellow: text.Say("黄", "yellow"),
	aggregates.Blue:   text.Say("蓝", "blue"),
}

func both(t text.Text) string { return t.Zh + " · " + t.En }

// sentence begins a title with a capital.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func yesNo(yes bool) string {
	if yes {
		return "是 yes"
	}
	return "否 no"
}

// article writes "17(一)" as 第17条（一）.
func article(s string) string {
	rest := strings.TrimLeft(s, "0123456789")
	if rest == s {
		return "–"
	}
	return "第" + strings.TrimSuffix(s, rest) + "条" + strings.NewReplacer("(", "（", ")", "）").Replace(rest)
}

func ruleLinks(ids []events.RuleID) string {
	var links []string
	for _, id := range ids {
		links = append(links, fmt.Sprintf("[%s](rules.md#%s)", id, id))
	}
	return orDash(links)
}

func orDash(parts []string) string {
	if len(parts) == 0 {
		return "–"
	}
	return strings.Join(parts, ", ")
}

func roles(e *events.CatalogEntry, name func(events.Role) string) string {
	var names []string
	for _, r := range e.Roles {
		names = append(names, fmt.Sprintf("%s `%s`", name(r), r))
	}
	if e.Kind == events.KindWaiverGranted { // OP-04
		return fmt.Sprintf("办法指定的一个 · the one the policy names (`%s`: `%s`)", policy.Builtin().ID,
			policy.Builtin().Parameters.WaiverGrantor.Value)
	}
	return strings.Join(names, "、")
}

func nature(e *events.CatalogEntry) string {
	if e.Decision {
		return "决定 decision"
	}
	return "事实 fact"
}

func eventsPage() string {
	var b strings.Builder
	b.WriteString(generated + `# 事件种类 · Event kinds

一条记录是一个事件。**事实**即使违反办法也予记录，并引起预警；**决定**违反强制性规定的，在 enforce 方式下拒绝写入，
在 record 方式（补录）下写入并注明所违反的条款。

One record is one event. A **fact** is recorded even when it breaks the Measures, and raises an alert. A **decision**
that breaks a mandatory rule is refused in mode enforce; in mode record it is kept and carries the rules that it breaks.

| 种类 Kind | 名称 Title | 谁可写 Who may write | 性质 Nature |
|---|---|---|---|
`)
	for i := range events.Catalog {
		e := &events.Catalog[i]
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", e.Kind, e.Kind, both(e.Title),
			roles(e, func(r events.Role) string { return r.Title().Zh }), nature(e))
	}
	fmt.Fprintf(&b, `
## 每条记录 · Every record

一行一个 JSON 对象，UTF-8，至多 %d 字节，嵌套至多 %d 层，列表至多 %d 项；标识至多 %d 字节，金额至多 %d 分，
年份 %d 至 %d。未知、缺少、重复的字段和 null 一律拒绝，并指明字段与原因。

One JSON object a line, UTF-8, at most %[1]d bytes, nested at most %[2]d deep, lists of at most %[3]d members; identifiers of at
most %[4]d bytes, amounts of at most %[5]d fen, years %[6]d to %[7]d. Unknown, missing, repeated and null members are refused with
the field and the reason.

| 字段 Member | 含义 Meaning | 必填 Required |
|---|---|---|
`, events.RecordBytesMax, events.DepthMax, events.ListMax, events.IDBytesMax, events.AmountFenMax, events.YearMin, events.YearMax)
	for _, name := range events.Frame {
		if name != "by" && name != "evidence" { // their members stand alone
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", strings.Replace(name, "evidence.", "evidence[].", 1),
				both(events.FrameDetail(name)), frameRequired(name))
		}
	}
	for i := range events.Catalog {
		kindSection(&b, &events.Catalog[i])
	}
	return b.String()
}

// frameRequired says when a record must have a member.
func frameRequired(name string) string {
	switch name {
	case "center":
		return "是 yes（policy.adopted、ledger.sealed 不填 not for these two）"
	case "doc":
		return "record 方式必填 in mode record"
	}
	return yesNo(slices.Contains([]string{"id", "kind", "on", "by.role", "by.actor", "data"}, name))
}

func kindSection(b *strings.Builder, e *events.CatalogEntry) {
	fmt.Fprintf(b, "\n<a id=\"%s\"></a>\n\n## %s · %s\n\n", e.Kind, e.Kind, e.Title.Zh)
	fmt.Fprintf(b, "%s. %s。%s.\n\n- 谁可写 Who may write: %s\n- 性质 Nature: %s\n- 版本 Version: %d\n- 条款 Rules: %s\n",
		sentence(e.Title.En), e.About.Zh, sentence(e.About.En),
		roles(e, func(r events.Role) string { return both(r.Title()) }), nature(e), e.Version, ruleLinks(e.Rules))
	if e.Version > 1 {
		b.WriteString("\n以旧版本存储的事件读出时转换为现行版本。Events stored in an older version are read as the " +
			"present one.\n")
	}
	if e.ByProgram() {
		b.WriteString("\n只由台账自己写入：填报、试填、导入、接口、表单和表格都不接受；导出含有它，" +
			"导入略过并计数；除位置、核验和按种类查找外，不计入任何数字和清单。The ledger itself writes it: nobody " +
			"may bring it. An export has it, and an import passes over it and counts it. It is in no figure and no " +
			"list but positions, a check and `find` by its kind.\n")
	}
	if len(e.Members()) == 0 {
		b.WriteString("\n没有数据：`{}`。No data: `{}`.\n")
		return
	}
	b.WriteString("\n| 字段 Member | 含义 Meaning | 类型 Type | 单位 Unit | 必填 Required |\n|---|---|---|---|---|\n")
	for _, m := range e.Members() {
		meaning := both(events.MemberDetail(e.Kind, m.Name))
		for i, v := range events.ValuesOf(e.Kind, m.Name) {
			meaning += map[bool]string{true: ": ", false: ", "}[i == 0] + v.Word.Zh + " `" + v.Code + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", m.Name, meaning, typeWords(m.Type), unit(m),
			yesNo(m.Required))
	}
}

func typeWords(t string) string {
	names := map[string]string{"text": "文本 text", "integer": "整数 integer", "fen": "整数 integer",
		"date":    "日期 date",
		"boolean": "是否 boolean", "number": "数 number", "text[]": "文本列表 list of text",
		"integer[]": "整数列表 list of integers"}
	if name, ok := names[t]; ok {
		return name
	}
	if object, ok := strings.CutSuffix(t, "[]"); ok {
		return "对象列表 list of `" + object + "`"
	}
	return "对象 object `" + t + "`"
}

func unit(m events.Member) string {
	switch {
	case m.Type == "fen":
		return "分 fen"
	case m.Type == "date":
		return "YYYY-MM-DD"
	case strings.HasSuffix(m.Name, "M2"):
		return "㎡ m²"
	case strings.HasSuffix(m.Name, "Reviews"):
		return "份 count"
	case m.Name == "size":
		return "条 records"
	case strings.HasPrefix(m.Type, "integer"):
		return "年 year"
	}
	return "–"
}

func alertsPage() string {
	var b strings.Builder
	b.WriteString(generated + `# 预警 · Alerts

预警由历史和日期推算得出，不另存储：同一历史、同一日期，答案总是相同。期限和比例是办法参数，此处不重复。
**可销号**的预警可由 ` + "[alert.closed](events.md#alert.closed)" + ` 消除；**随取消资格消除**的预警在取消资格之日消除。

An alert is computed from the history and a date and is not stored: the same history and date always give the same answer.
Terms and shares are parameters of the policy and are not repeated here. A **closable** alert ends with
` + "[alert.closed](events.md#alert.closed)" + `; one that **ends with revocation** clears on the day of
` + "[qualification.revoked](events.md#qualification.revoked)" + `.

| 代码 Code | 级别 Severity | 名称 Title |
|---|---|---|
`)
	for _, a := range aggregates.AlertCatalog {
		fmt.Fprintf(&b, "| [%s](#%s) | %s %s | %s |\n", a.Code, a.Code, severityNames[a.Severity].Zh, a.Severity,
			both(a.Title))
	}
	for _, a := range aggregates.AlertCatalog {
		key := "–"
		if a.Key != (text.Text{}) {
			key = both(a.Key)
		}
		fmt.Fprintf(&b, `
<a id="%s"></a>

## %[1]s · %s

%s.

| | |
|---|---|
| 级别 Severity | %s |
| 键 Key | %s |
| 触发 Raised | %s |
| 消除 Cleared | %s |
| 责任单位 Who must act | %s |
| 可销号 Closable | %s |
| 随取消资格消除 Ends with revocation | %s |
| 数字 Figures | %s |

`, a.Code, a.Title.Zh, sentence(a.Title.En), both(severityNames[a.Severity]), key, both(a.Raised), both(a.Cleared),
			both(a.Office.Title()), yesNo(a.Closable), yesNo(a.EndsWithRevocation), figureNames(a.Figures))
		for _, id := range a.Rules {
			if rule := policy.Builtin().Rule(id); rule != nil {
				fmt.Fprintf(&b, "- [%s](rules.md#%s) %s：“%s”\n", id, id, article(rule.Article), rule.Words)
			}
		}
	}
	return b.String()
}

// figureNames lists the figures that explain an alert, each with its label.
func figureNames(names []string) string {
	var list []string
	for _, name := range names {
		of, _, _ := strings.Cut(name, "-") // decidedOn-1 is decidedOn of the year before
		list = append(list, fmt.Sprintf("`%s` %s", name, both(aggregates.LookupFigure(of).Label)))
	}
	return strings.Join(list, "; ")
}

func rulesPage() string {
	draft := policy.Builtin()
	cited := citations(draft)
	var b strings.Builder
	fmt.Fprintf(&b, `%s# 条款 · Rules

《%s》逐条编号，原文照录；“引用”一栏列出本程序在何处据以记录、判断或预警。没有引用的条款，由人认定或不由台账判断。

Every rule of the Measures with its article and its words as they stand. “Cited by” lists where the program records, judges or
warns on its account; a rule that nothing cites is for humans to judge, or not for the ledger.
`, generated, draft.Source)
	heading := ""
	for _, r := range draft.Rules {
		number, _, _ := strings.Cut(article(r.Article), "条")
		if number += "条"; r.Article == "–" {
			number = "台账自身 · Of the ledger itself"
		}
		if number != heading {
			heading = number
			fmt.Fprintf(&b,
				"\n## %s\n\n| 编号 Rule | 条款 Article | 原文 Words | 引用 Cited by |\n|---|---|---|---|\n", heading)
		}
		fmt.Fprintf(&b, "| <a id=\"%s\"></a>%[1]s | %s | %s | %s |\n", r.ID, article(r.Article), r.Words,
			orDash(cited[r.ID]))
	}
	return b.String()
}

// citations lists for each rule the kinds, alerts and rows of the policy that cite it.
func citations(p *policy.Policy) map[events.RuleID][]string {
	cited := map[events.RuleID][]string{}
	cite := func(id events.RuleID, format string, args ...any) {
		cited[id] = append(cited[id], fmt.Sprintf(format, args...))
	}
	for _, e := range events.Catalog {
		for _, id := range e.Rules {
			cite(id, "[%s](events.md#%s)", e.Kind, e.Kind)
		}
	}
	for _, a := range aggregates.AlertCatalog {
		for _, id := range a.Rules {
			cite(id, "[%s](alerts.md#%s)", a.Code, a.Code)
		}
	}
	for _, row := range p.Admission {
		cite(row.Rule, "认定条件 admission condition (%s)", row.Modality)
	}
	uses, codes := map[events.RuleID]string{}, map[events.RuleID]string{}
	for _, row := range p.Uses {
		uses[row.Rule] += fmt.Sprintf(" `%s`", row.Use)
	}
	for _, row := range p.Codes {
		codes[row.Rule] += fmt.Sprintf(" `%s`", row.Prefix)
	}
	for _, r := range p.Rules {
		if list := uses[r.ID]; list != "" {
			cite(r.ID, "用途 uses%s", list)
		}
		if list := codes[r.ID]; list != "" {
			cite(r.ID, "经济分类 economic codes%s", list)
		}
	}
	return cited
}
