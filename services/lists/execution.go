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
	later:   true,
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

// moneyOf is the money of one center: the lines that are listed, and what is granted ahead if no year is asked for.
type moneyOf struct {
	lines []projections.ExecutionLine
	ahead []aggregates.Execution
}

// execution lists the money by year and scope.
func execution(ctx context.Context, d *Source, q *asked, t *table.Table) error {
	f := projections.ExecutionFilter{Year: q.number("year"), Scope: aggregates.Scope(q.text("scope")), By: projections.Grouping(q.text("by"))}
	t.Title = text.Say("截至 %s 的经费执行情况（金额单位：元）", "Execution of money as of %s (amounts in yuan)", q.On)
	t.Empty = text.Say("没有符合条件的经费。", "There is no such money.")
	notBegun := f.Year > q.On.Year()
	lead := len(executionLead(q))
	worked, err := workAhead(ctx, d, "", func(id events.CenterID) (m moneyOf) {
		if q.since(2) && f.Year == 0 {
			m.ahead = d.Register.Ahead(id, q.On)
		}
		if q.since(2) || !notBegun {
			m.lines = d.Register.ExecutionsOf(id, q.On, f)
		}
		return m
	})
	if err != nil {
		return err
	}
	var found []moneyOf
	d.exactly(q, func() { found = worked.take() })
	var list []projections.ExecutionLine
	var ahead []aggregates.Execution
	for _, m := range found {
		list, ahead = append(list, m.lines...), append(ahead, m.ahead...)
	}
	if notBegun && q.since(2) {
		if !slices.ContainsFunc(list, func(l projections.ExecutionLine) bool { return l.GrantedFen != 0 }) {
			list = nil
			t.Empty = text.Say("%d 年度尚未开始，也没有提前下达的经费。", "The year %d has not begun, and no money is granted ahead for it.", f.Year)
		} else {
			t.Notes = append(t.Notes, text.Say("%d 年度在 %v 尚未开始：下达为提前下达的经费，上年结转为截至该日的结余。",
				"On %[2]v the year %[1]d has not begun: granted is what is granted ahead, and carried in is what is left on that day.", f.Year, q.On))
		}
	}
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
	if q.since(2) {
		lines := make([]aggregates.Execution, 0, len(list)+len(whole))
		for _, l := range slices.Concat(list, whole) {
			lines = append(lines, l.Execution)
		}
		t.Notes = append(t.Notes, oddFigures(lines)...)
		ahead = slices.DeleteFunc(ahead, func(x aggregates.Execution) bool { return f.Scope != "" && f.Scope != x.Scope })
		t.Missing = append(t.Missing, GrantedAhead(ahead, func(year int) text.Text {
			return text.Say("，见 %s %d", "; see %s %d", q.written("year"), year)
		})...)
	}
	if q.text("by") == string(projections.ByTotal) {
		return nil
	}
	for _, l := range whole { // one total per year and scope: scopes overlap and years carry money over, so no single sum
		t.Totals = append(t.Totals, appendExecution([]table.Cell{{Shown: text.Say("合计", "total")}, {}}[:lead:lead], &l.Execution))
	}
	return nil
}
