package console_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/console"
	"github.com/taizhang/taizhang/services/demo"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// stop is one page to open in a browser.
type stop struct {
	Name    string `json:"name"` // in findings and in names of pictures
	Role    string `json:"role"`
	Lang    string `json:"lang"`            // zh or en: of the browser
	Session string `json:"session"`         // the secret of the session; "" for nobody
	Address string `json:"address"`         // path and query
	Press   string `json:"press,omitempty"` // the selector of a button to press first
	Shows   string `json:"shows,omitempty"` // the selector of what the page shows after that
	// The rest is for tour.mjs: an act, and the values that it needs.
	Act     string `json:"act,omitempty"` // enter, open, ask, attach or take
	Account string `json:"account,omitempty"`
	Given   string `json:"given,omitempty"`  // the password that the account has
	Chosen  string `json:"chosen,omitempty"` // its new password
	Field   string `json:"field,omitempty"`  // the selector of a field
	Value   string `json:"value,omitempty"`  // what is typed there
	Leads   string `json:"leads,omitempty"`  // a part of the address after that
	Link    string `json:"link,omitempty"`   // the selector of the link to a file
}

// examples has the addresses under which the walk opens a page whose path alone does not show it: one with a value
// in its path, or a list that asks for a condition. {center} is a center that every office sees, {record} a record of
// it, {code}, {key} and {raisedOn} are those of an alert about it, {grant}
// is a grant of it. {import} is the page of a sheet that the account has had judged.
var examples = map[string][]string{
	"/policies/{id}/{version}":                     {"/policies/zj-2024-draft/2"},
	"/admin/accounts/{name}":                       {"/admin/accounts/finance"},
	"/centers/{id}":                                {"/centers/{center}"},
	"/centers/{id}/records/{record}":               {"/centers/{center}/records/{record}"},
	"/centers/{id}/grants/{grant}":                 {"/centers/{center}/grants/{grant}"},
	"/letter":                                      {"/letter?center={center}&office=center"},
	"/centers/{id}/alerts/{code}/{key}/{raisedOn}": {"/centers/{center}/alerts/{code}/{key}/{raisedOn}"},
	"/search":       {}, // leads to other pages
	"/imports/{id}": {"{import}"},
	"/record/{kind}": {"/record/entry.voided?center={center}", "/record/funds.spent?center={center}",
		"/record/facts.changed?center={center}", "/record/task-book.filed?center={center}"},
	"/spending": {"/spending", "/spending?center={center}"},
	"/trace":    {"/trace", "/trace?center={center}&year=2026&scope=fiscal&figure=executed"},
	"/changes":  {"/changes", "/changes?fromAsOf=2026-03-31&since=2026-04-10"},
	"/find":     {"/find?center={center}"},
	"/sample":   {"/sample", "/sample?year=2026&n=20"},

	"/yearly": {"/yearly?year=2025", "/yearly?year=2025&center={center}"},
	"/inbox":  {"/inbox", "/inbox?tab=soon", "/inbox?tab=deferred", "/inbox?tab=done", "/inbox?tab=mine"},
}

// stopsOf returns every page as every role in both languages.
func stopsOf(t *testing.T, x *office, p *demo.Province) (stops []stop) {
	t.Helper()
	values, imported := exampleValues(t, x, p.Center), map[string]string{}
	for _, lang := range []string{"zh", "en"} {
		stops = append(stops, stop{Name: "login", Role: "nobody", Lang: lang, Address: "/login"},
			stop{Name: "problem", Role: "nobody", Lang: lang, Address: "/problems/forbidden"})
		for _, a := range p.Accounts() {
			session := x.session(a.Name)
			add := func(path, address string, k int) {
				name := strings.Trim(strings.NewReplacer("/", "-", "{", "", "}", "").Replace(path), "-")
				if k > 0 {
					name += "-" + strconv.Itoa(k+1)
				}
				stops = append(stops, stop{Name: name, Role: a.Name, Lang: lang, Session: session,
					Address: values.Replace(address)})
			}
			add("/me", "/me", 0)
			for _, s := range console.Screens() {
				if !slices.Contains(s.Roles, a.Role) {
					continue
				}
				addresses := examples[s.Path]
				switch {
				case addresses == nil && strings.Contains(s.Path, "{"):
					t.Errorf("add an address of %s to examples", s.Path)
				case addresses == nil:
					addresses = []string{s.Path}
				}
				for k, address := range addresses {
					if address == "{import}" {
						if imported[a.Name] == "" {
							b := newBrowser(t, lang, x.Client())
							b.carry(x, session)
							imported[a.Name] = dropSheet(b, x, p).Request.URL.Path
						}
						address = imported[a.Name]
					}
					if mayOpen(a.Binding, address) {
						add(s.Path, address, k)
					}
				}
			}
		}
	}
	return stops
}

// mayOpen reports whether an account has the page of an address, which for the form of a kind of record depends on the
// kind.
func mayOpen(b access.Binding, address string) bool {
	form, isForm := strings.CutPrefix(address, "/record/")
	if !isForm {
		return true
	}
	kind, _, _ := strings.Cut(form, "?")
	return b.MayRecord || events.Lookup(events.Kind(kind)).Allows(b.Role.Ledger())
}

// exampleValues returns what replaces the names in braces of examples.
func exampleValues(t testing.TB, x *office, of events.CenterID) *strings.Replacer {
	t.Helper()
	row := func(list string, columns ...string) []string {
		t.Helper()
		got, err := x.desk.List(t.Context(), desk.When{}, lists.Question{List: list,
			Params: map[string]string{"center": string(of)}})
		if err != nil || len(got.Rows) == 0 {
			t.Fatalf("%s of %s: %d rows, %v", list, of, len(got.Rows), err)
		}
		return table.Fields(got.Select(columns...).Rows[0])
	}
	alert, record := row("alerts", "code", "key", "raisedOn"), row("find", "id")
	grant := row("ageing", "grant")[0]
	if alert[1] == "" {
		alert[1] = "-" // as in the addresses of the API
	}
	return strings.NewReplacer("{center}", string(of), "{record}", record[0], "{code}", alert[0],
		"{key}", url.PathEscape(alert[1]), "{raisedOn}", alert[2], "{grant}", url.PathEscape(grant))
}

// once returns one stop of each page in each language: of the first role that has it.
func once(stops []stop, langs ...string) (some []stop) {
	seen := map[string]bool{}
	for _, s := range stops {
		if key := s.Name + " " + s.Lang; !seen[key] && slices.Contains(langs, s.Lang) {
			seen[key] = true
			some = append(some, s)
		}
	}
	return some
}

// codeWords matches the name of a condition where a text in Chinese names a field, and a command; doubled matches two
// words that stand twice.
var (
	codeWords = func() *regexp.Regexp {
		names := []string{"again"}
		for _, l := range lists.Lists {
			for _, p := range l.Params {
				names = append(names, regexp.QuoteMeta(p.Name))
			}
		}
		return regexp.MustCompile(`(?:见|请用|参数|（)\s*-*(?:` + strings.Join(names, "|") + `)\b|taizhang [a-z]+`)
	}()
	doubled = regexp.MustCompile(`(?i)\blocal government:? local government\b`)
)

// speaksPlainly checks that a page has no word of a program where people read, except in what is to be typed or
// hashed.
func speaksPlainly(t *testing.T, s stop, body string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for main := range within(doc, "main") {
		words := says(main)
		if s.Lang == "zh" {
			words = strings.ReplaceAll(words, `"taizhang sample 1`, "") // the text that a sample is drawn by
			if found := codeWords.FindString(words); found != "" {
				t.Errorf("%s as %s says %q", s.Address, s.Role, found)
			}
		}
		if found := doubled.FindString(words); found != "" {
			t.Errorf("%s as %s says %q", s.Address, s.Role, found)
		}
	}
}

// TestEveryPageAnswers opens each page once in each language, without a browser.
func TestEveryPageAnswers(t *testing.T) {
	x, province := serveProvince(t)
	for _, s := range once(stopsOf(t, x, province), "zh", "en") {
		t.Run(s.Name+" "+s.Lang, func(t *testing.T) { speaksPlainly(t, s, opens(t, x, s)) })
	}
}

// TestAConditionThatAPageDoesNotHaveIsRefused asks each page with a mistyped condition: an answer without it would be
// believed.
func TestAConditionThatAPageDoesNotHaveIsRefused(t *testing.T) {
	x, province := serveProvince(t)
	asked := 0
	for _, s := range once(stopsOf(t, x, province), "zh") {
		if !strings.Contains(opens(t, x, s), `name="knownAt"`) { // a page without conditions
			continue
		}
		asked++
		b := newBrowser(t, s.Lang, x.Client())
		b.carry(x, s.Session)
		answer, err := b.client.Get(x.URL + s.Address +
			map[bool]string{true: "&", false: "?"}[strings.Contains(s.Address, "?")] + "yaer=2025")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "没有条件 yaer") {
			t.Errorf("%s with a mistyped condition is answered with %s, %v", s.Address, answer.Status, err)
		}
	}
	if asked < 25 {
		t.Errorf("only %d pages have conditions", asked)
	}
}

// TestEveryPageAnswersInParts opens each page as in a province where no list fits on one page.
func TestEveryPageAnswersInParts(t *testing.T) {
	x, province := serveProvince(t)
	defer console.SetPageRows(2)()
	var parts int
	for _, s := range once(stopsOf(t, x, province), "zh") {
		t.Run(s.Name, func(t *testing.T) {
			page := opens(t, x, s)
			if !strings.Contains(page, `page=2`) {
				return
			}
			parts++
			s.Address += map[bool]string{true: "&", false: "?"}[strings.Contains(s.Address, "?")] + "page=2"
			opens(t, x, s)
		})
	}
	if parts < 15 {
		t.Errorf("only %d pages come in parts", parts)
	}
}

// opens opens a page as its role and returns it.
func opens(t *testing.T, x *office, s stop) (page string) {
	t.Helper()
	b := newBrowser(t, s.Lang, x.Client())
	b.carry(x, s.Session)
	answer, err := b.client.Get(x.URL + s.Address)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	page = string(body)
	if strings.Contains(page, `"out"`) && !strings.Contains(page, "<bdi>"+s.Role+"</bdi></a>") {
		t.Errorf("%s does not show that %s is signed in", s.Address, s.Role)
	}
	if answer.StatusCode != http.StatusOK {
		t.Errorf("%s as %s is answered with %s", s.Address, s.Role, answer.Status)
	}
	return page
}

func TestAPageWhoseHandlerPanicsIsAnsweredInWords(t *testing.T) {
	x := serve(t)
	for accepts, words := range map[string]string{"zh": "程序出错", "en": "The program has failed"} {
		r, w := httptest.NewRequest(http.MethodGet, "/overview", nil), httptest.NewRecorder()
		r.Header.Set("Accept-Language", accepts)
		x.pages.PageThatPanics().ServeHTTP(w, r)
		if body := w.Body.String(); w.Code != http.StatusInternalServerError || !strings.Contains(body, words) ||
			!strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("got %d, %v, %s", w.Code, w.Header(), body)
		}
	}
}
