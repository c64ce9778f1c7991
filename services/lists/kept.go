package lists

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/table"
)

// An Encoding is a form in which rows are written one after another. Two encodings with the same name write the same
// bytes.
type Encoding struct {
	Name   string
	Append func(to []byte, columns []table.Column, row []table.Cell) ([]byte, error)
}

// piece holds the part of an answer about one center, or about the streams that belong to no center for "". It never
// changes, so all answers in which the center is the same share it.
type piece struct {
	center events.CenterID
	cells  [][]table.Cell // the rows; or, in an encoding:
	text   []byte         // the rows, one after another
	ends   []int          // where each row ends
	keys   []rowKey       // of each row, if the answer is sorted
	sum    sum
	err    error
	held   int // see Rows.Hold
}

// sum holds the values of one center, or of several together, from which the totals and notes of an answer are made.
type sum struct {
	tally        aggregates.Tally
	events       int
	red, yellow  int // open alerts
	blue         int
	common       uint64                      // records that belong to no center
	money, ahead []projections.ExecutionLine // see projections.RollUp
	odd          odd
	isGranted    bool // whether a line of money has a granted amount
}

func (s *sum) add(o *sum) {
	s.tally = s.tally.Plus(o.tally)
	s.events += o.events
	s.red, s.yellow, s.blue = s.red+o.red, s.yellow+o.yellow, s.blue+o.blue
	s.common += o.common
	for i := range o.money {
		s.money = projections.AddLine(s.money, &o.money[i])
	}
	for i := range o.ahead {
		s.ahead = projections.AddLine(s.ahead, &o.ahead[i])
	}
	s.odd |= o.odd
	s.isGranted = s.isGranted || o.isGranted
}

// block holds the pieces of some consecutive centers. It never changes: answers that differ in one center share all
// blocks except one.
type block struct {
	pieces []*piece
	rows   int
	bytes  int // of their texts
	sum    sum
	held   int // see Rows.Hold
}

// blockPieces is the number of pieces of a new block. A block with twice as many is divided.
const blockPieces = 64

// Rows are the encoded rows of an answer. They never change.
type Rows struct {
	blocks []*block
	order  []*run // of the rows; nil if they stand one after another
	count  int
	bytes  int
}

// newRows returns the rows of blocks, in an order.
func newRows(blocks []*block, order []*run) *Rows {
	r := &Rows{blocks: blocks, order: order}
	for _, b := range blocks {
		r.count, r.bytes = r.count+b.rows, r.bytes+b.bytes
	}
	return r
}

// Len returns the number of rows.
func (r *Rows) Len() int { return r.count }

// Bytes returns the length of all encoded rows.
func (r *Rows) Bytes() int { return r.bytes }

// Text yields all encoded rows, some at a time. The caller must not change them.
func (r *Rows) Text() iter.Seq[[]byte] {
	if r.order != nil {
		return r.From(0)
	}
	return func(yield func([]byte) bool) {
		for _, b := range r.blocks {
			for _, p := range b.pieces {
				if len(p.text) > 0 && !yield(p.text) {
					return
				}
			}
		}
	}
}

// From yields the encoded rows one by one from a row on, counted from 0. The caller must not change them.
func (r *Rows) From(first int) iter.Seq[[]byte] {
	if r.order != nil {
		return func(yield func([]byte) bool) {
			for x := range from(r.order, first) {
				if !yield(x.text()) {
					return
				}
			}
		}
	}
	return func(yield func([]byte) bool) {
		skip := first
		for _, b := range r.blocks {
			if skip >= b.rows {
				skip -= b.rows
				continue
			}
			for _, p := range b.pieces {
				if skip >= len(p.ends) {
					skip -= len(p.ends)
					continue
				}
				begin := 0
				if skip > 0 {
					begin = p.ends[skip-1]
				}
				for _, end := range p.ends[skip:] {
					if !yield(p.text[begin:end]) {
						return
					}
					begin = end
				}
				skip = 0
			}
		}
	}
}

// Hold counts the rows as held in memory. It returns the number of bytes that this adds: rows shared with other held
// answers are counted once. Release is its inverse. Calls about rows that may share memory must not run at the same
// time.
func (r *Rows) Hold() (bytes int64) {
	bytes = r.memory()
	for _, x := range r.order {
		if x.held++; x.held == 1 {
			bytes += x.memory()
		}
	}
	for _, b := range r.blocks {
		if b.held++; b.held > 1 {
			continue
		}
		bytes += b.memory()
		for _, p := range b.pieces {
			if p.held++; p.held == 1 {
				bytes += p.memory()
			}
		}
	}
	return bytes
}

// Release ends Hold. It returns the number of bytes that are no longer held.
func (r *Rows) Release() (bytes int64) {
	bytes = r.memory()
	for _, x := range r.order {
		if x.held--; x.held == 0 {
			bytes += x.memory()
		}
	}
	for _, b := range r.blocks {
		if b.held--; b.held > 0 {
			continue
		}
		bytes += b.memory()
		for _, p := range b.pieces {
			if p.held--; p.held == 0 {
				bytes += p.memory()
			}
		}
	}
	return bytes
}

// The approximate memory of the parts of an answer, in bytes.
const (
	pointerBytes = 8
	lineBytes    = 120
	pieceBytes   = 320
	blockBytes   = 320
	rowsBytes    = 96
	runBytes     = 48
	keyBytes     = 32 // its text is that of the read models
	rowAtBytes   = 16
)

func (r *Rows) memory() int64 { return rowsBytes + pointerBytes*int64(len(r.blocks)+len(r.order)) }

func (s *sum) memory() int64 { return lineBytes * int64(cap(s.money)+cap(s.ahead)) }

func (b *block) memory() int64 {
	return blockBytes + pointerBytes*int64(cap(b.pieces)) + b.sum.memory()
}

func (p *piece) memory() int64 {
	return pieceBytes + int64(cap(p.text)) + pointerBytes*int64(cap(p.ends)) + keyBytes*int64(cap(p.keys)) +
		p.sum.memory()
}

// replaced returns the blocks with new pieces for some centers, in the order of the centers. A nil piece removes its
// center. Unchanged blocks are shared.
func replaced(blocks []*block, ids []events.CenterID, pieces []*piece) []*block {
	if len(blocks) == 0 {
		return appendBlocks(nil, slices.DeleteFunc(slices.Clone(pieces), func(p *piece) bool { return p == nil }))
	}
	list := make([]*block, 0, len(blocks)+1)
	for i, b := range blocks {
		n := len(ids)
		if i+1 < len(blocks) {
			n, _ = slices.BinarySearch(ids, blocks[i+1].pieces[0].center)
		}
		if n == 0 {
			list = append(list, b)
			continue
		}
		list = appendBlocks(list, b.replaced(ids[:n], pieces[:n]))
		ids, pieces = ids[n:], pieces[n:]
	}
	return list
}

// replaced returns the pieces of a block with new pieces for some centers.
func (b *block) replaced(ids []events.CenterID, pieces []*piece) []*piece {
	list, old := make([]*piece, 0, len(b.pieces)+len(pieces)), b.pieces
	for i, id := range ids {
		n, found := slices.BinarySearchFunc(old, id, func(p *piece, id events.CenterID) int {
			return cmp.Compare(p.center, id)
		})
		list = append(list, old[:n]...)
		if found {
			n++
		}
		old = old[n:]
		if pieces[i] != nil {
			list = append(list, pieces[i])
		}
	}
	return append(list, old...)
}

// appendBlocks adds pieces as blocks.
func appendBlocks(list []*block, pieces []*piece) []*block {
	size := blockPieces
	if len(pieces) < 2*blockPieces {
		size = max(len(pieces), 1)
	}
	for some := range slices.Chunk(pieces, size) {
		b := &block{pieces: some}
		for _, p := range some {
			b.rows += len(p.ends) + len(p.cells)
			b.bytes += len(p.text)
			b.sum.add(&p.sum)
		}
		list = append(list, b)
	}
	return list
}

// perCenter returns the part of an answer about a center: its rows, and its share of the sum. For "" it returns the
// part about the streams that belong to no center. It reads the register of d.
type perCenter func(d *Books, q *asked, id events.CenterID) (rows iter.Seq[[]table.Cell], s sum)

// gathered holds the parts of an answer about all centers as of a moment.
type gathered struct {
	blocks []*block
	order  []*run // of their rows, if the answer is sorted
	moment projections.Moment
}

// gather fixes the position of the answer and returns the part about each center at this position. It reuses the
// parts of an earlier answer to the same question for the centers that have not changed. It computes the other parts
// while events are applied, and once more, while no event is applied, for the centers that got new events meanwhile.
func (d *Books) gather(ctx context.Context, q *asked, before gathered,
	one func(events.CenterID) *piece) (gathered, error) {
	g := gathered{}
	if before.moment.IsOf(d.Register) {
		g = before
	}
	was := g
	look := func() (n int, err error) {
		ids, moment := d.moved(q, g)
		made, err := d.pieces(ctx, ids, one)
		if err == nil {
			g.blocks, g.moment = replaced(g.blocks, ids, made), moment
		}
		return len(ids), err
	}
	for i, last := 0, math.MaxInt; i < lookAheadMax; i++ {
		n, err := look()
		if err != nil {
			return g, err
		}
		if n == 0 || n >= last { // no fewer centers changed meanwhile, so another pass would not help
			break
		}
		last = n
	}
	var err error
	d.exactly(q, func() { _, err = look() })
	if q.key != nil {
		g.order = ordered(was.order, was.blocks, g.blocks)
	}
	return g, err
}

// pieces makes the pieces of some centers. A piece is nil if the register does not have the center or the center is
// outside of the scope. A few pieces are made on the caller's goroutine, because waiting for another thread may take
// longer, especially under load.
func (d *Books) pieces(ctx context.Context, ids []events.CenterID, one func(events.CenterID) *piece) (made []*piece,
	err error) {
	known := func(id events.CenterID) *piece {
		if id != "" && !d.Register.Knows(id) {
			return nil
		}
		return one(id)
	}
	if len(ids) > fewPieces {
		made, err = parallel(ctx, ids, known)
	} else {
		made = make([]*piece, len(ids))
		for i, id := range ids {
			made[i] = known(id)
		}
	}
	for _, p := range made {
		if err == nil && p != nil {
			err = p.err
		}
	}
	return made, err
}

const fewPieces = 64

// lookAheadMax is the maximum number of passes in which an answer is computed while events are applied, so that few
// centers remain for the last pass, during which writers wait.
const lookAheadMax = 3

// moved lists, in order, the centers whose piece differs from that in g or is no longer needed.
func (d *Books) moved(q *asked, g gathered) (ids []events.CenterID, moment projections.Moment) {
	if of := q.Center(); of != "" {
		return []events.CenterID{of}, g.moment
	}
	changed, moment := d.Register.ChangedSince(g.moment)
	if d.Register.Scope() == nil {
		return changed, moment
	}
	seen := append([]events.CenterID{""}, d.Register.IDs()...)
	for _, b := range g.blocks {
		for _, p := range b.pieces {
			for len(seen) > 0 && seen[0] < p.center { // the center came into the scope
				ids, seen = append(ids, seen[0]), seen[1:]
			}
			isSeen := len(seen) > 0 && seen[0] == p.center
			if isSeen {
				seen = seen[1:]
			}
			for len(changed) > 0 && changed[0] < p.center { // the center is outside of the scope, or in ids already
				changed = changed[1:]
			}
			if !isSeen || len(changed) > 0 && changed[0] == p.center {
				ids = append(ids, p.center)
			}
		}
	}
	return append(ids, seen...), moment
}

// concatenate answers a list that is made center by center.
func (d *Books) concatenate(ctx context.Context, q *asked, a *Answer, in *Encoding) (err error) {
	columns, inForm := a.Columns, table.ColumnsIn(a.Columns, q.form)
	if a.gathered, err = d.gather(ctx, q, a.gathered, func(id events.CenterID) *piece {
		p := &piece{center: id}
		var rows iter.Seq[[]table.Cell]
		if rows, p.sum = q.list.each(d, q, id); rows == nil {
			return p
		}
		for row := range rows {
			if q.key != nil {
				p.keys = append(p.keys, q.key(row))
			}
			if in == nil {
				p.cells = append(p.cells, row)
			} else if p.err = p.append(in, inForm, table.CellsIn(columns, q.form, row)); p.err != nil {
				break
			}
		}
		// without unused capacity
		p.text, p.ends, p.keys = slices.Clone(p.text), slices.Clone(p.ends), slices.Clone(p.keys)
		return p
	}); err != nil {
		return err
	}
	var all sum
	count := 0
	for _, b := range a.blocks {
		all.add(&b.sum)
		count += b.rows
	}
	q.tally = all.tally
	stand := q.list.close(q, &all, count, a.Table)
	if q.key != nil {
		q.key.sort(a.Table.Rows)
	}
	switch {
	case !stand: // drop the pieces of the centers, because Hold counts only rows
		a.Rows, a.gathered = newRows(nil, nil), gathered{}
	case in != nil:
		a.Rows = newRows(a.blocks, a.order)
	default:
		rows := make([][]table.Cell, 0, count+len(a.Table.Rows))
		for x := range from(a.order, 0) {
			rows = append(rows, x.cells[x.row])
		}
		if q.key == nil {
			for _, p := range piecesOf(a.blocks) {
				rows = append(rows, p.cells...)
			}
		}
		a.Table.Rows = append(rows, a.Table.Rows...)
	}
	return nil
}

// encode moves the rows of the table under the others. Of an answer that is sorted there are no others.
func (a *Answer) encode(in *Encoding) error {
	if a.Rows != nil && len(a.Table.Rows) == 0 {
		return nil
	}
	var blocks []*block
	if a.Rows != nil {
		blocks = a.Rows.blocks
	}
	if len(a.Table.Rows) > 0 {
		p := &piece{}
		for _, row := range a.Table.Rows {
			if err := p.append(in, a.Columns, row); err != nil {
				return err
			}
		}
		blocks = appendBlocks(slices.Clip(blocks), []*piece{p})
	}
	a.Rows, a.Table.Rows = newRows(blocks, nil), nil
	return nil
}

// append adds an encoded row.
func (p *piece) append(in *Encoding, columns []table.Column, row []table.Cell) (err error) {
	p.text, err = in.Append(p.text, columns, row)
	p.ends = append(p.ends, len(p.text))
	return err
}
