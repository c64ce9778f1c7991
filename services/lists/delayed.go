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

var delayedList = &List{
	Name: "delayed",
	Short: text.Say("迟滞资金：应下达未下达、已下达未到账、配套承诺未到账",
		"delayed money: entitled and not granted, granted and not received, committed and not received"),
	Params: []Param{
		choice("what", delays, text.Say("类别 `WHAT`", "`WHAT` is delayed"), text.Text{}),
		{Name: "center", Words: text.Say("中心编号 `ID`", "`ID` of a center"), Sort: CenterID},
		officeParam(events.Finance, events.LocalGov), regionParam,
		sortParam(delayOrders, text.Text{}),
		unitParam,
	},
	later:   true,
	columns: delayedColumns,
	answer:  delayed,
	key:     delayedKey,
}

var (
	delays = text.Vocabulary[aggregates.DelayKind]{
		{Code: aggregates.Entitled, Word: entitledWord, Also: []string{"应拨未下达"}},
		{Code: aggregates.Granted, Word: text.Say("已下达未到账", "granted, not received")},
		{Code: aggregates.Committed, Word: text.Say("配套承诺未到账", "committed, not received")},
	}
	delayOrders = text.Vocabulary[string]{
		{Code: "oldest", Word: text.Say("最早在前", "oldest")},
		{Code: "largest", Word: text.Say("金额最大在前", "largest")},
	}
	delayStates = map[string]text.Text{
		"waiting": text.Say("未到期", "waiting"), "overdue": text.Say("逾期", "overdue"),
		"deferred": text.Say("延后安排", "deferred"),
		"no-term":  text.Say("未定期限", "no term"), "unjudged": text.Say("办法施行前", "before the Measures"),
	}
)

func delayedColumns(*asked) []table.Column {
	return []table.Column{
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "name", Title: text.Say("名称", "name"), Minor: minorDetail},
		{Name: "what", Title: text.Say("类别", "what")},
		{Name: "key", Title: text.Say("对象", "grant, match or year"), Minor: minorSaid},
		{Name: "year", Title: text.Say("年度", "year"), Type: table.Year, Minor: minorDetail},
		{Name: "doc", Title: text.Say("文号", "document"), Minor: minorDetail},
		{Name: "since", Title: text.Say("起始", "since"), Type: table.Day, Minor: minorDetail},
		{Name: "dueOn", Title: text.Say("期限", "due"), Type: table.Day, Minor: minorSaid},
		{Name: "daysWaiting", Title: text.Say("已等天数", "days"), Type: table.Count, Minor: minorDetail},
		{Name: "daysOverdue", Title: text.Say("逾期天数", "overdue"), Type: table.Count, Minor: minorSaid},
		{Name: "state", Title: text.Say("状态", "state"), Minor: minorSaid},
		{Name: "promisedFen", Title: text.Say("应到位", "promised"), Type: table.Money},
		{Name: "outstandingFen", Title: text.Say("未到位", "outstanding"), Type: table.Money},
		{Name: "office", Title: text.Say("责任单位", "responsible office")}, {Name: "officeRegion"},
	}
}

// delayedKey puts the largest amounts first, or only the oldest.
func delayedKey(q *asked) sortKey {
	if q.text("sort") == "largest" {
		return q.byColumn("outstandingFen-desc")
	}
	return nil
}

func delayed(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	t.Title = text.Say("截至 %s 的迟滞资金（金额单位：%s）", "Delayed money as of %s (amounts in %s)", q.On,
		q.unit().Word())
	t.Empty = text.Say("没有迟滞资金。", "No money is delayed.")
	worked, err := workAhead(ctx, d, q.center("center"), func(id events.CenterID) []projections.Delay {
		return d.Register.Delays(id, q.On)
	})
	if err != nil {
		return err
	}
	var found [][]projections.Delay
	d.exactly(q, func() { found = worked.take() })
	list := slices.Concat(found...)
	slices.SortStableFunc(list, func(a, b projections.Delay) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(b.OutstandingFen, a.OutstandingFen))
	})
	var promised, outstanding events.Fen
	for _, x := range list {
		if q.given("what") && q.text("what") != string(x.What) || !q.takesOffice(x.Office.Role) {
			continue
		}
		doc, err := d.document(ctx, x.Center, x.From)
		if err != nil {
			return err
		}
		state, overdue := "waiting", table.Cell{}
		switch {
		case x.OverdueSince != 0:
			state, overdue = "overdue", table.Number(x.DaysOverdue(q.On))
		case x.Deferred:
			state = "deferred"
		case x.Unjudged:
			state = "unjudged"
		case x.DueOn == 0:
			state = "no-term"
		}
		promised, outstanding = promised+x.PromisedFen, outstanding+x.OutstandingFen
		t.Rows = append(t.Rows, []table.Cell{table.Text(x.Center), table.Text(x.Name),
			table.Named(x.What, delayWord(q, x.What)), table.Text(x.Key), table.Number(x.Year), table.Optional(doc),
			table.Date(x.Since), table.Date(x.DueOn), table.Number(x.DaysWaiting(q.On)), overdue,
			table.Named(state, word(delayStates, state)),
			table.Fen(x.PromisedFen), table.Fen(x.OutstandingFen), officeCell(x.Office),
			table.Optional(x.Office.Region)})
	}
	t.Total(map[string]events.Fen{"promisedFen": promised, "outstandingFen": outstanding})
	return nil
}

// delayWord returns the word for a kind of delay. Answers in earlier forms have another word for one of them.
func delayWord(q *asked, what aggregates.DelayKind) text.Text {
	word := delays.Word(what)
	if what == aggregates.Entitled && !q.since(3) {
		word.Zh = "应拨未下达"
	}
	return word
}

// officeCell returns a cell that names an office: for programs by its role, for people a local government by its
// region.
func officeCell(o projections.Office) table.Cell {
	return table.Named(o.Role, OfficeWord(o))
}

// OfficeWord returns what people call an office: a local government by its region.
func OfficeWord(o projections.Office) text.Text {
	if o.Region == "" {
		return o.Role.Title()
	}
	return text.Say("%s政府", "local government %s", cmp.Or(projections.RegionName(o.Region), o.Region))
}

// document returns the document number of a record, or "" if it has none.
func (d *Books) document(ctx context.Context, center events.CenterID, of aggregates.RecordRef) (string, error) {
	if of.Revision == 0 {
		return "", nil
	}
	for s, err := range d.Ledger.ReadStream(ctx, center.Stream(), of.Revision-1) {
		if err != nil {
			return "", err
		}
		if s.ID != of.ID { // breaks earlier in the stream shift its revision
			continue
		}
		rec, err := events.DecodeEvent(s)
		if err != nil {
			return "", err
		}
		return rec.Doc, nil
	}
	return "", nil
}
