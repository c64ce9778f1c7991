package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

func (a *app) executionCommand() *cobra.Command {
	var f projections.ExecutionFilter
	var scope, by string
	cmd := &cobra.Command{
		Use: "execution", Args: exactly(0),
		Short: a.say("经费执行：谁的哪一笔钱执行了多少", "execution: who executed how much of which money"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.Scope, f.By = aggregates.Scope(scope), projections.Grouping(by)
			if scope != "" && !slices.Contains(aggregates.Scopes, f.Scope) {
				return usage(cmd, "--scope 应为 %v 之一", "--scope must be one of %v", aggregates.Scopes)
			}
			if !slices.Contains(projections.Groupings, f.By) {
				return usage(cmd, "--by 应为 %v 之一", "--by must be one of %v", projections.Groupings)
			}
			return a.read(cmd.Context(), func(s *session) error { return a.write(executionSheet(s.reg, s.on, f)) })
		},
	}
	cmd.Flags().IntVar(&f.Year, "year", 0, a.say("财政年度 `YEAR`（默认全部）", "fiscal `YEAR` (default all)"))
	cmd.Flags().StringVar(&scope, "scope", "", a.say("口径 `SCOPE`：province、central、fiscal 或 local", "`SCOPE`: province, central, fiscal or local"))
	cmd.Flags().StringVar(&by, "by", "center", a.say("按 `BY` 汇总：center、region、industry 或 total", "roll up `BY` center, region, industry or total"))
	return cmd
}

// executionSheet lists the money; by center its columns are those of the published interface.
func executionSheet(reg *projections.Register, on events.Date, f projections.ExecutionFilter) *sheet {
	sh := &sheet{
		caption: events.Say("截至 %s 的经费执行情况（金额单位：元）", "Execution of money as of %s (amounts in yuan)", on),
		empty:   events.Say("没有符合条件的经费。", "There is no such money."),
	}
	switch f.By {
	case projections.ByRegion:
		sh.columns = []column{{name: "region", title: events.Say("区划", "region")}, {name: "name", title: events.Say("名称", "name")}}
	case projections.ByIndustry:
		sh.columns = []column{{name: "industry", title: events.Say("产业", "industry")}}
	case projections.ByTotal:
	default:
		sh.columns = []column{{name: "center", title: events.Say("中心", "center")}}
	}
	lead := len(sh.columns)
	amount := func(name, zh, en string) column { return column{name, events.Text{Zh: zh, En: en}, true} }
	sh.columns = append(sh.columns,
		column{name: "fiscalYear", title: events.Say("年度", "year")}, column{name: "scope", title: events.Say("口径", "scope")},
		amount("grantedFen", "下达", "granted"), amount("carriedInFen", "上年结转", "carried in"), amount("receivedFen", "到账", "received"),
		amount("availableFen", "可用", "available"), amount("spentAllFen", "支出", "spent"), amount("ineligibleFen", "不合规", "ineligible"),
		amount("executedFen", "执行", "executed"), amount("balanceFen", "结余", "balance"), amount("ratePercent", "执行率%", "rate %"),
		column{name: "low", title: events.Say("偏低", "low")})
	for _, l := range reg.Executions(on, f) {
		row := append([]cell{text(l.Group), text(l.Name)}[:lead:lead],
			number(l.Year), named(l.Scope, word(scopeWords, l.Scope)), fen(l.GrantedFen), fen(l.CarriedInFen), fen(l.ReceivedFen),
			fen(l.AvailableFen()), fen(l.SpentAllFen), fen(l.IneligibleFen), fen(l.ExecutedFen()), fen(l.BalanceFen()),
			optional(l.RatePercent()), yes(l.Low))
		sh.rows = append(sh.rows, row)
	}
	return sh
}
