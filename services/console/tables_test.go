package console_test

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// shownTable is a table of a page: its headings, and the cells of its rows and totals. What stands in a heading or a
// cell below something else counts as one of its own.
type shownTable struct {
	headings     []string
	rows, totals [][]*html.Node
}

// tableOn returns the first table of a page whose region or caption begins or ends with a name, empty if there is
// none.
func tableOn(doc *html.Node, name string) (t shownTable) {
	for one := range within(doc, "table") {
		if !isNamed(one, name) {
			continue
		}
		for head := range within(one, "thead") {
			for _, h := range cellsOf(head) {
				t.headings = append(t.headings, strings.TrimRight(says(h), " ↑↓"))
			}
		}
		for part, rows := range map[string]*[][]*html.Node{"tbody": &t.rows, "tfoot": &t.totals} {
			for body := range within(one, part) {
				for row := range within(body, "tr") {
					*rows = append(*rows, cellsOf(row))
				}
			}
		}
		return t
	}
	return t
}

// isNamed reports whether the region of a table or its caption begins or ends with a name.
func isNamed(one *html.Node, name string) bool {
	names := []string{attr(one.Parent, "aria-label")}
	for caption := range within(one, "caption") {
		names = append(names, says(caption))
	}
	return slices.ContainsFunc(names, func(s string) bool {
		return strings.HasPrefix(s, name) || strings.HasSuffix(s, name)
	})
}

// cellsOf returns the cells of a row, or of the only row of a part.
func cellsOf(row *html.Node) (cells []*html.Node) {
	for n := range row.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "td", n.Data == "th":
			cells = append(cells, above(n))
		case isUnder(n):
			cells = append(cells, n)
		}
	}
	return cells
}

func isUnder(n *html.Node) bool {
	return n.Data == "span" && strings.HasPrefix(attr(n, "class"), "under")
}

// above returns a copy of a cell without what stands below its first words.
func above(cell *html.Node) *html.Node {
	copied := &html.Node{Type: cell.Type, Data: cell.Data, Attr: cell.Attr}
	for child := range cell.ChildNodes() {
		if !isUnder(child) {
			copied.AppendChild(above(child))
		}
	}
	return copied
}

// rowsOf returns the words of the rows of the table with a name; see tableOn.
func (p *page) rowsOf(name string) (rows [][]string) {
	for _, row := range tableOn(p.doc, name).rows {
		var words []string
		for _, cell := range row {
			words = append(words, says(cell))
		}
		rows = append(rows, words)
	}
	return rows
}
