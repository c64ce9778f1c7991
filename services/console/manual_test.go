package console_test

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/taizhang/taizhang/services/console"
	"github.com/taizhang/taizhang/services/demo"
)

// manual has the pages of docs/zh, each with the accounts of the demo whose screens it describes; nil for all.
var manual = map[string][]string{"README.md": nil, "console.md": nil, "clerk.md": {"center"},
	"officer.md": {"finance", "office", "dept", "region"}, "auditor.md": {"auditor"}}

// The manual prints words of the screens in bold and addresses of the console as code.
var (
	boldWords   = regexp.MustCompile(`\*\*([^*\n]+)\*\*`)
	codeAddress = regexp.MustCompile("`(/[^` ?#]*)[^`]*`")
)

// outsideTheTable are the pages that the table of pages does not have: those for signing in and one's own account.
var outsideTheTable = []string{"/", "/login", "/me"}

// TestTheManualNamesWhatTheScreensShow checks that each word in bold is a heading, a button, a link, a label or a
// column on a page of the accounts that its page of the manual is for, and that each address is one of theirs.
func TestTheManualNamesWhatTheScreensShow(t *testing.T) {
	pages, err := filepath.Glob("../../docs/zh/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("there is no manual: %v", err)
	}
	x, province := serveProvince(t)
	seen := screenWords{x: x, province: province, stops: stopsOf(t, x, province), of: map[string]map[string]bool{}}
	for _, name := range pages {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		page := filepath.Base(name)
		if page == "operations.md" || page == "audit.md" { // about commands, not about screens
			continue
		}
		accounts, isKnown := manual[page]
		if !isKnown {
			t.Errorf("%s is for nobody: add it to manual", page)
		}
		if accounts == nil {
			for _, a := range province.Accounts() {
				accounts = append(accounts, a.Name)
			}
		}
		bold := boldWords.FindAllStringSubmatch(string(content), -1)
		if len(bold) == 0 {
			t.Errorf("%s names no word of a screen", page)
		}
		for _, mark := range bold {
			if !slices.ContainsFunc(accounts, func(a string) bool { return seen.by(t, a)[mark[1]] }) {
				t.Errorf("%s names “%s”, which no screen of %v shows: follow the words of the screens", page, mark[1],
					accounts)
			}
		}
		for _, mark := range codeAddress.FindAllStringSubmatch(string(content), -1) {
			if !isAddressOf(mark[1], province, accounts) {
				t.Errorf("%s names the address %s, which %v do not have", page, mark[1], accounts)
			}
		}
	}
}

// isAddressOf reports whether an address, in which a name may stand for a part, is of a page of one of the accounts.
func isAddressOf(address string, p *demo.Province, accounts []string) bool {
	if slices.Contains(outsideTheTable, address) {
		return true
	}
	parts := strings.Split(address, "/")
	for _, a := range p.Accounts() {
		if !slices.Contains(accounts, a.Name) {
			continue
		}
		for _, s := range console.Screens() {
			pattern := strings.Split(s.Path, "/")
			if slices.Contains(s.Roles, a.Role) && slices.EqualFunc(pattern, parts, func(pattern, part string) bool {
				return pattern == part || strings.HasPrefix(pattern, "{") && part != ""
			}) {
				return true
			}
		}
	}
	return false
}

// screenWords collects the words of the screens of each account, when they are asked for.
type screenWords struct {
	x        *office
	province *demo.Province
	stops    []stop
	of       map[string]map[string]bool
}

// by returns the words of the screens of an account in Chinese: of every page, and of what it does in the manual.
func (s *screenWords) by(t *testing.T, account string) map[string]bool {
	if s.of[account] != nil {
		return s.of[account]
	}
	words := map[string]bool{}
	s.of[account] = words
	b := newBrowser(t, "zh", s.x.Client())
	b.isExotic = true
	see := func() { addWords(words, b.page.doc) }
	b.get(s.x.URL + "/login")
	see()
	s.x.enter(b, account)
	for _, stop := range s.stops {
		if stop.Role == account && stop.Lang == "zh" && !strings.HasPrefix(stop.Address, "/yearly") {
			b.get(s.x.URL + stop.Address)
			see()
		}
	}
	for _, a := range s.province.Accounts() {
		for _, screen := range console.Screens() {
			if a.Name == account && slices.Contains(screen.Roles, a.Role) {
				words[screen.Title.Zh] = true
			}
		}
	}
	for _, address := range alsoOpened[account] {
		b.get(s.x.URL + address + "?center=" + string(s.province.Center))
		see()
	}
	switch account {
	case "center":
		s.tryVouchers(b, see)
		s.importSheet(b, see)
	case "finance":
		b.get(s.x.URL + "/overview?asOf=2026-06-30")
		see()
		b.get(s.x.URL + deferFive(b.TB, s.x))
		sendForm(b, "try", nil)
		see()
	case "auditor":
		b.get(s.x.URL + "/audit?center=" + string(s.province.Center) + "&a=2026-03-31")
		see()
	}
	return words
}

// alsoOpened are the forms that the manual describes.
var alsoOpened = map[string][]string{
	"center":  {"/record/spending.reversed", "/record/facts.changed"},
	"finance": {"/record/allocation.deferred", "/record/deferral.released"},
	"office":  {"/record/grade.decided"},
	"auditor": {"/record/audit-finding.opened"},
}

// tryVouchers tries a voucher that is accepted and one that overdraws its grant.
func (s *screenWords) tryVouchers(b *browser, see func()) {
	b.get(s.x.URL + voucherAddress(b.TB, s.x, s.province))
	sendForm(b, "try", nil)
	b.shows("可以入账")
	see()
	sendForm(b, "try", url.Values{"lines[0].amountFen": {"99999999"}})
	b.shows("将被拒绝")
	see()
}

// importSheet imports the sheet with mistakes: it is judged, mended, judged again and submitted.
func (s *screenWords) importSheet(b *browser, see func()) {
	dropSheet(b, s.x, s.province)
	see()
	values, _ := mendAll(b, s.province)
	act(b, "judge", values)
	see()
	act(b, "submit", url.Values{})
	see()
	b.get(s.x.URL + "/imports")
	see()
}

// naming are the elements whose words the manual may name.
var naming = []string{"h1", "h2", "h3", "a", "button", "label", "legend", "summary", "caption", "th", "dt", "option",
	"strong", "b", "span"}

// countBehind is the number of the rows that follow a heading.
var countBehind = regexp.MustCompile(` \(\d+\)$`)

// addWords adds the words of the elements of a page that name something: each element as a whole, and each text in it.
func addWords(words map[string]bool, doc *html.Node) {
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || !slices.Contains(naming, n.Data) {
			continue
		}
		words[countBehind.ReplaceAllString(says(n), "")] = true
		for child := range n.ChildNodes() {
			if child.Type == html.TextNode {
				words[countBehind.ReplaceAllString(strings.Join(strings.Fields(child.Data), " "), "")] = true
			}
		}
	}
}
