// Package oidctest runs a real issuer of OpenID Connect in the process of a test.
package oidctest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/oauth2"
)

// These are the account and the clients of the issuer.
const (
	Client   = "taizhang"        // a client with the Secret, whose browsers come back to the address given to Start
	Secret   = "a client-secret" // of both clients
	Programs = "programs"        // a client whose access tokens are JWTs, for itself as the audience
	Subject  = "id1"             // who signs in
)

// Issuer is a running issuer.
type Issuer struct {
	URL       string
	Exchanges atomic.Int32 // requests to its token endpoint

	redirect string
	key      atomic.Pointer[key]
	server   *httptest.Server
}

// Start returns a new issuer. It redirects browsers to redirect alone, and ends with the test.
func Start(t testing.TB, redirect string) *Issuer {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	i := &Issuer{URL: "http://" + server.Listener.Addr().String(), redirect: redirect, server: server}
	i.Rotate(t)
	handler := exampleop.SetupServer(i.URL,
		&memory{Storage: storage.NewStorageWithClients(storage.NewUserStore(i.URL), map[string]*storage.Client{
			Client:   storage.WebClient(Client, Secret, redirect),
			Programs: storage.WebClient(Programs, Secret, redirect),
		}), issuer: i}, slog.New(slog.DiscardHandler), false)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/token" {
			i.Exchanges.Add(1)
		}
		handler.ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(server.Close)
	return i
}

// Stop ends the issuer: its address no longer answers.
func (i *Issuer) Stop() { i.server.Close() }

// Rotate makes the issuer sign with a new key, and remove the old one.
func (i *Issuer) Rotate(t testing.TB) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i.key.Store(&key{rand.Text(), private})
}

// SignIn acts as a browser that was sent to an address of the issuer and types the right password. It returns the
// address that the issuer sends it back to.
func (i *Issuer) SignIn(t testing.TB, address string) *url.URL {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), i.redirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	form := answer(t)(browser.Get(address))
	if id := form.Request.URL.Query().Get("authRequestID"); id != "" {
		form = answer(t)(browser.PostForm(i.URL+"/login/username", url.Values{
			"id": {id}, "username": {"test-user@" + form.Request.URL.Hostname()}, "password": {"verysecure"},
		}))
	}
	back, err := form.Location()
	if err != nil {
		t.Fatalf("the issuer sent nobody back: %s: %v", form.Status, err)
	}
	return back
}

func answer(t testing.TB) func(*http.Response, error) *http.Response {
	return func(resp *http.Response, err error) *http.Response {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode >= http.StatusBadRequest {
			t.Fatalf("the issuer answered %s: %s %v", resp.Status, body, err)
		}
		return resp
	}
}

// JWT returns a token for programs, whose audience is Programs, and its ID token.
func (i *Issuer) JWT(t testing.TB) (access, id string) {
	t.Helper()
	client := oauth2.Config{ClientID: Programs, ClientSecret: Secret, RedirectURL: i.redirect,
		Scopes: []string{"openid"},
		Endpoint: oauth2.Endpoint{AuthURL: i.URL + "/auth", TokenURL: i.URL + "/oauth/token",
			AuthStyle: oauth2.AuthStyleInHeader}}
	token, err := client.Exchange(t.Context(), i.SignIn(t, client.AuthCodeURL("a state")).Query().Get("code"))
	if err != nil {
		t.Fatal(err)
	}
	return token.AccessToken, token.Extra("id_token").(string)
}

// memory is the storage of the issuer, except for its keys.
type memory struct {
	*storage.Storage
	issuer *Issuer
}

func (m *memory) SigningKey(context.Context) (op.SigningKey, error) { return m.issuer.key.Load(), nil }

func (m *memory) KeySet(context.Context) ([]op.Key, error) {
	return []op.Key{publicKey{m.issuer.key.Load()}}, nil
}

func (m *memory) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.ES256}, nil
}

func (m *memory) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := m.Storage.GetClientByClientID(ctx, id)
	if err == nil && id == Programs {
		c = programs{c}
	}
	return c, err
}

// programs is a client whose access tokens are JWTs.
type programs struct{ op.Client }

func (programs) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

type key struct {
	id      string
	private *ecdsa.PrivateKey
}

func (k *key) ID() string                                  { return k.id }
func (k *key) Key() any                                    { return k.private }
func (k *key) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.ES256 }

type publicKey struct{ *key }

func (k publicKey) Key() any                           { return &k.private.PublicKey }
func (k publicKey) Use() string                        { return "sig" }
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.ES256 }
