package signin_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/access/accesstest"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/oidc"
	"github.com/taizhang/taizhang/services/oidc/oidctest"
	"github.com/taizhang/taizhang/services/signin"
)

func TestMain(m *testing.M) {
	accesstest.CheapPasswords()
	os.Exit(m.Run())
}

// joined is a server with single sign-on at a real issuer.
type joined struct {
	*httptest.Server
	issuer *oidctest.Issuer
	access *access.Access
	later  atomic.Int64 // how far the clock of the server is ahead
}

func (x *joined) now() time.Time { return time.Now().Add(time.Duration(x.later.Load())) }

// join returns such a server without accounts.
func join(t *testing.T) *joined {
	t.Helper()
	store, err := logstore.Open(t.TempDir(), logstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	x := &joined{Server: httptest.NewUnstartedServer(nil)}
	if x.access, err = access.Open(t.Context(),
		access.AccountsConfig{Store: events.Store(store), Now: x.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.access.Close() })
	redirect := "http://" + x.Listener.Addr().String() + "/login/sso/callback"
	x.issuer = oidctest.Start(t, redirect)
	provider, err := oidc.New(oidc.ProviderConfig{Issuer: x.issuer.URL, ClientID: oidctest.Client,
		ClientSecret: oidctest.Secret, RedirectURL: redirect, Audience: oidctest.Programs, Now: x.now})
	if err != nil {
		t.Fatal(err)
	}
	x.Config.Handler = answers(signin.New(signin.GateConfig{Access: x.access, Provider: provider, Now: x.now}))
	x.Start()
	t.Cleanup(x.Close)
	return x
}

// answers returns a handler that answers like the pages and the API, in one word.
func answers(g *signin.Gate) http.Handler {
	say := func(w http.ResponseWriter, word string, err error) {
		var unlinked *signin.UnlinkedError
		switch {
		case errors.As(err, &unlinked):
			word = "unlinked " + unlinked.Identity.Subject
		case err != nil:
			word = err.Error()
		}
		_, _ = io.WriteString(w, word) // the client may be gone
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login/sso", func(w http.ResponseWriter, r *http.Request) {
		address, err := g.BeginSSO(w, r, r.URL.Query().Get("next"))
		say(w, address, err)
	})
	mux.HandleFunc("GET /login/sso/callback", func(w http.ResponseWriter, r *http.Request) {
		next, s, err := g.FinishSSO(w, r)
		if err == nil {
			next = s.Account + " to " + next
		}
		say(w, next, err)
	})
	mux.HandleFunc("GET /who", func(w http.ResponseWriter, r *http.Request) {
		p, err := g.Authenticate(r, "who")
		say(w, p.Account, err)
	})
	return mux
}

// link links an account to the identity that signs in at the issuer.
func (x *joined) link(t *testing.T, name string) {
	t.Helper()
	office := x.access.Desk(access.Local("root", "local"))
	if _, err := office.AddAccount(t.Context(),
		access.NewAccount{Account: name, Binding: access.Binding{Role: access.Finance}}); err != nil {
		t.Fatal(err)
	}
	if _, err := office.Link(t.Context(), name,
		access.Identity{Issuer: x.issuer.URL, Subject: oidctest.Subject}); err != nil {
		t.Fatal(err)
	}
}

// browser keeps cookies.
type browser map[string]*http.Cookie

// get asks a server for an address and returns the text of the answer.
func (b browser) get(t *testing.T, address string, head ...string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range answer.Cookies() {
		if b[c.Name] = c; c.MaxAge < 0 {
			delete(b, c.Name)
		}
	}
	return string(said)
}

const (
	notValid  = "this sign-in is not valid any more; sign in again"
	notPassed = "single sign-on was cancelled or did not succeed"
)

// TestSingleSignOn uses one issuer for all its tests, because it takes a while to start.
func TestSingleSignOn(t *testing.T) {
	x := join(t)
	begin := func(t *testing.T, b browser, next string) *url.URL {
		t.Helper()
		return x.issuer.SignIn(t, b.get(t, x.URL+"/login/sso?next="+url.QueryEscape(next)))
	}
	t.Run("a sign-in makes no account", func(t *testing.T) {
		b := browser{}
		if got := b.get(t, begin(t, b, "/").String()); got != "unlinked "+oidctest.Subject || len(b) != 0 {
			t.Errorf("got %q, and the cookies %v", got, b)
		}
	})
	x.link(t, "cai")
	t.Run("somebody signs in", func(t *testing.T) {
		for next, want := range map[string]string{
			"/v1/centers?limit=5": "/v1/centers?limit=5", "//evil.example": "/me", "/login/sso": "/me", "": "/me"} {
			b := browser{}
			back := begin(t, b, next)
			flow := b["tz-sso"]
			if len(b) != 1 || flow == nil || flow.MaxAge != 600 || !flow.HttpOnly ||
				flow.SameSite != http.SameSiteLaxMode || flow.Path != "/" {
				t.Fatalf("got the cookies %v", b)
			}
			if got := b.get(t, back.String()); got != "cai to "+want {
				t.Errorf("expected to go to %s, got %s", want, got)
			}
			if b["tz-sso"] != nil || b["tz"] == nil || b["tz-device"] == nil || b.get(t, x.URL+"/who") != "cai" {
				t.Errorf("got the cookies %v", b)
			}
			b["tz-sso"] = flow
			if got := b.get(t, back.String()); !strings.HasPrefix(got, notPassed) { // the code is good once
				t.Errorf("a return that is repeated: %s", got)
			}
		}
	})
	t.Run("a return belongs to the browser that began", func(t *testing.T) {
		b, other := browser{}, browser{}
		back, second := begin(t, b, "/me"), begin(t, other, "/me")
		exchanges := x.issuer.Exchanges.Load()
		for name, c := range map[string]struct {
			b       browser
			address string
		}{
			"without a flow, as somebody lures it": {browser{}, back.String()},
			"into another flow":                    {browser{"": other["tz-sso"]}, back.String()},
			"with the state of another": {
				browser{"": b["tz-sso"]}, swap(back, "state", second.Query().Get("state"))},
			"without a state": {browser{"": b["tz-sso"]}, swap(back, "state", "")},
			"with a flow under the name of TLS": {browser{"": {Name: "__Host-tz-sso", Value: b["tz-sso"].Value}},
				back.String()},
			"with a flow that was changed": {browser{"": {Name: "tz-sso", Value: spoiled(b["tz-sso"].Value)}},
				back.String()},
			"with a flow that was cut": {browser{"": {Name: "tz-sso", Value: b["tz-sso"].Value[:20]}},
				back.String()},
			"with a flow that is none": {browser{"": {Name: "tz-sso", Value: "x"}}, back.String()},
			"with another cookie as the flow": {browser{"": {Name: "tz-sso", Value: strings.Repeat("A", 43)}},
				back.String()},
		} {
			if got := c.b.get(t, c.address); got != notValid || len(c.b) > 1 {
				t.Errorf("%s: got %q, and the cookies %v", name, got, c.b)
			}
		}
		if n := x.issuer.Exchanges.Load(); n != exchanges {
			t.Errorf("the issuer was asked %d times", n-exchanges)
		}
		if got := b.get(t, swap(back, "code", second.Query().Get("code"))); !strings.HasPrefix(got, notPassed) {
			// which has another verifier
			t.Errorf("with the code of another: %s", got)
		}
	})
	t.Run("a planted cookie is not taken over", func(t *testing.T) {
		b := browser{"tz": {Name: "tz", Value: strings.Repeat("A", 43)}}
		if got := b.get(t, begin(t, b, "").String()); got != "cai to /me" || b["tz"].Value == strings.Repeat("A", 43) {
			t.Errorf("got %s", got)
		}
	})
	t.Run("a flow is another server's", func(t *testing.T) {
		b := browser{}
		back := begin(t, b, "/me")
		restarted := httptest.NewServer(
			answers(signin.New(signin.GateConfig{Access: x.access, Provider: new(oidc.Provider), Now: x.now})))
		defer restarted.Close()
		if got := b.get(t, restarted.URL+"/login/sso/callback?"+back.RawQuery); got != notValid {
			t.Errorf("got %s", got)
		}
	})
	t.Run("a program shows a JWT", func(t *testing.T) {
		jwt, _ := x.issuer.JWT(t)
		for _, c := range []struct{ shown, want string }{
			{jwt, "cai"}, {jwt[:len(jwt)-3] + "xyz", "no valid token was shown"},
			{"a.b.c", "no valid token was shown"}, {jwt + ".x", "no valid token was shown"},
		} {
			if got := (browser{}).get(t, x.URL+"/who", "Authorization", "Bearer "+c.shown); got != c.want {
				t.Errorf("%.20s…: expected %q, got %q", c.shown, c.want, got)
			}
		}
		if got := (browser{"": {Name: "tz", Value: jwt}}).get(t, x.URL+"/who"); got == "cai" {
			t.Error("a JWT is good as a cookie")
		}
	})
	t.Run("a disabled account is as one that is not linked", func(t *testing.T) {
		if _, err := x.access.Desk(access.Local("root", "local")).Disable(t.Context(), "cai"); err != nil {
			t.Fatal(err)
		}
		b := browser{}
		if got := b.get(t, begin(t, b, "/").String()); got != "unlinked "+oidctest.Subject || len(b) != 0 {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a flow is good for ten minutes", func(t *testing.T) {
		b := browser{}
		back := begin(t, b, "/me")
		x.later.Add(int64(10 * time.Minute))
		if got := b.get(t, back.String()); got != notValid {
			t.Errorf("got %s", got)
		}
	})
	t.Run("the access log has who was not confirmed", func(t *testing.T) {
		count := 0
		err := x.access.Desk(access.Local("root", "local")).Log(t.Context(), access.LogQuestion{Kind: access.LogLogin},
			func(e *access.LogEntry) error {
				if e.Object == "not confirmed by the issuer" && e.Outcome == "refused" && e.Source == "127.0.0.1" &&
					e.Account == "" {
					count += e.Count
				}
				return nil
			})
		if err != nil || count != 16 { // five codes that were used or of another, eleven returns of no sign-in
			t.Errorf("got %d, %v", count, err)
		}
	})
	t.Run("the issuer is down", func(t *testing.T) {
		b := browser{}
		back := begin(t, b, "/me")
		x.issuer.Stop()
		if got := b.get(t, back.String()); !strings.Contains(got, "does not answer as it should") {
			t.Errorf("got %s", got)
		}
	})
}

// swap returns an address with another value of a parameter.
func swap(address *url.URL, name, value string) string {
	changed := *address
	query := changed.Query()
	query.Set(name, value)
	changed.RawQuery = query.Encode()
	return changed.String()
}

// spoiled returns a value with another character in the middle.
func spoiled(value string) string {
	i := len(value) / 2
	return value[:i] + string('A'+(value[i]+1)%26) + value[i+1:]
}

func TestWithoutAProviderThereIsNoSingleSignOn(t *testing.T) {
	s := httptest.NewServer(answers(signin.New(signin.GateConfig{Now: time.Now})))
	defer s.Close()
	for _, path := range []string{"/login/sso", "/login/sso/callback?state=x&code=y"} {
		if got := (browser{}).get(t, s.URL+path); got != "this server has no single sign-on" {
			t.Errorf("%s: got %s", path, got)
		}
	}
}
