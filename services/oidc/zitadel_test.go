package oidc_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/oidc"
	"github.com/taizhang/taizhang/services/oidc/oidctest"
)

const redirect = "http://127.0.0.1:9/login/sso/callback" // nobody is there: the test is the browser

func provider(t testing.TB, cfg oidc.ProviderConfig) *oidc.Provider {
	t.Helper()
	p, err := oidc.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func begin(t *testing.T, p *oidc.Provider) (*oidc.SignInAttempt, string) {
	t.Helper()
	attempt, address, err := p.Begin(t.Context())
	if err != nil {
		t.Fatal(err, why(err))
	}
	return attempt, address
}

// why returns the cause of an error.
func why(err error) string {
	var r oidc.Cause
	errors.As(err, &r)
	return string(r)
}

// words are the only messages that users see.
var words = map[text.ErrorCode]string{
	text.Unauthenticated: "single sign-on was cancelled or did not succeed: start again at the sign-in page; if " +
		"that does not help, tell an administrator: the reason is in the log of the service",
	text.Unavailable: "the issuer of single sign-on does not answer as it should: try again later",
}

// mustFail checks that an error has a code, the words of this code, and a cause that contains reason.
func mustFail(t *testing.T, err error, code text.ErrorCode, reason string) {
	t.Helper()
	if text.CodeOf(err) != code || err == nil || err.Error() != words[code] || !strings.Contains(why(err), reason) {
		t.Errorf("expected %s because of %q, got %v because of %q", code, reason, err, why(err))
	}
	mustBeForTheLog(t, err)
}

// TestARealIssuer uses one issuer for all its tests, because it takes a while to start. The last test stops it.
func TestARealIssuer(t *testing.T) {
	issuer, clock := oidctest.Start(t, redirect), newClock()
	cfg := oidc.ProviderConfig{Issuer: issuer.URL, ClientID: oidctest.Client, ClientSecret: oidctest.Secret,
		RedirectURL: redirect, Audience: oidctest.Programs, Now: clock.Now}
	for _, test := range []struct {
		name string
		run  func(*testing.T, *oidctest.Issuer, *oidc.Provider)
	}{
		{"somebody signs in", signsIn},
		{"a sign-in that was tampered with", tamperedWith},
		{"a code counts once", codeCountsOnce},
		{"the issuer refuses somebody", issuerRefuses},
		{"a token of the client is none for programs", notForPrograms},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, issuer, provider(t, cfg)) })
	}
	t.Run("the keys are rotated", func(t *testing.T) { keysRotated(t, issuer, provider(t, cfg), clock) })
	t.Run("the issuer is down", func(t *testing.T) { issuerDown(t, issuer, provider(t, cfg), provider(t, cfg)) })
}

func signsIn(t *testing.T, issuer *oidctest.Issuer, p *oidc.Provider) {
	want := oidc.Identity{Issuer: issuer.URL, Subject: oidctest.Subject}
	for range 2 {
		attempt, address := begin(t, p)
		got, err := p.Finish(t.Context(), attempt, issuer.SignIn(t, address).Query())
		if err != nil || got != want {
			t.Fatalf("expected %v, got %v: %v %s", want, got, err, why(err))
		}
	}
	access, id := issuer.JWT(t)
	for _, jwt := range []string{access, id} {
		got, until, err := p.Verify(t.Context(), jwt)
		if err != nil || got != want || until.Before(time.Now()) || until.After(time.Now().Add(24*time.Hour)) {
			t.Errorf("expected %v, got %v until %v: %v %s", want, got, until, err, why(err))
		}
	}
}

func tamperedWith(t *testing.T, issuer *oidctest.Issuer, p *oidc.Provider) {
	for _, c := range []struct {
		name   string
		tamper func(a *oidc.SignInAttempt, q url.Values)
		reason string
	}{
		{"wrong PKCE verifier", func(a *oidc.SignInAttempt, _ url.Values) { a.Verifier = oauth2.GenerateVerifier() },
			"invalid_grant"},
		{"no PKCE verifier", func(a *oidc.SignInAttempt, _ url.Values) { a.Verifier = "" }, "invalid_"},
		{"wrong state", func(_ *oidc.SignInAttempt, q url.Values) { q.Set("state", "another") }, "state"},
		{"wrong nonce", func(a *oidc.SignInAttempt, _ url.Values) { a.Nonce = "another" }, "nonce"},
		{"another code", func(_ *oidc.SignInAttempt, q url.Values) { q.Set("code", "another") }, "invalid_grant"},
		{"code of another attempt", func(_ *oidc.SignInAttempt, q url.Values) {
			_, address := begin(t, p)
			q.Set("code", issuer.SignIn(t, address).Query().Get("code"))
		}, "invalid_grant"},
		{"code of another client", func(a *oidc.SignInAttempt, q url.Values) {
			other := oauth2.Config{ClientID: oidctest.Programs, RedirectURL: redirect, Scopes: []string{"openid"},
				Endpoint: oauth2.Endpoint{AuthURL: issuer.URL + "/auth"}}
			back := issuer.SignIn(t, other.AuthCodeURL(a.State, oauth2.SetAuthURLParam("nonce", a.Nonce),
				oauth2.S256ChallengeOption(a.Verifier)))
			q.Set("code", back.Query().Get("code"))
		}, "invalid_grant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			attempt, address := begin(t, p)
			query := issuer.SignIn(t, address).Query()
			c.tamper(attempt, query)
			_, err := p.Finish(t.Context(), attempt, query)
			mustFail(t, err, text.Unauthenticated, c.reason)
		})
	}
}

func codeCountsOnce(t *testing.T, issuer *oidctest.Issuer, p *oidc.Provider) {
	attempt, address := begin(t, p)
	query := issuer.SignIn(t, address).Query()
	if _, err := p.Finish(t.Context(), attempt, query); err != nil {
		t.Fatal(err, why(err))
	}
	_, err := p.Finish(t.Context(), attempt, query)
	mustFail(t, err, text.Unauthenticated, "invalid_grant")
}

func issuerRefuses(t *testing.T, issuer *oidctest.Issuer, p *oidc.Provider) {
	exchanged := issuer.Exchanges.Load()
	attempt, address := begin(t, p)
	back := issuer.SignIn(t, address+"&prompt=none") // without a page, and nobody is signed in there
	_, err := p.Finish(t.Context(), attempt, back.Query())
	mustFail(t, err, text.Unauthenticated, "login_required")
	if n := issuer.Exchanges.Load() - exchanged; n != 0 {
		t.Errorf("%d codes were exchanged", n)
	}
}

func notForPrograms(t *testing.T, issuer *oidctest.Issuer, _ *oidc.Provider) {
	access, id := issuer.JWT(t)
	for audience, reason := range map[string]string{
		"https://taizhang.example/v1": "audience", "": "no audience is configured"} {
		p := provider(t, oidc.ProviderConfig{Issuer: issuer.URL, ClientID: oidctest.Programs, RedirectURL: redirect,
			Audience: audience})
		for _, jwt := range []string{access, id} {
			_, _, err := p.Verify(t.Context(), jwt)
			mustNotVerify(t, err, reason)
		}
	}
}

func keysRotated(t *testing.T, issuer *oidctest.Issuer, p *oidc.Provider, clock *clock) {
	before, _ := issuer.JWT(t)
	mustVerify(t, p, before)
	issuer.Rotate(t)
	after, _ := issuer.JWT(t)
	_, _, err := p.Verify(t.Context(), after)
	mustNotVerify(t, err, "a key that the issuer does not have")
	clock.Advance(time.Minute)
	mustVerify(t, p, after)
	_, _, err = p.Verify(t.Context(), before)
	mustNotVerify(t, err, "a key that the issuer does not have")
}

func issuerDown(t *testing.T, issuer *oidctest.Issuer, p, late *oidc.Provider) {
	jwt, _ := issuer.JWT(t)
	mustVerify(t, p, jwt)
	attempt, address := begin(t, p)
	query := issuer.SignIn(t, address).Query()
	issuer.Stop()
	_, err := p.Finish(t.Context(), attempt, query)
	mustFail(t, err, text.Unavailable, "oauth/token")
	mustVerify(t, p, jwt)
	_, _, err = late.Verify(t.Context(), jwt)
	mustFail(t, err, text.Unavailable, "connection refused")
	_, _, err = late.Begin(t.Context())
	mustFail(t, err, text.Unavailable, "connection refused")
}

// TestAnIssuerIsBackAfterAWhile puts a proxy in front of the issuer that blocks everything at first.
func TestAnIssuerIsBackAfterAWhile(t *testing.T) {
	var isUp atomic.Bool
	var asked atomic.Int32
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if !isUp.Load() {
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte(`{"issuer":"http://` + r.Host +
			`","authorization_endpoint":"http://127.0.0.1:9/a","token_endpoint":"http://127.0.0.1:9/t","jwks_uri":"http://127.0.0.1:9/k"}`))
	}))
	t.Cleanup(front.Close)
	clock := newClock()
	p := provider(t, oidc.ProviderConfig{Issuer: front.URL, ClientID: "c", RedirectURL: redirect, Now: clock.Now})
	for range 3 {
		_, _, err := p.Begin(t.Context())
		mustFail(t, err, text.Unavailable, "503")
	}
	isUp.Store(true)
	clock.Advance(10*time.Second - 1)
	_, _, err := p.Begin(t.Context())
	mustFail(t, err, text.Unavailable, "503")
	clock.Advance(1)
	begin(t, p)
	if n := asked.Load(); n != 2 {
		t.Errorf("expected 2 requests, got %d", n)
	}
}
