package desk

import (
	"fmt"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// The words that people use for the codes of the ledger.
var (
	statusWords = map[aggregates.Status]events.Text{
		aggregates.Registered: events.Say("已登记", "registered"), aggregates.Reviewed: events.Say("初审通过", "reviewed"),
		aggregates.Approved: events.Say("已审定", "approved"), aggregates.Active: events.Say("已授牌", "active"),
		aggregates.Revoked: events.Say("已取消资格", "revoked"),
	}
	severityWords = map[aggregates.Severity]events.Text{
		aggregates.Red: events.Say("红", "red"), aggregates.Yellow: events.Say("黄", "yellow"), aggregates.Blue: events.Say("蓝", "blue"),
	}
	scopeWords = map[aggregates.Scope]events.Text{
		aggregates.ProvinceScope: events.Say("省级", "province"), aggregates.CentralScope: events.Say("中央", "central"),
		aggregates.FiscalScope: events.Say("财政合计", "fiscal"), aggregates.LocalScope: events.Say("地方配套", "local"),
	}
	roleWords = map[events.Role]events.Text{
		events.STOffice: events.Say("省委科技办", "S&T office"), events.Finance: events.Say("省财政厅", "finance department"),
		events.IndustryDept: events.Say("行业主管部门", "industry department"), events.LocalGov: events.Say("所在地政府", "local government"),
		events.CenterRole: events.Say("转化中心", "center"), events.Auditor: events.Say("审计", "auditor"), events.Admin: events.Say("管理员", "administrator"),
	}
	sourceWords = map[events.Source]events.Text{
		events.CentralGuidance: events.Say("中央引导地方科技发展资金", "central guidance fund"), events.MajorProgram: events.Say("省重大科技专项", "major program"),
		events.ProvinceOther: events.Say("省级其他", "other provincial"), events.Local: events.Say("地方配套", "local matching"),
	}
	categoryWords = map[string]events.Text{
		events.Construction: events.Say("建设运行经费", "construction"), events.ProjectMoney: events.Say("项目经费", "project"), events.OtherCategory: events.Say("其他", "other"),
	}
	useWords = map[events.Use]events.Text{
		"proof-of-concept": events.Say("概念验证", "proof of concept"), "pilot": events.Say("中试", "pilot"),
		"equipment": events.Say("仪器设备购置", "equipment"), "talent": events.Say("人才引进", "talent"),
		"operation": events.Say("运行", "operation"), "other": events.Say("其他", "other"),
		"capital-construction": events.Say("基本建设", "capital construction"), "sponsorship": events.Say("赞助", "sponsorship"),
		"donation": events.Say("捐赠", "donation"), "investment": events.Say("投资", "investment"),
		"fine": events.Say("罚款", "fine"), "debt-repayment": events.Say("偿还债务", "debt repayment"),
	}
)

// StatusWord returns the word for a status.
func StatusWord(s aggregates.Status) events.Text { return word(statusWords, s) }

// SeverityWord returns the word for a severity; ok says whether there is one of that name.
func SeverityWord(s aggregates.Severity) events.Text { return word(severityWords, s) }

// ScopeWord returns the word for a scope of money.
func ScopeWord(s aggregates.Scope) events.Text { return word(scopeWords, s) }

// RoleWord returns the word for a role.
func RoleWord(r events.Role) events.Text { return word(roleWords, r) }

// SourceWord returns the word for a source of money.
func SourceWord(s events.Source) events.Text { return word(sourceWords, s) }

// UseWord returns the word for a use.
func UseWord(u events.Use) events.Text { return word(useWords, u) }

// valueWord returns the word for a value of a member of an event, which most often is the value itself.
func valueWord(member, value string) events.Text {
	switch member {
	case "source":
		return SourceWord(events.Source(value))
	case "category":
		return word(categoryWords, value)
	case "use":
		return UseWord(events.Use(value))
	}
	return Plain(value)
}

// word returns the word for a code, or the code itself.
func word[T ~string](words map[T]events.Text, code T) events.Text {
	if w, ok := words[code]; ok {
		return w
	}
	return Plain(string(code))
}

// KindTitle returns the title of a kind.
func KindTitle(k events.Kind) events.Text {
	if entry := events.Lookup(k); entry != nil {
		return entry.Title
	}
	return Plain(string(k))
}

// AlertTitle returns the title of an alert.
func AlertTitle(code aggregates.Code) events.Text {
	if row := aggregates.LookupAlert(code); row != nil {
		return row.Title
	}
	return Plain(string(code))
}

// ShowFigure returns a figure with its unit, as 12.00 元 or 30 天.
func ShowFigure(f aggregates.Figure) events.Text {
	switch f.Unit {
	case "fen":
		var v int64
		if _, err := fmt.Sscan(f.Value, &v); err != nil {
			return Plain(f.Value)
		}
		return events.Say("%s 元", "%s yuan", events.FormatYuan(events.Fen(v)))
	case "days":
		return events.Say("%s 天", "%s days", f.Value)
	case "percent":
		return Plain(f.Value + "%")
	case "m2":
		return Plain(f.Value + " m²")
	}
	return Plain(f.Value)
}

// ShowRule returns a rule with its article and the quoted words, as the policy has them.
func ShowRule(p *policy.Policy, id events.RuleID) events.Text {
	if p == nil || p.Rule(id) == nil {
		return Plain(string(id))
	}
	r := p.Rule(id)
	return events.Say("%s 第%s条：“%s”", "%s, article %s: “%s”", id, r.Article, r.Words)
}

// PolicyName returns the id and version of a policy.
func PolicyName(ref events.PolicyRef) string {
	if ref.ID == "" {
		return ""
	}
	return ref.ID + "@" + ref.Version
}
