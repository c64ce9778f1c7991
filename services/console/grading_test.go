package console_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// gradesOf returns how many grades of centers the ledger has.
func (x *office) gradesOf(centers ...string) (n int) {
	x.Helper()
	for _, id := range centers {
		got, err := x.desk.List(x.Context(), desk.When{}, lists.Question{List: "find",
			Params: map[string]string{"kind": "grade.decided", "center": id}})
		if err != nil {
			x.Fatal(err)
		}
		n += len(got.Rows)
	}
	return n
}

// TestTheOfficeGradesTickedCenters ticks the centers without a grade, tries and records their grades under one
// document number, and sends the form once more.
func TestTheOfficeGradesTickedCenters(t *testing.T) {
	t.Parallel()
	x, _ := serveProvince(t)
	b := newBrowser(t, "zh", x.Client())
	b.isExotic = true // the sources of documents
	x.enter(b, "office")
	b.get(x.URL + "/grading?year=2025&show=ungraded")
	b.expect("/grading", http.StatusOK, "年度评价")
	b.shows("责令整改", "约谈", "取消资格", "应下达的建设经费", "延后安排：逾期未决定和将逾期", "延后安排页按年末的情况计算")
	var open []string
	for input := range b.page.all("input") {
		if attr(input, "type") == "checkbox" {
			open = append(open, attr(input, "value"))
		}
	}
	if len(open) < 5 {
		t.Fatalf("expected at least five centers without a grade, got %v", open)
	}
	if said := says(b.page.doc); strings.Count(said, "尚未授牌") == 0 {
		t.Errorf("no center says why it cannot be graded: %s", said)
	}
	chosen, before := open[:2], x.gradesOf(open[:2]...)
	if b.again("/grading?year=2025", url.Values{"center": chosen}) != http.StatusUnprocessableEntity {
		t.Errorf("without grades the form is answered with %d", b.page.StatusCode)
	}
	b.alerts("没有勾选中心，或没有选等级。")
	b.outlive(x, "office", x.URL+"/grading?year=2025", url.Values{"center": chosen[:1],
		"grade@" + chosen[0]: {"excellent"}})
	ticked, selected := 0, 0
	for n := range b.page.nodes() {
		switch {
		case attr(n, "type") == "checkbox" && hasAttr(n, "checked") && attr(n, "value") == chosen[0]:
			ticked++
		case n.Data == "option" && hasAttr(n, "selected") && attr(n.Parent, "name") == "grade@"+chosen[0] &&
			attr(n, "value") == "excellent":
			selected++
		}
	}
	if ticked != 1 || selected != 1 {
		t.Errorf("after signing in again the grade that was chosen is lost: %d, %d", ticked, selected)
	}
	b.again("/grading?year=2025", url.Values{"center": chosen, "grade@" + chosen[0]: {"excellent"},
		"grade@" + chosen[1]: {"qualified"}})
	b.expect("/record/grade.decided", http.StatusOK, "等级评定")
	form := url.Values{"on": {"2026-11-02"}, "doc": {"浙科委办发〔2026〕900号"}, "year": {"2025"},
		"participants": {"st-office", "industry-dept", "finance", "local-gov"}, "expertReviews": {"3"},
		"thirdPartyReviews": {"1"}, "do": {"try"}}
	for input := range b.page.all("input") {
		if name := attr(input, "name"); attr(input, "type") == "hidden" || name == "center" {
			form.Set(name, attr(input, "value"))
		}
	}
	for n := range b.page.all("select") {
		if attr(n, "name") == "grade" {
			t.Error("beside the grades of the centers the form has another one")
		}
	}
	for i, grade := range []string{"excellent", "qualified"} {
		if own := b.page.chosen("grade@" + chosen[i]); own != grade {
			t.Errorf("the form has %q for %s, not %s", own, chosen[i], grade)
		}
		form.Set("grade@"+chosen[i], grade)
	}
	b.again("/record/grade.decided", form)
	b.shows("可以入账 "+chosen[0]+" 评价等级：优秀", "可以入账 "+chosen[1]+" 评价等级：合格")
	b.shows("可以入账 "+chosen[0], "可以入账 "+chosen[1])
	saysWhatFollows(x, b, open, form)
	if got := x.gradesOf(chosen...); got != before {
		t.Fatalf("trying wrote %d grades", got-before)
	}
	form.Set("do", "write")
	for range 2 {
		b.again("/record/grade.decided", form)
		b.shows("已入账 "+chosen[0], "已入账 "+chosen[1])
		if got := x.gradesOf(chosen...); got != before+2 {
			t.Fatalf("expected 2 new grades, got %d: %s", got-before, says(b.page.doc))
		}
	}
	b.get(x.URL + "/grading?year=2025&show=excellent")
	b.shows(chosen[0])
	b.get(x.URL + "/grading?year=2026")
	if b.shows("2026 年度尚未结束"); strings.Contains(b.page.body, `type="checkbox"`) {
		t.Error("a year that is not over can be graded")
	}
	b.get(x.URL + "/grading?year=2025&asOf=2026-10-01")
	if strings.Contains(b.page.body, `type="checkbox"`) {
		t.Error("a page of the past offers to decide")
	}
	b.get(x.URL + "/grading?year=1")
	b.expect("/grading", http.StatusBadRequest, "无法完成")

	x.enter(b, "finance")
	b.get(x.URL + "/grading?year=2025")
	b.expect("/grading", http.StatusOK, "年度评价")
	if strings.Contains(b.page.body, `type="checkbox"`) {
		t.Error("the finance department may tick")
	}
	x.enter(b, "auditor")
	if b.again("/grading", url.Values{"center": chosen}) != http.StatusNotFound {
		t.Errorf("an auditor's form is answered with %d", b.page.StatusCode)
	}
	x.enter(b, "center")
	for _, path := range []string{"/grading", "/recognition"} {
		b.get(x.URL + path)
		b.expect(path, http.StatusNotFound, "没有这个页面")
	}
}

// saysWhatFollows tries other grades of centers without one and compares what the dry run says of them with the list
// of deferrals: a bad grade must be rectified and talked over, a low year is to be deferred, a grade of a center that
// is none is refused, and after a good one grants fall due.
func saysWhatFollows(x *office, b *browser, open []string, form url.Values) {
	b.Helper()
	low := map[string]bool{}
	got, err := x.desk.List(x.Context(), desk.When{}, lists.Question{List: "deferrals",
		Params: map[string]string{"year": "2026"}})
	if err != nil {
		b.Fatal(err)
	}
	for _, row := range cells(got, "center", "state") {
		low[row[0]] = row[1] == "overdue" || row[1] == "undecided"
	}
	var later []string
	for id := range low {
		if low[id] && !slices.Contains(later, id) && x.gradesOf(id) < 2 {
			later = append(later, id)
		}
	}
	try := maps.Clone(form)
	try.Set("center", strings.Join(append([]string{"NONE", open[0]}, later...), "、"))
	try.Set("grade", "unqualified")
	try.Set("year", "2025")
	for name := range try {
		if strings.HasPrefix(name, "grade@") {
			delete(try, name)
		}
	}
	b.again("/record/grade.decided", try)
	words, deferred := b.triedGrades(), 0
	for _, want := range []string{"将被拒绝（原因见下） NONE", "责令整改 " + open[0] + " 2025 年度，最迟 2026-12-02",
		"约谈 " + open[0] + " 2025 年度，最迟 2026-12-02"} {
		if !strings.Contains(words, want) {
			b.Errorf("the dry run does not say %q: %s", want, words)
		}
	}
	for _, id := range later {
		isTaken := strings.Contains(says(b.page.doc), "可以入账 "+id)
		if isTaken != strings.Contains(words, id+" 2025 年度执行率") {
			b.Errorf("the dry run is wrong about the deferral of %s: %s", id, words)
		}
		if isTaken {
			deferred++
		}
	}
	try.Set("center", strings.Join(open, "、"))
	try.Set("grade", "excellent")
	b.again("/record/grade.decided", try)
	if words := b.triedGrades(); !strings.Contains(words, "应下达的建设经费 ZJ-") || deferred == 0 {
		b.Errorf("%d deferrals, and no grant falls due: %s", deferred, words)
	}
}

// triedGrades returns what a dry run says of all grades together.
func (b *browser) triedGrades() string {
	b.Helper()
	for section := range b.page.all("section") {
		if attr(section, "aria-labelledby") == "grades-tried" {
			return says(section)
		}
	}
	b.Fatalf("the dry run does not say what follows: %s", says(b.page.doc))
	return ""
}

// TestRecognitionLeadsToTheNextStep checks that the centers on their way are there, with the next form for who may
// send it.
func TestRecognitionLeadsToTheNextStep(t *testing.T) {
	t.Parallel()
	x, _ := serveProvince(t)
	b := newBrowser(t, "zh", x.Client())
	b.isExotic = true
	x.enter(b, "office")
	b.get(x.URL + "/recognition")
	b.expect("/recognition", http.StatusOK, "认定进度")
	b.shows("论证", "初审", "完善", "论证会", "审定", "授牌", "任务书", "进行中的事故和失信名单")
	centers, err := x.desk.List(t.Context(), desk.When{}, lists.Question{List: "centers"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range centers.Select("center", "status").Rows {
		if status := row[1].CSV(); status != "active" && status != "revoked" {
			b.shows(row[0].CSV())
		}
	}
	x.enter(b, "auditor")
	b.get(x.URL + "/recognition")
	b.expect("/recognition", http.StatusOK, "认定进度")
	if strings.Contains(b.page.body, `href="/record/`) {
		t.Error("an auditor is offered a form")
	}
}
