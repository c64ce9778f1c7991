package aggregates

import (
	"fmt"
	"slices"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// executionAlerts raises AL-EXE-01, AL-EXE-02, AL-EXE-04 and AL-USE-03. grantAlerts raises AL-EXE-03 and 05.
func (v *view) executionAlerts(m *money) {
	for i := range m.ends {
		year := m.first + i
		end := events.YearEnd(year)
		p := v.t.At(end)
		if p == nil {
			continue
		}
		if e := m.ends[i]; e.shareShort {
			if x := v.raise(p, "AL-USE-03", yearKey(year), end, place{}); x != nil {
				v.follows(x, m.moved(year, end, SourcesOf(p, FiscalScope))...)
				x.Figures = []Figure{{"main", text.Say("主要用途", "main uses"), fmt.Sprint(int64(e.mainFen)), "fen"},
					{"spent", text.Say("支出合计", "spent"), fmt.Sprint(int64(e.fiscalFen)), "fen"}}
			}
		}
		if !m.ends[i].low {
			continue
		}
		word := v.words[year+1].upTo(v.on).first(always)
		if x := v.raise(p, "AL-EXE-02", yearKey(year), end, word.at()); x != nil {
			v.follows(x, m.moved(year, end, SourcesOf(p, ProvinceScope))...)
			x.Figures = m.rateFigures(year)
		}
		if x := v.raise(p, "AL-EXE-04", yearKey(year), end+events.Date(p.Parameters.DeferralDays.Value)+1, word.at()); x != nil {
			v.follows(x, m.moved(year, end, SourcesOf(p, ProvinceScope))...)
			x.Figures = m.rateFigures(year)
		}
	}
	v.monthAlerts(m)
}

// monthAlerts raises AL-EXE-01 for each run of month-ends, from January to November of one year, at which the rate is
// behind time progress.
func (v *view) monthAlerts(m *money) {
	for _, since := range m.lags {
		if x := v.raise(since.policy, "AL-EXE-01", since.on.String()[:7], since.on, place{on: since.cleared}); x != nil {
			v.follows(x, m.moved(since.on.Year(), since.on, SourcesOf(since.policy, ProvinceScope))...)
			x.Figures = append(moneyFigures(since.province),
				Figure{"elapsed", text.Say("已过天数", "days elapsed"), fmt.Sprint(since.elapsed), "days"},
				Figure{"all", text.Say("全年应计天数", "days in all"), fmt.Sprint(since.all), "days"})
		}
	}
}

// moved lists the revisions of the events behind the money of some sources in a year up to a day: the movements of the
// year and, if money was carried in, the movements before the year.
func (m *money) moved(year int, until events.Date, scope []events.Source) []uint32 {
	since := events.DateOf(year, 1, 1)
	if m.years[year-m.first].sum(setOf(scope)).CarriedInFen != 0 {
		since = m.v.registered.on
	}
	var revisions []uint32
	for part := range m.v.flows.between(since, until) {
		for _, f := range part {
			in := false
			switch f.what.what {
			case receiptFlow, recoveryFlow:
				in = slices.Contains(scope, m.v.fundAt(m.v.receipts[f.what.number-1].fund).source)
			default:
				lines := m.v.declared.linesOf(m.v.voucher(f.what.number))
				in = slices.ContainsFunc(lines, func(l line) bool { return slices.Contains(scope, m.v.fundOf(l).source) })
			}
			if in {
				revisions = append(revisions, f.rev)
			}
		}
	}
	return revisions
}

func (m *money) rateFigures(year int) []Figure {
	return moneyFigures(m.ends[year-m.first].province)
}

func moneyFigures(p Money) []Figure {
	return []Figure{
		{"available", text.Say("可用", "available"), fmt.Sprint(int64(p.AvailableFen())), "fen"},
		{"executed", text.Say("已执行", "executed"), fmt.Sprint(int64(p.ExecutedFen())), "fen"},
		{"rate", text.Say("执行率", "rate"), p.RatePercent(), "percent"},
	}
}
