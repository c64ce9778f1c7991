package api_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
)

func TestASessionIsWhoSignedIn(t *testing.T) {
	x := small(t)
	x.hire(t, "cai", access.Binding{Role: access.Finance})
	b := newBrowser(x.Server)
	first := b.signIn(t, "cai", temporary)
	if s := into[access.Session](t, first); s.Account != "cai" ||
		!slices.Equal(s.Needs, []string{access.NeedPassword}) || first.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %+v, %v", s, first.Header)
	}
	p := b.get(t, "/v1/centers").problem(t, 403, "more-proof")
	if !slices.Equal(p.Needs, []string{access.NeedPassword}) {
		t.Errorf("got the needs %v", p.Needs)
	}
	changed := b.do(t, http.MethodPost, "/v1/me/password",
		asJSON(t, api.ChangePassword{Current: temporary, New: password}))
	if s := into[access.Session](t, changed); len(s.Needs) != 0 || changed.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %+v, %v", s, changed.Header)
	}
	b.get(t, "/v1/centers").ok(t)
	me := into[access.Me](t, b.get(t, "/v1/me"))
	if me.Account != "cai" || me.Session == nil || me.Session.Account != "cai" || me.Token != "" {
		t.Errorf("got %+v", me)
	}
	ended := b.do(t, http.MethodDelete, "/v1/session", "")
	if ended.StatusCode != http.StatusNoContent || len(b.cookies) != 1 || b.cookies["tz-device"] == "" {
		t.Errorf("got %d, and the cookies %v", ended.StatusCode, b.cookies)
	}
	b.get(t, "/v1/me").problem(t, 401, "unauthenticated")
	b.signIn(t, "cai", password).ok(t)
	b.get(t, "/v1/me").ok(t)
}

// TestTheCookiesOfASession compares the cookies with the rules of RFC 6265bis.
func TestTheCookiesOfASession(t *testing.T) {
	x := serve(t)
	x.hire(t, "cai", access.Binding{Role: access.Finance})
	for name, c := range map[string]struct {
		b          *browser
		host       string
		prefix     string
		attributes []string
	}{
		"on the machine": {
			newBrowser(x.Server), "", "", []string{"Path=/", "HttpOnly", "SameSite=Lax"}},
		"by its name on the machine": {
			newBrowser(x.Server), "localhost", "", []string{"Path=/", "HttpOnly", "SameSite=Lax"}},
		"over TLS": {
			newBrowser(x.overTLS(t)), "", "__Host-", []string{"Path=/", "HttpOnly", "Secure", "SameSite=Lax"}},
		"behind a proxy that keeps the name": {newBrowser(x.Server), "ledger.example", "__Host-",
			[]string{"Path=/", "HttpOnly", "Secure", "SameSite=Lax"}},
	} {
		r := c.b.doAs(t, c.host, http.MethodPost, "/v1/session",
			asJSON(t, api.SignIn{Account: "cai", Password: temporary})).ok(t)
		var names []string
		for _, line := range r.Header.Values("Set-Cookie") {
			parts := strings.Split(line, "; ")
			cookie, _, _ := strings.Cut(parts[0], "=")
			names = append(names, cookie)
			attributes := slices.DeleteFunc(parts[1:], func(a string) bool { return strings.HasPrefix(a, "Max-Age=") })
			if !slices.Equal(attributes, c.attributes) {
				t.Errorf("%s: expected the attributes %v, got %q", name, c.attributes, line)
			}
			if isSession := cookie == c.prefix+"tz"; isSession == strings.Contains(line, "Max-Age") {
				t.Errorf("%s: %q", name, line)
			}
		}
		if !slices.Contains(names, c.prefix+"tz") ||
			slices.ContainsFunc(names, func(n string) bool { return !strings.HasPrefix(n, c.prefix+"tz") }) {
			t.Errorf("%s: got the cookies %v", name, names)
		}
	}
}

// doAs does the same as do under another name of the server.
func (b *browser) doAs(t testing.TB, host, method, path, body string, head ...string) reply {
	t.Helper()
	if host == "" {
		return b.do(t, method, path, body, head...)
	}
	other := *b
	other.client = &http.Client{Transport: renamed{host, b.client.Transport}, CheckRedirect: b.client.CheckRedirect}
	return other.do(t, method, path, body, head...)
}

// renamed sends requests under another name of the host.
type renamed struct {
	host string
	http.RoundTripper
}

func (n renamed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host = n.host
	return n.RoundTripper.RoundTrip(r)
}

// TestEveryRouteRefusesASessionThatNeedsSomething walks the table of routes.
func TestEveryRouteRefusesASessionThatNeedsSomething(t *testing.T) {
	x := small(t)
	x.hire(t, "cai", access.Binding{Role: access.Finance})
	b := newBrowser(x.Server)
	b.signIn(t, "cai", temporary).ok(t)
	x.hire(t, "an", access.Binding{Role: access.SecAdmin})
	admin := newBrowser(x.Server)
	admin.signIn(t, "an", temporary).ok(t)
	admin.do(t, http.MethodPost, "/v1/me/password",
		asJSON(t, api.ChangePassword{Current: temporary, New: password})).ok(t)
	x.needs(t, b, access.NeedPassword, "changePassword")
	x.needs(t, admin, access.NeedFactor, "beginFactor", "confirmFactor")
}

// needs checks that a session that needs something may only see its account, fill the need, and end.
func (x *served) needs(t *testing.T, b *browser, need string, fill ...string) {
	t.Helper()
	for _, rt := range api.Routes() {
		if rt.Open || rt.Name == "me" || rt.Name == "signOut" {
			continue
		}
		r := b.do(t, rt.Method, inPlace.Replace(rt.Path), "{}")
		if slices.Contains(fill, rt.Name) {
			if r.StatusCode == http.StatusForbidden || r.StatusCode == http.StatusUnauthorized {
				t.Errorf("%s: %s is what is needed, and is answered %d %s", need, rt.Name, r.StatusCode, r.body)
			}
			continue
		}
		if p := r.problem(t, 403, "more-proof"); len(p.Needs) == 0 || p.Needs[0] != need {
			t.Errorf("%s: %s needs %v", need, rt.Name, p.Needs)
		}
	}
	b.get(t, "/v1/me").ok(t)
	if r := b.do(t, http.MethodDelete, "/v1/session", ""); r.StatusCode != http.StatusNoContent {
		t.Errorf("%s: signing out is answered %d %s", need, r.StatusCode, r.body)
	}
}

// code returns the code that an app shows for a secret now.
func (x *served) code(t testing.TB, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, x.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestWhatTakesACodeTakesAFreshOne lets an administrator enrol, act, wait, and show a code. A cookie seen before a
// step must be useless after it.
func TestWhatTakesACodeTakesAFreshOne(t *testing.T) {
	x := serve(t)
	b := x.person(t, "an", access.Binding{Role: access.SecAdmin})
	add := func(who *browser) reply {
		return who.do(t, http.MethodPost, "/v1/tokens", `{"account":"","name":"n","days":1,"may":["accounts"]}`)
	}
	add(b).problem(t, 403, "more-proof")
	before := b.copy()
	begun := b.do(t, http.MethodPost, "/v1/me/factor", "")
	f := into[access.NewFactor](t, begun)
	confirmed := b.do(t, http.MethodPost, "/v1/me/factor/confirm", asJSON(t, api.ShowCode{Code: x.code(t, f.Secret)}))
	if c := into[api.FactorConfirmed](t, confirmed); len(c.RecoveryCodes) != 10 || len(c.Session.Needs) != 0 ||
		c.Session.FactorAt == "" {
		t.Errorf("got %+v", c)
	}
	if begun.Header.Get("Cache-Control") != "no-store" || confirmed.Header.Get("Cache-Control") != "no-store" {
		t.Error("an answer with a secret may be stored")
	}
	before.get(t, "/v1/me").problem(t, 401, "unauthenticated")
	if r := add(b); r.StatusCode != http.StatusCreated {
		t.Errorf("got %d %s", r.StatusCode, r.body)
	}
	x.clock.move(11 * time.Minute)
	if p := add(b).problem(t, 403, "more-proof"); !slices.Equal(p.Needs, []string{access.NeedCode}) {
		t.Errorf("got the needs %v", p.Needs)
	}
	before = b.copy()
	b.do(t, http.MethodPost, "/v1/session/factor", asJSON(t, api.ShowCode{Code: "000000"})).problem(t, 400,
		"bad-request")
	shown := api.ShowCode{Code: x.code(t, f.Secret)}
	b.do(t, http.MethodPost, "/v1/session/factor", asJSON(t, shown)).ok(t)
	before.get(t, "/v1/me").problem(t, 401, "unauthenticated")
	if r := add(b); r.StatusCode != http.StatusCreated {
		t.Errorf("got %d %s", r.StatusCode, r.body)
	}
	// a code counts once
	b.do(t, http.MethodPost, "/v1/session/factor", asJSON(t, shown)).problem(t, 400, "bad-request")

	other := newBrowser(x.Server)
	if s := into[access.Session](t, other.signIn(t, "an", password)); !slices.Equal(s.Needs,
		[]string{access.NeedCode}) {
		t.Errorf("got the needs %v", s.Needs)
	}
	x.needs(t, other, access.NeedCode, "showCode") // which signs out at the end
	metrics := asked(x.api.Admin(), http.MethodGet, "/metrics", false).Body.String()
	for _, line := range []string{`taizhang_sign_ins_total{how="code",outcome="refused"} 3`,
		`taizhang_sign_ins_total{how="code",outcome="accepted"} 1`,
		`taizhang_sign_ins_total{how="password",outcome="accepted"} 2`, `taizhang_sessions 1`} {
		if !strings.Contains(metrics, "\n"+line+"\n") {
			t.Errorf("the metrics do not say %s", line)
		}
	}
}

// inPlace replaces the parameters of a path by values.
var inPlace = strings.NewReplacer("{id}", "ZJ-0001", "{name}", "cai", "{record}", "r", "{code}", "AL-EXE-01", "{key}",
	"-", "{raisedOn}", "2026-01-01", "{version}", "2", "{user}", "u", "{slug}", "not-found")

// TestATokenIsNoSession checks that a token cannot end or change a session.
func TestATokenIsNoSession(t *testing.T) {
	x := serve(t)
	head := []string{"Authorization", "Bearer " + x.token(t, "cai", access.Binding{Role: access.Finance}),
		"Content-Type", "application/json"}
	for _, c := range [][2]string{{"DELETE", "/v1/session"}, {"POST", "/v1/session/factor"},
		{"POST", "/v1/me/password"}, {"POST", "/v1/me/factor"}, {"POST", "/v1/me/factor/confirm"}} {
		send(t, x.Client(), x.URL, c[0], c[1], "{}", head...).problem(t, 409, "conflict")
		x.ask(t, c[0], c[1], "{}").problem(t, 409, "conflict") // the owner has none either
	}
}

// TestWhatIsShownInTheHeaderGoesBeforeTheCookie checks that a header takes precedence over a cookie.
func TestWhatIsShownInTheHeaderGoesBeforeTheCookie(t *testing.T) {
	x := serve(t)
	b := x.person(t, "cai", access.Binding{Role: access.Finance})
	token := x.token(t, "shen", access.Binding{Role: access.Auditor})
	for _, c := range []struct {
		head []string
		want string // the account; "" for nobody
	}{
		{nil, "cai"},
		{[]string{"Authorization", "Bearer " + token}, "shen"},
		{[]string{"Authorization", "bearer  " + token}, "shen"},
		{[]string{"Authorization", "Bearer tz_none"}, ""},
		{[]string{"Authorization", "Bearer a.b.c"}, ""},
		{[]string{"Authorization", "Bearer "}, ""},
		{[]string{"Authorization", "Bearer " + b.cookies["tz"]}, ""},
		{[]string{"Authorization", "Basic eDp5"}, "cai"}, // is for a proxy before the server
	} {
		r := b.get(t, "/v1/me", c.head...)
		if c.want == "" {
			r.problem(t, 401, "unauthenticated")
		} else if me := into[access.Me](t, r); me.Account != c.want {
			t.Errorf("%v: expected %s, got %s", c.head, c.want, me.Account)
		}
	}
	r := newBrowser(x.Server).get(t, "/v1/me", "Cookie", "tz="+token)
	r.problem(t, 401, "unauthenticated")
}

// TestWhatIsKeptIsBoundToTheScopeAlone checks that a cursor and an ETag work for every principal with the same
// scope, however he signs in.
func TestWhatIsKeptIsBoundToTheScopeAlone(t *testing.T) {
	x := several(t, 3)
	b := x.person(t, "cai", access.Binding{Role: access.Finance})
	token := []string{"Authorization", "Bearer " + x.token(t, "shen", access.Binding{Role: access.Auditor})}
	byToken := send(t, x.Client(), x.URL, http.MethodGet, "/v1/centers?limit=2", "", token...).ok(t)
	bySession := b.get(t, "/v1/centers?limit=2").ok(t)
	if byToken.body != bySession.body || byToken.Header.Get("ETag") != bySession.Header.Get("ETag") {
		t.Errorf("got %s %v\nand %s %v", byToken.body, byToken.Header, bySession.body, bySession.Header)
	}
	if r := b.get(t, "/v1/centers?limit=2", "If-None-Match",
		byToken.Header.Get("ETag")); r.StatusCode != http.StatusNotModified {
		t.Errorf("got %d", r.StatusCode)
	}
	next := into[struct {
		Next string `json:"next"`
	}](t, byToken).Next
	b.get(t, "/v1/centers?cursor="+next).ok(t)
	one := x.person(t, "zhongxin", access.Binding{Role: access.Center, Center: "ZJ-0001"})
	one.get(t, "/v1/centers?cursor="+next).problem(t, 400, "bad-request")
	if r := one.get(t, "/v1/centers?limit=2", "If-None-Match", byToken.Header.Get("ETag")).ok(t); strings.Contains(
		r.body, "ZJ-0002") {
		t.Errorf("got %s", r.body)
	}
}

// TestAnIdleSessionEnds checks that a stream does not count as a use of a session, neither open nor opened again.
func TestAnIdleSessionEnds(t *testing.T) {
	defer api.PaceStreams(20*time.Millisecond, 10_000)()
	x := small(t)
	b := x.person(t, "cai", access.Binding{Role: access.Finance})
	x.clock.move(29 * time.Minute)
	b.get(t, "/v1/me").ok(t) // is use
	stream := follow(t, b.client, b.url+"/v1/stream", whole, "Cookie", "tz="+b.cookies["tz"])
	x.clock.move(29 * time.Minute)
	again := follow(t, b.client, b.url+"/v1/stream", whole, "Cookie", "tz="+b.cookies["tz"]) // is none
	x.clock.move(2 * time.Minute)
	stream.expect(t, "bye")
	again.expect(t, "bye")
	b.get(t, "/v1/me").problem(t, 401, "unauthenticated")
}

func TestASessionEndsAtTheLatestAfterTwelveHours(t *testing.T) {
	x := small(t)
	b := x.person(t, "cai", access.Binding{Role: access.Finance})
	for range 12 * 3 {
		b.get(t, "/v1/me").ok(t)
		x.clock.move(20 * time.Minute)
	}
	b.get(t, "/v1/me").problem(t, 401, "unauthenticated")
}

// TestAStreamEndsWithItsSession opens streams and downloads, and ends the session in each possible way.
func TestAStreamEndsWithItsSession(t *testing.T) {
	defer api.PaceStreams(20*time.Millisecond, 10_000)()
	x := small(t)
	office := x.access.Desk(access.Local("root", "local"))
	for name, end := range map[string]func(b *browser, account string) error{
		"signing out": func(b *browser, _ string) error {
			if r := b.do(t, http.MethodDelete, "/v1/session", ""); r.StatusCode != http.StatusNoContent {
				t.Errorf("got %d", r.StatusCode)
			}
			return nil
		},
		"disabling": func(_ *browser, account string) error {
			_, err := office.Disable(t.Context(), account)
			return err
		},
		"another role": func(_ *browser, account string) error {
			_, err := office.Bind(t.Context(), account, access.Binding{Role: access.Auditor})
			return err
		},
		"a password set": func(_ *browser, account string) error {
			_, err := office.SetPassword(t.Context(), account, access.NewPassword{Password: temporary + "2"})
			return err
		},
		"a password changed": func(b *browser, _ string) error {
			b.copy().do(t, http.MethodPost, "/v1/me/password",
				asJSON(t, api.ChangePassword{Current: password, New: password + "2"})).ok(t)
			return nil
		},
		"a restore": func(*browser, string) error {
			return x.access.Restored(t.Context(), access.Local("root", "local"))
		},
	} {
		account := strings.ReplaceAll(name, " ", "-")
		b := x.person(t, account, access.Binding{Role: access.Finance})
		stream := follow(t, b.client, b.url+"/v1/stream", whole, "Cookie", "tz="+b.cookies["tz"])
		stale := b.copy()
		if err := end(b, account); err != nil {
			t.Fatal(err)
		}
		if m := stream.expect(t, "bye"); m.event != "bye" {
			t.Errorf("%s: got %+v", name, m)
		}
		stale.get(t, "/v1/me").problem(t, 401, "unauthenticated")
	}
}

// TestASecondSignInEndsTheFirst checks that a browser leaves no session behind.
func TestASecondSignInEndsTheFirst(t *testing.T) {
	x := serve(t)
	b := x.person(t, "cai", access.Binding{Role: access.Finance})
	before := b.copy()
	b.signIn(t, "cai", password).ok(t)
	before.get(t, "/v1/me").problem(t, 401, "unauthenticated")
	b.get(t, "/v1/me").ok(t)
}

// withPages serves the same with pages of a browser.
func (x *served) withPages(t testing.TB, pages http.Handler) *httptest.Server {
	t.Helper()
	cfg := x.api.ServerConfig
	cfg.Pages, cfg.Metrics = pages, nil
	return x.serveAPI(t, api.New(cfg))
}

// serveAPI serves another API over the same ledger.
func (x *served) serveAPI(t testing.TB, s *api.Server) *httptest.Server {
	t.Helper()
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	t.Cleanup(s.Stop)
	return listening
}
