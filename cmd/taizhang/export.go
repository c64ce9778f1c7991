package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/files"
)

func (a *app) exportCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "export", Args: exactly(0),
		Short: a.say("导出全部记录（JSONL），再导入得到同样的答案",
			"export all records as JSONL; imported they give the same answers"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.read(cmd.Context(), func(d desk.Reader) error {
				bar := a.progress("导出", "exporting")
				var count int
				err := a.toFile(out, func(w io.Writer) (err error) {
					count, err = d.Export(cmd.Context(), w, bar.show)
					return err
				})
				bar.end()
				if err == nil && out != "" {
					fmt.Fprintln(a.errOut, a.say("已导出 %d 条到 %s", "%d records exported to %s", count, out))
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "",
		a.say("写到 `FILE`（默认标准输出）", "write to `FILE` (default standard output)"))
	return cmd
}

// toFile calls do with a new file, or with standard output if path is empty. It never overwrites a file, and removes
// an incomplete one.
func (a *app) toFile(path string, do func(io.Writer) error) error {
	if path == "" {
		return do(a.out)
	}
	return files.Create(path, do)
}
