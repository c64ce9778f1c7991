package oidc_test

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/oidc"
)

func TestABrowserIsSentWithStateNonceAndChallenge(t *testing.T) {
	i := newIssuer(t)
	i.says["authorization_endpoint"] = i.URL + "/authorize?tenant=zj"
	p := i.provider(t)
	seen := map[string]bool{}
	for range 2 {
		attempt, address := begin(t, p)
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		want := url.Values{"tenant": {"zj"}, "client_id": {client}, "redirect_uri": {redirect},
			"response_type": {"code"}, "scope": {"openid"},
			"state": {attempt.State}, "nonce": {attempt.Nonce}, "code_challenge": {
				oauth2.S256ChallengeFromVerifier(attempt.Verifier)}, "code_challenge_method": {"S256"}}
		if got := u.Query(); u.Path != "/authorize" || !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("expected %v, got %v", want, got)
		}
		for _, secret := range []string{attempt.State, attempt.Nonce, attempt.Verifier} {
			if len(secret) < 26 || seen[secret] {
				t.Errorf("%q can be guessed", secret)
			}
			seen[secret] = true
		}
	}
}

// idToken returns the claims of an ID token with changes.
func (i *issuer) idToken(a *oidc.SignInAttempt, changes object) object {
	c := i.claims(object{"aud": client, "nonce": a.Nonce})
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// TestWhatABrowserComesBackWith lets the issuer accept every code, so that each failure comes earlier.
func TestWhatABrowserComesBackWith(t *testing.T) {
	s := newKey("k")
	i := newIssuer(t, s.public)
	p := i.provider(t)
	for _, c := range []struct {
		name   string
		query  url.Values // nil takes a parameter out
		code   text.ErrorCode
		reason string
	}{
		{"all is right", nil, "", ""},
		{"it names the issuer", url.Values{"iss": {i.URL}}, "", ""},
		{"more than is asked for", url.Values{"session_state": {"x"}}, "", ""},
		{"no state", url.Values{"state": nil}, text.Unauthenticated, "one state"},
		{"empty state", url.Values{"state": {""}}, text.Unauthenticated, "one state"},
		{"two states", url.Values{"state": {"STATE", "x"}}, text.Unauthenticated, "one state"},
		{"wrong state", url.Values{"state": {"x"}}, text.Unauthenticated, "another attempt"},
		{"error and no state", url.Values{"state": nil, "error": {"server_error"}}, text.Unauthenticated, "one state"},
		{"no code", url.Values{"code": nil}, text.Unauthenticated, "one code"},
		{"two codes", url.Values{"code": {"a", "b"}}, text.Unauthenticated, "one code"},
		{"long code", url.Values{"code": {strings.Repeat("c", 5000)}}, text.Unauthenticated, "4096"},
		{"another issuer", url.Values{"iss": {"https://evil.example"}}, text.Unauthenticated, "another issuer"},
		{"two issuers", url.Values{"iss": {i.URL, i.URL}}, text.Unauthenticated, "one iss"},
		{"access denied", url.Values{"error": {"access_denied"}, "error_description": {"a\nb"}, "code": nil},
			text.Unauthenticated, `"access_denied"`},
		{"error and a code", url.Values{"error": {"access_denied"}}, text.Unauthenticated, "access_denied"},
		{"the issuer cannot now", url.Values{"error": {"temporarily_unavailable"}}, text.Unavailable,
			"temporarily_unavailable"},
		{"error of the issuer", url.Values{"error": {"server_error"}}, text.Unavailable, "server_error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			attempt, _ := begin(t, p)
			i.set(func() {
				i.token = func(w http.ResponseWriter, _ *http.Request) {
					writeJSON(t, w, object{"access_token": "a", "token_type": "Bearer",
						"id_token": s.token(t, i.idToken(attempt, nil), object{"typ": "JWT"})})
				}
			})
			query := url.Values{"state": {attempt.State}, "code": {"code"}}
			for name, values := range c.query {
				query[name] = nil
				for _, v := range values {
					query.Add(name, strings.Replace(v, "STATE", attempt.State, 1))
				}
				if values == nil {
					query.Del(name)
				}
			}
			exchanged := i.codes.Load()
			who, err := p.Finish(t.Context(), attempt, query)
			if c.code == "" {
				if want := (oidc.Identity{Issuer: i.URL, Subject: "u-1024"}); err != nil || who != want {
					t.Errorf("got %v: %v, %s", who, err, why(err))
				}
				return
			}
			mustFail(t, err, c.code, c.reason)
			if i.codes.Load() != exchanged {
				t.Error("the code was exchanged")
			}
		})
	}
	t.Run("an attempt without secrets", func(t *testing.T) {
		i.set(func() {
			i.token = func(w http.ResponseWriter, _ *http.Request) {
				writeJSON(t, w, object{"access_token": "a",
					"id_token": s.token(t, i.claims(object{"aud": client}), object{"typ": "JWT"})})
			}
		})
		_, err := p.Finish(t.Context(), &oidc.SignInAttempt{}, url.Values{"state": {""}, "code": {"c"}})
		mustFail(t, err, text.Unauthenticated, "state")
		_, err = p.Finish(t.Context(), &oidc.SignInAttempt{State: "s", Verifier: "v"},
			url.Values{"state": {"s"}, "code": {"c"}})
		mustFail(t, err, text.Unauthenticated, "nonce")
	})
}

func TestAnIssuerThatNamesItselfMustDoSo(t *testing.T) {
	i := newIssuer(t)
	i.says["authorization_response_iss_parameter_supported"] = true
	p := i.provider(t)
	attempt, _ := begin(t, p)
	_, err := p.Finish(t.Context(), attempt, url.Values{"state": {attempt.State}, "code": {"c"}})
	mustFail(t, err, text.Unauthenticated, "one iss")
}

func TestWhatTheIssuerAnswersForACode(t *testing.T) {
	elsewhere := httptest.NewServer(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the code went elsewhere") }))
	t.Cleanup(elsewhere.Close)
	s := newKey("k")
	i := newIssuer(t, s.public)
	p := i.provider(t)
	id := func(changes object) func(*oidc.SignInAttempt) http.HandlerFunc {
		return func(a *oidc.SignInAttempt) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				writeJSON(t, w, object{"access_token": "a", "token_type": "Bearer",
					"id_token": s.token(t, i.idToken(a, changes), object{"typ": nil})})
			}
		}
	}
	answer := func(status int, body string) func(*oidc.SignInAttempt) http.HandlerFunc {
		return func(*oidc.SignInAttempt) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				w.Write([]byte(body))
			}
		}
	}
	for _, c := range []struct {
		name   string
		answer func(*oidc.SignInAttempt) http.HandlerFunc
		code   text.ErrorCode
		reason string
	}{
		{"all is right", id(nil), "", ""},
		{"issued to this client", id(object{"azp": client, "aud": []string{client, "x"}}), "", ""},
		{"for two weeks", id(object{"exp": i.clock.Now().Unix() + 14*86400}), "", ""},
		{"no nonce", id(object{"nonce": nil}), text.Unauthenticated, "nonce"},
		{"wrong nonce", id(object{"nonce": "x"}), text.Unauthenticated, "nonce"},
		{"issued to another client", id(object{"azp": "x"}), text.Unauthenticated, "another client"},
		{"several audiences", id(object{"aud": []string{client, "x"}}), text.Unauthenticated, "several audiences"},
		{"audience of programs", id(object{"aud": audience}), text.Unauthenticated, "audience"},
		{"another issuer", id(object{"iss": "https://evil.example"}), text.Unauthenticated, "provider"},
		{"expired", id(object{"exp": 1}), text.Unauthenticated, "expired"},
		{"no subject", id(object{"sub": ""}), text.Unauthenticated, "subject"},
		{"an access token in its place", func(a *oidc.SignInAttempt) http.HandlerFunc {
			return answer(http.StatusOK, `{"access_token":"a","id_token":"`+s.token(t, i.idToken(a, nil), nil)+`"}`)(a)
		}, text.Unauthenticated, "at+jwt"},
		{"a forged ID token", func(a *oidc.SignInAttempt) http.HandlerFunc {
			return answer(http.StatusOK, `{"access_token":"a","id_token":"`+
				newKey("k").token(t, i.idToken(a, nil), object{"typ": "JWT"})+`"}`)(a)
		}, text.Unauthenticated, "signature"},
		{"an ID token without a signature", func(a *oidc.SignInAttempt) http.HandlerFunc {
			return answer(http.StatusOK, `{"access_token":"a","id_token":"`+encode(t, object{"alg": "none"})+"."+
				encode(t, i.idToken(a, nil))+`."}`)(a)
		}, text.Unauthenticated, "algorithm"},
		{"no ID token", answer(http.StatusOK, `{"access_token":"a"}`), text.Unavailable, "ID token"},
		{"an ID token that is no text", answer(http.StatusOK, `{"access_token":"a","id_token":{}}`), text.Unavailable,
			"ID token"},
		{"nothing", answer(http.StatusOK, `{}`), text.Unavailable, "access_token"},
		{"no JSON", answer(http.StatusOK, `<html>`), text.Unavailable, "json"},
		{"too much", answer(http.StatusOK, `{"access_token":"a","pad":"`+strings.Repeat("x", 1<<20)+`"}`),
			text.Unavailable, ""},
		{"the code is not good", answer(http.StatusBadRequest, `{"error":"invalid_grant"}`), text.Unauthenticated,
			"invalid_grant"},
		{"the request is not good", answer(http.StatusBadRequest, `{"error":"invalid_request"}`), text.Unauthenticated,
			"invalid_request"},
		{"this server is no client", answer(http.StatusUnauthorized, `{"error":"invalid_client"}`), text.Unavailable,
			"invalid_client"},
		{"a page that forbids", answer(http.StatusForbidden, `<html>`), text.Unavailable, "403"},
		{"too many requests", answer(http.StatusTooManyRequests, `{"error":"slow_down"}`), text.Unavailable,
			"slow_down"},
		{"a defect of the issuer", answer(http.StatusInternalServerError, `{"error":"invalid_grant"}`),
			text.Unavailable, "invalid_grant"},
		{"elsewhere", func(*oidc.SignInAttempt) http.HandlerFunc {
			return http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect).ServeHTTP
		}, text.Unavailable, "307"},
	} {
		t.Run(c.name, func(t *testing.T) {
			attempt, _ := begin(t, p)
			var sent url.Values
			handler := c.answer(attempt)
			i.set(func() {
				i.token = func(w http.ResponseWriter, r *http.Request) {
					if err := r.ParseForm(); err != nil {
						t.Error(err)
					}
					sent = r.PostForm
					handler(w, r)
				}
			})
			exchanged := i.codes.Load()
			_, err := p.Finish(t.Context(), attempt, url.Values{"state": {attempt.State}, "code": {"code"}})
			if c.code == "" && err != nil {
				t.Error(err, why(err))
			}
			if c.code != "" {
				mustFail(t, err, c.code, c.reason)
			}
			want := url.Values{"client_id": {client}, "code": {"code"}, "code_verifier": {attempt.Verifier},
				"grant_type": {"authorization_code"}, "redirect_uri": {redirect}}
			if n := i.codes.Load() - exchanged; n != 1 || !maps.EqualFunc(sent, want, slices.Equal) {
				t.Errorf("expected %v once, got %v %d times", want, sent, n)
			}
		})
	}
}

// TestTheSecretIsShownAsTheIssuerWantsIt also checks that a refused code is not sent again in another way.
func TestTheSecretIsShownAsTheIssuerWantsIt(t *testing.T) {
	for name, c := range map[string]struct {
		methods any
		header  bool
	}{
		"not said":  {nil, true},
		"header":    {[]string{"client_secret_post", "client_secret_basic"}, true},
		"form":      {[]string{"client_secret_post"}, false},
		"something": {[]string{"private_key_jwt"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			i.says["token_endpoint_auth_methods_supported"] = c.methods
			i.token = func(w http.ResponseWriter, r *http.Request) {
				user, secret, has := r.BasicAuth()
				if c.header && (user != client || secret != "a+secret" || r.PostFormValue("client_secret") != "") ||
					!c.header && (has || r.PostFormValue("client_secret") != "a secret" ||
						r.PostFormValue("client_id") != client) {
					t.Errorf("header %q %q, form %v", user, secret, r.PostForm)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				w.Write([]byte(`{"error":"invalid_grant"}`))
			}
			p := provider(t, oidc.ProviderConfig{Issuer: i.URL, ClientID: client, ClientSecret: "a secret",
				RedirectURL: redirect, Now: i.clock.Now})
			attempt, _ := begin(t, p)
			_, err := p.Finish(t.Context(), attempt, url.Values{"state": {attempt.State}, "code": {"code"}})
			mustFail(t, err, text.Unauthenticated, "invalid_grant")
			if n := i.codes.Load(); n != 1 {
				t.Errorf("the code was sent %d times", n)
			}
		})
	}
}

func TestAProviderIsMadeWithoutItsIssuer(t *testing.T) {
	good := oidc.ProviderConfig{Issuer: "https://issuer.example/realms/zj", ClientID: client,
		RedirectURL: "https://taizhang.example/login/sso/callback", Audience: audience}
	for _, change := range []func(*oidc.ProviderConfig){
		func(*oidc.ProviderConfig) {},
		func(c *oidc.ProviderConfig) { c.Audience = "" },
		func(c *oidc.ProviderConfig) { c.Issuer = "http://localhost:8080" },
		func(c *oidc.ProviderConfig) { c.Issuer, c.RedirectURL = "http://[::1]:8080", redirect },
	} {
		cfg := good
		change(&cfg)
		if _, err := oidc.New(cfg); err != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	for _, c := range []struct {
		param  string
		change func(*oidc.ProviderConfig)
	}{
		{"oidc-issuer", func(c *oidc.ProviderConfig) { c.Issuer = "" }},
		{"oidc-issuer", func(c *oidc.ProviderConfig) { c.Issuer = "issuer.example" }},
		{"oidc-issuer", func(c *oidc.ProviderConfig) { c.Issuer = "http://issuer.example" }},
		{"oidc-issuer", func(c *oidc.ProviderConfig) { c.Issuer = "http://127.0.0.1.example" }},
		{"oidc-issuer", func(c *oidc.ProviderConfig) { c.Issuer = "https://issuer.example?a=b" }},
		{"oidc-issuer", func(c *oidc.ProviderConfig) { c.Issuer = "https://issuer.example#a" }},
		{"oidc-issuer", func(c *oidc.ProviderConfig) { c.Issuer = "https://user:word@issuer.example" }},
		{"oidc-issuer", func(c *oidc.ProviderConfig) { c.Issuer = "https:issuer.example" }},
		{"oidc-issuer", func(c *oidc.ProviderConfig) { c.Issuer = "https://issuer.example:port" }},
		{"public-url", func(c *oidc.ProviderConfig) { c.RedirectURL = "" }},
		{"public-url", func(c *oidc.ProviderConfig) { c.RedirectURL = "http://taizhang.example/" }},
		{"public-url", func(c *oidc.ProviderConfig) { c.RedirectURL = "https://taizhang.example/#a" }},
		{"oidc-client", func(c *oidc.ProviderConfig) { c.ClientID = "" }},
		{"oidc-audience", func(c *oidc.ProviderConfig) { c.Audience = c.ClientID }},
	} {
		cfg := good
		c.change(&cfg)
		_, err := oidc.New(cfg)
		var bad *text.Error
		if !errors.As(err, &bad) || bad.Code != text.Invalid || bad.Param != c.param {
			t.Errorf("%+v: expected an error about %s, got %v", cfg, c.param, err)
		}
		if strings.Contains(text.Of(err).Zh, "word") {
			t.Errorf("a password is shown: %v", err)
		}
	}
}
