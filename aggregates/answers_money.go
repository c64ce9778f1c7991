package aggregates

import (
	"iter"
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// sources holds the sources in the order of the arrays below.
var sources = [...]events.Source{events.CentralGuidance, events.MajorProgram, events.ProvinceOther, events.Local}

const sourceCount = len(sources)

func sourceIndex(s events.Source) int { return slices.Index(sources[:], s) }

// yearMoney holds the money moved in one calendar year, by source (section 8).
type yearMoney struct {
	granted, received, spent, ineligible, main [sourceCount]events.Fen
	carriedIn                                  [sourceCount]events.Fen
	// whether any spending was classified as eligible or not
	classified [sourceCount]bool
	receipts   []dated[receipt] // recoveries are not subtracted
}

type receipt struct {
	source    int
	amountFen events.Fen
}

// yearEnd holds the answers that the Measures require on 31 December.
type yearEnd struct {
	low        bool
	province   Money // in scope province, as of that day
	shareShort bool  // main uses below their share (AL-USE-03)
	mainFen    events.Fen
	fiscalFen  events.Fen
}

// lag is a run of month-ends of one year at which the rate was behind time progress (AL-EXE-01). Its figures are those
// of the first month-end.
type lag struct {
	on           events.Date
	cleared      events.Date // the first month-end that was not behind, or else the year's end
	policy       *policy.Policy
	province     Money
	elapsed, all int // days of time progress
}

// money is the money of a center, counted day by day up to a date. The figures of a past day use only the events up
// to that day, rulings included.
type money struct {
	v       *view
	first   int // the year of the center's first event
	years   []yearMoney
	ends    []yearEnd
	lags    []lag
	lagging bool // whether the last lag still continues
	months  int  // the number of months examined, from January of the first year
	counted int  // the number of flows counted
}

// noMoney returns the years up to the view's date before anything is counted.
func (v *view) noMoney() *money {
	m := &money{v: v, first: v.registered.on.Year()}
	m.years = make([]yearMoney, v.on.Year()-m.first+1)
	m.ends = make([]yearEnd, len(m.years))
	return m
}

// money counts everything up to the view's date. It continues from the latest kept state.
func (v *view) money() *money {
	m, counted := v.resumeMoney()
	end := m.monthEnd()
	for part := range v.flows.after(counted, v.on) {
		for i := range part {
			f := &part[i]
			if f.on > end {
				m.examine(f.on - 1)
				end = m.monthEnd()
			}
			m.count(&m.years[m.months/12], f)
			m.counted++
			counted = f.place
			v.results().keepMoney(m, counted, false)
		}
	}
	v.results().keepMoney(m, counted, true)
	m.examine(v.on)
	for _, a := range v.granted() {
		m.grant(a)
	}
	return m
}

// monthEnd returns the end of the first month that is not examined yet.
func (m *money) monthEnd() events.Date { return events.MonthEnd(m.first+m.months/12, m.months%12+1) }

// examine examines all month-ends and year-ends up to a day that are not examined yet.
func (m *money) examine(until events.Date) {
	for m.months < 12*len(m.years) {
		i, month, end := m.months/12, m.months%12+1, m.monthEnd()
		if end > until {
			return
		}
		m.months++
		if month < 12 {
			m.examineMonth(i, end)
			continue
		}
		m.examineYear(i, end)
		m.lagging = false // each January starts anew
		if i+1 < len(m.years) {
			m.carry(&m.years[i], &m.years[i+1])
		}
	}
}

// carry carries the money left at the end of one year into the next year.
func (m *money) carry(from, to *yearMoney) {
	for s := range sourceCount {
		to.carriedIn[s] = from.carriedIn[s] + from.received[s] - from.spent[s]
	}
}

// granted yields the grants, their reversals and the matches up to the view's date, each with its place.
func (v *view) granted() iter.Seq2[place, allocated] {
	return func(yield func(place, allocated) bool) {
		for _, a := range v.allocation.upTo(v.on) {
			if !yield(a.place, a.what) {
				return
			}
		}
		for f := range v.fundsUpTo(v.on) {
			if f.match && !yield(f.place, allocated{f.number, f.amountFen}) {
				return
			}
		}
	}
}

// grant counts a grant, the reversal of a grant, or a match in its fiscal year.
func (m *money) grant(a allocated) {
	f := m.v.fundAt(a.fund)
	if i := f.fiscalYear - m.first; i >= 0 && i < len(m.years) {
		m.years[i].granted[f.sourceAt] += a.deltaFen
	}
}

// count counts one movement or ruling in its year.
func (m *money) count(year *yearMoney, f *dated[flow]) {
	switch f.what.what {
	case receiptFlow:
		r := m.v.receipts[f.what.number-1]
		of := m.v.fundAt(r.fund)
		year.received[of.sourceAt] += r.deltaFen
		if !of.match {
			year.receipts = append(year.receipts, dated[receipt]{f.place, receipt{of.sourceAt, r.deltaFen}})
		}
	case recoveryFlow:
		r := m.v.receipts[f.what.number-1]
		year.received[m.v.fundAt(r.fund).sourceAt] += r.deltaFen
	case spendingFlow:
		s := m.v.voucher(f.what.number)
		m.spend(year, s, +1)
		m.classify(year, s, m.v.standingOf(s), +1)
	case reversalFlow:
		s := m.v.voucher(f.what.number)
		m.spend(year, s, -1)
		m.classify(year, s, m.v.standingBefore(f), -1)
	case rulingFlow:
		m.rule(f)
	}
}

// rule replaces the classification of a voucher by that of a ruling, in the year of the voucher and in the year of
// its reversal.
func (m *money) rule(f *dated[flow]) {
	s := m.v.voucher(f.what.number)
	before := m.v.standingBefore(f)
	r := m.v.rulings.find(ruling{voucher: f.what.number, place: f.place})
	after := m.v.ruled(r.place, r.use)
	replace := func(year *yearMoney, sign events.Fen) {
		m.classify(year, s, before, -sign)
		m.classify(year, s, after, sign)
	}
	replace(&m.years[s.on.Year()-m.first], +1)
	if s.reversed.on != 0 && s.reversed.before(f.place) {
		replace(&m.years[s.reversed.on.Year()-m.first], -1)
	}
}

// spend adds the amount of a voucher to the spending of a year, or subtracts it if sign is -1.
func (m *money) spend(y *yearMoney, s *voucher, sign events.Fen) {
	for _, l := range m.v.declared.linesOf(s) {
		y.spent[m.v.fundOf(l).sourceAt] += sign * l.amountFen
	}
}

// classify adds the forbidden and main lines of a voucher to a year, or subtracts them if sign is -1.
func (m *money) classify(y *yearMoney, s *voucher, st *policy.Standing, sign events.Fen) {
	for _, l := range m.v.declared.linesOf(s) {
		f := m.v.fundOf(l)
		y.classified[f.sourceAt] = true
		switch st.On(f.source) {
		case policy.Forbidden:
			y.ineligible[f.sourceAt] += sign * l.amountFen
		case policy.Main:
			y.main[f.sourceAt] += sign * l.amountFen
		}
	}
}

// sum returns the sum over the sources of a scope.
func (y *yearMoney) sum(scope sourceSet) (sum Money) {
	for s, in := range scope {
		if in {
			sum.GrantedFen += y.granted[s]
			sum.CarriedInFen += y.carriedIn[s]
			sum.ReceivedFen += y.received[s]
			sum.SpentAllFen += y.spent[s]
			sum.IneligibleFen += y.ineligible[s]
		}
	}
	return sum
}

// sourceSet is a set of sources.
type sourceSet [sourceCount]bool

func setOf(list []events.Source) (set sourceSet) {
	for _, s := range list {
		set[sourceIndex(s)] = true
	}
	return set
}

// SourcesOf returns the sources of a scope under a policy.
func SourcesOf(p *policy.Policy, scope Scope) []events.Source {
	switch scope {
	case ProvinceScope:
		return p.Parameters.RateSources.Value
	case CentralScope:
		return []events.Source{events.CentralGuidance}
	case LocalScope:
		return []events.Source{events.Local}
	}
	both := slices.Clone(p.Parameters.RateSources.Value)
	if !slices.Contains(both, events.CentralGuidance) {
		both = append(both, events.CentralGuidance)
	}
	return both
}

// lateReceipt reports whether more than half of the available money was received after the cut-off (section 8).
func (y *yearMoney) lateReceipt(p *policy.Policy, year int, available events.Fen) bool {
	return y.lateFen(p, year, events.YearEnd(year))*2 > available
}

// lateFen returns the provincial money that was received after the cut-off of a year, up to a date. Recoveries are not
// subtracted.
func (y *yearMoney) lateFen(p *policy.Policy, year int, until events.Date) (late events.Fen) {
	cutOff := p.Parameters.LateReceiptAfter.Value.In(year)
	for _, r := range y.receipts {
		if r.on > cutOff && r.on <= until && slices.Contains(p.Parameters.RateSources.Value, sources[r.what.source]) {
			late += r.what.amountFen
		}
	}
	return late
}

// progressStart returns the day from which time progress counts: 1 January if money was carried in, else the day of
// the first receipt, or none if there is no receipt yet.
func (y *yearMoney) progressStart(p *policy.Policy, year int, carriedIn events.Fen) events.Date {
	if carriedIn > 0 {
		return events.DateOf(year, 1, 1)
	}
	for _, r := range y.receipts {
		if slices.Contains(p.Parameters.RateSources.Value, sources[r.what.source]) {
			return r.on
		}
	}
	return 0
}

// examineMonth compares the rate with time progress at a month's end (AL-EXE-01).
func (m *money) examineMonth(i int, end events.Date) {
	p := m.v.t.At(end)
	if p == nil {
		return
	}
	y, year := &m.years[i], m.first+i
	province := y.sum(m.v.sourcesOf(p, ProvinceScope))
	available := province.AvailableFen()
	start := y.progressStart(p, year, province.CarriedInFen)
	elapsed, all := int(end-start)+1, int(events.YearEnd(year)-start)+1
	behind := available > 0 && start != 0 && !y.lateReceipt(p, year, available) &&
		lessThan(int64(province.ExecutedFen()), 100*int64(all),
			int64(p.Parameters.EarlyWarningPercent.Value)*int64(elapsed), int64(available))
	switch {
	case behind && !m.lagging:
		m.lags = append(m.lags, lag{end, events.YearEnd(year), p, province, elapsed, all})
	case !behind && m.lagging:
		m.lags[len(m.lags)-1].cleared = end
	}
	m.lagging = behind
}

// examineYear decides on the last day whether the year is low (R20-6) and whether the main uses got their share
// (R20-1).
func (m *money) examineYear(i int, end events.Date) {
	p := m.v.t.At(end)
	if p == nil {
		return
	}
	y, year := &m.years[i], m.first+i
	e := &m.ends[i]
	e.province = y.sum(m.v.sourcesOf(p, ProvinceScope))
	available := e.province.AvailableFen()
	e.low = available > 0 && !y.lateReceipt(p, year, available) &&
		lessThan(int64(e.province.ExecutedFen()), 100, int64(p.Parameters.LowRatePercent.Value), int64(available))
	for _, source := range SourcesOf(p, FiscalScope) {
		e.mainFen += y.main[sourceIndex(source)]
		e.fiscalFen += y.spent[sourceIndex(source)]
	}
	e.shareShort = e.fiscalFen > 0 &&
		lessThan(int64(e.mainFen), 100, int64(p.Parameters.MainUsePercent.Value), int64(e.fiscalFen))
}

// low reports whether a year that is over by the view's date was low (R20-6).
func (m *money) low(year int) bool {
	i := year - m.first
	return i >= 0 && i < len(m.ends) && m.ends[i].low
}

// executions returns the lines of the execution report: for every year from that of the center's first event on,
// every scope with money.
func (v *view) executions(m *money) []Execution {
	lines := slices.Grow(v.results().lines[:0], len(m.years)*len(Scopes))
	for i := range m.years {
		year := m.first + i
		for _, scope := range Scopes {
			if sum := m.years[i].sum(v.sourcesIn(year, scope)); !sum.IsZero() {
				lines = append(lines, Execution{Year: year, Scope: scope, Money: sum, Low: scope == ProvinceScope &&
					m.ends[i].low})
			}
		}
	}
	v.results().lines = lines
	return append(make([]Execution, 0, len(lines)), lines...)
}

// sourcesIn returns the sources of a scope under the policy by which a year is reported: that of its last day, or of
// the view's date while it is running.
func (v *view) sourcesIn(year int, scope Scope) sourceSet {
	return v.sourcesOf(v.t.Reading(min(v.on, events.YearEnd(year))), scope)
}
