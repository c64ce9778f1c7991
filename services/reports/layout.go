package reports

import (
	"strings"

	"github.com/taizhang/taizhang/services/spreadsheet"
)

// Widths of columns, in characters. Numbers have no limit: one that does not fit shows as ####.
const (
	columnWidthMin  = 8
	columnWidthMax  = 60 // of text, which wraps
	columnWidthMost = 255
	headingWidthMax = 14 // of a heading, which wraps between words

	// Paper of A4 in landscape has room for 150 characters at full size. A table of this width is printed at three
	// quarters of it, which is letters of 8 points. To stay within it, columns of text become narrower, the widest
	// first.
	sheetWidthMax   = 200
	textWidthMin    = 12
	lineHeight      = 15  // of a row of one line, in points
	rowHeightMost   = 409 // that a row can have, in points
	captionWidthMin = 30  // of a caption under a narrow table
)

// Layout holds the sizes of a sheet.
type Layout struct {
	Widths    []float64 // of the columns below the title, in characters
	HeadingAt int       // the row of the headings, or 0
	LastRow   int       // of the table, without its totals
}

// LayoutOf measures a sheet.
func LayoutOf(s Sheet) (l Layout) {
	var isText []bool
	row := 0
	for next := range s.Lines {
		row++
		switch next.Look {
		case Heading:
			l.HeadingAt = row
		case Plain:
			l.LastRow = row
		case Title, Caption:
			continue
		}
		for i, v := range next.Cells {
			if i == len(l.Widths) {
				l.Widths, isText = append(l.Widths, columnWidthMin), append(isText, false)
			}
			wide := widthOf(v)
			if next.Look == Heading {
				wide = min(wide, max(headingWidthMax, widthOfWords(v.Text)))
			} else {
				isText[i] = isText[i] || v.Sort == Words
			}
			l.Widths[i] = max(l.Widths[i], wide)
		}
	}
	narrow(l.Widths, isText)
	return l
}

// narrow makes columns of text narrower until all columns fit the paper, or none of text is wider than textWidthMin.
func narrow(widths []float64, isText []bool) {
	sum := func(limit float64) (total float64) {
		for i, w := range widths {
			if isText[i] {
				w = min(w, limit)
			}
			total += w
		}
		return total
	}
	limit := float64(columnWidthMax)
	for limit > textWidthMin && sum(limit) > sheetWidthMax {
		limit--
	}
	for i := range widths {
		if isText[i] {
			widths[i] = min(widths[i], limit)
		}
	}
}

// HeightOf returns the height of a row in points, or 0 for one line. It is written because not every program measures
// texts that wrap, and none those in merged cells. Headings have a line more, for the buttons of the filter.
func (l *Layout) HeightOf(of Line) float64 {
	lines := 1
	if of.Look == Caption && len(of.Cells) > 0 {
		total := 0.0
		for _, w := range l.Widths {
			total += w
		}
		lines = linesOf(of.Cells[0].Text, max(captionWidthMin, total))
	} else if of.Look != Title {
		for i, v := range of.Cells {
			if v.Sort == Words {
				lines = max(lines, linesOf(v.Text, l.Widths[i]))
			}
		}
	}
	if of.Look == Heading {
		lines++
	}
	if lines == 1 {
		return 0
	}
	return min(rowHeightMost, float64(lines*lineHeight))
}

// linesOf returns how many lines a text takes in a column of a width, of which a part is lost to blanks where lines
// break.
func linesOf(s string, width float64) (lines int) {
	perLine := max(1, int(width)-2)
	for part := range strings.Lines(s) {
		lines += max(1, (spreadsheet.Width(part)+perLine-1)/perLine)
	}
	return lines
}

// widthOfWords returns the width of the longest word of a heading.
func widthOfWords(s string) float64 {
	longest := 0
	for _, word := range strings.Fields(s) {
		longest = max(longest, spreadsheet.Width(word))
	}
	return float64(longest + 2)
}

func widthOf(v Value) float64 {
	switch v.Sort {
	case Words:
		longest := 0
		for part := range strings.Lines(v.Text) {
			longest = max(longest, spreadsheet.Width(part))
		}
		return float64(min(longest+2, columnWidthMax))
	case Money:
		return min(float64(len(v.Text)+len(v.Text)/3+2), columnWidthMost)
	}
	return float64(len(v.Text) + 3)
}
