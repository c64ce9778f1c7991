package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) reportCommand() *cobra.Command {
	r := desk.YearlyRequest{Lang: "zh"}
	var out string
	cmd := &cobra.Command{
		Use: "report", Args: exactly(0),
		Short: a.say("年度经费执行与合规情况表（HTML，供打印报送）：一个中心或全省",
			"the yearly report as HTML to print and file: of one center or the province"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("lang") {
				r.Lang = a.lang
			}
			if unit, ok := table.Units.Read(r.Unit); ok {
				r.Unit = string(unit)
			}
			switch err := r.Check(); {
			case err != nil:
				return err
			case !slices.Contains([]string{".html", ".htm"}, strings.ToLower(filepath.Ext(out))):
				return usage(cmd, "--out 须给出，文件名以 .html 结尾",
					"--out must be given, a name that ends in .html")
			case a.output != tableOutput:
				return usage(cmd,
					"taizhang report 只写 HTML；要 csv 或 json，请用 taizhang execution、taizhang alerts 等列表",
					"report writes HTML only; for csv or json ask the lists, such as execution and alerts")
			}
			if err := files.Free(out); err != nil {
				return err
			}
			return a.read(cmd.Context(), func(d desk.Reader) error {
				if err := files.Create(out,
					func(w io.Writer) error { return d.Yearly(cmd.Context(), a.when(), r, w) }); err != nil {
					return err
				}
				fmt.Fprintln(a.errOut, a.say("已写入 %s，用浏览器打开即可打印",
					"written to %s; open it in a browser to print", out))
				return nil
			})
		},
	}
	f := cmd.Flags()
	f.IntVar(&r.Year, "year", 0, a.say("财政年度 `YEAR`", "fiscal `YEAR`"))
	f.StringVar(&r.Center, "center", "", a.say("中心编号 `ID`（默认全省）", "`ID` of a center (default the province)"))
	f.StringVar(&r.Unit, "unit", "yuan",
		a.say("金额单位 `UNIT`：元或万元", "`UNIT` of amounts: yuan, or wan for 10,000 yuan"))
	a.showDefault(f.Lookup("unit"), table.Units.Strings())
	f.StringVar(&out, "out", "",
		a.say("写到 `FILE.html`；语言默认为中文，--lang en 为英文",
			"write to `FILE.html`, in Chinese unless --lang en is given"))
	return cmd
}
