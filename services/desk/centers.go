package desk

import (
	"context"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events/text"
)

var centersList = &List{
	Name:   "centers",
	Short:  text.Say("列出全部中心：状态、记录数、未解除预警数", "list the centers with their status, events and open alerts"),
	answer: centers,
}

func centers(_ context.Context, d *Desk, q *asked) (*Table, error) {
	t := &Table{
		Title: text.Say("截至 %s 的中心名册", "Register of centers as of %s", q.On),
		Empty: text.Say("没有已登记的中心。", "No center is registered."),
		Columns: []Column{
			{Name: "center", Title: text.Say("中心", "center")},
			{Name: "status", Title: text.Say("状态", "status")},
			{Name: "events", Title: text.Say("记录", "events"), Right: true},
			{Title: text.Say("红", "red"), Right: true}, {Title: text.Say("黄", "yellow"), Right: true}, {Title: text.Say("蓝", "blue"), Right: true},
			{Title: text.Say("名称", "name")},
		},
	}
	sum, open := 0, map[aggregates.Severity]int{}
	for _, c := range d.Register.Centers(q.On) {
		sum += c.Events
		for severity, n := range c.Open {
			open[severity] += n
		}
		t.Rows = append(t.Rows, []Cell{Text(c.ID), Named(c.Status, StatusWord(c.Status)), Number(c.Events),
			Number(c.Open[aggregates.Red]), Number(c.Open[aggregates.Yellow]), Number(c.Open[aggregates.Blue]), Text(c.Name)})
	}
	if len(t.Rows) > 0 {
		t.Totals = [][]Cell{{{Shown: text.Say("合计", "total")}, {}, Number(sum), Number(open[aggregates.Red]), Number(open[aggregates.Yellow]), Number(open[aggregates.Blue]), {}}}
	}
	return t, nil
}
