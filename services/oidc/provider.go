package oidc

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	jose "github.com/go-jose/go-jose/v4"
	"go.uber.org/zap"
	"golang.org/x/oauth2"
)

// These constants limit the parameters of New.
const (
	paramIssuer   = "oidc-issuer"
	paramClient   = "oidc-client"
	paramAudience = "oidc-audience"
	paramPublic   = "public-url"
)

// ProviderConfig holds the address of the issuer and what the issuer knows of this server.
type ProviderConfig struct {
	Issuer       string // its address, as in its tokens; https, or http on loopback
	ClientID     string // the name of this server at the issuer
	ClientSecret string // "" for a public client
	RedirectURL  string // the address that the issuer sends browsers back to
	// the audience of JWTs for programs, not the ClientID, which is that of ID tokens; "" accepts no JWT
	Audience string

	Client *http.Client     // its Transport is used, and its Timeout if it is shorter; nil for the usual one
	Now    func() time.Time // nil for time.Now
	Log    *zap.Logger      // nil for none
}

// Identity is a subject of an issuer: a person or a program.
type Identity struct{ Issuer, Subject string }

// Provider asks one issuer. Its methods may be called from several goroutines.
type Provider struct {
	cfg      ProviderConfig
	client   *http.Client
	plain    bool // the issuer is on loopback without TLS
	metadata kept[*metadata]
	keys     kept[[]jose.JSONWebKey]
}

// metadata holds the endpoints and features that the issuer publishes.
type metadata struct {
	endpoint oauth2.Endpoint
	keysURL  string
	says     bool // the issuer names itself when it sends a browser back (RFC 9207)
}

// New returns a Provider. It sends no request, so that the server can start while the issuer is down.
func New(cfg ProviderConfig) (*Provider, error) {
	issuer, err := url.Parse(cfg.Issuer)
	if err == nil {
		err = checkURL(issuer, true)
	}
	if err != nil || issuer.RawQuery != "" || issuer.ForceQuery || issuer.Fragment != "" {
		return nil, invalid(paramIssuer,
			"不是签发方的网址：应以 https:// 开头（在本机上的可用 http://），不含用户名、? 和 #",
			"is not the address of an issuer: expected https:// (http:// is for this machine alone), without a "+
				"user, ? and #")
	}
	redirect, err := url.Parse(cfg.RedirectURL)
	if err == nil {
		err = checkURL(redirect, true)
	}
	if err != nil || redirect.Fragment != "" {
		return nil, invalid(paramPublic,
			"不是浏览器可以回到的网址：应以 https:// 开头（在本机上的可用 http://），不含用户名和 #",
			"is no address that a browser can come back to: expected https:// (http:// is for this machine alone), "+
				"without a user and #")
	}
	if cfg.ClientID == "" {
		return nil, invalid(paramClient, "缺少：本服务在身份服务登记的客户端名称",
			"is missing: the name of this server at the issuer")
	}
	if cfg.Audience == cfg.ClientID {
		return nil, invalid(paramAudience, "不能与客户端名称相同：否则浏览器登录用的凭证也能当程序的令牌使用",
			"must not be the client: what is issued for signing in with a browser would be good for programs")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	plain := isPlainLoopback(issuer)
	p := &Provider{cfg: cfg, client: newClient(cfg.Client, plain), plain: plain}
	p.metadata = kept[*metadata]{fetch: p.fetchMetadata, now: cfg.Now, pause: 10 * time.Second, stale: time.Hour}
	p.keys = kept[[]jose.JSONWebKey]{fetch: p.fetchKeys, now: cfg.Now, pause: time.Minute, stale: 10 * time.Minute}
	return p, nil
}

// fetchMetadata fetches the metadata of the issuer.
func (p *Provider) fetchMetadata(ctx context.Context) (*metadata, error) {
	m, err := p.readMetadata(ctx)
	if err != nil {
		p.cfg.Log.Warn("the issuer could not be discovered", zap.String("issuer", p.cfg.Issuer),
			zap.Error(reason(err)))
		return nil, fmt.Errorf("discover the issuer: %w", err)
	}
	p.cfg.Log.Info("the issuer was discovered", zap.String("issuer", p.cfg.Issuer))
	return m, nil
}

func (p *Provider) readMetadata(ctx context.Context) (*metadata, error) {
	found, err := gooidc.NewProvider(gooidc.ClientContext(ctx, p.client), p.cfg.Issuer)
	if err != nil {
		return nil, err
	}
	var said struct {
		KeysURL     string   `json:"jwks_uri"`
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
		Says        bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&said); err != nil {
		return nil, err
	}
	m := &metadata{found.Endpoint(), said.KeysURL, said.Says}
	for _, address := range []string{m.endpoint.AuthURL, m.endpoint.TokenURL, m.keysURL} {
		u, err := url.Parse(address)
		if err != nil {
			return nil, err
		}
		if err := checkURL(u, p.plain); err != nil {
			return nil, err
		}
	}
	// Set it, because oauth2 would find out by sending a code twice. Without a list the default is the header
	// (OpenID Connect Discovery, section 3).
	m.endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if p.cfg.ClientSecret == "" ||
		slices.Contains(said.AuthMethods, "client_secret_post") &&
			!slices.Contains(said.AuthMethods, "client_secret_basic") {
		m.endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return m, nil
}

func (p *Provider) oauth2(m *metadata) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret, RedirectURL: p.cfg.RedirectURL,
		Endpoint: m.endpoint, Scopes: []string{gooidc.ScopeOpenID},
	}
}
