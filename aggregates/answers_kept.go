package aggregates

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// kept holds the results that an evaluation of a center keeps for the next evaluation with more events, under the same
// policies and as of the same date. An evaluation with an empty kept runs the same code and skips nothing.
type kept struct {
	again    bool // whether another evaluation may follow; if not, alerts and states of the money are not kept
	every    int  // the number of flows between two kept states of the money
	timeline policy.Timeline
	on       events.Date
	events   int // the number of events that count, up to the date

	readings []*reading
	states   []keptMoney // states from which counting the money can continue, the earliest first
	money    money       // the last result; the next count reuses its memory, like that of lines and buffer
	lines    []Execution

	others     keptAlerts   // alerts that no voucher changes
	overdrafts []keptAlerts // by number of the fund; a voucher changes the alerts of its funds
	transfers  keptAlerts   // alerts that only an out-transfer voucher changes
	uses       keptAlerts   // alerts about single vouchers; a reversal or ruling changes those of its voucher
	usesOf     []uint32     // the voucher of each alert of uses
	spent      []uint32     // the vouchers that uses does not cover yet

	raised, sorted []Alert // all alerts of the evaluation: in the order of raising, and sorted
	buffer         []Alert
}

// reading caches values of a policy that are needed often.
type reading struct {
	of        *policy.Policy
	sources   []sourceSet       // by scope
	standings []policy.Standing // by nature of vouchers; zero until computed
}

// keptMoney is the state of the money when all events up to a place are counted and no later month-end is examined.
type keptMoney struct {
	until place
	money
}

// keptAlerts holds the alerts that some rules raised. They are known until an event may change them.
type keptAlerts struct {
	known  bool
	alerts []Alert
}

// isOf reports whether k was kept under these policies and as of this date.
func (k *kept) isOf(t policy.Timeline, on events.Date) bool {
	return k != nil && k.on == on && slices.Equal(k.timeline.Adopted(), t.Adopted())
}

// follow drops the results that one more event may change. voucher is the number of the voucher, and data is then
// nil; it is 0 for any other event.
func (k *kept) follow(at place, voucher uint32, data events.Payload, ix *index) {
	if k == nil || at.on > k.on {
		return
	}
	k.events++
	if voucher != 0 {
		k.spend(at, voucher, ix)
		return
	}
	switch p := data.(type) {
	case *events.SpendingReversed:
		k.reconsider(ix.voucherNumber(p.Voucher))
		k.spend(at, ix.voucherNumber(p.Voucher), ix)
	case *events.UseRuled:
		k.forgetMoney(at)
		k.reconsider(ix.voucherNumber(p.Voucher))
		k.spent = append(k.spent, ix.voucherNumber(p.Voucher))
	default:
		k.happen(at)
	}
}

// reconsider drops the alerts about the use of one voucher.
func (k *kept) reconsider(number uint32) {
	if !slices.Contains(k.usesOf, number) {
		return
	}
	n := 0
	for i, of := range k.usesOf {
		if of != number {
			k.usesOf[n], k.uses.alerts[n] = of, k.uses.alerts[i]
			n++
		}
	}
	k.usesOf, k.uses.alerts = k.usesOf[:n], k.uses.alerts[:n]
}

// spend drops the results that one more voucher may change.
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

// happen drops the results that one more event other than a voucher may change: all alerts and the later money.
func (k *kept) happen(at place) {
	k.forgetMoney(at)
	k.others.known, k.transfers.known = false, false
	k.uses.known, k.usesOf = false, k.usesOf[:0]
	for i := range k.overdrafts {
		k.overdrafts[i].known = false
	}
}

// forgetMoney drops the states of the money that are not before a place.
func (k *kept) forgetMoney(at place) {
	for n := len(k.states); n > 0 && !k.states[n-1].until.before(at); n-- {
		k.states = k.states[:n-1]
	}
}

// How often the states of the money are kept, in flows. After a back-dated event, counting continues from the last
// state before it, so only the flows after that state are counted again. A replay lasts for one question, so it may
// keep many states. A center stays in memory, and a state is as large as some fifteen events, so it keeps few.
const (
	replayKeepsEvery = 32
	centerKeepsEvery = 512
)

// keepMoney keeps the state of the money after each k.every flows, and after the last flow. m is counted up to the
// place until.
func (k *kept) keepMoney(m *money, until place, last bool) {
	if !k.again || (m.counted%k.every == 0) == last {
		return
	}
	n := len(k.states)
	// drop it: it was kept as the last state and is no longer the last
	if n > 0 && k.states[n-1].counted%k.every != 0 {
		n--
	}
	k.states = slices.Grow(k.states[:n], 1)[:n+1] // reuses the memory of a dropped state
	k.states[n].until = until
	k.states[n].become(m)
}

// resumeMoney returns the money of the latest kept state, from which counting continues, and the place up to which it
// is counted.
func (v *view) resumeMoney() (m *money, counted place) {
	k := v.results()
	if n := len(k.states); n > 0 {
		k.money.become(&k.states[n-1].money)
		counted = k.states[n-1].until
	} else {
		k.money = *v.noMoney()
	}
	k.money.v = v
	return &k.money, counted
}

// become copies the counted money of o. Only the lists of receipts are shared. Counting appends to them, and by then
// the states with longer lists are dropped.
func (m *money) become(o *money) {
	years, ends, lags := append(m.years[:0], o.years...), append(m.ends[:0], o.ends...), append(m.lags[:0], o.lags...)
	*m = *o
	m.years, m.ends, m.lags = years, ends, lags
}

// reading returns the cached values of a policy.
func (v *view) reading(p *policy.Policy) *reading {
	k := v.results()
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

// keep adds the alerts of some rules to the alerts of the view: the kept alerts if they are known, otherwise the
// alerts that raise computes.
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
	if v.results().again {
		a.known, a.alerts = true, append(a.alerts[:0], v.alerts[from:]...)
	}
}

// sorted sorts the alerts and leaves one alert of each identity (code, key, raising date). If an alert was raised on
// one day for two reasons, it is cleared when the last reason is cleared. If the evaluation before raised the same
// alerts, sorted returns the same list.
func (v *view) sorted() []Alert {
	k := v.results()
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
