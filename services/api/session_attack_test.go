package api_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/signin"
)

// TestAPlantedCookieIsNotTakenOver plants the cookies of an attacker's session, and of one that never existed, in
// a browser before its user signs in. After each step that gives the session more rights, the secrets known before
// must be useless.
func TestAPlantedCookieIsNotTakenOver(t *testing.T) {
	x := serve(t)
	attacker := x.person(t, "gong", access.Binding{Role: access.Center, Center: "ZJ-0001"})
	x.hire(t, "cai", access.Binding{Role: access.Finance})
	for i, planted := range []string{attacker.cookies["tz"], strings.Repeat("A", 43), "x"} {
		victim := newBrowser(x.Server)
		victim.cookies["tz"] = planted
		knows := newBrowser(x.Server)
		knows.cookies["tz"] = planted
		victim.signIn(t, "cai", temporary).ok(t)
		if victim.cookies["tz"] == planted {
			t.Fatalf("the secret is still %s", planted)
		}
		if r := knows.get(t, "/v1/me"); r.StatusCode == http.StatusOK {
			t.Errorf("the planted cookie is good: %s", r.body)
		}
		knows = victim.copy() // saw the secret before the password is changed
		victim.do(t, http.MethodPost, "/v1/me/password",
			asJSON(t, api.ChangePassword{Current: temporary, New: fmt.Sprint(password, i)})).ok(t)
		knows.get(t, "/v1/me").problem(t, 401, "unauthenticated")
		victim.get(t, "/v1/me").ok(t)
		if _, err := x.access.Desk(access.Local("root", "local")).SetPassword(t.Context(), "cai",
			access.NewPassword{Password: temporary}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestACookieOfAnotherHostCountsForNothing sends the cookie of a session under the names that another host of the
// domain, or somebody on the network, could set.
func TestACookieOfAnotherHostCountsForNothing(t *testing.T) {
	x := serve(t)
	plain := x.person(t, "cai", access.Binding{Role: access.Finance})
	secure := newBrowser(x.overTLS(t))
	secure.signIn(t, "cai", password).ok(t)
	secret := secure.cookies["__Host-tz"]
	secure.get(t, "/v1/me").ok(t)
	for _, c := range []struct {
		b      *browser
		host   string
		cookie string
		good   bool
	}{
		{secure, "", "__Host-tz=" + secret, true},
		{secure, "", "tz=" + secret, false},
		{secure, "", "__host-tz=" + secret, false},
		{secure, "", "__Secure-tz=" + secret, false},
		{secure, "", "\u2000__Host-tz=" + secret, false}, // a name that a browser does not see the prefix in
		{secure, "", "\u00a0__Host-tz=" + secret, false},
		{secure, "", "tz=" + plain.cookies["tz"], false},
		// the one that nobody else can set counts
		{secure, "", "tz=" + plain.cookies["tz"] + "; __Host-tz=" + secret, true},
		{secure, "", "__Host-tz=" + secret + "; __Host-tz=" + secret, false},
		{plain, "", "tz=" + plain.cookies["tz"], true},
		{plain, "", "__Host-tz=" + plain.cookies["tz"], false},
		// of two with one name, nobody knows whose which is
		{plain, "", "tz=" + plain.cookies["tz"] + "; tz=x", false},
		{plain, "", "tz=x; tz=" + plain.cookies["tz"], false},
		{plain, "", `tz="` + plain.cookies["tz"] + `"`, true},
		{plain, "", "tz=" + plain.cookies["tz"] + "x", false},
		{plain, "", "tz=" + strings.Repeat("A", 43), false},
		{plain, "", "tz=", false},
		{plain, "ledger.example", "tz=" + plain.cookies["tz"], false}, // behind a proxy that encrypts
		{plain, "ledger.example", "__Host-tz=" + plain.cookies["tz"], true},
	} {
		fresh := *c.b
		fresh.cookies = map[string]string{}
		r := fresh.doAs(t, c.host, http.MethodGet, "/v1/me", "", "Cookie", c.cookie)
		if c.good {
			r.ok(t)
		} else {
			r.problem(t, 401, "unauthenticated")
		}
	}
}

// crossSite are headers of requests that another site makes a browser send.
var crossSite = [][]string{
	{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
	{"Sec-Fetch-Site", "cross-site"},
	{"Sec-Fetch-Site", "same-site"},
	{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Origin", "null"},
	{"Sec-Fetch-Site", "", "Origin", "https://evil.example"},
	{"Sec-Fetch-Site", "", "Origin", "null"},
	{"Sec-Fetch-Site", "", "Origin", "http://127.0.0.1:1"}, // another port
	{"Sec-Fetch-Site", "", "Origin", "null", "Content-Type", "text/plain"},
	{"Sec-Fetch-Site", "cross-site", "Content-Type", "text/plain"}, // a form whose one field looks like JSON
	{"Sec-Fetch-Site", "cross-site", "Content-Type", "application/x-www-form-urlencoded"},
}

// TestNoOtherSiteActs sends each request that does more than read in the way another site would make a browser
// send it: to every route, to the pages, and to addresses and methods that do not exist.
func TestNoOtherSiteActs(t *testing.T) {
	x := small(t)
	b := x.person(t, "cai", access.Binding{Role: access.Finance})
	var reached atomic.Int64
	pages := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	b.url = x.withPages(t, pages).URL
	type target struct{ method, path string }
	targets := []target{{"POST", "/login"}, {"POST", "/logout"}, {"POST", "/me/password"}, {"POST", "/me/code"},
		{"POST", "/me/factor/confirm"}, {"POST", "/"}, {"POST", "/v1/me"}, {"PUT", "/v1/session"}, {"DELETE", "/me"},
		{"POST", "/nothing"}}
	for _, rt := range api.Routes() {
		if rt.Method != http.MethodGet {
			targets = append(targets, target{rt.Method, inPlace.Replace(rt.Path)})
		}
	}
	for i, to := range targets {
		head := crossSite[i%len(crossSite):]
		if i == 0 {
			head = crossSite
		}
		for _, head := range append(head[:min(3, len(head))], crossSite[0]) {
			if p := b.do(t, to.method, to.path, "{}", head...).problem(t, 403,
				"forbidden"); !strings.Contains(p.Text.En, "another site") {
				t.Errorf("%s %s %v: %s", to.method, to.path, head, p.Text.En)
			}
		}
	}
	for _, head := range crossSite {
		b.do(t, http.MethodPost, "/v1/session", asJSON(t, api.SignIn{Account: "cai", Password: password}),
			head...).problem(t, 403, "forbidden")
		b.do(t, http.MethodDelete, "/v1/session", "", head...).problem(t, 403, "forbidden")
	}
	if reached.Load() != 0 {
		t.Errorf("the pages got %d requests of another site", reached.Load())
	}
	b.get(t, "/v1/me", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate").ok(t) // somebody follows a link
	b.do(t, http.MethodPost, "/login", "").ok(t)
	if reached.Load() != 1 {
		t.Error("a request of the server's own pages is refused")
	}
}

// TestProgramsSayNothingOfAnOrigin checks that a program with a token may act, and a page of the server too,
// whatever headers the browser sends.
func TestProgramsSayNothingOfAnOrigin(t *testing.T) {
	x := serve(t)
	token := x.token(t, "shen", access.Binding{Role: access.Auditor})
	for i, head := range [][]string{nil, {"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"},
		{"Origin", x.URL}} {
		r := x.as(t, token, http.MethodPost, "/v1/tokens",
			fmt.Sprintf(`{"account":"","name":"n%d","days":1,"may":[]}`, i), head...)
		if r.StatusCode != http.StatusCreated {
			t.Errorf("%v: got %d %s", head, r.StatusCode, r.body)
		}
	}
	b := x.person(t, "cai", access.Binding{Role: access.Finance})
	b.do(t, http.MethodPost, "/v1/tokens", `{"name":"x"}`, "Content-Type", "text/plain").problem(t, 415,
		"unsupported-media-type")
}

// from returns a client that connects from an address of the machine.
func from(c *http.Client, address string) *http.Client {
	own := *c
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	own.Transport = &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}
	return &own
}

// requestIDs matches the part that differs between two answers to the same request.
var requestIDs = regexp.MustCompile(`"requestId":"[0-9a-f]{24}"`)

// face returns the parts of an answer that a stranger sees.
func (r reply) face() string {
	var head []string
	for name, values := range r.Header {
		if name != "Date" && name != "X-Request-Id" {
			head = append(head, name+": "+strings.Join(values, ", "))
		}
	}
	slices.Sort(head)
	return fmt.Sprint(r.StatusCode, head, requestIDs.ReplaceAllString(r.body, ""))
}

// TestNothingTellsWhichNamesThereAre compares the answers to failed sign-ins, until and after they are throttled.
func TestNothingTellsWhichNamesThereAre(t *testing.T) {
	x := serve(t)
	office := x.access.Desk(access.Local("root", "local"))
	x.hire(t, "there", access.Binding{Role: access.Finance})
	x.hire(t, "disabled", access.Binding{Role: access.Finance})
	if _, err := office.Disable(t.Context(), "disabled"); err != nil {
		t.Fatal(err)
	}
	x.token(t, "without", access.Binding{Role: access.Finance}) // a password
	x.hire(t, "unbound", access.Binding{})
	names := []string{"there", "nobody", "disabled", "without", "unbound", "no name at all\x00\u202e",
		strings.Repeat("x", 1000), ""}
	throttled := 0
	for i := range 12 {
		var first string
		for k, name := range names {
			b := newBrowser(x.Server)
			b.client = from(b.client, fmt.Sprintf("127.0.1.%d", k+1))
			r := b.signIn(t, name, fmt.Sprintf("not the password %d", i))
			if k == 0 {
				first = r.face()
			} else if got := r.face(); got != first {
				t.Errorf("attempt %d: of %.20q\n%s\nand of %q\n%s", i, name, got, names[0], first)
			}
			if len(b.cookies) != 0 {
				t.Errorf("%q gets the cookies %v", name, b.cookies)
			}
			switch r.StatusCode {
			case http.StatusUnauthorized:
			case http.StatusTooManyRequests:
				throttled++
				if after, err := strconv.Atoi(r.Header.Get("Retry-After")); err != nil || after < 1 || after > 15*60 {
					t.Errorf("got Retry-After %q", r.Header.Get("Retry-After"))
				}
			default:
				t.Errorf("%q: got %d %s", name, r.StatusCode, r.body)
			}
		}
	}
	if throttled != 2*len(names) {
		t.Errorf("expected two attempts of each name to be throttled, got %d in all", throttled)
	}
}

// TestAnAddressThatAProgramClaimsIsNotItsSource tries many names from one address that claims another source each
// time.
func TestAnAddressThatAProgramClaimsIsNotItsSource(t *testing.T) {
	x := serve(t)
	status := func(b *browser, i int) int {
		return b.do(t, http.MethodPost, "/v1/session",
			asJSON(t, api.SignIn{Account: fmt.Sprintf("name-%d", i), Password: "not the password"}),
			"X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i), "X-Real-IP", fmt.Sprintf("203.0.113.%d", i),
			"Forwarded", fmt.Sprintf("for=203.0.113.%d", i)).StatusCode
	}
	b := newBrowser(x.Server)
	for i := range 32 {
		if got, want := status(b, i), map[bool]int{true: 401, false: 429}[i < 30]; got != want {
			t.Fatalf("attempt %d: expected %d, got %d", i, want, got)
		}
	}
	cfg := x.api.ServerConfig
	cfg.Metrics = nil
	cfg.Gate = signin.New(signin.GateConfig{
		Access: x.access, Now: x.clock.now, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	cfg.Pages = nil
	behind := newBrowser(x.serveAPI(t, api.New(cfg)))
	for i := range 32 { // the same, if it is a proxy that says so
		if got := status(behind, i+50); got != 401 {
			t.Fatalf("behind a proxy, attempt %d: got %d", i, got)
		}
	}
}

// TestHeadersAndBodiesHaveLimits sends more than anybody needs.
func TestHeadersAndBodiesHaveLimits(t *testing.T) {
	x := serve(t)
	b := x.person(t, "cai", access.Binding{Role: access.Finance})
	long := strings.Repeat("x", 5000)
	for _, path := range []string{"/v1/session", "/v1/session/factor", "/v1/me/password", "/v1/me/factor/confirm"} {
		b.do(t, http.MethodPost, path, `{"code":"`+long+`"}`).problem(t, 413, "too-large")
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, x.URL+"/v1/session",
		io.MultiReader(strings.NewReader(`{"account":"`), strings.NewReader(long+long)))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := x.Client().Do(r) // without a length
	if err != nil {
		t.Fatal(err)
	}
	if _ = answer.Body.Close(); answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", answer.StatusCode)
	}
	for name, cookie := range map[string]string{
		"many":             strings.Repeat("a=b; ", 20_000) + "tz=" + b.cookies["tz"],
		"many of ours":     strings.Repeat("tz="+b.cookies["tz"]+"; ", 500),
		"a long one":       "tz=" + strings.Repeat("A", 100_000),
		"many tokens":      strings.Repeat("tz_=x; ", 5000),
		"one of no form":   "tz=\x01\x02",
		"nothing but dots": strings.Repeat(";", 50_000),
	} {
		fresh := newBrowser(x.Server)
		if got := fresh.get(t, "/v1/me", "Cookie", strings.Map(visible, cookie)).StatusCode; got != 401 {
			t.Errorf("%s: got %d", name, got)
		}
	}
	b.get(t, "/v1/me").ok(t)
	for _, body := range []string{`{}`, `{"account":"cai"}`, `{"account":null,"password":null}`, `[]`, `null`,
		`{"account":"cai","password":"x","password":"y"}`, `{"account":"cai","password":"x","role":"finance"}`,
		`{"account":{"$ne":""},"password":{"$ne":""}}`, "", "\x00"} {
		if r := newBrowser(x.Server).do(t, http.MethodPost, "/v1/session", body); r.StatusCode != 400 &&
			r.StatusCode != 401 && r.StatusCode != 429 {
			t.Errorf("%s: got %d %s", body, r.StatusCode, r.body)
		}
	}
}

func visible(r rune) rune {
	if r < ' ' {
		return -1
	}
	return r
}

// TestNoLineOfTheLogHasASecret signs in, wrongly and rightly, and searches the log for passwords, codes and
// secrets.
func TestNoLineOfTheLogHasASecret(t *testing.T) {
	x := small(t)
	core, lines := observer.New(zapcore.DebugLevel)
	cfg := x.api.ServerConfig
	cfg.Metrics, cfg.Gate, cfg.Log = nil, nil, zap.New(core)
	s := x.serveAPI(t, api.New(cfg))
	x.hire(t, "cai", access.Binding{Role: access.Finance})
	b := newBrowser(s)
	b.signIn(t, "cai", "typed wrong 123").problem(t, 401, "unauthenticated")
	b.signIn(t, "typed-as-name 456", temporary).problem(t, 401, "unauthenticated")
	b.signIn(t, "cai", temporary).ok(t)
	secrets := []string{"typed wrong", "typed-as-name", temporary, password, b.cookies["tz"], b.cookies["tz-device"]}
	b.do(t, http.MethodPost, "/v1/me/password", asJSON(t, api.ChangePassword{Current: temporary, New: password})).ok(t)
	secrets = append(secrets, b.cookies["tz"], b.cookies["tz-device"])
	b.do(t, http.MethodDelete, "/v1/session", "")
	if lines.Len() < 5 {
		t.Errorf("the log has only %d lines", lines.Len())
	}
	whole := fmt.Sprint(lines.All())
	err := x.access.Desk(access.Local("root", "local")).Log(t.Context(), access.LogQuestion{},
		func(e *access.LogEntry) error {
			whole += fmt.Sprintln(*e)
			return nil
		})
	if err != nil || !strings.Contains(whole, "cai") {
		t.Fatal(err, whole)
	}
	for _, secret := range secrets {
		if secret != "" && strings.Contains(whole, secret) {
			t.Errorf("a log has %q", secret)
		}
	}
	for _, line := range lines.FilterMessage("request").All() {
		if fields := line.ContextMap(); fields["route"] == "/v1/session" && fields["status"] == int64(200) &&
			fields["account"] != "cai" {
			t.Errorf("got the line %v", fields)
		}
	}
}

// TestAFloodOfSignInsLeavesTheOthersAlone lets strangers try names from many addresses at once, while one user
// works in a session and another signs in from a known browser.
func TestAFloodOfSignInsLeavesTheOthersAlone(t *testing.T) {
	x := several(t, 3)
	b := x.person(t, "cai", access.Binding{Role: access.Finance})
	known := b.copy()
	var flood sync.WaitGroup
	var seen [600]atomic.Int64
	for w := range 8 {
		stranger := newBrowser(x.Server)
		stranger.client = from(stranger.client, fmt.Sprintf("127.0.2.%d", w/2+1))
		flood.Go(func() {
			for i := range 40 {
				name := "cai"
				if i%2 == 1 {
					name = fmt.Sprintf("name-%d-%d", w, i)
				}
				r := stranger.signIn(t, name, "not the password")
				seen[r.StatusCode].Add(1)
				if busy := r.StatusCode == 429 || r.StatusCode == 503; busy == (r.Header.Get("Retry-After") == "") {
					t.Errorf("%d with Retry-After %q", r.StatusCode, r.Header.Get("Retry-After"))
				}
			}
		})
	}
	for range 20 {
		b.get(t, "/v1/me").ok(t)
		b.get(t, "/v1/centers").ok(t)
	}
	flood.Wait()
	if seen[401].Load() == 0 || seen[429].Load() == 0 || seen[401].Load()+seen[429].Load()+seen[503].Load() != 8*40 {
		t.Errorf("got %d of 401, %d of 429, %d of 503", seen[401].Load(), seen[429].Load(), seen[503].Load())
	}
	delete(known.cookies, "tz")
	known.signIn(t, "cai", password).ok(t)
	fresh := newBrowser(x.Server)
	fresh.client = from(fresh.client, "127.0.3.1")
	if r := fresh.signIn(t, "cai", password); r.StatusCode != 429 {
		t.Errorf("a browser that is not known is answered %d", r.StatusCode)
	}
}
