package signin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/signin"
)

func TestNextIsAPathOfThisServer(t *testing.T) {
	for _, good := range []string{"/me", "/me/factor", "/v1/centers?limit=10&cursor=a%2Fb", "/v1/centers/ZJ-0001",
		"/centers/", "/%E4%B8%AD%E5%BF%83", "/me?next=//evil.example",
		"/record/allocation.deferred?" + strings.Repeat("center=ZJ-0001&", 100)} {
		if got := signin.Next(good); got != good {
			t.Errorf("%q: expected it as it is, got %q", good, got)
		}
	}
	for _, bad := range []string{
		"", "/", "me", "//evil.example", "///evil.example", "////evil.example/", `/\evil.example`, `\\evil.example`,
		`\/evil.example`, "/\t/evil.example", "/\n/evil.example", "/\r\nLocation: https://evil.example",
		"\t//evil.example", " //evil.example", "/ /evil.example", "/\x00/evil.example", "/\x7f", "https:",
		"https://evil.example", "https:/evil.example", "https:evil.example", "HTTPS://evil.example",
		"http:///evil.example",
		"javascript:alert(1)", "data:text/html,x", "/%2f/evil.example", "/%2fevil.example", "/%2F%2Fevil.example",
		"/%5cevil.example", "/%5Cevil.example", "/%09/evil.example", "/%0d%0aSet-Cookie:%20tz=1", "/%00",
		"/%252f/evil.example",
		"/./", "/..", "/../evil", "/me/..//evil.example", "/.//evil.example", "/me//evil",
		"/me/%2e%2e/%2fevil.example", "/me/../login", "/%2e%2e/login", "/me#", "/me#//evil.example",
		"/@evil.example\\", "//user@evil.example", "/％2f",
		"/中心", "/login", "/login/", "/login?next=/me", "/login/sso", "/login/sso?next=/login/sso",
		"/login/sso/callback?code=1&state=2", "/LOGIN", "/%6cogin", "/login%2fsso", "/logout", "/logout/", "/%zz",
		"/" + strings.Repeat("a", 2000),
	} {
		if got := signin.Next(bad); got != "/me" {
			t.Errorf("%q: expected /me, got %q", bad, got)
		}
	}
}

// FuzzNext follows each redirect as a browser would, in three readings of the address, and checks that it stays on
// the server.
func FuzzNext(f *testing.F) {
	for _, seed := range []string{"/me", "//evil.example", `/\evil.example`, "/%2f/evil.example", "/me?x=//evil",
		"/a/../b", "/\t/evil", "/a:b@c", "/%2e%2e//x"} {
		f.Add(seed)
	}
	base, err := url.Parse("https://ledger.example/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		next := signin.Next(raw)
		if next != "/me" && next != raw {
			t.Fatalf("%q became %q", raw, next)
		}
		w := httptest.NewRecorder()
		http.Redirect(w, httptest.NewRequest(http.MethodPost, "https://ledger.example/login", nil), next,
			http.StatusSeeOther)
		location := w.Header().Get("Location")
		decoded, err := url.PathUnescape(location)
		if err != nil {
			decoded = location
		}
		for _, reading := range []string{location, strings.ReplaceAll(location, `\`, "/"),
			strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(strings.TrimSpace(location))} {
			to, err := base.Parse(reading)
			if err != nil || to.Host != base.Host || to.Scheme != base.Scheme || to.User != nil {
				t.Fatalf("%q leads to %v, %v", raw, to, err)
			}
			if to.Path == "/login" || strings.HasPrefix(to.Path, "/login/") {
				t.Fatalf("%q leads back to %v", raw, to)
			}
		}
		if path, _, _ := strings.Cut(decoded, "?"); strings.HasPrefix(path, "//") || strings.HasPrefix(path, `/\`) {
			t.Fatalf("%q, decoded, leads to %q", raw, decoded)
		}
	})
}
