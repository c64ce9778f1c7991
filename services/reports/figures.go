package reports

import (
	"slices"

	"github.com/taizhang/taizhang/events"
)

// when is which years of movements a figure of a fiscal year is a sum of.
type when uint8

const (
	before when = 1 << iota
	within
	after
)

// has says whether a movement of a year counts in the figure of a fiscal year.
func (w when) has(year, fiscalYear int) bool {
	switch {
	case year < fiscalYear:
		return w&before != 0
	case year == fiscalYear:
		return w&within != 0
	}
	return w&after != 0
}

// figure is what a column of execution is computed from: grants by fiscal year, receipts and spending by their dates.
type figure struct{ granted, received, spent, ruled when }

// figures are those by the names of their columns; a column that is no figure, such as the scope, is traced as the balance.
var figures = map[string]figure{
	"grantedFen":    {granted: within},
	"carriedInFen":  {received: before, spent: before},
	"receivedFen":   {received: within},
	"availableFen":  {received: before | within, spent: before},
	"spentAllFen":   {spent: within},
	"ineligibleFen": {spent: within, ruled: before | within | after},
	"executedFen":   {spent: within, ruled: before | within | after},
	"balanceFen":    {received: before | within, spent: before | within},
	"ratePercent":   {received: before | within, spent: before | within, ruled: before | within | after},
	"low":           {received: before | within, spent: before | within, ruled: before | within | after}, // follows from the rate
}

// funds follows the records of one center, in the order of positions, and tells which of them a figure is computed from.
type funds struct {
	figure
	year    int             // fiscal
	sources []events.Source // of the scope
	counts  map[string]bool // whether a grant or match is in the scope
	years   map[string]int  // their fiscal years
	touches map[string]bool // whether a voucher spends any that is
}

// fundsOf is for one column of a row of execution.
func fundsOf(column string, year int, sources []events.Source) *funds {
	f := &funds{year: year, sources: sources, counts: map[string]bool{}, years: map[string]int{}, touches: map[string]bool{}}
	var known bool
	if f.figure, known = figures[column]; !known {
		f.figure = figures["balanceFen"]
	}
	return f
}

// take says whether the figure is computed from a record.
func (f *funds) take(r *events.Record) bool {
	begin := func(name string, source events.Source, fiscalYear int) bool {
		f.counts[name], f.years[name] = slices.Contains(f.sources, source), fiscalYear
		return f.counts[name] && f.granted.has(fiscalYear, f.year)
	}
	year := r.On.Year()
	switch p := r.Data.(type) {
	case *events.SubsidyGranted:
		return begin(p.Grant, p.Source, p.FiscalYear)
	case *events.MatchingCommitted:
		return begin(p.Match, events.Local, p.FiscalYear)
	case *events.SubsidyReversed:
		return f.counts[p.Grant] && f.granted.has(f.years[p.Grant], f.year)
	case *events.SubsidyReceived:
		return f.counts[p.Grant] && f.received.has(year, f.year)
	case *events.MatchingReceived:
		return f.counts[p.Match] && f.received.has(year, f.year)
	case *events.FundsRecovered:
		return f.counts[p.Grant] && f.received.has(year, f.year)
	case *events.FundsSpent:
		f.touches[p.Voucher] = slices.ContainsFunc(p.Lines, func(l events.SpendingLine) bool { return f.counts[l.Grant] })
		return f.touches[p.Voucher] && f.spent.has(year, f.year)
	case *events.SpendingReversed:
		return f.touches[p.Voucher] && f.spent.has(year, f.year)
	case *events.UseRuled:
		return f.touches[p.Voucher] && f.ruled.has(year, f.year)
	}
	return false
}
