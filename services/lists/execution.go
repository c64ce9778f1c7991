package lists

import (
	"iter"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/table"
)

var executionList = &List{
	Name:  "execution",
	Short: text.Say("经费执行情况", "execution of money"),
	Params: []Param{
		{Name: "year", Words: text.Say("财政年度 `YEAR`（默认全部）", "fiscal `YEAR` (default all)"), Sort: Year},
		choice("scope", Scopes, text.Say("口径 `SCOPE`", "`SCOPE`"), text.Text{}),
		choice("by", groupings.Of("center", "city", "region", "industry", "total"),
			text.Say("按 `BY` 汇总", "roll up `BY`"), text.Text{}).withDefault("center"),
		{Name: "center", Words: text.Say("中心编号 `ID`（默认全部）", "`ID` of a center (default all)"),
			Sort: CenterID},
		{Name: "low", Words: text.Say("只列执行率偏低的", "only lines with a low rate"), Sort: Flag},
		regionParam, nameParam,
		sortParam(executionOrders, text.Text{}),
		unitParam,
	},
	later:   true,
	columns: executionListColumns,
	each:    executionOf,
	close:   executionClose,
	key:     executionKey,
}

var executionOrders = text.Vocabulary[string]{
	{Code: "code", Word: text.Say("编号", "code")},
	{Code: "rate", Word: text.Say("执行率低的在前", "rate"), Also: []string{"执行率", "lowest rate first"}},
	{Code: "balance", Word: text.Say("结余大的在前", "balance"), Also: []string{"结余", "largest balance first"}},
}

// executionListColumns returns all columns. The name of a center is the last, for it was added later.
func executionListColumns(q *asked) []table.Column {
	columns := append(executionLead(q), executionColumns()...)
	if q.isByCenter() {
		columns = append(columns, table.Column{Name: "name", Title: text.Say("名称", "name"), Since: 3})
	}
	return columns
}

func (q *asked) isByCenter() bool { return q.text("by") == string(projections.ByCenter) }

// executionKey puts the lines with the lowest rate or the largest balance first.
func executionKey(q *asked) sortKey {
	switch q.text("sort") {
	case "rate":
		return q.byColumn("ratePercent")
	case "balance":
		return q.byColumn("balanceFen-desc")
	}
	return nil
}

// executionLead returns the first columns, which name the center, city, region or industry of a line. The columns by
// center are part of the published interface.
func executionLead(q *asked) []table.Column {
	switch projections.Grouping(q.text("by")) {
	case projections.ByCity:
		return []table.Column{{Name: "city", Title: text.Say("设区市", "city")},
			{Name: "name", Title: text.Say("名称", "name")}}
	case projections.ByRegion:
		return []table.Column{{Name: "region", Title: text.Say("区划", "region")},
			{Name: "name", Title: text.Say("名称", "name")}}
	case projections.ByIndustry:
		return []table.Column{{Name: "industry", Title: text.Say("产业", "industry")}}
	case projections.ByTotal:
		return nil
	}
	return []table.Column{{Name: "center", Title: text.Say("中心", "center")}}
}

func (q *asked) executionFilter() projections.ExecutionFilter {
	f := q.lineFilter()
	f.By = projections.Grouping(q.text("by"))
	return f
}

// executionOf returns the money of a center by year and scope: as rows, or in the sum of its group.
func executionOf(d *Books, q *asked, id events.CenterID) (rows iter.Seq[[]table.Cell], s sum) {
	if id == "" {
		return nil, s
	}
	f := q.executionFilter()
	s.tally = d.Register.Tally(id, q.On)
	if q.since(2) && f.Year == 0 {
		for _, x := range d.Register.Ahead(id, q.On) {
			if f.Scope == "" || f.Scope == x.Scope {
				s.ahead = projections.AddLine(s.ahead, &projections.ExecutionLine{Execution: x, Centers: 1})
			}
		}
	}
	if f.Year > q.On.Year() && !q.since(2) {
		return nil, s
	}
	var list []projections.ExecutionLine
	for l := range d.Register.ExecutionsOf(id, q.On, f) {
		if q.given("low") && !l.Low {
			continue
		}
		s.isGranted = s.isGranted || l.GrantedFen != 0
		if f.By == projections.ByCenter {
			list = append(list, l)
			s.odd |= oddOf(&l.Execution)
			l.Group, l.Name = "", ""
		}
		s.money = projections.AddLine(s.money, &l)
	}
	return executionRows(q, list), s
}

func executionRows(q *asked, list []projections.ExecutionLine) iter.Seq[[]table.Cell] {
	lead := len(executionLead(q))
	return func(yield func([]table.Cell) bool) {
		for i := range list {
			l := &list[i]
			row := appendExecution([]table.Cell{table.Text(l.Group), table.Text(l.Name)}[:lead:lead], &l.Execution)
			if q.isByCenter() {
				row = append(row, table.Optional(l.Name))
			}
			if !yield(row) {
				return
			}
		}
	}
}

// executionClose adds the groups of centers, if they are asked for, and one total for each year and scope. There is
// no single total, because scopes overlap and years carry money over.
func executionClose(q *asked, s *sum, _ int, t *table.Table) (rowsStand bool) {
	f := q.executionFilter()
	t.Title = text.Say("截至 %s 的经费执行情况（金额单位：%s）", "Execution of money as of %s (amounts in %s)", q.On,
		q.unit().Word())
	t.Empty = text.Say("没有符合条件的经费。", "There is no such money.")
	whole, groups := s.money, []projections.ExecutionLine(nil)
	odd := s.odd
	if f.By != projections.ByCenter {
		whole, groups = nil, s.money
		for _, l := range groups {
			odd |= oddOf(&l.Execution)
			l.Group, l.Name = "", ""
			whole = projections.AddLine(whole, &l)
		}
	}
	for i := range whole {
		odd |= oddOf(&whole[i].Execution)
	}
	rowsStand = true
	if f.Year > q.On.Year() && q.since(2) {
		if rowsStand = s.isGranted; rowsStand {
			t.Notes = append(t.Notes,
				text.Say("%d 年度在 %v 尚未开始：下达为提前下达的经费，上年结转为截至该日的结余。",
					"On %[2]v the year %[1]d has not begun: granted is what is granted ahead, and carried in is "+
						"what is "+
						"left on that day.", f.Year, q.On))
		} else {
			whole, groups, odd = nil, nil, 0
			t.Empty = text.Say("%d 年度尚未开始，也没有提前下达的经费。",
				"The year %d has not begun, and no money is granted ahead for it.", f.Year)
		}
	}
	t.Rows = slices.Collect(executionRows(q, groups))
	if q.since(2) {
		t.Notes = append(t.Notes, odd.notes()...)
		ahead := make([]aggregates.Execution, len(s.ahead))
		for i := range s.ahead {
			ahead[i] = s.ahead[i].Execution
		}
		t.Missing = append(t.Missing, GrantedAhead(ahead, func(year int) text.Text {
			return text.Say("，见 %s %d", "; see %s %d", q.written("year"), year)
		})...)
	}
	if f.By == projections.ByTotal || q.given("center") { // its rows are the totals
		return rowsStand
	}
	lead := len(executionLead(q))
	for i := range whole {
		row := appendExecution([]table.Cell{{Shown: text.Say("合计", "total")}, {}}[:lead:lead], &whole[i].Execution)
		t.Totals = append(t.Totals, append(row, make([]table.Cell, len(t.Columns)-len(row))...))
	}
	return rowsStand
}
