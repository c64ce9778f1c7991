package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/natsserver"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
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
	for _, line := range []string{`the alert feed: stopped \(nats://127\.0\.0\.1:[0-9]+\)`,
		`  why: the alerts in the stream are of another ledger, urn:uuid:[-0-9a-f]+, and this one is urn:uuid:[-0-9a-f]+; .*taizhang feed restate`,
		`  the ledger is at 8`, `  behind by 8 positions for [1-9][0-9]* seconds`} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(out) {
			t.Errorf("no line %s in\n%s", line, out)
		}
	}
	if strings.Contains(out, "right as of") || strings.Contains(out, "open alerts") {
		t.Errorf("it says what is right:\n%s", out)
	}
	if out := mustRun(t, "--data", dir, "--lang", "en", "feed", "restate"); !strings.Contains(out, "publishing") ||
		!strings.Contains(out, "  right as of position 8 and ") {
		t.Errorf("restated: %s", out)
	}
}

// The clock of the feed is two days late.
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
	for _, line := range []string{`  the stream is as of position 8 and 20[0-9-]+; the ledger is at 8`,
		`  nothing published for [1-9][0-9]* seconds`} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(out) {
			t.Errorf("no line %s in\n%s", line, out)
		}
	}
}

// The feed gets a key that the server does not know, and then the key of a reading program.
func TestAKeyThatTheServerElsewhereDoesNotTakeIsNamed(t *testing.T) {
	t.Parallel()
	for en, known := range map[string]func(key string) []natsserver.User{
		"does not accept the key in ": func(string) []natsserver.User { return nil },
		"does not let the user of ": func(key string) []natsserver.User {
			return []natsserver.User{{Name: "reader", Key: key}}
		},
	} {
		t.Run(en, func(t *testing.T) {
			t.Parallel()
			e := newExternal(t)
			e.start(natsserver.Configuration(natstest.NewUser(t).Public, known(e.key)))
			f := startFeed(t, newProvince(t), e.elsewhere)
			eventually(t, "it is said", func() bool { return strings.Contains(f.feed.Status().Reason.En, en) })
			s := f.feed.Status()
			for _, words := range []string{s.Reason.Zh, s.Reason.En} {
				if s.State != alertfeed.StateConnecting || !strings.Contains(words, e.seed) ||
					!strings.Contains(words, e.url()) || !strings.Contains(words, "nats-nkey") ||
					strings.Contains(words, "deadline") {
					t.Errorf("%s: %s", s.State, words)
				}
			}
			e.stop()
			e.start(natsserver.Configuration(e.key, nil))
			f.settled()
		})
	}
}
