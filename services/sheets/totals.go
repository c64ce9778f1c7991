package sheets

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// totalSort says which rows a control total adds up.
type totalSort int

const (
	noTotal    totalSort = iota
	grandTotal           // of all rows above, or since the last one of its sort where tables were joined
	subtotal             // of the rows since the last subtotal
	anyTotal             // of either sort
	running              // of rows that are partly in other sheets
)

// totalOf returns the sort of control total that a text names.
func totalOf(s string) totalSort {
	if !strings.Contains(s, "计") {
		return noTotal
	}
	s = narrowed(s)
	if end := strings.IndexAny(s, "(:"); end >= 0 {
		s = s[:end]
	}
	for _, end := range []string{"大写", "人民币", "数", "金额"} {
		s = strings.TrimSuffix(s, end)
	}
	switch s {
	case "合计", "总计", "共计":
		return grandTotal
	case "小计", "本页合计", "本页小计":
		return subtotal
	}
	switch {
	case strings.HasSuffix(s, "累计"):
		return running
	case strings.HasSuffix(s, "合计"), strings.HasSuffix(s, "总计"), strings.HasSuffix(s, "小计"),
		strings.HasSuffix(s, "共计"):
		return anyTotal
	}
	return noTotal
}

// counted matches a number of vouchers, which may stand beside their sum.
var counted = regexp.MustCompile(`^共?\d+(张|笔|条|份|行)$`)

// total returns the text that makes a row a control total, and its sort. Such a row has an amount, and neither a
// number nor a grant.
func (s *Sheet) total(r *spreadsheet.Row) (said string, of totalSort) {
	for _, j := range []int{slices.Index(s.heads.column, s.Kind.column(s.key().Field)), s.grantColumn()} {
		if j >= 0 && !isEmpty(r.At(j)) && totalOf(r.At(j).Text) == noTotal &&
			!counted.MatchString(narrowed(r.At(j).Text)) {
			return "", noTotal
		}
	}
	for _, c := range r.Cells {
		if of = totalOf(c.Text); of != noTotal && s.hasAmount(r) {
			return c.Text, of
		}
	}
	return "", noTotal
}

// These match marks that number the columns: 1, (1), which Excel reads as -1, 7=5+6, ①, A or 甲. A label may stand
// before them.
var (
	countNumber = regexp.MustCompile(`^\(?-?(\d{1,3})\)?(=[\d+*/()-]+)?$`)
	countOther  = regexp.MustCompile(`^\(?([A-Za-z①-⑳甲乙丙丁戊己庚辛壬癸]|[一二三四五六七八九十]{1,2})\)?$`)
	countLabel  = regexp.MustCompile(`^[栏列项](次|号|目)?$`)
)

// countsColumns reports whether all cells of a row are marks that number the columns, in sequence.
func countsColumns(r *spreadsheet.Row) bool {
	marks, last := 0, 0
	for _, c := range r.Cells {
		said := narrowed(c.Text)
		m := countNumber.FindStringSubmatch(said)
		switch {
		case m != nil:
			n, _ := strconv.Atoi(m[1])
			if last > 0 && n != last+1 {
				return false
			}
			last = n
		case countOther.MatchString(said):
		case isEmpty(c), countLabel.MatchString(said):
			continue
		default:
			return false
		}
		marks++
	}
	return marks >= headingsMin
}

// hasAmount reports whether a row has an amount, or a number or formula in an amount column that cannot be read.
func (s *Sheet) hasAmount(r *spreadsheet.Row) bool {
	for j, i := range s.heads.column {
		if i >= 0 && s.Kind.Columns[i].Form == Amount && (r.At(j).IsNumber() || r.At(j).Formula != "") {
			return true
		}
	}
	return s.anyAmount(r)
}

// rowSort is the role of a row below the headings.
type rowSort uint8

const (
	aRow          rowSort = iota // of the table
	headingsAgain                // the headings again
	aTotal
	aNote   // below the last row of the table
	nothing // the columns that are read are empty
	numbers // the numbers of the columns, below the headings
)

// sortRows returns the sort of each row below the headings, by index in the grid.
func (s *Sheet) sortRows() []rowSort {
	g, h := s.grid, s.heads
	sorts := make([]rowSort, len(g.rows))
	for _, i := range h.repeats {
		sorts[i] = headingsAgain
	}
	isTail := true // whether no row of the table follows before the headings are repeated
	for i := len(g.rows) - 1; i > h.row; i-- {
		r := &g.rows[i]
		switch _, of := s.total(r); {
		case sorts[i] == headingsAgain:
			isTail = true
		case s.isBlank(r):
			sorts[i] = nothing
		case (i == h.row+1 || sorts[i-1] == headingsAgain) && countsColumns(r):
			sorts[i] = numbers
		case of != noTotal:
			sorts[i] = aTotal
		case isTail && s.isNote(r):
			sorts[i] = aNote
		default:
			isTail = false
		}
	}
	return sorts
}

// isBlank reports whether the columns of a row that are read are empty, or have only 0 as an amount, as in rows
// prepared with formulas.
func (s *Sheet) isBlank(r *spreadsheet.Row) bool {
	for j, i := range s.heads.column {
		if i < 0 || isEmpty(r.At(j)) {
			continue
		}
		if v, ok := s.cell(r, i); !ok || s.Kind.Columns[i].Form != Amount || v.fen != 0 {
			return false
		}
	}
	return true
}

// sums are the sums of the amounts by column of the table.
type sums map[int]*sum

func (a sums) at(j int) *sum {
	if a[j] == nil {
		a[j] = &sum{}
	}
	return a[j]
}

// control compares control totals with the rows above them.
type control struct {
	s          *Sheet
	all        sums
	sinceGrand sums               // since the last total of all rows
	sinceSub   sums               // since the last subtotal
	sinceAny   sums               // since the last total of either sort
	isBegun    bool               // there was a row of the table
	atTop      []*spreadsheet.Row // totals above the first row, which add up the rows below
}

func newControl(s *Sheet) *control {
	return &control{s: s, all: sums{}, sinceGrand: sums{}, sinceSub: sums{}, sinceAny: sums{}}
}

// see adds the amounts of a row of the table to all sums.
func (c *control) see(r *reading) {
	c.isBegun = true
	for j, i := range c.s.heads.column {
		if i < 0 || c.s.Kind.Columns[i].Form != Amount || isEmpty(r.row.At(j)) {
			continue
		}
		isRead := !slices.ContainsFunc(r.bad, func(f RowBreach) bool { return f.Field == c.s.Kind.Columns[i].Heading })
		for _, a := range []sums{c.all, c.sinceGrand, c.sinceSub, c.sinceAny} {
			a.at(j).add(r.cells[c.s.Kind.Columns[i].Field].fen, isRead)
		}
	}
}

// check compares a control total with the rows above it and adds a note about it. It returns an error if they
// differ. A total above the first row is compared at the end.
func (c *control) check(r *spreadsheet.Row) error {
	if _, of := c.s.total(r); of == grandTotal && !c.isBegun {
		c.atTop = append(c.atTop, r)
		return nil
	}
	return c.compare(r, text.Say("以上", "above"))
}

// end compares the totals that stand above the rows.
func (c *control) end() error {
	for _, r := range c.atTop {
		if err := c.compare(r, text.Say("以下", "below")); err != nil {
			return err
		}
	}
	return nil
}

// compare returns an error if a control total differs from the sum of the rows that where describes.
func (c *control) compare(r *spreadsheet.Row, where text.Text) error {
	said, of := c.s.total(r)
	said = spreadsheet.Clip(narrowed(said))
	for j, i := range c.s.heads.column {
		if i < 0 || c.s.Kind.Columns[i].Form != Amount {
			continue
		}
		v, ok := c.s.cell(r, i)
		if !ok {
			if x := r.At(j); x.IsNumber() || x.Formula != "" {
				_, why, _ := c.s.Kind.Columns[i].readPlain(x)
				c.s.name(r.Number, c.s.Kind.Columns[i].Heading,
					text.Say("“%[1]s”没有核对，略过：%[2]s", "“%[1]s” is not compared, and passed over: %[3]s", said,
						why.Zh, why.En))
			}
			continue
		}
		heading, yuan := c.s.Kind.Columns[i].Heading, events.FormatYuan(v.fen)
		against := map[totalSort][]*sum{
			grandTotal: {c.all.at(j), c.sinceGrand.at(j)}, subtotal: {c.sinceSub.at(j), c.sinceAny.at(j)},
			anyTotal: {c.all.at(j), c.sinceGrand.at(j), c.sinceSub.at(j), c.sinceAny.at(j)}}[of]
		switch {
		case of == running:
			c.s.name(r.Number, heading,
				text.Say("“%s” %s 是累计数，没有核对，略过",
					"“%s” %s is a running total; it is not compared, and passed over", said, yuan))
		case slices.ContainsFunc(against, func(a *sum) bool { return !a.isUnknown && a.fen == v.fen }):
			c.s.name(r.Number, heading,
				text.Say("“%[1]s” %[2]s 与%[3]s各行之和相符，不作为一行读取",
					"“%[1]s” %[2]s is the sum of the rows %[4]s; it is not read as a row", said, yuan,
					where.Zh, where.En))
		case slices.ContainsFunc(against, func(a *sum) bool { return a.isUnknown }):
			c.s.name(r.Number, heading,
				text.Say("“%[1]s” %[2]s 没有核对，因为%[3]s有的金额读不出",
					"“%[1]s” %[2]s is not compared, for an amount %[4]s cannot be read", said, yuan,
					where.Zh, where.En))
		default:
			return say("第 %[1]d 行“%[2]s”的%[3]s是 %[4]s，而%[6]s各行之和是 %[5]s：请核对有无漏行、多行或错数",
				"row %[1]d: “%[2]s” in the column “%[3]s” is %[4]s, and the sum of the rows %[7]s is %[5]s: check "+
					"for rows that are missing, or there twice, or wrong",
				r.Number, said, heading, yuan, events.FormatYuan(against[0].fen), where.Zh, where.En)
		}
	}
	switch of {
	case grandTotal:
		c.sinceGrand, c.sinceAny = sums{}, sums{}
	case subtotal:
		c.sinceSub, c.sinceAny = sums{}, sums{}
	case anyTotal:
		c.sinceGrand, c.sinceSub, c.sinceAny = sums{}, sums{}, sums{}
	}
	return nil
}
