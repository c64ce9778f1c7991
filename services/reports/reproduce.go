package reports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// Reproduction is the result of reproducing a report, with the first cell that differs, if any.
type Reproduction struct {
	Request
	Position uint64
	Rows     int
	Cells    int // compared and equal; of a yearly report, cells of its tables before the first difference
	Differs  *Mismatch
	Exact    bool              // nothing differs, and the file is as the program writes it, byte for byte
	Within   []events.CenterID // the centers that the account of the report saw; nil for all, or for one center
}

// Mismatch is the first cell in which a file differs from the answer of the ledger. Row counts from 1. Cell is the
// name of the cell in spreadsheet programs. Records holds the newest records behind the row, if there are any.
type Mismatch struct {
	Why      text.Text       `json:"why"`
	Sheet    string          `json:"sheet,omitzero"`
	Cell     string          `json:"cell,omitzero"`
	Row      int             `json:"row,omitzero"`
	Column   string          `json:"column,omitzero"`
	InFile   string          `json:"inFile"`
	InLedger string          `json:"inLedger"`
	Center   events.CenterID `json:"center,omitzero"`
	Records  []RecordBehind  `json:"records,omitempty"`
	// how many records are behind the row, of which Records has the newest ones
	Behind int `json:"recordsBehind,omitzero"`
	// no record of the row is known, so Records has the newest ones of the center
	Newest  bool        `json:"newest,omitzero"`
	RowData []NamedText `json:"rowData,omitempty"` // the row in the answer of the ledger
	row     int         // the row of the table, or -1
	column  int         // the column, counted among those with titles
}

// NamedText is a cell of a table with the name of its column.
type NamedText struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Reproduce reads a report, asks its question again at its position of the ledger and compares the two answers. It
// returns a *text.Error for a file that is not a report. For a report about several centers it returns
// text.Forbidden unless the account sees all of them, because the figures include all.
func Reproduce(ctx context.Context, d *lists.Books, name string, content io.ReaderAt,
	size int64) (*Reproduction, error) {
	x, err := reading(ctx, File{name, content, size})
	if x == nil {
		return nil, err
	}
	out := x.Reproduction
	if asks, err := x.asks(d); !asks || err != nil {
		return out, err
	}
	point, center := ledger.Point{Position: out.Position}, out.Question.Center()
	switch {
	case out.Position == 0: // before the first record
		return out, x.answer(d, projections.NewRegister())
	case center == "":
		return out, d.Ledger.Known(ctx, point, func(r *projections.Register) error { return x.answer(d, r) })
	}
	register, err := d.Ledger.KnownAtOf(ctx, point, center)
	if err != nil {
		return out, err
	}
	return out, x.answer(d, register)
}

// File is a report to reproduce. The ending of its name tells its format.
type File struct {
	Name    string
	Content io.ReaderAt
	Bytes   int64
}

// Readable returns the *text.Error that Reproduce returns for a file that is no report, without a ledger.
func Readable(ctx context.Context, f File) error {
	_, err := reading(ctx, f)
	return err
}

// ReproduceEach reproduces reports as Reproduce does, but reads the ledger only once for the positions of all. It
// passes the index of each file with the answers of Reproduce to each, in the order of the positions, files that are
// no report first. It returns an error of each, of ctx or of the store.
func ReproduceEach(ctx context.Context, d *lists.Books, files []File,
	each func(i int, r *Reproduction, err error) error) error {
	var due []*reproducing
	for i, f := range files {
		x, err := reading(ctx, f)
		if x != nil {
			var asks bool
			if asks, err = x.asks(d); asks && err == nil {
				x.index = i
				due = append(due, x)
				continue
			}
		}
		var out *Reproduction
		if x != nil {
			out = x.Reproduction
		}
		if err := each(i, out, err); err != nil {
			return err
		}
	}
	slices.SortStableFunc(due, func(a, b *reproducing) int { return cmp.Compare(a.Position, b.Position) })
	var positions []uint64
	for _, x := range due {
		positions = append(positions, x.Position)
	}
	return d.Ledger.Passing(ctx, slices.Compact(positions), func(position uint64, r *projections.Register) error {
		for ; len(due) > 0 && due[0].Position == position; due = due[1:] {
			err := due[0].answer(d, r)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := each(due[0].index, due[0].Reproduction, err); err != nil {
				return err
			}
		}
		return nil
	})
}

// reproducing is a report that was read, and is to be computed again.
type reproducing struct {
	*Reproduction
	seen    *scope
	compute func(*lists.Books) error // computes it from the read models at its position, and compares
	index   int                      // of the file
}

// reading reads a report up to its provenance. It returns nil for a file that is not a report.
func reading(ctx context.Context, source File) (*reproducing, error) {
	if isPage(source.Name) {
		return readingPage(ctx, source.Name, source.Content, source.Bytes)
	}
	f, err := openFile(source.Name, source.Content, source.Bytes)
	if err != nil {
		return nil, err
	}
	r, from, err := request(f)
	if err != nil {
		return nil, err
	}
	x := &reproducing{Reproduction: &Reproduction{Request: r, Position: from.position}, seen: from.asked.scope}
	prefixes := []string{from.asked.prefix}
	if from.asked.form == 1 { // reports of form 1 do not name the prefix
		prefixes = []string{"", "--"}
	}
	x.compute = func(at *lists.Books) error {
		for _, prefix := range prefixes {
			at.Prefix, at.InForm = prefix, from.asked.form
			if err := x.Reproduction.compute(ctx, at, f, from); err != nil || x.Differs == nil {
				return err
			}
		}
		return nil
	}
	return x, nil
}

// asks reports whether the report needs the read models at its position. If the ledger ends before that position, it
// notes a difference instead.
func (x *reproducing) asks(d *lists.Books) (bool, error) {
	center := x.Question.Center()
	if center == "" && !x.seen.within(d.Register) {
		return false, text.Errorf(text.Forbidden, "报表涉及账号范围以外的中心，不能核对",
			"the report is also about centers outside the scope of the account and cannot be reproduced")
	}
	if center == "" && x.seen != nil {
		x.Within = append([]events.CenterID{}, x.seen.centers...) // no center at all is not every center
	}
	if now := d.Ledger.Register().Position(); x.Position > now {
		x.Differs = &Mismatch{row: -1, InFile: strconv.FormatUint(x.Position, 10),
			InLedger: strconv.FormatUint(now, 10),
			Why: text.Say("台账只到位置 %d，报表写于位置 %d：这是另一部台账，或缺了记录", "the ledger ends at "+
				"position %d and the report was written at %d: it is another ledger, or records are missing", now,
				x.Position)}
		return false, nil
	}
	if center != "" && !d.Register.Knows(center) {
		return false, lists.UnknownCenter(center)
	}
	return true, nil
}

// answer computes the report from the read models at its position, and compares. They may have more centers than the
// account sees. The last of several calls counts.
func (x *reproducing) answer(d *lists.Books, at *projections.Register) error {
	at = at.Within(d.Register.Scope())
	if x.seen != nil {
		at = at.Within(x.seen.sees)
	}
	return x.compute(&lists.Books{Ledger: d.Ledger, Register: at, Root: d.Root, Prefix: d.Prefix, Partial: d.Partial})
}

// foreignOrigin is the reason for a difference in the provenance.
var foreignOrigin = text.Say("出处与台账不符：出处被改过，或这是另一部台账",
	"the provenance is not that of the ledger: it was changed, or the ledger is another one")

// compute computes the report again and compares it with the file.
func (out *Reproduction) compute(ctx context.Context, d *lists.Books, f file, from provenance) error {
	report, err := Make(ctx, d, out.Request)
	var unasked *text.Error
	if errors.As(err, &unasked) && unasked.Param != "" {
		return notOurs("出处中的查询不成立："+unasked.Text().Zh, "the question in its provenance is none: "+
			unasked.Text().En)
	}
	if err != nil {
		return err
	}
	out.Rows = report.rows
	report.formless = from.formless
	if from.record == "" || report.last.Position > 0 && report.last.ID == "" {
		report.last.ID = from.record // not compared: the writer of the file or the reader may not see that record
	}
	if d.Partial && report.last.Position == 0 {
		report.last = lastRecord{events.Place{Position: report.Position, RecordedAt: from.recordedAt}, from.record}
	}
	if out.Differs, out.Cells, err = report.compare(f); err != nil {
		return err
	}
	if x, ok := f.(*xlsxFile); ok && out.Differs == nil {
		out.Differs, err = report.firstLie(x)
	}
	if out.Exact = err == nil && out.Differs == nil && report.exactly(f); err != nil || out.Differs == nil {
		return err
	}
	return out.Differs.trace(ctx, d.Ledger, d.Register, report)
}

// compare returns the first difference, or nil, and the number of cells that are equal before it.
func (r *Report) compare(f file) (differs *Mismatch, equal int, err error) {
	sheets, names := r.Sheets(), f.names()
	for _, s := range sheets {
		if !slices.Contains(names, s.Name) {
			return &Mismatch{row: -1, Sheet: s.Name,
				Why: text.Say("缺少工作表“%s”", "the sheet %q is missing", s.Name)}, 0, nil
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(sheets, func(s Sheet) bool { return s.Name == name }) {
			return &Mismatch{row: -1, Sheet: name,
				Why: text.Say("工作表“%s”不属于报表", "the sheet %q is no part of the report", name)}, 0, nil
		}
	}
	for _, s := range sheets {
		d, n, err := r.compareSheet(f, s)
		if equal += n; d != nil || err != nil {
			return d, equal, err
		}
	}
	return nil, equal, nil
}

// compareSheet compares a sheet with the file row by row, with one row of each in memory.
func (r *Report) compareSheet(f file, s Sheet) (differs *Mismatch, equal int, err error) {
	nextFound, stop := iter.Pull2(f.rows(s.Name))
	defer stop()
	nextLine, stopLines := iter.Pull(iter.Seq[Line](s.Lines))
	defer stopLines()
	glance := f.glanceAt(s.Name)
	for row := 1; ; row++ {
		want, more := nextLine()
		got, err, left := nextFound()
		if err != nil {
			return nil, equal, err
		}
		if !more && !left {
			return nil, equal, nil
		}
		column := firstUnequal(f, got, want)
		if column < 0 { // the cells are equal; an extra blank row does not count
			equal += len(want.Cells)
			glance.see(&got, want)
			continue
		}
		equal += column
		d := r.differenceAt(f, s, got, want, row, column)
		if !more {
			d.Why = text.Say("文件多出这一行", "the file has a row more")
			return d, equal, nil
		}
		if !left {
			d.Why = text.Say("文件缺少这一行", "the file lacks this row")
			return d, equal, nil
		}
		return d, equal, explainShift(f, d, got, want, nextFound, nextLine)
	}
}

// explainShift adds to the reason that a whole row was inserted or removed, if so.
func explainShift(f file, d *Mismatch, got spreadsheet.Row, want Line,
	nextFound func() (spreadsheet.Row, error, bool), nextLine func() (Line, bool)) error {
	after, ok := nextLine()
	if ok && len(got.Cells) > 0 && firstUnequal(f, got, after) < 0 {
		d.Why = text.Say("文件缺少这一行", "the file lacks this row")
		return nil
	}
	got, err, ok := nextFound()
	if ok && err == nil && len(got.Cells) > 0 && firstUnequal(f, got, want) < 0 {
		d.Why = text.Say("文件多出这一行", "the file has a row more")
	}
	return err
}

// firstUnequal returns the first column in which a row of the file differs from want, or -1.
func firstUnequal(f file, got spreadsheet.Row, want Line) int {
	for i := range max(len(got.Cells), len(want.Cells)) {
		if !f.is(got.At(i), valueAt(want, i)) {
			return i
		}
	}
	return -1
}

func valueAt(l Line, i int) Value {
	if i < len(l.Cells) {
		return l.Cells[i]
	}
	return Value{}
}

func (r *Report) differenceAt(f file, s Sheet, got spreadsheet.Row, want Line, row, column int) *Mismatch {
	c, v := got.At(column), valueAt(want, column)
	d := &Mismatch{Sheet: s.Name, Row: row, Cell: spreadsheet.Letters(column) + strconv.Itoa(row), row: -1,
		column: column,
		Why:    text.Say("单元格与台账不符", "a cell is not what the ledger gives"), InFile: shown(f, c, v),
		InLedger: v.Text}
	switch {
	case want.Look == Note:
		d.Column = want.Cells[0].Text
	case want.Look == Origin:
		d.Column = want.Cells[0].Text
		d.Why = foreignOrigin
	case want.Look == Plain && len(want.Cells) > 0 || want.Look == Total:
		d.Column = valueAt(r.headings(), column).Text
		if want.Look == Plain {
			d.row = want.row
		}
	}
	return d
}

// shown returns the text of a cell of a file, in the form of the value that it is compared with.
func shown(f file, c spreadsheet.Cell, beside Value) string {
	if c.Formula != "" {
		return c.Formula
	}
	x, isXLSX := f.(*xlsxFile)
	num := c.Number
	if !isXLSX || !c.IsNumber() || c.Sort == spreadsheet.Date && num == math.Trunc(num) {
		return c.Text
	}
	switch beside.Sort {
	case Date:
		if d := spreadsheet.Epoch + events.Date(num); num == float64(int32(num)) && d >= spreadsheet.FirstDay &&
			x.is(c, Value{Sort: Date, Text: d.String()}) {
			return d.String()
		}
	case Percent:
		return strconv.FormatFloat(num*100, 'f', -1, 64)
	case Money:
		if s := strconv.FormatFloat(num, 'f', 2, 64); x.is(c, Value{Sort: Money, Text: s}) {
			return s
		}
	}
	return strconv.FormatFloat(num, 'f', -1, 64)
}

// trace adds to the mismatch the records behind its row.
func (d *Mismatch) trace(ctx context.Context, l *ledger.Ledger, register *projections.Register, r *Report) error {
	if d.row < 0 || d.row >= len(r.Table.Rows) {
		return nil
	}
	row := rowOf(r.Table, d.row)
	for _, c := range row.columns {
		if _, isRecord := row.cells[c].Data.(jsontext.Value); isRecord {
			// left out: it has up to 1 MiB, and the id beside it is enough
			continue
		}
		if text := row.text(c); text != "" {
			d.RowData = append(d.RowData, NamedText{c, text})
		}
	}
	t := tracer{ledger: l, register: register, on: r.Question.On, position: r.Position}
	if err := t.behind(ctx, row, r.columnName(d.column), d); err != nil {
		return fmt.Errorf("reports: look for records: %w", err)
	}
	return nil
}
