package lists

import (
	"context"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/table"
)

var executionList = &List{
	Name:  "execution",
	Short: text.Say("经费执行情况", "execution of money"),
	Params: []Param{
		{Name: "year", Words: text.Say("财政年度 `YEAR`（默认全部）", "fiscal `YEAR` (default all)"), Sort: Year},
		{Name: "scope", Words: text.Say("口径 `SCOPE`：province、central、fiscal 或 local", "`SCOPE`: province, central, fiscal or local"), Sort: Choice, Values: []string{"province", "central", "fiscal", "local"}},
		{Name: "by", Words: text.Say("按 `BY` 汇总：center、region、industry 或 total", "roll up `BY` center, region, industry or total"), Sort: Choice, Values: []string{"center", "region", "industry", "total"}, Default: "center"},
	},
	columns: func(q *asked) []table.Column { return append(executionLead(q), executionColumns()...) },
	answer:  execution,
}

// executionLead returns the first columns, which name the center, region or industry of a line. The columns by center
// are part of the published interface.
func executionLead(q *asked) []table.Column {
	switch projections.Grouping(q.text("by")) {
	case projections.ByRegion:
		return []table.Column{{Name: "region", Title: text.Say("区划", "region")}, {Name: "name", Title: text.Say("名称", "name")}}
	case projections.ByIndustry:
		return []table.Column{{Name: "industry", Title: text.Say("产业", "industry")}}
	case projections.ByTotal:
		return nil
	}
	return []table.Column{{Name: "center", Title: text.Say("中心", "center")}}
}

// execution lists the money by year and scope.
func execution(ctx context.Context, d *Source, q *asked, t *table.Table) error {
	f := projections.ExecutionFilter{Year: q.number("year"), Scope: aggregates.Scope(q.text("scope")), By: projections.Grouping(q.text("by"))}
	t.Title = text.Say("截至 %s 的经费执行情况（金额单位：元）", "Execution of money as of %s (amounts in yuan)", q.On)
	t.Empty = text.Say("没有符合条件的经费。", "There is no such money.")
	lead := len(executionLead(q))
	worked, err := workAhead(ctx, d, "", func(id events.CenterID) []projections.ExecutionLine { return d.Register.ExecutionsOf(id, q.On, f) })
	if err != nil {
		return err
	}
	var found [][]projections.ExecutionLine
	d.exactly(q, func() { found = worked.take() })
	list := slices.Concat(found...)
	whole := slices.Clone(list)
	for i := range whole {
		whole[i].Group, whole[i].Name = "", ""
	}
	whole = projections.RollUp(whole)
	if f.By != projections.ByCenter {
		list = projections.RollUp(list)
	}
	for _, l := range list {
		t.Rows = append(t.Rows, appendExecution([]table.Cell{table.Text(l.Group), table.Text(l.Name)}[:lead:lead], &l.Execution))
	}
	if q.text("by") == string(projections.ByTotal) {
		return nil
	}
	for _, l := range whole { // one total per year and scope: scopes overlap and years carry money over, so no single sum
		t.Totals = append(t.Totals, appendExecution([]table.Cell{{Shown: text.Say("合计", "total")}, {}}[:lead:lead], &l.Execution))
	}
	return nil
}
