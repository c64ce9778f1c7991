package console

import (
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// listed is the answer to a list, read by the names of its columns.
type listed struct {
	*table.Table
	lang string
}

// listed answers a list with parameters: names and values in turn.
func (v *visit) listed(list string, params ...string) (listed, error) {
	q := lists.Question{List: list, On: v.on, Params: map[string]string{}}
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] != "" {
			q.Params[params[i]] = params[i+1]
		}
	}
	t, err := v.desk.List(v.Context(), v.when, q)
	return listed{t, v.lang}, err
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
	Center, Name  string
	Code          aggregates.Code
	Key           string
	KeyWord       string
	Title         text.Text
	Severity      string
	SeverityWord  string
	Shape         string
	On            string // when it opened or will open
	Left          string // the days until it opens; "" if it is open
	Href          string // its explanation, or its center
	Next          text.Text
	NextHref      string // the form to act; "" if the user may not
	centerAddress string
}

// deadlines returns the alerts of the given codes that are open or will open within a year and a month.
func (v *visit) deadlines(codes map[aggregates.Code]bool, region string) (all []deadline, err error) {
	for _, list := range []string{"alerts", "due"} {
		params := []string{"region", region}
		if list == "due" {
			params = append(params, "within", "400d")
		}
		found, err := v.listed(list, params...)
		if err != nil {
			return nil, err
		}
		for _, row := range found.Rows {
			m := deadline{Center: found.code(row, "center"), Name: found.code(row, "name"),
				Code: aggregates.Code(found.code(row, "code")), Key: found.code(row, "key"),
				Severity: found.code(row, "severity"), On: found.code(row, "raisedOn"),
				Left: found.code(row, "daysLeft")}
			if !codes[m.Code] {
				continue
			}
			m.KeyWord, m.SeverityWord = found.word(row, "key"), found.word(row, "severity")
			m.Title, m.Shape = lists.AlertTitle(m.Code), shapes[m.Severity]
			m.centerAddress = v.link("/centers/" + m.Center)
			m.Href = m.centerAddress
			if m.Left == "" {
				m.Href = v.link(alertPath(m.Center, m.Code, m.Key, m.On))
			}
			v.nextOf(&m)
			all = append(all, m)
		}
	}
	return all, nil
}

// CenterHref returns the address of the center.
func (m *deadline) CenterHref() string { return m.centerAddress }

// nextOf fills in the first form that settles a deadline and that the office of the user may send.
func (v *visit) nextOf(m *deadline) {
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
func (v *visit) against(kind events.Kind, center, data string) ([]desk.Reason, error) {
	d := desk.Draft{ID: desk.NewID(), Kind: string(kind), Center: center, On: v.on.String(),
		By: desk.DraftBy{Role: string(v.who.Role.Ledger()), Actor: v.who.Account}, Data: []byte(data)}
	answer, err := v.desk.Batch(v.Context(), desk.Batch{Drafts: []desk.Draft{d}, DryRun: true})
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
