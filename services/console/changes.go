package console

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// changesView is the page that explains why a figure is not what was reported.
type changesView struct {
	*view
	Filters   []filter
	Hidden    []hidden // what the form carries on
	Explained template.HTML
	CSV, XLSX string
	List      string // the same question as a plain list
	Only      string // the address as of the date of the report, which leaves corrections alone; "" if it is that
	Records   string // the records as a plain list
	Odd       string // why the report that was sent is not what the ledger had
	Anyway    string // the address that compares with the date and position of that report
}

// changesParams are the parameters of the list that the page takes, in the order of its form.
var changesParams = []string{"from-as-of", "since", "center", "region", "year", "scope", "figure", "by"}

// changes explains the difference between a figure as reported and as it is now. With a condition of the plain list
// alone, it is that list.
func (v *visit) changes() error {
	l := lists.Find("changes")
	reported, since := v.query.Get("fromAsOf"), v.query.Get("since")
	if on, err := events.ReadDate(reported); err == nil && since == "" {
		return v.seeOther(v.here("since", on.String()))
	}
	for _, name := range []string{"show", "page", "format", "sort"} {
		if v.query.Has(name) {
			return v.list(l)
		}
	}
	if since != "" && reported == "" {
		return v.list(l)
	}
	if reported == "" {
		day := lastQuarter(v.on)
		for name, value := range map[string]string{"fromAsOf": day.String(), "year": strconv.Itoa(day.Year()),
			"scope": "fiscal", "figure": "executed", "by": "city"} {
			if v.query.Get(name) == "" {
				v.query.Set(name, value) // the form proposes them
			}
		}
		v.showChanges(http.StatusOK, v.newChangesView(), nil)
		return nil
	}
	return v.explainChanges()
}

func (v *visit) newChangesView() *changesView {
	page := &changesView{view: v.view()}
	fields := v.filters(lists.Find("changes"))
	names := []string{"notice"}
	for _, name := range changesParams {
		f := fields[slices.IndexFunc(fields, func(f filter) bool { return f.Param == name })]
		f.Must = name == "from-as-of"
		if name == "since" {
			f.Must, f.Hint = false, v.say("空为该日终了", "empty for the end of that day")
		}
		page.Filters = append(page.Filters, f)
		names = append(names, f.Name)
	}
	page.Hidden = v.hidden(names...)
	return page
}

// showChanges shows the page. err is what is wrong with the conditions, or nil.
func (v *visit) showChanges(status int, page *changesView, err error) {
	var about *text.Error
	if errors.As(err, &about) {
		what := sentence(about.What.In(v.lang), v.lang)
		page.Wrong = wrong{"filters", what}
		for i := range page.Filters {
			if f := &page.Filters[i]; f.Param == about.Param {
				f.Wrong = what
				page.Wrong.At = f.ID
			}
		}
	}
	v.show(status, "changes", page)
}

// changesAsked is the figure that the page is asked to explain.
type changesAsked struct {
	from   events.Date
	since  string
	center string
	region string // the first digits of its code
	year   string
	scope  string
	figure *lists.MoneyFigure
	by     string // center or city
}

// readChangesAsked reads what the page is asked, with its defaults: the money of the treasury that was executed in
// the year of the report.
func (v *visit) readChangesAsked() (a changesAsked, err error) {
	q := lists.Question{List: "changes", On: v.on, Params: map[string]string{}}
	for _, name := range changesParams {
		if value := v.query.Get(lists.QueryName(name)); value != "" {
			q.Params[name] = value
		}
	}
	if q, err = desk.ReadQuestion(q, v.p.Answers.Now()); err != nil {
		return a, err
	}
	if a.from, err = events.ParseDate(q.Params["from-as-of"]); err != nil {
		return a, err
	}
	if a.from > v.on {
		return a, text.Errorf(text.Invalid, "%s 晚于所问的截至日期 %s", "%s is after the as-of date %s", a.from,
			v.on).Of("from-as-of")
	}
	a.since, a.center, a.region = q.Params["since"], q.Params["center"], q.Params["region"]
	a.year, a.scope, a.by = q.Params["year"], q.Params["scope"], q.Params["by"]
	if a.year == "" {
		a.year = strconv.Itoa(a.from.Year())
	}
	if a.scope == "" {
		a.scope = "fiscal"
	}
	name := q.Params["figure"]
	if name == "" {
		name = "executed"
	}
	for i := range lists.Figures {
		if lists.Figures[i].Name == name {
			a.figure = &lists.Figures[i]
		}
	}
	switch {
	case a.center != "" || a.region != "":
		a.by = "center"
	case a.by != "center":
		a.by = "city"
	}
	// the form shows the defaults
	v.query.Set("year", a.year)
	v.query.Set("scope", a.scope)
	v.query.Set("figure", name)
	v.query.Set("by", a.by)
	return a, nil
}

// params returns the parameters of the list that the page is made of, with more of them: names and values in turn.
func (a *changesAsked) params(more ...string) map[string]string {
	params := map[string]string{"from-as-of": a.from.String(), "since": a.since, "year": a.year, "scope": a.scope}
	for name, value := range map[string]string{"center": a.center, "region": a.region} {
		if value != "" {
			params[name] = value
		}
	}
	for i := 0; i < len(more); i += 2 {
		params[more[i]] = more[i+1]
	}
	return params
}

// address returns the address of the plain list with the same question.
func (a *changesAsked) address(v *visit, more ...string) string {
	params := []string{"fromAsOf", a.from.String(), "since", a.since, "year", a.year, "scope", a.scope, "center",
		a.center, "region", a.region, "figure", a.figure.Name}
	return v.link("/changes", append(params, more...)...)
}

// explainChanges shows the difference, kept for whoever sees the same.
func (v *visit) explainChanges() error {
	a, err := v.readChangesAsked()
	if err != nil {
		return v.wrongChanges(err)
	}
	q := lists.Question{List: "changes", On: v.on, Params: a.params("show", "records", "figure", a.figure.Name)}
	form := answers.Form{Name: "explained " + v.lang + " " + v.state().Encode() + " " + a.by + " " + a.region,
		HasPoint: true, IsLong: true,
		Make: func(ctx context.Context, r *answers.Request, _ *lists.Answer) (answers.Content, error) {
			x, err := v.compare(ctx, r.Desk, &a)
			if err != nil {
				return answers.Content{}, err
			}
			var part bytes.Buffer
			if err := templates()[v.lang]["changes"].ExecuteTemplate(&part, "explained", x.shown(v)); err != nil {
				return answers.Content{}, err
			}
			return answers.Content{Position: x.position, Above: part.Bytes(), Count: len(x.corrected)}, nil
		}}
	answer, err := v.answer(q, form)
	if err != nil {
		return v.wrongChanges(err)
	}
	page := v.newChangesView()
	page.Explained = template.HTML(answer.Above)
	page.List = a.address(v, "show", "figures")
	page.Records = a.address(v, "show", "records")
	page.XLSX, page.CSV = a.address(v, "by", a.by, "format", "xlsx"), a.address(v, "by", a.by, "format", "csv")
	if v.on != a.from {
		page.Only = v.here("asOf", a.from.String())
	}
	v.showChanges(http.StatusOK, page, nil)
	return nil
}

// wrongChanges shows the page with what is wrong with its conditions. It returns any other error.
func (v *visit) wrongChanges(err error) error {
	status := http.StatusBadRequest
	switch text.CodeOf(err) {
	case text.Invalid:
	case text.NotFound:
		status = http.StatusNotFound
	default:
		return err
	}
	v.showChanges(status, v.newChangesView(), err)
	return nil
}

// compareReport answers a report that a user sends: it leads to the comparison of its figures with those of now. If
// the report is not what the ledger had, it says so first.
func (v *visit) compareReport() error {
	r, err := v.reproduce()
	if err == nil {
		err = v.comparable(r)
	}
	if err != nil {
		return v.wrongFile(err, func(w wrong, status int) {
			page := v.newChangesView()
			page.Wrong = w
			v.show(status, "changes", page)
		})
	}
	address := v.comparison(r)
	if r.Equal {
		return v.seeOther(address)
	}
	page := v.newChangesView()
	page.Odd, page.Anyway = v.differenceIn(r), address
	v.show(http.StatusUnprocessableEntity, "changes", page)
	return nil
}

// comparable returns an error for a report that has no figures of money, or those of fewer centers than the user
// sees and the page can be asked for: the figures of now would be about more than the report.
func (v *visit) comparable(r *desk.Reproduced) error {
	if !r.IsYearly() && !slices.Contains([]string{"execution", "trace", "changes"}, r.Question.List) {
		return text.Errorf(text.Invalid, "“%s”不是经费执行的报表；请选择经费执行、数字构成、变动说明或年度报表",
			"%s is no report of the execution of money; choose one of execution, trace or changes, or a yearly one",
			titleOf(lists.Find(r.Question.List))).Of("file")
	}
	for _, name := range []string{"name", "low"} {
		if value := r.Question.Params[name]; value != "" && value != "false" {
			label := lists.Find(r.Question.List).Label(name)
			return text.Errorf(text.Invalid,
				"这份报表以条件“%s”只列了部分中心，变动说明没有这个条件，不能与现在的数字比较；"+
					"请改用不带这个条件的报表",
				"with the condition %s, this report has only some centers; the page of changes has no such "+
					"condition, so its figures cannot be compared with those of now; choose a report without it",
				label).Of("file")
		}
	}
	if r.Within != nil && v.p.Access.Scope(v.who) == nil {
		return text.Errorf(text.Invalid,
			"这份报表只含所报单位可见的 %d 个中心，不能与全部中心的数字比较；请由该单位的账号说明",
			"this report has only the %d centers that its account sees, and cannot be compared with the figures "+
				"of all; an account of that office can explain it", len(r.Within)).Of("file")
	}
	return nil
}

// comparison returns the address that compares a report with the figures of now.
func (v *visit) comparison(r *desk.Reproduced) string {
	p := r.Question.Params
	params := []string{"fromAsOf", r.Question.On.String(), "since", strconv.FormatUint(max(r.Position, 1), 10),
		"asOf", "", "knownAt", ""}
	for _, name := range []string{"center", "region", "year", "scope", "figure"} {
		params = append(params, name, p[name])
	}
	if p["by"] == "center" || p["by"] == "city" {
		params = append(params, "by", p["by"])
	}
	return v.link("/changes", params...)
}

// whyAddress returns the address that explains why figures are not what was reported. A page of now compares with
// the end of the last quarter, another page with its own date and point.
func (v *visit) whyAddress(params ...string) string {
	from, since := lastQuarter(v.on), v.when.KnownAt
	if v.isPast() {
		from = v.on
	}
	if since == "" {
		since = from.String()
	}
	return v.link("/changes", append([]string{"fromAsOf", from.String(), "since", since, "asOf", "", "knownAt", ""},
		params...)...)
}

// lastQuarter returns the last day of a quarter before a day.
func lastQuarter(day events.Date) events.Date {
	year, month, _ := day.Civil()
	return events.DateOf(year, (month-1)/3*3+1, 1) - 1
}
