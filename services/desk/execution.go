package desk

import (
	"context"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

var executionList = &List{
	Name:  "execution",
	Short: events.Say("经费执行情况", "execution of money"),
	Params: []Param{
		{Name: "year", Words: events.Say("财政年度 `YEAR`（默认全部）", "fiscal `YEAR` (default all)"), Sort: Year},
		{Name: "scope", Words: events.Say("口径 `SCOPE`：province、central、fiscal 或 local", "`SCOPE`: province, central, fiscal or local"), Sort: Choice, Values: []string{"province", "central", "fiscal", "local"}},
		{Name: "by", Words: events.Say("按 `BY` 汇总：center、region、industry 或 total", "roll up `BY` center, region, industry or total"), Sort: Choice, Values: []string{"center", "region", "industry", "total"}, Default: "center"},
	},
	answer: execution,
}

// execution lists the money; by center its columns are those of the published interface.
func execution(_ context.Context, d *Desk, q *asked) (*Table, error) {
	f := projections.ExecutionFilter{Year: q.number("year"), Scope: aggregates.Scope(q.text("scope")), By: projections.Grouping(q.text("by"))}
	t := &Table{
		Title: events.Say("截至 %s 的经费执行情况（金额单位：元）", "Execution of money as of %s (amounts in yuan)", q.On),
		Empty: events.Say("没有符合条件的经费。", "There is no such money."),
	}
	switch f.By {
	case projections.ByRegion:
		t.Columns = []Column{{Name: "region", Title: events.Say("区划", "region")}, {Name: "name", Title: events.Say("名称", "name")}}
	case projections.ByIndustry:
		t.Columns = []Column{{Name: "industry", Title: events.Say("产业", "industry")}}
	case projections.ByTotal:
	default:
		t.Columns = []Column{{Name: "center", Title: events.Say("中心", "center")}}
	}
	lead := len(t.Columns)
	amount := func(name, zh, en string) Column {
		return Column{Name: name, Title: events.Text{Zh: zh, En: en}, Right: true}
	}
	t.Columns = append(t.Columns,
		Column{Name: "fiscalYear", Title: events.Say("年度", "year")}, Column{Name: "scope", Title: events.Say("口径", "scope")},
		amount("grantedFen", "下达", "granted"), amount("carriedInFen", "上年结转", "carried in"), amount("receivedFen", "到账", "received"),
		amount("availableFen", "可用", "available"), amount("spentAllFen", "支出", "spent"), amount("ineligibleFen", "不合规", "ineligible"),
		amount("executedFen", "执行", "executed"), amount("balanceFen", "结余", "balance"), amount("ratePercent", "执行率%", "rate %"),
		Column{Name: "low", Title: events.Say("偏低", "low")})
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
	sums := d.Register.Executions(q.On, f)
	if len(sums) == 1 {
		t.Totals = cells(sums[0], []Cell{{Shown: events.Say("合计", "total")}, {}}[:lead:lead]...)
		return t, nil
	}
	for _, l := range sums { // scopes overlap, and years follow from one another: there is no one sum
		scope, rate := ScopeWord(l.Scope), events.Text{}
		if percent := l.RatePercent(); percent != "" { // else nothing was available
			rate = events.Say("，执行率 %s%%", ", rate %s%%", percent)
		}
		t.Notes = append(t.Notes, events.Say("合计 %[1]d 年%[2]s：下达 %[4]s，上年结转 %[5]s，到账 %[6]s，可用 %[7]s，支出 %[8]s，不合规 %[9]s，执行 %[10]s，结余 %[11]s%[12]s",
			"total %[1]d %[3]s: granted %[4]s, carried in %[5]s, received %[6]s, available %[7]s, spent %[8]s, ineligible %[9]s, executed %[10]s, balance %[11]s%[13]s",
			l.Year, scope.Zh, scope.En, events.FormatYuan(l.GrantedFen), events.FormatYuan(l.CarriedInFen), events.FormatYuan(l.ReceivedFen), events.FormatYuan(l.AvailableFen()),
			events.FormatYuan(l.SpentAllFen), events.FormatYuan(l.IneligibleFen), events.FormatYuan(l.ExecutedFen()), events.FormatYuan(l.BalanceFen()), rate.Zh, rate.En))
	}
	return t, nil
}
