package oidc_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/oidc"
)

// silence is the transport to an issuer that answers only the given requests.
type silence map[string]object

func (s silence) RoundTrip(r *http.Request) (*http.Response, error) {
	says, ok := s[r.URL.Path]
	if !ok {
		<-r.Context().Done()
		return nil, context.Cause(r.Context())
	}
	raw, err := json.Marshal(says)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(raw)), Request: r}, err
}

// TestEveryWaitForTheIssuerEnds runs on a clock that jumps ahead when every goroutine waits.
func TestEveryWaitForTheIssuerEnds(t *testing.T) {
	const address = "https://issuer.example"
	said := object{"issuer": address, "authorization_endpoint": address + "/a", "token_endpoint": address + "/t",
		"jwks_uri": address + "/k"}
	s := newKey("k")
	claims := func() object {
		return object{"iss": address, "sub": "u", "aud": audience, "exp": time.Now().Unix() + 3600}
	}
	for name, c := range map[string]struct {
		answers silence
		ask     func(ctx context.Context, p *oidc.Provider) error
	}{
		"begin": {nil, func(ctx context.Context, p *oidc.Provider) error {
			_, _, err := p.Begin(ctx)
			return err
		}},
		"verify, no discovery": {nil, func(ctx context.Context, p *oidc.Provider) error {
			_, _, err := p.Verify(ctx, s.token(t, claims(), nil))
			return err
		}},
		"verify, no keys": {silence{"/.well-known/openid-configuration": said},
			func(ctx context.Context, p *oidc.Provider) error {
				_, _, err := p.Verify(ctx, s.token(t, claims(), nil))
				return err
			}},
		"finish, no exchange": {
			silence{"/.well-known/openid-configuration": said}, func(ctx context.Context, p *oidc.Provider) error {
				_, err := p.Finish(ctx, &oidc.SignInAttempt{State: "s", Nonce: "n", Verifier: "v"},
					url.Values{"state": {"s"}, "code": {"c"}})
				return err
			}},
		"finish, no discovery": {nil, func(ctx context.Context, p *oidc.Provider) error {
			_, err := p.Finish(ctx, &oidc.SignInAttempt{State: "s", Nonce: "n", Verifier: "v"},
				url.Values{"state": {"s"}, "code": {"c"}})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := provider(t, oidc.ProviderConfig{Issuer: address, ClientID: client, RedirectURL: redirect,
					Audience: audience, Client: &http.Client{Transport: c.answers}})
				began := time.Now()
				err := c.ask(t.Context(), p)
				mustFail(t, err, text.Unavailable, "")
				if d := time.Since(began); d != 10*time.Second {
					t.Errorf("it took %v, because of %q", d, why(err))
				}
			})
		})
	}
}
