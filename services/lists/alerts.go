package lists

import (
	"iter"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/table"
)

var alertsList = &List{
	Name:  "alerts",
	Short: text.Say("列出预警（默认只列未解除的）", "list alerts (by default the open ones)"),
	Params: []Param{
		{Name: "all", Words: text.Say("包括已解除的", "cleared ones too"), Sort: Flag},
		choice("severity", Severities, text.Say("级别 `LEVEL`", "`LEVEL`"), text.Text{}),
		{Name: "code", Words: text.Say("预警代码 `CODE`，如 AL-EXE-02", "alert `CODE`, such as AL-EXE-02"),
			Sort: AlertCode},
		{Name: "center", Words: text.Say("中心编号 `ID`", "`ID` of a center"), Sort: CenterID},
		officeParam(append(slices.Clone(dueOffices), events.Admin)...), regionParam, nameParam,
		sortParam(alertOrders, text.Say("（同级的最早在前）", " (of one severity the oldest come first)")),
	},
	later:   true,
	columns: alertsColumns,
	each:    alertsOf,
	close:   alertsClose,
	key:     alertsKey,
}

func alertsColumns(*asked) []table.Column {
	return []table.Column{
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "code", Title: text.Say("代码", "code")},
		{Name: "key", Title: text.Say("对象", "key")},
		{Name: "severity", Title: text.Say("级别", "severity")},
		{Name: "raisedOn", Title: text.Say("发生", "raised"), Type: table.Day},
		{Name: "clearedOn", Title: text.Say("解除", "cleared"), Type: table.Day},
		{Title: text.Say("内容", "what")},
		{Name: "name", Title: text.Say("名称", "name"), Since: 3},
	}
}

func alertsOf(d *Books, q *asked, id events.CenterID) (rows iter.Seq[[]table.Cell], s sum) {
	name := ""
	if id != "" {
		s.tally, name = d.Register.Tally(id, q.On), d.Register.Facts(id, q.On).Name
	}
	found := d.Register.AlertsOf(id, q.On, projections.AlertFilter{
		All: q.given("all"), Severity: aggregates.Severity(q.text("severity")), Code: aggregates.Code(q.text("code"))})
	return func(yield func([]table.Cell) bool) {
		for x := range found {
			if !q.takesOffice(aggregates.Office(x.Code)) {
				continue
			}
			row := AlertRow(x)
			row[2] = q.keyCell(&x.Alert)
			if !yield(append(row, table.Optional(name))) {
				return
			}
		}
	}, s
}

func alertsClose(q *asked, _ *sum, _ int, t *table.Table) bool {
	t.Title = text.Say("截至 %s 未解除的预警", "Open alerts as of %s", q.On)
	t.Empty = text.Say("没有符合条件的预警。", "There is no such alert.")
	if q.given("all") {
		t.Title = text.Say("截至 %s 的全部预警", "All alerts as of %s", q.On)
	}
	return true
}

var alertOrders = text.Vocabulary[string]{
	{Code: "center", Word: text.Say("中心", "center")},
	{Code: "severity", Word: text.Say("级别", "severity")},
	{Code: "oldest", Word: text.Say("最早在前", "oldest")},
}

// alertsKey puts the red alerts first, then the yellow ones, then the blue ones, or only the oldest first.
func alertsKey(q *asked) sortKey {
	severity, oldest := q.byColumn("severity"), q.byColumn("raisedOn")
	switch q.text("sort") {
	case "severity":
		return func(row []table.Cell) rowKey {
			return rowKey{number: severity(row).number<<32 + oldest(row).number}
		}
	case "oldest":
		return oldest
	}
	return nil
}

// AlertRow returns an alert of a center as a row of the list of alerts, without the name of the center.
func AlertRow(x projections.Alert) []table.Cell {
	return []table.Cell{table.Text(x.Center), table.Text(x.Code), table.Named(x.Key, KeyWord(x.Code, x.Key)),
		table.Named(x.Severity, SeverityWord(x.Severity)),
		table.Date(x.RaisedOn), table.Date(x.ClearedOn), {Shown: AlertTitle(x.Code)}}
}
