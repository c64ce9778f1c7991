package sheets

import (
	"fmt"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// The headings are searched in the first rows, for titles may stand above them. A row with fewer known headings than
// headingsMin is no heading row.
const (
	topRows     = 20
	headingsMin = 3
)

// headings is the heading row of a table.
type headings struct {
	kind   *Kind
	row    int // index in the grid
	known  int
	rank   int   // Kind.rank
	column []int // the column of the kind for each column of the grid; -1 for none
	reason int   // the column of an earlier marked copy's reasons, -1 if there is none
}

// findHeadings returns the heading row with the highest rank for a kind, or nil if there is none.
func findHeadings(g *grid) (best *headings) {
	for i := range g.rows[:min(topRows, len(g.rows))] {
		for _, k := range Kinds {
			h := &headings{kind: k, row: i, reason: -1}
			seen := map[int]bool{}
			for j, c := range g.rows[i].Cells {
				column := k.headed(c.Text)
				h.column = append(h.column, column)
				if column >= 0 && !seen[column] {
					seen[column] = true
					h.known++
				}
				if g.marked && foldHeading(c.Text) == k.reasonHeading() {
					h.reason = j
				}
			}
			if h.rank = k.rank(seen); h.known >= headingsMin && (best == nil || h.rank > best.rank) {
				best = h
			}
		}
	}
	return best
}

// check refuses headings that are unknown, missing or repeated. Its error names each of them.
func (h *headings) check(g *grid) error {
	var zh, en []string
	add := func(z, e string, args ...any) {
		t := text.Say(z, e, args...)
		zh, en = append(zh, t.Zh), append(en, t.En)
	}
	seen := map[string]int{}
	for j, c := range g.rows[h.row].Cells {
		heading := foldHeading(c.Text)
		if first, twice := seen[heading]; twice && heading != "" {
			add("%s 列和 %s 列的标题都是“%s”", "columns %s and %s are both headed “%s”", spreadsheet.Letters(first), spreadsheet.Letters(j), spreadsheet.Clip(c.Text))
		} else if heading != "" && h.column[j] < 0 && j != h.reason {
			add("%[1]s 列的标题“%[2]s”不在%[3]s表的标题之内", "the heading “%[2]s” of column %[1]s is none of a sheet of %[4]s", spreadsheet.Letters(j), spreadsheet.Clip(c.Text), h.kind.Title.Zh, h.kind.Title.En)
		}
		seen[heading] = j
	}
	for i, c := range h.kind.Columns {
		if !c.Optional && !slices.Contains(h.column, i) {
			add("缺少标题“%s”", "the heading “%s” is missing", c.Heading)
		}
	}
	at := g.rows[h.row].Number
	for _, m := range g.merged {
		if m.FirstRow <= at && at <= m.LastRow {
			add("标题行第 %d 行有合并的单元格", "the heading row %d has merged cells", at)
			break
		}
	}
	if len(zh) == 0 {
		return nil
	}
	return &text.Error{Code: text.Invalid, What: text.Text{
		Zh: fmt.Sprintf("第 %d 行（%s表的标题行）：%s", at, h.kind.Title.Zh, strings.Join(zh, "；")),
		En: fmt.Sprintf("row %d (headings of a sheet of %s): %s", at, h.kind.Title.En, strings.Join(en, "; ")),
	}}
}

// repeated reports whether a row repeats the headings, as in sheets that were joined.
func (h *headings) repeated(r *spreadsheet.Row) bool {
	for j, i := range h.column {
		if i >= 0 && h.kind.headed(r.At(j).Text) != i {
			return false
		}
	}
	return true
}

// errHeadings returns the error that no row is a heading row.
func errHeadings() error {
	var names, titles []string
	for _, k := range Kinds {
		names, titles = append(names, k.Name), append(titles, k.Title.Zh)
	}
	return say("既不是 JSON Lines，也没有标题行与任何一种表（%[1]s）相符；用 taizhang template 可得到空表", "it is no JSON Lines, and no row has the headings of a sheet (%[2]s); taizhang template makes an empty one",
		strings.Join(titles, "、"), strings.Join(names, ", "))
}
