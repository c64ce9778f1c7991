package console

import "html/template"

// rateBars is a chart of rates as horizontal bars, with a line at the time that has passed.
type rateBars struct {
	title    string
	mark     int64 // in hundredths of a percent
	markWord string
	bars     []rateBar
}

type rateBar struct {
	name string
	rate int64 // in hundredths of a percent
}

// The sizes of the chart, in units of its view box.
const (
	barHeight  = 22
	barsLeft   = 96
	barsWidth  = 600 // of 100 %
	barsTop    = 24
	ratesWidth = barsLeft + barsWidth + 80
)

// svg returns the chart. A rate above 100 % ends at the edge; its number says more.
func (c *rateBars) svg() template.HTML {
	height := int64(barsTop + barHeight*len(c.bars) + 6)
	to := append([]byte(nil), `<svg class="rates" role="img" aria-labelledby="rates-title" viewBox="0 0 `...)
	to = append(appendInt(append(appendInt(to, ratesWidth), ' '), height), `"><title id="rates-title">`...)
	to = append(appendText(to, c.title), "</title>\n"...)
	for i := range c.bars {
		b, y := &c.bars[i], int64(barsTop+barHeight*i)
		width := min(max(b.rate, 0), 10_000) * barsWidth / 10_000
		to = appendInt(append(to, `<text class="end" x="`...), barsLeft-8)
		to = appendText(append(appendInt(append(to, `" y="`...), y+15), `">`...), b.name)
		to = append(to, "</text>"...)
		to = appendBar(to, "track", y, barsWidth)
		to = appendBar(to, "fill", y, width)
		to = appendInt(append(to, `<text x="`...), barsLeft+barsWidth+8)
		to = append(appendInt(append(to, `" y="`...), y+15), `">`...)
		to = append(append(to, percent(b.rate)...), "%</text>\n"...)
	}
	x := barsLeft + c.mark*barsWidth/10_000
	to = appendInt(append(to, `<rect class="mark" x="`...), x-1)
	to = appendInt(append(appendInt(append(to, `" y="`...), barsTop-4), `" width="2" height="`...),
		int64(barHeight*len(c.bars)+6))
	to = appendInt(append(to, `"/><text class="middle" x="`...), min(max(x, 80), ratesWidth-90))
	to = appendText(append(to, `" y="14">`...), c.markWord)
	return template.HTML(append(to, "</text></svg>"...))
}

func appendBar(to []byte, class string, y, width int64) []byte {
	to = append(append(append(to, `<rect class="`...), class...), `" x="`...)
	to = appendInt(append(appendInt(to, barsLeft), `" y="`...), y+4)
	return append(appendInt(append(to, `" height="14" width="`...), width), `"/>`...)
}
