package lists

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/table"
)

var spendingList = &List{
	Name: "spending",
	Short: text.Say("一个中心的支出凭证明细，或按用途、按经费汇总",
		"the vouchers of a center line by line, or summed by use or grant"),
	Argument: "center",
	Params: []Param{
		{Name: "center", Words: text.Say("中心编号 `ID`", "`ID` of a center"), Sort: CenterID},
		{Name: "from", Words: text.Say("自 `DATE` 起", "from `DATE` on"), Sort: Day},
		{Name: "to", Words: text.Say("至 `DATE` 止", "until `DATE`, included"), Sort: Day},
		{Name: "use", Words: text.Say("用途 `USE`（以认定后的为准），如 中试熟化", "`USE`, as ruled, such as pilot"),
			Sort: Use},
		{Name: "grant", Words: text.Say("经费下达或配套编号 `ID`", "`ID` of a grant or match"), Sort: AnyText},
		{Name: "payee", Words: text.Say("收款单位含 `TEXT`", "payee contains `TEXT`"), Sort: AnyText},
		{Name: "min", Words: text.Say("凭证金额不低于 `YUAN` 元", "vouchers of at least `YUAN`"), Sort: Yuan},
		{Name: "max", Words: text.Say("凭证金额不高于 `YUAN` 元", "vouchers of at most `YUAN`"), Sort: Yuan},
		choice("by", groupings.Of("line", "use", "grant"), text.Say("按 `BY` 列示", "`BY`"),
			text.Say("；后两者为小计", "; the last two are subtotals")).withDefault("line"),
		sortParam(nil, text.Text{}), unitParam,
	},
	later:   true,
	columns: spendingColumns,
	answer:  spending,
}

func spendingColumns(q *asked) []table.Column {
	lead := table.Column{Name: "use", Title: text.Say("用途", "use")}
	switch q.text("by") {
	case "line":
		return spendingLineColumns
	case "grant":
		lead = table.Column{Name: "grant", Title: text.Say("经费编号", "grant or match")}
	}
	return []table.Column{lead, {Name: "vouchers", Title: text.Say("凭证数", "vouchers"), Type: table.Count},
		{Name: "amountFen", Title: text.Say("金额", "amount"), Type: table.Money},
		{Name: "forbiddenFen", Title: ofItForbiddenUse, Type: table.Money},
		{Name: "reversedFen", Title: text.Say("已冲销", "reversed"), Type: table.Money},
		{Name: "vouchersReversed", Title: text.Say("已冲销凭证数", "vouchers reversed"), Type: table.Count, Since: 3}}
}

var spendingLineColumns = []table.Column{
	{Name: "on", Title: text.Say("日期", "date"), Type: table.Day},
	{Name: "voucher", Title: text.Say("凭证号", "voucher")}, {Name: "use", Title: text.Say("用途", "use")},
	{Name: "grant", Title: text.Say("经费编号", "grant or match"), Minor: minorDetail},
	{Name: "amountFen", Title: text.Say("金额", "amount"), Type: table.Money},
	{Name: "forbidden", Title: isForbiddenUse, Type: table.Bool},
	{Name: "reversedOn", Title: text.Say("冲销", "reversed"), Type: table.Day},
	{Name: "payee", Title: text.Say("收款单位", "payee")}, {Name: "summary", Title: text.Say("摘要", "summary")},
	{Name: "doc", Title: text.Say("文号", "document"), Minor: minorDetail},
	{Name: "position", Title: text.Say("位置", "position"), Type: table.Count, Minor: minorPosition},
	{Name: "id", Title: text.Say("记录", "record"), Minor: minorID},
}

// spent is one line of a voucher with the values that only the record itself has.
type spent struct {
	*aggregates.Spending
	line                aggregates.SpendingLine
	payee, summary, doc string
	position            uint64
}

func spending(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	var vouchers []aggregates.Spending
	var unfit error
	d.exactly(q, func() {
		unfit = spendingFilters(d, q)
		vouchers = d.Register.Spending(q.center("center"), q.On)
	})
	if unfit != nil {
		return unfit
	}
	t.Title = text.Say("中心 %s 的支出，截至 %s（金额单位：%s；合计不含已冲销凭证）",
		"Spending of %s as of %s (amounts in %s; reversed vouchers are not in the total)", q.center("center"), q.On,
		q.unit().Word())
	t.Empty = text.Say("没有符合条件的支出。", "There is no such spending.")
	lines, err := d.spent(ctx, q, vouchers)
	if err != nil {
		return err
	}
	if q.text("by") != "line" {
		d.spendingBy(t, q, lines)
	} else {
		d.spendingByLine(t, q, lines)
	}
	return nil
}

// spendingFilters returns an error if a filter could never match anything. An empty answer would hide a mistyped
// filter.
func spendingFilters(d *Books, q *asked) error {
	if _, ok := d.Register.Balances(q.center("center"))[q.text("grant")]; q.given("grant") && !ok {
		return text.Errorf(text.Invalid, "中心 %s 没有经费下达或配套 %q", "%s has no grant or match %q",
			q.center("center"), q.text("grant")).Of("grant")
	}
	if q.given("from") && q.given("to") && q.day("from") > q.day("to") {
		return text.Errorf(text.Invalid, "早于 %s", "is before %s", q.written("from")).Of("to")
	}
	if q.given("min") && q.given("max") && q.yuan("min") > q.yuan("max") {
		return text.Errorf(text.Invalid, "小于 %s", "is less than %s", q.written("min")).Of("max")
	}
	return nil
}

// spent lists the lines that pass the filters, in the order of their dates. It reads from the records the values that
// the read models do not keep. It reads no further than the register, which may be of an earlier position.
func (d *Books) spent(ctx context.Context, q *asked, vouchers []aggregates.Spending) ([]*spent, error) {
	wanted, payee := map[uuid.UUID]*aggregates.Spending{}, likeness(foldText(q.text("payee")))
	for i := range vouchers {
		if v := &vouchers[i]; q.takes(v) {
			wanted[v.From.ID] = v
		}
	}
	var list []*spent
	for s, err := range d.Ledger.ReadStream(ctx, q.center("center").Stream(), 0) {
		if err != nil {
			return nil, err
		}
		v := wanted[s.ID]
		if v == nil {
			continue
		}
		delete(wanted, s.ID) // a second event with the same id is a break and not this voucher
		rec, err := events.DecodeEvent(s)
		if err != nil {
			return nil, err
		}
		p, ok := rec.Data.(*events.FundsSpent)
		if !ok || !payee.in([]byte(p.Payee)) {
			continue
		}
		for _, l := range v.Lines {
			if !q.given("grant") || l.Grant == q.text("grant") {
				list = append(list, &spent{v, l, p.Payee, p.Summary, rec.Doc, s.Position})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b *spent) int { return cmp.Compare(a.On, b.On) })
	return list, nil
}

// takes reports whether a voucher passes the filters that do not need the record.
func (q *asked) takes(v *aggregates.Spending) bool {
	switch {
	case q.given("from") && v.On < q.day("from"), q.given("to") && v.On > q.day("to"),
		q.given("use") && string(v.Use) != q.text("use"),
		q.given("min") && v.AmountFen() < q.yuan("min"), q.given("max") && v.AmountFen() > q.yuan("max"):
		return false
	}
	return true
}

func (d *Books) spendingByLine(t *table.Table, q *asked, lines []*spent) {
	var sum events.Fen
	for _, s := range lines {
		if s.ReversedOn == 0 {
			sum += s.line.AmountFen
		}
		t.Rows = append(t.Rows, []table.Cell{table.Date(s.On), table.Text(s.Voucher), d.useCell(s.Use, q.On),
			table.Text(s.line.Grant), table.Fen(s.line.AmountFen), table.Yes(s.line.Forbidden),
			table.Date(s.ReversedOn),
			table.Text(s.payee), table.Text(s.summary), table.Optional(s.doc), table.Number(s.position),
			table.Text(s.From.ID.String())})
	}
	t.Total(map[string]events.Fen{"amountFen": sum})
}

// spendingBy sums the lines by use or grant, the largest sum first. Reversed vouchers are counted and summed apart.
func (d *Books) spendingBy(t *table.Table, q *asked, lines []*spent) {
	by := q.text("by")
	type group struct {
		cell                        table.Cell
		vouchers, vouchersReversed  int
		last                        *aggregates.Spending
		amount, forbidden, reversed events.Fen
	}
	var all group
	var groups []*group
	known := map[string]*group{}
	for _, s := range lines {
		cell := table.Text(s.line.Grant)
		if by == "use" {
			cell = d.useCell(s.Use, q.On)
		}
		g := known[cell.CSV()]
		if g == nil {
			g = &group{cell: cell}
			known[cell.CSV()] = g
			groups = append(groups, g)
		}
		for _, g := range []*group{g, &all} {
			if g.last != s.Spending {
				g.last = s.Spending
				if s.ReversedOn != 0 {
					g.vouchersReversed++
				}
				if s.ReversedOn == 0 || !q.since(3) {
					g.vouchers++
				}
			}
			switch {
			case s.ReversedOn != 0:
				g.reversed += s.line.AmountFen
			case s.line.Forbidden:
				g.forbidden += s.line.AmountFen
				fallthrough
			default:
				g.amount += s.line.AmountFen
			}
		}
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(b.amount, a.amount) })
	for _, g := range groups {
		t.Rows = append(t.Rows, []table.Cell{g.cell, table.Number(g.vouchers), table.Fen(g.amount),
			table.Fen(g.forbidden), table.Fen(g.reversed), table.Number(g.vouchersReversed)})
	}
	t.Total(map[string]events.Fen{"amountFen": all.amount, "forbiddenFen": all.forbidden, "reversedFen": all.reversed})
	t.Totals[0][1], t.Totals[0][5] = table.Number(all.vouchers), table.Number(all.vouchersReversed)
	sum, sumReversed := 0, 0
	for _, g := range groups {
		sum += g.vouchers
		sumReversed += g.vouchersReversed
	}
	if sum > all.vouchers && q.since(2) {
		t.Notes = append(t.Notes,
			text.Say("各行凭证数之和为 %d，凭证共 %d 张：由几笔经费支付的凭证，在每笔经费下各计一张。",
				"The rows count %d vouchers and there are %d: a voucher that is paid from several grants counts in "+
					"the row of each.", sum, all.vouchers))
	}
	if sumReversed > all.vouchersReversed && q.since(3) {
		t.Notes = append(t.Notes,
			text.Say("各行已冲销凭证数之和为 %d，已冲销凭证共 %d 张：由几笔经费支付的凭证，在每笔经费下各计一张。",
				"The rows count %d reversed vouchers and there are %d: a voucher that is paid from several grants "+
					"counts in the row of each.", sumReversed, all.vouchersReversed))
	}
}
