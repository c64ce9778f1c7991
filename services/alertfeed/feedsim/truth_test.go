package feedsim

import (
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/alertfeed"
)

// noon returns an instant of a date.
func noon(d events.Date) time.Time {
	y, m, day := d.Civil()
	return time.Date(y, time.Month(m), day, 12, 0, 0, 0, events.Shanghai)
}

// truth holds the state of every alert of a ledger, by subject.
type truth map[string]alertfeed.AlertState

// replay is a ledger that is applied record by record, separately from those of the publishers.
type replay struct {
	records  []events.Recorded // of the positions from 1 on
	register *projections.Register
}

func replayOf(t testing.TB, store events.Store) *replay {
	t.Helper()
	l := &replay{register: projections.NewRegister()}
	for stored, err := range store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		rec, err := events.DecodeEvent(stored)
		if err != nil || stored.Position != uint64(len(l.records))+1 {
			t.Fatalf("position %d after %d records: %v", stored.Position, len(l.records), err)
		}
		l.records = append(l.records, rec)
	}
	return l
}

// advance applies the records up to a position, which must not be less than that of the last call.
func (l *replay) advance(position uint64) {
	for p := l.register.Position(); p < position; p++ {
		if err := l.register.Apply(&l.records[p]); err != nil {
			panic(err) // records of the office break nothing
		}
	}
}

func (l *replay) truth(on events.Date) truth {
	found := truth{}
	for a := range l.register.Alerts(on, projections.AlertFilter{All: true}) {
		state := alertfeed.AlertState{Kind: alertfeed.Raised}
		if !a.Open() {
			state = alertfeed.AlertState{Kind: alertfeed.Cleared, ClearedOn: a.ClearedOn}
		}
		found[alertfeed.AlertName{Center: a.Center, Severity: a.Severity, Code: a.Code, Key: a.Key,
			RaisedOn: a.RaisedOn}.Subject()] = state
	}
	return found
}

// counts returns the number of open alerts of each severity.
func (t truth) counts() (c alertfeed.Counts) {
	for subject, state := range t {
		name, _ := alertfeed.ParseSubject(subject)
		if state.Kind != alertfeed.Raised {
			continue
		}
		switch name.Severity {
		case "red":
			c.Red++
		case "yellow":
			c.Yellow++
		case "blue":
			c.Blue++
		}
	}
	return c
}
