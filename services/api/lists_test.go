package api_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/answers/answerstest"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// questions is one question of each list.
var questions = map[string]string{"centers": "", "alerts": "all=true", "execution": "by=region", "delayed": "",
	"deferrals": "", "ageing": "", "spending": "center=ZJ-0001", "due": "",
	"trace": "center=ZJ-0001&year=2025&scope=province&figure=executed", "changes": "since=2&show=records",
	"find": "text=%E4%B9%99", "sample": "year=2025", "duplicates": ""}

func TestEveryListGivesTheRowsOfTheCommandLine(t *testing.T) {
	x := small(t)
	for _, l := range lists.Lists {
		query, ok := questions[l.Name]
		if !ok {
			t.Errorf("there is no question of the list %s here", l.Name)
			continue
		}
		params := map[string]string{}
		for _, part := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' }) {
			name, value, _ := strings.Cut(part, "=")
			params[name] = strings.ReplaceAll(value, "%E4%B9%99", "乙")
		}
		want, err := x.desk.List(t.Context(), desk.When{}, lists.Question{List: l.Name, Params: params})
		if err != nil {
			t.Fatal(err)
		}
		r := x.get(t, "/v1/"+l.Name+"?"+query)
		page := into[api.Page](t, r)
		if page.Position != 6 || page.AsOf != "2026-11-01" || page.Next != nil ||
			r.Header.Get("Ledger-Position") != "6" || r.Header.Get("Ledger-As-Of") != "2026-11-01" {
			t.Errorf("%s: got %s", l.Name, r.body)
		}
		var rows []string
		for i, row := range want.Rows {
			line, err := table.MarshalRow(want.Columns, row)
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, string(line))
			if i < len(page.Items) && string(page.Items[i]) != string(line) {
				t.Errorf("%s: expected %s, got %s", l.Name, line, page.Items[i])
			}
		}
		if len(page.Items) != len(rows) {
			t.Errorf("%s: expected %d rows, got %d", l.Name, len(rows), len(page.Items))
		}
		if got, want := x.get(t, "/v1/"+l.Name+"?"+query, "Accept", "application/jsonl").ok(t).body,
			strings.Join(append(rows, ""), "\n"); got != want {
			t.Errorf("%s: expected the lines %q, got %q", l.Name, want, got)
		}
		var whole bytes.Buffer
		if err := want.WriteWhole(&whole); err != nil {
			t.Fatal(err)
		}
		if got := x.get(t, "/v1/"+l.Name+"?format=table&"+query).ok(t); got.body != whole.String() ||
			got.Header.Get("Content-Type") != table.WholeType {
			t.Errorf("%s: expected the table %s, got %s", l.Name, whole.String(), got.body)
		}
		x.clock.move(6 * time.Minute) // the answer is kept no more
		if again := x.get(t, "/v1/"+l.Name+"?knownAt=6&"+query).ok(t).body; again != r.body {
			t.Errorf("%s: expected as known at 6 %s, got %s", l.Name, r.body, again)
		}
	}
}

// walk follows the pages from an address and returns their rows.
func (x *served) walk(t testing.TB, path string, between func()) (rows []string, pages int) {
	t.Helper()
	for path != "" {
		r := x.get(t, path)
		page := into[api.Page](t, r)
		for _, item := range page.Items {
			rows = append(rows, string(item))
		}
		pages++
		link := r.Header.Get("Link")
		path = strings.TrimSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`)
		if (page.Next == nil) != (link == "") || page.Next != nil && !strings.Contains(link, *page.Next) {
			t.Errorf("next is %v, Link %q", page.Next, link)
		}
		between()
	}
	return rows, pages
}

func TestPagesOfACursorAreOfOnePosition(t *testing.T) {
	x := several(t, 7)
	whole := strings.TrimSuffix(x.get(t, "/v1/centers?format=jsonl").ok(t).body, "\n")
	n := 7
	rows, pages := x.walk(t, "/v1/centers?limit=3", func() {
		n++
		x.record(t, fmt.Sprintf("ZJ-%04d", n), registered)
		x.clock.move(4 * time.Minute) // less than answers are kept; midnight is farther
	})
	if got := strings.Join(rows, "\n"); got != whole || pages != 3 {
		t.Errorf("expected %s in 3 pages, got %s in %d", whole, got, pages)
	}
}

func TestACursorOutlivesMidnight(t *testing.T) {
	x := several(t, 5)
	x.clock.move(12*time.Hour - 1*time.Minute) // 23:59
	rows, _ := x.walk(t, "/v1/centers?limit=3", func() { x.clock.move(2 * time.Minute) })
	if len(rows) != 5 {
		t.Errorf("got %d rows", len(rows))
	}
	if page := into[api.Page](t, x.get(t, "/v1/centers")); page.AsOf != "2026-11-02" {
		t.Errorf("a new question is as of %s", page.AsOf)
	}
}

func TestACursorIsBoundToItsQuestion(t *testing.T) {
	x := several(t, 5)
	cursor := *into[api.Page](t, x.get(t, "/v1/centers?limit=2")).Next
	for _, c := range []struct {
		path         string
		status       int
		slug, params string
	}{
		{"/v1/alerts?cursor=" + cursor, 400, "bad-request", "cursor"},
		{"/v1/centers?asOf=2026-10-01&cursor=" + cursor, 400, "bad-request", "cursor"},
		{"/v1/centers?knownAt=3&cursor=" + cursor, 400, "bad-request", "cursor"},
		{"/v1/centers?cursor=" + cursor[:len(cursor)-2], 400, "bad-request", "cursor"},
		{"/v1/centers?cursor=x", 400, "bad-request", "cursor"},
		{"/v1/centers?format=xlsx&cursor=" + cursor, 400, "bad-request", "cursor"},
	} {
		if p := x.get(t, c.path).problem(t, c.status, c.slug); p.Param != c.params {
			t.Errorf("%s: expected the parameter %s, got %s", c.path, c.params, p.Param)
		}
	}
	for _, path := range []string{"/v1/centers?cursor=" + cursor, "/v1/centers?limit=3&cursor=" + cursor,
		"/v1/centers?knownAt=6&cursor=" + cursor, "/v1/centers?asOf=2026-11-01&cursor=" + cursor} {
		x.get(t, path).ok(t)
	}
	x.clock.move(5*time.Minute + time.Second)
	if p := x.get(t, "/v1/centers?cursor="+cursor).problem(t, 410, "gone"); p.Param != "cursor" {
		t.Errorf("got %+v", p)
	}
}

func TestLimitsOfPages(t *testing.T) {
	x := several(t, 2)
	for _, path := range []string{"/v1/centers?limit=0", "/v1/centers?limit=1001", "/v1/centers?limit=x",
		"/v1/centers?limit=-1", "/v1/centers?format=xlsx&limit=1", "/v1/centers?format=table&limit=1",
		"/v1/find?limit=100001", "/v1/find?format=csv&limit=0"} {
		if p := x.get(t, path).problem(t, 400, "bad-request"); p.Param != "limit" {
			t.Errorf("%s: got %+v", path, p)
		}
	}
	if page := into[api.Page](t, x.get(t, "/v1/centers?limit=1000")); len(page.Items) != 2 {
		t.Errorf("got %d rows", len(page.Items))
	}
	if rows, pages := x.walk(t, "/v1/find?limit=2&order=oldest", func() {}); len(rows) != 3 || pages != 2 {
		// the policy, too
		t.Errorf("got %d rows in %d pages", len(rows), pages)
	}
	if lines := x.get(t, "/v1/find?limit=2&format=jsonl").ok(t).body; strings.Count(lines, "\n") != 2 {
		t.Errorf("got %s", lines)
	}
}

func TestFilesAreReproduced(t *testing.T) {
	x := small(t)
	for _, c := range []struct{ query, accept, media, name string }{
		{"", "text/csv", "text/csv; charset=utf-8", "execution-2026-11-01-p6.csv"},
		{"format=csv&forExcel=true", "", "text/csv; charset=utf-8", "execution-2026-11-01-p6.csv"},
		{"", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "execution-2026-11-01-p6.xlsx"},
		{"format=xlsx&lang=zh", "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			"execution-2026-11-01-p6.xlsx"},
	} {
		r := x.get(t, "/v1/execution?"+c.query, "Accept", c.accept).ok(t)
		if r.Header.Get("Content-Type") != c.media ||
			r.Header.Get("Content-Disposition") != `attachment; filename="`+c.name+`"` ||
			r.Header.Get("Ledger-Position") != "6" {
			t.Errorf("%s %s: got %v", c.query, c.accept, r.Header)
		}
		got, err := x.desk.Reproduce(t.Context(),
			desk.Upload{Name: c.name, Content: strings.NewReader(r.body), Bytes: int64(len(r.body))})
		if err != nil || !got.Equal {
			t.Errorf("%s %s: reproduced %+v, %v", c.query, c.accept, got, err)
		}
	}
}

func TestPagesOfCSVHaveNoProvenance(t *testing.T) {
	x := several(t, 3)
	r := x.get(t, "/v1/centers?format=csv&limit=2").ok(t)
	records, err := csv.NewReader(strings.NewReader(r.body)).ReadAll()
	if err != nil || len(records) != 3 || records[0][0] != "center" || records[2][0] != "ZJ-0002" {
		t.Errorf("got %q, %v", records, err)
	}
	next := strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Link"), "<"), `>; rel="next"`)
	if records, _ := csv.NewReader(strings.NewReader(x.get(t, next).ok(t).body)).ReadAll(); len(records) != 2 ||
		records[1][0] != "ZJ-0003" {
		t.Errorf("got %q", records)
	}
}

func TestFormatsThatThereAreNot(t *testing.T) {
	x := small(t)
	x.get(t, "/v1/centers?format=pdf").problem(t, 406, "not-acceptable")
	x.get(t, "/v1/centers", "Accept", "application/pdf").problem(t, 406, "not-acceptable")
	x.get(t, "/v1/centers", "Accept", "text/csv;q=0, application/json;q=0").problem(t, 406, "not-acceptable")
	x.get(t, "/v1/centers?forExcel=true").problem(t, 400, "bad-request")
	for accept, media := range map[string]string{"*/*": "application/json", "text/html, */*;q=0.1": "application/json",
		"text/csv;q=0.5, application/json;q=0.4": "text/csv; charset=utf-8",
		"application/x-ndjson":                   "application/jsonl", "text/*": "text/csv; charset=utf-8",
		"application/json;q=0, */*": "application/jsonl"} {
		if got := x.get(t, "/v1/centers", "Accept", accept).ok(t).Header.Get("Content-Type"); got != media {
			t.Errorf("%s: expected %s, got %s", accept, media, got)
		}
	}
}

func TestAnAnswerThatIsThereAlreadyIsNotSent(t *testing.T) {
	x := several(t, 3)
	for _, query := range []string{"", "limit=2", "format=csv", "format=xlsx", "format=jsonl", "format=table",
		"knownAt=2"} {
		r := x.get(t, "/v1/centers?"+query).ok(t)
		etag := r.Header.Get("ETag")
		same := x.get(t, "/v1/centers?"+query, "If-None-Match", `"x", `+etag)
		if same.StatusCode != 304 || same.body != "" || same.Header.Get("ETag") != etag ||
			same.Header.Get("Ledger-Position") == "" {
			t.Errorf("%s: got %d %v", query, same.StatusCode, same.Header)
		}
		if other := x.get(t, "/v1/centers?"+query, "If-None-Match", `W/"x"`); other.StatusCode != 200 ||
			other.body != r.body {
			t.Errorf("%s: got %d", query, other.StatusCode)
		}
	}
	before := x.get(t, "/v1/centers").Header.Get("ETag")
	x.record(t, "ZJ-0004", registered)
	if r := x.get(t, "/v1/centers", "If-None-Match", before).ok(t); r.Header.Get("ETag") == before ||
		!strings.Contains(r.body, "ZJ-0004") {
		t.Errorf("after a record, got %s", r.body)
	}
	before = x.get(t, "/v1/centers").Header.Get("ETag")
	x.clock.move(24 * time.Hour)
	if r := x.get(t, "/v1/centers", "If-None-Match", before).ok(t); r.Header.Get("Ledger-As-Of") != "2026-11-02" {
		t.Errorf("the day after, got %v", r.Header)
	}
}

func TestAtLeastWaits(t *testing.T) {
	x := several(t, 1)
	done := make(chan reply)
	go func() { done <- x.get(t, "/v1/centers?atLeast=3") }()
	x.record(t, "ZJ-0002", registered)
	if r := <-done; r.StatusCode != 200 || r.Header.Get("Ledger-Position") != "3" {
		t.Errorf("got %d %v", r.StatusCode, r.Header)
	}
	defer api.WaitForPositions(api.WaitForPositions(time.Millisecond))
	r := x.get(t, "/v1/centers?atLeast=4")
	r.problem(t, 503, "behind")
	if r.Header.Get("Retry-After") == "" {
		t.Error("there is no Retry-After")
	}
	x.get(t, "/v1/centers?knownAt=4").problem(t, 400, "bad-request")
	x.get(t, "/v1/centers?atLeast=x").problem(t, 400, "bad-request")
}

func TestALongAnswerIsCompressed(t *testing.T) {
	x := several(t, 30)
	plain := x.get(t, "/v1/centers", "Accept-Encoding", "identity").ok(t)
	if plain.Header.Get("Content-Encoding") != "" || len(plain.body) < 2000 {
		t.Errorf("got %v", plain.Header)
	}
	zipped := x.get(t, "/v1/centers", "Accept-Encoding", "gzip").ok(t)
	if zipped.Header.Get("Content-Encoding") != "gzip" || len(zipped.body) > len(plain.body)/3 ||
		zipped.Header.Get("Content-Length") == "" {
		t.Errorf("got %v and %d bytes of %d", zipped.Header, len(zipped.body), len(plain.body))
	}
	if r := x.get(t, "/v1/centers?format=xlsx", "Accept-Encoding",
		"gzip").ok(t); r.Header.Get("Content-Encoding") != "" {
		t.Error("a workbook is compressed twice")
	}
	head := x.ask(t, http.MethodHead, "/v1/centers", "", "Accept-Encoding", "gzip")
	if head.StatusCode != 200 || head.body != "" || head.Header.Get("ETag") != plain.Header.Get("ETag") {
		t.Errorf("HEAD: got %d %v", head.StatusCode, head.Header)
	}
	if vary := plain.Header.Values("Vary"); len(vary) != 1 {
		t.Errorf("Vary is %q", vary)
	}
}

// TestAListBesideWritersIsOfThePositionThatItNames asks while 64 writers write, and compares the answer with that
// as known at its position.
func TestAListBesideWritersIsOfThePositionThatItNames(t *testing.T) {
	x := several(t, 64)
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	var written atomic.Int64
	for i := range 64 {
		writers.Go(func() {
			center := fmt.Sprintf("ZJ-%04d", i+1)
			for n := 0; ctx.Err() == nil && n < 50; n++ {
				r := x.ask(t, http.MethodPost, "/v1/records",
					object(center,
						fmt.Sprintf(
							`"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财科教〔2025〕1号","data":{"grant":"G%d","category":"other","source":"province-other","fiscalYear":2025,"amountFen":100000}`, n)))
				if r.StatusCode != 201 {
					t.Errorf("got %d %s", r.StatusCode, r.body)
					return
				}
				written.Add(1)
			}
		})
	}
	asked := map[string]string{}
	for len(asked) < 32 && written.Load() < 3000 {
		for _, path := range []string{
			"/v1/centers?limit=20", "/v1/execution?by=total", "/v1/alerts?limit=1000&all=true",
			"/v1/execution?limit=1000", "/v1/execution?format=csv", "/v1/centers?format=csv&lang=zh",
			"/v1/execution?format=jsonl", "/v1/alerts?all=true&format=csv&limit=7"} {
			r := x.get(t, path).ok(t)
			asked[path+"&knownAt="+r.Header.Get("Ledger-Position")] = r.body
		}
	}
	stop()
	writers.Wait()
	if written.Load() == 0 || len(asked) < 6 {
		t.Fatalf("%d records were written, %d lists asked", written.Load(), len(asked))
	}
	x.clock.move(6 * time.Minute) // the answers are kept no more
	for path, want := range asked {
		if got := x.get(t, path).ok(t).body; got != want {
			t.Errorf("%s: expected %.300s, got %.300s", path, want, got)
		}
	}
}

func TestACommandFindsWhatTheOneBeforeWrote(t *testing.T) {
	x := small(t)
	defer answerstest.SpendShare()()
	for n, form := range []string{"table", "xlsx", "csv"} {
		list := func() reply {
			return x.get(t, "/v1/centers?format="+form, api.PrefixHeader, "--").ok(t)
		}
		list()
		r := x.record(t, fmt.Sprintf("ZJ-%04d", n+2), registered)
		if got := list().Header.Get(api.PositionHeader); got != strconv.FormatUint(r.Position, 10) {
			t.Errorf("%s: expected position %d, got %s", form, r.Position, got)
		}
	}
}

func TestACursorEndsWithItsEpoch(t *testing.T) {
	x := several(t, 3)
	cursor := *into[api.Page](t, x.get(t, "/v1/centers?limit=2")).Next
	x.get(t, "/v1/centers?cursor="+cursor).ok(t)
	x.get(t, "/v1/centers?cursor="+api.OfAnotherEpoch(cursor)).problem(t, 410, "gone")
}

func TestAClientSaysHowItsUserWritesParameters(t *testing.T) {
	x := several(t, 3)
	for _, c := range []struct{ prefix, want string }{{"", "(limit)"}, {"--", "(--limit)"}} {
		if r := x.get(t, "/v1/find?limit=1&format=table", api.PrefixHeader,
			c.prefix).ok(t); !strings.Contains(r.body, c.want) {
			t.Errorf("%q: got %s", c.prefix, r.body)
		}
	}
}

// TestOnlySoManyHeavyQuestionsWait fills the queue of heavy questions.
func TestOnlySoManyHeavyQuestionsWait(t *testing.T) {
	x := small(t)
	release, err := x.answers.Turn(t.Context(), desk.When{}, "", true)
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan reply, 12)
	for i := range 12 {
		go func() { answers <- x.get(t, fmt.Sprintf("/v1/sample?year=2025&n=%d", i+1)) }()
	}
	for range 4 { // eight wait
		(<-answers).problem(t, 503, "unavailable")
	}
	x.get(t, "/v1/centers").ok(t)
	release()
	for range 8 {
		(<-answers).ok(t)
	}
}

// A date from an unset variable must not mean today.
func TestAnEmptyDateIsRefused(t *testing.T) {
	x := several(t, 2)
	for path, param := range map[string]string{"/v1/centers?asOf=": "asOf", "/v1/centers?knownAt=": "knownAt",
		"/v1/find?from=": "from", "/v1/execution?year=": "year",
		"/v1/due?within=": "within", "/v1/changes?since=": "since", "/v1/centers/ZJ-0001?asOf=": "asOf",
		"/v1/explain?code=AL-EXE-01&raisedOn=": "raisedOn"} {
		if p := x.get(t, path).problem(t, 400, "bad-request"); p.Param != param {
			t.Errorf("%s: expected the parameter %s, got %+v", path, param, p)
		}
	}
}

func TestEveryWordOfAParameterIsTakenAsItsCode(t *testing.T) {
	x := small(t)
	ask := func(list, name, value string) reply {
		params, _ := url.ParseQuery(questions[list])
		params.Set(name, value)
		return x.get(t, "/v1/"+list+"?"+params.Encode())
	}
	same := func(list, name, code string, words ...string) {
		want := ask(list, name, code)
		for _, word := range words {
			got := ask(list, name, word)
			if got.StatusCode != want.StatusCode || want.StatusCode == http.StatusOK && got.body != want.body {
				t.Errorf("%s %s=%s: expected %d %s, got %d %s", list, name, word, want.StatusCode, want.body,
					got.StatusCode, got.body)
			}
		}
	}
	for _, l := range lists.Lists {
		for _, p := range l.Params {
			for _, v := range p.Values {
				same(l.Name, strings.ReplaceAll(p.Name, "from-as-of", "fromAsOf"), v.Code, v.Word.Zh, v.Word.En)
			}
		}
	}
	same("spending", "use", "pilot", "中试", "ＰＩＬＯＴ")
	same("spending", "center", "ZJ-0001", "zj-0001")
	same("spending", "asOf", "2026-10-31", "2026/10/31", "2026年10月31日")
	same("find", "from", "2025-01-03", "2025.1.3")
}
