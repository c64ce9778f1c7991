package naive

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Evaluate returns all answers about one center as of a date. history is the whole accepted history of the center in
// the order of positions, with the voidings and the voided entries.
func Evaluate(history []events.Recorded, t policy.Timeline, on events.Date) *aggregates.Evaluation {
	return EvaluateInSteps(history, t, on, func() bool { return true })
}

// EvaluateInSteps does the same as Evaluate, and reports its progress for a center with many events. It calls step
// once for each event of the history, and again for each voucher, grant and year. If step returns false, it ends soon
// and returns nil.
func EvaluateInSteps(history []events.Recorded, t policy.Timeline, on events.Date,
	step func() bool) *aggregates.Evaluation {
	l := &ledger{timeline: t, on: on, goOn: step}
	for i := range history {
		if !step() {
			return nil
		}
		if history[i].On <= on && !voided(history, &history[i]) {
			l.events = append(l.events, &history[i])
		}
	}
	slices.SortStableFunc(l.events, func(a, b *events.Recorded) int {
		return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Position, b.Position))
	})
	l.payments = l.listPayments()
	for _, part := range []func(){l.recognition, l.operation, l.gradings, l.grants, l.vouchers, l.execution} {
		part()
		if !step() {
			return nil
		}
	}
	return &aggregates.Evaluation{On: on, Status: l.status(), Events: len(l.events), Executions: l.executions(),
		Alerts: l.sortedAlerts()}
}

func voided(history []events.Recorded, r *events.Recorded) bool {
	for i := range history {
		if v, ok := history[i].Data.(*events.EntryVoided); ok && strings.EqualFold(v.Event, r.ID.String()) {
			return true
		}
	}
	return false
}

// ledger is the history of a center up to a date, in the order (on, position), without voided entries.
type ledger struct {
	timeline policy.Timeline
	on       events.Date
	events   []*events.Recorded
	payments []payment // the payments in these events, not ordered by day
	goOn     func() bool
	alerts   []aggregates.Alert
}

// asOf returns the ledger of an earlier day.
func (l *ledger) asOf(on events.Date) *ledger {
	past := &ledger{timeline: l.timeline, on: on}
	for _, r := range l.events {
		if r.On <= on {
			past.events = append(past.events, r)
		}
	}
	past.payments = past.listPayments()
	return past
}

// reading returns the policy for questions that need an answer on every date, even before the first adoption.
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

// fact is an event that is judged, with the policy in force on its day.
type fact struct {
	*events.Recorded
	at *policy.Policy
}

// judged yields the events with payload T that happened under a policy, in order. Events before the first policy
// raise nothing.
func judged[T any](l *ledger) iter.Seq2[fact, *T] {
	return func(yield func(fact, *T) bool) {
		for r, p := range all[T](l) {
			if at := l.timeline.At(r.On); at != nil && !yield(fact{r, at}, p) {
				return
			}
		}
	}
}

// first returns the day of the first event with payload T for which so returns true, or none.
func first[T any](l *ledger, so func(on events.Date, p *T) bool) events.Date {
	for r, p := range all[T](l) {
		if so(r.On, p) {
			return r.On
		}
	}
	return 0
}

// always returns true for every event with payload T.
func always[T any](events.Date, *T) bool { return true }

// by reports whether a day exists and is not after another.
func by(day, on events.Date) bool { return day != 0 && day <= on }

// days returns the days of the events with payload T or U.
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

// spell is a run of days: from its first day to the day on which it is over, or none.
type spell struct{ from, to events.Date }

// spells returns the runs of days on which a state holds. The state changes only on the given days.
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

// The severities of section 9; every other alert is yellow.
var (
	red = []aggregates.Code{"AL-ADM-01", "AL-PRC-01", "AL-SAF-01", "AL-INC-01", "AL-INC-02", "AL-ETH-01", "AL-AWD-01",
		"AL-PRJ-01", "AL-PRJ-02", "AL-PRJ-04", "AL-FND-03", "AL-USE-01", "AL-EXE-02", "AL-EXE-03", "AL-EXE-05",
		"AL-OUT-01", "AL-OUT-02",
		"AL-RCT-02", "AL-REV-01", "AL-REV-02"}
	blue = []aggregates.Code{"AL-TSK-02", "AL-MAT-01"}
)

func severity(code aggregates.Code, key string) aggregates.Severity {
	switch {
	case slices.Contains(red, code):
		return aggregates.Red
	case slices.Contains(blue, code), code == "AL-GOV-01" && key == "party-organisation":
		return aggregates.Blue
	}
	return aggregates.Yellow
}

// endWithRevocation lists the alerts that lose their object when the center loses its qualification.
var endWithRevocation = []aggregates.Code{"AL-PRC-02", "AL-TSK-01", "AL-TSK-02", "AL-GOV-01", "AL-ETH-01", "AL-RPT-01",
	"AL-RPT-03", "AL-EVL-01", "AL-AWD-02", "AL-FND-01", "AL-MAT-01", "AL-EXE-01", "AL-EXE-04", "AL-RCT-01",
	"AL-RCT-02",
	"AL-ITV-01"}

// closable lists the alerts that a human may close out (alert.closed).
var closable = []aggregates.Code{"AL-ADM-01", "AL-ADM-03", "AL-PRC-01", "AL-PRC-03", "AL-SAF-01", "AL-EVL-02",
	"AL-USE-01",
	"AL-USE-03", "AL-OUT-01", "AL-FND-03", "AL-REV-02"}

// raise adds an alert that is cleared on the first of some days; none among them is ignored. An alert that is raised
// after the ledger's day, or cleared before it is raised, does not exist. Of two alerts with the same identity, the
// one that lasts longer stays.
func (l *ledger) raise(code aggregates.Code, key string, on events.Date, cleared ...events.Date) {
	if slices.Contains(endWithRevocation, code) {
		cleared = append(cleared, l.revokedOn())
	}
	if slices.Contains(closable, code) {
		cleared = append(cleared, first(l, func(d events.Date, p *events.AlertClosed) bool {
			return p.Code == string(code) && p.Key == key && d >= on
		}))
	}
	a := aggregates.Alert{Code: code, Key: key, Severity: severity(code, key), RaisedOn: on,
		ClearedOn: earliest(cleared...)}
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
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.RaisedOn, b.RaisedOn), cmp.Compare(a.Key, b.Key))
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

// after returns the day on which a term of n days from g is overdue.
func after(g events.Date, n int) events.Date { return g + events.Date(n) + 1 }

func (l *ledger) plaqueOn() events.Date  { return first(l, always[events.PlaqueAwarded]) }
func (l *ledger) revokedOn() events.Date { return first(l, always[events.QualificationRevoked]) }

// years returns the years from the center's first event to the ledger's day.
func (l *ledger) years() []int {
	var out []int
	if len(l.events) > 0 {
		for y := l.events[0].On.Year(); y <= l.on.Year(); y++ {
			out = append(out, y)
		}
	}
	return out
}

func (l *ledger) active(year int) bool {
	return by(l.plaqueOn(), events.YearEnd(year)) && !by(l.revokedOn(), events.YearEnd(year))
}

func (l *ledger) status() aggregates.Status {
	switch {
	case l.revokedOn() != 0:
		return aggregates.Revoked
	case l.plaqueOn() != 0:
		return aggregates.Active
	case first(l, meetingApproved) != 0:
		return aggregates.Approved
	case first(l, reviewPassed) != 0:
		return aggregates.Reviewed
	case first(l, always[events.CenterRegistered]) != 0:
		return aggregates.Registered
	}
	return ""
}

func itoa(n int) string { return strconv.Itoa(n) }
