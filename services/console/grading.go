package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/table"
)

// officeScreens returns the pages about recognition, grades and policies.
func officeScreens() []screen {
	readers := []access.Role{access.STOffice, access.Finance, access.IndustryDept, access.LocalGov, access.Auditor}
	withPolicies := append([]access.Role{access.SecAdmin}, offices...)
	return []screen{
		{path: "/recognition", title: text.Say("认定进度", "Recognition"), roles: readers, state: true,
			params: []string{"region"},
			get:    (*visit).recognition},
		{path: "/grading", title: text.Say("年度评价", "Grading"), roles: readers, state: true,
			params: []string{"year", "region", "show", "page"}, get: (*visit).grading,
			post: (*visit).chooseGrades, bytes: gradingBytesMax, refills: true},
		{path: "/policies", title: text.Say("办法参数", "Policies"), roles: withPolicies, state: true,
			get: (*visit).policies, post: (*visit).policyPost, bytes: 2 * desk.PolicyBytesMax,
			filesBytes: 2 * desk.PolicyBytesMax, refills: true},
		{path: "/policies/{id}/{version}", title: text.Say("办法参数", "Policy"), roles: withPolicies, state: true,
			params: []string{"against"},
			get:    (*visit).policy},
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
	Deadlines []shownDeadline
	Count     int    // also of those that are not listed
	More      string // where they are; "" if all are listed
}

// gradedYear is what the page about a year shows of all centers, as it is kept.
type gradedYear struct {
	Centers   []gradedCenter
	Deadlines []deadline
}

// gradedCenter is a center with what the grade of a year rests on.
type gradedCenter struct {
	Center, Name  string
	Status        aggregates.Status
	Report        *recordOf // none if no report was filed
	Rate          string
	HasMoney      bool
	IsLow         bool
	Red           string     // the number of its open red alerts
	Grade, Before *recordOf  // of the year and of the one before; nil for none
	Due           []deadline // about the report and the grade of the year
}

// recordOf is a record of a center: its date, and the grade that it gives.
type recordOf struct{ On, ID, Grade string }

// gradingRow is a center as a row of the page.
type gradingRow struct {
	gradedCenter
	Href, ReportHref, RateHref     string
	RedHref, GradeHref, BeforeHref string
	ReviseHref                     string
	ReportWord, GradeWord, Former  text.Text
	State                          text.Text // of the grade: overdue, to be decided by a date, or none
	IsLate                         bool      // the report is overdue
	Unreviewed                     bool      // the report was filed without a passed review
	Refused                        bool      // the ledger takes no grade of the year, for the reason in State
	Chosen                         bool
	Choice                         string // the grade that the user chose
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
	{"deferrals", text.Say("延后安排：逾期未决定和将逾期", "Deferrals that are overdue or will be"), []aggregates.Code{"AL-EXE-04"}},
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
	region := v.query.Get("region")
	kept, err := keep(v, "grades of "+strconv.Itoa(year), v.questionOf("centers", "region", region),
		func(a *asking) (gradedYear, error) { return a.graded(year, region) })
	if err != nil {
		return err
	}
	if err := v.gradingRows(page, kept.Centers); err != nil {
		return err
	}
	for _, s := range gradingSections {
		section := deadlineSection{ID: s.id, Title: s.title}
		for i := range kept.Deadlines {
			if m := &kept.Deadlines[i]; slices.Contains(s.codes, m.Code) {
				section.add(v, m)
			}
		}
		page.Sections = append(page.Sections, section)
	}
	v.show(status, "grading", page)
	return nil
}

// graded reads what the page about a year shows of the centers in a region.
func (a *asking) graded(year int, region string) (all gradedYear, err error) {
	centers, err := a.list("centers", "region", region)
	if err != nil {
		return all, err
	}
	grades, err := a.gradesBy(region)
	if err != nil {
		return all, err
	}
	filed, err := a.filedReports(year, region)
	if err != nil {
		return all, err
	}
	money, err := a.list("execution", "by", "center", "year", strconv.Itoa(year), "scope", "province", "region", region)
	if err != nil {
		return all, err
	}
	rates := map[string][]table.Cell{}
	for _, row := range money.Rows {
		rates[money.code(row, "center")] = row
	}
	due, err := a.gradingDeadlines(&all, year, region)
	if err != nil {
		return all, err
	}
	for _, row := range centers.Rows {
		x := gradedCenter{Center: centers.code(row, "center"), Name: centers.code(row, "name"),
			Status: aggregates.Status(centers.code(row, "status")), Red: centers.word(row, "red")}
		if x.Status != aggregates.Active && x.Status != aggregates.Revoked {
			continue
		}
		if got := rates[x.Center]; got != nil {
			x.HasMoney, x.Rate, x.IsLow = true, money.word(got, "ratePercent"), money.code(got, "low") != ""
		}
		x.Report, x.Due = filed[x.Center], due[x.Center]
		x.Grade, x.Before = grades[x.Center][year], grades[x.Center][year-1]
		all.Centers = append(all.Centers, x)
	}
	return all, nil
}

// gradingDeadlines adds the deadlines that follow from grades, and returns those about the report and the grade of a
// year by center.
func (a *asking) gradingDeadlines(all *gradedYear, year int, region string) (map[string][]deadline, error) {
	codes := map[aggregates.Code]bool{"AL-RPT-01": true, "AL-RPT-02": true, "AL-EVL-01": true}
	isOfYear := maps.Clone(codes)
	for _, s := range gradingSections {
		for _, code := range s.codes {
			codes[code] = true
		}
	}
	list, err := a.deadlines(codes, region)
	by := map[string][]deadline{}
	for _, m := range list {
		switch {
		case !isOfYear[m.Code]:
			all.Deadlines = append(all.Deadlines, m)
		case m.Key == strconv.Itoa(year):
			by[m.Center] = append(by[m.Center], m)
		}
	}
	return by, err
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
func (v *visit) gradingRows(page *gradingView, all []gradedCenter) error {
	show := v.query.Get("show")
	for i := range all {
		if c := &all[i]; c.isShown(show) {
			page.Rows = append(page.Rows, gradingRow{gradedCenter: *c})
		}
	}
	if err := v.pagedRows(page); err != nil {
		return err
	}
	year := strconv.Itoa(page.Year)
	for i := range page.Rows {
		x := &page.Rows[i]
		x.Href, x.RedHref = v.link("/centers/"+url.PathEscape(x.Center)), v.link("/alerts", "center", x.Center,
			"severity", "red")
		if x.HasMoney {
			x.RateHref = v.link("/execution", "center", x.Center, "year", year, "scope", "province")
		}
		x.fillReport(v)
		x.fillGrade(v, page)
	}
	return nil
}

// isLate reports whether the report is overdue.
func (c *gradedCenter) isLate() bool {
	return slices.ContainsFunc(c.Due, func(m deadline) bool { return m.Code == "AL-RPT-01" && m.Left == "" })
}

// isShown reports whether a condition selects the center.
func (c *gradedCenter) isShown(show string) bool {
	switch show {
	case "":
		return true
	case showUngraded:
		return c.Grade == nil && c.Status == aggregates.Active
	case showRed:
		return c.Red != "" && c.Red != "0"
	case showLate:
		return c.isLate()
	}
	return c.Grade != nil && c.Grade.Grade == show
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

// gradesBy returns the records that gave the grades by center and year: the latest decided or revised.
func (a *asking) gradesBy(region string) (map[string]map[int]*recordOf, error) {
	all := map[string]map[int]*recordOf{}
	latest := map[*recordOf]uint64{} // their positions
	for _, kind := range []events.Kind{events.KindGradeDecided, events.KindGradeRevised} {
		found, err := a.list("find", "kind", string(kind), "limit", findMax, "region", region)
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
				all[center] = map[int]*recordOf{}
			}
			before := all[center][r.Data.Year]
			if before == nil || before.On < r.On || before.On == r.On && latest[before] < r.Position {
				now := &recordOf{r.On, found.code(row, "id"), r.Data.Grade}
				all[center][r.Data.Year], latest[now] = now, r.Position
			}
		}
	}
	return all, nil
}

// filedReports returns the first report of a year that was filed, by center.
func (a *asking) filedReports(year int, region string) (map[string]*recordOf, error) {
	found, err := a.list("find", "kind", string(events.KindAnnualReportFiled), "limit", findMax, "region", region)
	if err != nil {
		return nil, err
	}
	all := map[string]*recordOf{}
	for _, row := range found.Rows { // the newest first, so the first filing stays
		r, err := found.recordIn(row)
		if err != nil {
			return nil, err
		}
		if r.Data.Year == year {
			all[found.code(row, "center")] = &recordOf{On: r.On, ID: found.code(row, "id")}
		}
	}
	return all, nil
}

// recordHref returns the address of a record of the center.
func (c *gradedCenter) recordHref(v *visit, r *recordOf) string {
	return v.link("/centers/" + url.PathEscape(c.Center) + "/records/" + r.ID)
}

// fillReport says how far the annual report is.
func (x *gradingRow) fillReport(v *visit) {
	if x.Report != nil {
		x.ReportWord, x.ReportHref = text.Say("%s 备案", "filed %s", x.Report.On), x.recordHref(v, x.Report)
	}
	for i := range x.Due {
		switch m := &x.Due[i]; {
		case m.Code == "AL-RPT-02":
			x.Unreviewed = true
		case m.Code != "AL-RPT-01":
		case m.Left == "":
			x.IsLate, x.ReportWord, x.ReportHref = true, text.Say("逾期", "overdue"), m.show(v).Href
		case x.Report == nil:
			x.ReportWord = text.Say("%s 起逾期", "overdue from %s", m.On)
		}
	}
}

// fillGrade says what the grades of the year and of the year before are, or by when the grade is due.
func (x *gradingRow) fillGrade(v *visit, page *gradingView) {
	if x.Grade != nil {
		x.GradeWord, x.GradeHref = page.Grades.Word(x.Grade.Grade), x.recordHref(v, x.Grade)
		if page.MayWrite {
			x.ReviseHref = v.link("/record/"+string(events.KindGradeRevised), "center", x.Center, "year",
				strconv.Itoa(page.Year))
		}
	}
	if x.Before != nil {
		x.Former, x.BeforeHref = page.Grades.Word(x.Before.Grade), x.recordHref(v, x.Before)
	}
	for _, m := range x.Due {
		switch {
		case m.Code != "AL-EVL-01":
		case m.Left == "":
			x.State = text.Say("逾期未评", "overdue")
		default:
			x.State = text.Say("%s 起逾期", "overdue from %s", m.On)
		}
	}
	if x.Status == aggregates.Revoked {
		x.State = text.Say("已取消资格", "revoked")
	}
	if page.MayWrite && x.Grade == nil {
		switch why := v.whyNoGrade(x.Center, page.Year); {
		case why == text.Text{}:
		case x.State == text.Text{}:
			x.Refused, x.State = true, why
		default:
			x.Refused = true
			x.State = text.Text{Zh: x.State.Zh + "：" + why.Zh, En: x.State.En + ": " + why.En}
		}
	}
	x.Chosen = slices.Contains(v.PostForm["center"], x.Center)
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
