package aggregates

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// kept is what an evaluation of a center keeps for the next evaluation under the same policies, as of the same date,
// when more events count. An evaluation from an empty kept runs the same code: it finds nothing to skip.
type kept struct {
	again    bool // another evaluation may follow; otherwise alerts and states of the money are not kept
	timeline policy.Timeline
	on       events.Date

	readings []*reading
	states   []keptMoney // from which the money can be counted on, the earliest first
	money    money       // the last counted; the next count uses its memory again, as it does that of lines and buffer
	lines    []Execution

	others     keptAlerts   // a voucher moves none of them
	overdrafts []keptAlerts // by number of the fund; a voucher moves those of its funds
	transfers  keptAlerts   // a voucher moves them if it is an out-transfer
	uses       keptAlerts   // a voucher adds its own
	spent      []uint32     // the vouchers that are not looked at in uses yet

	raised, sorted []Alert // all alerts of the evaluation, as they were raised and in order
	buffer         []Alert
}

// reading holds answers of a policy that are asked for again and again.
type reading struct {
	of        *policy.Policy
	sources   []sourceSet       // by scope
	standings []policy.Standing // by nature of vouchers; blank until it is asked for
}

// keptMoney is the money when everything up to a place is counted, and no later month's end is examined.
type keptMoney struct {
	until place
	money
}

// keptAlerts are the alerts that some of the rules raised. They are known until an event may move them.
type keptAlerts struct {
	known  bool
	alerts []Alert
}

// isOf reports whether k was kept under these policies and as of this date.
func (k *kept) isOf(t policy.Timeline, on events.Date) bool {
	return k != nil && k.on == on && slices.Equal(k.timeline.Adopted(), t.Adopted())
}

// spend forgets what one more voucher may move.
func (k *kept) spend(at place, number uint32, ix *index) {
	k.forgetMoney(at)
	s := ix.voucher(number)
	for _, l := range ix.declared.linesOf(s) {
		if i := int(l.fund) - 1; i < len(k.overdrafts) {
			k.overdrafts[i].known = false
		}
	}
	if s.transfer != 0 {
		k.transfers.known = false
	}
	k.spent = append(k.spent, number)
}

// happen forgets what one more event that is no voucher may move: any alert.
func (k *kept) happen(at place) {
	k.forgetMoney(at)
	k.others.known, k.transfers.known, k.uses.known = false, false, false
	for i := range k.overdrafts {
		k.overdrafts[i].known = false
	}
}

// forgetMoney drops the states of the money that would have counted what happened at a place.
func (k *kept) forgetMoney(at place) {
	for n := len(k.states); n > 0 && !k.states[n-1].until.before(at); n-- {
		k.states = k.states[:n-1]
	}
}

// keepEvery is the number of flows from one kept state of the money to the next. What is dated back is counted on from
// the state before it, so that only the flows after that are counted again.
const keepEvery = 32

// keepMoney keeps the money after each keepEvery flows, and after the last flow.
func (k *kept) keepMoney(m *money, flows series[flow]) {
	if !k.again || m.counted%keepEvery != 0 && m.counted < len(flows) {
		return
	}
	n := len(k.states)
	if n > 0 && k.states[n-1].counted%keepEvery != 0 { // it was the last and no longer is
		n--
	}
	k.states = slices.Grow(k.states[:n], 1)[:n+1] // with the memory of a state that was dropped
	k.states[n].until = flows[m.counted-1].place
	k.states[n].become(m)
}

// resumeMoney returns the money of the latest state kept, to be counted on.
func (v *view) resumeMoney() *money {
	k := v.kept
	if n := len(k.states); n > 0 {
		k.money.become(&k.states[n-1].money)
	} else {
		k.money = *v.noMoney()
	}
	k.money.v = v
	return &k.money
}

// become copies the money counted in o. Only the lists of receipts are shared: counting appends to them, and the states
// that had more of them are dropped by then.
func (m *money) become(o *money) {
	years, ends, lags := append(m.years[:0], o.years...), append(m.ends[:0], o.ends...), append(m.lags[:0], o.lags...)
	*m = *o
	m.years, m.ends, m.lags = years, ends, lags
}

// reading returns the answers of a policy.
func (v *view) reading(p *policy.Policy) *reading {
	k := v.kept
	for _, r := range k.readings {
		if r.of == p {
			return r
		}
	}
	r := &reading{of: p}
	for _, scope := range Scopes {
		r.sources = append(r.sources, setOf(SourcesOf(p, scope)))
	}
	k.readings = append(k.readings, r)
	return r
}

// sourcesOf returns the sources of a scope under a policy, as SourcesOf does.
func (v *view) sourcesOf(p *policy.Policy, scope Scope) sourceSet {
	return v.reading(p).sources[slices.Index(Scopes, scope)]
}

// keep adds the alerts of some rules to those of the view: those kept if they are known, otherwise those that raise
// raises.
func (v *view) keep(a *keptAlerts, raise func()) {
	if a.known {
		v.alerts = append(v.alerts, a.alerts...)
		return
	}
	from := len(v.alerts)
	raise()
	v.keepFrom(a, from)
}

// keepFrom keeps the alerts of the view from an index on.
func (v *view) keepFrom(a *keptAlerts, from int) {
	if v.kept.again {
		a.known, a.alerts = true, append(a.alerts[:0], v.alerts[from:]...)
	}
}

// sorted orders the alerts and leaves one of each identity (code, key, raising date): of two raised on one day for two
// reasons the alert is cleared when the last of them is. If the same alerts were raised before, it returns the same list.
func (v *view) sorted() []Alert {
	k := v.kept
	if !k.again {
		return inOrder(v.alerts)
	}
	if k.buffer = v.alerts; !slices.Equal(v.alerts, k.raised) {
		k.raised, k.buffer = v.alerts, k.raised
		k.sorted = inOrder(append([]Alert(nil), v.alerts...))
	}
	return k.sorted
}

func inOrder(alerts []Alert) []Alert {
	slices.SortFunc(alerts, CompareAlerts)
	return slices.Clip(slices.CompactFunc(alerts, sameAlert))
}
