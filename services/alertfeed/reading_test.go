package alertfeed_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/alertfeed"
)

var anyState = rapid.Custom(func(t *rapid.T) alertfeed.AlertState {
	return rapid.SampledFrom([]alertfeed.AlertState{{Kind: alertfeed.Raised}, {Kind: alertfeed.Withdrawn},
		{Kind: alertfeed.Cleared, ClearedOn: events.MustDate("2026-03-01")},
		{Kind: alertfeed.Cleared, ClearedOn: events.MustDate("2026-03-02")}}).Draw(t, "state")
})

// chronicle is a stream as publishers write it, with the true state of every alert.
type chronicle struct {
	at       alertfeed.At
	epochs   int
	names    []alertfeed.AlertName
	truth    map[string]alertfeed.AlertState // of the alerts that there are
	last     map[string]alertfeed.Kept       // the last message of each subject of the stream
	messages []*alertfeed.Message            // all, in order
	// each message: what is true, if it is a head that says that everything is right
	after []map[string]alertfeed.AlertState
	// the number of the last message of each subject; of a subject that the stream lost there is none
	lastOf map[string]int
}

func newChronicle() *chronicle {
	at := knownAt
	at.Epoch = epochOf(0)
	c := &chronicle{at: at, truth: map[string]alertfeed.AlertState{}, last: map[string]alertfeed.Kept{},
		lastOf: map[string]int{}}
	for _, key := range []string{"1", "2", "3", "4"} {
		c.names = append(c.names, alertfeed.AlertName{Center: "ZJ-0001", Severity: "red", Code: "AL-USE-01", Key: key,
			RaisedOn: events.MustDate("2025-12-31")})
	}
	return c
}

func (c *chronicle) write(m *alertfeed.Message, truth map[string]alertfeed.AlertState) {
	c.lastOf[m.Subject] = len(c.messages)
	c.messages, c.after = append(c.messages, m), append(c.after, truth)
}

func (c *chronicle) head(phase alertfeed.Phase) {
	var truth map[string]alertfeed.AlertState
	if phase == alertfeed.End {
		truth = maps.Clone(c.truth)
	}
	c.write(headOf(c.at, phase), truth)
}

func headOf(at alertfeed.At, phase alertfeed.Phase) *alertfeed.Message {
	return &alertfeed.Message{Subject: alertfeed.HeadSubject, Head: &alertfeed.Head{At: at, Phase: phase}}
}

// epochOf returns the epoch of a ledger after a number of restores; that of -1 is the earliest.
func epochOf(restored int) string {
	return fmt.Sprintf("2026-10-%02dT08:00:00.000000Z", restored+2)
}

func (c *chronicle) state(n alertfeed.AlertName, s alertfeed.AlertState, at alertfeed.At) {
	c.last[n.Subject()] = alertfeed.Kept{At: at, State: s}
	c.write(messageOf(n, s, at), nil)
}

// differ writes each difference between the truth and the stream, and everything of another generation.
func (c *chronicle) differ() {
	for _, n := range c.names {
		subject := n.Subject()
		last, known := c.last[subject]
		is, stands := c.truth[subject]
		if !stands {
			is = alertfeed.AlertState{Kind: alertfeed.Withdrawn}
		}
		isOld := stands && last.At.Generation < c.at.Generation
		if (known || stands) && (last.State != is || isOld) && c.at.Later(last.At) {
			c.state(n, is, c.at)
		}
	}
}

// step makes something happen: the ledger changes or is restored, or the stream loses subjects and is restated.
func (c *chronicle) step(t *rapid.T) {
	for _, n := range c.names {
		if rapid.Bool().Draw(t, "stays") {
			continue
		}
		if s := anyState.Draw(t, "truth"); s.Kind == alertfeed.Withdrawn {
			delete(c.truth, n.Subject())
		} else {
			c.truth[n.Subject()] = s
		}
	}
	switch what := rapid.IntRange(0, 9).Draw(t, "what"); what {
	case 0, 1: // a new generation; a publisher that has not seen its beginning goes on a little
		late := c.at
		late.Position++
		for _, n := range c.names {
			if rapid.IntRange(0, 3).Draw(t, "lost") == 0 {
				delete(c.last, n.Subject())
				delete(c.lastOf, n.Subject())
			}
		}
		c.at.Generation++
		c.at.Position += 2
		c.head(alertfeed.Begin)
		for _, n := range c.names {
			if last := c.last[n.Subject()]; rapid.Bool().Draw(t, "late") && late.Later(last.At) {
				c.state(n, anyState.Filter(func(s alertfeed.AlertState) bool { return s != last.State }).Draw(t,
					"said late"), late)
			}
		}
		c.differ()
		c.head(alertfeed.End)
	case 2: // a ledger put back, of a new epoch
		c.epochs++
		c.at.Epoch = epochOf(c.epochs)
		c.at.Position -= min(c.at.Position, 10)
		c.at.Generation++
		c.head(alertfeed.Begin)
		c.differ()
		c.head(alertfeed.End)
	case 4:
		// the stream is lost, the ledger from which this one was restored states its alerts, and then this one does
		old := c.at
		old.Epoch = epochOf(c.epochs - 1)
		old.Generation++
		c.last, c.lastOf = map[string]alertfeed.Kept{}, map[string]int{}
		c.write(headOf(old, alertfeed.Begin), nil)
		for _, n := range c.names {
			if rapid.Bool().Draw(t, "stands there") {
				c.state(n, anyState.Draw(t, "said there"), old)
			}
		}
		c.write(headOf(old, alertfeed.End), nil)
		c.at.Generation += 2
		c.head(alertfeed.Begin)
		c.differ()
		c.head(alertfeed.End)
	case 3:
		c.at.Date++
		c.differ()
	default:
		c.at.Position++
		c.differ()
	}
	if rapid.Bool().Draw(t, "head") {
		c.head(alertfeed.End)
	}
}

// reader is a program that acts on what a Reading returns.
type reader struct {
	reading *alertfeed.Reading
	acted   map[string]alertfeed.AlertState
	begun   alertfeed.At // the latest head
}

func newReader() *reader {
	return &reader{reading: alertfeed.NewReading(nil, alertfeed.At{}), acted: map[string]alertfeed.AlertState{}}
}

func (r *reader) take(t *rapid.T, m *alertfeed.Message) {
	acts, before := r.reading.Take(m), ""
	if m.Head != nil {
		if r.begun.Precedes(m.Head.At) {
			r.begun = m.Head.At
		}
	} else if len(acts) > 0 && m.At().Precedes(r.begun) {
		t.Fatalf("acts on %+v, of a generation before %+v", acts, r.begun)
	}
	for _, a := range acts {
		was, ok := r.acted[a.Subject]
		if was == a.State || !ok && a.State.Kind == alertfeed.Withdrawn {
			t.Fatalf("acts on %+v again, at %+v", a, m.At())
		}
		if (a.Alert == nil) != (m.Head != nil) || a.At != m.At() || a.Subject <= before {
			t.Fatalf("acts on %+v because of %+v", a, m)
		}
		r.acted[a.Subject], before = a.State, a.Subject
	}
}

// holds returns the alerts that exist according to the program.
func (r *reader) holds() map[string]alertfeed.AlertState {
	return standing(r.acted)
}

func standing(all map[string]alertfeed.AlertState) map[string]alertfeed.AlertState {
	all = maps.Clone(all)
	maps.DeleteFunc(all, func(_ string, s alertfeed.AlertState) bool { return s.Kind == alertfeed.Withdrawn })
	return all
}

func TestAReaderEndsWithTheTruthWhateverIsRepeatedOrLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newChronicle()
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			c.step(t)
		}
		c.head(alertfeed.End)
		all, some := newReader(), newReader()
		for i, m := range c.messages {
			all.take(t, m)
			if truth := c.after[i]; truth != nil && !maps.Equal(all.holds(), truth) {
				t.Fatalf("after message %d of %s\n%v is held, and\n%v is true", i, dump(c.messages[:i+1]),
					all.holds(), truth)
			}
			for range rapid.IntRange(0, 2).Draw(t, "repeats") {
				all.take(t, c.messages[rapid.IntRange(0, i).Draw(t, "again")])
			}
			if truth := c.after[i]; truth != nil && !maps.Equal(all.holds(), truth) {
				t.Fatalf("after message %d of %s and repeats\n%v is held, and\n%v is true", i, dump(c.messages[:i+1]),
					all.holds(), truth)
			}
			if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
				all.reading = alertfeed.NewReading(all.reading.Kept(), all.reading.Head())
			}
		}
		var got []*alertfeed.Message
		for i, m := range c.messages {
			if last, ok := c.lastOf[m.Subject]; ok && last == i || rapid.Bool().Draw(t, "arrives") {
				got = append(got, m)
				some.take(t, m)
				for range rapid.IntRange(0, 1).Draw(t, "repeats") {
					some.take(t, got[rapid.IntRange(0, len(got)-1).Draw(t, "again")])
				}
			}
		}
		if !maps.Equal(all.holds(), c.truth) || !maps.Equal(some.holds(), c.truth) {
			t.Fatalf("of %s\n%v is held by who got all, %v by who got\n%s\nand %v is true", dump(c.messages),
				all.holds(), some.holds(), dump(got), c.truth)
		}
		kept := map[string]alertfeed.AlertState{}
		for subject, k := range some.reading.Kept() {
			kept[subject] = k.State
		}
		if !maps.Equal(standing(kept), c.truth) {
			t.Fatalf("kept %v, acted on %v", kept, some.acted)
		}
	})
}

func dump(list []*alertfeed.Message) string {
	var b strings.Builder
	for i, m := range list {
		at := m.At()
		fmt.Fprintf(&b, "\n%d: %s %d %d %v ", i, at.Epoch[8:10], at.Generation, at.Position, at.Date)
		if m.Head != nil {
			fmt.Fprint(&b, m.Head.Phase)
		} else {
			fmt.Fprintf(&b, "%s %s %v", m.Alert.Key, m.Alert.State, m.Alert.ClearedOn)
		}
	}
	return b.String()
}

// Of two ledgers, the one with the later restore is right, even if the other one made the stream anew.
func TestAnEarlierLedgerWithdrawsNothing(t *testing.T) {
	n := alertfeed.AlertName{Center: "ZJ-0001", Severity: "red", Code: "AL-USE-01", Key: "1",
		RaisedOn: events.MustDate("2025-12-31")}
	other := n
	other.Key = "2"
	open := alertfeed.AlertState{Kind: alertfeed.Raised}
	later, earlier := knownAt, knownAt
	later.Epoch, earlier.Epoch, earlier.Generation = epochOf(1), epochOf(0), knownAt.Generation+1
	r := alertfeed.NewReading(nil, alertfeed.At{})
	r.Take(headOf(later, alertfeed.Begin))
	if acts := r.Take(messageOf(n, open, later)); len(acts) != 1 {
		t.Fatalf("acts on %+v", acts)
	}
	r.Take(headOf(later, alertfeed.End))
	for _, m := range []*alertfeed.Message{headOf(earlier, alertfeed.Begin), messageOf(other, open, earlier),
		headOf(earlier, alertfeed.End)} {
		if acts := r.Take(m); len(acts) > 0 {
			t.Errorf("acts on %+v because of %s at %+v", acts, m.Subject, m.At())
		}
	}
	later.Position++
	if acts := r.Take(messageOf(other, open, later)); len(acts) != 1 {
		t.Errorf("does not hear the later ledger any more: %+v", acts)
	}
}
