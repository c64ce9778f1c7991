package lists

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/table"
)

// Books answers questions about a ledger. Ledger is the ledger. Register holds the read models of that ledger at the
// point of the question. Root calls see for all events of the ledger up to a position, in order, and returns their
// root hash (package seal). An event is valid until see returns. Only samples call Root.
//
// Prefix is the text that a user writes before the name of a parameter, such as the dashes of a flag, or Labels. Texts
// that name a parameter need it. InForm is the number of the form in which the answers are, from 1 to Form, or 0 for
// Form. Partial is true if the ledger has only some of the streams, and so lacks records at some positions.
type Books struct {
	Ledger   *ledger.Ledger
	Register *projections.Register
	Prefix   string
	InForm   int
	Partial  bool
	Root     func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error)

	policies policy.Timeline     // at the position of the answer; set only in the copy that answers one question
	stood    func(time.Duration) // for measuring: if set, called with the time for which an answer let writers wait
}

// Form is the number of the current form of the answers. Filed reports name their form and are computed again in it,
// so every earlier form stays known. A new column has the new form as its Since (table.Column). A removed column has
// the last form with it as its Until, and is still answered in that form. Code whose title, total or note changes
// calls asked.since. Raise the number with the first such change after a release; further changes share it. The
// reports in services/reports/testdata prove that each form is still known.
const Form = 3

// Question is a request for one list as of a date. It can be stored and asked again: the same ledger at the same
// position returns the same table.
type Question struct {
	List   string            `json:"list"`
	On     events.Date       `json:"asOf"`
	Params map[string]string `json:"params,omitempty"` // the parameters that differ from their defaults
}

// List is one kind of question, with its parameters, its columns and the function that answers it.
type List struct {
	Name     string
	Short    text.Text // one line that describes the list
	Argument string    // the required parameter that is given by its place instead of its name, or ""
	Params   []Param
	later    bool // the answer leaves out the records after the date, so Ask counts them
	history  bool // the answer does not need the evaluations as of the date, so Ask does not make them
	columns  func(q *asked) []table.Column

	// For a list whose rows are those of one center after another: each returns the rows and the sum of one center,
	// and close fills in the rest of the table. close reports whether the rows of the centers stand above its own
	// rows.
	each  perCenter
	close func(q *asked, s *sum, rows int, t *table.Table) (rowsStand bool)

	// For a list with orders of its own: returns the key of the order that is asked for, or nil for that in which the
	// list makes its rows.
	key func(q *asked) sortKey

	// For any other list: fills the table, which has its columns already.
	answer func(ctx context.Context, d *Books, q *asked, t *table.Table) error
}

// Param is one parameter of a list. Its Words describe it and name the value in backquotes, like the usage of a flag.
type Param struct {
	Name   string
	Words  text.Text
	Sort   ParamSort
	Values text.Vocabulary[string] // of a Choice
	// values that look like some of a Choice and are none, each with what to ask for instead
	Derived map[string]text.Text
	Default string
	Must    bool // whether the parameter is required
}

// QueryName returns the name of the parameter in the query of an address.
func (p *Param) QueryName() string { return QueryName(p.Name) }

// QueryName returns the name in the query of an address of a parameter that a flag has: knownAt for known-at. The name
// of a header, such as If-Match, stays unchanged.
func QueryName(param string) string {
	name := []byte{}
	for i := 0; i < len(param); i++ {
		if param[i] == '-' && i+1 < len(param) && 'a' <= param[i+1] && param[i+1] <= 'z' {
			i++
			name = append(name, param[i]-'a'+'A')
			continue
		}
		name = append(name, param[i])
	}
	return string(name)
}

// ParamSort is the sort of value of a parameter. Every value is written as text; "" means that it is not given.
type ParamSort int

// The sorts. Years are 2000 to 2100, counts at least 1, amounts are in yuan.
const (
	AnyText ParamSort = iota
	Year
	Count
	Choice // a code or a word of Values
	Flag   // "true", or not given
	CenterID
	AlertCode // in capital or small letters, or the title of the alert
	Use       // a use of a policy: its code or a word of the policy
	Day       // in a form that events.ReadDate reads
	Yuan
	Days   // "30d" or "30", at most DaysMax
	Point  // a point of the ledger: a position, a time of RFC 3339, or a date for the end of that day
	Region // of GB/T 2260: the first 2, 4 or 6 digits of its code, or its name
	Order  // a code or a word of Values, or of a column of the list; see Question.Orders
)

// DaysMax is the longest span of days that a question may have.
const DaysMax = 3660

// UnknownCenter returns the error that the ledger has no such center. An empty answer would hide a mistyped center.
func UnknownCenter(id events.CenterID) error {
	return text.Errorf(text.NotFound, "台账中没有中心 %s", "the ledger has no center %s", id)
}

// Find returns the list of a name, or nil.
func Find(name string) *List {
	if i := slices.IndexFunc(Lists, func(l *List) bool { return l.Name == name }); i >= 0 {
		return Lists[i]
	}
	return nil
}

// Read returns the question as it is asked, stored and compared, and its list: a value that people typed, such as a
// word, becomes the code that it stands for. Of a use it does so only as far as no policy is needed; see Books.Read.
// It returns a *text.Error that names the parameter if a value is not valid, whatever the ledger contains. Reading
// what Read returned changes nothing.
func (q Question) Read() (Question, *List, error) {
	l := Find(q.List)
	if l == nil {
		return q, nil, text.Errorf(text.NotFound, "没有 %q 这个列表", "there is no list %q", q.List)
	}
	read := Question{List: q.List, On: q.On}
	for _, name := range slices.Sorted(maps.Keys(q.Params)) {
		// so that of two mistakes the same one is named each time
		i := slices.IndexFunc(l.Params, func(p Param) bool { return p.Name == name })
		if i < 0 {
			return q, nil, text.Errorf(text.Invalid, "%s 没有这个参数", "%s has no such parameter", l.Name).Of(name)
		}
		value, err := l.Params[i].Read(q.Params[name])
		if err != nil {
			return q, nil, err
		}
		if read.Params == nil {
			read.Params = map[string]string{}
		}
		read.Params[name] = value
	}
	if l.Argument != "" && read.Params[l.Argument] == "" {
		return q, nil, text.Errorf(text.Invalid, "必须给出", "must be given").Of(l.Argument)
	}
	for _, p := range l.Params {
		if p.Must && read.Params[p.Name] == "" {
			return q, nil, text.Errorf(text.Invalid, "必须给出", "must be given").Of(p.Name)
		}
	}
	if err := (&asked{Question: read, list: l, form: Form}).readOrder(); err != nil {
		return q, nil, err
	}
	return read, l, nil
}

// Read is Question.Read that also reads uses in the words of the policies of the ledger. A use that no policy has is
// text.Invalid.
func (d *Books) Read(q Question) (Question, *List, error) {
	q, l, err := q.Read()
	if err != nil {
		return q, nil, err
	}
	for _, p := range l.Params {
		typed := q.Params[p.Name]
		if p.Sort != Use || typed == "" {
			continue
		}
		code, ok := d.Register.Timeline().ReadUse(typed, q.On)
		if !ok {
			return q, nil, text.Errorf(text.Invalid, "没有用途“%s”", "there is no use %q", typed).Of(p.Name)
		}
		q.Params[p.Name] = string(code)
	}
	return q, l, nil
}

// Columns returns the columns of the table that answers the question, without asking it. It returns the errors of
// Read.
func (q Question) Columns() ([]table.Column, error) {
	q, l, err := q.Read()
	if err != nil {
		return nil, err
	}
	return table.ColumnsIn((&asked{Question: q, list: l, form: Form}).columns(), Form), nil
}

// Center returns the one center that a question is about, or "" for all centers. The answer about one center depends
// only on that center and the policies.
func (q Question) Center() events.CenterID {
	if l := Find(q.List); l != nil {
		for _, p := range l.Params {
			if p.Sort == CenterID {
				return events.ParseCenter(q.Params[p.Name])
			}
		}
	}
	return ""
}

// Ask returns the table that answers a question. The table shows exactly one position of the ledger, in its Position,
// even while others append. Asked again as of that position, the question has the same answer. Ask returns a
// *text.Error that names the parameter if a value is not valid, and one with text.NotFound if the ledger has no such
// center.
func (d *Books) Ask(ctx context.Context, q Question) (*table.Table, error) {
	t, _, err := d.AskSeeing(ctx, q)
	return t, err
}

// AskSeeing does the same as Ask and also returns the register of the answer. If the register of d is restricted, the
// returned register is restricted to the centers of the answer, whatever changes later.
func (d *Books) AskSeeing(ctx context.Context, q Question) (*table.Table, *projections.Register, error) {
	a, register, err := d.answer(ctx, q, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	return a.Table, register, nil
}

// Answer is the answer to a question, with its rows in an encoding.
type Answer struct {
	*table.Table // everything except the rows
	Rows         *Rows
	gathered
	question Question
	encoding string
}

// IsByCenter reports whether the next answer to the question may share rows with this one.
func (a *Answer) IsByCenter() bool { return a.moment != projections.Moment{} }

// AnswerSeeing does the same as AskSeeing and returns the rows encoded. before is an earlier answer, or nil; the new
// answer shares its rows for the centers that have not changed.
func (d *Books) AnswerSeeing(ctx context.Context, q Question, in Encoding, before *Answer) (*Answer,
	*projections.Register, error) {
	return d.answer(ctx, q, &in, before)
}

// answer answers a question, in an encoding or (for nil) with the rows in the table.
func (d *Books) answer(ctx context.Context, q Question, in *Encoding, before *Answer) (*Answer,
	*projections.Register, error) {
	q, l, err := d.Read(q)
	if err != nil {
		return nil, nil, err
	}
	center := q.Center()
	if center != "" && !d.Register.Knows(center) {
		return nil, nil, UnknownCenter(center)
	}
	a := &asked{Question: q, list: l, prefix: d.Prefix, form: cmp.Or(d.InForm, Form)}
	register, only := d.Register, text.Text{}
	if a.wants, only = a.within(d.Register); a.wants != nil {
		if register = d.Register.Within(a.wants); center != "" && !register.Knows(center) {
			return nil, nil, text.Errorf(text.Invalid, "%s 不在其中：%s", "%s is none of them: %s", center, only)
		}
	}
	if center == "" && !l.history && l.each == nil {
		if err := ledger.Evaluate(ctx, register, q.On); err != nil {
			return nil, nil, err
		}
	}
	t := &table.Table{Columns: a.columns()}
	made := &Answer{Table: t, question: q}
	answering := *d
	answering.Register = register
	answering.InForm = a.form
	a.key = a.sortKey()
	if l.each != nil {
		if in != nil {
			made.encoding = fmt.Sprint(in.Name, " ", a.form)
		}
		if before != nil && before.encoding == made.encoding && before.question.equal(&q) {
			made.gathered = before.gathered
		}
		err = answering.concatenate(ctx, a, made, in)
	} else {
		if err = answering.fillTable(ctx, a, t); a.key != nil {
			a.key.sort(t.Rows)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	if l.later && a.tally.Later > 0 && a.since(2) {
		t.Missing = append(t.Missing, laterRecords(a.tally.Later, q.On))
	}
	switch {
	case center != "" && !answering.Register.Knows(center):
		// the center left the scope before the position of the answer
		return nil, nil, UnknownCenter(center)
	case center == "" && d.Register.Scope() != nil:
		t.Notes = append(t.Notes, withinScope)
	}
	if a.wants != nil {
		t.Notes = append(t.Notes, only)
	}
	if a.unit() == table.TenThousands && len(t.Totals) > 0 {
		t.Notes = append(t.Notes, roundedTotals)
	}
	t.Position, t.Policy = a.position, a.policy
	t.KeepForm(a.form)
	if !a.since(WordingForm) {
		inFormerWords(t)
	}
	if in != nil {
		err = made.encode(in)
	}
	return made, answering.Register, err
}

// fillTable fills the table of a list that is not made center by center.
func (d *Books) fillTable(ctx context.Context, q *asked, t *table.Table) (err error) {
	if q.list.later {
		if q.tallies, err = workAhead(ctx, d, q.Center(), func(id events.CenterID) aggregates.Tally {
			return d.Register.Tally(id, q.On)
		}); err != nil {
			return err
		}
	}
	return q.list.answer(ctx, d, q, t)
}

// equal reports whether two questions are the same.
func (q *Question) equal(o *Question) bool {
	return q.List == o.List && q.On == o.On && maps.Equal(q.Params, o.Params)
}

// withinScope is the note under a table about several centers of a register that is restricted.
var withinScope = text.Say("仅含查询账号范围内的中心。", "Only centers within the scope of the account that asked.")

// laterRecords returns the note on the records that an answer leaves out because they are dated after its date.
func laterRecords(count int, on events.Date) text.Text {
	return text.Say("另有 %d 条记录的日期晚于 %v，未计入。",
		"Records dated after %[2]v, which are not counted here: %[1]d.", count, on)
}

// exactly calls take, which reads the register, while no event is applied. So the table shows exactly that position,
// and the scope as of that position. Writers wait until take returns. Therefore a list evaluates before it calls
// exactly, and makes its rows afterwards. A list calls exactly once.
func (d *Books) exactly(q *asked, take func()) {
	d.Register.Exactly(func(position uint64) {
		if d.stood != nil {
			defer func(since time.Time) { d.stood(time.Since(since)) }(time.Now())
		}
		d.Register = d.Register.Settled()
		q.position, d.policies = position, d.Register.Timeline()
		if p := d.policies.Reading(q.On); p != nil {
			q.policy = p.Ref()
		}
		take()
		if q.tallies != nil {
			for _, t := range q.tallies.take() {
				q.tally = q.tally.Plus(t)
			}
		}
	})
}

// Read returns a value of the parameter as questions have it: the code that a typed word stands for, a date in the
// form YYYY-MM-DD, an id in capitals. It returns a *text.Error that names the parameter if the value is not valid. An
// empty value means that the parameter is not given. A column by which a list is sorted is returned as typed.
func (p *Param) Read(typed string) (value string, err error) {
	bad := func(zh, en string, args ...any) (string, error) {
		return "", text.Errorf(text.Invalid, zh, en, args...).Of(p.Name)
	}
	if typed == "" || p.Sort == AnyText {
		return typed, nil
	}
	value = text.FoldCode(typed)
	switch p.Sort {
	case Year:
		value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(value, "年度"), "年"))
		if y, err := strconv.Atoi(value); err != nil || y < events.YearMin || y > events.YearMax {
			return bad("“%s”应为 %d 至 %d 之间的年份", "%q must be a year from %d to %d", typed, events.YearMin,
				events.YearMax)
		}
	case Count:
		if n, err := strconv.Atoi(value); err != nil || n < 1 {
			return bad("“%s”应为不小于 1 的整数", "%q must be a whole number of at least 1", typed)
		}
	case Choice:
		if why, ok := p.Derived[value]; ok {
			return "", (&text.Error{Code: text.Invalid, What: why}).Of(p.Name)
		}
		code, ok := p.Values.Read(typed)
		if !ok {
			return "", p.Values.Reject(typed).Of(p.Name)
		}
		return code, nil
	case Region:
		prefix, ok := projections.ReadRegion(value)
		if !ok {
			return bad("没有区划“%s”，应为名称（如 杭州市）或代码的前 2、4、6 位",
				"there is no region %q; give its name, or the first 2, 4 or 6 digits of its code", typed)
		}
		return prefix, nil
	case Order:
		if code, ok := p.Values.Read(typed); ok {
			return code, nil
		}
		return typed, nil // see readOrder
	case Flag:
		if value != "true" {
			return bad("不带值：给出即为是，不给出即为否", "takes no value: give it for yes, leave it out for no")
		}
	case CenterID:
		return string(events.ParseCenter(typed)), nil
	case AlertCode:
		code, err := ReadAlertCode(typed)
		if err != nil {
			return "", err.Of(p.Name)
		}
		return string(code), nil
	case Day:
		on, err := events.ReadDate(typed)
		if err != nil {
			return "", (&text.Error{Code: text.Invalid, What: text.Of(err)}).Of(p.Name)
		}
		return on.String(), nil
	case Yuan:
		if _, err := events.ParseYuan(value); err != nil {
			return bad("“%s”不是以元为单位的金额，如 1234.50", "%q is not an amount in yuan, such as 1234.50", typed)
		}
	case Days:
		days := strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(value, "d"), "days"), "天"))
		if n, err := strconv.Atoi(days); err != nil || n < 1 || n > DaysMax {
			return bad("“%s”应为 1 至 %d 天，如 30d", "%q must be from 1 to %d days, such as 30d", typed, DaysMax)
		}
		return days + "d", nil
	case Point:
		point, err := ReadPoint(typed)
		if err != nil {
			return "", (&text.Error{Code: text.Invalid, What: text.Of(err)}).Of(p.Name)
		}
		return point, nil
	}
	return value, nil
}

// ReadAlertCode returns the code of an alert that a typed code or title stands for. The error has the codes and titles
// that it may have been meant for.
func ReadAlertCode(typed string) (aggregates.Code, *text.Error) {
	if code, ok := aggregates.AlertCodes.Read(typed); ok {
		return code, nil
	}
	shown := text.Clip(typed, alertCharsMax)
	if near := aggregates.AlertCodes.Nearest(typed); len(near) > 0 {
		return "", text.Errorf(text.Invalid, "没有预警“%[1]s”；是否指 %[2]s？",
			"there is no alert %[1]q; did you mean %[3]s?", shown, strings.Join(near, "、"), strings.Join(near, "; "))
	}
	return "", text.Errorf(text.Invalid, "没有预警“%[1]s”，应为预警代码（如 AL-EXE-02）或名称",
		"there is no alert %[1]q; give its code, such as AL-EXE-02, or its title", shown)
}

// alertCharsMax is the number of characters of a typed alert that an error repeats.
const alertCharsMax = 100

// ReadPoint returns a point of the ledger as questions have it: a position, a time of RFC 3339, or a date in the form
// YYYY-MM-DD. "" stands for now.
func ReadPoint(typed string) (string, error) {
	value := text.FoldCode(typed)
	point, err := ledger.ParsePoint(value)
	switch {
	case typed == "":
		return "", nil
	case err != nil:
		return "", text.Errorf(text.Invalid,
			"“%s”既不是日期（例如 2026-10-31）或 RFC 3339 时间（例如 2026-10-31T12:00:00+08:00），也不是台账位置",
			"%q is neither a date, such as 2026-10-31, nor a time of RFC 3339, such as 2026-10-31T12:00:00+08:00, "+
				"nor a position", typed)
	case point.Position == 0:
		if on, err := events.ReadDate(value); err == nil {
			return on.String(), nil
		}
	}
	return value, nil
}

// asked is a question whose parameters are checked.
type asked struct {
	Question
	list     *List
	prefix   string                     // see Books
	form     int                        // the form of the answer; see Form
	wants    func(events.CenterID) bool // nil unless the answer is about some centers only; see within
	key      sortKey                    // nil unless the answer is to be sorted
	position uint64                     // the position of the answer; see exactly
	policy   events.PolicyRef           // the policy in force on the date, as known at that position, or empty
	tallies  *ahead[aggregates.Tally]
	tally    aggregates.Tally // of all centers of the answer, if the list counts later records
}

// since reports whether the answer is in a form or a later one; see Form.
func (q *asked) since(form int) bool { return q.form >= form }

// text returns the value of a parameter, or its default.
func (q *asked) text(name string) string {
	return cmp.Or(q.Params[name], q.list.param(name).Default)
}

// param returns the parameter of a name. It panics if the list does not have it.
func (l *List) param(name string) *Param {
	for i := range l.Params {
		if l.Params[i].Name == name {
			return &l.Params[i]
		}
	}
	panic("lists: " + l.Name + " has no parameter " + name)
}

func (q *asked) given(name string) bool { return q.text(name) != "" }

// number returns the value of a year or a count, or 0 if it is not given.
func (q *asked) number(name string) int {
	n, _ := strconv.Atoi(q.text(name)) // checked
	return n
}

func (q *asked) center(name string) events.CenterID { return events.ParseCenter(q.text(name)) }

// unitParam is the parameter of every list that shows money.
var unitParam = choice("unit", table.Units, text.Say("金额单位 `UNIT`", "`UNIT` of amounts for people"),
	text.Say("（默认元）；供程序读取的 CSV 和 JSON 总以分为单位",
		" (10,000 yuan), default yuan; CSV and JSON for programs are always in fen"))

// unit returns the unit in which amounts are shown to people.
func (q *asked) unit() table.Unit { return table.Unit(cmp.Or(q.Params["unit"], string(table.Yuan))) }

// roundedTotals is the note under a table in 万元 that has totals.
var roundedTotals = text.Say("金额四舍五入到 0.01 万元；合计先按分相加再四舍五入，与各行之和可能有尾差。",
	"Amounts are rounded to 0.01 of 10,000 yuan; a total is the exact sum, rounded, so it may differ from the sum "+
		"of the rows.")

// columns returns the columns of the list, with the unit of those that hold money.
func (q *asked) columns() []table.Column {
	columns := q.list.columns(q)
	if q.unit() == table.Yuan {
		return columns
	}
	columns = slices.Clone(columns)
	for i := range columns {
		if columns[i].Type == table.Money {
			columns[i].Unit = q.unit()
		}
	}
	return columns
}

func (q *asked) day(name string) events.Date {
	d, _ := events.ParseDate(q.text(name)) // checked, or none
	return d
}

func (q *asked) yuan(name string) events.Fen {
	v, _ := events.ParseYuan(q.text(name)) // checked, or none
	return v
}
