package signin

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Source returns the address that a request comes from, without the port, which is another one each time. Behind a proxy of the
// GateConfig it is the last address in X-Forwarded-For that is none of those proxies: what stands before that anybody may have written.
func (g *Gate) Source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	if len(g.Proxies) == 0 {
		return host
	}
	at, err := netip.ParseAddr(host)
	if err != nil || !g.isProxy(at) {
		return host
	}
	for _, line := range slices.Backward(r.Header.Values("X-Forwarded-For")) {
		for line != "" {
			i := strings.LastIndexByte(line, ',')
			said, ok := forwardedFor(line[i+1:])
			if !ok {
				return at.String() // the proxy that wrote it is all that is known
			}
			if at = said; !g.isProxy(at) {
				return at.String()
			}
			line = line[:max(i, 0)]
		}
	}
	return at.String()
}

// isProxy reports whether an address is one of our proxies.
func (g *Gate) isProxy(at netip.Addr) bool {
	at = at.Unmap().WithZone("")
	return slices.ContainsFunc(g.Proxies, func(p netip.Prefix) bool { return p.Contains(at) })
}

// isForwarded reports whether a request comes by one of our proxies.
func (g *Gate) isForwarded(r *http.Request) bool {
	if len(g.Proxies) == 0 {
		return false
	}
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && g.isProxy(at.Addr())
}

// forwardedFor reads one element of X-Forwarded-For: an address, which some proxies write with its port.
func forwardedFor(element string) (netip.Addr, bool) {
	element = strings.TrimSpace(element)
	at, err := netip.ParseAddr(element)
	if err != nil {
		withPort, err := netip.ParseAddrPort(element)
		if err != nil {
			return at, false
		}
		at = withPort.Addr()
	}
	return at.Unmap().WithZone(""), true
}
