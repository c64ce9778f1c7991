package main

import (
	"cmp"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/sheets"
)

func (a *app) templateCommand() *cobra.Command {
	var out string
	var names, titles []string
	for _, k := range sheets.Kinds {
		names, titles = append(names, k.Name), append(titles, k.Name+" "+k.Title.Zh)
	}
	kinds := strings.Join(names, ", ")
	cmd := &cobra.Command{
		Use: "template KIND", Args: exactly(1), ValidArgs: names,
		Short: a.say("生成空表（XLSX）：%[2]s", "make an empty sheet (XLSX): %[1]s", kinds, strings.Join(titles, "、")),
		RunE: func(cmd *cobra.Command, args []string) error {
			k := sheets.Find(args[0])
			if k == nil {
				return usage(cmd, "没有 %[1]q 这种表，应为：%[3]s", "there is no sheet of %[1]q; it must be one of: %[2]s", args[0], kinds, strings.Join(titles, "、"))
			}
			if out == "" {
				out = k.Name + ".xlsx"
			}
			if err := freeWorkbook(cmd, "out", out); err != nil {
				return err
			}
			p, err := a.policyNow(cmd)
			if err != nil {
				return err
			}
			if err := files.Create(out, func(w io.Writer) error { return sheets.WriteTemplate(w, k, p) }); err != nil {
				return err
			}
			a.print("已生成%[2]s空表 %[1]s", "An empty sheet of %[3]s is in %[1]s", out, k.Title.Zh, k.Title.En)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", a.say("写到 `FILE.xlsx`（默认以种类为名）", "write to `FILE.xlsx` (default named after the kind)"))
	return cmd
}

// policyNow returns the policy of the ledger that is read on the day asked about; without a ledger, the built-in one, which
// a new ledger begins with.
func (a *app) policyNow(cmd *cobra.Command) (p *policy.Policy, err error) {
	if a.mustExist() != nil {
		return policy.Builtin(), nil
	}
	err = a.read(cmd.Context(), func(s *session) error {
		p = cmp.Or(s.reg.Timeline().Reading(s.on), policy.Builtin())
		return nil
	})
	return p, err
}
