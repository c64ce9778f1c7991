package alertfeed_test

import (
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
)

// onStreamOf returns a kit with another ledger, of a later epoch, that publishes to the stream of k.
func (k *kit) onStreamOf(epoch string) *kit {
	k.t.Helper()
	other := newKit(k.t)
	other.js, other.cfg.JetStream, other.server = k.js, k.js, k.server
	other.cfg.Epoch = func() string { return epoch }
	return other
}

// A ledger that is not the one in the stream writes nothing there and leaves its consumers alone, even with a
// later epoch, until a person confirms that it is the right one. Then the other ledger stops.
func TestALedgerDoesNotTakeOverTheStreamOfAnother(t *testing.T) {
	t.Parallel()
	for _, isEmpty := range []bool{false, true} {
		k := newKit(t)
		k.cfg.Users = func() []alertfeed.User { return []alertfeed.User{{Name: "theirs"}} }
		k.record(registered, granted, received, fined)
		k.start()
		k.settle()
		theirs := k.source()
		k.stop()
		last := k.last()

		other := k.onStreamOf("2026-02-01T00:00:00.000000Z")
		other.cfg.Users = func() []alertfeed.User { return []alertfeed.User{{Name: "ours"}} }
		if !isEmpty {
			other.recordOf("ZJ-0002", registered, granted)
		}
		other.start()
		s := other.until("it stops", func(s alertfeed.FeedStatus) bool { return s.State == alertfeed.StateStopped })
		for _, words := range []string{s.Reason.Zh, s.Reason.En} {
			if !strings.Contains(words, theirs) || strings.Contains(words, other.source()) == isEmpty ||
				!strings.Contains(words, "feed restate") {
				t.Errorf("empty %v: it says %q", isEmpty, words)
			}
		}
		if isEmpty && !strings.Contains(s.Reason.En, "no record") {
			t.Errorf("it says %q", s.Reason.En)
		}
		if err := other.pub.Reconcile(t.Context()); text.CodeOf(err) != text.Conflict {
			t.Errorf("empty %v: the consumers were made its own: %v", isEmpty, err)
		}
		other.until("it checks the stream", func(s alertfeed.FeedStatus) bool { return len(s.Consumers) > 0 })
		if k.last() != last {
			t.Errorf("empty %v: it wrote", isEmpty)
		}
		stands := func(name string) bool {
			_, err := k.js.Consumer(t.Context(), alertfeed.StreamName, name)
			return err == nil
		}
		if !stands("theirs") || stands("ours") {
			t.Errorf("empty %v: it touched the consumers", isEmpty)
		}

		k.start() // and publishes on
		k.record(reversed)
		k.settle()
		k.holds()

		if err := other.pub.Restate(t.Context()); err != nil {
			t.Fatal(err)
		}
		other.settle()
		other.holds()
		k.until("the other one stops", func(s alertfeed.FeedStatus) bool { return s.State == alertfeed.StateStopped })
		if stands("theirs") || !stands("ours") {
			t.Errorf("empty %v: the consumers are not those of the ledger", isEmpty)
		}
		other.stop()
		k.stop()
		other.start() // remembers
		other.settle()
	}
}

// A ledger without records continues under the name of its first record, and a restored ledger under a later
// epoch.
func TestALedgerGoesOnWithItsStream(t *testing.T) {
	k := newKit(t)
	k.start()
	k.settle()
	k.record(registered, granted, received)
	k.settle()
	k.holds()
	k.stop()
	k.cfg.Epoch = func() string { return "2026-02-01T00:00:00.000000Z" }
	k.start()
	k.settle()
	k.holds()
	sources := map[string]bool{}
	for _, m := range k.all() {
		sources[m.Source] = true
	}
	if len(sources) != 2 || !sources[alertfeed.NoLedger] || !sources[k.source()] {
		t.Errorf("the sources are %v", sources)
	}
}
