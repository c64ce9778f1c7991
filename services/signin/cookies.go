package signin

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// These are the names of the cookies. In front comes hostPrefix: with it a browser accepts a cookie only from this
// host, over TLS and for all paths. On the machine itself without TLS the prefix is left out, since some browsers
// reject such cookies there.
const (
	sessionCookie = "tz"
	deviceCookie  = "tz-device"
	flowCookie    = "tz-sso"
	hostPrefix    = "__Host-"
)

// These constants say how long a browser keeps a cookie. It deletes the cookie of a session when the browser is
// closed.
const (
	deviceAge = 365 * 24 * time.Hour
	flowAge   = 10 * time.Minute
)

// cookieBytesMax is the longest value of a cookie of this package.
const cookieBytesMax = 4000

// isPlain reports whether the browser talks to the server without TLS: on the machine itself, and through no proxy
// that may encrypt.
func (g *Gate) isPlain(r *http.Request) bool {
	return r.TLS == nil && isLoopback(r.Host) && !g.isForwarded(r)
}

// isLoopback reports whether a host, with or without a port, is a name of the machine for itself.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	at, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && at.IsLoopback()
}

// nameOf returns the name of a cookie for a request, with or without hostPrefix. A cookie under the other name is
// ignored: another host of the domain, or somebody on the network, may have set it.
func (g *Gate) nameOf(r *http.Request, name string) string {
	if g.isPlain(r) {
		return name
	}
	return hostPrefix + name
}

// Cookie returns the value of a cookie, or "" if there is none. If two cookies have the name, it returns "", since
// one of them may be forged.
func (g *Gate) Cookie(r *http.Request, name string) string {
	all := r.CookiesNamed(g.nameOf(r, name))
	if len(all) != 1 || len(all[0].Value) > cookieBytesMax {
		return ""
	}
	return all[0].Value
}

// Keep sets a cookie in the browser: for an age, or for 0 until the browser is closed.
func (g *Gate) Keep(w http.ResponseWriter, r *http.Request, name, value string, age time.Duration) {
	http.SetCookie(w, &http.Cookie{Name: g.nameOf(r, name), Value: value, Path: "/", MaxAge: int(age.Seconds()),
		Secure: !g.isPlain(r), HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// forget deletes a cookie in the browser.
func (g *Gate) forget(w http.ResponseWriter, r *http.Request, name string) {
	http.SetCookie(w, &http.Cookie{Name: g.nameOf(r, name), Path: "/", MaxAge: -1, Secure: !g.isPlain(r),
		HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
