package console_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// browser uses pages as a person does: it follows links and presses buttons by their words, and fills in fields by
// their labels. It keeps cookies and follows redirects, and checks every page.
type browser struct {
	testing.TB
	client   *http.Client
	accepts  string // Accept-Language
	page     *page
	passed   []string // the addresses of the redirects before the page
	isExotic bool     // the page may have words of others outside bdi
}

// page is an answer with its parsed content.
type page struct {
	*http.Response
	body string
	doc  *html.Node
}

func newBrowser(t testing.TB, accepts string, client *http.Client) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{TB: t, accepts: accepts}
	own := *client
	own.Jar = jar
	own.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		b.passed = append(b.passed, r.URL.String())
		if len(via) > 5 {
			return http.ErrUseLastResponse
		}
		return nil
	}
	b.client = &own
	return b
}

// get asks for an address.
func (b *browser) get(address string) *page {
	b.Helper()
	return b.send(http.MethodGet, address, "", nil)
}

// send sends a request with the headers of head, names and values in turn, and takes the page of its answer.
func (b *browser) send(method, address, body string, head []string) *page {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, address, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept-Language", b.accepts)
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	b.passed = nil
	answer, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	b.page = &page{Response: answer, body: string(content)}
	b.check()
	return b.page
}

// hop asks for an address with the cookies of the browser, and returns the address that the answer redirects to.
func (b *browser) hop(address string) string {
	b.Helper()
	once := *b.client
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := once.Get(address)
	if err != nil {
		b.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		b.Fatalf("%s is answered with %d", address, answer.StatusCode)
	}
	return answer.Header.Get("Location")
}

// link returns the address of a link, by its words.
func (b *browser) link(words string) string {
	b.Helper()
	for link := range b.page.all("a") {
		if says(link) == words {
			return b.page.resolve(b.TB, attr(link, "href"))
		}
	}
	b.Fatalf("there is no link %q on %s", words, b.page.body)
	return ""
}

// follow follows a link by its words.
func (b *browser) follow(words string) *page {
	b.Helper()
	return b.get(b.link(words))
}

// press fills in the form with a button and presses it. fields has labels and values in turn.
func (b *browser) press(words string, fields ...string) *page {
	b.Helper()
	for form := range b.page.all("form") {
		for button := range within(form, "button") {
			if says(button) == words {
				return b.submit(form, fields)
			}
		}
	}
	b.Fatalf("there is no button %q on %s", words, b.page.body)
	return nil
}

func (b *browser) submit(form *html.Node, fields []string) *page {
	b.Helper()
	inputs, labels, values := map[string]*html.Node{}, map[string]string{}, url.Values{}
	for input := range within(form, "input") {
		inputs[attr(input, "id")] = input
		values.Set(attr(input, "name"), attr(input, "value"))
	}
	for label := range within(form, "label") {
		labels[says(label)] = attr(label, "for")
	}
	for i := 0; i < len(fields); i += 2 {
		input := inputs[labels[fields[i]]]
		if input == nil || hasAttr(input, "readonly") {
			b.Fatalf("no field %q to fill in among %v", fields[i], slices.Sorted(maps.Keys(labels)))
		}
		values.Set(attr(input, "name"), fields[i+1])
	}
	if attr(form, "method") != "post" {
		b.Fatalf("a form is sent by %q", attr(form, "method"))
	}
	return b.send(http.MethodPost, b.page.resolve(b.TB, attr(form, "action")), values.Encode(),
		[]string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"})
}

// expect checks the address of the page without its query, its status and its heading.
func (b *browser) expect(path string, status int, heading string) *page {
	b.Helper()
	if got := b.page.Request.URL.Path; got != path || b.page.StatusCode != status || b.page.heading() != heading {
		b.Fatalf("expected %s %d %q, got %s %d %q after %v: %s", path, status, heading, got, b.page.StatusCode,
			b.page.heading(), b.passed, b.page.body)
	}
	return b.page
}

// alerts checks the words of the alert on the page.
func (b *browser) alerts(words string) *page {
	b.Helper()
	for node := range b.page.nodes() {
		if attr(node, "role") == "alert" && says(node) == words {
			return b.page
		}
	}
	b.Fatalf("nothing alerts %q on %s", words, b.page.body)
	return nil
}

// shows checks that the page contains words.
func (b *browser) shows(words ...string) *page {
	b.Helper()
	all := says(b.page.doc)
	for _, w := range words {
		if !strings.Contains(all, w) {
			b.Fatalf("expected %q on the page, got %s", w, all)
		}
	}
	return b.page
}

func (p *page) resolve(t testing.TB, address string) string {
	t.Helper()
	u, err := p.Request.URL.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.String()
}

func (p *page) heading() string {
	for h := range p.all("h1") {
		return says(h)
	}
	return ""
}

// value returns the value of a field, by its label.
func (p *page) value(label string) string {
	for l := range p.all("label") {
		if says(l) != label {
			continue
		}
		for input := range p.all("input") {
			if attr(input, "id") == attr(l, "for") {
				return attr(input, "value")
			}
		}
	}
	return ""
}

// chosen returns the value of a list of choices by its name, or "".
func (p *page) chosen(name string) string {
	for n := range p.all("option") {
		if attr(n.Parent, "name") == name && hasAttr(n, "selected") {
			return attr(n, "value")
		}
	}
	return ""
}

func (p *page) nodes() func(func(*html.Node) bool) { return p.doc.Descendants() }

func (p *page) all(tag string) func(func(*html.Node) bool) { return within(p.doc, tag) }

func within(n *html.Node, tag string) func(func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		for node := range n.Descendants() {
			if node.Type == html.ElementNode && node.Data == tag && !yield(node) {
				return
			}
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// says returns the words of an element, with single blanks.
func says(n *html.Node) string {
	var words strings.Builder
	for node := range n.Descendants() {
		if node.Type == html.TextNode {
			words.WriteString(node.Data)
		}
	}
	return strings.Join(strings.Fields(words.String()), " ")
}

// pageHeaders are those of every page.
var pageHeaders = map[string]string{
	"Content-Type":  "text/html; charset=utf-8",
	"Cache-Control": "no-store",
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
		"img-src 'self' data:; form-action 'self'; " +
		"frame-ancestors 'none'; base-uri 'none'",
	"Referrer-Policy":            "same-origin",
	"X-Frame-Options":            "DENY",
	"X-Content-Type-Options":     "nosniff",
	"Cross-Origin-Opener-Policy": "same-origin",
}

// check checks the rules that every page must meet.
func (b *browser) check() {
	b.Helper()
	p := b.page
	for name, want := range pageHeaders {
		if got := p.Header.Get(name); got != want {
			b.Fatalf("%s of %s: expected %q, got %q: %.300s", name, p.Request.URL, want, got, p.body)
		}
	}
	var err error
	if p.doc, err = html.Parse(strings.NewReader(p.body)); err != nil {
		b.Fatal(err)
	}
	balanced(b, p.body)
	headings, ids := 0, map[string]bool{}
	for n := range p.nodes() {
		if n.Type != html.ElementNode {
			continue
		}
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				b.Errorf("two elements are %s on %s", id, p.body)
			}
			ids[id] = true
		}
		switch n.Data {
		case "script":
			if src := attr(n, "src"); !strings.HasPrefix(src, "/static/") || says(n) != "" {
				b.Errorf("there is a script in %s", p.body)
			}
		case "style", "iframe", "object", "base", "meta" + "http-equiv":
			b.Errorf("there is a %s on %s", n.Data, p.body)
		case "h1":
			headings++
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "http-equiv" ||
				strings.Contains(a.Val, "ZgotmplZ") {
				b.Errorf("%s has %s=%q", n.Data, a.Key, a.Val)
			}
		}
	}
	if headings != 1 {
		b.Errorf("%d headings of the first level on %s", headings, p.body)
	}
	b.checkFields(ids)
	b.checkLanguage()
}

// checkFields checks that every input has a label, and that the elements that describe it exist.
func (b *browser) checkFields(ids map[string]bool) {
	b.Helper()
	labels, focused := map[string]bool{}, 0
	for label := range b.page.all("label") {
		labels[attr(label, "for")] = says(label) != ""
	}
	for input := range b.page.all("input") {
		if attr(input, "type") == "hidden" || attr(input, "type") == "search" && attr(input, "aria-label") != "" {
			continue
		}
		if !labels[attr(input, "id")] || attr(input, "autocomplete") == "" {
			b.Errorf("the input %v has no label, or says nothing of what a browser may fill in", input.Attr)
		}
		if hasAttr(input, "autofocus") {
			focused++
		}
		for _, id := range strings.Fields(attr(input, "aria-describedby")) {
			if !ids[id] {
				b.Errorf("nothing is %s, which describes %v", id, input.Attr)
			}
		}
		if attr(input, "type") == "password" && attr(input, "value") != "" {
			b.Errorf("a password is sent back on %s", b.page.body)
		}
	}
	if focused > 1 {
		b.Errorf("%d fields have the focus on %s", focused, b.page.body)
	}
}

var (
	latin = regexp.MustCompile(`[A-Za-z]`)
	han   = regexp.MustCompile(`\p{Han}|[，。：；（）]`)
)

// checkLanguage checks that a page has words of its language alone, except for text to copy and names that others
// chose.
func (b *browser) checkLanguage() {
	b.Helper()
	lang := ""
	for root := range b.page.all("html") {
		lang = attr(root, "lang")
	}
	foreign := map[string]*regexp.Regexp{"zh-CN": latin, "en": han}[lang]
	if foreign == nil || b.page.Header.Get("Content-Language") != lang[:2] {
		b.Fatalf("the page is in %q, and in %q by its header", lang, b.page.Header.Get("Content-Language"))
	}
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode &&
			(n.Data == "code" || n.Data == "bdi" || attr(n, "translate") == "no" || n.Data != "html" && attr(n, "lang") != "") {
			return
		}
		texts := []string{attr(n, "alt"), attr(n, "title"), attr(n, "placeholder"), attr(n, "aria-label")}
		if n.Type == html.TextNode {
			texts = append(texts, n.Data)
		}
		for _, s := range texts {
			if foreign.MatchString(s) && !b.isExotic {
				b.Errorf("%q on a page in %s", strings.TrimSpace(s), lang)
			}
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	walk(b.page.doc)
}

var void = []string{"meta", "link", "input", "img", "br"}

// balanced checks that every element is closed where it was opened.
func balanced(t testing.TB, body string) {
	t.Helper()
	if !strings.HasPrefix(body, "<!doctype html>\n") {
		t.Errorf("expected a page of HTML, got %.100s", body)
	}
	var open []string
	tokens := html.NewTokenizer(strings.NewReader(body))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("%v are not closed in %s", open, body)
			}
			return
		case html.StartTagToken:
			name, _ := tokens.TagName()
			if !slices.Contains(void, string(name)) {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := tokens.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				t.Fatalf("</%s> closes %v in %s", name, open, body)
			}
			open = open[:len(open)-1]
		}
	}
}
