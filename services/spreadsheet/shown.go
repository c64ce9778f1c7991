package spreadsheet

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Parts are the parts of a date that its format shows.
type Parts uint8

// Time stands for any part of the time of day.
const (
	Year Parts = 1 << iota
	Month
	Day
	Time
)

// Parts returns the parts of a Date that the cell shows. It is 0 for other sorts.
func (c Cell) Parts() Parts {
	switch {
	case c.Sort != Date:
		return 0
	case c.format == nil:
		return Year | Month | Day
	}
	if s, _ := c.format.of(c.Number); s != nil {
		return s.parts
	}
	return 0
}

// FormatCode returns the code of the number format of the cell, "" for the general format and the plain text format.
func (c Cell) FormatCode() string {
	if c.format == nil {
		return ""
	}
	return c.format.code
}

// isDate reports whether the format shows a number as a date. A time alone is not a date.
func (f *format) isDate(v float64) bool {
	if f == nil {
		return false
	}
	s, _ := f.of(v)
	return s != nil && s.sort == calendar && s.isDay
}

// Shown returns the text that a spreadsheet program in China shows in the cell if its column is wide enough: the
// value in the number format of the cell. A space as wide as a sign becomes a blank; a sign that fills the column
// is left out. The general format shows all digits that programs keep. ¥ as the currency of Japan becomes JP¥. For
// CSV it is the text of the cell.
func (c Cell) Shown() string {
	switch {
	case c.format == nil || c.Sort == Blank || c.Sort == Failure || c.Sort == Unreadable:
		return c.Text
	case c.IsNumber():
		return c.format.number(c.Number)
	case c.format.text == nil:
		return c.Text
	}
	return c.format.text.words(c.Text)
}

// Color returns the name of the color in which the number format shows the cell, in lower case, such as red or color
// 3, or "" for the color of the font.
func (c Cell) Color() string {
	switch {
	case c.format == nil:
		return ""
	case c.IsNumber():
		if s, _ := c.format.of(c.Number); s != nil {
			return s.color
		}
		return ""
	case c.format.text == nil:
		return ""
	}
	return c.format.text.color
}

// of returns the section that shows a number, or nil. isAbsolute reports whether the section shows the number
// without its sign.
func (f *format) of(v float64) (s *section, isAbsolute bool) {
	for i := range f.numbers {
		s := &f.numbers[i]
		isLast := i == len(f.numbers)-1
		if s.op != "" {
			if meets(v, s.op, s.limit) {
				return s, v < 0 && (s.op == "<" && s.limit <= 0 || s.op == "<=" && s.limit < 0 || s.op == "=")
			}
			continue
		}
		if isLast || i == 0 && (v > 0 || v == 0 && len(f.numbers) == 2) || i == 1 && v < 0 {
			return s, v < 0 && i == 1
		}
	}
	return nil, false
}

func meets(v float64, op string, limit float64) bool {
	switch op {
	case "<":
		return v < limit
	case "<=":
		return v <= limit
	case ">":
		return v > limit
	case ">=":
		return v >= limit
	case "<>":
		return v != limit
	}
	return v == limit
}

// number returns a number as the format shows it.
func (f *format) number(v float64) string {
	if len(f.numbers) == 0 {
		return f.text.words(digits(v))
	}
	s, isAbsolute := f.of(v)
	switch {
	case s == nil && len(f.numbers) == 1: // the condition of the section is not met
		return digits(v)
	case s == nil:
		return overflow
	case s.sort == calendar:
		return s.inChinese(s.date(v))
	}
	sign := ""
	if v < 0 && !isAbsolute {
		sign = "-"
	}
	v = math.Abs(v)
	switch s.sort {
	case general, textual:
		return sign + s.inChinese(s.words(digits(v)))
	case fractional:
		return sign + s.fraction(v)
	}
	return sign + s.inChinese(s.decimal(v))
}

// words returns a text as the section shows it; a number is shown by its digits.
func (s *section) words(text string) string {
	var b strings.Builder
	for _, p := range s.pieces {
		if p.sort == place || p.sort == generalDigits {
			b.WriteString(text)
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// chineseDigits are the digits of DBNum1 to DBNum3.
var chineseDigits = [][]rune{[]rune("〇一二三四五六七八九"), []rune("零壹贰叁肆伍陆柒捌玖"),
	[]rune("０１２３４５６７８９")}

// inChinese replaces digits by Chinese ones as DBNum asks.
func (s *section) inChinese(shown string) string {
	if s.dbnum < '1' || s.dbnum > '3' {
		return shown
	}
	by := chineseDigits[s.dbnum-'1']
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return by[r-'0']
		}
		return r
	}, shown)
}

// decimal returns a number of at least 0 as the section shows it.
func (s *section) decimal(v float64) string {
	n := numeralOf(digits(v)).times10(s.shift)
	exponent := 0
	if s.isPower {
		step := max(s.whole, 1)
		exponent = int(math.Floor(float64(n.magnitude())/float64(step))) * step
		if rounded := n.times10(-exponent).round(s.decimals); rounded.magnitude() >= step {
			exponent += step
		}
		n = n.times10(-exponent)
	}
	n = n.round(s.decimals)
	whole, decimals := n.whole(), n.decimals()
	var b strings.Builder
	at, behind, left := s.whole, 0, s.exponent
	for _, p := range s.pieces {
		switch {
		case p.sort == digit && at > 0: // before the point
			first := at - 1
			if at == s.whole {
				first = max(first, len(whole)-1)
			}
			for i := first; i >= at-1; i-- {
				switch {
				case i < len(whole):
					b.WriteByte(whole[len(whole)-1-i])
				case p.text == "0":
					b.WriteByte('0')
				case p.text == "?":
					b.WriteByte(' ')
				}
				if s.grouped && i > 0 && i%3 == 0 && (i < len(whole) || p.text == "0") {
					b.WriteByte(',')
				}
			}
			at--
		case p.sort == digit && behind < s.decimals:
			switch {
			case strings.Trim(decimals[behind:], "0") != "" || p.text == "0":
				b.WriteByte(decimals[behind])
			case p.text == "?":
				b.WriteByte(' ')
			}
			behind++
		case p.sort == digit: // a digit of the exponent, which is written as a whole
			if left == s.exponent {
				fmt.Fprintf(&b, "%0*d", s.exponent, max(exponent, -exponent))
			}
			left--
		case p.sort == point:
			if s.whole == 0 {
				b.WriteString(whole)
			}
			b.WriteByte('.')
		case p.sort == power:
			b.WriteByte('E')
			if exponent < 0 {
				b.WriteByte('-')
			} else if p.text == "E+" {
				b.WriteByte('+')
			}
		default:
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// fraction returns a number of at least 0 as a fraction.
func (s *section) fraction(v float64) string {
	at := 0
	for s.pieces[at].sort != slash {
		at++
	}
	numerator := at // the index of its first digit
	for numerator > 0 && s.pieces[numerator-1].sort == digit {
		numerator--
	}
	var before, behind strings.Builder // the text before the fraction without digits, and the denominator
	hasWhole := false
	for _, p := range s.pieces[:numerator] {
		if p.sort == digit {
			hasWhole = true
		} else {
			before.WriteString(p.text)
		}
	}
	places, fixed, rest := 0, "", ""
	for _, p := range s.pieces[at+1:] {
		switch {
		case rest == "" && p.sort == digit && fixed == "":
			places++
		case rest == "" && places == 0 && len(p.text) == 1 && '0' <= p.text[0] && p.text[0] <= '9':
			fixed += p.text
		default:
			rest += p.text
		}
	}
	behind.WriteString(rest)
	whole := 0.0
	if hasWhole {
		whole = math.Floor(v)
	}
	above, below := nearest(v-whole, places, fixed)
	if hasWhole && above == below {
		whole, above = whole+1, 0
	}
	shown := fmt.Sprintf("%.0f/%.0f", above, below)
	switch {
	case hasWhole && above == 0:
		shown = digits(whole)
	case hasWhole && whole > 0:
		shown = digits(whole) + " " + shown
	}
	return strings.TrimSpace(before.String()) + shown + behind.String()
}

// nearest returns the fraction nearest to v whose denominator has at most the given number of digits, or is fixed.
func nearest(v float64, places int, fixed string) (above, below float64) {
	if n, err := strconv.Atoi(fixed); err == nil && n > 0 {
		return math.Round(v * float64(n)), float64(n)
	}
	best := math.Inf(1)
	for n := 1.0; n < math.Pow10(min(max(places, 1), 3)); n++ {
		if off := math.Abs(v - math.Round(v*n)/n); off < best-1e-12 {
			best, above, below = off, math.Round(v*n), n
		}
	}
	return above, below
}
