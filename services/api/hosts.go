package api

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// loopbackNames are the names of the machine for itself.
var loopbackNames = []string{"localhost", "127.0.0.1", "::1"}

// isHost reports whether a request uses a name of the server. Otherwise a page of an attacker could point a name
// of its own to this address, and a browser would let the page read the answers (DNS rebinding). On the owner's
// socket any name is accepted.
func (s *Server) isHost(r *http.Request) bool {
	if r.Context().Value(ownerKey{}) != nil {
		return true
	}
	name := r.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	return slices.Contains(loopbackNames, name) ||
		slices.ContainsFunc(s.Hosts, func(own string) bool { return strings.EqualFold(own, name) })
}
