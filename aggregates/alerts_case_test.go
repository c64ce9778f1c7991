package aggregates_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// alertCase is a history and the alerts that it must have as of a date. It must have no other alerts with the codes
// of then.
type alertCase struct {
	name     string
	given    history
	asOf     string
	then     []expected
	policies policy.Timeline
}

// expected is an expected alert. With a code alone, it is the expectation that there is no alert with this code.
type expected struct {
	code                aggregates.Code
	key                 string
	raisedOn, clearedOn string
	timed               bool // cleared by time alone, on a day that has records
	// whose policy decides whether it is raised; the raising day unless since says otherwise
	fact string
}

func raised(code aggregates.Code, key, day string) expected {
	return expected{code: code, key: key, raisedOn: day, fact: day}
}

func none(code aggregates.Code) []expected     { return []expected{{code: code}} }
func (e expected) cleared(day string) expected { e.clearedOn = day; return e }
func (e expected) byTime() expected            { e.timed = true; return e }
func (e expected) since(day string) expected   { e.fact = day; return e }
func then(alerts ...expected) []expected       { return alerts }
func (e *expected) is(a *aggregates.Alert) bool {
	return a.Key == e.key && a.RaisedOn == date(e.raisedOn)
}
func (e *expected) in(as []aggregates.Alert) *aggregates.Alert {
	for i := range as {
		if e.is(&as[i]) {
			return &as[i]
		}
	}
	return nil
}

func (c *alertCase) run(t *testing.T) {
	s := given(t, c.policies, c.given)
	codes := map[aggregates.Code][]expected{}
	for _, e := range c.then {
		codes[e.code] = append(codes[e.code], e)
		if e.raisedOn == "" {
			codes[e.code] = nil
		}
	}
	for code, want := range codes {
		got := s.alerts(code, date(c.asOf))
		if len(got) != len(want) {
			t.Fatalf("as of %s: %v, want %d", c.asOf, got, len(want))
		}
		for _, e := range want {
			a := e.in(got)
			if a == nil {
				t.Fatalf("as of %s: %v, want %s raised on %s", c.asOf, got, e.key, e.raisedOn)
			}
			if a.ClearedOn != date(e.clearedOn) {
				t.Errorf("%s %q: cleared on %q, want %q", code, e.key, a.ClearedOn, e.clearedOn)
			}
			if sev := severityOf(code, e.key); a.Severity != sev {
				t.Errorf("%s %q is %s, want %s", code, e.key, a.Severity, sev)
			}
			e.onTheDays(t, s)
			e.explained(t, s, date(c.asOf))
		}
	}
}

// onTheDays checks the days around raising and clearing: no alert on the day before it is raised, an alert on that
// day, and an open alert until the day before it is cleared.
func (e *expected) onTheDays(t *testing.T, s *story) {
	raisedOn, clearedOn := date(e.raisedOn), date(e.clearedOn)
	at := func(d events.Date) *aggregates.Alert { return e.in(s.alerts(e.code, d)) }
	if a := at(raisedOn - 1); a != nil {
		t.Errorf("%s %q is there on %v, the day before it is raised", e.code, e.key, raisedOn-1)
	}
	if a := at(raisedOn); a == nil || a.Open() != (clearedOn != raisedOn) {
		t.Errorf("%s %q on the day it is raised: %+v", e.code, e.key, a)
	}
	if clearedOn == 0 {
		return
	}
	if a := at(clearedOn - 1); clearedOn > raisedOn && (a == nil || !a.Open()) {
		t.Errorf("%s %q is not open on %v, the day before it is cleared: %+v", e.code, e.key, clearedOn-1, a)
	}
	if a := at(clearedOn); a == nil || a.ClearedOn != clearedOn {
		t.Errorf("%s %q is not cleared on %v: %+v", e.code, e.key, clearedOn, a)
	}
}

// explained checks the explanation: the same alert, with a policy, rules that the policy quotes, and events of the
// history.
func (e *expected) explained(t *testing.T, s *story, d events.Date) {
	why := s.center.Explain(s.policies, d, e.code, e.key, date(e.raisedOn))
	if len(why) != 1 {
		t.Fatalf("%s %q has %d explanations", e.code, e.key, len(why))
	}
	x := why[0]
	if x.RaisedOn != date(e.raisedOn) || x.ClearedOn != date(e.clearedOn) || x.Policy == nil || len(x.Rules) == 0 ||
		len(x.Because) == 0 || x.Cleared.Zh == "" {
		t.Errorf("%s %q is explained by %+v", e.code, e.key, x)
	}
	e.clearedBy(t, s, x.ClearedOn, x.ClearedBy)
	saysEverything(t, &x)
	for _, id := range x.Because {
		if s.center.Has(id) == 0 {
			t.Errorf("%s %q follows from %v, which is not recorded", e.code, e.key, id)
		}
	}
}

// byTime lists the codes of alerts that time alone can clear.
var byTime = []aggregates.Code{"AL-EXE-01", "AL-INC-02", "AL-PRJ-03", "AL-TSK-02"}

// clearedBy checks the record that cleared an alert. It must be dated on the clearing day, and be none if time alone
// cleared the alert.
func (e *expected) clearedBy(t *testing.T, s *story, day events.Date, by uuid.UUID) {
	there := false // a record of the day
	for _, d := range s.days {
		there = there || d == day
	}
	switch {
	case by != uuid.Nil && (day == 0 || s.days[by] != day):
		t.Errorf("%s %q: cleared on %v by a record of %v", e.code, e.key, day, s.days[by])
	case by == uuid.Nil && day != 0 && (there || !slices.Contains(byTime, e.code)) && !e.timed:
		t.Errorf("%s %q: no record cleared it on %v", e.code, e.key, day)
	}
}

// sectionNine repeats the rows of section 9, independently of the catalog.
var sectionNine = []struct {
	code     aggregates.Code
	severity aggregates.Severity
	ends     endings
}{
	{"AL-ADM-01", aggregates.Red, closable},
	{"AL-ADM-02", aggregates.Yellow, neither},
	{"AL-ADM-03", aggregates.Yellow, closable},
	{"AL-PRC-01", aggregates.Red, closable},
	{"AL-PRC-02", aggregates.Yellow, endsWithRevocation},
	{"AL-PRC-03", aggregates.Yellow, closable},
	{"AL-TSK-01", aggregates.Yellow, endsWithRevocation},
	{"AL-TSK-02", aggregates.Blue, endsWithRevocation},
	{"AL-GOV-01", aggregates.Yellow, endsWithRevocation},
	{"AL-SAF-01", aggregates.Red, closable},
	{"AL-INC-01", aggregates.Red, neither},
	{"AL-INC-02", aggregates.Red, neither},
	{"AL-ETH-01", aggregates.Red, endsWithRevocation},
	{"AL-RPT-01", aggregates.Yellow, endsWithRevocation},
	{"AL-RPT-02", aggregates.Yellow, neither},
	{"AL-RPT-03", aggregates.Yellow, endsWithRevocation},
	{"AL-EVL-01", aggregates.Yellow, endsWithRevocation},
	{"AL-EVL-02", aggregates.Yellow, closable},
	{"AL-EVL-03", aggregates.Yellow, neither},
	{"AL-AWD-01", aggregates.Red, neither},
	{"AL-AWD-02", aggregates.Yellow, endsWithRevocation},
	{"AL-PRJ-01", aggregates.Red, neither},
	{"AL-PRJ-02", aggregates.Red, neither},
	{"AL-PRJ-03", aggregates.Yellow, neither},
	{"AL-PRJ-04", aggregates.Red, neither},
	{"AL-FND-01", aggregates.Yellow, endsWithRevocation},
	{"AL-FND-03", aggregates.Red, closable},
	{"AL-USE-01", aggregates.Red, closable},
	{"AL-USE-02", aggregates.Yellow, neither},
	{"AL-USE-03", aggregates.Yellow, closable},
	{"AL-EXE-01", aggregates.Yellow, endsWithRevocation},
	{"AL-EXE-02", aggregates.Red, neither},
	{"AL-EXE-03", aggregates.Red, neither},
	{"AL-EXE-04", aggregates.Yellow, endsWithRevocation},
	{"AL-EXE-05", aggregates.Red, neither},
	{"AL-OUT-01", aggregates.Red, closable},
	{"AL-OUT-02", aggregates.Red, neither},
	{"AL-MAT-01", aggregates.Blue, endsWithRevocation},
	{"AL-RCT-01", aggregates.Yellow, endsWithRevocation},
	{"AL-RCT-02", aggregates.Red, endsWithRevocation},
	{"AL-ITV-01", aggregates.Yellow, endsWithRevocation},
	{"AL-REV-01", aggregates.Red, neither},
	{"AL-REV-02", aggregates.Red, closable},
	{"AL-REV-03", aggregates.Yellow, neither},
	{"AL-AUD-01", aggregates.Yellow, neither},
	{"AL-LED-01", aggregates.Red, neither},
}

// endings is a set of ways in which an alert ends other than by its own condition.
type endings int

const (
	neither            endings = 0
	closable           endings = 1 // a human may strike it off the list
	endsWithRevocation endings = 2
)

func endingsOf(code aggregates.Code) endings {
	for _, row := range sectionNine {
		if row.code == code {
			return row.ends
		}
	}
	return neither
}

func severityOf(code aggregates.Code, key string) aggregates.Severity {
	if code == "AL-GOV-01" && key == "party-organisation" {
		return aggregates.Blue
	}
	for _, row := range sectionNine {
		if row.code == code {
			return row.severity
		}
	}
	return ""
}
