package signin_test

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/signin"
)

func TestTheSourceIsWhatTheLastProxySays(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.1.0.0/16"),
		netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		name    string
		proxies []netip.Prefix
		remote  string
		said    []string
		want    string
	}{
		{"no proxy is configured", nil, "127.0.0.1:5000", []string{"9.9.9.9"}, "127.0.0.1"},
		{"a client that is no proxy says something", proxies, "203.0.113.7:5000", []string{"9.9.9.9"}, "203.0.113.7"},
		{"a proxy says nothing", proxies, "10.1.2.3:5000", nil, "10.1.2.3"},
		{"a proxy says one", proxies, "10.1.2.3:5000", []string{"203.0.113.7"}, "203.0.113.7"},
		{"a client wrote some before the proxy", proxies, "10.1.2.3:5000", []string{"9.9.9.9, 8.8.8.8,203.0.113.7"},
			"203.0.113.7"},
		{"a client wrote a header of its own", proxies, "10.1.2.3:5000", []string{"9.9.9.9", "203.0.113.7"},
			"203.0.113.7"},
		{"two proxies", proxies, "127.0.0.1:5000", []string{"9.9.9.9, 203.0.113.7, 10.1.2.3"}, "203.0.113.7"},
		{"only proxies", proxies, "127.0.0.1:5000", []string{"10.1.9.9, 10.1.2.3"}, "10.1.9.9"},
		{"a client says that it is a proxy", proxies, "10.1.2.3:5000", []string{"9.9.9.9, 10.1.1.1, 203.0.113.7"},
			"203.0.113.7"},
		{"with a port", proxies, "10.1.2.3:5000", []string{"203.0.113.7:4711"}, "203.0.113.7"},
		{"IPv6", proxies, "[fd00::1]:5000", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 with a port", proxies, "[fd00::1]:5000", []string{"[2001:db8::7]:4711"}, "2001:db8::7"},
		{"IPv4 in IPv6", proxies, "[::ffff:10.1.2.3]:5000", []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		{"a zone", proxies, "10.1.2.3:5000", []string{"fe80::1%eth0"}, "fe80::1"},
		{"no address", proxies, "10.1.2.3:5000", []string{"203.0.113.7, unknown"}, "10.1.2.3"},
		{"an empty element", proxies, "10.1.2.3:5000", []string{"203.0.113.7,"}, "10.1.2.3"},
		{"a word of the client after a proxy", proxies, "127.0.0.1:5000", []string{"evil, 10.1.2.3"}, "10.1.2.3"},
		{"a long header", proxies, "10.1.2.3:5000", []string{strings.Repeat("10.1.2.4,", 3000) + "203.0.113.7"},
			"203.0.113.7"},
		{"a socket", proxies, "@", []string{"203.0.113.7"}, "@"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		r.Header["X-Forwarded-For"] = c.said
		if got := signin.New(signin.GateConfig{Proxies: c.proxies}).Source(r); got != c.want {
			t.Errorf("%s: expected %s, got %s", c.name, c.want, got)
		}
	}
}
