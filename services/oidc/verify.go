package oidc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	jose "github.com/go-jose/go-jose/v4"
)

const (
	tokenBytesMax   = 16 << 10
	subjectBytesMax = 255 // OpenID Connect Core, section 2
	leeway          = time.Minute
	validMax        = 24 * time.Hour // of a JWT for programs, so that a lost one is soon useless
)

// algorithms are the accepted signatures of tokens. None uses a shared secret, because the client has that secret
// too.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512,
	jose.EdDSA,
}

// algorithmNames are the algorithms in the form that go-oidc needs.
var algorithmNames = func() (names []string) {
	for _, a := range algorithms {
		names = append(names, string(a))
	}
	return names
}()

// These are the accepted types in the header of a token. An access token may be marked as one (RFC 9068), an ID
// token may not; either may be marked as a JWT or not at all.
var (
	idTokenTypes     = []string{"", "jwt"} // in lower case
	accessTokenTypes = []string{"", "jwt", "at+jwt", "application/at+jwt"}
)

// Verify returns the identity in a JWT for programs, and when the JWT expires. Its audience must be that of the
// configuration, and it must expire within a day. For a JWT that is not good, the error is text.Unauthenticated,
// always with the same words.
func (p *Provider) Verify(ctx context.Context, jwt string) (Identity, time.Time, error) {
	if p.cfg.Audience == "" {
		return Identity{}, time.Time{}, refused(notValid, errors.New("no audience is configured, so no JWT is taken"))
	}
	ctx, cancel := context.WithTimeout(ctx, waitMax)
	defer cancel()
	c, err := p.check(ctx, jwt, p.cfg.Audience, accessTokenTypes)
	if err != nil {
		return Identity{}, time.Time{}, refused(notValid, err)
	}
	switch latest := p.cfg.Now().Add(validMax); {
	case c.Expiry > seconds(latest):
		err = fmt.Errorf("good for too long: expected an end before %s", latest.UTC().Format(time.RFC3339))
	case c.Confirmation != nil:
		err = errors.New("bound to a key of its holder, of which no proof is asked here") // RFC 7800
	}
	if err != nil {
		return Identity{}, time.Time{}, refused(notValid, err)
	}
	return Identity{p.cfg.Issuer, c.Subject}, time.Unix(int64(c.Expiry), 0), nil
}

// claims are the contents of a token beside its issuer. Instants are in seconds since 1970.
type claims struct {
	Subject         string  `json:"sub"`
	Expiry          float64 `json:"exp"`
	NotBefore       float64 `json:"nbf"`
	IssuedAt        float64 `json:"iat"`
	Nonce           string  `json:"nonce"`
	AuthorizedParty string  `json:"azp"`
	Confirmation    any     `json:"cnf"`

	audience []string
}

func seconds(t time.Time) float64 { return float64(t.Unix()) }

// check returns the claims of a token of the issuer for an audience, if it is good now. The error is a *text.Error
// if the issuer does not answer, any other error if the token is not good.
func (p *Provider) check(ctx context.Context, raw, audience string, types []string) (*claims, error) {
	jws, err := parse(raw, types)
	if err != nil {
		return nil, err
	}
	// without metadata the fetch of the keys would fail and start its pause
	if _, err := p.metadata.get(ctx); err != nil {
		return nil, unavailable(err)
	}
	sig := &signature{of: jws, keys: &p.keys}
	token, err := gooidc.NewVerifier(p.cfg.Issuer, sig, &gooidc.Config{
		ClientID: audience, SupportedSigningAlgs: algorithmNames, Now: p.cfg.Now,
	}).Verify(ctx, raw)
	if sig.noAnswer != nil {
		return nil, unavailable(sig.noAnswer)
	}
	if err != nil {
		return nil, err
	}
	c := &claims{audience: token.Audience}
	if err := token.Claims(c); err != nil {
		return nil, err
	}
	now := p.cfg.Now()
	switch soon := seconds(now.Add(leeway)); {
	case c.Expiry <= seconds(now):
		return nil, errors.New("expired")
	case c.NotBefore > soon:
		return nil, errors.New("not good yet")
	case c.IssuedAt > soon:
		return nil, errors.New("issued in the future")
	case !isSubject(c.Subject):
		return nil, fmt.Errorf("expected a subject of 1 to %d printable ASCII characters, got %q",
			subjectBytesMax, c.Subject)
	}
	return c, nil
}

// isSubject reports whether a subject meets OpenID Connect Core, section 2, and can be shown and typed.
func isSubject(s string) bool {
	return s != "" && len(s) <= subjectBytesMax &&
		!strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// parse reads a token in the compact form with one signature. It fetches nothing and ignores the keys in its
// header (jwk, jku, x5c, x5u).
func parse(raw string, types []string) (*jose.JSONWebSignature, error) {
	if len(raw) > tokenBytesMax {
		return nil, fmt.Errorf("expected at most %d bytes, got %d", tokenBytesMax, len(raw))
	}
	if strings.Count(raw, ".") != 2 ||
		strings.ContainsFunc(raw, func(r rune) bool { return !isBase64URL(r) && r != '.' }) {
		return nil, errors.New("expected a JWT of three parts")
	}
	jws, err := jose.ParseSignedCompact(raw, algorithms)
	if err != nil {
		return nil, err
	}
	h := jws.Signatures[0].Protected
	if _, has := h.ExtraHeaders["crit"]; has {
		return nil, errors.New("demands an extension by crit")
	}
	typ, has := h.ExtraHeaders[jose.HeaderType]
	if name, isText := typ.(string); has != isText || !slices.Contains(types, strings.ToLower(name)) {
		return nil, fmt.Errorf("expected a JWT of type %q, got %v", types, typ)
	}
	return jws, nil
}

func isBase64URL(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_'
}
