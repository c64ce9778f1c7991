package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/simulator"
	"github.com/taizhang/taizhang/services/table"
)

// demoRows is how much of each table the demo shows.
const demoRows = 8

// demoProvince is what the demo simulates.
var demoProvince = simulator.Config{Seed: 7, Centers: 24, From: events.MustDate("2024-01-01"), To: events.MustDate("2026-10-31")}

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use: "demo", Args: exactly(0),
		Short: a.say("演示：模拟一省、导入并走一遍", "simulate a province, import it and walk through it"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.cluster != "" { // what is recorded there stays for ever
				return usage(cmd, "演示只用本机的台账，不能用 --store", "the demo makes a ledger of its own and takes no --store")
			}
			if a.output != tableOutput {
				return usage(cmd, "demo 只有 table 形式", "demo has the form table alone")
			}
			if err := a.onlyNow(cmd); err != nil {
				return err
			}
			if err := a.demoDir(cmd); err != nil {
				return err
			}
			a.asOf = demoProvince.To.String()
			return a.readWrite(cmd, func(s *session) error {
				if err := a.demoImport(cmd.Context(), s); err != nil {
					return err
				}
				return a.demoTour(cmd.Context(), s)
			})
		},
	}
}

// demoDir chooses the directory: a new one, or the one named if it is empty.
func (a *app) demoDir(cmd *cobra.Command) (err error) {
	if !cmd.Flags().Changed("data") {
		a.dir, err = os.MkdirTemp("", "taizhang-demo-")
		return err
	}
	d, err := os.Open(a.dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	names, err := d.Readdirnames(1)
	if err != nil && err != io.EOF {
		return text.Errorf(text.Invalid, "%s 不是可以读的目录", "%s is not a directory that can be read", a.dir)
	}
	if len(names) > 0 {
		return text.Errorf(text.Conflict, "目录 %s 不是空的，demo 不会动它", "the directory %s is not empty; demo leaves it alone", a.dir)
	}
	return nil
}

func (a *app) demoImport(ctx context.Context, s *session) error {
	scratch, err := os.MkdirTemp("", "taizhang-history-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	path := filepath.Join(scratch, "history.jsonl")
	if err := a.toFile(path, func(w io.Writer) error { return a.simulate(ctx, demoProvince, w) }); err != nil {
		return err
	}
	f, size, err := files.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	bar := a.progress("导入", "importing")
	report, err := s.Import(ctx, ledger.ImportConfig{Files: []ledger.File{{Name: path, Content: f, Bytes: size}}, Account: a.account(), Progress: bar.show})
	bar.end()
	if err != nil {
		return err
	}
	if report.Refused > 0 {
		return fmt.Errorf("taizhang: demo: %d simulated records were refused", report.Refused)
	}
	a.print("模拟了一个省：%d 个中心，%v 至 %v，%d 条记录，已导入 %s", "Simulated a province: %d centers, %v to %v, %d records, imported into %s",
		demoProvince.Centers, demoProvince.From, demoProvince.To, report.Accepted, a.dir)
	return nil
}

// demoTour shows the top of each answer.
func (a *app) demoTour(ctx context.Context, s *session) error {
	for _, q := range []lists.Question{
		{List: "centers", On: s.on},
		{List: "execution", On: s.on, Params: map[string]string{"year": strconv.Itoa(s.on.Year()), "scope": "province"}},
		{List: "alerts", On: s.on, Params: map[string]string{"severity": "red"}},
	} {
		t, err := s.lists().Ask(ctx, q)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.out)
		t.RowsMax = demoRows
		if err := a.write(t); err != nil {
			return err
		}
	}
	shown, ok := demoAlert(s)
	if !ok {
		return nil
	}
	list, err := s.explain(ctx, shown.Center, shown.Code, shown.Key, shown.RaisedOn)
	if err != nil {
		return err
	}
	fmt.Fprintln(a.out)
	a.print("其中一条预警的说明：", "One alert explained:")
	if err := a.writeExplained(list); err != nil {
		return err
	}
	if err := a.demoStory(ctx, s, shown.Center); err != nil {
		return err
	}
	a.demoNext(shown)
	return nil
}

// demoAlert picks the alert to explain: a low year if there is one, else the first red one.
func demoAlert(s *session) (projections.Alert, bool) {
	for _, f := range []projections.AlertFilter{{Code: "AL-EXE-02"}, {Severity: aggregates.Red}, {}} {
		if list := s.reg.Alerts(s.on, f); len(list) > 0 {
			return list[0], true
		}
	}
	return projections.Alert{}, false
}

// demoStory tells what changed the status or the alerts of a center: its events and, in rows of their own, time.
func (a *app) demoStory(ctx context.Context, s *session, id events.CenterID) error {
	sh := &table.Table{
		Title: text.Say("中心 %s 的经过（只列状态或预警的变动）", "The story of center %s (what changed its status or alerts)", id),
		Columns: []table.Column{{Title: text.Say("日期", "on")}, {Title: text.Say("记录", "event")}, {Title: text.Say("文号", "document")},
			{Title: text.Say("状态", "status")}, {Title: text.Say("产生预警", "opened")}, {Title: text.Say("解除预警", "cleared")}, {Title: text.Say("撤回预警", "withdrawn")}},
		RowsMax: 2 * demoRows,
	}
	row := func(on events.Date, what text.Text, doc string, status aggregates.Status, d *difference.Difference) {
		if d.Status != d.StatusBefore || len(d.Alerts) > 0 {
			sh.Rows = append(sh.Rows, []table.Cell{table.Date(on), {Shown: what}, table.Text(doc), {Shown: lists.StatusWord(status)},
				datedAlerts(d.Raised()), datedAlerts(d.Cleared()), datedAlerts(d.Withdrawn())})
		}
	}
	between := func(c *projections.Chapter) {
		row(c.AsOf, text.Say("（采用办法参数）", "(policy adopted)"), "", c.ByPolicy.Status, &c.ByPolicy)
		row(c.AsOf, text.Say("（期限届满）", "(time went on)"), "", c.Lapsed.Status, &c.Lapsed)
	}
	end, err := s.Story(ctx, id, s.on, s.knownAt, func(c *projections.Chapter) error {
		between(c)
		row(c.Event.On, c.Event.Kind.Title(), c.Event.Doc, c.State.Status, &c.Moved)
		return nil
	})
	if err != nil {
		return err
	}
	between(end)
	fmt.Fprintln(a.out)
	return a.write(sh)
}

// datedAlerts lists alerts with their dates.
func datedAlerts(alerts []aggregates.Alert) table.Cell {
	var zh, en []string
	for _, x := range alerts {
		name, when := alertNames([]aggregates.Alert{x}), datesOf(x.RaisedOn, x.ClearedOn)
		zh, en = append(zh, name+when.Zh), append(en, name+when.En)
	}
	return table.Cell{Shown: text.Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}}
}

func (a *app) demoNext(shown projections.Alert) {
	program := a.invoked + " --data " + a.dir
	asOf := " --as-of " + a.asOf
	fmt.Fprintln(a.out)
	a.print("接下来可以试试：", "Next, try:")
	for _, line := range []string{
		" execution --by region --year " + a.asOf[:4] + asOf,
		" alerts --severity red" + asOf,
		" alerts explain " + string(shown.Center) + " " + string(shown.Code) + asOf,
		" replay " + string(shown.Center) + " --recorded" + asOf,
		" policy show",
		" check",
	} {
		fmt.Fprintln(a.out, "  "+program+line)
	}
}
