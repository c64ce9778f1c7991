package reports

import (
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// firstLie returns the first cell of a workbook that shows something else than its value, or nil. The values must
// equal those of the report, and all rows must have been read.
func (r *Report) firstLie(x *xlsxFile) (*Mismatch, error) {
	sheets := r.Sheets()
	for _, of := range x.Sheets {
		i := slices.IndexFunc(sheets, func(s Sheet) bool { return s.Name == of.Name })
		if of.Hidden {
			return &Mismatch{row: -1, Sheet: of.Name,
				Why: text.Say("工作表“%s”被隐藏", "the sheet %q is hidden", of.Name)}, nil
		}
		looks, err := x.Looks(of)
		if err != nil {
			return nil, refused(err)
		}
		if x.glances[of.Name].suffices(looks) {
			continue
		}
		if d, err := r.lieIn(x, of, looks, sheets[i]); d != nil || err != nil {
			return d, err
		}
	}
	return nil, nil
}

// glance is what comparing the cells of a sheet has shown of their looks. It spares most sheets a second reading,
// which takes as long as the first one.
type glance struct {
	styles *spreadsheet.Styles
	doubts bool         // a row is hidden, or a cell itself shows something else than its value
	alone  map[int]bool // the rows of which the first cell alone holds something
}

func (c *csvFile) glanceAt(string) *glance { return nil }

func (x *xlsxFile) glanceAt(sheet string) *glance {
	styles, err := x.Styles()
	g := &glance{styles, err != nil, map[int]bool{}} // Looks returns the error, unless a cell differs
	x.glances[sheet] = g
	return g
}

// see takes a row of the file that is equal to a line.
func (g *glance) see(row *spreadsheet.Row, l Line) {
	if g == nil || g.doubts {
		return
	}
	last := -1
	for i, v := range l.Cells {
		c := row.At(i)
		if c.Sort == spreadsheet.Blank {
			continue
		}
		last = i
		if why, _ := lieWithin(g.styles, c, v); row.Hidden || why != (text.Text{}) {
			g.doubts = true
			return
		}
	}
	if last == 0 {
		g.alone[row.Number] = true
	}
}

// suffices reports whether the sheet need not be read again: all its cells show their values, nothing on it but merged
// cells can change what is seen, and merged cells hide none that holds something.
func (g *glance) suffices(l *spreadsheet.Looks) bool {
	return !g.doubts && len(l.HiddenColumns)+len(l.ConditionalFormats)+len(l.Objects) == 0 && !l.HidesZeros &&
		l.PrintAreas == nil && !slices.ContainsFunc(l.Merged, func(m spreadsheet.Range) bool {
		return m.FirstRow != m.LastRow || !g.alone[m.FirstRow]
	})
}

// lieIn does the same as firstLie for one sheet, which it reads again.
func (r *Report) lieIn(x *xlsxFile, of *spreadsheet.Worksheet, looks *spreadsheet.Looks,
	want Sheet) (*Mismatch, error) {
	widths := LayoutOf(want).Widths
	next, stop := iter.Pull(iter.Seq[Line](want.Lines))
	defer stop()
	at := 0
	var l Line
	for row, err := range x.Rows(of) {
		if err != nil {
			return nil, refused(err)
		}
		for ; at < row.Number; at++ {
			l, _ = next()
		}
		for column := range l.span(widths) {
			c, v := row.At(column), valueAt(l, column)
			why, shown := lieOf(looks, &row, column, c, v)
			if why == (text.Text{}) {
				continue
			}
			d := r.differenceAt(x, want, row, l, row.Number, column)
			d.InFile, d.row = shown, -1
			holds := d.InLedger
			if holds == "" {
				holds = "–"
			}
			d.Why = text.Text{Zh: text.Say("数值一致，但显示不是原样：单元格 %s 的值为 %s，%s",
				"the values are equal but not what is shown: cell %s holds %s, %s", d.Cell, text.Clip(holds, 80),
				why.Zh).Zh,
				En: text.Say("数值一致，但显示不是原样：单元格 %s 的值为 %s，%s",
					"the values are equal but not what is shown: cell %s holds %s, %s", d.Cell, text.Clip(holds, 80),
					why.En).En}
			return d, nil
		}
	}
	return nil, nil
}

// span returns the number of columns that a line covers: all of them for a row of the table, and for a text those
// that it extends over.
func (l Line) span(widths []float64) int {
	switch {
	case l.Look == Plain || l.Look == Heading || l.Look == Total:
		return max(len(widths), len(l.Cells))
	case l.Look != Title && l.Look != Caption || len(l.Cells) == 0:
		return len(l.Cells)
	}
	left := float64(spreadsheet.Width(l.Cells[0].Text))
	if l.Look == Title {
		left *= 1.3 // its font is larger
	}
	for i, w := range widths {
		if left -= w; left <= 0 {
			return i + 1
		}
	}
	return max(1, len(widths))
}

// lieOf returns the reason why a cell does not show its value, and the text that it shows. Why is empty if it
// shows its value.
func lieOf(looks *spreadsheet.Looks, row *spreadsheet.Row, column int, c spreadsheet.Cell, v Value) (why text.Text,
	shown string) {
	if looks.Covers(row.Number, column) {
		return text.Say("上面压着图片、图形、文本框或批注框", "under a picture, a shape, a text box or a note"), ""
	}
	if c.Sort == spreadsheet.Blank {
		return why, ""
	}
	hidden := func(list []spreadsheet.Range) bool {
		return slices.ContainsFunc(list, func(m spreadsheet.Range) bool {
			return m.FirstColumn <= column && column <= m.LastColumn
		})
	}
	for _, f := range looks.ConditionalFormats {
		if f.Has(row.Number, column) {
			return text.Say("条件格式会改变其数字格式或字体颜色",
				"under a conditional format that sets a number format or a font color"), ""
		}
	}
	_, num := v.InXLSX()
	within, shown := lieWithin(looks.Styles, c, v)
	switch {
	case row.Hidden:
		return text.Say("所在行被隐藏或行高为 0", "in a row that is hidden or has the height 0"), ""
	case hidden(looks.HiddenColumns):
		return text.Say("所在列被隐藏或列宽为 0", "in a column that is hidden or has the width 0"), ""
	case looks.IsMergedAway(row.Number, column):
		return text.Say("被合并的单元格盖住", "under another cell with which it is merged"), ""
	case looks.HidesZeros && c.IsNumber() && num == 0:
		return text.Say("工作表设为不显示零值", "on a sheet that does not show zeros"), ""
	case within != (text.Text{}):
		return within, shown
	case !looks.Prints(row.Number, column):
		return text.Say("在打印区域之外", "outside the print area"), ""
	}
	return text.Text{}, ""
}

// lieWithin returns the reason why a cell itself does not show its value, wherever it stands, and the text that it
// shows. Why is empty if it shows its value.
func lieWithin(styles *spreadsheet.Styles, c spreadsheet.Cell, v Value) (why text.Text, shown string) {
	as, num := v.InXLSX()
	shown = c.Shown()
	switch {
	case styles.Repeats(c):
		return text.Say("对齐方式“填充”会重复显示其内容", "and the alignment “fill” repeats it"),
			strings.Repeat(shown, 2)
	case !showsTrue(c, shown, as, num):
		return text.Say("显示为“%s”", "shows %q", text.Clip(shown, 80)), shown
	case styles.IsInvisible(c):
		return text.Say("字体颜色与底色相同，看不见", "in a font of the color of its ground, which cannot be seen"), ""
	}
	return text.Text{}, shown
}

// showsTrue reports whether a cell that shows some text shows the value that it holds, in all its decimals.
func showsTrue(c spreadsheet.Cell, shown string, v Value, num float64) bool {
	switch v.Sort {
	case Date:
		return showsDay(c, shown, v.Text)
	case Percent:
		if amount, ok := strings.CutSuffix(strings.TrimSpace(shown), "%"); ok {
			return isNumber(amount, v.Text, c.Color() != "")
		}
		return isNumber(shown, overHundred(v.Text), c.Color() != "")
	case Number, Money:
		if num == 0 && slices.Contains([]string{"-", "–", "—"}, bareNumber(shown)) {
			return true // accounting formats show zero as a dash
		}
		return isNumber(shown, v.Text, c.Color() != "")
	}
	return trimmed(shown) == trimmed(c.Text)
}

// trimmed returns a text without blanks at its ends and with uniform line ends.
func trimmed(s string) string { return strings.TrimSpace(oneEnd(s)) }

// currency matches what may stand beside an amount in yuan.
var currency = regexp.MustCompile(`(?i)人民币|rmb|cny|[¥￥元圆整]`)

// bareNumber returns the text shown for a number without its currency, blanks and thousands separators.
func bareNumber(shown string) string {
	if strings.Trim(shown, "0123456789.-") == "" { // by far the most
		return shown
	}
	return strings.Map(bare, currency.ReplaceAllString(shown, ""))
}

// bare removes blanks and thousands separators.
func bare(r rune) rune {
	if unicode.IsSpace(r) || r == ',' || r == '，' {
		return -1
	}
	return r
}

// isNumber reports whether the text shown for an amount is its decimal number. A negative amount is in brackets,
// has a minus, or is colored.
func isNumber(shown, is string, isColored bool) bool {
	s := bareNumber(shown)
	is, isNegative := strings.CutPrefix(is, "-")
	digits := strings.Trim(s, "()（）-−")
	hasSign := digits != s
	return strings.Trim(digits, "0123456789.") == "" && digits != "" && plainDecimal(digits) == plainDecimal(is) &&
		(hasSign == isNegative || isNegative && isColored)
}

// plainDecimal returns a decimal number without leading and trailing zeros.
func plainDecimal(s string) string {
	s = strings.TrimLeft(decimal(s), "0")
	if s == "" || s[0] == '.' {
		s = "0" + s
	}
	return s
}

var digitRuns = regexp.MustCompile(`[0-9]+`)

// showsDay reports whether a cell shows the year, the month and the day of a date, and no other numbers except a
// time.
func showsDay(c spreadsheet.Cell, shown, day string) bool {
	const all = spreadsheet.Year | spreadsheet.Month | spreadsheet.Day
	if c.Parts()&all != all {
		return false
	}
	on, err := events.ParseDate(day)
	if err != nil {
		return false
	}
	y, m, d := on.Civil()
	left := []int{}
	for _, run := range digitRuns.FindAllString(shown, -1) {
		n, _ := strconv.Atoi(run)
		left = append(left, n)
	}
	take := func(n int) bool {
		i := slices.Index(left, n)
		if i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
		return i >= 0
	}
	isWritten := len(left) == 0 // the date is in Chinese digits, or the month is a word
	isThere := (take(y) || take(y%100)) && (take(m) || strings.ContainsFunc(shown, unicode.IsLetter)) && take(d)
	isRest := len(left) == 0 ||
		c.Parts()&spreadsheet.Time != 0 && !slices.ContainsFunc(left, func(n int) bool { return n != 0 && n != 12 })
	return isWritten || isThere && isRest
}
