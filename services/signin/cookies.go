package signin

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// The cookies of a browser. Their names begin with hostPrefix, under which a browser takes a cookie from this very host alone, over
// TLS, for all paths. On the machine itself without TLS they go without it, since some browsers drop them there.
const (
	sessionCookie = "tz"
	deviceCookie  = "tz-device"
	flowCookie    = "tz-sso"
	hostPrefix    = "__Host-"
)

// How long a browser keeps a cookie. It drops that of a session when it is closed.
const (
	deviceAge = 365 * 24 * time.Hour
	flowAge   = 10 * time.Minute
)

// cookieBytesMax is how long the value of a cookie of ours may be.
const cookieBytesMax = 4000

// isPlain reports whether the browser talks to the server without TLS: on the machine itself, and by no proxy that may encrypt.
func (g *Gate) isPlain(r *http.Request) bool {
	return r.TLS == nil && isLoopback(r.Host) && !g.isForwarded(r)
}

// isLoopback reports whether a host, with a port or not, is a name of the machine for itself.
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

// nameOf returns the name of a cookie as it fits a request. Under the other name it counts for nothing: another host of the domain,
// or somebody on the network, may have set it.
func (g *Gate) nameOf(r *http.Request, name string) string {
	if g.isPlain(r) {
		return name
	}
	return hostPrefix + name
}

// cookie returns the value of a cookie, or "" if there is none. Of two with one name nobody can say which one is ours, so neither
// counts.
func (g *Gate) cookie(r *http.Request, name string) string {
	all := r.CookiesNamed(g.nameOf(r, name))
	if len(all) != 1 || len(all[0].Value) > cookieBytesMax {
		return ""
	}
	return all[0].Value
}

// keep has the browser keep a cookie: for an age, or for 0 until it is closed.
func (g *Gate) keep(w http.ResponseWriter, r *http.Request, name, value string, age time.Duration) {
	http.SetCookie(w, &http.Cookie{Name: g.nameOf(r, name), Value: value, Path: "/", MaxAge: int(age.Seconds()), Secure: !g.isPlain(r), HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// forget has the browser drop a cookie.
func (g *Gate) forget(w http.ResponseWriter, r *http.Request, name string) {
	http.SetCookie(w, &http.Cookie{Name: g.nameOf(r, name), Path: "/", MaxAge: -1, Secure: !g.isPlain(r), HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
