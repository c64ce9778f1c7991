package console_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/demo"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// TestListsOnPages reads what pages of lists have beside the answers of the desk.
func TestListsOnPages(t *testing.T) {
	t.Parallel()
	x, p := serveProvince(t)
	t.Run("what is to be spent", func(t *testing.T) { executionSaysWhatIsToBeSpent(t, x, p) })
	t.Run("totals lead to their parts", func(t *testing.T) { totalsLeadToWhatTheyAreMadeOf(t, x, p) })
	t.Run("a region is chosen", func(t *testing.T) { aRegionIsChosen(t, x) })
	t.Run("a wide list loses nothing", func(t *testing.T) { aWideListLosesNothing(t, x) })
}

// executionSaysWhatIsToBeSpent compares the column that the page adds with due --spend: each amount in the
// line of its center, and their sum at the foot. Pages about another year or scope do not have it.
func executionSaysWhatIsToBeSpent(t *testing.T, x *office, p *demo.Province) {
	want := map[string]string{}
	due := x.asked(t, "due", "spend", "true")
	for _, row := range cells(due, "center", "toSpendFen") {
		want[row[0]] = yuan(t, row[1])
	}
	if len(want) < 3 {
		t.Fatalf("only %v must spend anything", want)
	}
	total := yuan(t, cells(&table.Table{Columns: due.Columns, Rows: due.Totals}, "toSpendFen")[0][0])
	session := x.session("finance")
	for _, address := range []string{"/execution", "/execution?scope=province&year=2026",
		"/execution?scope=%E7%9C%81%E7%BA%A7&year=2026&sort=rate"} {
		got := tableOn(x.opened(t, session, address), "")
		center, spend := slices.Index(got.headings, "中心"), slices.Index(got.headings, "尚须支出")
		if spend < 0 {
			t.Fatalf("%s has no column: %v", address, got.headings)
		}
		n := 0
		for _, row := range got.rows {
			if said := says(row[spend]); said != want[says(row[center])] {
				t.Errorf("%s: %s must spend %q, want %q", address, says(row[center]), said, want[says(row[center])])
			} else if said != "" {
				n++
				leadsTo(t, x, session, row[spend], "/due", said)
			}
		}
		if said := says(got.totals[0][spend]); said != total || n != len(want) {
			t.Errorf("%s: %d centers must spend %s, want %d and %s", address, n, said, len(want), total)
		}
		leadsTo(t, x, session, got.totals[0][spend], "/due", total)
	}
	all := tableOn(x.opened(t, session, "/execution?year="), "")
	spend, scope := slices.Index(all.headings, "尚须支出"), slices.Index(all.headings, "口径")
	for _, row := range all.rows {
		if says(row[spend]) != "" && says(row[scope]) != "省级" {
			t.Errorf("an amount stands in a line of the scope %s", says(row[scope]))
		}
	}
	name := url.QueryEscape(cells(due, "name")[0][0])
	part := tableOn(x.opened(t, session, "/execution?scope=province&year=2026&name="+name), "")
	if got := says(part.totals[0][len(part.totals[0])-1]); got == total || got == "" {
		t.Errorf("the foot of the lines of one name says %q", got)
	}
	known := tableOn(x.opened(t, session, "/execution?knownAt="+strconv.FormatUint(x.desk.Position(), 10)), "")
	if got := says(known.totals[0][len(known.totals[0])-1]); got != total {
		t.Errorf("as known at the last position %s must be spent, want %s", got, total)
	}
	region := tableOn(x.opened(t, session, "/execution?scope=province&year=2026&region=3301"), "")
	if said := says(region.totals[0][slices.Index(region.headings, "尚须支出")]); said == total || said == "" {
		t.Errorf("the foot of a region says %q", said)
	}
	for _, query := range []string{"year=2025", "scope=local", "scope=central&year=2026", "by=city"} {
		got := tableOn(x.opened(t, session, "/execution?"+query), "")
		if slices.Contains(got.headings, "尚须支出") {
			t.Errorf("the page of %s has the column", query)
		}
	}
	if got := tableOn(x.opened(t, x.session("center"), "/execution?center="+string(p.Center)), ""); len(got.rows) == 0 {
		t.Error("the center has no line")
	}
}

// leadsTo follows the link of a cell, which must lead to a page of a path that says something.
func leadsTo(t *testing.T, x *office, session string, cell *html.Node, path, words string) {
	t.Helper()
	for a := range within(cell, "a") {
		href := attr(a, "href")
		if !strings.HasPrefix(href, path) || !strings.Contains(says(x.opened(t, session, href)), words) {
			t.Errorf("%s leads to %s", words, href)
		}
		return
	}
	t.Errorf("%s leads nowhere", words)
}

// totalsLeadToWhatTheyAreMadeOf follows each total of each list. The page that it leads to has the same total, and
// its rows have the largest amounts first unless they are those of centers below a roll-up.
func totalsLeadToWhatTheyAreMadeOf(t *testing.T, x *office, p *demo.Province) {
	session, followed := x.session("finance"), 0
	for address, q := range askedOf(p) {
		if q.List == "changes" {
			continue
		}
		shown := tableOn(x.opened(t, session, address), "")
		columns, err := (lists.Question{List: q.List, On: events.DateAt(x.clock.now()), Params: q.Params}).Columns()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range columns {
			at := slices.Index(shown.headings, c.Title.Zh)
			if c.Type != table.Money || at < 0 || len(shown.totals) == 0 {
				continue
			}
			total := shown.totals[0][at]
			said := says(total)
			if said == "" || said == "0.00" {
				continue
			}
			leads := ""
			for a := range within(total, "a") {
				leads = attr(a, "href")
			}
			if leads == "" {
				t.Errorf("%s: the total of %s leads nowhere", address, c.Name)
				continue
			}
			followed++
			next := tableOn(x.opened(t, session, leads), "")
			same := slices.Index(next.headings, c.Title.Zh)
			if same < 0 || len(next.totals) != 1 && q.List == "execution" || says(next.totals[0][same]) != said {
				t.Errorf("%s: the total %s of %s leads to %s, which has another", address, said, c.Name, leads)
			}
		}
	}
	if followed < 30 {
		t.Errorf("only %d totals were followed", followed)
	}
	sorted := tableOn(x.opened(t, session, "/execution?scope=province&sort=spentAllFen-desc&year=2026"), "")
	for a := range within(sorted.totals[0][slices.Index(sorted.headings, "支出")], "a") {
		t.Errorf("a total leads to its own page: %s", attr(a, "href"))
	}
}

// aRegionIsChosen checks that the condition has the divisions of the centers that an account sees, and no other,
// and keeps one that was typed in another way.
func aRegionIsChosen(t *testing.T, x *office) {
	options := func(doc *html.Node) (codes []string, chosen string) {
		for list := range within(doc, "select") {
			if attr(list, "id") != "f-region" {
				continue
			}
			for o := range within(list, "option") {
				codes = append(codes, attr(o, "value"))
				if hasAttr(o, "selected") {
					chosen = attr(o, "value") + " " + says(o)
				}
			}
		}
		return codes, chosen
	}
	want := []string{""}
	register := x.desk.Ledger.Register()
	for _, id := range register.IDs() {
		region := register.Facts(id, events.DateAt(x.clock.now())).Region
		city, _ := projections.CityOf(region)
		for _, code := range []string{city, region} {
			if prefix, _ := projections.ReadRegion(code); !slices.Contains(want, prefix) {
				want = append(want, prefix)
			}
		}
	}
	slices.Sort(want)
	for _, path := range []string{"/centers", "/execution", "/alerts", "/find", "/grading", "/recognition"} {
		if got, _ := options(x.opened(t, x.session("finance"), path)); !slices.Equal(got, want) {
			t.Errorf("%s offers %v, want %v", path, got, want)
		}
	}
	got, _ := options(x.opened(t, x.session("region"), "/centers"))
	if len(got) < 3 || slices.ContainsFunc(got, func(c string) bool { return c != "" && !strings.HasPrefix(c, "3301") }) {
		t.Errorf("the government of Hangzhou is offered %v", got)
	}
	for query, want := range map[string]string{"": " 全部", "3301": "3301 杭州市", "%E6%9D%AD%E5%B7%9E%E5%B8%82": "3301 杭州市",
		"330106": "330106 杭州市西湖区", "32": "32 江苏省"} {
		if _, chosen := options(x.opened(t, x.session("finance"), "/centers?region="+query)); chosen != want {
			t.Errorf("%q shows %q, want %q", query, chosen, want)
		}
	}
	b := x.as(t, "zh", "finance")
	b.get(x.URL + "/centers?region=%E4%B9%8C%E6%9C%89")
	if _, chosen := options(b.page.doc); b.page.StatusCode != http.StatusBadRequest || chosen != "乌有 乌有" {
		t.Errorf("no such region: %s, %q is chosen", b.page.Status, chosen)
	}
}

// aWideListLosesNothing checks that a list whose cells stand below one another has each of its columns, and its
// file too.
func aWideListLosesNothing(t *testing.T, x *office) {
	got := tableOn(x.opened(t, x.session("finance"), "/deferrals?all=true"), "")
	want := x.asked(t, "deferrals", "all", "true")
	for _, c := range want.Columns {
		if !slices.Contains(got.headings, c.Title.Zh) && c.Title.Zh != "" {
			t.Errorf("the page has no %s", c.Title.Zh)
		}
	}
	wide := 0
	for head := range within(x.opened(t, x.session("finance"), "/deferrals"), "thead") {
		for range within(head, "th") {
			wide++
		}
	}
	if wide > 12 {
		t.Errorf("the page has %d columns side by side", wide)
	}
	b := x.as(t, "zh", "finance")
	file := fetch(b, x.URL+"/deferrals?format=csv")
	for _, c := range want.Columns {
		if !strings.Contains(file, c.Title.Zh) {
			t.Errorf("the file has no %s", c.Title.Zh)
		}
	}
}

func TestASearchThatIsCutSaysSoAboveItsRows(t *testing.T) {
	x, center, _ := formOffice(t)
	center.isExotic = true // the page has codes
	for limit, says := range map[string]string{"3": "列出 3 行，另有 1 行未列出", "4": "共 4 行", "": "共 4 行"} {
		center.get(x.URL + "/find?limit=" + limit)
		center.shows(says)
	}
}
