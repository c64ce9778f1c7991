package main

import (
	"bufio"
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/simulator"
)

// demoProvince is the simulated province of the demo.
var demoProvince = simulator.Scenario{Seed: 7, Centers: 24, From: events.MustDate("2024-01-01"),
	To: events.MustDate("2026-10-31")}

func (a *app) simulateCommand() *cobra.Command {
	cfg := simulator.Scenario{}
	var from, to, out string
	cmd := &cobra.Command{
		Use: "simulate", Args: exactly(0), Annotations: onFiles,
		Short: a.say("生成一省的模拟历史（JSONL）", "simulate the history of a province (JSONL)"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if cfg.From, err = desk.ParseDay("from", from); err != nil {
				return err
			}
			if cfg.To, err = desk.ParseDay("to", to); err != nil {
				return err
			}
			if err := cfg.Check(); err != nil {
				return err
			}
			return a.toFile(out, func(w io.Writer) error { return a.simulate(cmd.Context(), cfg, w) })
		},
	}
	f := cmd.Flags()
	f.Uint64Var(&cfg.Seed, "seed", 1,
		a.say("随机种子 `N`；相同的种子得到相同的历史", "random seed `N`; equal seeds give equal histories"))
	f.IntVar(&cfg.Centers, "centers", 80, a.say("中心数 `N`", "number `N` of centers"))
	f.StringVar(&from, "from", "2024-01-01", a.say("起始日期 `DATE`", "first `DATE`"))
	f.StringVar(&to, "to", "2026-10-31", a.say("结束日期 `DATE`", "last `DATE`"))
	f.StringVar(&out, "out", "", a.say("写到 `FILE`（默认标准输出）", "write to `FILE` (default standard output)"))
	return cmd
}

// simulate writes a simulated history as records of the interchange form.
func (a *app) simulate(ctx context.Context, cfg simulator.Scenario, to io.Writer) error {
	bar := a.progress("模拟", "simulating")
	defer bar.end()
	w := bufio.NewWriterSize(to, 1<<16)
	for rec, err := range simulator.Records(cfg) {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		line, err := events.EncodeRecord(rec)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		bar.show(int64(rec.On-cfg.From), int64(cfg.To-cfg.From))
	}
	return w.Flush()
}
