package api

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// loopbackNames are the names of the machine for itself.
var loopbackNames = []string{"localhost", "127.0.0.1", "::1"}

// isHost reports whether a request asks for the server under a name that the server has. A page of a stranger could otherwise give
// a name of its own to this address, and a browser would let it read the answers (DNS rebinding). The owner's socket has no name.
func (s *Server) isHost(r *http.Request) bool {
	if r.Context().Value(ownerKey{}) != nil {
		return true
	}
	name := r.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	return slices.Contains(loopbackNames, name) || slices.ContainsFunc(s.Hosts, func(own string) bool { return strings.EqualFold(own, name) })
}
