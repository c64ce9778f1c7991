package desk

import (
	"context"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

var alertsList = &List{
	Name:  "alerts",
	Short: events.Say("列出预警（默认只列未解除的）", "list alerts (by default the open ones)"),
	Params: []Param{
		{Name: "all", Words: events.Say("包括已解除的", "cleared ones too"), Sort: Flag},
		{Name: "severity", Words: events.Say("级别 `LEVEL`：red、yellow 或 blue", "`LEVEL`: red, yellow or blue"), Sort: Choice, Values: []string{"red", "yellow", "blue"}},
		{Name: "code", Words: events.Say("预警代码 `CODE`，如 AL-EXE-02", "alert `CODE`, such as AL-EXE-02"), Sort: AlertCode},
		{Name: "center", Words: events.Say("中心编号 `ID`", "`ID` of a center"), Sort: CenterID},
	},
	answer: alerts,
}

func alerts(_ context.Context, d *Desk, q *asked) (*Table, error) {
	t := &Table{
		Title: events.Say("截至 %s 未解除的预警", "Open alerts as of %s", q.On),
		Empty: events.Say("没有符合条件的预警。", "There is no such alert."),
		Columns: []Column{
			{Name: "center", Title: events.Say("中心", "center")},
			{Name: "code", Title: events.Say("代码", "code")},
			{Name: "key", Title: events.Say("对象", "key")},
			{Name: "severity", Title: events.Say("级别", "severity")},
			{Name: "raisedOn", Title: events.Say("发生", "raised")},
			{Name: "clearedOn", Title: events.Say("解除", "cleared")},
			{Title: events.Say("内容", "what")},
		},
	}
	if q.given("all") {
		t.Title = events.Say("截至 %s 的全部预警", "All alerts as of %s", q.On)
	}
	for _, x := range d.Register.Alerts(q.On, projections.AlertFilter{All: q.given("all"),
		Severity: aggregates.Severity(q.text("severity")), Code: alertCode(q.text("code")), Center: q.center("center")}) {
		t.Rows = append(t.Rows, []Cell{Text(x.Center), Text(x.Code), Text(x.Key), Named(x.Severity, SeverityWord(x.Severity)),
			Date(x.RaisedOn), Date(x.ClearedOn), {Shown: AlertTitle(x.Code)}})
	}
	return t, nil
}
