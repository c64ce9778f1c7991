package api

import (
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
)

func TestAServerIsReadyAsLongAsItsFeedPublishesOrIsAboutTo(t *testing.T) {
	why := text.Say("磁盘已满", "the disk is full")
	for _, x := range []struct {
		st   alertfeed.FeedStatus
		says string // "" for ready
	}{
		{alertfeed.FeedStatus{State: alertfeed.StatePublishing}, ""},
		{alertfeed.FeedStatus{State: alertfeed.StateConnecting, Silent: 30}, ""},
		{alertfeed.FeedStatus{State: alertfeed.StateRestating, Silent: 31}, "has not published for 31 seconds"},
		{alertfeed.FeedStatus{State: alertfeed.StateBehind, Silent: 31, Reason: why}, "the disk is full"},
		{alertfeed.FeedStatus{State: alertfeed.StateBehind, Silent: 1, Reason: why}, ""},
		{alertfeed.FeedStatus{State: alertfeed.StatePublishing, Seconds: 30}, ""},
		{alertfeed.FeedStatus{State: alertfeed.StatePublishing, Seconds: 31},
			"has been behind the ledger for 31 seconds"},
		{alertfeed.FeedStatus{State: alertfeed.StateConnecting, Silent: 1, Seconds: 45},
			"has not published for 45 seconds"},
		{alertfeed.FeedStatus{State: alertfeed.StateStopped, Reason: why}, "the disk is full"},
	} {
		if got := feedUnready(x.st); got.En != x.says && (x.says == "" || !strings.Contains(got.En, x.says)) ||
			(got.Zh == "") != (x.says == "") {
			t.Errorf("%+v: expected %q, got %+v", x.st, x.says, got)
		}
	}
}
