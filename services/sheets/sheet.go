package sheets

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// ReadConfig holds the actor, the role and the policies under which a sheet is read.
type ReadConfig struct {
	Actor string
	Role  events.Role // "" for the default role of the kind of sheet
	// Policies holds the policies of the ledger. A row is read with the words of the policy for its date. Without
	// policies, the words are those of the built-in policy, as in a new ledger.
	Policies policy.Timeline

	// Today is the day in Shanghai. A row dated after it is refused. 0 for no such check.
	Today events.Date

	// Records returns the records of a center in the ledger, in their order. It is asked when a row names a record by
	// its kind and number. Without it no such name is found.
	Records func(events.CenterID) ([]*events.Record, error)

	// if not "", records that a rule refuses are still recorded (record mode), under this document or that of the row
	Doc string
}

// Book is a file that was read: a CSV of one sheet, or a workbook.
type Book struct {
	Name   string
	Sheets []*Sheet // the tables, in the order of the workbook
	Named  []Named  // notes that refuse nothing
}

// Named is a note about something in a file that refuses nothing, such as a column that is not read.
type Named struct {
	Worksheet string // "" for CSV
	Row       int    // 0 for the sheet as a whole
	Heading   string // of the column; "" for the row or sheet as a whole
	Check     bool   // about something that was read, which somebody should check before it is recorded
	What      text.Text
}

// Sheet is a table that was read, with all its rows, good and bad.
type Sheet struct {
	Name      string // of the file
	Worksheet string // "" for CSV
	Kind      *SheetKind
	Rows      int // the number of rows of records, good and bad

	today   events.Date // ReadConfig.Today
	named   []Named
	grid    *grid
	heads   *headings
	entries []*entry
	under   func(events.Date) []SheetColumn // the columns under the policy for a date
	first   map[int]*entry                  // the record by the number of its first row
	utc     map[int]bool                    // the columns of the grid in which days are in UTC
}

// entry is one record of a sheet with the rows that it is made of.
type entry struct {
	rows      []*reading
	record    *events.Record
	recording *events.Record
	problems  []RowBreach
}

// RowBreach is one reason against one row. The field of its breach is the heading of the column, or the letters of a
// column without a heading. A reason against the row as a whole names the column that identifies the record.
type RowBreach struct {
	Row int
	aggregates.Breach
}

// Looked is the format that Look finds in a file.
type Looked int

// The formats of a file.
const (
	JSONLines Looked = iota
	CSV
	XLSX
)

// Look returns the format of a file, judged by its content. An empty file counts as JSON Lines.
func Look(content io.ReaderAt) (Looked, error) {
	head := make([]byte, 4096)
	n, err := content.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return 0, err
	}
	return look(head[:n]), nil
}

func look(head []byte) Looked {
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return XLSX
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(text) == 0 || text[0] == '{' && !bytes.HasPrefix(text, []byte(`{\rtf`)) {
		return JSONLines
	}
	return CSV
}

// Read reads a whole file. It returns a *text.Error if the file cannot be read as sheets. Errors in single rows are in
// the sheets.
func Read(name string, content io.ReaderAt, size int64, cfg ReadConfig) (*Book, error) {
	b, err := read(content, size, cfg)
	var e *text.Error
	if errors.As(err, &e) {
		return nil, e.At(name)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	b.Name = name
	for _, s := range b.Sheets {
		s.Name = name
	}
	return b, nil
}

func read(f io.ReaderAt, size int64, cfg ReadConfig) (*Book, error) {
	if size > fileBytesMax {
		return nil, say("文件有 %d 字节，超过 %d 字节的上限", "the file has %d bytes, over the limit of %d", size,
			fileBytesMax)
	}
	head := make([]byte, min(size, 4096))
	if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	var grids []*grid
	var err error
	switch {
	case look(head) == XLSX:
		grids, err = readXLSX(f, size)
	case spreadsheet.Foreign(head) != nil:
		return nil, spreadsheet.Foreign(head)
	default:
		text := make([]byte, size)
		if _, err := f.ReadAt(text, 0); err != nil && err != io.EOF {
			return nil, err
		}
		grids, err = readCSV(text)
	}
	if err != nil {
		return nil, err
	}
	return readBook(grids, cfg)
}

// readBook reads the tables of a file.
func readBook(grids []*grid, cfg ReadConfig) (*Book, error) {
	b := &Book{}
	rows := 0
	tables := make([]*Sheet, len(grids)) // nil for sheets that are no tables
	found := make([]*headings, len(grids))
	isAnyComplete := false
	for i, g := range grids {
		if !g.isHidden {
			found[i] = findHeadings(g)
		}
		isAnyComplete = isAnyComplete || found[i] != nil && found[i].missing() == 0
	}
	for i, g := range grids {
		h := found[i]
		if h == nil || isAnyComplete && h.isSummary(g) {
			continue
		}
		if g.over != nil {
			return nil, g.place(g.over)
		}
		s, err := readSheet(g, h, cfg)
		if err != nil {
			return nil, g.place(err)
		}
		tables[i] = s
		b.Sheets = append(b.Sheets, s)
		rows += s.Rows
	}
	if len(b.Sheets) == 0 {
		return nil, errHeadings()
	}
	before := b.Sheets[0]
	for i, g := range grids {
		s := tables[i]
		switch {
		case s != nil:
			before = s
			if s.Rows == 0 {
				s.name(0, "", text.Say("只有标题，没有数据", "there are headings alone, and no row"))
			}
			b.Named = append(b.Named, s.named...)
		case g.isHidden && (len(g.rows) > 0 || g.over != nil) && g.name != hiddenSheet && g.name != markedSheet:
			b.Named = append(b.Named,
				Named{Worksheet: g.name,
					What: text.Say("是隐藏的工作表，没有读取", "the sheet is hidden and not read")})
		case !g.isHidden && (len(g.rows) > 0 || g.over != nil):
			for i := range g.rows {
				if r := &g.rows[i]; before.readsAsRow(r) || before.mostRead(r) {
					return nil,
						g.place(
							say("第 %[1]d 行没有标题行，却像是“%[2]s”表中的一行（%[3]s）：请把它移到该表，"+
								"或加上标题行", "row %[1]d has no headings above it and looks like a row of the "+
								"sheet “%[2]s” (%[3]s): move it there, or add the headings",
								r.Number, spreadsheet.Clip(before.Worksheet), before.readAs(r)))
				}
			}
			what := text.Say("没有标题行，没有读取", "the sheet has no headings and is not read")
			if found[i] != nil {
				what = text.Say("%[1]s表必需的标题缺一半以上，没有读取",
					"the sheet lacks half of the headings of a sheet of %[2]s or more, and is not read",
					found[i].kind.Title.Zh, found[i].kind.Title.En)
			}
			b.Named = append(b.Named, Named{Worksheet: g.name, What: what})
		}
	}
	if rows == 0 {
		return nil,
			b.Sheets[0].grid.place(say("只有标题，没有一行数据", "there are headings alone, and no row of data"))
	}
	if left := len(b.Named) - namedMax; left > 0 {
		slices.SortStableFunc(b.Named, func(a, b Named) int { return checkFirst(a) - checkFirst(b) })
		b.Named = append(b.Named[:namedMax],
			Named{What: text.Say("还有 %d 处没有列出", "there are %d more, not listed", left)})
	}
	return b, nil
}

// checkFirst returns the place in a list of a note, 0 for one that somebody should check.
func checkFirst(n Named) int {
	if n.Check {
		return 0
	}
	return 1
}

// namedMax is the maximum number of notes about a file.
const namedMax = 500

// readSheet reads the rows under the headings of a table.
func readSheet(g *grid, h *headings, cfg ReadConfig) (*Sheet, error) {
	s := &Sheet{Worksheet: g.name, Kind: h.kind, grid: g, heads: h, under: h.kind.byDate(cfg.Policies),
		today: cfg.Today}
	if err := s.checkTable(); err != nil {
		return nil, err
	}
	if err := h.check(g); err != nil {
		return nil, err
	}
	if err := s.checkBreaks(); err != nil {
		return nil, err
	}
	if cfg.Role != "" && !slices.Contains(s.Kind.Roles, cfg.Role) {
		why := notTheWriter(s.Kind.Roles, cfg.Role)
		return nil, say("%[1]s表%[3]s", "a sheet of %[2]s %[4]s", s.Kind.Title.Zh, s.Kind.Title.En, why.Zh, why.En)
	}
	return s, s.gather(cfg)
}

// Given returns the records of the sheet for the ledger to import.
func (s *Sheet) Given() []ledger.Given {
	list := make([]ledger.Given, len(s.entries))
	for i, e := range s.entries {
		list[i] = ledger.Given{Origin: ledger.Origin{File: s.Name, Worksheet: s.Worksheet, Line: e.rows[0].row.Number},
			Record: e.record, Recording: e.recording,
			NextID: s.nextID(e)}
		for _, f := range e.problems {
			list[i].Problems = append(list[i].Problems, events.Problem{Field: f.Field, Reason: f.Reason})
		}
	}
	return list
}

// Findings returns by row and column the reasons against a record that the ledger did not accept: the errors found by
// Read, or the reasons of the ledger. Every row of the record has at least one finding.
func (s *Sheet) Findings(b ledger.BadRecord) []RowBreach {
	e := s.first[b.Line]
	if e == nil {
		return nil
	}
	found := e.problems
	if len(found) == 0 {
		for _, why := range b.Breaches {
			found = append(found, s.finding(e, why))
		}
	}
	return s.everyRow(e, found)
}

// everyRow adds a finding for each good row of the record: other rows of the same record are bad.
func (s *Sheet) everyRow(e *entry, found []RowBreach) []RowBreach {
	found = slices.Clone(found)
	said := map[int]bool{}
	for _, f := range found {
		said[f.Row] = true
	}
	why := text.Say("与第 %d 行同属一条记录，该行不合格", "of one record with row %d, which is bad", found[0].Row)
	for _, r := range e.rows {
		if !said[r.row.Number] {
			found = append(found, RowBreach{r.row.Number, aggregates.Breach{Field: s.key().Heading, Reason: why}})
		}
	}
	slices.SortStableFunc(found, func(a, b RowBreach) int { return a.Row - b.Row })
	return found
}
