package aggregates

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// view is a center as of a date. It answers every question of sections 5 to 9. Only events on or before the date
// count.
type view struct {
	*index
	c  *Center
	t  policy.Timeline
	on events.Date

	revokedOn  events.Date // the first qualification.revoked, or none
	spells     map[int][]spell
	kept       *kept // the results that the evaluation before this one kept, or nil; see results
	alerts     []Alert
	explaining *explaining
}

// explaining collects explanations of the alerts that Explain selects.
type explaining struct {
	code     Code // "" for all codes
	key      string
	raisedOn events.Date
	found    []Explanation
	named    []int // by revision of an event: the number of the last explanation that names it
}

func (c *Center) view(t policy.Timeline, on events.Date) *view {
	v := &view{index: c.ix, c: c, t: t, on: on}
	if r := c.ix.revocations.upTo(v.on); len(r) > 0 {
		v.revokedOn = r[0].on
	}
	return v
}

// viewAgain returns a view for the evaluation after the one that kept k.
func (c *Center) viewAgain(k *kept) *view {
	v := c.view(k.timeline, k.on)
	v.kept, v.alerts = k, k.buffer[:0]
	return v
}

// results returns the results to keep for the next evaluation. It makes them on first use, because most decisions are
// judged without them.
func (v *view) results() *kept {
	if v.kept == nil {
		v.kept = &kept{timeline: v.t, on: v.on}
	}
	return v.kept
}

// Evaluate returns all answers about the center as of a date.
func (c *Center) Evaluate(t policy.Timeline, on events.Date) *Evaluation {
	e := c.evaluate(&kept{timeline: t, on: on})
	if e.Status != "" {
		e.Events = c.eventsUpTo(on)
	}
	return e
}

// EvaluateAgain does the same as Evaluate, for a caller that evaluates repeatedly as of one date while events are
// applied. It keeps results in memory, so that it is fast after Apply for the same policies and date. The caller must
// not change the alerts: the next evaluation may return the same list.
func (c *Center) EvaluateAgain(t policy.Timeline, on events.Date) *Evaluation {
	if !c.kept.isOf(t, on) {
		c.kept = &kept{again: true, every: centerKeepsEvery, timeline: t, on: on, events: c.eventsUpTo(on)}
	}
	e := c.evaluate(c.kept)
	if e.Status != "" {
		e.Events = c.kept.events
	}
	return e
}

// evaluate returns all answers except the number of events. It computes only the results that k does not have, and
// keeps them in k.
func (c *Center) evaluate(k *kept) *Evaluation {
	e := &Evaluation{On: k.on}
	if !c.Registered() || c.ix.registered.on > k.on {
		return e
	}
	v := c.viewAgain(k)
	e.Status = v.status()
	if k.timeline.Reading(k.on) == nil { // without a policy neither money nor alerts are defined
		return e
	}
	money := v.money()
	e.Executions = v.executions(money)
	v.everyAlert(money)
	e.Alerts = v.sorted()
	return e
}

// EventsByYear returns the number of events in each calendar year of their dates. Voided events count too.
func (c *Center) EventsByYear() map[int]int {
	counts := map[int]int{}
	for i := range c.log.len() {
		counts[c.log.at(i).on.Year()]++
	}
	return counts
}

// eventsUpTo counts the events on or before a date that are not voided.
func (c *Center) eventsUpTo(on events.Date) (n int) {
	for i := range c.log.len() {
		if e := c.log.at(i); e.on <= on && e.voided == 0 {
			n++
		}
	}
	return n
}

// Explain explains the alerts with a code as of a date, or all alerts of Evaluate for "". It explains only those with
// the key, unless it is "", and with the raising date, unless it is none. The explanations are in the order of
// CompareAlerts.
func (c *Center) Explain(t policy.Timeline, on events.Date, code Code, key string,
	raisedOn events.Date) []Explanation {
	if !c.Registered() || c.ix.registered.on > on || t.Reading(on) == nil {
		return nil
	}
	v := c.view(t, on)
	v.explaining = &explaining{code: code, key: key, raisedOn: raisedOn}
	v.alertsOf(code, key)
	slices.SortStableFunc(v.explaining.found, func(a, b Explanation) int { return CompareAlerts(a.Alert, b.Alert) })
	return merged(v.explaining.found)
}

// merged leaves one explanation of each alert. An alert that was raised on one day for two reasons has both of them.
func merged(found []Explanation) []Explanation {
	list := found[:0]
	for _, x := range found {
		if n := len(list); n > 0 && sameAlert(list[n-1].Alert, x.Alert) {
			list[n-1].merge(&x)
			continue
		}
		list = append(list, x)
	}
	return list
}

// merge adds what another reason for the same alert has and x has not.
func (x *Explanation) merge(o *Explanation) {
	for _, f := range o.Figures {
		if !slices.Contains(x.Figures, f) {
			x.Figures = append(x.Figures, f)
		}
	}
	for _, id := range o.Because {
		if !slices.Contains(x.Because, id) {
			x.Because = append(x.Because, id)
		}
	}
	if o.Reason != x.Reason {
		x.Reason = joined([]text.Text{x.Reason, o.Reason}, "；", "; ")
	}
}

// openOn reports whether an alert with this code and key is open on the view's date.
func (v *view) openOn(code Code, key string) bool {
	v.everyAlert(v.money())
	return slices.ContainsFunc(v.alerts, func(a Alert) bool { return a.Code == code && a.Key == key && a.Open() })
}

func (v *view) everyAlert(m *money) {
	v.otherAlerts()
	v.overdraftAlerts()
	v.useAlerts()
	v.keep(&v.results().transfers, v.outTransferAlerts)
	v.grantAlerts(m)
	v.executionAlerts(m)
	v.revocationAlerts()
}

// alertsOf raises all alerts with a code, or every alert for "". It may raise others too. For alerts about the use of
// a voucher it reads only the voucher named by the key, unless the key is "".
func (v *view) alertsOf(code Code, key string) {
	switch code {
	case "":
		v.everyAlert(v.money())
	case "AL-USE-01", "AL-USE-02":
		if n := v.voucherNumber(key); key == "" {
			v.useAlerts()
		} else if n != 0 && v.voucher(n).on <= v.on {
			v.useAlertsOf(n)
		}
	case "AL-FND-03":
		v.overdraftAlerts()
	case "AL-OUT-01", "AL-OUT-02":
		v.outTransferAlerts()
	case "AL-AWD-01", "AL-AWD-02", "AL-EXE-03", "AL-EXE-05":
		v.grantAlerts(v.money())
	case "AL-EXE-01", "AL-EXE-02", "AL-EXE-04", "AL-USE-03":
		v.executionAlerts(v.money())
	case "AL-REV-02":
		v.revocationAlerts()
	default:
		v.otherAlerts()
	}
}

// otherAlerts raises the alerts whose rules depend neither on vouchers nor on results of vouchers.
func (v *view) otherAlerts() {
	v.keep(&v.results().others, func() {
		v.admissionAlerts()
		v.recognitionAlerts()
		v.taskBookAlerts()
		v.governanceAlerts()
		v.safetyAlerts()
		v.ethicsAlerts()
		v.reportAlerts()
		v.gradingAlerts()
		v.failureAlerts()
		v.projectAlerts()
		v.receiptAlerts()
		v.auditAlerts()
	})
}

// status returns the last stage that the center has reached, whatever the dates (section 6).
func (v *view) status() Status {
	switch {
	case v.revokedOn != 0:
		return Revoked
	case len(v.plaques.upTo(v.on)) > 0:
		return Active
	case v.approvedOn() != 0:
		return Approved
	case v.passedOn() != 0:
		return Reviewed
	}
	return Registered
}

// raise adds an alert under the policy p in force for its fact. It raises nothing if p is nil (OP-01). cleared is the
// earliest place that clears the alert, or none; its revision is 0 if time alone clears it. raise itself adds
// clearing by closing out and by revocation, as the catalog has them. An alert cleared before its raising date does
// not exist. because holds the revisions of the events from which the alert follows. The result is nil unless the
// alert is being explained.
func (v *view) raise(p *policy.Policy, code Code, key string, raisedOn events.Date, cleared place,
	because ...uint32) *Explanation {
	if p == nil || raisedOn > v.on {
		return nil
	}
	row := alertRows[code]
	if row.EndsWithRevocation && v.revokedOn != 0 {
		cleared = soonest(cleared, v.revocations[0].place)
	}
	if row.Closable {
		if c := v.closings.find(closing{code, key, place{on: raisedOn}}); c != nil && c.code == code && c.key == key &&
			c.on <= v.on {
			cleared = soonest(cleared, c.place)
		}
	}
	if cleared.on != 0 && cleared.on < raisedOn {
		return nil
	}
	if cleared.on > v.on {
		cleared = place{}
	}
	a := Alert{Code: code, Key: key, Severity: row.Severity, RaisedOn: raisedOn, ClearedOn: cleared.on}
	if code == "AL-GOV-01" && key == "party-organisation" {
		a.Severity = Blue
	}
	if v.explaining == nil {
		v.alerts = append(v.alerts, a)
		return nil
	}
	e := v.explaining.add(a, p, row)
	if e != nil {
		v.follows(e, because...)
		if cleared.rev != 0 {
			e.ClearedBy = v.c.entry(cleared.rev).id
		}
	}
	return e
}

func (x *explaining) add(a Alert, p *policy.Policy, row *AlertRow) *Explanation {
	if x.code != "" && a.Code != x.code || x.key != "" && a.Key != x.key ||
		x.raisedOn != 0 && a.RaisedOn != x.raisedOn {
		return nil
	}
	x.found = append(x.found, Explanation{Alert: a, Policy: p, Rules: row.Rules, Cleared: row.Cleared})
	return &x.found[len(x.found)-1]
}

// follows adds the events at some revisions to the events from which the last alert explained follows, each event
// once. It ignores revision 0.
func (v *view) follows(e *Explanation, revisions ...uint32) {
	x := v.explaining
	if x.named == nil {
		x.named = make([]int, v.c.log.len()+1)
	}
	e.Because = slices.Grow(e.Because, len(revisions))
	for _, rev := range revisions {
		if rev != 0 && x.named[rev] != len(x.found) {
			x.named[rev] = len(x.found)
			e.Because = append(e.Because, v.c.entry(rev).id)
		}
	}
}

func sameAlert(a, b Alert) bool {
	return a.Code == b.Code && a.Key == b.Key && a.RaisedOn == b.RaisedOn
}

// CompareAlerts orders alerts as reports do: by code, raising date and key.
func CompareAlerts(a, b Alert) int {
	if c := cmp.Compare(a.Code, b.Code); c != 0 {
		return c
	}
	if c := cmp.Compare(a.RaisedOn, b.RaisedOn); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Key, b.Key); c != 0 {
		return c
	}
	return cmp.Compare(uint32(b.ClearedOn-1), uint32(a.ClearedOn-1)) // the open alert first, then the one cleared last
}

func yearKey(year int) string { return strconv.Itoa(year) }
