// Package naive is the plainest reading of the definitions of money and alerts: it recomputes everything from the
// list of events, each time anew, and keeps no index. It is the yardstick that the evaluator of package aggregates is
// measured against, so it shares none of its code.
package naive

import (
	"cmp"
	"iter"
	"slices"
	"strconv"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Evaluate answers everything about one center as of a date. The history is all that is known of the center, accepted
// and in the order of position, with the voidings and what they void.
func Evaluate(history []events.Recorded, t policy.Timeline, on events.Date) *aggregates.Evaluation {
	l := &ledger{timeline: t, on: on}
	for i := range history {
		if history[i].On <= on && !voided(history, &history[i]) {
			l.events = append(l.events, &history[i])
		}
	}
	slices.SortStableFunc(l.events, func(a, b *events.Recorded) int {
		return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Position, b.Position))
	})
	l.recognition()
	l.operation()
	l.gradings()
	l.grants()
	l.vouchers()
	l.execution()
	return &aggregates.Evaluation{On: on, Status: l.status(), Events: len(l.events), Executions: l.executions(),
		Alerts: l.sortedAlerts()}
}

func voided(history []events.Recorded, r *events.Recorded) bool {
	for i := range history {
		if v, ok := history[i].Data.(*events.EntryVoided); ok && v.Event == r.ID.String() {
			return true
		}
	}
	return false
}

// ledger is what happened to a center by a date, in the order (on, position), voided entries left out.
type ledger struct {
	timeline policy.Timeline
	on       events.Date
	events   []*events.Recorded
	alerts   []aggregates.Alert
}

// asOf is the ledger of an earlier day.
func (l *ledger) asOf(on events.Date) *ledger {
	past := &ledger{timeline: l.timeline, on: on}
	for _, r := range l.events {
		if r.On <= on {
			past.events = append(past.events, r)
		}
	}
	return past
}

// reading is the policy that answers questions which need an answer on every date, even before any was adopted.
func (l *ledger) reading(on events.Date) *policy.Policy {
	if p := l.timeline.Reading(on); p != nil {
		return p
	}
	return &policy.Policy{}
}

// all yields the events with payload T in order.
func all[T any](l *ledger) iter.Seq2[*events.Recorded, *T] {
	return func(yield func(*events.Recorded, *T) bool) {
		for _, r := range l.events {
			if p, ok := any(r.Data).(*T); ok && !yield(r, p) {
				return
			}
		}
	}
}

// first is the day of the first event with payload T that is so, or none.
func first[T any](l *ledger, so func(on events.Date, p *T) bool) events.Date {
	for r, p := range all[T](l) {
		if so(r.On, p) {
			return r.On
		}
	}
	return 0
}

func any1[T any](events.Date, *T) bool { return true }

// has says whether an event with payload T is so.
func has[T any](l *ledger, so func(on events.Date, p *T) bool) bool { return first(l, so) != 0 }

// days lists the days of events with payload T or U.
func days[T, U any](l *ledger) []events.Date {
	var out []events.Date
	for r := range all[T](l) {
		out = append(out, r.On)
	}
	for r := range all[U](l) {
		out = append(out, r.On)
	}
	return out
}

// spell is a run of days: from its first to the day on which it is over, or none.
type spell struct{ from, to events.Date }

// spells finds the runs of days on which a state holds that changes on none but the days given.
func spells(on []events.Date, holds func(events.Date) bool) []spell {
	slices.Sort(on)
	var out []spell
	open := false
	for _, d := range slices.Compact(on) {
		switch now := holds(d); {
		case now && !open:
			out, open = append(out, spell{from: d}), true
		case !now && open:
			out[len(out)-1].to, open = d, false
		}
	}
	return out
}

// severities are the alerts of section 9.
var severities = map[aggregates.Code]aggregates.Severity{
	"AL-ADM-01": aggregates.Red, "AL-ADM-02": aggregates.Yellow, "AL-ADM-03": aggregates.Yellow,
	"AL-PRC-01": aggregates.Red, "AL-PRC-02": aggregates.Yellow, "AL-PRC-03": aggregates.Yellow,
	"AL-TSK-01": aggregates.Yellow, "AL-TSK-02": aggregates.Blue, "AL-GOV-01": aggregates.Yellow,
	"AL-SAF-01": aggregates.Red, "AL-INC-01": aggregates.Red, "AL-INC-02": aggregates.Red, "AL-ETH-01": aggregates.Red,
	"AL-RPT-01": aggregates.Yellow, "AL-RPT-02": aggregates.Yellow, "AL-RPT-03": aggregates.Yellow,
	"AL-EVL-01": aggregates.Yellow, "AL-EVL-02": aggregates.Yellow, "AL-EVL-03": aggregates.Yellow,
	"AL-AWD-01": aggregates.Red, "AL-AWD-02": aggregates.Yellow,
	"AL-PRJ-01": aggregates.Red, "AL-PRJ-02": aggregates.Red, "AL-PRJ-03": aggregates.Yellow, "AL-PRJ-04": aggregates.Red,
	"AL-FND-01": aggregates.Yellow, "AL-FND-03": aggregates.Red,
	"AL-USE-01": aggregates.Red, "AL-USE-02": aggregates.Yellow, "AL-USE-03": aggregates.Yellow,
	"AL-EXE-01": aggregates.Yellow, "AL-EXE-02": aggregates.Red, "AL-EXE-03": aggregates.Red, "AL-EXE-04": aggregates.Yellow,
	"AL-OUT-01": aggregates.Red, "AL-OUT-02": aggregates.Red, "AL-MAT-01": aggregates.Blue,
	"AL-RCT-01": aggregates.Yellow, "AL-RCT-02": aggregates.Red, "AL-ITV-01": aggregates.Yellow,
	"AL-REV-01": aggregates.Red, "AL-REV-02": aggregates.Red, "AL-REV-03": aggregates.Yellow, "AL-AUD-01": aggregates.Yellow,
}

// endWithRevocation are the alerts that are without object once the center has lost its qualification.
var endWithRevocation = []aggregates.Code{"AL-PRC-02", "AL-TSK-01", "AL-TSK-02", "AL-GOV-01", "AL-ETH-01", "AL-RPT-01",
	"AL-RPT-03", "AL-EVL-01", "AL-AWD-02", "AL-FND-01", "AL-MAT-01", "AL-EXE-01", "AL-EXE-04", "AL-RCT-01", "AL-RCT-02",
	"AL-ITV-01"}

// closable are the alerts that a human may strike off the list (alert.closed).
var closable = []aggregates.Code{"AL-ADM-01", "AL-ADM-03", "AL-PRC-01", "AL-PRC-03", "AL-SAF-01", "AL-EVL-02", "AL-USE-01",
	"AL-USE-03", "AL-OUT-01", "AL-FND-03", "AL-REV-02"}

// raise adds an alert that is cleared on the first of some days, none among them not counting. An alert that is
// raised after the ledger's day, or was cleared before it was raised, does not exist. Of two with one identity the one
// that lasts longer stands.
func (l *ledger) raise(code aggregates.Code, key string, on events.Date, cleared ...events.Date) {
	if slices.Contains(endWithRevocation, code) {
		cleared = append(cleared, l.revokedOn())
	}
	if slices.Contains(closable, code) {
		cleared = append(cleared, first(l, func(d events.Date, p *events.AlertClosed) bool {
			return p.Code == string(code) && p.Key == key && d >= on
		}))
	}
	a := aggregates.Alert{Code: code, Key: key, Severity: severities[code], RaisedOn: on, ClearedOn: earliest(cleared...)}
	if code == "AL-GOV-01" && key == "party-organisation" {
		a.Severity = aggregates.Blue
	}
	if on > l.on || a.ClearedOn != 0 && a.ClearedOn < on {
		return
	}
	if a.ClearedOn > l.on {
		a.ClearedOn = 0
	}
	for i, b := range l.alerts {
		if b.Code == code && b.Key == key && b.RaisedOn == on {
			if b.ClearedOn != 0 && (a.ClearedOn == 0 || a.ClearedOn > b.ClearedOn) {
				l.alerts[i] = a
			}
			return
		}
	}
	l.alerts = append(l.alerts, a)
}

func (l *ledger) sortedAlerts() []aggregates.Alert {
	slices.SortFunc(l.alerts, func(a, b aggregates.Alert) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Key, b.Key), cmp.Compare(a.RaisedOn, b.RaisedOn))
	})
	return l.alerts
}

func earliest(days ...events.Date) events.Date {
	var out events.Date
	for _, d := range days {
		if d != 0 && (out == 0 || d < out) {
			out = d
		}
	}
	return out
}

// after is the day on which something is overdue by a term of n days from g.
func after(g events.Date, n int) events.Date { return g + events.Date(n) + 1 }

func (l *ledger) plaqueOn() events.Date  { return first(l, any1[events.PlaqueAwarded]) }
func (l *ledger) revokedOn() events.Date { return first(l, any1[events.QualificationRevoked]) }

func (l *ledger) active(year int) bool {
	plaque, revoked := l.plaqueOn(), l.revokedOn()
	return plaque != 0 && plaque <= events.YearEnd(year) && (revoked == 0 || revoked > events.YearEnd(year))
}

// activeYears lists the years in which the center was active for some of them and to their end.
func (l *ledger) activeYears() []int {
	var out []int
	if len(l.events) > 0 {
		for y := l.events[0].On.Year(); y <= l.on.Year(); y++ {
			if l.active(y) {
				out = append(out, y)
			}
		}
	}
	return out
}

func (l *ledger) status() aggregates.Status {
	switch {
	case l.revokedOn() != 0:
		return aggregates.Revoked
	case l.plaqueOn() != 0:
		return aggregates.Active
	case has(l, meetingApproved):
		return aggregates.Approved
	case has(l, reviewPassed):
		return aggregates.Reviewed
	case has(l, any1[events.CenterRegistered]):
		return aggregates.Registered
	}
	return ""
}

func itoa(n int) string { return strconv.Itoa(n) }
