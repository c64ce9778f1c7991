package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/lists"
)

// listCommand returns the verb of a list: a flag for each of its parameters, and the flags for reports.
func (a *app) listCommand(l *lists.List) *cobra.Command {
	use, args := l.Name, 0
	if l.Argument != "" {
		use, args = l.Name+" "+strings.ToUpper(l.Argument), 1
	}
	texts, flags := map[string]*string{}, map[string]*bool{}
	var out string
	var forExcel bool
	cmd := &cobra.Command{
		Use: use, Args: exactly(args), Short: l.Short.In(a.lang),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := lists.Question{List: l.Name, Params: map[string]string{}}
			for name, v := range texts {
				// such as an unset variable of the shell; it must not mean "all"
				if *v == "" && cmd.Flags().Changed(name) {
					return usage(cmd, "--%s：不能为空", "--%s: must not be empty", name)
				}
				if *v != cmd.Flags().Lookup(name).DefValue {
					q.Params[name] = *v
				}
			}
			for name, v := range flags {
				if *v {
					q.Params[name] = "true"
				}
			}
			if l.Argument != "" {
				q.Params[l.Argument] = args[0]
			}
			q, err := desk.ReadQuestion(q, a.now())
			if err != nil {
				return err
			}
			if out != "" || forExcel {
				return a.writeReport(cmd, desk.ReportRequest{Question: q, Name: out, ForExcel: forExcel, Lang: a.lang})
			}
			return a.read(cmd.Context(), func(d desk.Reader) error {
				t, err := d.List(cmd.Context(), a.when(), q)
				if err != nil {
					return err
				}
				return a.write(t)
			})
		},
	}
	for _, p := range l.Params {
		switch {
		case p.Name == l.Argument:
		case p.Sort == lists.Flag:
			flags[p.Name] = cmd.Flags().Bool(p.Name, false, p.Words.In(a.lang))
		default:
			texts[p.Name] = cmd.Flags().String(p.Name, p.Default, p.Words.In(a.lang))
			a.showDefault(cmd.Flags().Lookup(p.Name), p.Values)
		}
	}
	cmd.Flags().StringVar(&out, "out", "",
		a.say("写成报表 `FILE`（.xlsx 或 .csv），带出处，可用 taizhang reproduce 核对",
			"write a report `FILE` (.xlsx or .csv) with its provenance, which reproduce checks"))
	cmd.Flags().BoolVar(&forExcel, "for-excel", false,
		a.say("CSV 报表（--out 文件.csv 或 --output csv）供 Excel 或 WPS 打开：文本不会变成公式、数字或日期",
			"a CSV report for Excel or WPS, with --out FILE.csv or --output csv: no text becomes a formula, a "+
				"number or a date"))
	return cmd
}

// writeReport writes the answer to a new file, or for Excel to standard output.
func (a *app) writeReport(cmd *cobra.Command, r desk.ReportRequest) error {
	if r.Name == "" && a.output != csvOutput {
		return usage(cmd, "--for-excel 须与 --out FILE.csv 或 --output csv 一起用",
			"--for-excel goes with --out FILE.csv or --output csv")
	}
	if err := r.Check(); err != nil {
		return &usageError{cmd.CommandPath(), err}
	}
	if r.Name != "" {
		if err := files.Free(r.Name); err != nil {
			return err
		}
	}
	return a.read(cmd.Context(), func(d desk.Reader) error {
		var made *desk.ReportMade
		err := a.toFile(r.Name, func(w io.Writer) (err error) {
			made, err = d.Report(cmd.Context(), a.when(), r, w)
			return err
		})
		if err == nil && r.Name != "" {
			fmt.Fprintln(a.errOut, a.say("已将 %d 行写入 %s（台账位置 %d）",
				"%d rows written to %s (position %d of the ledger)", made.Rows, r.Name, made.Position))
			if limit := cmd.Flags().Lookup("limit"); limit != nil && limit.Value.String() == fmt.Sprint(made.Rows) {
				fmt.Fprintln(a.errOut, a.say("这是 --limit 的上限；未列出的条数见文件末尾",
					"that is the limit, --limit; the end of the file says how many records are not listed"))
			}
		}
		return err
	})
}

// listCommands returns the verbs of all lists.
func (a *app) listCommands() (all []*cobra.Command) {
	for _, l := range lists.Lists {
		cmd := a.listCommand(l)
		if l.Name == "alerts" {
			cmd.AddCommand(a.explainCommand(), a.watchCommand(), a.boardCommand())
		}
		all = append(all, cmd)
	}
	return all
}
