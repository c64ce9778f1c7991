package lists

import (
	"context"

	"github.com/taizhang/taizhang/aggregates"
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
	answer: execution,
}

// execution lists the money; by center its columns are those of the published interface.
func execution(_ context.Context, d *Source, q *asked) (*table.Table, error) {
	f := projections.ExecutionFilter{Year: q.number("year"), Scope: aggregates.Scope(q.text("scope")), By: projections.Grouping(q.text("by"))}
	t := &table.Table{
		Title: text.Say("截至 %s 的经费执行情况（金额单位：元）", "Execution of money as of %s (amounts in yuan)", q.On),
		Empty: text.Say("没有符合条件的经费。", "There is no such money."),
	}
	switch f.By {
	case projections.ByRegion:
		t.Columns = []table.Column{{Name: "region", Title: text.Say("区划", "region")}, {Name: "name", Title: text.Say("名称", "name")}}
	case projections.ByIndustry:
		t.Columns = []table.Column{{Name: "industry", Title: text.Say("产业", "industry")}}
	case projections.ByTotal:
	default:
		t.Columns = []table.Column{{Name: "center", Title: text.Say("中心", "center")}}
	}
	lead := len(t.Columns)
	amount := func(name, zh, en string) table.Column {
		return table.Column{Name: name, Title: text.Text{Zh: zh, En: en}, Right: true}
	}
	t.Columns = append(t.Columns,
		table.Column{Name: "fiscalYear", Title: text.Say("年度", "year")}, table.Column{Name: "scope", Title: text.Say("口径", "scope")},
		amount("grantedFen", "下达", "granted"), amount("carriedInFen", "上年结转", "carried in"), amount("receivedFen", "到账", "received"),
		amount("availableFen", "可用", "available"), amount("spentAllFen", "支出", "spent"), amount("ineligibleFen", "不合规", "ineligible"),
		amount("executedFen", "执行", "executed"), amount("balanceFen", "结余", "balance"), amount("ratePercent", "执行率%", "rate %"),
		table.Column{Name: "low", Title: text.Say("偏低", "low")})
	cells := func(l projections.ExecutionLine, lead ...table.Cell) []table.Cell {
		return append(lead, table.Number(l.Year), table.Named(l.Scope, ScopeWord(l.Scope)), table.Fen(l.GrantedFen), table.Fen(l.CarriedInFen), table.Fen(l.ReceivedFen),
			table.Fen(l.AvailableFen()), table.Fen(l.SpentAllFen), table.Fen(l.IneligibleFen), table.Fen(l.ExecutedFen()), table.Fen(l.BalanceFen()),
			table.Rate(l.RatePercent()), table.Yes(l.Low))
	}
	for _, l := range d.Register.Executions(q.On, f) {
		t.Rows = append(t.Rows, cells(l, []table.Cell{table.Text(l.Group), table.Text(l.Name)}[:lead:lead]...))
	}
	if f.By == projections.ByTotal {
		return t, nil
	}
	f.By = projections.ByTotal
	for _, l := range d.Register.Executions(q.On, f) { // scopes overlap, and years follow from one another: there is no one sum
		t.Totals = append(t.Totals, cells(l, []table.Cell{{Shown: text.Say("合计", "total")}, {}}[:lead:lead]...))
	}
	return t, nil
}
