package desk

import (
	"context"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
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
func execution(_ context.Context, d *Desk, q *asked) (*Table, error) {
	f := projections.ExecutionFilter{Year: q.number("year"), Scope: aggregates.Scope(q.text("scope")), By: projections.Grouping(q.text("by"))}
	t := &Table{
		Title: text.Say("截至 %s 的经费执行情况（金额单位：元）", "Execution of money as of %s (amounts in yuan)", q.On),
		Empty: text.Say("没有符合条件的经费。", "There is no such money."),
	}
	switch f.By {
	case projections.ByRegion:
		t.Columns = []Column{{Name: "region", Title: text.Say("区划", "region")}, {Name: "name", Title: text.Say("名称", "name")}}
	case projections.ByIndustry:
		t.Columns = []Column{{Name: "industry", Title: text.Say("产业", "industry")}}
	case projections.ByTotal:
	default:
		t.Columns = []Column{{Name: "center", Title: text.Say("中心", "center")}}
	}
	lead := len(t.Columns)
	amount := func(name, zh, en string) Column {
		return Column{Name: name, Title: text.Text{Zh: zh, En: en}, Right: true}
	}
	t.Columns = append(t.Columns,
		Column{Name: "fiscalYear", Title: text.Say("年度", "year")}, Column{Name: "scope", Title: text.Say("口径", "scope")},
		amount("grantedFen", "下达", "granted"), amount("carriedInFen", "上年结转", "carried in"), amount("receivedFen", "到账", "received"),
		amount("availableFen", "可用", "available"), amount("spentAllFen", "支出", "spent"), amount("ineligibleFen", "不合规", "ineligible"),
		amount("executedFen", "执行", "executed"), amount("balanceFen", "结余", "balance"), amount("ratePercent", "执行率%", "rate %"),
		Column{Name: "low", Title: text.Say("偏低", "low")})
	cells := func(l projections.ExecutionLine, lead ...Cell) []Cell {
		return append(lead, Number(l.Year), Named(l.Scope, ScopeWord(l.Scope)), Fen(l.GrantedFen), Fen(l.CarriedInFen), Fen(l.ReceivedFen),
			Fen(l.AvailableFen()), Fen(l.SpentAllFen), Fen(l.IneligibleFen), Fen(l.ExecutedFen()), Fen(l.BalanceFen()),
			Rate(l.RatePercent()), Yes(l.Low))
	}
	for _, l := range d.Register.Executions(q.On, f) {
		t.Rows = append(t.Rows, cells(l, []Cell{Text(l.Group), Text(l.Name)}[:lead:lead]...))
	}
	if f.By == projections.ByTotal {
		return t, nil
	}
	f.By = projections.ByTotal
	for _, l := range d.Register.Executions(q.On, f) { // scopes overlap, and years follow from one another: there is no one sum
		t.Totals = append(t.Totals, cells(l, []Cell{{Shown: text.Say("合计", "total")}, {}}[:lead:lead]...))
	}
	return t, nil
}
