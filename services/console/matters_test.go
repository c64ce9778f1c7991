package console_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/demo"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// asked returns the answer of the desk to the question of a page.
func (x *office) asked(t *testing.T, list string, params ...string) *table.Table {
	t.Helper()
	q := lists.Question{List: list, Params: map[string]string{}}
	for i := 0; i < len(params); i += 2 {
		q.Params[params[i]] = params[i+1]
	}
	got, err := x.desk.List(t.Context(), desk.When{}, q)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// cells returns columns of the rows of a table as programs read them.
func cells(t *table.Table, columns ...string) (rows [][]string) {
	for _, row := range t.Select(columns...).Rows {
		rows = append(rows, table.Fields(row))
	}
	return rows
}

// as returns a browser with a session of the account of a role, which may show words of others.
func (x *office) as(t *testing.T, lang, role string) *browser {
	b := newBrowser(t, lang, x.Client())
	b.isExotic = true
	x.enter(b, accounts[role])
	return b
}

// accounts are those of the demo, by role.
var accounts = map[string]string{"finance": "finance", "st-office": "office", "center": "center", "local-gov": "region",
	"industry-dept": "dept", "auditor": "auditor"}

// yuan returns the amount of a cell in fen as pages show it.
func yuan(t *testing.T, fen string) string {
	t.Helper()
	n, err := strconv.ParseInt(fen, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return events.FormatYuan(events.Fen(n))
}

// card returns the words of the card that leads to an address.
func card(b *browser, path string) string {
	b.Helper()
	for li := range b.page.all("li") {
		for a := range within(li, "a") {
			if strings.HasPrefix(attr(a, "href"), path) {
				return says(li)
			}
		}
	}
	b.Fatalf("no card leads to %s", path)
	return ""
}

// TestOverviewAndInbox compares the pages with the answers of the desk, over the province of the demo.
func TestOverviewAndInbox(t *testing.T) {
	x, p := serveProvince(t)
	t.Run("the cards are the lists", func(t *testing.T) { testCards(t, x) })
	t.Run("what moved is the list of changes", func(t *testing.T) { testMoved(t, x) })
	t.Run("the most urgent matters", func(t *testing.T) { testUrgent(t, x) })
	t.Run("what the inbox offers", func(t *testing.T) { testOffered(t, x) })
	t.Run("the yearly report is the file", func(t *testing.T) { testYearly(t, x, p) })
	t.Run("an office sees what waits for it", func(t *testing.T) { testInbox(t, x, p) })
	t.Run("several centers are deferred at once", func(t *testing.T) { testTicks(t, x) })
	t.Run("hostile text is text", func(t *testing.T) { testHostileMatters(t, x, p) })
	for _, role := range []string{"center", "local-gov", "industry-dept", "auditor"} {
		b := x.as(t, "zh", role)
		b.get(x.URL + "/overview")
		if b.page.StatusCode != http.StatusNotFound {
			t.Errorf("%s sees the overview", role)
		}
	}
}

func testCards(t *testing.T, x *office) {
	b := x.as(t, "zh", "finance")
	b.get(x.URL + "/")
	b.expect("/overview", http.StatusOK, "概览")
	year := strconv.Itoa(start.Year())
	money := cells(x.asked(t, "execution", "by", "total", "scope", "fiscal", "year", year),
		"availableFen", "executedFen", "ratePercent")[0]
	for path, words := range map[string][]string{
		"/execution?scope=fiscal": {yuan(t, money[0])},
		"/execution?by=city":      {money[2] + "%", yuan(t, money[1])}} {
		for _, w := range words {
			if got := card(b, path); !strings.Contains(got, w) {
				t.Errorf("%s: expected %s, got %s", path, w, got)
			}
		}
	}
	var overdue events.Fen
	longest, count := 0, 0
	for _, row := range cells(x.asked(t, "delayed"), "state", "daysOverdue", "outstandingFen") {
		if row[0] == "overdue" {
			days, _ := strconv.Atoi(row[1])
			fen, _ := strconv.ParseInt(row[2], 10, 64)
			overdue, longest, count = overdue+events.Fen(fen), max(longest, days), count+1
		}
	}
	if got, want := card(b, "/delayed"), fmt.Sprintf("%s%d 笔，最长逾期 %d 天", events.FormatYuan(overdue), count,
		longest); count == 0 || !strings.HasSuffix(got, want) {
		t.Errorf("delayed: expected %s, got %s", want, got)
	}
	undecided := 0
	for _, row := range cells(x.asked(t, "deferrals"), "state") {
		if row[0] == "to-be-decided" || row[0] == "overdue" {
			undecided++
		}
	}
	if got := card(b, "/deferrals"); undecided < 5 || !strings.HasPrefix(got, fmt.Sprintf("待决定延后%d", undecided)) {
		t.Errorf("deferrals: expected %d, got %s", undecided, got)
	}
	for severity, word := range map[string]string{"red": "红", "yellow": "黄", "blue": "蓝"} {
		want := fmt.Sprintf("%s %d 条", word, len(x.asked(t, "alerts", "severity", severity).Rows))
		if got := card(b, "/alerts?severity="+severity); !strings.Contains(got, want) {
			t.Errorf("alerts: expected %s, got %s", want, got)
		}
	}
	rows := cells(x.asked(t, "execution", "by", "city", "scope", "fiscal", "year", year), "ratePercent")
	if n := strings.Count(b.page.body, `<rect class="fill"`); n == 0 || n > len(rows) {
		t.Errorf("%d bars for %d cities", n, len(rows))
	}
	b.get(x.URL + "/overview?lang=en&unit=wan&asOf=2026-06-30")
	b.expect("/overview", http.StatusOK, "Overview")
	b.shows("Not as of now", "What moved since it was reported")
}

func testMoved(t *testing.T, x *office) {
	b := x.as(t, "zh", "st-office")
	for _, from := range []string{"2026-09-30", "2026-03-31"} {
		b.get(x.URL + "/overview?reported=" + from)
		for range 100 { // the page waits for a moment each time
			if !strings.Contains(b.page.body, "正在计算当时的数字") {
				break
			}
			b.get(x.URL + "/overview?reported=" + from)
		}
		b.expect("/overview", http.StatusOK, "概览")
		rows := cells(x.asked(t, "changes", "from-as-of", from, "since", from, "by", "total", "year", "2026", "scope",
			"fiscal"), "figure", "reportedFen", "correctedFen", "happenedFen", "nowFen")
		tables := b.page.rowsOf(from)
		for i, figure := range []string{"available", "executed"} {
			at := slices.IndexFunc(rows, func(row []string) bool { return row[0] == figure })
			if at < 0 || len(tables) < 2 {
				t.Fatalf("%s: no %s in %v, or no table: %v", from, figure, rows, tables)
			}
			var want []string
			for _, fen := range rows[at][1:] {
				want = append(want, yuan(t, fen))
			}
			if !slices.Equal(tables[i][1:], want) {
				t.Errorf("%s %s: expected %v, got %v", from, figure, want, tables[i])
			}
		}
	}
	for _, wrong := range []string{"yesterday-ish", "2030-01-01", "%3Cscript%3E"} {
		b.get(x.URL + "/overview?reported=" + wrong)
		if b.page.StatusCode != http.StatusOK || !strings.Contains(b.page.body, `id="reported-wrong"`) {
			t.Errorf("%s is no date, and the page does not say so", wrong)
		}
	}
}

// testOffered checks that the inbox offers no release of a deferral that is not in force.
func testOffered(t *testing.T, x *office) {
	b := x.as(t, "zh", "finance")
	b.get(x.URL + "/inbox?page=all")
	if strings.Contains(b.page.body, "/record/deferral.released") {
		t.Error("a deferral that was not decided is offered to be released")
	}
	if !strings.Contains(b.page.body, "/record/allocation.deferred?") {
		t.Error("no deferral is offered")
	}
}

func testUrgent(t *testing.T, x *office) {
	b := x.as(t, "zh", "finance")
	b.get(x.URL + "/overview")
	rows := b.page.rowsOf("最需要办理的事项")
	if len(rows) != 12 {
		t.Fatalf("expected twelve matters, got %d", len(rows))
	}
	longest := 0
	for _, row := range cells(x.asked(t, "delayed"), "daysOverdue") {
		days, _ := strconv.Atoi(row[0])
		longest = max(longest, days)
	}
	for _, row := range cells(x.asked(t, "deferrals"), "state", "decideBy") {
		if row[0] == "overdue" {
			longest = max(longest, int(events.DateAt(start)-events.MustDate(row[1])))
		}
	}
	if want := fmt.Sprintf("逾期 %d 天", longest); rows[0][5] != want {
		t.Errorf("the first matter: expected %s, got %v", want, rows[0])
	}
	oldest := cells(x.asked(t, "alerts", "severity", "red", "sort", "oldest"), "center", "raisedOn")
	at := slices.IndexFunc(rows, func(row []string) bool { return strings.HasPrefix(row[5], "已 ") })
	if at < 0 || !strings.HasPrefix(rows[at][0], oldest[0][0]) || rows[at][4] != oldest[0][1] {
		t.Errorf("the first red alert: expected %v, got %v", oldest[0], rows)
	}
}

func testYearly(t *testing.T, x *office, p *demo.Province) {
	b := x.as(t, "zh", "center")
	get := func(address string) *http.Response {
		answer, err := b.client.Get(x.URL + address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = answer.Body.Close() })
		return answer
	}
	answer := get("/yearly?year=2025&unit=wan&center=" + string(p.Center))
	got, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v: %s", answer.Status, err, got)
	}
	own := x.desk
	own.Sees = func(id events.CenterID) bool { return id == p.Center }
	var want bytes.Buffer
	if err := own.Yearly(t.Context(), desk.When{}, desk.YearlyRequest{Year: 2025, Center: string(p.Center), Unit: "wan",
		Lang: "zh"}, &want); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("the page differs from the file")
	}
	made, err := x.desk.Reproduce(t.Context(), desk.Upload{Name: "yearly.html", Content: bytes.NewReader(got),
		Bytes: int64(len(got))})
	if err != nil || !made.Equal {
		t.Errorf("the page is not reproduced: %+v, %v", made, err)
	}
	for address, status := range map[string]int{"/yearly": http.StatusOK, "/yearly?year=x": http.StatusBadRequest,
		"/yearly?year=2025&center=ZJ-9999": http.StatusNotFound} {
		if got := get(address).StatusCode; got != status {
			t.Errorf("%s: expected %d, got %d", address, status, got)
		}
	}
}

// tabCount returns the number at a tab of the inbox.
func tabCount(b *browser, title string) int {
	b.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(says(b.tab(title)), title)))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

func (b *browser) tab(title string) *html.Node {
	b.Helper()
	for nav := range b.page.all("nav") {
		if attr(nav, "class") != "tabs" {
			continue
		}
		for a := range within(nav, "a") {
			if strings.HasPrefix(says(a), title) {
				return a
			}
		}
	}
	b.Fatalf("no tab %s on %s", title, b.page.body)
	return nil
}

func testInbox(t *testing.T, x *office, p *demo.Province) {
	alerts := cells(x.asked(t, "alerts"), "code", "center", "key")
	for _, account := range []string{"finance", "st-office", "center", "local-gov", "industry-dept", "auditor"} {
		b := x.as(t, "zh", account)
		b.get(x.URL + "/inbox")
		b.expect("/inbox", http.StatusOK, "待办")
		rows, open := b.page.rowsOf("待办"), 0
		for _, row := range alerts {
			of := aggregates.Office(aggregates.Code(row[0]))
			if string(of) == account && (account != "center" || row[1] == string(p.Center)) {
				open++
			}
		}
		if account == "finance" {
			for _, row := range cells(x.asked(t, "deferrals"), "state") {
				if row[0] == "to-be-decided" { // an overdue one is an alert too
					open++
				}
			}
		}
		count := tabCount(b, "待办")
		switch account {
		case "finance", "st-office", "center":
			if count != open {
				t.Errorf("%s: expected %d to do, got %d", account, open, count)
			}
		}
		if len(rows) != min(count, 200) {
			t.Errorf("%s: %d rows for %d matters", account, len(rows), count)
		}
		for _, row := range rows {
			if account == "center" && !strings.HasPrefix(row[0], string(p.Center)) {
				t.Errorf("a center sees %v", row)
			}
		}
		if slices.Contains([]string{"finance", "st-office", "center"}, account) {
			due := x.asked(t, "due", "office", account)
			if account == "center" {
				due = x.asked(t, "due", "office", account, "center", string(p.Center))
			}
			if got := tabCount(b, "30 天内到期"); got != len(due.Rows) {
				t.Errorf("%s: expected %d due, got %d", account, len(due.Rows), got)
			}
		}
		for _, tab := range []string{"30 天内到期", "已延后", "已办", "我录入的"} {
			b.get(x.URL + "/inbox")
			b.follow(says(b.tab(tab)))
			b.expect("/inbox", http.StatusOK, "待办")
			if tab != "我录入的" && len(b.page.rowsOf(tab)) != min(tabCount(b, tab), 200) {
				t.Errorf("%s %s: %d rows, %d counted", account, tab, len(b.page.rowsOf(tab)), tabCount(b, tab))
			}
		}
		b.shows("没有由本账号录入的记录。")
	}
	b := x.as(t, "en", "finance")
	b.get(x.URL + "/inbox")
	if n := strings.Count(b.page.body, `<input type="checkbox" form="ticks"`); n < 5 {
		t.Errorf("%d deferrals can be chosen", n)
	}
	b.get(x.URL + "/inbox?tab=none")
	if b.page.StatusCode != http.StatusNotFound {
		t.Errorf("a tab that is none is answered with %s", b.page.Status)
	}
	b.get(x.URL + "/inbox?asOf=2026-06-30")
	if strings.Contains(b.page.body, "checkbox") || strings.Contains(b.page.body, "/record/") {
		t.Error("a page of the past offers to write")
	}
}

// testHostileMatters gives a center a name that looks like HTML.
func testHostileMatters(t *testing.T, x *office, p *demo.Province) {
	const name = `<script>alert(1)</script>"'&`
	if _, err := x.desk.Record(t.Context(), desk.Draft{ID: desk.NewID(), Kind: "facts.changed", Center: string(p.Center),
		On: events.DateAt(start).String(), By: desk.DraftBy{Role: "center", Actor: "zhang"}, Doc: `<b>1</b>`,
		Data: []byte(`{"name":"<script>alert(1)</script>\"'&"}`)}); err != nil {
		t.Fatal(err)
	}
	for _, account := range []string{"center", "finance"} {
		b := x.as(t, "zh", account)
		b.get(x.URL + "/inbox") // every page is checked for scripts
		if account == "center" && !slices.ContainsFunc(b.page.rowsOf("待办"), func(row []string) bool {
			return strings.Contains(row[0], name)
		}) {
			t.Errorf("the name is not shown as it is: %v", b.page.rowsOf("待办"))
		}
		b.get(x.URL + "/inbox?tab=mine")
	}
	b := x.as(t, "zh", "st-office")
	b.get(x.URL + "/overview")
}

// testTicks defers two centers under one document number, from the boxes that are ticked in the inbox.
func testTicks(t *testing.T, x *office) {
	b := x.as(t, "zh", "finance")
	b.get(x.URL + "/inbox")
	before := tabCount(b, "已延后")
	query := url.Values{"doc": {"浙财科教〔2026〕9907号"}}
	action := ""
	for form := range b.page.all("form") {
		if attr(form, "id") != "ticks" {
			continue
		}
		action = attr(form, "action")
		for input := range within(form, "input") {
			if attr(input, "type") == "hidden" {
				query.Set(attr(input, "name"), attr(input, "value"))
			}
		}
	}
	for input := range b.page.all("input") {
		if attr(input, "form") == "ticks" && len(query["center"]) < 2 {
			query.Add("center", attr(input, "value"))
		}
	}
	none := maps.Clone(query)
	none.Del("center")
	b.get(x.URL + action + "?" + none.Encode())
	b.shows("没有勾选中心。")
	b.get(x.URL + action + "?" + query.Encode())
	b.expect("/record/allocation.deferred", http.StatusOK, "延后安排")
	if strings.Contains(says(b.page.doc), "没有勾选中心") {
		t.Error("the form says that no center is ticked")
	}
	if u, err := url.Parse(b.link("English")); err != nil || !slices.Equal(u.Query()["center"], query["center"]) {
		t.Errorf("in English the form is about %v, %v", u.Query()["center"], err)
	}
	sendForm(b, "try", nil)
	for _, center := range query["center"] {
		b.shows("可以入账 " + center)
	}
	if n := len(deferred(t, x)); n != before {
		t.Fatalf("the dry run has written: %d are deferred, %d before", n, before)
	}
	values := formValues(b)
	values.Set("do", "write")
	for range 2 { // the second is a repeat
		sendValues(b, b.page.Request.URL.String(), values)
		for _, center := range query["center"] {
			if !strings.Contains(b.page.body, center) {
				t.Errorf("the answer does not name %s", center)
			}
		}
	}
	list := deferred(t, x)
	for _, center := range query["center"] {
		if !slices.Contains(list, center) {
			t.Errorf("%s is not deferred: %v", center, list)
		}
	}
	if n := len(cells(x.asked(t, "find", "doc", "浙财科教〔2026〕9907号"), "id")); n != 2 {
		t.Errorf("expected 2 records, got %d", n)
	}
	b.get(x.URL + "/inbox?tab=mine")
	if n := len(b.page.rowsOf("")); n < 2 {
		t.Errorf("%d records are entered by finance", n)
	}
	b.get(x.URL + "/inbox?tab=deferred")
	if got := tabCount(b, "已延后"); got != before+2 || len(b.page.rowsOf("已延后")) != got {
		t.Errorf("%d are deferred, %d before", got, before)
	}
}

// deferred returns the centers that are deferred.
func deferred(t *testing.T, x *office) (centers []string) {
	for _, row := range cells(x.asked(t, "deferrals"), "state", "center") {
		if row[0] == "deferred" {
			centers = append(centers, row[1])
		}
	}
	return centers
}
