package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check", Args: exactly(0), Annotations: onFiles,
		Short: a.say("核验台账：校验和、逐条解读、版次、资金守恒、与朴素计算比对", "prove the ledger: checksums, every event, revisions, conservation of money, a naive evaluation"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.knownAt != "" {
				return usage(cmd, "--known-at 不能用于核验", "--known-at cannot be used to check")
			}
			if err := a.mustExist(); err != nil {
				return err
			}
			c := &desk.Checked{}
			if err := a.checkFiles(c); err != nil {
				return err
			}
			if len(c.Findings) == 0 { // a damaged log cannot be opened
				bar := a.progress("核验", "checking")
				err := a.checkEvents(cmd.Context(), bar.show, c)
				bar.end()
				if err != nil {
					return err
				}
			}
			err := a.answer(c, func() *table.Table { return c.Table(a.lang) }, func() { a.tellChecked(c) })
			if err == nil && len(c.Findings) > 0 {
				return errAnswered
			}
			return err
		},
	}
}

func (a *app) tellChecked(c *desk.Checked) {
	a.print("存储：%d 个文件，%d 次提交，%d 字节，已核对校验和", "store: %d files, %d commits, %d bytes, checksums checked", c.Segments, c.Commits, c.Bytes)
	if c.TornBytes > 0 {
		a.print("末尾有 %d 字节属于一次未完成、从未确认的提交，下次写入时截去", "the last %d bytes are of a commit cut short that nobody was told of; the next write cuts them off", c.TornBytes)
	}
	if c.Events > 0 {
		a.print("记录：%d 条，全部逐条解读，版次连续检查", "events: %d, each decoded, revisions followed", c.Events)
		a.print("最后一条：位置 %d，记于 %s", "the last of them: position %d, recorded at %s", c.Position, c.RecordedAt)
		a.print("资金：%d 个中心，余额合计 %s 元，按原始记录重算", "money: %d centers, balances of %s yuan, recomputed from the stored bytes", c.Centers, a.shown(table.Fen(c.BalanceFen)))
		a.print("读模型：与朴素计算比对 %d 次", "read models: compared with a naive evaluation %d times", c.Evaluations)
	}
	if c.Compared {
		a.print("本地副本：已与集群中的记录逐条比对", "local copy: compared with the record in the cluster, event by event")
	}
	for _, w := range c.Warnings {
		a.print("提示：%s。", "warning: %s.", w.In(a.lang))
	}
	if len(c.Findings) == 0 {
		a.print("核验通过。", "The ledger is sound.")
		return
	}
	for _, f := range c.Findings {
		where := string(f.Stream)
		if f.Position > 0 {
			where = a.say("位置 %d %s", "position %d %s", f.Position, f.Stream)
		}
		fmt.Fprintln(a.out, text.Printable("  "+where+"  "+f.What.In(a.lang)))
	}
	a.print("发现 %d 处问题；核验不作任何修改。", "findings: %d; nothing was changed.", len(c.Findings))
}
