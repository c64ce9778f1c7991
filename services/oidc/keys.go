package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"go.uber.org/zap"
)

const (
	keysMax    = 100
	rsaBitsMin = 2048
)

// fetchKeys returns the keys that the issuer signs with.
func (p *Provider) fetchKeys(ctx context.Context) ([]jose.JSONWebKey, error) {
	keys, err := p.readKeys(ctx)
	if err != nil {
		p.cfg.Log.Warn("the keys of the issuer could not be fetched", zap.String("issuer", p.cfg.Issuer),
			zap.Error(reason(err)))
		return nil, fmt.Errorf("fetch keys: %w", err)
	}
	p.cfg.Log.Debug("the keys of the issuer were fetched", zap.String("issuer", p.cfg.Issuer),
		zap.Int("keys", len(keys)))
	return keys, nil
}

func (p *Provider) readKeys(ctx context.Context) ([]jose.JSONWebKey, error) {
	m, err := p.metadata.get(ctx)
	if err != nil {
		return nil, err
	}
	body, err := p.read(ctx, m.keysURL)
	if err != nil {
		return nil, err
	}
	return parseKeys(body)
}

// parseKeys returns the keys of a JWK set that may sign tokens. It skips other keys: an issuer may have keys of
// unknown kinds, or for encryption.
func parseKeys(body []byte) (keys []jose.JSONWebKey, err error) {
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("expected a JWK set: %w", err)
	}
	if len(set.Keys) > keysMax {
		return nil, fmt.Errorf("expected at most %d keys, got %d", keysMax, len(set.Keys))
	}
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(raw) == nil && canSign(k) {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("expected a key for signatures, got none in %d", len(set.Keys))
	}
	return keys, nil
}

// canSign reports whether a key is a public key for signatures that is strong enough.
func canSign(k jose.JSONWebKey) bool {
	if !k.Valid() || k.Use != "" && k.Use != "sig" {
		return false
	}
	switch key := k.Key.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() >= rsaBitsMin
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false // a secret, or a private key published by mistake: anybody could sign with it
}

// signature checks the signature of one token. It implements KeySet of go-oidc for this token alone.
type signature struct {
	of       *jose.JSONWebSignature
	keys     *kept[[]jose.JSONWebKey]
	noAnswer error // the issuer did not answer, so that the signature could not be checked
}

// VerifySignature returns the payload of the token if a key of the issuer has signed it. If none has, it fetches
// the keys again, unless the last fetch was too recent.
func (s *signature) VerifySignature(ctx context.Context, _ string) ([]byte, error) {
	keys, err := s.keys.get(ctx)
	if err != nil {
		s.noAnswer = err
		return nil, err
	}
	if payload, _, err := s.verify(keys); err == nil {
		return payload, nil
	}
	keys, failed := s.keys.renew(ctx)
	payload, isKnown, err := s.verify(keys)
	if err != nil && failed != nil && !isKnown {
		s.noAnswer = failed // the token may be signed with a new key
	}
	return payload, err
}

// verify returns the payload of the token if one of keys has signed it. isKnown reports whether keys has the key
// that the token names.
func (s *signature) verify(keys []jose.JSONWebKey) (payload []byte, isKnown bool, err error) {
	h := s.of.Signatures[0].Protected
	for _, k := range keys {
		if h.KeyID != "" && h.KeyID != k.KeyID {
			continue
		}
		isKnown = true
		if k.Algorithm != "" && k.Algorithm != h.Algorithm {
			continue
		}
		if payload, err := s.of.Verify(k); err == nil {
			return payload, true, nil
		}
	}
	if !isKnown {
		return nil, false, fmt.Errorf("signed with a key that the issuer does not have: %q", h.KeyID)
	}
	return nil, true, errors.New("the signature is not of a key of the issuer")
}
