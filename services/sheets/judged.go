package sheets

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// nextID returns the ids that a record has after the first.
func (s *Sheet) nextID(e *entry) func(n int) uuid.UUID {
	return func(n int) uuid.UUID { return s.Kind.id(fmt.Sprintf("%s#%d", s.identity(e.rows[0]), n)) }
}

// RowsOf returns the numbers of all rows of the record that begins in a row.
func (s *Sheet) RowsOf(first int) (rows []int) {
	if e := s.first[first]; e != nil {
		for _, r := range e.rows {
			rows = append(rows, r.row.Number)
		}
	}
	return rows
}

// NumberOf returns the number by which the sheet knows the record that begins in a row, such as that of a voucher, as it can be read,
// with what tells it from others of this number, as in "WT-2026-03 外拨结算" and "ZJ-0018 2025"; "" if it has none but its center.
func (s *Sheet) NumberOf(first int) string {
	e := s.first[first]
	if e == nil || len(s.Kind.identity) == 0 {
		return ""
	}
	row, kind := e.rows[0], s.Kind.column("kind")
	number := cmp.Or(row.cells[s.key().Field].name, s.part(row, s.key().Field))
	if number != "" && s.key().Form == Whole { // of a year: each center has one
		number = row.cells["center"].text + " " + number
	}
	if number != "" && kind >= 0 && slices.Contains(s.Kind.identity, "kind") {
		number = strings.TrimSpace(number + " " + s.Kind.Columns[kind].word(row.cells["kind"].text))
	}
	return number
}
