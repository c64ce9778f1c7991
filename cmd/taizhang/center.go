package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) centerCommand() *cobra.Command {
	return &cobra.Command{
		Use: "center ID", Args: exactly(1),
		Short: a.say("一个中心：登记事实、状态、经费、未解除的预警", "one center: facts, status, money, open alerts"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.readCenter(cmd.Context(), events.CenterID(args[0]), func(s *session) error {
				id, err := s.center(args[0])
				if err != nil {
					return err
				}
				e := s.reg.Evaluation(id, s.on)
				if e.Status == "" {
					return text.Errorf(text.NotFound, "截至 %v，中心 %s 尚未登记", "as of %v, the center %s is not registered", s.on, id)
				}
				if a.output == jsonOutput {
					return a.writeObject(profileOf(s.reg, id, e))
				}
				if a.output == csvOutput {
					return a.write(factsSheet(s.reg, id, e))
				}
				return a.showCenter(cmd.Context(), s, id)
			})
		},
	}
}

// showCenter writes what there is to know of a center for people.
func (a *app) showCenter(ctx context.Context, s *session, id events.CenterID) error {
	e := s.reg.Evaluation(id, s.on)
	alerts, err := s.lists().Ask(ctx, lists.Question{List: "alerts", On: s.on, Params: map[string]string{"center": string(id)}})
	if err != nil {
		return err
	}
	for i, sh := range []*table.Table{factsSheet(s.reg, id, e), moneySheet(e), alerts} {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		if err := a.write(sh); err != nil {
			return err
		}
	}
	return nil
}

func factsSheet(reg *projections.Register, id events.CenterID, e *aggregates.Evaluation) *table.Table {
	f := reg.Facts(id, e.On)
	sh := &table.Table{
		Title:   text.Say("中心 %s，截至 %s", "Center %s as of %s", id, e.On),
		Columns: []table.Column{{Name: "field", Title: text.Say("项目", "field")}, {Name: "value", Title: text.Say("内容", "value")}},
	}
	add := func(name, zh, en string, v table.Cell) {
		sh.Rows = append(sh.Rows, []table.Cell{{Data: name, Shown: text.Text{Zh: zh, En: en}}, v})
	}
	add("center", "编号", "center", table.Text(id))
	add("name", "名称", "name", table.Text(f.Name))
	add("status", "状态", "status", table.Named(e.Status, lists.StatusWord(e.Status)))
	add("events", "记录数", "events", table.Number(e.Events))
	add("uscc", "统一社会信用代码", "USCC", table.Text(f.USCC))
	add("leadUnit", "牵头建设单位", "lead unit", table.Text(f.LeadUnit))
	add("type", "类型", "type", table.Text(f.Type))
	add("region", "行政区划", "region", table.Named(f.Region, table.Plain(f.Region+" "+projections.RegionName(f.Region))))
	add("industryCode", "行业代码", "industry code", table.Text(f.IndustryCode))
	add("leadingIndustries", "主导产业", "leading industries", table.Text(strings.Join(f.LeadingIndustries, "、")))
	add("foundedOn", "成立日期", "founded", table.Date(f.FoundedOn))
	add("usableAreaM2", "使用面积", "usable area", table.Cell{Data: f.UsableAreaM2, Shown: table.Plain(fmt.Sprintf("%d m²", f.UsableAreaM2))})
	add("equipmentFen", "设备原值", "equipment", table.Cell{Data: f.EquipmentFen, Shown: text.Say("%s 元", "%s yuan", events.FormatYuan(f.EquipmentFen))})
	return sh
}

// moneySheet is the execution of one center, narrow enough for a screen.
func moneySheet(e *aggregates.Evaluation) *table.Table {
	return lists.Execution(e.Executions).Select("fiscalYear", "scope", "grantedFen", "availableFen", "spentAllFen", "ineligibleFen", "balanceFen", "ratePercent", "low")
}

// profile is a center for programs.
type profile struct {
	Center    events.CenterID       `json:"center"`
	AsOf      events.Date           `json:"asOf"`
	Status    aggregates.Status     `json:"status"`
	Events    int                   `json:"events"`
	Facts     events.Facts          `json:"facts"`
	Region    string                `json:"regionName"`
	Execution []lists.ExecutionLine `json:"execution"`
	Alerts    []alertLine           `json:"openAlerts"`
}

type alertLine struct {
	Code     aggregates.Code     `json:"code"`
	Key      string              `json:"key"`
	Severity aggregates.Severity `json:"severity"`
	RaisedOn events.Date         `json:"raisedOn"`
}

func profileOf(reg *projections.Register, id events.CenterID, e *aggregates.Evaluation) profile {
	f := reg.Facts(id, e.On)
	p := profile{Center: id, AsOf: e.On, Status: e.Status, Events: e.Events, Facts: f, Region: projections.RegionName(f.Region),
		Execution: moneyLines(e.Executions)}
	for _, x := range e.Alerts {
		if x.Open() {
			p.Alerts = append(p.Alerts, alertLine{x.Code, x.Key, x.Severity, x.RaisedOn})
		}
	}
	return p
}

func moneyLines(list []aggregates.Execution) []lists.ExecutionLine {
	lines := make([]lists.ExecutionLine, len(list))
	for i, x := range list {
		lines[i] = lists.ExecutionLine{Execution: x}
	}
	return lines
}
