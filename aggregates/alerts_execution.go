package aggregates

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
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
				wanted := p.Parameters.MainUsePercent.Value
				x.say("%d 年度财政资金支出 %s，其中主要用途 %s，占 %s%%，低于 %d%%",
					"of %[2]s of fiscal money spent in %[1]d, %[3]s went to the main uses: %[4]s%%, below %[5]d%%",
					year, yuan(e.fiscalFen), yuan(e.mainFen), percent(int64(e.mainFen), int64(e.fiscalFen)), wanted)
				x.show(countFigure("year", year), fenFigure("main", e.mainFen), fenFigure("spent", e.fiscalFen),
					NewFigure("share", percent(int64(e.mainFen), int64(e.fiscalFen))),
					countFigure("shareWanted", wanted))
			}
		}
		if !m.ends[i].low {
			continue
		}
		word := v.words[year+1].upTo(v.on).first(always)
		if x := v.raise(p, "AL-EXE-02", yearKey(year), end, word.at()); x != nil {
			v.follows(x, m.moved(year, end, SourcesOf(p, ProvinceScope))...)
			x.say("%s，次年经费应延后安排", "%s, so that the allocation of the next year is to be deferred",
				m.lowWords(year))
			x.show(countFigure("year", year))
			x.show(m.lowFigures(year)...)
		}
		days := p.Parameters.DeferralDays.Value
		if x := v.raise(p, "AL-EXE-04", yearKey(year), end+events.Date(days)+1, word.at()); x != nil {
			v.follows(x, m.moved(year, end, SourcesOf(p, ProvinceScope))...)
			x.say("%s，%d 财政年度是否延后安排应在 %d 天内（%v 止）决定，逾期",
				"%s; the deferral of fiscal year %d was to be decided within %d days, by %v, and is overdue",
				m.lowWords(year), year+1, days, end+events.Date(days))
			x.show(countFigure("year", year))
			x.show(m.lowFigures(year)...)
			x.show(termFigures(end, days)...)
		}
	}
	v.monthAlerts(m)
}

// monthAlerts raises AL-EXE-01 for each run of month-ends, from January to November of one year, at which the rate is
// behind time progress.
func (v *view) monthAlerts(m *money) {
	for _, since := range m.lags {
		if x := v.raise(since.policy, "AL-EXE-01", since.on.String()[:7], since.on,
			place{on: since.cleared}); x != nil {
			v.follows(x, m.moved(since.on.Year(), since.on, SourcesOf(since.policy, ProvinceScope))...)
			m.explainLag(x, &since)
		}
	}
}

// explainLag says what AL-EXE-01 is about: a rate below a share of time progress.
func (m *money) explainLag(x *Explanation, l *lag) {
	share := l.policy.Parameters.EarlyWarningPercent.Value
	line := percent(int64(share)*int64(l.elapsed), 100*int64(l.all))
	x.say("截至 %v 执行率 %s%%，低于序时进度 %s%% 的 %d%%（%s%%）",
		"on %v the execution rate was %s%%, below %[4]d%% of the time progress of %[3]s%%, that is %[5]s%%",
		l.on, l.province.RatePercent(), percent(int64(l.elapsed), int64(l.all)), share, line)
	x.show(dateFigure("monthEnd", l.on))
	x.show(moneyFigures(l.province)...)
	x.show(dateFigure("progressFrom", events.YearEnd(l.on.Year())-events.Date(l.all-1)),
		countFigure("elapsed", l.elapsed), countFigure("all", l.all),
		NewFigure("progress", percent(int64(l.elapsed), int64(l.all))),
		countFigure("warning", share).labelled(text.Say("预警线占序时进度", "warning line as a share of progress")),
		NewFigure("line", line))
	x.show(m.lateFigures(l.policy, l.on)...)
}

// lowWords says that the rate of a year was low.
func (m *money) lowWords(year int) text.Text {
	p := m.v.t.At(events.YearEnd(year))
	return text.Say("%d 年度执行率 %s%%，低于 %d%%", "the execution rate of %d was %s%%, below %d%%", year,
		m.ends[year-m.first].province.RatePercent(), p.Parameters.LowRatePercent.Value)
}

// lowFigures returns the figures on which a low year rests.
func (m *money) lowFigures(year int) []Figure {
	end := events.YearEnd(year)
	p := m.v.t.At(end)
	figures := append(m.rateFigures(year), countFigure("lowRate", p.Parameters.LowRatePercent.Value))
	return append(figures, m.lateFigures(p, end)...)
}

// lateFigures returns the figures of the money that was received after the cut-off, up to a date.
func (m *money) lateFigures(p *policy.Policy, on events.Date) []Figure {
	y := &m.years[on.Year()-m.first]
	return []Figure{fenFigure("late", y.lateFen(p, on.Year(), on)),
		dateFigure("lateAfter", p.Parameters.LateReceiptAfter.Value.In(on.Year()))}
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
				in = slices.ContainsFunc(lines,
					func(l line) bool { return slices.Contains(scope, m.v.fundOf(l).source) })
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
	return []Figure{fenFigure("available", p.AvailableFen()), fenFigure("executed", p.ExecutedFen()),
		NewFigure("rate", p.RatePercent())}
}
