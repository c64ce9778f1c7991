package sheets

import (
	"slices"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// name adds a note that refuses nothing. Row 0 is the sheet as a whole.
func (s *Sheet) name(row int, heading string, what text.Text) {
	s.named = append(s.named, Named{Worksheet: s.Worksheet, Row: row, Heading: heading, What: what})
}

// toCheck adds a note about something that was read and that somebody should check. Row 0 is the sheet as a whole.
func (s *Sheet) toCheck(row int, heading string, what text.Text) {
	s.named = append(s.named, Named{Worksheet: s.Worksheet, Row: row, Heading: heading, Check: true, What: what})
}

// passOver adds notes about the columns and rows that are not read. It returns an error if a hidden column that is
// read has something in it, or if a note in a later title says that the amounts are not in yuan.
func (s *Sheet) passOver(sorts []rowSort) error {
	g, h := s.grid, s.heads
	for i := range g.rows[:h.row] {
		s.name(g.rows[i].Number, "",
			text.Say("“%s”在标题行之上，作为表题，没有读取",
				"“%s” stands above the headings; it is taken for a title and not read", quoteRow(&g.rows[i])))
	}
	blank, firstBlank := 0, 0
	for i := h.row + 1; i < len(g.rows); i++ {
		switch r := &g.rows[i]; sorts[i] {
		case headingsAgain:
			s.name(r.Number, "", text.Say("标题又出现一次，略过", "the headings come again; they are passed over"))
			from := i
			for from > h.row+1 && sorts[from-1] == aNote {
				from--
			}
			if err := s.checkUnit(from, i+1); err != nil {
				return err
			}
		case aNote:
			s.name(r.Number, "", text.Say("“%s”在最后一行之下，作为附注，没有读取",
				"“%s” stands below the last row; it is taken for a note and not read", quoteRow(r)))
		case numbers:
			s.name(r.Number, "", text.Say("“%s”是各列的序号，没有读取", "“%s” counts the columns; it is not read",
				quoteRow(r)))
		case nothing:
			if blank++; blank == 1 {
				firstBlank = r.Number
			}
		}
	}
	if blank > 0 {
		s.name(firstBlank, "", text.Say("这样的行共 %d 行，在读取的列中没有内容（或只有 0），略过",
			"there is nothing in the columns that are read; rows of this sort: %d, with those of 0 alone; they are "+
				"passed over", blank))
	}
	return s.passOverColumns(sorts)
}

// passOverColumns adds notes about the columns that are not read, and about those that may show other numbers than
// they hold. It returns an error for a hidden column that is read.
func (s *Sheet) passOverColumns(sorts []rowSort) error {
	filled := s.filled(sorts)
	heads := &s.grid.rows[s.heads.row]
	for j := range filled {
		heading := spreadsheet.Clip(foldHeading(heads.At(j).Text))
		isRead := j < len(s.heads.column) && s.heads.column[j] >= 0
		switch {
		case isRead && s.isHidden(j) && filled[j] > 0:
			return say("%s 列“%s”是隐藏的，第 %d 行在其中有内容：请显示该列并核对，不用的内容请清除",
				"column %s, “%s”, is hidden and row %d has something in it: show the column and check it, or clear it",
				spreadsheet.Letters(j), heading, filled[j])
		case isRead && slices.ContainsFunc(s.grid.formats, func(f spreadsheet.ConditionalFormat) bool {
			return f.NumFmt && f.FirstColumn <= j && j <= f.LastColumn && f.LastRow > heads.Number
		}):
			s.toCheck(0, heading, text.Say("有条件格式可能改变数字的显示，没有计算：请核对所见与所读是否一致",
				"a conditional format may show its numbers otherwise; it is not evaluated: check that what is seen "+
					"is what was read"))
		case isRead || j == s.heads.reason:
		case heading == "" && filled[j] == 0, s.isUntitled(j): // each row with something in it says so
		case s.isHidden(j):
			s.name(0, s.title(j), text.Say("是隐藏的列，没有读取", "the column is hidden and not read"))
		case heading == "":
			s.name(0, s.title(j), text.Say("该列没有标题，没有读取", "the column has no heading and is not read"))
		default:
			s.name(0, s.title(j), text.Say("不是%[1]s表的列，没有读取",
				"this is no column of a sheet of %[2]s and is not read", s.Kind.Title.Zh, s.Kind.Title.En))
		}
	}
	return nil
}

// title returns the heading of a column in the sheet, or the letters of the column.
func (s *Sheet) title(j int) string {
	if heading := foldHeading(s.grid.rows[s.heads.row].At(j).Text); heading != "" {
		return spreadsheet.Clip(heading)
	}
	return spreadsheet.Letters(j)
}

// filled returns for each column the number of the first row of the table with something in it, or 0.
func (s *Sheet) filled(sorts []rowSort) []int {
	filled := make([]int, len(s.heads.column))
	for i := s.heads.row + 1; i < len(s.grid.rows); i++ {
		if sorts[i] != aRow {
			continue
		}
		r := &s.grid.rows[i]
		for len(filled) < len(r.Cells) {
			filled = append(filled, 0)
		}
		for j := range r.Cells {
			if filled[j] == 0 && !isEmpty(r.Cells[j]) {
				filled[j] = r.Number
			}
		}
	}
	return filled
}
