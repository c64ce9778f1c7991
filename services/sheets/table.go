package sheets

import (
	"regexp"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// checkTable returns an error if the extent of the table or the unit of its amounts is uncertain.
func (s *Sheet) checkTable() error {
	g, h := s.grid, s.heads
	at := g.rows[h.row].Number
	other := h.again(g)
	if other == nil {
		if j := h.beside(g); j >= 0 {
			return say(
				"第 %[1]d 行有两张表的标题并列，一张始于 %[2]s 列，一张始于 %[3]s 列：请分成两个工作表或两个文件",
				"row %[1]d has the headings of two tables beside each other, one from column %[2]s and one from "+
					"column %[3]s: make two sheets or two files of them", at, spreadsheet.Letters(h.first()),
				spreadsheet.Letters(j))
		}
	} else {
		first, second := h, other
		if second.row < first.row {
			first, second = second, first
		}
		return say("第 %d 行和第 %d 行是两个标题行（分别始于 %s 列和 %s 列），一个工作表里有两张表："+
			"请分成两个工作表或两个文件",
			"rows %d and %d are two rows of headings (from columns %s and %s), so there are two tables in one "+
				"sheet: make two sheets or two files of them",
			g.rows[first.row].Number, g.rows[second.row].Number, spreadsheet.Letters(first.first()),
			spreadsheet.Letters(second.first()))
	}
	for i := range g.rows[:h.row] {
		if r := &g.rows[i]; s.readsAsRow(r) || s.isFilled(r) && !countsColumns(r) {
			return say("第 %[1]d 行在标题行（第 %[2]d 行）之上，却像是表中的一行（%[3]s）：请把标题行移到最上面",
				"row %[1]d stands above the headings (row %[2]d) and looks like a row of the table (%[3]s): move "+
					"the headings to the top",
				r.Number, at, s.readAs(r))
		}
	}
	return s.checkUnit(0, h.row+1)
}

// cell reads the cell of a row in column i of the kind. ok is false if the sheet lacks the column, or if the cell
// is empty or cannot be read.
func (s *Sheet) cell(r *spreadsheet.Row, i int) (v value, ok bool) {
	j := slices.Index(s.heads.column, i)
	if j < 0 || isEmpty(r.At(j)) {
		return v, false
	}
	v, _, ok = s.under(0)[i].readPlain(r.At(j))
	return v, ok
}

// anyAmount reports whether one of the amounts of a row can be read.
func (s *Sheet) anyAmount(r *spreadsheet.Row) bool {
	return s.any(func(c *SheetColumn) bool { return c.Form == Amount }, r)
}

// any reports whether a cell of a row can be read, among the columns for which want is true.
func (s *Sheet) any(want func(*SheetColumn) bool, r *spreadsheet.Row) bool {
	for i := range s.Kind.Columns {
		if want(&s.Kind.Columns[i]) {
			if _, ok := s.cell(r, i); ok {
				return true
			}
		}
	}
	return false
}

// readsAsRow reports whether the date and an amount of a row can be read. In a sheet without required amounts the
// date and the center are enough.
func (s *Sheet) readsAsRow(r *spreadsheet.Row) bool {
	if _, ok := s.cell(r, s.Kind.column("on")); !ok {
		return false
	}
	must := func(c *SheetColumn) bool { return c.Form == Amount && !c.Optional }
	if slices.ContainsFunc(s.Kind.Columns, func(c SheetColumn) bool { return must(&c) }) {
		return s.anyAmount(r)
	}
	_, ok := s.cell(r, s.Kind.column("center"))
	return ok
}

// isFilled reports whether more than half of the required cells of a row are filled, and one of them, in a column
// that does not accept just any text, can be read. Labels, such as “填报单位：”, and the cells to their right belong
// to a title and do not count.
func (s *Sheet) isFilled(r *spreadsheet.Row) bool {
	filled, must, isTyped := 0, 0, false
	for i, c := range s.Kind.Columns {
		if c.Optional {
			continue
		}
		must++
		j := slices.Index(s.heads.column, i)
		if j < 0 || isEmpty(r.At(j)) || isLabel(r.At(j).Text) || isLabelled(r, j) {
			continue
		}
		filled++
		if _, ok := s.cell(r, i); ok && c.Form != Text && (c.Form != Code || c.Field == "center") {
			isTyped = true
		}
	}
	return isTyped && 2*filled > must
}

// mostRead reports whether more than half of the required cells of a row can be read.
func (s *Sheet) mostRead(r *spreadsheet.Row) bool {
	read, must := 0, 0
	for i, c := range s.Kind.Columns {
		if c.Optional {
			continue
		}
		must++
		if _, ok := s.cell(r, i); ok {
			read++
		}
	}
	return 2*read > must
}

// narrowed returns a text without white space and with narrow signs.
func narrowed(s string) string { return foldHeading(s) }

// isLabel reports whether a text is a label, such as “制表人：张某”.
func isLabel(s string) bool {
	return strings.Contains(narrowed(s), ":") && !strings.ContainsAny(s, "0123456789")
}

// isLabelled reports whether a cell belongs to the label to its left, such as the day to the right of “填表日期：”.
func isLabelled(r *spreadsheet.Row, j int) bool {
	if j == 0 {
		return false
	}
	left := narrowed(r.At(j - 1).Text)
	return slices.ContainsFunc([]string{":", "日期", "时间", "附件", "张数"},
		func(end string) bool { return strings.HasSuffix(left, end) })
}

// quoteRow returns the first texts of a row, for a message.
func quoteRow(r *spreadsheet.Row) string {
	var list []string
	for _, c := range r.Cells {
		if c.Text != "" {
			list = append(list, strings.Join(strings.Fields(c.Text), " "))
		}
	}
	return spreadsheet.Clip(strings.Join(list, " "))
}

// readAs returns the first cells of a row with the headings of their columns, for a message.
func (s *Sheet) readAs(r *spreadsheet.Row) string {
	const cellsMax = 4
	var list []string
	for j, i := range s.heads.column {
		if c := r.At(j); i >= 0 && !isEmpty(c) && len(list) < cellsMax {
			list = append(list, s.Kind.Columns[i].Heading+" "+
				spreadsheet.Clip(strings.Join(strings.Fields(c.Text), " ")))
		}
	}
	return strings.Join(list, "、")
}

// otherUnit matches a note that amounts are not in yuan.
var otherUnit = regexp.MustCompile(`单位:\(?(人民币)?\(?(万元|百万元|千元|亿元|美元|欧元|港元|日元)`)

// checkUnit returns an error if a note in the rows from a to b, above or beside the headings, says that the
// amounts are not in yuan.
func (s *Sheet) checkUnit(a, b int) error {
	g, h := s.grid, s.heads
	money := slices.IndexFunc(h.column, func(i int) bool { return i >= 0 && s.Kind.Columns[i].Form == Amount })
	if money < 0 {
		return nil
	}
	for n := a; n < b; n++ {
		r := &g.rows[n]
		for j, c := range r.Cells {
			said := narrowed(c.Text)
			if n == h.row && h.column[j] >= 0 || !strings.Contains(said, "单位:") {
				continue
			}
			if strings.HasSuffix(said, "单位:") { // the next cell has the unit
				if next := slices.IndexFunc(r.Cells[j+1:], func(c spreadsheet.Cell) bool {
					return !isEmpty(c)
				}); next >= 0 {
					said += narrowed(r.Cells[j+1+next].Text)
				}
			}
			if otherUnit.MatchString(said) {
				return say("%[1]s%[2]d 单元格写着“%[3]s”，而 %[4]s%[5]d 单元格的标题是“%[6]s”："+
					"请确认金额以元为单位，并改正或删去该说明",
					"cell %[1]s%[2]d says “%[3]s”, and the heading in cell %[4]s%[5]d is “%[6]s”: make sure that "+
						"the amounts are in yuan, and correct the note or delete it",
					spreadsheet.Letters(j), r.Number, spreadsheet.Clip(strings.TrimSpace(c.Text)),
					spreadsheet.Letters(money), g.rows[h.row].Number, g.rows[h.row].At(money).Text)
			}
		}
	}
	return nil
}

// checkBreaks returns an error if a CSV cell seems to have swallowed rows because of a stray quote or one that
// closed too late: one of its lines has at least as many separators as lie between the first and the last required
// column.
func (s *Sheet) checkBreaks() error {
	first, last := -1, -1
	for j, i := range s.heads.column {
		if i >= 0 && !s.Kind.Columns[i].Optional {
			if first < 0 {
				first = j
			}
			last = j
		}
	}
	for _, b := range s.grid.breaks {
		if b.separators >= last-first {
			return say("第 %d 行“%[3]s”列打开的引号到第 %[2]d 行才闭合，其间的各行都进了一个单元格："+
				"请在文本编辑器中补上或删去引号",
				"the quote that opens in row %d, column “%[3]s”, closes in row %[2]d only, so the rows between are "+
					"in one cell: add the missing quote or delete the one too many",
				b.opens, b.closes, s.heading(b.column))
		}
	}
	return nil
}

// isHidden reports whether a column of the table is hidden.
func (s *Sheet) isHidden(j int) bool {
	return slices.ContainsFunc(s.grid.hidden, func(m spreadsheet.Range) bool {
		return m.FirstColumn <= j && j <= m.LastColumn
	})
}

// counter matches a count of things or pages, such as 附件 3 张 or 第 1 页.
var counter = regexp.MustCompile(`\d+(张|页|份|笔|条|件|行|人)`)

// isGrant reports whether a cell names a grant. Texts such as “审核人：” or “附件 3 张” at the foot of a table do not.
func isGrant(c spreadsheet.Cell) bool {
	said := narrowed(c.Text)
	return !strings.Contains(said, ":") && !counter.MatchString(said) &&
		strings.ContainsFunc(halfWidth(c.Text), func(r rune) bool {
			return '0' <= r && r <= '9' ||
				'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
		})
}

// grantColumn returns the column of the table with the grant, or -1.
func (s *Sheet) grantColumn() int {
	return slices.IndexFunc(s.heads.column, func(i int) bool {
		return i >= 0 && (s.Kind.Columns[i].Field == "data.grant" || s.Kind.Columns[i].Field == "data.lines.grant")
	})
}

// isNote reports whether a row below the last one is a note, for example about who filled in the sheet: its date,
// center, grant and amount cannot be read, and it is not an attempt to give both a date and an amount.
func (s *Sheet) isNote(r *spreadsheet.Row) bool {
	on, center, grant := s.Kind.column("on"), s.Kind.column("center"), s.grantColumn()
	for i, c := range s.Kind.Columns {
		if i != on && i != center && c.Form != Amount {
			continue
		}
		if _, ok := s.cell(r, i); ok && !isLabelled(r, slices.Index(s.heads.column, i)) {
			return false
		}
	}
	if grant >= 0 && isGrant(r.At(grant)) && !isLabelled(r, grant) {
		return false
	}
	tries := func(i int) bool {
		x := r.At(max(0, slices.Index(s.heads.column, i)))
		return strings.ContainsAny(halfWidth(x.Text), "0123456789") && !strings.Contains(narrowed(x.Text), ":")
	}
	second := slices.IndexFunc(s.Kind.Columns, func(c SheetColumn) bool { return c.Form == Amount && !c.Optional })
	if second < 0 {
		second = center
	}
	return !(tries(on) && tries(second))
}

// sum is the sum of the amounts of a column over some rows. It is unknown if one of these amounts cannot be read.
type sum struct {
	fen       events.Fen
	isUnknown bool
}

func (a *sum) add(v events.Fen, ok bool) {
	a.fen += v
	a.isUnknown = a.isUnknown || !ok
}
