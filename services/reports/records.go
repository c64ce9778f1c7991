package reports

import (
	"bytes"
	"context"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// RecordBehind is a record from which a row of a report follows.
type RecordBehind struct {
	ID       uuid.UUID   `json:"id"`
	Position uint64      `json:"position"`
	Kind     events.Kind `json:"kind"`
	On       events.Date `json:"on,omitzero"` // left out if the record cannot be decoded
	Doc      string      `json:"doc,omitzero"`
}

// recordsMax is the maximum number of records that are named. The newest ones are named.
const recordsMax = 5

// tableRow is a row of a table that finds cells by the names of their columns.
type tableRow struct {
	columns []string
	cells   map[string]table.Cell
}

func rowOf(t *table.Table, i int) tableRow {
	row := tableRow{cells: map[string]table.Cell{}}
	for j, c := range t.Columns {
		if c.Name != "" {
			row.columns = append(row.columns, c.Name)
			row.cells[c.Name] = t.Rows[i][j]
		}
	}
	return row
}

func (r tableRow) text(name string) string { return r.cells[name].CSV() }

// tracer finds the records behind a row, as known at a position.
type tracer struct {
	ledger   *ledger.Ledger
	register *projections.Register
	on       events.Date
	position uint64
}

// thingColumns holds the columns that name the subject of a few records, the most specific column first.
var thingColumns = []string{"voucher", "reversalVoucher", "grant", "match", "project", "taskBook", "incident",
	"finding", "listing", "trial"}

// behind finds the records behind a row. It looks in this order and stops at the first that it finds: the record that
// the row names; the records from which the alert of the row follows; the records from which the figure in the column
// follows; the records that name the subject of the row; the newest record of the center. A row about several centers
// has none.
func (t *tracer) behind(ctx context.Context, row tableRow, column string, d *Mismatch) (err error) {
	center := events.CenterID(row.text("center"))
	d.Center = center
	stream := center.Stream()
	if center == "" {
		stream = ""
	}
	var wanted func(s *events.Stored) bool
	if id, position := row.record(); id != uuid.Nil || position > 0 {
		wanted = func(s *events.Stored) bool { return s.ID == id || s.Position == position }
		d.Records, d.Behind, err = t.collect(ctx, stream, wanted)
		return err
	}
	if !t.register.Knows(center) {
		return nil
	}
	if ids := t.alert(center, row); len(ids) > 0 {
		wanted = func(s *events.Stored) bool { return slices.Contains(ids, s.ID) }
		d.Records, d.Behind, err = t.collect(ctx, stream, wanted)
		return err
	}
	if ids := t.money(center, row, column); len(ids) > 0 {
		wanted = func(s *events.Stored) bool { return ids[s.ID] }
		d.Records, d.Behind, err = t.collect(ctx, stream, wanted)
		return err
	}
	for _, name := range thingColumns {
		thing, ok := row.cells[name].Data.(string)
		if !ok || thing == "" {
			continue
		}
		quoted, err := json.Marshal(thing)
		if err != nil {
			continue
		}
		wanted = func(s *events.Stored) bool { return bytes.Contains(s.Body, quoted) }
		if d.Records, d.Behind, err = t.collect(ctx, stream, wanted); err != nil || len(d.Records) > 0 {
			return err
		}
	}
	list, _, err := t.collect(ctx, stream, func(*events.Stored) bool { return true })
	d.Records, d.Newest = list[max(0, len(list)-1):], true
	return err
}

// record returns the id or the position of the record that a row names.
func (r tableRow) record() (id uuid.UUID, position uint64) {
	for _, name := range []string{"record", "event", "id"} {
		if id, err := uuid.Parse(r.text(name)); err == nil {
			return id, 0
		}
	}
	if n, ok := r.cells["position"].Data.(int64); ok && n > 0 {
		position = uint64(n)
	}
	return uuid.Nil, position
}

// money returns the ids of the records behind a figure, if the row is a line of the execution report for one
// fiscal year and scope.
func (t *tracer) money(center events.CenterID, row tableRow, column string) map[uuid.UUID]bool {
	year, isYear := row.cells["fiscalYear"].Data.(int64)
	scope, isScope := row.cells["scope"].Data.(string)
	if !isYear || !isScope {
		return nil
	}
	figures := figuresIn(column)
	ids := map[uuid.UUID]bool{}
	for _, m := range t.register.Movements(center, t.on, int(year), aggregates.Scope(scope)) {
		if slices.ContainsFunc(figures, m.Behind) {
			ids[m.From.ID] = true
		}
	}
	return ids
}

// figuresIn returns the figures that a column shows. A column that shows none, such as the scope, is traced like
// the balance.
func figuresIn(column string) []func(aggregates.Money) events.Fen {
	switch f := lists.FigureIn(column); {
	case f != nil:
		return []func(aggregates.Money) events.Fen{f}
	case column == "ratePercent", column == "low":
		return []func(aggregates.Money) events.Fen{aggregates.Money.AvailableFen, aggregates.Money.ExecutedFen}
	}
	return []func(aggregates.Money) events.Fen{aggregates.Money.BalanceFen}
}

// alert returns the ids of the records that the alert of a row follows from.
func (t *tracer) alert(center events.CenterID, row tableRow) (ids []uuid.UUID) {
	code := aggregates.Code(row.text("code"))
	if aggregates.LookupAlert(code) == nil {
		return nil
	}
	raisedOn, _ := events.ParseDate(row.text("raisedOn")) // without a date, alerts of every date match
	for _, x := range t.register.Explain(center, t.on, code, row.text("key"), raisedOn) {
		ids = append(ids, x.Because...)
	}
	return ids
}

// collect reads a stream, or all streams for "", up to the position. It returns the newest wanted records whose date
// is not after the date of the question, and how many there are in all.
func (t *tracer) collect(ctx context.Context, stream events.StreamID,
	wanted func(*events.Stored) bool) (list []RecordBehind, all int, err error) {
	read := t.ledger.ReadAll(ctx, 0)
	if stream != "" {
		read = t.ledger.ReadStream(ctx, stream, 0)
	}
	for s, err := range read {
		if err != nil {
			return nil, 0, err
		}
		if s.Position > t.position {
			break
		}
		if !t.register.SeesStream(s.Stream) || !wanted(&s) {
			continue
		}
		found := RecordBehind{ID: s.ID, Position: s.Position, Kind: s.Kind}
		if rec, err := events.DecodeEvent(s); err == nil { // a record that does not decode is listed too
			if rec.On > t.on {
				continue
			}
			found.On, found.Doc = rec.On, rec.Doc
		}
		all++
		list = append(list, found)
		if len(list) > recordsMax {
			list = slices.Delete(list, 0, 1)
		}
	}
	return list, all, nil
}
