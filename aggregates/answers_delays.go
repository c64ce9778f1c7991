package aggregates

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// RecordRef identifies a record of a center. The store has it at this revision of the center's stream, or at a later
// revision if the stream has breaks.
type RecordRef struct {
	ID       uuid.UUID
	Revision uint64
}

func (c *Center) ref(at place) RecordRef { return RecordRef{c.entry(at.rev).id, uint64(at.rev)} }

// DelayKind is the step at which money is delayed.
type DelayKind string

// The kinds of delays.
const (
	Entitled  DelayKind = "entitled"  // entitled to a construction grant that is not granted (R17-1)
	Granted   DelayKind = "granted"   // granted and not received
	Committed DelayKind = "committed" // committed by local government and not received
)

// Alert returns the code of the alert about a delay of this kind that has lasted too long.
func (k DelayKind) Alert() Code {
	switch k {
	case Entitled:
		return "AL-AWD-02"
	case Granted:
		return "AL-FND-01"
	}
	return "AL-MAT-01"
}

// Delay is money that a center is owed as of a date.
type Delay struct {
	What           DelayKind
	Key            string      // the grant or match, or the support year
	Year           int         // the fiscal year, or the support year
	Since          events.Date // when it was granted or committed, or the grade became excellent
	DueOn          events.Date // the last day in time; none if there is no term
	OverdueSince   events.Date // the raising date of the open alert about it, or none
	Deferred       bool        // its allocation is deferred, so it is not overdue
	Unjudged       bool        // it began before any policy was in force, so no alert is raised about it
	PromisedFen    events.Fen
	OutstandingFen events.Fen // above zero
	From           RecordRef  // the decision, grant or commitment
}

// DaysWaiting returns the number of days for which the money has been owed on a date.
func (d *Delay) DaysWaiting(on events.Date) int { return int(on - d.Since) }

// DaysOverdue returns the number of days for which the money has been overdue on a date, or 0 if it is not overdue.
func (d *Delay) DaysOverdue(on events.Date) int {
	if d.OverdueSince == 0 {
		return 0
	}
	return int(on-d.OverdueSince) + 1
}

// Delays lists the money that the center is owed as of the date of its evaluation. Money is overdue if the evaluation
// has an open alert about it. A revoked center is owed nothing more; the alerts clear too.
func (c *Center) Delays(t policy.Timeline, e *Evaluation) []Delay {
	if e.Status == "" || e.Status == Revoked || t.Reading(e.On) == nil {
		return nil
	}
	v := c.view(t, e.On)
	list := append(v.entitlements(), v.shortfalls()...)
	for i := range list {
		d := &list[i]
		if a := openAlert(e, d.What.Alert(), d.Key); a != nil {
			d.OverdueSince = a.RaisedOn
		}
	}
	return list
}

// openAlert returns the open alert with a code and key, or nil.
func openAlert(e *Evaluation, code Code, key string) *Alert {
	from, _ := slices.BinarySearchFunc(e.Alerts, code, func(a Alert, code Code) int {
		return cmp.Compare(a.Code, code)
	})
	for i := from; i < len(e.Alerts) && e.Alerts[i].Code == code; i++ {
		if a := &e.Alerts[i]; a.Key == key && a.Open() {
			return a
		}
	}
	return nil
}

// entitlements lists the facts behind AL-AWD-02: the support years whose construction grants never reached their
// amount, each from the day on which the grade became excellent.
func (v *view) entitlements() (list []Delay) {
	for _, year := range v.gradedYears() {
		spells := v.gradeSpells(year)
		s := spells[len(spells)-1]
		p := v.t.At(s.on)
		if s.outcome != policy.Top || p == nil {
			continue
		}
		dueOn, amountFen := s.on+events.Date(p.Parameters.ConstructionDays.Value), p.Parameters.ConstructionFen.Value
		if !v.supportYear(year, dueOn+1) || v.constructionReached(year, amountFen).on != 0 {
			continue
		}
		var grantedFen events.Fen
		for _, a := range v.allocation.upTo(v.on) {
			if f := v.fundAt(a.what.fund); f.category == events.Construction && f.forYear == year {
				grantedFen += a.what.deltaFen
			}
		}
		list = append(list, Delay{What: Entitled, Key: yearKey(year), Year: year, Since: s.on, DueOn: dueOn,
			Deferred: v.deferred(year+1, v.on), PromisedFen: amountFen, OutstandingFen: amountFen - grantedFen,
			From: v.c.ref(s.place)})
	}
	return list
}

// shortfalls lists the facts behind AL-FND-01 and AL-MAT-01: the grants and matches whose receipts are less than their
// net amount.
func (v *view) shortfalls() (list []Delay) {
	for f := range v.fundsUpTo(v.on) {
		netFen, shortFen := f.netFenOn(v.on), v.outstandingFen(f)
		if shortFen <= 0 {
			continue
		}
		p := v.t.At(f.on)
		d := Delay{What: Granted, Key: f.id, Year: f.fiscalYear, Since: f.on, Unjudged: p == nil,
			PromisedFen: netFen, OutstandingFen: shortFen, From: v.c.ref(f.place)}
		if f.match {
			d.What, d.DueOn = Committed, f.dueOn
		} else if p != nil {
			d.DueOn, d.Deferred = f.on+events.Date(p.Parameters.DisbursementDays.Value), v.deferred(f.fiscalYear, v.on)
		}
		list = append(list, d)
	}
	return list
}

// outstandingFen returns the net amount of a grant or match less its receipts. Recoveries are not subtracted from the
// receipts.
func (v *view) outstandingFen(f *fund) events.Fen {
	outstandingFen := f.netFenOn(v.on)
	for _, r := range f.receipts.upTo(v.on) {
		outstandingFen -= r.what
	}
	return outstandingFen
}

// LocalGov returns the GB/T 2260 code of the local government responsible for the center as of a date (R04-8). It is
// the government that was assigned last, or else that of the center's region.
func (c *Center) LocalGov(on events.Date) string {
	return cmp.Or(c.assigned(on).LocalGov, c.Facts(on).Region)
}

// IndustryDept returns the name of the department responsible for the center as of a date (R04-6): the department that
// was assigned last, or "".
func (c *Center) IndustryDept(on events.Date) string { return c.assigned(on).IndustryDept }

// assigned returns the offices that were assigned last as of a date. It is zero if none were.
func (c *Center) assigned(on events.Date) (offices events.CenterAssigned) {
	if last := c.ix.offices.last(on); last != nil {
		offices = *last.what
	}
	return offices
}
