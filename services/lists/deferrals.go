package lists

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/table"
)

var deferralsList = &List{
	Name: "deferrals",
	Short: text.Say("应延后安排的经费：执行率偏低的年度、延后决定、解除、仍然下达和提前下达的经费",
		"allocations to be deferred: low years, deferrals, releases, grants made all the same, money announced ahead"),
	Params: []Param{
		{
			Name: "year",
			Words: text.Say("安排经费的财政年度 `YEAR`（默认为上一个已结束年度的次年；给出明年则预列当年迄今偏低者）",
				"the fiscal `YEAR` allocated (default the one after the last year that is over; next year lists who "+
					"is "+
					"low so far)"), Sort: Year},
		{Name: "all", Words: text.Say("全部财政年度", "all fiscal years"), Sort: Flag},
		choice("state", deferralStates, text.Say("只列状态 `STATE`", "only those in the `STATE`"), text.Text{}),
		regionParam, sortParam(nil, text.Text{}), unitParam,
	},
	later:   true,
	columns: deferralColumns,
	answer:  deferrals,
}

var deferralStates = text.Vocabulary[aggregates.DeferralState]{
	{Code: aggregates.DeferralExpected, Word: text.Say("预计偏低", "expected")},
	{Code: aggregates.DeferralUndecided, Word: text.Say("待决定", "to be decided")},
	{Code: aggregates.DeferralOverdue, Word: text.Say("逾期未决定", "overdue")},
	{Code: aggregates.DeferralDecided, Word: text.Say("已延后", "deferred")},
	{Code: aggregates.DeferralReleased, Word: text.Say("已解除", "released")},
}

func deferrals(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	year := q.number("year")
	t.Empty = text.Say("没有应延后安排的经费。", "No allocation is to be deferred.")
	switch {
	case q.given("all") && year != 0:
		return text.Errorf(text.Invalid, "不能与 %s 同时给出", "cannot be given together with %s",
			q.written("year")).Of("all")
	case q.given("all"):
		t.Title = text.Say("截至 %s 各财政年度延后安排情况（金额单位：%s）",
			"Deferral of allocations of all fiscal years as of %s (amounts in %s)", q.On, q.unit().Word())
	default:
		if year == 0 {
			year = (q.On + 1).Year() // on 31 December the year is over
		}
		t.Title = text.Say("%d 财政年度应延后安排经费的中心（%d 年度执行率偏低），截至 %s（金额单位：%s）",
			"Centers whose allocation of fiscal year %d is to be deferred, for a low rate of %d, as of %s (amounts "+
				"in %s)", year, year-1, q.On, q.unit().Word())
		if q.On < events.YearEnd(year-1) {
			t.Title = text.Say(
				"%d 财政年度可能延后安排经费的中心（%d 年度尚未结束，按迄今执行率），截至 %s（金额单位：%s）",
				"Centers whose allocation of fiscal year %d may be deferred, by the rate of %d so far, as of %s "+
					"(amounts in %s)", year, year-1, q.On, q.unit().Word())
		}
	}
	var sum struct{ available, executed, heldBack, made, ahead, aheadReceived events.Fen }
	worked, err := workAhead(ctx, d, "", func(id events.CenterID) []projections.Deferral {
		return d.Register.Deferrals(id, q.On, year)
	})
	if err != nil {
		return err
	}
	var found [][]projections.Deferral
	d.exactly(q, func() { found = worked.take() })
	list := slices.Concat(found...)
	slices.SortStableFunc(list, func(a, b projections.Deferral) int { return cmp.Compare(a.FiscalYear, b.FiscalYear) })
	for _, x := range list {
		if q.given("state") && q.text("state") != string(x.State) {
			continue
		}
		deferredBy, err := d.document(ctx, x.Center, x.Deferred)
		if err != nil {
			return err
		}
		releasedBy, err := d.document(ctx, x.Center, x.Released)
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, deferralRow(&x, deferredBy, releasedBy))
		sum.available, sum.executed = sum.available+x.Before.AvailableFen(), sum.executed+x.Before.ExecutedFen()
		sum.heldBack, sum.made = sum.heldBack+x.HeldBackFen, sum.made+x.MadeFen()
		sum.ahead, sum.aheadReceived = sum.ahead+x.AheadFen, sum.aheadReceived+x.AheadReceivedFen
	}
	t.Total(map[string]events.Fen{"availableFen": sum.available, "executedFen": sum.executed,
		"heldBackFen": sum.heldBack, "madeFen": sum.made,
		"aheadFen": sum.ahead, "aheadReceivedFen": sum.aheadReceived})
	return nil
}

func deferralColumns(*asked) []table.Column {
	return []table.Column{
		{Name: "fiscalYear", Title: text.Say("财政年度", "fiscal year"), Type: table.Year},
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "name", Title: text.Say("名称", "name"), Minor: minorSaid},
		{Name: "status", Title: text.Say("中心状态", "status"), Minor: minorDetail},
		{Name: "availableFen", Title: text.Say("上年可用", "available before"), Type: table.Money},
		{Name: "executedFen", Title: executedBefore, Type: table.Money},
		{Name: "ratePercent", Title: text.Text{Zh: "上年执行率%", En: "rate %"}, Type: table.Percent},
		{Name: "low", Title: text.Say("偏低", "low"), Type: table.Bool},
		{Name: "state", Title: text.Say("状态", "state")},
		{Name: "decideBy", Title: text.Say("决定期限", "decide by"), Type: table.Day},
		{Name: "deferredOn", Title: text.Say("延后决定", "deferred"), Type: table.Day},
		{Name: "deferredDoc", Title: text.Say("延后文号", "document"), Minor: minorDetail},
		{Name: "releasedOn", Title: text.Say("解除", "released"), Type: table.Day},
		{Name: "releasedDoc", Title: text.Say("解除文号", "document"), Minor: minorDetail},
		{Name: "heldBackFen", Title: text.Say("暂缓的建设经费", "held back"), Type: table.Money},
		{Name: "madeFen", Title: text.Say("仍然下达", "made all the same"), Type: table.Money},
		{Name: "madeGrants", Title: text.Say("仍然下达的经费编号", "grants made")},
		{Name: "aheadFen", Title: text.Say("提前下达", "announced ahead"), Type: table.Money},
		{Name: "aheadReceivedFen", Title: text.Say("年末后已到账", "received since year's end"), Type: table.Money},
	}
}

func deferralRow(x *projections.Deferral, deferredBy, releasedBy string) []table.Cell {
	var made, shown []string
	for _, g := range x.Made {
		made = append(made, g.Grant)
		shown = append(shown, fmt.Sprintf("%s (%s)", g.Grant, g.On))
	}
	grants := table.Cell{}
	if made != nil {
		grants = table.Cell{Data: strings.Join(made, " "), Shown: table.Plain(strings.Join(shown, ", "))}
	}
	return []table.Cell{table.Number(x.FiscalYear), table.Text(x.Center), table.Text(x.Name),
		table.Named(x.Status, StatusWord(x.Status)),
		table.Fen(x.Before.AvailableFen()), table.Fen(x.Before.ExecutedFen()), table.Rate(x.Before.RatePercent()),
		table.Yes(x.Low),
		table.Named(x.State, deferralStates.Word(x.State)), table.Date(x.DecideBy), table.Date(x.DeferredOn),
		table.Optional(deferredBy),
		table.Date(x.ReleasedOn), table.Optional(releasedBy), table.Fen(x.HeldBackFen), table.Fen(x.MadeFen()), grants,
		table.Fen(x.AheadFen), table.Fen(x.AheadReceivedFen)}
}
