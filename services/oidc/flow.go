package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// codeBytesMax limits the length of the code that a browser brings back.
const codeBytesMax = 4 << 10

// SignInAttempt holds the secrets of one sign-in that began. It belongs to one browser and may be given to Finish
// once.
type SignInAttempt struct {
	State    string // the browser must bring it back
	Nonce    string // the ID token must contain it
	Verifier string // for PKCE: proves to the issuer that Begin and Finish are of the same program
}

// Begin returns a new SignInAttempt and the address of the issuer to send its browser to.
func (p *Provider) Begin(ctx context.Context) (*SignInAttempt, string, error) {
	ctx, cancel := context.WithTimeout(ctx, waitMax)
	defer cancel()
	m, err := p.metadata.get(ctx)
	if err != nil {
		return nil, "", unavailable(err)
	}
	a := &SignInAttempt{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	return a, p.oauth2(m).AuthCodeURL(a.State, gooidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

// Finish returns the identity that signed in. query has the parameters that the browser of the SignInAttempt
// brought back. Whatever is wrong, the error is text.Unauthenticated with the same words.
func (p *Provider) Finish(ctx context.Context, a *SignInAttempt, query url.Values) (Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, waitMax)
	defer cancel()
	subject, err := p.finish(ctx, a, query)
	if err != nil {
		return Identity{}, refused(notSignedIn, err)
	}
	return Identity{p.cfg.Issuer, subject}, nil
}

// finish returns the subject. The error is a *text.Error if the issuer does not answer, any other error if the
// attempt failed.
func (p *Provider) finish(ctx context.Context, a *SignInAttempt, query url.Values) (subject string, err error) {
	state, err := one(query, "state")
	if err != nil {
		return "", err
	}
	if !isSame(state, a.State) {
		return "", errors.New("the state is of another attempt")
	}
	m, err := p.metadata.get(ctx)
	if err != nil {
		return "", unavailable(err)
	}
	code, err := p.code(m, query)
	if err != nil {
		return "", err
	}
	token, err := p.oauth2(m).Exchange(gooidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return "", judgeExchange(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return "", unavailable(errors.New("expected an ID token with the access token, got none"))
	}
	c, err := p.check(ctx, raw, p.cfg.ClientID, idTokenTypes)
	if err != nil {
		return "", fmt.Errorf("ID token: %w", err)
	}
	switch {
	case !isSame(c.Nonce, a.Nonce):
		return "", errors.New("ID token: the nonce is of another attempt")
	case c.AuthorizedParty != "" && c.AuthorizedParty != p.cfg.ClientID:
		return "", fmt.Errorf("ID token: issued to another client, %q", c.AuthorizedParty)
	case len(c.audience) > 1 && c.AuthorizedParty == "":
		return "", fmt.Errorf("ID token: for several audiences, and not said which of them it was issued to: %q",
			c.audience)
	}
	return c.Subject, nil
}

// code returns the code that the issuer gave to the browser.
func (p *Provider) code(m *metadata, query url.Values) (string, error) {
	if m.says || query.Has("iss") {
		issuer, err := one(query, "iss")
		if err != nil {
			return "", err
		}
		if issuer != p.cfg.Issuer {
			return "", fmt.Errorf("the answer is of another issuer, %q", issuer)
		}
	}
	if query.Has("error") {
		err := fmt.Errorf("the issuer answered %q: %q", query.Get("error"), query.Get("error_description"))
		if e := query.Get("error"); e == "server_error" || e == "temporarily_unavailable" {
			return "", unavailable(err)
		}
		return "", err
	}
	code, err := one(query, "code")
	if err == nil && len(code) > codeBytesMax {
		err = fmt.Errorf("expected a code of at most %d bytes, got %d", codeBytesMax, len(code))
	}
	return code, err
}

// one returns the value of a parameter that must occur exactly once.
func one(query url.Values, name string) (string, error) {
	values := query[name]
	if len(values) != 1 || values[0] == "" {
		return "", fmt.Errorf("expected one %s, got %d", name, len(values))
	}
	return values[0], nil
}

// isSame compares two secrets in constant time. An empty one equals none.
func isSame(shown, secret string) bool {
	return secret != "" && subtle.ConstantTimeCompare([]byte(shown), []byte(secret)) == 1
}

// judgeExchange returns the error for a code that the issuer did not exchange. The issuer may have rejected the
// code or this server as a client, or may not have given a proper answer.
func judgeExchange(err error) error {
	err = fmt.Errorf("exchange the code: %w", err)
	answer := (*oauth2.RetrieveError)(nil)
	if !errors.As(err, &answer) {
		return unavailable(err)
	}
	switch status := answer.Response.StatusCode; answer.ErrorCode {
	case "", "server_error", "temporarily_unavailable", "invalid_client", "unauthorized_client",
		"unsupported_grant_type":
	default:
		if status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
			return err
		}
	}
	return unavailable(err)
}
