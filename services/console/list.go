package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// pageRows is the number of rows that a page of a list has.
var pageRows = 200

const (
	wholeMax = 2000   // rows that one page shows if the user asks for all; more are for a file
	foundMax = 10_000 // records that a search lists on its pages, unless the user says how many
)

// listView is the page of a list.
type listView struct {
	*view
	Title   string
	Filters []filter
	Hidden  []hidden // what the form carries on
	Reset   string
	Table   template.HTML // "" if there are no rows, or nothing was asked yet
	Empty   string        // what is said instead
	Notes   []string
	Rows    int
	Cut     int // the rows that match and are not among Rows, because of the limit of the list
	First   int // the first row of the page, from 1
	Last    int
	Pages   []choice
	All     string // the address of all rows on one page; "" for too many, or if one page has them
	CSV     string
	XLSX    string
	Why     string   // the address that explains why figures are not what was reported; "" for none
	Said    []string // the question in words, for print
	At      string   // the time, for print
}

// titleOf returns the title of the page of a list.
func titleOf(l *lists.List) text.Text {
	if t, ok := listTitles[l.Name]; ok {
		return t
	}
	return l.Short
}

// listTitles are the words for lists in menus and headings.
var listTitles = map[string]text.Text{
	"centers": text.Say("中心", "Centers"), "alerts": text.Say("预警", "Alerts"),
	"execution": text.Say("经费执行", "Execution"), "delayed": text.Say("迟滞资金", "Delayed money"),
	"deferrals": text.Say("延后安排", "Deferrals"), "ageing": text.Say("结余账龄", "Ageing of balances"),
	"spending": text.Say("支出明细", "Spending"), "due": text.Say("即将到期", "Due soon"),
	"trace": text.Say("数字构成", "What a figure is made of"), "changes": text.Say("变动说明", "Changes"),
	"find": text.Say("查找记录", "Find records"), "sample": text.Say("抽样", "Sample"),
	"duplicates": text.Say("疑似重复", "Possible duplicates"),
}

// list shows a list, or sends it as a file.
func (v *visit) list(l *lists.List) error {
	if address := v.defaulted(l); address != "" {
		return v.seeOther(address)
	}
	q, isWhole := v.question(l)
	format := v.query.Get("format")
	if !isWhole {
		page, status := v.newListView(l), http.StatusOK
		page.Empty = v.say("请填写条件，然后查询。", "Fill in the conditions, then ask.")
		if format != "" { // a program that saves the file must not take the page for it
			status = http.StatusBadRequest
		}
		v.show(status, "list", page)
		return nil
	}
	if format != "" {
		return v.wrongFilter(l, v.sendReport(q, format))
	}
	q, _, err := q.Read()
	if err != nil {
		return v.wrongFilter(l, err)
	}
	columns, err := q.Columns()
	if err != nil {
		return v.wrongFilter(l, err)
	}
	w := v.newRowWriter(q, columns)
	if w.toSpend, err = v.newToSpend(q); err != nil {
		return v.wrongFilter(l, err)
	}
	answer, err := v.answer(q, answers.Rows(w.encoding(v)))
	if err != nil {
		return v.wrongFilter(l, err)
	}
	return v.showList(l, q, w, answer)
}

// question returns the question that the address asks. isWhole is false if a condition is missing that must be given.
func (v *visit) question(l *lists.List) (q lists.Question, isWhole bool) {
	q, isWhole = lists.Question{List: l.Name, On: v.on, Params: map[string]string{}}, true
	for i := range l.Params {
		p := &l.Params[i]
		value := v.query.Get(p.QueryName())
		if value != "" && value != p.Default {
			q.Params[p.Name] = value
		}
		if value == "" && (p.Must || p.Name == l.Argument) {
			isWhole = false
		}
		if value == "" && p.Name == "limit" {
			q.Params[p.Name] = strconv.Itoa(foundMax)
		}
	}
	return q, isWhole
}

// short returns a text of the address as a message quotes it.
func short(s string) string { return text.Printable(s[:min(len(s), 40)]) }

// defaulted returns the address with the conditions that a list is shown with at first, or "". The scopes of money
// overlap, so one is chosen.
func (v *visit) defaulted(l *lists.List) string {
	if l.Name != "execution" || v.query.Has("scope") || v.query.Has("year") || v.query.Has("center") {
		return ""
	}
	return v.here("scope", "fiscal", "year", strconv.Itoa(v.on.Year()))
}

// wrongFilter shows the form of the list again with what is wrong, at the filter that it is about. It returns any
// other error, and nil for none.
func (v *visit) wrongFilter(l *lists.List, err error) error {
	var about *text.Error
	status := http.StatusBadRequest
	switch {
	case !errors.As(err, &about), text.CodeOf(err) != text.Invalid && text.CodeOf(err) != text.NotFound:
		return err
	case text.CodeOf(err) == text.NotFound:
		status = http.StatusNotFound
	}
	page := v.newListView(l)
	what := sentence(about.What.In(v.lang), v.lang)
	page.Wrong = wrong{"filters", what}
	for i := range page.Filters {
		if f := &page.Filters[i]; f.Param == about.Param {
			f.Wrong = what
			page.Wrong.At = f.ID
		}
	}
	v.show(status, "list", page)
	return nil
}

func (v *visit) newListView(l *lists.List) *listView {
	page := &listView{view: v.view(), Title: v.in(titleOf(l)), Filters: v.filters(l),
		Reset: v.link(v.URL.EscapedPath())}
	known := []string{"page", "format", "notice"}
	for i := range page.Filters {
		f := &page.Filters[i]
		known = append(known, f.Name)
		if f.Shown != "" {
			page.Said = append(page.Said, v.say("%s：%s", "%s: %s", f.Label, f.Shown))
		}
	}
	page.Hidden = v.hidden(known...)
	page.At = v.p.Answers.Now().In(events.Shanghai).Format("2006-01-02 15:04")
	return page
}

// showList shows a page of an answer.
func (v *visit) showList(l *lists.List, q lists.Question, w *rowWriter, answer *answers.Snapshot) error {
	t := answer.Answer.Table
	page := v.newListView(l)
	page.Rows, page.Cut, page.Empty = answer.Count, t.CutRows, v.in(t.Empty)
	page.CSV, page.XLSX = v.here("format", "csv", "page", ""), v.here("format", "xlsx", "page", "")
	if l.Name == "trace" || l.Name == "execution" {
		page.Why = v.whyAddress("center", v.query.Get("center"), "region", v.query.Get("region"), "year",
			v.query.Get("year"), "scope", v.query.Get("scope"), "figure", v.query.Get("figure"))
	}
	for _, note := range slices.Concat(t.Notes, t.Missing) {
		page.Notes = append(page.Notes, v.in(note))
	}
	if w.toSpend != nil {
		page.Notes = append(page.Notes, v.in(w.toSpend.note))
	}
	if l.Name == "deferrals" {
		page.Notes = append(page.Notes, v.in(rateAtYearEnd))
	}
	from, to, err := v.paged(page)
	if err != nil {
		return err
	}
	if page.Rows > 0 {
		rows := w.toSpend.shown(answer, from, to)
		w.totals = v.totalsOf(q, w.columns, page.Rows)
		page.Table = v.tableOf(w, t, rows, v.sorting(q))
	}
	v.show(http.StatusOK, "list", page)
	return nil
}

// rateAtYearEnd is the note under the page of deferrals: its rates may differ from those on the page of execution.
var rateAtYearEnd = text.Say(
	"上年执行率按该年末的情况计算，口径为省级；其后的用途认定改变经费执行页的数字，不改变这里的。",
	"The rate of the year before is as of its end, of provincial money: a ruling on a use made later changes the "+
		"page of execution and not this one.")

// paged reads which page is asked for, and fills in the links to the others.
func (v *visit) paged(page *listView) (from, to int, err error) { return v.pagedBy(page, pageRows) }

// pagedBy is paged with a number of rows on each page.
func (v *visit) pagedBy(page *listView, rows int) (from, to int, err error) {
	pages := max((page.Rows+rows-1)/rows, 1)
	asked, n := v.query.Get("page"), 1
	if asked == "all" && page.Rows <= wholeMax {
		page.First, page.Last = min(1, page.Rows), page.Rows
		page.Pages = []choice{{text.Say("分页显示", "In pages"), v.here("page", ""), false}}
		return 0, page.Rows, nil
	}
	if asked != "" {
		if n, err = strconv.Atoi(asked); err != nil || n < 1 || n > pages {
			return 0, 0, text.Errorf(text.NotFound, "没有第 %s 页，共 %d 页", "there is no page %s; there are %d",
				short(asked), pages)
		}
	}
	from, to = (n-1)*rows, min(n*rows, page.Rows)
	page.First, page.Last = min(from+1, to), to
	if pages == 1 {
		return from, to, nil
	}
	if page.Rows <= wholeMax {
		page.All = v.here("page", "all")
	}
	to1 := func(title text.Text, k int) {
		page.Pages = append(page.Pages, choice{title, v.here("page", numbered(k)), k == n})
	}
	if n > 1 {
		to1(text.Say("上一页", "Previous"), n-1)
	}
	for k := 1; k <= pages; k++ {
		if k == 1 || k == pages || k >= n-2 && k <= n+2 {
			to1(text.Same(strconv.Itoa(k)), k)
		}
	}
	if n < pages {
		to1(text.Say("下一页", "Next"), n+1)
	}
	return from, to, nil
}

// numbered returns the parameter of a page. The first page needs none.
func numbered(page int) string {
	if page == 1 {
		return ""
	}
	return strconv.Itoa(page)
}

// sorting returns what the headings of the answer to a question lead to, and how it is sorted: a heading sorts by its
// column, amounts from the largest, and in the other direction if the list is sorted so already.
func (v *visit) sorting(q lists.Question) func(c *table.Column) (href, direction string) {
	orders, err := q.Orders()
	if err != nil {
		return nil
	}
	now, _ := orders.Read(q.Params["sort"])
	return func(c *table.Column) (href, direction string) {
		up, down := c.Name, c.Name+"-desc"
		if !orders.Has(up) || !orders.Has(down) {
			return "", ""
		}
		first, second := up, down
		if c.Type.Right() {
			first, second = down, up
		}
		next := first
		switch now {
		case first:
			next = second
			direction = directions[first == down]
		case second:
			direction = directions[second == down]
		}
		return v.here("sort", next, "page", ""), direction
	}
}

// directions are the words of aria-sort, by whether the largest comes first.
var directions = map[bool]string{false: "ascending", true: "descending"}

// sendReport answers with a list as a file with its provenance. A file cannot say that it is being made, so the
// request waits for it, for as long as it may take.
func (v *visit) sendReport(q lists.Question, format string) error {
	media := reportMedia[format]
	if media == "" {
		return text.Errorf(text.Invalid, "没有 %s 这种文件，只有 csv 和 xlsx",
			"there is no file %s, only csv and xlsx", short(format))
	}
	end, err := v.turn(q.Center())
	if err != nil {
		return err
	}
	defer end()
	var file bytes.Buffer
	made, err := v.desk.Report(v.Context(), v.when, desk.ReportRequest{Question: q, Name: "list." + format,
		ForExcel: format == "csv", Lang: v.lang}, &file)
	if err != nil {
		return err
	}
	v.sendFile(fmt.Sprintf("%s-%s-p%d.%s", q.List, v.when.AsOf, made.Position, format), media, file.Bytes())
	return nil
}

// turn waits until a file about a center or, for "", all centers may be made, for as long as the request may take. The
// caller calls end when it is made.
func (v *visit) turn(center events.CenterID) (end func(), err error) {
	for {
		end, err = v.p.Answers.Turn(v.Context(), v.when, center, center == "")
		if !errors.Is(err, context.DeadlineExceeded) || v.Context().Err() != nil {
			return end, err
		}
	}
}

var reportMedia = map[string]string{"csv": "text/csv; charset=utf-8",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

// sendFile answers with a file to keep. name is in ASCII.
func (v *visit) sendFile(name, media string, content []byte) {
	h := v.w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	h.Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = v.w.Write(content) // the browser may have closed the connection
}
