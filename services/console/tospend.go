package console

import (
	"bytes"
	"context"
	"strconv"
	"strings"

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
// The rows of the list are kept without the column. Each kept row begins with its key, the center if it has an amount,
// and a zero byte. The methods of a nil toSpend are for a list without the column.
type toSpend struct {
	v       *visit
	q       lists.Question // for the amounts
	year    int
	scope   aggregates.Scope
	isWhole bool // the amounts are those of all lines of the list, so that the foot has their sum
	by      map[string]events.Fen
	note    text.Text
}

// newToSpend returns the column for a question that was read, without its amounts, or nil if the answer has no such
// column.
func (v *visit) newToSpend(q lists.Question) *toSpend {
	if q.List != "execution" || !isByCenter(q) {
		return nil
	}
	x := &toSpend{v: v, year: v.on.Year(), scope: aggregates.Scope(q.Params["scope"]), by: map[string]events.Fen{},
		q:       lists.Question{List: "due", On: v.on, Params: map[string]string{"spend": "true"}},
		isWhole: q.Params["name"] == "" && q.Params["low"] == ""}
	if year := q.Params["year"]; year != "" && year != strconv.Itoa(x.year) {
		return nil
	}
	if x.scope == "" {
		x.scope = aggregates.ProvinceScope
	}
	if x.scope != aggregates.ProvinceScope && x.scope != aggregates.FiscalScope {
		return nil
	}
	for _, name := range []string{"center", "region"} {
		if value := q.Params[name]; value != "" {
			x.q.Params[name] = value
		}
	}
	x.note = text.Say("尚须支出：到 %s（含）前还须支出的省级资金，%d 年度执行率才不偏低；空白为不须再支出。",
		"To spend: provincial money that must still be spent by %s so that the rate of %d is not low; blank for "+
			"nothing.", events.YearEnd(x.year), x.year)
	return x
}

// fillToSpend asks for the amounts. They are kept for all who see the same centers.
func (v *visit) fillToSpend(x *toSpend) error {
	if x == nil {
		return nil
	}
	kept, err := v.answer(x.q, answers.Form{Name: "to spend", Make: keepToSpend})
	if err != nil {
		return err
	}
	for line := range bytes.Lines(kept.Above) {
		center, fen, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		n, _ := strconv.ParseInt(fen, 10, 64) // written below
		x.by[center] = events.Fen(n)
	}
	return nil
}

// keepToSpend writes a line for each center: its id and its amount in fen.
func keepToSpend(ctx context.Context, r *answers.Request, _ *lists.Answer) (answers.Content, error) {
	t, err := r.Desk.List(ctx, r.When, r.Question)
	if err != nil {
		return answers.Content{}, err
	}
	var to []byte
	center, amount := columnAt(t.Columns, "center"), columnAt(t.Columns, "toSpendFen")
	for _, row := range t.Rows {
		to = append(append(to, row[center].CSV()...), ' ')
		to = append(append(to, row[amount].CSV()...), '\n')
	}
	return answers.Content{Position: t.Position, Above: to, Count: len(t.Rows)}, nil
}

// isOf reports whether a row is about the year and the scope of the amounts.
func (x *toSpend) isOf(columns []table.Column, row []table.Cell) bool {
	return row[columnAt(columns, "fiscalYear")].CSV() == strconv.Itoa(x.year) &&
		row[columnAt(columns, "scope")].CSV() == string(x.scope)
}

// appendKey appends the key of a row that is to be kept.
func (x *toSpend) appendKey(to []byte, columns []table.Column, row []table.Cell) []byte {
	if x == nil {
		return to
	}
	if x.isOf(columns, row) {
		to = append(to, row[columnAt(columns, "center")].CSV()...)
	}
	return append(to, 0)
}

// appendKept appends a kept row with its cell.
func (x *toSpend) appendKept(to, row []byte) []byte {
	if x == nil {
		return append(to, row...)
	}
	center, row, _ := bytes.Cut(row, []byte{0})
	return x.appendCell(append(to, row...), x.by[string(center)], "center", string(center))
}

// appendTotal appends the cell of a row of totals.
func (x *toSpend) appendTotal(to []byte, columns []table.Column, row []table.Cell) []byte {
	if x == nil {
		return to
	}
	var sum events.Fen
	if x.isWhole && x.isOf(columns, row) {
		for _, fen := range x.by {
			sum += fen
		}
	}
	return x.appendCell(to, sum, "region", x.q.Params["region"])
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
