package naive

import (
	"math/big"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// executions returns the money of every fiscal year from the center's first event to the ledger's day.
func (l *ledger) executions() []aggregates.Execution {
	var out []aggregates.Execution
	for _, year := range l.years() {
		for _, scope := range aggregates.Scopes {
			if m := l.money(year, scope); !m.IsZero() {
				out = append(out, aggregates.Execution{Year: year, Scope: scope, Money: m,
					Low: scope == aggregates.ProvinceScope && l.low(year)})
			}
		}
	}
	return out
}

// sourcesOf returns the sources of a scope.
func sourcesOf(at *policy.Policy, scope aggregates.Scope) []events.Source {
	switch scope {
	case aggregates.ProvinceScope:
		return at.Parameters.RateSources.Value
	case aggregates.CentralScope:
		return []events.Source{events.CentralGuidance}
	case aggregates.LocalScope:
		return []events.Source{events.Local}
	}
	return append([]events.Source{events.CentralGuidance}, at.Parameters.RateSources.Value...)
}

// moneyPolicy returns the policy by which the money of a year is counted: that of the year's end, or that of the
// ledger's day before the year's end.
func (l *ledger) moneyPolicy(year int) *policy.Policy {
	return l.reading(min(l.on, events.YearEnd(year)))
}

// money returns the figures of a fiscal year and scope (section 8).
func (l *ledger) money(year int, scope aggregates.Scope) aggregates.Money {
	var m aggregates.Money
	in, where, fiscalYear := sourcesOf(l.moneyPolicy(year), scope), l.sources(), map[string]int{}
	counts := func(grant string) bool { return slices.Contains(in, where[grant]) }
	receive := func(r *events.Recorded, grant string, amount events.Fen) {
		switch y := r.On.Year(); {
		case !counts(grant):
		case y == year:
			m.ReceivedFen += amount
		case y < year:
			m.CarriedInFen += amount
		}
	}
	grant := func(id string, y int, amount events.Fen) {
		if fiscalYear[id] = y; y == year && counts(id) {
			m.GrantedFen += amount
		}
	}
	for _, r := range l.events {
		switch p := r.Data.(type) {
		case *events.SubsidyGranted:
			grant(p.Grant, p.FiscalYear, p.AmountFen)
		case *events.MatchingCommitted:
			grant(p.Match, p.FiscalYear, p.AmountFen)
		case *events.SubsidyReversed:
			grant(p.Grant, fiscalYear[p.Grant], -p.AmountFen)
		case *events.SubsidyReceived:
			receive(r, p.Grant, p.AmountFen)
		case *events.MatchingReceived:
			receive(r, p.Match, p.AmountFen)
		case *events.FundsRecovered:
			receive(r, p.Grant, -p.AmountFen)
		}
	}
	for _, p := range l.payments {
		switch y := p.on.Year(); {
		case !slices.Contains(in, p.source):
		case y == year:
			m.SpentAllFen += p.fen
			if p.class == policy.Forbidden {
				m.IneligibleFen += p.fen
			}
		case y < year:
			m.CarriedInFen -= p.fen
		}
	}
	return m
}

// payment is one line of a voucher. The lines of a reversed voucher appear again with a negative amount.
type payment struct {
	on     events.Date
	source events.Source
	class  policy.Class // as ruled by the ledger's day
	fen    events.Fen
}

func (l *ledger) listPayments() []payment {
	sources := l.sources()
	vouchers, standing := make(map[string]*events.FundsSpent, len(l.events)),
		make(map[string]policy.Standing, len(l.events))
	for r, v := range all[events.FundsSpent](l) {
		vouchers[v.Voucher] = v
		standing[v.Voucher] = l.reading(r.On).Standing(v.Use, v.EconCode)
	}
	for r, p := range all[events.UseRuled](l) {
		standing[p.Voucher] = l.reading(r.On).Standing(p.Use, "")
	}
	var out []payment
	pay := func(on events.Date, voucher string, sign events.Fen) {
		for _, line := range vouchers[voucher].Lines {
			source := sources[line.Grant]
			out = append(out, payment{on, source, standing[voucher].On(source), sign * line.AmountFen})
		}
	}
	for r, v := range all[events.FundsSpent](l) {
		pay(r.On, v.Voucher, 1)
	}
	for r, p := range all[events.SpendingReversed](l) {
		pay(r.On, p.Voucher, -1)
	}
	return out
}

// receipts returns the day of the first receipt of provincial money in a year, and the sum of the receipts after the
// day late of the year. Recoveries are not subtracted.
func (l *ledger) receipts(year int, late events.Date) (begun events.Date, sum events.Fen) {
	in, where := sourcesOf(l.moneyPolicy(year), aggregates.ProvinceScope), l.sources()
	for r, p := range all[events.SubsidyReceived](l) {
		if r.On.Year() != year || !slices.Contains(in, where[p.Grant]) {
			continue
		}
		if begun == 0 {
			begun = r.On
		}
		if r.On > late {
			sum += p.AmountFen
		}
	}
	return begun, sum
}

// low reports whether the execution rate of a year was low at its end (R20-6).
func (l *ledger) low(year int) bool {
	end := events.YearEnd(year)
	at := l.timeline.At(end)
	if l.on < end || at == nil {
		return false
	}
	past := l.asOf(end)
	m := past.money(year, aggregates.ProvinceScope)
	return m.AvailableFen() > 0 && !past.lateReceipt(at, year, m) &&
		less(product(int64(m.ExecutedFen()), 100),
			product(int64(m.AvailableFen()), int64(at.Parameters.LowRatePercent.Value)))
}

func (l *ledger) lateReceipt(at *policy.Policy, year int, m aggregates.Money) bool {
	_, late := l.receipts(year, at.Parameters.LateReceiptAfter.Value.In(year))
	return 2*late > m.AvailableFen()
}

// slow reports whether the rate was behind time progress at a month's end.
func (l *ledger) slow(end events.Date) bool {
	at, year := l.timeline.At(end), end.Year()
	if at == nil {
		return false
	}
	past := l.asOf(end)
	m := past.money(year, aggregates.ProvinceScope)
	start, _ := past.receipts(year, end)
	if m.CarriedInFen > 0 {
		start = events.DateOf(year, 1, 1)
	}
	if m.AvailableFen() <= 0 || start == 0 || past.lateReceipt(at, year, m) {
		return false
	}
	gone, whole := end-start+1, events.YearEnd(year)-start+1
	return less(product(int64(m.ExecutedFen()), 100, int64(whole)),
		product(int64(m.AvailableFen()), int64(at.Parameters.EarlyWarningPercent.Value), int64(gone)))
}

// execution raises the alerts about the rate and the uses of each year's spending.
func (l *ledger) execution() {
	for _, year := range l.years() {
		if !l.goOn() {
			return
		}
		var ends []events.Date
		for month := 1; month <= 11 && events.MonthEnd(year, month) <= l.on; month++ {
			ends = append(ends, events.MonthEnd(year, month))
		}
		for _, s := range spells(ends, l.slow) {
			l.raise("AL-EXE-01", s.from.String()[:len("2025-07")], s.from, s.to, events.YearEnd(year))
		}
		l.yearEnd(year)
	}
}

func (l *ledger) yearEnd(year int) {
	end := events.YearEnd(year)
	at := l.timeline.At(end)
	if at == nil || l.on < end {
		return
	}
	if l.low(year) {
		answered := earliest(
			first(l, func(_ events.Date, p *events.AllocationDeferred) bool { return p.FiscalYear == year+1 }),
			first(l, func(_ events.Date, p *events.DeferralReleased) bool { return p.FiscalYear == year+1 }))
		l.raise("AL-EXE-02", itoa(year), end, answered)
		l.raise("AL-EXE-04", itoa(year), after(end, at.Parameters.DeferralDays.Value), answered)
	}
	var spent, main events.Fen
	for _, p := range l.asOf(end).payments {
		if p.on.Year() == year && slices.Contains(sourcesOf(at, aggregates.FiscalScope), p.source) {
			spent += p.fen
			if p.class == policy.Main {
				main += p.fen
			}
		}
	}
	if spent > 0 && less(product(int64(main), 100), product(int64(spent), int64(at.Parameters.MainUsePercent.Value))) {
		l.raise("AL-USE-03", itoa(year), end)
	}
}

// product multiplies without overflow. less compares two products.
func product(factors ...int64) *big.Int {
	p := big.NewInt(1)
	for _, f := range factors {
		p.Mul(p, big.NewInt(f))
	}
	return p
}

func less(a, b *big.Int) bool { return a.Cmp(b) < 0 }
