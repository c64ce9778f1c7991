package console

import (
	"context"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// asking asks lists by a desk, for a value that is made of several answers.
type asking struct {
	*visit
	ctx      context.Context
	desk     desk.Keeper
	position uint64 // the least of the answers so far; 0 before the first
}

// keep returns a value that is made of several lists. It is kept like an answer to the question, for the language, the
// role and the state of the page, and as JSON, so make fills in exported members alone.
func keep[T any](v *visit, name string, q lists.Question, make func(*asking) (T, error)) (of T, err error) {
	form := answers.Form{Name: name + " " + v.matterForm(),
		Make: func(ctx context.Context, r *answers.Request, _ *lists.Answer) (answers.Content, error) {
			a := &asking{visit: v, ctx: ctx, desk: r.Desk}
			made, err := make(a)
			if err != nil {
				return answers.Content{}, err
			}
			whole, err := json.Marshal(&made)
			return answers.Content{Position: a.position, Above: whole}, err
		}}
	kept, err := v.answer(q, form)
	if err == nil {
		err = json.Unmarshal(kept.Above, &of)
	}
	return of, err
}

// listed is the answer to a list, read by the names of its columns.
type listed struct {
	*table.Table
	lang string
}

// list answers a list with parameters: names and values in turn.
func (a *asking) list(list string, params ...string) (listed, error) {
	t, err := a.desk.List(a.ctx, a.when, a.questionOf(list, params...))
	if err == nil && (a.position == 0 || t.Position < a.position) {
		a.position = t.Position
	}
	return listed{t, a.lang}, err
}

// questionOf returns a question with parameters: names and values in turn. Empty values are left out.
func (v *visit) questionOf(list string, params ...string) lists.Question {
	q := v.listOf(list)
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] != "" {
			q.Params[params[i]] = params[i+1]
		}
	}
	return q
}

// code returns the data of a cell of a row.
func (l listed) code(row []table.Cell, column string) string {
	if i := columnAt(l.Columns, column); i >= 0 {
		return row[i].CSV()
	}
	return ""
}

// word returns what people read in a cell of a row.
func (l listed) word(row []table.Cell, column string) string {
	if i := columnAt(l.Columns, column); i >= 0 {
		return l.Columns[i].Shown(row[i], l.lang)
	}
	return ""
}

// recorded is what the pages about recognition and grading read from a record.
type recorded struct {
	On       string
	Position uint64
	Kind     string
	Data     struct {
		Year     int    `json:"year"`
		Grade    string `json:"grade"`
		Passed   bool   `json:"passed"`
		Approved bool   `json:"approved"`
	}
}

// recordIn returns the record of a row of the list of records.
func (l listed) recordIn(row []table.Cell) (r recorded, err error) {
	r.On, r.Kind = l.code(row, "on"), l.code(row, "kind")
	if r.Position, err = strconv.ParseUint(l.code(row, "position"), 10, 64); err != nil {
		return r, err
	}
	whole := struct {
		Data any `json:"data"`
	}{&r.Data}
	return r, json.Unmarshal([]byte(l.code(row, "record")), &whole)
}

// findMax is the largest number of records that a page reads.
const findMax = "1000000"

// deadline is something that an office has to do by a day: an alert that is open or that will open.
type deadline struct {
	Center, Name          string
	Code                  aggregates.Code
	Key                   string
	KeyWord, SeverityWord string
	Severity              string
	On                    string // when it opened or will open
	Left                  string // the days until it opens; "" if it is open
}

// shownDeadline is a deadline as a row of a page.
type shownDeadline struct {
	deadline
	Title            text.Text
	Shape            string
	CenterHref, Href string // of its center, and of its explanation if it is open
	Next             text.Text
	NextHref         string // the form to act; "" if the user may not
}

// deadlines returns the alerts of the given codes that are open or will open within a year and a month.
func (a *asking) deadlines(codes map[aggregates.Code]bool, region string) (all []deadline, err error) {
	for _, list := range []string{"alerts", "due"} {
		params := []string{"region", region}
		if list == "due" {
			params = append(params, "within", "400d")
		}
		found, err := a.list(list, params...)
		if err != nil {
			return nil, err
		}
		for _, row := range found.Rows {
			if code := aggregates.Code(found.code(row, "code")); codes[code] {
				all = append(all, deadline{Center: found.code(row, "center"), Name: found.code(row, "name"), Code: code,
					Key: found.code(row, "key"), KeyWord: found.word(row, "key"),
					Severity: found.code(row, "severity"), SeverityWord: found.word(row, "severity"),
					On: found.code(row, "raisedOn"), Left: found.code(row, "daysLeft")})
			}
		}
	}
	return all, nil
}

// show returns the row of a deadline.
func (m *deadline) show(v *visit) shownDeadline {
	x := shownDeadline{deadline: *m, Title: lists.AlertTitle(m.Code), Shape: shapes[m.Severity],
		CenterHref: v.link("/centers/" + m.Center)}
	x.Href = x.CenterHref
	if m.Left == "" {
		x.Href = v.link(alertPath(m.Center, m.Code, m.Key, m.On))
	}
	v.nextOf(&x)
	return x
}

// deadlinesMax is the largest number of deadlines in a section of a page.
const deadlinesMax = 50

// add adds a deadline to the section, or only counts it if the section is full.
func (s *deadlineSection) add(v *visit, m *deadline) {
	if s.Count++; s.Count <= deadlinesMax {
		s.Deadlines = append(s.Deadlines, m.show(v))
	} else {
		s.More = v.link("/alerts", "code", string(m.Code))
	}
}

// nextOf fills in the first form that settles a deadline and that the office of the user may send.
func (v *visit) nextOf(m *shownDeadline) {
	if v.isPast() {
		return
	}
	for _, r := range remediesOf(m.Code, m.Key) {
		if r.isBy(v.who.Role) {
			m.Next = events.Lookup(r.kind).Title
			m.NextHref = v.link("/record/"+string(r.kind), r.params(m.Center, m.Code, m.Key)...)
			return
		}
	}
}

// against returns why a record would be refused now, or nil. It writes nothing.
func (a *asking) against(kind events.Kind, center, data string) ([]desk.Reason, error) {
	d := desk.Draft{ID: desk.NewID(), Kind: string(kind), Center: center, On: a.on.String(),
		By: desk.DraftBy{Role: string(a.who.Role.Ledger()), Actor: a.who.Account}, Data: []byte(data)}
	answer, err := a.desk.Batch(a.ctx, desk.Batch{Drafts: []desk.Draft{d}, DryRun: true})
	if err != nil || len(answer.Refused) == 0 {
		return nil, err
	}
	return answer.Refused[0].Reasons, nil
}

// notChosen is the error of a form in which nothing was ticked.
func (v *visit) notChosen(show func(wrong, int) error) error {
	return show(wrong{"chosen", v.say("没有勾选中心，或没有选等级。", "No center is ticked, or no grade is chosen.")},
		http.StatusUnprocessableEntity)
}
