package console

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"strconv"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// centerScreens are the pages of one center.
func centerScreens() []screen {
	center := text.Say("中心档案", "Center")
	return []screen{
		{path: "/centers/{id}", title: center, roles: offices, state: true,
			params: []string{"kind", "page"}, get: (*visit).centerPage},
		{path: "/centers/{id}/records/{record}", title: text.Say("记录", "Record"), roles: offices, state: true,
			get: (*visit).centerRecord},
		{path: "/centers/{id}/alerts/{code}/{key}/{raisedOn}", title: text.Say("预警说明", "Alert"), roles: offices,
			state: true, get: (*visit).alertPage},
		{path: "/centers/{id}/grants/{grant}", title: text.Say("经费明细账", "Account book"), roles: offices,
			state: true, params: []string{"from", "to"}, get: (*visit).book},
		{path: "/letter", title: text.Say("督办函", "Letter"), roles: offices, state: true,
			params: []string{"center", "office"}, get: (*visit).letter},
	}
}

// centerView is the page of a center: what it is, its money, its alerts and its history.
type centerView struct {
	*view
	ID      events.CenterID
	Name    string
	Status  text.Text
	Head    []labelled
	Facts   []labelled
	Stages  []labelled
	Grades  []gradeLine
	Links   []choice
	Chart   template.HTML // "" without money
	Money   template.HTML
	Notes   []string
	Alerts  []openAlert
	Letters []choice // of several alerts of one office
	Grants  []grantLine
	History timeline
}

// labelled is a value with its label, in the language of the page.
type labelled struct{ Label, Value, Href string }

// gradeLine is the grade of a year.
type gradeLine struct{ Year, Grade, On string }

// openAlert is an open alert of a center, with what clears it.
type openAlert struct {
	Severity         template.HTML
	Code             string
	Title, About, On string
	Office           string
	Cleared          string
	Href             string
}

// grantLine is a grant or match of a center.
type grantLine struct{ ID, Source, Year, Amount, Href string }

// booksOf returns a center as of the state of the page, with the read models that its parts come from.
// A center that the user does not see is unknown.
func (v *visit) booksOf(id string) (*desk.Center, *projections.Register, error) {
	end, err := v.p.Answers.Turn(v.Context(), v.when, events.ParseCenter(id), false)
	if err != nil {
		return nil, nil, err
	}
	defer end()
	x, err := v.desk.Center(v.Context(), v.when, id)
	if err != nil {
		return nil, nil, err
	}
	register, err := v.registerOf(x.Center)
	return x, register, err
}

// registerOf returns the read models of one center as known at the point of the page. The caller has checked that the
// user sees the center.
func (v *visit) registerOf(center events.CenterID) (*projections.Register, error) {
	books := v.p.Answers.Desk.Ledger
	if v.when.KnownAt == "" {
		return books.Register(), nil
	}
	point, err := ledger.ParsePoint(v.when.KnownAt)
	if err != nil {
		return nil, err
	}
	return books.KnownAtOf(v.Context(), point, center)
}

// centerPage shows a center.
func (v *visit) centerPage() error {
	x, register, err := v.booksOf(v.PathValue("id"))
	if err != nil {
		return err
	}
	h, err := v.historyOf(x.Center, x.Position)
	if err != nil {
		return err
	}
	page := &centerView{view: v.view(), ID: x.Center, Name: cmp.Or(x.Facts.Name, string(x.Center)),
		Status: lists.StatusWord(x.Status)}
	v.head(page, x, register, h)
	for _, row := range x.FactsTable().Rows {
		if name := row[0].CSV(); name != "center" && name != "name" && name != "status" && row[1].CSV() != "" {
			page.Facts = append(page.Facts, labelled{Label: v.in(row[0].Shown), Value: v.in(row[1].Shown)})
		}
	}
	v.stages(page, register, h)
	if err := v.money(page, x); err != nil {
		return err
	}
	page.Alerts = v.openAlerts(x, register)
	page.Letters = v.letters(x, register)
	for i := range h.grants {
		page.Grants = append(page.Grants, v.grantLine(x.Center, &h.grants[i]))
	}
	if page.History, err = v.timeline(x, register, h); err != nil {
		return err
	}
	page.Links = v.centerLinks(x)
	v.show(http.StatusOK, "center", page)
	return nil
}

// head fills in who the center is, and its last record.
func (v *visit) head(page *centerView, x *desk.Center, register *projections.Register, h *centerHistory) {
	add := func(label, value, href string) {
		if value != "" {
			page.Head = append(page.Head, labelled{label, value, href})
		}
	}
	add(v.say("统一社会信用代码", "USCC"), x.Facts.USCC, "")
	add(v.say("行政区划", "Region"), cmp.Or(x.RegionName, x.Facts.Region), "")
	if gov, department, ok := register.Responsible(x.Center, v.on); ok {
		if gov != "" {
			office := lists.OfficeWord(projections.Office{Role: events.LocalGov, Region: gov})
			office.En = cmp.Or(projections.RegionName(gov), gov) // the label has the rest
			add(v.say("所在地政府", "Local government"), v.in(office), "")
		}
		add(v.say("行业主管部门", "Industry department"), v.in(departmentWord(department)), "")
	}
	if n := len(h.all); n > 0 {
		last := h.all[n-1]
		add(v.say("最近一条记录", "Last record"), v.say("位置 %d，%s 记入", "position %d, recorded %s", last.Position,
			events.DateAt(last.RecordedAt)), v.recordPath(string(x.Center), last.ID.String()))
	}
}

// departmentWord returns the name of a department as it is recorded, and in English its own word if it has one.
func departmentWord(name string) text.Text {
	for _, term := range events.KnownValuesOf(events.KindJointAppraisalHeld, "participants") {
		if term.Word.Zh == name {
			return term.Word
		}
	}
	return text.Same(name)
}

// stages fills in the plaque, the task book and the grades by year.
func (v *visit) stages(page *centerView, register *projections.Register, h *centerHistory) {
	id := string(page.ID)
	if h.plaque != nil {
		p, _ := h.plaque.Data.(*events.PlaqueAwarded)
		page.Stages = append(page.Stages, labelled{v.say("授牌", "Plaque"), h.plaque.On.String() + " " + p.PlaqueNo,
			v.recordPath(id, h.plaque.ID.String())})
	}
	if h.taskBook != nil {
		line := lists.RecordLine(&h.taskBook.Record, register.Timeline())
		page.Stages = append(page.Stages, labelled{v.say("任务书", "Task book"),
			h.taskBook.On.String() + " " + v.in(line), v.recordPath(id, h.taskBook.ID.String())})
	}
	if h.gradedFrom == 0 {
		return
	}
	for year := v.on.Year(); year >= h.gradedFrom; year-- {
		a := register.Annual(page.ID, v.on, year)
		if a != nil && a.Grade != "" {
			page.Grades = append(page.Grades, gradeLine{strconv.Itoa(year),
				v.in(register.Timeline().GradeName(a.Grade, a.GradeOn)), a.GradeOn.String()})
		}
	}
}

// money fills in the money by year: the bars of the fiscal scope, and the table of all scopes, whose amounts lead to
// the records that make them.
func (v *visit) money(page *centerView, x *desk.Center) error {
	q := lists.Question{List: "execution", On: v.on, Params: map[string]string{"center": string(x.Center)}}
	if v.unit != table.Yuan {
		q.Params["unit"] = string(v.unit)
	}
	columns, err := q.Columns()
	if err != nil {
		return err
	}
	w := v.newRowWriter(q, columns)
	w.shown, w.under = nil, nil
	for i := range columns {
		if name := columns[i].Name; isShown(&columns[i]) && name != "center" && name != "name" {
			w.shown = append(w.shown, i)
		}
	}
	encoding := w.encoding(v)
	encoding.Name = "of a center " + encoding.Name
	answer, err := v.answer(q, answers.Rows(encoding))
	if err != nil || answer.Count == 0 {
		return err
	}
	var rows []byte
	for row := range answer.Rows(0, answer.Count) {
		rows = append(rows, row...)
	}
	t := *answer.Answer.Table
	t.Totals = nil // scopes overlap
	for _, note := range t.Notes {
		page.Notes = append(page.Notes, v.in(note))
	}
	page.Money, page.Chart = v.tableOf(w, &t, rows, nil), v.moneyChart(x.Execution)
	return nil
}

// openAlerts returns the open alerts of a center, each with the office that must act and with what clears it.
func (v *visit) openAlerts(x *desk.Center, register *projections.Register) (list []openAlert) {
	for _, a := range x.Alerts {
		line := openAlert{Code: string(a.Code), Title: v.in(lists.AlertTitle(a.Code)), On: a.RaisedOn.String(),
			Severity: template.HTML(appendSeverity(nil, string(a.Severity), v.in(lists.SeverityWord(a.Severity)))),
			About:    v.in(lists.KeyWord(a.Code, a.Key)),
			Office:   v.in(lists.OfficeWord(register.Office(x.Center, a.Code, v.on))),
			Href:     v.link(alertPath(string(x.Center), a.Code, a.Key, a.RaisedOn.String()))}
		if row := aggregates.LookupAlert(a.Code); row != nil {
			line.Cleared = v.in(row.Cleared)
		}
		list = append(list, line)
	}
	return list
}

// letters returns the links to one letter for each other office that has several open alerts of the center.
func (v *visit) letters(x *desk.Center, register *projections.Register) (links []choice) {
	if v.p.screenAt("/letter", v.who.Role) == nil {
		return nil
	}
	count := map[events.Role]int{}
	for _, a := range x.Alerts {
		office := register.Office(x.Center, a.Code, v.on)
		if office.Role == v.who.Role.Ledger() {
			continue // no office writes to itself
		}
		if count[office.Role]++; count[office.Role] == 2 {
			links = append(links, choice{Title: lists.OfficeWord(office),
				Href: v.link("/letter", "center", string(x.Center), "office", string(office.Role))})
		}
	}
	return links
}

func (v *visit) grantLine(center events.CenterID, g *grant) grantLine {
	return grantLine{g.id, v.in(g.source), strconv.Itoa(g.year), v.amount(g.amountFen),
		v.link(bookPath(string(center), g.id))}
}

// centerLinks returns the links from a center to its lists and its yearly report.
func (v *visit) centerLinks(x *desk.Center) (links []choice) {
	id := string(x.Center)
	for _, name := range []string{"spending", "delayed", "alerts", "ageing", "deferrals", "due", "changes", "find"} {
		if s := v.p.screenAt("/"+name, v.who.Role); s != nil {
			links = append(links, choice{Title: s.title, Href: v.link(s.path, "center", id)})
		}
	}
	if v.p.screenAt("/yearly", v.who.Role) != nil {
		links = append(links, choice{Title: text.Say("%d 年度报告", "Yearly report of %d", v.on.Year()),
			Href: v.link("/yearly", "center", id, "year", strconv.Itoa(v.on.Year()))})
	}
	return links
}

// centerPath returns the address of the page of a center.
func (v *visit) centerPath(id events.CenterID, params ...string) string {
	return v.link("/centers/"+url.PathEscape(string(id)), params...)
}
