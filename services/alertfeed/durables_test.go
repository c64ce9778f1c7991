package alertfeed_test

import (
	"testing"

	"github.com/taizhang/taizhang/services/alertfeed"
)

// A process that shares its ledger leaves the consumers of users that another one added, until its own users change.
func TestConsumersOfAnotherProcessStay(t *testing.T) {
	t.Parallel()
	for _, isShared := range []bool{false, true} {
		k := newKit(t)
		k.cfg.Shared = isShared
		k.cfg.Users = func() []alertfeed.User { return []alertfeed.User{{Name: "known"}} }
		k.record(registered)
		k.start()
		k.settle()
		other := k.cfg
		other.Users = func() []alertfeed.User { return []alertfeed.User{{Name: "known"}, {Name: "new"}} }
		other.Memory = t.TempDir() + "/feed.json"
		k.cfg = other
		k.stop()
		k.start()
		k.settle()
		k.cfg.Users = func() []alertfeed.User { return []alertfeed.User{{Name: "known"}} }
		k.stop()
		k.start()
		k.settle()
		stands := func() bool {
			_, err := k.js.Consumer(t.Context(), alertfeed.StreamName, "new")
			return err == nil
		}
		if stands() != isShared {
			t.Errorf("shared %v: the consumer stands: %v", isShared, stands())
		}
		if err := k.pub.Reconcile(t.Context()); err != nil || stands() {
			t.Errorf("shared %v: after the users changed here the consumer stands: %v, %v", isShared, stands(), err)
		}
	}
}
