package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) tryCommand() *cobra.Command {
	return &cobra.Command{
		Use: "try FILE", Args: exactly(1),
		Short: a.say("逐条试算文件中的记录，不写入：是否接受，理由，预警变化", "try each record of a file alone, writing nothing: the answer, the reason, the alerts"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			return a.read(cmd.Context(), func(d desk.Reader) error {
				w := a.stream(desk.AnswerColumns)
				refused := false
				err := d.Try(cmd.Context(), a.when(), f, func(t *desk.Tried) error {
					refused = refused || t.Answer == desk.Refused
					return w.add(t, func() []table.Cell { return t.Row(a.lang) }, func() { a.tellTried(t) })
				})
				if err == nil {
					err = w.end(func() {
						if w.count == 0 {
							a.print("文件中没有记录。", "The file holds no record.")
						}
					})
				}
				if err == nil && refused {
					return errAnswered
				}
				return err
			})
		},
	}
}

func (a *app) tellTried(t *desk.Tried) {
	answer := a.say("接受", "accepted")
	if t.Answer == desk.Refused {
		answer = a.say("拒绝", "refused")
	}
	a.print("第 %d 行　%s　%s %s　%s", "line %d  %s  %s %s  %s", t.Line, answer, t.Center, t.Kind, t.ID)
	a.tellReasons(a.out, t.Reasons)
	list := func(zh, en string, alerts []desk.Alert) {
		for _, x := range alerts {
			a.print("  "+zh+" %s %s：%s%s", "  "+en+" %s %s: %s%s", x.Code, x.Key, lists.AlertTitle(x.Code).In(a.lang), a.dates(x))
		}
	}
	list("将产生预警", "would open", t.Opens)
	list("将解除预警", "would clear", t.Clears)
	list("将撤回预警", "would withdraw", t.Withdraws)
	for _, w := range t.Warnings {
		a.print("  提示：%s", "  warning: %s", w.In(a.lang))
	}
}
