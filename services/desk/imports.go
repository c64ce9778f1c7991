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
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/sheets"
	"github.com/taizhang/taizhang/services/table"
)

// ImportRequest asks for an import of files. Files are JSON Lines or sheets, judged by their content.
type ImportRequest struct {
	Files      []Upload
	Sheets     SheetTerms
	AcceptGood bool // write the good records even if there are bad ones
	Again      bool // write a row that equals a voided record again, under the next number
	DryRun     bool // only judge, write nothing
	// called once for each bad line or row: when it is found, or at the end if the import may restart before
	Bad      func(BadLine)
	Progress Progress
	// called in a dry run for each record of the sheets, in the order in which they are judged; may be nil
	Judged func(JudgedRecord)
	Marked *MarkedTo // receives copies of bad sheets, if there are any; nil for none
}

// MarkedTo receives a workbook with copies of bad sheets in which the bad cells are marked. Create is called at
// most once, with a function that writes the workbook.
type MarkedTo struct {
	Lang   string
	Create func(write func(io.Writer) error) error
}

// SheetTerms holds the values that a sheet does not contain and that JSON Lines have in each record.
type SheetTerms struct {
	Actor string // the person who answers for the sheets
	Role  string // the office that fills them in; "" for the default of the kind of sheet
	Mode  string // "" or "enforce", or "record": rows that a rule refuses are still recorded
	Doc   string // the document that record mode needs
}

// check returns an error if terms for sheets are missing, or are given without a sheet. marked says that copies of
// bad sheets are wanted, again that voided records are to be written again.
func (s *SheetTerms) check(isSheet, marked, again bool) error {
	bad := func(param, zh, en string, args ...any) error {
		return text.Errorf(text.Invalid, zh, en, args...).Of(param)
	}
	recording := s.Mode == string(events.Recording)
	switch {
	case !isSheet && (*s != (SheetTerms{}) || marked || again):
		return bad(s.given(marked), "只用于表格，所给文件中没有表格（空文件不算）；JSON Lines 的每条记录自己写明",
			"is for sheets, and none of the files is a sheet (an empty file is none either); each record of JSON "+
				"Lines has it itself")
	case !isSheet:
		return nil
	case strings.TrimSpace(s.Actor) == "":
		return bad("actor", "须写明表格由谁经办", "must say who answers for the sheet")
	case s.Mode != "" && s.Mode != string(events.Enforce) && !recording:
		return bad("mode", "应为正常填报或补录，不能是“%s”", "must be enforce or record, not %q", s.Mode)
	case recording && s.Doc == "":
		return bad("doc", "补录须写明发文字号", "must give the document number that record mode rests on")
	case !recording && s.Doc != "":
		return bad("doc", "只用于补录", "is for record mode only")
	}
	return nil
}

// given returns the name of a term that is given, or "". "report" is the parameter for marked copies, "again" that
// for voided records.
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

// BadLine is a line of a file or a row of a sheet that is refused, with the reasons. For a sheet, the field of a
// reason is the heading of the column.
type BadLine struct {
	File      string   `json:"file"`
	Worksheet string   `json:"worksheet,omitzero"` // for a workbook
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

	Worksheet string `json:"worksheet,omitzero"` // for a workbook
}

// Each returns the reasons one by one.
func (b *BadLine) Each() []BadReason {
	list := make([]BadReason, len(b.Reasons))
	for i, why := range b.Reasons {
		list[i] = BadReason{b.File, b.Line, b.ID, why.Field, why.Rule, why.Reason, why.Article, why.Words, b.Worksheet}
	}
	return list
}

// BadColumns are the columns for reasons.
var BadColumns = []table.Column{{Name: "file"}, {Name: "line", Type: table.Count}, {Name: "id"}, {Name: "field"},
	{Name: "rule"}, {Name: "reason"}, {Name: "worksheet"}}

// Row returns the reason as a row of BadColumns, in one language.
func (r *BadReason) Row(lang string) []table.Cell {
	return []table.Cell{table.Text(r.File), table.Number(r.Line), table.Text(r.ID), table.Text(r.Field),
		table.Text(r.Rule), table.Text(r.Reason.In(lang)), table.Text(r.Worksheet)}
}

// Imported counts the records of an import.
type Imported struct {
	Read     int  `json:"read"`
	Accepted int  `json:"accepted"`        // written; in a dry run those that would be
	Repeated int  `json:"repeated"`        // the ledger has them already, with the same content
	Refused  int  `json:"refused"`         // bad
	Passed   int  `json:"passed,omitzero"` // passed over, because a ledger made them of itself
	Marked   bool `json:"-"`               // copies of bad sheets were written
	DryRun   bool `json:"dryRun,omitzero"`
	// notes about sheets that refuse nothing, for example about rows that were skipped
	Named []NamedLine `json:"named"`
	// in a dry run: the centers whose answers the good records would change
	Centers []CenterMoves `json:"centers,omitzero"`

	// Opens and Clears are the alerts that all records written, or in a dry run all good ones, opened and cleared
	// together. They are as of today or, if that is later, as of the date of the latest record of the center.
	Opens     []MovedAlert `json:"opens"`
	Clears    []MovedAlert `json:"clears"`
	Withdraws []MovedAlert `json:"withdraws"` // alerts that the records show to be unfounded

	// the first warnings about accepted records, at most ledger.WarningsMax
	Warnings      []RowWarning `json:"warnings"`
	WarningsTotal int          `json:"warningsTotal"` // the number of all warnings
	// a warning that the last record was recorded after the time of the clock
	Clock *text.Text `json:"clock,omitzero"`
}

// NamedLine is a note about a part of a sheet that refuses nothing, for example about a column that is not read.
type NamedLine struct {
	File      string    `json:"file"`
	Worksheet string    `json:"worksheet,omitzero"` // of a workbook
	Row       int       `json:"row,omitzero"`       // from 1; 0 for the sheet as a whole
	Heading   string    `json:"heading,omitzero"`   // of the column
	Check     bool      `json:"check,omitzero"`     // about something that was read: check it before it is recorded
	Text      text.Text `json:"text"`
}

// CenterMoves holds the changes that the good records of a dry run would cause together in the answers of a
// center. They are as of today or, if that is later, as of the date of its latest record.
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
	cfg.Account, cfg.AcceptGood, cfg.Again, cfg.Progress, cfg.Dir = l.account(), r.AcceptGood, r.Again, r.Progress,
		l.Spool
	cfg.TakeAgain = text.Say("请用 %sagain", "say %sagain", l.Prefix)
	if l.Prefix == lists.Labels {
		cfg.TakeAgain = text.Say("请勾选“再次入账”", "tick “take it again”")
	}
	cfg.DryRun, cfg.AsOf, cfg.Bad, cfg.Moves, cfg.Warned = r.DryRun, events.DateAt(l.Now()), im.bad, done.moved,
		done.warned
	cfg.Passed = done.passed
	if r.Judged != nil {
		cfg.Judged = im.judged
	}
	report, err := l.Ledger.Import(ctx, *cfg)
	im.tellRows()
	if err != nil && report.Accepted == 0 {
		return nil, err
	}
	done.WarningsTotal = report.Warnings
	done.Read, done.Accepted, done.Repeated, done.Refused = report.Read, report.Accepted, report.Repeated,
		report.Refused
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

// moved adds the changes in the answers of one center.
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

// passed notes how many records of a file were passed over.
func (i *Imported) passed(file string, n int) {
	i.Passed += n
	i.Named = append(i.Named, NamedLine{File: file,
		Text: text.Say("另有 %d 条台账封存记录未导入：那是原台账对自己所作的记录",
			"sealing records that were passed over, because they are about the ledger that was exported: %d", n)})
}

func (i *Imported) warned(w ledger.Warning) {
	i.Warnings = append(i.Warnings, RowWarning{w.File, w.Worksheet, w.Line, w.What})
}

// importing is an import that is under way.
type importing struct {
	ImportRequest
	sheets []*sheets.Sheet      // in the order of the files and worksheets
	books  []*sheets.Book       // the book of each sheet
	marked [][]sheets.RowBreach // the findings of each sheet
	// the bad rows of each sheet; they are reported at the end, because they are judged in another order
	rows  [][]BadLine
	named []NamedLine
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

// read reads the sheets among the files, with the words of the policies of the ledger. It returns what the ledger
// is to import: the lines of JSON, and then the records of all sheets.
func (im *importing) read(ctx context.Context, l *Local) (*ledger.ImportConfig, error) {
	var isSheet []bool
	for _, f := range im.Files {
		what, err := sheets.Look(f.Content)
		if err != nil {
			return nil, err
		}
		isSheet = append(isSheet, what != sheets.JSONLines)
	}
	im.Sheets.Role, im.Sheets.Mode = TypedRole(im.Sheets.Role), typedMode(im.Sheets.Mode)
	if err := im.Sheets.check(slices.Contains(isSheet, true), im.Marked != nil, im.Again); err != nil {
		return nil, err
	}
	terms := sheets.ReadConfig{Actor: strings.TrimSpace(im.Sheets.Actor), Role: events.Role(im.Sheets.Role),
		Doc:      im.Sheets.Doc,
		Policies: l.Ledger.Register().Timeline(), Today: events.DateAt(l.Now()), Records: l.recordsOf(ctx)}
	cfg := &ledger.ImportConfig{}
	for i, f := range im.Files {
		if !isSheet[i] {
			cfg.Files = append(cfg.Files,
				ledger.ImportFile{Name: f.Name, Bytes: f.Bytes, Content: io.NewSectionReader(f.Content, 0, f.Bytes)})
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
			im.named = append(im.named,
				NamedLine{f.Name, n.Worksheet, n.Row, n.Heading, n.Check, n.What})
		}
	}
	im.marked, im.rows = make([][]sheets.RowBreach, len(im.sheets)), make([][]BadLine, len(im.sheets))
	slices.SortStableFunc(cfg.Given, im.order)
	return cfg, nil
}

// order compares two records of sheets by the order in which they are judged: by kind of sheet, then by date. An
// unreadable record has no date.
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

// judged passes on the answer to a record of a sheet.
func (im *importing) judged(j ledger.Judged) {
	s := im.sheets[j.Sheet-1]
	x := JudgedRecord{File: j.File, Worksheet: j.Worksheet, Row: j.Line, Rows: s.RowsOf(j.Line), Answer: Accepted,
		Number: s.NumberOf(j.Line), Warnings: j.Warnings}
	if rec := j.Record; rec != nil {
		x.ID, x.Kind, x.Center, x.On, x.AmountFen = rec.ID.String(), rec.Kind, rec.Center, Day{rec.On},
			events.FacetsOf(rec.Data).AmountFen
	}
	x.Balances = balancesOf(j.Balances)
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

// recordsOf returns a function that returns the records of a center in order, if the account sees it. It reads
// each center once.
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
			if rec, err := events.DecodeEvent(stored); err == nil { // an unreadable record cannot be named
				list = append(list, &rec.Record)
			}
		}
		known[center] = list
		return list, nil
	}
}

// bad passes on a bad record; one of a sheet row by row.
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

// tellRows passes on the bad rows of the sheets, in the order of sheets and rows.
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

// writeMarked writes copies of the bad sheets and of the other sheets of their workbooks, so that a corrected copy
// can be imported in place of the workbook. It reports whether there were any.
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
