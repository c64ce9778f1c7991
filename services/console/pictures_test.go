package console_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/console"
	"github.com/taizhang/taizhang/services/demo"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// The pictures of the documentation, and the file that has the hash of the page that each of them shows.
const (
	picturesOfDocs = "../../docs/pictures"
	pageHashes     = picturesOfDocs + "/pages.txt"
	picturesBytes  = 3 << 20 // the most that all of them have
)

// picture is a page of which the documentation has a picture.
type picture struct {
	name    string
	account string // "" for nobody
	address string // with the names in braces of examples
	langs   string
	press   bool // 试算 is pressed on it
}

// pictured are the pictures of the documentation. {voucher} and {defer} are the addresses of forms that are filled in,
// {import} is that of the sheet of the demo as it was judged.
var pictured = []picture{
	{name: "login", address: "/login", langs: "zh"},
	{name: "overview", account: "finance", address: "/overview", langs: "zh en"},
	{name: "inbox", account: "finance", address: "/inbox", langs: "zh en"},
	{name: "defer", account: "finance", address: "{defer}", langs: "zh", press: true},
	{name: "centers", account: "finance", address: "/centers", langs: "zh"},
	{name: "execution", account: "finance", address: "/execution?unit=wan", langs: "zh en"},
	{name: "trace", account: "finance", address: "/trace?center={center}&year=2026&scope=fiscal&figure=executed",
		langs: "zh"},
	{name: "changes", account: "finance", address: "/changes?fromAsOf=2026-03-31&since=2026-03-31&year=2026&" +
		"scope=fiscal&figure=executed&region=3301", langs: "zh en"},
	{name: "alerts", account: "finance", address: "/alerts?severity=red", langs: "zh"},
	{name: "due", account: "finance", address: "/due", langs: "zh"},
	{name: "delayed", account: "finance", address: "/delayed", langs: "zh"},
	{name: "deferrals", account: "finance", address: "/deferrals", langs: "zh"},
	{name: "ageing", account: "finance", address: "/ageing", langs: "zh"},
	{name: "spending", account: "finance", address: "/spending?center={center}", langs: "zh"},
	{name: "duplicates", account: "finance", address: "/duplicates", langs: "zh"},
	{name: "letter", account: "finance", address: "/letter?center={center}&office=center", langs: "zh"},
	{name: "yearly", account: "finance", address: "/yearly?year=2025&unit=wan", langs: "zh"},
	{name: "grading", account: "office", address: "/grading", langs: "zh en"},
	{name: "recognition", account: "office", address: "/recognition", langs: "zh"},
	{name: "center", account: "center", address: "/centers/{center}", langs: "zh en"},
	{name: "record", account: "center", address: "/centers/{center}/records/{record}", langs: "zh"},
	{name: "alert", account: "center", address: "/centers/{center}/alerts/{code}/{key}/{raisedOn}", langs: "zh en"},
	{name: "book", account: "center", address: "/centers/{center}/grants/{grant}", langs: "zh"},
	{name: "kinds", account: "center", address: "/record", langs: "zh"},
	{name: "voucher", account: "center", address: "{voucher}", langs: "zh en", press: true},
	{name: "import", account: "center", address: "/import", langs: "zh"},
	{name: "mend", account: "center", address: "{import}", langs: "zh en"},
	{name: "imports", account: "center", address: "/imports", langs: "zh"},
	{name: "audit", account: "auditor", address: "/audit?center={center}&a=2026-03-31", langs: "zh en"},
	{name: "sample", account: "auditor", address: "/sample?year=2026&n=20", langs: "zh"},
	{name: "find", account: "auditor", address: "/find?center={center}&kind=funds.spent", langs: "zh"},
	{name: "verify", account: "auditor", address: "/verify", langs: "zh"},
	{name: "policies", account: "auditor", address: "/policies", langs: "zh"},
	{name: "policy", account: "auditor", address: "/policies/zj-2024-draft/2", langs: "zh"},
	{name: "accounts", account: "sysadmin", address: "/admin/accounts", langs: "zh"},
	{name: "account", account: "secadmin", address: "/admin/accounts/finance", langs: "zh"},
	{name: "rights", account: "secadmin", address: "/admin/rights", langs: "zh"},
	{name: "access-log", account: "logadmin", address: "/admin/access-log?kind=act", langs: "zh"},
	{name: "tokens", account: "center", address: "/me/tokens", langs: "zh"},
	{name: "help", account: "center", address: "/help", langs: "zh"},
	{name: "me", account: "center", address: "/me", langs: "zh"},
}

// picturesOf returns the pages of the pictures as stops for a browser.
func picturesOf(t *testing.T, x *office, p *demo.Province) (stops []stop) {
	t.Helper()
	b := newBrowser(t, "zh", x.Client())
	x.enter(b, "center")
	sheet := dropSheet(b, x, p).Request.URL.RequestURI()
	values := exampleValues(t, x, p.Center)
	sessions := map[string]string{"": ""}
	for i := range pictured {
		shown := &pictured[i]
		for _, lang := range strings.Fields(shown.langs) {
			if _, ok := sessions[shown.account]; !ok {
				sessions[shown.account] = x.session(shown.account)
			}
			s := stop{Name: shown.name, Role: shown.account, Lang: lang, Session: sessions[shown.account]}
			switch shown.address {
			case "{defer}":
				s.Address = deferFive(t, x)
			case "{voucher}":
				s.Address = voucherAddress(t, x, p)
			case "{import}":
				s.Address = sheet
			default:
				s.Address = values.Replace(shown.address)
			}
			if shown.press {
				s.Press, s.Shows = `main form.record p.acts button[value="try"]`, "#answers .judged"
			}
			stops = append(stops, s)
		}
	}
	return stops
}

// voucherAddress returns the address of the form of a voucher of the demo's center that is filled in.
func voucherAddress(t testing.TB, x *office, p *demo.Province) string {
	t.Helper()
	balances := x.desk.Ledger.Register().Balances(p.Center)
	grant := ""
	for id, fen := range balances {
		if grant == "" || fen > balances[grant] || fen == balances[grant] && id < grant {
			grant = id
		}
	}
	return "/record/funds.spent?" + url.Values{"center": {string(p.Center)}, "voucher": {"2026-80100"},
		"payee": {"杭州丙寅仪器有限公司"}, "use": {"equipment"}, "lines[0].grant": {grant},
		"lines[0].amountFen": {"12,800.50"}, "summary": {"恒温恒湿试验箱"}, "on": {p.Today.String()}}.Encode()
}

// deferFive returns the address of the form that defers the allocations of five centers under one document number.
func deferFive(t testing.TB, x *office) string {
	t.Helper()
	got, err := x.desk.List(t.Context(), desk.When{}, lists.Question{List: "deferrals"})
	if err != nil {
		t.Fatal(err)
	}
	in := url.Values{"doc": {"浙财科教〔2026〕88号"}}
	for _, row := range got.Select("center", "fiscalYear", "low", "state").Rows {
		fields := table.Fields(row)
		if isOpen := fields[3] == "to-be-decided" || fields[3] == "overdue"; isOpen && len(in["center"]) < 5 {
			in.Add("center", fields[0])
			in.Set("fiscalYear", fields[1])
		}
	}
	if len(in["center"]) < 5 {
		t.Fatalf("only %v wait for a decision", in["center"])
	}
	return "/record/allocation.deferred?" + in.Encode()
}

// variable is what differs in a page each time: ids, the addresses of stylesheet and module, and who read what first.
var variable = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|` +
	`/static/[0-9a-f]+|/imports/[0-9a-f-]+|(?s:<section id="reads">.*?</section>)`)

// hashesOf returns a hash of each page with the stylesheet, by the name of its picture.
func hashesOf(t *testing.T, x *office, stops []stop) map[string]string {
	t.Helper()
	style, err := os.ReadFile("pages/style.css")
	if err != nil {
		t.Fatal(err)
	}
	hashes := map[string]string{}
	for _, s := range stops {
		b := newBrowser(t, s.Lang, x.Client())
		b.isExotic = true
		if s.Session != "" {
			b.carry(x, s.Session)
		}
		body := ""
		if s.Press != "" {
			b.get(x.URL + s.Address)
			body = sendForm(b, "try", nil).body
		} else {
			body = bodyOf(b, x.URL+s.Address)
		}
		sum := sha256.Sum256(append([]byte(variable.ReplaceAllString(body, "")), style...))
		hashes[s.picture()] = hex.EncodeToString(sum[:8])
	}
	return hashes
}

// bodyOf returns a page, which may be one that is not of the console's frame: the yearly report.
func bodyOf(b *browser, address string) string {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept-Language", b.accepts)
	answer, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s is answered with %s, %v", address, answer.Status, err)
	}
	return string(body)
}

// picture returns the name of the picture of a page.
func (s *stop) picture() string { return s.Name + "-" + s.Lang + ".png" }

const makePictures = "go generate ./services/console makes the pictures anew (it needs chromium and fonts-wqy-zenhei)"

// TestThePicturesShowThePagesOfNow compares each page that has a picture with the one that the picture was taken of,
// without a browser.
func TestThePicturesShowThePagesOfNow(t *testing.T) {
	x, province := serveProvince(t)
	now := hashesOf(t, x, picturesOf(t, x, province))
	file, err := os.Open(pageHashes)
	if err != nil {
		t.Fatalf("%v: %s", err, makePictures)
	}
	defer file.Close() // only read
	then := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var name, sum string
		_, _ = fmt.Sscan(lines.Text(), &name, &sum)
		then[name] = sum
	}
	for name, sum := range now {
		if then[name] != sum {
			t.Errorf("the page of %s has changed: look at it, then %s", name, makePictures)
		}
	}
	for name := range then {
		if now[name] == "" {
			t.Errorf("%s has %s, which is a picture no more: %s", pageHashes, name, makePictures)
		}
	}
}

// TestEveryPageHasAPicture also fails for a picture of a page that is no more.
func TestEveryPageHasAPicture(t *testing.T) {
	isOf := func(address, path string) bool {
		if named := map[string]string{"{defer}": "/record/{kind}", "{voucher}": "/record/{kind}",
			"{import}": "/imports/{id}"}[address]; named != "" {
			return named == path
		}
		address, _, _ = strings.Cut(address, "?")
		return slices.EqualFunc(strings.Split(address, "/"), strings.Split(path, "/"), func(part, pattern string) bool {
			return part == pattern || strings.HasPrefix(pattern, "{")
		})
	}
	paths := slices.Clone(outsideTheTable)
	for _, s := range console.Screens() {
		paths = append(paths, s.Path)
		if s.Path != "/search" && !slices.ContainsFunc(pictured, func(p picture) bool { return isOf(p.address, s.Path) }) {
			t.Errorf("add a picture of %s to pictured, then %s", s.Path, makePictures)
		}
	}
	for i := range pictured {
		if p := &pictured[i]; !slices.ContainsFunc(paths, func(path string) bool { return isOf(p.address, path) }) {
			t.Errorf("%s is no page: take %s out of pictured", p.address, p.name)
		}
	}
}

// linkInPage finds links to files and pictures.
var linkInPage = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

// TestThePagesAboutTheConsoleLinkFilesThatAreThere also checks that each picture is shown, and how large they are.
func TestThePagesAboutTheConsoleLinkFilesThatAreThere(t *testing.T) {
	pages, err := filepath.Glob("../../docs/zh/*.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, page := range append(pages, "../../docs/console.md") {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range linkInPage.FindAllStringSubmatch(string(content), -1) {
			to := filepath.Join(filepath.Dir(page), link[1])
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links %s: %v", page, link[1], err)
			}
			shown[to] = true
		}
	}
	pictures, err := filepath.Glob(picturesOfDocs + "/*.png")
	if err != nil || len(pictures) == 0 {
		t.Fatalf("no pictures: %v", err)
	}
	var all int64
	for _, name := range pictures {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		all += info.Size()
		if !shown[filepath.Clean(name)] {
			t.Errorf("no page shows %s", name)
		}
	}
	if all > picturesBytes {
		t.Errorf("the pictures have %d bytes, more than %d", all, picturesBytes)
	}
}
