// Package signin is what of signing in belongs to HTTP, for the API and for the pages of a browser alike: who sends a request and
// from where, the cookies of sessions, the protection against other sites, and the flow of single sign-on. Package access knows
// passwords, sessions and accounts, and package oidc the provider of identities; neither knows a cookie.
package signin
