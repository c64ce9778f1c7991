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

// codeBytesMax bounds the code that a browser comes back with.
const codeBytesMax = 4 << 10

// SignInAttempt is one sign-in that began. It is secret, belongs to one browser, and is good for one Finish.
type SignInAttempt struct {
	State    string // that the browser must come back with
	Nonce    string // that the ID token must have
	Verifier string // of PKCE, that shows the issuer that who began is who finishes
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

// Finish returns who signed in, from the parameters that the browser of a SignInAttempt came back with. Whatever is wrong with them
// is text.Unauthenticated in the same words.
func (p *Provider) Finish(ctx context.Context, a *SignInAttempt, query url.Values) (Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, waitMax)
	defer cancel()
	subject, err := p.finish(ctx, a, query)
	if err != nil {
		return Identity{}, refused(notSignedIn, err)
	}
	return Identity{p.cfg.Issuer, subject}, nil
}

// finish returns the subject. A *text.Error means that the issuer does not answer, any other error that the attempt failed.
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
		return "", fmt.Errorf("ID token: for several audiences, and not said which of them it was issued to: %q", c.audience)
	}
	return c.Subject, nil
}

// code returns the code that the issuer gave the browser.
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

// one returns the value of a parameter that must be there once.
func one(query url.Values, name string) (string, error) {
	values := query[name]
	if len(values) != 1 || values[0] == "" {
		return "", fmt.Errorf("expected one %s, got %d", name, len(values))
	}
	return values[0], nil
}

// isSame compares secrets. An empty one is the same as none.
func isSame(shown, secret string) bool {
	return secret != "" && subtle.ConstantTimeCompare([]byte(shown), []byte(secret)) == 1
}

// judgeExchange returns the error for a code that the issuer did not exchange: it may refuse the code, or this server as a
// client, or not answer as it should.
func judgeExchange(err error) error {
	err = fmt.Errorf("exchange the code: %w", err)
	answer := (*oauth2.RetrieveError)(nil)
	if !errors.As(err, &answer) {
		return unavailable(err)
	}
	switch status := answer.Response.StatusCode; answer.ErrorCode {
	case "", "server_error", "temporarily_unavailable", "invalid_client", "unauthorized_client", "unsupported_grant_type":
	default:
		if status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
			return err
		}
	}
	return unavailable(err)
}
