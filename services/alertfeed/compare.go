package alertfeed

import (
	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// draft is an alert to publish. Its At is added when the position is known.
type draft struct {
	subject string
	alert   *AlertData
	voucher uint64 // the revision of the voucher that it is about, or 0
}

// drafts holds the drafts of each center.
type drafts map[events.CenterID][]draft

// standing holds the alerts of each center, in the order of aggregates.CompareAlerts.
type standing map[events.CenterID][]aggregates.Alert

// compare returns drafts for the differences between the stream and the ledger in one center. An alert of an
// earlier generation counts as a difference, since consumers ignore it.
func (s *session) compare(c *projections.Seen, generation uint64) (list []draft) {
	stands := make(map[string]bool, len(c.Alerts))
	var differ []aggregates.Alert
	for _, a := range c.Alerts {
		subject := nameOf(c.Center, a).Subject()
		stands[subject] = true
		if w := s.picture.words[subject]; w.state != stateOf(a) || w.at.Generation < generation {
			differ = append(differ, a)
		}
	}
	list = described(c, differ)
	for _, d := range s.withdrawals(c.Center, stands) {
		d.alert.LocalGov, d.alert.IndustryDept = c.Responsible()
		list = append(list, d)
	}
	return list
}

// compareWith does the same as compare. said holds the alerts of the center in the stream, all of the present
// generation.
func (s *session) compareWith(c *projections.Seen, said []aggregates.Alert) (list []draft) {
	var differ []aggregates.Alert
	gone := func(a aggregates.Alert) {
		n := nameOf(c.Center, a)
		d := draft{subject: n.Subject(), alert: withdrawn(n)}
		d.alert.LocalGov, d.alert.IndustryDept = c.Responsible()
		list = append(list, d)
	}
	for _, a := range c.Alerts {
		for len(said) > 0 && before(said[0], a) {
			gone(said[0])
			said = said[1:]
		}
		switch same := len(said) > 0 && !before(a, said[0]); {
		case !same:
			differ = append(differ, a)
			continue
		case said[0].Severity != a.Severity: // a change of severity changes the subject
			gone(said[0])
			differ = append(differ, a)
		case stateOf(said[0]) != stateOf(a):
			differ = append(differ, a)
		}
		said = said[1:]
	}
	for _, a := range said {
		gone(a)
	}
	return append(list, described(c, differ)...)
}

// before reports whether alert a sorts before alert b and has another identity.
func before(a, b aggregates.Alert) bool {
	a.ClearedOn, b.ClearedOn = 0, 0
	return aggregates.CompareAlerts(a, b) < 0
}

// withdrawals returns drafts that withdraw the subjects of a center that the ledger does not raise.
func (s *session) withdrawals(center events.CenterID, stands map[string]bool) (list []draft) {
	for subject := range s.picture.of(center) {
		if stands[subject] || s.picture.words[subject].state.Kind == Withdrawn {
			continue
		}
		if name, ok := ParseSubject(subject); ok {
			list = append(list, draft{subject: subject, alert: withdrawn(name)})
		}
	}
	return list
}

// compareUnknown adds drafts for centers in the stream that the ledger does not have: for all of them, or only for
// the doubtful ones.
func (s *session) compareUnknown(found drafts, seen standing, all bool) {
	withdraw := func(center events.CenterID) {
		if _, ok := seen[center]; !ok {
			found[center] = s.withdrawals(center, map[string]bool{})
		}
	}
	if all {
		for token := range s.picture.byCenter {
			withdraw(centerOfToken(token))
		}
	}
	for center := range s.doubtful {
		withdraw(center)
	}
}

// described returns drafts for alerts of a center.
func described(c *projections.Seen, alerts []aggregates.Alert) []draft {
	if len(alerts) == 0 {
		return nil
	}
	list := make([]draft, len(alerts))
	var explained []*aggregates.Explanation
	if len(alerts) > explainedAlone {
		all := explanations(c)
		for _, a := range alerts {
			explained = append(explained, all[difference.AlertIDOf(a)])
		}
	} else {
		explained = c.ExplainEach(alerts)
	}
	localGov, industryDept := c.Responsible()
	for i, a := range alerts {
		m := describe(c.Center, a, explained[i])
		m.LocalGov, m.IndustryDept = localGov, industryDept
		list[i] = draft{subject: nameOf(c.Center, a).Subject(), alert: m}
		if x := explained[i]; x != nil {
			list[i].voucher = x.Voucher
		}
	}
	return list
}

// explainedAlone is the number of alerts of a center up to which each is explained alone. For more alerts, all of
// the center are explained at once, which is faster.
const explainedAlone = 16

func explanations(c *projections.Seen) map[difference.AlertID]*aggregates.Explanation {
	byName := map[difference.AlertID]*aggregates.Explanation{}
	list := c.Explain()
	for i := range list {
		byName[difference.AlertIDOf(list[i].Alert)] = &list[i]
	}
	return byName
}

func nameOf(center events.CenterID, a aggregates.Alert) AlertName {
	return AlertName{center, a.Severity, a.Code, a.Key, a.RaisedOn}
}
