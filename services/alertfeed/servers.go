package alertfeed

import (
	"net/url"
	"strings"

	"github.com/taizhang/taizhang/events/text"
)

// ParseServers reads the addresses of one or several NATS servers, separated by commas. Its errors do not quote
// the text, which may have a password.
func ParseServers(servers string) (list []*url.URL, err error) {
	for server := range strings.SplitSeq(servers, ",") {
		u, err := url.Parse(strings.TrimSpace(server))
		if err != nil || u.Scheme != "nats" && u.Scheme != "tls" || u.Hostname() == "" || u.Path != "" ||
			u.RawQuery != "" || u.Fragment != "" {
			return nil, text.Errorf(text.Invalid, "应写作 nats://主机:端口 或 tls://主机:端口，多个以逗号分隔",
				"expected nats://HOST:PORT or tls://HOST:PORT, several with commas between").Of("nats")
		}
		list = append(list, u)
	}
	return list, nil
}
