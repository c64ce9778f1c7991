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

// Gate finds out who sends a request, and signs people in and out. It may be used by several goroutines.
type Gate struct {
	GateConfig
	crossOrigin http.CrossOriginProtection // refuses requests that another site makes a browser send
	sealing     cipher.AEAD                // of the cookie of a flow; its key dies with the process
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
		panic(err) // the key has the right length
	}
	sealing, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // the block has the right length
	}
	return sealing
}

// Authenticate returns who sends a request: by a token or a JWT in the header Authorization, or else by the cookie of a session,
// which is used by it. asked is what is asked, for the access log. Whatever is not good is text.Unauthenticated with the same words.
func (g *Gate) Authenticate(r *http.Request, asked string) (access.Principal, error) {
	return g.authenticate(r, asked, g.Access.AuthenticateSession)
}

// Watch is Authenticate for a request that a page sends by itself, without anybody at the keyboard. It is no use of a session: an
// open page would otherwise keep a session for ever.
func (g *Gate) Watch(r *http.Request, asked string) (access.Principal, error) {
	return g.authenticate(r, asked, g.Access.WatchSession)
}

func (g *Gate) authenticate(r *http.Request, asked string, bySession func(secret, source, asked string) (access.Principal, error)) (access.Principal, error) {
	shown, isShown := bearer(r)
	switch {
	case isShown && g.Provider != nil && isJWT(shown):
		return g.authenticateJWT(r, shown, asked)
	case !isShown:
		if secret := g.cookie(r, sessionCookie); secret != "" {
			return bySession(secret, g.Source(r), asked)
		}
	}
	return g.Access.Authenticate(shown, g.Source(r), asked)
}

// authenticateJWT returns for whom the provider of identities made a JWT.
func (g *Gate) authenticateJWT(r *http.Request, shown, asked string) (access.Principal, error) {
	id, until, err := g.Provider.Verify(r.Context(), shown)
	switch {
	case err == nil:
		return g.Access.AuthenticateIdentity(access.Identity(id), until, g.Source(r), asked)
	case text.CodeOf(err) == text.Unavailable:
		return access.Principal{}, err
	}
	return g.Access.Authenticate(shown, g.Source(r), asked) // which refuses it, and says so in the access log
}

// bearer returns what a request shows in the header Authorization, and whether it shows something there that is for us. A header of
// another scheme is for a proxy before the server. Two headers are no token.
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

// isJWT reports whether a token has the form of a JWT: three parts. Ours have no dots.
func isJWT(token string) bool { return strings.Count(token, ".") == 2 }

// HasSession reports whether a browser brings the cookie of a session, which may have ended.
func (g *Gate) HasSession(r *http.Request) bool { return g.cookie(r, sessionCookie) != "" }

// SameOrigin returns text.Forbidden for a request that another site made a browser send, unless it only reads.
// Programs, which say nothing about an origin, are let through.
func (g *Gate) SameOrigin(r *http.Request) error {
	if err := g.crossOrigin.Check(r); err != nil {
		return text.Errorf(text.Forbidden, "拒绝由其他网站发起的请求；请在本系统的页面中操作", "a request that another site sends is refused; act on a page of this server")
	}
	return nil
}
