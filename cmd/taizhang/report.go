package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/reports"
)

func (a *app) reportCommand() *cobra.Command {
	var y reports.Yearly
	var center, unit, out string
	cmd := &cobra.Command{
		Use: "report", Args: exactly(0),
		Short: a.say("年度经费执行与合规情况表（HTML，供打印报送）：一个中心或全省", "the yearly report as HTML to print and file: of one center or the province"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.checkReport(cmd, y.Year, unit, out); err != nil {
				return err
			}
			if err := files.Free(out); err != nil {
				return err
			}
			y.Center, y.Unit, y.Lang, y.Version = events.CenterID(center), reports.Unit(unit), "zh", programVersion()
			if cmd.Flags().Changed("lang") {
				y.Lang = a.lang
			}
			return a.readCenter(cmd.Context(), y.Center, func(s *session) error {
				y.On = s.on
				if err := files.Create(out, func(w io.Writer) error { return y.WriteHTML(cmd.Context(), s.lists(), w) }); err != nil {
					return err
				}
				fmt.Fprintln(a.errOut, a.say("已写入 %s，用浏览器打开即可打印", "written to %s; open it in a browser to print", out))
				return nil
			})
		},
	}
	f := cmd.Flags()
	f.IntVar(&y.Year, "year", 0, a.say("财政年度 `YEAR`", "fiscal `YEAR`"))
	f.StringVar(&center, "center", "", a.say("中心编号 `ID`（默认全省）", "`ID` of a center (default the province)"))
	f.StringVar(&unit, "unit", string(reports.Yuan), a.say("金额单位 `UNIT`：yuan（元）或 wan（万元）", "`UNIT` of amounts: yuan, or wan for 10,000 yuan"))
	f.StringVar(&out, "out", "", a.say("写到 `FILE.html`；语言默认为中文，--lang en 为英文", "write to `FILE.html`, in Chinese unless --lang en is given"))
	return cmd
}

// checkReport refuses what cannot be written, before the ledger is read.
func (a *app) checkReport(cmd *cobra.Command, year int, unit, out string) error {
	switch {
	case year < events.YearMin || year > events.YearMax:
		return usage(cmd, "--year 须给出，为 %d 至 %d 之间的年份", "--year must be given, a year from %d to %d", events.YearMin, events.YearMax)
	case !slices.Contains([]string{string(reports.Yuan), string(reports.TenThousands)}, unit):
		return usage(cmd, "--unit 应为 yuan 或 wan，不能是 %q", "--unit must be yuan or wan, not %q", unit)
	case !slices.Contains([]string{".html", ".htm"}, strings.ToLower(filepath.Ext(out))):
		return usage(cmd, "--out 须给出，文件名以 .html 结尾", "--out must be given, a name that ends in .html")
	case a.output != tableOutput:
		return usage(cmd, "report 只写 HTML；要 csv 或 json，请用 execution、alerts 等列表", "report writes HTML only; for csv or json ask the lists, such as execution and alerts")
	}
	return nil
}
