package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/access"
)

// raw sends a request without a browser's checks and without following redirects.
func (x *office) raw(method, path, body string, head ...string) *http.Response {
	x.Helper()
	r, err := http.NewRequestWithContext(x.Context(), method, x.URL+path, strings.NewReader(body))
	if err != nil {
		x.Fatal(err)
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	answer, err := x.Client().Transport.RoundTrip(r)
	if err != nil {
		x.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer
}

var form = []string{"Content-Type", "application/x-www-form-urlencoded"}

// TestNextLeadsNowhereElse asks for the page for signing in with addresses that an attacker would use.
func TestNextLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	x := serve(t)
	x.add("li", access.Binding{Role: access.Finance}, given)
	b := newBrowser(t, "en", x.Client())
	for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/login",
		"javascript:alert(1)", "/me\r\nSet-Cookie: a=b", "%2f%2fevil.example"} {
		b.get(x.URL + "/login?next=" + url.QueryEscape(next))
		b.expect("/login", http.StatusOK, "Sign in")
		for f := range b.page.all("form") {
			if action := attr(f, "action"); strings.Contains(action, "next") || strings.Contains(action, "evil") {
				t.Errorf("%q: the form goes to %s", next, action)
			}
		}
	}
	b.get(x.URL + "/login?next=//evil.example")
	b.signIn("en", "li", given)
	if b.expect("/me", http.StatusOK, "Change your password"); b.page.Request.URL.RequestURI() != "/me" {
		t.Errorf("who signed in is at %s", b.page.Request.URL)
	}
	x.enter(b, "li")
	if b.get(x.URL + "/login?next=%2Fme%3Fx%3D1"); b.page.Request.URL.RequestURI() != "/me?x=1" {
		t.Errorf("who is signed in goes on to %s", b.page.Request.URL)
	}
}

// TestAFormOfAnotherSiteChangesNothing sends each form with the cookie of a session, as a browser does for another
// site on the same host. A test with a real browser shows that browsers do so.
func TestAFormOfAnotherSiteChangesNothing(t *testing.T) {
	t.Parallel()
	x := serve(t)
	x.add("li", access.Binding{Role: access.Finance}, "")
	b := newBrowser(t, "zh", x.Client())
	x.enter(b, "li")
	for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "http://localhost:1"}} {
		for path, fields := range map[string]string{
			"/login": "account=li&password=" + url.QueryEscape(given), "/logout": "", "/me/code": "code=123456",
			"/me/password": url.Values{"current": {given}, "new": {chosen}, "again": {chosen}}.Encode(),
			"/me/factor":   "", "/me/factor/confirm": "code=123456",
		} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, x.URL+path, strings.NewReader(fields))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", form[1])
			r.Header.Set(from[0], from[1])
			answer, err := b.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != http.StatusForbidden || len(answer.Cookies()) > 0 {
				t.Errorf("%v posts to %s: %d, %v", from, path, answer.StatusCode, answer.Cookies())
			}
		}
	}
	b.get(x.URL + "/me")
	b.expect("/me", http.StatusOK, "我的账号")
}

// TestFormsThatAreNoneAreRefused sends forms that no page of the server sends.
func TestFormsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	x := serve(t)
	x.add("li", access.Binding{Role: access.Finance}, "")
	long := "account=li&password=" + strings.Repeat("a", 9<<10)
	for name, c := range map[string]struct {
		body string
		head []string
		want int
	}{
		"another type": {`{"account":"li"}`, []string{"Content-Type", "application/json"}, http.StatusBadRequest},
		"no type":      {"account=li", nil, http.StatusBadRequest},
		"too long":     {long, form, http.StatusBadRequest},
		"bad escapes":  {"account=%zz", form, http.StatusBadRequest},
	} {
		if answer := x.raw(http.MethodPost, "/login", c.body, c.head...); answer.StatusCode != c.want ||
			len(answer.Cookies()) > 0 {
			t.Errorf("%s: expected %d, got %d", name, c.want, answer.StatusCode)
		}
	}
	for _, path := range []string{"/me/code", "/me/password", "/me/factor", "/me/factor/confirm"} {
		if answer := x.raw(http.MethodPost, path, "", form...); answer.StatusCode != http.StatusSeeOther ||
			!strings.HasPrefix(answer.Header.Get("Location"), "/login?next=%2Fme") {
			t.Errorf("%s without a session: %d to %s", path, answer.StatusCode, answer.Header.Get("Location"))
		}
		if answer := x.raw(http.MethodGet, path, ""); answer.StatusCode != http.StatusSeeOther ||
			answer.Header.Get("Location") != "/me" {
			t.Errorf("GET %s: %d to %s", path, answer.StatusCode, answer.Header.Get("Location"))
		}
	}
	for _, path := range []string{"/me/else", "/login/else", "/logout/else", "/static/else.css"} {
		if answer := x.raw(http.MethodGet, path, ""); answer.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, answer.StatusCode)
		}
	}
	if answer := x.raw(http.MethodPut, "/login", ""); answer.StatusCode != http.StatusNotFound {
		t.Errorf("PUT: %d", answer.StatusCode)
	}
}

// TestTheStylesheetMayBeKept asks for the stylesheet that a page names.
func TestTheStylesheetMayBeKept(t *testing.T) {
	t.Parallel()
	x := serve(t)
	b := newBrowser(t, "zh", x.Client())
	b.get(x.URL + "/login")
	for link := range b.page.all("link") {
		if attr(link, "rel") != "stylesheet" {
			continue
		}
		answer := x.raw(http.MethodGet, attr(link, "href"), "")
		h := answer.Header
		if answer.StatusCode != http.StatusOK || h.Get("Content-Type") != "text/css; charset=utf-8" ||
			h.Get("Cache-Control") != "public, max-age=31536000, immutable" ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%d %v", answer.StatusCode, h)
		}
		return
	}
	t.Error("the page has no stylesheet")
}

// TestHostileTextIsShownAsText uses names that contain markup, or characters that turn the direction of a line.
func TestHostileTextIsShownAsText(t *testing.T) {
	t.Parallel()
	x := serve(t)
	x.add("li", access.Binding{
		Role: access.IndustryDept, Departments: []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`,
			"{{.Account}}"}}, "")
	subject := `<b>'"&$(reboot)</b>`
	if _, err := x.owner.Link(t.Context(), "li",
		access.Identity{Issuer: "https://id.example/'<i>", Subject: subject}); err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, "zh", x.Client())
	b.get(x.URL + "/login?lang=%22%3E%3Cscript%3E&notice=%3Cb%3E&next=%2Fme%3F%22%3E%3Cscript%3E")
	b.signIn("zh", `"><script>alert(1)</script>`+"\u202e", "x")
	b.expect("/login", http.StatusUnprocessableEntity, "登录")
	x.enter(b, "li")
	b.get(x.URL + "/me?lang=%22%3E%3Cscript%3E&notice=%3Cb%3E&next=%2Fme%3F%22%3E%3Cscript%3E")
	b.expect("/me", http.StatusOK, "我的账号")
	b.shows("<script>alert(1)</script>", subject, "{{.Account}}")
	if strings.Contains(b.page.body, "<script>") || strings.Contains(b.page.body, "<img") {
		t.Error(b.page.body)
	}
}

// TestATokenHasNoPage checks that a token, which is for programs, opens no page.
func TestATokenHasNoPage(t *testing.T) {
	t.Parallel()
	x := serve(t)
	x.add("li", access.Binding{Role: access.Finance}, "")
	made, err := x.owner.AddToken(t.Context(), access.NewToken{Account: "li", Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if answer := x.raw(http.MethodGet, "/me", "", "Authorization",
		"Bearer "+made.Secret); answer.StatusCode != http.StatusSeeOther ||
		answer.Header.Get("Location") != "/login?next=%2Fme" {
		t.Errorf("%d to %s", answer.StatusCode, answer.Header.Get("Location"))
	}
}
