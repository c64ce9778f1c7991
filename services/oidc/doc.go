// Package oidc lets an OpenID Connect issuer say who somebody is: people by the
// code flow in a browser, programs by a JWT that they show with each request.
//
// A Provider is made without any network. What the issuer says about itself and
// its keys are fetched when they are first needed, one fetch at a time, and kept.
// Keys are fetched again when a signature fits none of them, at most once a
// minute, whatever is shown and however often. An issuer that does not answer
// takes no keys away.
//
// Begin returns the address to send a browser to, with PKCE, a state and a
// nonce. Finish takes what the browser came back with and returns an Identity.
// Verify returns the Identity of a JWT. The package knows no accounts, cookies
// or requests of ours: who an Identity is here is decided elsewhere.
//
// An error is text.Unavailable where the issuer does not answer as it should,
// and text.Unauthenticated, always in the same words, for whatever is wrong with
// what was shown. Its Cause is for the log alone.
package oidc
