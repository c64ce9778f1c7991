package consumer

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
)

const ledger = "urn:uuid:1cc5efbe-4631-5491-a813-741dd0e17f6a"

const subjectA, subjectB = "taizhang.v1.alert.ZJ-0001.red.USE.01.A.20260601",
	"taizhang.v1.alert.ZJ-0001.blue.USE.01.B.20260601"

func keptAt(position uint64, kind alertfeed.StateKind) alertfeed.Kept {
	k := alertfeed.Kept{At: alertfeed.At{Epoch: "2026-01-01T00:00:00.000000Z", Generation: 7, Engine: 1,
		Position: position, Date: events.MustDate("2026-11-29")}, State: alertfeed.AlertState{Kind: kind}}
	if kind == alertfeed.Cleared {
		k.State.ClearedOn = events.MustDate("2026-07-01")
	}
	return k
}

// written returns a state that was saved, and its path.
func written(t *testing.T) (*state, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ops.state")
	s, _, err := openState(path, "ops", false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	for _, do := range []func() error{
		func() error { s.restart([]string{"taizhang.v1.alert.>", "taizhang.v1.head"}); return s.rewrite() },
		func() error { return s.from(ledger) },
		func() error { return s.begun(keptAt(1, alertfeed.Raised).At) },
		func() error { return s.keep(subjectA, keptAt(1, alertfeed.Raised), nil) },
		func() error { return s.reach(&place{12, time.Unix(1, 2).UTC()}) },
		func() error { return s.keep(subjectB, keptAt(2, alertfeed.Raised), &place{13, time.Unix(2, 3).UTC()}) },
		func() error { return s.keep(subjectA, keptAt(3, alertfeed.Cleared), &place{14, time.Unix(3, 4).UTC()}) },
		s.sync,
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	return s, path
}

func same(a, b *state) bool {
	return slices.Equal(a.filters, b.filters) && maps.Equal(a.kept, b.kept) && a.source == b.source &&
		a.head == b.head &&
		(a.place == nil) == (b.place == nil) &&
		(a.place == nil || a.place.Sequence == b.place.Sequence && a.place.Time.Equal(b.place.Time)) &&
		(a.place != nil || slices.Equal(a.covered, b.covered))
}

func TestAnActThatIsNotNotedAsDoneIsUnsure(t *testing.T) {
	s, path := written(t)
	other := strings.Replace(subjectB, ".B.", ".C.", 1)
	for _, subject := range []string{subjectA, other} {
		if err := s.acting(subject); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		again, cut, err := openState(path, "ops", false)
		if err != nil || cut != 0 {
			t.Fatal(cut, err)
		}
		want := maps.Clone(s.kept)
		want[subjectA], want[other] = alertfeed.Kept{At: s.kept[subjectA].At}, alertfeed.Kept{}
		if !maps.Equal(again.kept, want) {
			t.Fatalf("got %+v, want %+v", again.kept, want)
		}
		if err := errors.Join(again.rewrite(), again.close()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAStateIsReadAsItWasWritten(t *testing.T) {
	s, path := written(t)
	for _, rewrite := range []bool{false, true} {
		if rewrite {
			if err := s.rewrite(); err != nil {
				t.Fatal(err)
			}
		}
		again, cut, err := openState(path, "ops", false)
		if err != nil || cut != 0 || !same(s, again) {
			t.Fatalf("%v, %d bytes cut: got %+v, want %+v", err, cut, again, s)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if s, _, err := openState(path, "ops", true); err != nil || len(s.kept) != 0 || s.place != nil || s.source != "" {
		t.Errorf("what is to be forgotten is there: %+v %v", s, err)
	}
}

func TestWhatACrashLeftIsCutOff(t *testing.T) {
	_, path := written(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte{'\n'})
	last := lines[len(lines)-2]
	for n := 1; n < len(last); n++ {
		if err := os.WriteFile(path, whole[:len(whole)-n], 0o600); err != nil {
			t.Fatal(err)
		}
		s, cut, err := openState(path, "ops", false)
		if err != nil || cut != len(last)-n || s.place.Sequence != 13 ||
			s.kept[subjectA] != keptAt(1, alertfeed.Raised) {
			t.Fatalf("%d bytes missing: %v, %d bytes cut, %+v", n, err, cut, s)
		}
	}
	// A power cut can lose the middle of the bytes that were not synced.
	hole := slices.Concat(whole[:len(whole)-len(last)-20], make([]byte, 20), last)
	if err := os.WriteFile(path, hole, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, cut, err := openState(path, "ops", false); err != nil || cut == 0 || s.place.Sequence != 12 {
		t.Errorf("%v, %d bytes cut, %+v", err, cut, s)
	}
}

func TestAStateThatCannotBeMeantIsRefused(t *testing.T) {
	_, path := written(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, content string
		want          text.ErrorCode
	}{
		{"another user", strings.Replace(string(whole), `"durable":"ops"`, `"durable":"other"`, 1), text.Conflict},
		{"another file", "SUAJ\n", text.Invalid},
		{"an empty file", "", text.Invalid},
		{"damage", strings.Replace(string(whole), `"filters"`, `"filter5"`, 1), text.Internal},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := openState(path, "ops", false); text.CodeOf(err) != c.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAStateIsOfOneLedger(t *testing.T) {
	for _, c := range []struct {
		of, source string
		want       text.ErrorCode // "" if it is accepted
	}{
		{"", ledger, ""}, {"", alertfeed.NoLedger, ""}, // of a version that kept no source
		{ledger, ledger, ""},
		{alertfeed.NoLedger, ledger, ""},
		{ledger, alertfeed.NoLedger, text.Conflict},
		{ledger, "urn:uuid:00000000-0000-0000-0000-000000000002", text.Conflict},
	} {
		var code text.ErrorCode
		if err := (&state{source: c.of}).accept(c.source); err != nil {
			code = text.CodeOf(err)
		}
		if code != c.want {
			t.Errorf("of %q, from %q: %q", c.of, c.source, code)
		}
	}
}

func TestAnotherFilterForgetsWhatItDoesNotSelect(t *testing.T) {
	s, path := written(t)
	red := []string{"taizhang.v1.alert.*.red.>", "taizhang.v1.head"}
	before := s.filters
	s.restart(red)
	s.restart(red) // it was not read to the end
	if err := s.rewrite(); err != nil {
		t.Fatal(err)
	}
	again, _, err := openState(path, "ops", false)
	if err != nil || !same(s, again) || again.place != nil || !slices.Equal(again.covered, before) ||
		len(again.kept) != 1 || again.kept[subjectA].At.Position != 3 {
		t.Errorf("%v: %+v", err, again)
	}
}

func TestALongStateIsWrittenAnew(t *testing.T) {
	s, path := written(t)
	for i := range uint64(appendedMost + 10) {
		if err := s.keep(subjectA, keptAt(i, alertfeed.Raised), &place{i, time.Unix(0, int64(i)).UTC()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.sync(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 2000 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
	if err := s.keep(subjectB, keptAt(9, alertfeed.Withdrawn), nil); err != nil {
		t.Fatal(err)
	}
	if again, cut, err := openState(path, "ops", false); err != nil || cut != 0 || !same(s, again) {
		t.Errorf("%v: %+v", err, again)
	}
}

func TestFiltersMatchAsTheServerDoes(t *testing.T) {
	for _, c := range []struct {
		filter, subject string
		want            bool
	}{
		{"a.b", "a.b", true}, {"a.b", "a.c", false}, {"a.b", "a", false}, {"a.b", "a.b.c", false},
		{"a.*", "a.b", true}, {"a.*", "a.b.c", false},
		{"a.*.c", "a.b.c", true}, {"a.>", "a.b.c", true}, {"a.>", "a", false}, {">", "a", true},
		{"a.*.>", "a.b", false}, {"a.*.>", "a.b.c.d", true},
	} {
		if got := matches(c.filter, c.subject); got != c.want {
			t.Errorf("%s %s: got %v", c.filter, c.subject, got)
		}
	}
}

// FuzzState checks that a state that can be read from any file is the same after it is written and read again.
func FuzzState(f *testing.F) {
	f.Add([]byte("{\"format\":\"taizhang.watch.v1\",\"durable\":\"ops\"}\n" +
		"{\"filters\":[\">\"],\"covered\":[\"a.>\"]}\n{\"source\":\"urn:a\"}\n{\"generation\":3}\n{\"subject\":\"" +
		subjectA +
		"\",\"at\":{\"epoch\":\"\",\"generation\":1,\"engine\":1,\"position\":2,\"date\":\"2026-11-29\"},\"state\":\"cleared\",\"clearedOn\":\"2026-07-01\"}\n{\"place\":{\"sequence\":1,\"time\":\"2026-11-29T00:00:00.5Z\"}}\n{\"sub"))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		s := &state{durable: "ops", kept: map[string]alertfeed.Kept{}}
		cut, err := s.read(content, false)
		if err != nil || len(s.filters) == 0 { // it was never written so
			return
		}
		if cut < 0 || cut > len(content) {
			t.Fatalf("%d of %d bytes cut", cut, len(content))
		}
		written, err := s.content()
		if err != nil {
			t.Fatal(err)
		}
		again := &state{durable: "ops", kept: map[string]alertfeed.Kept{}}
		if cut, err := again.read(written, false); err != nil || cut != 0 || !same(s, again) {
			t.Fatalf("%v, %d bytes cut: got %+v, want %+v", err, cut, again, s)
		}
	})
}
