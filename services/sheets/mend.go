package sheets

import (
	"io"
	"strings"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// Shown is a table of a file as people see it: its headings and the rows below them.
type Shown struct {
	Worksheet string // "" for CSV
	Kind      *SheetKind
	Row       int // the number of the row of the headings
	Headings  []string
	Names     []string // of the columns, as the reasons against a row name them
	Rows      []ShownRow
}

// ShownRow is a row that is not empty, with its number from 1 and the texts of its cells.
type ShownRow struct {
	Row   int
	Cells []string
}

// Show returns the tables of a file that Read accepts, in the same order. A marked copy is shown without its reasons.
func Show(content io.ReaderAt, size int64) ([]Shown, error) {
	b, err := read(content, size, ReadConfig{})
	if err != nil {
		return nil, err
	}
	list := make([]Shown, len(b.Sheets))
	for i, s := range b.Sheets {
		h := s.heads
		list[i] = Shown{Worksheet: s.Worksheet, Kind: s.Kind, Row: s.grid.rows[h.row].Number,
			Headings: s.shownCells(&s.grid.rows[h.row])}
		for j := range list[i].Headings {
			list[i].Names = append(list[i].Names, s.heading(j))
		}
		for j := h.row + 1; j < len(s.grid.rows); j++ {
			r := &s.grid.rows[j]
			list[i].Rows = append(list[i].Rows, ShownRow{r.Number, s.shownCells(r)})
		}
	}
	return list, nil
}

// shownCells returns the texts of the cells of a row, up to those of the reasons in a marked copy.
func (s *Sheet) shownCells(r *spreadsheet.Row) []string {
	n := len(r.Cells)
	if s.heads.reason >= 0 {
		n = min(n, s.heads.reason)
	}
	cells := make([]string, n)
	for j := range cells {
		cells[j] = shownCell(r.Cells[j])
	}
	return cells
}

// shownCell returns the text of a cell; for a value that cannot be known, what a copy has for it.
func shownCell(c spreadsheet.Cell) string {
	if !isEmpty(c) && unknowable(c) != (text.Text{}) {
		return notCopied
	}
	return c.Text
}

// Mended is a cell with its new text. Sheet counts the tables of Show from 0, Column the cells of a row from 0.
type Mended struct {
	Sheet, Row, Column int
	Text               string
}

// WriteMended writes a copy of the tables of a file as XLSX, with new texts in some cells. findings are those against
// the file before, by its tables. As in WriteReport, the bad cells that are not mended keep the content that made them
// bad and are marked, so nothing that was refused is accepted only because it was copied. What is typed is a text in
// the copy, also if it begins as a formula does.
func WriteMended(to io.Writer, name string, content io.ReaderAt, size int64, cells []Mended, findings [][]RowBreach,
	lang string) error {
	b, err := Read(name, content, size, ReadConfig{})
	if err != nil {
		return err
	}
	var list []Marked
	for i, s := range b.Sheets {
		mended := s.mend(i, cells)
		m := Marked{Sheet: s}
		if i < len(findings) {
			for _, f := range findings[i] {
				if !mended[cellAt{f.Row, f.Field}] {
					m.Findings = append(m.Findings, f)
				}
			}
		}
		list = append(list, m)
	}
	return WriteReport(to, list, lang)
}

// cellAt is a cell by its row and its heading.
type cellAt struct {
	row     int
	heading string
}

// mend puts new texts into the cells of the sheet whose text is another, and returns these cells.
func (s *Sheet) mend(number int, cells []Mended) map[cellAt]bool {
	rows := map[int]*spreadsheet.Row{}
	for i := range s.grid.rows {
		rows[s.grid.rows[i].Number] = &s.grid.rows[i]
	}
	mended := map[cellAt]bool{}
	for _, x := range cells {
		r := rows[x.Row]
		if x.Sheet != number || r == nil || x.Column < 0 || x.Column >= columnsMax ||
			s.heads.reason >= 0 && x.Column >= s.heads.reason || SameCell(shownCell(r.At(x.Column)), x.Text) {
			continue
		}
		for len(r.Cells) <= x.Column {
			r.Cells = append(r.Cells, spreadsheet.Cell{})
		}
		r.Cells[x.Column] = tidy(spreadsheet.Cell{Sort: spreadsheet.Text, Text: strings.ToValidUTF8(x.Text, "")})
		mended[cellAt{x.Row, s.heading(x.Column)}] = true
	}
	return mended
}

// SameCell reports whether a text that came back from a field of a form is that of a cell. A field has no line breaks.
func SameCell(shown, typed string) bool { return oneLine(shown) == oneLine(typed) }

func oneLine(s string) string {
	return strings.NewReplacer("\r", "", "\n", "").Replace(trim(plainText(s)))
}
