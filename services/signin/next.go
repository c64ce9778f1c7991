package signin

import (
	"net/url"
	"path"
	"strings"
)

// home is the page that a browser is sent to after sign-in, unless it asked for another page of this server.
const home = "/me"

// nextBytesMax is the longest address that a browser may be sent to after sign-in: that of the form of a record has up
// to a hundred centers. A cookie has room for it.
const nextBytesMax = 2000

// Next returns the address to send a browser to after sign-in: raw if it is a path of this server, perhaps with a
// query, that can be read in one way only; else "/me". So nobody is sent to another site, or back to the pages of
// signing in and out.
func Next(raw string) string {
	if len(raw) > nextBytesMax || !strings.HasPrefix(raw, "/") {
		return home
	}
	for i := range len(raw) { // some browsers read a backslash as a slash, and remove control characters
		if raw[i] <= ' ' || raw[i] >= 0x7f || raw[i] == '\\' || raw[i] == '#' {
			return home
		}
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return home
	}
	if clean := path.Clean(u.Path); u.Path != clean && u.Path != clean+"/" || strings.HasPrefix(u.Path, "//") ||
		strings.ContainsFunc(u.Path, isOdd) {
		return home
	}
	first, _, _ := strings.Cut(u.Path[1:], "/")
	if first == "" || strings.EqualFold(first, "login") || strings.EqualFold(first, "logout") {
		return home
	}
	return raw
}

// isOdd reports whether a character of a decoded path could change the meaning of the address when it is read
// again.
func isOdd(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == '%' }
