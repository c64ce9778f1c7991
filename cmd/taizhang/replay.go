package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) replayCommand() *cobra.Command {
	var state, recordedOnly bool
	cmd := &cobra.Command{
		Use: "replay ID", Args: exactly(1),
		Short: a.say("重放一个中心的全部历史：每条记录改变了什么", "replay a center's whole history: what each event changed"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.readCenter(cmd.Context(), events.CenterID(args[0]), func(s *session) error {
				id, err := s.center(args[0])
				if err != nil {
					return err
				}
				w := &replayWriter{a: a, state: state}
				end, err := s.Story(cmd.Context(), id, s.on, s.knownAt, func(c *projections.Chapter) error {
					if recordedOnly && c.Event.Mode != events.Recording && c.Event.Kind != events.KindEntryVoided {
						return nil
					}
					return w.tell(c)
				})
				if err != nil {
					return err
				}
				if a.output == tableOutput && !recordedOnly {
					w.meanwhile(end)
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
	ByPolicy   toldPolicies      `json:"byPolicy"`
}

// toldPolicies is what the policies did that were adopted since the chapter before.
type toldPolicies struct {
	Policies []string `json:"policies"`
	toldChanges
}

type toldChanges struct {
	Opened    []movedAlert      `json:"opened"`
	Cleared   []movedAlert      `json:"cleared"`
	Withdrawn []movedAlert      `json:"withdrawn"`
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

func (w *replayWriter) tell(c *projections.Chapter) error {
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
		for _, name := range []string{"position", "revision", "recordedAt", "on", "kind", "id", "role", "actor", "enteredBy", "mode", "doc", "policy", "breaks", "status", "lapsed", "opened", "cleared", "withdrawn",
			"lapsedRaisedOn", "openedRaisedOn", "lapsedCleared", "lapsedWithdrawn", "policies", "policyOpened", "policyCleared", "policyWithdrawn"} {
			w.table.Columns = append(w.table.Columns, table.Column{Name: name})
		}
		return w.a.write(&w.table)
	}
	if w.count == 0 {
		w.a.print("没有符合条件的记录。", "There is no such event.")
	}
	return nil
}

func (w *replayWriter) told(c *projections.Chapter) (told, error) {
	r := &c.Event
	t := told{Position: r.Position, Revision: r.Revision, RecordedAt: r.RecordedAt.Format(time.RFC3339Nano), On: r.On, Kind: r.Kind,
		ID: r.ID.String(), By: r.By, EnteredBy: r.EnteredBy, Mode: r.Mode, Doc: r.Doc, Note: r.Note, Policy: r.Policy, Breaks: r.Breaks,
		Warnings: r.Warnings, Broken: c.Broken, Status: c.State.Status, Lapsed: toldOf(&c.Lapsed), Changed: toldOf(&c.Moved),
		ByPolicy: toldPolicies{policyNames(c.Adopted), toldOf(&c.ByPolicy)}}
	if w.state {
		t.State = &toldState{AsOf: c.AsOf, Events: c.State.Events, Execution: moneyLines(c.State.Executions), Alerts: alertLines(openOf(c.State.Alerts))}
	}
	if r.Data == nil {
		return t, nil
	}
	line, err := events.EncodeRecord(&r.Record)
	t.Record = line
	return t, err
}

func toldOf(d *difference.Difference) toldChanges {
	return toldChanges{movedAlerts(d.Raised()), movedAlerts(d.Cleared()), movedAlerts(d.Withdrawn()), differencesOf(moneyMoved(d))}
}

func policyNames(list []*policy.Policy) []string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = lists.PolicyName(p.Ref())
	}
	return names
}

// moneyMoved lists what a difference did to granted, received, spent and ineligible money, leaving out the sum of two
// scopes and what follows for later years.
func moneyMoved(d *difference.Difference) (list []aggregates.Execution) {
	for _, m := range d.Money {
		by := aggregates.Execution{Year: m.After.Year, Scope: m.After.Scope, Money: aggregates.Money{
			GrantedFen: m.After.GrantedFen - m.Before.GrantedFen, ReceivedFen: m.After.ReceivedFen - m.Before.ReceivedFen,
			SpentAllFen: m.After.SpentAllFen - m.Before.SpentAllFen, IneligibleFen: m.After.IneligibleFen - m.Before.IneligibleFen}, Low: m.After.Low}
		if by.Scope != aggregates.FiscalScope && by.Money != (aggregates.Money{}) {
			list = append(list, by)
		}
	}
	return list
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

func (w *replayWriter) row(c *projections.Chapter) {
	r := &c.Event
	var breaks []string
	for _, id := range r.Breaks {
		breaks = append(breaks, string(id))
	}
	w.table.Rows = append(w.table.Rows, []table.Cell{table.Number(r.Position), table.Number(r.Revision), table.Text(r.RecordedAt.Format(time.RFC3339Nano)), table.Date(r.On),
		table.Text(r.Kind), table.Text(r.ID.String()), table.Text(r.By.Role), table.Text(r.By.Actor), table.Text(r.EnteredBy), table.Text(r.Mode), table.Text(r.Doc),
		table.Text(lists.PolicyName(r.Policy)), table.Text(strings.Join(breaks, ";")), table.Text(c.State.Status), table.Text(alertNames(c.Lapsed.Raised())),
		table.Text(alertNames(c.Moved.Raised())), table.Text(alertNames(c.Moved.Cleared())), table.Text(alertNames(c.Moved.Withdrawn())),
		table.Text(raisingDates(c.Lapsed.Raised())), table.Text(raisingDates(c.Moved.Raised())), table.Text(alertNames(c.Lapsed.Cleared())),
		table.Text(alertNames(c.Lapsed.Withdrawn())), table.Text(strings.Join(policyNames(c.Adopted), ";")), table.Text(alertNames(c.ByPolicy.Raised())),
		table.Text(alertNames(c.ByPolicy.Cleared())), table.Text(alertNames(c.ByPolicy.Withdrawn()))})
}

// raisingDates lists the raising dates of alerts in the order in which alertNames lists the alerts.
func raisingDates(alerts []aggregates.Alert) string {
	parts := make([]string, len(alerts))
	for i, x := range alerts {
		parts[i] = x.RaisedOn.String()
	}
	return strings.Join(parts, ", ")
}

// people writes a chapter as a few lines of prose.
func (w *replayWriter) people(c *projections.Chapter) {
	a, r := w.a, &c.Event
	w.meanwhile(c)
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
	if c.Broken != "" {
		line("此记录不成立（AL-LED-01）：%s", "this event cannot be right (AL-LED-01): %s", c.Broken)
	}
	if c.Moved.Status != c.Moved.StatusBefore {
		line("状态：%s → %s", "status: %s → %s", a.statusWord(c.Moved.StatusBefore), a.statusWord(c.Moved.Status))
	}
	for _, m := range moneyMoved(&c.Moved) {
		line("经费 %d %s：%s", "money %d %s: %s", m.Year, lists.ScopeWord(m.Scope).In(a.lang), a.moneyWords(m))
	}
	w.alerts(&c.Moved)
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
	return text.Clip(string(content), contentWidth)
}

func (a *app) statusWord(s aggregates.Status) string {
	if s == "" {
		return a.say("未登记", "not registered")
	}
	return lists.StatusWord(s).In(a.lang)
}

// meanwhile writes what policies and time did since the chapter before.
func (w *replayWriter) meanwhile(c *projections.Chapter) {
	if len(c.ByPolicy.Alerts) > 0 {
		fmt.Fprintln(w.a.out, "      "+w.a.say("—— 采用办法参数 %s 之后：", "— by the adoption of policy %s:", strings.Join(policyNames(c.Adopted), ", ")))
		w.alerts(&c.ByPolicy)
	}
	if len(c.Lapsed.Alerts) > 0 {
		fmt.Fprintln(w.a.out, "      "+w.a.say("—— 至 %v 期限届满：", "— by %v, as time went on:", c.AsOf))
		w.alerts(&c.Lapsed)
	}
}

func (w *replayWriter) alerts(d *difference.Difference) {
	list := func(sign string, alerts []aggregates.Alert) {
		for _, x := range alerts {
			line := fmt.Sprintf("%s %s %s  %s", sign, x.Code, x.Key, lists.AlertTitle(x.Code).In(w.a.lang))
			fmt.Fprintln(w.a.out, "      "+line+datesOf(x.RaisedOn, x.ClearedOn).In(w.a.lang))
		}
	}
	list(w.a.say("＋预警", "+ alert"), d.Raised())
	list(w.a.say("－解除", "- cleared"), d.Cleared())
	list(w.a.say("－撤回", "- withdrawn"), d.Withdrawn())
}

func (w *replayWriter) stateLines(c *projections.Chapter) {
	a := w.a
	fmt.Fprintln(a.out, "      "+a.say("此后：%s，记录 %d 条，未解除预警 %d 个", "then: %s, %d events, %d open alerts", lists.StatusWord(c.State.Status).In(a.lang), c.State.Events, len(openOf(c.State.Alerts))))
	for _, m := range c.State.Executions {
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
