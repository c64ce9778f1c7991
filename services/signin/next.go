package signin

import (
	"net/url"
	"path"
	"strings"
)

// home is where a browser goes after it signed in, unless it asked for another page of this server.
const home = "/me"

// nextBytesMax is how long the address may be to which a browser goes after it signed in.
const nextBytesMax = 1000

// Next returns the address to which a browser goes after it signed in: what it asked for if that is a path of this server, with a
// query or not, in exactly one reading; else "/me". So nobody is sent to another site, and not back to signing in or out.
func Next(raw string) string {
	if len(raw) > nextBytesMax || !strings.HasPrefix(raw, "/") {
		return home
	}
	for i := range len(raw) { // some browsers read a backslash as a slash, and drop control characters
		if raw[i] <= ' ' || raw[i] >= 0x7f || raw[i] == '\\' || raw[i] == '#' {
			return home
		}
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return home
	}
	if clean := path.Clean(u.Path); u.Path != clean && u.Path != clean+"/" || strings.HasPrefix(u.Path, "//") || strings.ContainsFunc(u.Path, isOdd) {
		return home
	}
	first, _, _ := strings.Cut(u.Path[1:], "/")
	if first == "" || strings.EqualFold(first, "login") || strings.EqualFold(first, "logout") {
		return home
	}
	return raw
}

// isOdd reports whether a character of a decoded path has a meaning to something that reads the address once more.
func isOdd(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == '%' }
