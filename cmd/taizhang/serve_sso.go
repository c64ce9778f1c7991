package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/oidc"
)

// ssoOptions are the flags of serve for single sign-on, and the address that browsers use.
type ssoOptions struct {
	publicURL      string
	oidcIssuer     string
	oidcClient     string
	oidcSecretFile string
	oidcAudience   string
	oidcCA         string
}

// ssoFlags adds the flags about single sign-on.
func (a *app) ssoFlags(c *cobra.Command, o *ssoOptions) {
	f := c.Flags()
	f.StringVar(&o.publicURL, "public-url", "",
		a.say("浏览器访问本服务的地址 `URL`（https://…）", "`URL` under which browsers reach the server (https://…)"))
	f.StringVar(&o.oidcIssuer, "oidc-issuer", "",
		a.say("统一身份登录（OpenID Connect）的签发方 `URL`",
			"`URL` of the issuer for single sign-on (OpenID Connect)"))
	f.StringVar(&o.oidcClient, "oidc-client", "",
		a.say("在该签发方登记的客户端 `ID`", "`ID` of the client that is registered there"))
	f.StringVar(&o.oidcSecretFile, "oidc-secret-file", "",
		a.say("客户端密钥所在的 `FILE`（权限 0600；公开客户端不用）",
			"`FILE` with the secret of the client (mode 0600; none for a public client)"))
	f.StringVar(&o.oidcAudience, "oidc-audience", "",
		a.say("程序所持该签发方令牌（JWT）的受众 `TEXT`；不给出则不接受此类令牌",
			"audience `TEXT` of the tokens (JWT) of the issuer that programs show; without it none is taken"))
	f.StringVar(&o.oidcCA, "oidc-ca", "",
		a.say("为签发方另行信任的证书 `FILE`（PEM）",
			"`FILE` of certificates (PEM) to trust for the issuer beside those of the system"))
}

// check returns an error for options that are wrong, except errors that the provider finds.
func (o *ssoOptions) check() error {
	if o.publicURL != "" {
		if err := checkWebURL(o.publicURL, "public-url"); err != nil {
			return err
		}
		if u, err := url.Parse(o.publicURL); err != nil || strings.Trim(u.Path, "/") != "" {
			return text.Errorf(text.Invalid, "应只有主机名和端口，不带路径",
				"must have a host and perhaps a port, and no path").Of("public-url")
		}
	}
	if o.oidcIssuer == "" {
		if o.oidcClient+o.oidcSecretFile+o.oidcAudience+o.oidcCA != "" {
			return text.Errorf(text.Invalid,
				"--oidc-client、--oidc-secret-file、--oidc-audience 和 --oidc-ca 须与 --oidc-issuer 一起给出",
				"--oidc-client, --oidc-secret-file, --oidc-audience and --oidc-ca go with --oidc-issuer")
		}
		return nil
	}
	switch {
	case o.oidcClient == "":
		return text.Errorf(text.Invalid, "--oidc-issuer 须有 --oidc-client：在该签发方登记的客户端",
			"--oidc-issuer needs --oidc-client, the client that is registered there")
	case o.publicURL == "":
		return text.Errorf(text.Invalid, "--oidc-issuer 须有 --public-url：签发方由此送回浏览器",
			"--oidc-issuer needs --public-url, to which the issuer sends the browser back")
	}
	return checkWebURL(o.oidcIssuer, "oidc-issuer")
}

// checkWebURL returns an error for a URL that has more than a host and path, or that is not https unless it is on
// this machine. The message does not show the value, because it may contain a password.
func checkWebURL(value, param string) error {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http":
		return text.Errorf(text.Invalid, "应写作 https://主机名", "expected https://HOST").Of(param)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return text.Errorf(text.Invalid, "不能带账号、? 或 #", "must have no user, no ? and no #").Of(param)
	case u.Scheme == "http" && !isLoopback(net.JoinHostPort(u.Hostname(), "0")):
		return text.Errorf(text.Invalid, "不在本机，须用 https://",
			"is not this machine, so it must be https://").Of(param)
	}
	return nil
}

// provider returns the issuer of single sign-on, or nil for none. It does not use the network.
func (o *ssoOptions) provider(now func() time.Time, log *zap.Logger) (_ *oidc.Provider, err error) {
	if o.oidcIssuer == "" {
		return nil, nil
	}
	cfg := oidc.ProviderConfig{Issuer: o.oidcIssuer, ClientID: o.oidcClient, Audience: o.oidcAudience,
		RedirectURL: strings.TrimRight(o.publicURL, "/") + "/login/sso/callback", Now: now, Log: log}
	if o.oidcSecretFile != "" {
		if cfg.ClientSecret, err = secretIn(o.oidcSecretFile); err != nil {
			return nil, err
		}
	}
	if o.oidcCA != "" {
		if cfg.Client, err = trusting(o.oidcCA); err != nil {
			return nil, err
		}
	}
	return oidc.New(cfg)
}

// trusting returns a client that trusts the certificates in a file in addition to those of the system.
func trusting(file string) (*http.Client, error) {
	content, err := readFile(file, configBytesMax)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	if !roots.AppendCertsFromPEM(content) {
		return nil, text.Errorf(text.Invalid, "%s 中没有 PEM 证书", "%s holds no certificate in PEM",
			file).Of("oidc-ca")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	return &http.Client{Transport: transport}, nil
}

// publicHost returns the host name of the public URL, or "" for none.
func (o *ssoOptions) publicHost() string {
	u, err := url.Parse(o.publicURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
