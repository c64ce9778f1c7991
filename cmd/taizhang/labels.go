package main

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
)

// word returns the word for a code, or the code itself.
func word[T ~string](words map[T]events.Text, code T) events.Text {
	if w, ok := words[code]; ok {
		return w
	}
	return plain(string(code))
}

func kindTitle(k events.Kind) events.Text {
	if entry := events.Lookup(k); entry != nil {
		return entry.Title
	}
	return plain(string(k))
}

func alertTitle(code aggregates.Code) events.Text {
	if row := aggregates.LookupAlert(code); row != nil {
		return row.Title
	}
	return plain(string(code))
}

// showFigure returns a figure with its unit, as 12.00 元 or 30 天.
func showFigure(f aggregates.Figure) events.Text {
	switch f.Unit {
	case "fen":
		var v int64
		if _, err := fmt.Sscan(f.Value, &v); err != nil {
			return plain(f.Value)
		}
		return events.Say("%s 元", "%s yuan", aggregates.ShowFen(events.Fen(v)))
	case "days":
		return events.Say("%s 天", "%s days", f.Value)
	case "percent":
		return plain(f.Value + "%")
	case "m2":
		return plain(f.Value + " m²")
	}
	return plain(f.Value)
}

// showRule returns a rule with its article and the quoted words, as the policy has them.
func showRule(p *policy.Policy, id events.RuleID) events.Text {
	if p == nil || p.Rule(id) == nil {
		return plain(string(id))
	}
	r := p.Rule(id)
	return events.Say("%s 第%s条：“%s”", "%s, article %s: “%s”", id, r.Article, r.Words)
}

func policyName(ref events.PolicyRef) string {
	if ref.ID == "" {
		return ""
	}
	return ref.ID + "@" + ref.Version
}
