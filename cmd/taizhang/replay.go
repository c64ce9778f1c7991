package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) replayCommand() *cobra.Command {
	var state, recordedOnly bool
	cmd := &cobra.Command{
		Use: "replay ID", Args: exactly(1),
		Short: a.say("重放一个中心的全部历史：每条记录改变了什么",
			"replay a center's whole history: what each event changed"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), func(d desk.Reader) error {
				w := a.stream(desk.ChapterColumns)
				end, err := d.Story(cmd.Context(), a.when(), args[0], func(c *desk.Chapter) error {
					if recordedOnly && !c.Recorded() {
						return nil
					}
					if !state {
						c.State = nil
					}
					return w.add(c, c.Row, func() { a.tellChapter(c) })
				})
				if err != nil {
					return err
				}
				return w.end(func() {
					if !recordedOnly {
						a.tellMeanwhile(end)
						a.tellTally(end)
					}
					if w.count == 0 {
						a.print("没有符合条件的记录。", "There is no such event.")
					}
				})
			})
		},
	}
	cmd.Flags().BoolVar(&state, "state", false,
		a.say("同时显示每条记录之后的状态", "show the state after each event too"))
	cmd.Flags().BoolVar(&recordedOnly, "recorded", false, a.say("只看补录与作废", "only record mode and voidings"))
	return cmd
}

// tellTally writes the number of events of the center and how many of them count.
func (a *app) tellTally(end *desk.Chapter) {
	if t := end.Tally; t != nil {
		a.print("该中心共 %d 条记录：计入 %d 条（即中心名册中的记录数），已作废 %d 条，日期晚于截至日的 %d 条。",
			"Events of the center: %d. Counted: %d (the events of center and centers); voided: %d; dated after the "+
				"date: %d.", t.All, t.Counted, t.Voided, t.All-t.Counted-t.Voided)
	}
}

// tellChapter writes a chapter as a few lines of prose.
func (a *app) tellChapter(c *desk.Chapter) {
	a.tellMeanwhile(c)
	fmt.Fprintln(a.out,
		text.Printable(strings.TrimRight(fmt.Sprintf("%4d  %s  %s  %s", c.Revision, c.On, c.Kind.Title().In(a.lang),
			c.Line.In(a.lang)), " ")))
	for _, d := range c.Details {
		a.indent("%s：%s", "%s: %s", d.Label.In(a.lang), text.Clip(d.Value.In(a.lang), detailCharMax))
	}
	if c.Doc != "" {
		a.indent("发文字号：%s", "document: %s", c.Doc)
	}
	if c.Note != "" {
		a.indent("备注：%s", "note: %s", c.Note)
	}
	for _, f := range evidenceOn(c.Record) {
		a.indent("佐证材料：%s（SHA-256 %s）", "evidence: %s (SHA-256 %s)", f.Name, f.SHA256)
	}
	a.indent("位置 %d，记录编号 %s，%s 录入于 %s，%s %s 报",
		"position %d, id %s, entered by %s at %s, reported by %s %s",
		c.Position, c.ID, a.enteredBy(c.EnteredBy), toSecond(c.RecordedAt), c.By.Role.Title().In(a.lang), c.By.Actor)
	if v := c.VoidedBy; v != nil {
		a.indent("已作废：%v 的作废记录（位置 %d，%s），不计入任何数字",
			"voided on %v (position %d, %s): it counts in no figure", v.On, v.Position, v.ID)
	}
	if v := c.Voids; v != nil {
		a.indent("作废的是：%v %s（位置 %d，%s）", "what it voids: %v %s (position %d, %s)", v.On,
			strings.TrimSpace(v.Kind.Title().In(a.lang)+" "+v.Doc), v.Position, v.ID)
	}
	if c.Policy != "" {
		a.indent("依据办法参数 %s 判定", "judged under policy %s", c.Policy)
	}
	if c.Mode == desk.RecordMode {
		a.indent("补录", "record mode")
	}
	for _, id := range c.Breaks {
		a.indent("违反 %s", "breaks %s", lists.RuleWord(id).In(a.lang))
	}
	for _, w := range c.Warnings {
		a.indent("提示：%s", "warning: %s", w.In(a.lang))
	}
	if c.Broken != "" {
		a.indent("此记录不成立（AL-LED-01）：%s", "this event cannot be right (AL-LED-01): %s", c.Broken)
	}
	if m := &c.Changed; m.Status != m.StatusBefore {
		a.indent("状态：%s → %s", "status: %s → %s", lists.StatusWord(m.StatusBefore).In(a.lang),
			lists.StatusWord(m.Status).In(a.lang))
	}
	for i := range c.Changed.Money {
		m := &c.Changed.Money[i]
		a.indent("经费 %d %s：%s", "money %d %s: %s", m.FiscalYear, lists.ScopeWord(m.Scope).In(a.lang),
			a.moneyWords(m))
	}
	a.tellMoves(&c.Changed)
	a.tellState(c)
}

// toSecond returns an instant for people: to the second, with the zone, in the form that --known-at accepts.
func toSecond(instant string) string {
	at, err := time.Parse(time.RFC3339Nano, instant)
	if err != nil {
		return instant
	}
	return at.Format(time.RFC3339)
}

// indent writes a line that belongs to an event.
func (a *app) indent(zh, en string, args ...any) { a.print("      "+zh, "      "+en, args...) }

// detailCharMax is the number of characters of a detail of an event that are shown. Only a long text has more.
const detailCharMax = 150

// tellMeanwhile writes the changes by policies and by time since the chapter before.
func (a *app) tellMeanwhile(c *desk.Chapter) {
	if c.ByPolicy.Alerts() {
		a.indent("—— 采用办法参数 %s 之后：", "— by the adoption of policy %s:",
			strings.Join(c.ByPolicy.Policies, ", "))
		a.tellMoves(&c.ByPolicy.Moves)
	}
	if c.Lapsed.Alerts() {
		a.indent("—— 至 %v 期限届满：", "— by %v, as time went on:", c.AsOf)
		a.tellMoves(&c.Lapsed)
	}
}

func (a *app) tellMoves(m *desk.Moves) {
	list := func(sign string, alerts []desk.Alert) {
		for _, x := range alerts {
			a.indent("%s %s  %s%s", "%s %s  %s%s", sign, a.alertName(x), lists.AlertTitle(x.Code).In(a.lang),
				a.dates(x))
		}
	}
	list(a.say("＋预警", "+ alert"), m.Opened)
	list(a.say("－解除", "- cleared"), m.Cleared)
	list(a.say("－撤回", "- withdrawn"), m.Withdrawn)
}

func (a *app) tellState(c *desk.Chapter) {
	if c.State == nil {
		return
	}
	a.indent("此后：%s，记录 %d 条，未解除预警 %d 个", "then: %s, %d events, %d open alerts",
		lists.StatusWord(c.Status).In(a.lang), c.State.Events, len(c.State.Alerts))
	for _, m := range c.State.Execution {
		a.indent("  %d %s 可用 %s 元，支出 %s 元，结余 %s 元",
			"  %d %s available %s yuan, spent %s yuan, balance %s yuan",
			m.Year, lists.ScopeWord(m.Scope).In(a.lang), a.shown(table.Fen(m.AvailableFen())),
			a.shown(table.Fen(m.SpentAllFen)), a.shown(table.Fen(m.BalanceFen())))
	}
}

// shown returns a cell as people read it.
func (a *app) shown(c table.Cell) string { return c.Shown.In(a.lang) }

// moneyWords returns the differences of money in words, such as 到账 +1,000.00 元.
func (a *app) moneyWords(m *desk.MoneyMove) string {
	var parts []string
	add := func(zh, en string, amount table.Cell) {
		words := a.shown(amount)
		if words == a.shown(table.Fen(0)) {
			return
		}
		if !strings.HasPrefix(words, "-") {
			words = "+" + words
		}
		parts = append(parts, a.say(zh+" %s 元", en+" %s yuan", words))
	}
	add("下达", "granted", table.Fen(m.GrantedFen))
	add("到账", "received", table.Fen(m.ReceivedFen))
	add("支出", "spent", table.Fen(m.SpentAllFen))
	add("禁止用途支出", "ineligible", table.Fen(m.IneligibleFen))
	return strings.Join(parts, a.say("，", ", "))
}

// enteredBy returns the account that entered a record. The user of this machine has a word.
func (a *app) enteredBy(account string) string {
	if user, ok := strings.CutPrefix(account, desk.LocalPrefix); ok {
		return a.say("本机用户 %s", desk.LocalPrefix+"%s", user)
	}
	return account
}
