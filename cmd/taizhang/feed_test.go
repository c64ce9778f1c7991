package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/natsserver"
)

// TestAFeedAtTheStreamOfAnotherLedgerSaysSo serves two ledgers whose feeds have the same server.
func TestAFeedAtTheStreamOfAnotherLedgerSaysSo(t *testing.T) {
	t.Parallel()
	e := newExternal(t)
	e.start(natsserver.Configuration(e.key, nil))
	startFeed(t, newProvince(t), e.elsewhere).settled()
	dir := newProvince(t)
	f := startFeed(t, dir, e.elsewhere)
	eventually(t, "it stops", func() bool { return f.feed.Status().State == alertfeed.StateStopped })
	eventually(t, "the seconds are counted", func() bool { return f.feed.Status().Seconds >= 1 })
	out := mustRun(t, "--data", dir, "--lang", "en", "feed", "status")
	for _, line := range []string{`the alert feed: stopped \(nats://127\.0\.0\.1:[0-9]+\)`, `  why: the alerts in the stream are of another ledger, urn:uuid:[-0-9a-f]+, and this one is urn:uuid:[-0-9a-f]+; .*taizhang feed restate`,
		`  the ledger is at 8`, `  behind by 8 positions for [1-9][0-9]* seconds`} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(out) {
			t.Errorf("no line %s in\n%s", line, out)
		}
	}
	if strings.Contains(out, "right as of") || strings.Contains(out, "open alerts") {
		t.Errorf("it says what is right:\n%s", out)
	}
	if out := mustRun(t, "--data", dir, "--lang", "en", "feed", "restate"); !strings.Contains(out, "publishing") || !strings.Contains(out, "  right as of position 8 and ") {
		t.Errorf("restated: %s", out)
	}
}

// TestAStoppedFeedDoesNotSayThatAllIsRight has the clock of a feed two days back.
func TestAStoppedFeedDoesNotSayThatAllIsRight(t *testing.T) {
	t.Parallel()
	dir := newProvince(t)
	f := startFeed(t, dir, nil)
	f.settled()
	f.stop()
	f = startFeed(t, dir, func(a *app, _ *serveOptions) {
		now := a.now
		a.now = func() time.Time { return now().AddDate(0, 0, -2) }
	})
	eventually(t, "it stops", func() bool { return f.feed.Status().State == alertfeed.StateStopped })
	eventually(t, "the seconds are counted", func() bool { return f.feed.Status().Seconds >= 1 })
	out := mustRun(t, "--data", dir, "--lang", "en", "feed", "status")
	for _, line := range []string{`  the stream is as of position 8 and 20[0-9-]+; the ledger is at 8`, `  nothing published for [1-9][0-9]* seconds`} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(out) {
			t.Errorf("no line %s in\n%s", line, out)
		}
	}
}
