package oidc_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/oidc"
)

func TestATokenOfEveryAlgorithmIsGood(t *testing.T) {
	curve := func(c elliptic.Curve) crypto.Signer {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	signers := []*signer{
		newSigner(rsaKey(), jose.RS256, "1"), newSigner(rsaKey(), jose.RS384, "2"),
		newSigner(rsaKey(), jose.RS512, "3"),
		newSigner(rsaKey(), jose.PS256, "4"), newSigner(rsaKey(), jose.PS384, "5"),
		newSigner(rsaKey(), jose.PS512, "6"),
		newSigner(curve(elliptic.P256()), jose.ES256, "7"), newSigner(curve(elliptic.P384()), jose.ES384, "8"),
		newSigner(curve(elliptic.P521()), jose.ES512, "9"), newSigner(ed25519Key(), jose.EdDSA, "10"),
	}
	i := newIssuer(t)
	for _, s := range signers {
		i.keys = append(i.keys, s.public)
	}
	p := i.provider(t)
	for _, s := range signers {
		who, until, err := p.Verify(t.Context(), s.token(t, i.claims(nil), nil))
		if want := (oidc.Identity{Issuer: i.URL, Subject: "u-1024"}); err != nil || who != want ||
			until.Unix() != i.clock.Now().Unix()+3600 {
			t.Errorf("%s: got %v until %v: %v, %s", s.alg, who, until, err, why(err))
		}
	}
	if n := i.fetched.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
}

func TestATokenThatIsGood(t *testing.T) {
	s := newKey("k")
	i := newIssuer(t, s.public)
	p := i.provider(t)
	now := i.clock.Now().Unix()
	for name, jwt := range map[string]string{
		"several audiences":       s.token(t, i.claims(object{"aud": []string{client, audience}}), nil),
		"no type":                 s.token(t, i.claims(nil), object{"typ": nil}),
		"another spelling of JWT": s.token(t, i.claims(nil), object{"typ": "jwt"}),
		"no iat":                  s.token(t, i.claims(object{"iat": nil}), nil),
		"a clock that is ahead":   s.token(t, i.claims(object{"iat": now + 60, "nbf": now + 60}), nil),
		"a second before its end": s.token(t, i.claims(object{"exp": now + 1}), nil),
		"a day":                   s.token(t, i.claims(object{"exp": now + 86400}), nil),
		"no name of the key":      s.token(t, i.claims(nil), object{"kid": nil}),
		"the longest subject":     s.token(t, i.claims(object{"sub": strings.Repeat("s", 255)}), nil),
		"keys in the header": s.token(t, i.claims(nil),
			object{"jwk": newKey("k").public, "jku": "http://127.0.0.1:9/", "x5u": "http://127.0.0.1:9/"}),
		"claims from elsewhere": s.token(t,
			i.claims(object{"_claim_names": object{"sub": "x"},
				"_claim_sources": object{"x": object{"endpoint": "http://127.0.0.1:9/"}}}), nil),
		"an instant with fraction": s.token(t, i.claims(object{"exp": float64(now) + 10.5}), nil),
	} {
		t.Run(name, func(t *testing.T) { mustVerify(t, p, jwt) })
	}
}

func TestATokenThatIsNotGood(t *testing.T) {
	ec, other := newKey("ec"), newKey("ec")
	rs := newSigner(rsaKey(), jose.RS256, "rsa")
	rs512 := newSigner(rsaKey(), jose.RS512, "rsa")
	i := newIssuer(t, ec.public, rs.public)
	p := i.provider(t)
	now := i.clock.Now().Unix()
	good := ec.token(t, i.claims(nil), nil)
	mustVerify(t, p, good)
	parts := strings.Split(good, ".")
	der, err := x509.MarshalPKIXPublicKey(rs.private.Public())
	if err != nil {
		t.Fatal(err)
	}
	hs256 := func(secret []byte) string {
		signed := encode(t, object{"alg": "HS256", "kid": "rsa", "typ": "JWT"}) + "." + parts[1]
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signed))
		return signed + "." + encode(t, mac.Sum(nil))
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, jwt, reason string }{
		{"nothing", "", "three parts"},
		{"dots", "..", ""},
		{"a token of our own kind", "tz_0123456789", "three parts"},
		{"two parts", parts[0] + "." + parts[1], "three parts"},
		{"four parts", good + ".", "three parts"},
		{"an encrypted one", good + "." + parts[0] + "." + parts[1], "three parts"},
		{"white space", good + "\n", "three parts"},
		{"padding", good + "=", "three parts"},
		{"the JSON form with two signatures",
			fmt.Sprintf(
				`{"payload":"%s","signatures":[{"protected":"%s","signature":"%s"},{"protected":"%[2]s","signature":"%[3]s"}]}`, parts[1], parts[0], parts[2]), "three parts"},
		{"oversized", ec.token(t, i.claims(object{"pad": strings.Repeat("x", 16<<10)}), nil), "16384 bytes"},
		{"nested lists in the header", ec.sign(t, encode(t, []byte(strings.Repeat("[", 6000)))+"."+parts[1]), ""},
		{"nested lists in the payload", ec.token(t, []byte(strings.Repeat("[", 6000)), nil), ""},
		{"nested objects in a claim",
			ec.token(t, []byte(`{"iss":`+strings.Repeat(`{"a":`, 2000)+"1"+strings.Repeat("}", 2000)+"}"), nil), ""},
		{"a header that is no object", ec.sign(t, encode(t, []byte(`"ES256"`))+"."+parts[1]), ""},
		{"two algorithms in the header",
			ec.sign(t, encode(t, []byte(`{"alg":"none","alg":"ES256","kid":"ec"}`))+"."+parts[1]), ""},
		{"bytes that are no JSON", ec.token(t, []byte{0xff, 0, 0xfe}, nil), ""},
		{"no claims", ec.token(t, object{}, nil), ""},
		{"null for claims", ec.token(t, []byte("null"), nil), ""},
		{"a token in the token", ec.token(t, []byte(good), object{"cty": "JWT"}), ""},

		{"algorithm none", encode(t, object{"alg": "none", "typ": "JWT"}) + "." + parts[1] + ".", "algorithm"},
		{"algorithm None", encode(t, object{"alg": "None", "typ": "JWT"}) + "." + parts[1] + "." + parts[2],
			"algorithm"},
		{"no algorithm", ec.token(t, i.claims(nil), object{"alg": nil}), "algorithm"},
		{"HS256 with the public key as DER", hs256(der), "HS256"},
		{"HS256 with the public key as PEM",
			hs256(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), "HS256"},
		{"HS256 with nothing", hs256(nil), "HS256"},
		{"an algorithm that the key is not for", rs512.token(t, i.claims(nil), nil), "signature"},
		{"the name of an algorithm of the other key", ec.token(t, i.claims(nil), object{"alg": "RS256"}), "signature"},

		{"a forged key with the name of a good one", other.token(t, i.claims(nil), nil), "signature is not of a key"},
		{"a forged key without a name", other.token(t, i.claims(nil), object{"kid": nil}),
			"signature is not of a key"},
		{"a forged key with a name of its own", other.token(t, i.claims(nil), object{"kid": "mine"}),
			`does not have: "mine"`},
		{"a forged key in the header", other.token(t, i.claims(nil), object{"jwk": other.public}),
			"signature is not of a key"},
		{"a private key in the header",
			other.token(t, i.claims(nil), object{"jwk": jose.JSONWebKey{Key: other.private}}), ""},
		{"a certificate in the header",
			other.token(t, i.claims(nil), object{"x5c": []string{base64.StdEncoding.EncodeToString(der)}}), ""},
		{"another payload", parts[0] + "." + encode(t, i.claims(object{"sub": "admin"})) + "." + parts[2],
			"signature is not of a key"},
		{"another header", encode(t, object{"alg": "ES256", "kid": "ec"}) + "." + parts[1] + "." + parts[2],
			"signature is not of a key"},
		{"no signature", parts[0] + "." + parts[1] + ".", "signature is not of a key"},
		{"half a signature", parts[0] + "." + parts[1] + "." + encode(t, signature[:32]), "signature is not of a key"},
		{"zeros as the signature", parts[0] + "." + parts[1] + "." + encode(t, make([]byte, 64)),
			"signature is not of a key"},

		{"crit", ec.token(t, i.claims(nil), object{"crit": []string{"exp"}, "exp": 1}), "crit"},
		{"crit b64", ec.token(t, i.claims(nil), object{"crit": []string{"b64"}, "b64": true}), "crit"},
		{"crit of nothing", ec.token(t, i.claims(nil), object{"crit": []string{}}), "crit"},
		{"another type", ec.token(t, i.claims(nil), object{"typ": "logout+jwt"}), "logout+jwt"},
		{"a type that is no text", ec.token(t, i.claims(nil), object{"typ": 5}), "type"},

		{"another issuer", ec.token(t, i.claims(object{"iss": "https://evil.example"}), nil), "evil.example"},
		{"the issuer with a slash", ec.token(t, i.claims(object{"iss": i.URL + "/"}), nil), "provider"},
		{"no issuer", ec.token(t, i.claims(object{"iss": nil}), nil), "provider"},
		{"another audience", ec.token(t, i.claims(object{"aud": "another"}), nil), "audience"},
		{"the client as audience", ec.token(t, i.claims(object{"aud": client}), nil), "audience"},
		{"a longer audience", ec.token(t, i.claims(object{"aud": audience + "/"}), nil), "audience"},
		{"no audience", ec.token(t, i.claims(object{"aud": nil}), nil), "audience"},
		{"an empty list of audiences", ec.token(t, i.claims(object{"aud": []string{}}), nil), "audience"},
		{"audiences that are no text", ec.token(t, i.claims(object{"aud": []int{1}}), nil), ""},

		{"no end", ec.token(t, i.claims(object{"exp": nil}), nil), "expired"},
		{"a list as an end", ec.token(t, i.claims(object{"exp": []int{}}), nil), ""},
		{"ended", ec.token(t, i.claims(object{"exp": now - 1}), nil), "expired"},
		{"ends now", ec.token(t, i.claims(object{"exp": now}), nil), "expired"},
		{"ends in 1970", ec.token(t, i.claims(object{"exp": 0}), nil), "expired"},
		{"an end as text", ec.token(t, i.claims(object{"exp": "soon"}), nil), ""},
		{"an end beyond all numbers", ec.token(t, i.claims(object{"exp": 1e300}), nil), ""},
		{"more than a day", ec.token(t, i.claims(object{"exp": now + 86402}), nil), "too long"},
		{"not yet", ec.token(t, i.claims(object{"nbf": now + 62}), nil), "not good yet"},
		{"not for a long time", ec.token(t, i.claims(object{"nbf": now + 3000}), nil), "nbf"},
		{"issued in the future", ec.token(t, i.claims(object{"iat": now + 62}), nil), "future"},
		{"issued beyond all numbers", ec.token(t, i.claims(object{"iat": 1e300}), nil), "future"},

		{"no subject", ec.token(t, i.claims(object{"sub": nil}), nil), "subject"},
		{"an empty subject", ec.token(t, i.claims(object{"sub": ""}), nil), "subject"},
		{"a subject that is too long", ec.token(t, i.claims(object{"sub": strings.Repeat("s", 256)}), nil), "subject"},
		{"a subject with a line break", ec.token(t, i.claims(object{"sub": "a\nb"}), nil), "subject"},
		{"a subject that turns the text around", ec.token(t, i.claims(object{"sub": "a\u202eb"}), nil), "subject"},
		{"a subject with a letter that looks like another", ec.token(t, i.claims(object{"sub": "\u0430dmin"}), nil),
			"subject"},
		{"a subject that is a number", ec.token(t, i.claims(object{"sub": 1024}), nil), ""},
		{"bound to a key of its holder", ec.token(t, i.claims(object{"cnf": object{"jkt": "x"}}), nil), "bound"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := p.Verify(t.Context(), c.jwt)
			mustNotVerify(t, err, c.reason)
		})
	}
	if n := i.fetched.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
	mustVerify(t, p, good)
}

func TestKeysThatCannotBeOfASignature(t *testing.T) {
	good, for512 := newKey("good"), newSigner(rsaKey(), jose.RS512, "512")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	short := newSigner(weak, jose.RS256, "short")
	secret, private, encryption := newKey("private"), newKey("private"), newKey("encryption")
	private.public.Key = private.private
	encryption.public.Use = "enc"
	secret.public = jose.JSONWebKey{Key: []byte(strings.Repeat("s", 32)), KeyID: "secret"}
	i := newIssuer(t, good.public, for512.public, short.public, private.public, encryption.public, secret.public)
	p := i.provider(t)
	mustVerify(t, p, good.token(t, i.claims(nil), nil))
	mustVerify(t, p, for512.token(t, i.claims(nil), nil))
	for _, s := range []*signer{short, private, encryption} {
		_, _, err := p.Verify(t.Context(), s.token(t, i.claims(nil), nil))
		mustNotVerify(t, err, "does not have")
	}
}

func TestGarbageAsksNobody(t *testing.T) {
	i := newIssuer(t)
	i.Close()
	for _, jwt := range []string{"", "x", "a.b.c", "tz_abc", encode(t, object{"alg": "none"}) + ".e30.",
		strings.Repeat("a", 1<<20)} {
		_, _, err := i.provider(t).Verify(t.Context(), jwt)
		mustNotVerify(t, err, "")
	}
}

func TestAnswersOfTheIssuerThatAreNotRight(t *testing.T) {
	elsewhere := httptest.NewServer(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request went elsewhere") }))
	t.Cleanup(elsewhere.Close)
	s := newKey("k")
	big := []byte(`{"pad":"` + strings.Repeat("x", 1<<20) + `",`)
	for name, spoil := range map[string]func(i *issuer){
		"another issuer":             func(i *issuer) { i.says["issuer"] = "https://evil.example" },
		"an issuer with a slash":     func(i *issuer) { i.says["issuer"] = i.URL + "/" },
		"no keys said":               func(i *issuer) { delete(i.says, "jwks_uri") },
		"no page said":               func(i *issuer) { delete(i.says, "authorization_endpoint") },
		"keys without TLS elsewhere": func(i *issuer) { i.says["jwks_uri"] = "http://taizhang.example/keys" },
		"a page that is a script":    func(i *issuer) { i.says["authorization_endpoint"] = "javascript:alert(1)" },
		"codes to a file":            func(i *issuer) { i.says["token_endpoint"] = "file:///etc/passwd" },
		"said too much":              func(i *issuer) { i.says["pad"] = strings.Repeat("x", 1<<20) },
		"keys elsewhere by redirect": func(i *issuer) {
			i.onKeys = http.RedirectHandler(elsewhere.URL, http.StatusFound).ServeHTTP
		},
		"too many bytes of keys": func(i *issuer) {
			i.onKeys = func(w http.ResponseWriter, _ *http.Request) {
				w.Write(append(bytes.Clone(big), `"keys":[]}`...))
			}
		},
		"too many keys": func(i *issuer) {
			for n := range 101 {
				k := s.public
				k.KeyID = fmt.Sprint(n)
				i.keys = append(i.keys, k)
			}
		},
		"no keys": func(i *issuer) { i.keys = nil },
		"keys that are a page": func(i *issuer) {
			i.onKeys = func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) }
		},
		"an error for keys": func(i *issuer) { i.onKeys = http.NotFound },
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t, s.public)
			spoil(i)
			_, _, err := i.provider(t).Verify(t.Context(), s.token(t, i.claims(nil), nil))
			mustFail(t, err, text.Unavailable, "")
		})
	}
}

// TestAnIssuerWithTLSHasAllWithTLS checks that only an issuer on loopback without TLS may have endpoints without
// TLS.
func TestAnIssuerWithTLSHasAllWithTLS(t *testing.T) {
	var says atomic.Pointer[object]
	server := httptest.NewTLSServer(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeJSON(t, w, *says.Load()) }))
	t.Cleanup(server.Close)
	clock := newClock()
	p := provider(t, oidc.ProviderConfig{Issuer: server.URL, ClientID: client, RedirectURL: redirect,
		Client: server.Client(), Now: clock.Now})
	all := object{"issuer": server.URL, "authorization_endpoint": "https://a.example/",
		"token_endpoint": "https://a.example/", "jwks_uri": "http://127.0.0.1:9/"}
	says.Store(&all)
	_, _, err := p.Begin(t.Context())
	mustFail(t, err, text.Unavailable, "expected https")
	with := object{"issuer": server.URL, "authorization_endpoint": "https://a.example/",
		"token_endpoint": "https://a.example/", "jwks_uri": "https://a.example/"}
	says.Store(&with)
	clock.Advance(10 * time.Second)
	begin(t, p)
}

func FuzzVerify(f *testing.F) {
	s := newKey("k")
	i := newIssuer(f, s.public)
	p := i.provider(f)
	f.Add(s.token(f, i.claims(nil), nil))
	f.Add(encode(f, object{"alg": "none"}) + "." + encode(f, i.claims(nil)) + ".")
	f.Fuzz(func(t *testing.T, jwt string) {
		if _, _, err := p.Verify(t.Context(), jwt); err != nil {
			mustNotVerify(t, err, "")
		}
	})
}
