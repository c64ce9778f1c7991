package natsserver

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The names that appear in the rights of users. services/alertfeed uses the same stream.
const (
	streamName    = "TAIZHANG_ALERTS"
	ledgerAccount = "LEDGER"
	systemAccount = "SYS"
	fullAccount   = "FULL"     // accepts no connections; see door
	apiPrefix     = "tz"       // the prefix of a user's requests, instead of $JS.API
	inboxPrefix   = "_INBOX_"  // the prefix, before the name of the user, of the subjects of its replies
	api           = "$JS.API." // the prefix of requests to the server
)

// bounds are the limits of the server for each connection. A message of the feed has a few KiB.
const bounds = `max_payload: 262144
max_pending: 8388608
max_subscriptions: 256
write_deadline: "5s"
`

// ConnectionsMax is the maximum number of connections of one user at a time, so that there is room for others. A
// further connection is refused, and its client gets nats.ErrMaxAccountConnectionsExceeded.
const ConnectionsMax = 8

// serverConnectionsMax is the maximum number of connections to the server in this process.
const serverConnectionsMax = 2048 // more than 200 users can have together; see services/access

// nextThreshold is the time for which the server keeps the reply path of a request for messages that got no message.
// It is a little longer than such a request may wait: after it, a message would be sent and reach nobody. The
// server's default is 2 minutes.
const nextThreshold = 5*time.Minute + 10*time.Second

// own returns the configuration of the server in this process, without its address, its directory and its users. It
// sets max_file_store because the default is three quarters of the free space at the start, and so differs after each
// start. No feed reaches the limit: a million alerts with all kept messages need 16 GiB. On a smaller disk the disk
// is full first; see Server.Restart.
func own() string {
	return bounds + fmt.Sprintf(`max_connections: %d
jetstream {
  sync_interval: "1s"
  max_memory_store: 67108864
  max_file_store: 68719476736
}
system_account: %s
accounts { %s {}, %s { jetstream: enabled }, %s { limits { max_connections: 0 } } }
`, serverConnectionsMax, systemAccount, systemAccount, ledgerAccount, fullAccount)
}

// Configuration returns the configuration of a separate server with the same accounts and rights. publisher is the
// public nkey of the publisher. The operator of the server includes the text in a configuration with a listener and
// JetStream.
func Configuration(publisher string, users []User) string {
	users = slices.SortedFunc(slices.Values(users), func(a, b User) int { return cmp.Compare(a.Name, b.Name) })
	return `# Accounts and rights of the alert feed of Taizhang, for nats-server 2.14 or later.
# 台账预警推送的账号和权限，用于 nats-server 2.14 及以上版本。
# Include this file in the configuration of every server of the cluster. That configuration says where the server
# listens, has TLS, and has JetStream, for example:
# 集群中每台服务器的配置都须引用本文件；监听地址、TLS 和 JetStream 由该配置给出，例如：
#
#   listen: "0.0.0.0:4222"
#   tls { cert_file: "server.pem", key_file: "server.key" }
#   jetstream { store_dir: "/var/lib/nats", sync_interval: "1s", max_file_store: 64GiB }
#   include "accounts.conf"
#
# After a change, reload every server twice (SIGHUP): a new account answers only after the second time.
# 更改后须将每台服务器重新加载两次（SIGHUP）：新账号在第二次之后才有应答。

` + bounds + accounts(publisher, users)
}

// service is a request that a user may send to the account of the stream. It is granted in two ways: by the text of a
// configuration, and by calls in this process; see door.
type service struct {
	subject string // in the account of the stream
	as      string // in the account of the user, who may publish to it
	streams bool   // the request has more than one reply
}

// services returns all requests that a user may send, each about its own durable consumer.
func services(user string) []service {
	own := streamName + "." + user
	ack := "$JS.ACK." + own + ".>"
	return []service{
		{api + "CONSUMER.MSG.NEXT." + own, apiPrefix + ".CONSUMER.MSG.NEXT." + own, true},
		{api + "CONSUMER.INFO." + own, apiPrefix + ".CONSUMER.INFO." + own, false},
		{api + "CONSUMER.RESET." + own, apiPrefix + ".CONSUMER.RESET." + own, false},
		{ack, ack, false},
	}
}

// accounts returns the accounts of a separate server. The account of the system has no users, and nobody connects
// without a key.
func accounts(publisher string, users []User) string {
	var b strings.Builder
	fmt.Fprintf(&b, "system_account: %s\naccounts {\n  %s {}\n  %s {\n    jetstream: enabled\n    users: [ { nkey: "+
		"%q } ]\n    exports: [\n",
		systemAccount, systemAccount, ledgerAccount, publisher)
	for _, u := range users {
		for _, s := range services(u.Name) {
			response := ""
			if s.streams {
				response = fmt.Sprintf(", response_type: stream, response_threshold: %q", nextThreshold)
			}
			fmt.Fprintf(&b, "      { service: %q, accounts: [%q]%s }\n", s.subject, u.Name, response)
		}
	}
	b.WriteString("    ]\n  }\n")
	for _, u := range users {
		writeAccount(&b, u)
	}
	b.WriteString("}\n")
	return b.String()
}

func writeAccount(b *strings.Builder, u User) {
	fmt.Fprintf(b, "  %q {\n    limits { max_connections: %d }\n", u.Name, ConnectionsMax)
	may := permissions(u.Name)
	fmt.Fprintf(b, "    users: [ { nkey: %q, permissions: { publish: [%s], subscribe: [%s] } } ]\n    imports: [\n",
		u.Key, quoted(may.Publish.Allow), quoted(may.Subscribe.Allow))
	for _, s := range services(u.Name) {
		fmt.Fprintf(b, "      { service: { account: %s, subject: %q }, to: %q }\n", ledgerAccount, s.subject, s.as)
	}
	b.WriteString("    ]\n  }\n")
}

func quoted(list []string) string {
	all := make([]string, len(list))
	for i, s := range list {
		all[i] = strconv.Quote(s)
	}
	return strings.Join(all, ", ")
}
