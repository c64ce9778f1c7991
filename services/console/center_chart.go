package console

import (
	"html/template"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/lists"
)

// These are the measures of the chart of the money of a center, in units of its view box.
const (
	chartLabels = 60  // the width of the years
	chartBar    = 480 // the width of the largest bar
	chartRow    = 28
	chartWidth  = 960
)

// moneyPart is one part of the bar of a year.
type moneyPart struct {
	class string
	fen   events.Fen
}

// moneyChart returns the money of a center by year as bars: of what is available, the part that was executed, the part
// spent on forbidden uses, and the balance. It has the fiscal scope; the table beneath it has all.
func (v *visit) moneyChart(lines []lists.ExecutionLine) template.HTML {
	var years []lists.ExecutionLine
	largest := events.Fen(0)
	for _, l := range lines {
		if l.Scope == aggregates.FiscalScope && !l.IsZero() {
			years = append(years, l)
			largest = max(largest, l.AvailableFen(), l.SpentAllFen)
		}
	}
	if largest == 0 {
		return ""
	}
	height := len(years)*chartRow + chartRow
	to := append([]byte(nil), `<svg class="chart" role="img" aria-labelledby="money-title" viewBox="0 0 `...)
	to = append(appendInt(to, chartWidth), ' ')
	to = append(appendInt(to, int64(height)), `"><title id="money-title">`...)
	to = append(appendText(to, v.say("财政合计口径各年度可用资金：执行数、禁止用途支出、结余",
		"Money available by year in the fiscal scope: executed, ineligible, balance")), "</title>\n"...)
	to = v.appendLegend(to)
	for i, l := range years {
		to = v.appendYear(to, i, &l.Execution, largest)
	}
	return template.HTML(append(to, "</svg>\n"...))
}

// appendLegend appends what the colors of the parts are.
func (v *visit) appendLegend(to []byte) []byte {
	x := int64(chartLabels)
	for _, part := range []struct{ class, word string }{{"part-executed", v.say("执行数", "executed")},
		{"part-ineligible", v.say("禁止用途支出", "ineligible")}, {"part-balance", v.say("结余", "balance")}} {
		to = append(append(append(to, `<rect class="`...), part.class...), `" x="`...)
		to = append(appendInt(to, x), `" y="6" width="12" height="12"/><text x="`...)
		to = append(appendText(append(appendInt(to, x+18), `" y="16">`...), part.word), "</text>\n"...)
		x += 130
	}
	return to
}

// appendYear appends the bar of a year with its amounts. A negative balance has no bar.
func (v *visit) appendYear(to []byte, i int, e *aggregates.Execution, largest events.Fen) []byte {
	y := int64((i + 1) * chartRow)
	to = append(appendInt(append(to, `<text x="0" y="`...), y+17), `">`...)
	to = append(appendInt(to, int64(e.Year)), "</text>"...)
	at := int64(chartLabels)
	for _, part := range []moneyPart{{"part-executed", e.ExecutedFen()}, {"part-ineligible", e.IneligibleFen},
		{"part-balance", e.BalanceFen()}} {
		width := int64(max(part.fen, 0)) * chartBar / int64(largest)
		if width == 0 {
			continue
		}
		to = append(append(append(to, `<rect class="`...), part.class...), `" x="`...)
		to = append(appendInt(append(appendInt(to, at), `" y="`...), y+4), `" height="18" width="`...)
		to = append(appendInt(to, width), `"/>`...)
		at += width
	}
	to = append(appendInt(append(to, `<text x="`...), at+8), `" y="`...)
	to = append(appendInt(to, y+17), `">`...)
	said := v.say("可用 %s，执行数 %s", "available %s, executed %s", v.amount(e.AvailableFen()),
		v.amount(e.ExecutedFen()))
	if rate := e.RatePercent(); rate != "" {
		said += v.say("（%s%%）", " (%s%%)", rate)
	}
	return append(appendText(to, said), "</text>\n"...)
}
