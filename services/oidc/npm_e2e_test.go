//go:build e2e

package oidc_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/oidc"
)

// startNpm returns the address of a running oidc-provider, an issuer that shares no code with the others in the
// tests. It needs node and npm, and fails without them.
func startNpm(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/npm")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	var said bytes.Buffer
	cmd := exec.Command("node", "issuer.mjs", redirect, audience)
	cmd.Dir, cmd.Stderr = dir, &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("the issuer ended: %v\n%s", err, said.String())
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "http://127.0.0.1:") {
			return lines.Text()
		}
	}
	t.Fatal("the issuer did not start")
	return ""
}

var (
	formAction = regexp.MustCompile(`<form[^>]* action="([^"]+)"`)
	formPrompt = regexp.MustCompile(`name="prompt" value="(\w+)"`)
)

// signInNpm acts as a browser that was sent to an address of the issuer: it fills in the forms of sign-in and
// consent, and returns the parameters that the issuer sends it back with.
func signInNpm(t *testing.T, address string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	get := func(resp *http.Response, err error) (*http.Response, []byte) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, page
	}
	resp, page := get(browser.Get(address))
	for range 3 {
		if back, err := resp.Location(); err == nil {
			return back.Query()
		}
		action, prompt := formAction.FindSubmatch(page), formPrompt.FindSubmatch(page)
		if resp.StatusCode != http.StatusOK || action == nil || prompt == nil {
			t.Fatalf("the issuer answered %s: %s", resp.Status, page)
		}
		to, err := resp.Request.URL.Parse(string(action[1]))
		if err != nil {
			t.Fatal(err)
		}
		resp,
			page = get(browser.PostForm(to.String(),
			url.Values{"prompt": {string(prompt[1])}, "login": {"li.si"}, "password": {"any"}}))
	}
	t.Fatal("the issuer sent nobody back")
	return nil
}

func TestTheNpmIssuerIsJoined(t *testing.T) {
	address, clock := startNpm(t), newClock()
	config := func(client, secret string) oidc.ProviderConfig {
		return oidc.ProviderConfig{Issuer: address, ClientID: client, ClientSecret: secret, RedirectURL: redirect,
			Audience: audience, Now: clock.Now}
	}
	want := oidc.Identity{Issuer: address, Subject: "li.si"}
	p := provider(t, config("taizhang", "a client-secret"))
	for name, p := range map[string]*oidc.Provider{
		"client with a secret": p, "public client": provider(t, config("public", ""))} {
		t.Run(name, func(t *testing.T) {
			attempt, address := begin(t, p)
			query := signInNpm(t, address)
			if who, err := p.Finish(t.Context(), attempt, query); err != nil || who != want {
				t.Fatalf("expected %v, got %v: %v, %s", want, who, err, why(err))
			}
			_, err := p.Finish(t.Context(), attempt, query)
			mustFail(t, err, text.Unauthenticated, "invalid_grant") // a code counts once
		})
	}
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
		{"wrong issuer", func(_ *oidc.SignInAttempt, q url.Values) { q.Set("iss", "https://evil.example") },
			"another issuer"},
		{"no issuer", func(_ *oidc.SignInAttempt, q url.Values) { q.Del("iss") }, "one iss"},
		{"code of another client", func(a *oidc.SignInAttempt, q url.Values) {
			other := oauth2.Config{ClientID: "another", RedirectURL: redirect, Scopes: []string{"openid"},
				Endpoint: oauth2.Endpoint{AuthURL: address + "/auth"}}
			q.Set("code", signInNpm(t, other.AuthCodeURL(a.State, oauth2.SetAuthURLParam("nonce", a.Nonce),
				oauth2.S256ChallengeOption(a.Verifier))).Get("code"))
		}, "invalid_grant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			attempt, address := begin(t, p)
			query := signInNpm(t, address)
			c.tamper(attempt, query)
			_, err := p.Finish(t.Context(), attempt, query)
			mustFail(t, err, text.Unauthenticated, c.reason)
		})
	}
	t.Run("the issuer refuses", func(t *testing.T) {
		attempt, address := begin(t, p)
		_, err := p.Finish(t.Context(), attempt, signInNpm(t, address+"&prompt=none"))
		mustFail(t, err, text.Unauthenticated, "login_required")
	})
	t.Run("this server has a wrong secret", func(t *testing.T) {
		p := provider(t, config("taizhang", "another"))
		attempt, address := begin(t, p)
		_, err := p.Finish(t.Context(), attempt, signInNpm(t, address))
		mustFail(t, err, text.Unavailable, "invalid_client")
	})
	t.Run("programs", func(t *testing.T) {
		jwt := func(resource string) string {
			program := clientcredentials.Config{ClientID: "program", ClientSecret: "a client-secret",
				TokenURL: address + "/token", EndpointParams: url.Values{"resource": {resource}, "scope": {"read"}}}
			token, err := program.Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return token.AccessToken
		}
		good := jwt(audience)
		who, until, err := p.Verify(t.Context(), good)
		if want := (oidc.Identity{Issuer: address, Subject: "program"}); err != nil || who != want ||
			until.Before(clock.Now()) {
			t.Fatalf("expected %v, got %v until %v: %v, %s", want, who, until, err, why(err))
		}
		_, _, err = p.Verify(t.Context(), jwt("https://another.example/v1"))
		mustNotVerify(t, err, "audience")
		long := config("taizhang", "a client-secret")
		long.Audience = "https://another.example/v1"
		_, _, err = provider(t, long).Verify(t.Context(), jwt(long.Audience))
		mustNotVerify(t, err, "too long")
		claims := object{"iss": address, "sub": "program", "aud": audience, "exp": clock.Now().Unix() + 60}
		for _, minutes := range []time.Duration{0, time.Minute} {
			clock.Advance(minutes)
			_, _, err = p.Verify(t.Context(), newKey("unknown").token(t, claims, nil))
			mustNotVerify(t, err, `does not have: "unknown"`)
			_, _, err = p.Verify(t.Context(), newKey("ES256").token(t, claims, nil))
			mustNotVerify(t, err, "signature")
			mustVerify(t, p, good)
		}
	})
}
