package lists

import (
	"context"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/table"
)

var centersList = &List{
	Name:    "centers",
	Short:   text.Say("列出全部中心：状态、记录数、未解除预警数", "list the centers with their status, events and open alerts"),
	later:   true,
	columns: centersColumns,
	answer:  centers,
}

func centersColumns(*asked) []table.Column {
	return []table.Column{
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "status", Title: text.Say("状态", "status")},
		{Name: "events", Title: text.Say("记录", "events"), Type: table.Count},
		{Name: "red", Title: text.Say("红", "red"), Type: table.Count}, {Name: "yellow", Title: text.Say("黄", "yellow"), Type: table.Count}, {Name: "blue", Title: text.Say("蓝", "blue"), Type: table.Count},
		{Name: "name", Title: text.Say("名称", "name")},
	}
}

func centers(_ context.Context, d *Source, q *asked, t *table.Table) error {
	t.Title = text.Say("截至 %s 的中心名册", "Register of centers as of %s", q.On)
	t.Empty = text.Say("没有已登记的中心。", "No center is registered.")
	sum, open := 0, map[aggregates.Severity]int{}
	var list []projections.Center
	var common uint64 // the records that belong to no center
	d.exactly(q, func() {
		list = d.Register.Centers(q.On)
		for _, s := range d.Register.Streams("") {
			common += d.Register.Revision(s)
		}
	})
	for _, c := range list {
		sum += c.Events
		for severity, n := range c.Open {
			open[severity] += n
		}
		t.Rows = append(t.Rows, []table.Cell{table.Text(c.ID), table.Named(c.Status, StatusWord(c.Status)), table.Number(c.Events),
			table.Number(c.Open[aggregates.Red]), table.Number(c.Open[aggregates.Yellow]), table.Number(c.Open[aggregates.Blue]), table.Text(c.Name)})
	}
	if len(t.Rows) > 0 {
		t.Totals = [][]table.Cell{{{Shown: text.Say("合计", "total")}, {}, table.Number(sum), table.Number(open[aggregates.Red]), table.Number(open[aggregates.Yellow]), table.Number(open[aggregates.Blue]), {}}}
	}
	if a := q.tally; a.All > 0 && q.since(2) {
		t.Notes = append(t.Notes, text.Say("记录数不含已作废的 %d 条和日期晚于截至日的 %d 条；另有不属于中心的记录（办法参数和台账自身）%d 条。台账共 %d 条，与 check 一致。",
			"Not among the events: %d that are voided and %d dated after the date. Records of no center (policies, and the ledger's own): %d. All records, as check counts them: %d.",
			a.Voided, a.All-a.Voided-sum, common, uint64(a.All)+common))
	}
	return nil
}
