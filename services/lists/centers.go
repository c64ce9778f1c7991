package lists

import (
	"iter"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/table"
)

var centersList = &List{
	Name: "centers",
	Short: text.Say("列出全部中心：状态、记录数、未解除预警数",
		"list the centers with their status, events and open alerts"),
	Params: []Param{
		regionParam, nameParam, statusParam,
		sortParam(centerOrders, text.Say("（先比红色预警数，其次黄、蓝）",
			" (most red ones first, then yellow, then blue)")),
	},
	later:   true,
	columns: centersColumns,
	each:    centersOf,
	close:   centersClose,
	key:     centersKey,
}

func centersColumns(*asked) []table.Column {
	return []table.Column{
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "status", Title: text.Say("状态", "status")},
		{Name: "events", Title: text.Say("记录", "events"), Type: table.Count},
		{Name: "red", Title: text.Say("红", "red"), Type: table.Count},
		{Name: "yellow", Title: text.Say("黄", "yellow"), Type: table.Count},
		{Name: "blue", Title: text.Say("蓝", "blue"), Type: table.Count},
		{Name: "name", Title: text.Say("名称", "name")},
	}
}

func centersOf(d *Books, q *asked, id events.CenterID) (rows iter.Seq[[]table.Cell], s sum) {
	if id == "" {
		for _, stream := range d.Register.Streams("") {
			if stream == events.LedgerStream { // what the ledger writes of itself is in no count
				continue
			}
			s.common += d.Register.Revision(stream)
		}
		return nil, s
	}
	s.tally = d.Register.Tally(id, q.On)
	c, ok := d.Register.Center(id, q.On)
	if !ok {
		return nil, s
	}
	s.events, s.red, s.yellow, s.blue = c.Events, c.Open[aggregates.Red], c.Open[aggregates.Yellow],
		c.Open[aggregates.Blue]
	return slices.Values([][]table.Cell{
		append([]table.Cell{table.Text(c.ID), table.Named(c.Status, StatusWord(c.Status))},
			append(s.counts(), table.Text(c.Name))...)}), s
}

var centerOrders = text.Vocabulary[string]{
	{Code: "center", Word: text.Say("中心", "center")},
	{Code: "alerts", Word: text.Say("预警多的在前", "alerts"), Also: []string{"预警"}},
}

// centersKey puts the centers with the most red alerts first, then those with the most yellow ones, then blue ones.
func centersKey(q *asked) sortKey {
	if q.text("sort") != "alerts" {
		return nil
	}
	red, yellow, blue := q.byColumn("red-desc"), q.byColumn("yellow-desc"), q.byColumn("blue-desc")
	return func(row []table.Cell) rowKey {
		return rowKey{number: (red(row).number<<alertBits+yellow(row).number)<<alertBits + blue(row).number}
	}
}

// alertBits is the number of bits that hold how many alerts of one severity a center has.
const alertBits = 21

// counts returns the cells with the numbers of records and of open alerts.
func (s *sum) counts() []table.Cell {
	return []table.Cell{table.Number(s.events), table.Number(s.red), table.Number(s.yellow), table.Number(s.blue)}
}

func centersClose(q *asked, s *sum, rows int, t *table.Table) bool {
	t.Title = text.Say("截至 %s 的中心名册", "Register of centers as of %s", q.On)
	t.Empty = text.Say("没有已登记的中心。", "No center is registered.")
	if rows > 0 {
		t.Totals = [][]table.Cell{
			append([]table.Cell{{Shown: text.Say("合计", "total")}, {}}, append(s.counts(), table.Cell{})...)}
	}
	if a := s.tally; a.All > 0 && q.since(2) && q.wants == nil {
		check := text.Say("，与 taizhang check 的计数一致", ", as taizhang check counts them")
		if q.prefix == Labels {
			check = text.Text{}
		}
		t.Notes = append(t.Notes,
			q.say(text.Say("记录数不含已作废的 %d 条和日期晚于截至日的 %d 条；"+
				"另有不属于中心的记录（办法参数和台账自身）%d 条。台账共 %d 条%s。",
				"Not among the records: %[1]d that are voided and %[2]d dated after the date. Records of no center "+
					"(policies, and the ledger's own): %[3]d. All records%[5]s: %[4]d.",
				a.Voided, a.All-a.Voided-s.events, s.common, uint64(a.All)+s.common, check),
				text.Say("记录数不含已作废的 %d 条和日期晚于截至日的 %d 条；"+
					"另有不属于中心的记录（办法参数和台账自身）%d 条。台账共 %d 条，与 check 一致。",
					"Not among the events: %d that are voided and %d dated after the date. Records of no center "+
						"(policies, "+
						"and the ledger's own): %d. All records, as check counts them: %d.",
					a.Voided, a.All-a.Voided-s.events, s.common, uint64(a.All)+s.common)))
	}
	return true
}
