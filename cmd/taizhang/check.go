package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/replica"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check", Args: exactly(0),
		Short: a.say("核验台账：校验和、逐条解读、版次、资金守恒、与朴素计算比对", "prove the ledger: checksums, every event, revisions, conservation of money, a naive evaluation"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.knownAt != "" {
				return usage(cmd, "--known-at 不能用于核验", "--known-at cannot be used to check")
			}
			if err := a.mustExist(); err != nil {
				return err
			}
			c := checked{}
			report, err := logstore.Verify(a.dir, nil)
			if err != nil && (a.cluster == "" || !errors.Is(err, fs.ErrNotExist)) {
				return err
			}
			c.Segments, c.Commits, c.Bytes = report.Segments, report.Commits, report.Bytes
			for _, d := range report.Damages {
				c.Findings = append(c.Findings, finding{Position: d.Position, What: d.Text()})
			}
			if report.Torn != nil {
				c.TornBytes = report.Torn.Bytes
			}
			if len(c.Findings) == 0 { // a damaged log cannot be opened
				if err := a.checkLedger(cmd, &c); err != nil {
					return err
				}
			}
			return a.writeChecked(&c)
		},
	}
}

// checked is what a check found, for programs.
type checked struct {
	Segments    int       `json:"segments"`
	Commits     uint64    `json:"commits"`
	Bytes       int64     `json:"bytes"`
	TornBytes   int64     `json:"tornBytes"` // of a commit that nobody was told of
	Events      int       `json:"events"`
	Position    uint64    `json:"position,omitzero"`   // of the last event
	RecordedAt  string    `json:"recordedAt,omitzero"` // of the last event
	Centers     int       `json:"centers"`
	Evaluations int       `json:"evaluations"`
	BalanceFen  int64     `json:"balanceFen"`
	Compared    bool      `json:"compared,omitzero"` // with the record that the ledger is a copy of
	Findings    []finding `json:"findings"`
}

type finding struct {
	Position uint64          `json:"position"`
	Stream   events.StreamID `json:"stream"`
	What     text.Text       `json:"what"`
}

func (a *app) checkLedger(cmd *cobra.Command, c *checked) error {
	return a.read(cmd.Context(), func(s *session) error {
		bar := a.progress("核验", "checking")
		report, err := s.Check(cmd.Context(), ledger.CheckConfig{On: s.on, Progress: bar.show, Found: func(f ledger.Finding) {
			c.Findings = append(c.Findings, finding{f.Position, f.Stream, f.What})
		}})
		bar.end()
		c.Events, c.Centers, c.Evaluations, c.BalanceFen = report.Events, report.Centers, report.Evaluations, int64(report.BalanceFen)
		if report.Events > 0 {
			c.Position, c.RecordedAt = report.Last.Position, events.FormatInstant(report.Last.RecordedAt)
		}
		if copied, ok := s.store.(*replica.Store); ok && err == nil {
			return compareCopy(cmd.Context(), copied, c)
		}
		return err
	})
}

// compareCopy compares the local copy with the record that it is a copy of.
func compareCopy(ctx context.Context, copied *replica.Store, c *checked) error {
	differs, err := copied.Compare(ctx)
	if err != nil {
		return err
	}
	c.Compared = true
	if differs != nil {
		c.Findings = append(c.Findings, finding{Stream: differs.Stream, What: differs.Text()})
	}
	return nil
}

func (a *app) writeChecked(c *checked) error {
	var err error
	switch a.output {
	case jsonOutput:
		err = a.writeObject(c)
	case csvOutput:
		sh := &table.Table{Columns: []table.Column{{Name: "position"}, {Name: "stream"}, {Name: "finding"}}}
		for _, f := range c.Findings {
			sh.Rows = append(sh.Rows, []table.Cell{table.Number(f.Position), table.Text(f.Stream), table.Text(f.What.In(a.lang))})
		}
		err = a.write(sh)
	default:
		a.tellChecked(c)
	}
	if err == nil && len(c.Findings) > 0 {
		return errAnswered
	}
	return err
}

func (a *app) tellChecked(c *checked) {
	a.print("存储：%d 个文件，%d 次提交，%d 字节，已核对校验和", "store: %d files, %d commits, %d bytes, checksums checked", c.Segments, c.Commits, c.Bytes)
	if c.TornBytes > 0 {
		a.print("末尾有 %d 字节属于一次未完成、从未确认的提交，下次写入时截去", "the last %d bytes are of a commit cut short that nobody was told of; the next write cuts them off", c.TornBytes)
	}
	if c.Events > 0 {
		a.print("记录：%d 条，全部逐条解读，版次连续检查", "events: %d, each decoded, revisions followed", c.Events)
		a.print("最后一条：位置 %d，记于 %s", "the last of them: position %d, recorded at %s", c.Position, c.RecordedAt)
		a.print("资金：%d 个中心，余额合计 %s 元，按原始记录重算", "money: %d centers, balances of %s yuan, recomputed from the stored bytes", c.Centers, events.FormatYuan(events.Fen(c.BalanceFen)))
		a.print("读模型：与朴素计算比对 %d 次", "read models: compared with a naive evaluation %d times", c.Evaluations)
	}
	if c.Compared {
		a.print("本地副本：已与集群中的记录逐条比对", "local copy: compared with the record in the cluster, event by event")
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
		fmt.Fprintf(a.out, "  %s  %s\n", where, f.What.In(a.lang))
	}
	a.print("发现 %d 处问题；核验不作任何修改。", "findings: %d; nothing was changed.", len(c.Findings))
}
