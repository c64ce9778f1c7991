package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/oidc"
)

// GateConfig holds the parameters of New.
type GateConfig struct {
	Access   *access.Access
	Provider *oidc.Provider // of single sign-on; nil for none
	Now      func() time.Time
	Log      *zap.Logger    // nil for none
	Proxies  []netip.Prefix // the addresses of proxies before the server, whose X-Forwarded-For counts
}

// Gate authenticates requests, and signs people in and out. Its methods may be called from several goroutines.
type Gate struct {
	GateConfig
	crossOrigin http.CrossOriginProtection // rejects requests that another site makes a browser send
	sealing     cipher.AEAD                // for the cookie of a flow; its key exists in this process alone
	returns     returns
	signIns     *prometheus.CounterVec
}

// New returns a gate.
func New(cfg GateConfig) *Gate {
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	return &Gate{GateConfig: cfg, sealing: newSealing(), signIns: newSignIns()}
}

// newSealing returns a cipher with a random key.
func newSealing() cipher.AEAD {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // cannot happen: the key has the right length
	}
	sealing, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // cannot happen: the block has the right length
	}
	return sealing
}

// Authenticate returns the principal of a request: from the token or JWT in the header Authorization, or else from
// the cookie of a session, which counts as a use of it. asked is the operation, for the access log. Whatever is
// wrong, the error is text.Unauthenticated with the same words.
func (g *Gate) Authenticate(r *http.Request, asked string) (access.Principal, error) {
	return g.authenticate(r, asked, g.Access.AuthenticateSession)
}

// Watch authenticates a request that a page sends by itself, without anybody at the keyboard. It is like
// Authenticate but does not count as a use of the session: an open page would otherwise keep it alive for ever.
func (g *Gate) Watch(r *http.Request, asked string) (access.Principal, error) {
	return g.authenticate(r, asked, g.Access.WatchSession)
}

func (g *Gate) authenticate(r *http.Request, asked string,
	bySession func(secret, source, asked string) (access.Principal, error)) (access.Principal, error) {
	shown, isShown := bearer(r)
	switch {
	case isShown && g.Provider != nil && isJWT(shown):
		return g.authenticateJWT(r, shown, asked)
	case !isShown:
		if secret := g.Cookie(r, sessionCookie); secret != "" {
			return bySession(secret, g.Source(r), asked)
		}
	}
	return g.Access.Authenticate(shown, g.Source(r), asked)
}

// authenticateJWT returns the principal of a JWT of the issuer of identities.
func (g *Gate) authenticateJWT(r *http.Request, shown, asked string) (access.Principal, error) {
	id, until, err := g.Provider.Verify(r.Context(), shown)
	switch {
	case err == nil:
		return g.Access.AuthenticateIdentity(access.Identity(id), until, g.Source(r), asked)
	case text.CodeOf(err) == text.Unavailable:
		return access.Principal{}, err
	}
	return g.Access.Authenticate(shown, g.Source(r), asked) // an error, which the access log has
}

// bearer returns the token in the header Authorization. isShown reports whether there is one for this server: a
// header of another scheme is for a proxy in front of it. With two headers the token is invalid.
func bearer(r *http.Request) (shown string, isShown bool) {
	for i, header := range r.Header.Values("Authorization") {
		scheme, token, _ := strings.Cut(header, " ")
		if i > 0 {
			return "", true
		}
		if strings.EqualFold(scheme, "Bearer") {
			shown, isShown = strings.TrimSpace(token), true
		}
	}
	return shown, isShown
}

// isJWT reports whether a token has the form of a JWT: three parts with dots between. Tokens of this server have
// no dots.
func isJWT(token string) bool { return strings.Count(token, ".") == 2 }

// HasSession reports whether a request has the cookie of a session, which may have ended.
func (g *Gate) HasSession(r *http.Request) bool { return g.Cookie(r, sessionCookie) != "" }

// SameOrigin returns text.Forbidden for a request that another site made a browser send, unless the request only
// reads. Programs, which send no origin, may pass.
func (g *Gate) SameOrigin(r *http.Request) error {
	if err := g.crossOrigin.Check(r); err != nil {
		return text.Errorf(text.Forbidden, "拒绝由其他网站发起的请求；请在本系统的页面中操作",
			"a request that another site sends is refused; act on a page of this server")
	}
	return nil
}
