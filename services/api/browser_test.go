package api_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
)

// password is the password of every account in the tests, after the first one was changed.
const (
	password  = "correct horse battery"
	temporary = "temporary horse battery"
)

// browser keeps cookies and sends the headers of a page of the server, as a browser does.
type browser struct {
	client  *http.Client
	url     string
	cookies map[string]string
	head    []string // sent with each request, name and value in turn
}

// newBrowser returns a browser without cookies.
func newBrowser(s *httptest.Server) *browser {
	c := *s.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{client: &c, url: s.URL, cookies: map[string]string{}}
}

// copy returns a browser with the same cookies.
func (b *browser) copy() *browser {
	other := *b
	other.cookies = map[string]string{}
	for name, value := range b.cookies {
		other.cookies[name] = value
	}
	return &other
}

// do sends a request and takes the cookies of its answer.
func (b *browser) do(t testing.TB, method, path, body string, head ...string) reply {
	t.Helper()
	var sent []string
	for name, value := range b.cookies {
		sent = append(sent, name+"="+value)
	}
	all := append([]string{"Sec-Fetch-Site", "same-origin", "Content-Type", "application/json"}, b.head...)
	if len(sent) > 0 {
		all = append(all, "Cookie", strings.Join(sent, "; "))
	}
	r := send(t, b.client, b.url, method, path, body, append(all, head...)...)
	for _, c := range r.Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return r
}

func (b *browser) get(t testing.TB, path string, head ...string) reply {
	t.Helper()
	return b.do(t, http.MethodGet, path, "", head...)
}

// signIn signs in and returns the answer.
func (b *browser) signIn(t testing.TB, account, password string) reply {
	t.Helper()
	return b.do(t, http.MethodPost, "/v1/session", asJSON(t, api.SignIn{Account: account, Password: password}))
}

func asJSON(t testing.TB, value any) string {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// person adds an account with a password of its own, and returns a browser in which it has signed in.
func (x *served) person(t testing.TB, name string, b access.Binding) *browser {
	t.Helper()
	x.hire(t, name, b)
	at := newBrowser(x.Server)
	at.signIn(t, name, temporary).ok(t)
	at.do(t, http.MethodPost, "/v1/me/password",
		asJSON(t, api.ChangePassword{Current: temporary, New: password})).ok(t)
	return at
}

// hire adds an account with a temporary password.
func (x *served) hire(t testing.TB, name string, b access.Binding) {
	t.Helper()
	office := x.access.Desk(access.Local("root", "local"))
	if _, err := office.AddAccount(t.Context(), access.NewAccount{Account: name, Binding: b}); err != nil {
		t.Fatal(err)
	}
	if _, err := office.SetPassword(t.Context(), name, access.NewPassword{Password: temporary}); err != nil {
		t.Fatal(err)
	}
}

// overTLS serves the same over TLS, with HTTP/2.
func (x *served) overTLS(t testing.TB) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(x.api)
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}
