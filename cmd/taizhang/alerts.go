package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

func (a *app) alertsCommand() *cobra.Command {
	var f projections.AlertFilter
	var severity, code, center string
	cmd := &cobra.Command{
		Use: "alerts", Args: exactly(0),
		Short: a.say("列出预警（默认只列未解除的）", "list alerts (by default the open ones)"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.Severity, f.Code, f.Center = aggregates.Severity(severity), aggregates.Code(strings.ToUpper(code)), events.CenterID(center)
			if _, ok := severityWords[f.Severity]; !ok && severity != "" {
				return usage(cmd, "--severity 应为 red、yellow 或 blue", "--severity must be red, yellow or blue")
			}
			if code != "" && aggregates.LookupAlert(f.Code) == nil {
				return usage(cmd, "没有预警代码 %q", "there is no alert code %q", code)
			}
			return a.read(cmd.Context(), func(s *session) error {
				if center != "" { // a slip of the pen shall not read as "no alerts"
					if _, err := s.center(center); err != nil {
						return err
					}
				}
				return a.write(alertsSheet(s.reg, s.on, f))
			})
		},
	}
	cmd.Flags().BoolVar(&f.All, "all", false, a.say("包括已解除的", "cleared ones too"))
	cmd.Flags().StringVar(&severity, "severity", "", a.say("级别 `LEVEL`：red、yellow 或 blue", "`LEVEL`: red, yellow or blue"))
	cmd.Flags().StringVar(&code, "code", "", a.say("预警代码 `CODE`，如 AL-EXE-02", "alert `CODE`, such as AL-EXE-02"))
	cmd.Flags().StringVar(&center, "center", "", a.say("中心编号 `ID`", "`ID` of a center"))
	cmd.AddCommand(a.explainCommand())
	return cmd
}

func alertsSheet(reg *projections.Register, on events.Date, f projections.AlertFilter) *sheet {
	sh := &sheet{
		caption: events.Say("截至 %s 未解除的预警", "Open alerts as of %s", on),
		empty:   events.Say("没有符合条件的预警。", "There is no such alert."),
		columns: []column{
			{name: "center", title: events.Say("中心", "center")},
			{name: "code", title: events.Say("代码", "code")},
			{name: "key", title: events.Say("对象", "key")},
			{name: "severity", title: events.Say("级别", "severity")},
			{name: "raisedOn", title: events.Say("发生", "raised")},
			{name: "clearedOn", title: events.Say("解除", "cleared")},
			{title: events.Say("内容", "what")},
		},
	}
	if f.All {
		sh.caption = events.Say("截至 %s 的全部预警", "All alerts as of %s", on)
	}
	for _, x := range reg.Alerts(on, f) {
		title := alertTitle(x.Code)
		sh.rows = append(sh.rows, []cell{text(x.Center), text(x.Code), text(x.Key), named(x.Severity, word(severityWords, x.Severity)),
			date(x.RaisedOn), date(x.ClearedOn), {shown: title}})
	}
	return sh
}
