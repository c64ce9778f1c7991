package console_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/demo"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// reader opens pages with the session of an account.
type reader struct {
	testing.TB
	*office
	client *http.Client
}

func (x *office) reader(t testing.TB, account string) reader {
	t.Helper()
	b := newBrowser(t, "zh", x.Client())
	b.carry(x, x.session(account))
	return reader{t, x, b.client}
}

// open returns a page, which is balanced and has each id once.
func (r reader) open(address string) *page {
	r.TB.Helper()
	answer, err := r.client.Get(r.URL + address)
	if err != nil {
		r.TB.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		r.TB.Fatal(err)
	}
	p := &page{Response: answer, body: string(content)}
	if p.doc, err = html.Parse(strings.NewReader(p.body)); err != nil {
		r.TB.Fatal(err)
	}
	balanced(r.TB, p.body)
	ids := map[string]bool{}
	for n := range p.nodes() {
		if id := attr(n, "id"); id != "" && ids[id] {
			r.TB.Errorf("two elements of %s are %s", address, id)
		} else {
			ids[id] = true
		}
	}
	return p
}

// opens is open for a page that must be there, with words.
func (r reader) opens(address string, words ...string) *page {
	r.TB.Helper()
	p := r.open(address)
	if p.StatusCode != http.StatusOK {
		r.TB.Fatalf("%s is answered with %s: %s", address, p.Status, says(p.doc))
	}
	for _, w := range words {
		if !strings.Contains(says(p.doc), w) {
			r.TB.Errorf("%s does not say %q: %s", address, w, says(p.doc))
		}
	}
	return p
}

// leads returns the address to which a link leads, by its words.
func (p *page) leads(words string) string {
	for link := range p.all("a") {
		if says(link) == words {
			return attr(link, "href")
		}
	}
	return ""
}

// TestThePagesOfACenter opens the pages of a center of the demo, and compares them with the answers of the desk.
func TestThePagesOfACenter(t *testing.T) {
	x, p := serveProvince(t)
	t.Run("the money, the alerts and the history are those of the desk", func(t *testing.T) {
		centerIsThatOfTheDesk(t, x, p)
	})
	t.Run("each record says what a replay says", func(t *testing.T) { recordsSayWhatAReplaySays(t, x, p) })
	t.Run("each open alert is explained as by the desk", func(t *testing.T) { alertsAreExplained(t, x, p) })
	t.Run("a letter is whole", func(t *testing.T) { aLetterIsWholeAndSaysANameOnce(t, x, p) })
	t.Run("the books end with the balances of the ledger", func(t *testing.T) { booksBalance(t, x, p) })
	t.Run("hostile text is text", func(t *testing.T) { hostileRecordIsText(t, x, p) })
	t.Run("a center sees itself alone", func(t *testing.T) { aCenterSeesItselfAlone(t, x, p) })
}

func centerIsThatOfTheDesk(t *testing.T, x *office, p *demo.Province) {
	r := x.reader(t, "finance")
	c, err := x.desk.Center(t.Context(), desk.When{}, string(p.Center))
	if err != nil {
		t.Fatal(err)
	}
	page := r.opens("/centers/"+string(p.Center), c.Facts.Name, c.Facts.USCC, c.RegionName)
	money := page.rowsOf(fmt.Sprintf("截至 %s 的经费执行情况（金额单位：元）", p.Today))
	want, err := x.desk.List(t.Context(), desk.When{}, lists.Question{List: "execution",
		Params: map[string]string{"center": string(p.Center)}})
	if err != nil {
		t.Fatal(err)
	}
	if len(want.Rows) == 0 || len(money) != len(want.Rows) {
		t.Errorf("expected %d lines of money, got %d: %s", len(want.Rows), len(money), want.Title)
	}
	for i, row := range want.Rows[:len(money)] {
		for k, c := range want.Columns {
			if shown := c.Shown(row[k], "zh"); c.Type == table.Money && !slices.Contains(money[i], shown) {
				t.Errorf("line %d of the money has no %s %s: %v", i, c.Name, shown, money[i])
			}
		}
	}
	alerts := page.rowsOf("未解除的预警")
	if len(c.Alerts) == 0 || len(alerts) != len(c.Alerts) {
		t.Errorf("expected %d alerts, got %v", len(c.Alerts), alerts)
	}
	for i, a := range c.Alerts {
		if got := alerts[i]; !strings.HasPrefix(got[1], string(a.Code)+" ") || got[3] != a.RaisedOn.String() || got[5] == "" {
			t.Errorf("expected %v, got %v", a, got)
		}
	}
	var newest []string
	if err := x.desk.Events(t.Context(), 0, 100_000, string(p.Center), func(s *events.Stored) error {
		newest = append(newest, fmt.Sprint(s.Position))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(newest)
	history := page.rowsOf("历史")
	if len(history) != 30 || len(newest) < 100 {
		t.Errorf("expected the last 30 of %d records, got %d", len(newest), len(history))
	}
	for address := page.leads("下一页"); address != ""; address = page.leads("下一页") {
		if !strings.HasSuffix(address, "#history") {
			t.Errorf("the next page is %s", address)
		}
		page = r.opens(address)
		history = append(history, page.rowsOf("历史")...)
	}
	if whole := r.opens(page.leads("全部显示")).rowsOf("历史"); len(history) != len(newest) || len(whole) != len(newest) {
		t.Errorf("expected %d records, got %d in pages and %d on one", len(newest), len(history), len(whole))
	}
	for i, row := range history {
		if row[6] != newest[i] || row[0] == "" || row[1] == "" {
			t.Errorf("line %d of the history: expected position %s, got %v", i, newest[i], row)
		}
	}
	receipts := r.opens("/centers/" + string(p.Center) + "?kind=subsidy.received").rowsOf("历史")
	if len(receipts) == 0 {
		t.Error("there is no receipt")
	}
	for _, row := range receipts {
		if !strings.HasPrefix(row[2], events.KindSubsidyReceived.Title().Zh) {
			t.Errorf("among the receipts is %v", row)
		}
	}
	page = r.opens("/centers/" + string(p.Center) + "?knownAt=" + newest[9])
	if then := page.rowsOf("历史"); len(then) == 0 || then[0][6] != newest[9] {
		t.Errorf("as known at %s the last record is %v", newest[9], then)
	}
	for _, link := range []struct{ words, knownAt string }{{"前一条记入时", newest[10]}, {"后一条记入时", newest[8]}} {
		if got := page.leads(link.words); !strings.HasSuffix(got, "knownAt="+link.knownAt) {
			t.Errorf("%s leads to %s, not to %s", link.words, got, link.knownAt)
		}
	}
}

// recordsSayWhatAReplaySays compares the pages of some records with the chapters of the story of the center.
func recordsSayWhatAReplaySays(t *testing.T, x *office, p *demo.Province) {
	r := x.reader(t, "auditor")
	bytesAt := map[uint64][32]byte{}
	if err := x.desk.Events(t.Context(), 0, 100_000, string(p.Center), func(s *events.Stored) error {
		bytesAt[s.Position] = sha256.Sum256(s.Bytes)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	if _, err := x.desk.Story(t.Context(), desk.When{}, string(p.Center), func(c *desk.Chapter) error {
		alerts := len(c.Changed.Opened) + len(c.Changed.Cleared) + len(c.Changed.Withdrawn)
		if key := fmt.Sprint(c.Kind, alerts > 0, len(c.Changed.Money)); seen[key] > 0 {
			return nil
		} else {
			seen[key]++
		}
		page := r.opens("/centers/"+string(p.Center)+"/records/"+c.ID.String(), "记录："+c.Kind.Title().Zh,
			strings.Join(strings.Fields(c.Line.Zh), " "), c.ID.String(), c.On.String(), c.By.Actor,
			fmt.Sprintf("%x", bytesAt[c.Position]))
		moved := page.rowsOf("预警变化")
		for _, want := range []struct {
			how  string
			list []desk.Alert
		}{{"产生", c.Changed.Opened}, {"解除", c.Changed.Cleared}, {"撤回", c.Changed.Withdrawn}} {
			for _, a := range want.list {
				if !slices.ContainsFunc(moved, func(row []string) bool {
					return row[0] == want.how && strings.HasPrefix(row[2], string(a.Code)) &&
						row[4] == a.RaisedOn.String()
				}) {
					t.Errorf("%s at %d: %s %v is missing among %v", c.Kind, c.Position, want.how, a, moved)
				}
			}
		}
		if len(moved) != alerts {
			t.Errorf("%s at %d moved %v, want %d alerts", c.Kind, c.Position, moved, alerts)
		}
		money := page.rowsOf("资金变动")
		if len(money) != len(c.Changed.Money) {
			t.Errorf("%s at %d moved the money %v, want %v", c.Kind, c.Position, money, c.Changed.Money)
		}
		for i, m := range c.Changed.Money[:min(len(money), len(c.Changed.Money))] {
			if got := money[i]; got[0] != fmt.Sprint(m.FiscalYear) || got[2] != signed(m.GrantedFen) ||
				got[4] != signed(m.ReceivedFen) || got[6] != signed(m.SpentAllFen) ||
				got[7] != signed(m.IneligibleFen) {
				t.Errorf("%s at %d moved the money %v, want %v", c.Kind, c.Position, got, m)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(seen) < 15 {
		t.Errorf("only %v were read", seen)
	}
}

// signed returns a change of an amount as the page of a record shows it.
func signed(fen events.Fen) string {
	switch {
	case fen == 0:
		return ""
	case fen > 0:
		return "+" + events.FormatYuan(fen)
	}
	return events.FormatYuan(fen)
}

// aCenterSeesItselfAlone asks as a center for its own pages and for those of another one, which it must not see.
func aCenterSeesItselfAlone(t *testing.T, x *office, p *demo.Province) {
	all, err := x.desk.List(t.Context(), desk.When{}, lists.Question{List: "centers"})
	if err != nil {
		t.Fatal(err)
	}
	other := ""
	for _, row := range all.Select("center").Rows {
		if other = row[0].CSV(); other != string(p.Center) {
			break
		}
	}
	found, err := x.desk.List(t.Context(), desk.When{}, lists.Question{List: "find",
		Params: map[string]string{"center": other}})
	if err != nil {
		t.Fatal(err)
	}
	record := found.Select("id").Rows[0][0].CSV()
	r := x.reader(t, "center")
	r.opens("/centers/" + string(p.Center))
	for path, missing := range map[string]string{"/centers/" + other: "/centers/NO-SUCH",
		"/centers/" + other + "/grants/G-1":                    "/centers/NO-SUCH/grants/G-1",
		"/letter?office=finance&center=" + other:               "/letter?office=finance&center=NO-SUCH",
		"/centers/" + other + "/alerts/AL-TSK-01/-/2025-01-01": "/centers/NO-SUCH/alerts/AL-TSK-01/-/2025-01-01",
		"/centers/" + other + "/records/" + record:             "/centers/NO-SUCH/records/" + record} {
		hidden, unknown := r.open(path), r.open(missing)
		if hidden.StatusCode != http.StatusNotFound || unknown.StatusCode != http.StatusNotFound ||
			strings.ReplaceAll(says(hidden.doc), other, "NO-SUCH") != says(unknown.doc) {
			t.Errorf("%s: %s %s\nunlike %s: %s", path, hidden.Status, says(hidden.doc), missing, says(unknown.doc))
		}
	}
}

// alertsAreExplained compares the page of each open alert of the center with the explanation of the desk, and joins
// those of an office in a letter.
func alertsAreExplained(t *testing.T, x *office, p *demo.Province) {
	r := x.reader(t, "finance")
	center := "/centers/" + string(p.Center)
	c, err := x.desk.Center(t.Context(), desk.When{}, string(p.Center))
	if err != nil {
		t.Fatal(err)
	}
	var list []desk.Explanation
	for _, a := range c.Alerts {
		found, err := x.desk.Explain(t.Context(), desk.When{}, desk.AlertName{Center: string(p.Center),
			Code: string(a.Code), Key: a.Key, RaisedOn: a.RaisedOn.String()})
		if err != nil || len(found) != 1 {
			t.Fatalf("%d explanations of %v: %v", len(found), a, err)
		}
		list = append(list, found...)
	}
	letter := says(x.reader(t, "office").opens("/letter?office=finance&center=" + string(p.Center)).doc)
	open, forms := 0, 0
	for i := range list {
		e := &list[i]
		page := r.opens(center+"/alerts/"+string(e.Code)+"/"+desk.KeyToken(e.Key)+"/"+e.RaisedOn.String(),
			string(e.Code)+" "+e.Title.Zh, strings.Join(strings.Fields(e.Reason.Zh), " "), e.Cleared.Zh, e.Who.Zh)
		said := says(page.doc)
		for _, f := range e.Figures {
			if !strings.Contains(said, f.Label.Zh) || !strings.Contains(said, f.Shown.Zh) {
				t.Errorf("%s %s has no figure %v %v", e.Code, e.Key, f.Label, f.Shown)
			}
		}
		for _, rule := range e.Rules {
			if !strings.Contains(said, rule.Words) {
				t.Errorf("%s %s has no words of %s", e.Code, e.Key, rule.Rule)
			}
		}
		if rows := page.rowsOf("依据的记录"); len(rows) != min(len(e.Because), 200) {
			t.Errorf("%s %s follows from %d records, not %d", e.Code, e.Key, len(e.Because), len(rows))
		}
		if !e.ClearedOn.IsNone() {
			continue
		}
		if open++; strings.Contains(page.body, `href="/record/`) {
			forms++
		}
		if isOf := e.Office == events.Finance; isOf != strings.Contains(letter, e.Title.Zh) {
			t.Errorf("the letter to the finance office and %s of the %s", e.Code, e.Office)
		}
	}
	if open < 3 || forms == 0 || forms == open {
		t.Errorf("%d of %d open alerts lead to a form of the finance office", forms, open)
	}
	for _, path := range []string{"/AL-EXE-02/nokey/2025-12-31", "/AL-EXE-02/2025/soon", "/AL-EXE-02/-/2025-12-31"} {
		if got := r.open(center + "/alerts" + path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s is answered with %s", path, got.Status)
		}
	}
}

// aLetterIsWholeAndSaysANameOnce reads letters of several senders and addressees: each part that an office expects is
// there once, the name of the center too.
func aLetterIsWholeAndSaysANameOnce(t *testing.T, x *office, p *demo.Province) {
	name := x.desk.Ledger.Register().Facts(p.Center, events.DateAt(x.clock.now())).Name
	to := map[string]string{"center": name, "finance": "省财政厅", "local-gov": "杭州市政府"}
	read := 0
	for by, from := range map[string]string{"finance": "省财政厅", "office": "省委科技办", "region": "杭州市政府"} {
		for office, addressee := range to {
			body := x.reader(t, by).opens("/letter?office=" + office + "&center=" + string(p.Center)).doc
			letter := ""
			for main := range within(body, "main") {
				letter = says(main)
			}
			if isOwn := addressee == from; isOwn != strings.Contains(letter, "收函单位就是本单位，不需要发函") {
				t.Errorf("the letter of %s to %s: %s", by, office, letter)
			} else if isOwn || strings.Contains(letter, "没有由该单位办理的未解除预警") {
				continue
			}
			if found := regexp.MustCompile(`(^|[^-\w])\d{4}-\d{2}-\d{2}([^-\w]|$)`).FindString(letter); found != "" {
				t.Errorf("the letter of %s to %s has the date %s: %s", by, office, found, letter)
			}
			for _, once := range []string{"〔2026〕 号", "关于督促办理", addressee + "：", "经查台账，截至2026年11月2日", "特此函达。",
				"日前办理完毕", from + "2026年11月2日", "联系电话", name} {
				if n := strings.Count(strings.ReplaceAll(letter, "\u3000", " "), once); n != 1 {
					t.Errorf("the letter of %s to %s has %q %d times: %s", by, office, once, n, letter)
				}
			}
			read++
		}
	}
	if read < 3 {
		t.Errorf("only %d letters were read", read)
	}
	low := cells(x.asked(t, "alerts", "code", "AL-EXE-02"), "center", "key", "raisedOn")[0]
	letter := says(x.reader(t, "finance").opens("/letter?office=center&center=" + low[0]).doc)
	alert := says(x.reader(t, "finance").opens("/centers/" + low[0] + "/alerts/AL-EXE-02/" + low[1] + "/" + low[2]).doc)
	if !strings.Contains(letter, "本项由省财政厅办理解除") || !strings.Contains(alert, "该预警由省财政厅办理解除") {
		t.Errorf("who clears the alert is not said: %s\n%s", letter, alert)
	}
}

// booksBalance compares the account book of each grant of the center with the balances of the ledger, whole and in two
// parts.
func booksBalance(t *testing.T, x *office, p *demo.Province) {
	r := x.reader(t, "center")
	balances := x.desk.Ledger.Register().Balances(p.Center)
	if len(balances) < 3 {
		t.Fatalf("only %v", balances)
	}
	last := func(rows [][]string) string { return rows[len(rows)-1][5] }
	for grant, fen := range balances {
		book := "/centers/" + string(p.Center) + "/grants/" + grant
		rows := r.opens(book, "制表", "复核", "负责人").rowsOf("经费明细账")
		if got := last(rows); got != events.FormatYuan(fen) {
			t.Errorf("the book of %s ends with %s, and its balance is %s", grant, got, events.FormatYuan(fen))
		}
		first := r.opens(book + "?to=2025-12-31").rowsOf("经费明细账")
		second := r.opens(book + "?from=2026-01-01").rowsOf("经费明细账")
		if last(first) != second[0][5] || last(second) != events.FormatYuan(fen) {
			t.Errorf("the book of %s goes from %v on with %v", grant, first[len(first)-1], second[0])
		}
		if len(rows) > 2 && !slices.ContainsFunc(rows, func(row []string) bool { return row[2] == "本年累计" }) {
			t.Errorf("the book of %s has no sum of a year", grant)
		}
	}
	if got := r.open("/centers/" + string(p.Center) + "/grants/NONE"); got.StatusCode != http.StatusNotFound {
		t.Errorf("the book of no grant is answered with %s", got.Status)
	}
}

// hostileRecordIsText writes a voucher with markup in its texts, which stays text on each page.
func hostileRecordIsText(t *testing.T, x *office, p *demo.Province) {
	for grant, fen := range x.desk.Ledger.Register().Balances(p.Center) {
		if fen < 1000 {
			continue
		}
		id := desk.NewID()
		_, err := x.desk.Record(t.Context(), desk.Draft{ID: id, Kind: "funds.spent", Center: string(p.Center),
			On: "2026-10-31", By: desk.DraftBy{Role: "center", Actor: "<i>kit</i>"}, Doc: "<u>",
			Note: "<script>alert(1)</script>", Data: []byte(`{"voucher":"<s>1","payee":"<b>乙</b>","use":"pilot",` +
				`"lines":[{"grant":"` + grant + `","amountFen":100}],"summary":"<img src=x>"}`)})
		if err != nil {
			t.Fatal(err)
		}
		center := "/centers/" + string(p.Center)
		for _, path := range []string{center, center + "/records/" + id, center + "/grants/" + grant} {
			page := x.reader(t, "center").opens(path, "<img src=x>")
			for _, tag := range []string{"i", "u", "s", "img"} {
				for n := range page.all(tag) {
					if attr(n, "aria-hidden") == "" {
						t.Errorf("%s has an element <%s>: %s", path, tag, says(n))
					}
				}
			}
		}
		return
	}
	t.Fatal("no grant has money left")
}
