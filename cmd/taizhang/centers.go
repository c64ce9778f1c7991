package main

import (
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

func (a *app) centersCommand() *cobra.Command {
	return &cobra.Command{
		Use: "centers", Args: exactly(0),
		Short: a.say("列出全部中心：状态与记录数", "list all centers: status and number of events"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.read(cmd.Context(), func(s *session) error { return a.write(centersSheet(s.reg, s.on)) })
		},
	}
}

func centersSheet(reg *projections.Register, on events.Date) *sheet {
	sh := &sheet{
		caption: events.Say("截至 %s 的中心名册", "Register of centers as of %s", on),
		empty:   events.Say("没有已登记的中心。", "No center is registered."),
		columns: []column{
			{name: "center", title: events.Say("中心", "center")},
			{name: "status", title: events.Say("状态", "status")},
			{name: "events", title: events.Say("记录", "events"), right: true},
			{title: events.Say("红", "red"), right: true}, {title: events.Say("黄", "yellow"), right: true}, {title: events.Say("蓝", "blue"), right: true},
			{title: events.Say("名称", "name")},
		},
	}
	for _, c := range reg.Centers(on) {
		sh.rows = append(sh.rows, []cell{text(c.ID), named(c.Status, word(statusWords, c.Status)), number(c.Events),
			number(c.Open[aggregates.Red]), number(c.Open[aggregates.Yellow]), number(c.Open[aggregates.Blue]), text(c.Name)})
	}
	return sh
}
