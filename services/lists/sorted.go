package lists

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/table"
)

// A list that is made center by center is sorted when an answer is made, so that a page of it is read as fast as in
// the order of the centers, and outside of the moment in which writers wait. The order of an answer follows from that
// of the answer before: only the rows of the centers that changed are taken out and put in, and the two answers share
// the rest.

// rowAt is the place of a row: one of those of a piece.
type rowAt struct {
	*piece
	row int
}

func (r rowAt) text() []byte {
	begin := 0
	if r.row > 0 {
		begin = r.ends[r.row-1]
	}
	return r.piece.text[begin:r.ends[r.row]]
}

// compareRows orders rows by their keys. Rows of equal keys stand in the order of their centers.
func compareRows(a, b rowAt) int {
	if c := a.keys[a.row].compare(b.keys[b.row]); c != 0 {
		return c
	}
	if a.center != b.center {
		return cmp.Compare(a.center, b.center)
	}
	return cmp.Compare(a.row, b.row)
}

// run holds some rows that follow one another in an order. It is not changed once it is made.
type run struct {
	rows []rowAt
	held int // see Rows.Hold
}

// runRows is how many rows a new run has. One that grows to twice as many is divided.
const runRows = 64

func (r *run) memory() int64 { return runBytes + rowAtBytes*int64(cap(r.rows)) }

// ordered returns the order of the rows of now, from the order of the rows of before. Runs that stay the same are
// shared.
func ordered(order []*run, before, now []*block) []*run {
	gone, come := differing(before, now)
	slices.SortFunc(gone, compareRows)
	slices.SortFunc(come, compareRows)
	if len(order) == 0 {
		return appendRuns(nil, come)
	}
	list := make([]*run, 0, len(order)+1)
	for i, r := range order {
		out, in := len(gone), len(come)
		if i+1 < len(order) {
			next := order[i+1].rows[0]
			out, _ = slices.BinarySearchFunc(gone, next, compareRows)
			in, _ = slices.BinarySearchFunc(come, next, compareRows)
		}
		if out == 0 && in == 0 {
			list = append(list, r)
			continue
		}
		list = appendRuns(list, r.replaced(gone[:out], come[:in]))
		gone, come = gone[out:], come[in:]
	}
	return list
}

// differing lists the rows of the pieces that only one of the two has.
func differing(before, now []*block) (gone, come []rowAt) {
	old, made := piecesOf(without(before, now)), piecesOf(without(now, before))
	for len(old) > 0 || len(made) > 0 {
		switch {
		case len(made) == 0 || len(old) > 0 && old[0].center < made[0].center:
			gone, old = old[0].appendRows(gone), old[1:]
		case len(old) == 0 || made[0].center < old[0].center:
			come, made = made[0].appendRows(come), made[1:]
		default:
			if old[0] != made[0] {
				gone, come = old[0].appendRows(gone), made[0].appendRows(come)
			}
			old, made = old[1:], made[1:]
		}
	}
	return gone, come
}

// without returns the blocks that are not among others.
func without(blocks, others []*block) []*block {
	return slices.DeleteFunc(slices.Clone(blocks), func(b *block) bool { return slices.Contains(others, b) })
}

func piecesOf(blocks []*block) (all []*piece) {
	for _, b := range blocks {
		all = append(all, b.pieces...)
	}
	return all
}

func (p *piece) appendRows(rows []rowAt) []rowAt {
	for i := range p.keys {
		rows = append(rows, rowAt{p, i})
	}
	return rows
}

// replaced returns the rows of a run without some of them and with others. All are in order.
func (r *run) replaced(gone, come []rowAt) []rowAt {
	rows := make([]rowAt, 0, len(r.rows)-len(gone)+len(come))
	for _, x := range r.rows {
		if len(gone) > 0 && x == gone[0] {
			gone = gone[1:]
			continue
		}
		for len(come) > 0 && compareRows(come[0], x) < 0 {
			rows, come = append(rows, come[0]), come[1:]
		}
		rows = append(rows, x)
	}
	return append(rows, come...)
}

// appendRuns adds rows as runs.
func appendRuns(list []*run, rows []rowAt) []*run {
	size := runRows
	if len(rows) < 2*runRows {
		size = max(len(rows), 1)
	}
	for some := range slices.Chunk(rows, size) {
		list = append(list, &run{rows: some})
	}
	return list
}

// from yields the rows of an order from one on, counted from 0.
func from(order []*run, first int) iter.Seq[rowAt] {
	return func(yield func(rowAt) bool) {
		for _, r := range order {
			if first >= len(r.rows) {
				first -= len(r.rows)
				continue
			}
			for _, x := range r.rows[first:] {
				if !yield(x) {
					return
				}
			}
			first = 0
		}
	}
}

// rowKey is the value by which a row is sorted: a number, and a text if the numbers are equal. Of two keys of an
// answer both or none are descending.
type rowKey struct {
	number     int64 // negative if descending
	text       string
	descending bool
}

// noKey is the key of a row without a value. It stands last in both directions.
var noKey = rowKey{number: math.MaxInt64}

func (k rowKey) compare(o rowKey) int {
	switch {
	case k.number != o.number:
		return cmp.Compare(k.number, o.number)
	case k.descending:
		return cmp.Compare(o.text, k.text)
	}
	return cmp.Compare(k.text, o.text)
}

// sortKey returns the key of a row. Rows of smaller keys come first.
type sortKey func(row []table.Cell) rowKey

// sort sorts rows that belong to no center by their keys. Rows of equal keys keep their order.
func (key sortKey) sort(rows [][]table.Cell) {
	type keyed struct {
		rowKey
		row []table.Cell
	}
	all := make([]keyed, len(rows))
	for i, row := range rows {
		all[i] = keyed{key(row), row}
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return a.compare(b.rowKey) })
	for i := range all {
		rows[i] = all[i].row
	}
}

// sortKey returns the key by which the rows of the answer are sorted, or nil for the order in which the list makes
// them.
func (q *asked) sortKey() sortKey {
	order := q.text(sortName)
	switch {
	case order == "":
		return nil
	case !q.list.param(sortName).Values.Has(order):
		return q.byColumn(order)
	case q.list.key == nil:
		return nil
	}
	return q.list.key(q)
}

// byColumn returns the key of an order by a column, which is the name of the column or of the column with descending.
// Severities stand in the order of their vocabulary, other texts in that of their code points.
func (q *asked) byColumn(order string) sortKey {
	column, isDescending := strings.CutSuffix(order, descending)
	i := slices.IndexFunc(q.list.columns(q), func(c table.Column) bool { return c.Name == column })
	return func(row []table.Cell) rowKey {
		n, isNumber := row[i].Order()
		s, _ := row[i].Data.(string)
		switch {
		case !isNumber && s == "":
			return noKey
		case column == "severity":
			n, s = int64(slices.Index(Severities.Codes(), aggregates.Severity(s))), ""
		}
		if isDescending {
			n = -n
		}
		return rowKey{n, s, isDescending}
	}
}

// The parameter sort of every list.
const (
	sortName   = "sort"
	descending = "-desc" // follows the name of a column
)

// sortParam returns the parameter sort of a list whose rows can be asked for in orders of its own, besides by each
// column. The first is that in which the list makes its rows; a list without orders of its own has one, without name.
func sortParam(orders text.Vocabulary[string], after text.Text) Param {
	p := Param{Name: sortName, Sort: Order, Words: text.Say(
		"按 `COLUMN` 列排序，列名后可加“降序”", "sort by `COLUMN`, with -desc after its name for descending")}
	if len(orders) > 0 {
		p = choice(sortName, orders, text.Say("排序 `ORDER`", "`ORDER`"), after).withDefault(orders[0].Code)
		p.Sort = Order
		p.Words = text.Text{Zh: p.Words.Zh + "；或按列名，其后可加“降序”",
			En: p.Words.En + "; or the name of a column, with -desc for descending"}
	}
	return p
}

// Orders returns the orders in which the answer to the question can be asked for, by the parameter sort: those of the
// list, then by each column that people see, ascending and descending. It returns the errors of Read.
func (q Question) Orders() (text.Vocabulary[string], error) {
	q, l, err := q.Read()
	if err != nil {
		return nil, err
	}
	return (&asked{Question: q, list: l, form: Form}).orders(), nil
}

func (q *asked) orders() text.Vocabulary[string] {
	all := slices.Clone(q.list.param(sortName).Values)
	columns := sortable(q.list.columns(q))
	for _, c := range columns {
		zh, en := c.Title.Zh, c.Title.En
		for _, other := range columns { // a title that two columns have names neither
			if other.Name != c.Name && other.Title.Zh == c.Title.Zh {
				zh = c.Name
			}
			if other.Name != c.Name && other.Title.En == c.Title.En {
				en = c.Name
			}
		}
		bare := strings.TrimSuffix(zh, "%")
		all = append(all,
			text.Term[string]{Code: c.Name, Word: text.Text{Zh: zh + "升序", En: en + ", ascending"},
				Also: []string{zh, en, bare, bare + "升序", c.Name + "-asc"}},
			text.Term[string]{Code: c.Name + descending, Word: text.Text{Zh: zh + "降序", En: en + ", descending"},
				Also: []string{bare + "降序"}})
	}
	return all
}

// sortable keeps the columns that people see and programs can name.
func sortable(columns []table.Column) (list []table.Column) {
	for _, c := range columns {
		if c.Name != "" && c.Title != (text.Text{}) {
			list = append(list, c)
		}
	}
	return list
}

// readOrder puts the code of an order in place of the words that people typed. It is called after all other parameters
// are read, because the columns depend on them.
func (q *asked) readOrder() error {
	typed := q.Params[sortName]
	if typed == "" {
		return nil
	}
	code, ok := q.orders().Read(typed)
	if !ok {
		var zh, en []string
		for _, v := range q.list.param(sortName).Values {
			zh, en = append(zh, v.Word.Zh), append(en, v.Code)
		}
		for _, c := range sortable(q.list.columns(q)) {
			zh, en = append(zh, c.Title.Zh), append(en, c.Name)
		}
		return text.Errorf(text.Invalid, "没有“%[1]s”这种排序，应为：%[2]s；列名后可加“降序”",
			"there is no order %[1]q; it must be one of: %[3]s; the name of a column may end with %[4]s",
			text.Clip(typed, orderCharsMax), strings.Join(zh, "、"), strings.Join(en, ", "), descending).Of(sortName)
	}
	q.Params[sortName] = code
	return nil
}

// orderCharsMax is the number of characters of a typed order that an error repeats.
const orderCharsMax = 100
