package sheets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// reading is one row with the values read from its cells.
type reading struct {
	row   *spreadsheet.Row
	cells cells
	bad   []RowBreach
}

// gather makes the records of the rows under the headings.
func (s *Sheet) gather(cfg ReadConfig) error {
	s.first = map[int]*entry{}
	if len(s.grid.rows)-1-s.heads.row > rowsMax {
		return errRows()
	}
	merged, err := s.mergedCells()
	if err != nil {
		return err
	}
	sorts := s.sortRows()
	if err := s.passOver(sorts); err != nil {
		return err
	}
	s.lookAtDays(sorts)
	byIdentity := map[string]*entry{}
	var strays []stray
	var last *entry // the record of the last row that could be assigned
	totals := newControl(s)
	for i := s.heads.row + 1; i < len(s.grid.rows); i++ {
		if sorts[i] == aTotal {
			if err := totals.check(&s.grid.rows[i]); err != nil {
				return err
			}
		}
		if sorts[i] != aRow {
			continue
		}
		r := s.readRow(&s.grid.rows[i], merged)
		if err := s.findEntries(r, cfg); err != nil {
			return err
		}
		s.Rows++
		totals.see(r)
		identity := s.identity(r)
		e := byIdentity[identity]
		if identity == "" || e == nil {
			e = &entry{}
			s.entries = append(s.entries, e)
			s.first[r.row.Number] = e
		}
		if identity != "" {
			byIdentity[identity] = e
		}
		s.join(e, r)
		if s.isKnown(r) {
			last = e
		} else {
			strays = append(strays, stray{r, last})
		}
	}
	if err := totals.end(); err != nil {
		return err
	}
	s.doubt(strays)
	for _, e := range s.entries {
		for _, r := range e.rows {
			e.problems = append(e.problems, r.bad...)
		}
		if len(e.problems) == 0 {
			s.make(e, cfg)
			s.nameTwins(e)
		}
	}
	slices.SortStableFunc(s.named, func(a, b Named) int { return a.Row - b.Row })
	return nil
}

// nameTwins adds a note to each of the equal rows of one record, since one of them may be a copy by mistake.
func (s *Sheet) nameTwins(e *entry) {
	if len(e.rows) == 1 {
		return
	}
	first := map[string]*reading{}
	named := map[*reading]bool{}
	name := func(r, twin *reading) {
		s.toCheck(r.row.Number, s.key().Heading,
			text.Say("与第 %d 行是同一凭证、同一经费、同一金额，两行都已计入：如果是重复抄写，请删去一行",
				"has the voucher, the grant and the amount of row %d, and both rows count: if one was copied twice, "+
					"delete it", twin.row.Number))
	}
	for _, r := range e.rows {
		var key strings.Builder
		for _, field := range s.Kind.lines {
			fmt.Fprintf(&key, "%s\x00%d\x00", r.cells[field].text, r.cells[field].fen)
		}
		twin := first[key.String()]
		if twin == nil {
			first[key.String()] = r
			continue
		}
		if !named[twin] {
			named[twin] = true
			name(twin, r)
		}
		name(r, twin)
	}
}

// mergedCells returns, by row, the merged ranges with content in columns that are read. Only the first cell of a
// range has a value; the meaning of the others is unknown.
func (s *Sheet) mergedCells() (byRow map[int][]spreadsheet.Range, err error) {
	byRow = map[int][]spreadsheet.Range{}
	count := 0
	rows := s.grid.rows
	for _, m := range s.grid.merged {
		i, isThere := slices.BinarySearchFunc(rows, m.FirstRow, func(r spreadsheet.Row, number int) int {
			return r.Number - number
		})
		isOne := m.FirstRow == m.LastRow && m.FirstColumn == m.LastColumn
		if isOne || !isThere || isEmpty(rows[i].At(m.FirstColumn)) || !s.isRead(m) {
			continue
		}
		for ; i < len(rows) && rows[i].Number <= m.LastRow; i++ {
			if count++; count > rowsMax {
				return nil, say("合并的单元格超过 %d 行的上限",
					"merged cells lie in more than the limit of %d rows", rowsMax)
			}
			byRow[rows[i].Number] = append(byRow[rows[i].Number], m)
		}
	}
	return byRow, nil
}

// isRead reports whether a column of a range is read.
func (s *Sheet) isRead(m spreadsheet.Range) bool {
	for j, i := range s.heads.column {
		if i >= 0 && m.FirstColumn <= j && j <= m.LastColumn {
			return true
		}
	}
	return false
}

// readRow reads the cells of one row.
func (s *Sheet) readRow(row *spreadsheet.Row, merged map[int][]spreadsheet.Range) *reading {
	r := &reading{row: row, cells: cells{}}
	add := func(heading string, why text.Text) {
		r.bad = append(r.bad, RowBreach{row.Number, aggregates.Breach{Field: heading, Reason: why}})
	}
	if row.Hidden {
		add(s.key().Heading, text.Say("是隐藏的行：请显示或删除", "the row is hidden: show it or delete it"))
	}
	isStruck := s.isStruck(row)
	if isStruck {
		add(s.key().Heading, text.Say("整行带删除线：要保留请去掉删除线，不要请删除该行",
			"the whole row is struck through: remove the line if it is to count, or delete the row"))
	}
	for _, m := range merged[row.Number] {
		add(s.heading(m.FirstColumn),
			text.Say("%s 列的单元格是合并的：请取消合并，逐格填写",
				"its cell in column %s is merged: unmerge and fill in each", spreadsheet.Letters(m.FirstColumn)))
	}
	columns := s.under(s.day(row))
	for j := range max(len(row.Cells), len(s.heads.column)) {
		x := row.At(j)
		switch {
		case j == s.heads.reason:
		case j >= len(s.heads.column) || s.heads.column[j] < 0:
			if s.isUntitled(j) && !isEmpty(x) {
				add(s.heading(j), text.Say("该列没有标题，此行却有内容",
					"the column has no heading, but this row has something in it"))
			}
		default:
			c := &columns[s.heads.column[j]]
			x.Struck = x.Struck && !isStruck // reported once for the whole row
			v, why, ok := c.read(x)
			if ok && s.utc[j] {
				why = inUTC(x)
				ok = why == text.Text{}
			}
			if !ok {
				add(c.Heading, why)
			} else if c.Field == "on" && s.today != 0 && v.on > s.today {
				add(c.Heading, text.Say("日期 %s 晚于今天 %s：请核对年份",
					"the date %s lies after today, %s: check the year", v.on, s.today))
			}
			r.cells[c.Field] = v
		}
	}
	for i := range columns {
		j := slices.Index(s.heads.column, i)
		if why := s.Kind.misplaced(&columns[i], columns, r.cells, j >= 0 &&
			!isEmpty(row.At(j))); why != (text.Text{}) {
			add(columns[i].Heading, why)
		}
	}
	return r
}

// isUntitled reports whether a column of a text, or of its marked copy, has no heading.
func (s *Sheet) isUntitled(j int) bool {
	heading := s.grid.rows[s.heads.row].At(j)
	return s.grid.name == "" && isEmpty(heading) || s.grid.marked && foldHeading(heading.Text) == untitledHeading
}

// isStruck reports whether all cells of a row that are read and not empty are struck through.
func (s *Sheet) isStruck(row *spreadsheet.Row) bool {
	found := false
	for j, i := range s.heads.column {
		if x := row.At(j); i >= 0 && !isEmpty(x) {
			if !x.Struck {
				return false
			}
			found = true
		}
	}
	return found
}

// day returns the date of a row, or 0 if it cannot be read.
func (s *Sheet) day(row *spreadsheet.Row) events.Date {
	i := s.Kind.column("on")
	v, _, ok := s.Kind.Columns[i].read(row.At(slices.Index(s.heads.column, i)))
	if !ok {
		return 0
	}
	return v.on
}

// heading returns the heading of a column of the table, or the letters of the column if the heading is unknown.
func (s *Sheet) heading(j int) string {
	if j >= len(s.heads.column) || s.heads.column[j] < 0 {
		return spreadsheet.Letters(j)
	}
	return s.Kind.Columns[s.heads.column[j]].Heading
}

// identity returns the key that identifies the record of a row within the sheet, or "" if it cannot be read.
func (s *Sheet) identity(r *reading) string {
	parts := []string{r.cells["center"].text}
	for _, field := range s.Kind.identity {
		parts = append(parts, s.part(r, field))
	}
	if s.Kind.dated != nil {
		if is, _ := s.Kind.isOnly(s.Kind.dated, s.Kind.Columns, r.cells); is {
			parts = append(parts, r.cells["on"].date())
		}
	}
	for _, p := range parts {
		if p == "" {
			return ""
		}
	}
	return strings.Join(parts, "\x00")
}

// part returns the value of an identifying field in a row, or "" if it cannot be read.
func (s *Sheet) part(r *reading, field string) string {
	v := r.cells[field]
	switch form := s.Kind.Columns[s.Kind.column(field)].Form; {
	case form == Whole && v.n != 0:
		return strconv.FormatInt(v.n, 10)
	case form == Day:
		return v.date()
	}
	return v.text
}

// join adds a row to a record. A further row must be a line of the record and agree with its first row in everything
// else.
func (s *Sheet) join(e *entry, r *reading) {
	e.rows = append(e.rows, r)
	first := e.rows[0]
	if first == r {
		return
	}
	if len(s.Kind.lines) == 0 {
		r.bad = append(r.bad, RowBreach{r.row.Number, aggregates.Breach{Field: s.key().Heading,
			Reason: text.Say("第 %d 行已有同样的编号", "row %d has the same number already", first.row.Number)}})
		return
	}
	for j, i := range s.heads.column {
		if i < 0 || slices.Contains(s.Kind.lines, s.Kind.Columns[i].Field) {
			continue
		}
		c := &s.Kind.Columns[i]
		if !first.cells[c.Field].equal(r.cells[c.Field]) {
			r.bad = append(r.bad, RowBreach{
				r.row.Number, aggregates.Breach{
					Field: c.Heading, Reason: text.Say("“%s”与同一凭证的第 %d 行“%s”不一致",
						"“%s” is not what row %d of the same voucher has, “%s”", spreadsheet.Clip(r.row.At(j).Text),
						first.row.Number, spreadsheet.Clip(first.row.At(j).Text))}})
		}
	}
}

// key returns the column that identifies a record.
func (s *Sheet) key() *SheetColumn {
	if len(s.Kind.identity) == 0 {
		return &s.Kind.Columns[s.Kind.column("center")]
	}
	return &s.Kind.Columns[s.Kind.column(s.Kind.identity[0])]
}

// make makes the record of good rows and checks it as strictly as a line of JSON.
func (s *Sheet) make(e *entry, cfg ReadConfig) {
	rows := make([]cells, len(e.rows))
	for i, r := range e.rows {
		rows[i] = r.cells
	}
	rec := &events.Record{ID: s.Kind.id(s.identity(e.rows[0])), Center: events.CenterID(rows[0]["center"].text),
		On: rows[0]["on"].on,
		By: events.By{Role: cfg.Role, Actor: cfg.Actor}, Mode: events.Enforce}
	s.Kind.build(rows, rec)
	writers := s.Kind.writers(rec, rows[0])
	if rec.By.Role == "" {
		rec.By.Role = writers[0]
	} else if !slices.Contains(writers, rec.By.Role) {
		heading := s.key().Heading
		if i := s.Kind.column("kind"); i >= 0 {
			heading = s.Kind.Columns[i].Heading
		}
		e.problems = append(e.problems,
			RowBreach{e.rows[0].row.Number,
				aggregates.Breach{Field: heading, Reason: notTheWriter(writers, rec.By.Role)}})
		return
	}
	if problems := rec.Check(); len(problems) > 0 {
		for _, p := range problems {
			e.problems = append(e.problems, s.finding(e, aggregates.Breach{Field: p.Field, Reason: p.Reason}))
		}
		return
	}
	e.record = rec
	if cfg.Doc != "" {
		recording := *rec
		recording.Mode = events.Recording
		if recording.Doc == "" {
			recording.Doc = cfg.Doc
		}
		e.recording = &recording
	}
}
