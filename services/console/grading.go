package console

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/table"
)

// officeScreens returns the pages about recognition, grades and policies.
func officeScreens() []screen {
	readers := []access.Role{access.STOffice, access.Finance, access.IndustryDept, access.LocalGov, access.Auditor}
	withPolicies := append([]access.Role{access.SecAdmin}, offices...)
	return []screen{
		{path: "/recognition", title: text.Say("认定进度", "Recognition"), roles: readers, state: true,
			get: (*visit).recognition},
		{path: "/grading", title: text.Say("年度评价", "Grading"), roles: readers, state: true, get: (*visit).grading,
			post: (*visit).chooseGrades, bytes: gradingBytesMax, refills: true},
		{path: "/policies", title: text.Say("办法参数", "Policies"), roles: withPolicies, state: true,
			get: (*visit).policies},
		{path: "/policies/{id}/{version}", title: text.Say("办法参数", "Policy"), roles: withPolicies, state: true,
			get: (*visit).policy},
	}
}

// gradingView is the page of the grades of a year.
type gradingView struct {
	*view
	Year     int
	Filters  []filter
	Hidden   []hidden
	Reset    string
	Rows     []gradingRow
	Grades   text.Vocabulary[string] // in the words of the policy
	MayWrite bool
	Action   string
	Count    int
	Pages    []choice
	Sections []deadlineSection
}

// deadlineSection is a table of deadlines with a heading.
type deadlineSection struct {
	ID        string
	Title     text.Text
	Deadlines []deadline
}

// gradingRow is a center with what the grade of a year rests on.
type gradingRow struct {
	Center, Name, Href    string
	Report                text.Text
	ReportHref            string
	IsLate                bool // the report is overdue
	Unreviewed            bool // the report was filed without a passed review
	Rate, RateHref        string
	IsLow                 bool
	Red                   string
	RedHref               string
	State                 text.Text // of the grade: overdue, to be decided by a date, or none
	Grade, Before         text.Text
	GradeHref, BeforeHref string
	ReviseHref            string
	Chosen                bool
	grade, status         string
	Choice                string // the grade that the user chose
}

// graded is the grade of a center in a year, and the record that gave it.
type graded struct {
	recorded
	href string
}

// gradingBytesMax is the largest size of the form of the grades.
const gradingBytesMax = 256 << 10

// gradingSections are the alerts that follow from grades, with those of the deferral, which a low year leads to.
var gradingSections = []struct {
	id    string
	title text.Text
	codes []aggregates.Code
}{
	{"rectification", text.Say("责令整改", "Rectification"), []aggregates.Code{"AL-RCT-01", "AL-RCT-02"}},
	{"interviews", text.Say("约谈", "Interviews"), []aggregates.Code{"AL-ITV-01"}},
	{"revocation", text.Say("取消资格", "Revocation"), []aggregates.Code{"AL-REV-01", "AL-REV-02", "AL-REV-03"}},
	{"grants", text.Say("应下达的建设经费", "Construction grants that fall due"), []aggregates.Code{"AL-AWD-02"}},
	{"deferrals", text.Say("待决定延后", "Deferrals to be decided"), []aggregates.Code{"AL-EXE-04"}},
}

// grading shows the centers with what their grades rest on.
func (v *visit) grading() error { return v.showGrading(http.StatusOK, wrong{}) }

// decidesGrades reports whether grades are for the office of the user to decide.
func (v *visit) decidesGrades() bool {
	return events.Lookup(events.KindGradeDecided).Allows(v.who.Role.Ledger())
}

// gradingYear returns the year of the page: the one before the date, if the address names none.
func (v *visit) gradingYear() (int, error) {
	asked := v.query.Get("year")
	if asked == "" {
		return v.on.Year() - 1, nil
	}
	year, err := strconv.Atoi(asked)
	if err != nil || year < 2000 || year > 2100 {
		return 0, text.Errorf(text.Invalid, "没有年度 %s", "there is no year %s", short(asked))
	}
	return year, nil
}

func (v *visit) showGrading(status int, w wrong) error {
	year, err := v.gradingYear()
	if err != nil {
		return err
	}
	words, err := v.policyWords()
	if err != nil {
		return err
	}
	page := &gradingView{view: v.view(), Year: year, Reset: v.link("/grading"), Action: v.here(),
		Grades: words.GradeNames().Terms(), MayWrite: !v.isPast() && v.decidesGrades()}
	page.Wrong = w
	page.Filters, page.Hidden = v.gradingFilters(page), v.hidden("year", "region", "show", "page")
	if err := v.gradingRows(page); err != nil {
		return err
	}
	codes := map[aggregates.Code]bool{}
	for _, s := range gradingSections {
		for _, code := range s.codes {
			codes[code] = true
		}
	}
	all, err := v.deadlines(codes, v.query.Get("region"))
	if err != nil {
		return err
	}
	for _, s := range gradingSections {
		section := deadlineSection{ID: s.id, Title: s.title}
		for _, m := range all {
			for _, code := range s.codes {
				if m.Code == code {
					section.Deadlines = append(section.Deadlines, m)
				}
			}
		}
		page.Sections = append(page.Sections, section)
	}
	v.show(status, "grading", page)
	return nil
}

// These are the values of the condition show, beside the codes of grades.
const (
	showUngraded = "ungraded"
	showRed      = "red"
	showLate     = "late"
)

func (v *visit) gradingFilters(page *gradingView) []filter {
	show := filter{Param: "show", ID: "f-show", Name: "show", Label: v.say("列出", "show"), Kind: "choose",
		Value: v.query.Get("show")}
	options := append(text.Vocabulary[string]{{Code: "", Word: text.Say("全部", "all")},
		{Code: showUngraded, Word: text.Say("未评级", "not graded")},
		{Code: showRed, Word: text.Say("有红色预警", "with red alerts")},
		{Code: showLate, Word: text.Say("年度报告逾期", "report overdue")}}, page.Grades...)
	for _, o := range options {
		show.Options = append(show.Options, option{o.Code, v.in(o.Word), o.Code == show.Value})
	}
	return []filter{{Param: "year", ID: "f-year", Name: "year", Label: v.say("年度", "year"), Kind: "text",
		Mode: "numeric", Value: strconv.Itoa(page.Year)}, v.regionFilter(), show}
}

// gradingRows fills in the rows of the page that the address asks for.
func (v *visit) gradingRows(page *gradingView) error {
	region, year := v.query.Get("region"), strconv.Itoa(page.Year)
	centers, err := v.listed("centers", "region", region)
	if err != nil {
		return err
	}
	grades, err := v.gradesBy(region)
	if err != nil {
		return err
	}
	money, err := v.listed("execution", "by", "center", "year", year, "scope", "province", "region", region)
	if err != nil {
		return err
	}
	rates := map[string][]table.Cell{}
	for _, row := range money.Rows {
		rates[money.code(row, "center")] = row
	}
	due, err := v.annualDeadlines(page.Year, region)
	if err != nil {
		return err
	}
	filed, err := v.filedReports(page.Year, region)
	if err != nil {
		return err
	}
	for _, row := range centers.Rows {
		id, status := centers.code(row, "center"), centers.code(row, "status")
		if status != string(aggregates.Active) && status != string(aggregates.Revoked) {
			continue
		}
		x := gradingRow{Center: id, Name: centers.code(row, "name"), Href: v.link("/centers/" + url.PathEscape(id)),
			status: status, Red: centers.word(row, "red"),
			RedHref: v.link("/alerts", "center", id, "severity", "red")}
		if got := rates[id]; got != nil {
			x.Rate, x.IsLow = money.word(got, "ratePercent"), money.code(got, "low") != ""
			x.RateHref = v.link("/execution", "center", id, "year", year, "scope", "province")
		}
		x.fillReport(due[id], filed[id])
		x.fillGrade(v, page, grades, due[id])
		if x.isShown(v.query.Get("show")) {
			page.Rows = append(page.Rows, x)
		}
	}
	return v.pagedRows(page)
}

// isShown reports whether a condition selects the row.
func (x *gradingRow) isShown(show string) bool {
	switch show {
	case "":
		return true
	case showUngraded:
		return x.grade == "" && x.status == string(aggregates.Active)
	case showRed:
		return x.Red != "" && x.Red != "0"
	case showLate:
		return x.IsLate
	}
	return x.grade == show
}

// pagedRows keeps the rows of the page that is asked for.
func (v *visit) pagedRows(page *gradingView) error {
	page.Count = len(page.Rows)
	pages, n := max((page.Count+pageRows-1)/pageRows, 1), 1
	if asked := v.query.Get("page"); asked != "" {
		var err error
		if n, err = strconv.Atoi(asked); err != nil || n < 1 || n > pages {
			return text.Errorf(text.NotFound, "没有第 %s 页，共 %d 页", "there is no page %s; there are %d",
				short(asked), pages)
		}
	}
	for k := 1; k <= pages && pages > 1; k++ {
		page.Pages = append(page.Pages, choice{text.Same(strconv.Itoa(k)), v.here("page", numbered(k)), k == n})
	}
	page.Rows = page.Rows[(n-1)*pageRows : min(n*pageRows, page.Count)]
	return nil
}

// gradesBy returns the grades by center and year: the latest decided or revised.
func (v *visit) gradesBy(region string) (map[string]map[int]graded, error) {
	all := map[string]map[int]graded{}
	for _, kind := range []events.Kind{events.KindGradeDecided, events.KindGradeRevised} {
		found, err := v.listed("find", "kind", string(kind), "limit", findMax, "region", region)
		if err != nil {
			return nil, err
		}
		for _, row := range found.Rows {
			r, err := found.recordIn(row)
			if err != nil {
				return nil, err
			}
			center := found.code(row, "center")
			if all[center] == nil {
				all[center] = map[int]graded{}
			}
			before, ok := all[center][r.Data.Year]
			if !ok || before.On < r.On || before.On == r.On && before.Position < r.Position {
				all[center][r.Data.Year] = graded{r, v.link("/centers/" + url.PathEscape(center) + "/records/" +
					found.code(row, "id"))}
			}
		}
	}
	return all, nil
}

// filedReports returns when the report of a year was filed, by center.
func (v *visit) filedReports(year int, region string) (map[string]filing, error) {
	found, err := v.listed("find", "kind", string(events.KindAnnualReportFiled), "limit", findMax, "region", region)
	if err != nil {
		return nil, err
	}
	all := map[string]filing{}
	for _, row := range found.Rows {
		r, err := found.recordIn(row)
		if err != nil {
			return nil, err
		}
		if r.Data.Year == year {
			center := found.code(row, "center") // the list has the newest first, so the first filing stays
			all[center] = filing{r.On, v.link("/centers/" + url.PathEscape(center) + "/records/" +
				found.code(row, "id"))}
		}
	}
	return all, nil
}

// filing is the date and the address of a record.
type filing struct{ on, href string }

// annualDeadlines returns the deadlines of a year about reports and grades, by center.
func (v *visit) annualDeadlines(year int, region string) (map[string][]deadline, error) {
	list, err := v.deadlines(map[aggregates.Code]bool{"AL-RPT-01": true, "AL-RPT-02": true, "AL-EVL-01": true}, region)
	by := map[string][]deadline{}
	for _, m := range list {
		if m.Key == strconv.Itoa(year) {
			by[m.Center] = append(by[m.Center], m)
		}
	}
	return by, err
}

// fillReport says how far the annual report is.
func (x *gradingRow) fillReport(list []deadline, filed filing) {
	if filed.on != "" {
		x.Report, x.ReportHref = text.Say("%s 备案", "filed %s", filed.on), filed.href
	}
	for _, m := range list {
		switch {
		case m.Code == "AL-RPT-02":
			x.Unreviewed = true
		case m.Code != "AL-RPT-01":
		case m.Left == "":
			x.IsLate, x.Report, x.ReportHref = true, text.Say("逾期", "overdue"), m.Href
		case filed.on == "":
			x.Report = text.Say("%s 起逾期", "overdue from %s", m.On)
		}
	}
}

// fillGrade says what the grades of the year and of the year before are, or by when the grade is due.
func (x *gradingRow) fillGrade(v *visit, page *gradingView, grades map[string]map[int]graded, list []deadline) {
	if g, ok := grades[x.Center][page.Year]; ok {
		x.Grade, x.GradeHref, x.grade = page.Grades.Word(g.Data.Grade), g.href, g.Data.Grade
		if page.MayWrite {
			x.ReviseHref = v.link("/record/"+string(events.KindGradeRevised), "center", x.Center, "year",
				strconv.Itoa(page.Year))
		}
	}
	if g, ok := grades[x.Center][page.Year-1]; ok {
		x.Before, x.BeforeHref = page.Grades.Word(g.Data.Grade), g.href
	}
	for _, m := range list {
		switch {
		case m.Code != "AL-EVL-01":
		case m.Left == "":
			x.State = text.Say("逾期未评", "overdue")
		default:
			x.State = text.Say("%s 起逾期", "overdue from %s", m.On)
		}
	}
	if x.status == string(aggregates.Revoked) {
		x.State = text.Say("已取消资格", "revoked")
	}
	for _, id := range v.PostForm["center"] {
		x.Chosen = x.Chosen || id == x.Center
	}
	x.Choice = v.PostForm.Get("grade@" + x.Center)
}

// chooseGrades leads from the ticked centers and their grades to the form that records them all under one document
// number.
func (v *visit) chooseGrades() error {
	again := func(w wrong, status int) error { return v.showGrading(status, w) }
	year, err := v.gradingYear()
	if err != nil {
		return err
	}
	if !v.decidesGrades() {
		return v.nothing()
	}
	form := v.state()
	form.Set("year", strconv.Itoa(year))
	for _, id := range v.PostForm["center"] {
		grade := v.PostForm.Get("grade@" + id)
		if grade == "" {
			return v.notChosen(again)
		}
		form.Add("center", id)
		form.Set("grade@"+id, grade)
	}
	switch chosen := form["center"]; {
	case len(chosen) == 0:
		return v.notChosen(again)
	case len(chosen) > maxCenters:
		return again(wrong{"chosen", v.say("一次至多 %d 个中心，勾选了 %d 个。",
			"At most %d centers at a time, and %d are ticked.", maxCenters, len(chosen))},
			http.StatusUnprocessableEntity)
	}
	return v.seeOther("/record/" + string(events.KindGradeDecided) + "?" + form.Encode())
}
