package reports

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// FileFormat is the file format of a report.
type FileFormat string

// ForExcel is CSV for spreadsheet programs: it has a byte order mark, and texts that look like a formula, a number
// or a date are defused; see defused.
const (
	XLSX     FileFormat = "xlsx"
	CSV      FileFormat = "csv"
	ForExcel FileFormat = "csv for excel"
	HTML     FileFormat = "html" // for the yearly report only
)

// Request holds the inputs from which a report is made.
type Request struct {
	Question lists.Question
	Lang     string // zh or en
	Form     FileFormat
	Version  string // the version of the program that writes the report
}

// Report is the answer to a question, with all that is needed to ask the question again.
type Report struct {
	Request
	Table    *table.Table
	rows     int              // the number of rows of the table
	Position uint64           // the position of the ledger
	asked    asked            // how the list was asked
	formless bool             // whether the provenance leaves out the form of the lists
	last     lastRecord       // zero for a ledger without records
	Policy   events.PolicyRef // the policy in force on the date of the question; empty for none
}

// asked holds the inputs of a list beside its question, position and language.
type asked struct {
	form   int    // the form of the lists; see lists.Form
	prefix string // the prefix of parameter names; see lists.Books
	scope  *scope // the scope of the account, if it has one and the list covers several centers
}

// scope is the set of centers that an account sees.
type scope struct{ centers []events.CenterID }

// String returns the centers, separated by blanks.
func (s *scope) String() string {
	var ids []string
	for _, id := range s.centers {
		ids = append(ids, string(id))
	}
	return strings.Join(ids, " ")
}

// scopeOf reads a scope that String returned.
func scopeOf(s string) *scope {
	sc := &scope{}
	for _, id := range strings.Fields(s) {
		sc.centers = append(sc.centers, events.CenterID(id))
	}
	return sc
}

// sees reports whether the scope has a center.
func (s *scope) sees(id events.CenterID) bool { return slices.Contains(s.centers, id) }

// within reports whether a register shows all centers of the scope. A nil scope means all centers.
func (s *scope) within(r *projections.Register) bool {
	return r.Scope() == nil ||
		s != nil && !slices.ContainsFunc(s.centers, func(id events.CenterID) bool { return !r.Sees(id) })
}

// Make asks the question and returns the report. It returns the errors of lists.Ask and of the store, and a
// *text.Error for a date after the years of the ledger: for the year 9999 it would compute eight thousand years of
// month-ends.
func Make(ctx context.Context, d *lists.Books, r Request) (*Report, error) {
	if err := r.checkDate(); err != nil {
		return nil, err
	}
	t, seen, err := d.AskSeeing(ctx, r.Question)
	if err != nil {
		return nil, err
	}
	return report(ctx, d, r, t, len(t.Rows), seen)
}

func (r *Request) checkDate() error {
	if r.Question.On.Year() > events.YearMax {
		return bad("截至日期 %[1]s 晚于 %[2]d 年，不能写成报表",
			"the date %[1]s is after %[2]d, of which there is no report", r.Question.On, events.YearMax)
	}
	return nil
}

// report returns the report of a table that has, or had, the given number of rows. seen is the register of the
// answer.
func report(ctx context.Context, d *lists.Books, r Request, t *table.Table, rows int,
	seen *projections.Register) (*Report, error) {
	report := &Report{Request: r, Table: t, rows: rows, Position: t.Position, Policy: t.Policy,
		asked: asked{form: cmp.Or(d.InForm, lists.Form), prefix: d.Prefix}}
	if r.Question.Center() == "" && d.Register.Scope() != nil { // that of seen may be the question's own
		report.asked.scope = &scope{seen.IDs()}
	}
	var err error
	report.last, err = placeAt(ctx, d, report.Position)
	return report, err
}

// lastRecord is the record at the position of a report. Its ID is empty if the account does not see its center.
type lastRecord struct {
	events.Place
	ID string
}

// placeAt returns the record at a position; it is zero at position 0.
func placeAt(ctx context.Context, d *lists.Books, position uint64) (lastRecord, error) {
	if position == 0 {
		return lastRecord{}, nil
	}
	for s, err := range d.Ledger.ReadAll(ctx, position-1) {
		if err != nil {
			return lastRecord{}, fmt.Errorf("reports: read position %d: %w", position, err)
		}
		switch {
		case s.Position != position:
		case d.Register.SeesStream(s.Stream):
			return lastRecord{s.Place, s.ID.String()}, nil
		default:
			return lastRecord{Place: s.Place}, nil
		}
		break
	}
	return lastRecord{}, nil // this ledger has no record there
}

// Line is one row of a report.
type Line struct {
	Cells []Value
	Look  Look
	row   int // the row of the table, from 0, if the look is plain
}

// Look is the appearance of a row of a sheet.
type Look int

const (
	Plain Look = iota
	Title
	Caption
	Heading
	Total
	Note
	Origin // a note that holds only for one ledger
)

// Sheet is one sheet of a report. A CSV file has one sheet.
type Sheet struct {
	Name  string
	Lines func(yield func(Line) bool)
}

// These are the names of the sheets, in both languages.
var (
	tableSheet      = text.Say("报表", "Report")
	provenanceSheet = text.Say("出处", "Provenance")
)

// Sheets returns the sheets, the provenance first: if the file is from another ledger, a difference in the provenance
// explains it better than a difference in a figure.
func (r *Report) Sheets() []Sheet {
	if r.Form == XLSX {
		return []Sheet{{provenanceSheet.In(r.Lang), r.provenanceLines},
			{tableSheet.In(r.Lang), func(yield func(Line) bool) { _ = r.head(yield) && r.body(yield) }}}
	}
	return []Sheet{{"", func(yield func(Line) bool) { _ = r.provenanceRows(yield) && r.body(yield) }}}
}

// fact is one row of the provenance. Reproduce finds it by its name.
type fact struct {
	name  string
	label text.Text
	value Value
}

// These are the names of the facts that a question is asked again from.
const (
	questionFact = "question"
	positionFact = "position"
	recordedFact = "recordedAt"
	recordFact   = "record"
	langFact     = "lang"
	formFact     = "form"
	listFormFact = "listForm"
	prefixFact   = "prefix"
	centersFact  = "centers"
	versionFact  = "version"
)

func (f *fact) look() Look {
	if slices.Contains([]string{positionFact, recordedFact, recordFact, "policy", "policyDigest"}, f.name) {
		return Origin
	}
	return Note
}

func (r *Report) facts() []fact {
	question, err := json.Marshal(r.Question, json.Deterministic(true))
	if err != nil { // cannot happen: a question holds only texts and a date
		question = []byte(err.Error())
	}
	recorded, last, policy := "", "", lists.PolicyName(r.Policy)
	if r.last.Position > 0 {
		recorded, last = events.FormatInstant(r.last.RecordedAt), r.last.ID
	}
	list := []fact{
		{"title", text.Say("标题", "title"), textValue(r.Table.Title.In(r.Lang))},
		{"unit", text.Say("金额单位", "unit of amounts"), textValue(r.unit())},
		{"asOf", text.Say("截至日期", "as of"), Value{Sort: Date, Text: r.Question.On.String()}},
		{positionFact, text.Say("台账位置", "position of the ledger"),
			Value{Sort: Number, Text: fmt.Sprint(r.Position)}},
		{recordedFact, text.Say("该位置记录的写入时间", "when the record there was written"), textValue(recorded)},
		{recordFact, text.Say("该位置记录的编号", "id of the record there"), textValue(last)},
		{"policy", r.now(text.Say("施行中的办法参数", "policy in force"), text.Say("适用政策", "policy in force")),
			textValue(policy)},
		{"policyDigest", r.now(text.Say("办法参数校验值", "digest of the policy"),
			text.Say("政策摘要", "digest of the policy")), textValue(r.Policy.Digest)},
		{questionFact, text.Say("查询", "question"), textValue(string(question))},
		{"rows", text.Say("行数", "rows"), Value{Sort: Number, Text: fmt.Sprint(r.rows)}},
		{langFact, text.Say("语言", "language"), textValue(r.Lang)},
		{formFact, text.Say("形式", "form"), textValue(string(r.Form))},
		{versionFact, text.Say("程序版本", "version of the program"), textValue(r.Version)},
	}
	if !r.formless {
		list = append(list, fact{listFormFact, text.Say("列表版式", "form of the lists"),
			Value{Sort: Number, Text: strconv.Itoa(r.asked.form)}})
	}
	if r.asked.form < 2 { // reports of form 1 name neither
		return list
	}
	if r.asked.prefix != "" {
		list = append(list, fact{prefixFact, text.Say("参数前的符号", "sign before parameters"),
			textValue(r.asked.prefix)})
	}
	if s := r.asked.scope; s != nil {
		list = append(list, fact{centersFact, text.Say("账号范围内的中心", "centers within the scope of the account"),
			textValue(s.String())})
	}
	return list
}

// now returns a text of today, or the former one in a report of the forms before lists.WordingForm.
func (r *Report) now(is, former text.Text) text.Text {
	if r.asked.form < lists.WordingForm {
		return former
	}
	return is
}

// unit returns the unit of the amounts, or "" for a table without amounts.
func (r *Report) unit() string {
	i := slices.IndexFunc(r.Table.Columns, func(c table.Column) bool { return c.Type == table.Money })
	if i < 0 {
		return ""
	}
	return r.Table.Columns[i].Unit.Word().In(r.Lang)
}

func (r *Report) say(zh, en string, args ...any) string {
	return text.Say(zh, en, args...).In(r.Lang)
}

// provenanceLines yields the lines of the provenance sheet. Each fact has a title for people, a value and a name.
func (r *Report) provenanceLines(yield func(Line) bool) {
	if !yield(Line{Cells: []Value{textValue(provenanceSheet.In(r.Lang))}, Look: Title}) {
		return
	}
	for _, f := range r.facts() {
		if !yield(Line{Cells: []Value{textValue(f.label.In(r.Lang)), f.value, textValue(f.name)}, Look: f.look()}) {
			return
		}
	}
	yield(Line{Cells: []Value{
		textValue(r.say("核对：taizhang reproduce 本文件", "To check: taizhang reproduce this file"))}, Look: Caption})
}

// provenanceRows yields the facts above the table of a CSV file.
func (r *Report) provenanceRows(yield func(Line) bool) bool {
	for _, f := range r.facts() {
		if !yield(Line{Cells: []Value{textValue("#" + f.name), f.value}, Look: f.look()}) {
			return false
		}
	}
	return true
}

// head yields the title and the line below it.
func (r *Report) head(yield func(Line) bool) bool {
	parts := []string{r.say("截至 %s", "as of %s", r.Question.On), r.say("台账位置 %d", "position %d", r.Position)}
	if unit := r.unit(); unit != "" {
		parts = append([]string{r.say("金额单位：%s", "amounts in %s", unit)}, parts...)
	}
	if r.Policy.ID != "" {
		parts = append(parts, r.now(text.Say("办法参数 %s（校验值 %s）", "policy %s (digest %s)",
			lists.PolicyName(r.Policy), r.Policy.Digest),
			text.Say("政策 %s（摘要 %s）", "policy %s (digest %s)", lists.PolicyName(r.Policy),
				r.Policy.Digest)).In(r.Lang))
	}
	return yield(Line{Cells: []Value{textValue(r.Table.Title.In(r.Lang))}, Look: Title}) &&
		yield(Line{Cells: []Value{textValue(strings.Join(parts, r.say("；", "; ")))}, Look: Caption})
}

// body yields headings, rows, totals and notes. It writes only columns with titles; the others are for programs.
func (r *Report) body(yield func(Line) bool) bool {
	if !yield(r.headings()) {
		return false
	}
	for i, row := range r.Table.Rows {
		if !yield(Line{Cells: cellsOf(r.Table.Columns, row, r.Lang), row: i}) {
			return false
		}
	}
	return r.foot(yield)
}

// foot yields the lines below the rows.
func (r *Report) foot(yield func(Line) bool) bool {
	t := r.Table
	if r.rows == 0 && !yield(Line{Cells: []Value{textValue(t.Empty.In(r.Lang))}, Look: Caption}) {
		return false
	}
	for _, row := range t.Totals {
		if !yield(Line{Cells: cellsOf(t.Columns, row, r.Lang), Look: Total}) {
			return false
		}
	}
	for _, n := range slices.Concat(t.Notes, t.Missing) {
		if !yield(Line{Cells: []Value{textValue(n.In(r.Lang))}, Look: Caption}) {
			return false
		}
	}
	return true
}

// cellsOf returns the cells of a row in columns with titles.
func cellsOf(columns []table.Column, row []table.Cell, lang string) []Value {
	list := make([]Value, 0, len(columns))
	for i, c := range columns {
		if c.Title.En != "" {
			list = append(list, valueOf(&columns[i], row[i], lang))
		}
	}
	return list
}

// columnName returns the program's name of a column, or "". The index counts only columns with titles.
func (r *Report) columnName(column int) string {
	for _, c := range r.Table.Columns {
		if c.Title.En == "" {
			continue
		}
		if column == 0 {
			return c.Name
		}
		column--
	}
	return ""
}

func (r *Report) headings() Line {
	l := Line{Look: Heading}
	for _, c := range r.Table.Columns {
		if c.Title.En != "" {
			v := textValue(c.Title.In(r.Lang))
			v.IsRight = c.Type.Right() || c.Type == table.Year || c.Type == table.Day
			l.Cells = append(l.Cells, v)
		}
	}
	return l
}
