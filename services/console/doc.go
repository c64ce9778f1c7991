// Package console serves the pages of a browser: signing in and out, and one's
// own account. They are plain HTML that works without JavaScript. Each page is
// made here and sent whole, in Chinese or in English.
//
// A page asks package signin, as the API does, so that a browser and a program
// get the same answers. It keeps nothing of its own: what an address needs is in
// its query (next, lang and notice), and who asks is in his session.
//
// A form that succeeds is answered with 303, so that a reload or the back button
// sends nothing again. Two answers to a form are pages instead, since they show
// what must not be stored: the key of a new second factor, and the recovery
// codes.
package console
