package console_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/demo"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// provinceOffice is a server over the province of the demo.
type provinceOffice struct {
	*office
	*demo.Province
}

// ask returns the answer of a page to an account, as HTML and as text. It follows no redirect.
func (x *provinceOffice) ask(who, method, address string, body io.Reader, head ...string) (*http.Response, string) {
	x.Helper()
	b := newBrowser(x, "zh", x.Client())
	x.enter(b, who)
	r, err := http.NewRequestWithContext(x.Context(), method, x.URL+address, body)
	if err != nil {
		x.Fatal(err)
	}
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	client := http.Client{Jar: b.client.Jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	answer, err := client.Do(r)
	if err != nil {
		x.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		x.Fatal(err)
	}
	return answer, string(content)
}

// page returns a page, which must be there, as its text and its links.
func (x *provinceOffice) page(who, address string) (body, says string, links []string) {
	x.Helper()
	answer, body := x.ask(who, http.MethodGet, address, nil)
	if answer.StatusCode != http.StatusOK {
		x.Fatalf("%s: %d %.2000s", address, answer.StatusCode, body)
	}
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		x.Fatal(err)
	}
	balanced(x, body)
	ids := map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type == html.TextNode {
			says += n.Data + " "
		}
		if n.Type == html.ElementNode && n.Data == "a" {
			links = append(links, attr(n, "href"))
		}
		if id := attr(n, "id"); n.Type == html.ElementNode && id != "" {
			if ids[id] {
				x.Errorf("two elements of %s are %s", address, id)
			}
			ids[id] = true
		}
	}
	return body, says, links
}

// send sends a file to a page as a form does.
func (x *provinceOffice) send(who, address, name string, content []byte) (*http.Response, string) {
	x.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err = firstOf(err, w.Close()); err != nil {
		x.Fatal(err)
	}
	return x.ask(who, http.MethodPost, address, &b, "Content-Type", w.FormDataContentType(), "Origin", x.URL)
}

// reportsThatCannotBeCompared sends a report of an account that sees fewer centers, and one without figures.
func (x *provinceOffice) reportsThatCannotBeCompared(t *testing.T) {
	answer, file := x.ask("region", http.MethodGet, "/execution?scope=fiscal&year=2026&format=csv", nil)
	if answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status)
	}
	for name, c := range map[string]struct {
		who, said string
		content   []byte
		status    int
	}{
		"of fewer centers":    {"finance", "个中心", []byte(file), http.StatusUnprocessableEntity},
		"of the same centers": {"region", "", []byte(file), http.StatusSeeOther},
		"of those with a name": {"finance", "条件“名称”", x.report(desk.When{}, "execution", "n.csv",
			map[string]string{"scope": "fiscal", "year": "2026", "name": "杭州"}), http.StatusUnprocessableEntity},
		"of those with a low rate": {"finance", "条件“仅偏低”", x.report(desk.When{}, "execution", "l.csv",
			map[string]string{"scope": "fiscal", "year": "2026", "low": "true"}), http.StatusUnprocessableEntity},
		"without figures": {"finance", "不是经费执行的报表", x.report(desk.When{}, "alerts", "a.csv", nil),
			http.StatusUnprocessableEntity},
	} {
		if answer, body := x.send(c.who, "/changes", "r.csv", c.content); answer.StatusCode != c.status ||
			!strings.Contains(body, c.said) {
			t.Errorf("%s: %s %.300s", name, answer.Status, body)
		}
	}
}

// theLetterHasOneForm reads the paragraphs to copy: dates are in full, without blanks, an amount has a sign only in
// the sum, and each list ends with a full stop.
func (x *provinceOffice) theLetterHasOneForm(t *testing.T) {
	for _, since := range []string{"2026-04-10", strconv.FormatUint(x.desk.Position()*3/4, 10)} {
		body, _, _ := x.page("finance", "/changes?fromAsOf="+x.ReportedOn.String()+"&since="+since)
		doc, err := html.Parse(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for p := range within(doc, "p") {
			if attr(p.Parent, "id") == "letter-zh" {
				lines = append(lines, says(p))
			}
		}
		if len(lines) < 2 {
			t.Fatalf("there is no letter: %s", says(doc))
		}
		for i, line := range lines {
			isLast := i+1 == len(lines) || !strings.HasPrefix(lines[i+1], "（")
			if isLast && !strings.HasSuffix(line, "。") && !strings.HasSuffix(line, "：") {
				t.Errorf("it does not end: %s", line)
			}
			if regexp.MustCompile(`\d{4}-\d{2}-\d{2}\D|发生-|更正-|[，（] |台账位置 `).MatchString(line) {
				t.Errorf("it is in another form: %s", line)
			}
		}
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// report makes a report as the command line does.
func (x *provinceOffice) report(when desk.When, list, name string, params map[string]string) []byte {
	x.Helper()
	var b bytes.Buffer
	_, err := x.desk.Report(x.Context(), when, desk.ReportRequest{Question: lists.Question{List: list, Params: params},
		Name: name, Lang: "zh"}, &b)
	if err != nil {
		x.Fatal(err)
	}
	return b.Bytes()
}

// TestThePagesOfComparison runs all tests of the pages over one province, which takes a while to make.
func TestThePagesOfComparison(t *testing.T) {
	t.Parallel()
	served, p := serveProvince(t)
	x := &provinceOffice{served, p}
	t.Run("a filed report leads to the vouchers that correct it", x.aReportLeadsToItsCorrections)
	t.Run("figures are those of the command line", x.figuresAreThoseOfTheList)
	t.Run("what is wrong is said", x.wrongComparisons)
	t.Run("a page of a center", x.aCenterSeesItsOwn)
	t.Run("hostile files", x.hostileFiles)
	t.Run("a file is checked", x.aFileIsChecked)
	t.Run("two points side by side", x.twoPointsSideBySide)
	t.Run("the letter is written as letters are", x.theLetterHasOneForm)
	t.Run("reports that cannot be compared", x.reportsThatCannotBeCompared)
}

// corrections is the address that explains the executed money of the reported day.
func (x *provinceOffice) corrections(more ...string) string {
	day := x.ReportedOn.String()
	q := url.Values{"fromAsOf": {day}, "since": {day}, "asOf": {day}, "year": {fmt.Sprint(x.ReportedOn.Year())},
		"scope": {"fiscal"}, "figure": {"executed"}}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "/changes?" + q.Encode()
}

func (x *provinceOffice) aReportLeadsToItsCorrections(t *testing.T) {
	day := x.ReportedOn.String()
	params := map[string]string{"by": "city", "scope": "fiscal", "year": fmt.Sprint(x.ReportedOn.Year())}
	for _, name := range []string{"r.xlsx", "r.csv"} {
		file := x.report(desk.When{AsOf: day, KnownAt: day}, "execution", name, params)
		answer, body := x.send("finance", "/changes", name, file)
		if answer.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %d %.3000s", name, answer.StatusCode, body)
		}
		address := answer.Header.Get("Location")
		u, err := url.Parse(address)
		if err != nil || u.Query().Get("fromAsOf") != day || u.Query().Get("scope") != "fiscal" {
			t.Fatalf("%s leads to %s", name, address)
		}
		_, says, links := x.page("finance", address)
		if !strings.Contains(says, "更正") {
			t.Errorf("no correction on %s", says)
		}
		for _, rec := range []*events.Record{x.Voided, x.BackDated} {
			want := "/centers/" + string(rec.Center) + "/records/" + rec.ID.String()
			found := 0
			for _, link := range links {
				if strings.HasPrefix(link, want) {
					found++
				}
			}
			if found == 0 {
				t.Errorf("%s does not lead to %s", address, want)
			}
		}
	}
	// of a report that was filed when all of the quarter was entered, nothing else corrects the figure of Hangzhou
	_, _, links := x.page("finance", x.corrections("region", "330100", "since", (x.ReportedOn+21).String()))
	records := map[string]bool{}
	for _, link := range links {
		if path, _, _ := strings.Cut(link, "?"); strings.Contains(path, "/records/") {
			records[path] = true
		}
	}
	if len(records) != 3 { // the voided voucher, its voiding and the back-dated one
		t.Errorf("the corrections of Hangzhou are %v", records)
	}
	_, says, _ := x.page("finance", x.corrections("region", "330100"))
	for _, when := range []desk.When{{AsOf: day, KnownAt: day}, {AsOf: day}} {
		got, err := x.desk.List(t.Context(), when, lists.Question{List: "execution", Params: params})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range got.Select("city", "ratePercent", "executedFen").Rows {
			if f := table.Fields(row); f[0] == "330100" {
				if !strings.Contains(says, f[1]+"%") {
					t.Errorf("the rate %s is not on the page", f[1])
				}
				if fen, _ := row[2].Data.(events.Fen); !strings.Contains(says, events.FormatYuan(fen)) {
					t.Errorf("the amount %s is not on the page", events.FormatYuan(fen))
				}
			}
		}
	}
}

func (x *provinceOffice) figuresAreThoseOfTheList(t *testing.T) {
	day := x.ReportedOn.String()
	for _, figure := range lists.Figures {
		params := map[string]string{"from-as-of": day, "since": day, "year": fmt.Sprint(x.ReportedOn.Year()),
			"scope": "fiscal", "by": "total", "figure": figure.Name}
		got, err := x.desk.List(t.Context(), desk.When{}, lists.Question{List: "changes", Params: params})
		if err != nil {
			t.Fatal(err)
		}
		_, says, _ := x.page("auditor", x.corrections("asOf", "", "figure", figure.Name))
		for _, row := range got.Select("reportedFen", "correctedFen", "happenedFen", "nowFen").Rows {
			for _, c := range row {
				if fen := c.Data.(events.Fen); !strings.Contains(says, table.Yuan.Format(fen)) {
					t.Errorf("%s: %s is not on the page", figure.Name, table.Yuan.Format(fen))
				}
			}
		}
	}
	_, says, _ := x.page("finance", "/changes?lang=en")
	if !strings.Contains(says, "With the report that was filed") {
		t.Error(says)
	}
	_, says, links := x.page("finance", x.corrections("lang", "en"))
	if !strings.Contains(says, "was reported as of "+day) {
		t.Error(says)
	}
	for _, link := range links {
		if strings.HasPrefix(link, "/changes?") {
			x.page("finance", strings.ReplaceAll(strings.ReplaceAll(link, "format=xlsx", ""), "format=csv", ""))
		}
	}
}

func (x *provinceOffice) wrongComparisons(t *testing.T) {
	for address, want := range map[string]int{
		"/changes?fromAsOf=2026-13-01":                                 http.StatusBadRequest,
		"/changes?fromAsOf=2026-03-31&since=zz":                        http.StatusBadRequest,
		"/changes?fromAsOf=2026-03-31&since=2026-03-31&center=ZJ-X":    http.StatusNotFound,
		"/changes?fromAsOf=2026-03-31&since=999999999":                 http.StatusBadRequest,
		"/changes?fromAsOf=2026-03-31&since=2026-03-31&nonsense=1":     http.StatusBadRequest,
		"/changes?fromAsOf=2026-12-31&since=2026-03-31":                http.StatusBadRequest,
		"/changes?fromAsOf=2026-03-31&since=2026-03-31&region=%3Cb%3E": http.StatusBadRequest,
		"/changes?fromAsOf=2026-03-31":                                 http.StatusSeeOther,
		"/changes?since=2026-03-31":                                    http.StatusOK,
		"/changes?show=figures":                                        http.StatusOK,
	} {
		if answer, body := x.ask("finance", http.MethodGet, address, nil); answer.StatusCode != want {
			t.Errorf("%s: %d %.600s", address, answer.StatusCode, body)
		}
	}
}

func (x *provinceOffice) aCenterSeesItsOwn(t *testing.T) {
	_, says, links := x.page("center", x.corrections())
	if strings.Contains(says, string(x.Voided.Center)) && x.Voided.Center != x.Center {
		t.Error("a center sees the voucher of another")
	}
	found := false
	for _, link := range links {
		found = found || strings.Contains(link, x.BackDated.ID.String())
	}
	if !found {
		t.Error("a center does not see its own correction")
	}
	file := x.report(desk.When{}, "execution", "r.csv", nil)
	answer, body := x.send("center", "/changes", "r.csv", file)
	if answer.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a report about others: %d %.500s", answer.StatusCode, body)
	}
}

func (x *provinceOffice) hostileFiles(t *testing.T) {
	name := `"><script>alert(1)</script>.csv`
	day := x.ReportedOn.String()
	file := x.report(desk.When{AsOf: day}, "execution", "r.csv", map[string]string{"by": "total", "scope": "fiscal"})
	changed := bytes.Replace(file, []byte("fiscal"), []byte("<img src=x onerror=alert(1)>"), -1)
	i := bytes.LastIndexByte(bytes.TrimSpace(file), '\n')
	cut := append(bytes.Clone(file[:i+1]), []byte("2026,<img src=x>,1,2\n")...)
	for title, content := range map[string][]byte{"empty": nil, "no report": []byte("<script>alert(1)</script>,1\n"),
		"changed": changed, "cut": cut, "binary": bytes.Repeat([]byte{0, 255}, 4000)} {
		answer, body := x.send("finance", "/changes", name, content)
		if answer.StatusCode != http.StatusUnprocessableEntity || strings.Contains(body, "<script>alert") ||
			strings.Contains(body, "<img src") {
			t.Errorf("%s: %d %.3000s", title, answer.StatusCode, body)
		}
	}
	for title, c := range map[string]struct{ media, body string }{
		"no boundary": {"multipart/form-data", "x"},
		"cut": {"multipart/form-data; boundary=b",
			"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"r.csv\"\r\n\r\nabc"},
		"no file": {"multipart/form-data; boundary=b",
			"--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nabc\r\n--b--\r\n"},
		"no multipart": {"application/x-www-form-urlencoded", "file=1"},
	} {
		answer, body := x.ask("finance", http.MethodPost, "/changes", strings.NewReader(c.body), "Content-Type",
			c.media, "Origin", x.URL)
		if answer.StatusCode != http.StatusUnprocessableEntity && answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %.500s", title, answer.StatusCode, body)
		}
	}
	answer, _ := x.ask("finance", http.MethodPost, "/changes", strings.NewReader("--b--\r\n"), "Content-Type",
		"multipart/form-data; boundary=b", "Origin", "https://evil.example")
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site: %d", answer.StatusCode)
	}
}
