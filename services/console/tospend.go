package console

import (
	"bytes"
	"strconv"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// toSpend is a column that the page of the execution of money adds to the list: what a center must still spend by the
// end of the year so that its rate is not low. The amounts are those of due --spend. They stand in the lines of the
// current year of one scope: that of the rate, or another one that the page is about and that contains it. The file of
// the list does not have the column.
//
// The amount of a center is computed when its rows are encoded, so it is kept with them until the center changes. Each
// kept row begins with its amount in fen and a zero byte, for the sum. The methods of a nil toSpend are for a list
// without the column.
type toSpend struct {
	v     *visit
	year  int
	scope aggregates.Scope
	of    func(events.CenterID) events.Fen
	note  text.Text
	sum   events.Fen // of all rows of the answer
}

// newToSpend returns the column for a question that was read, or nil if its answer does not have it.
func (v *visit) newToSpend(q lists.Question) (*toSpend, error) {
	if q.List != "execution" || !isByCenter(q) {
		return nil, nil
	}
	x := &toSpend{v: v, year: v.on.Year(), scope: aggregates.Scope(q.Params["scope"]), of: v.shortfall}
	if year := q.Params["year"]; year != "" && year != strconv.Itoa(x.year) {
		return nil, nil
	}
	if x.scope == "" {
		x.scope = aggregates.ProvinceScope
	}
	if x.scope != aggregates.ProvinceScope && x.scope != aggregates.FiscalScope {
		return nil, nil
	}
	x.note = text.Say("尚须支出：到 %s（含）前还须支出的省级资金，%d 年度执行率才不偏低；空白为不须再支出。",
		"To spend: provincial money that must still be spent by %s so that the rate of %d is not low; blank for "+
			"nothing.", events.YearEnd(x.year), x.year)
	if v.when.KnownAt == "" {
		return x, nil
	}
	params := []string{"spend", "true", "center", q.Params["center"]}
	by, err := keep(v, "to spend", v.questionOf("due", params...), func(a *asking) (map[string]events.Fen, error) {
		known, err := a.list("due", params...)
		if err != nil {
			return nil, err
		}
		by, amount := map[string]events.Fen{}, columnAt(known.Columns, "toSpendFen")
		for _, row := range known.Rows {
			by[known.code(row, "center")], _ = row[amount].Data.(events.Fen)
		}
		return by, nil
	})
	if err != nil {
		return nil, err
	}
	x.of = func(id events.CenterID) events.Fen { return by[string(id)] }
	return x, nil
}

// shortfall returns what a center must still spend, as known now.
func (v *visit) shortfall(id events.CenterID) events.Fen {
	if s, low := v.p.Answers.Desk.Ledger.Register().Shortfall(id, v.on); low {
		return s.ToSpendFen
	}
	return 0
}

// isOf reports whether a row is about the year and the scope of the amounts.
func (x *toSpend) isOf(columns []table.Column, row []table.Cell) bool {
	return row[columnAt(columns, "fiscalYear")].CSV() == strconv.Itoa(x.year) &&
		row[columnAt(columns, "scope")].CSV() == string(x.scope)
}

// append appends the cell of a row that was appended after the first bytes of to, and puts the amount before the row.
func (x *toSpend) append(to []byte, from int, columns []table.Column, row []table.Cell) []byte {
	if x == nil {
		return to
	}
	var fen events.Fen
	center := row[columnAt(columns, "center")].CSV()
	if x.isOf(columns, row) {
		fen = x.of(events.CenterID(center))
	}
	written := bytes.Clone(to[from:])
	to = append(strconv.AppendInt(to[:from], int64(fen), 10), 0)
	return x.appendCell(append(to, written...), fen, "center", center)
}

// shown returns the kept rows from one, counted from 0, up to but without another one, and sums the amounts of all.
func (x *toSpend) shown(kept *answers.Snapshot, from, to int) (rows []byte) {
	if kept.Count > 0 {
		rows = make([]byte, 0, (kept.Bytes()/kept.Count+64)*(to-from))
	}
	if x == nil {
		for row := range kept.Rows(from, to) {
			rows = append(rows, row...)
		}
		return rows
	}
	n := 0
	for row := range kept.Rows(0, kept.Count) {
		amount, row, _ := bytes.Cut(row, []byte{0})
		fen, _ := strconv.ParseInt(string(amount), 10, 64) // written by append
		x.sum += events.Fen(fen)
		if from <= n && n < to {
			rows = append(rows, row...)
		}
		n++
	}
	return rows
}

// appendTotal appends the cell of a row of totals. param and value restrict the centers.
func (x *toSpend) appendTotal(to []byte, columns []table.Column, row []table.Cell) []byte {
	switch {
	case x == nil:
		return to
	case x.isOf(columns, row):
		return x.appendCell(to, x.sum, "region", x.v.query.Get("region"))
	}
	return x.appendCell(to, 0, "", "")
}

// appendCell appends a cell to a row that is written, with a link to the centers that must still spend. param
// restricts them.
func (x *toSpend) appendCell(to []byte, fen events.Fen, param, value string) []byte {
	to = append(bytes.TrimSuffix(to, rowEnd), `<td class="n">`...)
	if fen != 0 {
		to = appendText(append(to, `<a href="`...), x.v.link("/due", "spend", "true", param, value))
		to = append(appendText(append(to, `">`...), x.v.amount(fen)), "</a>"...)
	}
	return append(append(to, "</td>"...), rowEnd...)
}

var rowEnd = []byte("</tr>\n")

func (x *toSpend) appendHeading(to []byte, v *visit) []byte {
	if x == nil {
		return to
	}
	to = append(to, `<th scope="col" class="n">`...)
	return append(appendText(to, v.say("尚须支出", "to spend")), "</th>"...)
}
