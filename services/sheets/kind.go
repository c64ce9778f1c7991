package sheets

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// SheetKind is one kind of sheet.
type SheetKind struct {
	Name    string // the name on the command line, such as "vouchers"
	Title   text.Text
	Mark    string // the heading that only sheets of this kind have; "" for none
	Columns []SheetColumn
	// the roles that may record such a sheet; a row is recorded by the first one that may write its kind of record
	Roles []events.Role

	Records []events.Kind // the kinds of record that its rows may become

	words    []string // further words for its records, used when a row of another sheet names one
	identity []string // the fields that, with the center, identify a record
	dated    *Only    // the rows in which the date also identifies the record; nil for none
	lines    []string // the fields in which the rows of one record may differ; none if each row is a record
	build    func(rows []cells, r *events.Record)
}

// Identity returns the headings of the cells that, with the center, identify a record. dated selects the rows in
// which the date also does; nil for none.
func (k *SheetKind) Identity() (headings []string, dated *Only) {
	for _, field := range k.identity {
		headings = append(headings, k.Columns[k.column(field)].Heading)
	}
	return headings, k.dated
}

// SheetColumn is one column of a kind.
type SheetColumn struct {
	Heading  string
	Field    string // the field of the record
	Form     ValueForm
	Optional bool
	Words    []Word // of a Choice or a List
	Only     *Only  // the rows in which it is filled in; nil for all
	Note     string // help for the person who fills it in, with an example

	// policy returns the words that a policy has for the column, and an addition to the note. It is nil if the words
	// are the same under every policy.
	policy func(*policy.Policy) (names *policy.Vocabulary, note string)
	names  *policy.Vocabulary // the names that policy returned
}

// Only limits a column to the rows that have a word in another column.
type Only struct {
	Field string // of the other column, a Choice or a YesNo
	Word  string
	Must  bool // in these rows the column must be filled in
}

// ValueForm is the form in which people write the values of a column.
type ValueForm int

// A code is a text in which full-width letters, digits and hyphens equal the narrow ones. Amounts are in yuan with
// at most two decimals. Lists are words separated by 、 or another separator. An entry is a record of the ledger,
// by its id or by its kind and number.
const (
	Text ValueForm = iota
	Code
	Amount
	Day
	Whole
	YesNo
	Choice
	List
	Entry
)

// Word is a word that people use, with its code in the ledger.
type Word struct{ Word, Code string }

// wordsOf returns the words of a vocabulary.
func wordsOf[T ~string](v text.Vocabulary[T]) (list []Word) {
	for _, t := range v {
		list = append(list, Word{t.Word.Zh, string(t.Code)})
	}
	return list
}

// yes and no are the words of a YesNo.
const yes, no = "是", "否"

// ReasonHeading is the heading of the column that a marked copy adds. Reading skips it in a marked copy, so that a
// corrected copy can be read as a sheet. In any other sheet it is a heading like others.
const ReasonHeading = "原因"

// untitledHeading is the heading that a marked copy of a text gives to a column that has none. As in the text, nothing
// may stand in it: a surplus comma moves the cells to its right into other columns.
const untitledHeading = "没有标题的列"

// Names holds the words for the kinds of sheets.
func Names() (all text.Vocabulary[string]) {
	for _, k := range Kinds {
		all = append(all, text.Term[string]{Code: k.Name, Word: k.Title})
	}
	return all
}

// Find returns the kind with a name, or nil.
func Find(name string) *SheetKind {
	if i := slices.IndexFunc(Kinds, func(k *SheetKind) bool { return k.Name == name }); i >= 0 {
		return Kinds[i]
	}
	return nil
}

// rank compares the kinds that a row of headings may be of, given the columns whose headings it has. A kind that lacks
// no heading comes first, then a kind whose mark is there, then the kind with more headings.
func (k *SheetKind) rank(known map[int]bool) int {
	const marked, complete = columnsMax + 1, 2 * (columnsMax + 1)
	rank, lacks := len(known), false
	for i, c := range k.Columns {
		if known[i] && c.Heading == k.Mark {
			rank += marked
		}
		lacks = lacks || !known[i] && !c.Optional
	}
	if !lacks {
		rank += complete
	}
	return rank
}

// reasonHeading returns the heading of the column that a marked copy of the kind adds.
func (k *SheetKind) reasonHeading() string {
	if k.headed(ReasonHeading) >= 0 {
		return "退回" + ReasonHeading
	}
	return ReasonHeading
}

// isOnly reports whether a row has the word of a condition. ok is false if the cell that decides cannot be read.
func (k *SheetKind) isOnly(only *Only, columns []SheetColumn, row cells) (is, ok bool) {
	c := &columns[k.column(only.Field)]
	v := row[c.Field]
	if c.Form == YesNo {
		return v.yes == (only.Word == yes), true
	}
	code, _ := c.code(only.Word)
	return v.text == code, v.text != ""
}

// misplaced returns the reason why a cell must be filled in, or must be empty, given the other cells of its row.
// It returns a zero Text if the cell is right.
func (k *SheetKind) misplaced(c *SheetColumn, columns []SheetColumn, row cells, isFilled bool) text.Text {
	if c.Only == nil {
		return text.Text{}
	}
	is, ok := k.isOnly(c.Only, columns, row)
	other := columns[k.column(c.Only.Field)].Heading
	switch {
	case ok && is && c.Only.Must && !isFilled:
		return text.Say("“%s”为“%s”时必填", "must be filled in where “%s” is “%s”", other, c.Only.Word)
	case ok && !is && isFilled:
		return text.Say("只在“%s”为“%s”时填写", "is filled in only where “%s” is “%s”", other, c.Only.Word)
	}
	return text.Text{}
}

// writers returns the roles that may write the record of a row, in the order of the kind. A record that names an entry
// voids it, which needs a role that may write that entry.
func (k *SheetKind) writers(rec *events.Record, row cells) []events.Role {
	of := events.Lookup(rec.Kind)
	for _, v := range row {
		if v.entry != nil && events.Lookup(v.entry.Kind) != nil {
			of = events.Lookup(v.entry.Kind)
		}
	}
	return slices.DeleteFunc(slices.Clone(k.Roles), func(r events.Role) bool { return !of.Allows(r) })
}

// notTheWriter returns the reason for a role that may not write the record of a row.
func notTheWriter(writers []events.Role, role events.Role) text.Text {
	var zh, en []string
	for _, r := range writers {
		zh, en = append(zh, r.Title().Zh), append(en, r.Title().En)
	}
	return text.Text{
		Zh: fmt.Sprintf("应由%s填报，不由%s填报", strings.Join(zh, "或"), role.Title().Zh),
		En: fmt.Sprintf("is for the %s to fill in, not for the %s", strings.Join(en, " or the "), role.Title().En),
	}
}

// Help returns the note of a column, preceded by the condition under which the column is filled in.
func (k *SheetKind) Help(c *SheetColumn) string {
	switch {
	case c.Only != nil && c.Only.Must:
		return fmt.Sprintf("“%s”为“%s”时必填，其他不填。%s", k.Columns[k.column(c.Only.Field)].Heading,
			c.Only.Word, c.Note)
	case c.Only != nil:
		return fmt.Sprintf("只在“%s”为“%s”时填写。%s", k.Columns[k.column(c.Only.Field)].Heading, c.Only.Word, c.Note)
	case !c.Optional:
		return "必填。" + c.Note
	}
	return c.Note
}

// id returns the id of the record with an identity. The same sheet gives the same ids wherever it is read. Records of
// two kinds never have the same id.
func (k *SheetKind) id(identity string) uuid.UUID {
	namespace := uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/taizhang/taizhang/sheets/"+k.Name))
	return uuid.NewSHA1(namespace, []byte(identity))
}

// column returns the index of the column for a field of the record, or for a part of that field, or -1.
func (k *SheetKind) column(field string) int {
	return slices.IndexFunc(k.Columns, func(c SheetColumn) bool {
		return c.Field == field ||
			strings.HasPrefix(field, c.Field+"[")
	})
}

// headed returns the index of the column with a heading, or -1.
func (k *SheetKind) headed(heading string) int {
	heading = foldHeading(heading)
	return slices.IndexFunc(k.Columns, func(c SheetColumn) bool { return foldHeading(c.Heading) == heading })
}

// Headed returns the column with a heading, or nil.
func (k *SheetKind) Headed(heading string) *SheetColumn {
	if i := k.headed(heading); i >= 0 {
		return &k.Columns[i]
	}
	return nil
}

// Under returns the columns of the kind with the words and notes that a policy gives them.
func (k *SheetKind) Under(p *policy.Policy) []SheetColumn {
	columns := slices.Clone(k.Columns)
	for i := range columns {
		c := &columns[i]
		if c.policy == nil {
			continue
		}
		names, note := c.policy(p)
		c.names, c.Note = names, c.Note+note
		for _, code := range names.Codes() {
			name, _ := names.Name(code)
			c.Words = append(c.Words, Word{name.Zh, code})
		}
	}
	return columns
}

// byDate returns a function from a date to the columns under the policy that Timeline.Reading returns for the date.
// Without a date it is the last policy.
func (k *SheetKind) byDate(t policy.Timeline) func(events.Date) []SheetColumn {
	if len(t.Adopted()) == 0 {
		t = t.With(policy.Builtin())
	}
	known := map[*policy.Policy][]SheetColumn{}
	return func(on events.Date) []SheetColumn {
		if on == 0 {
			on = events.DateOf(events.YearMax, 12, 31)
		}
		p := t.Reading(on)
		if known[p] == nil {
			known[p] = k.Under(p)
		}
		return known[p]
	}
}

// code returns the code of a word of the column.
func (c *SheetColumn) code(word string) (code string, ok bool) {
	if c.names != nil {
		return c.names.Code(word)
	}
	i := slices.IndexFunc(c.Words, func(w Word) bool { return w.Word == word })
	if i < 0 {
		return "", false
	}
	return c.Words[i].Code, true
}

// words lists the words that the column offers.
func (c *SheetColumn) words() []string {
	if c.Form == YesNo {
		return []string{yes, no}
	}
	var list []string
	for _, w := range c.Words {
		list = append(list, w.Word)
	}
	return list
}

// foldHeading returns a heading in narrow characters without white space and invisible characters, so that
// headings that differ only in these are equal.
func foldHeading(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || text.IsUnseen(r) {
			return -1
		}
		return narrow(r)
	}, s)
}

// cells holds the values of the cells of one row, by field.
type cells map[string]value

// value is the value of one cell, in the member for its form. An empty cell has the zero value.
type value struct {
	text string // for a Choice, its code
	fen  events.Fen
	on   events.Date
	n    int64
	yes  bool
	list []string

	entry *events.Record // for an Entry, whose text is the id
	name  string         // for an Entry: its name in lists or, if it was not found, the text of the cell
}

// date returns the date, or "" if there is none.
func (v value) date() string {
	if v.on == 0 {
		return ""
	}
	return v.on.String()
}

func (v value) equal(o value) bool {
	return v.text == o.text && v.fen == o.fen && v.on == o.on && v.n == o.n && v.yes == o.yes &&
		slices.Equal(v.list, o.list)
}
