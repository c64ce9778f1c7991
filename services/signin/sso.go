package signin

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/oidc"
)

// flow is a single sign-on that is under way. The browser keeps it as a sealed cookie, so that many sign-ins that
// are begun use no memory of the server.
type flow struct {
	oidc.SignInAttempt
	Next    string    `json:"next"`
	Expires time.Time `json:"expires"`
}

// errNoProvider is returned if single sign-on is not configured.
var errNoProvider = text.Errorf(text.NotFound, "本系统没有启用统一身份登录", "this server has no single sign-on")

// errFlow is returned if a browser comes back from the issuer without a sign-in that it began here.
var errFlow = text.Errorf(text.Unauthenticated, "这次统一身份登录已失效，请重新登录",
	"this sign-in is not valid any more; sign in again")

// HasSSO reports whether single sign-on is configured.
func (g *Gate) HasSSO() bool { return g.Provider != nil }

// BeginSSO returns the address of the issuer to send the browser to. After sign-in the browser goes on to next.
func (g *Gate) BeginSSO(w http.ResponseWriter, r *http.Request, next string) (url string, err error) {
	if g.Provider == nil {
		return "", errNoProvider
	}
	attempt, url, err := g.Provider.Begin(r.Context())
	if err != nil {
		return "", err
	}
	sealed, err := g.seal(&flow{*attempt, Next(next), g.Now().Add(flowAge)})
	if err != nil {
		return "", err
	}
	g.Keep(w, r, flowCookie, sealed, flowAge)
	return url, nil
}

// FinishSSO signs in with the identity that the browser brings back from the issuer, and returns the address to
// send it to. It makes no account: if none is linked to the identity, the error is an UnlinkedError. next is "" if
// this browser began no sign-in.
func (g *Gate) FinishSSO(w http.ResponseWriter, r *http.Request) (next string, s *access.Session, err error) {
	if g.Provider == nil {
		return "", nil, errNoProvider
	}
	sealed, query := g.Cookie(r, flowCookie), r.URL.Query()
	f := g.unseal(sealed)
	if f == nil || subtle.ConstantTimeCompare([]byte(f.State), []byte(query.Get("state"))) != 1 {
		g.count(bySSO, errFlow)
		g.Access.NoteNotConfirmed(g.Source(r))
		return "", nil, errFlow
	}
	g.forget(w, r, flowCookie) // it can be used once
	signed, err := g.finish(r, f)
	s, err = g.began(w, r, bySSO, signed, err)
	return f.Next, s, err
}

// finish asks the issuer for the identity of a flow, and signs in the account that is linked to it.
func (g *Gate) finish(r *http.Request, f *flow) (*access.SignedIn, error) {
	source := g.Source(r)
	if !g.returns.begin(source) {
		return nil, text.Errorf(text.Unavailable, "正在登录的人过多，请稍后再试",
			"too many sign in at the moment; try again later")
	}
	defer g.returns.end(source)
	id, err := g.Provider.Finish(r.Context(), &f.SignInAttempt, r.URL.Query())
	if err != nil {
		var why oidc.Cause
		errors.As(err, &why)
		g.Log.Warn("a single sign-on failed", zap.String("source", source), zap.Error(err),
			zap.String("reason", string(why)))
		if text.CodeOf(err) == text.Unauthenticated {
			g.Access.NoteNotConfirmed(source)
		}
		return nil, err
	}
	signed, err := g.Access.SignInAs(r.Context(), access.Identity(id), g.Cookie(r, deviceCookie), source)
	if text.CodeOf(err) == text.Unauthenticated {
		err = &UnlinkedError{access.Identity(id), err}
	}
	return signed, err
}

func (g *Gate) seal(f *flow) (string, error) {
	content, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(g.sealing.Seal(nil, nil, content, []byte(flowCookie))), nil
}

// unseal is the inverse of seal. It returns nil for a text that this process did not seal, or that is too old.
func (g *Gate) unseal(sealed string) *flow {
	content, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return nil
	}
	if content, err = g.sealing.Open(nil, nil, content, []byte(flowCookie)); err != nil {
		return nil
	}
	f := new(flow)
	if json.Unmarshal(content, f) != nil || !g.Now().Before(f.Expires) {
		return nil
	}
	return f
}

// These limits bound the sign-ins that wait for the issuer, which may be slow.
const (
	returnsMax   = 64
	returnsOfOne = 8 // from one address, or one IPv6 network
)

// returns counts the browsers that came back from the issuer and wait for its answer.
type returns struct {
	mu  sync.Mutex
	all int
	of  map[string]int // the number of them by source
}

// begin reports whether another browser from a source may wait. If so, the caller must call end.
func (n *returns) begin(source string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	source = access.Network(source)
	if n.all >= returnsMax || n.of[source] >= returnsOfOne {
		return false
	}
	if n.of == nil {
		n.of = map[string]int{}
	}
	n.all++
	n.of[source]++
	return true
}

func (n *returns) end(source string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	source = access.Network(source)
	n.all--
	if n.of[source]--; n.of[source] == 0 {
		delete(n.of, source)
	}
}
