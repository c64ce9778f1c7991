package kurrentstore

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/storetest"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

// The contract holds under every fault, as long as retries succeed in the end.
func TestTheStoreKeepsTheContractUnderEachFault(t *testing.T) {
	t.Parallel()
	lost := kurrenttest.Fault{Strike: kurrenttest.Drop, Stored: true}
	plans := map[string]kurrenttest.Plan{
		"every third append is dropped": kurrenttest.Every(kurrenttest.Append, 3,
			kurrenttest.Fault{Strike: kurrenttest.Drop}),
		"every third append is stored and not acknowledged": kurrenttest.Every(kurrenttest.Append, 3, lost),
		"every third append is rejected early": kurrenttest.Every(kurrenttest.Append, 3,
			kurrenttest.Fault{Strike: kurrenttest.Reject, Early: true}),
		"every third append times out on the server": kurrenttest.Every(kurrenttest.Append, 3,
			kurrenttest.Fault{Strike: kurrenttest.Reject, Code: codes.Aborted, Stored: true}),
		"every other append meets a follower": kurrenttest.Every(kurrenttest.Append, 2,
			kurrenttest.Fault{Strike: kurrenttest.NotLeader}),
		"every fiftieth append is never answered": kurrenttest.Every(kurrenttest.Append, 50,
			kurrenttest.Fault{Strike: kurrenttest.Stall, Stored: true}),
		"every fifth read is dropped": kurrenttest.Every(kurrenttest.Read, 5,
			kurrenttest.Fault{Strike: kurrenttest.Drop}),
		"every third read is dropped after two events": kurrenttest.Every(kurrenttest.Read, 3,
			kurrenttest.Fault{Strike: kurrenttest.Drop, After: 2}),
		"every fifth read meets a server not ready": kurrenttest.Every(kurrenttest.Read, 5,
			kurrenttest.Fault{Strike: kurrenttest.Reject}),
		"every fiftieth read stalls": kurrenttest.Every(kurrenttest.Read, 50,
			kurrenttest.Fault{Strike: kurrenttest.Stall}),
		"every other subscription is dropped early": kurrenttest.Every(kurrenttest.Subscribe, 2,
			kurrenttest.Fault{Strike: kurrenttest.Drop, After: 3}),
		"every other subscription stalls": kurrenttest.Every(kurrenttest.Subscribe, 2,
			kurrenttest.Fault{Strike: kurrenttest.Stall, After: 3}),
		"every subscription delivers one event twice": kurrenttest.Every(kurrenttest.Subscribe, 1,
			kurrenttest.Fault{Strike: kurrenttest.Duplicate, After: 2}),
		"every read delivers one event twice": kurrenttest.Every(kurrenttest.Read, 1,
			kurrenttest.Fault{Strike: kurrenttest.Duplicate}),
		"everything is slow": slowly,
		"every other look for the server's kind failed": kurrenttest.Every(kurrenttest.Features, 2,
			kurrenttest.Fault{Strike: kurrenttest.Reject}),
	}
	for i, name := range slices.Sorted(maps.Keys(plans)) {
		if i%thin != 0 || raceDetector && strings.Contains(name, "follower") {
			// where an append meets a follower, the client closes the connection under all others, which race then
			// (20)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) events.Store {
				srv := kurrenttest.Start(t, roomy(kurrenttest.ClusterConfig{}))
				srv.Break(plans[name])
				l := quick()
				l.call = time.Second
				if !strings.Contains(name, "never") && !strings.Contains(name, "stalls") {
					l.call = time.Minute
				}
				return openOn(t, srv.ConnectionString(), l)
			})
		})
	}
}

func slowly(c kurrenttest.Call) *kurrenttest.Fault {
	if c.N%4 != 0 {
		return nil
	}
	return &kurrenttest.Fault{Strike: kurrenttest.Slow, Wait: time.Millisecond / 4}
}
