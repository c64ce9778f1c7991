package desk

import (
	"context"
	"fmt"
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// Center holds the facts, execution and open alerts of a center as of a date.
type Center struct {
	Center     events.CenterID       `json:"center"`
	AsOf       events.Date           `json:"asOf"`
	Status     aggregates.Status     `json:"status"`
	Events     int                   `json:"events"`
	Facts      events.Facts          `json:"facts"`
	RegionName string                `json:"regionName"`
	Execution  []lists.ExecutionLine `json:"execution"`
	Alerts     []Alert               `json:"openAlerts"`
	Position   uint64                `json:"position"` // the position of the ledger that the answer is based on
}

// Center implements Reader.
func (l *Local) Center(ctx context.Context, when When, id string) (*Center, error) {
	a, center, err := l.askCenter(ctx, when, id)
	if err != nil {
		return nil, err
	}
	x := &Center{Center: center, AsOf: a.on}
	a.Register.Exactly(func(position uint64) {
		e := a.Register.Evaluation(center, a.on)
		if e == nil { // the account lost sight of it meanwhile
			err = lists.UnknownCenter(center)
			return
		}
		x.Position, x.Status, x.Events, x.Facts = position, e.Status, e.Events, a.Register.Facts(center, a.on)
		x.Execution, x.Alerts = lists.ExecutionLines(e.Executions), openOf(e.Alerts)
	})
	if err != nil {
		return nil, err
	}
	if x.Status == "" {
		return nil, text.Errorf(text.NotFound, "截至 %v，中心 %s 尚未登记",
			"as of %v, the center %s is not registered", a.on, center)
	}
	x.RegionName = projections.RegionName(x.Facts.Region)
	return x, nil
}

// FactsColumns are the columns for the facts of a center.
var FactsColumns = []table.Column{
	{Name: "field", Title: text.Say("项目", "field")}, {Name: "value", Title: text.Say("内容", "value")}}

// FactsTable returns the facts of the center as a table, one fact a row.
func (x *Center) FactsTable() *table.Table {
	t := &table.Table{Title: text.Say("中心 %s，截至 %s", "Center %s as of %s", x.Center, x.AsOf),
		Columns: FactsColumns, Position: x.Position}
	add := func(name, zh, en, value string, shown text.Text) {
		t.Rows = append(t.Rows, []table.Cell{table.Named(name, text.Text{Zh: zh, En: en}), table.Named(value, shown)})
	}
	plain := func(name, zh, en, value string) { add(name, zh, en, value, table.Plain(value)) }
	f := &x.Facts
	plain("center", "编号", "center", string(x.Center))
	plain("name", "名称", "name", f.Name)
	add("status", "状态", "status", string(x.Status), lists.StatusWord(x.Status))
	plain("events", "记录数", "events", fmt.Sprint(x.Events))
	plain("uscc", "统一社会信用代码", "USCC", f.USCC)
	plain("leadUnit", "牵头建设单位", "lead unit", f.LeadUnit)
	add("type", "类型", "type", f.Type, events.ValueWord(events.KindCenterRegistered, "type", f.Type))
	add("region", "行政区划", "region", f.Region, table.Plain(f.Region+" "+x.RegionName))
	plain("industryCode", "行业代码", "industry code", f.IndustryCode)
	plain("leadingIndustries", "主导产业", "leading industries", strings.Join(f.LeadingIndustries, "、"))
	plain("foundedOn", "设立日期", "founded", f.FoundedOn.String())
	add("usableAreaM2", "使用面积", "usable area", fmt.Sprint(f.UsableAreaM2),
		table.Plain(fmt.Sprintf("%d m²", f.UsableAreaM2)))
	add("equipmentFen", "设备原值", "equipment", fmt.Sprint(int64(f.EquipmentFen)),
		text.Say("%s 元", "%s yuan", events.FormatYuan(f.EquipmentFen)))
	return t
}

// MoneyTable returns the execution of the center as a table with few columns.
func (x *Center) MoneyTable() *table.Table {
	return lists.Execution(x.Execution).Select("fiscalYear", "scope", "grantedFen", "availableFen", "spentAllFen",
		"ineligibleFen", "balanceFen", "ratePercent", "low")
}

// AlertsTable returns the open alerts of the center as a table.
func (x *Center) AlertsTable() *table.Table {
	t := &table.Table{
		Title: text.Say("截至 %s 未解除的预警", "Open alerts as of %s", x.AsOf),
		Empty: text.Say("没有符合条件的预警。", "There is no such alert."),
		Columns: []table.Column{
			{Name: "code", Title: text.Say("代码", "code")}, {Name: "key", Title: text.Say("对象", "key")},
			{Name: "severity", Title: text.Say("级别", "severity")},
			{Name: "raisedOn", Title: text.Say("发生", "raised"), Type: table.Day}, {Title: text.Say("内容", "what")}},
	}
	for _, a := range x.Alerts {
		t.Rows = append(t.Rows, []table.Cell{table.Text(a.Code), table.Named(a.Key, lists.KeyWord(a.Code, a.Key)),
			table.Named(a.Severity, lists.SeverityWord(a.Severity)), table.Date(a.RaisedOn),
			{Shown: lists.AlertTitle(a.Code)}})
	}
	return t
}
