package signin

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Source returns the address of the sender of a request, without the port. Behind proxies of GateConfig it is the
// last address in X-Forwarded-For that is not one of these proxies; earlier addresses in that header may be
// forged.
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
				return at.String() // the element is not an address: return the proxy that wrote it
			}
			if at = said; !g.isProxy(at) {
				return at.String()
			}
			line = line[:max(i, 0)]
		}
	}
	return at.String()
}

// isProxy reports whether an address is one of GateConfig.Proxies.
func (g *Gate) isProxy(at netip.Addr) bool {
	at = at.Unmap().WithZone("")
	return slices.ContainsFunc(g.Proxies, func(p netip.Prefix) bool { return p.Contains(at) })
}

// isForwarded reports whether a request came through one of GateConfig.Proxies.
func (g *Gate) isForwarded(r *http.Request) bool {
	if len(g.Proxies) == 0 {
		return false
	}
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && g.isProxy(at.Addr())
}

// forwardedFor reads one element of X-Forwarded-For: an address, to which some proxies add its port.
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
