package console

import (
	"slices"
	"strconv"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/imports"
	"github.com/taizhang/taizhang/services/sheets"
)

// grid is a page of the rows of the sheets of a dry run.
type grid struct {
	Tables []*gridTable
	Rows   int // rows of records in all
	Bad    int // rows that would be refused

	toCheck []desk.NamedLine // the notes on rows that somebody should check
}

// gridTable is a table with the rows of it that are on the page.
type gridTable struct {
	Kind      *sheets.SheetKind
	Worksheet string
	Headings  []string
	Rows      []*gridRow
	names     []string // of the columns, as reasons name them
}

// gridRow is a row with the answer to it.
type gridRow struct {
	Number   int
	Cells    []gridCell
	Answer   string
	Word     text.Text
	Shape    string
	Class    string
	Reasons  []text.Text // against the row as a whole
	Warnings []text.Text
	Alike    []alikeRecord
	Record   string // the address of its record, if the ledger has it
	Balances []shownBalance
}

// gridCell is a cell with what is wrong with it.
type gridCell struct {
	Name, Text, Label string // the name is also the id
	Long, Input       bool
	Wrong             []text.Text
}

// showBad and showAll are the values of the parameter show: the rows that would be refused, or all rows.
const (
	showBad = "bad"
	showAll = "all"
)

// fillGrid reads the rows of the page. It shows all rows of a short sheet, and of a longer one first the bad rows.
func (v *visit) fillGrid(page *importShown, x *imports.Job, toCheck []desk.NamedLine) error {
	g := &grid{toCheck: toCheck}
	err := eachGridRow(x, func(r *imports.GridRow) error {
		if r.Answer != "" {
			g.Rows++
		}
		if r.Answer == desk.Refused {
			g.Bad++
		}
		return nil
	})
	if err != nil || g.Rows == 0 {
		return err
	}
	page.Grid = g
	show := v.param("show")
	if show != showBad && show != showAll {
		if show = showAll; g.Bad > 0 && g.Rows > gridPageRows {
			show = showBad
		}
	}
	count := g.Rows
	if show == showBad {
		count = g.Bad
	}
	number, _ := strconv.Atoi(v.param("page")) // 0 for anything else
	number = min(max(number, 1), max(1, (count+gridPageRows-1)/gridPageRows))
	page.Edit = v.param("edit") != ""
	if page.All = v.here("edit", "1", "mended", ""); page.Edit {
		page.All = v.here("edit", "", "mended", "")
	}
	page.Tabs = []choice{
		{text.Say("有错误 %d 行", "with mistakes: %d", g.Bad), v.here("show", showBad, "page", "", "mended", ""), show == showBad},
		{text.Say("全部 %d 行", "all: %d", g.Rows), v.here("show", showAll, "page", "", "mended", ""), show == showAll}}
	for k := 1; count > gridPageRows && (k-1)*gridPageRows < count; k++ {
		page.Pages = append(page.Pages, choice{text.Same(strconv.Itoa(k)), v.here("page", strconv.Itoa(k), "mended", ""),
			k == number})
	}
	return v.readGrid(g, x, show == showBad, (number-1)*gridPageRows, page.Edit)
}

// readGrid fills in the rows of a page: those after the first ones that it skips. Rows of no record, such as totals,
// are shown with all rows when every cell can be mended.
func (v *visit) readGrid(g *grid, x *imports.Job, bad bool, skip int, edit bool) error {
	var t *gridTable
	at := 0
	return eachGridRow(x, func(r *imports.GridRow) error {
		if r.IsHeadings() {
			t = &gridTable{Kind: sheets.Find(r.Kind), Worksheet: r.Worksheet, Headings: r.Cells, names: r.Names}
			return nil
		}
		isRecord := r.Answer != ""
		isOnPage := at >= skip && at < skip+gridPageRows
		if isRecord && (!bad || r.Answer == desk.Refused) {
			at++
		} else if isRecord || bad || !edit {
			return nil
		}
		if !isOnPage {
			return nil
		}
		if !slices.Contains(g.Tables, t) {
			g.Tables = append(g.Tables, t)
		}
		row, err := v.gridRow(t, r, edit)
		for _, n := range g.toCheck {
			if n.Worksheet == r.Worksheet && n.Row == r.Row {
				row.Warnings = append(row.Warnings, n.Text)
			}
		}
		t.Rows = append(t.Rows, row)
		return err
	})
}

// gridRow returns a row of a table as it is shown.
func (v *visit) gridRow(t *gridTable, r *imports.GridRow, edit bool) (*gridRow, error) {
	row := &gridRow{Number: r.Row, Answer: r.Answer}
	switch r.Answer {
	case desk.Accepted:
		row.Word, row.Shape, row.Class = text.Say("可以入账", "accepted"), "✓", "good"
	case desk.Repeated:
		row.Word, row.Shape, row.Class = text.Say("此前已入账", "recorded before"), "●", "blue"
	case desk.Refused:
		row.Word, row.Shape, row.Class = text.Say("将被拒绝", "refused"), "▲", "red"
	}
	t.Headings = append(t.Headings, make([]string, max(0, len(r.Cells)-len(t.Headings)))...)
	for j := range t.Headings {
		cell := gridCell{Name: cellName(r.Sheet, r.Row, j), Text: at0(r.Cells, j), Label: at0(t.names, j),
			Input: edit || r.Answer == desk.Refused}
		if now, ok := v.PostForm[cell.Name]; ok && cell.Input { // of a form that was kept
			cell.Text = now[0]
		}
		cell.Long = len([]rune(cell.Text)) > 12
		row.Cells = append(row.Cells, cell)
	}
	for _, why := range r.Reasons {
		what := why.Reason.Reason
		if j := slices.Index(t.names, why.Field); j >= 0 {
			row.Cells[j].Wrong = append(row.Cells[j].Wrong, what)
		} else {
			row.Reasons = append(row.Reasons, what)
		}
	}
	return row, v.fillRecord(t, r, row)
}

// fillRecord fills in what the first row of a record shows: warnings, balances, and records that it may repeat.
func (v *visit) fillRecord(t *gridTable, r *imports.GridRow, row *gridRow) (err error) {
	x := r.Record
	if x == nil {
		return nil
	}
	row.Warnings = x.Warnings
	for _, b := range x.Balances {
		row.Balances = append(row.Balances, shownBalance{b.Grant, events.FormatYuan(b.BeforeFen),
			events.FormatYuan(b.AfterFen)})
	}
	switch x.Answer {
	case desk.Repeated:
		row.Record = v.recordPath(string(x.Center), x.ID)
	case desk.Accepted:
		payee := ""
		for j, heading := range t.Headings {
			if c := t.Kind.Headed(heading); c != nil && c.Field == "payee" {
				payee = at0(r.Cells, j)
			}
		}
		row.Alike, err = v.alikeTo(x.ID, string(x.Center), string(x.Kind), x.On.Date, x.AmountFen, payee)
	}
	return err
}
