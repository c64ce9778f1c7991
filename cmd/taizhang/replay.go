package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) replayCommand() *cobra.Command {
	var state, recordedOnly bool
	cmd := &cobra.Command{
		Use: "replay ID", Args: exactly(1),
		Short: a.say("重放一个中心的全部历史：每条记录改变了什么", "replay a center's whole history: what each event changed"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), func(s *session) error {
				id, err := s.center(args[0])
				if err != nil {
					return err
				}
				w := &replayWriter{a: a, state: state}
				end, err := s.story(cmd.Context(), id, func(c *chapter) error {
					if recordedOnly && !c.recordedOnly() {
						return nil
					}
					return w.tell(c)
				})
				if err != nil {
					return err
				}
				if a.output == tableOutput && !recordedOnly {
					w.lapse(end)
				}
				return w.finish()
			})
		},
	}
	cmd.Flags().BoolVar(&state, "state", false, a.say("同时显示每条记录之后的状态", "show the state after each event too"))
	cmd.Flags().BoolVar(&recordedOnly, "recorded", false, a.say("只看补录与作废", "only record mode and voidings"))
	return cmd
}

// told is a chapter for programs.
type told struct {
	Position   uint64            `json:"position"`
	Revision   uint64            `json:"revision"`
	RecordedAt string            `json:"recordedAt"`
	On         events.Date       `json:"on"`
	Kind       events.Kind       `json:"kind"`
	ID         string            `json:"id"`
	By         events.By         `json:"by"`
	EnteredBy  string            `json:"enteredBy"`
	Mode       events.Mode       `json:"mode"`
	Doc        string            `json:"doc"`
	Note       string            `json:"note"`
	Policy     events.PolicyRef  `json:"policy"`
	Breaks     []events.RuleID   `json:"breaks"`
	Warnings   []text.Text       `json:"warnings"`
	Record     jsontext.Value    `json:"record,omitzero"`
	Broken     string            `json:"broken,omitzero"`
	Status     aggregates.Status `json:"status"`
	Lapsed     toldChanges       `json:"lapsed"`
	Changed    toldChanges       `json:"changed"`
	State      *toldState        `json:"state,omitzero"`
}

type toldChanges struct {
	Opened    []alertLine       `json:"opened"`
	Cleared   []alertLine       `json:"cleared"`
	Withdrawn []alertLine       `json:"withdrawn"`
	Money     []moneyDifference `json:"money"`
}

// moneyDifference is by how much an event changed one line of the execution report.
type moneyDifference struct {
	FiscalYear    int              `json:"fiscalYear"`
	Scope         aggregates.Scope `json:"scope"`
	GrantedFen    events.Fen       `json:"grantedFen"`
	ReceivedFen   events.Fen       `json:"receivedFen"`
	SpentAllFen   events.Fen       `json:"spentAllFen"`
	IneligibleFen events.Fen       `json:"ineligibleFen"`
}

func differencesOf(list []aggregates.Execution) []moneyDifference {
	lines := make([]moneyDifference, len(list))
	for i, x := range list {
		lines[i] = moneyDifference{x.Year, x.Scope, x.GrantedFen, x.ReceivedFen, x.SpentAllFen, x.IneligibleFen}
	}
	return lines
}

type toldState struct {
	AsOf      events.Date           `json:"asOf"`
	Events    int                   `json:"events"`
	Execution []lists.ExecutionLine `json:"execution"`
	Alerts    []alertLine           `json:"openAlerts"`
}

// replayWriter writes chapters in the form asked for.
type replayWriter struct {
	a     *app
	state bool
	count int
	json  []told
	table table.Table
}

func (w *replayWriter) tell(c *chapter) error {
	w.count++
	switch w.a.output {
	case jsonOutput:
		t, err := w.told(c)
		w.json = append(w.json, t)
		return err
	case csvOutput:
		w.row(c)
	default:
		w.people(c)
	}
	return nil
}

func (w *replayWriter) finish() error {
	switch w.a.output {
	case jsonOutput:
		return w.a.writeObject(w.json)
	case csvOutput:
		for _, name := range []string{"position", "revision", "recordedAt", "on", "kind", "id", "role", "actor", "enteredBy", "mode", "doc", "policy", "breaks", "status", "lapsed", "opened", "cleared", "withdrawn"} {
			w.table.Columns = append(w.table.Columns, table.Column{Name: name})
		}
		return w.a.write(&w.table)
	}
	if w.count == 0 {
		w.a.print("没有符合条件的记录。", "There is no such event.")
	}
	return nil
}

func (w *replayWriter) told(c *chapter) (told, error) {
	r := &c.rec
	t := told{Position: r.Position, Revision: r.Revision, RecordedAt: r.RecordedAt.Format(time.RFC3339Nano), On: r.On, Kind: r.Kind,
		ID: r.ID.String(), By: r.By, EnteredBy: r.EnteredBy, Mode: r.Mode, Doc: r.Doc, Note: r.Note, Policy: r.Policy, Breaks: r.Breaks,
		Warnings: r.Warnings, Broken: c.broken, Status: c.state.Status, Lapsed: toldOf(c.lapsed), Changed: toldOf(c.change)}
	if w.state {
		t.State = &toldState{AsOf: c.asOf, Events: c.state.Events, Execution: moneyLines(c.state.Executions), Alerts: alertLines(openOf(c.state.Alerts))}
	}
	if r.Data == nil {
		return t, nil
	}
	line, err := events.EncodeRecord(&r.Record)
	t.Record = line
	return t, err
}

func toldOf(c changes) toldChanges {
	return toldChanges{alertLines(c.opened), alertLines(c.cleared), alertLines(c.withdrawn), differencesOf(c.money)}
}

func alertLines(list []aggregates.Alert) []alertLine {
	lines := make([]alertLine, len(list))
	for i, x := range list {
		lines[i] = alertLine{x.Code, x.Key, x.Severity, x.RaisedOn}
	}
	return lines
}

func openOf(list []aggregates.Alert) (open []aggregates.Alert) {
	for _, x := range list {
		if x.Open() {
			open = append(open, x)
		}
	}
	return open
}

func (w *replayWriter) row(c *chapter) {
	r := &c.rec
	var breaks []string
	for _, id := range r.Breaks {
		breaks = append(breaks, string(id))
	}
	w.table.Rows = append(w.table.Rows, []table.Cell{table.Number(r.Position), table.Number(r.Revision), table.Text(r.RecordedAt.Format(time.RFC3339Nano)), table.Date(r.On),
		table.Text(r.Kind), table.Text(r.ID.String()), table.Text(r.By.Role), table.Text(r.By.Actor), table.Text(r.EnteredBy), table.Text(r.Mode), table.Text(r.Doc),
		table.Text(lists.PolicyName(r.Policy)), table.Text(strings.Join(breaks, ";")), table.Text(c.state.Status), table.Text(alertNames(c.lapsed.opened)),
		table.Text(alertNames(c.change.opened)), table.Text(alertNames(c.change.cleared)), table.Text(alertNames(c.change.withdrawn))})
}

// people writes a chapter as a few lines of prose.
func (w *replayWriter) people(c *chapter) {
	a, r := w.a, &c.rec
	w.lapse(c)
	line := func(zh, en string, args ...any) { fmt.Fprintln(a.out, "      "+a.say(zh, en, args...)) }
	fmt.Fprintln(a.out, strings.TrimRight(fmt.Sprintf("%4d  %s  %s  %s  %s", r.Revision, r.On, r.Kind.Title().In(a.lang), r.Doc, r.Note), " "))
	if content := contentOf(r); content != "" {
		line("%s", "%s", content)
	}
	line("位置 %d，%s 录入于 %s，%s %s 报", "position %d, entered by %s at %s, said by %s %s", r.Position, r.EnteredBy,
		r.RecordedAt.In(events.Shanghai).Format(time.DateTime), r.By.Role.Title().In(a.lang), r.By.Actor)
	if name := lists.PolicyName(r.Policy); name != "" {
		line("依据办法参数 %s 判定", "judged under policy %s", name)
	}
	if r.Mode == events.Recording {
		line("补录", "record mode")
	}
	for _, id := range r.Breaks {
		line("违反 %s", "breaks %s", id)
	}
	for _, text := range r.Warnings {
		line("提示：%s", "warning: %s", text.In(a.lang))
	}
	if c.broken != "" {
		line("此记录不成立（AL-LED-01）：%s", "this event cannot be right (AL-LED-01): %s", c.broken)
	}
	if c.change.status != c.change.statusBefore {
		line("状态：%s → %s", "status: %s → %s", a.statusWord(c.change.statusBefore), a.statusWord(c.change.status))
	}
	for _, m := range c.change.money {
		line("经费 %d %s：%s", "money %d %s: %s", m.Year, lists.ScopeWord(m.Scope).In(a.lang), a.moneyWords(m))
	}
	w.alerts(c.change)
	if w.state {
		w.stateLines(c)
	}
}

// contentWidth is how much of an event's content fits beside its story.
const contentWidth = 150

// contentOf shows what an event holds on one line.
func contentOf(r *events.Recorded) string {
	if r.Data == nil {
		return ""
	}
	content, err := json.Marshal(r.Data)
	if err != nil || string(content) == "{}" {
		return ""
	}
	return table.Shorten(string(content), contentWidth)
}

func (a *app) statusWord(s aggregates.Status) string {
	if s == "" {
		return a.say("未登记", "not registered")
	}
	return lists.StatusWord(s).In(a.lang)
}

func (w *replayWriter) lapse(c *chapter) {
	if len(c.lapsed.opened)+len(c.lapsed.cleared)+len(c.lapsed.withdrawn) > 0 {
		fmt.Fprintln(w.a.out, "      "+w.a.say("—— 至 %v 期限届满：", "— by %v, as time went on:", c.asOf))
		w.alerts(c.lapsed)
	}
}

func (w *replayWriter) alerts(c changes) {
	list := func(sign string, alerts []aggregates.Alert) {
		for _, x := range alerts {
			fmt.Fprintf(w.a.out, "      %s %s %s  %s\n", sign, x.Code, x.Key, lists.AlertTitle(x.Code).In(w.a.lang))
		}
	}
	list(w.a.say("＋预警", "+ alert"), c.opened)
	list(w.a.say("－解除", "- cleared"), c.cleared)
	list(w.a.say("－撤回", "- withdrawn"), c.withdrawn)
}

func (w *replayWriter) stateLines(c *chapter) {
	a := w.a
	fmt.Fprintln(a.out, "      "+a.say("此后：%s，记录 %d 条，未解除预警 %d 个", "then: %s, %d events, %d open alerts", lists.StatusWord(c.state.Status).In(a.lang), c.state.Events, len(openOf(c.state.Alerts))))
	for _, m := range c.state.Executions {
		fmt.Fprintln(a.out, "      "+a.say("  %d %s 可用 %s 元，支出 %s 元，结余 %s 元", "  %d %s available %s yuan, spent %s yuan, balance %s yuan",
			m.Year, lists.ScopeWord(m.Scope).In(a.lang), events.FormatYuan(m.AvailableFen()), events.FormatYuan(m.SpentAllFen), events.FormatYuan(m.BalanceFen())))
	}
}

// moneyWords says differences of money, such as 到账 +1,000.00 元.
func (a *app) moneyWords(m aggregates.Execution) string {
	var parts []string
	add := func(zh, en string, v events.Fen) {
		if v == 0 {
			return
		}
		sign := ""
		if v > 0 {
			sign = "+"
		}
		parts = append(parts, text.Text{Zh: zh, En: en}.In(a.lang)+" "+sign+events.FormatYuan(v)+a.say(" 元", " yuan"))
	}
	add("下达", "granted", m.GrantedFen)
	add("到账", "received", m.ReceivedFen)
	add("支出", "spent", m.SpentAllFen)
	add("不合规", "ineligible", m.IneligibleFen)
	return strings.Join(parts, a.say("，", ", "))
}
