package lists

import (
	"cmp"
	"iter"
	"math"
	"slices"

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
	if a.keys[a.row] != b.keys[b.row] {
		return cmp.Compare(a.keys[a.row], b.keys[b.row])
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

// sortKey returns the key of a row. Rows of smaller keys come first.
type sortKey func(row []table.Cell) int64

// sort sorts rows that belong to no center by their keys.
func (key sortKey) sort(rows [][]table.Cell) {
	slices.SortStableFunc(rows, func(a, b []table.Cell) int { return cmp.Compare(key(a), key(b)) })
}

// lowest returns the key by which the lowest value of a column comes first, and rows without a value come last.
func (q *asked) lowest(column string) sortKey {
	i := slices.IndexFunc(q.list.columns(q), func(c table.Column) bool { return c.Name == column })
	return func(row []table.Cell) int64 {
		if n, ok := row[i].Order(); ok {
			return n
		}
		return math.MaxInt64
	}
}

// largest returns the key by which the largest value of a column comes first.
func (q *asked) largest(column string) sortKey {
	lowest := q.lowest(column)
	return func(row []table.Cell) int64 { return -lowest(row) }
}
