// Package signin is the HTTP part of signing in, for the API and for the pages of a browser. It finds out who
// sends a request and from which address, sets the cookies of sessions, rejects requests that other sites cause,
// and runs the flow of single sign-on. Package access keeps passwords, sessions and accounts, and package oidc
// asks the issuer of identities; neither uses cookies.
package signin
