// Package console serves the pages of a browser: signing in and out, one's own
// account, and the ledger. They are plain HTML that works without JavaScript;
// one module adds keys, a dry run while one types, and the notice of new
// records. Each page is made here and sent whole, in Chinese or in English.
//
// A page asks the desk, guarded for its user, as the API does, so that a browser
// and a program get the same answers. It keeps nothing of its own: the address
// has all that a page shows (state.go), and who asks is in his session.
//
// The table of pages is in screens.go. A list of the package lists has a page by
// itself (list.go): its parameters are the form (filters.go), its columns the
// table (rows.go), and its cells lead to what they are made of (links.go).
//
// A form that succeeds is answered with 303, so that a reload or the back button
// sends nothing again. Some answers to a form are pages instead, since they show
// what must not be stored: the key of a new second factor, the recovery codes,
// a token, and a temporary password. A form that lacks a code of the second
// factor is answered with a page that asks for the code and carries it on
// (proof.go).
package console

// The pictures of the documentation, with chromium:
//go:generate go test -tags e2e -run ^TestPictures$ . -update
