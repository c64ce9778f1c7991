package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// demoRows is the number of rows of each table that the demo shows.
const demoRows = 8

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use: "demo", Args: exactly(0), Annotations: onFiles,
		Short: a.say("演示：模拟一省、导入并走一遍", "simulate a province, import it and walk through it"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.cluster != "" { // records in a cluster cannot be removed
				return usage(cmd, "演示只用本机的台账，不能用 --store",
					"the demo makes a ledger of its own and takes no --store")
			}
			if a.output != tableOutput {
				return usage(cmd, "demo 只有 table 形式", "demo has the form table alone")
			}
			if a.knownAt != "" {
				return usage(cmd, "--known-at 只用于查询", "--known-at is for questions only")
			}
			if err := a.demoDir(cmd); err != nil {
				return err
			}
			a.asOf = demoProvince.To.String()
			return a.writeFiles(cmd, func(d *desk.Local) error {
				if err := a.demoImport(cmd.Context(), d); err != nil {
					return err
				}
				return a.demoTour(cmd.Context(), d)
			})
		},
	}
}

// demoDir returns the directory of the demo: a new one, or the named one if it is empty.
func (a *app) demoDir(cmd *cobra.Command) (err error) {
	if !a.dirGiven {
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
		return text.Errorf(text.Conflict, "目录 %s 不是空的，演示不会动它",
			"the directory %s is not empty; demo leaves it alone", a.dir)
	}
	return nil
}

func (a *app) demoImport(ctx context.Context, d desk.Writer) error {
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
	report, err := d.Import(ctx,
		desk.ImportRequest{Files: []desk.Upload{{Name: path, Content: f, Bytes: size}}, Progress: bar.show})
	bar.end()
	if err != nil {
		return err
	}
	if report.Refused > 0 {
		return fmt.Errorf("taizhang: demo: %d simulated records were refused", report.Refused)
	}
	a.print("模拟了一个省：%d 个中心，%v 至 %v，%d 条记录，已导入 %s",
		"Simulated a province: %d centers, %v to %v, %d records, imported into %s",
		demoProvince.Centers, demoProvince.From, demoProvince.To, report.Accepted, a.dir)
	return nil
}

// demoTour shows the first rows of each answer.
func (a *app) demoTour(ctx context.Context, d desk.Reader) error {
	for _, q := range []lists.Question{
		{List: "centers"},
		{List: "execution", Params: map[string]string{"year": a.asOf[:4], "scope": "province"}},
		{List: "alerts", Params: map[string]string{"severity": "red"}},
	} {
		t, err := d.List(ctx, a.when(), q)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.out)
		t.RowsMax = demoRows
		if err := a.write(t); err != nil {
			return err
		}
	}
	shown, err := a.demoAlert(ctx, d)
	if err != nil || shown.Center == "" {
		return err
	}
	list, err := d.Explain(ctx, a.when(), shown)
	if err != nil {
		return err
	}
	fmt.Fprintln(a.out)
	a.print("其中一条预警的说明：", "One alert explained:")
	if err := a.writeExplained(list); err != nil {
		return err
	}
	if err := a.demoStory(ctx, d, shown.Center); err != nil {
		return err
	}
	a.demoNext(shown)
	return nil
}

// demoAlert chooses the alert to explain: a low year, or else the first red alert, or else any alert.
func (a *app) demoAlert(ctx context.Context, d desk.Reader) (shown desk.AlertName, err error) {
	for _, params := range []map[string]string{{"code": "AL-EXE-02"}, {"severity": "red"}, {}} {
		t, err := d.List(ctx, a.when(), lists.Question{List: "alerts", Params: params})
		if err != nil {
			return shown, err
		}
		if len(t.Rows) > 0 {
			first := table.Fields(t.Select("center", "code", "key", "raisedOn").Rows[0])
			return desk.AlertName{Center: first[0], Code: first[1], Key: first[2], RaisedOn: first[3]}, nil
		}
	}
	return shown, nil
}

// demoStory writes a table of the events that changed the status or the alerts of a center. Changes by time or by a
// policy have rows of their own.
func (a *app) demoStory(ctx context.Context, d desk.Reader, id string) error {
	t := &table.Table{
		Title: text.Say("中心 %s 的经过（只列状态或预警的变动）",
			"The story of center %s (what changed its status or alerts)", id),
		Columns: []table.Column{{Title: text.Say("日期", "on")}, {Title: text.Say("记录", "event")},
			{Title: text.Say("文号", "document")},
			{Title: text.Say("状态", "status")}, {Title: text.Say("产生预警", "opened")},
			{Title: text.Say("解除预警", "cleared")}, {Title: text.Say("撤回预警", "withdrawn")}},
		RowsMax: 2 * demoRows,
	}
	row := func(on table.Cell, what text.Text, doc string, m *desk.Moves) {
		if m.Status != m.StatusBefore || m.Alerts() {
			t.Rows = append(t.Rows, []table.Cell{
				on, {Shown: what}, table.Text(doc), {Shown: lists.StatusWord(m.Status)}, a.datedAlerts(m.Opened),
				a.datedAlerts(m.Cleared), a.datedAlerts(m.Withdrawn)})
		}
	}
	between := func(c *desk.Chapter) {
		row(table.Date(c.AsOf.Date), text.Say("（采用办法参数）", "(policy adopted)"), "", &c.ByPolicy.Moves)
		row(table.Date(c.AsOf.Date), text.Say("（期限届满）", "(time went on)"), "", &c.Lapsed)
	}
	end, err := d.Story(ctx, a.when(), id, func(c *desk.Chapter) error {
		between(c)
		row(table.Date(c.On.Date), c.Kind.Title(), c.Doc, &c.Changed)
		return nil
	})
	if err != nil {
		return err
	}
	between(end)
	fmt.Fprintln(a.out)
	return a.write(t)
}

// datedAlerts lists alerts with their dates.
func (a *app) datedAlerts(alerts []desk.Alert) table.Cell {
	parts := make([]string, len(alerts))
	for i, x := range alerts {
		parts[i] = strings.TrimSpace(string(x.Code)+" "+lists.KeyWord(x.Code, x.Key).In(a.lang)) + a.dates(x)
	}
	return table.Text(strings.Join(parts, a.say("、", ", ")))
}

func (a *app) demoNext(shown desk.AlertName) {
	program := a.invoked + " --data " + a.dir
	asOf := " --as-of " + a.asOf
	fmt.Fprintln(a.out)
	a.print("接下来可以试试：", "Next, try:")
	for _, line := range []string{
		" execution --by region --year " + a.asOf[:4] + asOf,
		" alerts --severity red" + asOf,
		" alerts explain " + shown.Center + " " + shown.Code + asOf,
		" replay " + shown.Center + asOf,
		" policy show",
		" check",
	} {
		fmt.Fprintln(a.out, "  "+program+line)
	}
	a.print("或以 HTTP 提供服务，附各角色的账号：", "Or serve a province over HTTP, with accounts of every role:")
	fmt.Fprintln(a.out, "  "+a.invoked+" serve --demo")
}
