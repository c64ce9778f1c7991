//go:build e2e

package natsserver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/taizhang/taizhang/services/listen/listentest"
)

// cluster returns a world of three servers with the text of Configuration. All three have the stream, the publisher
// is connected to one, and the users to another.
func cluster(t testing.TB, readers ...reader) *world {
	t.Helper()
	pair, key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	routes := []string{listentest.FreeAddress(t), listentest.FreeAddress(t), listentest.FreeAddress(t)}
	servers := make([]*server.Server, len(routes))
	for i, own := range routes {
		opts := optionsElsewhere(t, t.TempDir(),
			fmt.Sprintf("server_name: s%d\ncluster { name: c, listen: %q, routes: [ %s ] }\n", i, own,
				"\"nats://"+strings.Join(routes, "\", \"nats://")+"\"")+Configuration(key, usersOf(readers...)))
		if servers[i], err = server.NewServer(opts); err != nil {
			t.Fatal(err)
		}
		go servers[i].Start()
		t.Cleanup(func() { servers[i].Shutdown(); servers[i].WaitForShutdown() })
	}
	until(t, "the cluster has a leader", func() bool {
		current, leaders := 0, 0
		for _, s := range servers {
			if s.Addr() != nil && s.JetStreamIsCurrent() {
				current++
			}
			if s.JetStreamIsLeader() {
				leaders++
			}
		}
		return current == len(servers) && leaders == 1
	})
	nc, err := nats.Connect("nats://"+servers[0].Addr().String(), nats.Nkey(key, pair.Sign))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	w := newWorldOf(t, len(servers), "nats://"+servers[1].Addr().String(), nc, readers...)
	w.on = servers[1]
	for _, r := range readers {
		// the other servers learn a moment later where a consumer lies, and until then nobody answers for it
		_, c := r.consumer(t, r.connect(t, w.url))
		until(t, "the consumer of "+r.Name+" is known everywhere", func() bool {
			batch, err := c.FetchNoWait(1)
			if err != nil {
				return false
			}
			for range batch.Messages() {
				t.Error("a message of a stream that is empty")
			}
			return batch.Error() == nil
		})
	}
	return w
}

// The test tries permitted and forbidden requests that pass through another server.
func TestInAClusterTheRightsAreTheSame(t *testing.T) {
	t.Run("what is permitted", func(t *testing.T) { checkPermitted(t, cluster) })
	for name, check := range map[string]func(*testing.T, *scene){
		"requests": checkRequests, "publishing": checkPublishing, "answers": checkAnswers, "headers": checkHeaders,
		"subscriptions": checkSubscriptions} {
		t.Run(name, func(t *testing.T) { check(t, newScene(t, cluster, "taizhang.v1.alert.*.red.EXE.>")) })
	}
}
