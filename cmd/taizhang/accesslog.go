package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

func (a *app) accessLogCommand() *cobra.Command {
	var q access.LogQuestion
	c := &cobra.Command{
		Use: "access-log", Args: exactly(0),
		Short: a.say("访问日志：谁在何时查询、录入了什么，被拒绝了什么，账号有何变动，谁重新发布了预警",
			"the access log: who read, recorded and was denied what, acts on accounts, and who had the feed restated"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			defer a.paged()()
			return a.office(cmd.Context(), func(o access.AccountDesk) error { return a.writeLog(cmd, o, q) })
		},
	}
	f := c.Flags()
	f.StringVar(&q.Kind, "kind", "",
		a.say("只列出 `KIND`：%s", "only those of a `KIND`: %s",
			text.Text{Zh: access.LogKinds.Words().Zh, En: joined(access.EntryKinds())}))
	f.StringVar(&q.Account, "account", "", a.say("只列出该账号 `NAME` 的", "only those of the account `NAME`"))
	f.StringVar(&q.Center, "center", "", a.say("只列出该中心 `ID` 的", "only those about the center `ID`"))
	f.StringVar(&q.From, "from", "", a.say("自 `DATE` 起", "from a `DATE` on"))
	f.StringVar(&q.To, "to", "", a.say("至 `DATE` 止（含）", "up to a `DATE`, which counts"))
	f.IntVar(&q.Limit, "limit", 0,
		a.say("只列出最后 `N` 条（默认全部，至多 %d）", "only the last `N` (default all, at most %d)",
			access.LogLimitMax))
	return c
}

// writeLog writes the entries that answer a question, one by one.
func (a *app) writeLog(cmd *cobra.Command, o access.AccountDesk, q access.LogQuestion) error {
	if cmd.Flags().Changed("limit") && q.Limit < 1 {
		return usage(cmd, "--limit 应为 1 至 %d", "--limit must be 1 to %d", access.LogLimitMax)
	}
	w := a.stream(access.EntryColumns)
	err := o.Log(cmd.Context(), q, func(e *access.LogEntry) error {
		return w.add(e, e.Row, func() {
			about := strings.TrimSpace(string(e.Center) + " " + e.ObjectWord().In(a.lang))
			times := ""
			if e.Count > 1 {
				times = fmt.Sprintf(" ×%d", e.Count)
			}
			a.print("%s %s %s %s %s：%s%s%s", "%s %s %s %s %s: %s%s%s", toSecond(e.At),
				access.LogKinds.Word(e.Kind).In(a.lang),
				orDash(access.AccountWord(e.Account).In(a.lang)), e.VerbWord().In(a.lang), orDash(about),
				e.OutcomeWord().In(a.lang), a.aside(e.SourceWord().In(a.lang)), times)
		})
	})
	if err != nil {
		return err
	}
	return w.end(func() {
		if w.count == 0 {
			a.print("没有符合条件的记录。", "There are no such entries.")
		}
	})
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
