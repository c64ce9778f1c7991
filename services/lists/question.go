package lists

import (
	"context"
	"crypto/sha256"
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

// Source answers questions. Register is the read models at the point that is asked about, Ledger the ledger that they
// are of. Root shows see all events of the ledger up to a position, in order, each valid until see returns, and returns their
// root hash (package seal); only samples ask for it.
//
// Prefix is what the front that asks writes before the name of a parameter, such as the dashes of a flag. Texts that name a
// parameter need it.
type Source struct {
	Ledger   *ledger.Ledger
	Register *projections.Register
	Prefix   string
	Root     func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error)

	policies policy.Timeline     // at the position of the answer; of the copy that answers one question
	stood    func(time.Duration) // called, if it is given, with how long an answer let writers wait; for measuring
}

// Question asks for one list as of a date. It can be written down and asked again: the same ledger, at the same
// position, gives the same table.
type Question struct {
	List   string            `json:"list"`
	On     events.Date       `json:"asOf"`
	Params map[string]string `json:"params,omitempty"` // those that are not as by default
}

// List is one list.
type List struct {
	Name     string
	Short    text.Text // what it lists
	Argument string    // the parameter that must be given, by its place instead of its name; "" for none
	Params   []Param
	history  bool // it is answered without the evaluations as of the date, so that none need be made
	columns  func(q *asked) []table.Column
	answer   func(ctx context.Context, d *Source, q *asked, t *table.Table) error // fills in a table that has the columns
}

// Param is one parameter of a list. Its words name the value in backquotes, as those of a flag do.
type Param struct {
	Name    string
	Words   text.Text
	Sort    ParamSort
	Values  []string // of a Choice
	Default string
	Must    bool // be given
}

// ParamSort is what a parameter takes. Each is written as text; "" is not given.
type ParamSort int

// The sorts. Years are 2000 to 2100, counts at least 1, amounts are in yuan.
const (
	AnyText ParamSort = iota
	Year
	Count
	Choice
	Flag // "true", or not given
	CenterID
	AlertCode // in capitals or not
	Day
	Yuan
	Days  // "30d" or "30", at most DaysMax
	Point // of the ledger's growth: a position, a time of RFC 3339, or a date, for the end of that day
)

// DaysMax is the longest span of days that is asked about.
const DaysMax = 3660

// UnknownCenter returns that the ledger holds nothing of a center: a slip of the pen shall not read as "nothing".
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

// Check returns the list that is asked for. A parameter that cannot be so, whatever the ledger holds, is a *text.Error that names it.
func (q Question) Check() (*List, error) {
	l := Find(q.List)
	if l == nil {
		return nil, text.Errorf(text.NotFound, "没有 %q 这个列表", "there is no list %q", q.List)
	}
	for _, name := range slices.Sorted(maps.Keys(q.Params)) { // so that of two mistakes the same one is named each time
		value := q.Params[name]
		i := slices.IndexFunc(l.Params, func(p Param) bool { return p.Name == name })
		if i < 0 {
			return nil, text.Errorf(text.Invalid, "%s 没有这个参数", "%s has no such parameter", l.Name).Of(name)
		}
		if err := l.Params[i].check(value); err != nil {
			return nil, err
		}
	}
	if l.Argument != "" && q.Params[l.Argument] == "" {
		return nil, text.Errorf(text.Invalid, "必须给出", "must be given").Of(l.Argument)
	}
	for _, p := range l.Params {
		if p.Must && q.Params[p.Name] == "" {
			return nil, text.Errorf(text.Invalid, "必须给出", "must be given").Of(p.Name)
		}
	}
	return l, nil
}

// Columns returns the columns of the table that a question is answered with. They are known before it is asked. Its errors
// are those of Check.
func (q Question) Columns() ([]table.Column, error) {
	l, err := q.Check()
	if err != nil {
		return nil, err
	}
	return l.columns(&asked{Question: q, list: l}), nil
}

// Center returns the one center that a question is about, or "": its answer follows from that center and the policies alone.
func (q Question) Center() events.CenterID {
	if l := Find(q.List); l != nil {
		for _, p := range l.Params {
			if p.Sort == CenterID {
				return events.CenterID(q.Params[p.Name])
			}
		}
	}
	return ""
}

// Ask answers a question with a table of exactly one position, which it names, also while others write: asked of the ledger
// as known at that position, the question has the same answer. A parameter that cannot be so is a *text.Error that names it,
// a center that is not there text.NotFound.
func (d *Source) Ask(ctx context.Context, q Question) (*table.Table, error) {
	l, err := q.Check()
	if err != nil {
		return nil, err
	}
	center := q.Center()
	if center != "" && !d.Register.Knows(center) {
		return nil, UnknownCenter(center)
	}
	if center == "" && !l.history {
		if err := ledger.Evaluate(ctx, d.Register, q.On); err != nil {
			return nil, err
		}
	}
	a := &asked{Question: q, list: l, prefix: d.Prefix}
	t := &table.Table{Columns: l.columns(a)}
	answering := *d
	if err := l.answer(ctx, &answering, a, t); err != nil {
		return nil, err
	}
	t.Position, t.Policy = a.position, a.policy
	return t, nil
}

// exactly calls take, which asks the register, while no event is applied: the table is of that position. Writers wait
// meanwhile, so what take needs is evaluated before, and what it took is put into rows after. A list calls it once.
func (d *Source) exactly(q *asked, take func()) {
	d.Register.Exactly(func(position uint64) {
		if d.stood != nil {
			defer func(since time.Time) { d.stood(time.Since(since)) }(time.Now())
		}
		q.position, d.policies = position, d.Register.Timeline()
		if p := d.policies.Reading(q.On); p != nil {
			q.policy = p.Ref()
		}
		take()
	})
}

func (p *Param) check(value string) error {
	bad := func(zh, en string, args ...any) error { return text.Errorf(text.Invalid, zh, en, args...).Of(p.Name) }
	if value == "" {
		return nil
	}
	switch p.Sort {
	case Year:
		if y, err := strconv.Atoi(value); err != nil || y < events.YearMin || y > events.YearMax {
			return bad("%q 应为 %d 至 %d 之间的年份", "%q must be a year from %d to %d", value, events.YearMin, events.YearMax)
		}
	case Count:
		if n, err := strconv.Atoi(value); err != nil || n < 1 {
			return bad("%q 应为不小于 1 的整数", "%q must be a whole number of at least 1", value)
		}
	case Choice:
		if !slices.Contains(p.Values, value) {
			list := strings.Join(p.Values, ", ")
			return bad("%q 应为 %s 之一", "%q must be one of: %s", value, list)
		}
	case Flag:
		if value != "true" {
			return bad("只能给出或不给出", "is given or not given")
		}
	case AlertCode:
		if aggregates.LookupAlert(alertCode(value)) == nil {
			return bad("没有预警代码 %q", "there is no alert code %q", value)
		}
	case Day:
		if _, err := events.ParseDate(value); err != nil {
			return bad("%q 不是 YYYY-MM-DD 形式的日期，或没有这一天", "%q is not a date of the form YYYY-MM-DD, or there is no such day", value)
		}
	case Yuan:
		if _, err := events.ParseYuan(value); err != nil {
			return bad("%q 不是以元为单位的金额，如 1234.50", "%q is not an amount in yuan, such as 1234.50", value)
		}
	case Days:
		if n, err := strconv.Atoi(strings.TrimSuffix(value, "d")); err != nil || n < 1 || n > DaysMax {
			return bad("%q 应为 1 至 %d 天，如 30d", "%q must be from 1 to %d days, such as 30d", value, DaysMax)
		}
	case Point:
		if _, err := ledger.ParsePoint(value); err != nil {
			return bad("%q 既不是日期（例如 2026-10-31）或 RFC 3339 时间（例如 2026-10-31T12:00:00+08:00），也不是台账位置", "%q is neither a date, such as 2026-10-31, nor a time of RFC 3339, such as 2026-10-31T12:00:00+08:00, nor a position", value)
		}
	}
	return nil
}

// asked is a question that was checked.
type asked struct {
	Question
	list     *List
	prefix   string           // see Source
	position uint64           // that the answer is of; see exactly
	policy   events.PolicyRef // in force there on the date, or empty
}

// written returns the name of a parameter as whoever asks writes it.
func (q *asked) written(param string) string { return q.prefix + param }

// text returns a parameter, or its default.
func (q *asked) text(name string) string {
	if v := q.Params[name]; v != "" {
		return v
	}
	for _, p := range q.list.Params {
		if p.Name == name {
			return p.Default
		}
	}
	panic("lists: " + q.list.Name + " has no parameter " + name)
}

func (q *asked) given(name string) bool { return q.text(name) != "" }

// number returns a year or a count, or 0.
func (q *asked) number(name string) int {
	n, _ := strconv.Atoi(q.text(name)) // checked
	return n
}

func (q *asked) center(name string) events.CenterID { return events.CenterID(q.text(name)) }

func alertCode(value string) aggregates.Code { return aggregates.Code(strings.ToUpper(value)) }

func (q *asked) day(name string) events.Date {
	d, _ := events.ParseDate(q.text(name)) // checked, or none
	return d
}

func (q *asked) yuan(name string) events.Fen {
	v, _ := events.ParseYuan(q.text(name)) // checked, or none
	return v
}
