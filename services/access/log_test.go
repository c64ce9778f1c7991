package access

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// counting counts the appends to a store.
type counting struct {
	events.Store
	appends, entries int
}

func (c *counting) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	c.appends++
	if stream == logStream {
		c.entries += len(batch)
	}
	return c.Store.Append(ctx, stream, expected, batch)
}

func TestBadTokensFromManyAddressesDoNotFillTheDisk(t *testing.T) {
	store := &counting{Store: newStore()}
	a := mustOpen(t, store)
	for i := range 20_000 {
		if _, err := a.Authenticate("tz_wrong", fmt.Sprintf("10.0.%d.%d", i/256, i%256), "GET /v1/me"); err == nil {
			t.Fatal("a wrong token is good")
		}
	}
	for range 1000 { // one address that comes again and again
		_, _ = a.Authenticate("tz_wrong", "10.0.0.0", "GET /v1/me")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if store.entries > sourcesMax+50 || store.appends > sourcesMax/flushMax+20 {
		t.Errorf("%d entries in %d appends", store.entries, store.appends)
	}
	list := logOf(t, mustOpen(t, store), LogQuestion{Kind: LogDenied})
	total, others := 0, 0
	for _, e := range list {
		total += e.Count
		if e.Source == otherSources {
			others += e.Count
		}
	}
	if len(list) != sourcesMax+1 || total != 21_000 || others != 10_000 {
		t.Errorf("%d entries count %d, %d of other sources", len(list), total, others)
	}
}

func TestAStrangerWhoAsksForManyThingsDoesNotCrowdOutAccounts(t *testing.T) {
	g := &gatherer{}
	for i := range 60_000 {
		g.add(noteKey{Kind: LogDenied, Verb: "list", Object: fmt.Sprint(i), Source: fmt.Sprint("10.0.0.", i%250)},
			start)
	}
	if len(g.notes) > ofStrangers.notes+sourcesMax {
		t.Errorf("%d notes", len(g.notes))
	}
	g.add(noteKey{Kind: LogRead, Account: "cai", Verb: "story", Center: "ZJ-0007", Source: "192.0.2.1"}, start)
	for i := range 60_000 {
		g.add(noteKey{Kind: LogRead, Account: "bot", Verb: "story", Object: fmt.Sprint(i), Source: "192.0.2.2"}, start)
	}
	g.add(noteKey{Kind: LogRead, Account: "cai", Verb: "story", Center: "ZJ-0008", Source: "192.0.2.3"}, start)
	if len(g.notes) > ofStrangers.notes+sourcesMax+ofAccounts.ofOne+10 {
		t.Errorf("%d notes", len(g.notes))
	}
	for _, center := range []events.CenterID{"ZJ-0007", "ZJ-0008"} {
		found := false
		for key := range g.notes {
			found = found || key.Account == "cai" && key.Center == center && key.Source != otherSources
		}
		if !found {
			t.Errorf("what cai read of %s is not in the log", center)
		}
	}
}

func TestWhatIsAskedAgainWithinAMinuteIsOneEntry(t *testing.T) {
	now := start
	store := newStore()
	a, err := Open(t.Context(), AccountsConfig{Store: store, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 150 { // a second apart
		now = start.Add(time.Duration(i) * time.Second)
		a.noteAsked(LogRead, &Principal{Account: "cai", Source: "192.0.2.1"}, "story", "", "ZJ-0007", outcomeOK)
		if _, err := a.flush(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	list := logOf(t, mustOpen(t, store), LogQuestion{Kind: LogRead})
	if len(list) != 3 || list[0].Count != 60 || list[1].Count != 60 || list[2].Count != 30 ||
		list[1].At != "2026-11-29T10:01:00+08:00" {
		t.Errorf("%+v", list)
	}
}

func TestWhatWasAskedIsShownWithoutWhatATerminalObeys(t *testing.T) {
	for in, want := range map[string]string{"省\x1b[31m": `省\x1b[31m`, "a\u202eb": `a\u202eb`, "\xff\x01": `\xff\x01`,
		"中心": "中心", "it's": "it's"} {
		if got := clean(in); got != want {
			t.Errorf("%q: expected %s, got %s", in, want, got)
		}
	}
}

func TestTheLastEntriesOfALog(t *testing.T) {
	a := mustOpen(t, newStore())
	for i := range 5 {
		if _, err := a.Desk(owner).AddAccount(t.Context(), NewAccount{Account: fmt.Sprint("cai", i)}); err != nil {
			t.Fatal(err)
		}
	}
	for limit, want := range map[int]int{1: 1, 3: 3, 6: 6, 100: 6, 0: 6} {
		list := logOf(t, a, LogQuestion{Limit: limit})
		if len(list) != want || list[len(list)-1].Object != "cai4" {
			t.Errorf("limit %d: %+v", limit, list)
		}
	}
	if list := logOf(t, a, LogQuestion{From: "2026-11-30"}); len(list) != 0 {
		t.Errorf("tomorrow: %+v", list)
	}
	if list := logOf(t, a, LogQuestion{From: "2026-11-29", To: "2026-11-29", Account: "local:wang"}); len(list) != 5 {
		t.Errorf("today: %+v", list)
	}
	for _, q := range []LogQuestion{{From: "x"}, {To: "2026-02-30"}, {From: "2026-02-02", To: "2026-02-01"},
		{Kind: "all"}, {Center: "x"}, {Limit: -1}, {Limit: LogLimitMax + 1}} {
		if err := a.Desk(owner).Log(t.Context(), q, nil); code(err) != text.Invalid {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// failing is a store whose appends fail when the test says so.
type failing struct {
	events.Store
	err    error
	stored bool // although it fails
}

func (f *failing) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	if f.err != nil && !f.stored {
		return nil, f.err
	}
	places, err := f.Store.Append(ctx, stream, expected, batch)
	if f.err != nil {
		return nil, f.err
	}
	return places, err
}

func TestALogThatCannotBeWrittenIsNotHealthyAndLosesNothing(t *testing.T) {
	for _, stored := range []bool{false, true} {
		store := &failing{Store: newStore()}
		a := mustOpen(t, store)
		store.err, store.stored = &events.UnknownError{Cause: events.ErrClosed}, stored
		for range 3 {
			_, _ = a.Authenticate("", "192.0.2.1", "GET /v1/me")
			if _, err := a.flush(t.Context(), false); err == nil || a.Healthy() == nil {
				t.Errorf("stored %v: healthy", stored)
			}
		}
		store.err = nil
		if list := logOf(t, a, LogQuestion{Kind: LogDenied}); len(list) != 1 || list[0].Count != 3 ||
			a.Healthy() != nil {
			t.Errorf("stored %v: %+v, %v", stored, list, a.Healthy())
		}
	}
}

// TestNotesThatWereStoredAlthoughTheirAppendFailed stores notes, loses the answer and does an act before the notes are
// appended again. Later notes follow them.
func TestNotesThatWereStoredAlthoughTheirAppendFailed(t *testing.T) {
	store := &failing{Store: newStore()}
	a := mustOpen(t, store)
	_, _ = a.Authenticate("", "192.0.2.1", "GET /v1/me")
	store.err, store.stored = &events.UnknownError{Cause: events.ErrClosed}, true
	if _, err := a.flush(t.Context(), false); err == nil {
		t.Fatal("the append succeeded")
	}
	store.err = nil
	if _, err := a.Desk(owner).AddAccount(t.Context(), NewAccount{Account: "cai"}); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 3; n++ {
		list := logOf(t, a, LogQuestion{Kind: LogDenied})
		if len(list) != n || list[n-1].Source != fmt.Sprint("192.0.2.", n) || a.Healthy() != nil {
			t.Errorf("after %d requests: %+v, %v", n, list, a.Healthy())
		}
		_, _ = a.Authenticate("", fmt.Sprint("192.0.2.", n+1), "GET /v1/me")
	}
}

// TestAReaderOfTheLogWhoGoesAwayEndsNoAppend reads the log for a request whose client has gone.
func TestAReaderOfTheLogWhoGoesAwayEndsNoAppend(t *testing.T) {
	a := mustOpen(t, newStore())
	_, _ = a.Authenticate("", "192.0.2.1", "GET /v1/me")
	gone, leave := context.WithCancel(t.Context())
	leave()
	err := a.Desk(owner).Log(gone, LogQuestion{}, func(*LogEntry) error { return nil })
	if !errors.Is(err, context.Canceled) || a.Healthy() != nil {
		t.Errorf("got %v, and the log is %v", err, a.Healthy())
	}
}

func TestAfterAnActOfUnknownOutcomeThereIsNoOther(t *testing.T) {
	store := &failing{Store: newStore()}
	a := mustOpen(t, store)
	store.err, store.stored = &events.UnknownError{Cause: events.ErrClosed}, true
	_, first := a.Desk(owner).AddAccount(t.Context(), NewAccount{Account: "cai"})
	store.err = nil
	_, second := a.Desk(owner).AddAccount(t.Context(), NewAccount{Account: "other"})
	if code(first) != text.Stopped || code(second) != text.Stopped || a.Healthy() == nil && a.Close() == nil {
		t.Errorf("first %v, second %v", first, second)
	}
	if _, err := mustOpen(t, store).Desk(owner).Account(t.Context(), "cai"); err != nil {
		t.Errorf("opened again: %v", err)
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	a := mustOpen(b, newStore())
	add(b, a, "cai", Binding{Role: Finance})
	made, err := a.Desk(owner).AddToken(b.Context(), NewToken{Account: "cai", Name: "x"})
	if err != nil {
		b.Fatal(err)
	}
	for name, token := range map[string]string{
		"good": made.Secret, "unknown": newToken(), "mistyped": made.Secret[:50] + "00"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = a.Authenticate(token, "192.0.2.1", "GET /v1/me")
			}
		})
	}
}
