package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) checkCommand() *cobra.Command {
	var thorough bool
	cmd := &cobra.Command{
		Use: "check", Args: exactly(0), Annotations: onFiles,
		Short: a.say("核验台账：文件完整、逐条读取、序号连续、资金收支平衡，并从原始记录独立复算",
			"prove the ledger: whole files, every record, unbroken numbers, balanced money, and figures computed "+
				"again from the records"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.knownAt != "" {
				return usage(cmd, "--known-at 不能用于核验", "--known-at cannot be used to check")
			}
			if err := a.mustExist(); err != nil {
				return err
			}
			c := &desk.Checked{}
			if err := a.check(cmd.Context(), thorough, c); err != nil {
				return err
			}
			err := a.answer(c, func() *table.Table { return c.Table(a.lang) }, func() { a.tellChecked(c) })
			if err == nil && len(c.Findings) > 0 {
				return errAnswered
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&thorough, "thorough", false,
		a.say("独立复算全部进行，不作抽查；大台账需要很长时间",
			"compute everything again independently, not a sample; a large ledger takes long"))
	return cmd
}

func (a *app) tellChecked(c *desk.Checked) {
	a.tellExamined(c)
	if len(c.Findings) == 0 {
		a.print("核验通过。", "The ledger is sound.")
		return
	}
	a.tellFindings(c.Findings)
}

// tellExamined prints what a check has examined, without its findings.
func (a *app) tellExamined(c *desk.Checked) {
	if c.Events == 0 && len(c.Findings) > 0 { // damaged: nothing was read from the files
		a.print("文件：%d 个，共 %d 次写入，%d 字节，有损坏", "files: %d, written %d times, %d bytes, with damage",
			c.Segments, c.Commits, c.Bytes)
	} else {
		a.print("文件：%d 个，共 %d 次写入，%d 字节，校验码全部相符",
			"files: %d, written %d times, %d bytes, every checksum right", c.Segments, c.Commits, c.Bytes)
	}
	if c.TornBytes > 0 {
		a.print("末尾有 %d 字节属于一次中断的写入，从未确认入账，下次写入时清除",
			"the last %d bytes are of a write that was cut short and never confirmed; the next write removes them",
			c.TornBytes)
	}
	if c.Events > 0 {
		a.print("记录：%d 条，逐条读取，序号连续", "records: %d, each read, none missing", c.Events-c.Seals)
		if c.Seals > 0 {
			a.print("封存记录：%d 条，逐条读取，所载根值与台账比对",
				"sealing records: %d, each read and compared with the records before it", c.Seals)
		}
		a.print("最后一条：位置 %d，记于 %s", "the last one: position %d, recorded at %s", c.Position, c.RecordedAt)
		a.print("资金：%d 个中心，余额合计 %s 元，按原始记录重算",
			"money: %d centers, balances of %s yuan, added up again from the stored records", c.Centers,
			a.shown(table.Fen(c.BalanceFen)))
		a.print("数字和预警：在截至日和各年末，与按原始记录重新计算的结果比对 %d 次",
			"figures and alerts: compared %d times with those computed again from the stored records, on the date "+
				"asked and at the ends of years", c.Comparisons)
		if c.Evaluations == c.Comparisons {
			a.print("独立复算：%d 次，全部比对", "independent computations: all %d compared", c.Evaluations)
		} else {
			a.print("独立复算：%d 次中抽查 %d 次；taizhang check --thorough 全部比对",
				"independent computations: a sample of %[2]d of %[1]d compared; taizhang check --thorough compares "+
					"all", c.Comparisons, c.Evaluations)
		}
		if c.TooLarge > 0 {
			a.print("%d 次中有 %d 次所涉中心记录过多，不列入抽查",
				"of the %d, %d are of centers with too many records for a sample", c.Comparisons, c.TooLarge)
		}
	}
	if c.Checkpoints > 0 {
		a.print("检查点：%d 个，已逐一与台账比对", "checkpoints: %d, each compared with the ledger", c.Checkpoints)
	}
	if c.Compared {
		a.print("本地副本：已与集群中的记录逐条比对",
			"local copy: compared with the record in the cluster, record by record")
	}
	for _, w := range c.Warnings {
		a.print("提示：%s。", "warning: %s.", w.In(a.lang))
	}
}

// tellFindings prints the findings and their number.
func (a *app) tellFindings(list []desk.Finding) {
	for _, f := range list {
		where := string(f.Stream)
		if f.Position > 0 {
			where = a.say("位置 %d %s", "position %d %s", f.Position, f.Stream)
		}
		fmt.Fprintln(a.out, text.Printable("  "+where+"  "+f.What.In(a.lang)))
	}
	a.print("发现 %d 处问题；核验不作任何修改。", "findings: %d; nothing was changed.", len(list))
}
