package sheets

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// The headings are searched in the first rows, since titles may stand above them, and in all rows if the first
// rows have none. A row with fewer known headings than headingsMin is no heading row.
const (
	topRows     = 20
	headingsMin = 3
)

// headings is the heading row of a table.
type headings struct {
	kind    *SheetKind
	row     int   // index in the grid
	rank    int   // SheetKind.rank
	column  []int // the column of the kind for each column of the grid; -1 for none
	reason  int   // the column of reasons that a marked copy added; -1 for none
	repeats []int // the rows that repeat the headings, in order, as indexes in the grid
}

// place is a column of a kind.
type place struct {
	kind   *SheetKind
	column int
}

// known returns the columns of all kinds by their folded headings, and the runes with which these begin.
var known = sync.OnceValues(func() (places map[string][]place, initial map[rune]bool) {
	places, initial = map[string][]place{}, map[rune]bool{}
	for _, k := range Kinds {
		for i, c := range k.Columns {
			heading := foldHeading(c.Heading)
			places[heading] = append(places[heading], place{k, i})
			first, _ := utf8.DecodeRuneInString(heading)
			initial[first] = true
		}
	}
	return places, initial
})

// placesOf returns the columns that have the text of a cell as their heading.
func placesOf(c spreadsheet.Cell) []place {
	const bytesMax = 200
	places, initial := known()
	if first, _ := utf8.DecodeRuneInString(c.Text); c.Sort != spreadsheet.Text || len(c.Text) > bytesMax ||
		!initial[first] {
		return nil
	}
	return places[foldHeading(c.Text)]
}

// headingsAt returns the headings in a row, of the kind with the highest rank, or nil if it is no heading row.
func headingsAt(g *grid, i int) (best *headings) {
	count := map[*SheetKind]int{}
	for _, c := range g.rows[i].Cells {
		for _, p := range placesOf(c) {
			count[p.kind]++
		}
	}
	for _, k := range Kinds {
		if count[k] < headingsMin {
			continue
		}
		h := &headings{kind: k, row: i, reason: -1}
		seen := map[int]bool{}
		for j, c := range g.rows[i].Cells {
			column := k.headed(c.Text)
			if seen[column] {
				column = -1 // only the first column with a heading is used
			}
			h.column = append(h.column, column)
			if column >= 0 {
				seen[column] = true
			} else if g.marked && foldHeading(c.Text) == k.reasonHeading() {
				h.reason = j
			}
		}
		if h.rank = k.rank(seen); len(seen) >= headingsMin && (best == nil || h.rank > best.rank) {
			best = h
		}
	}
	return best
}

// mayBeHeadings reports quickly whether headings stand next to each other in a row, as they do in a table.
func mayBeHeadings(r *spreadsheet.Row) bool {
	run := 0
	for _, c := range r.Cells {
		if placesOf(c) == nil {
			run = 0
		} else if run++; run == headingsMin {
			return true
		}
	}
	return false
}

// findHeadings returns the heading row with the highest rank for a kind, or nil if there is none.
func findHeadings(g *grid) (best *headings) {
	for i := range g.rows {
		if i >= topRows && (best != nil || !mayBeHeadings(&g.rows[i])) {
			if best != nil {
				break
			}
			continue
		}
		if h := headingsAt(g, i); h != nil && (best == nil || h.rank > best.rank) {
			best = h
		}
	}
	return best
}

// again notes the rows that repeat the headings, and returns the first row with other headings, or nil.
func (h *headings) again(g *grid) (other *headings) {
	for i := range g.rows {
		r := &g.rows[i]
		switch {
		case i == h.row || !mayBeHeadings(r):
		case h.repeated(r):
			h.repeats = append(h.repeats, i)
		default:
			if other = headingsAt(g, i); other != nil {
				return other
			}
		}
	}
	return nil
}

// repeated reports whether a row repeats the headings in the same columns, as in sheets that were joined.
func (h *headings) repeated(r *spreadsheet.Row) bool {
	for j := range max(len(h.column), len(r.Cells)) {
		i := -1
		if j < len(h.column) {
			i = h.column[j]
		}
		if column := h.kind.headed(r.At(j).Text); column != i && (i >= 0 || !slices.Contains(h.column, column)) {
			return false
		}
	}
	return true
}

// first returns the first column with a known heading.
func (h *headings) first() int {
	return slices.IndexFunc(h.column, func(i int) bool { return i >= 0 })
}

// beside returns the first column of another table beside this one, or -1.
func (h *headings) beside(g *grid) int {
	var of []int
	for j, c := range g.rows[h.row].Cells {
		if h.column[j] < 0 && j != h.reason && placesOf(c) != nil {
			of = append(of, j)
		}
	}
	if len(of) < headingsMin {
		return -1
	}
	return of[0]
}

// check returns an error if known headings are missing or repeated, or if an unknown heading resembles a missing
// one. The error names each of them.
func (h *headings) check(g *grid) error {
	var zh, en []string
	add := func(z, e string, args ...any) {
		t := text.Say(z, e, args...)
		zh, en = append(zh, t.Zh), append(en, t.En)
	}
	first := map[string]int{}
	for j, c := range g.rows[h.row].Cells {
		heading := foldHeading(c.Text)
		if h.column[j] >= 0 {
			first[heading] = j
			continue
		}
		if i, twice := first[heading]; twice {
			add("%s 列和 %s 列的标题都是“%s”", "columns %s and %s are both headed “%s”", spreadsheet.Letters(i),
				spreadsheet.Letters(j), spreadsheet.Clip(c.Text))
		} else if near := h.near(heading); near != "" && j != h.reason {
			add("%[1]s 列的标题“%[2]s”与本表缺少的“%[3]s”相近：如果是该列，请改为“%[3]s”；如果不是，请改名或删去该列",
				"the heading “%[2]s” of column %[1]s resembles “%[3]s”, which is not there. Did you mean “%[3]s”? "+
					"If not, rename the column or delete it", spreadsheet.Letters(j), spreadsheet.Clip(c.Text), near)
		}
	}
	for i, c := range h.kind.Columns {
		if !c.Optional && !slices.Contains(h.column, i) {
			add("缺少标题“%s”", "the heading “%s” is missing", c.Heading)
		}
	}
	if len(zh) == 0 {
		return nil
	}
	at := g.rows[h.row].Number
	return &text.Error{Code: text.Invalid, What: text.Text{
		Zh: fmt.Sprintf("第 %d 行（%s表的标题行）：%s", at, h.kind.Title.Zh, strings.Join(zh, "；")),
		En: fmt.Sprintf("row %d (headings of a sheet of %s): %s", at, h.kind.Title.En, strings.Join(en, "; ")),
	}}
}

// missing returns the number of required headings that the row lacks.
func (h *headings) missing() (n int) {
	for i, c := range h.kind.Columns {
		if !c.Optional && !slices.Contains(h.column, i) {
			n++
		}
	}
	return n
}

// isSummary reports whether the headings are those of a table that only sums up a sheet of the kind, such as
// 经费下达编号, 用途 and 金额(元): at least half of the required headings are missing, and no other heading resembles
// a missing one.
func (h *headings) isSummary(g *grid) bool {
	must := 0
	for _, c := range h.kind.Columns {
		if !c.Optional {
			must++
		}
	}
	resembles := func(c spreadsheet.Cell) bool { return h.near(foldHeading(c.Text)) != "" }
	return 2*h.missing() >= must && !slices.ContainsFunc(g.rows[h.row].Cells, resembles)
}

// near returns the missing heading that an unknown heading resembles: one contains the other, or they differ in
// one character. A text that is also part of a present heading, such as 编号, resembles nothing.
func (h *headings) near(unknown string) string {
	if unknown == "" {
		return ""
	}
	isPart := false
	for _, i := range h.column {
		isPart = isPart || i >= 0 && strings.Contains(foldHeading(h.kind.Columns[i].Heading), unknown)
	}
	for i, c := range h.kind.Columns {
		ours := foldHeading(c.Heading)
		if !slices.Contains(h.column, i) && (strings.Contains(unknown, ours) ||
			strings.Contains(ours, unknown) && !isPart || isOneApart([]rune(unknown), []rune(ours))) {
			return c.Heading
		}
	}
	return ""
}

// isOneApart reports whether two texts differ by one character that was inserted, deleted or replaced.
func isOneApart(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return len(a) == len(b) && i < len(a) && slices.Equal(a[i+1:], b[i+1:]) ||
		len(a)+1 == len(b) && slices.Equal(a[i:], b[i+1:])
}

// errHeadings returns the error for a table without a heading row.
func errHeadings() error {
	var names, titles []string
	for _, k := range Kinds {
		names, titles = append(names, k.Name), append(titles, k.Title.Zh)
	}
	return say("既不是 JSON Lines，也没有标题行与任何一种表（%[1]s）相符；用 taizhang template 可得到空表",
		"it is no JSON Lines, and no row has the headings of a sheet (%[2]s); taizhang template makes an empty one",
		strings.Join(titles, "、"), strings.Join(names, ", "))
}
