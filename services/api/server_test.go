package api_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	x := small(t)
	r := x.get(t, "/v1/centers/ZJ-0001").ok(t)
	for name, want := range map[string]string{"Ledger-Position": "6", "Ledger-As-Of": "2026-11-01",
		"Taizhang-Build": "v1", "Cache-Control": "private, no-cache",
		"Vary": "Accept, Accept-Encoding, Accept-Language, Authorization, Cookie", "Content-Type": "application/json",
		"ETag": `"r5"`} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("expected %s: %s, got %q", name, want, got)
		}
	}
	if r.Header.Get("X-Request-Id") == "" {
		t.Error("there is no X-Request-Id")
	}
}

func TestErrorsAreProblems(t *testing.T) {
	x := small(t)
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		method, path string
		head         []string
		status       int
		slug, param  string
	}{
		{"GET", "/nothing", nil, 404, "not-found", ""},
		{"GET", "/v1//centers/ZJ-0001", nil, 404, "not-found", ""},
		{"GET", "/v1/../v1/centers/ZJ-0001", nil, 404, "not-found", ""},
		{"POST", "/v1/centers/ZJ-0001", nil, 405, "method-not-allowed", ""},
		{"GET", "/v1/centers/ZJ-0009", nil, 404, "not-found", ""},
		{"GET", "/v1/centers/" + long, nil, 404, "not-found", ""},
		{"GET", "/v1/centers/ZJ-0001?asof=2026-01-01", nil, 400, "bad-request", "asof"},
		{"GET", "/v1/centers/ZJ-0001?asOf=2026-01-01&asOf=2026-01-01", nil, 400, "bad-request", "asOf"},
		{"GET", "/v1/centers/ZJ-0001?asOf=2026-13-01", nil, 400, "bad-request", "asOf"},
		{"GET", "/v1/centers/ZJ-0001?asOf=" + long, nil, 400, "bad-request", "asOf"},
		{"GET", "/v1/centers/ZJ-0001?knownAt=7", nil, 400, "bad-request", "knownAt"},
		{"GET", "/v1/centers/ZJ-0001?%zz", nil, 400, "bad-request", ""},
		{"GET", "/v1/centers/ZJ-0001?asOf=%ff", nil, 400, "bad-request", "asOf"},
		{"GET", "/v1/centers/ZJ-0001?" + long + "=1", nil, 400, "bad-request", long[:99] + "…"},
		{"GET", "/v1/centers/ZJ-0001", []string{"Accept", "image/png"}, 406, "not-acceptable", ""},
	} {
		p := x.ask(t, c.method, c.path, "", c.head...).problem(t, c.status, c.slug)
		if p.Param != c.param {
			t.Errorf("%s: expected the parameter %q, got %q", c.path, c.param, p.Param)
		}
		if strings.Contains(p.Detail, long) {
			t.Errorf("%s: the whole value is repeated", c.path)
		}
	}
	if allow := x.ask(t, "POST", "/v1/centers/ZJ-0001", "").Header.Get("Allow"); allow != "GET, HEAD" {
		t.Errorf("expected GET, HEAD to be allowed, got %q", allow)
	}
}

func TestATokenIsNeeded(t *testing.T) {
	x := small(t)
	for _, head := range [][]string{nil, {"Authorization", "Bearer tz_none"}, {"Authorization", "Basic eDp5"}} {
		r := send(t, x.Client(), x.URL, http.MethodGet, "/v1/centers/ZJ-0001?wrong=1", "", head...)
		r.problem(t, 401, "unauthenticated")
		if !strings.HasPrefix(r.Header.Get("WWW-Authenticate"), "Bearer") || r.Header.Get("Ledger-Position") != "" {
			t.Errorf("got %v", r.Header)
		}
	}
}

func TestTheLanguageOfAProblemIsChosen(t *testing.T) {
	x := small(t)
	for _, c := range []struct{ path, accept, want string }{
		{"/nothing", "", "there is nothing at this address"},
		{"/nothing", "zh-CN,zh;q=0.9,en;q=0.8", "没有这个地址"},
		{"/nothing?lang=zh", "en", "没有这个地址"},
		{"/nothing", "en-US", "there is nothing at this address"},
		{"/nothing", "fr", "there is nothing at this address"},
	} {
		if p := x.get(t, c.path, "Accept-Language", c.accept).problem(t, 404, "not-found"); p.Detail != c.want {
			t.Errorf("%s, %q: expected %q, got %q", c.path, c.accept, c.want, p.Detail)
		}
	}
}

func TestHeadHasTheHeadersOfGet(t *testing.T) {
	x := small(t)
	r := x.ask(t, http.MethodHead, "/v1/centers/ZJ-0001", "")
	if r.StatusCode != 200 || r.body != "" || r.Header.Get("Ledger-Position") != "6" ||
		r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %d %v", r.StatusCode, r.Header)
	}
}
