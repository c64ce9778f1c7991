package desk

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/sheets"
	"github.com/taizhang/taizhang/services/table"
)

// ImportRequest is what is imported. Files are JSON Lines or sheets, which is found out by looking.
type ImportRequest struct {
	Files      []Upload
	Sheets     SheetTerms
	AcceptGood bool          // write the good records although there are bad ones
	Again      bool          // take a row that is equal to a voided record again, under the next number
	DryRun     bool          // judge, and write nothing
	Bad        func(BadLine) // called once for each bad line or row: as it is found, or at the end if the import may run again until then
	Progress   Progress
	Judged     func(JudgedRecord) // of a dry run: called for each record of the sheets, in the order in which they are judged; may be nil
	Marked     *MarkedTo          // where copies of bad sheets go, if there are any; nil for nowhere
}

// MarkedTo is where a workbook goes with copies of bad sheets in which the bad cells are marked. Create is called at most once,
// with what writes it.
type MarkedTo struct {
	Lang   string
	Create func(write func(io.Writer) error) error
}

// SheetTerms is what a sheet does not say itself. JSON Lines say all of it in each record.
type SheetTerms struct {
	Actor string // who answers for the sheets
	Role  string // who fills them in; "" for the role that the kind of sheet means
	Mode  string // "" or "enforce", or "record": rows that a rule refuses are recorded all the same
	Doc   string // the document that record mode rests on
}

// check checks the terms against whether there is a sheet at all. Marked says that copies of bad sheets are wanted, and again that
// voided records are to be taken again.
func (s *SheetTerms) check(isSheet, marked, again bool) error {
	bad := func(param, zh, en string, args ...any) error {
		return text.Errorf(text.Invalid, zh, en, args...).Of(param)
	}
	recording := s.Mode == string(events.Recording)
	switch {
	case !isSheet && (*s != (SheetTerms{}) || marked || again):
		return bad(s.given(marked), "只用于表格，所给文件中没有表格（空文件不算）；JSON Lines 的每条记录自己写明",
			"is for sheets and none of the files is one (an empty file is none); the records of JSON Lines say it themselves")
	case !isSheet:
		return nil
	case strings.TrimSpace(s.Actor) == "":
		return bad("actor", "须写明表格由谁经办", "must say who answers for the sheet")
	case s.Mode != "" && s.Mode != string(events.Enforce) && !recording:
		return bad("mode", "应为 enforce 或 record，不能是 %q", "must be enforce or record, not %q", s.Mode)
	case recording && s.Doc == "":
		return bad("doc", "补录（record）须写明发文字号", "must give the document number that record mode rests on")
	case !recording && s.Doc != "":
		return bad("doc", "只用于补录（record）", "is for record mode only")
	}
	return nil
}

// given names one of the terms that are given; "report" is the parameter for marked copies, and "again" that for voided records.
func (s *SheetTerms) given(marked bool) string {
	switch {
	case s.Actor != "":
		return "actor"
	case s.Role != "":
		return "role"
	case s.Mode != "":
		return "mode"
	case s.Doc != "":
		return "doc"
	case marked:
		return "report"
	}
	return "again"
}

// BadLine is one line of a file, or one row of a sheet, with the reasons against it. Of a sheet, the field of a reason is the
// heading of the column.
type BadLine struct {
	File      string   `json:"file"`
	Worksheet string   `json:"worksheet,omitzero"` // of a workbook
	Sheet     bool     `json:"sheet"`
	Line      int      `json:"line"` // from 1
	ID        string   `json:"id"`
	Reasons   []Reason `json:"reasons"`
}

// BadReason is one reason against one line or row.
type BadReason struct {
	File    string        `json:"file"`
	Line    int           `json:"line"`
	ID      string        `json:"id"`
	Field   string        `json:"field"`
	Rule    events.RuleID `json:"rule"`
	Reason  text.Text     `json:"reason"`
	Article string        `json:"article"`
	Words   string        `json:"words"`

	Worksheet string `json:"worksheet,omitzero"` // of a workbook
}

// Each returns the reasons one by one.
func (b *BadLine) Each() []BadReason {
	list := make([]BadReason, len(b.Reasons))
	for i, why := range b.Reasons {
		list[i] = BadReason{b.File, b.Line, b.ID, why.Field, why.Rule, why.Reason, why.Article, why.Words, b.Worksheet}
	}
	return list
}

// BadColumns are those of a reason as a row.
var BadColumns = []table.Column{{Name: "file"}, {Name: "line", Type: table.Count}, {Name: "id"}, {Name: "field"}, {Name: "rule"}, {Name: "reason"}, {Name: "worksheet"}}

// Row returns the reason as a row of BadColumns, in one language.
func (r *BadReason) Row(lang string) []table.Cell {
	return []table.Cell{table.Text(r.File), table.Number(r.Line), table.Text(r.ID), table.Text(r.Field), table.Text(r.Rule), table.Text(r.Reason.In(lang)), table.Text(r.Worksheet)}
}

// Imported counts the records of an import.
type Imported struct {
	Read     int           `json:"read"`
	Accepted int           `json:"accepted"` // written, or in a dry run those that would be
	Repeated int           `json:"repeated"` // there already, with the same content
	Refused  int           `json:"refused"`  // bad
	Marked   bool          `json:"-"`        // copies of bad sheets were written
	DryRun   bool          `json:"dryRun,omitzero"`
	Named    []NamedLine   `json:"named"`            // what was passed over in sheets or deserves a look, and refuses nothing
	Centers  []CenterMoves `json:"centers,omitzero"` // of a dry run: the centers in whose answers the good records would move something

	// Opens and Clears are the alerts that the records written, or of a dry run the good ones, opened and cleared together: as of
	// today, or as of the date of the latest record of the center if that is later.
	Opens     []MovedAlert `json:"opens"`
	Clears    []MovedAlert `json:"clears"`
	Withdraws []MovedAlert `json:"withdraws"` // the records show that they never were

	Warnings      []RowWarning `json:"warnings"`       // the first doubts about the records that are taken, at most ledger.WarningsMax
	WarningsTotal int          `json:"warningsTotal"`  // how many there are
	Clock         *text.Text   `json:"clock,omitzero"` // that the time of the last record lies after the clock
}

// NamedLine is a note about something in a sheet that refuses nothing, such as a column that is not read.
type NamedLine struct {
	File      string    `json:"file"`
	Worksheet string    `json:"worksheet,omitzero"` // of a workbook
	Row       int       `json:"row,omitzero"`       // from 1; 0 for the sheet as a whole
	Heading   string    `json:"heading,omitzero"`   // of the column
	Text      text.Text `json:"text"`
}

// CenterMoves is what the good records of a dry run would move together in the answers of a center as of a date: today, or the date
// of its latest record if that is later.
type CenterMoves struct {
	Center events.CenterID `json:"center"`
	AsOf   Day             `json:"asOf"`
	Moves
}

// Import implements Writer.
func (l *Local) Import(ctx context.Context, r ImportRequest) (*Imported, error) {
	im := &importing{ImportRequest: r}
	cfg, err := im.read(ctx, l)
	if err != nil {
		return nil, err
	}
	done := &Imported{DryRun: r.DryRun, Named: im.named}
	cfg.Account, cfg.AcceptGood, cfg.Again, cfg.Prefix, cfg.Progress, cfg.Dir = l.account(), r.AcceptGood, r.Again, l.Prefix, r.Progress, l.Spool
	cfg.DryRun, cfg.AsOf, cfg.Bad, cfg.Moves, cfg.Warned = r.DryRun, events.DateAt(l.Now()), im.bad, done.moved, done.warned
	if r.Judged != nil {
		cfg.Judged = im.judged
	}
	report, err := l.Ledger.Import(ctx, *cfg)
	im.tellRows()
	if err != nil && report.Accepted == 0 {
		return nil, err
	}
	done.WarningsTotal = report.Warnings
	done.Read, done.Accepted, done.Repeated, done.Refused = report.Read, report.Accepted, report.Repeated, report.Refused
	if done.Accepted > 0 && !r.DryRun {
		if last, unread := l.Ledger.At(ctx, l.Position()); unread == nil {
			if said, ok := clockBehind(last.RecordedAt, l.Now()); ok {
				done.Clock = &said
			}
		}
	}
	if err == nil && r.Marked != nil {
		done.Marked, err = im.writeMarked(done.Warnings)
	}
	return done, err
}

// moved adds what is moved in the answers of one center.
func (i *Imported) moved(m ledger.CenterMoves) {
	if m.Moved.IsZero() {
		return
	}
	moves := movesOf(&m.Moved)
	if i.DryRun {
		i.Centers = append(i.Centers, CenterMoves{m.Center, Day{m.AsOf}, moves})
	}
	add := func(to *[]MovedAlert, list []Alert) {
		for _, x := range list {
			*to = append(*to, MovedAlert{m.Center, x})
		}
	}
	add(&i.Opens, moves.Opened)
	add(&i.Clears, moves.Cleared)
	add(&i.Withdraws, moves.Withdrawn)
}

func (i *Imported) warned(w ledger.Warning) {
	i.Warnings = append(i.Warnings, RowWarning{w.File, w.Worksheet, w.Line, w.What})
}

// importing is one import under way.
type importing struct {
	ImportRequest
	sheets []*sheets.Sheet      // in the order of the files and worksheets
	books  []*sheets.Book       // of each sheet
	marked [][]sheets.RowBreach // of each sheet
	rows   [][]BadLine          // of each sheet: its bad rows, which are told at the end, for they are judged in another order
	named  []NamedLine
}

// HasSheets reports whether a file is a sheet.
func (r *ImportRequest) HasSheets() (bool, error) {
	for _, f := range r.Files {
		if what, err := sheets.Look(f.Content); err != nil || what != sheets.JSONLines {
			return err == nil, err
		}
	}
	return false, nil
}

// read reads the sheets among the files, in the words of the policies of the ledger. It says what the ledger imports: the lines of
// JSON, then the records of all sheets.
func (im *importing) read(ctx context.Context, l *Local) (*ledger.ImportConfig, error) {
	var isSheet []bool
	for _, f := range im.Files {
		what, err := sheets.Look(f.Content)
		if err != nil {
			return nil, err
		}
		isSheet = append(isSheet, what != sheets.JSONLines)
	}
	if err := im.Sheets.check(slices.Contains(isSheet, true), im.Marked != nil, im.Again); err != nil {
		return nil, err
	}
	terms := sheets.ReadConfig{Actor: strings.TrimSpace(im.Sheets.Actor), Role: events.Role(im.Sheets.Role), Doc: im.Sheets.Doc,
		Policies: l.Ledger.Register().Timeline(), Today: events.DateAt(l.Now()), Records: l.recordsOf(ctx)}
	cfg := &ledger.ImportConfig{}
	for i, f := range im.Files {
		if !isSheet[i] {
			cfg.Files = append(cfg.Files, ledger.ImportFile{Name: f.Name, Bytes: f.Bytes, Content: io.NewSectionReader(f.Content, 0, f.Bytes)})
			continue
		}
		b, err := sheets.Read(f.Name, f.Content, f.Bytes, terms)
		if err != nil {
			return nil, err
		}
		cfg.GivenBytes += f.Bytes
		for _, s := range b.Sheets {
			im.sheets, im.books = append(im.sheets, s), append(im.books, b)
			for _, g := range s.Given() {
				g.Sheet = len(im.sheets)
				cfg.Given = append(cfg.Given, g)
			}
		}
		for _, n := range b.Named {
			im.named = append(im.named, NamedLine{File: f.Name, Worksheet: n.Worksheet, Row: n.Row, Heading: n.Heading, Text: n.What})
		}
	}
	im.marked, im.rows = make([][]sheets.RowBreach, len(im.sheets)), make([][]BadLine, len(im.sheets))
	slices.SortStableFunc(cfg.Given, im.order)
	return cfg, nil
}

// order compares two records of sheets by when they are judged: by kind of sheet, then by date. What cannot be read has no date.
func (im *importing) order(a, b ledger.Given) int {
	turn := func(g *ledger.Given) (kind int, on events.Date) {
		if g.Record != nil {
			on = g.Record.On
		}
		return slices.Index(sheets.Kinds, im.sheets[g.Sheet-1].Kind), on
	}
	kindA, onA := turn(&a)
	kindB, onB := turn(&b)
	return cmp.Or(cmp.Compare(kindA, kindB), cmp.Compare(onA, onB))
}

// judged hands on the answer to a record of a sheet.
func (im *importing) judged(j ledger.Judged) {
	s := im.sheets[j.Sheet-1]
	x := JudgedRecord{File: j.File, Worksheet: j.Worksheet, Row: j.Line, Rows: s.RowsOf(j.Line), Answer: Accepted, Number: s.NumberOf(j.Line), Warnings: j.Warnings}
	if rec := j.Record; rec != nil {
		x.ID, x.Kind, x.Center, x.On, x.AmountFen = rec.ID.String(), rec.Kind, rec.Center, Day{rec.On}, events.FacetsOf(rec.Data).AmountFen
	}
	for _, b := range j.Balances {
		x.Balances = append(x.Balances, Balance{b.Grant, b.Before, b.After})
	}
	switch {
	case j.Repeated:
		x.Answer = Repeated
	case len(j.Against) > 0:
		x.Answer = Refused
		for _, f := range s.Findings(ledger.BadRecord{Origin: j.Origin, Breaches: j.Against}) {
			x.Reasons = append(x.Reasons, RowReason{f.Row, f.Breach})
		}
	}
	im.Judged(x)
}

// recordsOf returns a function that returns the records of a center that the account sees, in their order. It reads each
// center once.
func (l *Local) recordsOf(ctx context.Context) func(events.CenterID) ([]*events.Record, error) {
	known := map[events.CenterID][]*events.Record{}
	return func(center events.CenterID) ([]*events.Record, error) {
		list, ok := known[center]
		if ok || !l.register().Knows(center) {
			return list, nil
		}
		for stored, err := range l.Ledger.ReadStream(ctx, center.Stream(), 0) {
			if err != nil {
				return nil, err
			}
			if rec, err := events.DecodeEvent(stored); err == nil { // what cannot be read has no name
				list = append(list, &rec.Record)
			}
		}
		known[center] = list
		return list, nil
	}
}

// bad hands on a bad record; that of a sheet row by row.
func (im *importing) bad(r ledger.BadRecord) {
	line := BadLine{File: r.File, Line: r.Line, Reasons: r.Breaches}
	if r.ID != uuid.Nil {
		line.ID = r.ID.String()
	}
	if r.Sheet == 0 {
		im.tell(line)
		return
	}
	s, n := im.sheets[r.Sheet-1], r.Sheet-1
	found := s.Findings(r)
	im.marked[n] = append(im.marked[n], found...)
	for len(found) > 0 {
		row := BadLine{File: r.File, Worksheet: s.Worksheet, Sheet: true, Line: found[0].Row, ID: line.ID}
		for len(found) > 0 && found[0].Row == row.Line {
			row.Reasons, found = append(row.Reasons, found[0].Breach), found[1:]
		}
		im.rows[n] = append(im.rows[n], row)
	}
}

// tellRows hands on the bad rows of the sheets, in the order of the sheets and rows.
func (im *importing) tellRows() {
	for _, rows := range im.rows {
		slices.SortStableFunc(rows, func(a, b BadLine) int { return a.Line - b.Line })
		for _, row := range rows {
			im.tell(row)
		}
	}
}

func (im *importing) tell(b BadLine) {
	if im.Bad != nil {
		im.Bad(b)
	}
}

// writeMarked writes copies of the bad sheets and of the others in their workbooks, so that a copy that is corrected can be
// imported in place of its workbook. It reports whether there were any.
func (im *importing) writeMarked(warnings []RowWarning) (bool, error) {
	bad := map[*sheets.Book]bool{}
	for i, found := range im.marked {
		bad[im.books[i]] = bad[im.books[i]] || len(found) > 0
	}
	var list []sheets.Marked
	for i, s := range im.sheets {
		if !bad[im.books[i]] {
			continue
		}
		m := sheets.Marked{Sheet: s, Findings: im.marked[i]}
		for _, n := range im.books[i].Named {
			if n.Worksheet == s.Worksheet {
				m.Notes = append(m.Notes, n)
			}
		}
		for _, w := range warnings {
			if w.File == s.Name && w.Worksheet == s.Worksheet {
				m.Notes = append(m.Notes, sheets.Named{Worksheet: w.Worksheet, Row: w.Line, What: w.Warning})
			}
		}
		list = append(list, m)
	}
	if len(list) == 0 {
		return false, nil
	}
	err := im.Marked.Create(func(w io.Writer) error { return sheets.WriteReport(w, list, im.Marked.Lang) })
	return err == nil, err
}
