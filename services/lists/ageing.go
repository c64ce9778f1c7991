package lists

import (
	"cmp"
	"context"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/table"
)

var ageingList = &List{
	Name: "ageing",
	Short: text.Say("结转结余资金按年限分布（先到账者先支出）",
		"unspent money by age (the oldest receipts are spent first)"),
	Params: []Param{
		choice("by", groupings.Of("grant", "center", "region"), text.Say("按 `BY` 汇总", "roll up `BY`"),
			text.Text{}).withDefault("grant"),
		choice("scope", Scopes, text.Say("口径 `SCOPE`", "`SCOPE`"), text.Say("（默认全部）", " (default all)")),
		{Name: "center", Words: text.Say("中心编号 `ID`", "`ID` of a center"), Sort: CenterID},
		regionParam, sortParam(nil, text.Text{}), unitParam,
	},
	later:   true,
	columns: ageingColumns,
	answer:  ageing,
}

func ageingColumns(q *asked) []table.Column {
	var columns []table.Column
	switch q.text("by") {
	case "grant":
		columns = []table.Column{{Name: "center", Title: text.Say("中心", "center")},
			{Name: "name", Title: text.Say("名称", "name"), Minor: minorDetail},
			{Name: "grant", Title: text.Say("经费编号", "grant or match"), Minor: minorSaid},
			{Name: "source", Title: text.Say("来源", "source"), Minor: minorDetail},
			{Name: "fiscalYear", Title: text.Say("年度", "year"), Type: table.Year, Minor: minorDetail},
			{Name: "receivedFen", Title: text.Say("到账", "received"), Type: table.Money, Minor: minorDetail},
			{Name: "spentFen", Title: text.Say("支出", "spent"), Type: table.Money, Minor: minorSaid}}
	case "region":
		columns = []table.Column{{Name: "region", Title: text.Say("区划", "region")},
			{Name: "name", Title: text.Say("名称", "name"), Minor: minorSaid},
			{Name: "grants", Title: text.Say("笔数", "grants"), Type: table.Count, Minor: minorDetail}}
	default:
		columns = []table.Column{{Name: "center", Title: text.Say("中心", "center")},
			{Name: "name", Title: text.Say("名称", "name"), Minor: minorSaid},
			{Name: "grants", Title: text.Say("笔数", "grants"), Type: table.Count, Minor: minorDetail}}
	}
	return append(columns,
		table.Column{Name: "thisYearFen", Title: text.Say("%d 年到账", "received in %d", q.On.Year()),
			Type: table.Money},
		table.Column{Name: "lastYearFen", Title: text.Say("结转一年", "carried one year"), Type: table.Money},
		table.Column{Name: "earlierFen", Title: text.Say("结转两年及以上", "two years and more"), Type: table.Money},
		table.Column{Name: "overdrawnFen", Title: text.Say("超支", "overdrawn"), Type: table.Money},
		table.Column{Name: "balanceFen", Title: text.Say("结余", "balance"), Type: table.Money})
}

func ageing(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	t.Title = text.Say("截至 %s 的结转结余资金（金额单位：%s）", "Unspent money as of %s (amounts in %s)", q.On,
		q.unit().Word())
	t.Empty = text.Say("没有未支出的资金。", "No money is unspent.")
	t.Notes = []text.Text{text.Say("年限按到账年度计；支出和收回先用最早到账的资金。",
		"Age counts from the year of receipt; spending and recoveries take the oldest receipts first.")}
	worked, err := workAhead(ctx, d, q.center("center"), func(id events.CenterID) []projections.Unspent {
		return d.Register.Unspent(id, q.On, aggregates.Scope(q.text("scope")))
	})
	if err != nil {
		return err
	}
	var found [][]projections.Unspent
	d.exactly(q, func() { found = worked.take() })
	list := slices.Concat(found...)
	slices.SortStableFunc(list, func(a, b projections.Unspent) int {
		return cmp.Compare(b.BalanceFen(), a.BalanceFen())
	})
	var all aggregates.AgedFen
	for i := range list {
		all = all.Plus(list[i].AgedFen)
	}
	if by := q.text("by"); by == "grant" {
		ageingByGrant(t, list)
	} else {
		ageingBy(t, by, list)
	}
	t.Total(map[string]events.Fen{"thisYearFen": all.ThisYearFen, "lastYearFen": all.LastYearFen,
		"earlierFen": all.EarlierFen, "overdrawnFen": all.OverdrawnFen, "balanceFen": all.BalanceFen()})
	return nil
}

func ageingByGrant(t *table.Table, list []projections.Unspent) {
	for i := range list {
		u := &list[i]
		lead := []table.Cell{table.Text(u.Center), table.Text(u.Name), table.Text(u.Grant),
			table.Named(u.Source, u.Source.Title()), table.Number(u.FiscalYear), table.Fen(u.ReceivedFen),
			table.Fen(u.SpentFen)}
		t.Rows = append(t.Rows, append(lead, agedCells(u.AgedFen)...))
	}
}

// ageingBy rolls the grants up by center or region, the largest balance first.
func ageingBy(t *table.Table, by string, list []projections.Unspent) {
	type group struct {
		code, name string
		grants     int
		aggregates.AgedFen
	}
	var groups []*group
	known := map[string]*group{}
	for i := range list {
		u := &list[i]
		code, name := string(u.Center), u.Name
		if by == "region" {
			code, name = u.Region, projections.RegionName(u.Region)
		}
		g := known[code]
		if g == nil {
			g = &group{code: code, name: name}
			known[code] = g
			groups = append(groups, g)
		}
		g.grants++
		g.AgedFen = g.Plus(u.AgedFen)
	}
	slices.SortStableFunc(groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(b.BalanceFen(), a.BalanceFen()), cmp.Compare(a.code, b.code))
	})
	for _, g := range groups {
		t.Rows = append(t.Rows, append([]table.Cell{table.Text(g.code), table.Text(g.name), table.Number(g.grants)},
			agedCells(g.AgedFen)...))
	}
}

func agedCells(a aggregates.AgedFen) []table.Cell {
	return []table.Cell{table.Fen(a.ThisYearFen), table.Fen(a.LastYearFen), table.Fen(a.EarlierFen),
		table.Fen(a.OverdrawnFen), table.Fen(a.BalanceFen())}
}
