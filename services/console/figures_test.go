package console_test

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/demo"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// opened asks for an address of the office in a session, and returns the page. It must be answered with 200.
func (x *office) opened(t *testing.T, session, address string) *html.Node {
	t.Helper()
	b := newBrowser(t, "zh", x.Client())
	b.carry(x, session)
	answer, err := b.client.Get(x.URL + address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(strings.NewReader(string(body)))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", address, answer.Status, err)
	}
	return doc
}

// asked are questions with an answer in the province, by their address: each list at least once.
func askedOf(p *demo.Province) map[string]lists.Question {
	center, reported := string(p.Center), p.ReportedOn.String()
	all := map[string]lists.Question{}
	for _, q := range []struct {
		list   string
		params map[string]string
	}{
		{"centers", nil}, {"centers", map[string]string{"sort": "alerts"}}, {"alerts", nil},
		{"alerts", map[string]string{"severity": "red", "all": "true"}},
		{"execution", map[string]string{"scope": "province"}},
		{"execution", map[string]string{"by": "city", "year": "2026", "scope": "fiscal"}},
		{"execution", map[string]string{"by": "total", "scope": "central"}},
		{"execution", map[string]string{"center": center}}, {"delayed", nil}, {"deferrals", nil}, {"ageing", nil},
		{"ageing", map[string]string{"by": "center"}}, {"spending", map[string]string{"center": center}},
		{"spending", map[string]string{"center": center, "by": "use"}}, {"due", map[string]string{"within": "90d"}},
		{"due", map[string]string{"spend": "true"}},
		{"trace", map[string]string{"center": center, "year": "2026", "scope": "fiscal", "figure": "available"}},
		{"changes", map[string]string{"since": reported, "scope": "province"}},
		{"find", map[string]string{"min": "100000", "limit": "300"}}, {"sample", map[string]string{"year": "2025", "n": "20"}},
		{"duplicates", nil},
	} {
		query := url.Values{}
		for name, value := range q.params {
			query.Set(lists.QueryName(name), value)
		}
		if q.list == "execution" && !query.Has("year") { // without any condition, the page has conditions of its own
			query.Set("year", "")
		}
		all["/"+q.list+"?"+query.Encode()] = lists.Question{List: q.list, Params: q.params}
	}
	return all
}

// TestEveryFigureOfAListIsThatOfTheDesk reads the pages of lists in both languages, as somebody who sees all and as
// somebody who sees one city, and compares each cell with the answer that the command line prints.
func TestEveryFigureOfAListIsThatOfTheDesk(t *testing.T) {
	x, p := serveProvince(t)
	covered := map[string]bool{}
	for address, q := range askedOf(p) {
		covered[q.List] = true
		for _, name := range []string{"finance", "region"} {
			if (q.List == "sample" || q.List == "duplicates") && name == "region" {
				continue
			}
			for _, lang := range []string{"zh", "en"} {
				for _, unit := range []string{"", "wan"} {
					same(t, x, name, lang, unit, address, q)
				}
			}
		}
	}
	for _, l := range lists.Lists {
		if !covered[l.Name] {
			t.Errorf("no page of %s is read", l.Name)
		}
	}
}

// same compares the page at an address with the answer of the desk for an account.
func same(t *testing.T, x *office, name, lang, unit, address string, q lists.Question) {
	t.Helper()
	l := lists.Find(q.List)
	q.Params = cloned(q.Params)
	if unit != "" && slices.ContainsFunc(l.Params, func(p lists.Param) bool { return p.Name == "unit" }) {
		q.Params["unit"] = unit
	}
	who := access.Principal{Account: name, Role: access.Finance}
	if name == "region" {
		who.Role, who.Region = access.LocalGov, demo.Hangzhou
	}
	want, err := x.access.Guard(x.desk, who).List(t.Context(), desk.When{}, q)
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	doc := x.opened(t, x.session(name), address+"&page=all&lang="+lang+"&unit="+unit)
	got := tableOn(doc, "")
	if len(got.rows) != len(want.Rows) {
		t.Fatalf("%s as %s: %d rows, the desk has %d", address, name, len(got.rows), len(want.Rows))
	}
	if len(want.Rows) == 0 {
		return
	}
	at := make([]int, len(want.Columns)) // of each column on the page; -1 if it has no heading of its own
	for k := range want.Columns {
		c := &want.Columns[k]
		title := c.Title.In(lang)
		at[k] = slices.Index(got.headings, title)
		isAbove := c.Name == "fiscalYear" || c.Name == "scope" // the question or the title says it for all rows
		if at[k] < 0 && c.Title != (text.Text{}) && c.Name != "id" && c.Type != table.JSON && !isAbove {
			t.Errorf("%s does not show %s", address, title)
		}
		if at[k] >= 0 && slices.Contains(got.headings[at[k]+1:], title) {
			at[k] = -1
		}
	}
	compare := func(kind string, got [][]*html.Node, want [][]table.Cell, columns []table.Column) {
		for i, row := range want {
			for k := range columns {
				c := &columns[k]
				if at[k] < 0 {
					continue
				}
				want := strings.Join(strings.Fields(text.Printable(c.Shown(row[k], lang))), " ")
				said := says(got[i][at[k]])
				if said != want && (c.Name != "severity" || !strings.HasSuffix(said, want)) {
					t.Fatalf("%s as %s, %s %d, %s: the page says %q, the desk %q", address, name, kind, i, c.Name,
						said, want)
				}
			}
		}
	}
	compare("row", got.rows, want.Rows, want.Columns)
	compare("total", got.totals, want.Totals, want.Columns)
}

func cloned(params map[string]string) map[string]string {
	all := map[string]string{}
	for name, value := range params {
		all[name] = value
	}
	return all
}

// TestEveryAmountLeadsToItsRecords follows an amount of each column of each list: it must lead to a page with links to
// records in at most two steps.
func TestEveryAmountLeadsToItsRecords(t *testing.T) {
	x, p := serveProvince(t)
	session := x.session("finance")
	for address, q := range askedOf(p) {
		if q.List == "changes" || q.List == "execution" && q.Params["by"] == "industry" {
			continue
		}
		doc := x.opened(t, session, address)
		shown := tableOn(doc, "")
		columns, err := (lists.Question{List: q.List, On: events.DateAt(x.clock.now()), Params: q.Params}).Columns()
		if err != nil {
			t.Fatal(err)
		}
		for i := range columns {
			c := &columns[i]
			at := slices.Index(shown.headings, c.Title.In("zh"))
			if c.Type != table.Money || at < 0 {
				continue
			}
			leads, seen := "", false
			for _, row := range shown.rows {
				if said := says(row[at]); said != "" && said != "0.00" {
					seen = true
					for a := range within(row[at], "a") {
						leads = attr(a, "href")
					}
					break
				}
			}
			if seen && (leads == "" || !leadsToRecords(t, x, session, leads, 2)) {
				t.Errorf("%s: an amount of %s leads to %q, and not to its records", address, c.Name, leads)
			}
		}
	}
}

// leadsToRecords reports whether an address is that of a record, or has links to records after some steps by the
// amounts of its first row.
func leadsToRecords(t *testing.T, x *office, session, address string, steps int) bool {
	t.Helper()
	if strings.Contains(address, "/records/") {
		return true
	}
	if steps == 0 {
		return false
	}
	next := ""
	for _, row := range tableOn(x.opened(t, session, address), "").rows {
		for _, cell := range row {
			for a := range within(cell, "a") {
				switch href := attr(a, "href"); {
				case strings.Contains(href, "/records/"):
					return true
				case next == "" && slices.Contains(strings.Fields(attr(cell, "class")), "n"):
					next = href
				}
			}
		}
	}
	return next != "" && leadsToRecords(t, x, session, next, steps-1)
}
