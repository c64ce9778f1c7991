package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/api/client"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) feedCommand() *cobra.Command {
	return a.group("feed", "预警推送：把预警发布到 NATS", "the alert feed, which publishes the alerts over NATS",
		a.askFeed("status", a.say("显示推送的状态", "show how the feed does"), "", (*client.Client).Feed),
		a.askFeed("restate", a.say("重新发布全部预警，完成后返回",
			"state every alert again, and return when it is done"),
			a.say(`重新发布全部预警，完成后返回。用于推送已停止、而本台账确认无误的情形，例如从备份恢复之后。
各程序不会因此重复处理：内容未变的预警只记不办。`,
				`State every alert again, and return when it is done. It is for a feed that has stopped although this ledger is right, as
after a restore. No program acts twice: of an alert that is the same it only takes note.`),
			(*client.Client).RestateFeed))
}

// askFeed returns a verb that asks the server, because a feed runs only in a server.
func (a *app) askFeed(verb, short, long string,
	ask func(*client.Client, context.Context) (*api.FeedStatus, error)) *cobra.Command {
	return &cobra.Command{
		Use: verb, Args: exactly(0), Short: short, Long: long,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.atServer(cmd.Context(), true)
			if err != nil {
				return err
			}
			if c == nil {
				return text.Errorf(text.Unavailable,
					"预警推送在 taizhang serve 中运行，而台账 %s 目前没有提供服务；先启动 taizhang serve",
					"the alert feed runs in taizhang serve, and nobody serves the ledger %s now; start taizhang "+
						"serve first", a.dir)
			}
			defer c.Close()
			f, err := ask(c, cmd.Context())
			if err != nil {
				return err
			}
			return a.answer(f, func() *table.Table { return f.Table(a.lang) }, func() { a.printFeed(f) })
		},
	}
}

// printFeed writes the state of a feed for people. It leaves out unknown values.
func (a *app) printFeed(f *api.FeedStatus) {
	a.print("预警推送：%s%s", "the alert feed: %s%s", f.Title().In(a.lang), a.aside(f.Server))
	if f.Reason != (text.Text{}) {
		a.print("  原因：%s", "  why: %s", f.Reason.In(a.lang))
	}
	switch {
	case f.At == nil:
		a.print("  台账位置 %d", "  the ledger is at %d", f.Position)
	case f.State == alertfeed.StateStopped:
		a.print("  流中的预警截至位置 %d、日期 %v；台账位置 %d",
			"  the stream is as of position %d and %v; the ledger is at %d", f.At.Position, f.At.Date, f.Position)
	default:
		a.print("  已发布至位置 %d、日期 %v；台账位置 %d", "  right as of position %d and %v; the ledger is at %d",
			f.At.Position, f.At.Date, f.Position)
	}
	switch {
	case f.Behind > 0:
		a.print("  落后 %d 个位置，已 %d 秒", "  behind by %d positions for %d seconds", f.Behind, f.Seconds)
	case f.Seconds > 0:
		a.print("  已 %d 秒没有发布", "  nothing published for %d seconds", f.Seconds)
	}
	if f.Open != nil {
		a.print("  未解除预警：红 %d，黄 %d，蓝 %d", "  open alerts: %d red, %d yellow, %d blue", f.Open.Red,
			f.Open.Yellow, f.Open.Blue)
	}
	if f.Messages != nil {
		a.print("  本次启动以来发布 %d 条消息", "  messages since the server was started: %d", *f.Messages)
	}
	for _, c := range f.Consumers {
		a.print("  用户 %s：待取 %d 条，待确认 %d 条", "  user %s: %d to get, %d to acknowledge", c.Name,
			c.Pending, c.Unacked)
	}
}
