package api

import (
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
)

func TestAServerIsReadyAsLongAsItsFeedPublishesOrIsAboutTo(t *testing.T) {
	var w feedWatch
	at := time.Unix(0, 0)
	why := text.Say("磁盘已满", "the disk is full")
	for i, x := range []struct {
		after time.Duration
		st    alertfeed.Status
		says  string // "" for ready
	}{
		{0, alertfeed.Status{State: alertfeed.StateConnecting}, ""},
		{30 * time.Second, alertfeed.Status{State: alertfeed.StateRestating}, ""},
		{time.Second, alertfeed.Status{State: alertfeed.StateRestating}, "has not published for 31 seconds"},
		{time.Second, alertfeed.Status{State: alertfeed.StateBehind, Reason: why}, "the disk is full"},
		{time.Second, alertfeed.Status{State: alertfeed.StatePublishing}, ""},
		{time.Minute, alertfeed.Status{State: alertfeed.StatePublishing, Seconds: 30}, ""},
		{time.Second, alertfeed.Status{State: alertfeed.StatePublishing, Seconds: 31}, "has been behind the ledger for 31 seconds"},
		{time.Second, alertfeed.Status{State: alertfeed.StateBehind}, ""},
		{time.Second, alertfeed.Status{State: alertfeed.StateConnecting, Seconds: 45}, "has not published for 45 seconds"},
		{time.Second, alertfeed.Status{State: alertfeed.StatePublishing}, ""},
		{time.Second, alertfeed.Status{State: alertfeed.StateStopped, Reason: why}, "the disk is full"},
		{time.Second, alertfeed.Status{State: alertfeed.StatePublishing}, ""},
	} {
		at = at.Add(x.after)
		if got := w.unready(x.st, at); got.En != x.says && (x.says == "" || !strings.Contains(got.En, x.says)) || (got.Zh == "") != (x.says == "") {
			t.Errorf("step %d: expected %q, got %+v", i, x.says, got)
		}
	}
}
