package alertfeed_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/alertfeed"
)

// until waits until a condition of the status holds.
func (k *kit) until(what string, holds func(alertfeed.FeedStatus) bool) alertfeed.FeedStatus {
	k.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		s := k.pub.Status()
		if holds(s) {
			return s
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("%s: the feed stays at %+v", what, s)
		}
	}
}

// put writes a message as another publisher of the same ledger would.
func (k *kit) put(m *alertfeed.Message) uint64 {
	k.t.Helper()
	body, err := m.Encode(k.source(), k.Now())
	if err != nil {
		k.t.Fatal(err)
	}
	ack, err := k.js.PublishMsg(k.t.Context(),
		&nats.Msg{Subject: m.Subject, Data: body, Header: nats.Header{"content-type": {alertfeed.ContentType}}})
	if err != nil {
		k.t.Fatal(err)
	}
	return ack.Sequence
}

// source returns the name of the ledger.
func (k *kit) source() string {
	k.t.Helper()
	for e, err := range k.desk.Ledger.ReadAll(k.t.Context(), 0) {
		if err != nil {
			k.t.Fatal(err)
		}
		return "urn:uuid:" + uuid.NewSHA1(e.ID, []byte(e.RecordedAt.Format("2006-01-02T15:04:05.000000Z"))).String()
	}
	return alertfeed.NoLedger
}

// last returns the last sequence of the stream.
func (k *kit) last() uint64 {
	k.t.Helper()
	stream, err := k.js.Stream(k.t.Context(), alertfeed.StreamName)
	if err != nil {
		k.t.Fatal(err)
	}
	return stream.CachedInfo().State.LastSeq
}

// A publisher that could publish something false stops, shows why, and writes nothing, until a person confirms its
// ledger.
func TestAPublisherThatCouldBeWrongStops(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*kit, *alertfeed.Head) // changes the head that another publisher left
		state string
		says  string
	}{
		{"of a ledger restored later", func(_ *kit, h *alertfeed.Head) { h.At.Epoch = "2026-02-01T00:00:00.000000Z" },
			alertfeed.StateStopped, "restored later"},
		{"of a newer program", func(_ *kit, h *alertfeed.Head) { h.At.Engine++ }, alertfeed.StateStopped,
			"newer version"},
		{"two days ahead", func(_ *kit, h *alertfeed.Head) { h.At.Date += 2 }, alertfeed.StateStopped, "clock"},
		{"a day ahead", func(_ *kit, h *alertfeed.Head) { h.At.Date++ }, alertfeed.StateBehind, "waiting"},
		{"with another record", func(_ *kit, h *alertfeed.Head) { h.Record = "00000000-0000-0000-0000-000000000002" },
			alertfeed.StateStopped, "another ledger"},
		{"with more records", func(_ *kit, h *alertfeed.Head) { h.At.Position++ }, alertfeed.StateStopped,
			"another ledger"},
		{"with more records, shared", func(k *kit, h *alertfeed.Head) { h.At.Position++; k.cfg.Shared = true },
			alertfeed.StateBehind, "waiting"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			k.record(registered, granted, received)
			k.start()
			k.settle()
			k.stop()
			all := k.all()
			head := *all[len(all)-1].Head
			c.spoil(k, &head)
			last := k.put(&alertfeed.Message{Subject: alertfeed.HeadSubject, Head: &head})
			k.start()
			s := k.until(c.name, func(s alertfeed.FeedStatus) bool { return s.State == c.state })
			if !strings.Contains(s.Reason.En, c.says) || s.Reason.Zh == "" {
				t.Errorf("it says %+v", s.Reason)
			}
			if isOther := c.says == "restored later" ||
				c.says == "another ledger"; isOther != (s.At == alertfeed.At{}) ||
				isOther != (s.Behind == s.Position) {
				t.Errorf("as of %+v, behind by %d of %d", s.At, s.Behind, s.Position)
			}
			k.until("the time in which it does not publish grows", func(now alertfeed.FeedStatus) bool {
				return now.Seconds > s.Seconds && now.Seconds >= now.Silent
			})
			if !strings.HasPrefix(c.name, "with more records") {
				k.record(fined) // another record would be the position of the head
				k.until("it sees the record", func(s alertfeed.FeedStatus) bool {
					return s.Position == k.desk.Position()
				})
			}
			if k.last() != last {
				t.Error("it wrote")
			}
			if err := k.pub.Restate(t.Context()); err != nil {
				t.Fatal(err)
			}
			k.holds()
			if c.name != "a day ahead" && c.name != "two days ahead" {
				k.settle()
			}
			k.until("it publishes", func(s alertfeed.FeedStatus) bool { return s.State == alertfeed.StatePublishing })
			if got := k.all(); !got[len(got)-1].At().Later(head.At) {
				t.Errorf("%+v is not later than %+v", got[len(got)-1].At(), head.At)
			}
		})
	}
}

// If the stream loses messages while it is published to, a new generation restates every alert.
func TestWhatTheStreamLosesIsStatedAgain(t *testing.T) {
	for name, lose := range map[string]func(*kit, jetstream.Stream) error{
		"purged": func(k *kit, s jetstream.Stream) error { return s.Purge(k.t.Context()) },
		"deleted": func(k *kit, _ jetstream.Stream) error {
			return k.js.DeleteStream(k.t.Context(), alertfeed.StreamName)
		},
		"head purged": func(k *kit, s jetstream.Stream) error {
			return s.Purge(k.t.Context(), jetstream.WithPurgeSubject(alertfeed.HeadSubject))
		},
		"alert purged": func(k *kit, s jetstream.Stream) error {
			subject := slices.Sorted(maps.Keys(k.words()))[0]
			return s.Purge(k.t.Context(), jetstream.WithPurgeSubject(subject))
		},
	} {
		for _, isRunning := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", running: ", isRunning), func(t *testing.T) {
				t.Parallel()
				k := newKit(t)
				k.record(registered, granted, received, fined)
				k.start()
				k.settle()
				before := k.pub.Status().At.Generation
				if !isRunning {
					k.stop()
				}
				stream, err := k.js.Stream(t.Context(), alertfeed.StreamName)
				if err != nil {
					t.Fatal(err)
				}
				if err := lose(k, stream); err != nil {
					t.Fatal(err)
				}
				if !isRunning {
					k.start()
				}
				k.until("a new generation", func(s alertfeed.FeedStatus) bool {
					return s.State == alertfeed.StatePublishing && s.At.Generation > before
				})
				k.settle()
				k.holds()
			})
		}
	}
}

// Messages that no publisher wrote are replaced.
func TestWhatNoPublisherWroteIsWrittenOver(t *testing.T) {
	k := newKit(t)
	k.record(registered, granted, received)
	k.start()
	k.settle()
	truth := slices.Sorted(maps.Keys(k.truth()))
	for _, subject := range []string{
		truth[0], alertfeed.AlertName{Center: "ZJ-0099", Severity: "red", Code: "AL-USE-01", Key: "V1",
			RaisedOn: events.MustDate("2026-01-01")}.Subject()} {
		if _, err := k.js.Publish(t.Context(), subject, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	k.record(fined)
	k.settle()
	stream, err := k.js.Stream(t.Context(), alertfeed.StreamName)
	if err != nil {
		t.Fatal(err)
	}
	for subject, want := range k.truth() {
		raw, err := stream.GetLastMsgForSubject(t.Context(), subject)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := alertfeed.Decode(subject, raw.Data); err != nil || m.State() != want {
			t.Errorf("%s: %v %v", subject, m, err)
		}
	}
	if _, err := k.js.Publish(t.Context(), alertfeed.HeadSubject, []byte("junk")); err != nil {
		t.Fatal(err)
	}
	k.until("a head again", func(s alertfeed.FeedStatus) bool {
		return s.State == alertfeed.StatePublishing && s.Published.Generations > 1
	})
	k.holdsButJunk()
}

// holdsButJunk does the same as holds for a stream with unreadable messages.
func (k *kit) holdsButJunk() {
	k.t.Helper()
	stream, err := k.js.Stream(k.t.Context(), alertfeed.StreamName)
	if err != nil {
		k.t.Fatal(err)
	}
	raw, err := stream.GetLastMsgForSubject(k.t.Context(), alertfeed.HeadSubject)
	if err != nil {
		k.t.Fatal(err)
	}
	if m, err := alertfeed.Decode(raw.Subject, raw.Data); err != nil || m.Head.Phase != alertfeed.End {
		k.t.Fatalf("the head is %s, %v", raw.Data, err)
	}
}

// A new date publishes the alerts that time changed, once.
func TestTheTurnOfTheDate(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.record(registered, granted, received)
	k.start()
	k.settle()
	before := len(k.all())
	moved := false
	for range 400 { // until a day that moves an alert
		now := k.truth()
		k.mu.Lock()
		k.now = k.now.AddDate(0, 0, 1)
		k.mu.Unlock()
		if moved = !maps.Equal(now, k.truth()); moved {
			break
		}
	}
	if !moved {
		t.Fatal("no day moves an alert")
	}
	k.settle()
	k.holds()
	after := k.all()[before:]
	seen := map[string]bool{}
	for _, m := range after {
		if m.Alert != nil && seen[m.Subject] {
			t.Errorf("%s is said twice", m.Subject)
		}
		seen[m.Subject] = true
	}
	if len(after) < 2 || after[len(after)-1].Head == nil {
		t.Errorf("got %v", after)
	}
}

// Nothing is written to a stream with other settings.
func TestAStreamOfSomebodyElseIsLeftAlone(t *testing.T) {
	k := newKit(t)
	if _, err := k.js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: alertfeed.StreamName, Subjects: []string{alertfeed.AllSubjects}, MaxBytes: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	k.record(registered, granted, received)
	k.start()
	s := k.until("it stops", func(s alertfeed.FeedStatus) bool { return s.State == alertfeed.StateStopped })
	if !strings.Contains(s.Reason.En, "max_bytes") || k.last() != 0 {
		t.Errorf("got %+v, last %d", s, k.last())
	}
}
