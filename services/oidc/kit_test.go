package oidc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/oidc"
)

// clock is a clock that the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// newClock returns a clock at the beginning of a second, because instants in tokens are in seconds.
func newClock() *clock { return &clock{now: time.Now().Truncate(time.Second)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// object is a JSON object.
type object = map[string]any

// issuer is an issuer that answers as a test sets it, and counts the requests for its keys.
type issuer struct {
	*httptest.Server
	clock *clock

	mu      sync.Mutex
	says    object            // of itself
	keys    []jose.JSONWebKey // that it has
	token   http.HandlerFunc  // its token endpoint
	onKeys  http.HandlerFunc  // what it does instead of answering with its keys
	fetched atomic.Int32      // answers with keys
	codes   atomic.Int32      // requests to the token endpoint
}

func newIssuer(t testing.TB, keys ...jose.JSONWebKey) *issuer {
	t.Helper()
	i := &issuer{clock: newClock(), keys: keys}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		writeJSON(t, w, i.says)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) {
		i.fetched.Add(1)
		i.mu.Lock()
		other, set := i.onKeys, jose.JSONWebKeySet{Keys: i.keys}
		i.mu.Unlock()
		if other != nil {
			other(w, r)
			return
		}
		writeJSON(t, w, set)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		i.codes.Add(1)
		i.mu.Lock()
		answer := i.token
		i.mu.Unlock()
		answer(w, r)
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	i.says = object{"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize",
		"token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys"}
	return i
}

func writeJSON(t testing.TB, w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	raw, err := json.Marshal(v)
	if err != nil {
		t.Error(err)
	}
	w.Write(raw)
}

// set changes the answers of the issuer.
func (i *issuer) set(change func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change()
}

const (
	client   = "taizhang"
	audience = "https://taizhang.example/v1"
)

func (i *issuer) provider(t testing.TB) *oidc.Provider {
	t.Helper()
	return provider(t, oidc.ProviderConfig{Issuer: i.URL, ClientID: client, RedirectURL: redirect, Audience: audience,
		Now: i.clock.Now})
}

// claims returns the claims of a valid token with changes. A nil removes a claim.
func (i *issuer) claims(changes object) object {
	now := i.clock.Now().Unix()
	c := object{"iss": i.URL, "sub": "u-1024", "aud": audience, "exp": now + 3600, "iat": now}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// signer is a key to sign with, and its public part.
type signer struct {
	private crypto.Signer
	alg     jose.SignatureAlgorithm
	public  jose.JSONWebKey
}

func newSigner(private crypto.Signer, alg jose.SignatureAlgorithm, kid string) *signer {
	return &signer{private, alg,
		jose.JSONWebKey{Key: private.Public(), KeyID: kid, Algorithm: string(alg), Use: "sig"}}
}

// newKey returns a new key, for ES256.
func newKey(kid string) *signer {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return newSigner(private, jose.ES256, kid)
}

// rsaKey is made once, because that takes long.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func ed25519Key() ed25519.PrivateKey {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// token returns a JWT whose header has the key of s and changes.
func (s *signer) token(t testing.TB, claims any, changes object) string {
	t.Helper()
	header := object{"alg": s.alg, "kid": s.public.KeyID, "typ": "at+jwt"}
	maps.Copy(header, changes)
	maps.DeleteFunc(header, func(_ string, v any) bool { return v == nil })
	return s.sign(t, encode(t, header)+"."+encode(t, claims))
}

// sign returns the text with its signature.
func (s *signer) sign(t testing.TB, signed string) string {
	t.Helper()
	if s.alg == jose.EdDSA {
		return signed + "." + encode(t, ed25519.Sign(s.private.(ed25519.PrivateKey), []byte(signed)))
	}
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[string(s.alg[2:])]
	h := hash.New()
	h.Write([]byte(signed))
	var raw []byte
	var err error
	switch private := s.private.(type) {
	case *ecdsa.PrivateKey:
		var r, v *big.Int
		r, v, err = ecdsa.Sign(rand.Reader, private, h.Sum(nil))
		if err == nil {
			size := (private.Params().BitSize + 7) / 8
			raw = append(r.FillBytes(make([]byte, size)), v.FillBytes(make([]byte, size))...)
		}
	case *rsa.PrivateKey:
		var opts crypto.SignerOpts = hash
		if s.alg[:2] == "PS" {
			opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
		}
		raw, err = private.Sign(rand.Reader, h.Sum(nil), opts)
	}
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + encode(t, raw)
}

func encode(t testing.TB, v any) string {
	t.Helper()
	raw, isRaw := v.([]byte)
	if !isRaw {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func mustVerify(t *testing.T, p *oidc.Provider, jwt string) {
	t.Helper()
	if who, _, err := p.Verify(t.Context(), jwt); err != nil || who.Subject == "" {
		t.Fatalf("expected a good token, got %v: %v, %s", who, err, why(err))
	}
}

// mustNotVerify checks that an error is that of an invalid token, with a reason.
func mustNotVerify(t *testing.T, err error, reason string) {
	t.Helper()
	if text.CodeOf(err) != text.Unauthenticated || err == nil || err.Error() != "no valid token was shown" ||
		!strings.Contains(why(err), reason) {
		t.Errorf("expected that no valid token was shown because of %q, got %v because of %q", reason, err, why(err))
	}
	mustBeForTheLog(t, err)
}

// mustBeForTheLog checks that the reason of an error is one line of limited length.
func mustBeForTheLog(t *testing.T, err error) {
	t.Helper()
	if r := why(err); r == "" || utf8.RuneCountInString(r) > 300 || strings.ContainsFunc(r, unicode.IsControl) {
		t.Errorf("the reason is not fit for a log: %q", r)
	}
}
