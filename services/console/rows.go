package console

import (
	"html/template"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// Rows of tables are written by hand, byte by byte: a template would take twenty times as long for a page of a list.

// escapes are the characters that HTML could take for something else, in a text or in a quoted attribute.
var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "\x00", "\uFFFD")

// appendText appends a text as HTML. Control and format characters, with which a text could look like another one,
// are not shown.
func appendText(to []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '&' || c == '<' || c == '>' || c == '"' || c == '\'' {
			return append(to, escapes.Replace(text.Printable(s))...)
		}
	}
	return append(to, s...)
}

// rowWriter writes the rows of one answer as rows of an HTML table.
type rowWriter struct {
	columns []table.Column
	shown   []int         // the columns that people see
	under   map[int][]int // the columns that stand in the cells of another one, below it
	lang    string
	links   []rowLink // by column; nil for a cell that leads nowhere
	totals  []rowLink // the same for a row of totals; nil if they lead nowhere
	rates   func(row []table.Cell) (passed int, ok bool)
	toSpend *toSpend // the column that the page adds; nil for none
}

// rowLink returns the address that a cell of a row leads to, or "".
type rowLink func(row []table.Cell) string

// newRowWriter returns a writer for the columns of an answer to a question.
func (v *visit) newRowWriter(q lists.Question, columns []table.Column) *rowWriter {
	w := &rowWriter{columns: columns, lang: v.lang, links: v.linksOf(q, columns), under: map[int][]int{}}
	for i := range columns {
		c := &columns[i]
		if !isShown(c) || isFixed(q, c.Name) {
			continue
		}
		above := -1
		if name := stacked[q.List][c.Name]; name != "" {
			above = columnAt(columns, name)
		}
		switch {
		case above >= 0:
			w.under[above] = append(w.under[above], i)
		case c.Name != "name" || columnAt(columns, "center") < 0:
			w.shown = append(w.shown, i)
		}
		if name := columnAt(columns, "name"); c.Name == "center" && name >= 0 && stacked[q.List]["name"] == "" {
			w.shown = append(w.shown, name) // beside its center
		}
	}
	if at := columnAt(columns, "fiscalYear"); at >= 0 {
		w.rates = func(row []table.Cell) (int, bool) {
			year, ok := row[at].Data.(int64)
			return passedOf(v.on, int(year)), ok
		}
	}
	return w
}

// stacked names, by list, the columns that stand in the cells of another column, so that a wide list fits on a page.
var stacked = map[string]map[string]string{
	"execution": {"name": "center", "low": "ratePercent"},
	"deferrals": {"name": "center", "executedFen": "availableFen", "decideBy": "state", "deferredDoc": "deferredOn",
		"releasedDoc": "releasedOn", "madeGrants": "madeFen", "aheadReceivedFen": "aheadFen"},
}

// encoding returns the encoding of rows as HTML. Its name has what the rows depend on beside their question: the
// language, the state that their links carry on, and the kind of answer.
func (w *rowWriter) encoding(v *visit) lists.Encoding {
	return lists.Encoding{Name: "html " + v.lang + " " + v.state().Encode(),
		Append: func(to []byte, _ []table.Column, row []table.Cell) ([]byte, error) {
			from := len(to)
			return w.toSpend.append(w.appendRow(to, row, false), from, w.columns, row), nil
		}}
}

// isShown reports whether a column stands on a page. The id of a record does not: the cells that name the record
// lead to it.
func isShown(c *table.Column) bool {
	return c.Title != (text.Text{}) && c.Name != "id" && c.Type != table.JSON
}

// isFixed reports whether every row has the value of a column that the question asks for, which stands above them.
func isFixed(q lists.Question, column string) bool {
	switch column {
	case "fiscalYear":
		return q.Params["year"] != "" && q.List == "execution" || q.Params["all"] == "" && q.List == "deferrals"
	case "scope":
		return q.Params["scope"] != "" && q.List == "execution"
	}
	return false
}

func columnAt(columns []table.Column, name string) int {
	for i := range columns {
		if columns[i].Name == name {
			return i
		}
	}
	return -1
}

// passedOf returns how much of a year has passed on a day, in thousandths: the line of time progress.
func passedOf(on events.Date, year int) int {
	switch {
	case year < on.Year():
		return 1000
	case year > on.Year():
		return 0
	}
	first, next := events.DateOf(year, 1, 1), events.DateOf(year+1, 1, 1)
	return int(on-first+1) * 1000 / int(next-first)
}

// appendRow appends a row. isTotal is for a row under the others.
func (w *rowWriter) appendRow(to []byte, row []table.Cell, isTotal bool) []byte {
	to = append(to, "<tr>"...)
	for n, i := range w.shown {
		c, cell := &w.columns[i], &row[i]
		tag := "td"
		if n == 0 && !c.Type.Right() {
			tag = "th"
		}
		to = append(append(to, '<'), tag...)
		if tag == "th" {
			to = append(to, ` scope="row"`...)
		}
		to = appendClass(to, c, cell)
		to = append(to, '>')
		to = w.appendWords(to, i, row, isTotal)
		for _, k := range w.under[i] {
			to = append(to, `<span class="under`...)
			if w.columns[k].Type == table.Day {
				to = append(to, " d"...)
			}
			to = append(w.appendWords(append(to, `">`...), k, row, isTotal), "</span>"...)
		}
		to = append(append(append(to, "</"...), tag...), '>')
	}
	return append(to, "</tr>\n"...)
}

// appendWords appends what a cell says, as a link if it leads anywhere. An amount of zero does not.
func (w *rowWriter) appendWords(to []byte, i int, row []table.Cell, isTotal bool) []byte {
	c, cell, links := &w.columns[i], &row[i], w.links
	if isTotal {
		links = w.totals
	}
	said, href := c.Shown(*cell, w.lang), ""
	if fen, isMoney := cell.Data.(events.Fen); links != nil && links[i] != nil && said != "" && (!isMoney || fen != 0) {
		href = links[i](row)
	}
	if href == "" {
		return w.appendCell(to, c, cell, row, said)
	}
	to = append(appendText(append(to, `<a href="`...), href), `">`...)
	return append(w.appendCell(to, c, cell, row, said), "</a>"...)
}

func appendClass(to []byte, c *table.Column, cell *table.Cell) []byte {
	fen, isMoney := cell.Data.(events.Fen)
	switch {
	case isMoney && fen < 0:
		return append(to, ` class="n neg"`...)
	case c.Type.Right():
		return append(to, ` class="n"`...)
	case c.Name == "name":
		return append(to, ` class="name"`...)
	case c.Type == table.Day, c.Type == table.Time, isCode(cell):
		return append(to, ` class="d"`...)
	}
	return to
}

// isCode reports whether a cell has a short code, which is not broken into lines.
func isCode(cell *table.Cell) bool {
	code, isText := cell.Data.(string)
	isOther := func(r rune) bool { return r <= ' ' || r > '~' }
	return isText && len(code) <= codeCharsMax && cell.Shown.Zh == code && !strings.ContainsFunc(code, isOther)
}

// codeCharsMax is the largest length of a code that is not broken.
const codeCharsMax = 16

// appendCell appends what a cell says: a severity with its shape, a rate with its bar.
func (w *rowWriter) appendCell(to []byte, c *table.Column, cell *table.Cell, row []table.Cell, said string) []byte {
	switch {
	case c.Name == "severity":
		code, _ := cell.Data.(string)
		return appendSeverity(to, code, said)
	case c.Name == "ratePercent" && w.rates != nil && said != "":
		if passed, ok := w.rates(row); ok {
			to = appendText(append(appendRate(to, cell, passed), `<span class="rate-said">`...), said)
			return append(to, "</span>"...)
		}
	}
	return appendText(to, said)
}

// shapes are the shapes of severities, which are never told by their color alone.
var shapes = map[string]string{"red": "▪", "yellow": "▲", "blue": "●"}

// appendSeverity appends a severity as shape, word and color.
func appendSeverity(to []byte, code, word string) []byte {
	shape := shapes[code]
	if shape == "" {
		return appendText(to, word)
	}
	to = append(append(append(to, `<span class="sev `...), code...), `"><i aria-hidden="true">`...)
	to = append(append(append(to, shape...), "</i> "...), word...)
	return append(to, "</span>"...)
}

// appendRate appends a small bar of a rate, with a mark at the time that has passed.
func appendRate(to []byte, cell *table.Cell, passed int) []byte {
	hundredths, ok := cell.Order()
	if !ok {
		return to
	}
	width := min(max(hundredths/100, 0), 100)
	to = append(to, `<svg class="rate" width="62" height="10" viewBox="0 0 102 10" preserveAspectRatio="none" `...)
	to = append(to, `aria-hidden="true"><rect class="track" width="102" height="10"/><rect class="fill" width="`...)
	to = appendInt(to, width)
	to = append(to, `" height="10"/><rect class="mark" x="`...)
	to = appendInt(to, int64(passed/10))
	return append(to, `" width="2" height="10"/></svg>`...)
}

// table returns a table as HTML: its caption, headings that stay, rows that lead to their records, and totals. sorted
// returns the address that sorts by a column, and how it is sorted by now; nil if nothing sorts it.
func (v *visit) table(t *table.Table, q lists.Question) template.HTML {
	w := v.newRowWriter(q, t.Columns)
	var rows []byte
	for _, row := range t.Rows {
		rows = w.appendRow(rows, row, false)
	}
	return v.tableOf(w, t, rows, nil)
}

// tableOf returns a table whose rows are written already.
func (v *visit) tableOf(w *rowWriter, t *table.Table, rows []byte,
	sorted func(c *table.Column) (href, direction string)) template.HTML {
	to := make([]byte, 0, len(rows)+4096)
	to = append(appendText(append(to, `<div class="table" tabindex="0" role="region" aria-label="`...),
		v.in(t.Title)), `"><table><caption>`...)
	to = append(appendText(to, v.in(t.Title)), "</caption>\n<thead><tr>"...)
	for _, i := range w.shown {
		to = v.appendHeading(to, w, i, sorted)
	}
	to = w.toSpend.appendHeading(to, v)
	to = append(to, "</tr></thead>\n<tbody>\n"...)
	to = append(append(to, rows...), "</tbody>\n"...)
	if len(t.Totals) > 0 {
		to = append(to, "<tfoot>\n"...)
		for _, row := range t.Totals {
			to = w.toSpend.appendTotal(w.appendRow(to, row, true), w.columns, row)
		}
		to = append(to, "</tfoot>\n"...)
	}
	return template.HTML(append(to, "</table></div>\n"...))
}

// appendHeading appends the heading of a column, and of those that stand in its cells.
func (v *visit) appendHeading(to []byte, w *rowWriter, i int,
	sorted func(c *table.Column) (href, direction string)) []byte {
	to = append(to, `<th scope="col"`...)
	if w.columns[i].Type.Right() {
		to = append(to, ` class="n"`...)
	}
	var words []byte
	for _, k := range append([]int{i}, w.under[i]...) {
		c, href, direction := &w.columns[k], "", ""
		if sorted != nil {
			href, direction = sorted(c)
		}
		if direction != "" {
			to = append(append(append(to, ` aria-sort="`...), direction...), '"')
		}
		if k == i {
			words = v.appendSorter(words, c, href, direction)
			continue
		}
		words = append(v.appendSorter(append(words, `<span class="under">`...), c, href, direction), "</span>"...)
	}
	return append(append(append(to, '>'), words...), "</th>"...)
}

// appendSorter appends the title of a column, as a link that sorts by it unless nothing does.
func (v *visit) appendSorter(to []byte, c *table.Column, href, direction string) []byte {
	if href == "" {
		return appendText(to, v.in(c.Title))
	}
	to = append(appendText(append(to, `<a href="`...), href), `">`...)
	to = appendText(to, v.in(c.Title))
	switch direction {
	case "ascending":
		to = append(to, ` <i aria-hidden="true">↑</i>`...)
	case "descending":
		to = append(to, ` <i aria-hidden="true">↓</i>`...)
	}
	return append(to, "</a>"...)
}
