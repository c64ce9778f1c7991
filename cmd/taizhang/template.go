package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/files"
)

func (a *app) templateCommand() *cobra.Command {
	var out string
	kinds := desk.SheetNames()
	list := strings.Join(kinds.Codes(), ", ")
	cmd := &cobra.Command{
		Use: "template KIND", Args: exactly(1), Annotations: onFiles,
		Short: a.say("生成填报用的空表（XLSX）", "make an empty sheet to fill in (XLSX)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, ok := kinds.Read(args[0])
			if !ok {
				return usage(cmd, "没有“%[1]s”这种表，应为：%[3]s",
					"there is no sheet of %[1]q; it must be one of: %[2]s", args[0], list, kinds.Words().Zh)
			}
			if out == "" {
				out = name + ".xlsx"
			}
			if err := freeWorkbook(cmd, "out", out); err != nil {
				return err
			}
			words, err := a.policyRead(cmd)
			if err != nil {
				return err
			}
			if err := files.Create(out,
				func(w io.Writer) error { return desk.WriteTemplate(w, name, words) }); err != nil {
				return err
			}
			a.print("已生成%[2]s空表 %[1]s", "An empty sheet of %[3]s is in %[1]s", out, kinds.Word(name).Zh,
				kinds.Word(name).En)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "",
		a.say("写到 `FILE.xlsx`（默认以种类为名）", "write to `FILE.xlsx` (default named after the kind)"))
	return cmd
}

// policyRead returns the policy of the ledger on the date asked about, for its words. Without a ledger it returns the
// built-in policy, with which a new ledger begins.
func (a *app) policyRead(cmd *cobra.Command) (p desk.Policy, err error) {
	p = desk.BuiltinPolicy()
	if a.mustExist() != nil {
		return p, nil
	}
	err = a.readFiles(cmd.Context(), func(d desk.Reader) error {
		all, err := d.Policies(cmd.Context(), a.when())
		if err == nil && all.Reading != nil {
			p = *all.Reading
		}
		return err
	})
	return p, err
}
