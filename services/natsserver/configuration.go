package natsserver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The names that the rights are about. services/alertfeed uses the same stream.
const (
	streamName    = "TAIZHANG_ALERTS"
	ledgerAccount = "LEDGER"
	systemAccount = "SYS"
	apiPrefix     = "tz"       // of what a user asks, instead of $JS.API
	inboxPrefix   = "_INBOX_"  // before the name of a user: of what it is answered on
	api           = "$JS.API." // of the server
)

// bounds are what the server grants each connection. A message of the feed has a few KiB.
const bounds = `max_payload: 262144
max_pending: 8388608
write_deadline: "5s"
`

// ownBounds are those of the server in this process. max_file_store is set because it is otherwise three quarters of what is free
// at the start, and so another limit after each start. No feed reaches it: a million alerts with all that is kept of them
// need 16 GiB. Whoever has a smaller disk meets its end first, see Server.Restart.
const ownBounds = `max_connections: 256
jetstream {
  sync_interval: "1s"
  max_memory_store: 67108864
  max_file_store: 68719476736
}
`

// accountLimits are those of a user. What it sends is requests and acknowledgements. The limit of connections keeps room for
// others.
const accountLimits = "{ max_connections: 8, max_subscriptions: 256, max_payload: 8192 }"

// nextThreshold is how long the way back to a user stays open that asked for messages and got none. It is a little longer than
// a request for messages may wait. After that, a message would be sent and reach nobody.
const nextThreshold = "5m10s"

// Configuration returns a configuration of a server elsewhere with the same accounts and rights. publisher is the public nkey of
// the publisher. The server's operator includes it in a configuration with a listener and JetStream.
func Configuration(publisher string, users []User) string {
	members := make([]member, len(users))
	for i, u := range users {
		members[i] = member{User: u}
	}
	return `# Accounts and rights of the alert feed of Taizhang, for nats-server 2.14 or later.
# Include this file in the configuration of every server of the cluster. That configuration says where the server
# listens, has TLS, and has JetStream, for example:
#
#   listen: "0.0.0.0:4222"
#   tls { cert_file: "server.pem", key_file: "server.key" }
#   jetstream { store_dir: "/var/lib/nats", sync_interval: "1s", max_file_store: 64GiB }
#   include "taizhang.conf"
#
# After a change, reload every server twice (SIGHUP): a new account answers only after the second time.

` + bounds + rights(publisher, members)
}

// member is a user as the server knows it.
type member struct {
	User
	probe string // a second public nkey of the server itself, with which it tries the rights; "" for none
}

// service is what a user may ask of the account of the stream.
type service struct {
	subject  string // in the account of the stream
	as       string // in the account of the user; the same for acknowledgements
	allow    string // what the user may publish
	response string // how it is answered, in the words of the server's configuration
}

// services returns all that a user may ask: each of its own durable consumer.
func services(user string) []service {
	own := streamName + "." + user
	ask := func(verb, response string) service {
		as := apiPrefix + "." + verb + "." + own
		return service{api + verb + "." + own, as, as, response}
	}
	ack := "$JS.ACK." + own + ".>"
	return []service{
		ask("CONSUMER.MSG.NEXT", `response_type: stream, response_threshold: "`+nextThreshold+`"`),
		ask("CONSUMER.INFO", "response_type: singleton"),
		ask("CONSUMER.RESET", "response_type: singleton"),
		{ack, ack, ack, "response_type: singleton"},
	}
}

// rights returns the accounts. Nobody is in the account of the system, and no request without an account is served.
func rights(publisher string, members []member) string {
	members = slices.SortedFunc(slices.Values(members), func(a, b member) int { return cmp.Compare(a.Name, b.Name) })
	var b strings.Builder
	fmt.Fprintf(&b, "system_account: %s\naccounts {\n  %s {}\n  %s {\n    jetstream: enabled\n    users: [ { nkey: %q } ]\n    exports: [\n",
		systemAccount, systemAccount, ledgerAccount, publisher)
	for _, m := range members {
		for _, s := range services(m.Name) {
			fmt.Fprintf(&b, "      { service: %q, accounts: [%q], %s }\n", s.subject, m.Name, s.response)
		}
	}
	b.WriteString("    ]\n  }\n")
	for _, m := range members {
		writeAccount(&b, m)
	}
	b.WriteString("}\n")
	return b.String()
}

func writeAccount(b *strings.Builder, m member) {
	fmt.Fprintf(b, "  %q {\n    limits %s\n    users: [\n", m.Name, accountLimits)
	var allow []string
	for _, s := range services(m.Name) {
		allow = append(allow, fmt.Sprintf("%q", s.allow))
	}
	for _, key := range []string{m.Key, m.probe} {
		if key != "" {
			fmt.Fprintf(b, "      { nkey: %q, permissions: { publish: [%s], subscribe: [%q] } }\n", key, strings.Join(allow, ", "), inboxPrefix+m.Name+".>")
		}
	}
	b.WriteString("    ]\n    imports: [\n")
	for _, s := range services(m.Name) {
		fmt.Fprintf(b, "      { service: { account: %s, subject: %q }, to: %q }\n", ledgerAccount, s.subject, s.as)
	}
	b.WriteString("    ]\n  }\n")
}
